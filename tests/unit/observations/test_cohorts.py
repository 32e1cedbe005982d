"""Sides of cohorts: stated, dated, kept by every row, and never changed unseen."""

from __future__ import annotations

import datetime
import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from remodel.errors import ObservationError
from remodel.observations import (
    Cohort,
    Observations,
    check_sides,
    load_cohorts,
    load_observations,
    load_trial,
    trial_names,
)
from remodel.observations.cohorts import COHORT_COLUMNS, read_cohorts
from remodel.observations.rows import read_rows

sys.path.append(str(Path(__file__).parents[2]))

from sides import Side, described, locked_sides, moved, sides_of, unlocked, used_rows

COHORT_OF = {name: load_trial(name).cohort for name in trial_names()}
COHORTS = load_cohorts()


def read(*lines: str) -> dict[str, Cohort]:
    text = "\n".join([",".join(COHORT_COLUMNS), *lines])
    return dict(read_cohorts(read_rows(text, "cohorts.csv", COHORT_COLUMNS)))


def test_every_cohort_has_a_side_and_every_row_keeps_it() -> None:
    assert set(COHORTS) == set(COHORT_OF.values())
    check_sides(load_observations(), COHORT_OF, COHORTS)


def test_named_cohorts_stand_where_they_were_promised() -> None:
    for study in ("bone2011", "flex", "grey_multidose", "horizon_pft", "horizon_e1"):
        assert "validation" not in {row.use for row in load_trial(study).observations}, study
    for study in ("horizon_e2", "bolland2025", "ibis2"):
        assert "calibration" not in {row.use for row in load_trial(study).observations}, study


def test_a_third_of_the_cohorts_that_no_fit_had_seen_is_held_out_by_a_draw() -> None:
    drawn = {name: c.side for name, c in COHORTS.items() if c.reason.startswith("drawn")}
    in_order = sorted(drawn, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    held_out = {name for name, side in drawn.items() if side == "validation"}
    assert held_out == set(in_order[: int(len(in_order) / 3 + 0.5)])


def test_no_number_changed_sides_without_a_new_date() -> None:
    now, locked = sides_of(used_rows()), locked_sides()
    assert described(moved(now, locked)) == []
    assert described(unlocked(now, locked)) == [], "run: python tests/sides.py"
    dates = {row.study_id: COHORTS[COHORT_OF[row.study_id]].date for row in used_rows()}
    assert max(side.date for side in locked.values()) <= max(dates.values())


def test_a_change_of_sides_is_noticed() -> None:
    day, later = datetime.date(2026, 11, 24), datetime.date(2026, 12, 1)
    locked = {"a": Side("calibration", day), "b": Side("validation", day)}
    assert moved({"a": Side("validation", day)}, locked) == ["a"]
    assert moved({"a": Side("validation", later)}, locked) == []
    assert moved({"b": Side("calibration", later)}, locked) == ["b"]
    assert unlocked({"c": Side("calibration", day), **locked}, locked) == ["c"]


def test_a_row_on_the_wrong_side_is_refused() -> None:
    (row, *_) = load_observations().where(study="flex", use="calibration")
    wrong = Observations((replace(row, use="validation"),))
    with pytest.raises(ObservationError, match="marked validation, its cohort 'fit' says calib"):
        check_sides(wrong, COHORT_OF, {"fit": COHORTS["fit"]})


def test_the_other_side_of_a_cohort_must_have_rows() -> None:
    cohort = replace(COHORTS["fit"], other_side=("flex/nobody",))
    with pytest.raises(ObservationError, match="'flex/nobody' is said to be on the other side"):
        check_sides(load_observations().where(study="flex"), COHORT_OF, {"fit": cohort})


def test_a_study_of_an_unlisted_cohort_is_refused() -> None:
    with pytest.raises(ObservationError, match=r"cohort 'fit' has no side\. .*'fits'"):
        check_sides(load_observations().where(study="flex"), COHORT_OF, {"fits": COHORTS["fit"]})


def test_arms_and_studies_on_the_other_side() -> None:
    cohort = read("c,calibration,2026-11-30,s/a t,why")["c"]
    row = load_observations()[0]
    assert cohort.side_of(replace(row, study_id="s", arm="a")) == "validation"
    assert cohort.side_of(replace(row, study_id="s", arm="b")) == "calibration"
    assert cohort.side_of(replace(row, study_id="t")) == "validation"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("c,callibration,2026-11-30,,why", "row 2, column side: .*Did you mean 'calibration'"),
        ("c,calibration,30.11.2026,,why", "row 2, column date: '30.11.2026' is not a date"),
        ("c,calibration,2026-11-30,,", "row 2, column reason: the cell is empty"),
        ("c,not_used,2026-11-30,s/a,why", "row 2, column other_side: a cohort that is not used"),
        ("c,calibration,2026-11-30,,why\nc,validation,2026-11-30,,why", "row 3, .*there twice"),
    ],
)
def test_faulty_tables_of_cohorts_are_refused(line: str, sentence: str) -> None:
    with pytest.raises(ObservationError, match=sentence):
        read(line)
