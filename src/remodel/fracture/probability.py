"""Probabilities of a first fracture, with death competing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from remodel._arrays import FloatArray
from remodel.errors import ConfigError
from remodel.fracture.background import RISK_FACTORS, Background, load_background
from remodel.fracture.sites import SITES

_STEPS = 20  # of ten years
YOUNGEST, _OLDEST = 30.0, 100.0  # the published table begins at 50


def site_hazard(hazards: Mapping[str, FloatArray], site: str, clinical_share: float) -> FloatArray:
    """Return the hazard of a site [1/y] from those of its components."""
    total: FloatArray = np.sum([hazards[name] for name in SITES[site]], axis=0)
    return total / clinical_share if site == "vertebral_morphometric" else total


def cumulative_probability(hazard: FloatArray, death: FloatArray, years: FloatArray) -> FloatArray:
    """Return the probability that a first fracture has happened while she lived.

    Parameters
    ----------
    hazard : ndarray, shape (..., n_times)
        Of fracture [1/y].
    death : ndarray, shape (..., n_times)
        Of death [1/y].
    years : ndarray, shape (n_times,)
        Times [y], rising; the probability is counted from the first.

    Returns
    -------
    ndarray, shape (..., n_times)
        Between 0 and 1. Hazards are taken as constant between two times, at their mean.
    """
    steps = np.diff(years)
    fracture = 0.5 * (hazard[..., 1:] + hazard[..., :-1]) * steps
    both = fracture + 0.5 * (death[..., 1:] + death[..., :-1]) * steps
    gone = np.cumsum(both, axis=-1)
    free = np.exp(both - gone)  # alive without fracture at the start of each step
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(both > 0, -np.expm1(-both) / both, 1.0)
    probability = np.zeros(np.broadcast_shapes(hazard.shape, death.shape))
    np.cumsum(free * fracture * share, axis=-1, out=probability[..., 1:])
    return probability


def ten_year_probability(
    age: npt.ArrayLike,
    t_score: npt.ArrayLike,
    site: str = "major",
    *,
    country: str = "UK",
    bmi: npt.ArrayLike | None = None,
    background: Background | None = None,
    **risk_factors: npt.ArrayLike,
) -> FloatArray:
    """Return the ten-year probability of fracture of untreated women from published gradients.

    Parameters
    ----------
    age : array_like
        [y], from 30 to 100; below 50 continued from the published table.
    t_score : array_like
        Of the femoral neck.
    site : str
        ``hip``, ``vertebral``, ``vertebral_morphometric``, ``major``, ``any_clinical`` or
        ``nonvertebral``.
    country : str
        Such as ``UK`` or ``US``.
    bmi : array_like, optional
        [kg/m2], 25 by default.
    background : Background, optional
        Instead of the one that comes with the package.
    **risk_factors : array_like
        ``prior_fracture``, ``prior_vertebral_fracture``, ``parental_fracture``, ``smoking``,
        ``glucocorticoids``: true or false, or the share of a group; not there by default.

    Returns
    -------
    ndarray
        [%], of the shape that the arguments broadcast to.

    Raises
    ------
    ConfigError
        If a site, a country or a risk factor is unknown, or an age or a T-score is not allowed.
    """
    chosen = background or load_background()
    check_site(site)
    factors = {name: np.asarray(v, dtype=np.float64) for name, v in risk_factors.items()}
    index = None if bmi is None else np.asarray(bmi, dtype=np.float64)
    start, score = np.asarray(age, dtype=np.float64), np.asarray(t_score, dtype=np.float64)
    check_women(start, score, factors, index)
    arrays = np.broadcast_arrays(
        start, score, *factors.values(), *([] if index is None else [index])
    )
    start, score = arrays[:2]
    ratios = chosen.risk_ratios(factors, index)
    years = np.linspace(0.0, 10.0, _STEPS + 1)
    attained = start[..., None] + years
    z_score = chosen.z_score(start, score)[..., None]
    wide = {n: np.broadcast_to(np.asarray(v), start.shape)[..., None] for n, v in ratios.items()}
    hazards = chosen.hazards(
        attained, z_score, hip_ratio=chosen.country_ratio(country), ratios=wide
    )
    hazard = site_hazard(hazards, site, chosen.clinical_share)
    result: FloatArray = (
        100.0 * cumulative_probability(hazard, chosen.death(attained), years)[..., -1]
    )
    return result


def check_site(site: str) -> None:
    """Raise unless a site is known.

    Raises
    ------
    ConfigError
    """
    if site not in SITES:
        from remodel.errors import nearest

        raise ConfigError(
            f"'{site}' is not a site of fracture.{nearest(site, SITES)}",
            field="site",
            value=site,
            allowed=list(SITES),
        )


def check_women(
    age: FloatArray,
    t_score: FloatArray,
    factors: Mapping[str, FloatArray],
    bmi: FloatArray | None,
) -> None:
    """Raise if a number of the women is not allowed; NaN is unknown, and allowed but of age.

    Raises
    ------
    ConfigError
    """
    from remodel.errors import nearest

    for name, values in factors.items():
        if name not in RISK_FACTORS:
            raise ConfigError(
                f"'{name}' is not a risk factor.{nearest(name, (*RISK_FACTORS, 'bmi'))}",
                field=name,
            )
        _check_range(name, values, 0.0, 1.0, "(no) to 1 (yes)", unknown=True)
    _check_range("age", age, YOUNGEST, _OLDEST, f"to {_OLDEST:g} y", unknown=False)
    _check_range("t_score_femoral_neck", t_score, -6.0, 6.0, "to 6", unknown=True)
    if bmi is not None:
        _check_range("bmi", bmi, 10.0, 80.0, "to 80 kg/m2", unknown=True)


def _check_range(
    name: str, values: FloatArray, low: float, high: float, words: str, *, unknown: bool
) -> None:
    allowed = (values >= low) & (values <= high) | (np.isnan(values) & unknown)
    if not np.all(allowed):
        value = np.asarray(values)[~allowed].flat[0]
        raise ConfigError(
            f"{name} = {value:g}: must be from {low:g} {words}.", field=name, value=float(value)
        )
