"""Peterson and Riggs 2010: calcium homeostasis and bone remodeling."""

from remodel.models.peterson2010.model import MODEL

__all__ = ["MODEL"]
