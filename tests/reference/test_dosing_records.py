"""A truth table of dosing records, against sums of the closed form of a linear model.

The model has a depot (compartment 1) and a central compartment (2). What one dose leaves in it is
known in closed form; what records leave is the sum over all doses since the last record that
begins anew (EVID 3 and 4, SS 1), a steady state being the sum over a long past.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest

import remodel as rm
from remodel.drugs import Drug
from remodel.equations import flow, loss, state
from remodel.models import Model
from remodel.parameters import Parameter, ParameterSet

KA, KE = 2.0, 0.25
PAST = 40  # doses of a steady state
HOURS = 24.0

depot = state("depot", "mg", "Drug in the depot")
central = state("central", "mg", "Drug in the blood")


@flow(source="depot", target="central")
def absorption(absorption_rate, depot):
    """Uptake."""
    return absorption_rate * depot


@loss("central")
def elimination(elimination_rate, central):
    """Excretion."""
    return elimination_rate * central


def parameter(name: str, value: float) -> Parameter:
    return Parameter(name, value * HOURS, "1/d", 0.0, 100.0, name, "made up")


MODEL = Model(
    name="linear",
    title="A depot and a central compartment.",
    citation="made up",
    parts=(depot, central, absorption, elimination),
    parameters=ParameterSet(
        [parameter("absorption_rate", KA), parameter("elimination_rate", KE)], "linear"
    ),
    drugs={"drug": Drug("drug", (), {"sc": "depot", "iv": "central"}, "test")},
)


@dataclass(frozen=True)
class Record:
    """One row, in hours, with the parameters of its compartment."""

    time: float
    evid: int = 1
    amt: float = 0.0
    cmt: int = 2
    rate: float = 0.0
    duration: float = 0.0
    addl: int = 0
    ii: float = 0.0
    ss: int = 0
    lag: float = 0.0
    share: float = 1.0

    @property
    def row(self) -> dict[str, object]:
        """The row of the table."""
        modeled = {-2.0: {f"D{self.cmt}": self.duration}, -1.0: {f"R{self.cmt}": 7.0}}
        own = {"TIME": self.time, "EVID": self.evid, "AMT": self.amt, "CMT": self.cmt}
        own |= {"RATE": self.rate, "ADDL": self.addl, "II": self.ii, "SS": self.ss}
        return {**own, "LAG": self.lag, f"F{self.cmt}": self.share, **modeled.get(self.rate, {})}

    @property
    def length(self) -> float:
        """Length of the infusion [h]: a rate stays and a modeled length stays."""
        if self.rate == -2.0:
            return self.duration
        rate = 7.0 if self.rate == -1.0 else self.rate
        return self.amt * self.share / rate if rate else 0.0

    def arrivals(self) -> Iterator[float]:
        """Time of every dose [h], with the past of a steady state."""
        first = -PAST if self.ss else 0
        return (self.time + self.lag + k * self.ii for k in range(first, self.addl + 1))


def bolus(t: float, cmt: int) -> float:
    """What a dose of 1 leaves in the central compartment."""
    if t < 0:
        return 0.0
    if cmt == 2:
        return math.exp(-KE * t)
    return KA / (KA - KE) * (math.exp(-KE * t) - math.exp(-KA * t))


def step(t: float, cmt: int) -> float:
    """What an endless infusion of 1 per hour leaves."""
    if t < 0:
        return 0.0
    of_central = (1 - math.exp(-KE * t)) / KE
    if cmt == 2:
        return of_central
    return KA / (KA - KE) * (of_central - (1 - math.exp(-KA * t)) / KA)


def expected(records: list[Record], t: float) -> float:
    """Amount in the central compartment [mg]."""
    begun = [r for r in records if r.time <= t]
    anew = [k for k, r in enumerate(begun) if r.evid in (3, 4) or r.ss == 1]
    total = 0.0
    for record in begun[anew[-1] if anew else 0 :]:
        if record.evid == 3:
            continue
        amount, length = record.amt * record.share, record.length
        for arrival in record.arrivals():
            since = t - arrival
            if length:
                part = step(since, record.cmt) - step(since - length, record.cmt)
                total += amount / length * part
            else:
                total += amount * bolus(since, record.cmt)
    return total


def table() -> list[list[Record]]:
    """Every combination as the second of three records, so that there is a past and a future."""
    rates = [(0.0, 0.0), (20.0, 0.0), (1.5, 0.0), (-2.0, 3.0), (-2.0, 31.0), (-1.0, 0.0)]
    cases = product((1, 4), (0, 1, 2), (0, 3), rates, (0.0, 3.7), (1.0, 0.6), (1, 2))
    earlier = Record(0.0, amt=50.0, rate=4.0, addl=5, ii=9.0, cmt=2)
    later = Record(40.0, amt=30.0, cmt=1)
    return [
        [
            earlier,
            Record(
                20.0, evid, 45.0, cmt, rate, duration, addl, 11.0 if addl or ss else 0.0, ss, lag,
                share,
            ),
            later,
        ]
        for evid, ss, addl, (rate, duration), lag, share, cmt in cases
    ]  # fmt: skip


def simulated(cases: list[list[Record]], hours: np.ndarray) -> np.ndarray:
    """Amounts in the central compartment, shape (cases, times)."""
    schedules = [
        rm.Schedule.from_table([r.row for r in case], time_unit="h", drugs=MODEL.drugs)
        for case in cases
    ]
    result = rm.simulate(
        MODEL,
        schedule=schedules,
        times=hours / HOURS,
        outputs=["central"],
        exact_doses=True,
        rtol=1e-9,
        strict=True,
    )
    values: np.ndarray = result["central"].to_numpy()
    return values


@pytest.fixture(scope="module")
def fine_hours() -> np.ndarray:
    """Hours at which no dose arrives."""
    return np.arange(0.0, 80.0, 1.013) + 0.00123


def compare(cases: list[list[Record]], hours: np.ndarray) -> None:
    found = simulated(cases, hours)
    right = np.array([[expected(case, t) for t in hours] for case in cases])
    error = np.abs(found - right).max(axis=1) / right.max(axis=1)
    worst = int(np.argmax(error))
    assert error[worst] < 2e-6, (cases[worst], error[worst])


def test_every_combination_of_evid_ss_addl_rate_lag_and_f(fine_hours: np.ndarray) -> None:
    cases = table()
    assert len(cases) == 2 * 3 * 2 * 6 * 2 * 2 * 2
    compare(cases, fine_hours)


@pytest.mark.parametrize("evid", [1, 4])
@pytest.mark.parametrize("rate", [0.0, 20.0, 1.5])
@pytest.mark.parametrize("lag", [0.0, 3.7])
def test_a_steady_state_from_the_first_record(evid, rate, lag, fine_hours):
    first = Record(0.0, evid, 45.0, 2, rate, ss=1, ii=11.0, addl=2, lag=lag)
    compare([[first], [first, Record(15.0, amt=10.0, ss=2, ii=8.0, cmt=1)]], fine_hours)


def test_a_lagged_steady_state_begins_with_its_reset(fine_hours: np.ndarray) -> None:
    # 12 h and a lag of 5 h leave a last digit in days
    first, then = (
        Record(0.0, 4, 10.0, ss=1, ii=12.0, lag=5.0),
        Record(12.0, 4, 20.0, ss=1, ii=12.0, lag=5.0),
    )
    compare([[first, then, Record(24.0, 4, 30.0, ss=1, ii=12.0, lag=5.0)]], fine_hours)


def test_resets_alone_and_at_the_beginning(fine_hours: np.ndarray) -> None:
    dose = Record(2.0, amt=45.0, rate=1.5, addl=4, ii=7.0, lag=0.5)
    compare(
        [
            [Record(0.0, 3), dose],
            [dose, Record(20.0, 3)],
            [dose, Record(20.0, 3), Record(20.0, amt=5.0), Record(33.0, 3)],
            [dose, Record(20.0, 4, amt=5.0, cmt=1), Record(21.0, 4, amt=9.0, rate=3.0)],
        ],
        fine_hours,
    )


def test_a_patient_with_a_history_is_not_reset() -> None:
    rows = [
        {"TIME": 0, "AMT": 60, "DRUG": "denosumab", "EVID": 1},
        {"TIME": 30, "AMT": 0, "DRUG": "denosumab", "EVID": 3},
    ]
    schedule = rm.Schedule.from_table(rows)
    with pytest.raises(ValueError, match="model 'reference' cannot be reset at 30 d"):
        rm.simulate(schedule=schedule, years=1)


@pytest.mark.parametrize("method", ["rodas4", "lsoda"])
def test_other_methods_know_resets_and_steady_states(method: str) -> None:
    case = [
        Record(0.0, amt=50.0, rate=4.0, addl=5, ii=9.0),
        Record(20.0, 4, amt=45.0, ss=1, ii=11.0, lag=3.0),
    ]
    rows = [record.row for record in case]
    hours = np.array([10.0, 21.0, 30.0])
    result = rm.simulate(
        MODEL,
        schedule=rm.Schedule.from_table(rows, time_unit="h", drugs=MODEL.drugs),
        times=hours / HOURS,
        outputs=["central"],
        exact_doses=True,
        method=method,
        rtol=1e-8,
    )
    np.testing.assert_allclose(
        result["central"].to_numpy()[0], [expected(case, t) for t in hours], rtol=1e-5
    )


def test_a_sensitivity_through_a_reset_is_refused() -> None:
    schedule = rm.Schedule.parse("drug 5 mg once; reset from 1 d")
    with pytest.raises(ValueError, match="a sensitivity through a reset"):
        rm.simulate(
            MODEL,
            schedule=schedule,
            years=1,
            outputs=["central"],
            sensitivities=["elimination_rate"],
        )
