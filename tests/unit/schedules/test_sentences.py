"""Schedule sentences: what they mean, and how a wrong one is answered."""

from __future__ import annotations

import pytest

from remodel.errors import ScheduleError, UnitError
from remodel.schedules import Dose, Intervention, Schedule
from remodel.units import DAYS_PER_MONTH, DAYS_PER_WEEK, DAYS_PER_YEAR

DRUGS = (
    "alendronate",
    "anastrozole",
    "calcium_vitamin_d",
    "denosumab",
    "teriparatide",
    "zoledronic_acid",
)
HALF_YEAR = 6 * DAYS_PER_MONTH


def only(sentence: str) -> Dose:
    (dose,) = Schedule.parse(sentence, DRUGS).doses
    return dose


def starts(sentence: str) -> dict[str, float]:
    return {dose.drug: dose.time for dose in Schedule.parse(sentence, DRUGS).doses}


@pytest.mark.parametrize(
    ("frequency", "interval"),
    [
        ("daily", 1.0),
        ("once daily", 1.0),
        ("twice daily", 0.5),
        ("weekly", DAYS_PER_WEEK),
        ("once weekly", DAYS_PER_WEEK),
        ("monthly", DAYS_PER_MONTH),
        ("yearly", DAYS_PER_YEAR),
        ("every 6 mo", HALF_YEAR),
        ("every 6 months", HALF_YEAR),
        ("every month", DAYS_PER_MONTH),
        ("once every 2 weeks", 2 * DAYS_PER_WEEK),
        ("EVERY 12H", 0.5),
        ("every .5 yr", DAYS_PER_YEAR / 2),
    ],
)
def test_how_often(frequency: str, interval: float) -> None:
    dose = only(f"denosumab 60 mg {frequency}")
    assert dose.interval == interval
    assert dose.count is None


@pytest.mark.parametrize(
    "sentence",
    [
        "denosumab 60 mg every 6 mo for 5 y",
        "denosumab 60 mg for 5 y every 6 mo",
        "denosumab 60 mg every 6 mo x 10",
        "denosumab 60 mg every 6 mo x10",
        "Denosumab 60mg every 6mo × 10",
        "denosumab 60 mg every 182.625 days for 60 months",
        "denosumab\n60 mg\tevery 6 mo for 5 y",
    ],
)
def test_for_five_years_every_six_months_is_ten_doses(sentence: str) -> None:
    assert only(sentence) == Dose("denosumab", 60.0, "mg", interval=HALF_YEAR, count=10)


@pytest.mark.parametrize(
    "name", ["zoledronic acid", "zoledronic_acid", "Zoledronic-Acid", "zoledronate", "ZOLEDRONATE"]
)
def test_one_drug_under_many_names(name: str) -> None:
    assert only(f"{name} 5 mg once") == Dose("zoledronic_acid", 5.0, "mg")


def test_all_other_clauses() -> None:
    dose = only("zoledronic acid 4 mg iv every 6 mo x 3 from 1 mo over 15 min at steady state")
    assert dose == Dose(
        "zoledronic_acid",
        4.0,
        "mg",
        DAYS_PER_MONTH,
        interval=HALF_YEAR,
        count=3,
        infusion=0.25 / 24,
        route="iv",
        steady_state=True,
    )


def test_prior_exposure() -> None:
    dose = only("anastrozole 1 mg daily from -12 mo for 5 y")
    assert dose.time == -DAYS_PER_YEAR
    assert dose.end == 4 * DAYS_PER_YEAR
    assert dose.count == 1827


def test_a_zero_dose_is_allowed() -> None:
    assert only("denosumab 0 mg once").amount == 0.0


@pytest.mark.parametrize("missed", ["3, 4", "doses 3 and 4", "dose 3,4", "dose 4, 3"])
def test_missed_doses(missed: str) -> None:
    schedule = Schedule.parse(f"denosumab 60 mg every 6 mo x 5 except {missed}", DRUGS)
    assert [dose.time / HALF_YEAR for dose in schedule.single_doses()] == [0.0, 1.0, 4.0]


def test_none_is_no_treatment() -> None:
    assert Schedule.parse("none") == Schedule.parse(" None ") == Schedule()


def test_interventions() -> None:
    assert Schedule.parse("menopause at 50 y; oophorectomy from 6 mo").interventions == (
        Intervention("oophorectomy", time=HALF_YEAR),
        Intervention("menopause", age=50 * DAYS_PER_YEAR),
    )


