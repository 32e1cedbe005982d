"""Experiments that are sweeps: read, run, compared and drawn like the others."""

from __future__ import annotations

import json

import pytest

from remodel.errors import ConfigError, StoreError
from remodel.experiments import load_experiment, run_experiment

pytest.importorskip("zarr")

EXPERIMENT = """
title = "Formation and PTH"
question = "How much?"
answer = "Much."
model = "pivonka2008"
kind = "grid"
years = 1
outputs = ["bone_volume"]

[reductions.most_bone]
of = "bone_volume"
take = "maximum"

[factors.P_PTH]
values = [0, 100, 500, 1000]

[factors.k_form]
lower = 1.2
upper = 2.0
count = 5

[quick]
factors.k_form = { count = 2 }

[[figures]]
name = "most_bone"
kind = "map"
variable = "most_bone"
x = "P_PTH"
y = "k_form"

[[figures]]
name = "fan"
kind = "fan_chart"
variable = "bone_volume"
"""
ROW = {"arm": "P_PTH=500, k_form=1.2", "output": "bone_volume", "month": 12, "value": 0,
       "tolerance": 1e-3}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "experiment.toml").write_text(EXPERIMENT)
    (tmp_path / "expected.json").write_text(json.dumps({"full": [ROW], "quick": [ROW]}))
    return tmp_path


def test_a_sweep_is_run_drawn_and_compared(folder):
    experiment = load_experiment(folder)
    assert (experiment.question, experiment.answer) == ("How much?", "Much.")
    outcome = run_experiment(experiment)
    assert outcome.dataset.sizes["simulation"] == 20
    assert [path.stem for path in outcome.figures] == ["most_bone", "fan"]
    assert [number.passed for number in outcome.numbers] == [False]
    for name in ("config.toml", "manifest.json", "data.nc", "numbers.json", "simulations.zarr"):
        assert (folder / "results" / name).exists()
    run_experiment(experiment, accept_numbers=True)
    assert [n.passed for n in run_experiment(experiment).numbers] == [True]


def test_quick_mode_replaces_single_values(folder):
    outcome = run_experiment(load_experiment(folder), quick=True)
    assert outcome.dataset.sizes["simulation"] == 8
    assert [path.stem for path in outcome.figures] == ["most_bone"]


def test_a_number_of_a_cell_that_is_not_there_is_refused(folder):
    (folder / "expected.json").write_text(json.dumps({"full": [{**ROW, "arm": "P_PTH=501"}]}))
    with pytest.raises(ConfigError, match="no simulation has P_PTH = 501; the nearest is 500"):
        run_experiment(load_experiment(folder))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('name = "fan"', 'name = "Most_Bone"', "the name 'Most_Bone' is given twice"),
        ('name = "fan"', 'name = "a/b"', "the name 'a/b' contains '/'"),
        (
            'name = "fan"',
            'name = "fan"\ntitle = "$x^$"',
            "title: the formula in '$x^$' cannot be drawn",
        ),
        ('kind = "map"', 'kind = "mop"', "'mop' is not a kind of figure here. Did you mean 'map'?"),
        ('variable = "most_bone"', 'variable = "most_bones"', "Did you mean 'most_bone'?"),
        ('y = "k_form"', 'y = "k_fort"', "'k_fort' is not a factor. Did you mean 'k_form'?"),
        ('x = "P_PTH"', 'z = "P_PTH"', "unknown key"),
        ('title = "Formation and PTH"', "", "title: this key is missing"),
        ("count = 5", "count = 1", "expected a whole number from 2"),
    ],
)
def test_a_mistake_is_named_with_its_place(old, new, says, folder):
    (folder / "experiment.toml").write_text(EXPERIMENT.replace(old, new, 1))
    with pytest.raises(ConfigError) as error:
        load_experiment(folder)
    assert says in str(error.value)


def test_the_store_of_another_design_is_never_deleted(folder):
    other = folder / "other"
    other.mkdir()
    (other / "experiment.toml").write_text(EXPERIMENT.replace("years = 1", "years = 2"))
    outcome = run_experiment(load_experiment(folder))
    files = {
        p: p.read_bytes() for p in (outcome.folder / "simulations.zarr").rglob("*") if p.is_file()
    }
    assert files
    with pytest.raises(
        StoreError, match="cannot be continued: the design has changed, years was 1"
    ):
        run_experiment(load_experiment(other), out=outcome.folder)
    assert all(path.read_bytes() == content for path, content in files.items())


def test_simulations_that_are_there_are_used_again(folder):
    experiment = load_experiment(folder)
    first = run_experiment(experiment)
    before = (first.folder / "simulations.zarr" / "zarr.json").stat().st_mtime_ns
    second = run_experiment(experiment)
    assert (first.folder / "simulations.zarr" / "zarr.json").stat().st_mtime_ns == before
    assert second.dataset.identical(first.dataset)
