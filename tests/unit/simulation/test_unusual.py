"""Doses and patients far from the usual are told once, by warnings of their own."""

from __future__ import annotations

import warnings

import pytest

import remodel as rm
from remodel.cli.main import main

WOMAN = rm.Patient(age=65)


def run(schedule: object = None, patient: object = WOMAN, **options: object) -> None:
    rm.simulate(schedule=schedule, patient=patient, years=0.5, outputs=["ctx"], **options)


def test_a_dose_in_the_wrong_unit_is_told_with_the_usual_one() -> None:
    with pytest.warns(rm.UnusualDoseWarning, match=r"usual 60 mg every 6 mo \(sc\)") as told:
        run(["denosumab 60 ug every 6 mo", "denosumab 60 mg every 6 d", "none"], rm.Patient(age=70))
    assert len(told) == 1
    assert "60 ug" in str(told[0].message)
    assert "every 6 d" in str(told[0].message)
    assert told[0].filename == __file__


def test_what_is_alike_is_told_once() -> None:
    with pytest.warns(rm.UnusualDoseWarning) as told:
        run(["denosumab 60 ug every 6 mo", "denosumab 60 ug q6mo; anastrozole 1 mg daily"])
    assert str(told[0].message).count("60 ug") == 1


def test_doses_in_mol_are_compared_by_mass() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run("denosumab 400 nmol every 6 mo")  # 59 mg
    with pytest.warns(rm.UnusualDoseWarning):
        run("denosumab 400 pmol every 6 mo")


def test_many_unusual_doses_are_told_briefly() -> None:
    schedules = [f"denosumab 60 mg every {days} d" for days in range(1, 9)]
    with pytest.warns(rm.UnusualDoseWarning, match="And 3 more.$"):
        run(schedules)


@pytest.mark.parametrize(
    ("patient", "sentence"),
    [
        (rm.Patient(age=45, menopause_age=55), "menopause at 55 y comes after the age given, 45 y"),
        (rm.Patient(age=101), "an age of 101 y is beyond 100 y."),
        (rm.Patient(age=101, name="Ada"), "Ada: an age of 101 y"),
    ],
)
def test_a_patient_far_from_the_usual_is_told(patient: rm.Patient, sentence: str) -> None:
    with pytest.warns(rm.UnusualPatientWarning, match=sentence):
        run(patient=patient)


@pytest.mark.parametrize(
    "patient",
    [rm.Patient(age=45), rm.Patient(age=100), rm.Patient(age=55, menopause_age=55),
     rm.Patient(age=60, sex="male")],
)  # fmt: skip
def test_the_usual_is_not_told(patient: rm.Patient) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run("denosumab 60 mg every 6 mo", patient=patient)


def test_on_the_command_line_a_warning_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    table = ["simulate", "--years", "0.5", "--outputs", "ctx", "--schedule"]
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main([*table, "anastrozole 24 mg every 24 d"]) == 0
        told = [line for line in capsys.readouterr().err.splitlines() if "usual" in line]
        assert told == [
            "remodel: anastrozole 24 mg every 24 d is far from the usual 1 mg daily (oral); "
            "check the units of dose and time."
        ]
        assert main([*table, "Premarin 0.625 mg daily"]) == 0
        assert (
            "remodel: Premarin 0.625 mg is read as estradiol 1 mg oral." in capsys.readouterr().err
        )
