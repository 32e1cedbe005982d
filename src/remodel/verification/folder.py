"""Folders of published reference values, read as they are.

========================  =====================================================================
file                      columns
========================  =====================================================================
scenarios.csv             scenario, time, action, target, value; others are ignored
reference_<scenario>.csv  time_d (or time_h, time_wk, ...), states, quantities
reference_rhs.csv         t, parameters, states, d<state>_dt; optional
initial_state.csv         symbol, value, unit; optional
parameters.csv            symbol, unit; optional, says in which unit ``set`` gives a value
========================  =====================================================================

Actions: ``start`` (the run begins, from the initial state and default parameters), ``init`` (value
of a state at the start), ``set`` (a parameter from that time on), ``add`` (to a state), ``break``
(the solver restarts). A row of a reference at the time of an action shows the state before it,
except that ``init`` and ``set`` at the start already hold.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError, nearest

SCENARIOS, RIGHT_HAND_SIDE = "scenarios.csv", "reference_rhs.csv"
START, INIT, SET, ADD, BREAK = "start", "init", "set", "add", "break"
ACTIONS = (START, INIT, SET, ADD, BREAK)
_FIRST_LINE = 2  # of the rows below the header


@dataclass(frozen=True, slots=True)
class ReferenceTable:
    """A CSV file: its name and the text of each column."""

    name: str
    columns: Mapping[str, tuple[str, ...]]

    def __len__(self) -> int:
        """Return the number of rows below the header."""
        return len(next(iter(self.columns.values()), ()))

    def text(self, column: str) -> tuple[str, ...]:
        """Return a column.

        Raises
        ------
        ConfigError
            If the file lacks it.
        """
        if column not in self.columns:
            hint = nearest(column, self.columns)
            raise ConfigError(f"{self.name}: column '{column}' is missing.{hint}")
        return self.columns[column]

    def numbers(self, column: str) -> FloatArray:
        """Return a column of finite numbers.

        Raises
        ------
        ConfigError
            Naming the first row that holds none.
        """
        pairs = enumerate(self.text(column), _FIRST_LINE)
        return np.array([_number(value, self.name, line, column) for line, value in pairs])


@dataclass(frozen=True, slots=True)
class ScenarioRow:
    """One row of ``scenarios.csv``; ``where`` names file and row for messages."""

    where: str
    time: float
    kind: str
    target: str
    value: float


@dataclass(frozen=True, slots=True)
class Folder:
    """What a folder holds.

    Attributes
    ----------
    path : Path
    scenarios : mapping of str to tuple of ScenarioRow
        In the order of time; the first is a start.
    references : mapping of str to ReferenceTable
        One a scenario.
    right_hand_side : ReferenceTable or None
    initial : mapping of str to (float, str)
        Value and unit of each state at the start; empty where the folder does not say.
    units : mapping of str to str
        Unit in which the folder gives each parameter.
    """

    path: Path
    scenarios: Mapping[str, tuple[ScenarioRow, ...]]
    references: Mapping[str, ReferenceTable]
    right_hand_side: ReferenceTable | None
    initial: Mapping[str, tuple[float, str]]
    units: Mapping[str, str]

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a folder of reference values.

        Raises
        ------
        ConfigError
            If a file is missing or malformed; the message names file and row.
        """
        root = Path(path)
        if not root.is_dir():
            raise ConfigError(f"{root}: no such folder.")
        scenarios = _read_scenarios(root / SCENARIOS)
        references = {name: read_table(root / f"reference_{name}.csv") for name in scenarios}
        _check_complete(root, scenarios)
        return cls(
            path=root,
            scenarios=scenarios,
            references=references,
            right_hand_side=_optional(root / RIGHT_HAND_SIDE),
            initial=_read_initial(_optional(root / "initial_state.csv")),
            units=_read_units(_optional(root / "parameters.csv")),
        )


def read_table(file: Path) -> ReferenceTable:
    """Read a CSV file.

    Raises
    ------
    ConfigError
        If it is missing, empty, not text, or a row has another length than the header.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = [row for row in csv.reader(stream) if row]
    except FileNotFoundError:
        raise ConfigError(f"{file.name}: missing from {file.parent}.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{file.name}: cannot be read: {error}.") from error
    if not rows:
        raise ConfigError(f"{file.name}: is empty.")
    header = [name.strip() for name in rows[0]]
    for line, row in enumerate(rows[1:], _FIRST_LINE):
        if len(row) != len(header):
            raise ConfigError(
                f"{file.name}, row {line}: {len(row)} fields, expected {len(header)}."
            )
    columns = {name: tuple(row[j].strip() for row in rows[1:]) for j, name in enumerate(header)}
    return ReferenceTable(file.name, columns)


def _optional(file: Path) -> ReferenceTable | None:
    return read_table(file) if file.exists() else None


def _number(text: str, file: str, line: int, column: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ConfigError(f"{file}, row {line}, column {column}: expected a number, got {text!r}.")
    return value


def _read_scenarios(file: Path) -> dict[str, tuple[ScenarioRow, ...]]:
    table = read_table(file)
    scenarios: dict[str, list[ScenarioRow]] = defaultdict(list)
    columns = [table.text(name) for name in ("scenario", "action", "target", "value")]
    rows = zip(table.numbers("time"), *columns, strict=True)
    for line, (time, scenario, kind, target, text) in enumerate(rows, _FIRST_LINE):
        where = f"{table.name}, row {line}"
        if kind not in ACTIONS:
            raise ConfigError(f"{where}: '{kind}' is not an action.{nearest(kind, ACTIONS)}")
        changes = kind in (INIT, SET, ADD)
        value = _number(text, table.name, line, "value") if changes else 0.0
        row = ScenarioRow(where, float(time), kind, target if changes else "", value)
        scenarios[scenario].append(row)
    return {scenario: _ordered(scenario, actions) for scenario, actions in scenarios.items()}


def _ordered(scenario: str, actions: list[ScenarioRow]) -> tuple[ScenarioRow, ...]:
    ranks = {START: 0, INIT: 1}
    order = tuple(sorted(actions, key=lambda a: (a.time, ranks.get(a.kind, 2))))
    if order[0].kind != START:
        raise ConfigError(
            f"{order[0].where}: scenario '{scenario}' does not start before this action."
        )
    starts = [a for a in order if a.kind == START]
    for before, after in pairwise(starts):
        if before.time == after.time:
            raise ConfigError(
                f"{after.where}: scenario '{scenario}' starts twice at {after.time:g}."
            )
    times = {a.time for a in starts}
    for action in order:
        if action.kind == INIT and action.time not in times:
            raise ConfigError(
                f"{action.where}: 'init' is possible only at a start of '{scenario}'."
            )
    return order


def _check_complete(root: Path, scenarios: Mapping[str, tuple[ScenarioRow, ...]]) -> None:
    for file in sorted(root.glob("reference_*.csv")):
        name = file.stem.removeprefix("reference_")
        if name not in scenarios and file.name != RIGHT_HAND_SIDE:
            hint = nearest(name, scenarios)
            raise ConfigError(f"{file.name}: {SCENARIOS} has no scenario '{name}'.{hint}")


def _read_initial(table: ReferenceTable | None) -> dict[str, tuple[float, str]]:
    if table is None:
        return {}
    rows = zip(table.text("symbol"), table.numbers("value"), table.text("unit"), strict=True)
    return {symbol: (float(value), unit) for symbol, value, unit in rows}


def _read_units(table: ReferenceTable | None) -> dict[str, str]:
    if table is None:
        return {}
    return dict(zip(table.text("symbol"), table.text("unit"), strict=True))
