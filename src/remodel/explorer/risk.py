"""Probability of a fracture in every arm."""

from __future__ import annotations

from typing import Any

import numpy as np

from remodel.explorer.curves import RISK, short_title
from remodel.explorer.question import Question, at_field
from remodel.explorer.simulations import plain, simulated
from remodel.fracture import fracture_risk
from remodel.fracture.sites import LONG_NAMES
from remodel.fracture.twins import INPUTS
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

SITES = ("any_clinical", "major", "hip", "vertebral")
_DRAWS = 30
_FACTORS = ("prior_fracture", "parental_fracture", "smoking", "glucocorticoids")


def risk_of(question: Question) -> dict[str, Any]:
    """Return probabilities over time with bands, and ten-year probabilities at the start."""
    dataset, who = simulated(question.case), question.page.patient
    if any(name not in dataset for name in INPUTS) or question.case.patient is None:
        return {
            "months": [],
            "panels": [],
            "ten_years": {},
            "beyond": "",
            "why": _no_risk(question),
        }
    women = {name: float(getattr(who, name)) for name in _FACTORS}
    if who.bmi is not None:
        women["bmi"] = who.bmi
    with at_field("patient.country"):
        risk = fracture_risk(dataset, country=who.country, women=women, sites=SITES, draws=_DRAWS)
    times = dataset["time"].values
    panels = [
        {
            "name": RISK + site,
            "title": short_title(
                f"{LONG_NAMES[site][:1].upper()}{LONG_NAMES[site][1:]}, probability"
            ),
            "unit": "%",
            "values": [plain(row) for row in risk[RISK + site].values],
            "low": [plain(row) for row in risk[f"{RISK}{site}_low_90"].values],
            "high": [plain(row) for row in risk[f"{RISK}{site}_high_90"].values],
            "visits": [
                plain(np.interp(_visits(question), times / DAYS_PER_MONTH, row))
                for row in risk[RISK + site].values
            ],
        }
        for site in SITES
    ]
    ten_years = {
        site: plain([float(risk[f"ten_year_probability_{site}"].values[0, 0])])[0] for site in SITES
    }
    return {
        "months": plain(times / DAYS_PER_MONTH),
        "years": float(times[-1] / DAYS_PER_YEAR),
        "panels": panels,
        "ten_years": ten_years,
        "beyond": risk.attrs.get("beyond_link", ""),
        "why": "",
    }


def _visits(question: Question) -> list[float]:
    return sorted({m for m in question.page.visits if m <= 12 * question.case.years + 1e-9})


def _no_risk(question: Question) -> str:
    return f"Model '{question.case.model}' has no fractures: they need hip density, CTX and age."
