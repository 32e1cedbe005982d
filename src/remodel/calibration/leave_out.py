"""Each cohort predicted by a fit that has not seen it.

Without a cohort the parameters move by a few Gauss-Newton steps from the end of the fit, with
residuals from new simulations and the derivatives of the whole fit; the spreads between trials are
estimated again. What the numbers of the cohort are then expected to be, with the covariance of
parameters, spreads and standard errors, is scored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.calibration.objective import Objective
from remodel.calibration.problem import FitProblem
from remodel.calibration.rounds import marginal
from remodel.predictions.predictive import COVERAGES, Predictive
from remodel.predictions.reliability import coverage
from remodel.predictions.spreads import DEGREES, SCALE, Spreads, treatment_group

if TYPE_CHECKING:
    import pandas as pd

_STEPS = 3
_EVALUATIONS = 30  # of the likelihood of spreads, from those of the whole fit
_AT_BOUND = 1e-4
_SMALLEST = 1e-8  # information on a parameter without a prior


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A fit without one cohort, and what it says of that cohort.

    Attributes
    ----------
    cohort : str
    rows : ndarray of int, shape (n,)
        Of the cohort, among all numbers.
    theta : ndarray, shape (p,)
        Parameters without the cohort, on the inner scale.
    mean : ndarray, shape (n,)
        Expected numbers.
    parameters : ndarray, shape (n, n)
        Covariance of the numbers for uncertainty of the parameters.
    trials : ndarray, shape (n, n)
        Covariance for spread between trials and standard errors.
    """

    cohort: str
    rows: IntArray
    theta: FloatArray
    mean: FloatArray
    parameters: FloatArray
    trials: FloatArray


def leave_out(
    objective: Objective,
    theta: FloatArray,
    spreads: Spreads,
    *,
    cohorts: Sequence[str] | None = None,
    steps: int = _STEPS,
) -> tuple[LeftOut, ...]:
    """Return, for every cohort, what a fit without it says of it.

    Parameters
    ----------
    objective : Objective
    theta : ndarray, shape (p,)
        End of the fit, on the inner scale.
    spreads : Spreads
        Of the fit.
    cohorts : sequence of str, optional
        All of the objective by default.
    steps : int
        Gauss-Newton steps.

    Raises
    ------
    SolverError
        If the simulations at ``theta`` fail.
    """
    names = tuple(dict.fromkeys(block.cohort for block in objective.blocks))
    names = names if cohorts is None else tuple(cohorts)
    fit = _Linearized.at(objective, theta)
    informations = [fit.information(fit.rows(name)) for name in names]
    thetas = np.repeat(theta[None, :], len(names), axis=0)
    predicted = np.repeat(fit.predicted[None, :], len(names), axis=0)
    for _ in range(steps):
        for i, name in enumerate(names):
            thetas[i] = fit.stepped(thetas[i], predicted[i], fit.rows(name), informations[i])
        natural = objective.coordinates.natural_many(thetas)
        predicted = objective.predictor.predict_many(natural, len(names))
    likelihood = marginal(objective, theta)
    h = likelihood.hyperparameters
    vector = h.vector(spreads)
    results = []
    for i, name in enumerate(names):
        rows = np.flatnonzero(fit.rows(name))
        fewer = likelihood.without(name)
        best = fewer.maximize(vector, evaluations=_EVALUATIONS) if spreads.scale else vector
        without = h.spreads(best) if spreads.scale else spreads
        jacobian = fit.jacobian[rows]
        results.append(
            LeftOut(
                cohort=name,
                rows=rows,
                theta=thetas[i],
                mean=predicted[i, rows],
                parameters=jacobian @ np.linalg.solve(informations[i], jacobian.T),
                trials=_between(objective, name, rows, without),
            )
        )
    return tuple(results)


def _between(objective: Objective, cohort: str, rows: IntArray, spreads: Spreads) -> FloatArray:
    """Return the covariance of the numbers of a cohort about their true predictions."""
    position = {int(row): i for i, row in enumerate(rows)}
    covariance = np.zeros((len(rows), len(rows)))
    for block in objective.blocks:
        if block.cohort == cohort:
            places = [position[int(row)] for row in block.rows]
            covariance[np.ix_(places, places)] = block.covariance(spreads)
    return covariance


