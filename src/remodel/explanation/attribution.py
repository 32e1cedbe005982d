"""Tracing a difference between two simulations through equations and states.

A quantity differs because its arguments do; each argument gets the part of the difference that
replacing it makes, the mean of replacing the arguments in both orders, so that the parts add up.
A state differs because its flows have differed from the start on. What depends on the state itself
is taken as a loss at the rate it had, so that a part of its difference belongs to each of the
other states and inputs that its flows read.

A cause may have acted long ago: osteoblasts that a drug woke in its first months count, though
there are no more of them than usual at the end. So each state carries its reach, how much its
difference at every time weighs in what is explained, and what lies behind it is weighed with that.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import add, mul
from typing import Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.equations.assembly import Assembly

REST = "start and doses"
_SMALLEST_SHARE = 0.01
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cause:
    """A part of a difference.

    Attributes
    ----------
    name : str
        A state or an input; ``start and doses`` is what was there at the start or given at once.
    value : float
        In the unit of the difference; the parts at one level add up to the whole.
    share : float
        Of the whole difference; negative where it works against it.
    meaning : str
    causes : tuple of Cause
        Where this part comes from in turn, the largest first.
    """

    name: str
    value: float
    share: float
    meaning: str
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two simulations on one grid of times, with everything the equations say."""

    assembly: Assembly
    times: FloatArray
    one: Values
    other: Values
    meanings: Mapping[str, str]

    def change(self, name: str) -> FloatArray:
        """Return the difference of a name at every time."""
        return np.broadcast_to(np.subtract(self.one[name], self.other[name]), self.times.shape)


@dataclass(frozen=True, slots=True)
class _Effect:
    """What a state or an input does to the number that is explained.

    Attributes
    ----------
    value : float
        In the unit of that number.
    reach : ndarray, shape (n_times,)
        Weights that give the value from the difference of the state at every time.
    """

    value: float
    reach: FloatArray


