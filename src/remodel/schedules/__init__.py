"""What is done to the patient, and when: doses, interventions, sentences and tables."""

from __future__ import annotations

from remodel.schedules.events import Dose, Intervention
from remodel.schedules.interventions import INTERVENTIONS, MENOPAUSE, OOPHORECTOMY, RESET
from remodel.schedules.plan import Infusion, dosing_plan
from remodel.schedules.schedule import Schedule
from remodel.schedules.steady import steady_interval, with_past
from remodel.schedules.usual import next_due, unusual_doses
from remodel.schedules.words import ROUTES, drug_name

__all__ = [
    "INTERVENTIONS",
    "MENOPAUSE",
    "OOPHORECTOMY",
    "RESET",
    "ROUTES",
    "Dose",
    "Infusion",
    "Intervention",
    "Schedule",
    "dosing_plan",
    "drug_name",
    "next_due",
    "steady_interval",
    "unusual_doses",
    "with_past",
]
