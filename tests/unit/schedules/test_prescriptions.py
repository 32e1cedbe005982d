"""Sentences as clinicians write them: brands, Latin abbreviations, and drugs no model has."""

from __future__ import annotations

import warnings

import pytest

import remodel as rm
from remodel.errors import EquivalentDoseWarning, ScheduleError
from remodel.schedules import Schedule
from remodel.schedules.medicines import medicines

DRUGS = tuple(rm.load_model("reference").drugs)


def read(sentence: str) -> str:
    return str(Schedule.parse(sentence, DRUGS))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Xgeva 120 mg SC q4w", "denosumab 120 mg sc every 4 wk"),
        ("Reclast 5 mg IV annually", "zoledronic_acid 5 mg iv yearly"),
        ("Femara 2.5 mg QD", "letrozole 2.5 mg daily"),
        ("Actonel 35 mg qw", "risedronate 35 mg weekly"),
        ("Boniva 150 mg qmo x 6", "ibandronate 150 mg monthly x 6"),
        ("Evista 60 mg od", "raloxifene 60 mg daily"),
        ("Forsteo 20 mcg s.c. q.d.", "teriparatide 20 mcg sc daily"),
        ("Evenity 210 mg q 1 month for 12 doses", "romosozumab 210 mg monthly x 12"),
        ("Aromasin 25 mg p.o. daily", "exemestane 25 mg oral daily"),
        ("Soltamox 20 mg by mouth each day", "tamoxifen 20 mg oral daily"),
        ("Zoladex 3.6 mg q28d", "goserelin 3.6 mg every 4 wk"),
        ("Kineret 100 mg/day", "anakinra 100 mg daily"),
        ("Femara 2.5 mg tablet daily lifelong", "letrozole 2.5 mg daily"),
        ("Calcium with vitamin D 1000 mg daily", "calcium_vitamin_d 1000 mg daily"),
        ("calcium + vitamin D3 500 mg bid", "calcium_vitamin_d 500 mg twice daily"),
        ("Enbrel 25 mg twice a week", "etanercept 25 mg every 84 h"),
        ("Enbrel 25 mg two times a week", "etanercept 25 mg every 84 h"),
        ("Jubbonti 60 mg 2 times yearly", "denosumab 60 mg every 6 mo"),
        ("Prolia 60 mg biannually four times", "denosumab 60 mg every 6 mo x 4"),
        ("Reclast 5 mg biennially", "zoledronic_acid 5 mg every 2 y"),
    ],
)
def test_brands_are_read_and_told_by_their_generic_name(written: str, meant: str) -> None:
    assert read(written) == meant


@pytest.mark.parametrize(
    ("often", "interval"),
    [
        ("q3mo", "every 3 mo"), ("q3m", "every 3 mo"), ("q 3 m", "every 3 mo"),
        ("q 3 months", "every 3 mo"), ("q3 months", "every 3 mo"), ("q 3mo", "every 3 mo"),
        ("Q12H", "twice daily"), ("q2wk", "every 2 wk"), ("q1y", "yearly"), ("qy", "yearly"),
        ("bid", "twice daily"), ("b.i.d.", "twice daily"), ("tid", "every 8 h"),
        ("once a year", "yearly"), ("twice a year", "every 6 mo"), ("twice yearly", "every 6 mo"),
        ("twice per month", "every 365.25 h"), ("per week", "weekly"), ("a day", "daily"),
        ("every other day", "every 2 d"), ("3-monthly", "every 3 mo"), ("6 weekly", "every 6 wk"),
        ("once q 6 mo", "every 6 mo"), ("quarterly", "every 3 mo"), ("every 6 mo.", "every 6 mo"),
    ],
)  # fmt: skip
def test_how_often_in_prescriptions(often: str, interval: str) -> None:
    assert Schedule.parse(f"letrozole 1 mg {often}", DRUGS) == Schedule.parse(
        f"letrozole 1 mg {interval}", DRUGS
    )


@pytest.mark.parametrize(
    "written",
    [
        "denosumab 60 mg q6mo x 6 doses",
        "denosumab 60 mg q6mo for 6 injections",
        "denosumab 60 mg q6mo 6 doses",
        "denosumab 60 mg q6mo until 3 y",
        "denosumab 60 mg q6mo till 36 months.",
        "denosumab 60 mg q6mo, stopped after 3 y",
        "denosumab 60 mg q6mo and stop after 3 y",
        "denosumab 60 mg q6mo then stopped at 3 y",
        "denosumab 60 mg q6mo discontinued after 3 y",
        "denosumab 60 mg q6mo for 3 y then stop",
        "denosumab 60 mg injection q6mo, for 3 years.",
        "denosumab 60 mg every six months for three years",
        "denosumab 60 mg q6mo x 3 years",
        "denosumab 60 mg/6 mo x 36 months",
    ],
)
def test_how_long_in_prescriptions(written: str) -> None:
    assert read(written) == "denosumab 60 mg every 6 mo x 6"


def test_until_counts_from_the_start_and_for_from_the_first_dose() -> None:
    assert (
        read("denosumab 60 mg q6mo from 1 y until 3 y") == "denosumab 60 mg every 6 mo x 4 from 1 y"
    )
    assert read("denosumab 60 mg q6mo from 1 y to 3 y") == read(
        "denosumab 60 mg q6mo starting at 1 y for 2 y"
    )


