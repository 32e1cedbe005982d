"""What an experiment is: arms, solver and pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from remodel.patient import Patient
from remodel.schedules import Schedule

PICTURES = ("trial_overlay", "marker_panel", "phase_plane")


@dataclass(frozen=True, slots=True)
class ExperimentArm:
    """One simulation of an experiment.

    Attributes
    ----------
    key : str
        Name in the file.
    label : str
        Name in figures and results.
    schedule : Schedule
    patient : Patient
    observed : tuple of (study, arm)
        Published arms to lay over it.
    """

    key: str
    label: str
    schedule: Schedule
    patient: Patient
    observed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """One figure of an experiment.

    Attributes
    ----------
    name : str
        Of the file that is written.
    kind : str
        One of ``PICTURES``.
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
class Experiment:
    """Everything that decides the numbers of an experiment.

    Attributes
    ----------
    name : str
        Of its folder.
    title, question : str
    model : str
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
        Keys of the arms of the quick mode.
    method : str
    rtol : float or None
    path : Path
        The file it was read from.
    """

    name: str
    title: str
    question: str
    model: str
    years: float
    step_months: float
    quick_step_months: float
    arms: tuple[ExperimentArm, ...]
    pictures: tuple[Picture, ...]
    outputs: tuple[str, ...]
    quick_arms: tuple[str, ...]
    method: str
    rtol: float | None
    path: Path

    def chosen_arms(self, *, quick: bool) -> tuple[ExperimentArm, ...]:
        """Return the arms of a mode."""
        return tuple(a for a in self.arms if not quick or a.key in self.quick_arms)

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
