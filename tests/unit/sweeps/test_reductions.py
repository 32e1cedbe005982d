from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.errors import ConfigError
from remodel.sweeps import load_design, sweep
from remodel.sweeps.reductions import Reduction
from remodel.units import DAYS_PER_MONTH

SEVERAL = {
    "least": {"take": "minimum"},
    "most": {"take": "maximum", "from_months": 3, "to_months": 11},
    "least_at": {"take": "time_of_minimum"},
    "most_at": {"take": "time_of_maximum", "from_months": 3, "to_months": 11},
    "middle": {"take": "mean", "from_months": 2, "to_months": 10},
    "whole": {"take": "area"},
    "low": {"take": "time_below", "below": -20.0, "to_months": 11},
    "high": {"take": "time_above", "above": -20.0, "to_months": 11},
}
DAYS = np.arange(0.0, 365.25, 0.05)


def dosed(designs, variable: str, **changes):
    """Return a sweep of two doses with every reduction of a variable."""
    reductions = {n: {"of": variable, **more} for n, more in SEVERAL.items()}
    factors = {"dose": {"values": [30.0, 60.0]}, "interval": {"values": [7.9]}}
    settings = {"years": 1, "outputs": [], "precision": "float64", "factors": factors}
    return sweep(designs.treatment(**{**settings, "reductions": reductions, **changes}))


@pytest.fixture(scope="module")
def followed():
    """Return the change of CTX of one of these women every twentieth of a day."""
    ds = rm.simulate(
        schedule="denosumab 60 mg every 7.9 mo for 2 y", times=DAYS,
        outputs=["ctx_percent_change", "ctx"],
    )  # fmt: skip
    return {name: ds[name].to_numpy()[0] for name in ("ctx_percent_change", "ctx")}


@pytest.mark.parametrize("variable", ["ctx_percent_change", "ctx"])
def test_reductions_are_those_of_the_solution_followed_closely(variable, designs, followed):
    level = followed["ctx"][0]
    low = -20.0 if variable != "ctx" else 0.8 * level
    reductions = {n: {"of": variable, **more} for n, more in SEVERAL.items()}
    reductions["low"]["below"] = reductions["high"]["above"] = low
    found = dosed(designs, variable, reductions=reductions).sel(dose=60.0, interval=7.9)
    values = followed[variable]

    def within(first: float, last: float) -> np.ndarray:
        return (first * DAYS_PER_MONTH <= DAYS) & (last * DAYS_PER_MONTH >= DAYS)

    late, middle, early = within(3, 11), within(2, 10), within(0, 11)
    size = np.ptp(values)
    assert float(found["least"]) == pytest.approx(values.min(), abs=1e-4 * size)
    assert float(found["most"]) == pytest.approx(values[late].max(), abs=1e-4 * size)
    assert float(found["least_at"]) == pytest.approx(DAYS[values.argmin()], abs=0.1)
    assert float(found["most_at"]) == pytest.approx(DAYS[late][values[late].argmax()], abs=0.1)
    assert float(found["middle"]) == pytest.approx(values[middle].mean(), abs=1e-3 * size)
    assert float(found["whole"]) == pytest.approx(
        np.trapezoid(values, DAYS), abs=1e-3 * size * 365.25
    )
    below = 0.05 * (values[early] < low).sum()
    assert float(found["low"]) == pytest.approx(below, abs=0.2)
    assert float(found["low"] + found["high"]) == pytest.approx(11 * DAYS_PER_MONTH)


def test_no_reduction_depends_on_the_step_or_on_what_is_stored(designs):
    coarse = dosed(designs, "ctx_percent_change", step_months=6)
    for changes in ({"step_months": 0.1}, {"outputs": ["ctx"]}, {"stored_months": [0, 5]}):
        fine = dosed(designs, "ctx_percent_change", **changes)
        for name in SEVERAL:
            assert fine[name].to_numpy().tolist() == coarse[name].to_numpy().tolist(), name


def test_a_peak_between_the_steps_is_seen(designs):
    """Sampled every three months it had stripes over the interval."""
    ds = sweep(
        designs.treatment(
            schedule="denosumab 60 mg every {interval} mo for 10 y",
            years=10,
            outputs=[],
            factors={"interval": {"values": [9.1]}},
            reductions={"peak": {"of": "ctx_percent_change", "take": "maximum"}},
        )
    )
    schedule = "denosumab 60 mg every 9.1 mo for 10 y"
    peaks = {
        step: float(rm.simulate(schedule=schedule, times=times).ctx_percent_change.max())
        for step, times in (
            ("fine", np.arange(0.0, 3652.5, 0.05)),
            ("quarterly", np.arange(0, 121, 3) * DAYS_PER_MONTH),
        )
    }
    assert float(ds["peak"][0]) == pytest.approx(peaks["fine"], abs=0.1)
    assert float(ds["peak"][0]) > peaks["quarterly"] + 1


def test_a_simulation_that_fails_has_the_numbers_of_what_came_before(designs):
    reductions = {
        "early": {"of": "bone_volume", "take": "minimum", "to_months": 1},
        "whole": {"of": "bone_volume", "take": "minimum"},
        "share": {"of": "bone_volume_percent_change", "take": "mean"},
    }
    good = sweep(designs.grid(reductions=reductions))
    limit = int((good["steps"] + good["rejected_steps"]).max()) - 1
    found = sweep(designs.grid(reductions=reductions, solver={"max_steps": limit}))
    failed = found["status"].to_numpy() != 0
    assert failed.any()
    for name in ("whole", "share"):
        assert np.isnan(found[name].to_numpy()[failed]).all()
    reached = failed & (found["stopped_at"].to_numpy() > DAYS_PER_MONTH)
    assert reached.any()
    assert found["early"].to_numpy()[reached].tolist() == good["early"].to_numpy()[reached].tolist()


@pytest.mark.parametrize("method", ["rodas4", "radau"])
def test_methods_agree(method, designs):
    usual = dosed(designs, "ctx_percent_change", solver={"rtol": 1e-8})
    other = dosed(designs, "ctx_percent_change", solver={"rtol": 1e-8, "method": method})
    for name in ("least", "most", "middle", "low", "most_at"):
        np.testing.assert_allclose(other[name], usual[name], rtol=1e-3, err_msg=name)


def test_names_and_units_say_what_was_done():
    below = Reduction("x", "t_score", "time_below", below=-2.5, to_months=60)
    assert below.long_name("T-score") == "time below -2.5: T-score, from 0 months to 60 months"
    assert below.unit("1") == "d"
    assert Reduction("x", "ctx", "area").unit("percent") == "percent d"
    assert Reduction("x", "ctx", "maximum").long_name("CTX") == "maximum of CTX"


def test_a_part_of_no_length_is_refused(designs):
    reductions = {"x": {"of": "bone_volume", "take": "mean", "from_months": 12}}
    with pytest.raises(ConfigError, match=r"\[reductions.x\] from_months: the simulation ends"):
        load_design(designs.grid(reductions=reductions))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"take": "minimun"}, "'minimun' cannot be taken. Did you mean 'minimum'?"),
        ({"take": "value"}, "take = 'value' needs at_months"),
        ({"take": "time_below"}, "take = 'time_below' needs below"),
        ({"take": "maximum", "below": 3.0}, "has no use for below"),
        (
            {"take": "mean", "from_months": 12.0, "to_months": 6.0},
            "from 12 to 6 months holds nothing",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(fields, says):
    with pytest.raises(ConfigError) as error:
        Reduction("x", "ctx", **fields)
    assert says in str(error.value)
