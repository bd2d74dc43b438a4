"""webmap/maps"""
