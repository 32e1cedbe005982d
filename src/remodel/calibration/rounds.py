"""Spreads between trials and parameters, estimated in turn until neither moves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from remodel._arrays import FloatArray
from remodel.calibration.objective import Objective
from remodel.calibration.problem import FitProblem
from remodel.calibration.reml import Marginal
from remodel.calibration.search import descend
from remodel.errors import SolverError, StoreError
from remodel.files import read_text, write_text
from remodel.predictions.spreads import Spreads
from remodel.predictions.spreads_file import load_spreads, write_spreads
from remodel.progress import Progress

SPREADS_FILE, ROUNDS_FILE = "spreads.toml", "rounds.json"
_SETTLED = 0.02  # change of a logarithm of a spread, or of a parameter in standard deviations


def marginal(objective: Objective, theta: FloatArray) -> Marginal:
    """Return the restricted likelihood of spreads at a point.

    Raises
    ------
    SolverError
        If the simulations of the point failed.
    """
    predicted, jacobian = objective.predictions_and_jacobian(theta)
    is_plain = objective.is_plain
    blocks = [block for block in objective.blocks if is_plain[block.rows].all()]
    residuals = objective.observed - predicted
    if not np.all(np.isfinite(residuals)):
        raise SolverError("spreads cannot be estimated where simulations fail.")
    precision = objective.coordinates.has_prior
    return Marginal.of(blocks, residuals, jacobian, theta, precision)


def estimate_in_rounds(problem: FitProblem, folder: Path, progress: Progress) -> FitProblem:
    """Return a problem with spreads estimated from its data, and the parameters that go with them.

    Each round descends from the parameters of the one before and then takes the most probable
    spreads there. What was found before is read from the folder.

    Raises
    ------
    SolverError
        If the first values of the parameters cannot be simulated.
    StoreError
        If the record of earlier rounds is damaged.
    """
    spreads, record = folder / SPREADS_FILE, folder / ROUNDS_FILE
    if not (spreads.exists() and record.exists()):
        about, values, rows = _rounds(problem, progress)
        write_spreads(about, spreads)
        write_text(record, json.dumps({"values": values, "rounds": rows}, indent=1) + "\n")
    try:
        values = json.loads(read_text(record, StoreError))["values"]
        center = {name: float(values[name]) for name in problem.estimate}
    except (ValueError, TypeError, KeyError) as error:
        raise StoreError(f"{record} is damaged; name another folder.") from error
    return replace(problem, spreads=load_spreads(spreads), center=center)


def _rounds(
    problem: FitProblem, progress: Progress
) -> tuple[Spreads, dict[str, float], list[dict[str, float]]]:
    rows = []
    for number in range(1, problem.rounds + 1):
        objective = Objective.of(problem)
        coordinates = objective.coordinates
        start = coordinates.inner(problem.start())
        descent = descend(objective, start, max_evaluations=problem.max_evaluations)
        if not np.isfinite(descent.cost):
            raise SolverError(descent.message)
        likelihood = marginal(objective, descent.theta)
        h = likelihood.hyperparameters
        before = h.vector(problem.spreads)
        vector = likelihood.maximize(before)
        step = float(np.max(np.abs(descent.theta - start)))
        change = float(np.max(np.abs(vector - before)))
        negative_log = likelihood.value_and_gradient(vector)[0]
        rows.append({"objective": descent.cost, "marginal": negative_log, "parameters": step,
                     "spreads": change})  # fmt: skip
        progress.say(
            f"round {number}: objective {descent.cost:.2f}, spreads {negative_log:.2f}; parameters "
            f"moved by up to {step:.2f} standard deviations, spreads by up to {change:.0%}"
        )
        about = f"{problem.title}, {objective.size} published numbers"
        values = coordinates.natural(descent.theta)
        problem = replace(problem, spreads=h.spreads(vector, about), center=values)
        if max(step, change) < _SETTLED:
            break
    return problem.spreads, dict(problem.center), rows
