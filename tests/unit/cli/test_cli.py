"""The command line: what it prints, what it writes, and how it fails."""

from __future__ import annotations

import json

import pytest
import xarray as xr

from remodel.cli.main import main
from remodel.cli.screen import count, number, print_table
from remodel.solvers.status import Status

DENOSUMAB = "denosumab 60 mg every 6 mo for 1 y"

WRONG = [
    (["simulat"], "COMMAND: 'simulat' is not allowed. Did you mean 'simulate'"),
    (["simulate", "--age", "abc"], "--age"),
    (["simulate", "--nonsense"], "--nonsense"),
    (["simulate", "--schedule", "x", "--table", "y"], "not allowed with"),
    (["simulate", "--model", "referense"], "Did you mean 'reference'"),
    (["simulate", "--schedule", "denosumap 60 mg once"], "Did you mean 'denosumab'"),
    (["simulate", "--schedule", "denosumab 60 mg"], "say how often"),
    (["simulate", "--schedule", ""], "'none' for no treatment"),
    (["simulate", "--menopause", "naturel"], "Did you mean 'natural'"),
    (["simulate", "--age", "62", "--menopause", "none", "--menopause-age", "50"], "contradicts"),
    (["simulate", "--age", "-3"], "age"),
    (["simulate", "--t-score-lumbar-spine", "-20"], "t_score_lumbar_spine"),
    (["simulate", "--years", "0"], "years"),
    (["simulate", "--rtol", "7"], "rtol"),
    (["simulate", "--method", "euler"], "'euler' is not a method"),
    (["simulate", "--threads", "0"], "threads"),
    (["simulate", "--parameter", "a"], "NAME=VALUE"),
    (["simulate", "--parameter", "osteoclast_turnover_rat=1"], "osteoclast_turnover_rate"),
    (["simulate", "--parameter", "osteoclast_turnover_rate=1e9"], "outside its bounds"),
    (["simulate", "--outputs", "ctxx"], "Did you mean 'ctx'"),
    (["simulate", "--outputs", ","], "--outputs"),
    (
        ["simulate", "--outputs", "hip"],
        "with 'hip' in their name: bmd_total_hip, t_score_total_hip",
    ),
    (["simulate", "--out", "result.txt"], "must end in .nc or .csv"),
    (["simulate", "--out", "nowhere/result.nc"], "no folder nowhere"),
    (["simulate", "--plot", "figure.gif"], "must end in"),
    (["simulate", "--table", "missing.csv"], "missing.csv"),
    (["run", "missing.toml"], "missing.toml"),
    (["explain", "osteoclast"], "Did you mean 'osteoclasts'"),
    (["explain", "osteoclasts", "--at", "3"], "12 mo"),
    (["explain", "osteoclasts", "--at", "3 parsecs"], "12 mo"),
    (["list", "drug"], "Did you mean 'drugs'"),
    (["list", "drugs", "--model", "foo"], "'foo' is not a model"),
    (["warmup", "--model", "foo"], "'foo' is not a model"),
    (["verify", "nowhere"], "nowhere"),
    (["verify", "."], "scenarios.csv"),
]


