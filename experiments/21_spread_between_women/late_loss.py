"""Estimate how much more very old women lose than their mechanism says, from repeated scans.

    python experiments/21_spread_between_women/late_loss.py SCANS.csv

The table is that of ``run.py``, with ``visit`` and ``menopause_age``. Half of the women are fitted,
those whose number, written as text, has an even first byte of its SHA-256. Changes between
successive scans up to visit 6 (few were treated until then) are compared with the mean change that
the population simulates at her age and menopause; what is left is a hinge, ``late_loss`` times the
years beyond ``late``, by least squares with the variances of wander and scans.
"""

import hashlib
import sys

import numpy as np
import pandas as pd

from remodel.individuals.courses import drawn, simulated
from remodel.individuals.prior import Prior
from remodel.measurement.instruments import load_instruments
from remodel.models import load_model
from remodel.populations.load import load_definition
from remodel.schedules import Schedule

SITES = ("total_hip", "femoral_neck")
MENOPAUSE = (40.0, 45.0, 48.0, 50.0, 53.0, 56.0)
USUAL = 48.0  # where it is unknown
YOUNGEST, OLDEST = 64.0, 100.0
LAST_VISIT = 6
ONSETS = (70.0, 72.0, 74.0, 75.0, 76.0, 77.0, 78.0, 80.0)


def main() -> None:
    scans = pd.read_csv(sys.argv[1])
    scans = scans[[is_fitted(woman) for woman in scans["woman"]]]
    definition, tools = load_definition("postmenopausal"), load_instruments()
    courses = mean_courses(definition)
    print(f"{'late':>5s}" + "".join(f"{site:>34s}" for site in SITES))
    for late in ONSETS:
        cells = []
        for number, site in enumerate(SITES):
            changes = changes_of(scans, site)
            off = changes["change"].to_numpy() - expected(courses[site], changes)
            age, years = (changes[name].to_numpy() for name in ("age", "years"))
            scan = tools.scans[f"bmd_{site}"].long_term
            variance = (
                definition.wander.sd[1 + number] ** 2
                * np.array(
                    [definition.wander.variance(a, y) for a, y in zip(age, years, strict=True)]
                )
                + 2 * scan**2
            )
            hinge = -(np.maximum(age + years - late, 0) ** 2 - np.maximum(age - late, 0) ** 2) / 2
            size = (hinge**2 / variance).sum()
            slope = (hinge * off / variance).sum() / size
            misfit = ((off - slope * hinge) ** 2 / variance).sum()
            cells.append(f"{slope:.5f} +- {size**-0.5:.5f}, misfit {misfit:.1f}")
        print(f"{late:5.0f}" + "".join(f"{cell:>34s}" for cell in cells))


def is_fitted(woman: int) -> bool:
    return hashlib.sha256(str(woman).encode()).digest()[0] % 2 == 0


def mean_courses(definition) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return ages, and mean log density by menopause age, by site; nothing of it is late loss."""
    prior = Prior.of(definition, load_model("reference"), bmi=None, knows_menopause=True)
    draws = drawn(prior, 512, [1.0], 1)
    months = np.arange(0.0, 12 * (OLDEST - YOUNGEST) + 1, 6.0)
    names, years = [f"bmd_{site}" for site in SITES], months / 12
    rows = {site: [] for site in SITES}
    for menopause in MENOPAUSE:
        course = simulated(prior, draws, [Schedule()], months, names, age=YOUNGEST,
                           menopause_age=menopause)  # fmt: skip
        for number, site in enumerate(SITES):
            mean = course.log[f"bmd_{site}"][course.possible].mean(axis=0)
            rows[site].append(mean - prior.wander.mean(1 + number, YOUNGEST, years))
    return {site: (YOUNGEST + years, np.array(values)) for site, values in rows.items()}


def changes_of(scans: pd.DataFrame, site: str) -> pd.DataFrame:
    """Return changes between successive scans, with the age at the first of both."""
    usable = scans.dropna(subset=[f"bmd_{site}"]).sort_values(["woman", "visit"])
    usable = usable[usable["visit"] <= LAST_VISIT]
    later = usable.groupby("woman").shift(-1)
    table = pd.DataFrame(
        {
            "age": usable["age_at_visit_2"] + 0.5 + usable["years"],  # ages are whole years
            "years": later["years"] - usable["years"],
            "change": np.log(later[f"bmd_{site}"] / usable[f"bmd_{site}"]),
            "menopause_age": usable["menopause_age"]
            .fillna(USUAL)
            .clip(MENOPAUSE[0], MENOPAUSE[-1]),
        }
    )
    return table.dropna()


def expected(course: tuple[np.ndarray, np.ndarray], changes: pd.DataFrame) -> np.ndarray:
    """Return the change that the population simulates, straight between ages at menopause."""
    ages, levels = course
    begin, end = changes["age"], changes["age"] + changes["years"]
    mean = [np.interp(end, ages, level) - np.interp(begin, ages, level) for level in levels]
    return np.array(
        [
            np.interp(m, MENOPAUSE, row)
            for m, row in zip(changes["menopause_age"], np.array(mean).T, strict=True)
        ]
    )


if __name__ == "__main__":
    main()
