"""data/exchange"""
