"""Files of observations and regimens: what is read, and what an error says."""

from __future__ import annotations

from pathlib import Path

import pytest

from remodel.errors import ObservationError
from remodel.observations import (
    check_pairs,
    idle_arms,
    load_observations,
    load_regimens,
)
from remodel.observations.load import check_drugs
from remodel.schedules import Schedule

OBSERVATIONS = """\
study_id,arm,endpoint,time_months,value,error_low,error_high,unit,error_kind,flag
mine,drug,bmd_total_hip,12,2.5,2.1,2.9,percent change from treatment baseline,95% CI (inferred),seen
mine,placebo,ctx,6,-3,,,percent,,
"""
PLAIN = """\
study_id,arm,drug,schedule,dose_mg,time_months,start_month,end_month,dose_mg_per_day,age_at_start
mine,drug,alendronate,continuous,,,0,24,10,66
mine,drug,denosumab,discrete,60,6,,,,66
mine,placebo,none,none,,,,,,66
"""
SENTENCES = """\
study_id,arm,schedule,age,menopause_age,menopause,t_score_total_hip,assumed
mine,drug,anastrozole 1 mg daily for 5 y,62,50,natural,-1.5,age drug
mine,placebo,none,44,,none,,
"""


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def changed(text: str, line: int, column: str, cell: str) -> str:
    """Return CSV text with one cell replaced; the header is line 1."""
    lines = [row.split(",") for row in text.splitlines()]
    lines[line - 1][lines[0].index(column)] = cell
    return "\n".join(",".join(row) for row in lines)


def without_column(text: str, column: str) -> str:
    lines = [row.split(",") for row in text.splitlines()]
    index = lines[0].index(column)
    return "\n".join(",".join(row[:index] + row[index + 1 :]) for row in lines)


def test_plain_observations_are_read(written) -> None:
    first, second = load_observations(written(OBSERVATIONS))

    assert (first.study_id, first.arm, first.endpoint) == (
        "mine",
        "drug",
        "bmd_total_hip",
    )
    assert (first.value, first.error_low, first.error_high) == (2.5, 2.1, 2.9)
    assert (first.unit, first.error_kind, first.kind) == ("percent", "95ci", "change")
    assert first.provenance == "user"
    assert first.time == pytest.approx(365.25)
    assert first.extra["flag"] == "seen"
    assert (second.error_low, second.error_kind) == (None, "none")


@pytest.mark.parametrize(("separator", "shown"), [(";", "';'"), ("\t", "tabs")])
def test_other_separators_are_named(written, separator: str, shown: str) -> None:
    with pytest.raises(ObservationError, match=f"row 1: columns are separated by {shown};"):
        load_observations(written(OBSERVATIONS.replace(",", separator)))


def test_error_columns_may_be_missing(written) -> None:
    text = OBSERVATIONS
    for column in ("error_low", "error_high", "error_kind"):
        text = without_column(text, column)

    assert [row.value for row in load_observations(written(text))] == [2.5, -3.0]


def test_a_file_saved_by_a_spreadsheet_with_a_mark_at_its_start_is_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bom.csv"
    path.write_text(OBSERVATIONS, encoding="utf-8-sig")

    assert len(load_observations(path)) == 2


@pytest.mark.parametrize("column", ["study_id", "arm", "endpoint", "time_months", "value", "unit"])
def test_missing_column_is_named(written, column: str) -> None:
    with pytest.raises(
        ObservationError, match=f"table.csv, row 1: the column '{column}' is missing"
    ):
        load_observations(written(without_column(OBSERVATIONS, column)))


@pytest.mark.parametrize(
    ("line", "column", "cell", "sentence"),
    [
        (2, "value", "two", r"table.csv, row 2, column value: 'two' is not a number"),
        (3, "value", "", r"row 3, column value: the cell is empty"),
        (3, "value", "nan", r"row 3, column value: 'nan' is not a number"),
        (2, "time_months", "-6", r"row 2, column time_months: -6 months is before"),
        (
            2,
            "endpoint",
            "bmd_total_hipp",
            r"row 2, column endpoint: .*Did you mean 'bmd_total_hip'",
        ),
        (
            3,
            "unit",
            "nmol/L",
            r"row 3, column unit: 'nmol/L' is not a unit of ctx; use percent",
        ),
        (
            3,
            "unit",
            "ng/mL",
            r"row 3, column unit: a change of ctx is given in percent",
        ),
        (
            2,
            "error_high",
            "1.9",
            r"row 2, column error_high: 1.9 is below error_low 2.1.*negative",
        ),
        (
            2,
            "error_low",
            "",
            r"row 2, column error_low: the cell is empty, but the other end",
        ),
        (
            2,
            "error_kind",
            "99 % CI",
            r"row 2, column error_kind: '99 % CI' is not known",
        ),
    ],
)
def test_wrong_cell_is_named(written, line: int, column: str, cell: str, sentence: str) -> None:
    text = changed(OBSERVATIONS, line, column, cell).replace(",seen", ",")
    with pytest.raises(ObservationError, match=sentence):
        load_observations(written(text))


