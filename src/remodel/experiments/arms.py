"""Experiments that simulate arms: each a schedule and a patient, in one model or several."""

from __future__ import annotations

import dataclasses
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError
from remodel.experiments import pictures
from remodel.experiments.expected import Expected, interpolated
from remodel.experiments.misses import compared_numbers, write_misses
from remodel.experiments.schema import Drawing, ExperimentArm, Picture, Results, Scenario
from remodel.files import write_netcdf
from remodel.models import Model
from remodel.observations import Observations, load_observations
from remodel.progress import Progress
from remodel.simulation.dataset import SimulationWarning, known_outputs
from remodel.simulation.simulate import simulate
from remodel.solvers.status import Status
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

if TYPE_CHECKING:
    import xarray as xr

    from remodel.plots.style import Look


@dataclass(frozen=True, slots=True)
class Experiment:
    """Everything that decides the numbers of an experiment.

    Attributes
    ----------
    name : str
        Of its folder.
    title, question : str
    answer : str
        What the numbers say to the question, in a few sentences.
    models : mapping of str to Model
        By name; every arm is simulated in each of them that has its drugs.
    years : float
        Length of each simulation.
    step_months, quick_step_months : float
        Time between outputs, in full and in quick mode.
    arms : tuple of ExperimentArm
    pictures : tuple of Picture
        The first is the main one.
    outputs : tuple of str
        Beside what the pictures show.
    quick_arms : tuple of str
        Names of the arms of the quick mode.
    scenarios : tuple of Scenario
    method : str
    rtol : float or None
    path : Path
        The file it was read from.
    observations : Path or None
        Further published numbers, of arms that ``observed`` names; shown if the file is at hand.
    """

    name: str
    title: str
    question: str
    answer: str
    models: Mapping[str, Model]
    years: float
    step_months: float
    quick_step_months: float
    arms: tuple[ExperimentArm, ...]
    pictures: tuple[Picture, ...]
    outputs: tuple[str, ...]
    quick_arms: tuple[str, ...]
    scenarios: tuple[Scenario, ...]
    method: str
    rtol: float | None
    path: Path
    observations: Path | None = None

    def chosen_arms(self, *, quick: bool) -> tuple[ExperimentArm, ...]:
        """Return the arms of a mode."""
        return tuple(a for a in self.arms if not quick or a.name in self.quick_arms)

    def chosen_pictures(self, *, quick: bool) -> tuple[Picture, ...]:
        """Return the pictures of a mode; in quick mode the main one, with the arms there are."""
        if not quick:
            return self.pictures
        there = {arm.key for arm in self.chosen_arms(quick=True)}
        return tuple(
            replace(picture, arms=tuple(key for key in picture.arms if key in there))
            for picture in self.pictures[:1]
        )

    def variables(self) -> tuple[str, ...]:
        """Return the outputs that the pictures and the experiment itself ask for."""
        shown = [name for picture in self.pictures for name in picture.variables]
        return tuple(dict.fromkeys((*shown, *self.outputs)))

    def simulations(self, *, quick: bool) -> int:
        """Return the number of arms of a mode."""
        return len(self.chosen_arms(quick=quick))

    def check_expected(self, path: Path, expected: Sequence[Expected], *, quick: bool) -> None:
        """Raise if an expected number is of an arm or output that is not simulated.

        Raises
        ------
        ConfigError
        """
        keys, outputs = [arm.key for arm in self.chosen_arms(quick=quick)], self.variables()
        for number in expected:
            for what, name, known in (
                ("arm", number.arm, keys),
                ("output", number.output, outputs),
            ):
                if name not in known:
                    raise ConfigError(f"{path}: the {what} '{name}' is not simulated in this mode.")

    def simulate(self, _folder: Path, *, quick: bool, progress: Progress) -> Results:
        """Simulate the arms of a mode; a failure is a status, not an error."""
        arms = self.chosen_arms(quick=quick)
        names = ", ".join(dict.fromkeys(arm.model for arm in arms))
        progress.say(f"Simulating {len(arms)} arms of {self.years:g} years with {names} ...")
        progress.start(len(arms))
        step = self.quick_step_months if quick else self.step_months
        times = _times(self.years * DAYS_PER_YEAR, step * DAYS_PER_MONTH)
        groups = _alike(arms)
        datasets = [
            self._simulate_alike([arms[i] for i in group], times, progress) for group in groups
        ]
        dataset = _joined(datasets, groups).assign_coords(
            arm=("simulation", [arm.key for arm in arms]),
            label=("simulation", [arm.label for arm in arms]),
            schedule=("simulation", [str(arm.schedule) for arm in arms]),
            model=("simulation", [arm.model for arm in arms]),
        )
        statuses = [Status(int(status)) for status in dataset["status"].to_numpy()]
        failed = tuple(
            f"{arm.key}: {status.sentence}"
            for arm, status in zip(arms, statuses, strict=True)
            if status != Status.OK
        )
        return Results(dataset, dataset, failed, self._record(arms, dataset))

    def _simulate_alike(
        self, arms: list[ExperimentArm], times: FloatArray, progress: Progress
    ) -> xr.Dataset:
        """Simulate arms of one model; it gives those outputs that it has."""
        model = self.models[arms[0].model]
        drugs = {drug for arm in arms for drug in arm.schedule.drugs}
        known = known_outputs(tuple(model.system(drugs).outputs))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SimulationWarning)
            return simulate(
                model,
                schedule=[arm.schedule for arm in arms],
                patient=[arm.patient for arm in arms] if model.follows_age else None,
                parameters=_varied_parameters(model, arms),
                times=times,
                outputs=[name for name in self.variables() if name in known],
                method=self.method,
                rtol=self.rtol,
                exact_doses=arms[0].exact_doses,
                progress=progress.advance,
            )

    def _record(self, arms: Sequence[ExperimentArm], dataset: xr.Dataset) -> dict[str, object]:
        files = {m.file: m.file_hash for m in self.models.values() if m.file}
        return {
            "simulation": json.loads(dataset.attrs["provenance"]),
            **({"model_files": files} if files else {}),
            "arms": {
                arm.key: {
                    "schedule": str(arm.schedule),
                    "patient": dataclasses.asdict(arm.patient),
                    "model": arm.model,
                    "parameters": dict(arm.parameters),
                    "observed": ["/".join(source) for source in arm.observed],
                }
                for arm in arms
            },
        }

    def value(self, _path: Path, results: Results, number: Expected) -> float:
        """Return the number that was found."""
        position = list(results.shown["arm"].to_numpy()).index(number.arm)
        return interpolated(results.shown[number.output].isel(simulation=position), number.month)

    def draw(self, picture: Picture, results: Results) -> Iterator[Drawing]:
        """Draw one picture; that of several models is a figure for each scenario."""
        arms = [arm for key in picture.arms for arm in self.arms if arm.key == key]
        if picture.kind == "models":
            models = tuple(self.models)
            return pictures.draw_models(picture, arms, self.scenarios, models, results.shown)
        more, looks = self._further_observations(), self._looks(picture)
        return pictures.draw_arms(picture, arms, results.shown, more, looks)

    def _looks(self, picture: Picture) -> dict[str, Look]:
        """Return color and dashes by arm, the same in every figure of the experiment."""
        from remodel.plots.panels import consistent_looks

        labels = {arm.key: arm.label for arm in self.arms}
        shown = [p for p in self.pictures if p.kind != "models"]
        looks = consistent_looks([labels[key] for key in p.arms] for p in shown)
        by_name = dict(zip((p.name for p in shown), looks, strict=True))
        return {labels[key]: by_name[picture.name][labels[key]] for key in picture.arms}

    def _further_observations(self) -> Observations | None:
        """Return published numbers that do not come with the package, if they are at hand."""
        path = self.observations
        return load_observations(path) if path is not None and path.exists() else None

    def write(self, results: Results, folder: Path, *, quick: bool) -> tuple[Path, ...]:
        """Write the data and, if there are scenarios, what each model misses."""
        write_netcdf(results.dataset, folder / "data.nc")
        if not self.scenarios:
            return ()
        arms = self.chosen_arms(quick=quick)
        outputs = self.variables()
        numbers = compared_numbers(self.scenarios, self.models, arms, outputs, results.dataset)
        return write_misses(numbers, self.scenarios, folder)


