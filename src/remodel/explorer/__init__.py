"""The explorer: a page on this machine that simulates what is typed into it."""

from remodel.explorer.serve import explore

__all__ = ["explore"]
