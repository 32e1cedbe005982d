from __future__ import annotations

import numpy as np
import pytest

from remodel.sweeps import load_design, samples
from remodel.sweeps.samples import blocks, remark


@pytest.fixture
def drawn(designs):
    def draw(**changes):
        found = list(blocks(load_design(designs.sample(**changes))))
        return {name: np.concatenate([rows[name] for rows in found]) for name in found[0]}

    return draw


@pytest.mark.parametrize("kind", ["random", "latin_hypercube", "sobol"])
def test_a_seed_gives_the_same_points_and_another_seed_others(kind, drawn):
    whole = drawn(kind=kind, samples=64)
    again = drawn(kind=kind, samples=64)
    other = drawn(kind=kind, samples=64, seed=8)
    for name, values in whole.items():
        assert values.tolist() == again[name].tolist()
        assert len(np.unique(values)) == 64
        assert values.tolist() != other[name].tolist()


def test_a_latin_hypercube_has_one_point_in_each_part_of_each_factor(drawn, monkeypatch):
    monkeypatch.setattr(samples, "BLOCK", 16)
    found = drawn(kind="latin_hypercube", samples=40)
    parts = np.floor((found["k_form"] - 1.2) / 0.8 * 40).astype(int)
    assert sorted(parts.tolist()) == list(range(40))
    logs = np.floor(np.log(found["P_PTH"]) / np.log(2000.0) * 40).astype(int)
    assert sorted(logs.tolist()) == list(range(40))


def test_sobol_points_do_not_depend_on_the_blocks_they_are_drawn_in(drawn, monkeypatch):
    whole = drawn(kind="sobol", samples=64)
    monkeypatch.setattr(samples, "BLOCK", 16)
    assert drawn(kind="sobol", samples=64)["k_form"].tolist() == whole["k_form"].tolist()


def test_constraints_take_points_away_and_change_no_others(drawn):
    free = drawn(kind="random", samples=50)
    held = drawn(kind="random", samples=50, constraints=["k_form <= 1.6"])
    kept = free["k_form"] <= 1.6
    assert 0 < kept.sum() < 50
    assert held["k_form"].tolist() == free["k_form"][kept].tolist()
    assert held["P_PTH"].tolist() == free["P_PTH"][kept].tolist()


@pytest.mark.parametrize(
    ("kind", "samples", "says"),
    [
        ("sobol", 60, "60 is not a power of 2, and sobol points are even only for one; take 32 or"),
        ("sobol", 64, ""),
        ("random", 60, ""),
    ],
)
def test_a_number_that_is_no_power_of_2_is_remarked_for_sobol_points(kind, samples, says, designs):
    said = remark(load_design(designs.sample(kind, samples)))
    assert said.startswith(says)
    assert bool(said) == bool(says)
