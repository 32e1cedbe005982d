"""Fracture risk of simulated women."""

import numpy as np
import pytest
import xarray as xr

import remodel as rm
from remodel.errors import ConfigError
from remodel.files import write_netcdf
from remodel.fracture import INPUTS, SITES, ten_year_probability

DENOSUMAB = "denosumab 60 mg every 6 mo x 4"
PATIENTS = rm.Patients(
    age=[60.0, 66.0, 72.0], menopause_age=[48.0, 50.0, np.nan],
    t_score_femoral_neck=[-1.0, np.nan, -2.5],
)  # fmt: skip


@pytest.fixture(scope="module")
def treated():
    return rm.simulate(
        schedule={"untreated": None, "denosumab": DENOSUMAB}, patient=PATIENTS, years=5,
        outputs=INPUTS,
    )  # fmt: skip


@pytest.fixture(scope="module")
def risk(treated):
    return rm.fracture_risk(treated)


def test_an_untreated_woman_has_the_published_probability():
    ds = rm.simulate(patient=rm.Patient(age=65, t_score_femoral_neck=-2.0), years=10)
    found = rm.fracture_risk(ds)
    for site in SITES:
        expected = float(ten_year_probability(65, -2.0, site))
        assert found[f"fracture_probability_{site}"].values[0, -1] == pytest.approx(
            expected, rel=0.01
        )
        assert found[f"ten_year_probability_{site}"].values[0, 0] == pytest.approx(
            expected, rel=1e-4
        )


def test_denosumab_protects_and_its_end_takes_that_away(treated, risk):
    hazard = risk["fracture_hazard_vertebral"].values
    month = treated["month"].values
    on, after = np.searchsorted(month, 18), np.searchsorted(month, 36)
    untreated, given = hazard[:3], hazard[3:]
    assert np.all(given[:, on] < 0.7 * untreated[:, on])
    assert np.all(given[:, after] > 1.3 * given[:, on])
    several = risk["multiple_vertebral_share"].values
    assert np.all(several[:3] == pytest.approx(0.387))
    assert several[3:, on] == pytest.approx(0.387)
    assert np.all(several[3:, after] > 0.45)


def test_probabilities_rise_and_stay_below_one(risk):
    for site in SITES:
        values = risk[f"fracture_probability_{site}"].values
        assert np.all(values[:, 0] == 0)
        assert np.all(np.diff(values, axis=1) > 0)
        assert np.all(values < 100)
        assert risk[f"fracture_hazard_{site}"].attrs["units"] == "1/y"
        assert "long_name" in risk[f"ten_year_probability_{site}"].attrs


def test_women_stay_who_they_are_when_selected_or_written(treated, risk, tmp_path):
    chosen = treated.isel(simulation=[4, 5])
    write_netcdf(chosen, tmp_path / "a.nc")
    for dataset in (chosen, xr.open_dataset(tmp_path / "a.nc")):
        again = rm.fracture_risk(dataset)["fracture_probability_hip"].values
        assert again == pytest.approx(risk["fracture_probability_hip"].values[4:], rel=1e-5)


def test_a_twin_has_the_parameters_and_the_menopause_of_the_woman():
    # a woman whose menopause comes after the start: her twin loses bone as she does
    ds = rm.simulate(
        schedule=["menopause at 51 y", f"menopause at 51 y; {DENOSUMAB}"], years=4,
        patient=rm.Patient(age=50, menopause_age=None), outputs=INPUTS,
        parameters={"ctx_floor": [0.1, 0.12]},
    )  # fmt: skip
    alone = rm.fracture_risk(ds.isel(simulation=[0]))
    both = rm.fracture_risk(ds)
    ratio = both["fracture_hazard_hip"].values[0] / alone["fracture_hazard_hip"].values[0]
    assert ratio == pytest.approx(1.0, abs=1e-4)
    assert both["fracture_hazard_hip"].values[1, 18] < both["fracture_hazard_hip"].values[0, 18]


def test_risk_factors_come_from_arguments_or_coordinates(treated, risk):
    base = risk["fracture_probability_hip"].values[:, -1]
    by_woman = rm.fracture_risk(treated, women={"smoking": [0, 1, 0, 0, 1, 0], "bmi": 25})
    found = by_woman["fracture_probability_hip"].values[:, -1]
    assert found[[0, 2, 3, 5]] == pytest.approx(base[[0, 2, 3, 5]])
    assert np.all(found[[1, 4]] > 1.3 * base[[1, 4]])

    by_coordinate = treated.assign_coords(smoking=("simulation", [0.0, 1, 0, 0, 1, 0]))
    again = rm.fracture_risk(by_coordinate)["fracture_probability_hip"].values[:, -1]
    assert again == pytest.approx(found)


def test_a_given_twin_is_used(treated, risk):
    twins = treated.isel(simulation=[0, 1, 2, 0, 1, 2])
    found = rm.fracture_risk(treated, untreated=twins)
    assert found["fracture_hazard_hip"].values == pytest.approx(
        risk["fracture_hazard_hip"].values, rel=1e-5
    )


