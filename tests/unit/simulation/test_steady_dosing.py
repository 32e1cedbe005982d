"""At steady state is the whole system: the past of a patient, or the state dosing returns to."""

from __future__ import annotations

import math

import numpy as np
import pytest

import remodel as rm
from remodel.drugs import Drug
from remodel.equations import flow, loss, state
from remodel.errors import ParameterError, ScheduleError
from remodel.models import Model, load_model
from remodel.parameters import Parameter, ParameterSet
from remodel.schedules import Schedule, with_past
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

MONTHS = np.arange(25) * DAYS_PER_MONTH
REGIMENS = {
    "reference": (
        "denosumab 60 mg every 6 mo",
        "anastrozole 1 mg daily",
        "letrozole 2.5 mg daily",
        "exemestane 25 mg daily",
        "raloxifene 60 mg daily",
        "tamoxifen 20 mg daily",
        "risedronate 35 mg weekly",
        "alendronate 70 mg weekly",
        "zoledronic acid 5 mg every 12 mo",
        "teriparatide 20 ug daily",
        "romosozumab 210 mg monthly",
        "estradiol 1 mg oral daily",
        "goserelin 3.6 mg every 28 d",
        "calcium vitamin d 1000 mg daily",
        "letrozole 2.5 mg daily at steady state; denosumab 60 mg every 6 mo",
    ),
    "peterson2010": ("denosumab 60 mg every 6 mo", "teriparatide 20 ug daily"),
    "jorg2022": (
        "romosozumab 210 mg monthly",
        "blosozumab 270 mg every 1 mo",
        "denosumab 60 mg every 6 mo",
        "alendronate 70 mg weekly",
        "teriparatide 20 ug daily",
    ),
}


PULSES = ("peterson2010", "teriparatide 20 ug daily")  # 20 years of doses one by one


def simulated(model: str, schedule: str, **options):
    woman = {"patient": rm.Patient(age=70)} if load_model(model).follows_age else {}
    return rm.simulate(model, schedule=schedule, times=MONTHS, **woman, **options)


@pytest.mark.parametrize(
    ("model", "regimen"),
    [
        pytest.param(m, regimen, marks=pytest.mark.slow if (m, regimen) == PULSES else ())
        for m, listed in REGIMENS.items()
        for regimen in listed
    ],
)
def test_at_steady_state_is_after_20_years_of_it(model: str, regimen: str) -> None:
    steady = simulated(model, f"{regimen} for 3 y at steady state")
    past = regimen.replace("at steady state", "from -20 y for 23 y")
    after = simulated(model, f"{past} for 23 y from -20 y")
    untreated = simulated(model, "none")
    moved = 0.0
    for name in load_model(model).endpoints:
        if name.startswith(("t_score", "z_score")):
            continue
        changed = abs(steady[f"{name}_percent_change"] - after[f"{name}_percent_change"])
        if name.startswith("bmd"):
            assert float(changed.max()) < 0.2
        else:
            assert float(abs(steady[name] / after[name] - 1).max()) < 0.005
        moved = max(moved, float(abs(steady[name] / untreated[name] - 1).max()))
    assert steady.status.values.tolist() == [0]
    if "goserelin" not in regimen:  # which does nothing after menopause
        assert moved > 0.02


def test_a_past_is_in_phase_with_the_doses() -> None:
    steady = Schedule.parse("denosumab 60 mg every 6 mo x 3 from -1 mo at steady state")
    (dose,) = with_past(steady, 45 * DAYS_PER_YEAR).doses
    assert dose.count == 43
    assert dose.time == pytest.approx(-DAYS_PER_MONTH - 20 * DAYS_PER_YEAR)
    assert not dose.steady_state
    assert dose.end == pytest.approx(steady.doses[0].end)


def test_a_short_life_has_a_short_past() -> None:
    young = rm.Patient(age=30, menopause=None)
    steady, past = (
        rm.simulate(schedule=s, patient=young, years=1, outputs=["ctx", "bmd_total_hip"])
        for s in (
            "denosumab 60 mg every 6 mo at steady state",
            "denosumab 60 mg every 6 mo from -5 y",
        )
    )
    assert np.array_equal(steady.ctx.values, past.ctx.values)
    with pytest.raises(ScheduleError, match="the patient is too young at day 0"):
        rm.simulate(
            schedule="denosumab 60 mg every 6 mo at steady state", patient=rm.Patient(age=25.2)
        )