@dataclass(frozen=True, slots=True)
class _Linearized:
    """A fit with its derivatives."""

    objective: Objective
    cohort: np.ndarray
    predicted: FloatArray
    jacobian: FloatArray
    whitened: FloatArray
    weights: FloatArray

    @classmethod
    def at(cls, objective: Objective, theta: FloatArray) -> _Linearized:
        predicted, jacobian = objective.predictions_and_jacobian(theta)
        cohort = np.empty(objective.size, dtype=object)
        for block in objective.blocks:
            cohort[block.rows] = block.cohort
        whitened = objective.whitened_jacobian(predicted, jacobian)
        weights = cls._weights(objective, predicted)
        return cls(objective, cohort, predicted, jacobian, whitened, weights)

    @staticmethod
    def _weights(objective: Objective, predicted: FloatArray) -> FloatArray:
        """Return how much less each residual weighs as an outlier."""
        squares = np.append(objective.whitened(predicted) ** 2, np.zeros(1))
        weights: FloatArray = objective.losses(squares)[1][: objective.size]
        return weights

    def rows(self, cohort: str) -> BoolArray:
        is_of: BoolArray = self.cohort == cohort
        return is_of

    def information(self, left_out: BoolArray) -> FloatArray:
        """Return the information of priors and of all numbers but those left out."""
        kept = self.whitened[~left_out]
        information: FloatArray = kept.T @ (kept * self.weights[~left_out, None])
        information += np.diag(np.maximum(self.objective.coordinates.has_prior, _SMALLEST))
        return information

    def stepped(
        self,
        theta: FloatArray,
        predicted: FloatArray,
        left_out: BoolArray,
        information: FloatArray,
    ) -> FloatArray:
        """Return the parameters after a Gauss-Newton step without some numbers."""
        residuals = self.objective.whitened(predicted)
        weighted = residuals * self._weights(self.objective, predicted)
        gradient = self.whitened[~left_out].T @ weighted[~left_out]
        gradient += theta * self.objective.coordinates.has_prior
        if not np.all(np.isfinite(gradient)):
            return theta
        lower, upper = self.objective.coordinates.bounds
        is_held = (theta - lower < _AT_BOUND) & (gradient > 0.0)
        is_held |= (upper - theta < _AT_BOUND) & (gradient < 0.0)
        free = np.flatnonzero(~is_held)
        step = np.zeros(len(theta))
        step[free] = -np.linalg.solve(information[np.ix_(free, free)], gradient[free])
        stepped: FloatArray = np.clip(theta + step, lower, upper)
        return stepped


def predictions_without_cohorts(
    problem: FitProblem, values: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Return the table of ``leave_out_table`` for every cohort of a problem.

    Parameters
    ----------
    problem : FitProblem
        With the spreads of its fit.
    values : mapping of str to float, optional
        End of the fit; the problem's center, or the model's values, by default.

    Raises
    ------
    SolverError
        If the simulations at the values fail.
    """
    objective = Objective.of(problem)
    theta = objective.coordinates.inner({**problem.start(), **(values or {})})
    return leave_out_table(objective, leave_out(objective, theta, problem.spreads))


def leave_out_table(objective: Objective, results: Sequence[LeftOut]) -> pd.DataFrame:
    """Return one row a number, beside what a fit without its cohort expected.

    ``sd_parameters`` is the standard deviation for uncertainty of the parameters, ``sd_trials``
    for the spread between trials and the standard error of the number; ``sd`` for all. ``z`` is
    observed minus expected over ``sd``. ``log_score`` is the logarithm of the density at the
    number (higher is better), ``crps`` the continuous ranked probability score (lower is better),
    both of Student's t in the unit of the number. Inequalities and limits of detection
    have no scores.
    """
    import pandas as pd

    rows = []
    for result in results:
        sd_parameters = np.sqrt(np.diag(result.parameters))
        sd_trials = np.sqrt(np.diag(result.trials))
        for i, index in enumerate(result.rows):
            target = objective.predictor.targets[int(index)]
            row = target.observation
            rows.append(
                {
                    "cohort": result.cohort,
                    "table": target.table,
                    "study_id": row.study_id,
                    "arm": row.arm,
                    "comparator": row.comparator,
                    "endpoint": row.endpoint,
                    "kind": row.kind,
                    "time_months": row.time_months,
                    "drug_class": target.drug_class,
                    "group": treatment_group(target.drug_class),
                    "is_plain": bool(objective.is_plain[index]),
                    "value": row.value,
                    "expected": result.mean[i],
                    "sd_parameters": sd_parameters[i],
                    "sd_trials": sd_trials[i],
                }
            )
    return _scored(pd.DataFrame(rows))


def _scored(table: pd.DataFrame) -> pd.DataFrame:
    sd = np.hypot(table["sd_parameters"], table["sd_trials"]).to_numpy()
    value, center = table["value"].to_numpy(np.float64), table["expected"].to_numpy(np.float64)
    whole = Predictive(center[None], SCALE * sd, DEGREES)
    below = whole.cdf(value)
    scored = table.assign(
        sd=sd,
        z=(value - center) / sd,
        probability_below=below,
        log_score=whole.log_scores(value),
        crps=whole.crps(value),
    )
    within = {f"within_{100 * share:.0f}": np.abs(below - 0.5) <= share / 2 for share in COVERAGES}
    scored = scored.assign(**{name: holds.astype(float) for name, holds in within.items()})
    numbers = ["z", "probability_below", "log_score", "crps", *within]
    scored.loc[~table["is_plain"], numbers] = np.nan
    return scored


def leave_out_totals(table: pd.DataFrame, by: Sequence[str] = ("group",)) -> pd.DataFrame:
    """Return scores and coverage of a table of ``leave_out_table`` by some of its columns.

    They are those of ``predictions.reliability.coverage``, clustered by cohort.
    """
    numbers = table.assign(
        study_id=table["cohort"],
        error=table["expected"] - table["value"],
        scored=table["is_plain"],
    )
    return coverage(numbers, by).rename(columns={"trials": "cohorts"})
