"""Experiments that are sweeps: a design, its figures, and numbers of single cells or factors."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.errors import ConfigError, StoreError, nearest
from remodel.experiments.expected import Comparison, Expected
from remodel.files import Table
from remodel.plots import sensitivity as sensitivity_figures
from remodel.plots import sweeps as sweep_figures
from remodel.sensitivity.analysis import Study
from remodel.sensitivity.study import study_of
from remodel.sweeps.design import STRUCTURED, Design
from remodel.sweeps.load import design_of
from remodel.sweeps.setup import Setup
from remodel.sweeps.store import Store, open_store
from remodel.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import xarray as xr

Drawing = Callable[..., Any]
OF_SWEEPS: Mapping[str, Drawing] = {
    "map": sweep_figures.factor_map,
    "contours": sweep_figures.contours,
    "small_multiples": sweep_figures.small_multiples,
    "fan_chart": sweep_figures.fan_chart,
}
OF_SENSITIVITIES: Mapping[str, Drawing] = {
    "tornado": sensitivity_figures.tornado,
    "heat_map": sensitivity_figures.index_heat_map,
    "time_course": sensitivity_figures.time_course,
}
_ALSO = ("question", "answer", "quick", "figures")
_FACTORS = ("x", "y", "by")


@dataclass(frozen=True, slots=True)
class SweepPicture:
    """One figure: its file name, its kind, and what is drawn."""

    name: str
    kind: str
    options: Mapping[str, Any]

    @property
    def title(self) -> str:
        """What the figure shows, in words."""
        return str(self.options.get("title") or self.name.replace("_", " "))

    def draw(self, dataset: xr.Dataset) -> Any:
        """Return the figure and the table behind it."""
        drawing = OF_SWEEPS.get(self.kind) or OF_SENSITIVITIES[self.kind]
        return drawing(dataset, **self.options)


@dataclass(frozen=True, slots=True)
class SweepExperiment:
    """Everything that decides the numbers of an experiment that is a sweep.

    Attributes
    ----------
    name : str
        Of its folder.
    title, question, answer : str
    full, quick : Design
    study, quick_study : Study or None
        If it is about sensitivities.
    pictures : tuple of SweepPicture
        The first is the main one.
    path : Path
        The file it was read from.
    """

    name: str
    title: str
    question: str
    answer: str
    full: Design
    quick: Design
    study: Study | None
    quick_study: Study | None
    pictures: tuple[SweepPicture, ...]
    path: Path

    def design(self, *, quick: bool) -> Design:
        """Return the design of a mode."""
        return self.quick if quick else self.full

    def chosen_study(self, *, quick: bool) -> Study | None:
        """Return the study of a mode."""
        return self.quick_study if quick else self.study

    def chosen_arms(self, *, quick: bool) -> range:
        """Return the numbers of the simulations of a mode, of which each is an arm."""
        return range(self.design(quick=quick).drawn)


def is_sweep(top: Table) -> bool:
    """Whether an experiment is a sweep: it has a kind of design."""
    return "kind" in top.content


def sweep_experiment(top: Table) -> SweepExperiment:
    """Return the experiment that a table describes; everything is checked.

    Raises
    ------
    ConfigError
        Naming file, line and key.
    """
    quick = Table(top.path, "", _merged(top.content, top.table("quick").content))
    study = quick_study = None
    if top.text("kind") in STRUCTURED or "sensitivity" in top.content:
        study, quick_study = study_of(top, also=_ALSO), study_of(quick, also=_ALSO)
        full, small = study.design, quick_study.design
    else:
        full, small = design_of(top, also=_ALSO), design_of(quick, also=_ALSO)
    drawings = OF_SWEEPS if study is None else OF_SENSITIVITIES
    pictures = tuple(_picture(table, full, drawings) for table in top.tables("figures"))
    if not pictures:
        top.fail("figures", "an experiment needs at least one figure.")
    path = Path(str(top.path))
    return SweepExperiment(
        name=path.resolve().parent.name,
        title=top.text("title"),
        question=top.text("question", ""),
        answer=top.text("answer", ""),
        full=full,
        quick=small,
        study=study,
        quick_study=quick_study,
        pictures=pictures,
        path=path,
    )


def _merged(content: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with some of its values replaced, in tables inside it too."""
    found = dict(content)
    for key, value in changes.items():
        old = found.get(key)
        is_table = isinstance(old, Mapping) and isinstance(value, Mapping)
        found[key] = _merged(old, value) if is_table and old is not None else value
    return found


