"""What experiments consist of: arms, pictures and scenarios; and what both kinds can do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from remodel.experiments.expected import Expected
from remodel.patient import Patient
from remodel.progress import Progress
from remodel.schedules import Schedule

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

PICTURES = ("trial_overlay", "marker_panel", "phase_plane", "models")

Source = tuple[str, str]
Drawing = tuple[str, "Figure", "pd.DataFrame"]
"""Name of the file, figure, and the table behind it."""


@dataclass(frozen=True, slots=True)
class ExperimentArm:
    """One simulation of an experiment.

    Attributes
    ----------
    key : str
        Name in the file; with several models, ``name@model``.
    label : str
        Name in figures and results.
    schedule : Schedule
    patient : Patient
    observed : tuple of (study, arm)
        Published arms to lay over it, from its start.
    observed_from : mapping of (study, arm) to float
        Published arms whose start is at a later month of this arm.
    published : (study, arm) or None
        The published arm it stands for, with its schedule and women.
    name : str
        Name in the file.
    model : str
    parameters : mapping of str to float
        Values that replace those of the model, in the units of its parameter table.
    exact_doses : bool, optional
        Whether doses of daily and weekly regimens are given one by one; as the model needs it
        where nothing is said.
    """

    key: str
    label: str
    schedule: Schedule
    patient: Patient
    observed: tuple[Source, ...] = ()
    observed_from: Mapping[Source, float] = field(default_factory=dict)
    published: Source | None = None
    name: str = ""
    model: str = "reference"
    parameters: Mapping[str, float] = field(default_factory=dict)
    exact_doses: bool | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """One figure of an experiment.

    Attributes
    ----------
    name : str
        Of the file that is written.
    kind : str
        One of ``PICTURES``; ``models`` draws the scenarios, one below the other.
    arms : tuple of str
        Keys of the arms it shows.
    variables : tuple of str
        Panels; for a phase plane, x and y.
    title : str
    years : float or None
        Length of the time axis; the whole experiment by default.
    """

    name: str
    kind: str
    arms: tuple[str, ...]
    variables: tuple[str, ...]
    title: str = ""
    years: float | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A situation in which several models are drawn and compared with published numbers.

    Attributes
    ----------
    key, label : str
    shown : tuple of str
        Names of the arms that are drawn; the first is a full line, the second a dashed one.
    compared : tuple of str
        Names of the published arms whose numbers each model is held against.
    years : float
        Length of the time axis.
    """

    key: str
    label: str
    shown: tuple[str, ...]
    compared: tuple[str, ...]
    years: float


@dataclass(frozen=True, slots=True)
class Results:
    """What the simulations of an experiment gave.

    Attributes
    ----------
    dataset : xarray.Dataset
        One simulation after the other.
    shown : xarray.Dataset
        What figures show and expected numbers are compared with.
    failed : tuple of str
        Simulations that failed, each with a sentence.
    record : mapping
        What the manifest says of them.
    store : Store or None
        Where the simulations of a sweep lie.
    """

    dataset: xr.Dataset
    shown: xr.Dataset
    failed: tuple[str, ...]
    record: Mapping[str, Any]
    store: Any = None


class RunnableExperiment(Protocol):
    """What :func:`run_experiment` needs of an experiment, whatever it simulates."""

    @property
    def name(self) -> str:
        """Of its folder."""

    @property
    def title(self) -> str:
        """What it is."""

    @property
    def path(self) -> Path:
        """The file it was read from."""

    def simulations(self, *, quick: bool) -> int:
        """Return how many simulations a mode has."""

    def chosen_pictures(self, *, quick: bool) -> Sequence[Any]:
        """Return the pictures of a mode; the first is the main one."""

    def check_expected(self, path: Path, expected: Sequence[Expected], *, quick: bool) -> None:
        """Refuse expected numbers of what is not simulated, as far as that is known before."""

    def simulate(self, folder: Path, /, *, quick: bool, progress: Progress) -> Results:
        """Simulate a mode; the folder is there."""

    def value(self, path: Path, results: Results, number: Expected, /) -> float:
        """Return the number that was found; ``path`` stands in errors."""

    def draw(self, picture: Any, results: Results) -> Iterator[Drawing]:
        """Draw one picture: figures with their names and the tables behind them."""

    def write(self, results: Results, folder: Path, *, quick: bool) -> tuple[Path, ...]:
        """Write the data, and return the tables that were written beside them."""
