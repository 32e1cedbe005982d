"""Tables of one's own: errors in one form, units as they are written, limits, references, pools."""

from __future__ import annotations

import math

import pytest

import remodel as rm
from remodel.errors import ObservationError
from remodel.observations import (
    load_observations,
    load_regimens,
    reported_standard_error,
    residual,
    standard_error,
    with_references,
)
from remodel.observations.pools import pooled

COLUMNS = "study_id,arm,endpoint,time_months,value,unit,kind"
ERRORS = f"{COLUMNS},error,error_low,error_high,error_kind,n,flag"


def table(tmp_path, header, *rows):
    path = tmp_path / "mine.csv"
    path.write_text("\n".join([header, *(f"mine,drug,{row}" for row in rows)]) + "\n")
    return path


def read(tmp_path, header, *rows):
    return load_observations(table(tmp_path, header, *rows))


def test_one_error_is_a_standard_error_or_deviation(tmp_path):
    rows = read(
        tmp_path,
        ERRORS,
        "ctx,6,-62,percent,change,2.5,,,se,58,",
        "bmd_total_hip,12,3.1,percent,change,2,,,SD,64,",
        "bmd_total_hip,24,4.1,percent,change,,3.2,5.4,ci95,64,",
        "p1np,6,-50,percent,change,,-60,-45,IQR,64,",
    )
    errors = [reported_standard_error(row) for row in rows]
    assert errors == pytest.approx(
        [2.5, 2 / 8, 2.2 / (2 * 1.959964), 15 / (2 * 0.6744898) / 8], rel=1e-5
    )
    assert (rows[0].error_low, rows[0].error_high, rows[0].error_kind) == (-64.5, -59.5, "se")
    assert standard_error(rows[0]) == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("errors", "sentence"),
    [
        (",2.5,2.5,se", "column error_high: 2.5 is error_low too: .*goes into the column error"),
        (
            ",0.2,0.9,se",
            "column error_high: the interval from 0.2 to 0.9 does not hold the value 3",
        ),
        (
            ",4.5,4.9,95ci",
            "column error_low: the interval from 4.5 to 4.9 does not hold the value 3",
        ),
        (",4,2,iqr", "column error_high: 2 is below error_low 4"),
        (",2,,iqr", "column error_high: the cell is empty"),
        (",2,4,", "column error_kind: error_low and error_high are given"),
        ("0.5,2,4,se", "column error: give either error, or error_low and error_high"),
        ("0.5,,,95ci", "column error_kind: one error is an se or sd, not '95ci'"),
        ("0.5,,,", "column error_kind: one error is an se or sd, not ''"),
        ("0,,,se", "column error: 0 is not above 0"),
        ("-1,,,sd", "column error: -1 is not above 0"),
        ("x,,,sd", "column error: 'x' is not a number. Expected a number in percent"),
    ],
)
def test_errors_that_do_not_fit_are_refused_unless_the_row_carries_a_flag(
    tmp_path, errors, sentence
):
    row = f"bmd_total_hip,12,3,percent,change,{errors},60,"
    with pytest.raises(ObservationError, match=f"mine.csv, row 2, {sentence}"):
        read(tmp_path, ERRORS, row)
    if "number" in sentence or "above 0" in sentence:
        return
    rows = read(tmp_path, ERRORS, f"{row}swapped", "ctx,6,-50,percent,change,2,,,se,60,")
    assert (rows[0].value, rows[0].error_low, rows[0].error_kind) == (3, None, "none")
    assert rows.without_bounds == 1


def test_bounds_of_a_flagged_row_that_fit_are_kept(tmp_path):
    rows = read(tmp_path, ERRORS, "ctx,6,-50,percent,change,,-55,-45,se,60,shared_with:placebo")
    assert (rows[0].error_low, rows.without_bounds) == (-55, 0)


