"""The folder of a fit: its record, what may be continued, and the files of its results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from remodel.calibration.problem import FitProblem
from remodel.calibration.profile import profiles_table
from remodel.calibration.report import fit_report, starts_table
from remodel.calibration.rounds import ROUNDS_FILE, SPREADS_FILE
from remodel.errors import ConfigError, StoreError
from remodel.files import read_text, results_folder, write_csv, write_netcdf, write_text, writing
from remodel.files.output import DRAFT
from remodel.models import load_model
from remodel.parameters import write_parameters
from remodel.predictions.spreads_file import write_spreads
from remodel.provenance import manifest

if TYPE_CHECKING:
    from remodel.calibration.fit import Fit
    from remodel.calibration.objective import Objective

_RECORD = "fit.json"
_FOLDERS = ("starts", "profiles", "draws", "figures")
_FILES = (
    "problem.toml",
    "parameters.toml",
    "report.md",
    "fit.nc",
    SPREADS_FILE,
    ROUNDS_FILE,
    *_FOLDERS,
)
_TABLES = (
    "estimates",
    "starts",
    "spectrum",
    "correlations",
    "predictions",
    "scorecard",
    "totals",
    "trends",
    "profiles",
    "posterior",
    "marginals",
)
_DRAWS_KEPT = 200


def open_folder(problem: FitProblem, folder: Path, *, resume: bool) -> None:
    """Check that a folder is free or holds this very fit, and prepare it.

    Raises
    ------
    StoreError
        If it holds another fit, a damaged record or files that no fit wrote, or cannot be written.
    """
    record = folder / _RECORD
    if record.exists() and not resume:
        raise StoreError(f"{folder} holds a fit; resume it, or name another folder.")
    if record.exists():
        _check_same(problem, record)
        _remove_drafts(folder)
        return
    names = (*_FILES, *(f"{name}.csv" for name in _TABLES))
    results_folder(folder, names, mark=_RECORD, key="parts", what="fit")
    if problem.path is not None:
        write_text(folder / "problem.toml", read_text(problem.path, ConfigError))
    about = manifest(
        title=problem.title,
        model=problem.model_name,
        model_file_hash=load_model(problem.model).file_hash,
        seed=problem.seed,
        problem=problem.fingerprint(),
        parts=problem.fingerprints(),
    )
    write_text(record, json.dumps(about, indent=2, sort_keys=True) + "\n")


def _check_same(problem: FitProblem, record: Path) -> None:
    """Raise if a folder holds another fit, naming what differs."""
    try:
        before = json.loads(read_text(record, StoreError))["parts"]
        changed = [
            name for name, mark in problem.fingerprints().items() if mark != before.get(name)
        ]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(
            f"{record} is damaged or of an older version; its fit cannot be continued. "
            "Name another folder."
        ) from error
    if changed:
        raise StoreError(
            f"{record.parent} holds a fit with other {' and '.join(changed)}; it cannot be "
            "continued. Name another folder."
        )


def _remove_drafts(folder: Path) -> None:
    """Remove the unfinished files of a fit that was killed."""
    with writing(folder):
        for subfolder in (".", *_FOLDERS):
            for draft in (folder / subfolder).glob(f"{DRAFT}*"):
                draft.unlink(missing_ok=True)


def write_fit(fit: Fit, objective: Objective) -> None:
    """Write the results of a fit into its folder.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
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
    if fit.posterior is not None:
        tables["marginals"] = fit.posterior.summary()
    if fit.profiles:
        tables["profiles"] = profiles_table(fit.profiles)
    for name, table in tables.items():
        write_csv(fit.folder / f"{name}.csv", table)
    write_parameters(fit.parameters, fit.folder / "parameters.toml")
    write_spreads(fit.problem.spreads, fit.folder / SPREADS_FILE)
    if fit.posterior is not None:
        fit.posterior.to_csv(fit.folder / "posterior.csv", _DRAWS_KEPT)
        write_netcdf(fit.posterior.tree(objective, fit.problem.seed), fit.folder / "fit.nc")
    write_text(fit.folder / "report.md", fit_report(fit, objective) + "\n")
