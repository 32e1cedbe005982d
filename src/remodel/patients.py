"""Many patients as columns: one array an attribute, checked at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol, Self, overload, runtime_checkable

import numpy as np
import numpy.typing as npt

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.errors import PatientError
from remodel.patient import EXTREME_T_SCORE, OLDEST, SEXES, SITES, Patient

TextArray = npt.NDArray[np.str_]
_TEXTS = ("menopause", "sex", "name")
_NO_MENOPAUSE = "none"
# what all share unless columns say otherwise; columns are made of it
_UNKNOWN: Any = np.nan
_FEMALE: Any = "female"
_NATURAL: Any = "natural"
_UNNAMED: Any = ""


@dataclass(frozen=True, slots=True, eq=False)
class Patients(Sequence[Patient]):
    """Women, or men, at the start of treatment: a sequence of ``Patient`` kept as columns.

    One value is shared by all. ``patients[3]`` is a ``Patient``, ``patients[10:20]`` or an array
    of positions gives ``Patients``.

    Parameters
    ----------
    age : array_like, shape (n,)
        At the start of treatment [y].
    menopause_age : array_like, shape (n,)
        [y]; NaN for the default.
    menopause : array_like of str, shape (n,)
        ``natural``, ``surgical`` or ``none``.
    t_score_lumbar_spine, t_score_total_hip, t_score_femoral_neck : array_like, shape (n,)
        Baseline T-scores; NaN where her simulated history gives it.
    sex : array_like of str, shape (n,)
    name : array_like of str, shape (n,)

    Raises
    ------
    PatientError
        If a patient is impossible, named by position, or lengths differ.
    """

    age: FloatArray
    menopause_age: FloatArray = _UNKNOWN
    menopause: TextArray = _NATURAL
    t_score_lumbar_spine: FloatArray = _UNKNOWN
    t_score_total_hip: FloatArray = _UNKNOWN
    t_score_femoral_neck: FloatArray = _UNKNOWN
    sex: TextArray = _FEMALE
    name: TextArray = _UNNAMED

    def __post_init__(self) -> None:
        """Make columns of one length, and refuse the first patient who is impossible."""
        columns = {f.name: _column(f.name, getattr(self, f.name)) for f in fields(self)}
        size = max(map(len, columns.values()))
        for name, column in columns.items():
            if len(column) not in (1, size):
                raise PatientError(
                    f"{name} has {len(column)} entries; other columns of these patients have "
                    f"{size}."
                )
            whole = np.broadcast_to(column, (size,)).copy()
            whole.setflags(write=False)
            object.__setattr__(self, name, whole)
        for i in np.flatnonzero(self._suspects())[:1]:
            try:
                self[int(i)]
            except PatientError as error:
                raise error.at(f"patient {i}") from error

    def _suspects(self) -> BoolArray:
        """Return who is not certainly possible; ``Patient`` itself says what is wrong."""
        has_age = ~np.isnan(self.menopause_age)
        is_possible = (self.age > 0) & (self.age <= OLDEST) & np.isin(self.sex, SEXES)
        is_possible &= ~has_age | ((self.menopause_age > 0) & (self.menopause_age <= OLDEST))
        is_possible &= (self.menopause == "natural") | (
            (self.menopause == "surgical") & has_age | (self.menopause == _NO_MENOPAUSE) & ~has_age
        )
        is_possible &= ~self.is_male | ~has_age & (self.menopause != "surgical")
        for site in SITES:
            score = self._score(site)
            is_possible &= np.isnan(score) | (np.abs(score) <= EXTREME_T_SCORE)
        suspects: BoolArray = ~is_possible
        return suspects

    @classmethod
    def of(cls, patients: Iterable[Patient]) -> Self:
        """Return patients as columns."""
        listed = list(patients)
        if not listed:
            raise PatientError("patient: expected at least one, got none.")
        columns: dict[str, Any] = {}
        for attribute in fields(cls):
            values = [getattr(patient, attribute.name) for patient in listed]
            unknown = _NO_MENOPAUSE if attribute.name in _TEXTS else np.nan
            columns[attribute.name] = [unknown if value is None else value for value in values]
        return cls(**columns)

    def __len__(self) -> int:
        """Return how many patients there are."""
        return len(self.age)

    @overload
    def __getitem__(self, which: int) -> Patient: ...
    @overload
    def __getitem__(self, which: slice | IntArray | BoolArray) -> Patients: ...
    def __getitem__(self, which: Any) -> Patient | Patients:
        """Return one patient by position, or those of a slice or an array of positions."""
        columns = {f.name: getattr(self, f.name)[which] for f in fields(self)}
        if np.ndim(columns["age"]) == 1:
            chosen = object.__new__(type(self))  # their values are checked already
            for name, column in columns.items():
                column.setflags(write=False)
                object.__setattr__(chosen, name, column)
            return chosen
        values = {
            name: str(value) if name in _TEXTS else None if np.isnan(value) else float(value)
            for name, value in columns.items()
        }
        values["age"] = float(columns["age"])
        return Patient(**values)  # type: ignore[arg-type] # values by name

    def __iter__(self) -> Iterator[Patient]:
        """Iterate over patients."""
        return (self[i] for i in range(len(self)))

    def _score(self, site: str) -> FloatArray:
        scores: FloatArray = getattr(self, f"t_score_{site}")
        return scores

    @property
    def t_scores(self) -> dict[str, FloatArray]:
        """Baseline T-scores by site, NaN where there is none; without sites that nobody has."""
        scores = {site: self._score(site) for site in SITES}
        return {site: values for site, values in scores.items() if not np.all(np.isnan(values))}

    @property
    def is_male(self) -> BoolArray:
        """Who is a man."""
        male: BoolArray = self.sex == "male"
        return male


@runtime_checkable
class VariedPatients(Protocol):
    """People with values of the parameters in which they differ."""

    @property
    def patients(self) -> Patients:
        """Who they are, at the start of treatment."""

    @property
    def parameters(self) -> Mapping[str, FloatArray]:
        """Values by name, shape (n,), in the units of the parameter table."""


def _column(name: str, values: Any) -> npt.NDArray[Any]:
    """Return the values of an attribute as a column."""
    try:
        column = np.asarray(values, dtype=np.str_ if name in _TEXTS else np.float64)
    except (TypeError, ValueError):
        raise PatientError(f"{name}: expected numbers, got {values!r}.", field=name) from None
    if column.ndim > 1 or not column.size:
        raise PatientError(
            f"{name}: expected one value or a list of them, got shape {column.shape}.", field=name
        )
    return np.atleast_1d(column)
