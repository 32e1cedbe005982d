"""Laws of ``simulate`` on the reference model: what must hold for any woman and any schedule."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import remodel as rm
from remodel.simulation import simulate as simulation
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

RTOL = 1e-6
MODEL = rm.load_model("reference")
STATES = MODEL.system().state_names
SHOWN = (*STATES, "ctx", "p1np", "bmd_lumbar_spine", "bmd_total_hip", "estradiol")
ANTIRESORPTIVE = {
    "denosumab": "{} mg once",
    "zoledronic_acid": "{} mg once",
    "alendronate": "{} mg weekly for 3 mo",
    "risedronate": "{} mg weekly for 3 mo",
    "ibandronate": "{} mg every 1 mo x 3",
}
SCHEDULES = (
    None,
    "anastrozole 1 mg daily for 5 y",
    "letrozole 2.5 mg daily for 2 y from -1 y",
    "exemestane 25 mg daily for 2 y",
    "tamoxifen 20 mg daily for 2 y then anastrozole 1 mg daily for 2 y",
    "zoledronic acid 4 mg every 6 mo x 4",
    "denosumab 60 mg every 6 mo x 4 then zoledronic acid 5 mg once",
    "anastrozole 1 mg daily for 2 y; alendronate 70 mg weekly for 1 y from 6 mo",
    "denosumab 60 mg every 6 mo x 3 at steady state",
)
women = st.one_of(
    st.builds(rm.Patient, age=st.floats(45, 85), menopause_age=st.floats(40, 60)),
    st.builds(rm.Patient, age=st.floats(30, 80), menopause=st.none()),
    st.builds(
        rm.Patient,
        age=st.floats(46, 80),
        menopause=st.just("surgical"),
        menopause_age=st.floats(40, 50),
        t_score_total_hip=st.floats(-4, 2),
    ),
)
schedules = st.sampled_from(SCHEDULES)
factors = st.dictionaries(
    st.sampled_from([p.name for p in MODEL.parameters.select(status="estimated").values()]),
    st.floats(0, 1),
    max_size=4,
)


def within_bounds(places: dict[str, float]) -> dict[str, float]:
    """Return parameter values at these places between their bounds."""
    chosen = {name: MODEL.parameters[name] for name in places}
    return {n: p.lower + places[n] * (p.upper - p.lower) for n, p in chosen.items()}


def same(found: Any, expected: Any, rows: Any = slice(None), names: Any = SHOWN) -> None:
    for name in (*names, "status", "steps"):
        a, b = found[name].values, expected[name].values[rows]
        assert np.array_equal(a, b, equal_nan=True), name


def close(found: Any, expected: Any, rel: float, names: Any = SHOWN) -> None:
    """Compare within a share of the largest value of each simulation."""
    for name in names:
        a, b = np.asarray(found[name]), np.asarray(expected[name])
        size = np.abs(b) + 1e-3 * np.max(np.abs(b), axis=-1, keepdims=True)
        assert np.max(np.abs(a - b) / (size + 1e-300)) <= rel, name


# company, order, threads, chunks


@settings(max_examples=12)
@given(one=women, other=women, first=schedules, second=schedules, places=factors)
def test_two_women_together_have_the_bits_of_each_alone(
    one: rm.Patient, other: rm.Patient, first: Any, second: Any, places: dict[str, float]
) -> None:
    parameters = within_bounds(places)
    arguments = {"outputs": SHOWN, "years": 3, "parameters": parameters}
    both = rm.simulate(schedule=[first, second], patient=[one, other], **arguments)
    assert both.status.values.tolist() == [0, 0]
    same(rm.simulate(schedule=first, patient=one, **arguments), both, [0])
    same(rm.simulate(schedule=second, patient=other, **arguments), both, [1])


@pytest.fixture(scope="module")
def crowd() -> dict[str, Any]:
    """Return the arguments of a batch with every schedule twice."""
    n = 2 * len(SCHEDULES)
    turnover = MODEL.parameters["osteoclast_maturation_time"]
    return {
        "schedule": list(SCHEDULES) * 2,
        "patient": [rm.Patient(50 + 2 * i, 45 + i % 7) for i in range(n)],
        "parameters": {turnover.name: np.linspace(0.9, 1.1, n) * turnover.value},
        "outputs": SHOWN,
        "years": 3,
    }


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_change_no_bit(crowd: dict[str, Any], threads: int) -> None:
    same(rm.simulate(**crowd, threads=threads), rm.simulate(**crowd))


@pytest.mark.parametrize("size", [1, 5])
def test_chunks_change_no_bit(
    crowd: dict[str, Any], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = rm.simulate(**crowd)
    monkeypatch.setattr(simulation, "_CHUNK", size)
    same(rm.simulate(**crowd), whole)


def test_order_changes_no_bit(crowd: dict[str, Any]) -> None:
    n = len(crowd["schedule"])
    order = np.random.default_rng(3).permutation(n)
    (name,) = crowd["parameters"]
    shuffled = {
        **crowd,
        "schedule": [crowd["schedule"][i] for i in order],
        "patient": [crowd["patient"][i] for i in order],
        "parameters": {name: crowd["parameters"][name][order]},
    }
    same(rm.simulate(**shuffled), rm.simulate(**crowd), order)


# schedules


@pytest.mark.parametrize("drug", sorted(MODEL.drugs))
def test_a_dose_of_nothing_is_no_treatment(drug: str) -> None:
    untreated = rm.simulate(outputs=SHOWN, years=2)
    same(rm.simulate(schedule=f"{drug} 0 mg daily for 1 y", outputs=SHOWN, years=2), untreated)
    exact = rm.simulate(
        schedule=f"{drug} 0 mg every 6 mo x 4", outputs=SHOWN, years=2, exact_doses=True
    )
    close(exact, untreated, 20 * RTOL)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("zoledronic acid 4 mg once", "zoledronic acid 4000 ug once"),
        ("zoledronic acid 4 mg once", "zoledronic acid 0.004 g once"),
        ("alendronate 10 mg daily for 1 y", "alendronate 10 mg every 24 h for 365.25 d"),
        ("alendronate 70 mg weekly for 1 y", "alendronate 70 mg every 7 d for 12 mo"),
        ("denosumab 60 mg every 6 mo x 3", "denosumab 60 mg every 0.5 y for 18 mo"),
        ("anastrozole 1 mg daily for 1 y; denosumab 60 mg once",
         "denosumab 60 mg once; anastrozole 1 mg daily for 1 y"),
        ("denosumab 60 mg every 6 mo x 4",
         "denosumab 60 mg every 6 mo x 2; denosumab 60 mg every 6 mo x 2 from 12 mo"),
    ],
)  # fmt: skip
def test_a_schedule_said_differently_gives_the_same(one: str, other: str) -> None:
    first, second = (
        rm.simulate(schedule=s, outputs=SHOWN, years=2, rtol=1e-8) for s in (one, other)
    )
    close(second, first, 1e-9)


def test_a_dose_in_moles_is_that_in_mg() -> None:
    mass = MODEL.parameters["zoledronic_acid_molar_mass"].value
    moles = rm.simulate(
        schedule=f"zoledronic acid {4e3 / mass!r} umol once", outputs=SHOWN, years=1
    )
    close(moles, rm.simulate(schedule="zoledronic acid 4 mg once", outputs=SHOWN, years=1), 1e-9)


def test_additional_doses_of_a_table_are_those_written_out() -> None:
    repeated = [{"TIME": 30, "AMT": 60, "DRUG": "denosumab", "UNIT": "mg", "ADDL": 3, "II": 100}]
    written = [
        {"TIME": 30 + 100 * k, "AMT": 60, "DRUG": "denosumab", "UNIT": "mg"} for k in range(4)
    ]
    found = [
        rm.simulate(schedule=rm.Schedule.from_table(rows), outputs=SHOWN, years=2)
        for rows in (repeated, written)
    ]
    same(found[0], found[1])


@pytest.mark.parametrize("schedule", [s for s in SCHEDULES if s and "steady" not in s])
def test_every_dose_written_out_gives_the_same(schedule: str) -> None:
    parsed = rm.Schedule.parse(schedule)
    written = rm.Schedule(parsed.single_doses(until=3 * DAYS_PER_YEAR), parsed.interventions)
    first, second = (rm.simulate(schedule=s, outputs=SHOWN, years=3) for s in (parsed, written))
    close(second, first, 20 * RTOL)


@settings(max_examples=10)
@given(days=st.floats(1, 700), schedule=st.sampled_from([s for s in SCHEDULES if s]))
def test_a_delay_shifts_what_happens(days: float, schedule: str) -> None:
    # without menopause her bone is in balance, so that only the time since the first dose counts
    plan = rm.Schedule.parse(schedule.split(" from -")[0].replace(" at steady state", ""))
    at = np.linspace(0, 3 * DAYS_PER_YEAR, 13)
    arguments = {"patient": rm.Patient(35, menopause=None), "outputs": SHOWN, "rtol": 1e-8}
    now = rm.simulate(schedule=plan, times=at, **arguments)
    later = rm.simulate(schedule=plan.delayed(days), times=days + at, **arguments)
    close(later, now, 2e-6)


# output times


@pytest.mark.parametrize("schedule", SCHEDULES[:7])
def test_other_output_times_change_no_bit(schedule: Any) -> None:
    many = np.linspace(0, 2 * DAYS_PER_YEAR, 97)
    few = many[[0, 13, 96]]
    one, other = (
        rm.simulate(schedule=schedule, outputs=SHOWN, times=times) for times in (many, few)
    )
    for name in SHOWN:
        assert np.array_equal(one[name].values[:, [0, 13, 96]], other[name].values), name


@pytest.mark.parametrize("schedule", SCHEDULES[:7])
def test_a_longer_simulation_begins_like_a_shorter_one(schedule: Any) -> None:
    short, long = (rm.simulate(schedule=schedule, outputs=SHOWN, years=years) for years in (2, 4))
    close(short, long.isel(time=slice(0, 25)), 20 * RTOL)


@pytest.mark.parametrize("schedule", SCHEDULES[1:7])
def test_a_simulation_in_two_pieces_is_one(schedule: str) -> None:
    # stopping at an extra event must not matter: next to nothing of a drug she takes anyway
    drug = rm.Schedule.parse(schedule).drugs[0]
    cut = f"{schedule}; {drug} 1e-30 mg once from 200 d; {drug} 1e-30 mg once from 411.7 d"
    whole, pieces = (rm.simulate(schedule=s, outputs=SHOWN, years=3) for s in (schedule, cut))
    close(pieces, whole, 20 * RTOL)


# biology


@settings(max_examples=15)
@given(woman=women, schedule=schedules, places=factors)
def test_states_and_levels_are_positive(
    woman: rm.Patient, schedule: Any, places: dict[str, float]
) -> None:
    drugs = () if schedule is None else rm.Schedule.parse(schedule).drugs
    states = MODEL.system(drugs).state_names
    found = rm.simulate(
        schedule=schedule,
        patient=woman,
        parameters=within_bounds(places),
        years=4,
        outputs=(*states, *(n for n in MODEL.endpoints if "score" not in n)),
    )
    assert found.status.values.tolist() == [0]
    for name in found.data_vars:
        if name in states:
            assert float(found[name].min()) >= -2 * RTOL * max(1.0, float(found[name].max())), name
        elif name in MODEL.endpoints:
            assert float(found[name].min()) > 0, name


@pytest.mark.parametrize("drug", sorted(ANTIRESORPTIVE))
def test_more_of_an_antiresorptive_drug_never_raises_ctx_in_the_first_month(drug: str) -> None:
    doses = [0.0, 1.0, 4.0, 15.0, 60.0, 200.0]
    times = np.linspace(0, DAYS_PER_MONTH, 16)
    plans = [f"{drug} {ANTIRESORPTIVE[drug].format(dose)}" for dose in doses]
    found = rm.simulate(schedule=plans, times=times, outputs=["ctx"]).ctx.values
    for less, more in itertools.pairwise(found):
        assert np.all(more <= less * (1 + 5 * RTOL))
    assert found[-1, -1] < 0.95 * found[0, -1]


@pytest.mark.parametrize("drug", ["anastrozole", "letrozole", "exemestane"])
def test_more_of_an_aromatase_inhibitor_never_lowers_ctx(drug: str) -> None:
    doses = [0.0, 0.01, 0.1, 1.0, 10.0]
    plans = [f"{drug} {dose} mg daily for 2 y" for dose in doses]
    found = rm.simulate(schedule=plans, years=2, outputs=["ctx", "estradiol"])
    for less, more in itertools.pairwise(range(len(doses))):
        assert np.all(found.ctx.values[more] >= found.ctx.values[less] * (1 - 5 * RTOL))
        assert np.all(found.estradiol.values[more] <= found.estradiol.values[less] * (1 + 5 * RTOL))


def _integral(values: Any, times: Any) -> float:
    from scipy.integrate import simpson

    return float(simpson(values, x=times))


def test_no_bisphosphonate_is_lost_or_made() -> None:
    drug, days = "zoledronic_acid", 60.0
    amounts = [f"{drug}_{place}" for place in ("plasma", "surface", "buried")]
    losses = [f"{drug}_{name}" for name in ("renal_excretion", "desorption")]
    times = np.linspace(1e-6, days, 8001)
    found = rm.simulate(
        schedule=f"{drug} 4 mg once", times=times, outputs=(*amounts, *losses), rtol=1e-9
    )
    held = sum(float(found[name][0, -1]) for name in amounts)
    lost = sum(_integral(found[name].values[0], times) for name in losses)
    assert held + lost == pytest.approx(4.0, rel=1e-5)
    assert lost > 0.5


def test_no_tablet_is_lost_or_made() -> None:
    times = np.linspace(0, 100, 4001)
    names = ["anastrozole_gut", "anastrozole_central", "anastrozole_not_absorbed"]
    found = rm.simulate(
        schedule="anastrozole 1 mg daily for 50 d",
        times=times,
        outputs=[*names, "anastrozole_elimination"],
        rtol=1e-9,
    )
    held = float(found.anastrozole_gut[0, -1] + found.anastrozole_central[0, -1])
    lost = sum(
        _integral(found[name].values[0], times)
        for name in ("anastrozole_not_absorbed", "anastrozole_elimination")
    )
    assert held + lost == pytest.approx(50.0, rel=1e-4)


# methods and tolerances


@pytest.mark.parametrize("method", ["rodas5p", "rodas4", "lsoda", "bdf", "radau"])
def test_all_methods_agree(method: str) -> None:
    arguments = {
        "schedule": "anastrozole 1 mg daily for 1 y; denosumab 60 mg every 6 mo x 2",
        "years": 2,
        "outputs": SHOWN,
    }
    found = rm.simulate(**arguments, method=method, rtol=1e-8)
    close(found, rm.simulate(**arguments, rtol=1e-10), 1e-5)


def test_the_default_method_is_rodas5p() -> None:
    same(rm.simulate(years=2, outputs=SHOWN), rm.simulate(years=2, outputs=SHOWN, method="rodas5p"))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_error_follows_the_tolerance(schedule: Any) -> None:
    reference = rm.simulate(schedule=schedule, years=4, outputs=SHOWN, rtol=1e-11)
    for rtol in (1e-3, 1e-4, 1e-6, 1e-8):
        found = rm.simulate(schedule=schedule, years=4, outputs=SHOWN, rtol=rtol)
        close(found, reference, 20 * rtol)
