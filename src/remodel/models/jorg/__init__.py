"""Equations of the model of Jörg 2022."""
