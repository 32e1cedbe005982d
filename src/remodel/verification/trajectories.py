"""Trajectories: every run of every scenario integrated as one batch, then compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError
from remodel.simulation.packing import scales
from remodel.solvers import problem as solver
from remodel.solvers.problem import Event, Solution, problem
from remodel.solvers.solve import solve
from remodel.solvers.status import Status
from remodel.verification.folder import (
    ADD,
    BREAK,
    INIT,
    SET,
    START,
    Folder,
    ReferenceTable,
    ScenarioRow,
)
from remodel.verification.ported_model import PortedModel, days_of
from remodel.verification.report import Comparison

_SMALLEST_RANGE = 1e-3  # of the largest value: below it a state counts as constant
_NEGLIGIBLE = 1e-6  # of the size at which a state matters


@dataclass(frozen=True, slots=True)
class Run:
    """From one start of a scenario to the next, or to its last row; times in days."""

    scenario: str
    start: float
    times: FloatArray
    parameters: FloatArray
    state: FloatArray
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs with their solution.

    Attributes
    ----------
    names : tuple of str
        States and quantities, in the order of the solution's outputs.
    runs : tuple of Run
    solution : Solution
    """

    names: tuple[str, ...]
    runs: tuple[Run, ...]
    solution: Solution


def integrate(
    ported: PortedModel, folder: Folder, scenarios: Sequence[str], method: str, rtol: float
) -> Runs:
    """Run scenarios.

    Raises
    ------
    ConfigError
        If a reference begins before its scenario, or has nothing to compare.
    """
    runs = tuple(run for name in scenarios for run in _runs(ported, folder, name))
    names = _compared(ported, [folder.references[name] for name in scenarios])
    return Runs(names, runs, _solve(ported, runs, names, method, rtol))


def _compared(ported: PortedModel, tables: Sequence[ReferenceTable]) -> tuple[str, ...]:
    columns = {c for table in tables for c in table.columns}
    names = tuple(name for name in ported.system.outputs if name in columns)
    if not names:
        raise ConfigError(
            f"{tables[0].name}: no column is a state or quantity of {ported.model.name}."
        )
    return names


def _runs(ported: PortedModel, folder: Folder, scenario: str) -> Iterator[Run]:
    """Cut a scenario at its starts; a row at a later start still belongs to what came before."""
    actions, table = folder.scenarios[scenario], folder.references[scenario]
    column, unit = days_of(table, ported.model)
    times = table.numbers(column)
    if len(times) == 0 or np.any(np.diff(times) < 0):
        raise ConfigError(f"{table.name}, column {column}: times must rise.")
    starts = [a.time for a in actions if a.kind == START]
    if times[0] < starts[0]:
        raise ConfigError(
            f"{table.name}, column {column}: begins at {times[0]:g}, before the start of "
            f"'{scenario}' at {starts[0]:g}."
        )
    first = 0
    for start, end in zip(starts, [*starts[1:], np.inf], strict=True):
        last = int(np.searchsorted(times, end, side="right"))
        if last > first:
            within = [a for a in actions if start <= a.time < end]
            yield _run(ported, scenario, within, times[first:last], unit)
        first = last


def _run(
    ported: PortedModel,
    scenario: str,
    actions: Sequence[ScenarioRow],
    times: FloatArray,
    unit: float,
) -> Run:
    start = actions[0].time
    values, state = dict(ported.values), dict(ported.initial)
    for action in actions:
        if action.kind == SET and action.time == start:
            ported.apply_set(values, action)
    for action in actions:
        if action.kind == INIT:
            ported.apply_init(values, state, action)
    events = [
        _event(ported, action, unit)
        for action in actions
        if action.kind in (ADD, BREAK) or (action.kind == SET and action.time > start)
    ]
    events += _corners(ported, values, actions, unit)
    end = float(times[-1]) * unit
    return Run(
        scenario=scenario,
        start=start * unit,
        times=times * unit,
        parameters=ported.vector(values),
        state=np.array([state[name] for name in ported.system.state_names]),
        events=tuple(e for e in events if e is not None and e.time <= end),
    )


def _corners(
    ported: PortedModel, values: dict[str, float], actions: Sequence[ScenarioRow], unit: float
) -> Iterator[Event]:
    """Restart at corners of the equations, unless something happens there anyway."""
    times, current = [a.time * unit for a in actions], dict(values)
    for action in actions:
        if action.kind == SET:
            ported.apply_set(current, action)
        elif action.kind != START:
            continue
        for time in ported.model.constants(ported.model.kinks, current).values():
            if not np.any(np.isclose(times, time, rtol=1e-12, atol=0.0)):
                times.append(float(time))
                yield Event(float(time))


def _event(ported: PortedModel, action: ScenarioRow, unit: float) -> Event | None:
    time = action.time * unit
    if action.kind == BREAK:
        return Event(time)
    if action.kind == ADD:
        index = ported.system.state_names.index(action.target)
        return Event(time, solver.ADD, index, action.value * ported.state_factor[action.target])
    if action.target not in ported.system.parameter_names:
        return None  # no equation uses it
    index = ported.system.parameter_names.index(action.target)
    value = action.value * ported.parameter_factor[action.target]
    return Event(time, solver.SET, index, value)


def _solve(
    ported: PortedModel, runs: Sequence[Run], names: Sequence[str], method: str, rtol: float
) -> Solution:
    batch = problem(
        parameters=[run.parameters for run in runs],
        start=[run.start for run in runs],
        times=[run.times for run in runs],
        scale=scales(ported.system, ported.model),
        events=[run.events for run in runs],
        initial=[run.state for run in runs],
    )
    return solve(ported.system, batch, outputs=names, method=method, rtol=rtol, check_domain=False)


def compare(
    ported: PortedModel, folder: Folder, runs: Runs, scenario: str, tolerance: float
) -> Iterator[Comparison]:
    """Yield the largest difference of each state and quantity in one scenario."""
    table = folder.references[scenario]
    column, _ = days_of(table, ported.model)
    times = table.numbers(column)
    members = [i for i, run in enumerate(runs.runs) if run.scenario == scenario]
    ends = [Status(int(runs.solution.status[i])) for i in members]
    note = " ".join(s.sentence for s in ends if s is not Status.OK)
    for k, name in enumerate(runs.names):
        if name not in table.columns:
            continue
        expected = table.numbers(name) * ported.state_factor.get(name, 1.0)
        outputs = [runs.solution.outputs[k, i, : len(runs.runs[i].times)] for i in members]
        gap = np.abs(np.concatenate(outputs) - expected) / _size(ported, name, expected)
        worst = int(np.argmax(np.where(np.isnan(gap), np.inf, gap)))
        yield Comparison(scenario, name, float(gap[worst]), float(times[worst]), tolerance, note)


def _size(ported: PortedModel, name: str, expected: FloatArray) -> float:
    """Return the range of a reference, or its largest value where it hardly moves."""
    largest = float(np.max(np.abs(expected)))
    states = ported.system.assembly.states
    floor = _NEGLIGIBLE * states[name].typical if name in states else 0.0
    return max(float(np.ptp(expected)), _SMALLEST_RANGE * largest, floor) or 1.0
