"""Numerical integration; knows nothing of bone."""
