"""What is known of a woman before she is read: the population, split into what acts linearly.

The logarithm of a reading is linear in the logarithms of her density level and of her marker
scales. These, and wander and noise, are integrated exactly; what is left is simulated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from remodel._arrays import BoolArray, FloatArray
from remodel.equations import TIME
from remodel.errors import ConfigError
from remodel.models import Model
from remodel.patient import SITES
from remodel.populations.definition import DENSITIES, Definition
from remodel.populations.distributions import Distribution
from remodel.populations.wander import Wander

_MENOPAUSE = "menopause_age"
_BMI = "bmi"
_NO_WANDER = Wander((0.0, 0.0, 0.0), 0.0, (0.0, 0.0, 0.0))
_DEEPEST = 8.0  # standard deviations within which a known trait is placed


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """A population as the prior of one woman.

    Attributes
    ----------
    definition : Definition
    model : Model
    linear : tuple of str
        Names of levels and marker scales.
    scaled : tuple of str
        The endpoint that each of them multiplies.
    nonlinear : tuple of str
        Names of what is simulated.
    correlation : ndarray
        Of the scores of ``linear``, then ``nonlinear``, then BMI.
    bmi_score : float or None
        Of the woman, in standard deviations.
    """

    definition: Definition
    model: Model
    linear: tuple[str, ...]
    scaled: tuple[str, ...]
    nonlinear: tuple[str, ...]
    correlation: FloatArray
    bmi_score: float | None

    @classmethod
    def of(
        cls,
        definition: Definition,
        model: Model,
        *,
        bmi: float | None,
        knows_menopause: bool,
    ) -> Prior:
        """Return the prior of a woman.

        Parameters
        ----------
        definition : Definition
        model : Model
        bmi : float, optional
            [kg/m2]; None where it is unknown.
        knows_menopause : bool
            Whether her menopause age need not be drawn.

        Raises
        ------
        ConfigError
            If densities of the population are not log-normal.
        """
        scales = _scales(definition)
        spreads = definition.distributions
        for name in DENSITIES:
            if name not in spreads or spreads[name].kind != "lognormal":
                raise ConfigError(
                    f"population '{definition.name}': {name} must be lognormal to be fitted.",
                    field=name,
                )
        linear = (*DENSITIES, *scales)
        scaled = (*(f"bmd_{site}" for site in SITES), *scales.values())
        nonlinear = tuple(c.name for c in definition.components if c.name not in scales)
        if not knows_menopause and _MENOPAUSE in spreads:
            nonlinear = (*nonlinear, _MENOPAUSE)
        matrix = _matrix(definition, (*linear, *nonlinear, _BMI))
        return cls(definition, model, linear, scaled, nonlinear, matrix, None).with_bmi(bmi)

    def with_bmi(self, bmi: float | None) -> Prior:
        """Return the prior of a woman of a BMI [kg/m2]; None where it is unknown."""
        spread = self.definition.patient.get(_BMI)
        if bmi is None or spread is None:
            return replace(self, bmi_score=None)
        return replace(self, bmi_score=float(np.interp(bmi, *_scores(spread))))

    @property
    def wander(self) -> Wander:
        """Wander of the population; none where it has none."""
        return self.definition.wander or _NO_WANDER

    def peers(self, age: float, *, male: bool = False) -> FloatArray:
        """Return the density of peers of an age, shape (3,) [g/cm2]."""
        return _peers(self.model, age, male)

    def nonlinear_correlation(self) -> FloatArray:
        """Return the correlation of what is simulated."""
        n = len(self.linear)
        last = n + len(self.nonlinear)
        return self.correlation[n:last, n:last]

    def linear_given(self, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return mean, shape (n, n_linear), and covariance of log levels and scales.

        Parameters
        ----------
        scores : ndarray, shape (n, n_nonlinear)
        """
        k = len(self.linear)
        known, last = scores, len(self.correlation) - (self.bmi_score is None)
        if self.bmi_score is not None:
            known = np.column_stack([scores, np.full(len(scores), self.bmi_score)])
        across = self.correlation[:k, k:last]
        slope = np.linalg.solve(self.correlation[k:last, k:last], across.T)
        spreads = [self.definition.distributions[name] for name in self.linear]
        sd = np.array([spread.sd for spread in spreads])
        center = np.log([spread.center for spread in spreads])
        rest = self.correlation[:k, :k] - across @ slope
        return center + (known @ slope) * sd, rest * np.outer(sd, sd)

    def bmi_given(self, scores: FloatArray) -> tuple[FloatArray, float]:
        """Return mean, shape (n,), and variance of the score of BMI, given those of draws."""
        k, last = len(self.linear), len(self.correlation) - 1
        across = self.correlation[k:last, last]
        slope = np.linalg.solve(self.correlation[k:last, k:last], across)
        return scores @ slope, float(1 - across @ slope)

    def log_weight_of_bmi(self, scores: FloatArray) -> FloatArray:
        """Return how much more likely her BMI is with some scores than without, shape (n,)."""
        return self.log_weight_given(*self.bmi_given(scores))

    def log_weight_given(self, mean: FloatArray, variance: float) -> FloatArray:
        """Return the same, shape (n,), from what ``bmi_given`` returns."""
        if self.bmi_score is None:
            return np.zeros(len(mean))
        off = self.bmi_score - mean
        weight: FloatArray = -0.5 * (off**2 / variance + np.log(variance) - self.bmi_score**2)
        return weight

    def columns(self, scores: FloatArray) -> dict[str, FloatArray]:
        """Return values of everything at scores of what is simulated; scales are 1.

        Parameters
        ----------
        scores : ndarray, shape (n, n_nonlinear)
        """
        spreads = self.definition.distributions
        values = {name: spreads[name].values(scores[:, i]) for i, name in enumerate(self.nonlinear)}
        ones = np.ones(len(scores))
        return values | {name: ones for name in self.linear if name not in DENSITIES}

    def possible(self, columns: dict[str, FloatArray], age: float) -> BoolArray:
        """Return which draws are possible for a woman of an age, shape (n,)."""
        spreads = self.definition.distributions
        inside = np.ones(len(next(iter(columns.values()))), dtype=bool)
        for name in self.nonlinear:
            inside &= spreads[name].possible(columns[name])
        if _MENOPAUSE in self.nonlinear:
            low, high = self.definition.limits.get("years_since_menopause", (-np.inf, np.inf))
            since = age - columns[_MENOPAUSE]
            inside &= (since >= low) & (since <= high)
        return inside


