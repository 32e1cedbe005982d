"""From density and turnover to fracture: hazards and probabilities by site, published trials."""

from remodel.fracture.background import Background, load_background
from remodel.fracture.link import Link, load_link
from remodel.fracture.probability import ten_year_probability
from remodel.fracture.risk import fracture_risk
from remodel.fracture.sites import SITES
from remodel.fracture.twins import INPUTS

__all__ = [
    "INPUTS",
    "SITES",
    "Background",
    "Link",
    "fracture_risk",
    "load_background",
    "load_link",
    "ten_year_probability",
]
