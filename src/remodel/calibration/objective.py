"""The objective of a fit: standardized residuals of all trials, priors, and exact derivatives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from remodel._arrays import BoolArray, FloatArray
from remodel.calibration.coordinates import Coordinates
from remodel.calibration.problem import FitProblem
from remodel.errors import ConfigError, nearest
from remodel.observations import Observation, Observations, standard_error
from remodel.observations.error_models import spreads
from remodel.predictions import Predictor, Target

_LIMITS = {"below": 1.0, "above": -1.0}


@dataclass(frozen=True, slots=True)
class Objective:
    """Residuals as a function of the inner coordinates of the parameters.

    Half the sum of the losses of ``residuals`` is the negative logarithm of the posterior density,
    up to a constant: first one residual per published number, then one per prior.

    Attributes
    ----------
    predictor : Predictor
        Of the numbers that are not zero by definition.
    coordinates : Coordinates
    observed : ndarray, shape (n,)
    sigma : ndarray, shape (n,)
        Standard error of each number, discrepancy included.
    share : ndarray, shape (n,)
        Weight of each number, below 1 where many points of a curve share theirs.
    is_upper, is_lower : ndarray of bool, shape (n,)
        Which numbers are bounds, broken or kept.
    limit : ndarray, shape (n,)
        1 for a limit of detection that the value lies below, -1 for one that it lies above, else 0.
    loss_name : str
    loss_scale : float
    """

    predictor: Predictor
    coordinates: Coordinates
    observed: FloatArray
    sigma: FloatArray
    share: FloatArray
    is_upper: BoolArray
    is_lower: BoolArray
    limit: FloatArray
    loss_name: str
    loss_scale: float

    @classmethod
    def of(cls, problem: FitProblem) -> Self:
        """Return the objective of a problem.

        Raises
        ------
        ConfigError
            If no number of the tables can be predicted by the model.
        ObservationError
            If a table is malformed.
        """
        tables = [replace(t, observations=_informative(t.observations)) for t in problem.evidence()]
        predictor = Predictor.of(problem.model, tables)
        targets = predictor.targets
        if not targets:
            reasons = [f" First reason: {skipped.reason}" for skipped in predictor.skipped[:1]]
            raise ConfigError(
                f"{problem.title}: model '{problem.model_name}' predicts none of the observations."
                + "".join(reasons)
            )
        rows = [target.observation for target in targets]
        errors = np.array([standard_error(row) for row in rows])
        deviations = [discrepancy(row, problem.discrepancy.get(row.endpoint, 0.0)) for row in rows]
        return cls(
            predictor=predictor.differencing(problem.estimate),
            coordinates=Coordinates.of(problem.parameters().values()),
            observed=np.array([row.value for row in rows]),
            sigma=np.hypot(errors, np.array(deviations)),
            share=_shares(targets, problem.independent_points) * _weights(targets, problem),
            is_upper=np.array([row.is_upper and not row.censored for row in rows]),
            is_lower=np.array([row.is_lower and not row.censored for row in rows]),
            limit=np.array([_LIMITS.get(row.censored, 0.0) for row in rows]),
            loss_name=problem.loss,
            loss_scale=problem.loss_scale,
        )

    @property
    def size(self) -> int:
        """Number of published numbers."""
        return len(self.observed)

    def residuals(self, theta: FloatArray) -> FloatArray:
        """Return residuals, shape (n + n_parameters,); infinite if a simulation failed."""
        predicted = self.predictor.predict(self.coordinates.natural(theta))
        return np.concatenate((self.standardized(predicted), self._priors(theta)))

    def residuals_and_jacobian(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return residuals and their exact derivatives by the inner coordinates."""
        natural, names = self.coordinates.natural(theta), self.coordinates.names
        predicted, derivatives = self.predictor.derivatives(natural, names)
        weight = (np.sqrt(self.share) / self.sigma)[:, None]
        jacobian = derivatives * self.coordinates.derivatives(theta) * weight
        jacobian[self._kept(predicted)] = 0.0
        at_limit = self.limit != 0.0
        _, slope = _censored(self._deviations(predicted)[at_limit], self.limit[at_limit])
        jacobian[at_limit] *= slope[:, None]
        residuals = np.concatenate((self.standardized(predicted), self._priors(theta)))
        return residuals, np.concatenate((jacobian, np.diag(self.coordinates.has_prior)))

    def standardized(self, predicted: FloatArray) -> FloatArray:
        """Return weighted standardized residuals of predictions, shape (..., n)."""
        misses = np.where(self._kept(predicted), 0.0, predicted - self.observed)
        residuals = misses * np.sqrt(self.share) / self.sigma
        at_limit = self.limit != 0.0
        if at_limit.any():
            residual, _ = _censored(
                self._deviations(predicted)[..., at_limit], self.limit[at_limit]
            )
            residuals[..., at_limit] = residual * np.sqrt(self.share[at_limit])
        return np.where(np.isfinite(residuals), residuals, np.inf)

    def _deviations(self, predicted: FloatArray) -> FloatArray:
        """Return predicted minus observed, in standard errors."""
        deviations: FloatArray = (predicted - self.observed) / self.sigma
        return deviations

    def losses(self, squares: FloatArray) -> FloatArray:
        """Return loss and its two derivatives by the squared residual, shape (3, ..., m).

        The last ``n_parameters`` residuals are priors, whose loss is their square.
        """
        losses = np.zeros((3, *squares.shape))
        losses[0], losses[1] = squares, 1.0
        if self.loss_name == "soft_l1":
            scale = self.loss_scale**2 * self.share  # a weight says how often, not how far off
            root = np.sqrt(1.0 + squares[..., : self.size] / scale)
            losses[0, ..., : self.size] = 2.0 * scale * (root - 1.0)
            losses[1, ..., : self.size] = 1.0 / root
            losses[2, ..., : self.size] = -0.5 / (scale * root**3)
        return losses

    def cost(self, theta: FloatArray) -> float:
        """Return the objective at a point."""
        return self.cost_of(self.residuals(theta))

    def failures(self, theta: FloatArray) -> tuple[str, ...]:
        """Return the arms that cannot be simulated at a point."""
        predicted = self.predictor.predict(self.coordinates.natural(theta))
        rows = [
            target.observation
            for target, value in zip(self.predictor.targets, predicted, strict=True)
            if not np.isfinite(value)
        ]
        return tuple(dict.fromkeys(f"{row.study_id}/{row.arm}" for row in rows))

    def cost_of(self, residuals: FloatArray) -> float:
        """Return the objective from residuals."""
        if not np.all(np.isfinite(residuals)):
            return float("inf")
        return 0.5 * float(self.losses(residuals**2)[0].sum())

    def costs(self, thetas: FloatArray) -> FloatArray:
        """Return the objective at many points, shape (draws,), simulated as one batch."""
        return self.costs_of(thetas, self.predictions(thetas))

    def predictions(self, thetas: FloatArray) -> FloatArray:
        """Return predictions at many points, shape (draws, n), simulated as one batch."""
        return self.predictor.predict_many(self.coordinates.natural_many(thetas), len(thetas))

    def costs_of(self, thetas: FloatArray, predictions: FloatArray) -> FloatArray:
        """Return the objective at many points from predictions; infinite after a failure."""
        residuals = np.concatenate((self.standardized(predictions), self._priors(thetas)), axis=1)
        costs: FloatArray = 0.5 * self.losses(residuals**2)[0].sum(axis=1)
        return costs

    def log_likelihood(self, predictions: FloatArray) -> FloatArray:
        """Return the logarithm of the density of each number, shape (..., n), up to constants."""
        log_likelihood: FloatArray = -0.5 * self.losses(self.standardized(predictions) ** 2)[0]
        return log_likelihood

    def replicated(self, predictions: FloatArray, random: np.random.Generator) -> FloatArray:
        """Return what trials might have published instead, shape (..., n): with normal errors."""
        return predictions + self.sigma * random.standard_normal(predictions.shape)

    def _priors(self, theta: FloatArray) -> FloatArray:
        priors: FloatArray = theta * self.coordinates.has_prior
        return priors

    def _kept(self, predicted: FloatArray) -> BoolArray:
        """Return where an inequality is met."""
        upper = self.is_upper & (predicted <= self.observed)
        kept: BoolArray = upper | (self.is_lower & (predicted >= self.observed))
        return kept


