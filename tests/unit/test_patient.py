"""Patients: what is allowed, and one sentence for what is not."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from remodel.errors import PatientError
from remodel.patient import Patient


def test_by_default_she_is_62_with_menopause_at_50() -> None:
    patient = Patient()
    assert (patient.age, patient.menopause, patient.age_at_menopause) == (62.0, "natural", 50.0)
    assert patient.t_scores == {}


def test_what_is_given_is_kept() -> None:
    patient = Patient(70, 48.5, t_score_total_hip=-2, name="A")
    assert patient.age_at_menopause == 48.5
    assert patient.t_scores == {"total_hip": -2.0}
    assert type(patient.age) is float


def test_numbers_of_numpy_are_numbers() -> None:
    patient = Patient(
        age=np.int64(60), menopause_age=np.float32(51.5), t_score_total_hip=np.int8(-1)
    )
    assert (patient.age, patient.menopause_age, patient.t_score_total_hip) == (60.0, 51.5, -1.0)
    assert patient == Patient(60, 51.5, t_score_total_hip=-1)


def test_menopause_may_lie_in_the_future_or_never_come() -> None:
    assert Patient(age=40, menopause_age=52).age_at_menopause == 52.0
    assert Patient(menopause=None).age_at_menopause is None
    assert Patient(menopause="none") == Patient(menopause=None)


def test_a_patient_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Patient().age = 70


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"age": 0}, "age = 0 y: must be above 0 and at most 120 y."),
    ({"age": -1}, "age = -1 y: must be above 0 and at most 120 y."),
    ({"age": 121}, "age = 121 y: must be above 0 and at most 120 y."),
    ({"age": math.nan}, "age = nan: must be a finite number."),
    ({"age": math.inf}, "age = inf: must be a finite number."),
    ({"age": "62"}, "age = '62': must be a number."),
    ({"age": True}, "age = True: must be a number."),
    ({"age": [60, 70]}, "age = [60, 70]: must be a number."),
    ({"menopause_age": -1}, "menopause_age = -1 y: must be above 0 (birth) and at most 120 y."),
    ({"menopause_age": 0}, "menopause_age = 0 y: must be above 0 (birth) and at most 120 y."),
    ({"menopause_age": 130}, "menopause_age = 130 y: must be above 0 (birth) and at most 120 y."),
    ({"menopause_age": math.nan}, "menopause_age = nan: must be a finite number."),
    ({"menopause": "early"}, "menopause = 'early': must be 'natural', 'surgical' or None."),
    ({"menopause": None, "menopause_age": 50},
     "menopause_age = 50 y contradicts menopause=None; leave one of them out."),
    ({"menopause": "surgical"}, "menopause='surgical' needs menopause_age, the age at surgery [y]."),
    ({"t_score_total_hip": -7}, "t_score_total_hip = -7: must be between -6 and 6."),
    ({"t_score_lumbar_spine": 7}, "t_score_lumbar_spine = 7: must be between -6 and 6."),
    ({"t_score_femoral_neck": math.nan}, "t_score_femoral_neck = nan: must be a finite number."),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "sentence"), WRONG)
def test_impossible_patients_are_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(PatientError) as caught:
        Patient(**fields)
    assert str(caught.value) == sentence
