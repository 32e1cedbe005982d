"""``remodel.sensitivity``: a design, its simulations and what they say of its factors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remodel.errors import StoreError
from remodel.files import Table
from remodel.sensitivity.analysis import FEWEST_BLOCKS, RULES, Analyzing, Study, analyze, to_frame
from remodel.sensitivity.methods import Options, block_length, method_of, methods_for
from remodel.sweeps.api import begin, machines, run
from remodel.sweeps.design import KINDS
from remodel.sweeps.load import ANALYSIS, design_of, source_table
from remodel.sweeps.load_factors import checked
from remodel.sweeps.runner import Report, Stopping
from remodel.sweeps.setup import setup_of

if TYPE_CHECKING:
    import xarray as xr

SIMULATIONS = "simulations.zarr"
_KEYS = ("method", "failed", "resamples", "confidence")


def load_study(source: str | Path | Mapping[str, Any], method: str | None = None) -> Study:
    """Read a design with its table ``[sensitivity]``.

    Parameters
    ----------
    source : path or mapping
    method : str, optional
        Instead of the one in the table.

    Raises
    ------
    ConfigError
        If a value is not allowed, or the design has no sensitivities.
    """
    return study_of(source_table(source), method)


def study_of(top: Table, method: str | None = None, also: Iterable[str] = ()) -> Study:
    """Return the study that a table describes; ``also`` are keys that belong to somebody else.

    Raises
    ------
    ConfigError
    """
    if (kind := top.text("kind")) in KINDS:
        checked(top, "kind", methods_for, kind)
    design = design_of(top, also=(ANALYSIS, *also))
    table = top.table(ANALYSIS)
    table.check_keys(_KEYS)
    rule = table.text("failed", RULES[0])
    if rule not in RULES:
        table.fail("failed", f"expected {' or '.join(RULES)}, got '{rule}'.")
    confidence = table.number("confidence", 0.95)
    if confidence >= 1:
        table.fail("confidence", f"expected a number between 0 and 1, got {confidence:g}.")
    asked = method or (table.text("method") if "method" in table.content else None)
    chosen = method_of(design, asked)
    if design.drawn < FEWEST_BLOCKS * block_length(design):
        top.fail("samples", f"sensitivities need at least {FEWEST_BLOCKS}.")
    resamples = table.whole_number("resamples", chosen.resamples, least=2)
    options = Options(resamples, confidence, design.seed)
    return Study(design, chosen, RULES[RULES.index(rule)], options)


def sensitivity(
    design: str | Path | Mapping[str, Any],
    out: str | Path | None = None,
    *,
    method: str | None = None,
    resume: bool = False,
    threads: int | None = None,
    scheduler: str | None = None,
    workers: int | None = None,
    progress: Report | None = None,
    stopping: Stopping | None = None,
    analyzing: Analyzing | None = None,
) -> xr.Dataset:
    """Simulate a design and return how much each factor matters, over time and endpoint.

    Parameters
    ----------
    design : path or mapping
        A design of kind ``morris`` (elementary effects), ``saltelli`` (Sobol indices), or a sample
        or table of numbers (PAWN, delta), with an optional table ``[sensitivity]``.
    out : path, optional
        Folder for the simulations (a store that can be resumed), indices and tables; in memory by
        default.
    method : str, optional
        ``morris``, ``sobol``, ``pawn`` or ``delta``, where the design allows several.
    resume : bool
        Continue simulations that were stopped.
    threads, scheduler, workers, progress
        As in ``remodel.sweep``.
    stopping : callable, optional
        Called with the number of chunks that are still completed, when the user stops it.
    analyzing : callable, optional
        Called before each output and time is analyzed, with its name, the month or NaN, how many
        are done, and of how many.

    Returns
    -------
    xarray.Dataset
        Dimensions ``factor`` and ``time``; variables ``<output>_<index>``.

    Raises
    ------
    RemodelError
        One of its children if the design is not allowed; SolverError if simulations failed and
        the design does not say what to do without them.
    """
    study = load_study(design, method)
    folder = None if out is None else Path(out)
    setup = setup_of(study.design)
    path = None if folder is None else folder / SIMULATIONS
    with machines(scheduler, workers, path) as client:
        if folder is not None:
            _make(folder)
        store = begin(setup, path, resume=resume)
        run(store, setup, threads=threads, client=client, progress=progress, stopping=stopping)
    found = analyze(study, store, analyzing)
    if folder is not None:
        write(found, folder)
    return found


def _make(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"results cannot be written to {path}: {error.strerror or error}."
        ) from error


def write(found: xr.Dataset, folder: Path) -> None:
    """Write sensitivities as ``indices.nc`` and ``indices.csv``."""
    try:
        found.to_netcdf(folder / "indices.nc", engine="h5netcdf")
        to_frame(found).to_csv(folder / "indices.csv", index=False)
    except OSError as error:
        raise StoreError(
            f"results cannot be written to {folder}: {error.strerror or error}."
        ) from error
