"""Questions with sliders: the numbers in the page are those of a simulation."""

from __future__ import annotations

import importlib
import json
import math
import re
from pathlib import Path

import pytest

import remodel as rm

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def slices():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DOCS))
        yield importlib.import_module("slices")


@pytest.fixture(scope="module")
def questions(slices):
    """Return what stands in the page, by name of question."""
    page = slices.page(DOCS / "_generated")
    scripts = re.findall(r'<script type="application/json">(.*?)</script>', page)
    return {question["name"]: question for question in map(json.loads, scripts)}


def value(question, settings, arm, panel, month):
    """Return one number of a question, as the page looks it up."""
    index = 0
    for slider, setting in zip(question["sliders"], settings, strict=True):
        index = index * len(slider["words"]) + setting
    for size, place in (
        (len(question["arms"]), arm),
        (len(question["panels"]), panel),
        (len(question["times"]), question["times"].index(month / 12)),
    ):
        index = index * size + place
    return question["tenths"][index] / 10


def test_four_questions_have_a_number_for_every_setting(questions):
    assert len(questions) == 4
    for question in questions.values():
        shape = [len(s["words"]) for s in question["sliders"]]
        shape += [len(question[key]) for key in ("arms", "panels", "times")]
        assert len(question["tenths"]) == math.prod(shape)
        assert all(0 <= s["start"] < len(s["words"]) for s in question["sliders"])


def test_the_numbers_of_a_setting_are_those_of_its_simulation(questions):
    woman = rm.Patient(age=70, menopause_age=50, t_score_lumbar_spine=-2)
    ds = rm.simulate(
        schedule="anastrozole 1 mg daily for 5 y; denosumab 60 mg every 6 mo for 5 y",
        patient=woman, years=5, outputs=["bmd_total_hip_percent_change"],
    )  # fmt: skip
    expected = float(ds.bmd_total_hip_percent_change.sel(month=60).item())
    shown = value(questions["inhibitor"], (3, 1), 2, 1, 60)
    assert shown == pytest.approx(expected, abs=0.051)


def test_fractures_are_counted_against_her_own_untreated_twin(questions):
    woman = rm.Patients(age=[75.0], menopause_age=50, t_score_femoral_neck=[-3.0])
    ds = rm.simulate(schedule=[None], patient=woman, years=5)
    risk = rm.fracture_risk(ds, women={"age": 75})
    expected = float(risk.fracture_probability_major.isel(time=-1).item())
    untreated = value(questions["fracture"], (4, 1), 0, 1, 60)
    assert untreated == pytest.approx(expected, abs=0.1)
    assert value(questions["fracture"], (4, 1), 3, 1, 60) < 0.8 * untreated


def test_the_script_and_the_page_fetch_nothing():
    text = (DOCS / "_static" / "slices.js").read_text(encoding="utf-8")
    assert not re.search(
        r"fetch\(|XMLHttpRequest|import\(|https?://(?!www\.w3\.org/2000/svg)", text
    )