@pytest.mark.parametrize(
    ("endpoint", "unit", "value", "expected"),
    [
        ("bmd_total_hip", "g/cm^2", 0.82, 0.82),
        ("bmd_total_hip", "g/cm²", 0.82, 0.82),
        ("bmd_total_hip", "mg/cm2", 820, 0.82),
        ("ctx", "ug/L", 0.31, 0.31),
        ("ctx", "µg/l", 0.31, 0.31),
        ("ctx", "pg/mL", 310, 0.31),
        ("ctx", "ng/L", 310, 0.31),
        ("p1np", "mcg/L", 44, 44),
        ("ntx", "nmol/mmol", 38, 38),
        ("ntx", "nM BCE/mM creatinine", 38, 38),
        ("estradiol", "pg/mL", 10, 36.713),
        ("estradiol", "nmol/L", 0.05, 50),
        ("calcium", "mg/dL", 9.6, 2.3953),
        ("pth", "pmol/L", 4.2, 39.585),
        ("sclerostin", "pM", 30, 30),
    ],
)
def test_levels_are_converted_into_the_unit_of_their_endpoint(
    tmp_path, endpoint, unit, value, expected
):
    row = read(tmp_path, COLUMNS, f"{endpoint},12,{value},{unit},level")[0]
    assert row.value == pytest.approx(expected, rel=1e-4)
    assert row.kind == "level"


@pytest.mark.parametrize(
    ("endpoint", "unit"),
    [("ctx", "g/cm2"), ("ctx", "T-score"), ("sclerostin", "pg/mL"), ("bsap", "U/L"), ("ntx", "nmol"),
     ("bmd_total_hip", "nm")],
)  # fmt: skip
def test_a_unit_that_cannot_be_converted_is_refused(tmp_path, endpoint, unit):
    with pytest.raises(
        ObservationError, match=f"column unit: '{unit}' is not a unit of {endpoint}"
    ):
        read(tmp_path, COLUMNS, f"{endpoint},12,1,{unit},level")


def test_every_level_that_a_simulation_writes_is_read(tmp_path):
    dataset = rm.simulate(years=1)
    names = [n for n in ("bmd_lumbar_spine", "bmd_total_hip", "bmd_femoral_neck", "ctx", "p1np",
                         "ntx", "bsap", "estradiol", "pth", "calcium") if n in dataset]  # fmt: skip
    assert len(names) >= 8
    for name in names:
        unit, value = dataset[name].attrs["units"], float(dataset[name][0, -1])
        row = read(tmp_path, COLUMNS, f"{name},12,{value!r},{unit},level")[0]
        assert row.value == value


BASELINE = f"{COLUMNS},baseline,error,error_kind"


def test_a_level_with_its_baseline_is_a_percent_change(tmp_path):
    rows = read(
        tmp_path,
        BASELINE,
        "bmd_lumbar_spine,12,0.882,g/cm2,level,0.84,0.0084,se",
        "bmd_lumbar_spine,24,42,mg/cm2,change,840,,",
        "bmd_lumbar_spine,36,106.5,percent of baseline,change,,0.5,se",
        "ctx,6,40,% of baseline,level,,,",
    )
    assert [row.value for row in rows] == pytest.approx([5.0, 5.0, 6.5, -60.0])
    assert {(row.kind, row.unit) for row in rows} == {("change", "percent")}
    assert rows[0].error_high - rows[0].error_low == pytest.approx(2.0)
    assert rows[2].error_high == pytest.approx(7.0)


def test_changes_in_t_score_are_percent_changes_of_density(tmp_path):
    parameters = rm.load_model("reference").parameters
    mean = parameters["bmd_total_hip_reference"].value
    sd = parameters["bmd_total_hip_reference_sd"].value
    rows = read(
        tmp_path,
        BASELINE,
        "bmd_total_hip,12,0.3,T-score,change,-2.4,,",
        "bmd_total_hip,24,-2.1,SD,level,-2.4,,",
        "bmd_total_hip,36,-2.1,T score,level,,,",
    )
    change = 100 * 0.3 * sd / (mean - 2.4 * sd)
    assert [row.value for row in rows[:2]] == pytest.approx([change, change])
    assert (rows[2].value, rows[2].unit) == (pytest.approx(mean - 2.1 * sd), "g/cm2")


