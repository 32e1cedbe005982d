"""How a trial counted fractures, and how many that makes of the same broken bones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from remodel._arrays import FloatArray
from remodel.fracture.arms import Exposed, probability_of
from remodel.fracture.background import Background, load_background
from remodel.fracture.hazards import hazards_of
from remodel.fracture.link import Link
from remodel.fracture.published import COUNTINGS, published_risks

_COUNTED = ("vertebral_morphometric", "nonvertebral", "any_clinical")
_LEAST_SPREAD = 0.1


@dataclass(frozen=True, slots=True)
class Ratio:
    """Fractures that a way of counting finds, against those of the background.

    Attributes
    ----------
    value : float
    sd : float
        Of its natural logarithm, from trial to trial.
    n : int
        Control arms behind it.
    """

    value: float
    sd: float
    n: int


def shipped_ratio(counting: str, background: Background | None = None) -> Ratio:
    """Return the ratio of a way of counting; 1 for the two that define the background."""
    table = (background or load_background()).content["counting"].get(counting)
    return Ratio(1.0, 0.0, 0) if table is None else Ratio(table["ratio"], table["sd"], table["n"])


def estimated_ratios(exposed: Exposed, link: Link) -> dict[str, Ratio]:
    """Estimate the ratio of each way of counting from control arms on the side of calibration.

    It is the geometric mean of published against predicted hazard; arms on an inhibitor, and every
    trial kept for the check, stay out.
    """
    hazards = hazards_of(exposed.women, exposed.exposure, link=link)
    logs: dict[str, list[float]] = {name: [] for name in COUNTINGS}
    for risk in published_risks():
        is_control = risk.side == "calibration" and risk.role != "inhibitor"
        if is_control and risk.outcome in _COUNTED:
            arm = exposed.keys.index((risk.study, risk.arm))
            predicted = probability_of(exposed, hazards[risk.outcome], arm, 0.0, risk.months)
            published = math.log1p(-risk.percent / 100.0)
            logs[risk.counting].append(math.log(published / math.log1p(-predicted)))
    return {name: _ratio(values) for name, values in logs.items() if values}


def _ratio(logs: list[float]) -> Ratio:
    spread = float(np.std(logs, ddof=1)) if len(logs) > 1 else 0.0
    return Ratio(math.exp(float(np.mean(logs))), max(spread, _LEAST_SPREAD), len(logs))


def counted_risks(
    exposed: Exposed, hazards: Mapping[str, FloatArray], ratios: Mapping[str, float]
) -> FloatArray:
    """Return the probability of each published risk [%], as its trial counted."""
    return np.array(
        [
            100.0 * probability_of(exposed, ratios[r.counting] * hazards[r.outcome], i, 0, r.months)
            for r in published_risks()
            for i in [exposed.keys.index((r.study, r.arm))]
        ]
    )