@pytest.mark.parametrize(("arguments", "sentence"), WRONG, ids=[" ".join(w[0]) for w in WRONG])
def test_wrong_input_gives_one_sentence_and_2(arguments, sentence, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("remodel: ")
    assert sentence in shown.err
    assert "Traceback" not in shown.err
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_cannot_be_written_is_refused_before_anything_runs(tmp_path, capsys):
    folder = tmp_path / "result.nc"
    folder.mkdir()
    assert main(["simulate", "--out", str(folder)]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_help_and_version_leave_with_0(capsys):
    for arguments in ([], ["--help"], ["--version"], ["simulate", "--help"]):
        assert main(arguments) == 0
        assert capsys.readouterr().out


def test_simulate_prints_years_by_endpoints(capsys):
    assert main(["simulate", "--schedule", DENOSUMAB, "--years", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    head, first, last = lines[2].split("  "), lines[4].split(), lines[7].split()
    assert "bmd spine Δ%" in [h.strip() for h in head]
    assert first[:3] == ["0", "0.00", "0.00"]
    assert last[0] == "2"
    assert lines[-1].startswith("Status ok, ")
    assert " steps, " in lines[-1]


def test_simulate_writes_what_it_printed(tmp_path, capsys):
    out, table, plot = tmp_path / "a.nc", tmp_path / "a.csv", tmp_path / "a.png"
    arguments = ["simulate", "--schedule", DENOSUMAB, "--years", "1", "--age", "66"]
    assert main([*arguments, "--out", str(out), "--plot", str(plot)]) == 0
    assert main([*arguments, "--out", str(table)]) == 0
    dataset = xr.open_dataset(out)
    assert dataset.bmd_total_hip.attrs["units"] == "g/cm^2"
    assert "age=66" in json.loads(dataset.attrs["provenance"])["patient"]
    head = table.read_text().splitlines()[0].split(",")
    assert head[:2] == ["day", "month"]
    assert plot.stat().st_size > 5000


def test_chosen_outputs_parameters_and_method(capsys):
    code = main([
        "simulate", "--years", "1", "--outputs", "osteoclasts, ctx", "--method", "lsoda",
        "--rtol", "1e-6", "--parameter", "osteoclast_turnover_rate=0.08",
    ])  # fmt: skip
    assert code == 0
    head = capsys.readouterr().out.splitlines()[2]
    assert "osteoclasts" in head
    assert "ctx [ng/mL]" in head


def test_a_table_of_doses_gives_what_the_sentence_gives(tmp_path, capsys):
    table = tmp_path / "doses.csv"
    table.write_text("TIME,AMT,DRUG,ADDL,II\n0,60,denosumab,1,182.625\n")
    assert main(["simulate", "--table", str(table), "--years", "2"]) == 0
    from_table = capsys.readouterr().out.splitlines()[2:8]
    assert main(["simulate", "--schedule", "denosumab 60 mg every 6 mo x 2", "--years", "2"]) == 0
    assert capsys.readouterr().out.splitlines()[2:8] == from_table


def test_a_model_without_patients_can_be_simulated(capsys):
    assert main(["simulate", "--model", "komarova2003", "--years", "1"]) == 0
    assert "komarova2003" in capsys.readouterr().out


def test_a_failed_simulation_gives_3_and_its_status(monkeypatch, capsys):
    from remodel.cli import simulate

    real = simulate._simulate

    def failed(*arguments):
        dataset = real(*arguments)
        dataset["status"][:] = Status.STEP_TOO_SMALL
        return dataset

    monkeypatch.setattr(simulate, "_simulate", failed)
    assert main(["simulate", "--years", "1"]) == 3
    assert Status.STEP_TOO_SMALL.sentence in capsys.readouterr().err


def test_an_interrupt_gives_130(monkeypatch, capsys):
    from remodel.cli import listing

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(listing, "_models", interrupted)
    assert main(["list", "models"]) == 130


@pytest.mark.parametrize("what", ["models", "drugs", "trials", "parameters", "endpoints"])
def test_every_list_has_one_row_a_line(what, capsys):
    assert main(["list", what]) == 0
    lines = capsys.readouterr().out.splitlines()
    known = {
        "models": "reference", "drugs": "denosumab", "trials": "halt_bc_ellis2008",
        "parameters": "osteoclast_turnover_rate", "endpoints": "bmd_total_hip",
    }  # fmt: skip
    assert sum(line.startswith(known[what]) for line in lines) >= 1
    assert set(lines[1]) <= {"─", " "}


def test_list_follows_the_model(capsys):
    assert main(["list", "drugs", "--model", "jorg2022"]) == 0
    assert "blosozumab" in capsys.readouterr().out


def test_explain_prints_terms_and_their_sum(capsys):
    assert main(["explain", "osteoclasts", "--schedule", DENOSUMAB, "--at", "3mo"]) == 0
    shown = capsys.readouterr().out
    assert "osteoclast_formation" in shown
    assert "sum = " in shown
    assert "100.0 %" in shown


def test_explain_prints_what_a_quantity_is_computed_from(capsys):
    assert main(["explain", "ctx", "--at", "1y"]) == 0
    assert "resorption" in capsys.readouterr().out


def test_warmup_says_what_is_compiled(capsys):
    assert main(["warmup", "--model", "komarova2003"]) == 0
    shown = capsys.readouterr().out
    assert "no drug" in shown
    assert "compiled in" in shown


def test_a_reader_that_leaves_is_no_error(monkeypatch, capfd):
    from remodel.cli import listing

    def gone(_):
        raise BrokenPipeError

    monkeypatch.setattr(listing, "_drugs", gone)
    with capfd.disabled():
        pass
    assert main(["list", "drugs"]) == 0


def test_a_table_is_aligned(capsys):
    print_table(["name", "value"], [["a", "1"], ["long name", "22"]], right=(1,))
    assert capsys.readouterr().out.splitlines() == [
        "name       value",
        "─────────  ─────",
        "a              1",
        "long name     22",
    ]


def test_numbers_and_counts():
    assert number(float("nan")) == "-"
    assert number(0.123456) == "0.1235"
    assert count(1, "arm") == "1 arm"
    assert count(2, "arm") == "2 arms"