@lru_cache(maxsize=512)
def _peers(model: Model, age: float, male: bool) -> FloatArray:
    known = {n: p.value * p.factor for n, p in model.all_parameters.items()}
    known[TIME] = age * model.days_per_year
    known[model.male] = float(male)
    names = tuple(model.density[site].peers for site in SITES)
    values = model.constants(names, known)
    densities = np.array([float(values[name]) for name in names])
    densities.setflags(write=False)
    return densities


@lru_cache(maxsize=8)
def _scores(spread: Distribution) -> tuple[FloatArray, FloatArray]:
    """Return values of a distribution, rising, and their scores."""
    grid = np.linspace(-_DEEPEST, _DEEPEST, 3201)
    return spread.values(grid), grid


def _scales(definition: Definition) -> dict[str, str]:
    """Return components that do nothing but multiply a marker, with the marker."""
    scales = {}
    for component in definition.components:
        marker = component.parameters[0].removesuffix("_premenopausal")
        is_scale = component.parameters == (f"{marker}_premenopausal",)
        is_scale &= component.change == "multiply" and component.distribution.kind == "lognormal"
        if is_scale:
            scales[component.name] = marker
    return scales


def _matrix(definition: Definition, names: Sequence[str]) -> FloatArray:
    position = {name: i for i, name in enumerate(names)}
    matrix = np.eye(len(names))
    for (a, b), r in definition.correlations.items():
        if a in position and b in position:
            matrix[position[a], position[b]] = matrix[position[b], position[a]] = r
    return matrix
