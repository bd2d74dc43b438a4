"""Shapes: pure functions on coordinates and frames; no rows, no clock, no screen."""