def _picture(table: Table, design: Design, drawings: Mapping[str, Drawing]) -> SweepPicture:
    kind = table.text("kind")
    if kind not in drawings:
        table.fail("kind", f"'{kind}' is not a kind of figure here.{nearest(kind, drawings)}")
    known = [name for name in inspect.signature(drawings[kind]).parameters if name != "dataset"]
    table.check_keys(("name", "kind", *known))
    options = {k: v for k, v in table.content.items() if k not in ("name", "kind", "found")}
    results = (*design.outputs, *(r.name for r in design.reductions))
    for key in ("variable", "output"):
        if key in known and table.text(key) not in results:
            table.fail(key, f"'{table.text(key)}' is not kept.{nearest(table.text(key), results)}")
    for key in _FACTORS:
        if key in options and table.text(key) not in design.names:
            hint = nearest(table.text(key), design.names)
            table.fail(key, f"'{table.text(key)}' is not a factor.{hint}")
    return SweepPicture(table.text("name"), kind, options)


def fresh_or_unfinished(path: Path, setup: Setup) -> bool:
    """Return whether a store is to be continued; remove one that is complete or out of date.

    Raises
    ------
    StoreError
        If something else lies there.
    """
    from remodel.sweeps.record import check_same, record_of

    if not path.exists():
        return False
    store = open_store(path)
    record = record_of(setup, store.layout, store.record["simulations"])
    try:
        check_same(path, store.record, record)
        is_unfinished = bool(store.missing())
    except StoreError:
        is_unfinished = False
    if not is_unfinished:
        shutil.rmtree(path)
    return is_unfinished


def flat(store: Store, dataset: xr.Dataset) -> xr.Dataset:
    """Return the simulations of a grid along one dimension."""
    if store.layout.dims == ("simulation",):
        return dataset
    return dataset.stack(simulation=store.layout.dims, create_index=False)


def compared(
    path: Path, dataset: xr.Dataset, expected: tuple[Expected, ...]
) -> tuple[Comparison, ...]:
    """Return expected numbers beside those found.

    Raises
    ------
    ConfigError
        If a number is of a cell or output that there is not.
    """
    return tuple(
        Comparison(
            number.arm,
            number.output,
            number.month,
            number.value,
            number.tolerance,
            _found(path, dataset, number),
        )
        for number in expected
    )


def _found(path: Path, dataset: xr.Dataset, number: Expected) -> float:
    if number.output not in dataset.data_vars:
        known = [str(name) for name in dataset.data_vars]
        raise ConfigError(f"{path}: '{number.output}' is not kept.{nearest(number.output, known)}")
    cell = dataset[number.output]
    for part in number.arm.split(","):
        name, _, value = (word.strip() for word in part.partition("="))
        cell = _at(path, cell, name, value)
    if "time" not in cell.dims:
        return float(cell)
    return float(np.interp(number.month * DAYS_PER_MONTH, cell["time"], cell))


def _at(path: Path, cell: xr.DataArray, name: str, value: str) -> xr.DataArray:
    """Return the part of an array at one value of a dimension, which must be there."""
    if name not in cell.dims:
        raise ConfigError(
            f"{path}: '{name}' is not a factor.{nearest(name, [str(d) for d in cell.dims])}"
        )
    values = cell[name].to_numpy()
    if values.dtype.kind in "fiu":
        place = int(np.argmin(np.abs(values - float(value))))
        is_there = np.isclose(values[place], float(value), rtol=1e-4)
    else:
        matches = [str(v) == value for v in values]
        place, is_there = int(np.argmax(matches)), any(matches)
    if not is_there:
        raise ConfigError(
            f"{path}: no simulation has {name} = {value}; the nearest is {values[place]}."
        )
    return cell.isel({name: place})
