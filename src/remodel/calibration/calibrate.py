"""A whole calibration: starts, the best of them, what it says, and files that keep it all."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from remodel.calibration.fit import Fit
from remodel.calibration.folder import open_folder, write_fit
from remodel.calibration.objective import Objective
from remodel.calibration.problem import FitProblem, load_problem
from remodel.calibration.profile import run_profiles
from remodel.calibration.report import estimates_table, residual_trends, residuals_table
from remodel.calibration.rounds import estimate_in_rounds
from remodel.calibration.sampler import sample
from remodel.calibration.search import run_starts
from remodel.calibration.uncertainty import Information
from remodel.errors import ConfigError, SolverError, require
from remodel.models import load_model
from remodel.parameters import ParameterSet
from remodel.predictions import prediction_table, scorecard, totals
from remodel.progress import ProgressLike, progress_of
from remodel.provenance import recorded


@recorded
def calibrate(
    problem: str | Path | FitProblem,
    *,
    out: str | Path,
    resume: bool = False,
    quick: bool = False,
    profiles: bool | Sequence[str] = False,
    draws: int = 0,
    workers: int | None = None,
    progress: ProgressLike = None,
) -> Fit:
    """Estimate parameters from published trials.

    Parameters
    ----------
    problem : path or FitProblem
        A problem file; see the page on calibration.
    out : path
        Folder for all results.
    resume : bool
        Go on with a fit that was interrupted; what is finished is not done again.
    quick : bool
        The short form of the problem.
    profiles : bool or sequence of str
        Whether to calculate profiles, of all estimated parameters or of those named.
    draws : int
        Independent draws from the posterior that those made are worth, for every parameter; none
        by default.
    workers : int, optional
        Processes; as many as processors by default. Results do not depend on it.
    progress : Progress or callable, optional
        Is told how many starts and profiles are done, with a line about each; a plain function
        is told the numbers only.

    Returns
    -------
    Fit

    Raises
    ------
    ConfigError, ObservationError, ParameterError
        Before any work starts, if the problem is not allowed.
    StoreError
        If the folder holds another fit or files that no fit wrote, or cannot be written.
    SolverError
        If no start could be simulated.
    MissingDependencyError
        If draws are wanted and ArviZ or threadpoolctl is not installed.
    """
    problem = problem if isinstance(problem, FitProblem) else load_problem(problem, quick=quick)
    objective = Objective.of(problem)
    names = _profiled(problem, profiles)
    if draws:
        for library in ("arviz_stats.base", "threadpoolctl"):
            require(library, "fit")
    folder = Path(out)
    open_folder(problem, folder, resume=resume)
    workers = os.cpu_count() or 1 if workers is None else workers
    shown = progress_of(progress)
    shown.say(
        f"{problem.title}: {len(problem.estimate)} parameters, {_extent(objective)}, "
        f"{objective.predictor.arms} different arms, {problem.starts} starts"
    )
    if problem.rounds:
        problem = estimate_in_rounds(problem, folder, shown)
        objective = Objective.of(problem)
    starts = run_starts(problem, folder, workers=workers, progress=shown)
    best = min(starts, key=lambda start: start.cost)
    if best.cost == float("inf"):
        raise SolverError("no starting point could be simulated; narrow the bounds or the priors.")
    information = Information.at(objective, objective.coordinates.inner(best.end))
    curves = run_profiles(problem, information, names, folder, workers=workers, progress=shown)
    posterior = (
        sample(
            objective,
            information,
            folder / "draws",
            effective=draws,
            seed=problem.seed,
            progress=shown,
        )
        if draws
        else None
    )
    predicted = objective.predictor.predict(best.end)
    table = residuals_table(objective, prediction_table(objective.predictor.targets, predicted))
    fit = Fit(
        problem=problem,
        parameters=fitted_parameters(objective, problem, best.end),
        cost=best.cost,
        starts=starts,
        estimates=estimates_table(objective, information, best, curves, posterior),
        predictions=table,
        scorecard=scorecard(table),
        totals=totals(table),
        trends=residual_trends(table),
        information=information,
        profiles=curves,
        posterior=posterior,
        folder=folder,
    )
    write_fit(fit, objective)
    return fit


def _extent(objective: Objective) -> str:
    """Return how much data there is, in words."""
    studies = {target.observation.study_id for target in objective.predictor.targets}
    return f"{objective.size} published numbers of {len(studies)} studies"


def _profiled(problem: FitProblem, profiles: bool | Sequence[str]) -> tuple[str, ...]:
    """Return the parameters whose profiles are calculated."""
    if isinstance(profiles, bool):
        return problem.estimate if profiles else ()
    for name in profiles:
        if name not in problem.estimate:
            raise ConfigError(f"profile of {name}: it is not among the estimated parameters.")
    return tuple(profiles)


def fitted_parameters(
    objective: Objective, problem: FitProblem, values: Mapping[str, float]
) -> ParameterSet:
    """Return all parameters of the model with fitted values, and where they come from."""
    defaults = load_model(problem.model).parameters
    note = f"Fitted to {_extent(objective)}, as in '{problem.title}'"
    fitted = {}
    for name, value in values.items():
        prior = defaults[name].source.split("prior: ", 1)[-1]
        fitted[name] = replace(
            defaults[name],
            value=value,
            status="estimated",
            provenance="estimated",
            source=f"{note}; prior: {prior}",
        )
    about = f"{note} (problem {problem.fingerprint()}). Not estimated: as in set '{defaults.name}'."
    return ParameterSet((fitted.get(p.name, p) for p in defaults.values()), "fitted", about)
