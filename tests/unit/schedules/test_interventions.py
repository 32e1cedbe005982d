"""The table of interventions: every name a model knows is in it, and sex decides who can have it."""

from __future__ import annotations

import pytest

import remodel as rm
from remodel.errors import PatientError
from remodel.schedules import INTERVENTIONS, Intervention, Schedule


def test_every_intervention_of_a_model_is_in_the_table() -> None:
    for name in rm.model_names():
        assert set(rm.load_model(name).interventions) <= set(INTERVENTIONS)


@pytest.mark.parametrize(
    ("name", "sex"), [("menopause", "female"), ("oophorectomy", "female"), ("orchiectomy", "male")]
)
def test_what_happens_to_one_sex_only_is_refused_for_the_other(name: str, sex: str) -> None:
    assert INTERVENTIONS[name].sex == sex
    other = rm.Patient(age=40, sex="male" if sex == "female" else "female")
    with pytest.raises(PatientError, match=f"{name} does not happen to a {other.sex} patient"):
        rm.simulate(schedule=f"{name} from 1 y", patient=other, years=2)


@pytest.mark.parametrize("name", [n for n, kind in INTERVENTIONS.items() if kind.lasting])
def test_what_lasts_may_come_again_and_end(name: str) -> None:
    value = None if INTERVENTIONS[name].unit is None else 10.0
    twice = tuple(Intervention(name, time=t, value=value, duration=30.0) for t in (0.0, 90.0))
    assert Schedule(interventions=twice).end == 120.0
