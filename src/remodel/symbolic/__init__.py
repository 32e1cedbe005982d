"""Symbolic expressions and their derivatives; knows no bone and no machine."""
