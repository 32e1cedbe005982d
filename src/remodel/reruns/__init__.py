"""Repeating a result from the record kept with it, and saying what differs."""

from remodel.reruns.rerun import Rerun, rerun

__all__ = ["Rerun", "rerun"]
