"""Women under schedules: every woman in every arm, as she takes her drugs, with her wander."""

import numpy as np
import pytest

import remodel as rm
from remodel.errors import ParameterError
from remodel.populations.wander import Wander
from remodel.units import DAYS_PER_MONTH

AI = "anastrozole 1 mg daily for 5 y"
OUTPUTS = ["bmd_total_hip", "bmd_total_hip_percent_change", "t_score_total_hip", "ctx"]
MONTHS = np.array([0.0, 6.0, 12.0, 24.0])


@pytest.fixture(scope="module")
def women():
    return rm.population(12, like="aromatase_inhibitor", seed=4)


@pytest.fixture(scope="module")
def truth(women):
    arms = {"inhibitor": AI, "nothing": None}
    return rm.simulate(schedule=arms, patient=women, times=MONTHS * DAYS_PER_MONTH, outputs=OUTPUTS)


def test_every_woman_has_every_arm(truth, women):
    assert truth.sizes == {"simulation": 24, "time": 4}
    assert truth["arm"].values.tolist() == ["inhibitor"] * 12 + ["nothing"] * 12
    assert np.array_equal(truth["woman"].values, np.tile(women.woman, 2))
    assert np.array_equal(truth["weight"].values, np.tile(women.weights, 2))
    assert np.array_equal(truth["bmi"].values[:12], women["bmi"])
    start = truth["bmd_total_hip"].values[:, 0]
    assert np.array_equal(start[:12], start[12:])
    assert np.allclose(truth["t_score_total_hip"].values[:12, 0], women["t_score_total_hip"])


def test_wander_is_the_same_in_every_arm_and_leaves_markers_alone(truth, women):
    plain = rm.simulate(
        schedule={"inhibitor": AI, "nothing": None}, patient=women.without_wander(),
        times=MONTHS * DAYS_PER_MONTH, outputs=OUTPUTS,
    )  # fmt: skip
    ratio = (truth["bmd_total_hip"] / plain["bmd_total_hip"]).values
    assert np.allclose(ratio[:12], ratio[12:], rtol=1e-12)
    assert np.all(ratio[:, 0] == 1)
    assert np.all(ratio[:, 1:] != 1)
    assert np.array_equal(truth["ctx"].values, plain["ctx"].values)
    change = 100 * (truth["bmd_total_hip"] / truth["bmd_total_hip"][:, :1].values - 1)
    assert np.allclose(truth["bmd_total_hip_percent_change"], change, atol=1e-9)
    sd = rm.load_parameters("reference")["bmd_total_hip_reference_sd"].value
    gained = (truth["bmd_total_hip"] - plain["bmd_total_hip"]) / sd
    assert np.allclose(truth["t_score_total_hip"] - plain["t_score_total_hip"], gained)


def test_results_do_not_depend_on_who_else_is_simulated(truth, women):
    few = women.where(np.array([2, 7]))
    alone = rm.simulate(
        schedule=AI, patient=few, times=MONTHS * DAYS_PER_MONTH, outputs=OUTPUTS, threads=1
    )
    for name in OUTPUTS:
        assert np.array_equal(alone[name].values, truth[name].values[[2, 7]])


def test_hidden_densities_are_not_in_the_result(women):
    ds = rm.simulate(patient=women.where(np.arange(2)), years=1, outputs=["t_score_femoral_neck"])
    assert "bmd_femoral_neck" not in ds


def test_wander_does_not_depend_on_the_output_times(women):
    wander = women.definition.wander
    coarse = wander.paths(1, women.woman, women["age"], np.array([0.0, 720.0]))
    fine = wander.paths(1, women.woman, women["age"], np.linspace(0, 1800, 61))
    assert np.array_equal(coarse["total_hip"][:, -1], fine["total_hip"][:, 24])


