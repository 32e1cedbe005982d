"""Differences between two simulations: the parts add up and point at the right mechanism."""

from __future__ import annotations

import pytest

import remodel as rm
from remodel.errors import ConfigError, ModelError
from remodel.explanation.differences import Cause, explain_difference

WOMAN = rm.Patient(age=60, menopause_age=50)
INHIBITOR = "anastrozole 1 mg daily for 5 y"


def parts(causes: tuple[Cause, ...]) -> dict[str, float]:
    return {cause.name: cause.value for cause in causes}


@pytest.mark.parametrize(
    ("name", "schedule", "at", "close"),
    [
        ("ctx", INHIBITOR, 365.0, 0.01),
        ("bmd_total_hip", INHIBITOR, 730.0, 0.03),
        ("bmd_lumbar_spine", "romosozumab 210 mg monthly x 12", 360.0, 0.03),
        ("osteoclasts", "denosumab 60 mg every 6 mo x 2", 300.0, 0.03),
        ("pth", "denosumab 60 mg once", 30.0, 0.03),
        ("denosumab_central", "denosumab 60 mg once", 30.0, 0.03),
    ],
)
def test_parts_add_up_to_the_difference(name, schedule, at, close):
    found = explain_difference(name, schedule=schedule, patient=WOMAN, at=at, depth=0)
    whole = found.value - found.versus
    assert sum(parts(found.causes).values()) == pytest.approx(whole, rel=close)
    with_it, without = (
        rm.simulate(schedule=s, patient=WOMAN, times=[at], outputs=["bmd_total_hip", "ctx", "pth"])
        for s in (schedule, None)
    )
    if name in with_it:
        assert whole == pytest.approx(float(with_it[name][0, 0] - without[name][0, 0]), rel=1e-4)


def test_loss_on_an_inhibitor_is_more_resorption_by_cytokines_less_what_formation_makes_up():
    found = explain_difference("bmd_total_hip", schedule=INHIBITOR, patient=WOMAN, at=730.0)
    by = {cause.name: cause for cause in found.causes}
    assert by["osteoclasts"].value < 0 < by["osteoblasts"].value
    inner = parts(by["osteoclasts"].causes)
    assert min(inner, key=inner.get) == "cytokine_tone"
    assert found.unit == "g/cm^2"


def test_denosumab_against_nothing_is_the_drug_and_what_waits():
    found = explain_difference(
        "osteoclasts", schedule="denosumab 60 mg once", patient=WOMAN, at=60.0, depth=0
    )
    assert min(parts(found.causes), key=parts(found.causes).get) == "denosumab_central"


def test_a_drug_that_first_woke_osteoblasts_is_what_raised_them_though_they_have_fallen_since():
    """At a year formation on romosozumab is back at its start; what it built is still there."""
    found = explain_difference(
        "bmd_lumbar_spine", schedule="romosozumab 210 mg monthly x 12", patient=WOMAN, at=365.0
    )
    by = {cause.name: cause for cause in found.causes}
    built, spared = parts(by["osteoblasts"].causes), parts(by["osteoclasts"].causes)
    # coupling: less is resorbed, so that less surface recruits osteoblasts
    assert built["romosozumab_central"] > 0 > built["reversal_surface"]
    assert spared["romosozumab_central"] > 0


@pytest.mark.parametrize(
    "schedule",
    ["teriparatide 20 ug daily", "raloxifene 60 mg daily", "romosozumab 210 mg monthly x 12"],
)
def test_what_lies_behind_a_cause_adds_up_to_it(schedule):
    found = explain_difference(
        "bmd_lumbar_spine", schedule=schedule, patient=WOMAN, at=365.0, depth=2
    )
    whole = found.value - found.versus
    for cause in found.causes:
        if cause.causes:
            inner = sum(c.value for c in cause.causes)
            assert inner == pytest.approx(cause.value, abs=0.05 * abs(whole))


def test_a_man_is_explained_in_words_of_a_man():
    man = rm.Patient(age=65, sex="male")
    found = explain_difference(
        "bmd_total_hip", schedule="anastrozole 1 mg daily", patient=man, at=365.0, depth=2
    )
    said = [found.meaning]
    causes = list(found.causes)
    while causes:
        cause = causes.pop()
        said.append(cause.meaning)
        causes.extend(cause.causes)
    assert found.value < found.versus
    assert not [words for words in said if "menopau" in words or "woman" in words]


def test_two_drugs_are_held_against_each_other():
    found = explain_difference(
        "ctx",
        schedule="alendronate 10 mg daily for 2 y",
        versus="denosumab 60 mg every 6 mo x 4",
        patient=WOMAN,
        at=200.0,
        depth=1,
    )
    names = set(parts(found.causes)) | {c.name for top in found.causes for c in top.causes}
    assert {"alendronate_surface", "denosumab_central"} <= names


def test_two_women_and_two_values_of_a_parameter():
    older = rm.Patient(age=75, menopause_age=50)
    ages = explain_difference("bmd_total_hip", patient=older, versus_patient=WOMAN, at=0.0)
    assert ages.value < ages.versus
    values = explain_difference(
        "ctx", patient=WOMAN, parameters={"ctx_floor": 0.3}, versus_parameters={"ctx_floor": 0.1},
        depth=0,
    )  # fmt: skip
    assert parts(values.causes)["ctx_floor"] == pytest.approx(
        values.value - values.versus, rel=0.01
    )


def test_an_intervention_is_a_cause():
    found = explain_difference(
        "parathyroid_hormone", schedule="calcium intake 300 mg", patient=WOMAN, at=60.0, depth=1
    )
    (top,) = [c for c in found.causes if c.name == "exchangeable_calcium"]
    assert parts(top.causes)["calcium_intake"] > 0.1 * top.value > 0


def test_the_same_twice_has_no_causes():
    found = explain_difference("ctx", schedule=INHIBITOR, versus=INHIBITOR, at=100.0)
    assert found.value == found.versus
    assert found.causes == ()


def test_a_drug_that_only_the_other_simulation_takes_makes_no_difference_at_day_0():
    found = explain_difference("osteoclasts", versus="denosumab 60 mg once", patient=WOMAN)
    assert found.value == pytest.approx(found.versus, rel=1e-12)
    assert [cause.value for cause in found.causes if cause.value] == []


def test_a_quantity_of_a_drug_is_none_where_it_is_not_taken():
    found = explain_difference(
        "denosumab_central", versus="denosumab 60 mg once", patient=WOMAN, at=30.0, depth=0
    )
    assert found.value == 0.0
    assert found.versus > 10.0


def test_what_cannot_be_explained_is_refused():
    with pytest.raises(ModelError, match="Did you mean 'osteoclasts'"):
        explain_difference("osteoclast", at=1.0)
    with pytest.raises(ConfigError, match="before the start"):
        explain_difference("osteoclasts", at=-1.0)


def test_a_difference_is_short_in_a_session_and_whole_in_print():
    found = explain_difference("ctx", schedule="letrozole 2.5 mg daily", versus="none", at=365.0)
    assert repr(found).startswith("<Difference ctx = ")
    assert len(repr(found)) < 100
    assert all(cause.name in str(found) for cause in found.causes)
    table = found.table()
    assert table[table.level == 0].effect.sum() == pytest.approx(found.value - found.versus)
    assert "<table" in found._repr_html_()
