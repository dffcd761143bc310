"""Comparisons -> the gate's result, and a page."""