def test_patients_of_a_batch_do_not_notice_each_other() -> None:
    women = [rm.Patient(age=a, menopause=None) for a in (30.0, 41.0, 62.0, 70.0)]
    sentence = "denosumab 60 mg every 6 mo at steady state"
    options = {"times": MONTHS, "outputs": ["ctx", "bmd_total_hip"]}
    batch = rm.simulate(schedule=sentence, patient=women, threads=2, **options)
    for i, woman in enumerate(women):
        alone = rm.simulate(schedule=sentence, patient=woman, **options)
        for name in ("ctx", "bmd_total_hip"):
            assert np.array_equal(batch[name].values[i], alone[name].values[0])


def test_percent_change_counts_from_day_0() -> None:
    steady = simulated("reference", "denosumab 60 mg every 6 mo at steady state")
    assert float(steady.ctx_percent_change[0, 0]) == 0.0
    assert float(steady.ctx[0, 0]) < 0.7 * float(simulated("reference", "none").ctx[0, 0])


def test_sensitivities_go_through_the_past_of_a_patient() -> None:
    name, value = "denosumab_clearance", None
    own = load_model("reference").parameters[name]
    value, step = own.value, 1e-4 * own.value
    sentence = "denosumab 60 mg every 6 mo at steady state"
    options = {"schedule": sentence, "years": 1, "outputs": ["ctx"], "rtol": 1e-9}
    exact = rm.simulate(sensitivities=[name], **options).ctx_sensitivity[0, 0]
    below, above = (
        rm.simulate(parameters={name: value + h}, **options).ctx[0] for h in (-step, step)
    )
    assert exact.values == pytest.approx(((above - below) / (2 * step)).values, rel=1e-3)


# models without age


depot = state("depot", "mg", "Drug in the depot")
central = state("central", "mg", "Drug in the blood")
deep = state("deep", "mg", "Drug in a deep compartment")
exposure = state("exposure", "mg*d", "Area under the curve")


@flow(source="depot", target="central")
def absorption(absorption_rate, depot):
    """Uptake."""
    return absorption_rate * depot


@flow(source="central", target="deep")
def distribution(deep_rate, central):
    """Into the deep compartment."""
    return deep_rate * central


@flow(source="deep", target="central")
def redistribution(return_rate, deep):
    """Back from the deep compartment."""
    return return_rate * deep


@loss("central")
def elimination(elimination_rate, central):
    """Excretion."""
    return elimination_rate * central


@loss("central")
def saturable_elimination(largest_rate, central):
    """Excretion with a limit."""
    return largest_rate * central / (1.0 + central)


@flow(target="exposure")
def accumulation(central):
    """Adds up."""
    return central


RATES = {"absorption_rate": 2.0, "deep_rate": 0.3, "return_rate": 2e-4, "elimination_rate": 0.5}


def linear(*more, **rates: float) -> Model:
    values = {**RATES, "largest_rate": 1.5, **rates}
    return Model(
        name="own",
        title="A depot, a central and a deep compartment.",
        citation="made up",
        parts=(depot, central, deep, exposure, absorption, distribution, redistribution,
               accumulation, *more),
        parameters=ParameterSet(
            [Parameter(n, v, "1/d", 0.0, 100.0, n, "made up") for n, v in values.items()], "own"
        ),
        drugs={
            name: Drug(name, (), {"sc": "depot", "iv": "central"}, "test")
            for name in ("acme", "bolt")
        },
    )  # fmt: skip


def amounts(model: Model, schedule: str, *, days: float = 30.0, **options) -> np.ndarray:
    times = np.linspace(0.0, days, 31)
    found = rm.simulate(
        model, schedule=schedule, times=times, outputs=["depot", "central", "deep"],
        exact_doses=True, rtol=1e-9, strict=True, **options,
    )  # fmt: skip
    return np.stack([found[name].values[0] for name in ("depot", "central", "deep")])


