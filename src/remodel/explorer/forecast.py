"""Her own forecast: the readings that were typed in, fitted, and the arms from now on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from remodel.errors import ConfigError, RemodelError, nearest
from remodel.explorer.curves import title_of
from remodel.explorer.question import Question, ReadingRow, WhoTable, at_field
from remodel.explorer.simulations import plain
from remodel.individuals.fit import fit_patient
from remodel.individuals.forecast import courses_of, threshold_table
from remodel.individuals.patient_fit import PatientFit
from remodel.individuals.readings import Reference, reading_of
from remodel.individuals.response import response_table
from remodel.individuals.woman import Woman, load_woman
from remodel.models import load_model
from remodel.patient import SITES

POPULATIONS = ("postmenopausal", "aromatase_inhibitor", "osteoporosis")
_DRAWS = 512
_SHOWN = (*(f"t_score_{site}" for site in SITES), "ctx", "p1np")
_BANDS = {"low_90": 0.05, "low_50": 0.25, "median": 0.5, "high_50": 0.75, "high_90": 0.95}
_LONGEST = 30.0


def forecast_of(question: Question) -> dict[str, Any]:
    """Return her course under every arm from now on, with bands, and what her readings say."""
    woman = woman_of(question)
    fit = fit_patient(woman)
    try:
        courses = courses_of(fit)
    except RemodelError as error:
        raise ConfigError(str(error), field="readings") from error
    reference = Reference.of(woman.model)
    first = next(iter(courses.values()))
    return {
        "now": woman.now,
        "months": plain(first["months"].values),
        "options": list(courses),
        "panels": [
            {
                "name": name,
                "title": title_of(name),
                "unit": "" if name.startswith("t_score") else str(first[name].attrs["units"]),
                "courses": [_bands(course[name].values) for course in courses.values()],
                "readings": _readings(woman, reference, name),
            }
            for name in _SHOWN
        ],
        "thresholds": _thresholds(fit, courses),
        "response": _response(fit),
        "effective_size": round(fit.effective_size),
        "pareto_k": plain([fit.pareto_k])[0],
        "is_trusted": bool(fit.pareto_k <= 0.7),
        "outliers": [
            {"endpoint": o.endpoint, "months": o.months, "size": round(o.size, 1)}
            for o in fit.outliers
        ],
        "notes": _notes(question.page.patient),
    }


def _notes(who: WhoTable) -> list[str]:
    """Return what stands on the page and the forecast does not know."""
    if who.sex == "female" and who.menopause == "surgical":
        return ["The forecast takes her menopause for a natural one; the curves above do not."]
    return []


def woman_of(question: Question) -> Woman:
    """Return the woman who was typed in.

    Raises
    ------
    ConfigError
        With the path of the field.
    """
    content = woman_table(question)
    try:
        return load_woman(content)
    except RemodelError as error:
        path = f"patient.{error.field}" if error.field in WhoTable.model_fields else "readings"
        raise ConfigError(str(error), field=path) from error


def woman_table(question: Question) -> dict[str, Any]:
    """Return the content of the ``woman.toml`` that says the same as the page.

    Raises
    ------
    ConfigError
        With the path of the field, if something is not possible.
    """
    page, case = question.page, question.case
    _check_kind(question)
    rows = _checked_rows(page.readings)
    taken = " ".join(page.taken.split())
    if taken:
        with at_field("taken"):
            load_woman({"patient": {"age": 60.0}, "taken": taken})
    return {
        "patient": _patient(page.patient, rows),
        "taken": taken,
        "population": page.population,
        "reading": rows,
        "option": [{"name": name, "schedule": str(schedule)} for name, schedule in case.arms],
        "forecast": {"years": float(min(case.years, _LONGEST))},
        "draws": _DRAWS,
    }


def _check_kind(question: Question) -> None:
    """Refuse what no forecast can be made of.

    Raises
    ------
    ConfigError
    """
    page, case = question.page, question.case
    if case.model != "reference":
        raise ConfigError("a forecast is made with the reference model.", field="model")
    if case.parameters:
        raise ConfigError(
            "a forecast takes the parameters as calibrated; clear the changes.", field="changes"
        )
    if page.patient.menopause == "none" and page.patient.sex == "female":
        raise ConfigError(
            "a forecast is made of women after menopause, and of men.", field="patient.menopause"
        )
    if page.population not in POPULATIONS:
        hint = nearest(page.population, POPULATIONS)
        raise ConfigError(f"'{page.population}' is not offered here.{hint}", field="population")
    if not page.readings:
        raise ConfigError(
            "a forecast needs a reading: add a T-score, a density or a marker.", field="readings"
        )


def _checked_rows(readings: Sequence[ReadingRow]) -> list[dict[str, Any]]:
    """Return the readings in the order of time, each of them possible.

    Raises
    ------
    ConfigError
        With the path of the field.
    """
    reference = Reference.of(load_model("reference"))
    for number, row in enumerate(readings):
        try:
            reading_of(row.endpoint, row.months, row.value, row.unit, reference)
        except RemodelError as error:
            column = error.field if error.field in ReadingRow.model_fields else "value"
            path = f"readings.{number}.{column}"
            raise ConfigError(str(error), field=path) from error
    return [
        {
            "endpoint": row.endpoint,
            "months": float(row.months),
            "value": float(row.value),
            "unit": row.unit,
        }
        for row in sorted(readings, key=lambda row: row.months)
    ]


def _patient(who: WhoTable, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the table of the patient; a T-score of hers counts where none was read at month 0."""
    patient: dict[str, Any] = {"age": float(who.age), "sex": who.sex}
    if who.bmi is not None:
        patient["bmi"] = float(who.bmi)
    if who.menopause_age is not None and who.sex == "female":
        patient["menopause_age"] = float(who.menopause_age)
    at_start = {row["endpoint"] for row in rows if row["months"] == 0}
    for site in SITES:
        score = getattr(who, f"t_score_{site}")
        if score is not None and not at_start & {f"bmd_{site}", f"t_score_{site}"}:
            patient[f"t_score_{site}"] = float(score)
    return patient


