"""A whole calibration: starts, the best of them, what it says, and files that keep it all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from remodel.calibration.information import Information, information
from remodel.calibration.multistart import StartResult, run_starts, write_atomically
from remodel.calibration.objective import Objective, objective
from remodel.calibration.posterior import Posterior, sample_posterior
from remodel.calibration.problem import FitProblem, load_problem
from remodel.calibration.profile import Profile
from remodel.calibration.profiles import run_profiles, write_profiles
from remodel.calibration.report import (
    estimates_table,
    fit_report,
    residual_trends,
    residuals_table,
    starts_table,
)
from remodel.errors import ConfigError, SolverError, StoreError
from remodel.models import load_model
from remodel.parameters import ParameterSet, write_parameters
from remodel.predictions import prediction_table, scorecard, totals
from remodel.provenance import manifest

if TYPE_CHECKING:
    import pandas as pd

Report = Callable[[str], None]
_DRAWS_KEPT = 100
_FITTED = "Fitted to "


@dataclass(frozen=True, slots=True, repr=False)
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
    report: Report = lambda _: None,
) -> Fit:
    """Estimate parameters from published trials.

    Parameters
    ----------
    problem : path or FitProblem
        A problem file; see the page on calibration.
    out : path
        Folder for everything that is found.
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
    report : callable
        Told what happens, a line at a time.

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
    chosen = problem if isinstance(problem, FitProblem) else load_problem(problem, quick=quick)
    built = objective(chosen)
    names = _profiled(chosen, profiles)
    folder = _folder(chosen, Path(out), resume=resume)
    count = os.cpu_count() or 1 if workers is None else workers
    report(_opening(chosen, built))
    starts = run_starts(chosen, folder, workers=count, report=report)
    best = min(starts, key=lambda start: start.cost)
    if best.cost == float("inf"):
        raise SolverError("no starting point could be simulated; narrow the bounds or the priors.")
    theta = built.coordinates.inner(best.end)
    info = information(built, theta)
    found = run_profiles(chosen, info, names, folder, workers=count, report=report)
    posterior = sample_posterior(built, info, draws=draws, seed=chosen.seed) if draws else None
    fit = _fit(chosen, built, starts, best, info, found, posterior, folder)
    _write(fit, built)
    return fit


def _opening(problem: FitProblem, built: Objective) -> str:
    studies = len({t.observation.study_id for t in built.predictor.targets})
    return (
        f"{problem.title}: {len(problem.estimate)} parameters, {built.size} numbers of {studies} "
        f"studies, {built.predictor.arms} different arms, {problem.starts} starts"
    )


def _profiled(problem: FitProblem, profiles: bool | Sequence[str]) -> tuple[str, ...]:
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
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror or error}.") from error
    about = manifest(problem=mark, title=problem.title, model=problem.model_name, seed=problem.seed)
    write_atomically(record, json.dumps(about, indent=2, sort_keys=True))
    if problem.path is not None:
        shutil.copyfile(problem.path, folder / "problem.toml")
    return folder


def _fit(
    problem: FitProblem,
    built: Objective,
    starts: tuple[StartResult, ...],
    best: StartResult,
    info: Information,
    profiles: tuple[Profile, ...],
    posterior: Posterior | None,
    folder: Path,
) -> Fit:
    predicted = built.predictor.predict(best.end)
    table = residuals_table(built, prediction_table(built.predictor.targets, predicted))
    return Fit(
        problem=problem,
        parameters=fitted_parameters(problem, built, best.end),
        cost=best.cost,
        starts=starts,
        estimates=estimates_table(built, info, best, profiles),
        predictions=table,
        scorecard=scorecard(table),
        totals=totals(table),
        trends=residual_trends(table),
        information=info,
        profiles=profiles,
        posterior=posterior,
        folder=folder,
    )


def fitted_parameters(
    problem: FitProblem, built: Objective, values: Mapping[str, float]
) -> ParameterSet:
    """Return all parameters of the model with fitted values, and where they come from."""
    own = load_model(problem.model).parameters
    studies = len({t.observation.study_id for t in built.predictor.targets})
    note = f"{_FITTED}{built.size} published numbers of {studies} studies, as in '{problem.title}'"
    changed = {}
    for name, value in values.items():
        old = own[name]
        prior = old.source.split("prior: ", 1)[-1]
        changed[name] = replace(
            old,
            value=value,
            status="estimated",
            provenance="estimated",
            source=f"{note}; prior: {prior}",
        )
    about = f"{note} (problem {problem.fingerprint()}). Not estimated: as in set '{own.name}'."
    return ParameterSet((changed.get(p.name, p) for p in own.values()), "fitted", about)


def _write(fit: Fit, built: Objective) -> None:
    folder = fit.folder
    write_parameters(fit.parameters, folder / "parameters.toml")
    fit.estimates.to_csv(folder / "estimates.csv", index=False)
    starts_table(fit.starts).to_csv(folder / "starts.csv", index=False)
    fit.information.spectrum().to_csv(folder / "spectrum.csv", index=False)
    fit.information.correlations().to_csv(folder / "correlations.csv", index=False)
    fit.predictions.to_csv(folder / "predictions.csv", index=False)
    fit.scorecard.to_csv(folder / "scorecard.csv", index=False)
    fit.totals.to_csv(folder / "totals.csv", index=False)
    fit.trends.to_csv(folder / "trends.csv", index=False)
    if fit.profiles:
        write_profiles(fit.profiles, folder / "profiles.csv")
    if fit.posterior is not None:
        fit.posterior.to_csv(folder / "posterior.csv", _DRAWS_KEPT)
    write_atomically(folder / "report.md", fit_report(fit, built))
