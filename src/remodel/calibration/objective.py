"""The objective of a fit: whitened residuals of all trials, priors, and exact derivatives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.calibration.coordinates import Coordinates
from remodel.calibration.latent import with_uncertain_scores
from remodel.calibration.problem import FitProblem
from remodel.errors import ConfigError
from remodel.observations import Observations
from remodel.predictions import Predictor
from remodel.predictions.covariance import Block, blocks_of, variances

_LIMITS = {"below": 1.0, "above": -1.0}


@dataclass(frozen=True, slots=True)
class Whitening:
    """What makes the residuals of one cohort independent, with variance 1.

    Attributes
    ----------
    rows : ndarray of int, shape (n,)
        Among all numbers, in the order in which each is predicted from those before it.
    root, inverse : ndarray, shape (n, n)
        Lower Cholesky factor of their covariance, and its inverse.
    """

    rows: IntArray
    root: FloatArray
    inverse: FloatArray


@dataclass(frozen=True, slots=True)
class Objective:
    """Residuals as a function of the inner coordinates of the parameters.

    Half the sum of the losses of ``residuals`` is the negative logarithm of the posterior density,
    up to a constant: first one whitened residual per published number, then one per prior.

    Attributes
    ----------
    predictor : Predictor
        Of the numbers that are not zero by definition.
    coordinates : Coordinates
    observed : ndarray, shape (n,)
    blocks : tuple of Block
        What the covariance of the numbers of each cohort is made of.
    whitenings : tuple of Whitening
        One a block.
    sigma : ndarray, shape (n,)
        Standard deviation of each number about its prediction: standard error, and spread
        between trials.
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
    blocks: tuple[Block, ...]
    whitenings: tuple[Whitening, ...]
    sigma: FloatArray
    is_upper: BoolArray
    is_lower: BoolArray
    limit: FloatArray
    loss_name: str
    loss_scale: float

    @classmethod
    def of(cls, problem: FitProblem) -> Self:
        """Return the objective of a problem.

        The covariance is that at the problem's center, where a marker is as high as it is
        predicted there and a T-score matters as much as it does there.

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
        predicted = predictor.predict(problem.center)
        blocks = blocks_of(predictor.model, targets, predicted)
        blocks = with_uncertain_scores(blocks, predictor, tables, problem.center)
        return cls(
            predictor=predictor.differencing(problem.estimate),
            coordinates=Coordinates.of(problem.parameters().values()),
            observed=np.array([row.value for row in rows]),
            blocks=blocks,
            whitenings=tuple(_whitening(b, b.covariance(problem.spreads)) for b in blocks),
            sigma=np.sqrt(variances(blocks, problem.spreads, len(rows))),
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

    @property
    def is_plain(self) -> BoolArray:
        """Which numbers are neither inequalities nor limits of detection."""
        plain: BoolArray = ~(self.is_upper | self.is_lower | (self.limit != 0.0))
        return plain

    def residuals(self, theta: FloatArray) -> FloatArray:
        """Return residuals, shape (n + n_parameters,); infinite if a simulation failed."""
        predicted = self.predictor.predict(self.coordinates.natural(theta))
        return np.concatenate((self.whitened(predicted), self._priors(theta)))

    def residuals_and_jacobian(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return residuals and their exact derivatives by the inner coordinates."""
        predicted, derivatives = self.predictions_and_jacobian(theta)
        jacobian = self.whitened_jacobian(predicted, derivatives)
        residuals = np.concatenate((self.whitened(predicted), self._priors(theta)))
        return residuals, np.concatenate((jacobian, np.diag(self.coordinates.has_prior)))

    def whitened_jacobian(self, predicted: FloatArray, derivatives: FloatArray) -> FloatArray:
        """Return derivatives of whitened residuals from those of predictions, shape (n, p)."""
        jacobian = derivatives.copy()
        jacobian[self._kept(predicted)] = 0.0
        for whitening in self.whitenings:
            jacobian[whitening.rows] = whitening.inverse @ jacobian[whitening.rows]
        at_limit = self.limit != 0.0
        _, slope = _censored(self._deviations(predicted)[at_limit], self.limit[at_limit])
        jacobian[at_limit] *= slope[:, None]
        return jacobian

    def predictions_and_jacobian(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return predictions, and their exact derivatives by the inner coordinates."""
        natural, names = self.coordinates.natural(theta), self.coordinates.names
        predicted, derivatives = self.predictor.derivatives(natural, names)
        return predicted, derivatives * self.coordinates.derivatives(theta)

    def whitened(self, predicted: FloatArray) -> FloatArray:
        """Return residuals of predictions with variance 1 and no correlation, shape (..., n).

        Each is predicted minus observed, less what is expected from earlier numbers of the cohort.
        """
        residuals = np.where(self._kept(predicted), 0.0, predicted - self.observed)
        for whitening in self.whitenings:
            off = residuals[..., whitening.rows, None]
            residuals[..., whitening.rows] = (whitening.inverse @ off)[..., 0]
        at_limit = self.limit != 0.0
        if at_limit.any():
            deviations = self._deviations(predicted)[..., at_limit]
            residuals[..., at_limit], _ = _censored(deviations, self.limit[at_limit])
        return np.where(np.isfinite(residuals), residuals, np.inf)

    def _deviations(self, predicted: FloatArray) -> FloatArray:
        """Return predicted minus observed, in standard deviations."""
        deviations: FloatArray = (predicted - self.observed) / self.sigma
        return deviations

    def losses(self, squares: FloatArray) -> FloatArray:
        """Return loss and its two derivatives by the squared residual, shape (3, ..., m).

        The last ``n_parameters`` residuals are priors, whose loss is their square.
        """
        losses = np.zeros((3, *squares.shape))
        losses[0], losses[1] = squares, 1.0
        if self.loss_name == "soft_l1":
            scale = self.loss_scale**2
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
        residuals = np.concatenate((self.whitened(predictions), self._priors(thetas)), axis=1)
        costs: FloatArray = 0.5 * self.losses(residuals**2)[0].sum(axis=1)
        return costs

    def log_likelihood(self, predictions: FloatArray) -> FloatArray:
        """Return the logarithm of the density of each number, shape (..., n), up to constants.

        It is that of the number, given those before it of its cohort.
        """
        log_likelihood: FloatArray = -0.5 * self.losses(self.whitened(predictions) ** 2)[0]
        return log_likelihood

    def replicated(self, predictions: FloatArray, random: np.random.Generator) -> FloatArray:
        """Return what trials might have published instead, shape (..., n): with normal errors."""
        errors = random.standard_normal(predictions.shape)
        for whitening in self.whitenings:
            normal = errors[..., whitening.rows, None]
            errors[..., whitening.rows] = (whitening.root @ normal)[..., 0]
        replicated: FloatArray = predictions + errors
        return replicated

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


def _whitening(block: Block, covariance: FloatArray) -> Whitening:
    root = np.linalg.cholesky(covariance)
    inverse = np.linalg.inv(root)
    return Whitening(block.rows, root.astype(np.float64), inverse.astype(np.float64))


def _informative(rows: Observations) -> Observations:
    """Return rows without changes over no time."""
    return Observations(
        tuple(row for row in rows if row.kind == "level" or row.time != row.reference_time)
    )