def test_draws_give_a_band_and_a_seed_gives_it_again(treated):
    one, two, other = (
        rm.fracture_risk(treated, draws=40, seed=s, sites=["hip"]) for s in (1, 1, 2)
    )
    low, high = (one[f"fracture_probability_hip_{n}"].values[:, -1] for n in ("low_90", "high_90"))
    mean = one["fracture_probability_hip"].values[:, -1]
    assert np.all((low < mean) & (mean < high))
    assert one.equals(two)
    assert not one.equals(other)


def test_failed_simulations_stay_missing(treated):
    gone = treated.copy(deep=True)
    for name in INPUTS:
        gone[name][4] = np.nan
    found = rm.fracture_risk(gone, untreated=treated)["fracture_probability_hip"].values
    assert np.all(np.isnan(found[4, 1:]))
    assert np.all(np.isfinite(found[[0, 1, 2, 3, 5]]))


def test_women_of_a_population_bring_their_factors_and_their_wander():
    women = rm.population(6, like="aromatase_inhibitor", seed=3)
    arms = {"untreated": None, "denosumab": DENOSUMAB}
    ds = rm.simulate(schedule=arms, patient=women, years=3, outputs=INPUTS)
    found = rm.fracture_risk(ds)
    untreated = rm.fracture_risk(ds.isel(simulation=slice(0, 6)))
    hazard = found["fracture_hazard_hip"].values
    assert hazard[:6] == pytest.approx(untreated["fracture_hazard_hip"].values, rel=1e-3)
    assert np.all(hazard[6:, 24] <= hazard[:6, 24] * 1.001)
    steady = ds.assign(bmd_total_hip=ds.bmd_total_hip / (1 + ds.wander_total_hip))
    same = rm.fracture_risk(steady.drop_vars("wander_total_hip"))["fracture_hazard_hip"]
    assert same.values == pytest.approx(hazard, rel=1e-4)
    assert abs(ds.wander_total_hip).max() > 0.001
    without = rm.fracture_risk(ds.drop_vars(["prior_fracture", "smoking", "parental_fracture"]))
    assert np.all(without["fracture_hazard_hip"].values <= hazard * 1.0001)
    assert np.any(without["fracture_hazard_hip"].values < 0.9 * hazard)


@pytest.mark.parametrize(
    ("change", "arguments", "words"),
    [
        (lambda ds: ds.drop_vars("ctx"), {}, "ctx is missing"),
        (lambda ds: ds.isel(time=slice(1, None)), {}, "time 0"),
        (lambda ds: ds.drop_attrs(), {}, "untreated="),
        (lambda ds: ds, {"country": "Atlantis"}, "no published incidence"),
        (lambda ds: ds, {"sites": ["hipp"]}, "Did you mean 'hip'"),
        (lambda ds: ds, {"women": {"smoker": 1}}, "Did you mean 'smoking'"),
        (lambda ds: ds, {"women": {"smoking": [0, 1]}}, "2 entries for 6"),
        (lambda ds: ds, {"women": {"smoking": "often"}}, "expected numbers"),
        (lambda ds: ds, {"women": {"smoking": 3}}, "smoking = 3"),
        (lambda ds: ds, {"draws": 1.5}, "draws"),
    ],
)
def test_what_is_missing_or_wrong_is_one_sentence(treated, change, arguments, words):
    with pytest.raises(ConfigError, match=words):
        rm.fracture_risk(change(treated), **arguments)


def test_who_starts_from_a_snapshot_needs_a_twin():
    now = rm.snapshot(schedule=DENOSUMAB, at="12 mo")
    ds = rm.simulate(start=now, schedule=None, years=1, outputs=INPUTS)
    with pytest.raises(ConfigError, match="give untreated="):
        rm.fracture_risk(ds)
    women = {"age": 63.0}
    twin = rm.simulate(patient=rm.Patient(age=63), years=1, outputs=INPUTS)
    rebound = rm.fracture_risk(ds, untreated=twin, women=women)["fracture_hazard_vertebral"]
    assert float(rebound[0, -1]) > 1.3 * float(rebound[0, 0])


def test_a_twin_of_other_times_or_women_is_refused(treated):
    with pytest.raises(ConfigError, match="its times"):
        rm.fracture_risk(treated, untreated=treated.isel(time=slice(0, 5)))
    with pytest.raises(ConfigError, match="2 simulations for 6"):
        rm.fracture_risk(treated, untreated=treated.isel(simulation=[0, 1]))


def test_drugs_that_the_link_is_not_for_are_named(risk):
    assert "beyond_link" not in risk.attrs
    drug = "romosozumab 210 mg monthly x 12"
    ds = rm.simulate(schedule=drug, patient=rm.Patient(age=70), years=1, outputs=INPUTS)
    said = rm.fracture_risk(ds, sites=["hip"]).attrs["beyond_link"]
    assert said.startswith("Fractures under romosozumab are predicted too high")
    bare = ds.assign_attrs(provenance="")
    unknown = rm.fracture_risk(bare, sites=["hip"], untreated=ds, women={"age": 70})
    assert "beyond_link" not in unknown.attrs
