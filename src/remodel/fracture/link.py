"""From changes of density and turnover against the untreated twin to a ratio of hazards."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.fracture.background import read_toml
from remodel.fracture.sites import FAMILIES

SLOPES = ("hip", "vertebral", "other", "turnover_vertebral", "turnover_other")
SPREADS = ("spread_vertebral", "spread_other")


@dataclass(frozen=True, slots=True)
class Link:
    """Slopes of ln hazard, the same at every T-score.

    Attributes
    ----------
    slopes : mapping of str to float
        ``hip``, ``vertebral``, ``other``: for each percent of total hip; ``turnover_vertebral``,
        ``turnover_other``: for each unit of CTX / CTX of the twin - 1.
    spreads : mapping of str to float
        Standard deviation of ln relative risk between trials.
    covariance : ndarray, shape (5, 5)
        Of the slopes, in their order.
    """

    slopes: Mapping[str, float]
    spreads: Mapping[str, float]
    covariance: FloatArray

    def ratios(self, hip: FloatArray, turnover: FloatArray) -> dict[str, FloatArray]:
        """Return the ratio of hazards by family of components.

        Parameters
        ----------
        hip : ndarray
            Change of total hip against that of the twin [%].
        turnover : ndarray
            CTX / CTX of the twin - 1.
        """
        ratios = {}
        for family in dict.fromkeys(FAMILIES.values()):
            slope = self.slopes["turnover_vertebral" if family == "vertebral" else "turnover_other"]
            ratios[family] = np.exp(self.slopes[family] * hip + slope * turnover)
        return ratios

    def draw(self, rng: np.random.Generator) -> tuple[Link, dict[str, float]]:
        """Return a link drawn from its uncertainty, and how a trial differs from it.

        The difference is that of ln relative risk, by family.
        """
        mean = [self.slopes[name] for name in SLOPES]
        values = rng.multivariate_normal(mean, self.covariance, method="eigh")
        shift = self.spreads["spread_other"] * float(rng.standard_normal())
        spine = self.spreads["spread_vertebral"] * float(rng.standard_normal())
        signed = np.where([name.startswith("turnover") for name in SLOPES], 1.0, -1.0)
        values = signed * np.maximum(signed * values, 0.0)  # the signs that the fit allows
        drawn = Link(
            dict(zip(SLOPES, map(float, values), strict=True)), self.spreads, self.covariance
        )
        return drawn, {"hip": shift, "other": shift, "vertebral": spine}


@functools.cache
def load_link() -> Link:
    """Return the link that comes with the package."""
    return link_of(read_toml("link.toml"))


def link_of(content: Mapping[str, Any]) -> Link:
    """Return the link of a TOML file."""
    table = content["link"]
    covariance = np.array(content["covariance"]["values"], dtype=np.float64)
    return Link(
        {name: float(table[name]) for name in SLOPES},
        {name: float(table[name]) for name in SPREADS},
        covariance,
    )
