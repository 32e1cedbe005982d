"""Published risks of fracture and contrasts between arms, with the side of the fit each is on."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from statistics import NormalDist

from remodel.fracture.sites import SITES
from remodel.observations.rows import shipped_rows
from remodel.predictions.predictive import wilson_interval

DATE_OF_SIDES = "2026-11-30"
"""When sides were fixed, by cohort, before the first fit."""
SIDES = ("calibration", "validation", "shown", "outside")
MEASURES = ("risk_ratio", "hazard_ratio")
COUNTINGS = ("height", "grade", "confirmed", "every_site", "adverse_event")
"""Of vertebrae on radiographs: a fall of a measured height by 20 % and 4 mm, or a reader's grade
(or a fall of 15 %); of clinical fractures: confirmed and without fingers, toes and face, confirmed
at every site, or reported as an adverse event."""
_KEY = ("study_id", "arm")
_Z95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Contrast:
    """A published ratio of risks between two arms.

    Attributes
    ----------
    study, cohort, arm, comparator : str
    side : str
        ``calibration`` informs the link, ``validation`` never does; ``shown`` is a part of another
        row; ``outside`` is a drug that the link is not meant for.
    outcome : str
    start, months : float
        First and last month counted.
    measure : str
        ``risk_ratio`` or ``hazard_ratio``.
    value, low, high : float
        With its interval of 95 %.
    provenance, citation, note : str
    """

    study: str
    cohort: str
    side: str
    arm: str
    comparator: str
    outcome: str
    start: float
    months: float
    measure: str
    value: float
    low: float
    high: float
    provenance: str
    citation: str
    note: str

    @property
    def error(self) -> float:
        """Standard error of the natural logarithm."""
        return math.log(self.high / self.low) / (2.0 * _Z95)


@dataclass(frozen=True, slots=True)
class Risk:
    """A published share of women with a fracture.

    ``role`` is placebo, inhibitor or tamoxifen; ``counting`` one of ``COUNTINGS``.
    """

    study: str
    side: str
    arm: str
    outcome: str
    months: float
    percent: float
    n: float
    role: str
    counting: str
    provenance: str
    citation: str

    @property
    def interval(self) -> tuple[float, float]:
        """Interval of 95 % of the share [%], from the number of women (Wilson)."""
        low, high = wilson_interval(self.percent / 100.0, self.n)
        return 100.0 * low, 100.0 * high


@functools.cache
def published_contrasts() -> tuple[Contrast, ...]:
    """Return every published contrast."""
    return tuple(
        Contrast(
            study=row.required("study_id"),
            cohort=row.required("cohort"),
            side=row.word("side", SIDES),
            arm=row.required("arm"),
            comparator=row.required("comparator"),
            outcome=row.word("outcome", SITES),
            start=row.number("start_months"),
            months=row.number("months"),
            measure=row.word("measure", MEASURES),
            value=row.number("value"),
            low=row.number("low_95"),
            high=row.number("high_95"),
            provenance=row.required("provenance"),
            citation=row.required("citation"),
            note=row.text("note"),
        )
        for row in shipped_rows("published_contrasts.csv", _KEY, room="fracture")
    )


@functools.cache
def published_risks() -> tuple[Risk, ...]:
    """Return every published share of women with a fracture."""
    return tuple(
        Risk(
            study=row.required("study_id"),
            side=row.word("side", SIDES),
            arm=row.required("arm"),
            outcome=row.word("outcome", SITES),
            months=row.number("months"),
            percent=row.number("percent"),
            n=row.number("n"),
            role=row.required("role"),
            counting=row.word("counting", COUNTINGS),
            provenance=row.required("provenance"),
            citation=row.required("citation"),
        )
        for row in shipped_rows("published_risks.csv", _KEY, room="fracture")
    )