def _bands(values: np.ndarray) -> dict[str, list[Any]]:
    quantiles = np.quantile(values, list(_BANDS.values()), axis=0)
    return {name: plain(row, 5) for name, row in zip(_BANDS, quantiles, strict=True)}


def _readings(woman: Woman, reference: Reference, name: str) -> list[dict[str, float]]:
    """Return the readings that belong on a panel; a density is a T-score, too."""
    site = name.removeprefix("t_score_")
    points = []
    for reading in woman.readings:
        if reading.endpoint == name:
            points.append({"month": reading.months, "value": reading.value})
        elif reading.endpoint == f"bmd_{site}":
            score = reference.t_score(site, reading.value)
            points.append({"month": reading.months, "value": round(score, 3)})
    return points


def _thresholds(fit: PatientFit, courses: Any) -> list[dict[str, Any]]:
    """Return the probability of each event at the end of the forecast."""
    table = threshold_table(courses, fit.woman.thresholds)
    last = table[table["months"] == table["months"].max()]
    return [
        {
            "option": str(row.option),
            "event": _event(str(row.endpoint), str(row.threshold)),
            "probability": round(float(row.probability), 4),
        }
        for row in last.itertuples()
    ]


def _event(endpoint: str, threshold: str) -> str:
    """Return an event in words, such as ``T-score lumbar spine below -2.5``."""
    site = endpoint.removeprefix("t_score_").removeprefix("bmd_").replace("_", " ")
    is_score = endpoint.startswith("t_score")
    words = threshold.replace("<", "below").replace(">", "above")
    return f"T-score {site} {words}" if is_score else f"density {site}, {words}"


def _response(fit: PatientFit) -> list[dict[str, Any]]:
    if not fit.woman.taken.drugs:
        return []
    return [
        {
            "explanation": str(row.explanation).replace("_", " "),
            "probability": round(float(row.probability), 4),
        }
        for row in response_table(fit).itertuples()
    ]
