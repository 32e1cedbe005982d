"""What a condition may look at: traits, readings, and what is derived from them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np

from remodel._arrays import FloatArray
from remodel.patient import SITES

FLAGS = {
    "prior_fracture": "a fragility fracture after 50",
    "parental_fracture": "a parent's hip fracture",
    "smoking": "smokes now",
    "glucocorticoids": "glucocorticoids for 3 months or more",
    "treated": "takes a bone drug",
}
TRAITS = {
    "age": "age now [y]",
    "menopause_age": "age at menopause [y]",
    "bmi": "body mass index [kg/m2]",
    "months": "months since the start",
    **FLAGS,
}
MARKERS = ("ctx", "ntx", "ntx_serum", "p1np", "bsap")
PROBABILITIES = ("ten_year_probability_hip", "ten_year_probability_major")
RISK_FACTORS = "risk_factors"
_LOWEST = {"t_score": "t_score_{}", "bmd_percent_change": "bmd_{}_percent_change"}
_LOWEST |= {"bmd_change_per_year": "bmd_{}_change_per_year"}


def _names() -> dict[str, str]:
    """Return every name, with the reading it needs; empty for a trait."""
    names = dict.fromkeys((*TRAITS, RISK_FACTORS), "")
    for site in SITES:
        names |= {form.format(site): f"bmd_{site}" for form in _LOWEST.values()}
    names |= dict.fromkeys(_LOWEST, "bmd")
    for marker in MARKERS:
        names |= {marker: marker, f"{marker}_percent_change": marker}
    return names | dict.fromkeys(PROBABILITIES, "bmd_femoral_neck")


READING_OF: Mapping[str, str] = _names()
"""Name in a condition -> endpoint that must be read for it: ``bmd`` is any site, ``""`` none."""


def with_lowest(values: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return readings with the lowest over the sites that were read.

    ``t_score``, ``bmd_percent_change`` (since the start) and ``bmd_change_per_year`` (since the
    scan before) are those of the site where it is lowest; NaN where no site was read.
    """
    complete = dict(values)
    for name, form in _LOWEST.items():
        at_sites = [values[form.format(site)] for site in SITES if form.format(site) in values]
        if at_sites:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # a woman without any scan
                complete[name] = np.nanmin(np.stack(at_sites), axis=0)
    return complete
