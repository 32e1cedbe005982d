"""Hazards and probabilities of women whose bone changes as it would not have without treatment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.fracture.background import Background, load_background
from remodel.fracture.link import Link, load_link
from remodel.fracture.probability import check_women, cumulative_probability, site_hazard
from remodel.fracture.sites import SITES

_CELLS = 4_000_000  # numbers of one array worked on at a time


@dataclass(frozen=True, slots=True)
class Women:
    """Who is at risk, at the start of follow-up.

    Attributes
    ----------
    age : ndarray, shape (n,)
        [y].
    t_score : ndarray, shape (n,)
        Of the femoral neck.
    factors : mapping of str to ndarray, shape (n,)
        Risk factors from 0 (no) to 1 (yes); NaN is unknown.
    bmi : ndarray, shape (n,), optional
    country : str or sequence of str, length n
        Scales the hip.
    t_score_sd : ndarray, shape (n,), optional
        Spread of the T-score, where each of the women stands for a group.
    """

    age: FloatArray
    t_score: FloatArray
    factors: Mapping[str, FloatArray]
    bmi: FloatArray | None = None
    country: str | Sequence[str] = "UK"
    t_score_sd: FloatArray | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        check_women(self.age, self.t_score, self.factors, self.bmi)


@dataclass(frozen=True, slots=True)
class Exposure:
    """What treatment did to bone, against the untreated twin.

    Attributes
    ----------
    years : ndarray, shape (n_times,)
        From the start of treatment.
    hip : ndarray, shape (..., n, n_times)
        Change of total hip since the start against that of the twin [%].
    turnover : ndarray, shape (..., n, n_times)
        CTX over CTX of the twin, minus 1.
    """

    years: FloatArray
    hip: FloatArray
    turnover: FloatArray

    @classmethod
    def of(
        cls,
        years: FloatArray,
        hip: FloatArray,
        ctx: FloatArray,
        hip_twin: FloatArray,
        ctx_twin: FloatArray,
    ) -> Exposure:
        """Return the exposure from levels of treated women and of their twins."""
        ratio = (hip / hip[..., :1]) / (hip_twin / hip_twin[..., :1])
        return cls(years, 100.0 * (ratio - 1.0), ctx / ctx_twin - 1.0)


def hazards_of(
    women: Women,
    exposure: Exposure,
    sites: Sequence[str] = tuple(SITES),
    *,
    background: Background | None = None,
    link: Link | None = None,
    shift: Mapping[str, float | FloatArray] | None = None,
) -> dict[str, FloatArray]:
    """Return the hazard of each site [1/y] over time.

    The background of a woman is computed once, whatever the number of plans in front of her axis.

    Parameters
    ----------
    women : Women
        n of them.
    exposure : Exposure
        Of shape (..., n, n_times).
    sites : sequence of str
    background, link : optional
        Instead of those of the package.
    shift : mapping of str to float or ndarray, shape (n, 1), optional
        Of ln relative risk by family, where there is any effect: how a trial differs from others.

    Returns
    -------
    dict of str to ndarray, shape (..., n, n_times)
    """
    chosen, slopes = background or load_background(), link or load_link()
    attained = women.age[:, None] + exposure.years
    z_score = chosen.z_score(women.age, women.t_score)[:, None]
    n = len(women.age)
    ratios = chosen.risk_ratios(women.factors, women.bmi)
    wide = {name: np.broadcast_to(ratio, (n,))[:, None] for name, ratio in ratios.items()}
    hip_ratio = _hip_ratio(chosen, women.country)
    z_sd = 0.0 if women.t_score_sd is None else women.t_score_sd[:, None]
    hazards = chosen.hazards(attained, z_score, z_sd=z_sd, hip_ratio=hip_ratio, ratios=wide)
    effects = slopes.ratios(exposure.hip, exposure.turnover)
    if shift:
        is_treated = np.any(np.abs(exposure.turnover) > 1e-6, axis=-1, keepdims=True)
        effects = {name: e * np.exp(shift[name] * is_treated) for name, e in effects.items()}
    result = {}
    for site in sites:
        shares = load_background().families(site).items()
        ratio = sum((share * effects[name] for name, share in shares), start=np.zeros(()))
        result[site] = site_hazard(hazards, site, chosen.clinical_share) * ratio
    return result


def _hip_ratio(background: Background, country: str | Sequence[str]) -> float | FloatArray:
    """Return the ratio of one country, or of one a woman."""
    if isinstance(country, str):
        return background.country_ratio(country)
    return np.array([background.country_ratio(name) for name in country])[:, None]


def probabilities(
    women: Women,
    exposure: Exposure,
    sites: Sequence[str] = tuple(SITES),
    *,
    background: Background | None = None,
    link: Link | None = None,
    shift: Mapping[str, float | FloatArray] | None = None,
) -> dict[str, FloatArray]:
    """Return the cumulative probability of a first fracture at each site [%].

    Arguments and shapes are those of :func:`hazards_of`; leading axes of the exposure, such as
    plans, are worked on in pieces, so that memory stays small.
    """
    chosen = background or load_background()
    options: dict[str, Any] = {"background": chosen, "link": link, "shift": shift}
    death = chosen.death(women.age[:, None] + exposure.years)
    shape = np.broadcast_shapes(exposure.hip.shape, exposure.turnover.shape)
    hip = np.broadcast_to(exposure.hip, shape).reshape(-1, *shape[-2:])
    turnover = np.broadcast_to(exposure.turnover, shape).reshape(-1, *shape[-2:])
    result = {site: np.empty(hip.shape) for site in sites}
    step = max(1, _CELLS // (shape[-1] * shape[-2]))
    for first in range(0, len(hip), step):
        rows = slice(first, first + step)
        piece = Exposure(exposure.years, hip[rows], turnover[rows])
        for site, hazard in hazards_of(women, piece, sites, **options).items():
            result[site][rows] = 100.0 * cumulative_probability(hazard, death, exposure.years)
    return {site: values.reshape(shape) for site, values in result.items()}
