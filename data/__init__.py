"""Rows: tables, files and the two databases."""
