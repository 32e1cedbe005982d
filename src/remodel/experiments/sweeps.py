"""Experiments that are sweeps: a design, its figures, and numbers of single cells or factors."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.errors import ConfigError, nearest
from remodel.experiments.expected import Expected, interpolated
from remodel.experiments.schema import Drawing, Results
from remodel.files import Table, checked_file_name
from remodel.plots import sensitivity as sensitivity_figures
from remodel.plots import sweeps as sweep_figures
from remodel.plots.style import check_text
from remodel.progress import Progress
from remodel.sensitivity.analysis import Study, analyze
from remodel.sensitivity.study import SIMULATIONS, study_of
from remodel.sensitivity.study import write as write_indices
from remodel.sweeps.design import STRUCTURED, Design
from remodel.sweeps.load import design_of
from remodel.sweeps.run import begin, labelled, run, write_netcdf
from remodel.sweeps.store import Store
from remodel.sweeps.summary import summary_of

if TYPE_CHECKING:
    import xarray as xr

Plot = Callable[..., Any]
OF_SWEEPS: Mapping[str, Plot] = {
    "map": sweep_figures.factor_map,
    "contours": sweep_figures.contours,
    "small_multiples": sweep_figures.small_multiples,
    "fan_chart": sweep_figures.fan_chart,
}
OF_SENSITIVITIES: Mapping[str, Plot] = {
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


@dataclass(frozen=True, slots=True)
class SweepExperiment:
    """Everything that decides the numbers of an experiment that is a sweep.

    Attributes
    ----------
    name : str
        Of its folder.
    title, question, answer : str
    designs : mapping of str to Design
        By mode, ``full`` and ``quick``.
    studies : mapping of str to Study
        By mode, if it is about sensitivities.
    pictures : tuple of SweepPicture
        The first is the main one.
    path : Path
        The file it was read from.
    """

    name: str
    title: str
    question: str
    answer: str
    designs: Mapping[str, Design]
    studies: Mapping[str, Study]
    pictures: tuple[SweepPicture, ...]
    path: Path

    def simulations(self, *, quick: bool) -> int:
        """Return the number of simulations of a mode."""
        return self.designs[_mode(quick)].drawn

    def chosen_pictures(self, *, quick: bool) -> tuple[SweepPicture, ...]:
        """Return the pictures of a mode; in quick mode the main one."""
        return self.pictures[:1] if quick else self.pictures

    def check_expected(self, path: Path, expected: Sequence[Expected], *, quick: bool) -> None:
        """Do nothing: what a sweep keeps is known when it is there."""

    def simulate(self, folder: Path, *, quick: bool, progress: Progress) -> Results:
        """Simulate what the store in a folder misses, and analyze it.

        Raises
        ------
        RemodelError
            One of its subclasses if the store is that of another design, or simulations failed that
            sensitivities need.
        """
        design = self.designs[_mode(quick)]
        progress.say(
            f"Simulating {design.drawn:,} of {design.years:g} years with {design.model.name} ..."
        )
        store = begin(design, folder / SIMULATIONS, resume=True)
        store = run(store, design, progress=progress)
        study = self.studies.get(_mode(quick))
        dataset = labelled(store)
        failed = tuple(
            f"simulations: {number} {cause.name.lower()}. {cause.sentence}"
            for cause, number in summary_of(store).causes.items()
        )
        return Results(
            dataset=_flat(store, dataset),
            shown=dataset if study is None else analyze(study, store),
            failed=failed,
            record={"sweep": store.record},
            store=store,
        )

    def value(self, path: Path, results: Results, number: Expected) -> float:
        """Return the number that was found.

        Raises
        ------
        ConfigError
            If it is of a cell or output that there is not.
        """
        dataset = results.shown
        if number.output not in dataset.data_vars:
            hint = nearest(number.output, [str(name) for name in dataset.data_vars])
            raise ConfigError(f"{path}: '{number.output}' is not kept.{hint}")
        cell = dataset[number.output]
        for condition in number.arm.split(","):
            name, _, value = (word.strip() for word in condition.partition("="))
            cell = _at(path, cell, name, value)
        return interpolated(cell, number.month) if "time" in cell.dims else float(cell)

    def draw(self, picture: SweepPicture, results: Results) -> Iterator[Drawing]:
        """Draw one picture."""
        draw = OF_SWEEPS.get(picture.kind) or OF_SENSITIVITIES[picture.kind]
        yield picture.name, *draw(results.shown, **picture.options)

    def write(self, results: Results, folder: Path, *, quick: bool) -> tuple[Path, ...]:
        """Write the simulations and, if there are any, the sensitivities."""
        write_netcdf(results.store, folder / "data.nc")
        if _mode(quick) in self.studies:
            write_indices(results.shown, folder)
        return ()


def _mode(quick: bool) -> str:
    return "quick" if quick else "full"


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
    modes = {"full": top, "quick": quick}
    studies: dict[str, Study] = {}
    if top.text("kind") in STRUCTURED or "sensitivity" in top.content:
        studies = {mode: study_of(table, also=_ALSO) for mode, table in modes.items()}
        designs = {mode: study.design for mode, study in studies.items()}
    else:
        designs = {mode: design_of(table, also=_ALSO) for mode, table in modes.items()}
    drawings = OF_SENSITIVITIES if studies else OF_SWEEPS
    pictures: list[SweepPicture] = []
    for table in top.tables("figures"):
        names = [picture.name for picture in pictures]
        pictures.append(_picture(table, designs["full"], drawings, names))
    if not pictures:
        top.fail("figures", "an experiment needs at least one figure.")
    path = Path(str(top.path))
    return SweepExperiment(
        name=path.resolve().parent.name,
        title=top.text("title"),
        question=top.text("question", ""),
        answer=top.text("answer", ""),
        designs=designs,
        studies=studies,
        pictures=tuple(pictures),
        path=path,
    )


def _merged(content: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with some of its values replaced, in tables inside it too."""
    merged = dict(content)
    for key, value in changes.items():
        old = merged.get(key)
        is_table = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(old, value) if is_table and old is not None else value
    return merged


