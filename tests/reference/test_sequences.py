"""One drug after another, together, stopped and taken again: no equation knows of sequences."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.models.reference import MODEL

MONTH = 30.4375
LS, TH = "bmd_lumbar_spine", "bmd_total_hip"
WOMAN = rm.Patient(age=65, menopause_age=50)
DENOSUMAB = "denosumab 60 mg every 6 mo x 4"
TERIPARATIDE = "teriparatide 20 ug daily for 2 y"
ALENDRONATE = "alendronate 70 mg weekly for 2 y"
ROMOSOZUMAB = "romosozumab 210 mg monthly x 12"


def course(schedule: str | None, months: list[float], *outputs: str) -> dict[str, np.ndarray]:
    ds = rm.simulate(
        "reference",
        schedule=schedule,
        patient=WOMAN,
        times=np.array(months) * MONTH,
        outputs=list(outputs),
    )
    return {name: ds[name].values[0] for name in outputs}


def change(schedule: str | None, month: float, site: str = LS, since: float = 0.0) -> float:
    found = course(schedule, [0.0, *sorted({since, month} - {0.0})], site)[site]
    start = found[0] if since == 0 else found[1]
    return float(100 * (found[-1] / start - 1))


@pytest.mark.parametrize("years", [1, 2, 5, 10])
def test_bone_returns_to_near_the_untreated_path_not_far_below(years: int) -> None:
    schedule = f"denosumab 60 mg every 6 mo x {2 * years}"
    for site in (LS, TH):
        for after in (12, 24, 36):
            month = 12 * years + after
            assert change(schedule, month, site) > change(None, month, site) - 1


def test_four_years_after_teriparatide_bone_is_not_far_below_the_untreated_path() -> None:
    woman = rm.Patient(66, 50, "natural", -1.9, -1.4, -1.9)
    ds = rm.simulate(
        schedule=[TERIPARATIDE, None],
        patient=woman,
        times=[0.0, 72 * MONTH],
        outputs=[f"{LS}_percent_change", f"{TH}_percent_change"],
    )
    for site in (LS, TH):
        treated, untreated = ds[f"{site}_percent_change"].values[:, 1]
        assert treated > untreated - 1.5, site


def test_zoledronic_acid_after_a_short_course_prevents_most_of_the_loss() -> None:
    after = f"{DENOSUMAB}; zoledronic acid 5 mg once from 24 mo"
    for site in (LS, TH):
        gained = change(DENOSUMAB, 24, site)
        lost, kept = (gained - change(s, 36, site) for s in (DENOSUMAB, after))
        assert lost > 0.5 * gained
        assert kept < 0.4 * lost


def test_the_later_an_injection_the_more_is_lost() -> None:
    late = [
        change(f"{DENOSUMAB} then nothing for {m} mo then denosumab 60 mg every 6 mo x 6", 24 + m)
        for m in (1, 3, 6, 9)
    ]
    assert late == sorted(late, reverse=True)


def test_a_missed_injection_costs_what_a_late_one_does() -> None:
    missed = change("denosumab 60 mg every 6 mo x 8 except dose 5", 30)
    late = change(f"{DENOSUMAB} then nothing for 6 mo then denosumab 60 mg every 6 mo x 3", 30)
    assert missed == pytest.approx(late, abs=1e-6)


def test_a_builder_first_gives_more_than_a_builder_after_denosumab() -> None:
    for site in (LS, TH):
        first = change(f"{TERIPARATIDE} then {DENOSUMAB}", 48, site)
        last = change(f"{DENOSUMAB} then {TERIPARATIDE}", 48, site)
        assert first > last + 2


def test_denosumab_and_teriparatide_together_give_more_than_either() -> None:
    both = change(f"{TERIPARATIDE}; {DENOSUMAB}", 24)
    assert both > max(change(TERIPARATIDE, 24), change(DENOSUMAB, 24)) + 1.5


def test_what_romosozumab_built_is_kept_by_either_antiresorptive_drug_only() -> None:
    kept = [change(f"{ROMOSOZUMAB} then {s}", 24) for s in (DENOSUMAB, ALENDRONATE)]
    assert min(kept) > change(ROMOSOZUMAB, 12)
    assert change(ROMOSOZUMAB, 24) < change(ROMOSOZUMAB, 12) - 2


def test_a_holiday_from_alendronate_is_slow_to_lose_and_a_restart_gains_again() -> None:
    holiday = "alendronate 70 mg weekly for 5 y then nothing for 2 y then alendronate 70 mg weekly"
    lost = change(holiday, 84, TH, since=60)
    assert -1.5 < lost < 0.2
    assert change(holiday, 108, TH, since=84) > change(
        "alendronate 70 mg weekly for 5 y", 108, TH, since=84
    )


def test_every_drug_at_once_stays_positive() -> None:
    doses = "; ".join(f"{drug} 1 mg daily for 1 y" for drug in MODEL.drugs)
    names = MODEL.system(MODEL.drugs).state_names
    ds = rm.simulate(
        "reference", schedule=doses, patient=WOMAN, times=[0.0, 180.0, 365.0, 730.0], outputs=names
    )
    assert ds.status.values.tolist() == [0]
    for name in names:
        assert np.all(ds[name].values >= -1e-12), name


def test_order_of_regimens_in_a_sentence_does_not_matter() -> None:
    one = course(f"{TERIPARATIDE}; {DENOSUMAB}", [0, 12, 24], LS)[LS]
    other = course(f"{DENOSUMAB}; {TERIPARATIDE}", [0, 12, 24], LS)[LS]
    assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("sentence", "same"),
    [
        ("teriparatide 20 ug daily for 1 y", "teriparatide 0.02 mg daily for 1 y"),
        ("romosozumab 210 mg once", "romosozumab 1.4093959731543624 umol once"),
        ("calcium vitamin d 800 IU daily for 1 y", "calcium vitamin d 1 g daily for 1 y"),
        ("estradiol 50 ug patch daily for 1 y", "estradiol 0.05 mg patch daily for 1 y"),
    ],
)
def test_doses_in_their_usual_units(sentence: str, same: str) -> None:
    assert change(sentence, 12) == pytest.approx(change(same, 12), abs=1e-9)


def test_tables_and_objects_say_the_same_as_sentences() -> None:
    sentence = rm.Schedule.parse(f"{ROMOSOZUMAB} then {DENOSUMAB}")
    table = rm.Schedule.from_table(sentence.to_table())
    objects = rm.Schedule(
        (
            rm.Dose("romosozumab", 210.0, interval=MONTH, count=12),
            rm.Dose("denosumab", 60.0, time=12 * MONTH, interval=6 * MONTH, count=4),
        )
    )
    expected = change(str(sentence), 24)
    for schedule in (table, objects):
        ds = rm.simulate(
            "reference", schedule=schedule, patient=WOMAN, times=[0.0, 24 * MONTH], outputs=[LS]
        )
        found = 100 * (float(ds[LS][0, 1]) / float(ds[LS][0, 0]) - 1)
        assert found == pytest.approx(expected, abs=1e-6)
