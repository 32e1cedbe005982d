"""NONMEM-style tables: what rows mean, and how wrong cells are answered."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from remodel.errors import ScheduleError, StoreError, UnitError
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
    assert read(tmp_path, text, ignore_columns=["Note"]) == Schedule.parse(
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
        ("TIME|AMT|DRUG\n", ": column TIME is missing; found: TIME|AMT|DRUG."),
        ("TIME,AMT\n", ": column DRUG is missing; found: TIME, AMT."),
        ("TIME,time,AMT,CMT\n", ": column TIME appears twice; found: TIME, TIME, AMT, CMT."),
        ("TIME,AMT,DRUG\n0,60,denosumab,7\n", ", row 2: 4 cells in 3 columns."),
        ("TIME,AMT,DRUG\n0,60,denosumab\n\nsoon,60,denosumab\n", ", row 4, column TIME: 'soon' is not a number."),
        ("TIME,AMT,DRUG\n,60,denosumab\n", ", row 2, column TIME: a time is missing."),
        ("TIME,AMT,DRUG\nNaN,60,denosumab\n", ", row 2, column TIME: a time is missing."),
        ("TIME,AMT,DRUG\ninf,60,denosumab\n", ", row 2, column TIME: 'inf' is not a finite number."),
        ("TIME,AMT,DRUG\n9,6,a\n3,6,a\n", ", row 3, column TIME: 3 comes after a later time; sort the rows by TIME."),
        ("TIME,AMT,DRUG\n0,-60,denosumab\n", ", row 2, column AMT: -60 is negative."),
        ("TIME,AMT,DRUG\n0,sixty,denosumab\n", ", row 2, column AMT: 'sixty' is not a number."),
        ("TIME,AMT,DRUG,EVID\n0,.,denosumab,1\n", ", row 2, column AMT: an amount is missing; "),
        ("TIME,AMT,DRUG\n0,60,\n", ", row 2, column DRUG: the name of the drug is missing."),
        ("TIME,AMT,DRUG\n0,60,denosumap\n", ", row 2, column DRUG: 'denosumap' is not a known drug. Did you mean 'denosumab'?"),
        ("TIME,AMT,CMT\n0,60,2\n", ", row 2, column CMT: no drug is known for number 2; give its name, or say what "),
        ("TIME,AMT,DRUG,EVID\n0,60,denosumab,3\n", ", row 2, column AMT: 60 in a row without a dose (EVID 3); it must be 0"),
        ("TIME,AMT,DRUG,EVID\n0,60,denosumab,0\n", ", row 2, column AMT: 60 in a row without a dose (EVID 0); it must be 0"),
        ("TIME,AMT,DRUG,EVID\n0,60,denosumab,7\n", ", row 2, column EVID: 7 is unknown; 0 is an observation, "),
        ("TIME,AMT,DRUG,EVID\n0,60,denosumab,1.5\n", ", row 2, column EVID: 1.5 is not a whole number."),
        ("TIME,AMT,DRUG,ADDL\n0,60,denosumab,3\n", ", row 2, column II: the interval of the 3 further doses is missing."),
        ("TIME,AMT,DRUG,ADDL,II\n0,60,denosumab,-1,9\n", ", row 2, column ADDL: -1 is not a number of further doses "),
        ("TIME,AMT,DRUG,II\n0,60,denosumab,-9\n", ", row 2, column II: -9 is negative."),
        ("TIME,AMT,DRUG,SS\n0,60,denosumab,1\n", ", row 2, column II: the interval of the steady state is missing."),
        ("TIME,AMT,DRUG,SS,II\n0,60,denosumab,3,9\n", ", row 2, column SS: 3 is not supported; "),
        ("TIME,AMT,DRUG,SS,II\n0,60,a,0,0\n0,60,denosumab,1,9\n", ", row 3, column SS: a steady state that begins anew (1) would take away "),
        ("TIME,AMT,DRUG,SS,II,RATE\n0,0,denosumab,1,0,5\n", ", row 2, column SS: a steady state of a constant infusion (AMT 0, II 0) "),
        ("TIME,AMT,DRUG,SS,II,LAG\n0,60,denosumab,1,9,9\n", ", row 2, column LAG: 9 is not below II;"),
        ("TIME,AMT,DRUG,II\n0,60,denosumab,9\n", ", row 2, column II: 9 repeats nothing without ADDL or SS; give one of them."),
        ("TIME,AMT,DRUG,RATE\n0,60,denosumab,-2\n", ", row 2, column RATE: -2 takes the length of the infusion from the model, which has none; give it in a column DUR"),
        ("TIME,AMT,DRUG,RATE\n0,60,denosumab,-1\n", ", row 2, column RATE: -1 takes the rate from the model, which has none; give the rate itself"),
        ("TIME,AMT,DRUG,RATE\n0,60,denosumab,-3\n", ", row 2, column RATE: -3 is not a rate; "),
        ("TIME,AMT,DRUG,F2\n0,60,denosumab,0.5\n", ", row 2, column F2: CMT does not say the number of the compartment"),
        ("TIME,AMT,DRUG,LAG,ALAG\n0,60,denosumab,1,2\n", ", row 2, column LAG: ALAG says it too; keep one of them."),
        ("TIME,AMT,DRUG,WT\n0,60,denosumab,70\n", ": column WT is not a column of a table of doses. Known: ADDL, "),
        ("TIME,AMT,DRUG,ADLL\n0,60,denosumab,1\n", ": column ADLL is not a column of a table of doses. Did you mean 'ADDL'?"),
        ("C,TIME,AMT,DRUG\nx,0,60,denosumab\n", ", row 2, column C: 'x' is neither empty nor C"),
        ("TIME,AMT,DRUG,MDV\n0,60,denosumab,7\n", ", row 2, column MDV: 7 is unknown"),
        ("TIME,AMT,DRUG\n0,%s,denosumab\n" % ("9" * 400), ", row 2, column AMT: '9999999999999999999999999999999999999...' is not a finite number."),
        ("TIME,AMT,DRUG\n0,1_0,denosumab\n", ", row 2, column AMT: '1_0' is not a number."),
        ("TIME,AMT,DRUG,ADDL,II\n0,60,denosumab,1,1e308\n", ", row 2, column AMT: denosumab: interval 1e+308 d is beyond 200 y"),
        ("TIME,AMT,DRUG\n0,1e308,denosumab\n", ", row 2, column AMT: denosumab: a dose of 1e+308 mg is beyond 1e+09 mg"),
        ("TIME;AMT;DRUG\n0;0,5;denosumab\n1;0.5;denosumab\n", ", row 2: '0,5' has a decimal comma and '0.5' in row 3 a decimal point; "),
        ("DATE,AMT,DRUG\n31/12/2021,60,denosumab\n", ", row 2, column DATE: '31/12/2021' is not a date written month/day/year; "),
        ("DATE,AMT,DRUG\n20210201,60,denosumab\n", ", row 2, column DATE: '20210201' is not a date; write for example 2021-02-01."),
        ("DATE,TIME,AMT,DRUG\n2021-02-01,182,60,denosumab\n", ", row 2, column TIME: 182 is not an hour of the day; "),
        ("DATE,DAT1,AMT,DRUG\n,,60,denosumab\n", ": DATE and DAT1 are both dates; keep one."),
        ("DATE,AMT,DRUG\n2021-02-01,60,denosumab\n2021-01-01,60,denosumab\n", ", row 3, column DATE: 2021-01-01 comes after a later time"),
        ("TIME,AMT,DRUG\n8:30,60,denosumab\n9,60,denosumab\n", ", row 3, column TIME: '9' stands among times of the form 8:30."),
        ("TIME,AMT,DRUG\n8:75,60,denosumab\n", ", row 2, column TIME: '8:75' is not a time of the day."),
        ("TIME,AMT,DRUG,RATE,DUR\n0,60,denosumab,6,9\n", ", row 2, column DUR: AMT 60 is not RATE 6 times DUR 9; give one of them."),
        ("TIME,AMT,DRUG,UNIT\n0,60,denosumab,mgg\n", ", row 2, column UNIT: 'mgg' is not a unit of dose. Did you mean 'mg'?"),
        ("TIME,AMT,DRUG,ROUTE\n0,60,denosumab,iw\n", ", row 2, column ROUTE: 'iw' is not a route. Known: iv, oral, patch, sc."),
        ("ID,TIME,AMT,DRUG\n1,0,6,a\n2,0,6,a\n1,9,6,a\n", ", row 4, column ID: patient 1 appears again; keep the rows of each patient together."),
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
    with pytest.raises(ScheduleError, match=r"nowhere.csv cannot be read: No such file"):
        Schedule.read_csv(tmp_path / "nowhere.csv")


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "doses.csv"
    path.write_bytes(b"TIME,AMT,DRUG\n0,1,\xff\xfe\n")
    with pytest.raises(ScheduleError, match="is not text in UTF-8"):
        Schedule.read_csv(path)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        SCHEDULE.write_csv(tmp_path / "nowhere" / "doses.csv")


HALF_YEARS = (0.0, 181.0, 365.0)  # from the first of February 2021


def doses_at(*times: float, amount: float = 60.0) -> Schedule:
    return Schedule(tuple(Dose("denosumab", amount, time=time) for time in times))


@pytest.mark.parametrize(
    "text",
    [
        "DATE,AMT,DRUG\n2021-02-01,60,denosumab\n2021-08-01,60,denosumab\n2022-02-01,60,denosumab\n",
        "DATE,TIME,AMT,DRUG\n2/1/2021,0,60,denosumab\n8/1/2021,0,60,denosumab\n2/1/22,0,60,denosumab\n",
        "DAT1,AMT,DRUG\n1/2/2021,60,denosumab\n1/8/2021,60,denosumab\n1-2-22,60,denosumab\n",
        "DAT2,AMT,DRUG\n21/2/1,60,denosumab\n2021/08/01,60,denosumab\n2022-2-1,60,denosumab\n",
        "DAT3,AMT,DRUG\n2021/1/2,60,denosumab\n2021/1/8,60,denosumab\n22-1-2,60,denosumab\n",
        "DATE;TIME;AMT;DRUG\n2021-02-01;8:30;60;denosumab\n2021-08-01;8,5;60;denosumab\n2022-02-01;08:30;60;denosumab\n",
        "DATE,AMT,DRUG\n7,60,denosumab\n188,60,denosumab\n372,60,denosumab\n",
        "DATE,AMT,DRUG\n2021-02-01T00:00:00,60,denosumab\n2021-08-01 00:00,60,denosumab\n2022-02-01,60,denosumab\n",
    ],
)  # fmt: skip
def test_dates_count_from_the_first_row(tmp_path: Path, text: str) -> None:
    assert [dose.time for dose in read(tmp_path, text).doses] == pytest.approx(HALF_YEARS)


def test_dates_of_a_data_frame() -> None:
    days = pd.to_datetime(["2021-02-01", "2021-08-01", "2022-02-01"])
    frame = pd.DataFrame({"DATE": days, "AMT": 60, "DRUG": "denosumab"})
    assert Schedule.from_table(frame) == doses_at(*HALF_YEARS)


def test_hours_of_the_day_and_clock_times(tmp_path: Path) -> None:
    text = "DATE,TIME,AMT,DRUG\n2021-02-01,20,60,denosumab\n2021-02-02,8:30,60,denosumab\n"
    assert read(tmp_path, text).doses[1].time == pytest.approx(12.5 / 24)
    clock = "TIME,AMT,DRUG\n8:00,60,denosumab\n20:30,60,denosumab\n"
    assert read(tmp_path, clock).doses[1].time == pytest.approx(12.5 / 24)


@pytest.mark.parametrize("mark", ["C", "c", "#"])
def test_a_row_marked_as_a_comment_is_no_dose(tmp_path: Path, mark: str) -> None:
    text = f"C,TIME,AMT,DRUG\n.,0,60,denosumab\n{mark},100,60,denosumab\n0,200,60,denosumab\n"
    assert read(tmp_path, text) == doses_at(0.0, 200.0)


def test_lines_of_comments_and_blank_lines_keep_the_numbers_of_rows(tmp_path: Path) -> None:
    text = (
        "# made by hand\n\nTIME,AMT,DRUG\n  \n#1,60,denosumab\n,,\n0,60,denosumab\n5,x,denosumab\n"
    )
    with pytest.raises(ScheduleError, match="row 8, column AMT: 'x'"):
        read(tmp_path, text)
    quoted = 'TIME,AMT,DRUG,ROUTE\n0,60,denosumab,"s\nc"\n1,60,denosumab,sc\n'
    with pytest.raises(ScheduleError, match="row 2, column ROUTE"):
        read(tmp_path, quoted)
    later = 'TIME,AMT,DRUG,ROUTE\n0,60,denosumab,"sc\n"\n1,x,denosumab,sc\n'
    with pytest.raises(ScheduleError, match="row 4, column AMT"):
        read(tmp_path, later)


@pytest.mark.parametrize(
    "text",
    [
        "TIME;AMT;DRUG;II;ADDL\n0;0,5;denosumab;30,4;2\n",
        "TIME\tAMT\tDRUG\tII\tADDL\n0\t0,5\tdenosumab\t30,4\t2\n",
        "TIME\tAMT\tDRUG\tII\tADDL\n0\t0.5\tdenosumab\t30.4\t2\n",
        "  TIME  AMT DRUG       II   ADDL\n  0     .5  denosumab  30.4 2\n",
        "TIME,AMT,DRUG,II,ADDL\n0,0.5,denosumab,3.04D1,2\n",
        "TIME,AMT,DRUG,II,ADDL,\n0,0.5,denosumab,30.4,2,\n",
    ],
)
def test_separators_and_decimal_commas(tmp_path: Path, text: str) -> None:
    expected = Dose("denosumab", 0.5, interval=30.4, count=3)
    assert read(tmp_path, text) == Schedule((expected,))


def test_without_evid_an_amount_of_nothing_is_an_observation(tmp_path: Path) -> None:
    text = "ID,TIME,AMT,DV,MDV,DRUG\n1,0,60,.,1,denosumab\n1,90,0,88.1,0,.\n1,182,.,101.2,0,\n"
    assert read(tmp_path, text) == doses_at(0.0)
    numbered = "ID,TIME,AMT,DV,MDV,CMT\n1,0,60,0,1,1\n1,182,0,101.2,0,2\n"
    assert read(tmp_path, numbered, compartments={1: "denosumab"}) == doses_at(0.0)


def test_units_of_time_and_dose(tmp_path: Path) -> None:
    text = "TIME,AMT,DRUG,II,ADDL,UNIT\n24,20000,denosumab,24,9,.\n48,1,anastrozole,24,2,mg\n"
    hours = read(tmp_path, text, time_unit="h", dose_unit="ng")
    assert hours == Schedule(
        (
            Dose("denosumab", 20000.0, "ng", 1.0, interval=1.0, count=10),
            Dose("anastrozole", 1.0, "mg", 2.0, interval=1.0, count=3),
        )
    )
    with pytest.raises(UnitError, match="'mgg' is not a unit of dose"):
        read(tmp_path, text, dose_unit="mgg")


def test_several_patients_are_a_batch(tmp_path: Path) -> None:
    text = "ID,TIME,AMT,DRUG\n7,0,60,denosumab\n7,9,60,denosumab\n3,5,60,denosumab\n"
    assert read(tmp_path, text) == [doses_at(0.0, 9.0), doses_at(5.0)]
    dated = "ID,DATE,AMT,DRUG\n1,2021-01-01,60,denosumab\n2,2020-01-01,60,denosumab\n"
    assert read(tmp_path, dated) == [doses_at(0.0), doses_at(0.0)]


def test_columns_to_pass_over(tmp_path: Path) -> None:
    text = "ID,TIME,AMT,DRUG,WT,SEX\n7,0,60,denosumab,70,1\n"
    assert read(tmp_path, text, ignore_columns=["wt", "SEX"]) == doses_at(0.0)
    assert read(tmp_path, text, ignore_columns="WT, sex") == doses_at(0.0)
    with pytest.raises(ScheduleError, match="column AGE is to be ignored, but there is none"):
        read(tmp_path, text, ignore_columns=["WT", "SEX", "AGE"])
    with pytest.raises(ScheduleError, match="column SEX is not a column of a table"):
        read(tmp_path, text, ignore_columns=["WT"])


class TwoCompartments:
    """A drug that a dose enters by its depot, or directly."""

    compartments = (("depot", "sc"), ("central", "iv"), ("tissue", ""))


@pytest.mark.parametrize(
    ("cmt", "route"),
    [
        ("1", "sc"),
        ("2", "iv"),
        ("2.0", "iv"),
        ("depot", "sc"),
        ("mab_central", "iv"),
        ("mab", None),
    ],
)
def test_compartments_by_number_and_by_name(cmt: str, route: str | None) -> None:
    rows = [{"TIME": 0, "AMT": 60, "CMT": cmt}]
    known = {"mab": TwoCompartments()}
    assert Schedule.from_table(rows, drugs=known) == Schedule((Dose("mab", 60.0, route=route),))
    with_drug = [{"TIME": 0, "AMT": 60, "CMT": cmt, "DRUG": "mab"}]
    several = {**known, "other": TwoCompartments()}
    assert Schedule.from_table(with_drug, drugs=several).doses[0].route == route


def test_a_compartment_by_agreement_has_a_route() -> None:
    rows = [{"TIME": 0, "AMT": 60, "CMT": 2}]
    schedule = Schedule.from_table(rows, compartments={2: "ibandronate iv"})
    assert schedule == Schedule((Dose("ibandronate", 60.0, route="iv"),))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            {"CMT": 3},
            "no dose of mab enters compartment 3; allowed: 1 .depot, sc., 2 .central, iv..",
        ),
        ({"CMT": 4}, "no dose of mab enters compartment 4"),
        ({"CMT": "central", "ROUTE": "sc"}, "ROUTE: sc, but CMT central is reached by iv"),
        ({"CMT": 1, "DRUG": "map"}, "DRUG: 'map' is not a known drug"),
        ({"CMT": "mab_gut"}, "CMT: 'mab_gut' is not a known drug"),
        ({"CMT": -2, "AMT": 0, "EVID": 2}, "CMT: -2 turns a compartment off"),
    ],
)
def test_a_wrong_compartment_is_named(cells: dict[str, object], message: str) -> None:
    rows = [{"TIME": 0, "AMT": 60, **cells}]
    with pytest.raises(ScheduleError, match=message):
        Schedule.from_table(rows, drugs={"mab": TwoCompartments()})


def test_a_number_beside_a_drug_needs_to_be_known() -> None:
    rows = [{"TIME": 0, "AMT": 60, "CMT": 1, "DRUG": "denosumab"}]
    with pytest.raises(ScheduleError, match="compartment 1 of denosumab is not known here"):
        Schedule.from_table(rows)


def dose_of(**cells: object) -> Dose:
    (dose,) = Schedule.from_table([{"TIME": 0, "DRUG": "a", **cells}]).doses
    return dose


def test_a_share_and_a_lag() -> None:
    assert dose_of(AMT=60, F=0.5, LAG=2) == Dose("a", 30.0, time=2.0)
    rate = dose_of(AMT=60, F=0.5, RATE=10)  # the rate stays
    assert (rate.amount, rate.infusion) == (30.0, 3.0)
    length = dose_of(AMT=60, F=0.5, DUR=6)  # the length stays
    assert (length.amount, length.infusion) == (30.0, 6.0)
    steady = dose_of(AMT=60, SS=1, II=24, ALAG=5)
    assert (steady.time, steady.lead, steady.steady_state) == (5.0, 5.0, True)


def test_parameters_of_the_compartment_of_the_row() -> None:
    row = {"TIME": 0, "AMT": 60, "CMT": 2, "F1": 0.1, "F2": 0.5, "ALAG2": 3, "D2": 6, "RATE": -2}
    (dose,) = Schedule.from_table([row], compartments={2: "a"}).doses
    assert dose == Dose("a", 30.0, time=3.0, infusion=6.0)
    row |= {"RATE": -1, "R2": 10}
    (dose,) = Schedule.from_table([row], compartments={2: "a"}).doses
    assert dose == Dose("a", 30.0, time=3.0, infusion=3.0)


def test_a_reset_ends_what_is_pending() -> None:
    rows = [
        {"TIME": 0, "AMT": 60, "DRUG": "a", "EVID": 1, "ADDL": 9, "II": 10},
        {"TIME": 25, "AMT": 0, "EVID": 3},
        {"TIME": 30, "AMT": 5, "DRUG": "a", "EVID": 4},
    ]
    schedule = Schedule.from_table(rows)
    assert [dose.time for dose in schedule.single_doses()] == [0.0, 10.0, 20.0, 30.0]
    assert [event.time for event in schedule.interventions] == [25.0, 30.0]
    assert Schedule.parse(str(schedule)) == schedule


def test_a_first_dose_resets_nothing() -> None:
    for cells in ({"EVID": 4}, {"SS": 1, "II": 12}):
        schedule = Schedule.from_table([{"TIME": 3, "AMT": 60, "DRUG": "a", **cells}])
        assert schedule.interventions == ()


def test_a_steady_state_begins_anew_or_adds() -> None:
    first = {"TIME": 0, "AMT": 60, "DRUG": "a", "ADDL": 9, "II": 10}
    anew = Schedule.from_table([first, {"TIME": 25, "AMT": 5, "DRUG": "a", "SS": 1, "II": 12}])
    assert [event.time for event in anew.interventions] == [25.0]
    assert [dose.time for dose in anew.single_doses()] == [0.0, 10.0, 20.0, 25.0]
    adds = Schedule.from_table([first, {"TIME": 25, "AMT": 5, "DRUG": "a", "SS": 2, "II": 12}])
    assert adds.interventions == ()
    assert len(adds.single_doses()) == 11
