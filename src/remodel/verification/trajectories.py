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
from remodel.verification.folder import ADD, BREAK, INIT, SET, START, Action, Folder, Table
from remodel.verification.port import Port, days_of
from remodel.verification.report import Comparison

_SMALLEST_RANGE = 1e-3  # of the largest value: below it a state counts as constant
_NEGLIGIBLE = 1e-6  # of the size at which a state matters


@dataclass(frozen=True, slots=True)
class Run:
    """From one start of a scenario to the next, or to its last row."""

    scenario: str
    start: float
    times: FloatArray
    parameters: FloatArray
    state: FloatArray
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Trajectories:
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
    port: Port, folder: Folder, scenarios: Sequence[str], method: str, rtol: float
) -> Trajectories:
    """Run scenarios.

    Raises
    ------
    ConfigError
        If a reference begins before its scenario, or has nothing to compare.
    """
    runs = tuple(run for name in scenarios for run in _runs(port, folder, name))
    names = _compared(port, [folder.references[name] for name in scenarios])
    return Trajectories(names, runs, _solve(port, runs, names, method, rtol))


def _compared(port: Port, tables: Sequence[Table]) -> tuple[str, ...]:
    columns = {c for table in tables for c in table.columns}
    names = tuple(name for name in port.system.outputs if name in columns)
    if not names:
        raise ConfigError(
            f"{tables[0].name}: no column is a state or quantity of {port.model.name}."
        )
    return names


def _runs(port: Port, folder: Folder, scenario: str) -> Iterator[Run]:
    """Cut a scenario at its starts; a row at a later start still belongs to what came before."""
    actions, table = folder.scenarios[scenario], folder.references[scenario]
    column, unit = days_of(table, port.model)
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
        mine = [a for a in actions if start <= a.time < end]
        if last > first:
            yield _run(port, scenario, mine, times[first:last], unit)
        first = last


def _run(
    port: Port,
    scenario: str,
    actions: Sequence[Action],
    times: FloatArray,
    unit: float,
) -> Run:
    start = actions[0].time
    values, state = dict(port.values), dict(port.initial)
    for action in actions:
        if action.kind == SET and action.time == start:
            port.apply_set(values, action)
    for action in actions:
        if action.kind == INIT:
            port.apply_init(values, state, action)
    events = [
        _event(port, action, unit)
        for action in actions
        if action.kind in (ADD, BREAK) or (action.kind == SET and action.time > start)
    ]
    events += _corners(port, values, actions, unit)
    end = float(times[-1]) * unit
    return Run(
        scenario=scenario,
        start=start * unit,
        times=times * unit,
        parameters=port.vector(values),
        state=np.array([state[name] for name in port.system.state_names]),
        events=tuple(e for e in events if e is not None and e.time <= end),
    )


def _corners(
    port: Port, values: dict[str, float], actions: Sequence[Action], unit: float
) -> Iterator[Event]:
    """Restart at corners of the equations, unless something happens there anyway."""
    taken, now = [a.time * unit for a in actions], dict(values)
    for action in actions:
        if action.kind == SET:
            port.apply_set(now, action)
        elif action.kind != START:
            continue
        for time in port.model.constants(port.model.kinks, now).values():
            if not np.any(np.isclose(taken, time, rtol=1e-12, atol=0.0)):
                taken.append(float(time))
                yield Event(float(time))


def _event(port: Port, action: Action, unit: float) -> Event | None:
    time = action.time * unit
    if action.kind == BREAK:
        return Event(time)
    if action.kind == ADD:
        index = port.system.state_names.index(action.target)
        return Event(time, solver.ADD, index, action.value * port.state_factor[action.target])
    if action.target not in port.system.parameter_names:
        return None  # no equation uses it
    index = port.system.parameter_names.index(action.target)
    value = action.value * port.parameter_factor[action.target]
    return Event(time, solver.SET, index, value)


def _solve(
    port: Port, runs: Sequence[Run], names: Sequence[str], method: str, rtol: float
) -> Solution:
    task = problem(
        parameters=[run.parameters for run in runs],
        start=[run.start for run in runs],
        times=[run.times for run in runs],
        scale=scales(port.system, port.model),
        events=[run.events for run in runs],
        initial=[run.state for run in runs],
    )
    return solve(port.system, task, outputs=names, method=method, rtol=rtol, check_domain=False)


def compare(
    port: Port, folder: Folder, found: Trajectories, scenario: str, tolerance: float
) -> Iterator[Comparison]:
    """Yield the largest difference of each state and quantity in one scenario."""
    table = folder.references[scenario]
    column, _ = days_of(table, port.model)
    times = table.numbers(column)
    mine = [i for i, run in enumerate(found.runs) if run.scenario == scenario]
    ends = [Status(int(found.solution.status[i])) for i in mine]
    note = " ".join(s.sentence for s in ends if s is not Status.OK)
    for k, name in enumerate(found.names):
        if name not in table.columns:
            continue
        factor = port.state_factor.get(name, 1.0)
        expected = table.numbers(name) * factor
        parts = [found.solution.outputs[k, i, : len(found.runs[i].times)] for i in mine]
        got = np.concatenate(parts)
        gap = np.abs(got - expected) / _size(port, name, expected)
        worst = int(np.argmax(np.where(np.isnan(gap), np.inf, gap)))
        yield Comparison(scenario, name, float(gap[worst]), float(times[worst]), tolerance, note)


def _size(port: Port, name: str, expected: FloatArray) -> float:
    """Return the range of a reference, or its largest value where it hardly moves."""
    largest = float(np.max(np.abs(expected)))
    states = port.system.assembly.states
    floor = _NEGLIGIBLE * states[name].typical if name in states else 0.0
    return max(float(np.ptp(expected)), _SMALLEST_RANGE * largest, floor) or 1.0