def test_a_change_in_another_unit_needs_a_baseline(tmp_path):
    with pytest.raises(
        ObservationError, match=r"not in T-score\. A column baseline, with the level"
    ):
        read(tmp_path, COLUMNS, "bmd_total_hip,12,0.3,T-score,change")
    with pytest.raises(ObservationError, match="column baseline: 0 is not above 0"):
        read(tmp_path, BASELINE, "bmd_total_hip,12,0.8,g/cm2,level,0,,")


def test_a_value_below_the_limit_of_detection_is_kept_by_any_lower_one(tmp_path):
    below, above = read(
        tmp_path, COLUMNS, "ctx,6,<0.03,ng/mL,level", "estradiol,6, >1 ,nmol/L,level"
    )
    assert (below.value, below.censored, below.is_bound) == (0.03, "below", True)
    assert [residual(below, value) for value in (0.01, 0.05)] == pytest.approx([0.0, 0.02])
    assert (above.value, above.censored) == (1000.0, "above")
    assert [residual(above, value) for value in (900.0, 1200.0)] == [-100.0, 0.0]
    with pytest.raises(ObservationError, match=r"column value: '<0\.03' is a limit of detection"):
        read(tmp_path, ERRORS, "ctx,6,<0.03,ng/mL,level,0.01,,,se,30,")
    with pytest.raises(ObservationError, match="column value: '<' is not a number"):
        read(tmp_path, COLUMNS, "ctx,6,<,ng/mL,level")


def test_a_limit_of_detection_reaches_the_fit(tmp_path):
    import numpy as np

    from remodel.calibration import FitProblem
    from remodel.calibration.data import Source
    from remodel.calibration.objective import Objective

    table(tmp_path, COLUMNS, "ctx,6,<99,ng/mL,level")
    (tmp_path / "arms.csv").write_text("study_id,arm,schedule\nmine,drug,none\n")
    problem = FitProblem(
        title="limit",
        model="reference",
        estimate=("osteoclast_turnover_rate",),
        sources=(Source(tmp_path / "mine.csv", tmp_path / "arms.csv"),),
    )
    built = Objective.of(problem)
    assert np.asarray(built.limit).tolist() == [1.0]


def test_the_end_of_treatment_is_the_month_at_which_the_doses_end(tmp_path):
    rows = read(
        tmp_path,
        f"{COLUMNS},relative_to",
        "ctx,30,80,percent,change,end_of_treatment",
        "ctx,12,-40,percent,change,baseline",
    )
    (tmp_path / "arms.csv").write_text(
        "study_id,arm,schedule\nmine,drug,denosumab 60 mg every 6 mo x 4\n"
    )
    arms = load_regimens(tmp_path / "arms.csv")
    with pytest.raises(
        ObservationError, match="counts from the end of treatment; give its regimen"
    ):
        _ = rows[0].reference_months
    resolved = with_references(rows, arms)
    assert [row.reference_months for row in resolved] == pytest.approx([24.0, 0.0], abs=1e-6)
    for schedule, sentence in [
        ("none", "has none"),
        ("denosumab 60 mg every 6 mo", "its doses have no end"),
        ("denosumab 60 mg every 6 mo x 8", "the value at 30 months .* which is at 48 months"),
    ]:
        (tmp_path / "arms.csv").write_text(f"study_id,arm,schedule\nmine,drug,{schedule}\n")
        with pytest.raises(ObservationError, match=sentence):
            with_references(rows, load_regimens(tmp_path / "arms.csv"))


ARMS = "study_id,arm,schedule,pool\nmine,a,denosumab 60 mg once,\nmine,b,none,\nmine,both,{},{}\n"