def periodic(rates: dict[str, float], dose: float, interval: float, start: int = 0) -> np.ndarray:
    """State just before a dose, from the matrix exponential."""
    from scipy.linalg import expm

    ka, kd, kr, ke = (rates[n] for n in RATES)
    rate = np.array([[-ka, 0, 0], [ka, -ke - kd, kr], [0, kd, -kr]])
    over = expm(rate * interval)
    given = np.zeros(3)
    given[start] = dose
    return np.linalg.solve(np.eye(3) - over, over @ given)


@pytest.mark.parametrize("interval", [0.5, 1.0, 28.0])
def test_a_linear_model_is_solved_for_its_steady_state_however_slow_it_is(interval) -> None:
    """The deep compartment loses half of its drug in 9 years."""
    found = amounts(linear(elimination), f"acme 5 mg every {interval:g} d at steady state")
    assert found[:, 0] == pytest.approx(periodic(RATES, 5.0, interval), rel=1e-6)


def test_drugs_at_several_intervals_are_at_steady_state_together() -> None:
    found = amounts(
        linear(elimination),
        "acme 5 mg every 2 d at steady state; bolt 7 mg iv every 3 d at steady state",
    )
    expected = periodic(RATES, 5.0, 2.0) + periodic(RATES, 7.0, 3.0, start=1)
    assert found[:, 0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("loss", [elimination, saturable_elimination], ids=lambda e: e.name)
def test_what_nothing_reads_counts_from_the_start(loss) -> None:
    found = rm.simulate(
        linear(loss, deep_rate=0.0), schedule="acme 1 mg every 1 d at steady state",
        times=[0.0, 1.0], outputs=["exposure", "central"], exact_doses=True,
    )  # fmt: skip
    assert float(found.exposure[0, 0]) == 0.0
    assert 0.5 < float(found.exposure[0, 1]) < 4.0
    assert float(found.central[0, 1]) == pytest.approx(float(found.central[0, 0]), rel=1e-4)


def test_a_model_that_is_not_linear_returns_to_the_same_state_after_an_interval() -> None:
    model = linear(saturable_elimination, deep_rate=0.0)
    found = amounts(model, "acme 1 mg every 1 d at steady state", days=5.0)
    long_past = amounts(model, "acme 1 mg every 1 d from -300 d", days=5.0)
    assert found == pytest.approx(long_past, rel=1e-6, abs=1e-9)
    assert found[1, 6] == pytest.approx(found[1, 0], rel=1e-6)


@pytest.mark.parametrize(
    "model",
    [linear(deep_rate=0.0), linear(saturable_elimination, deep_rate=0.0, largest_rate=0.5)],
    ids=["linear", "saturable"],
)
def test_what_accumulates_without_end_is_refused(model: Model) -> None:
    with pytest.raises(ScheduleError) as caught:
        amounts(model, "acme 1 mg every 1 d at steady state")
    assert str(caught.value) == (
        "acme: steady state was asked for, but what is given accumulates without end; write for "
        "how long it has been given, such as 'from -10 y'."
    )


def test_intervals_without_a_common_multiple_are_refused() -> None:
    with pytest.raises(ScheduleError, match="acme and bolt: the intervals of these doses have no"):
        amounts(
            linear(elimination),
            f"acme 1 mg every 1 d at steady state; bolt 1 mg every {math.pi} d at steady state",
        )


def test_simulations_settle_each_by_itself() -> None:
    model = linear(saturable_elimination, deep_rate=0.0)
    rates = [0.9, 1.5, 4.0]
    options = {"times": [0.0, 3.0], "outputs": ["central"], "exact_doses": True}
    sentence = "acme 0.5 mg every 1 d at steady state"
    batch = rm.simulate(model, schedule=sentence, parameters={"largest_rate": rates}, **options)
    for i, rate in enumerate(rates):
        alone = rm.simulate(
            model, schedule=sentence, parameters={"largest_rate": [rate]}, **options
        )
        assert np.array_equal(batch.central.values[i], alone.central.values[0])


def test_a_sensitivity_through_such_a_state_is_refused() -> None:
    with pytest.raises(ParameterError, match="through a reset or a steady state is not defined"):
        amounts(
            linear(elimination), "acme 5 mg every 1 d at steady state",
            sensitivities=["elimination_rate"],
        )  # fmt: skip