def test_a_drug_may_be_called_by_a_number() -> None:
    (dose,) = Schedule.parse("one 5 mg every two months for three doses").doses
    assert (dose.drug, dose.count) == ("one", 3)


def test_one_after_the_other_and_side_by_side() -> None:
    assert read("Arimidex 1 mg qd + Prolia 60 mg q6mo") == read(
        "anastrozole 1 mg daily; denosumab 60 mg every 6 mo"
    )
    assert read("denosumab 60 mg q6mo x 4, followed by zoledronic acid 5 mg once") == read(
        "denosumab 60 mg every 6 mo x 4 then zoledronic acid 5 mg once"
    )


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("clodronate 1600 mg daily", "clodronate"),
        ("Aredia 90 mg q3mo", "Aredia"),
        ("estrone 1 mg daily", "estrone"),
        ("toremifene 60 mg qd", "toremifene"),
        ("blosozumab 270 mg q2w", "blosozumab"),
        ("calcitonin 200 IU daily", "calcitonin"),
        ("bazedoxifene 20 mg daily", "bazedoxifene"),
        ("zzz 20 mg daily", "zzz"),
        ("lamoxifene 20 mg daily", "lamoxifene"),
        ("zenosimub 60 mg q6mo", "zenosimub"),
    ],
)
def test_another_substance_is_unknown_and_never_replaced(sentence: str, name: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        read(sentence)
    first = str(caught.value).splitlines()[0]
    assert first.startswith(f"'{name}' is not a known drug.")
    assert "Did you mean" not in first


@pytest.mark.parametrize(
    ("slip", "meant"),
    [("anastrazole", "anastrozole"), ("letrozol", "letrozole"), ("Proliia", "denosumab"),
     ("zoledronic acit", "zoledronic_acid"), ("raloxifen", "raloxifene")],
)  # fmt: skip
def test_a_slip_of_the_pen_is_recognized(slip: str, meant: str) -> None:
    with pytest.raises(ScheduleError, match=f"not a known drug. Did you mean '{meant}'"):
        read(f"{slip} 1 mg daily")


def test_no_other_substance_is_ever_suggested() -> None:
    for name in medicines().unlike:
        with pytest.raises(ScheduleError) as caught:
            read(f"{name.replace('_', ' ')} 1 mg daily")
        assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["Premarin", "conjugated estrogens", "conjugated equine oestrogens"]
)
def test_conjugated_estrogens_are_read_as_estradiol_and_the_user_is_told(name: str) -> None:
    with pytest.warns(
        EquivalentDoseWarning, match="0.3 mg is read as estradiol 0.48 mg oral. .*Kuhl"
    ):
        assert read(f"{name} 0.3 mg daily for 2 y") == "estradiol 0.48 mg oral daily for 2 y"


def test_conjugated_estrogens_have_no_patch_and_need_estradiol() -> None:
    with pytest.raises(ScheduleError, match="is given oral, not patch"):
        read("Premarin 0.3 mg patch daily")
    with pytest.raises(ScheduleError, match="'estradiol' is not a known drug"):
        Schedule.parse("Premarin 0.3 mg daily", ["denosumab"])


def test_every_drug_of_every_model_has_a_usual_dose_with_a_source() -> None:
    table = medicines()
    for model in rm.model_names():
        for name, drug in rm.load_model(model).drugs.items():
            assert table.usual[name]
            assert {usual.route for usual in table.usual[name]} <= {
                *drug.routes,
                "sc",
                "oral",
                "iv",
            }
            assert all(len(usual.source) > 15 for usual in table.usual[name])
    assert not set(table.generic) & set(table.usual)


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("denosumab 60 mg 6 months", "write 'every 6 months' or 'for 6 months'"),
        ("denosumab 60 mg q6mo until 1 y from 2 y", "it ends at 365.25 d and begins at 730.5 d"),
        ("denosumab 60 mg q6mo for 2 y, stopped after 1 y", "its end is given twice"),
        ("denosumab 60 mg q6mo for 2 y x 4 doses until 3 y", "its end is given twice"),
        ("denosumab 60 mg q0mo", "followed by a whole number from 1"),
        ("denosumab 60 mg stop", "'stop' is followed by 'after'"),
        ("denosumab 1e308 mg daily", "a dose of 1e.308 mg is beyond 1e.09 mg"),
        ("denosumab 60 mg every 1e308 y", "is too long|beyond 200 y"),
        ("denosumab 60 mg every 1 y x " + "9" * 400, "more than the 1000000 a regimen can have"),
        ("denosumab " + "9" * 400 + " mg once", "is not a finite number"),
        ("denosumab 60 mg daily for 300 y", "duration 109575 d is beyond 200 y"),
        ("calcium intake 1e300 mg", "calcium_intake: value 1e.300 is too large"),
    ],
)
def test_what_cannot_be_is_refused(sentence: str, message: str) -> None:
    with pytest.raises(ScheduleError, match=message):
        read(sentence)


def test_reading_usual_words_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read("Prolia 60 mg SC q6mo")


@pytest.mark.parametrize("words", ["every 4.5 mo", "every 0.25 mo", "every 36 h", "every 10 d"])
def test_parts_of_a_month_stay_months(words):
    sentence = f"denosumab 60 mg {words} x 3"
    assert str(Schedule.parse(sentence)) == sentence
