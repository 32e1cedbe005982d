"""A whole calibration: starts, the best of them, what it says, and files that keep it all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from remodel.calibration.objective import Objective
from remodel.calibration.problem import FitProblem, load_problem
from remodel.calibration.profile import Profile, profiles_table, run_profiles
from remodel.calibration.report import (
    estimates_table,
    fit_report,
    residual_trends,
    residuals_table,
    starts_table,
)
from remodel.calibration.search import StartResult, run_starts
from remodel.calibration.uncertainty import Information, Posterior
from remodel.errors import ConfigError, SolverError, StoreError
from remodel.files import write_csv, write_text, writing
from remodel.models import load_model
from remodel.parameters import ParameterSet, write_parameters
from remodel.predictions import prediction_table, scorecard, totals
from remodel.progress import ProgressLike, progress_of
from remodel.provenance import manifest

if TYPE_CHECKING:
    import pandas as pd

_DRAWS_KEPT = 100


@dataclass(frozen=True, slots=True)
class Fit:
    """A finished calibration.

    Attributes
    ----------
    problem : FitProblem
    parameters : ParameterSet
        All parameters of the model, the estimated ones at their fitted values.
    cost : float
        Half the sum of losses and priors.
    starts : tuple of StartResult
    estimates, predictions, scorecard, totals, trends : pandas.DataFrame
    information : Information
    profiles : tuple of Profile
    posterior : Posterior or None
    folder : Path
    """

    problem: FitProblem
    parameters: ParameterSet
    cost: float
    starts: tuple[StartResult, ...]
    estimates: pd.DataFrame
    predictions: pd.DataFrame
    scorecard: pd.DataFrame
    totals: pd.DataFrame
    trends: pd.DataFrame
    information: Information
    profiles: tuple[Profile, ...]
    posterior: Posterior | None
    folder: Path

    def __repr__(self) -> str:
        """Return how many parameters were fitted, and how well the starts converged."""
        converged = sum(start.converged for start in self.starts)
        return (
            f"<Fit of {len(self.problem.estimate)} parameters: objective {self.cost:.5g}, "
            f"{converged} of {len(self.starts)} starts converged, in {str(self.folder)!r}>"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the estimates."""
        table = self.estimates.to_html(index=False, float_format="%.4g", na_rep="")
        return f"<p>{escape(repr(self))}</p>{table}"


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
        Draws from the posterior; none by default.
    workers : int, optional
        Processes; as many as processors by default. Results do not depend on it.
    progress : Progress or callable, optional
        Hears how many starts and profiles are done, and a line about each; a plain function hears
        the numbers only.

    Returns
    -------
    Fit

    Raises
    ------
    ConfigError, ObservationError, ParameterError
        Before any work starts, if the problem is not allowed.
    StoreError
        If the folder holds another fit, or cannot be written.
    SolverError
        If no start could be simulated.
    """
    problem = problem if isinstance(problem, FitProblem) else load_problem(problem, quick=quick)
    objective = Objective.of(problem)
    names = _profiled(problem, profiles)
    folder = _folder(problem, Path(out), resume=resume)
    workers = os.cpu_count() or 1 if workers is None else workers
    shown = progress_of(progress)
    shown.say(
        f"{problem.title}: {len(problem.estimate)} parameters, {_extent(objective)}, "
        f"{objective.predictor.arms} different arms, {problem.starts} starts"
    )
    with writing(folder):
        starts = run_starts(problem, folder, workers=workers, progress=shown)
        best = min(starts, key=lambda start: start.cost)
        if best.cost == float("inf"):
            raise SolverError(
                "no starting point could be simulated; narrow the bounds or the priors."
            )
        information = Information.at(objective, objective.coordinates.inner(best.end))
        curves = run_profiles(problem, information, names, folder, workers=workers, progress=shown)
    posterior = (
        Posterior.sample(objective, information, draws=draws, seed=problem.seed) if draws else None
    )
    predicted = objective.predictor.predict(best.end)
    table = residuals_table(objective, prediction_table(objective.predictor.targets, predicted))
    fit = Fit(
        problem=problem,
        parameters=fitted_parameters(objective, problem, best.end),
        cost=best.cost,
        starts=starts,
        estimates=estimates_table(objective, information, best, curves),
        predictions=table,
        scorecard=scorecard(table),
        totals=totals(table),
        trends=residual_trends(table),
        information=information,
        profiles=curves,
        posterior=posterior,
        folder=folder,
    )
    _write(fit, objective)
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


def _folder(problem: FitProblem, folder: Path, *, resume: bool) -> Path:
    """Return the folder, checked to be free or to hold this very fit."""
    record, mark = folder / "fit.json", problem.fingerprint()
    if record.exists():
        if not resume:
            raise StoreError(f"{folder} holds a fit; resume it, or name another folder.")
        if json.loads(record.read_text(encoding="utf-8"))["problem"] != mark:
            raise StoreError(
                f"{folder} holds the fit of another problem, or of other data; name another."
            )
        return folder
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        about = manifest(
            problem=mark, title=problem.title, model=problem.model_name, seed=problem.seed
        )
        write_text(record, json.dumps(about, indent=2, sort_keys=True) + "\n")
        if problem.path is not None:
            shutil.copyfile(problem.path, folder / "problem.toml")
    return folder


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


def _write(fit: Fit, objective: Objective) -> None:
    """Write the results of a fit into its folder."""
    folder = fit.folder
    tables = {
        "estimates": fit.estimates,
        "starts": starts_table(fit.starts),
        "spectrum": fit.information.spectrum(),
        "correlations": fit.information.correlations(),
        "predictions": fit.predictions,
        "scorecard": fit.scorecard,
        "totals": fit.totals,
        "trends": fit.trends,
    }
    if fit.profiles:
        tables["profiles"] = profiles_table(fit.profiles)
    for name, table in tables.items():
        write_csv(folder / f"{name}.csv", table)
    write_parameters(fit.parameters, folder / "parameters.toml")
    if fit.posterior is not None:
        fit.posterior.to_csv(folder / "posterior.csv", _DRAWS_KEPT)
    write_text(folder / "report.md", fit_report(fit, objective) + "\n")
