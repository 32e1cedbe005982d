"""Questions with sliders: every answer simulated beforehand and written into the page.

A question has sliders, arms and panels. All combinations of slider settings are simulated when the
pages are built; ``_static/slices.js`` draws the one that is chosen. Nothing is fetched: the numbers
stand in the page, so that it works from a disk, too. Each question is also a file,
``_generated/slices/NAME.json``.
"""

from __future__ import annotations

import itertools
import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from kept import hash_of, hash_of_files, kept, package_hash

import remodel as rm
from remodel.errors import UnusualDoseWarning, UnusualPatientWarning
from remodel.plots.style import COLORS

DAYS_PER_YEAR = 365.25
INHIBITOR = "anastrozole 1 mg daily for 5 y"
SPINE, HIP, CTX = (
    f"{name}_percent_change" for name in ("bmd_lumbar_spine", "bmd_total_hip", "ctx")
)
ANY, MAJOR = "fracture_probability_any_clinical", "fracture_probability_major"
WORDS = {
    SPINE: "Spine density, change [%]",
    HIP: "Total hip density, change [%]",
    CTX: "CTX, change [%]",
    ANY: "Any clinical fracture, probability [%]",
    MAJOR: "Major osteoporotic fracture, probability [%]",
}


@dataclass(frozen=True, slots=True)
class Slider:
    """One setting: its name, its values, what each is called, and the first one shown."""

    name: str
    label: str
    values: tuple[float | str, ...]
    words: tuple[str, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question: sliders, arms, what is drawn of them, and how they are simulated.

    Attributes
    ----------
    name, title, text : str
    sliders : tuple of Slider
    arms : tuple of str
    panels : tuple of str
        Variables.
    years, step : float
        Length and step of the time axis [y].
    treated : Callable
        From the settings of the sliders to a schedule of each arm and a patient.
    """

    name: str
    title: str
    text: str
    sliders: tuple[Slider, ...]
    arms: tuple[str, ...]
    panels: tuple[str, ...]
    years: float
    step: float
    treated: Callable[..., tuple[dict[str, str | None], rm.Patient]]


def steps(name: str, label: str, values: Sequence[float], start: int, unit: str = "") -> Slider:
    """Return a slider over numbers."""
    words = tuple(f"{value:g}{unit}".replace("-", "−") for value in values)
    return Slider(name, label, tuple(values), words, start)


def inhibitor(age: float, t_score: float) -> tuple[dict[str, str | None], rm.Patient]:
    """Return what is given with an inhibitor."""
    schedules = {
        "inhibitor alone": INHIBITOR,
        "with zoledronic acid": f"{INHIBITOR}; zoledronic acid 4 mg every 6 mo for 5 y",
        "with denosumab": f"{INHIBITOR}; denosumab 60 mg every 6 mo for 5 y",
    }
    return schedules, rm.Patient(age=age, menopause_age=50, t_score_lumbar_spine=t_score)


def infusions(interval: float, delay: float) -> tuple[dict[str, str | None], rm.Patient]:
    """Return zoledronic acid at an interval, begun late."""
    doses = int((60 - delay - 1e-9) // interval) + 1
    late = f"zoledronic acid 4 mg every {interval:g} mo x {doses}"
    if delay:
        late += f" from {delay:g} mo"
    schedules = {"inhibitor alone": INHIBITOR, "with infusions": f"{INHIBITOR}; {late}"}
    return schedules, rm.Patient(age=62, menopause_age=50)


def leaving(years: float, after: str) -> tuple[dict[str, str | None], rm.Patient]:
    """Return denosumab for some years, and what follows it."""
    course = f"denosumab 60 mg every 6 mo for {years:g} y"
    end = 12 * years
    follow = {
        "nothing": "",
        "zoledronate": f"; zoledronic acid 5 mg once from {end:g} mo",
        "zoledronate_twice": f"; zoledronic acid 5 mg every 12 mo x 2 from {end:g} mo",
        "alendronate": f"; alendronate 70 mg weekly for 2 y from {end:g} mo",
    }[after]
    schedules = {"goes on": "denosumab 60 mg every 6 mo for 9 y", "stops": course + follow}
    return schedules, rm.Patient(age=68, menopause_age=50)


def fractures(age: float, t_score: float) -> tuple[dict[str, str | None], rm.Patient]:
    """Return treatments of a woman with a T-score at the femoral neck."""
    schedules = {
        "untreated": None,
        "alendronate": "alendronate 70 mg weekly for 5 y",
        "zoledronic acid": "zoledronic acid 5 mg every 12 mo x 5",
        "denosumab": "denosumab 60 mg every 6 mo for 5 y",
    }
    return schedules, rm.Patient(age=age, menopause_age=50, t_score_femoral_neck=t_score)


AFTER = Slider(
    "after",
    "Then",
    ("nothing", "zoledronate", "zoledronate_twice", "alendronate"),
    ("nothing", "zoledronic acid once", "zoledronic acid twice", "alendronate for 2 years"),
    0,
)
QUESTIONS = (
    Question(
        "inhibitor", "What does an aromatase inhibitor cost, and what protects?",
        "Five years of anastrozole after menopause at 50, and two years after it.",
        (
            steps("age", "Age at the start", (55, 60, 65, 70, 75), 1, " years"),
            steps("t_score", "T-score at the spine", (-3, -2, -1, 0, 1), 2),
        ),
        ("inhibitor alone", "with zoledronic acid", "with denosumab"), (SPINE, HIP), 7.0, 0.25,
        inhibitor,
    ),
    Question(
        "zoledronate", "Zoledronic acid with an inhibitor: how often, from when?",
        "A woman of 62 on five years of anastrozole; 4 mg at each infusion, until year 5.",
        (
            steps("interval", "Every", (6, 12, 18, 24, 60), 0, " months"),
            steps("delay", "First infusion after", (0, 6, 12, 24, 36), 0, " months"),
        ),
        ("inhibitor alone", "with infusions"), (SPINE, HIP), 7.0, 0.25, infusions,
    ),
    Question(
        "denosumab", "How does one leave denosumab?",
        "A woman of 68 takes 60 mg every 6 months, then something else when the next dose is due.",
        (steps("years", "Denosumab for", (1, 2, 3, 5, 7), 2, " years"), AFTER),
        ("goes on", "stops"), (HIP, CTX), 9.0, 0.125, leaving,
    ),
    Question(
        "fracture", "Who breaks a bone, and how much does treatment spare?",
        "Five years, a woman in the United Kingdom without other risk factors. The probability is "
        "that of a first event, with death as a competitor.",
        (
            steps("age", "Age", (55, 60, 65, 70, 75, 80), 3, " years"),
            steps("t_score", "T-score at the femoral neck", (-4, -3, -2, -1, 0), 1),
        ),
        ("untreated", "alendronate", "zoledronic acid", "denosumab"), (ANY, MAJOR), 5.0, 0.5,
        fractures,
    ),
)  # fmt: skip


def numbers(question: Question) -> list[int]:
    """Return values in tenths, by slider settings, arm, panel and time, one after the other."""
    settings = list(itertools.product(*(slider.values for slider in question.sliders)))
    treated = [question.treated(*values) for values in settings]
    times = times_of(question)
    fracture = question.panels[0] in (ANY, MAJOR)
    outputs = ["bmd_total_hip", "ctx", "t_score_femoral_neck"] if fracture else question.panels
    dense = np.arange(0.0, question.years + 1e-9, min(question.step, 1 / 12)) * DAYS_PER_YEAR
    with warnings.catch_warnings():
        for category in (UnusualDoseWarning, UnusualPatientWarning):
            warnings.simplefilter("ignore", category)
        dataset = rm.simulate(
            schedule=[schedules[arm] for schedules, _ in treated for arm in question.arms],
            patient=[patient for _, patient in treated for _ in question.arms],
            times=dense if fracture else times * DAYS_PER_YEAR,
            outputs=outputs,
            strict=True,
        )
        if fracture:
            dataset = with_fractures(dataset, question, settings)
    values = np.stack([at(dataset, panel, times) for panel in question.panels], axis=1)
    return [int(tenths) for tenths in np.rint(10.0 * values).ravel()]


def at(dataset: xr.Dataset, name: str, times: np.ndarray) -> np.ndarray:
    """Return a variable at times [y], shape (n_simulations, n_times)."""
    days = xr.DataArray(times * DAYS_PER_YEAR, dims="time")
    return dataset[name].sel(time=days, method="nearest").to_numpy()


def with_fractures(dataset: xr.Dataset, question: Question, settings: Sequence[Any]) -> xr.Dataset:
    """Return probabilities of fracture; each arm against her own untreated twin."""
    arms = len(question.arms)
    twins = np.repeat(np.arange(0, dataset.sizes["simulation"], arms), arms)
    ages = np.repeat([age for age, _ in settings], arms)
    untreated = dataset.isel(simulation=twins)
    untreated = untreated.assign_coords(simulation=dataset.simulation)
    sites = [name.removeprefix("fracture_probability_") for name in question.panels]
    return rm.fracture_risk(dataset, untreated=untreated, women={"age": ages}, sites=sites)


def times_of(question: Question) -> np.ndarray:
    """Return the output times [y]."""
    return np.arange(0.0, question.years + 1e-9, question.step)


def written(question: Question) -> dict[str, Any]:
    """Return what the page needs of a question."""
    sliders = [asdict(slider) for slider in question.sliders]
    return {
        "name": question.name,
        "title": question.title,
        "sliders": [{k: s[k] for k in ("name", "label", "words", "start")} for s in sliders],
        "arms": question.arms,
        "colors": COLORS[: len(question.arms)],
        "panels": [WORDS[name] for name in question.panels],
        "times": [round(float(t), 3) for t in times_of(question)],
        "tenths": numbers(question),
    }


def page(folder: Path) -> str:
    """Return every question as HTML in Markdown, with its numbers."""
    key = hash_of(package_hash(), hash_of_files([Path(__file__)]))
    sections = []
    for question in QUESTIONS:
        path = folder / "slices" / f"{question.name}.json"
        made: Mapping[str, Any] = kept(path, key, partial(written, question))
        text = json.dumps(made, separators=(",", ":")).replace("<", "\\u003c")
        sections.append(
            f"## {question.title}\n\n{question.text}\n\n"
            f'<div class="slices" role="group" aria-label="{escape(question.title)}">\n'
            f'<script type="application/json">{text}</script>\n'
            "<noscript>This picture needs JavaScript, which is part of this page and fetches "
            "nothing.</noscript>\n</div>\n"
        )
    return "\n".join(sections)