def test_a_row_with_too_many_cells_is_named(written) -> None:
    with pytest.raises(ObservationError, match="row 4: more cells than the 10 columns"):
        load_observations(written(OBSERVATIONS + "mine,drug,ctx,1,2,,,percent,,,extra\n"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ObservationError, match=r"nowhere\.csv cannot be read"):
        load_observations(tmp_path / "nowhere.csv")


def test_a_difference_needs_a_comparator(written) -> None:
    text = (
        "study_id,arm,endpoint,time_months,value,unit,kind\n"
        "mine,drug,ctx,1,-60,percent,difference\n"
    )

    with pytest.raises(ObservationError, match="row 2, column comparator: a difference needs"):
        load_observations(written(text))


WRONG = (
    "study_id,arm,endpoint,time_months,value,unit,kind,relative_to,comparator,error_low,error_high"
)


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ("0,-1,percent_per_year,rate_per_year,,,,",
         "column time_months: a rate_per_year counts from month 0; it needs a later month"),
        ("12,1,percent,change,month_24,,,",
         "column relative_to: month_24 is after the month of the value, 12"),
        ("12,1,percent,change,,placebo,,", "column comparator: a change is of one arm; leave the"),
        ("12,1,percent_per_year,rate_per_year,,placebo,,",
         "column comparator: a rate_per_year is of one arm"),
        ("12,1,percent,difference,,drug,,", "column comparator: 'drug' is the arm itself"),
        ("12,1,percent,change,,,0,2",
         "column error_kind: error_low and error_high are given; say what they are: 95ci, sd, se"),
        ("12000,1,percent,change,,,,",
         r"column time_months: 12000 months cannot be simulated; at most 1440 \(120 years\)"),
    ],
)  # fmt: skip
def test_rows_that_contradict_themselves_are_named(written, cells: str, sentence: str) -> None:
    with pytest.raises(ObservationError, match=f"table.csv, row 2, {sentence}"):
        load_observations(written(f"{WRONG}\nmine,drug,bmd_total_hip,{cells}\n"))


def test_a_number_that_is_there_twice_is_named_with_both_rows(written) -> None:
    again = OBSERVATIONS + "mine,placebo,ctx,6,-4,,,percent,,\n"
    sentence = "row 4, column value: row 3 already has a change of ctx at 6 months for the arm 'pl"
    with pytest.raises(ObservationError, match=sentence):
        load_observations(written(again))


def test_several_bounds_on_one_number_and_rows_not_used_may_be_there(written) -> None:
    text = (
        "study_id,arm,endpoint,time_months,value,unit,kind,use\n"
        "mine,drug,ctx,6,-10,percent,bound_upper,validation\n"
        "mine,drug,ctx,6,-90,percent,bound_lower,validation\n"
        "mine,drug,ctx,6,-20,percent,bound_upper,validation\n"
        "mine,drug,ctx,6,-20,percent,bound_upper,not_used\n"
    )
    assert len(load_observations(written(text))) == 4


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (SENTENCES.replace("anastrozole 1", "anastrozol 1"),
         "row 2, column schedule: no model has a drug 'anastrozol'. Did you mean 'anastrozole'"),
        (PLAIN.replace("denosumab", "denosumb"),
         "row 3, column drug: no model has a drug 'denosumb'. Did you mean 'denosumab'"),
    ],
)  # fmt: skip
def test_a_drug_that_is_not_known_is_named_with_the_nearest(written, text, sentence) -> None:
    known = ("anastrozole", "denosumab", "alendronate")
    with pytest.raises(ObservationError, match=f"table.csv, {sentence}"):
        check_drugs(written(text), known)
    check_drugs(written(PLAIN), known)
    check_drugs(written(SENTENCES), known)


def test_cells_under_a_column_without_name_are_not_lost(written) -> None:
    text = "\n".join("," + line for line in OBSERVATIONS.splitlines())
    assert len(load_observations(written(text))) == 2
    numbered = text.replace("\n,", "\n7,", 1)
    with pytest.raises(ObservationError, match="row 1: column 1 has cells, but no name"):
        load_observations(written(numbered))


def test_a_rate_must_start_before_it_ends(written) -> None:
    text = (
        "study_id,arm,endpoint,time_months,value,unit,kind,relative_to\n"
        "mine,drug,bmd_total_hip,12,-1,percent_per_year,rate_per_year,month_12\n"
    )

    with pytest.raises(ObservationError, match="column relative_to: month_12 is not before"):
        load_observations(written(text))


def test_plain_regimens_become_schedules(written) -> None:
    arms = load_regimens(written(PLAIN))

    drug = arms["mine", "drug"]
    assert drug.schedule.drugs == ("alendronate", "denosumab")
    assert drug.age == 66
    assert drug.menopause_age is None
    daily, single = sorted(drug.schedule.doses, key=lambda dose: dose.time)
    assert (daily.amount, daily.unit, daily.interval, daily.end) == (
        10.0,
        "mg",
        1.0,
        730.5,
    )
    assert (single.amount, single.time, single.count) == (60.0, 182.625, 1)
    assert arms["mine", "placebo"].schedule == Schedule()