def _times(end: float, step: float) -> FloatArray:
    """Return output times from 0 to the end, which is one of them [d]."""
    times = np.arange(0.0, end + 1e-6, step)
    return np.append(times, end) if end - times[-1] > 1e-6 else times


def _alike(arms: Sequence[ExperimentArm]) -> list[list[int]]:
    """Return the positions of arms that one call can simulate: same model, same way of dosing."""
    groups: dict[tuple[str, bool | None], list[int]] = {}
    for position, arm in enumerate(arms):
        groups.setdefault((arm.model, arm.exact_doses), []).append(position)
    return list(groups.values())


def _varied_parameters(model: Model, arms: Sequence[ExperimentArm]) -> dict[str, list[float]]:
    """Return every parameter that an arm sets, with a value for each arm."""
    names = dict.fromkeys(name for arm in arms for name in arm.parameters)
    return {
        name: [arm.parameters.get(name, model.all_parameters[name].value) for arm in arms]
        for name in names
    }


def _joined(datasets: Sequence[xr.Dataset], groups: Sequence[Sequence[int]]) -> xr.Dataset:
    """Return one dataset of several models, NaN where a model does not have an output.

    Parameters
    ----------
    datasets : sequence of Dataset
    groups : sequence of sequence of int
        For each, the positions of its simulations among all.
    """
    import xarray as xr

    if len(datasets) == 1:
        return datasets[0]
    shared = ("simulation", "time", "month")
    bare = [ds.drop_vars([name for name in ds.coords if name not in shared]) for ds in datasets]
    whole = xr.concat(
        bare,
        dim="simulation",
        data_vars="all",
        coords="minimal",
        compat="override",
        join="override",
        combine_attrs="override",
    )
    order = np.argsort(np.concatenate([np.asarray(group) for group in groups]))
    ordered = whole.isel(simulation=order).assign_coords(simulation=np.arange(len(order)))
    ordered.attrs = {
        "title": "several models",
        "model": ", ".join(ds.attrs["model"] for ds in datasets),
        "citation": "; ".join(dict.fromkeys(ds.attrs["citation"] for ds in datasets)),
        "provenance": "[" + ", ".join(ds.attrs["provenance"] for ds in datasets) + "]",
    }
    return ordered
