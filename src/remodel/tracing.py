"""Tracing a difference between two simulations through equations and states.

A quantity differs because its arguments do; each argument gets the part of the difference that
replacing it makes, the mean of replacing the arguments in both orders, so that the parts add up.
A state differs because its flows have differed from the start on. What depends on the state itself
is taken as a loss at the rate it had, so that a part of its difference belongs to each of the
other states and inputs that its flows read.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import add, mul
from typing import Any

import numpy as np

from remodel.equations.assembly import Assembly
from remodel.solvers.problem import FloatArray

REST = "start and doses"
_SMALLEST_SHARE = 0.01
_DRUG_UNIT = "mg"
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


class Tracer:
    """Traces differences through equations and states of two simulations."""

    def __init__(self, runs: Pair) -> None:
        self.runs = runs
        self._driven: dict[str, dict[str, FloatArray]] = {}
        self._rates: dict[str, FloatArray] = {}

    def causes_of(self, name: str, depth: int) -> tuple[Cause, ...]:
        """Return the states and inputs behind the difference of a name at the last time.

        Parameters
        ----------
        name : str
        depth : int
            How many times to look behind the states found.
        """
        change = self.runs.change(name)
        if name in self.runs.assembly.states:
            return self._causes(self.driven(name), float(change[-1]), depth)
        parts: dict[str, FloatArray] = {}
        for leaf, own in self.leaves(name, change):
            parts[leaf] = parts.get(leaf, 0.0) + own
        return self._causes(parts, float(change[-1]), depth)

    def _causes(
        self, parts: Mapping[str, FloatArray], whole: float, depth: int
    ) -> tuple[Cause, ...]:
        """Return parts at the last time, the largest first, each with the causes behind it."""
        made = []
        for name, part in self._merged(parts).items():
            value = float(part[-1])
            is_state = name in self.runs.assembly.states
            behind = self._behind(name, part) if depth and is_state else {}
            meaning = self.runs.meanings.get(name, "what was there before, or was given at once")
            share = value / whole if whole else math.nan
            made.append(Cause(name, value, share, meaning, self._causes(behind, whole, depth - 1)))
        kept = [cause for cause in made if not abs(cause.share) < _SMALLEST_SHARE]
        return tuple(sorted(kept, key=lambda cause: -abs(cause.value)))

    def _merged(self, parts: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Return parts with what only passes matter on (young bone to mature) looked through."""
        found: dict[str, FloatArray] = {}
        for name, part in parts.items():
            carried = self._behind(name, part) if self._passes_on(name) else {name: part}
            for leaf, own in carried.items():
                found[leaf] = found.get(leaf, 0.0) + own
        return found

    def _passes_on(self, name: str) -> bool:
        """Whether a state of the body hands what it holds to another, or takes it from there."""
        assembly = self.runs.assembly
        if name not in assembly.states or assembly.states[name].unit == _DRUG_UNIT:
            return False
        return any(
            name in assembly.flow_of(flow) and all(assembly.flow_of(flow))
            for flow in assembly.equations
        )

    def _behind(self, state: str, part: FloatArray) -> dict[str, FloatArray]:
        """Split what a state does at every time by what moved it until then."""
        size = ratio(part, self.runs.change(state))
        return {leaf: size * own for leaf, own in self.driven(state).items()}

    def driven(self, state: str) -> dict[str, FloatArray]:
        """Return the difference of a state at every time by what drives it, itself left out."""
        if state not in self._driven:
            self._driven[state] = {}  # a loop of flows ends here
            forcing = self.forcing(state)
            made = {leaf: self.response(state, own) for leaf, own in forcing.items()}
            rest = self.runs.change(state) - sum(made.values(), np.zeros(self.runs.times.shape))
            self._driven[state] = {**made, REST: rest}
        return self._driven[state]

    def forcing(self, state: str) -> dict[str, FloatArray]:
        """Return what drives the difference of a state, per day, by state or input."""
        found: dict[str, FloatArray] = {}
        for flow in self.runs.assembly.equations:
            source, target = self.runs.assembly.flow_of(flow)
            sign = (target == state) - (source == state)
            if sign and np.any(self.runs.change(flow)):
                for leaf, own in self.leaves(flow, sign * self.runs.change(flow)):
                    found[leaf] = found.get(leaf, 0.0) + own
        own = found.pop(state, np.zeros(self.runs.times.shape))
        self._rates[state] = -ratio(own, self.runs.change(state))
        for leaf in [leaf for leaf in found if self._passes_on(leaf) and self.driven(leaf)]:
            for behind, part in self._behind(leaf, found.pop(leaf)).items():
                found[behind] = found.get(behind, 0.0) + part
        return found

    def response(self, state: str, forcing: FloatArray) -> FloatArray:
        """Return what a forcing has made of a state at every time, given how fast it is lost."""
        rate, step = self._rates[state], np.diff(self.runs.times)
        mean = (rate[1:] + rate[:-1]) / 2.0 * step
        kept = np.exp(-mean)
        filled = np.where(np.abs(mean) < 1e-9, 1.0, -np.expm1(-mean) / np.where(mean == 0, 1, mean))
        gained = filled * step * (forcing[1:] + forcing[:-1]) / 2.0
        found = np.zeros(len(self.runs.times))
        for k in range(len(step)):
            found[k + 1] = found[k] * kept[k] + gained[k]
        return found

    def leaves(self, name: str, part: FloatArray) -> Iterator[tuple[str, FloatArray]]:
        """Yield the states and inputs behind a part of a difference, and what each has in it."""
        assembly = self.runs.assembly
        if name not in assembly.equations and name not in assembly.ports:
            yield name, part
            return
        size = ratio(part, self.runs.change(name))
        for argument, own in self._parts(name).items():
            yield from self.leaves(argument, size * own)

    def _parts(self, name: str) -> dict[str, FloatArray]:
        """Return what each argument contributes to the difference of a quantity."""
        runs, equation = self.runs, self._equation(name)
        arguments = (
            runs.assembly.contributions_to(name)
            if name in runs.assembly.ports
            else runs.assembly.arguments_of(name)
        )
        moved = [a for a in dict.fromkeys(arguments) if np.any(runs.change(a))]
        parts = {a: np.zeros(runs.times.shape) for a in moved}
        for order in (moved, moved[::-1]):
            now = {a: runs.other[a] for a in arguments}
            before = equation(*(now[a] for a in arguments))
            for argument in order:
                now[argument] = runs.one[argument]
                after = equation(*(now[a] for a in arguments))
                parts[argument] += (after - before) / 2.0
                before = after
        return parts

    def _equation(self, name: str) -> Callable[..., Any]:
        if name not in self.runs.assembly.ports:
            return self.runs.assembly.equations[name]
        start, join = (
            (1.0, mul) if self.runs.assembly.ports[name].combine == "product" else (0.0, add)
        )
        return lambda *values: functools.reduce(join, values, start)


def ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Return part over whole, 0 where there is no difference."""
    least = 1e-13 * float(np.max(np.abs(whole), initial=0.0))
    some = np.abs(whole) > least
    return np.where(some, part, 0.0) / np.where(some, whole, 1.0)
