"""From the rows of one patient to a schedule: what NONMEM does with each record."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from remodel.errors import RemodelError, ScheduleError, UnitError, nearest
from remodel.schedules.cells import Row
from remodel.schedules.events import MOST_DOSES, Dose, Intervention
from remodel.schedules.interventions import RESET
from remodel.schedules.timeline import Timeline
from remodel.schedules.words import ROUTE_WORDS, ROUTES, check_dose_unit, drug_name

OBSERVATION, DOSE, OTHER, RESET_ONLY, RESET_AND_DOSE = range(5)
_DOSE_COLUMNS = ("AMT", "RATE", "DUR", "ADDL", "II", "SS")
_MODELED_RATE, _MODELED_DURATION = -1.0, -2.0
LAGS = ("LAG", "ALAG")
NUMBERED = re.compile(r"(F|ALAG|R|D)[1-9]\d?")  # NONMEM's parameters of one compartment


class Compartments(Protocol):
    """A drug that knows which of its compartments, in order, a dose can enter and how."""

    @property
    def compartments(self) -> tuple[tuple[str, str], ...]:
        """Short name of each compartment, and its route, empty where no dose enters."""
        ...


@dataclass(frozen=True, slots=True)
class Meaning:
    """How the cells of a table are to be understood.

    Parameters
    ----------
    day_factor : float
        Length of the unit of TIME, II, DUR and LAG [d].
    dose_unit : str
        Unit of AMT where UNIT says nothing.
    compartments : mapping of int or str to str, optional
        What a CMT stands for: a drug, or a drug and a route such as ``denosumab sc``.
    drugs : iterable of str, or mapping of str to Compartments, optional
        The known drugs.
    """

    day_factor: float
    dose_unit: str
    compartments: Mapping[int | str, str] | None
    drugs: Iterable[str] | None


def schedule_of(rows: Iterable[Row], times: Iterable[float], meaning: Meaning) -> Timeline:
    """Return the schedule of one patient.

    Parameters
    ----------
    rows : iterable of Row
    times : iterable of float
        Time of each row [d].
    meaning : Meaning

    Raises
    ------
    ScheduleError, UnitError
        If a row is not one that NONMEM would take, or is one that is not supported.
    """
    doses: list[Dose] = []
    resets: list[float] = []
    latest = -math.inf  # time of the last row with a dose
    for row, time in zip(rows, times, strict=True):
        kind = _kind(row)
        if kind in (OBSERVATION, OTHER):
            continue
        steady = _steady_state(row) if kind != RESET_ONLY else 0
        if steady == 1 and kind == DOSE and latest == time:
            row.fail(
                "SS",
                "a steady state that begins anew (1) would take away what the row before gives "
                "at the same time; 2 adds to it.",
            )
        if kind in (RESET_ONLY, RESET_AND_DOSE) or steady == 1:
            doses = _before(doses, time, row)
            if not math.isinf(latest):
                resets.append(time)
        if kind == RESET_ONLY:
            continue
        doses.append(_dose(row, time, meaning))
        latest = time
    events = tuple(Intervention(RESET, time=time) for time in dict.fromkeys(resets))
    return Timeline(tuple(doses), events)


def _before(doses: Iterable[Dose], time: float, row: Row) -> list[Dose]:
    """Return what of earlier doses a reset leaves: those it interrupts are pending no more."""
    kept = []
    for dose in doses:
        if dose.steady_state and dose.time >= time > dose.time - dose.lead:
            row.fail(
                "TIME",
                f"a reset between the steady state of {dose.drug} and its first dose, "
                "which LAG puts off, is not supported.",
            )
        stopped = dose.stopped(time)
        if stopped is not None:
            kept.append(stopped)
    return kept


def _kind(row: Row) -> int:
    says = {column: row.value(column) for column in _DOSE_COLUMNS}
    kind = row.whole("EVID", default=DOSE if any(says.values()) else OBSERVATION)
    if kind not in range(5):
        row.fail(
            "EVID",
            f"{kind} is unknown; 0 is an observation, 1 a dose, 2 another event, "
            "3 a reset, 4 a reset and a dose.",
        )
    if kind in (OBSERVATION, OTHER, RESET_ONLY):
        for column, value in says.items():
            if value:
                row.fail(
                    column,
                    f"{row.shown(column)} in a row without a dose (EVID {kind}); "
                    "it must be 0 or empty.",
                )
    cmt = row.text("CMT")
    if kind == OTHER and cmt.startswith("-"):
        row.fail("CMT", f"{cmt} turns a compartment off, which is not supported.")
    return kind


def _steady_state(row: Row) -> int:
    steady = row.whole("SS", 0)
    if steady not in (0, 1, 2):
        row.fail(
            "SS",
            f"{steady} is not supported; 0 is no steady state, 1 one that begins anew, "
            "2 one on top of what is there.",
        )
    return steady


def _dose(row: Row, time: float, meaning: Meaning) -> Dose:
    if not row.text("AMT"):
        row.fail("AMT", "an amount is missing; a dose has one, if only 0.")
    drug, route, number = _target(row, meaning)
    share = row.not_negative(_column_of(row, "F", number), 1.0)
    amount = row.not_negative("AMT")
    infusion = _infusion(row, amount, share, number) * meaning.day_factor
    more, interval, steady = _repetition(row, amount)
    lag = row.not_negative(_lag_column(row, number)) * meaning.day_factor
    interval *= meaning.day_factor
    if steady and lag >= interval:
        row.fail(
            _lag_column(row, number),
            f"{row.shown(_lag_column(row, number))} is not below II; at a steady state, a lag is.",
        )
    unit = _unit(row, meaning)
    try:
        return Dose(
            drug,
            amount * share,
            unit,
            time + lag,
            interval=interval or None,
            count=more + 1,
            infusion=infusion,
            route=route,
            steady_state=steady > 0,
            lead=lag if steady else 0.0,
        )
    except RemodelError as error:
        row.fail("AMT", str(error), type(error))


def _column_of(row: Row, parameter: str, number: int | None) -> str:
    """Return the column that holds a parameter of the row's compartment.

    That is ``F2`` in a row with CMT 2, or the plain ``F``.
    """
    column_of_cmt = f"{parameter}{number}"
    numbered = [column for column in row.cells if re.fullmatch(rf"{parameter}\d+", column)]
    if number is None:
        for column in numbered:
            if row.value(column) is not None:
                row.fail(
                    column,
                    "CMT does not say the number of the compartment of this dose; "
                    f"write {parameter} instead.",
                )
    if row.text(column_of_cmt) and row.text(parameter):
        row.fail(column_of_cmt, f"{parameter} says it too; keep one of them.")
    return column_of_cmt if row.text(column_of_cmt) else parameter


def _lag_column(row: Row, number: int | None) -> str:
    named = [column for column in LAGS if row.text(column)]
    if len(named) > 1:
        row.fail("LAG", "ALAG says it too; keep one of them.")
    column = _column_of(row, "ALAG", number)
    if column != "ALAG" and "LAG" in named:
        row.fail(column, "LAG says it too; keep one of them.")
    return column if column != "ALAG" else "".join(named) or "LAG"


def _repetition(row: Row, amount: float) -> tuple[int, float, int]:
    more, interval, steady = row.whole("ADDL", 0), row.not_negative("II"), _steady_state(row)
    if not 0 <= more < MOST_DOSES:
        row.fail(
            "ADDL",
            f"{row.shown('ADDL')} is not a number of further doses from 0 to {MOST_DOSES - 1}.",
        )
    if more > 0 and interval == 0:
        row.fail("II", f"the interval of the {more} further doses is missing.")
    if steady and interval == 0 and amount == 0:
        row.fail(
            "SS",
            "a steady state of a constant infusion (AMT 0, II 0) that ends where it begins is not "
            "supported; write AMT = RATE x II with an II.",
        )
    if steady and interval == 0:
        row.fail("II", "the interval of the steady state is missing.")
    if interval > 0 and more == 0 and not steady:
        row.fail("II", f"{row.shown('II')} repeats nothing without ADDL or SS; give one of them.")
    return more, interval, steady


def _infusion(row: Row, amount: float, share: float, number: int | None) -> float:
    """Return the length of the infusion in the unit of time of the table.

    A rate stays as it is given, so that F makes the infusion longer or shorter; a duration stays,
    so that F changes the rate.
    """
    rate = row.value("RATE") or 0.0
    length = row.not_negative("DUR")
    if rate == _MODELED_DURATION:
        column = _column_of(row, "D", number)
        length = length or row.not_negative(column)
        if not length:
            row.fail(
                "RATE",
                "-2 takes the length of the infusion from the model, which has none; "
                "give it in a column DUR, or in D and the number of CMT.",
            )
        return length
    if rate == _MODELED_RATE:
        rate = row.not_negative(_column_of(row, "R", number))
        if not rate:
            row.fail(
                "RATE",
                "-1 takes the rate from the model, which has none; give the rate "
                "itself, or a column R and the number of CMT.",
            )
    if rate < 0:
        row.fail(
            "RATE",
            f"{row.shown('RATE')} is not a rate; -1 and -2 take the rate or the "
            "length of the infusion from columns.",
        )
    if rate > 0 and length > 0 and not math.isclose(rate * length, amount, rel_tol=1e-6):
        row.fail(
            "DUR", f"AMT {amount:g} is not RATE {rate:g} times DUR {length:g}; give one of them."
        )
    return length or (amount * share / rate if rate > 0 else 0.0)


def _unit(row: Row, meaning: Meaning) -> str:
    unit = row.text("UNIT") or meaning.dose_unit
    try:
        check_dose_unit(unit)
    except UnitError as error:
        row.fail("UNIT", str(error), UnitError)
    return unit


def _target(row: Row, meaning: Meaning) -> tuple[str, str | None, int | None]:
    """Return drug, route and number of the compartment that a dose enters."""
    cmt = row.text("CMT")
    number = int(cmt.split(".")[0]) if re.fullmatch(r"\d{1,6}(\.0*)?", cmt) else None
    name, route = row.text("DRUG"), _route(row)
    key: int | str = cmt if number is None else number
    agreed = (meaning.compartments or {}).get(key)
    if cmt and agreed is not None:
        said, drug_route = _drug_and_route(row, agreed, meaning)
    elif cmt and number is None:
        said, drug_route = _by_name(row, cmt, meaning)
    elif number is not None:
        said, drug_route = _by_number(row, number, name, meaning)
    elif name:
        said, drug_route = _drug(row, "DRUG", name, meaning), None
    else:
        row.fail("DRUG" if "DRUG" in row.cells else "CMT", "the name of the drug is missing.")
    if name and _drug(row, "DRUG", name, meaning) != said:
        row.fail("CMT", f"{cmt} belongs to {said}, and DRUG says {name}.")
    if route and drug_route and route != drug_route:
        row.fail("ROUTE", f"{route}, but CMT {cmt} is reached by {drug_route}.")
    return said, route or drug_route, number


def _by_number(row: Row, number: int, name: str, meaning: Meaning) -> tuple[str, str | None]:
    known = meaning.drugs if isinstance(meaning.drugs, Mapping) else {}
    if not name and len(known) != 1:
        row.fail(
            "CMT",
            f"no drug is known for number {number}; give its name, or say what the number "
            f"stands for: compartments={{{number}: 'denosumab'}}, or "
            f"--compartments {number}=denosumab.",
        )
    drug = _drug(row, "DRUG", name, meaning) if name else str(next(iter(known)))
    if drug not in known:
        row.fail(
            "CMT",
            f"compartment {number} of {drug} is not known here; say what it is "
            f"(compartments), read the table with the drugs of a model, or pass over CMT.",
        )
    inside = known[drug].compartments
    entered = [f"{n} ({state}, {route})" for n, (state, route) in enumerate(inside, 1) if route]
    if not 1 <= number <= len(inside) or not inside[number - 1][1]:
        row.fail(
            "CMT", f"no dose of {drug} enters compartment {number}; allowed: {', '.join(entered)}."
        )
    return drug, inside[number - 1][1]


def _by_name(row: Row, cmt: str, meaning: Meaning) -> tuple[str, str | None]:
    """Read a CMT that is the name of a drug, or of one of its compartments."""
    if isinstance(meaning.drugs, Mapping):
        for drug, known in meaning.drugs.items():
            for state, route in known.compartments:
                if route and cmt.lower() in (f"{drug}_{state}", state):
                    if cmt.lower() == state and row.text("DRUG") != drug and len(meaning.drugs) > 1:
                        continue  # every drug has a depot
                    return str(drug), route
    return _drug(row, "CMT", cmt, meaning), None


def _drug_and_route(row: Row, text: str, meaning: Meaning) -> tuple[str, str | None]:
    words = str(text).split()
    route = ROUTE_WORDS.get(words[-1].lower()) if len(words) > 1 else None
    return _drug(row, "CMT", " ".join(words[:-1]) if route else str(text), meaning), route


def _drug(row: Row, column: str, text: str, meaning: Meaning) -> str:
    try:
        return drug_name(text, meaning.drugs)
    except ScheduleError as error:
        row.fail(column, str(error))


def _route(row: Row) -> str | None:
    word = row.text("ROUTE").lower()
    if word and word not in ROUTE_WORDS:
        row.fail("ROUTE", f"'{word}' is not a route.{nearest(word, ROUTES)}")
    return ROUTE_WORDS.get(word)
