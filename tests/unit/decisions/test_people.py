"""Who plans are for: draws, wander, clusters; what plans do to them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import remodel as rm
from remodel.decisions.need import in_need
from remodel.decisions.outcome import CTX, HIP, Outcome, women_of
from remodel.decisions.people import PopulationPeople, population_people
from remodel.decisions.quantities import read_quantity
from remodel.fracture.hazards import probabilities
from remodel.models import load_model
from remodel.models.draws import posterior_draws
from remodel.rules import Condition
from remodel.schedules import Schedule

TIMES = np.array([0.0, 182.625, 365.25, 730.5])
OPTIONS: dict[str, Any] = {"every_draw": False, "seed": 2, "country": "UK", "threads": None}


@pytest.fixture(scope="module")
def drawn(women: rm.Population) -> PopulationPeople:
    return population_people(women, draws=3, **OPTIONS)


@pytest.fixture(scope="module")
def outcome(drawn: PopulationPeople) -> Outcome:
    schedules = [
        Schedule.parse("anastrozole 1 mg daily for 1 y"),
        Schedule.parse("denosumab 60 mg once"),
    ]
    twins = {name: v[0] for name, v in drawn.levels([Schedule()], TIMES, (HIP, CTX)).items()}
    levels = drawn.levels(schedules, TIMES, (HIP, CTX, "bmd_total_hip"))
    return Outcome(drawn, TIMES, [drawn.as_taken(s) for s in schedules], levels, twins)


def test_women_of_a_draw_share_its_parameters(drawn: PopulationPeople) -> None:
    posterior = posterior_draws("reference")
    differing = drawn.population.parameters_of(load_model("reference"))
    name = next(n for n in posterior if n not in differing)
    values = drawn.now.varied[name]
    assert len(np.unique(values)) == 3
    for draw in range(3):
        assert len(np.unique(values[drawn.draw_of == draw])) == 1
    assert np.isin(values, posterior[name]).all()


def test_rows_of_a_draw_are_one_for_errors(women: rm.Population, drawn: PopulationPeople) -> None:
    assert len(np.unique(drawn.member_of)) == 3
    assert len(np.unique(population_people(women, draws=0, **OPTIONS).member_of)) == len(women)
    every = population_people(women, draws=2, **(OPTIONS | {"every_draw": True}))
    assert len(every) > len(women)
    assert len(np.unique(every.member_of)) == len(women)
    assert np.isclose(every.weights.sum(), 1.0)


@pytest.mark.parametrize(
    ("failed", "words"), [(1, "1 simulation without .* is left out"), (3, "3 simulations .* are")]
)
def test_who_is_left_out_is_said(drawn: PopulationPeople, failed: int, words: str) -> None:
    assert re.match(words, replace(drawn, failed=failed).left_out)


def test_fracture_has_background_and_link_of_the_draw(
    drawn: PopulationPeople, outcome: Outcome
) -> None:
    rows = np.flatnonzero(drawn.draw_of == 1)[:1]
    piece = type(outcome.exposure)(
        outcome.exposure.years, outcome.exposure.hip[:, rows], outcome.exposure.turnover[:, rows]
    )
    draw, women = drawn.draws[1], women_of(drawn.women, rows)
    expected = probabilities(women, piece, ("hip",), background=draw.background, link=draw.link)
    usual = probabilities(women, piece, ("hip",), background=draw.background)
    chance = outcome.chances("hip")[:, rows]
    np.testing.assert_allclose(chance, expected["hip"], rtol=1e-12)
    assert not np.allclose(chance, usual["hip"], rtol=1e-4)


def test_lowest_and_highest_until_a_time(outcome: Outcome) -> None:
    now, low, high = (
        outcome.values(read_quantity(f"{kind}bmd_total_hip_percent_change"), 730.5)
        for kind in ("", "lowest_", "highest_")
    )
    assert (low <= now).all()
    assert (low <= 0).all()
    assert (high >= now).all()
    assert (high >= 0).all()
    assert (low[0] < -0.1).any()
    assert (high[1] > 0.1).any()


def test_need_is_looked_at_every_year() -> None:
    level = np.array([[1.0, 0.99, 0.98, 0.97], [1.0, 0.95, 0.88, 0.95], [1.0, 1.0, 1.0, 0.5]])
    times = np.array([0.0, 182.625, 365.25, 400.0])
    columns = {"age": np.full(3, 60.0)}
    known = ("bmd_percent_change", "age", "bmd_total_hip_change_per_year")
    for text in ("bmd_percent_change <= -10", "bmd_total_hip_change_per_year < -11"):
        need = Condition.of(text, known)
        assert in_need(need, {"bmd_total_hip": level}, times, columns).tolist() == [
            False, True, False,
        ]  # fmt: skip
    old = Condition.of("age >= 61", known)
    assert in_need(old, {"bmd_total_hip": level}, times, columns).all()
