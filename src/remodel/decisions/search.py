"""Looking for plans: every one where they are few, otherwise by Parzen estimators (optuna)."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from remodel.decisions.variables import Value, Variable, grid, grid_size
from remodel.errors import ConfigError, require

_BATCH = 8  # plans that are valued together
_PATIENCE = 5  # times as many plans are asked for, of which some have been seen
_LARGEST = 1e12  # stands for infinite
AUTO, EXHAUSTIVE, TPE = "auto", "exhaustive", "tpe"
Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Score:
    """How good a plan is.

    Attributes
    ----------
    losses : tuple of float
        One an objective; small is good.
    misses : tuple of float
        By how much it misses each constraint, relative to its size; 0 where it is met.
    """

    losses: tuple[float, ...]
    misses: tuple[float, ...] = ()


Scored = Callable[[Sequence[Values]], Sequence[Score]]


def chosen_method(variables: Sequence[Variable], method: str, evaluations: int) -> str:
    """Return the method that is used.

    Raises
    ------
    ConfigError
        If all plans are asked for, and there are infinitely many, or more than evaluations.
    """
    size = grid_size(tuple(variables))
    is_small = size is not None and size <= evaluations
    if method == EXHAUSTIVE and not is_small:
        many = "infinitely many" if size is None else f"{size:,}"
        raise ConfigError(
            f"there are {many} plans, more than evaluations = {evaluations}; give steps, more "
            f"evaluations, or method = '{TPE}'.",
            field="method",
        )
    if method == AUTO:
        return EXHAUSTIVE if is_small else TPE
    return method


def search(
    variables: Sequence[Variable],
    objectives: int,
    scored: Scored,
    *,
    method: str,
    evaluations: int,
    seed: int,
) -> None:
    """Ask for plans until all, or enough of them, have been valued.

    Parameters
    ----------
    variables : sequence of Variable
    objectives : int
    scored : callable
        Returns the score of each of some plans; it keeps them.
    method : str
        ``exhaustive`` or ``tpe``.
    evaluations : int
        Different plans, at most.
    seed : int
    """
    if method == EXHAUSTIVE:
        scored(grid(tuple(variables)))
    else:
        _by_estimators(variables, objectives, scored, evaluations, seed)


def _by_estimators(
    variables: Sequence[Variable], objectives: int, scored: Scored, evaluations: int, seed: int
) -> None:
    optuna = require("optuna", "optimize")
    logging.getLogger("optuna").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # optuna says of several options that they may change
        sampler = optuna.samplers.TPESampler(
            seed=seed,
            multivariate=True,
            constant_liar=True,
            constraints_func=lambda trial: trial.user_attrs["misses"],
        )
        study = optuna.create_study(directions=["minimize"] * objectives, sampler=sampler)
        seen: set[tuple[Value, ...]] = set()
        asked = 0
        while len(seen) < evaluations and asked < _PATIENCE * evaluations:
            trials = [study.ask() for _ in range(min(_BATCH, evaluations - len(seen)))]
            plans = [{v.name: _suggested(trial, v) for v in variables} for trial in trials]
            for trial, score in zip(trials, scored(plans), strict=True):
                _tell(optuna, study, trial, score)
            seen |= {tuple(plan.values()) for plan in plans}
            asked += len(trials)


def _suggested(trial: Any, variable: Variable) -> Value:
    if variable.choices:
        return str(trial.suggest_categorical(variable.name, variable.names))
    if variable.size is None:
        return float(trial.suggest_float(variable.name, variable.lower, variable.upper))
    return variable.nth(int(trial.suggest_int(variable.name, 0, variable.size - 1)))


def _tell(optuna: ModuleType, study: Any, trial: Any, score: Score) -> None:
    trial.set_user_attr("misses", [min(miss, _LARGEST) for miss in score.misses])
    losses = [min(max(loss, -_LARGEST), _LARGEST) for loss in score.losses]
    if any(loss != loss for loss in losses):  # noqa: PLR0124 # NaN: nothing could be simulated
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
    else:
        study.tell(trial, losses)
