"""Teriparatide and romosozumab: the reserve they wake, what comes first, what is left after."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.models.reference import MODEL

MONTH = 30.4375
WOMAN = rm.Patient(age=70, menopause_age=50)
TERIPARATIDE = "teriparatide 20 ug daily for 24 mo"
ROMOSOZUMAB = "romosozumab 210 mg every 1 mo x 12"


def course(schedule: str | None, months: list[float], *outputs: str, **options: object) -> dict:
    ds = rm.simulate(
        "reference",
        schedule=schedule,
        patient=WOMAN,
        times=np.array(months) * MONTH,
        outputs=list(outputs),
        **options,
    )
    return {name: ds[name].values[0] for name in outputs}


@pytest.mark.parametrize("schedule", [TERIPARATIDE, ROMOSOZUMAB])
def test_formation_rises_within_a_month(schedule: str) -> None:
    found = course(schedule, [0, 1], "p1np_percent_change", "ctx_percent_change")
    assert found["p1np_percent_change"][1] > 20
    assert found["p1np_percent_change"][1] > found["ctx_percent_change"][1] + 15


def test_teriparatide_forms_before_it_resorbs() -> None:
    months = list(np.arange(0, 13, 0.5))
    found = course(TERIPARATIDE, months, "p1np_percent_change", "ctx_percent_change")
    first = [np.argmax(v > 40) for v in found.values()]
    assert first[0] < first[1]
    assert found["p1np_percent_change"][-1] > 90
    assert 60 < found["ctx_percent_change"][-1] < 150


def test_pulses_one_by_one_and_their_mean_rate_agree() -> None:
    schedule = "teriparatide 20 ug daily for 3 mo"
    outputs = ("bmd_lumbar_spine", "p1np", "teriparatide_response")
    mean = course(schedule, [0.5, 2.9], *outputs)
    exact = course(schedule, [0.5, 2.9], *outputs, exact_doses=True)
    assert exact["bmd_lumbar_spine"] == pytest.approx(mean["bmd_lumbar_spine"], rel=1e-4)
    assert exact["p1np"] == pytest.approx(mean["p1np"], rel=2e-2)


def test_height_of_a_pulse_is_that_of_one_injection() -> None:
    """A bolus of 20 ug into the volume, were absorption at once; 95 % is absorbed."""
    found = course(TERIPARATIDE, [3.0], "teriparatide_pulse_height")
    volume = MODEL.parameters["teriparatide_volume"].value
    assert found["teriparatide_pulse_height"][0] == pytest.approx(0.02 * 0.95 / volume, rel=0.01)


def test_teriparatide_is_lost_when_nothing_follows() -> None:
    found = course(TERIPARATIDE, [0, 24, 36], "bmd_lumbar_spine_percent_change")
    _, gained, left = found["bmd_lumbar_spine_percent_change"]
    assert left < gained - 2
    followed = course(
        f"{TERIPARATIDE}; denosumab 60 mg every 6 mo x 2 from 24 mo",
        [0, 24, 36],
        "bmd_lumbar_spine_percent_change",
    )
    assert followed["bmd_lumbar_spine_percent_change"][2] > gained


def test_second_course_of_teriparatide_does_less() -> None:
    """Finkelstein 2009."""
    again = f"{TERIPARATIDE}; teriparatide 20 ug daily for 12 mo from 36 mo"
    found = course(again, [0, 12, 36, 48], "bmd_lumbar_spine")["bmd_lumbar_spine"]
    assert found[3] / found[2] < found[1] / found[0]


def test_p1np_on_romosozumab_leaps_and_fades() -> None:
    """+80 to +150 % in the first month, back within 9-12 months (FRAME); CTX stays down."""
    found = course(ROMOSOZUMAB, [0, 0.5, 1, 9, 12], "p1np_percent_change", "ctx_percent_change")
    p1np, ctx = found.values()
    assert 80 < p1np[1:3].max() < 190
    assert np.all(np.abs(p1np[3:]) < 20)
    assert np.all(ctx[1:] < -15)


def test_formation_is_below_its_start_after_romosozumab() -> None:
    found = course(ROMOSOZUMAB, [0, 15, 24], "p1np_percent_change", "bmd_lumbar_spine")
    assert found["p1np_percent_change"][1] < -5
    assert found["bmd_lumbar_spine"][2] < found["bmd_lumbar_spine"][1]


def test_lining_cells_empty_and_refill_and_belong_to_their_drugs_only() -> None:
    reserve = MODEL.parameters["lining_cell_reserve"].value
    found = course(ROMOSOZUMAB, [0, 6, 60], "lining_cells")["lining_cells"]
    assert found[0] == pytest.approx(reserve)
    assert found[1] < 0.3 * reserve
    assert 0.8 * reserve < found[2] <= reserve * (1 + 1e-6)
    assert "lining_cells" not in MODEL.system().state_names
    assert "lining_cells" not in MODEL.system(["denosumab"]).state_names


def test_waking_and_resting_move_the_same_number_of_cells() -> None:
    """In numbers of preosteoblasts: what osteoblasts lose, lining cells gain."""
    assembly = MODEL.assembly(["romosozumab"])
    numbers = {n: p.value * p.factor for n, p in MODEL.all_parameters.items()}
    states = assembly.evaluate_initial({**numbers, "time": 60 * 365.25})
    states.update(lining_cells=2.0, osteoblasts=1.7, romosozumab_central=40.0)
    terms = MODEL.evaluate(states, time=60 * 365.25, drugs=["romosozumab"]).terms
    scale = numbers["preosteoblast_turnover_rate"] / numbers["osteoblast_turnover_rate"]
    rested = -terms["osteoblasts"]["osteoblast_resting"] * scale
    assert terms["lining_cells"]["lining_cell_renewal"] == pytest.approx(rested)
    woken = terms["preosteoblasts"]["lining_cell_awakening"]
    assert woken == -terms["lining_cells"]["lining_cell_awakening"] > 0


def test_elimination_of_romosozumab_is_faster_at_low_levels() -> None:
    """Target-mediated: the half-life falls with the dose."""
    days = np.array([10.0, 20.0])

    def fall(dose: float) -> float:
        ds = rm.simulate(
            "reference",
            schedule=f"romosozumab {dose} mg once",
            patient=WOMAN,
            times=days,
            outputs=["romosozumab_concentration"],
        )
        early, late = ds.romosozumab_concentration.values[0]
        return float(late / early)

    assert fall(70) < fall(210) < fall(420)


def test_exposure_to_romosozumab_is_of_the_published_size() -> None:
    """Cmax 22.2 ug/mL at about 5 d, AUC over a month 389 ug d/mL (label)."""
    days = 5 * MONTH + np.arange(0.0, 30.5, 0.5)
    ds = rm.simulate(
        "reference",
        schedule=ROMOSOZUMAB,
        patient=WOMAN,
        times=days,
        outputs=["romosozumab_concentration"],
    )
    level = ds.romosozumab_concentration.values[0]
    assert np.trapezoid(level, days) == pytest.approx(389, rel=0.25)
    assert 15 < level.max() < 35
