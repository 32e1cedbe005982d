"""Means, quantiles and shares over women, each with what every woman adds to its error."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError

_KINDS = ("mean", "median", "quantile", "probability below", "probability above")
_FORM = re.compile(r"(mean|median|quantile|probability below|probability above)\s*(\S+)?")
_SPACING = 0.6  # of the ranks between which the density at a quantile is taken


@dataclass(frozen=True, slots=True)
class Statistic:
    """What is computed over women.

    Attributes
    ----------
    kind : str
        ``mean``, ``quantile``, ``below`` or ``above``.
    level : float
        Of the quantile, or the threshold.
    """

    kind: str
    level: float = 0.0

    @classmethod
    def read(cls, text: str) -> Statistic:
        """Return the statistic of a text, such as ``quantile 0.1``.

        Raises
        ------
        ConfigError
            If it is none.
        """
        form = _FORM.fullmatch(text.strip())
        if form is None:
            raise ConfigError(f"'{text}' is not one of {', '.join(_KINDS)}, with its number.")
        kind, number = form.groups()
        if kind in ("mean", "median"):
            if number is not None:
                raise ConfigError(f"'{text}': '{kind}' takes no number.")
            return cls("mean") if kind == "mean" else cls("quantile", 0.5)
        try:
            level = float(number or "nan")
        except ValueError:
            level = float("nan")
        if not np.isfinite(level):
            raise ConfigError(f"'{text}': '{kind}' is followed by a number.")
        if kind == "quantile" and not 0 < level < 1:
            raise ConfigError(f"'{text}': a quantile is between 0 and 1.")
        return cls(kind.rpartition(" ")[2], level)

    @property
    def is_share(self) -> bool:
        """Whether it is a share of women [%]."""
        return self.kind in ("below", "above")

    def of(self, values: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the statistic, and what each woman adds to its error.

        Parameters
        ----------
        values : ndarray, shape (..., n)
            NaN for a woman whose simulation failed.
        weights : ndarray, shape (n,)

        Returns
        -------
        value : ndarray, shape (...)
        influence : ndarray, shape (..., n)
            Of sum 0; the root of the sum of squares is the standard error, that of the difference
            of two plans the standard error of their difference.
        """
        shares = np.where(np.isnan(values), 0.0, weights)
        shares = shares / shares.sum(axis=-1, keepdims=True)
        whole = np.where(np.isnan(values), 0.0, values)
        if self.kind == "quantile":
            return _quantile(whole, shares, self.level)
        if self.kind == "below":
            whole = 100.0 * (whole < self.level)
        elif self.kind == "above":
            whole = 100.0 * (whole > self.level)
        first = whole[..., :1]  # from which differences are taken, so that equal numbers stay exact
        mean = first[..., 0] + (shares * (whole - first)).sum(axis=-1)
        return mean, shares * (whole - mean[..., None])


def _quantile(
    values: FloatArray, shares: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Return a weighted quantile, straight between women, and influences by the density there."""
    flat, weights = values.reshape(-1, values.shape[-1]), shares.reshape(-1, values.shape[-1])
    quantiles, influences = np.empty(len(flat)), np.empty_like(flat)
    for i, (row, share) in enumerate(zip(flat, weights, strict=True)):
        order = np.argsort(row, kind="stable")
        order = order[share[order] > 0]  # whoever does not count is at no end either
        if not len(order):
            quantiles[i], influences[i] = np.nan, 0.0
            continue
        rank = np.cumsum(share[order]) - 0.5 * share[order]
        effective = 1.0 / np.square(share).sum()
        half = _SPACING * effective ** (-1.0 / 3.0) * np.sqrt(level * (1.0 - level))
        low, middle, high = np.interp(
            [max(level - half, rank[0]), level, min(level + half, rank[-1])], rank, row[order]
        )
        width = min(level + half, rank[-1]) - max(level - half, rank[0])
        slope = (high - low) / width if width > 0 else 0.0  # of the value by its rank
        quantiles[i] = middle
        is_below = (row <= middle).astype(np.float64)
        influences[i] = slope * share * ((share * is_below).sum() - is_below)
    return quantiles.reshape(values.shape[:-1]), influences.reshape(values.shape)


def standard_error(influence: FloatArray) -> FloatArray:
    """Return the standard error of what has these influences, shape (..., n)."""
    n = influence.shape[-1]
    small = n / (n - 1) if n > 1 else 1.0
    error: FloatArray = np.sqrt(small * np.square(influence).sum(axis=-1))
    return error
