"""A simulation that starts from people as they are now goes on as if it had never stopped."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import remodel as rm
from remodel.errors import ConfigError, ScheduleError
from remodel.patients import Patients
from remodel.simulation.dataset import SimulationWarning
from remodel.solvers.engine import integrate_batch
from remodel.solvers.status import Status
from remodel.units import DAYS_PER_MONTH

OUTPUTS = ["bmd_total_hip", "bmd_lumbar_spine", "t_score_total_hip", "ctx", "p1np", "estradiol"]
WOMEN = [
    rm.Patient(62, 48.5, t_score_total_hip=-2, name="A"),
    rm.Patient(45, menopause=None),
    rm.Patient(58, 44, "surgical", t_score_lumbar_spine=-1.5),
    rm.Patient(49, 50, "surgical"),
    rm.Patient(70, sex="male"),
]
AI = "anastrozole 1 mg daily"
MONTHS = np.array([0.0, 1, 3, 12, 36]) * DAYS_PER_MONTH
pytestmark = pytest.mark.filterwarnings("ignore::remodel.UnusualPatientWarning")


def simulate(**arguments):
    return rm.simulate(**{"times": MONTHS, "outputs": OUTPUTS, "rtol": 1e-8, **arguments})


def assert_alike(one, other, rel=1e-6) -> None:
    for name in OUTPUTS:
        assert one[name].values == pytest.approx(other[name].values, rel=rel), name


@pytest.mark.parametrize(
    ("before", "after", "whole"),
    [
        ("none", "none", "none"),
        (
            f"{AI} for 2 y",
            f"{AI} for 3 y; zoledronic acid 4 mg every 6 mo for 1 y",
            f"{AI} for 5 y; zoledronic acid 4 mg every 6 mo for 1 y from 24 mo",
        ),
        (
            "denosumab 60 mg every 6 mo for 2 y",
            "alendronate 70 mg weekly for 1 y",
            "denosumab 60 mg every 6 mo for 2 y then alendronate 70 mg weekly for 1 y",
        ),
        (
            f"{AI} for 1096 d from -366 d; exercise from 1 y",
            "romosozumab 210 mg every 1 mo for 1 y",
            f"{AI} for 1096 d from -366 d; exercise from 1 y; "
            "romosozumab 210 mg every 1 mo for 1 y from 24 mo",
        ),
    ],
)
def test_two_parts_are_the_whole(before, after, whole) -> None:
    parameters = {"estradiol_peripheral": [12.0, 14.0, 16.0, 18.0, 20.0]}
    together = simulate(
        patient=WOMEN,
        parameters=parameters,
        schedule=whole,
        times=[*(24 * DAYS_PER_MONTH + MONTHS)],
    )
    now = rm.snapshot(patient=WOMEN, parameters=parameters, schedule=before, at="24 mo", rtol=1e-8)
    assert_alike(simulate(start=now, schedule=after), together)


def test_what_no_option_names_is_no_longer_given() -> None:
    now = rm.snapshot(patient=WOMEN, schedule=f"{AI} for 1825 d", at=365.0, rtol=1e-8)
    stopped = simulate(patient=WOMEN, schedule=f"{AI} for 365 d", times=[*(365.0 + MONTHS)])
    assert_alike(simulate(start=now), stopped)


def test_from_day_0_every_bit_is_that_of_a_whole_simulation() -> None:
    options = {"none": None, "both": f"{AI} for 2 y; denosumab 60 mg every 6 mo for 1 y"}
    whole = simulate(patient=Patients.of(WOMEN), schedule=options)
    split = simulate(start=rm.snapshot(patient=WOMEN, rtol=1e-8), schedule=options)
    for name in OUTPUTS:
        assert np.array_equal(split[name].values, whole[name].values), name
    assert split.arm.values.tolist() == whole.arm.values.tolist()
    assert split.woman.values.tolist() == [0, 1, 2, 3, 4] * 2


def test_histories_are_not_integrated_again(monkeypatch) -> None:
    now = rm.snapshot(patient=WOMEN)
    begins = []

    def seen(system, problem, **arguments):
        begins.append(problem.start.min())
        return integrate_batch(system, problem, **arguments)

    monkeypatch.setattr("remodel.solvers.engine.integrate_batch", seen)
    simulate(start=now, schedule={"none": None, "more": f"{AI} for 1 y"})
    assert begins
    assert min(begins) == pytest.approx(now.time.min())


def test_a_snapshot_can_be_taken_from_a_snapshot() -> None:
    first = rm.snapshot(patient=WOMEN, schedule=f"{AI} for 1 y", at="12 mo", rtol=1e-8)
    second = rm.snapshot(start=first, schedule=f"{AI} for 1 y", at="12 mo", rtol=1e-8)
    at_once = rm.snapshot(patient=WOMEN, schedule=f"{AI} for 2 y", at="24 mo", rtol=1e-8)
    assert second.states == pytest.approx(at_once.states, rel=1e-6, abs=1e-9)
    assert second.values == pytest.approx(at_once.values)
    assert second.time == pytest.approx(at_once.time)
    assert second.patients.age == pytest.approx([64, 47, 60, 51, 72])


def test_rows_of_a_snapshot_are_people_too() -> None:
    now = rm.snapshot(patient=WOMEN, schedule=f"{AI} for 1 y", at="6 mo")
    whole = simulate(start=now)
    rows = np.array([4, 0, 0])
    picked = simulate(start=now[rows])
    for name in OUTPUTS:
        assert np.array_equal(picked[name].values, whole[name].values[rows]), name
    assert len(now[:2]) == 2
    again = simulate(start=pickle.loads(pickle.dumps(now))[rows])
    assert np.array_equal(again.ctx.values, picked.ctx.values)


def test_who_was_outside_her_bounds_stays_outside() -> None:
    with pytest.warns(SimulationWarning, match="estradiol_peripheral 1"):
        now = rm.snapshot(
            patient=Patients(age=[60, 61]),
            parameters={"estradiol_peripheral": [1e6, 20.0]},
            bounds="population",
        )
    assert repr(now) == "<Snapshot of 2, 1 failed>"
    with pytest.warns(SimulationWarning, match="outside_bounds"):
        later = simulate(start=now)
    assert later.status.values.tolist() == [Status.OUTSIDE_BOUNDS, 0]
    assert np.isnan(later.ctx.values[0]).all()
    assert np.isfinite(later.ctx.values[1]).all()


def test_who_failed_stays_failed() -> None:
    with pytest.warns(SimulationWarning, match="too_many_steps"):
        now = rm.snapshot(patient=WOMEN[:1], at="12 mo", max_steps=3)
    with pytest.warns(SimulationWarning, match="too_many_steps"):
        later = simulate(start=now)
    assert later.status.values.tolist() == [Status.TOO_MANY_STEPS]
    assert np.isnan(later.ctx.values).all()


def test_a_model_without_age_goes_on_too() -> None:
    dosing = {"model": "peterson2010", "schedule": "denosumab 60 mg every 6 mo for 2 y"}
    now = rm.snapshot(**dosing, at=10.0, rtol=1e-9)
    outputs = list(now.state_names[:5])
    whole = rm.simulate(**dosing, times=[30.0], outputs=outputs, rtol=1e-9)
    later = rm.simulate(start=now, times=[20.0], outputs=outputs, rtol=1e-9)
    for name in outputs:
        assert later[name].values == pytest.approx(whole[name].values, rel=1e-6), name


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"patient": rm.Patient()}, ConfigError, "leave patient, parameters and bounds out"),
        ({"parameters": {"turnover": 1.0}}, ConfigError, "leave patient, parameters and bounds"),
        ({"model": "pivonka2008"}, ConfigError, "start is a snapshot of model 'reference'"),
        ({"sensitivities": ["turnover"]}, ConfigError, "sensitivities are those of a whole"),
        ({"schedule": f"{AI} from -1 y"}, ScheduleError, "days? before the snapshot|d before"),
        ({"schedule": f"{AI} at steady state"}, ScheduleError, "d before the snapshot"),
        ({"schedule": "menopause at 70 y"}, ScheduleError, "menopause belongs to the people"),
    ],
)
def test_what_a_start_cannot_have_is_told(arguments, kind, words) -> None:
    now = rm.snapshot(patient=WOMEN[:1])
    with pytest.raises(kind, match=words):
        simulate(start=now, **arguments)


@pytest.mark.parametrize("at", [-1.0, "200 y", np.nan])
def test_the_time_is_checked(at) -> None:
    with pytest.raises(ConfigError, match="at"):
        rm.snapshot(at=at)
