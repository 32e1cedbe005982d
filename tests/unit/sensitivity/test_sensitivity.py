"""Sensitivities have the values that theory gives, and failed simulations never count as zeros."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import xarray as xr

import remodel as rm
import remodel.sensitivity
from remodel.errors import ConfigError, SolverError
from remodel.sensitivity import METHODS, Options, load_study, sensitivity_analysis, to_frame
from remodel.sensitivity.methods import Sampled
from remodel.simulation.dataset import SimulationWarning
from remodel.sweeps import load_design, sweep
from remodel.sweeps.samples import points

pytest.importorskip("zarr")
pytest.importorskip("SALib")

NAMES = ("P_PTH", "k_form", "k_res")


def study(kind: str, samples: int, **changes: Any) -> dict[str, Any]:
    return {
        "model": "pivonka2008",
        "kind": kind,
        "samples": samples,
        "seed": 5,
        "years": 1,
        "step_months": 6,
        "outputs": ["bone_volume"],
        "reductions": {"most_bone": {"of": "bone_volume", "take": "maximum"}},
        "factors": {
            "P_PTH": {"lower": 10.0, "upper": 1000.0, "scale": "log"},
            "k_form": {"percent": 10.0},
            "k_res": {"percent": 10.0},
        },
        **changes,
    }


def sampled(kind: str, samples: int) -> Sampled:
    cube = points(load_design(study(kind, samples)))
    return Sampled(cube, np.tile([0.0, 1.0], (3, 1)), NAMES)


def ishigami(cube: np.ndarray) -> np.ndarray:
    x = -np.pi + 2 * np.pi * cube
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_sobol_indices_of_the_ishigami_function():
    """Ishigami T, Homma T (1990): first 0.314, 0.442, 0; total 0.558, 0.442, 0.244."""
    sample = sampled("saltelli", 2048)
    found = METHODS["sobol"].analyze(sample, ishigami(sample.points), Options())
    np.testing.assert_allclose(found["first_order"], [0.314, 0.442, 0.0], atol=0.03)
    np.testing.assert_allclose(found["total_order"], [0.558, 0.442, 0.244], atol=0.03)
    assert np.all(found["total_order_interval"] < 0.1)


def test_morris_effects_of_a_straight_line_are_its_slopes():
    sample = sampled("morris", 20)
    found = METHODS["morris"].analyze(sample, sample.points @ [3.0, -2.0, 0.0], Options())
    np.testing.assert_allclose(found["mu"], [3, -2, 0], atol=1e-12)
    np.testing.assert_allclose(found["mu_star"], [3, 2, 0], atol=1e-12)
    np.testing.assert_allclose(found["sigma"], 0, atol=1e-12)


@pytest.mark.filterwarnings("ignore::UserWarning:SALib")
@pytest.mark.parametrize("name", ["pawn", "delta"])
def test_methods_of_given_data_rank_a_known_function(name):
    sample = sampled("sobol", 512)
    values = sample.points @ [5.0, 1.0, 0.0]
    found = METHODS[name].analyze(sample, values, Options(resamples=4))
    main = found[METHODS[name].main]
    assert main[0] > 3 * main[1:].max()


@pytest.mark.parametrize(
    ("kind", "samples", "method", "main"),
    [
        ("morris", 12, None, "mu_star"),
        ("saltelli", 32, None, "total_order"),
        ("latin_hypercube", 60, None, "pawn_median"),
        ("random", 60, "delta", "delta"),
    ],
)
def test_from_a_design_to_labelled_sensitivities(kind, samples, method, main, tmp_path):
    design = study(kind, samples, sensitivity={"resamples": 5})
    found = sensitivity_analysis(design, tmp_path, method=method)
    over_time = found[f"bone_volume_{main}"]
    assert over_time.dims == ("factor", "time")
    assert found["factor"].to_numpy().tolist() == list(NAMES)
    assert np.isnan(over_time[:, 0]).all()  # at the start it does not vary: unknown, not zero
    assert np.isfinite(over_time[:, 1:]).all()
    assert found[f"most_bone_{main}"].dims == ("factor",)
    assert over_time.attrs["units"] == ("%" if main == "mu_star" else "1")
    assert over_time.attrs["long_name"].startswith("Bone volume relative to the start: ")
    assert found.attrs["failed"] == "no simulation failed"
    with xr.open_dataset(tmp_path / "indices.nc") as again:
        xr.testing.assert_equal(again.load(), found)
    table = to_frame(found)
    last = table[(table["output"] == "bone_volume") & (table["month"] == 12)]
    assert set(last["factor"]) == set(NAMES)
    assert sensitivity_analysis(design, tmp_path, method=method, resume=True).identical(found)


def test_half_the_range_has_half_the_effect():
    """Over a small range bone volume is close to linear in the rate of formation."""

    def effect(percent: float) -> float:
        factors = {"k_form": {"percent": percent}}
        found = sensitivity_analysis(
            study("morris", 12, parameters={"P_PTH": 500.0}, factors=factors)
        )
        return float(found["bone_volume_mu_star"][0, -1])

    assert effect(10.0) == pytest.approx(2.0 * effect(5.0), rel=0.1)


@pytest.fixture
def steps_at_most() -> int:
    """A limit that the simulations with most steps do not keep."""
    found = sweep(study("morris", 20))
    return int((found["steps"] + found["rejected_steps"]).max()) - 1


def test_failed_simulations_are_refused_unless_the_design_says_what_to_do(steps_at_most):
    with pytest.raises(SolverError, match=r"\d+ of 80 simulations failed, and sensitivities need"):
        sensitivity_analysis(study("morris", 20, solver={"max_steps": steps_at_most}))


def test_dropping_failed_simulations_drops_all_that_belong_to_them_and_says_so(steps_at_most):
    design = study("morris", 20, solver={"max_steps": steps_at_most})
    found = sensitivity_analysis({**design, "sensitivity": {"failed": "drop"}})
    runs = sweep(design)
    kept = np.repeat((runs["status"].to_numpy().reshape(-1, 4) == 0).all(axis=1), 4)
    assert 0 < kept.sum() < 80
    assert found.attrs["simulations"] == kept.sum()
    assert found.attrs["failed"].startswith(f"{80 - kept.sum()} of 80 simulations left out")
    left = Sampled(sampled("morris", 20).points[kept], np.tile([0.0, 1.0], (3, 1)), NAMES)
    values = runs["most_bone"].to_numpy().astype(float)[kept]
    expected = METHODS["morris"].analyze(left, values, Options(seed=5))
    assert found["most_bone_mu_star"].to_numpy().tolist() == expected["mu_star"].tolist()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "grid"}, "a grid gives no sensitivities; use kind = 'morris'"),
        ({"sensitivity": {"method": "sobal"}}, "Did you mean 'sobol'?"),
        ({"sensitivity": {"method": "sobol"}}, "method 'sobol' does not work on a morris"),
        ({"sensitivity": {"failed": "ignore"}}, "expected refuse or drop, got 'ignore'"),
        ({"sensitivity": {"confidence": 95}}, "expected a number between 0 and 1"),
        ({"sensitivity": {"resample": 5}}, "Did you mean 'resamples'?"),
        ({"constraints": ["k_form > 1"]}, "a morris design has no constraints"),
        ({"factors": {"k_form": {"values": [1.5, 1.6]}}}, "a morris design needs a range"),
        ({"samples": 9}, "samples: sensitivities need at least 10"),
        ({"kind": "saltelli", "samples": 100}, "needs a power of 2, got 100"),
    ],
)
def test_what_gives_no_sensitivities_is_refused_before_anything_runs(change, says):
    design = {**study("morris", 10), **change}
    if design["kind"] == "grid":
        design["factors"] = {"k_form": {"values": [1.5, 1.6]}}
        del design["samples"]
    with pytest.raises(ConfigError) as error:
        load_study(design)
    assert says in str(error.value)


def test_a_grid_gives_no_sensitivities_whatever_else_it_lacks():
    factors = {"k_form": {"lower": 1.5, "upper": 1.6}}
    with pytest.raises(ConfigError, match="kind: a grid gives no sensitivities"):
        load_study({"model": "pivonka2008", "kind": "grid", "factors": factors})


def test_a_few_simulations_that_are_left_are_warned_about(steps_few_keep):
    design = study("random", 60, solver={"max_steps": steps_few_keep})
    with pytest.warns(SimulationWarning, match=r"only \d+ of 60 simulations are left"):
        found = sensitivity_analysis({**design, "sensitivity": {"failed": "drop"}})
    left = found.attrs["simulations"]
    assert 10 <= left < 30
    assert f"; only {left} of 60 simulations are left; the indices are" in found.attrs["failed"]


@pytest.fixture
def steps_few_keep() -> int:
    """A limit that a third of the simulations keep."""
    found = sweep(study("random", 60))
    return int(np.quantile(found["steps"] + found["rejected_steps"], 0.33))


def test_progress_hears_simulations_then_outputs_and_times(heard):
    sensitivity_analysis(study("morris", 12), progress=heard)
    assert heard.calls[0] == ("start", 48)
    second = heard.calls.index(("start", 4))
    assert sum(n for what, n, *_ in heard.calls[:second] if what == "advance") == 48
    assert heard.calls[second + 1 :] == [
        ("say", "Analyzing bone_volume ..."),
        *[("advance", 1, 0)] * 3,
        ("say", "Analyzing most_bone ..."),
        ("advance", 1, 0),
    ]


def test_the_former_name_still_works_and_says_the_new_one():
    with pytest.warns(DeprecationWarning, match="now called remodel.sensitivity_analysis"):
        former = remodel.sensitivity.sensitivity(study("morris", 12))
    assert former.identical(rm.sensitivity_analysis(study("morris", 12)))


@pytest.mark.filterwarnings("ignore::UserWarning:SALib")
@pytest.mark.parametrize(("method", "resamples"), [("delta", 20), ("pawn", 100)])
def test_a_method_that_is_slow_takes_fewer_resamples(method, resamples):
    design = study("random", 60)
    assert load_study(design, method).options.resamples == resamples
    asked = {**design, "sensitivity": {"resamples": 7}}
    assert load_study(asked, method).options.resamples == 7


@pytest.mark.parametrize(("method", "kind"), [("sobol", "saltelli"), ("delta", "sobol")])
def test_seed_0_is_a_seed(method, kind):
    sample = sampled(kind, 128)
    values, options = ishigami(sample.points), Options(resamples=3, seed=0)
    with warnings.catch_warnings(record=True):  # SALib changes the filters
        first = METHODS[method].analyze(sample, values, options)
        np.random.random(3)  # noqa: NPY002 (somebody else uses the numbers of everybody)
        again = METHODS[method].analyze(sample, values, options)
    for name, found in first.items():
        assert again[name].tolist() == found.tolist(), name


def test_words_have_no_sensitivities(tmp_path):
    (tmp_path / "runs.csv").write_text("drug,dose\n" + "denosumab,60\nromosozumab,200\n" * 10)
    design = {
        "model": "jorg2022", "kind": "table", "table": str(tmp_path / "runs.csv"), "years": 1,
        "schedule": "{drug} {dose} mg once", "outputs": ["ctx"],
    }  # fmt: skip
    with pytest.raises(ConfigError, match="drug has words for values; sensitivities need numbers"):
        sensitivity_analysis(design)
