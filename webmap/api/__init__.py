"""webmap/api"""
