"""Random batches of a model, for the laws that every batch obeys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from remodel.equations.system import System
from remodel.models import Model, load_model
from remodel.simulation.packing import scales
from remodel.solvers.problem import ADD, SET, Event, Problem, problem

YEAR = 365.25


@dataclass(frozen=True)
class Batch:
    """A random batch of one model, of which any part can be integrated."""

    system: System
    rows: Any
    start: Any
    events: Sequence[Sequence[Event]]
    scale: Any
    times: Any

    def task(self, some: Any = None, *, shared: bool = False, initial: Any = None) -> Problem:
        """Return the simulations with these positions, in this order."""
        chosen = np.arange(len(self.rows)) if some is None else np.asarray(some)
        rows, place = self.rows[chosen], None
        if shared:
            rows, place = np.unique(rows, axis=0, return_inverse=True)
            place = place.ravel()
        return problem(
            parameters=rows,
            parameter_row=place,
            start=self.start[chosen],
            times=[self.start[i] + self.times for i in chosen],
            scale=self.scale,
            events=[self.events[i] for i in chosen],
            initial=initial,
        )


def random_rows(model: Model, names: Sequence[str], n: int, seed: int, spread: float = 0.1) -> Any:
    """Return parameter vectors about the defaults, within their bounds, in internal units."""
    random = np.random.default_rng(seed)
    rows = np.empty((n, len(names)))
    for j, name in enumerate(names):
        p = model.all_parameters[name]
        moved = p.value * np.exp(random.normal(0.0, spread, n)) if p.status != "input" else p.value
        rows[:, j] = np.clip(moved, p.lower, p.upper) * p.factor
    return rows


def random_batch(name: str, drugs: Sequence[str], n: int, seed: int = 0) -> Batch:
    """Return simulations of five years, with doses and dosing rates at random times."""
    model, random = load_model(name), np.random.default_rng(seed)
    system = model.system(drugs)
    start = random.uniform(45, 75, n) * YEAR
    depots = [
        (k, s) for k, s in enumerate(system.state_names) if s.endswith(("depot", "gut", "plasma"))
    ]
    rates = [(k, p) for k, p in enumerate(system.parameter_names) if p.endswith(("oral_rate",))]
    events = []
    for begin in start:
        own = []
        for k, _ in depots:
            when = begin + random.uniform(0, 4 * YEAR, random.integers(0, 4))
            own += [Event(float(t), ADD, k, float(random.uniform(1, 60))) for t in when]
        for k, _ in rates:
            on = begin + random.uniform(0, YEAR)
            own += [Event(float(on), SET, k, 1.0), Event(float(on + 2 * YEAR), SET, k, 0.0)]
        events.append(own)
    return Batch(
        system=system,
        rows=random_rows(model, system.parameter_names, n, seed),
        start=start,
        events=events,
        scale=scales(system, model),
        times=np.linspace(0.0, 5 * YEAR, 21),
    )


@pytest.fixture(scope="session", params=["reference", "jorg2022"])
def batch(request: pytest.FixtureRequest) -> Batch:
    """Return a batch of sixty simulations."""
    drugs = {
        "reference": ("anastrozole", "zoledronic_acid", "denosumab"),
        "jorg2022": ("denosumab",),
    }
    return random_batch(request.param, drugs[request.param], 60)


@pytest.fixture(scope="session")
def make_batch() -> Any:
    return random_batch
