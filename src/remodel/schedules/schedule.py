"""A schedule: everything that is done to one patient, read from sentences and tables.

Times are days from the start of treatment. Schedules are values: every method returns a new one.

Examples
--------
>>> letrozole = Schedule.parse("letrozole 2.5 mg daily for 5 y")
>>> denosumab = Schedule.parse("denosumab 60 mg every 6 mo x 4")
>>> zoledronate = Schedule.parse("zoledronic acid 5 mg once")
>>> print(denosumab.without_doses("denosumab", [3]).then(zoledronate))
denosumab 60 mg every 6 mo x 2; denosumab 60 mg every 6 mo x 1 from 18 mo; \
zoledronic_acid 5 mg once from 2 y
>>> (letrozole & denosumab).drugs
('denosumab', 'letrozole')
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from remodel.schedules.sentences import parse_sentence
from remodel.schedules.tables import load_csv, rows_of, schedules_from_rows, write_csv
from remodel.schedules.timeline import Timeline
from remodel.schedules.wording import sentence_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Schedule(Timeline):
    """Doses and interventions of one patient, in the order of time.

    ``Schedule()`` is no treatment. Two schedules are equal when they hold the same events, in
    whatever order these were given.

    Parameters
    ----------
    doses : tuple of Dose
        Regimens; those of the same drug add up.
    interventions : tuple of Intervention
        Menopause and its like; the same one given twice counts once.
    """

    @classmethod
    def of(cls, timeline: Timeline) -> Self:
        """Return the schedule that holds the events of a timeline."""
        return cls(timeline.doses, timeline.interventions)

    @classmethod
    def parse(cls, sentence: str, drugs: Iterable[str] | None = None) -> Self:
        """Read a schedule sentence; the grammar is that of ``remodel.schedules.sentences``.

        Parameters
        ----------
        sentence : str
            Such as ``"denosumab 60 mg every 6 mo for 5 y then zoledronic acid 5 mg once"``.
        drugs : iterable of str, optional
            Canonical names of the known drugs; any name is accepted without it.

        Raises
        ------
        ScheduleError, UnitError
            If the sentence cannot be read, with a mark under the place.
        """
        return cls.of(parse_sentence(sentence, drugs))

    @classmethod
    def from_table(
        cls,
        rows: Iterable[Mapping[str, object]] | pd.DataFrame,
        *,
        time_unit: str = "d",
        dose_unit: str = "mg",
        compartments: Mapping[int | str, str] | None = None,
        drugs: Iterable[str] | None = None,
        ignore_columns: Iterable[str] = (),
    ) -> Self | list[Self]:
        """Build a schedule from NONMEM-style rows, a list for several patients.

        What the columns mean stands in ``remodel.schedules.tables``.
        """
        return cls._one_or_list(
            schedules_from_rows(
                rows,
                time_unit=time_unit,
                dose_unit=dose_unit,
                compartments=compartments,
                drugs=drugs,
                ignore_columns=ignore_columns,
            )
        )

    @classmethod
    def read_csv(
        cls,
        path: str | Path,
        *,
        time_unit: str = "d",
        dose_unit: str = "mg",
        compartments: Mapping[int | str, str] | None = None,
        drugs: Iterable[str] | None = None,
        ignore_columns: Iterable[str] = (),
    ) -> Self | list[Self]:
        """Build a schedule from a NONMEM-style CSV file, a list for several patients.

        What the columns mean stands in ``remodel.schedules.tables``.
        """
        return cls._one_or_list(
            load_csv(
                path,
                time_unit=time_unit,
                dose_unit=dose_unit,
                compartments=compartments,
                drugs=drugs,
                ignore_columns=ignore_columns,
            )
        )

    def to_table(self, until: float | None = None) -> list[dict[str, object]]:
        """Return the doses as NONMEM-style rows; see ``remodel.schedules.tables``."""
        return rows_of(self, until)

    def write_csv(self, path: str | Path, until: float | None = None) -> None:
        """Write the doses as a NONMEM-style CSV file; see ``remodel.schedules.tables``."""
        write_csv(self, path, until)

    def __str__(self) -> str:
        """Return a sentence that parses to an equal schedule."""
        return sentence_of(self)

    @classmethod
    def _one_or_list(cls, timelines: Mapping[str, Timeline]) -> Self | list[Self]:
        schedules = [cls.of(timeline) for timeline in timelines.values()]
        return schedules[0] if len(schedules) == 1 else schedules
