"""What a model can be compared with, and the reason where it cannot."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.errors import ModelError, ObservationError
from remodel.models import load_model, model_names
from remodel.observations import Arm, Observation, Observations, load_observations, load_regimens
from remodel.predictions import Evidence, drug_class, find_targets, patient_of
from remodel.predictions.predictor import Predictor
from remodel.schedules import Dose, Schedule


def arm(schedule: str = "none", **more) -> Arm:
    return Arm("s", more.pop("name", "a"), Schedule.parse(schedule), **more)


def evidence(row: Observation, *arms: Arm) -> Evidence:
    return Evidence("t", Observations((row,)), {("s", a.name): a for a in arms})


def row(**more) -> Observation:
    return Observation("s", "a", **{"endpoint": "bmd_lumbar_spine", "time_months": 12,
                                    "value": -2.0, **more})  # fmt: skip


@pytest.mark.parametrize(
    ("model", "observation", "one", "reason"),
    [
        ("jorg2022", row(), arm(), "model 'jorg2022' has no endpoint 'bmd_lumbar_spine'."),
        ("peterson2010", row(), arm("alendronate 10 mg daily"),
         "model 'peterson2010' has no drug 'alendronate'."),
        ("jorg2022", row(endpoint="bmd_total_hip"), arm(sex="male"), "knows women only"),
        ("peterson2010", row(), arm(sex="male"), "model 'peterson2010' knows women only."),
        ("peterson2010", row(), arm(menopause="none"), "knows neither age nor menopause."),
        ("peterson2010", row(), arm(age=50.0, menopause_age=51.0), "neither age nor menopause."),
        ("jorg2022", row(endpoint="bmd_total_hip"), arm(menopause="surgical", menopause_age=45.0),
         "model 'jorg2022' has no removal of the ovaries"),
        ("jorg2022", row(endpoint="ctx", kind="level", unit="ng/mL"), arm(),
         "the level is in ng/mL, model 'jorg2022' gives it in '-'."),
        ("reference", row(kind="ratio"), arm(), "a ratio is never compared"),
    ],
)  # fmt: skip
def test_reasons(model, observation, one, reason):
    found, skipped = find_targets(load_model(model), evidence(observation, one))
    assert not found
    assert reason in skipped[0].reason
    assert (skipped[0].study_id, skipped[0].n) == ("s", 1)


def test_a_comparator_that_cannot_be_simulated_is_a_reason():
    other = arm("raloxifene 60 mg daily", name="b")
    observation = row(endpoint="bmd_total_hip", kind="difference", comparator="b")
    _, skipped = find_targets(load_model("jorg2022"), evidence(observation, arm(), other))
    assert "no drug 'raloxifene'" in skipped[0].reason


def test_levels_are_converted_to_the_unit_of_the_observation():
    observation = row(endpoint="p1np", kind="level", value=40.0, unit="ng/mL")
    (target,), _ = find_targets(load_model("reference"), evidence(observation, arm(age=60.0)))
    assert target.factor == pytest.approx(1.0)


def test_an_arm_without_a_regimen_is_an_error():
    with pytest.raises(ObservationError, match="Study s: the arm 'a' has no regimen"):
        find_targets(load_model("reference"), evidence(row(), arm(name="b")))


def test_a_regimen_without_observations_does_no_harm():
    found, skipped = find_targets(load_model("reference"), evidence(row(), arm(), arm(name="idle")))
    assert (len(found), len(skipped)) == (1, 0)


def test_rows_not_used_are_neither_predicted_nor_skipped():
    observation = row(use="not_used", reason="a repeat")
    assert find_targets(load_model("reference"), evidence(observation, arm())) == ([], [])


def test_patients_are_those_of_the_arm():
    model = load_model("reference")
    found = patient_of(arm(age=58.0, menopause_age=47.0, menopause="surgical"), model)
    assert (found.age, found.menopause_age, found.menopause) == (58.0, 47.0, "surgical")
    assert patient_of(arm(menopause="none"), model).menopause is None
    assert patient_of(arm(age=58.0), load_model("peterson2010")) is None


@pytest.mark.parametrize(
    ("schedule", "name"),
    [
        ("none", "untreated"),
        ("anastrozole 1 mg daily; denosumab 60 mg every 6 mo", "aromatase inhibitor + denosumab"),
        ("tamoxifen 20 mg daily; letrozole 2.5 mg daily", "aromatase inhibitor"),
        ("raloxifene 60 mg daily", "SERM"),
        ("zoledronic acid 5 mg once", "bisphosphonate"),
        ("calcium_vitamin_d 500 mg daily", "untreated"),
        ("goserelin 3.6 mg every 28 d; tamoxifen 20 mg daily", "GnRH analogue + SERM"),
        ("anakinra 100 mg daily", "cytokine blocker"),
        ("denosumab 60 mg once; teriparatide 20 ug daily", "denosumab + teriparatide"),
    ],
)
def test_classes_of_treatment(schedule, name):
    assert drug_class(((arm(schedule), 1.0),), load_model("reference"), 3.0) == name


@pytest.mark.parametrize(
    ("schedule", "months", "name"),
    [
        ("denosumab 60 mg every 6 mo x 4", 0, "denosumab"),
        ("denosumab 60 mg every 6 mo x 4", 24, "denosumab"),
        ("denosumab 60 mg every 6 mo x 4", 30, "after denosumab"),
        ("denosumab 60 mg every 6 mo x 4 then zoledronic acid 5 mg once", 30,
         "bisphosphonate after denosumab"),
        ("zoledronic acid 5 mg once; denosumab 60 mg every 6 mo x 4 from 24 mo", 30,
         "denosumab after bisphosphonate"),
        ("anastrozole 1 mg daily for 5 y; zoledronic acid 4 mg every 6 mo for 2 y", 48,
         "aromatase inhibitor after bisphosphonate"),
        ("tamoxifen 20 mg daily for 2 y then letrozole 2.5 mg daily for 3 y", 36,
         "aromatase inhibitor"),
        ("tamoxifen 20 mg daily for 2 y then letrozole 2.5 mg daily for 3 y", 72,
         "after aromatase inhibitor"),
        ("letrozole 2.5 mg daily for 2 y then tamoxifen 20 mg daily for 3 y", 36,
         "SERM after aromatase inhibitor"),
        ("romosozumab 210 mg every mo x 12 then denosumab 60 mg every 6 mo x 2", 36,
         "after romosozumab then denosumab"),
        ("denosumab 60 mg every 6 mo x 4 from 12 mo", 6, "untreated"),
    ],
)  # fmt: skip
def test_classes_know_the_order_of_drugs(schedule, months, name):
    assert drug_class(((arm(schedule), 1.0),), load_model("reference"), months) == name


def test_every_drug_of_every_model_has_a_class_and_none_is_untreated():
    for model in map(load_model, model_names()):
        for drug in model.drugs:
            treated = Arm("s", "a", Schedule((Dose(drug, 1.0, time=0.0),)))
            is_supplement = model.drugs[drug].drug_class == "supplement"
            assert (drug_class(((treated, 1.0),), model, 1.0) == "untreated") == is_supplement, drug


def test_a_drug_that_the_model_lacks_has_no_class():
    with pytest.raises(ModelError, match="has no drug 'alendronate'"):
        drug_class(((arm("alendronate 10 mg daily"), 1.0),), load_model("peterson2010"), 3.0)


def test_men_are_predicted_as_men():
    drug = "anastrozole 1 mg daily"
    arms = {
        ("s", "men"): arm(drug, name="men", age=65.0, sex="male"),
        ("s", "women"): arm(drug, name="women", age=65.0),
        ("s", "castrated"): arm("orchiectomy from 0 mo", name="castrated", age=65.0, sex="male"),
    }
    rows = [
        Observation("s", n, e, 12, 40.0, unit="pmol/L" if e == "estradiol" else "percent",
                    kind="level" if e == "estradiol" else "change")
        for e in ("estradiol", "bmd_lumbar_spine") for n in ("men", "women", "castrated")
    ]  # fmt: skip
    found = Predictor.of("reference", [Evidence("t", Observations(tuple(rows)), arms)])
    men, women, castrated, loss, _, most = found.predict()
    alone = rm.simulate(
        schedule=drug, patient=rm.Patient(age=65, sex="male"), times=[365.25],
        outputs=["estradiol", "bmd_lumbar_spine_percent_change"],
    )  # fmt: skip
    assert men == pytest.approx(float(alone["estradiol"][0, 0]), rel=1e-4)
    assert loss == pytest.approx(float(alone["bmd_lumbar_spine_percent_change"][0, 0]), abs=0.01)
    assert women < 0.1 * men
    assert castrated < men
    assert most < loss < 0


POOL = {
    ("s", "untreated"): arm(name="untreated", age=65.0),
    ("s", "treated"): arm("denosumab 60 mg every 6 mo", name="treated", age=70.0),
    ("s", "all"): arm(name="all", pool=(("untreated", 100.0), ("treated", 300.0))),
}


def pooled_rows(*names: str) -> Observations:
    kinds = [("bmd_lumbar_spine", "change", "percent"), ("ctx", "change", "percent"),
             ("estradiol", "level", "pmol/L")]  # fmt: skip
    return Observations(tuple(
        Observation("s", name, endpoint, 12, 10.0, unit=unit, kind=kind)
        for name in names for endpoint, kind, unit in kinds
    ))  # fmt: skip


def test_arms_reported_together_are_the_weighted_mean_of_their_levels():
    rows = pooled_rows("untreated", "treated", "all")
    found = Predictor.of("reference", [Evidence("t", rows, POOL)])
    untreated, treated, pooled = found.predict().reshape(3, 3)
    ds = rm.simulate(
        schedule=[POOL["s", n].schedule for n in ("untreated", "treated")],
        patient=[rm.Patient(age=65.0), rm.Patient(age=70.0)], times=[0.0, 365.25],
        outputs=["bmd_lumbar_spine", "ctx"],
    )  # fmt: skip
    for k, name in enumerate(("bmd_lumbar_spine", "ctx")):
        start, end = (0.25 * ds[name][0] + 0.75 * ds[name][1]).to_numpy()
        assert pooled[k] == pytest.approx(100.0 * (end / start - 1.0), abs=0.01)
    assert pooled[2] == pytest.approx(0.25 * untreated[2] + 0.75 * treated[2])
    assert found.targets[-1].drug_class == "denosumab"
    assert found.arms == 2


def test_derivatives_of_arms_reported_together_are_those_of_their_predictions():
    rows = [*pooled_rows("all"),
            Observation("s", "treated", "ctx", 12, -50.0, kind="difference", comparator="all")]  # fmt: skip
    found = Predictor.of("reference", [Evidence("t", Observations(tuple(rows)), POOL)])
    names = ["denosumab_half_effect", "ctx_floor"]
    values = {name: found.model.parameters[name].value for name in names}
    predicted, derivatives = found.derivatives(values, names)
    assert np.array_equal(predicted, found.predict(values))
    for j, name in enumerate(names):
        step = 1e-4 * values[name]
        ahead, behind = (found.predict({**values, name: values[name] + s}) for s in (step, -step))
        near = (ahead - behind) / (2.0 * step)
        assert derivatives[:, j] == pytest.approx(near, rel=2e-3, abs=1e-3 * np.abs(near).max())


def test_a_pool_with_an_arm_that_cannot_be_simulated_is_skipped():
    arms = {**POOL, ("s", "treated"): arm("raloxifene 60 mg daily", name="treated")}
    rows = Observations((Observation("s", "all", "bmd_total_hip", 12, 1.0),))
    found, skipped = find_targets(load_model("jorg2022"), Evidence("t", rows, arms))
    assert not found
    assert skipped[0].reason == "model 'jorg2022' has no drug 'raloxifene'."


def test_a_density_in_grams_starts_at_the_t_score_of_the_arm():
    one = arm("denosumab 60 mg every 6 mo", age=70.0, t_score_total_hip=-2.0)
    level = {"endpoint": "bmd_total_hip", "kind": "level", "unit": "g/cm2"}
    rows = [row(**level, time_months=0), row(**level), row(endpoint="bmd_total_hip")]
    found = Predictor.of("reference", [Evidence("t", Observations(tuple(rows)), {("s", "a"): one})])
    start, end, change = found.predict()
    patient = rm.Patient(age=70.0, t_score_total_hip=-2.0)
    ds = rm.simulate(schedule=one.schedule, patient=patient, times=[0.0, 365.25],
                     outputs=["bmd_total_hip"])  # fmt: skip
    assert [start, end] == pytest.approx(ds["bmd_total_hip"].to_numpy()[0], abs=2e-4)
    assert end == pytest.approx(start * (1.0 + change / 100.0))
    name = "denosumab_half_effect"
    value = found.model.parameters[name].value
    _, derivatives = found.derivatives({name: value}, [name])
    ahead, behind = (found.predict({name: value * (1 + s)}) for s in (1e-4, -1e-4))
    assert derivatives[:, 0] == pytest.approx((ahead - behind) / (2e-4 * value), rel=1e-3, abs=1e-9)


def test_equal_arms_are_simulated_once():
    arms = {("s", n): arm(name=n, age=60.0) for n in ("a", "b", "c")}
    arms["s", "c"] = arm("denosumab 60 mg once", name="c", age=60.0)
    rows = [Observation("s", n, "bmd_lumbar_spine", 12, 0.0) for n in ("a", "b", "c")]
    found = Predictor.of("reference", [Evidence("t", Observations(tuple(rows)), arms)])
    assert found.arms == 2
    assert len(found.batches) == 2


def test_every_shipped_validation_trial_is_predicted_or_skipped_with_a_reason():
    rows = load_observations().where(use="validation")
    found, skipped = find_targets(
        load_model("reference"), Evidence("shipped", rows, load_regimens())
    )
    assert len(found) + sum(s.n for s in skipped) == len(rows)
    assert all(s.reason.endswith(".") for s in skipped)
    assert len(found) > 90


@pytest.mark.parametrize(
    ("share", "name"),
    [(0.25, "aromatase inhibitor"), (0.8, "aromatase inhibitor + bisphosphonate"),
     (0.5, "aromatase inhibitor or aromatase inhibitor + bisphosphonate")],
)  # fmt: skip
def test_a_mixture_has_the_class_of_most_of_its_women(share, name):
    alone = arm("letrozole 2.5 mg daily")
    both = arm("letrozole 2.5 mg daily; zoledronic acid 4 mg every 6 mo")
    members = ((alone, 1.0 - share), (both, share))
    assert drug_class(members, load_model("reference"), 12.0) == name
