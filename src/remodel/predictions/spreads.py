"""Spread between trials of one treatment, and of the model itself, by endpoint and class.

The mean of an arm differs from what the model says by the sum of four deviations, each with a
standard deviation of its own: one of the trial, common to all its arms and to the sites of density
(or the markers of turnover); one of the trial at a site, common to all its arms; one of the arm at
a site; and one of the visit, which is forgotten with time. Each standard deviation is the size of
the endpoint times the share of the deviation; those of arms and visits are multiplied by a factor
of the class of treatment. All but the last grow with a power of the years between the two visits.

Sizes are percentage points of change where the spread of an endpoint is absolute (density); else
fractions of the level (markers).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from remodel._arrays import FloatArray
from remodel.observations.error_models import spreads as patient_spreads

DEVIATIONS = ("trial", "site", "arm", "visit")
DENSITY, MARKER = "density", "marker"
_TURNOVER = frozenset({"ctx", "ntx", "ntx_serum", "p1np", "bsap"})
_USUAL_SIZE = 0.3  # of the spread between women: 1 point of spine, 15 % of CTX; assumption
_USUAL_SHARE = 0.5
# Published numbers lie about predictions as Student's t with these degrees of freedom and the
# variance stated; of cohorts left out it has the best log score, and bands of 50 % hold half.
DEGREES = 6.0
SCALE = ((DEGREES - 2.0) / DEGREES) ** 0.5  # of that distribution, over its standard deviation
_REFERENCE_YEARS = 2.0  # at which the deviations have the size stated
_YEARS = (0.25, 10.0)  # the growth with time is that within these


@dataclass(frozen=True, slots=True)
class Spreads:
    """Standard deviations between trials.

    Attributes
    ----------
    size : mapping of str to float
        By endpoint; percentage points, or a fraction of the level. An endpoint that is not there
        has the usual size, 0.3 of the spread of the endpoint between women.
    share : mapping of (str, str) to float
        By kind of endpoint, ``density`` or ``marker``, and deviation, one of ``DEVIATIONS``.
    factor : mapping of (str, str) to float
        By kind of endpoint and group of treatment; 1 for a group that is not there.
    growth : float
        Exponent of the years, of densities; markers do not wander off.
    visit_months : float
        After which the correlation of deviations of visits has fallen to 1/e.
    about : str
        Of which fit they are.
    scale : float
        Multiplies all; 0 leaves the standard errors alone.
    """

    size: Mapping[str, float] = field(default_factory=dict)
    share: Mapping[tuple[str, str], float] = field(default_factory=dict)
    factor: Mapping[tuple[str, str], float] = field(default_factory=dict)
    growth: float = 0.25
    visit_months: float = 12.0
    about: str = ""
    scale: float = 1.0

    @classmethod
    def none(cls) -> Self:
        """Return no spread at all: trials differ by their standard errors alone."""
        return cls(scale=0.0)

    def deviation(self, name: str, endpoint: str, group: str) -> float:
        """Return the standard deviation of one of ``DEVIATIONS`` two years apart."""
        kind = kind_of(endpoint)
        size = self.size[endpoint] if endpoint in self.size else usual_size(endpoint)
        share = self.share.get((kind, name), _USUAL_SHARE)
        factor = self.factor.get((kind, group), 1.0) if name in ("arm", "visit") else 1.0
        return self.scale * size * share * factor

    def variance(self, endpoint: str, group: str, months: float | FloatArray) -> FloatArray:
        """Return the variance of the true mean of a new trial about the model's prediction.

        Parameters
        ----------
        endpoint : str
        group : str
            Of the treatment; see ``treatment_group``.
        months : float or ndarray
            Between the visit that a change counts from and the visit.

        Returns
        -------
        ndarray
            In squared percentage points of change; of a marker, in squared fractions of the level.
            The standard error of a published mean is not in it.
        """
        squares = {name: self.deviation(name, endpoint, group) ** 2 for name in DEVIATIONS}
        lasting = sum(square for name, square in squares.items() if name != "visit")
        variance: FloatArray = lasting * self.growths(endpoint, months) ** 2 + squares["visit"]
        return variance

    def growths(self, endpoint: str, months: float | FloatArray) -> FloatArray:
        """Return by how much the deviations have grown since two years."""
        exponent = self.growth if kind_of(endpoint) == DENSITY else 0.0
        growths: FloatArray = np.exp(exponent * log_years(months))
        return growths


def kind_of(endpoint: str) -> str:
    """Return ``density`` if the spread of an endpoint is in percentage points, else ``marker``."""
    spread = patient_spreads().get(endpoint)
    return DENSITY if spread is not None and spread.scale == "absolute" else MARKER


def family_of(endpoint: str) -> str:
    """Return what the endpoints are called whose deviations go together in a trial."""
    if endpoint.startswith("bmd_"):
        return DENSITY
    return "turnover" if endpoint in _TURNOVER else endpoint


def log_years(months: float | FloatArray) -> FloatArray:
    """Return the logarithm of the years between two visits, over two years, within limits."""
    years: FloatArray = np.clip(np.asarray(months) / 12.0, *_YEARS)
    return np.log(years / _REFERENCE_YEARS)


def treatment_group(drug_class: str) -> str:
    """Return the group that a class of treatment, as of ``drug_class``, is pooled with.

    What is being taken decides, and where nothing is, what was taken last; but whatever follows
    denosumab is of one group, and so is all that is given with or after a builder of bone.
    """
    first = drug_class.partition(" or ")[0]
    now, _, before = f" {first} ".partition(" after ")
    if "denosumab" in before and "denosumab" not in now:
        return "after denosumab"
    for name in ("romosozumab", "teriparatide"):
        if name in first:
            return name
    if "GnRH" in first or "oophorectomy" in first:
        return "ovarian suppression"
    if "aromatase inhibitor" in first:
        return _with_inhibitor(now)
    for name in ("hormone therapy", "denosumab", "bisphosphonate", "SERM"):
        if name in now:
            return name
    for name in ("hormone therapy", "bisphosphonate", "SERM"):
        if name in before:
            return name
    return "untreated" if first == "untreated" else "other"


def _with_inhibitor(now: str) -> str:
    for name in ("bisphosphonate", "denosumab"):
        if name in now:
            return f"aromatase inhibitor + {name}"
    return "aromatase inhibitor"


def usual_size(endpoint: str) -> float:
    """Return the size that an endpoint is taken to have before anything is estimated."""
    return _USUAL_SIZE * patient_spreads()[endpoint].sd


def usual_share() -> float:
    """Return the share that a deviation is taken to have before anything is estimated."""
    return _USUAL_SHARE
