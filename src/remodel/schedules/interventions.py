"""Interventions: what can happen to a patient other than a drug, all of it known in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MENOPAUSE = "menopause"
OOPHORECTOMY = "oophorectomy"
ORCHIECTOMY = "orchiectomy"
RESET = "reset"


@dataclass(frozen=True, slots=True)
class InterventionKind:
    """What is true of every intervention of one name.

    Parameters
    ----------
    sex : {"female", "male", None}
        The only sex it happens to; None for both.
    in_history : bool
        It is part of the patient's history, which the model simulates, and no action of the
        schedule.
    lasting : bool
        It begins, may end, and may come again.
    repeatable : bool
        It may come again. What is neither happens once and for good.
    unit : str, optional
        Unit of its value, a day's worth; None if it has no value.
    units_per_mg : float, optional
        International units in 1 mg of what is given.
    """

    sex: Literal["female", "male"] | None = None
    in_history: bool = False
    lasting: bool = False
    repeatable: bool = False
    unit: str | None = None
    units_per_mg: float | None = None


INTERVENTIONS: dict[str, InterventionKind] = {
    MENOPAUSE: InterventionKind(sex="female", in_history=True),
    OOPHORECTOMY: InterventionKind(sex="female"),
    ORCHIECTOMY: InterventionKind(sex="male"),
    "calcium_intake": InterventionKind(lasting=True, unit="mg"),
    # a unit of vitamin D is 25 ng of cholecalciferol (WHO 1949)
    "vitamin_d_intake": InterventionKind(lasting=True, unit="IU", units_per_mg=40_000.0),
    "exercise": InterventionKind(lasting=True),
    "bed_rest": InterventionKind(lasting=True),
    # every state of a model back at its start, as a record of a dosing table can ask for
    RESET: InterventionKind(repeatable=True),
}
