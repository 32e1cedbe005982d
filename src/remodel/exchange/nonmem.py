"""NONMEM-style data sets: the doses of a schedule, and what its simulation gives at visits.

Doses are in mg and times in days. CMT counts the states of the model; DRUG, ROUTE and UNIT say the
same in words, by which ``Schedule.read_csv`` reads the table back.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from remodel.exchange.case import Case
from remodel.files import write_text
from remodel.simulation.dosing import checked_route, in_mg
from remodel.simulation.simulate import simulate
from remodel.units import DAYS_PER_MONTH

COLUMNS = (
    "ID", "TIME", "EVID", "AMT", "CMT", "RATE", "ADDL", "II", "SS", "LAG", "DV", "MDV", "DVID",
    "DRUG", "ROUTE", "UNIT", "ENDPOINT",
)  # fmt: skip
NOT_OF_DOSES = ("CMT", "DVID", "ENDPOINT")
"""Columns to be passed over where the table is read as a schedule (``ignore_columns``)."""
_NOTHING = "."


def write_nonmem(case: Case, path: str | Path) -> Path:
    """Write doses and the simulated endpoints of every month, as records of patient 1."""
    records = [*_observations(case), *_doses(case)]
    records.sort(key=lambda record: float(str(record["TIME"])))  # what is seen on a day comes first
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval=_NOTHING, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return write_text(path, text.getvalue())


def _doses(case: Case) -> Iterator[dict[str, object]]:
    names = case.system.state_names
    for row in case.schedule.to_table(until=case.end):
        drug = case.model.drugs[str(row["DRUG"])]
        route = checked_route(drug, str(row["ROUTE"]) or None)
        mg = in_mg(drug, 1.0, str(row["UNIT"]), case.model.all_parameters)
        state, _ = case.model.dose_target(drug.name, route)
        yield {
            "ID": 1,
            **{name: row[name] for name in ("TIME", "EVID", "ADDL", "II", "SS", "LAG")},
            **{name: float(str(row[name])) * mg for name in ("AMT", "RATE")},
            "CMT": names.index(state) + 1,
            "MDV": 1,
            "DRUG": drug.name,
            "ROUTE": route,
            "UNIT": "mg",
        }


def _observations(case: Case) -> Iterator[dict[str, object]]:
    """Yield the endpoints of every month, as the exported parameters give them."""
    times = np.arange(0.0, case.end + 1e-6, DAYS_PER_MONTH)
    dataset = simulate(
        case.model,
        schedule=case.schedule,
        patient=case.patient,
        parameters=case.given,
        times=times,
        outputs=tuple(case.model.endpoints),
    )
    for j, time in enumerate(times.tolist()):
        for number, name in enumerate(case.model.endpoints, 1):
            yield {
                "ID": 1,
                "TIME": time,
                "EVID": 0,
                "DV": float(dataset[name].to_numpy()[0, j]),
                "MDV": 0,
                "DVID": number,
                "ENDPOINT": name,
            }