@pytest.mark.parametrize(
    ("sentence", "event"),
    [
        ("calcium intake 1200 mg", Intervention("calcium_intake", time=0.0, value=1200.0)),
        ("calcium intake 1.2 g daily", Intervention("calcium_intake", time=0.0, value=1200.0)),
        (
            "vitamin D intake 800 IU from 6 mo for 1 y",
            Intervention("vitamin_d_intake", time=HALF_YEAR, value=800.0, duration=DAYS_PER_YEAR),
        ),
        ("vitamin D intake 20 ug", Intervention("vitamin_d_intake", time=0.0, value=800.0)),
        ("bed rest for 60 d", Intervention("bed_rest", time=0.0, duration=60.0)),
        ("exercise at 60 y", Intervention("exercise", age=60 * DAYS_PER_YEAR)),
        ("exercise", Intervention("exercise", time=0.0)),
    ],
)
def test_interventions_that_last(sentence: str, event: Intervention) -> None:
    schedule = Schedule.parse(sentence, DRUGS)
    assert schedule.interventions == (event,)
    assert Schedule.parse(str(schedule)) == schedule


def test_what_follows_waits_for_the_end_of_what_lasts() -> None:
    schedule = Schedule.parse("bed rest for 60 d then exercise for 1 y then bed rest")
    assert [(e.name, e.time) for e in schedule.interventions] == [
        ("bed_rest", 0.0),
        ("exercise", 60.0),
        ("bed_rest", 60.0 + DAYS_PER_YEAR),
    ]


def test_semicolon_and_the_word_and_are_side_by_side() -> None:
    assert Schedule.parse("denosumab 60 mg once; anastrozole 1 mg daily") == Schedule.parse(
        "denosumab 60 mg once and anastrozole 1 mg daily"
    )


def test_then_follows_the_end_of_the_regimen() -> None:
    assert starts("denosumab 60 mg every 6 mo x 4, then zoledronate 5 mg once") == {
        "denosumab": 0.0,
        "zoledronic_acid": 2 * DAYS_PER_YEAR,
    }


@pytest.mark.parametrize(
    "sentence",
    [
        "denosumab 60 mg every 6 mo for 1 y then alendronate 70 mg weekly from 6 mo",
        "denosumab 60 mg every 6 mo for 1 y then nothing for 6 mo then alendronate 70 mg weekly",
        "denosumab 60 mg every 6 mo for 1 y then nothing for 3 mo then alendronate 70 mg weekly "
        "from 3 mo",
        "none then denosumab 60 mg every 6 mo for 1 y then nothing for 4 mo, then nothing for 2 mo "
        "then alendronate 70 mg weekly",
    ],
)
def test_a_gap_and_a_holiday_are_the_same(sentence: str) -> None:
    assert starts(sentence) == {"denosumab": 0.0, "alendronate": 1.5 * DAYS_PER_YEAR}


def test_a_holiday_of_no_length_is_none() -> None:
    late = "denosumab 60 mg every 6 mo x 2 then nothing for {} mo then zoledronic acid 5 mg once"
    plain = "denosumab 60 mg every 6 mo x 2 then zoledronic acid 5 mg once"
    assert Schedule.parse(late.format(0)) == Schedule.parse(plain)


def test_a_holiday_may_come_first_or_last() -> None:
    assert starts("nothing for 1 y then denosumab 60 mg once") == {"denosumab": DAYS_PER_YEAR}
    assert starts("denosumab 60 mg once then nothing for 1 y") == {"denosumab": 0.0}


def test_and_binds_tighter_than_then_and_then_tighter_than_semicolon() -> None:
    sentence = (
        "anastrozole 1 mg daily for 1 y and denosumab 60 mg every 6 mo for 2 y "
        "then alendronate 70 mg weekly for 1 y; zoledronic acid 5 mg once"
    )
    assert starts(sentence)["alendronate"] == 2 * DAYS_PER_YEAR
    assert starts(sentence)["zoledronic_acid"] == 0.0


@pytest.mark.parametrize(
    "sentence",
    [
        "none",
        "anastrozole 1 mg daily for 5 y",
        "denosumab 60 mg sc every 6 mo x 10",
        "denosumab 60 mg every 6 mo x 3 for 2 y",
        "teriparatide 20 µg sc daily for 2 y from -6 mo",
        "zoledronic_acid 5 mg iv once from 5 y over 15 min",
        "alendronate 70 mg weekly at steady state",
        "anastrozole 0.1 mg every 0.123 d x 7 from 1e-07 d",
        "menopause at 50 y",
        "oophorectomy from -2 y",
    ],
)
def test_a_sentence_is_written_as_a_person_would(sentence: str) -> None:
    assert str(Schedule.parse(sentence)) == sentence


