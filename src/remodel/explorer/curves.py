"""Curves of the arms, what was given when, and numbers at visits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.errors import ConfigError, nearest
from remodel.explorer.question import Case, Question
from remodel.explorer.simulations import plain, simulated
from remodel.models import load_model
from remodel.plots.style import panel_title, unit_text
from remodel.plots.treatment import treatment_rows
from remodel.schedules import Dose, Schedule
from remodel.simulation.inputs import Inputs
from remodel.simulation.unusual import unusual_sentences
from remodel.solvers.status import Status
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR, PERCENT_CHANGE

if TYPE_CHECKING:
    import xarray as xr

RISK = "fracture_probability_"
_SAME_SCORE = 0.02  # T-scores at the start up to which arms share an axis
_LEAST_CHANGE = 0.05  # percent, from which the slope of a T-score is known
_MOST_NOTES = 5
_MOST_MARKS = 400  # doses of an arm that are drawn one by one


def curves_of(question: Question) -> dict[str, Any]:
    """Return what the figure and the table of visits show."""
    case, dataset = question.case, simulated(question.case)
    names = chosen_panels(question, dataset)
    months = dataset["month"].values
    visits = sorted({m for m in question.page.visits if m <= 12 * case.years + 1e-9})
    return {
        "months": plain(months),
        "arms": _arms(question, dataset),
        "panels": [_panel(dataset, name, months, visits) for name in names],
        "visits": visits,
        "strip": strip_of(case),
        "notes": _notes(case),
    }


def chosen_panels(question: Question, dataset: xr.Dataset) -> list[str]:
    """Return the panels that are shown of a dataset, without those of fractures.

    Raises
    ------
    ConfigError
        If a name is unknown.
    """
    known = [str(name) for name in dataset.data_vars if dataset[name].dims[-1:] == ("time",)]
    names = list(dict.fromkeys(n for n in question.page.panels if not n.startswith(RISK)))
    for name in names:
        if name not in known:
            raise ConfigError(
                f"model '{question.case.model}' has no '{name}'.{nearest(name, known)}",
                field="panels",
            )
    return names


def _notes(case: Case) -> list[str]:
    """Return what is allowed and probably not meant: doses and ages far from the usual."""
    model = load_model(case.model)
    inputs = Inputs.read(model, case.schedules, case.patient, dict(case.parameters) or None)
    of_doses, of_patients = unusual_sentences(model, inputs)
    return list(dict.fromkeys([*of_doses, *of_patients]))[:_MOST_NOTES]


def _arms(question: Question, dataset: xr.Dataset) -> list[dict[str, Any]]:
    """Return every arm as it was read, and what went wrong with it."""
    statuses = [Status(int(status)) for status in dataset["status"].values]
    years = dataset["stopped_at"].values / DAYS_PER_YEAR
    return [
        {
            "name": name,
            "sentence": str(schedule),
            "lines": lines_of(schedule),
            "notes": [said for arm, said in question.notes if arm == number],
            "failed": ""
            if statuses[number] == Status.OK
            else f"failed at year {years[number]:.3g}. {statuses[number].sentence}",
        }
        for number, (name, schedule) in enumerate(question.case.arms)
    ]


def lines_of(schedule: Schedule) -> list[dict[str, Any]]:
    """Return the lines of a schedule as the menus of the page hold them; others as text."""
    lines: list[dict[str, Any]] = [_menu_line(dose) for dose in schedule.doses]
    rest = str(Schedule((), schedule.interventions))
    return lines if rest == "none" else [*lines, *({"text": t} for t in rest.split("; "))]


def _menu_line(dose: Dose) -> dict[str, Any]:
    text = str(Schedule((dose,)))
    is_plain = not dose.infusion and not dose.steady_state and dose.unit in ("mg", "ug")
    if not is_plain or dose.time < 0:
        return {"text": text}
    months = (dose.time / DAYS_PER_MONTH, (dose.end - dose.time) / DAYS_PER_MONTH)
    is_endless = dose.interval is not None and dose.count is None
    return {
        "text": text,
        "drug": dose.drug,
        "amount": dose.amount,
        "unit": dose.unit,
        "route": dose.route or "",
        "interval": dose.interval,
        "start": round(months[0], 3),
        "length": None if dose.interval is None or is_endless else round(months[1], 3),
    }


def _panel(
    dataset: xr.Dataset, name: str, months: np.ndarray, visits: Sequence[float]
) -> dict[str, Any]:
    variable = dataset[name]
    values = variable.values
    return {
        "name": name,
        "title": short_title(panel_title(variable)),
        "change": name.endswith(PERCENT_CHANGE),
        "unit": unit_text(str(variable.attrs.get("units", ""))),
        "values": [plain(row) for row in values],
        "score": _score_axis(dataset, name),
        "visits": [plain(np.interp(visits, months, row)) for row in values] if visits else [],
    }


def short_title(title: str) -> str:
    """Return a title that fits a narrow panel: density without its kind, no remark in brackets."""
    short = re.sub(r"\s*\([^)]*\)", "", title)
    short = re.sub(r"(?i)^t-score of areal bone mineral density of the", "T-score,", short)
    return re.sub(r"(?i)^areal bone mineral density(?:,| of the)?", "Density,", short)


def title_of(endpoint: str) -> str:
    """Return the title of an endpoint of the reference model."""
    name = load_model("reference").endpoints[endpoint].long_name
    return short_title(name[:1].upper() + name[1:])


def _score_axis(dataset: xr.Dataset, name: str) -> dict[str, float] | None:
    """Return where T-scores lie on the axis of a change of density, if they do for all arms."""
    score = name.removesuffix(PERCENT_CHANGE).replace("bmd_", "t_score_")
    if not (name.startswith("bmd_") and name.endswith(PERCENT_CHANGE)) or score not in dataset:
        return None
    change, scores = dataset[name].values, dataset[score].values
    starts = scores[:, 0]
    if not np.all(np.abs(starts - starts[0]) <= _SAME_SCORE):
        return None
    size = np.nan_to_num(np.abs(change))
    row, column = np.unravel_index(int(np.argmax(size)), size.shape)
    if size[row, column] < _LEAST_CHANGE:
        return None
    slope = (scores[row, column] - scores[row, 0]) / change[row, column]
    return {"start": float(starts[0]), "per_percent": float(slope)}


def strip_of(case: Case) -> list[dict[str, Any]]:
    """Return what was given when: a row a drug, with a lane for each arm [months]."""
    rows = treatment_rows(case.schedules, case.years * DAYS_PER_YEAR)
    names = [name for name, _ in case.arms]
    return [
        {
            "drug": row.drug.replace("_", " "),
            "lanes": [
                {
                    "arm": names.index(lane.arm),
                    "bars": [[a / DAYS_PER_MONTH, b / DAYS_PER_MONTH] for a, b in lane.bars],
                    "doses": [t / DAYS_PER_MONTH for t in lane.doses[:_MOST_MARKS]],
                }
                for lane in row.lanes
            ],
        }
        for row in rows
    ]


def outputs_of(model: str) -> Mapping[str, str]:
    """Return what can be drawn of a model: name -> words."""
    from remodel.simulation.dataset import default_outputs, describe

    chosen = load_model(model)
    states = chosen.assembly(()).states
    return {name: describe(chosen, states, name)["long_name"] for name in default_outputs(chosen)}