@pytest.mark.parametrize(
    ("line", "column", "cell", "sentence"),
    [
        (
            2,
            "dose_mg_per_day",
            "ten",
            r"row 2, column dose_mg_per_day: 'ten' is not a number",
        ),
        (2, "end_month", "0", r"row 2, column end_month: 0 is not after start_month 0"),
        (3, "dose_mg", "-60", r"row 3, column dose_mg: a dose of -60 mg is negative"),
        (
            3,
            "schedule",
            "sometimes",
            r"row 3, column schedule: 'sometimes' is not known here",
        ),
        (
            3,
            "age_at_start",
            "70",
            r"row 3, column age_at_start: 70, but another row .* says 66",
        ),
        (4, "arm", "", r"row 4, column arm: the cell is empty"),
    ],
)
def test_wrong_plain_regimen_is_named(
    written, line: int, column: str, cell: str, sentence: str
) -> None:
    with pytest.raises(ObservationError, match=sentence):
        load_regimens(written(changed(PLAIN, line, column, cell)))


def test_men_have_no_menopause(written) -> None:
    men = "study_id,arm,schedule,age,menopause_age,sex\nmine,drug,none,70,{},male\n"
    assert load_regimens(written(men.format("")))["mine", "drug"].sex == "male"
    with pytest.raises(ObservationError, match="column menopause_age: men have no menopause"):
        load_regimens(written(men.format("50")))


def test_the_plain_layout_knows_men(written) -> None:
    lines = [line + "," + sex for line, sex in zip(
        PLAIN.splitlines(), ("sex", "male", "male", ""), strict=True)]  # fmt: skip
    arms = load_regimens(written("\n".join(lines)))
    assert [arms["mine", name].sex for name in ("drug", "placebo")] == ["male", "female"]
    lines[2] = lines[2].removesuffix("male") + "female"
    with pytest.raises(ObservationError, match="column sex: the rows of drug do not agree"):
        load_regimens(written("\n".join(lines)))


def test_plain_regimens_need_their_columns(written) -> None:
    with pytest.raises(ObservationError, match="row 1: the column 'end_month' is missing"):
        load_regimens(written(without_column(PLAIN, "end_month")))


def test_regimens_as_sentences(written) -> None:
    arms = load_regimens(written(SENTENCES))

    drug, placebo = arms["mine", "drug"], arms["mine", "placebo"]
    assert drug.schedule == Schedule.parse("anastrozole 1 mg daily for 5 y")
    assert (drug.age, drug.menopause_age, drug.t_score_total_hip) == (62, 50, -1.5)
    assert drug.assumed == ("age", "drug")
    assert placebo.schedule == Schedule()
    assert placebo.menopause == "none"


def test_unreadable_sentence_is_placed(written) -> None:
    text = changed(SENTENCES, 2, "schedule", "anastrozole 1 stone daily")

    with pytest.raises(ObservationError, match=r"row 2, column schedule: .*stone"):
        load_regimens(written(text))
    with pytest.raises(ObservationError, match=r"row 2, column schedule: .*write 'none'"):
        load_regimens(written(changed(SENTENCES, 2, "schedule", "")))


def test_one_row_an_arm(written) -> None:
    with pytest.raises(ObservationError, match="row 4, column arm: mine has two rows"):
        load_regimens(written(SENTENCES + SENTENCES.splitlines()[1] + "\n"))


def test_arm_without_regimen_is_named(written) -> None:
    observations = load_observations(written(changed(OBSERVATIONS, 3, "arm", "placeboo")))
    arms = load_regimens(written(PLAIN, "regimens.csv"))

    with pytest.raises(ObservationError, match=r"'placeboo' has no regimen\. Did you mean"):
        check_pairs(observations, arms)


def test_regimen_without_observation_is_listed_and_harmless(written) -> None:
    observations = load_observations(written(OBSERVATIONS)).where(arm="drug")
    arms = load_regimens(written(PLAIN, "regimens.csv"))

    check_pairs(observations, arms)
    assert idle_arms(observations, arms) == (("mine", "placebo"),)


@pytest.mark.parametrize(
    ("column", "cell", "says"),
    [
        ("relative_to", "week_3", "'week_3' is neither 'baseline' nor"),
        ("n", "0.5", "0.5 patients; expected at least 1."),
    ],
)
def test_what_an_optional_column_may_hold(written, column: str, cell: str, says: str) -> None:
    table = "study_id,arm,endpoint,time_months,value,unit,kind,relative_to,n\n"
    table += "mine,drug,ctx,12,2.5,percent,change,baseline,40\n"
    assert len(load_observations(written(table))) == 1
    with pytest.raises(ObservationError, match=says.replace(".", r"\.")):
        load_observations(written(changed(table, 2, column, cell)))
