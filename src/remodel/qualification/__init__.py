"""Qualification: what the model is for, what was tested, how well, in one report."""

from remodel.qualification.qualify import Qualification, qualify

__all__ = ["Qualification", "qualify"]
