"""NONMEM-style tables: what rows mean, and how wrong cells are answered."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from remodel.errors import ScheduleError, UnitError
from remodel.schedules import Dose, Schedule, dosing_plan
from remodel.units import DAYS_PER_MONTH

SCHEDULE = Schedule.parse(
    "denosumab 60 mg sc every 6 mo x 4 then zoledronic acid 5 mg iv once over 15 min; "
    "teriparatide 20 µg daily x 30 at steady state"
)


def read(tmp_path: Path, text: str, **options: object) -> Schedule:
    path = tmp_path / "doses.csv"
    path.write_text(text, encoding="utf-8")
    return Schedule.read_csv(path, **options)  # type: ignore[arg-type]


def test_a_csv_file_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "doses.csv"
    SCHEDULE.write_csv(path)
    assert Schedule.read_csv(path) == SCHEDULE


def test_rows_and_data_frames_come_back_as_they_were() -> None:
    rows = SCHEDULE.to_table()
    assert Schedule.from_table(rows) == SCHEDULE
    assert Schedule.from_table(pd.DataFrame(rows)) == SCHEDULE


def test_no_treatment_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "doses.csv"
    Schedule().write_csv(path)
    assert Schedule.read_csv(path) == Schedule.from_table([]) == Schedule()


def test_upper_and_lower_case_blanks_dots_and_other_columns(tmp_path: Path) -> None:
    text = "\ufeffid, Time ,amt,cmt,Addl,ii,note\n1,0,60,denosumab,3,182.625,first\n\n1,800,5,zoledronate,.,,\n"
    assert read(tmp_path, text) == Schedule.parse(
        "denosumab 60 mg every 6 mo x 4; zoledronic acid 5 mg once from 800 d"
    )


def test_observations_and_other_events_are_passed_over(tmp_path: Path) -> None:
    text = "TIME,AMT,EVID,DRUG\n0,0,0,\n1,,2,\n2,60,1,denosumab\n"
    assert read(tmp_path, text) == Schedule((Dose("denosumab", 60.0, time=2.0),))


def test_without_evid_rows_without_an_amount_are_observations(tmp_path: Path) -> None:
    assert len(read(tmp_path, "TIME,AMT,DRUG\n0,.,\n2,60,denosumab\n").doses) == 1


def test_time_unit_holds_for_all_times() -> None:
    row = {"TIME": 1, "AMT": 60, "DRUG": "denosumab", "ADDL": 1, "II": 6, "DUR": 0.5}
    (dose,) = Schedule.from_table([row], time_unit="mo").doses
    lengths = (dose.time, dose.interval, dose.infusion)
    assert lengths == (DAYS_PER_MONTH, 6 * DAYS_PER_MONTH, 0.5 * DAYS_PER_MONTH)


def test_rate_is_an_amount_a_time() -> None:
    row = {"TIME": 0, "AMT": 5, "DRUG": "zoledronic_acid", "RATE": 20}
    assert Schedule.from_table([row]).doses[0].infusion == 0.25
    assert Schedule.from_table([row], time_unit="h").doses[0].infusion == 0.25 / 24


def test_a_number_of_a_compartment_is_a_drug_by_agreement() -> None:
    rows = [{"TIME": 0, "AMT": 60, "CMT": 2.0}]
    assert Schedule.from_table(rows, compartments={2: "denosumab"}).drugs == ("denosumab",)


def test_further_doses_and_written_out_rows_give_the_same_plan() -> None:
    series = Schedule.from_table(
        [{"TIME": 0, "AMT": 1, "DRUG": "anastrozole", "ADDL": 1826, "II": 1}]
    )
    rows = [{"TIME": day, "AMT": 1, "DRUG": "anastrozole"} for day in range(1827)]
    assert dosing_plan(Schedule.from_table(rows)) == dosing_plan(series)
    assert Schedule.from_table(rows).single_doses() == series.single_doses()


def test_an_open_ended_schedule_needs_a_horizon() -> None:
    schedule = Schedule.parse("denosumab 60 mg every 6 mo")
    assert schedule.to_table(until=400.0)[0]["ADDL"] == 2
    with pytest.raises(ScheduleError, match="say until when"):
        schedule.to_table()


def test_interventions_cannot_be_written() -> None:
    with pytest.raises(ScheduleError, match="A table holds doses only; menopause cannot be"):
        Schedule.parse("menopause at 50 y").to_table()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", " is empty; a table of doses has at least a header with TIME, AMT and DRUG."),
        ("\n,,\n", " is empty; a table of doses has at least a header with TIME, AMT and DRUG."),
        ("AMT,DRUG\n", ": column TIME is missing; found: AMT, DRUG."),
        ("TIME,DRUG\n", ": column AMT is missing; found: TIME, DRUG."),
        ("TIME;AMT;DRUG\n", ": column TIME is missing; found: TIME;AMT;DRUG."),
        ("TIME,AMT\n", ": column DRUG is missing; found: TIME, AMT."),
        ("TIME,time,AMT,CMT\n", ": column TIME is there twice; found: TIME, TIME, AMT, CMT."),
        ("TIME,AMT,DRUG\n0,60,denosumab,7\n", ", row 2: 4 cells in 3 columns."),
        ("TIME,AMT,DRUG\n0,60,denosumab\n\nsoon,60,denosumab\n", ", row 4, column TIME: 'soon' is not a number."),
        ("TIME,AMT,DRUG\n,60,denosumab\n", ", row 2, column TIME: a time is missing."),
        ("TIME,AMT,DRUG\nNaN,60,denosumab\n", ", row 2, column TIME: a time is missing."),
        ("TIME,AMT,DRUG\ninf,60,denosumab\n", ", row 2, column TIME: 'inf' is not a finite number."),
        ("TIME,AMT,DRUG\n9,6,a\n3,6,a\n", ", row 3, column TIME: 3 comes after 9; sort the rows by TIME."),
        ("TIME,AMT,DRUG\n0,-60,denosumab\n", ", row 2, column AMT: -60 is negative."),
        ("TIME,AMT,DRUG\n0,sixty,denosumab\n", ", row 2, column AMT: 'sixty' is not a number."),
        ("TIME,AMT,DRUG,EVID\n0,.,denosumab,1\n", ", row 2, column AMT: an amount is missing; "),
        ("TIME,AMT,DRUG\n0,60,\n", ", row 2, column CMT: the name of the drug is missing."),
        ("TIME,AMT,DRUG\n0,60,denosumap\n", ", row 2, column DRUG: 'denosumap' is not a known drug. Did you mean 'denosumab'?"),
        ("TIME,AMT,CMT\n0,60,2\n", ", row 2, column CMT: no drug is known for number 2; give its name or compartments."),
        ("TIME,AMT,DRUG,EVID\n0,60,denosumab,3\n", ", row 2, column EVID: 3 resets the patient, which is not supported; "),
        ("TIME,AMT,DRUG,EVID\n0,60,denosumab,4\n", ", row 2, column EVID: 4 resets the patient, which is not supported; "),
        ("TIME,AMT,DRUG,EVID\n0,60,denosumab,7\n", ", row 2, column EVID: 7 is unknown; 1 is a dose, "),
        ("TIME,AMT,DRUG,EVID\n0,60,denosumab,1.5\n", ", row 2, column EVID: 1.5 is not a whole number."),
        ("TIME,AMT,DRUG,ADDL\n0,60,denosumab,3\n", ", row 2, column II: the interval of the 3 further doses is missing."),
        ("TIME,AMT,DRUG,ADDL,II\n0,60,denosumab,-1,9\n", ", row 2, column ADDL: -1 is not a number of further doses "),
        ("TIME,AMT,DRUG,II\n0,60,denosumab,-9\n", ", row 2, column II: -9 is negative."),
        ("TIME,AMT,DRUG,SS\n0,60,denosumab,1\n", ", row 2, column II: the interval of the steady state is missing."),
        ("TIME,AMT,DRUG,SS,II\n0,60,denosumab,2,9\n", ", row 2, column SS: 2 is not supported; "),
        ("TIME,AMT,DRUG,SS,II\n0,60,a,0,0\n9,60,a,1,9\n", ", row 3, column SS: a steady state of a after doses of it "),
        ("TIME,AMT,DRUG,RATE\n0,60,denosumab,-2\n", ", row 2, column RATE: -2 is not supported; give the rate itself, or DUR."),
        ("TIME,AMT,DRUG,RATE,DUR\n0,60,denosumab,6,9\n", ", row 2, column DUR: AMT 60 is not RATE 6 times DUR 9; give one of them."),
        ("TIME,AMT,DRUG,UNIT\n0,60,denosumab,mgg\n", ", row 2, column UNIT: 'mgg' is not a unit of dose. Did you mean 'mg'?"),
        ("TIME,AMT,DRUG,ROUTE\n0,60,denosumab,iw\n", ", row 2, column ROUTE: 'iw' is not a route. Known: iv, oral, patch, sc."),
        ("ID,TIME,AMT,DRUG\n1,0,6,a\n2,0,6,a\n", ", row 3, column ID: the table holds more than one patient; "),
        ('TIME,AMT,DRUG\n0,60,"a\n', " is not a CSV file ("),
    ],
)  # fmt: skip
def test_a_wrong_file_is_answered_with_the_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises((ScheduleError, UnitError)) as error:
        read(tmp_path, text, drugs=["denosumab", "a"])
    assert str(error.value).startswith(f"{tmp_path / 'doses.csv'}{message}")


def test_a_wrong_unit_in_a_cell_is_a_unit_error() -> None:
    with pytest.raises(UnitError, match="table, row 1, column UNIT: 'mgg'"):
        Schedule.from_table([{"TIME": 0, "AMT": 1, "DRUG": "a", "UNIT": "mgg"}])


def test_a_wrong_time_unit_is_a_unit_error() -> None:
    with pytest.raises(UnitError, match="'fortnight' is not a unit of time"):
        Schedule.from_table([{"TIME": 0, "AMT": 1, "DRUG": "a"}], time_unit="fortnight")


def test_a_row_that_is_no_mapping() -> None:
    with pytest.raises(ScheduleError, match=r"table, row 1: expected a mapping .* got \[0, 60\]"):
        Schedule.from_table([[0, 60]])  # type: ignore[list-item]


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, "", "."])
def test_a_missing_time_in_a_row(missing: object) -> None:
    with pytest.raises(ScheduleError, match="table, row 1, column TIME: a time is missing"):
        Schedule.from_table([{"TIME": missing, "AMT": 1, "DRUG": "a"}])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ScheduleError, match=r"nowhere.csv cannot be read \(No such file"):
        Schedule.read_csv(tmp_path / "nowhere.csv")


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "doses.csv"
    path.write_bytes(b"TIME,AMT,DRUG\n0,1,\xff\xfe\n")
    with pytest.raises(ScheduleError, match="is not a CSV file"):
        Schedule.read_csv(path)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ScheduleError, match="cannot be written"):
        SCHEDULE.write_csv(tmp_path / "nowhere" / "doses.csv")
