"""Jörg et al. 2022: bone cells, sclerostin and density under osteoporosis drugs."""

from remodel.models.jorg2022.model import MODEL

__all__ = ["MODEL"]
