"""Weights that give women the moments of a published baseline table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError
from remodel.populations.definition import Moment
from remodel.populations.population import Population

_MOST_STEPS = 200
_CLOSE = 1e-9


def matched(women: Population, moments: Sequence[Moment]) -> Population:
    """Return the women with weights as even as they can be that meet the moments.

    Weights are exp(a . x) of the women's standardized values, which is the distribution closest to
    equal weights (entropy balancing; Hainmueller 2012, Polit Anal 20:25).

    Parameters
    ----------
    women : Population
    moments : sequence of Moment

    Raises
    ------
    ConfigError
        If these women cannot have such moments.
    """
    features = _features(women, moments)
    slope = np.zeros(features.shape[1])
    weights = _weights(features, slope)
    for _ in range(_MOST_STEPS):
        mean = weights @ features
        if np.max(np.abs(mean)) < _CLOSE:
            break
        spread = features - mean
        curvature = (spread * weights[:, None]).T @ spread
        try:
            step = np.linalg.solve(curvature, mean).astype(np.float64)
        except np.linalg.LinAlgError:
            _fail(women, moments)
        slope = _descended(features, slope, step)
        weights = _weights(features, slope)
    else:
        _fail(women, moments)
    return women.weighted(weights)


def _features(women: Population, moments: Sequence[Moment]) -> FloatArray:
    """Return what must have a mean of 0, scaled, shape (n, n_moments)."""
    columns = []
    for moment in moments:
        values = women[moment.name]
        scale = values.std()
        if scale == 0:
            raise ConfigError(
                f"[match] {moment.name}: all women have {values[0]:g}; no weights can change it.",
                field=moment.name,
            )
        apart = (values - moment.mean) / scale
        columns.append(apart)
        if np.isfinite(moment.sd):
            columns.append(apart**2 - (moment.sd / scale) ** 2)
    return np.stack(columns, axis=1)


def _weights(features: FloatArray, slope: FloatArray) -> FloatArray:
    exponent = -(features @ slope)
    weights = np.exp(exponent - exponent.max())
    shares: FloatArray = weights / weights.sum()
    return shares


def _potential(features: FloatArray, slope: FloatArray) -> float:
    exponent = -(features @ slope)
    top = exponent.max()
    return float(top + np.log(np.exp(exponent - top).sum()))


def _descended(features: FloatArray, slope: FloatArray, step: FloatArray) -> FloatArray:
    """Return a Newton step, shortened until the convex potential falls."""
    now, length = _potential(features, slope), 1.0
    while length > 1e-8 and not _potential(features, slope + length * step) <= now + 1e-13:
        length /= 2
    moved: FloatArray = slope + length * step
    return moved


def _fail(women: Population, moments: Sequence[Moment]) -> None:
    words = "; ".join(
        f"{m.name} {m.mean:g} (these women: {women[m.name].min():.3g} to {women[m.name].max():.3g})"
        for m in moments
    )
    raise ConfigError(
        f"[match]: no weights give {len(women):,} women of '{women.definition.name}' these "
        f"moments: {words}; draw more women, or change the centers.",
        field="match",
    )
