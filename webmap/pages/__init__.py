"""webmap/pages"""
