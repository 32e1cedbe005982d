"""Published models: equations, trajectories, parameters and doses as published."""

from __future__ import annotations

import csv

import numpy as np
import pytest

import remodel as rm
from remodel.equations.dimensions import check_dimensions
from remodel.models import load_model
from remodel.units import in_days
from remodel.verification import right_hand_side, verify
from remodel.verification.verify import PUBLISHED

DATA = PUBLISHED
MODELS = ("komarova2003", "lemaire2004", "pivonka2008", "peterson2010", "jorg2022")


def rows(model: str, file: str) -> list[dict[str, str]]:
    with (DATA / model / file).open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def column(model: str, scenario: str, name: str) -> np.ndarray:
    return np.array([float(r[name]) for r in rows(model, f"reference_{scenario}.csv")])


def baseline(model: str) -> dict[str, float]:
    chosen = load_model(model)
    values = {n: p.value * p.factor for n, p in chosen.all_parameters.items()}
    return chosen.assembly().evaluate_initial({**values, "time": 0.0})


@pytest.mark.parametrize("model", MODELS)
def test_equations_and_trajectories_are_those_of_the_paper(model: str) -> None:
    found = verify(DATA / model, tolerance=1e-7)
    assert found.passed, str(found)
    derivatives = [c for c in found.comparisons if c.scenario == right_hand_side.NAME]
    assert derivatives
    assert max(c.difference for c in derivatives) < 1e-12
    assert set(found.ignored) <= {"age_y", "bmd_rel_age25"}  # ages, and a second scaling of bmd
    states = set(load_model(model).assembly().states)
    for scenario in {r["scenario"] for r in rows(model, "scenarios.csv")}:
        assert states <= {c.quantity for c in found.comparisons if c.scenario == scenario}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.slow
def test_another_solver_agrees(model: str) -> None:
    found = verify(DATA / model, method="radau")
    assert found.passed, str(found)


@pytest.mark.parametrize("model", MODELS)
def test_parameters_are_the_published_ones(model: str) -> None:
    ours = load_model(model).parameters
    for row in rows(model, "parameters.csv"):
        assert ours[row["symbol"]].value == float(row["value"]), row


@pytest.mark.parametrize("model", MODELS)
def test_initial_state_is_the_published_one(model: str) -> None:
    per_hour = {"AOH": 24.0, "GFR": 24.0}  # published per hour, here per day
    ours = baseline(model)
    for row in rows(model, "initial_state.csv"):
        expected = float(row["value"]) * per_hour.get(row["symbol"], 1.0)
        assert ours[row["symbol"]] == pytest.approx(expected, rel=1e-13), row


@pytest.mark.parametrize("model", MODELS)
def test_every_equation_is_dimensionally_sound(model: str) -> None:
    chosen = load_model(model)
    assembly, parameters = chosen.assembly(chosen.drugs), chosen.all_parameters
    units = {n: in_days(p.unit)[1] if p.factor != 1 else p.unit for n, p in parameters.items()}
    values = {n: p.value * p.factor for n, p in parameters.items()}
    for name, value in assembly.evaluate_initial({**values, "time": 0.0}).items():
        values[name] = 1.1 * value or assembly.states[name].typical
    found = check_dimensions(assembly, units, {**values, "time": 20000.0})
    assert found


@pytest.mark.parametrize(
    ("model", "drug", "dose_mg", "state", "amount"),
    [
        ("jorg2022", "denosumab", 60.0, "u_den", 260377.81164),
        ("jorg2022", "romosozumab", 210.0, "u_rom", 2.75204118),
        ("jorg2022", "teriparatide", 0.020, "u_ter", 20 * 0.265529542),
        ("peterson2010", "denosumab", 60.0, "DENSC", 4.374e7),
        ("peterson2010", "teriparatide", 0.020, "TERISC", 4856.962455680217),
    ],
)
def test_dose_enters_the_state_of_the_paper(
    model: str, drug: str, dose_mg: float, state: str, amount: float
) -> None:
    chosen = load_model(model)
    target, factor = chosen.dose_target(drug, chosen.drugs[drug].default_route)
    values = {n: p.value * p.factor for n, p in chosen.all_parameters.items()}
    assert target == state
    assert dose_mg * chosen.constants([factor], values)[factor] == pytest.approx(amount, rel=1e-12)


def test_schedule_gives_the_published_denosumab_trajectory_of_jorg() -> None:
    times = column("jorg2022", "denosumab_60mg_q6m_then_off", "time_d")
    density = column("jorg2022", "denosumab_60mg_q6m_then_off", "bmd")
    after = times >= 21900  # treatment starts at 60 years of 365 d
    found = rm.simulate(
        "jorg2022",
        schedule="denosumab 60 mg every 180 d x 4",
        patient=rm.Patient(age=60),
        times=times[after] - 21900,
        outputs=["bmd", "bmd_total_hip"],
        rtol=1e-9,
    )
    np.testing.assert_allclose(found.bmd.values[0], density[after], rtol=1e-7)
    relative = column("jorg2022", "denosumab_60mg_q6m_then_off", "bmd_rel_age25")
    np.testing.assert_allclose(found.bmd_total_hip.values[0], relative[after], rtol=1e-7)