def _picture(
    table: Table, design: Design, drawings: Mapping[str, Plot], names: Sequence[str]
) -> SweepPicture:
    kind = table.text("kind")
    if kind not in drawings:
        table.fail("kind", f"'{kind}' is not a kind of figure here.{nearest(kind, drawings)}")
    known = list(inspect.signature(drawings[kind]).parameters)[1:]  # after the dataset
    table.check_keys(("name", "kind", *known))
    options = {key: table.content[key] for key in known if key in table.content}
    results = (*design.outputs, *(r.name for r in design.reductions))
    for key in ("variable", "output"):
        if key in known and table.text(key) not in results:
            table.fail(key, f"'{table.text(key)}' is not kept.{nearest(table.text(key), results)}")
    for key in _FACTORS:
        if key in options and table.text(key) not in design.names:
            hint = nearest(table.text(key), design.names)
            table.fail(key, f"'{table.text(key)}' is not a factor.{hint}")
    name = table.checked("name", checked_file_name, table.text("name"), names)
    table.checked("title", check_text, table.text("title", ""))
    return SweepPicture(name, kind, options)


def _flat(store: Store, dataset: xr.Dataset) -> xr.Dataset:
    """Return the simulations of a grid along one dimension."""
    if store.layout.dims == ("simulation",):
        return dataset
    return dataset.stack(simulation=store.layout.dims, create_index=False)


def _at(path: Path, cell: xr.DataArray, name: str, value: str) -> xr.DataArray:
    """Return the part of an array at one value of a dimension, which must be there."""
    if name not in cell.dims:
        raise ConfigError(
            f"{path}: '{name}' is not a factor.{nearest(name, [str(d) for d in cell.dims])}"
        )
    values = cell[name].to_numpy()
    if values.dtype.kind in "fiu":
        index = int(np.argmin(np.abs(values - float(value))))
        is_there = np.isclose(values[index], float(value), rtol=1e-4)
    else:
        matches = [str(v) == value for v in values]
        index, is_there = int(np.argmax(matches)), any(matches)
    if not is_there:
        raise ConfigError(
            f"{path}: no simulation has {name} = {value}; the nearest is {values[index]}."
        )
    return cell.isel({name: index})
