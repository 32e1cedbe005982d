"""How a table of doses is read on the command line: units, columns and compartments."""

from __future__ import annotations

from pathlib import Path

import pytest

from remodel.cli.main import main

TEXT = "TIME;AMT;CMT;II;ADDL;WT\n0;60000,0;1;4383;2;71,5\n"
OPTIONS = [
    "--time-unit", "h", "--dose-unit", "ug", "--ignore-columns", "WT", "--compartments",
    "1=denosumab",
]  # fmt: skip


def answer(tmp_path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    table = tmp_path / "doses.csv"
    table.write_text(TEXT, encoding="utf-8")
    code = main(["simulate", "--table", str(table), "--years", "1", "--outputs", "ctx", *options])
    shown = capsys.readouterr()
    return code, shown.out + shown.err


def test_units_columns_and_compartments(tmp_path, capsys):
    code, text = answer(tmp_path, capsys, *OPTIONS)
    assert code == 0
    assert "denosumab 60000 ug every 6 mo x 3" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "column WT is not a column of a table of doses."),
        (("--ignore-columns", "WT"), "column CMT: no drug is known for number 1"),
        ((*OPTIONS[:-1], "1"), "--compartments 1: expected CMT=DRUG, such as 1=denosumab."),
        ((*OPTIONS[:-1], "1=denosumap"), "'denosumap' is not a known drug"),
        ((*OPTIONS, "--time-unit", "s"), "'s' is not a unit of time"),
        ((*OPTIONS, "--dose-unit", "kgg"), "'kgg' is not a unit of dose"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path, capsys, options, message):
    code, text = answer(tmp_path, capsys, *options)
    assert code == 2
    assert message in text


@pytest.mark.parametrize("rows", ["", "0;.;denosumab\n"])
def test_a_table_in_which_nothing_is_given_is_refused(tmp_path, capsys, rows):
    table = tmp_path / "doses.csv"
    table.write_text(f"TIME;AMT;CMT\n{rows}", encoding="utf-8")
    assert main(["simulate", "--table", str(table), "--years", "1"]) == 2
    assert "doses.csv: no dose and no intervention in the table." in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", ["--time-unit", "--dose-unit", "--ignore-columns", "--compartments"]
)
def test_how_a_table_is_read_needs_a_table(capsys, option):
    assert main(["simulate", "--schedule", "none", option, "1=h"]) == 2
    assert f"{option} says how --table is read; give a table." in capsys.readouterr().err


def test_the_list_of_drugs_has_usual_doses(capsys):
    assert main(["list", "drugs"]) == 0
    assert "60 mg every 6 mo" in capsys.readouterr().out


def test_several_patients_are_arms(tmp_path, capsys):
    table, out = tmp_path / "doses.csv", tmp_path / "out.csv"
    table.write_text("ID,TIME,AMT,DRUG\n7,0,60,denosumab\n3,0,5,zoledronic_acid\n", "utf-8")
    call = ["simulate", "--table", str(table), "--years", "1", "--outputs", "ctx"]
    assert main([*call, "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert "ID 7: denosumab 60 mg once" in text
    assert "ID 3: zoledronic_acid 5 mg once" in text
    arms = {line.split(",")[0] for line in out.read_text("utf-8").splitlines()[1:]}
    assert arms == {"ID 7", "ID 3"}
