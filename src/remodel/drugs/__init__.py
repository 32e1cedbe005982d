"""Drugs: one class a file, each with pharmacokinetics, targets and potency."""

from remodel.drugs.drug import Drug

__all__ = ["Drug"]
