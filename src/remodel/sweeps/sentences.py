"""Schedules with fields in braces, such as ``denosumab {dose} mg every {interval} mo for 5 y``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from remodel.errors import RemodelError, ScheduleError
from remodel.schedules import Schedule
from remodel.schedules.words import number_text
from remodel.sweeps.factors import Level
from remodel.units import DOSE_UNITS, TIME_UNITS

_FIELD = re.compile(r"\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}")
_UNIT = re.compile(r"\s*([^\s;,]+)")
_KEPT = 20_000  # lines; beyond it the oldest is read again when it is needed


def fields(template: str) -> tuple[str, ...]:
    """Return the names in braces, each once.

    Raises
    ------
    ScheduleError
        If a brace has no partner, or holds something else than a name.
    """
    rest = _FIELD.sub("", template)
    if "{" in rest or "}" in rest:
        raise ScheduleError(f"'{template}': a field is a name in braces, such as {{dose}}.")
    return tuple(dict.fromkeys(_FIELD.findall(template)))


def unit_of(template: str, field: str) -> str:
    """Return the unit that stands behind a field, empty if none does.

    Raises
    ------
    ScheduleError
        If the field stands in two places with different units.
    """
    units: dict[str, None] = {}
    for match in _FIELD.finditer(template):
        if match.group(1) == field:
            word = _UNIT.match(template, match.end())
            is_unit = word is not None and word.group(1).lower() in (*DOSE_UNITS, *TIME_UNITS)
            units[word.group(1) if is_unit and word else ""] = None
    if len(units) > 1:
        raise ScheduleError(f"{{{field}}} stands before {' and '.join(units)}; use two fields.")
    return next(iter(units), "")


def filled(template: str, values: Mapping[str, Level]) -> str:
    """Return the sentence with values in place of the fields."""
    return _FIELD.sub(lambda match: _text(values[match.group(1)]), template)


def _text(value: Level) -> str:
    return value if isinstance(value, str) else number_text(value)


def schedule_of(sentence: str, drugs: frozenset[str]) -> Schedule:
    """Return the schedule of a sentence, of which each line is read once and kept."""
    schedule = Schedule()
    for line in sentence.split(";"):
        schedule &= _line(line, drugs)
    return schedule


@lru_cache(maxsize=_KEPT)
def _line(line: str, drugs: frozenset[str]) -> Schedule:
    return Schedule.parse(line, drugs=drugs)


def schedules(
    template: str, rows: Mapping[str, Iterable[Level]], drugs: frozenset[str]
) -> list[Schedule]:
    """Return the schedule of each simulation; equal ones are the same object.

    Raises
    ------
    ScheduleError, UnitError
        Naming the simulation whose sentence cannot be read.
    """
    names = fields(template)
    known: dict[tuple[Level, ...], Schedule] = {}
    every: list[Schedule] = []
    for row, values in enumerate(zip(*(rows[name] for name in names), strict=True)):
        if values not in known:
            sentence = filled(template, dict(zip(names, values, strict=True)))
            try:
                known[values] = schedule_of(sentence, drugs)
            except RemodelError as error:
                raise error.at(f"simulation {row}, '{sentence}'") from error
        every.append(known[values])
    return every