def test_wander_has_its_variance_growth_and_correlation():
    wander = rm.population(1).definition.wander
    n = 40_000
    for age, factor in ((75.0, 1.0), (62.0, np.exp(wander.growth * -13))):
        paths = wander.paths(3, np.arange(n), np.full(n, age), np.array([0.0, 365.25]))
        year = paths["total_hip"][:, -1]
        drift = np.expm1(wander.growth) / wander.growth
        assert year.std() == pytest.approx(wander.sd[1] * np.sqrt(factor * drift), rel=0.05)
        r = np.corrcoef(year, paths["femoral_neck"][:, -1])[0, 1]
        assert r == pytest.approx(wander.correlation[2], abs=0.05)


def test_parameters_of_a_call_are_what_women_differ_from(women):
    few = women.where(np.arange(3))
    usual = rm.simulate(patient=few, years=1, outputs=["ctx"])
    twice = rm.simulate(patient=few, years=1, outputs=["ctx"],
                        parameters={"ctx_premenopausal": 0.6})  # fmt: skip
    ratio = 0.6 / rm.load_parameters("reference")["ctx_premenopausal"].value
    assert np.allclose(twice["ctx"], ratio * usual["ctx"], rtol=1e-6)
    with pytest.raises(ParameterError, match="one value for all women"):
        rm.simulate(patient=few, years=1, parameters={"ctx_premenopausal": [0.3, 0.4, 0.5]})


def test_patterns_of_adherence_reach_the_simulation():
    patterns = [
        {"pattern": "steady", "share": 0.5},
        {"pattern": "stops", "share": 0.5, "drugs": ["anastrozole"], "stop": "3 mo"},
    ]
    women = rm.population(8, like={"like": "aromatase_inhibitor", "adherence": patterns}, seed=3)
    assert set(women.adherence) == {"steady", "stops"}
    ds = rm.simulate(schedule=AI, patient=women, times=[0.0, 720.0], outputs=["estradiol"])
    level = ds["estradiol"].values[:, 1] / ds["estradiol"].values[:, 0]
    stopped = women.adherence == "stops"
    assert np.all(level[stopped] > 0.95)
    assert np.all(level[~stopped] < 0.3)
    assert ds["adherence"].values.tolist() == women.adherence.tolist()
    perfect = rm.simulate(schedule=AI, patient=women.as_prescribed(), times=[0.0, 720.0],
                          outputs=["estradiol"])  # fmt: skip
    assert np.all(perfect["estradiol"].values[:, 1] < 0.3 * perfect["estradiol"].values[:, 0])


def test_negative_imbalance_is_allowed_to_a_woman(women):
    rates = women.parameters["refilling_loss_with_age_total_hip"]
    many = rm.population(400, like="aromatase_inhibitor", seed=1)
    lost = many.parameters["refilling_loss_with_age_total_hip"]
    assert np.any(lost < 0)
    ds = rm.simulate(patient=many.where(np.flatnonzero(lost < 0)[:2]), years=1, outputs=["ctx"])
    assert np.all(ds["status"] == 0)
    assert rates.shape == (12,)


def test_wander_falls_with_the_square_of_the_years_beyond_an_age():
    wander = Wander((0.02,) * 3, 0.0, (0.0,) * 3, late_loss=(0.0, 0.001, 0.0005), late=76.0)
    years = np.array([0.0, 4.0, 8.0])
    assert wander.mean(1, 74.0, years) == pytest.approx([0.0, -0.001 * 2**2 / 2, -0.001 * 6**2 / 2])
    assert wander.mean(1, 80.0, years) == pytest.approx(
        [0.0, -0.001 * (8**2 - 4**2) / 2, -0.001 * (12**2 - 4**2) / 2]
    )
    n, times = 40_000, np.array([0.0, 2922.0])
    paths = wander.paths(1, np.arange(n), np.full(n, 80.0), times)
    means = [paths[site][:, 1].mean() for site in ("lumbar_spine", "total_hip", "femoral_neck")]
    assert means == pytest.approx([0.0, -0.064, -0.032], abs=0.001)