def _censored(deviations: FloatArray, limit: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return residuals of values beyond a limit of detection, and their derivatives.

    Half the square of a residual is the negative logarithm of the probability that a normal error
    takes the prediction beyond the limit.

    Parameters
    ----------
    deviations : ndarray, shape (..., n)
        Prediction minus limit, in standard errors.
    limit : ndarray, shape (n,)
        1 if the value lies below, -1 if above.

    Returns
    -------
    tuple of ndarray, shape (..., n)
        Residuals, and their derivatives by the deviations.
    """
    from scipy.special import log_ndtr

    z = -limit * deviations
    log_probability = log_ndtr(z)
    size = np.sqrt(-2.0 * log_probability)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        slope = np.exp(-0.5 * z**2 - log_probability) / (np.sqrt(2.0 * np.pi) * size)
    return limit * size, np.where(size > 0.0, slope, 0.0)


def _weights(targets: Sequence[Target], problem: FitProblem) -> FloatArray:
    """Return how often each number counts.

    Raises
    ------
    ConfigError
        If a weight is of neither a class of treatment nor a study; where only some studies are
        fitted, or one is held out, such a weight has nothing to do.
    """
    weights = problem.weights
    names = [(target.drug_class, target.observation.study_id) for target in targets]
    known = {name for pair in names for name in pair}
    held_out = {name.partition("/")[0] for source in problem.sources for name in source.held_out}
    for name in weights:
        if not problem.studies and name not in known | held_out:
            raise ConfigError(
                f"weights: no number is of the class or study '{name}'.{nearest(name, known)}"
            )
    return np.array([weights.get(c, 1.0) * weights.get(study, 1.0) for c, study in names])


def discrepancy(row: Observation, size: float) -> float:
    """Return the deviation between trials in the unit of an observation.

    Parameters
    ----------
    size : float
        Percentage points where the spread of the endpoint is absolute; else a fraction of the
        level, for a change of that at the baseline.
    """
    if row.kind == "level":
        return size * abs(row.value)
    years = (row.time_months - row.reference_months) / 12.0 if row.kind == "rate_per_year" else 1.0
    if spreads()[row.endpoint].scale == "absolute":
        return size / years
    return 100.0 * size / years


def _informative(rows: Observations) -> Observations:
    """Return rows without changes over no time."""
    return Observations(
        tuple(row for row in rows if row.kind == "level" or row.time != row.reference_time)
    )


def _shares(targets: Sequence[Target], independent: float) -> FloatArray:
    """Return weights by which the points of one curve share that of a few."""
    curves = [
        (t.table, t.observation.study_id, t.observation.arm, t.observation.endpoint)
        for t in targets
    ]
    count = Counter(curves)
    return np.array([min(1.0, independent / count[curve]) for curve in curves])
