"""``remodel.sensitivity_analysis``: a design, its simulations and what they say of its factors."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field

from remodel.files import Table, write_atomically, write_netcdf, writing
from remodel.files.output import DRAFT
from remodel.files.schema import Schema, validate
from remodel.models import Model
from remodel.progress import ProgressLike, progress_of
from remodel.sensitivity.analysis import FEWEST_BLOCKS, RULES, Study, analyze, to_frame
from remodel.sensitivity.methods import Options, block_length, method_of, methods_for
from remodel.sweeps.design import KINDS
from remodel.sweeps.load import ANALYSIS, design_of, source_table
from remodel.sweeps.run import begin, machines, run

if TYPE_CHECKING:
    import xarray as xr

SIMULATIONS = "simulations.zarr"


def _rule(word: str) -> str:
    if word not in RULES:
        raise ValueError(f"expected {' or '.join(RULES)}, got '{word}'.")
    return word


def _share(value: float) -> float:
    if not 0 < value < 1:
        raise ValueError(f"expected a number between 0 and 1, got {value:g}.")
    return value


class StudyTable(Schema):
    """The table ``[sensitivity]`` of a design."""

    method: str | None = None
    failed: Annotated[str, AfterValidator(_rule)] = RULES[0]
    resamples: Annotated[int, Field(ge=2)] | None = None
    confidence: Annotated[float, AfterValidator(_share)] = 0.95


def load_study(
    source: str | Path | Mapping[str, Any],
    method: str | None = None,
    model: str | Model | None = None,
) -> Study:
    """Read a design with its table ``[sensitivity]``.

    Parameters
    ----------
    source : path or mapping
    method : str, optional
        Instead of the one in the table.
    model : str or Model, optional
        Instead of the one that the design names.

    Raises
    ------
    ConfigError
        If a value is not allowed, or the design has no sensitivities.
    """
    return study_of(source_table(source), method, model=model)


def study_of(
    top: Table,
    method: str | None = None,
    also: Iterable[str] = (),
    model: str | Model | None = None,
) -> Study:
    """Return the study that a table describes; ``also`` are keys that belong to somebody else.

    Raises
    ------
    ConfigError
    """
    if (kind := top.content.get("kind")) in KINDS:
        top.checked("kind", methods_for, kind)
    design = design_of(top, also=(ANALYSIS, *also), model=model)
    content = validate(top.table(ANALYSIS), StudyTable)
    chosen = method_of(design, method or content.method)
    if design.drawn < FEWEST_BLOCKS * block_length(design):
        top.fail("samples", f"sensitivities need at least {FEWEST_BLOCKS}.")
    options = Options(content.resamples or chosen.resamples, content.confidence, design.seed)
    return Study(design, chosen, RULES[RULES.index(content.failed)], options)


def sensitivity_analysis(
    design: str | Path | Mapping[str, Any],
    out: str | Path | None = None,
    *,
    model: str | Model | None = None,
    method: str | None = None,
    resume: bool = False,
    threads: int | None = None,
    scheduler: str | None = None,
    workers: int | None = None,
    progress: ProgressLike = None,
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
    model : str or Model, optional
        Instead of the one that the design names.
    method : str, optional
        ``morris``, ``sobol``, ``pawn`` or ``delta``, where the design allows several.
    resume : bool
        Continue simulations that were stopped.
    threads, scheduler, workers
        As in ``remodel.sweep``.
    progress : Progress or callable, optional
        Is told how many simulations are stored; then, as a second stage, how many outputs and times
        are analyzed.

    Returns
    -------
    xarray.Dataset
        Dimensions ``factor`` and ``time``; variables ``<output>_<index>``.

    Raises
    ------
    RemodelError
        One of its subclasses if the design is not allowed; SolverError if simulations failed and
        the design does not say what to do without them.
    """
    study, shown = load_study(design, method, model), progress_of(progress)
    folder = None if out is None else Path(out)
    path = None if folder is None else folder / SIMULATIONS
    with machines(scheduler, workers, path) as client:
        if folder is not None:
            with writing(folder):
                folder.mkdir(parents=True, exist_ok=True)
        store = begin(study.design, path, resume=resume)
        store = run(store, study.design, threads=threads, client=client, progress=shown)
    indices = analyze(study, store, shown)
    if folder is not None:
        write(indices, folder)
    return indices


def sensitivity(*arguments: Any, **options: Any) -> xr.Dataset:
    """Return what ``sensitivity_analysis`` returns; its former name."""
    warnings.warn(
        "remodel.sensitivity.sensitivity is now called remodel.sensitivity_analysis.",
        DeprecationWarning,
        stacklevel=2,
    )
    return sensitivity_analysis(*arguments, **options)


def write(indices: xr.Dataset, folder: Path) -> None:
    """Write sensitivities as ``indices.nc`` and ``indices.csv``.

    Raises
    ------
    StoreError
        If they cannot be written.
    """
    for draft in folder.glob(f"{DRAFT}*"):  # of a process that was killed
        draft.unlink(missing_ok=True)
    write_netcdf(indices, folder / "indices.nc")
    write_atomically(
        folder / "indices.csv", lambda draft: to_frame(indices).to_csv(draft, index=False)
    )
