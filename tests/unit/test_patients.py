"""Patients as columns are the patients they are made of."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.errors import PatientError
from remodel.patients import Patients

LISTED = [
    rm.Patient(62, 48.5, t_score_total_hip=-2, name="A"),
    rm.Patient(45, menopause=None),
    rm.Patient(50, 44, "surgical", t_score_lumbar_spine=-1.5),
    rm.Patient(70, sex="male"),
]


def test_columns_give_back_the_patients_they_are_made_of() -> None:
    columns = Patients.of(LISTED)
    assert list(columns) == LISTED
    assert columns[-1] == LISTED[-1]
    assert list(columns[1:3]) == LISTED[1:3]
    assert list(columns[np.array([2, 0])]) == [LISTED[2], LISTED[0]]


def test_one_value_is_shared() -> None:
    patients = Patients(age=[60, 61], menopause_age=50)
    assert list(patients) == [rm.Patient(60, 50), rm.Patient(61, 50)]
    assert patients.t_scores == {}


def test_columns_cannot_be_changed() -> None:
    ages = np.array([60.0, 61.0])
    patients = Patients(age=ages)
    ages[0] = 20.0
    assert patients.age[0] == 60.0
    for column in (patients.age, patients[:1].age, patients[np.array([1])].age):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1.0


IMPOSSIBLE = [
    {"age": -1.0},
    {"age": np.nan},
    {"age": 121.0},
    {"menopause_age": 0.0},
    {"menopause_age": np.inf},
    {"t_score_total_hip": 7.0},
    {"t_score_femoral_neck": -np.inf},
    {"sex": "woman"},
    {"menopause": "late"},
    {"menopause": "surgical"},
    {"menopause": "none", "menopause_age": 50.0},
    {"sex": "male", "menopause_age": 50.0},
    {"sex": "male", "menopause": "surgical"},
]


@pytest.mark.parametrize("values", IMPOSSIBLE)
def test_whom_one_patient_would_refuse_many_refuse_with_her_number(values) -> None:
    with pytest.raises(PatientError) as alone:
        rm.Patient(**{"age": 60.0, **values})
    usual = {"age": 60.0, "sex": "female", "menopause": "natural"}
    columns = {name: [usual.get(name, np.nan)] * 2 + [value] for name, value in values.items()}
    with pytest.raises(PatientError) as among_others:
        Patients(**{"age": [60.0] * 3, **columns})
    assert str(among_others.value) == f"patient 2: {alone.value}"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"age": [60, 61], "menopause_age": [50, 51, 52]}, "age has 2 entries"),
        ({"age": []}, "age: expected one value or a list"),
        ({"age": ["old"]}, "age: expected numbers"),
        ({"age": [[60.0]]}, "age: expected one value or a list"),
    ],
)
def test_columns_that_do_not_fit_are_refused(values, words) -> None:
    with pytest.raises(PatientError, match=words):
        Patients(**values)


def test_no_patients_are_refused() -> None:
    with pytest.raises(PatientError, match="at least one"):
        Patients.of([])
