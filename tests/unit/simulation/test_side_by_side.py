"""Simulations with different doses and times are integrated side by side, and do not notice."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.models import load_model
from remodel.schedules import Schedule
from remodel.simulation.dosing import Dosing, side_by_side
from remodel.units import DAYS_PER_MONTH

SENTENCES = (
    "none",
    "denosumab 60 mg every 6 mo for 2 y",
    "denosumab 30 mg every 3 mo for 1 y from 2 mo",
    "denosumab 120 mg once",
    "zoledronic acid 5 mg once",
    "zoledronic acid 4 mg every 6 mo x 3; anastrozole 1 mg daily for 2 y",
    "zoledronic acid 4 mg once; anastrozole 1 mg daily for 3 y from -6 mo",
    "anastrozole 1 mg daily for 1 y from 3 mo; zoledronic acid 4 mg once from 3 mo",
    "oophorectomy from 6 mo; denosumab 60 mg every 6 mo for 1 y",
)
TIMES = np.arange(9) * 3 * DAYS_PER_MONTH
OUTPUTS = ("bmd_lumbar_spine", "ctx")


@pytest.fixture(scope="module")
def dosings():
    model = load_model("reference")
    return [
        Dosing.of(model, Schedule.parse(s), model.all_parameters, until=float(TIMES[-1]))
        for s in SENTENCES
    ]


def test_each_simulation_belongs_to_one_arm_with_its_drugs(dosings):
    of = np.array([3, 1, 0, 8, 1, 5, 2, 6, 4, 7])
    seen = np.zeros(len(of), dtype=int)
    for dosing, members in side_by_side(dosings, of):
        seen[members] += 1
        for i in members:
            assert dosings[of[i]].drugs == dosing.drugs
    assert np.all(seen == 1)


def test_dosings_of_the_same_drugs_are_one_arm(dosings):
    found = list(side_by_side(dosings, np.array([1, 2, 3])))
    assert len(found) == 1
    dosing, members = found[0]
    assert members.tolist() == [0, 1, 2]
    doses = sorted(t for action in dosing.actions for t in [action.time[1]] if np.isfinite(t))
    np.testing.assert_allclose(doses, np.array([2, 5, 8, 11]) * DAYS_PER_MONTH)
    assert sum(np.isfinite(action.time[2]) for action in dosing.actions) == 1


def test_what_was_given_before_the_start_stays_by_itself(dosings):
    assert len(list(side_by_side(dosings, np.array([5, 6, 7])))) == 2


def test_a_batch_of_schedules_equals_single_simulations_bit_for_bit():
    batch = rm.simulate(schedule=SENTENCES, times=TIMES, outputs=OUTPUTS)
    for i, sentence in enumerate(SENTENCES):
        alone = rm.simulate(schedule=sentence, times=TIMES, outputs=OUTPUTS)
        for name in OUTPUTS:
            assert batch[name][i].to_numpy().tolist() == alone[name][0].to_numpy().tolist(), (
                sentence
            )


def test_women_of_several_ages_in_one_batch_equal_single_simulations_bit_for_bit():
    ages = (55.0, 60.0, 60.5, 70.0)
    batch = rm.simulate(patient=[rm.Patient(age=a) for a in ages], times=TIMES, outputs=OUTPUTS)
    for i, age in enumerate(ages):
        alone = rm.simulate(patient=rm.Patient(age=age), times=TIMES, outputs=OUTPUTS)
        for name in OUTPUTS:
            assert batch[name][i].to_numpy().tolist() == alone[name][0].to_numpy().tolist(), age