class Tracer:
    """Traces differences through equations and states of two simulations."""

    def __init__(self, runs: Pair) -> None:
        self.runs = runs
        self._forcing: dict[str, dict[str, FloatArray]] = {}
        self._rates: dict[str, FloatArray] = {}

    def causes_of(self, name: str, depth: int) -> tuple[Cause, ...]:
        """Return the states and inputs behind the difference of a name at the last time.

        Parameters
        ----------
        name : str
        depth : int
            How many times to look behind the states found.
        """
        at_the_end = np.zeros(self.runs.times.shape)
        at_the_end[-1] = 1.0
        return self._causes(name, at_the_end, float(self.runs.change(name)[-1]), depth)

    def _causes(self, name: str, reach: FloatArray, whole: float, depth: int) -> tuple[Cause, ...]:
        """Return what lies behind a name, the largest first, each with the causes behind it."""
        causes = []
        for leaf, effect in self.behind(name, reach).items():
            share = effect.value / whole if whole else math.nan
            if abs(share) < _SMALLEST_SHARE:
                continue
            is_state = leaf in self.runs.assembly.states
            inner = self._causes(leaf, effect.reach, whole, depth - 1) if depth and is_state else ()
            meaning = self.runs.meanings.get(leaf, "what was there before, or was given at once")
            causes.append(Cause(leaf, effect.value, share, meaning, inner))
        return tuple(sorted(causes, key=lambda cause: -abs(cause.value)))

    def behind(
        self, name: str, reach: FloatArray, passed: frozenset[str] = frozenset()
    ) -> dict[str, _Effect]:
        """Split what a name does by the states and inputs that moved it.

        Parameters
        ----------
        name : str
        reach : ndarray, shape (n_times,)
            How much its difference at every time weighs.
        passed : frozenset of str
            States that were looked through on the way, where a loop of flows ends.
        """
        is_state = name in self.runs.assembly.states
        drives = self.forcing(name) if is_state else self.sources(name, self.runs.change(name))
        weights = self.earlier(name, reach) if is_state else reach
        effects: dict[str, _Effect] = {}
        for leaf, drive in drives.items():
            weight = weights * ratio(drive, self.runs.change(leaf))
            if self._passes_on(leaf) and leaf not in passed:
                for inner, effect in self.behind(leaf, weight, passed | {name}).items():
                    _add(effects, inner, effect)
            else:
                _add(effects, leaf, _Effect(float(weights @ drive), weight))
        if is_state:
            explained = sum(effect.value for effect in effects.values())
            rest = float(reach @ self.runs.change(name)) - explained
            _add(effects, REST, _Effect(rest, np.zeros(reach.shape)))
        return effects

    def _passes_on(self, name: str) -> bool:
        """Whether a state of the body hands what it holds to another, or takes it from there.

        What only passes matter on (young bone to mature) is looked through.
        """
        assembly = self.runs.assembly
        if name not in assembly.states or assembly.owners[name]:
            return False
        return any(
            name in assembly.flow_of(flow) and all(assembly.flow_of(flow))
            for flow in assembly.equations
        )

    def forcing(self, state: str) -> dict[str, FloatArray]:
        """Return what drives the difference of a state, per day, by state or input."""
        if state not in self._forcing:
            drives: dict[str, FloatArray] = {}
            for flow in self.runs.assembly.equations:
                source, target = self.runs.assembly.flow_of(flow)
                sign = (target == state) - (source == state)
                if sign and np.any(self.runs.change(flow)):
                    for leaf, drive in self.sources(flow, sign * self.runs.change(flow)).items():
                        drives[leaf] = drives.get(leaf, 0.0) + drive
            by_itself = drives.pop(state, np.zeros(self.runs.times.shape))
            self._rates[state] = -ratio(by_itself, self.runs.change(state))
            self._forcing[state] = drives
        return self._forcing[state]

    def earlier(self, state: str, reach: FloatArray) -> FloatArray:
        """Return how much what drives a state weighs, from how much the state does.

        A forcing adds to the state at the mean of its ends over a step, and what is there is lost
        at the rate of the state; this is the transpose of that sum, run backwards.
        """
        self.forcing(state)
        rate, step = self._rates[state], np.diff(self.runs.times)
        mean = (rate[1:] + rate[:-1]) / 2.0 * step
        kept = np.exp(-mean)
        filled = np.where(np.abs(mean) < 1e-9, 1.0, -np.expm1(-mean) / np.where(mean == 0, 1, mean))
        later = reach.copy()
        for k in range(len(step) - 1, -1, -1):
            later[k] += kept[k] * later[k + 1]
        half = filled * step / 2.0 * later[1:]
        return np.concatenate((half, [0.0])) + np.concatenate(([0.0], half))

    def sources(self, name: str, change: FloatArray) -> dict[str, FloatArray]:
        """Return the states and inputs behind a part of a difference at every time."""
        changes: dict[str, FloatArray] = {}
        for leaf, contribution in self.leaves(name, change):
            changes[leaf] = changes.get(leaf, 0.0) + contribution
        return changes

    def leaves(self, name: str, change: FloatArray) -> Iterator[tuple[str, FloatArray]]:
        """Yield the states and inputs behind a part of a difference, and what each has in it."""
        assembly = self.runs.assembly
        if name not in assembly.equations and name not in assembly.ports:
            yield name, change
            return
        share = ratio(change, self.runs.change(name))
        for argument, contribution in self._contributions(name).items():
            yield from self.leaves(argument, share * contribution)

    def _contributions(self, name: str) -> dict[str, FloatArray]:
        """Return what each argument contributes to the difference of a quantity."""
        runs, equation = self.runs, self._equation(name)
        arguments = (
            runs.assembly.contributions_to(name)
            if name in runs.assembly.ports
            else runs.assembly.arguments_of(name)
        )
        moved = [a for a in dict.fromkeys(arguments) if np.any(runs.change(a))]
        contributions = {a: np.zeros(runs.times.shape) for a in moved}
        for order in (moved, moved[::-1]):
            now = {a: runs.other[a] for a in arguments}
            before = equation(*(now[a] for a in arguments))
            for argument in order:
                now[argument] = runs.one[argument]
                after = equation(*(now[a] for a in arguments))
                contributions[argument] += (after - before) / 2.0
                before = after
        return contributions

    def _equation(self, name: str) -> Callable[..., Any]:
        if name not in self.runs.assembly.ports:
            return self.runs.assembly.equations[name]
        start, join = (
            (1.0, mul) if self.runs.assembly.ports[name].combine == "product" else (0.0, add)
        )
        return lambda *values: functools.reduce(join, values, start)


def _add(effects: dict[str, _Effect], name: str, effect: _Effect) -> None:
    if name in effects:
        known = effects[name]
        effect = _Effect(known.value + effect.value, known.reach + effect.reach)
    effects[name] = effect


def ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Return part over whole, 0 where there is no difference."""
    least = 1e-13 * float(np.max(np.abs(whole), initial=0.0))
    differs = np.abs(whole) > least
    return np.where(differs, part, 0.0) / np.where(differs, whole, 1.0)