@pytest.mark.parametrize(
    ("sentence", "marked", "message"),
    [
        ("", None, "The schedule is empty; write 'none' for no treatment."),
        ("denosumab 60 every 6 mo", "60", "denosumab: dose without a unit; write for example '60 mg'."),
        ("denosumab 60 mgg once", "mgg", "'mgg' is not a unit of dose. Did you mean 'mg'?"),
        ("denosumab -60 mg once", "-60", "denosumab: dose -60 mg is negative; allowed: 0 or more."),
        ("denosumab nan mg once", "nan", "'nan' is not a finite number."),
        ("denosumab inf mg once", "inf", "'inf' is not a finite number."),
        ("denosumab 1e999 mg once", "1e999", "'1e999' is not a finite number."),
        ("denosumab mg once", "denosumab mg", "'denosumab mg' is without a dose, such as "),
        ("denosumab once", "denosumab", "'denosumab' is without a dose, such as '5 mg daily' or "),
        ("denosumab sc 60 mg once", "sc", "'sc' comes after the dose, such as '60 mg sc'."),
        ("60 mg denosumab once", "60", "'60' stands where the name of a drug is expected."),
        ("denosumab 0,5 mg once", "0,5", "Write numbers with a decimal point and without "),
        ("denosumab 60 mg every 1,5 mo", "1,5", "Write numbers with a decimal point and without "),
        ("denosumub 60 mg once", "denosumub", "'denosumub' is not a known drug. Did you mean 'denosumab'?"),
        ("zoledronic acit 5 mg once", "zoledronic acit", "'zoledronic acit' is not a known drug. "),
        ("denosumab 60 mg", "denosumab 60 mg", "denosumab: say how often: once, daily, "),
        ("denosumab 60 mg evry 6 mo", "evry", "'evry' is not understood here. Did you mean 'every'?"),
        ("denosumab 60 mg every 0 mo", "0", "'every' is followed by a length of time above 0, not '0'."),
        ("denosumab 60 mg every inf mo", "inf", "'inf' is not a finite number."),
        ("denosumab 60 mg every 6 moo", "moo", "'moo' is not a unit of time. Did you mean 'mo'?"),
        ("denosumab 60 mg every 6", "6", "'6' has no unit of time; write h, d, wk, mo or y."),
        ("denosumab 60 mg every", "", "A number is missing after 'every'."),
        ("denosumab 60 mg twice", "twice", "'twice' is followed by 'daily', 'a week' or the like."),
        ("denosumab 60 mg daily for -5 y", "-5", "'for' is followed by a length of time above 0, not '-5'."),
        ("denosumab 60 mg daily from 1e308 y", "1e308 y", "'1e308 y' is too long."),
        ("denosumab 60 mg daily x 0", "0", "'x' is followed by a whole number from 1, not '0'."),
        ("denosumab 60 mg daily x 2.5", "2.5", "'x' is followed by a whole number from 1, not '2.5'."),
        ("denosumab 60 mg daily x", "", "'x' is followed by a whole number from 1."),
        ("denosumab 60 mg daily x 3 for 2 d", "denosumab 60 mg daily x 3 for 2 d", "denosumab: 3 doses, 1 d apart, do not fit into 2 d."),
        ("denosumab 60 mg daily x 3 x 4", "x", "'x' stands beside another clause of its kind; keep one."),
        ("denosumab 60 mg daily at 3 y", "at", "'at' belongs to 'at steady state', or to an "),
        ("denosumab 60 mg once for 5 y", "denosumab 60 mg once for 5 y", "denosumab: a dose given once has no 'for', 'x' or steady state."),
        ("denosumab 60 mg daily x 3 except dose 4", "denosumab 60 mg daily x 3 except dose 4", "denosumab: there is no dose 4; the last dose is 3."),
        ("denosumab 60 mg daily except dose y", "y", "'except dose' is followed by a whole number "),
        ("denosumab 60 mg once please", "please", "'please' is not understood here."),
        ("denosumab 60 mg once 7", "7", "'7' is not understood here."),
        ("denosumab 60 mg once, menopause at 50 y", ",", "',' is not understood here; join "),
        ("denosumab 60 mg once!", "!", "'!' has no meaning in a schedule."),
        ("denosumab 60 mg once;", "", "A regimen is missing at the end."),
        ("denosumab 60 mg once then", "", "A regimen is missing at the end."),
        ("; denosumab 60 mg once", ";", "A regimen is missing before ';'."),
        ("none and then none", "then", "A regimen is missing before 'then'."),
        ("denosumab 60 mg once then nothing for -1 mo", "-1",
         "'nothing for' is followed by a length of 0 or more, not '-1'."),
        ("anastrozole every 6 mo", "anastrozole", "'anastrozole' is without a dose, such as "),
        ("none and nothing for 1 y", "nothing", "'nothing for' stands alone in its place "),
        ("denosumab 60 mg daily then none", "then", "Nothing can follow denosumab, which is given "),
        ("menopause at 50 y then none", "then", "Nothing can follow menopause at an age; "),
        ("menopause at 50 y; menopause at 51 y", ";", "menopause is given twice, at different "),
        ("menopause at 50 y and menopause at 51 y", "and", "menopause is given twice, at different "),
        ("menopaus at 50 y", "menopaus", "'menopaus' is not a known intervention. Did you mean 'menopause'?"),
        ("menopause 50 y", "menopause", "menopause: say when; write 'menopause at 50 y' (age) "),
        ("menopause at 50 y for 2 y", "menopause at 50 y for 2 y", "menopause does not end; it has no duration."),
        ("calcium intake", "", "A number is missing after calcium_intake."),
        ("calcium intake 1200", "1200", "calcium_intake: dose without a unit; "),
        (
            "calcium intake 1200 IU",
            "1200 IU",
            "calcium_intake is given in mg, not IU; write for example 'calcium intake 1200 mg'.",
        ),
        ("calcium intake 30 mmol daily", "30 mmol daily", "calcium_intake is given in mg, not mmol"),
        ("vitamin d intake 2 mol", "2 mol", "vitamin_d_intake is given in IU, not mol; "),
        (
            "calcium 1000 mg daily",
            "calcium",
            "'calcium' is not a known drug. Did you mean 'calcium_vitamin_d'? "
            "'calcium intake' is an intervention.",
        ),
        ("vitamin D 20 ug daily", "vitamin D", "'vitamin D' is not a known drug. It is a different substance from those known here. 'vitamin d "),
        ("zoledronic 5 mg once", "zoledronic", "'zoledronic' is not a known drug. Did you mean 'zoledronic_acid'?"),
        (
            "calcium intake -5 mg",
            "calcium intake -5 mg",
            "calcium_intake: -5 mg is negative; allowed: 0 or more.",
        ),
        ("menopause at -3 y", "-3", "'at' is followed by a length of time above 0, not '-3'."),
        ("menopause at 50", "50", "'50' has no unit of time; write h, d, wk, mo or y."),
    ],
)  # fmt: skip
def test_a_wrong_sentence_is_answered_with_the_place(
    sentence: str, marked: str | None, message: str
) -> None:
    with pytest.raises((ScheduleError, UnitError)) as error:
        Schedule.parse(sentence, DRUGS)
    said, *picture = str(error.value).split("\n")
    assert said.startswith(message)
    if marked is None:
        assert picture == []
    else:
        shown, marks = picture
        start, end = marks.index("^"), len(marks)
        assert shown[start:end] == marked
        assert shown == f"  {sentence}"


@pytest.mark.parametrize(
    "sentence",
    [
        "denosumab 60 once",
        "denosumab 60 mgg once",
        "denosumab 6 mg every 6",
        "denosumab 6 mg every 6 f",
    ],
)
def test_wrong_units_are_unit_errors(sentence: str) -> None:
    with pytest.raises(UnitError):
        Schedule.parse(sentence)


def test_the_mark_is_right_in_a_sentence_of_many_lines() -> None:
    with pytest.raises(ScheduleError) as error:
        Schedule.parse("denosumab 60 mg once;\n\tfoo 1 mg once", DRUGS)
    _, shown, marks = str(error.value).split("\n")
    assert shown[marks.index("^") : len(marks)] == "foo"


def test_without_a_list_any_drug_is_accepted() -> None:
    assert Schedule.parse("new drug 1 mg once").drugs == ("new_drug",)


def test_a_sentence_is_text() -> None:
    with pytest.raises(ScheduleError, match="A schedule sentence is text, not int"):
        Schedule.parse(5)  # type: ignore[arg-type]
