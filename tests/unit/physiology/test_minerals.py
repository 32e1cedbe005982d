"""Calcium, PTH and calcitriol: balance, what drugs do to them, and what intake does to bone."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.models.reference import MODEL

MONTH = 30.4375
DAY = 70 * 365.25
SUPPLEMENT = "calcium vitamin d 1000 mg daily for 5 y"


def course(
    schedule: str | None, months: list[float], *outputs: str, age: float = 65
) -> dict[str, np.ndarray]:
    ds = rm.simulate(
        "reference",
        schedule=schedule,
        patient=rm.Patient(age=age, menopause_age=50),
        times=np.array(months) * MONTH,
        outputs=list(outputs),
    )
    return {name: ds[name].values[0] for name in outputs}


def change(values: np.ndarray) -> np.ndarray:
    return 100 * (values / values[0] - 1)


def evaluated(drugs: tuple[str, ...] = (), **states: float) -> dict[str, float]:
    numbers = {n: p.value * p.factor for n, p in MODEL.all_parameters.items()}
    start = MODEL.assembly(drugs).evaluate_initial({**numbers, "time": DAY})
    return dict(MODEL.evaluate({**start, **states}, time=DAY, drugs=drugs).quantities)


def test_levels_before_menopause_are_those_of_the_table() -> None:
    ds = rm.simulate("reference", patient=rm.Patient(age=40, menopause=None), times=[0.0])
    assert float(ds.calcium[0, 0]) == pytest.approx(2.35, rel=1e-9)
    assert float(ds.pth[0, 0]) == pytest.approx(40, rel=1e-9)
    assert float(ds.calcitriol[0, 0]) == pytest.approx(100, rel=1e-9)


def test_what_the_skeleton_gives_and_takes_is_what_its_mineral_loses_and_gains() -> None:
    """Mass balance on the scale of the total hip, with mineral of bone of every age."""
    assembly = MODEL.assembly()
    numbers = {n: p.value * p.factor for n, p in MODEL.all_parameters.items()}
    states = assembly.evaluate_initial({**numbers, "time": DAY})
    states.update(
        osteoclasts=1.6,
        osteoblasts=0.7,
        fresh_total_hip=0.03,
        young_total_hip=0.2,
        mature_total_hip=0.7,
    )
    found = MODEL.evaluate(states, time=DAY)
    rates = found.rates()
    mineral = (
        numbers["fresh_mineral"] * rates["fresh_total_hip"]
        + numbers["young_mineral"] * rates["young_total_hip"]
        + rates["mature_total_hip"]
    )
    q = found.quantities
    per_mineral = numbers["skeletal_calcium"] / q["mineral_total_hip_premenopausal"]
    assert q["skeletal_uptake"] - q["skeletal_release"] == pytest.approx(per_mineral * mineral)


def test_more_calcium_less_pth_more_urine() -> None:
    low, high = evaluated(exchangeable_calcium=0.97), evaluated(exchangeable_calcium=1.03)
    assert high["pth_secretion"] < low["pth_secretion"]
    assert high["urinary_calcium"] > low["urinary_calcium"]


def test_pth_holds_calcium_and_drives_calcitriol_and_rankl() -> None:
    low, high = evaluated(parathyroid_hormone=0.7), evaluated(parathyroid_hormone=1.5)
    for name in ("serum_calcium", "active_vitamin_d", "rankl_opg"):
        assert high[name] > low[name], name

    draw = MODEL.parameters["calcium_release_by_pth"].value
    same_calcium = evaluated(parathyroid_hormone=1.5, exchangeable_calcium=1.5**-draw)
    assert same_calcium["urinary_calcium"] < evaluated()["urinary_calcium"]


def test_pth_secretion_is_bounded() -> None:
    rate = MODEL.parameters["pth_turnover_rate"].value
    most = MODEL.parameters["pth_maximum"].value
    assert evaluated(exchangeable_calcium=0.5)["pth_secretion"] < most * rate
    assert evaluated(exchangeable_calcium=1.5)["pth_secretion"] > 0


@pytest.mark.parametrize("schedule", ["", f"{SUPPLEMENT} from -12 mo; "])
def test_first_dose_of_denosumab(schedule: str) -> None:
    """Calcium down by 1-3 %, PTH up for some months (Makras 2013: +64 % at one month)."""
    months = [0, *np.arange(0.25, 6.1, 0.25)]
    found = course(f"{schedule}denosumab 60 mg once", months, "calcium", "pth", age=70)
    calcium, pth = (change(v) for v in found.values())
    assert -3 < calcium.min() < -0.9
    assert 20 < pth.max() < 90
    assert pth[-1] < 0.4 * pth.max()
    assert abs(calcium[-1]) < 0.8


def test_letrozole_lowers_pth() -> None:
    """-22 % at 6 months (Heshmati 2002): calcium comes from bone."""
    found = course("letrozole 2.5 mg daily for 1 y", [0, 3, 6], "pth", "calcium", age=69)
    assert np.all(change(found["pth"])[1:] < -5)
    assert abs(change(found["pth"])[2] + 22) < 25
    assert change(found["calcium"])[2] > 0


def test_calcium_rises_at_menopause() -> None:
    found = course(None, [0, 60, 72], "calcium", age=45)
    assert 0 < found["calcium"][1] - found["calcium"][0] < 0.065


def test_supplements_do_a_little_and_no_more_with_time() -> None:
    """0.7 to 1.8 % over control at any time from one year on (Tai 2015); PTH falls."""
    sites = ("bmd_lumbar_spine", "bmd_total_hip")
    with_it = course(SUPPLEMENT, [0, 12, 36, 60], *sites, "pth")
    without = course(None, [0, 12, 36, 60], *sites)
    for site in sites:
        gain = change(with_it[site]) - change(without[site])
        assert np.all((gain[1:] > 0.15) & (gain[1:] < 1.8))
        assert gain[3] - gain[2] < gain[2]
    assert -40 < change(with_it["pth"])[1] < -10


def test_low_intake_makes_loss_worse() -> None:
    name = "bmd_total_hip"
    low, usual, high = (
        change(course(s, [0, 60], name)[name])[1]
        for s in ("calcium intake 300 mg", None, "calcium intake 1500 mg")
    )
    assert low < usual - 0.3 < high - 0.4


def test_a_supplement_is_intake_under_another_name() -> None:
    eaten = course(
        "calcium intake 1800 mg; vitamin d intake 1000 IU", [0, 24], "pth", "bmd_total_hip"
    )
    given = course(SUPPLEMENT, [0, 24], "pth", "bmd_total_hip")
    for name in eaten:
        assert given[name] == pytest.approx(eaten[name], rel=1e-4)


def test_intake_goes_back_when_the_intervention_ends() -> None:
    found = course("calcium intake 300 mg for 6 mo", [0, 6, 30], "pth", "urinary_calcium")
    assert found["pth"][1] > 1.1 * found["pth"][0]
    assert found["pth"][2] == pytest.approx(found["pth"][0], rel=0.03)


def test_vitamin_d_counts_where_there_is_little() -> None:
    """No effect on density unless 25-hydroxyvitamin D is below 30 nmol/L."""
    ds = rm.simulate(
        "reference",
        schedule=[None, "vitamin d intake 1000 IU", None, "vitamin d intake 1000 IU"],
        patient=rm.Patient(age=65),
        parameters={"calcidiol_from_sun": [45.0, 45.0, 10.0, 10.0], "vitamin_d_intake": 0.0},
        times=[0.0, 36 * MONTH],
        outputs=["bmd_total_hip_percent_change", "calcidiol", "pth"],
    )
    replete, treated, low, cured = ds.bmd_total_hip_percent_change.values[:, 1]
    assert 0 < treated - replete < 0.25
    assert cured - low > 1.5 * (treated - replete)
    assert ds.calcidiol.values[2, 0] == pytest.approx(10)


def test_skeleton_that_takes_up_more_than_there_is_does_not_drain_the_blood() -> None:
    """The leap of formation on romosozumab; calcium stays positive."""
    found = course("romosozumab 210 mg every 1 mo x 12", [0, 1, 2, 3, 12], "calcium")
    assert np.all(change(found["calcium"]) > -7)


def test_a_thin_skeleton_exchanges_as_much_calcium_as_a_dense_one() -> None:
    """Cells move the same grams: faster turnover of less bone."""
    dense, thin = (
        rm.simulate(
            patient=rm.Patient(40, menopause=None),
            parameters={"relative_density_total_hip": relative},
            outputs=["skeletal_release", "skeletal_uptake"],
            times=[0.0],
        )
        for relative in (1.0, 0.7)
    )
    for name in ("skeletal_release", "skeletal_uptake"):
        assert float(thin[name][0, 0]) == pytest.approx(float(dense[name][0, 0]), rel=0.03)