def test_schedule_gives_the_published_denosumab_trajectory_of_peterson() -> None:
    times = column("peterson2010", "denosumab_q6m", "time_h") / 24
    found = rm.simulate(
        "peterson2010",
        schedule="denosumab 60 mg every 168 d x 4",
        times=times,
        outputs=["bmd_lumbar_spine", "bmd_femoral_neck", "ctx", "bsap", "pth", "calcium"],
        rtol=1e-9,
    )
    published = {
        "bmd_lumbar_spine": "BMDlsDEN",  # the equation the authors use with denosumab
        "bmd_femoral_neck": "BMDfn",
        "ctx": "OC_rel",
        "bsap": "OB_rel",
        "pth": "PTH_pM",
        "calcium": "Ca_mM",
    }
    for name, theirs in published.items():
        expected = column("peterson2010", "denosumab_q6m", theirs)
        np.testing.assert_allclose(found[name].values[0], expected, rtol=1e-6, err_msg=name)


def test_lumbar_spine_of_peterson_without_denosumab_is_the_other_equation() -> None:
    found = rm.simulate(
        "peterson2010", schedule="teriparatide 20 ug daily for 60 d", years=1,
        outputs=["bmd_lumbar_spine", "BMDls"],
    )  # fmt: skip
    np.testing.assert_array_equal(found.bmd_lumbar_spine.values, found.BMDls.values)


def test_baseline_of_jorg_is_an_equilibrium_of_the_cells() -> None:
    model = load_model("jorg2022")
    rates = model.evaluate(baseline("jorg2022")).rates()
    drift = rates.pop("rho_b")
    assert drift * 365 == pytest.approx(-0.00156, abs=5e-6)  # bone is lost from birth on
    for name, value in rates.items():
        assert abs(value) < 1e-12 * max(1.0, baseline("jorg2022")[name]), name


def test_baseline_of_peterson_is_stationary_but_for_minerals() -> None:
    model = load_model("peterson2010")
    state = baseline("peterson2010")
    rates = {n: v / 24 for n, v in model.evaluate(state).rates().items()}  # per hour
    published = {"P": 3.47e-4, "ECCPhos": -1.43e-3, "IntraPO": 1.43e-3, "T": -2.5e-6}
    for name, value in published.items():
        assert rates[name] == pytest.approx(value, rel=0.01)
    moving = {*published, "PhosGut", "UCA", "Q"}
    for name in set(rates) - moving:
        assert abs(rates[name]) < 1e-12 * max(abs(state[name]), 1e-3), name


def test_constants_of_peterson_are_the_printed_ones() -> None:
    quantities = load_model("peterson2010").evaluate(baseline("peterson2010")).quantities
    assert quantities["K_Ca"] == pytest.approx(1.818, abs=5e-4)  # Riggs 2012, J Clin Pharmacol
    assert quantities["K_PT"] == pytest.approx(68.38, abs=5e-3)
    assert quantities["transition_start"] * 24 == pytest.approx(431034.24 - 358176)


def test_steady_state_of_komarova_stays_put() -> None:
    model = load_model("komarova2003")
    known = model.evaluate(baseline("komarova2003")).quantities
    assert known["x1_ss"] == pytest.approx(0.75 * 2**0.5, rel=1e-14)
    assert known["x2_ss"] == pytest.approx(150 * 2**0.5, rel=1e-14)
    rates = model.evaluate({"x1": known["x1_ss"], "x2": known["x2_ss"], "z": 100.0}).rates()
    assert abs(rates["x1"]) < 1e-14
    assert abs(rates["x2"]) < 1e-13


def test_printed_state_of_lemaire_is_near_its_steady_state() -> None:
    exact = {"R": 7.734377443555468e-4, "B": 7.283395929496936e-4, "C": 9.127528388901342e-4}
    found = load_model("lemaire2004").evaluate(exact)
    assert found.quantities["pi_C"] == pytest.approx(0.1966517, abs=5e-8)
    for name, value in found.rates().items():
        assert abs(value) < 1e-15 * exact[name], name
    for name, value in baseline("lemaire2004").items():
        assert value == pytest.approx(exact[name], rel=2e-4)


def test_signals_of_pivonka_at_the_steady_state() -> None:
    found = load_model("pivonka2008").evaluate(baseline("pivonka2008"))
    expected = {"PTH": 2.9069767, "OPG": 18435.913, "RANKL_eff": 31.84752, "pi_RANKL": 0.04055426}
    for name, value in expected.items():
        assert found.quantities[name] == pytest.approx(value, rel=2e-7)
    for name, value in found.rates().items():
        assert abs(value) < 1e-16, name
