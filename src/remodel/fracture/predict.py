"""Risks of the arms of a table, and their ratios: what ``remodel fracture`` writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import FloatArray
from remodel.files import results_folder, write_csv, write_text, writing
from remodel.fracture.arms import (
    Exposed,
    Question,
    probability_of,
    read_questions,
    simulate_arms,
)
from remodel.fracture.background import Background, load_background
from remodel.fracture.hazards import hazards_of
from remodel.fracture.limits import beyond_link
from remodel.fracture.link import Link, load_link
from remodel.models import Model, load_model
from remodel.provenance import manifest, recorded
from remodel.simulation.inputs import check_count

if TYPE_CHECKING:
    import pandas as pd

DRAWS = 400
_FILES = ("manifest.json", "fracture.csv", "contrasts.csv")
_BAND = (5.0, 95.0)


@dataclass(frozen=True, slots=True)
class Prediction:
    """Risks of arms and their ratios.

    Attributes
    ----------
    risks : pandas.DataFrame
        The rows of the table with ``probability, low_90, high_90`` [%].
    contrasts : pandas.DataFrame
        ``relative_risk, low_90, high_90``: ratio of the probabilities of arm and comparator.
    failed : tuple of (str, str)
        Study and arm of simulations that failed; their numbers are NaN.
    warnings : tuple of str
        Drugs whose fractures are predicted too high.
    """

    risks: pd.DataFrame
    contrasts: pd.DataFrame
    failed: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...] = ()


@recorded
def predict_arms(
    path: str | Path,
    *,
    out: str | Path | None = None,
    model: str | Model = "reference",
    draws: int = DRAWS,
    seed: int = 1,
) -> Prediction:
    """Return the risk of fracture of each arm of a table, and the ratio to its comparator.

    Parameters
    ----------
    path : path
        Table with ``study_id, arm, comparator, schedule, age, outcome, months`` and, where known,
        ``sex, menopause_age, bmi, t_score_femoral_neck, t_score_femoral_neck_sd, prior_fracture,
        prior_vertebral_fracture, parental_fracture, smoking, glucocorticoids, country``. A blank
        risk factor is unknown and takes the share of women in general; a blank T-score is the
        mean of women of the age.
    out : path, optional
        Folder for ``fracture.csv``, ``contrasts.csv`` and ``manifest.json``.
    model : str or Model
    draws : int
        Draws of background, link and spread between trials behind the intervals of 90 %.
    seed : int

    Raises
    ------
    RemodelError
        One of its subclasses, before anything is simulated, if the table is not allowed.
    """
    chosen = load_model(model)
    check_count("draws", draws)
    questions = read_questions(path, chosen)
    arms = {q.arm.key: q.arm for q in questions}
    if out is not None:
        results_folder(out, _FILES, mark=_FILES[0], key="fracture", what="prediction of fracture")
    exposed = simulate_arms(list(arms.values()), {q.months for q in questions}, chosen)
    mean, drawn = _predicted(questions, exposed, draws, seed)
    prediction = Prediction(
        _risks(questions, mean, drawn),
        _contrasts(questions, mean, drawn),
        exposed.failed,
        beyond_link(arm.schedule for arm in arms.values()),
    )
    if out is not None:
        _write(prediction, Path(out), Path(path).name, draws, seed, chosen)
    return prediction


def _predicted(
    questions: Sequence[Question], exposed: Exposed, draws: int, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Return the risk of each arm at each outcome and time asked of its study.

    Shapes are (n_questions, 2) and (draws, n_questions, 2): of the arm, and of its comparator.
    """
    rng = np.random.default_rng(seed)
    mean = _both(questions, exposed, load_background(), load_link())
    drawn = np.empty((draws, *mean.shape))
    for k in range(draws):
        background = load_background().draw(rng)
        links = [load_link().draw(rng) for _ in exposed.keys]
        # one link for all arms; each arm differs from it as a trial does
        shift = {f: np.array([[s[f]] for _, s in links]) for f in ("hip", "other", "vertebral")}
        drawn[k] = _both(questions, exposed, background, links[0][0], shift)
    return mean, drawn


def _both(
    questions: Sequence[Question],
    exposed: Exposed,
    background: Background,
    link: Link,
    shift: dict[str, FloatArray] | None = None,
) -> FloatArray:
    hazards = hazards_of(
        exposed.women, exposed.exposure, background=background, link=link, shift=shift
    )
    position = {key: i for i, key in enumerate(exposed.keys)}
    result = np.full((len(questions), 2), np.nan)
    for row, question in enumerate(questions):
        for column, name in enumerate((question.arm.name, question.comparator)):
            if name:
                i = position[question.arm.study, name]
                hazard = hazards[question.outcome]
                result[row, column] = 100.0 * probability_of(
                    exposed, hazard, i, 0.0, question.months
                )
    return result


def _risks(questions: Sequence[Question], mean: FloatArray, drawn: FloatArray) -> pd.DataFrame:
    import pandas as pd

    low, high = np.percentile(drawn[:, :, 0], _BAND, axis=0)
    table = pd.DataFrame([dict(q.row.cells) for q in questions])
    return table.assign(probability=mean[:, 0], low_90=low, high_90=high)


def _contrasts(questions: Sequence[Question], mean: FloatArray, drawn: FloatArray) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for k, question in enumerate(questions):
        if question.comparator:
            ratios = drawn[:, k, 0] / drawn[:, k, 1]
            low, high = np.percentile(ratios, _BAND)
            rows.append(
                {
                    "study_id": question.arm.study,
                    "arm": question.arm.name,
                    "comparator": question.comparator,
                    "outcome": question.outcome,
                    "months": question.months,
                    "relative_risk": mean[k, 0] / mean[k, 1],
                    "low_90": low,
                    "high_90": high,
                }
            )
    names = ["study_id", "arm", "comparator", "outcome", "months", "relative_risk"]
    return pd.DataFrame(rows, columns=[*names, "low_90", "high_90"])


def _write(
    prediction: Prediction, folder: Path, table: str, draws: int, seed: int, model: Model
) -> None:
    record = manifest(fracture=table, model=model.name, draws=draws, seed=seed)
    with writing(folder):
        write_text(folder / "manifest.json", json.dumps(record, indent=2, sort_keys=True) + "\n")
        write_csv(folder / "fracture.csv", prediction.risks)
        write_csv(folder / "contrasts.csv", prediction.contrasts)
