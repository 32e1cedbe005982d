"""Equations of the model of Peterson and Riggs 2010, one module an organ."""
