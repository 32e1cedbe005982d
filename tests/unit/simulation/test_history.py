"""Patients in the reference model: her past, her menopause, and treatment before day 0."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.simulation import treatment
from remodel.simulation.dataset import SimulationWarning
from remodel.simulation.patients import relative_densities
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

PRE, PERIPHERAL = (
    rm.load_model("reference").parameters[name].value
    for name in ("estradiol_premenopausal", "estradiol_peripheral")
)
SITES = ("lumbar_spine", "total_hip", "femoral_neck")
AI = "anastrozole 1 mg daily for 5 y"


def estradiol(**arguments):
    length = {} if "times" in arguments else {"years": 1}
    return rm.simulate(outputs=["estradiol"], **{**length, **arguments}).estradiol.values


def test_before_menopause_estradiol_is_that_of_the_ovaries() -> None:
    young, old = estradiol(patient=[rm.Patient(30), rm.Patient(62)])[:, 0]
    assert young == pytest.approx(PRE, rel=1e-6)
    assert old == pytest.approx(PERIPHERAL, rel=1e-3)


def test_a_woman_without_menopause_stays_as_she_is() -> None:
    found = rm.simulate(patient=rm.Patient(30, menopause=None), years=50)
    assert found.status.values.tolist() == [0]
    for name in ("ctx", "p1np", "bmd_total_hip", "bmd_lumbar_spine", "estradiol"):
        values = found[name].values[0]
        assert values == pytest.approx(np.full_like(values, values[0]), rel=1e-5), name


@pytest.mark.parametrize(
    "arguments",
    [
        {"patient": rm.Patient(62, menopause_age=47)},
        {"parameters": {"menopause_age": 47}},
        {"parameters": {"menopause_age": 47}, "patient": rm.Patient(62)},
        {"schedule": "menopause at 47 y"},
        {"schedule": "menopause from -15 y"},
        {"parameters": rm.load_model("reference").parameters.replace({"menopause_age": 47})},
    ],
)
def test_the_age_at_menopause_can_be_given_in_any_of_these_ways(arguments) -> None:
    expected = rm.simulate(patient=rm.Patient(62, menopause_age=47), years=1)
    found = rm.simulate(**arguments, years=1)
    for name in ("estradiol", "ctx", "bmd_total_hip"):
        assert found[name].values == pytest.approx(expected[name].values, rel=1e-12), name


def test_an_array_of_ages_at_menopause_is_followed() -> None:
    ages = [45.0, 50.0, 55.0]
    found = rm.simulate(parameters={"menopause_age": ages}, years=1, outputs=["bmd_total_hip"])
    single = [
        rm.simulate(patient=rm.Patient(menopause_age=a), years=1, outputs=["bmd_total_hip"])
        for a in ages
    ]
    for i in range(3):
        assert found.bmd_total_hip.values[i].tolist() == single[i].bmd_total_hip.values[0].tolist()


def test_menopause_in_the_future_comes_then() -> None:
    found = estradiol(patient=rm.Patient(45, menopause_age=48), years=6)[0]
    assert found[0] > 0.75 * PRE
    assert found[-1] < 2 * PERIPHERAL
    by_time = estradiol(patient=rm.Patient(45), schedule="menopause from 3 y", years=6)[0]
    assert by_time == pytest.approx(found, rel=1e-12)


def test_removal_of_the_ovaries_takes_their_estradiol_at_once() -> None:
    patient = rm.Patient(46, menopause="surgical", menopause_age=45)
    assert estradiol(patient=patient)[0] == pytest.approx(np.full(13, PERIPHERAL))
    future = rm.Patient(46, menopause="surgical", menopause_age=46.5)
    values = estradiol(patient=future, times=[0.0, 180.0, 185.0, 200.0])[0]
    assert values[:2] == pytest.approx([PRE, PRE], rel=1e-3)
    assert values[2:] == pytest.approx([PERIPHERAL] * 2)


@pytest.mark.parametrize(
    ("schedule", "patient"),
    [
        ("oophorectomy from 6 mo", rm.Patient(40)),
        ("oophorectomy at 40.5 y", rm.Patient(40)),
        (None, rm.Patient(40, menopause="surgical", menopause_age=40.5)),
    ],
)
def test_the_same_surgery_said_in_three_ways(schedule, patient) -> None:
    found = rm.simulate(schedule=schedule, patient=patient, years=3)
    reference = rm.simulate(schedule="oophorectomy from 6 mo", patient=rm.Patient(40, 51), years=3)
    for name in ("estradiol", "ctx"):
        assert found[name].values == pytest.approx(reference[name].values, rel=1e-4), name


def test_surgery_before_day_0_counts_whether_it_is_hers_or_the_schedules() -> None:
    scheduled = rm.simulate(schedule="oophorectomy from -6 mo", patient=rm.Patient(40), years=2)
    hers = rm.simulate(patient=rm.Patient(40, menopause="surgical", menopause_age=39.5), years=2)
    assert scheduled.estradiol.values == pytest.approx(np.full((1, 25), PERIPHERAL))
    assert scheduled.ctx.values == pytest.approx(hers.ctx.values, rel=1e-4)


def test_surgery_between_a_first_dose_and_day_0_is_not_undone() -> None:
    patient = rm.Patient(45, menopause="surgical", menopause_age=44.5)
    found = rm.simulate(
        schedule="denosumab 60 mg every 6 mo x 4 from -1 y", patient=patient, years=1
    )
    assert found.estradiol.values == pytest.approx(np.full((1, 13), PERIPHERAL))


def test_treatment_before_day_0_is_the_run_observed_later() -> None:
    shift = 12 * DAYS_PER_MONTH
    schedule = "anastrozole 1 mg daily for 3 y; zoledronic acid 4 mg every 6 mo for 2 y"
    whole = rm.simulate(
        schedule=schedule,
        patient=rm.Patient(61),
        times=shift + np.arange(25) * DAYS_PER_MONTH,
        rtol=1e-9,
    )
    later = rm.simulate(
        schedule="anastrozole 1 mg daily for 3 y from -12 mo; "
        "zoledronic acid 4 mg every 6 mo for 2 y from -12 mo",
        patient=rm.Patient(61 + shift / DAYS_PER_YEAR),
        years=2,
        rtol=1e-9,
    )
    for name in ("ctx", "bmd_total_hip", "bmd_lumbar_spine", "estradiol", "p1np"):
        assert later[name].values == pytest.approx(whole[name].values, rel=2e-7), name
    assert np.all(later.ctx_percent_change.isel(time=0) == 0.0)


def test_baseline_t_scores_are_met_exactly() -> None:
    scores = {"t_score_lumbar_spine": -1.5, "t_score_total_hip": -2.25, "t_score_femoral_neck": 0.5}
    plain, low = (
        rm.simulate(schedule=AI, patient=patient, years=5)
        for patient in (rm.Patient(65), rm.Patient(65, **scores))
    )
    for site in SITES:
        score = f"t_score_{site}"
        assert float(low[score][0, 0]) == pytest.approx(scores[score], abs=1e-12)
        assert float(plain[score][0, 0]) != pytest.approx(scores[score], abs=1e-3)
    # cells do not know how dense the bone is; the little that PTH brings them is all
    np.testing.assert_allclose(low.ctx, plain.ctx, rtol=5e-3)
    np.testing.assert_allclose(low.p1np, plain.p1np, rtol=5e-3)


def test_the_same_grams_are_more_percent_of_a_thin_skeleton() -> None:
    dense, usual, thin = (
        rm.simulate(
            schedule="denosumab 60 mg every 6 mo for 1 y", years=1,
            patient=rm.Patient(70, t_score_lumbar_spine=score),
        )
        for score in (0.5, -1.0, -2.8)
    )  # fmt: skip
    gains = [float(run.bmd_lumbar_spine_percent_change[0, -1]) for run in (dense, usual, thin)]
    grams = [
        g * float(r.bmd_lumbar_spine[0, 0])
        for g, r in zip(gains, (dense, usual, thin), strict=True)
    ]
    assert gains[0] < gains[1] < gains[2]
    assert gains[2] > 1.15 * gains[1]
    # what is left of a difference in grams is the history: thin bone lost more since menopause
    np.testing.assert_allclose(grams, grams[1], rtol=0.1)


def test_density_relative_to_peers_is_that_of_the_tables() -> None:
    model = rm.load_model("reference")
    names = model.density["total_hip"]
    usual = {name: np.array([p.value * p.factor]) for name, p in model.all_parameters.items()}
    known = {**usual, "time": np.array([75.0]) * DAYS_PER_YEAR, "male": np.zeros(1)}
    mean = model.constants((names.peers,), known)[names.peers]
    sd = usual[names.reference_sd]
    for shift in (-2.0, 0.0, 1.5):
        score = (mean - usual[names.reference]) / sd + shift
        found = relative_densities(model, {"total_hip": score}, known)[names.relative]
        np.testing.assert_allclose(found, (mean + shift * sd) / mean)


def test_relative_density_can_be_given_in_place_of_a_t_score() -> None:
    schedule, thin = "denosumab 60 mg every 6 mo for 1 y", {"relative_density_lumbar_spine": 0.8}
    given, by_score, usual = (
        rm.simulate(schedule=schedule, patient=patient, parameters=parameters, years=1)
        for patient, parameters in (
            (rm.Patient(60), thin),
            (rm.Patient(60, t_score_lumbar_spine=0.5), thin),
            (rm.Patient(60), {}),
        )
    )
    change = "bmd_lumbar_spine_percent_change"
    np.testing.assert_allclose(given[change], by_score[change], rtol=1e-9)
    assert float(given[change][0, -1]) > 1.1 * float(usual[change][0, -1]) > 0


def test_a_t_score_of_one_site_and_patient_leaves_the_others() -> None:
    people = [rm.Patient(65), rm.Patient(65, t_score_total_hip=-2.0)]
    found = rm.simulate(patient=people, years=1)
    assert float(found.t_score_total_hip[1, 0]) == pytest.approx(-2.0, abs=1e-12)
    for site in ("lumbar_spine", "femoral_neck"):
        values = found[f"t_score_{site}"].values
        np.testing.assert_allclose(values[0], values[1], atol=5e-3)  # by calcium of the hip
    alone = rm.simulate(patient=people[0], years=1)
    assert alone.t_score_total_hip.values[0].tolist() == found.t_score_total_hip.values[0].tolist()


def test_the_lowest_t_scores_allowed_leave_some_bone() -> None:
    lowest = {f"t_score_{site}": -6.0 for site in SITES}
    found = rm.simulate(patient=rm.Patient(80, **lowest), years=1)
    for site in SITES:
        assert np.all(found[f"bmd_{site}"] > 0)


def test_steady_state_of_a_drug_is_that_of_a_long_run_in() -> None:
    names = ["denosumab_central", "denosumab_depot", "denosumab_peripheral"]
    steady = rm.simulate(
        schedule="denosumab 60 mg every 6 mo x 2 at steady state", years=1, outputs=names
    )
    run_in = rm.simulate(
        schedule="denosumab 60 mg every 6 mo x 12 from -5 y", years=1, outputs=names
    )
    for name in names:
        largest = float(run_in[name].max())
        assert steady[name].values == pytest.approx(run_in[name].values, abs=1e-5 * largest)
    assert float(steady.denosumab_central[0, 0]) > 0


def test_steady_state_of_a_daily_drug_is_there_on_day_0() -> None:
    found = rm.simulate(
        schedule="anastrozole 1 mg daily for 1 y at steady state",
        years=0.9,
        outputs=["anastrozole_central", "ctx"],
    )
    level = found.anastrozole_central.values[0]
    assert level == pytest.approx(np.full_like(level, level[0]), rel=1e-5)
    assert level[0] > 0


def test_steady_state_of_one_woman_does_not_depend_on_the_others() -> None:
    schedule = "denosumab 60 mg every 6 mo x 2 at steady state"
    clearance = rm.load_model("reference").parameters["denosumab_clearance"].value
    varied = {"denosumab_clearance": [clearance, 1.3 * clearance]}
    both = rm.simulate(schedule=schedule, years=1, parameters=varied, outputs=["ctx"])
    for i, value in enumerate(varied["denosumab_clearance"]):
        one = {"denosumab_clearance": [value]}
        alone = rm.simulate(schedule=schedule, years=1, parameters=one, outputs=["ctx"])
        assert alone.ctx.values[0].tolist() == both.ctx.values[i].tolist()


def test_a_past_of_many_doses_is_cut_into_pieces(monkeypatch) -> None:
    daily = {
        "schedule": "letrozole 2.5 mg daily for 2 y from -1 y; oophorectomy from -3 mo",
        "patient": rm.Patient(age=45, menopause=None),
        "times": [0.0, 100.0],
        "exact_doses": True,
        "outputs": ["letrozole_central", "ctx", "estradiol"],
        "rtol": 1e-9,
    }
    whole = rm.simulate(max_steps=20_000, **daily)
    monkeypatch.setattr(treatment, "_PIECE", 50)
    pieces = rm.simulate(max_steps=4_000, **daily)
    for name in daily["outputs"]:
        assert pieces[name].values == pytest.approx(whole[name].values, rel=1e-7), name
    monkeypatch.setattr(treatment, "_PIECE", 10_000)
    with pytest.warns(SimulationWarning, match="too_many_steps"):
        failed = rm.simulate(max_steps=4_000, **daily)
    assert float(failed.stopped_at[0]) < 0.0


def test_a_daily_drug_as_a_rate_is_close_to_its_single_doses() -> None:
    times = np.arange(1, 25) * DAYS_PER_MONTH
    rate, single = (
        rm.simulate(schedule="letrozole 2.5 mg daily for 2 y", times=times, exact_doses=exact)
        for exact in (False, True)
    )
    for name in ("ctx", "p1np", "bmd_total_hip", "bmd_lumbar_spine"):
        assert rate[name].values == pytest.approx(single[name].values, rel=2e-3), name
    assert np.all(single.steps > 10 * rate.steps)


def test_women_operated_on_at_different_ages_have_histories_of_their_own() -> None:
    women = [rm.Patient(60, menopause="surgical", menopause_age=age) for age in (35, 45, 55)]
    outputs = ["bmd_lumbar_spine", "bmd_total_hip", "ctx"]
    together = rm.simulate(patient=women, years=1, outputs=outputs)
    for i, woman in enumerate(women):
        alone = rm.simulate(patient=woman, years=1, outputs=outputs)
        for name in outputs:
            assert together[name].values[i].tolist() == alone[name].values[0].tolist(), name
    spine = together.bmd_lumbar_spine.values[:, 0]
    assert spine[0] < spine[1] < spine[2] - 0.02, "more years without ovaries, less bone"


def test_ovaries_removed_on_the_day_treatment_starts_are_gone_that_day() -> None:
    today = rm.Patient(45, menopause="surgical", menopause_age=45)
    values = estradiol(patient=today, times=[0.0, 1.0, 30.0])[0]
    assert values == pytest.approx(np.full(3, PERIPHERAL))
    tomorrow = rm.Patient(45, menopause="surgical", menopause_age=45 + 1 / DAYS_PER_YEAR)
    values = estradiol(patient=tomorrow, times=[0.0, 0.5, 1.5])[0]
    assert values == pytest.approx([PRE, PRE, PERIPHERAL])
