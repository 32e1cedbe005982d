"""Cohorts whose truth and spread are known, so that what visits show has a closed form."""

from __future__ import annotations

import numpy as np
import pytest

from remodel.measurement.instruments import load_instruments
from remodel.monitoring.cohort import Cohort
from remodel.monitoring.design import Design
from remodel.patient import SITES
from remodel.populations.sample import population
from remodel.schedules import Schedule

DENSITIES = tuple(f"bmd_{site}" for site in SITES)


@pytest.fixture
def make_cohort():
    """Return a function that makes a cohort whose density changes as it is told."""

    def cohort(slope, n=2000, precision=0.018, spread=0.0, **keys):
        """Slopes are in % of the first density a year; ``spread`` is that of its log."""
        design = Design(**{"women": n, "seed": 3, "reading": {"repeats": 5}, **keys})
        change = np.broadcast_to(slope, n)[:, None] / 100 * np.arange(design.horizon + 1) / 12
        tools = load_instruments(
            {
                "scan": {"freedom": 1e6, "correlation": 0.0},
                "scans": {name: {"long_term": precision} for name in DENSITIES},
            }
        )
        start = 0.8 * np.exp(spread * np.random.default_rng(5).normal(size=(n, 1)))
        levels = dict.fromkeys(DENSITIES, start * (1 + change))
        people = population(n, "postmenopausal", seed=3)
        zero = {name: np.full(n, -8.0) for name in DENSITIES}
        return Cohort(people, Schedule(), levels, zero, design, tools)

    return cohort
