"""Errors a user can cause, each with one clear sentence, and the hints they carry."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from types import ModuleType
from typing import Self


class RemodelError(Exception):
    """Base of every error this package raises on purpose.

    Parameters
    ----------
    problem : str
        What is wrong, in one sentence.
    place : str
        Where: a file and line, or a simulation of a batch; it stands before the sentence.
    field : str
        Name of what is wrong, if it has one.
    value : object
        What was given.
    allowed : iterable of str
        Words that would have been accepted.
    """

    def __init__(
        self,
        problem: str = "",
        *,
        place: str = "",
        field: str = "",
        value: object = None,
        allowed: Iterable[str] = (),
    ) -> None:
        super().__init__(f"{place}: {problem}" if place else problem)
        self.problem = problem
        self.place = place
        self.field = field
        self.value = value
        self.allowed = tuple(allowed)

    def at(self, place: str) -> Self:
        """Return the same error with the place where it happened before its sentence."""
        whole = f"{place}: {self.place}" if self.place else place
        return type(self)(
            self.problem, place=whole, field=self.field, value=self.value, allowed=self.allowed
        )


class ParameterError(RemodelError, ValueError):
    """A parameter is unknown, out of bounds, not finite or without a source."""


class UnitError(RemodelError, ValueError):
    """A unit is missing, unknown, or of the wrong dimension."""


class PatientError(RemodelError, ValueError):
    """A patient is described in a contradictory or impossible way."""


class ScheduleError(RemodelError, ValueError):
    """A treatment schedule cannot be read or makes no sense."""


class ModelError(RemodelError, ValueError):
    """A model, mechanism, endpoint or equation is unknown or badly formed."""


class SolverError(RemodelError, RuntimeError):
    """A simulation could not be integrated to its end."""


class ObservationError(RemodelError, ValueError):
    """A table of observations or regimens is malformed."""


class ConfigError(RemodelError, ValueError):
    """An experiment, design or problem file is malformed."""


class StoreError(RemodelError, OSError):
    """A result store or output path cannot be read or written."""


class MissingDependencyError(RemodelError, ImportError):
    """An optional library is needed and not installed."""


class RemodelWarning(UserWarning):
    """Base of what is allowed and yet likely not meant, or not to be overlooked."""


class UnusualDoseWarning(RemodelWarning):
    """A dose or an interval is far from the usual one, or two courses of a drug overlap."""


class UnusualPatientWarning(RemodelWarning):
    """A patient is very old, or has her menopause only after the age given."""


class EquivalentDoseWarning(RemodelWarning):
    """A substance that no model has is read as an equivalent dose of another."""


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return a hint naming the known word closest to ``name``, or all of a short list.

    Parameters
    ----------
    name : str
        What the user wrote.
    known : iterable of str
        What would have been accepted.
    cutoff : float
        How like a word must be, from 0 to 1; high where similar words are common.

    Returns
    -------
    str
        A sentence that starts with a blank, ready to be appended to an error message.
    """
    words = sorted(set(known))
    lowered = [word.lower() for word in words]
    close = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=cutoff)
    if close:
        alike = [word for word in words if word.lower() == close[0]]
        (word,) = difflib.get_close_matches(name, alike, n=1, cutoff=0.0)
        return f" Did you mean '{word}'?"
    if words and len(words) <= 24:
        return f" Known: {', '.join(words)}."
    return ""


def require(module: str, extra: str) -> ModuleType:
    """Import an optional library, or say which extra installs it.

    Raises
    ------
    MissingDependencyError
        If ``module`` is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"{module} is needed for this and is not installed; "
            f'run: pip install "bone-remodel[{extra}]".'
        ) from error