def test_arms_that_are_reported_together_are_pooled_by_weight(tmp_path):
    (tmp_path / "arms.csv").write_text(ARMS.format("", "a 240; b 120"))
    arm = load_regimens(tmp_path / "arms.csv")["mine", "both"]
    assert arm.pool == (("a", 240.0), ("b", 120.0))
    assert pooled({"a": 0.4, "b": 0.7}, arm.pool) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("schedule", "pool", "sentence"),
    [
        ("", "a 240", "row 4, column pool: name at least two arms"),
        ("", "a 240; c 3", "row 4, column pool: mine has no arm 'c'"),
        ("", "a 240; a 3", "row 4, column pool: the arm 'a' is named twice"),
        ("", "a; b 3", "row 4, column pool: 'a' is not the name of an arm and its weight"),
        ("", "a 0; b 3", "row 4, column pool: 'a 0' is not the name of an arm and its weight"),
        ("", "a 1; both 3", "row 4, column pool: the arm 'both' is a pool itself"),
        ("denosumab 60 mg once", "a 1; b 3", "row 4, column schedule: arms that are pooled"),
    ],
)
def test_a_pool_that_makes_no_sense_is_refused(tmp_path, schedule, pool, sentence):
    (tmp_path / "arms.csv").write_text(ARMS.format(schedule, pool))
    with pytest.raises(ObservationError, match=sentence):
        load_regimens(tmp_path / "arms.csv")


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path):
    path = table(tmp_path, COLUMNS, "ctx,6,1,percent,change")
    path.write_text(path.read_text() + "\n\nmine,drug,ctx,12,x,percent,change\n")
    with pytest.raises(
        ObservationError, match=r"mine\.csv, row 5, column value: 'x' is not a number"
    ):
        load_observations(path)


def test_a_column_that_is_there_twice_is_refused(tmp_path):
    with pytest.raises(ObservationError, match="row 1: the column 'value' is there twice"):
        read(tmp_path, f"{COLUMNS},value", "ctx,6,1,percent,change,2")


def test_numbers_too_large_are_no_numbers(tmp_path):
    with pytest.raises(ObservationError, match=r"column value: .*is not a number"):
        read(tmp_path, COLUMNS, f"ctx,6,1{'0' * 400},percent,change")
    assert math.isfinite(read(tmp_path, COLUMNS, "ctx,6,1e300,percent,change")[0].value)


def test_an_arm_knows_which_drugs_come_after_which(tmp_path):
    (tmp_path / "arms.csv").write_text(
        "study_id,arm,schedule\n"
        "mine,drug,denosumab 60 mg every 6 mo x 2 then zoledronic acid 5 mg yearly x 1\n"
    )
    arm = load_regimens(tmp_path / "arms.csv")["mine", "drug"]
    assert arm.drugs_at(0) == ((), ())
    assert arm.drugs_at(6) == (("denosumab",), ())
    assert arm.drugs_at(12) == (("denosumab",), ())
    assert arm.drugs_at(18) == (("zoledronic_acid",), ("denosumab",))
    assert arm.drugs_at(36) == ((), ("denosumab", "zoledronic_acid"))


def test_single_doses_last_as_long_as_the_drug_is_usually_given(tmp_path):
    columns = "study_id,arm,drug,schedule,dose_mg,time_months,start_month,end_month,dose_mg_per_day"
    (tmp_path / "arms.csv").write_text(
        f"{columns}\nmine,drug,denosumab,discrete,60,0,,,\nmine,drug,denosumab,discrete,60,6,,,\n"
        "mine,drug,alendronate,continuous,,,14,26,10\n"
    )
    arm = load_regimens(tmp_path / "arms.csv")["mine", "drug"]
    assert arm.drugs_at(10) == (("denosumab",), ())
    assert arm.drugs_at(13) == ((), ("denosumab",))
    assert arm.drugs_at(20) == (("alendronate",), ("denosumab",))


def test_a_pooled_arm_is_never_simulated_as_untreated(tmp_path):
    (tmp_path / "arms.csv").write_text(ARMS.format("", "a 240; b 120"))
    path = tmp_path / "mine.csv"
    path.write_text(f"{COLUMNS}\nmine,both,ctx,6,-40,percent,change\n")
    validation = rm.validate("reference", observations=path, regimens=tmp_path / "arms.csv")
    assert [(s.arm, s.n) for s in validation.skipped] in ([("both", 1)], [])
    if not validation.skipped:
        (predicted,) = validation.predictions["predicted"]
        assert predicted < -5
