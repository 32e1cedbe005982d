"""What an experiment is: models, arms, solver, pictures and scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from remodel.patient import Patient
from remodel.schedules import Schedule

PICTURES = ("trial_overlay", "marker_panel", "phase_plane", "models")

Source = tuple[str, str]


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
    exact_doses : bool
        Whether doses of daily and weekly regimens are given one by one.
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
    exact_doses: bool = False


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
class Experiment:
    """Everything that decides the numbers of an experiment.

    Attributes
    ----------
    name : str
        Of its folder.
    title, question : str
    answer : str
        What the numbers say to the question, in a few sentences.
    models : tuple of str
        Every arm is simulated in each of them that has its drugs.
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
    models: tuple[str, ...]
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
