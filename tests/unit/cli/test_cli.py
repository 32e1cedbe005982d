"""The command line: what it prints, what it writes, and how it fails."""

from __future__ import annotations

import json
import resource

import pandas as pd
import pytest
import xarray as xr

import remodel as rm
from remodel.cli.main import main
from remodel.cli.screen import count, number, print_table
from remodel.observations import trial_names
from remodel.solvers.status import Status

DENOSUMAB = "denosumab 60 mg every 6 mo for 1 y"

WRONG = [
    (["simulat"], "COMMAND: 'simulat' is not allowed. Did you mean 'simulate'"),
    (["simulate", "--age", "abc"], "argument --age: expected a number, not 'abc'."),
    (["simulate", "--threads", "1.5"], "argument --threads: expected a whole number, not '1.5'."),
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
    rule = next(i for i, line in enumerate(lines) if line.startswith("──"))
    heads = words_of_columns(lines[2:rule], lines[rule])
    assert heads[:2] == ["year", "bmd spine Δ%"]
    assert heads[-2:] == ["t score hip", "estradiol [pmol/L]"]
    first, last = lines[rule + 1].split(), lines[rule + 4].split()
    assert first[:3] == ["0", "0.00", "0.00"]
    assert last[0] == "2"
    assert lines[-1].startswith("Status ok, ")
    assert " steps. " in lines[-1]
    assert max(map(len, lines)) <= 80


def words_of_columns(lines, rule):
    """Return the heads of a table that are broken over several lines."""
    ends = [i for i, c in enumerate(rule + " ") if c == " " and rule[i - 1] == "─"]
    starts = [0, *(end + 2 for end in ends[:-1])]
    return [
        " ".join(" ".join(line[a:b] for line in lines).split())
        for a, b in zip(starts, ends, strict=True)
    ]


def test_simulate_takes_several_arms(tmp_path, capsys):
    table, plot = tmp_path / "arms.csv", tmp_path / "arms.png"
    arms = ["--arm", f"treated={DENOSUMAB}", "--arm", "untreated=none"]
    assert main(["simulate", *arms, "--years", "1", "--out", str(table), "--plot", str(plot)]) == 0
    shown = capsys.readouterr().out
    assert "treated: denosumab 60 mg" in shown
    assert "untreated: no treatment" in shown
    written = pd.read_csv(table)
    assert list(written.columns[:3]) == ["arm", "day", "month"]
    assert written.groupby("arm").size().to_dict() == {"treated": 13, "untreated": 13}
    alone = tmp_path / "one.csv"
    assert main(["simulate", "--schedule", DENOSUMAB, "--years", "1", "--out", str(alone)]) == 0
    one = pd.read_csv(alone)
    both = written[written["arm"] == "treated"].drop(columns="arm").reset_index(drop=True)
    pd.testing.assert_frame_equal(one, both, check_exact=True)
    assert plot.stat().st_size > 5000


@pytest.mark.parametrize(
    ("arms", "sentence"),
    [
        (["treated"], "expected NAME=SENTENCE"),
        (["=none"], "expected NAME=SENTENCE"),
        (["a=none", "a=none"], "'a' is given twice"),
        (["a=denosumap 60 mg once"], "Did you mean 'denosumab'"),
    ],
)
def test_an_arm_that_is_none_is_refused(arms, sentence, capsys):
    assert main(["simulate", *(word for arm in arms for word in ("--arm", arm))]) == 2
    assert sentence in capsys.readouterr().err


COMMANDS = ("simulate", "run", "sweep", "sensitivity", "calibrate", "validate", "list", "explain",
            "warmup", "verify")  # fmt: skip


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_80_columns(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*filter(None, [command]), "--help"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "osteoclasts", "--at", "12mo"],
        ["explain", "bmd_total_hip", "--schedule", DENOSUMAB, "--versus", "none", "--at", "1y"],
    ],
)
def test_explanations_fit_80_columns(arguments, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(arguments) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_simulate_writes_what_it_printed(tmp_path, capsys):
    out, table, plot = tmp_path / "a.nc", tmp_path / "a.csv", tmp_path / "a.png"
    arguments = ["simulate", "--schedule", DENOSUMAB, "--years", "1", "--age", "66"]
    assert main([*arguments, "--out", str(out), "--plot", str(plot)]) == 0
    assert main([*arguments, "--out", str(table)]) == 0
    dataset = xr.open_dataset(out)
    assert dataset.bmd_total_hip.attrs["units"] == "g/cm^2"
    assert json.loads(dataset.attrs["provenance"])["patient"]["age"] == 66
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


def test_a_parameter_set_from_a_file(tmp_path, capsys):
    changed = rm.load_model("komarova2003").parameters.replace({"k1": 0.3})
    file = tmp_path / "set.toml"
    rm.write_parameters(changed, file)
    options = ["--model", "komarova2003", "--years", "1", "--outputs", "z"]
    tables = []
    for parameters in ((), ("--parameters", str(file)), ("--parameter", "k1=0.3")):
        assert main(["simulate", *options, *parameters]) == 0
        tables.append(capsys.readouterr().out.partition("Simulated in")[0])
    assert tables[0] != tables[1] == tables[2]
    explain = ["explain", "z", "--model", "komarova2003", "--at", "90d"]
    terms = []
    for parameters in ((), ("--parameters", str(file))):
        assert main([*explain, *parameters]) == 0
        terms.append(capsys.readouterr().out)
    assert terms[0] != terms[1]
    capsys.readouterr()
    assert main(["simulate", "--parameters", str(file), "--parameter", "k1=0.3"]) == 2
    assert "not allowed with argument --parameters" in capsys.readouterr().err


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


def test_heads_and_text_are_broken_where_a_table_is_too_wide(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    print_table(
        ["arm", "bmd spine", "meaning"],
        [["with_zoledronic_acid_twice", "1.5", "what there is of it in the whole body"]],
        right=(1,),
    )
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 40
    assert lines[0].split() == ["arm", "bmd", "meaning"]
    assert "with_" in lines[3]
    cells = words_of_columns(lines[3:], lines[2])
    assert "".join(cells[0].split()) == "with_zoledronic_acid_twice"
    assert cells[1:] == ["1.5", "what there is of it in the whole body"]


def test_a_list_in_a_pipe_has_a_line_for_each_row(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    assert main(["list", "trials"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(trial_names()) + 2
    assert max(map(len, lines)) > 80


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


@pytest.mark.parametrize("option", ["--out=a.csv", "--out=a.nc", "--plot=a.png"])
def test_a_simulation_on_a_full_disk_is_one_sentence(option, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["simulate", "--years", "1"]) == 0  # compiled before
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        assert main(["simulate", "--years", "1", option]) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "cannot be written: File too large." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
