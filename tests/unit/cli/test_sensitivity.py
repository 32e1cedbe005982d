"""``remodel sensitivity``: tables, files and exit codes."""

from __future__ import annotations

import pandas as pd
import pytest

from remodel.cli.main import main

pytest.importorskip("zarr")
pytest.importorskip("SALib")

DESIGN = """
model = "pivonka2008"
kind = "morris"
samples = 12
seed = 2
years = 1
step_months = 6
outputs = ["bone_volume"]

[reductions.most_osteoclasts]
of = "osteoclasts"
take = "maximum"

[factors]
P_PTH = { lower = 10, upper = 1000, scale = "log" }
k_form = { percent = 10 }
"""


@pytest.fixture
def design(tmp_path):
    file = tmp_path / "design.toml"
    file.write_text(DESIGN)
    return file


def test_it_prints_a_table_and_writes_indices_and_figures(design, tmp_path, capsys):
    out = tmp_path / "study"
    assert main(["sensitivity", str(design), "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert "Morris elementary effects: 2 factors, 36 simulations in 12 blocks" in text
    assert "No simulation failed." in text
    table = pd.read_csv(out / "indices.csv")
    assert set(table["index"]) == {"mu_star", "mu", "sigma"}
    assert set(table["output"]) == {"bone_volume", "most_osteoclasts"}
    figures = {path.name for path in (out / "figures").iterdir()}
    assert figures == {
        "bone_volume_tornado.png", "bone_volume_heat_map.png", "bone_volume_time_course.png",
        "most_osteoclasts_tornado.png",
    }  # fmt: skip
    plain = tmp_path / "plain"
    assert main(["sensitivity", str(design), "--out", str(plain), "--no-figures"]) == 0
    assert capsys.readouterr().out.count("sigma") == 2
    assert list(plain.rglob("*.png")) == []
    assert main(["sensitivity", str(design), "--out", str(out)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["sensitivity", str(design), "--out", str(out), "--resume"]) == 0


@pytest.mark.parametrize(("rule", "says"), [("refuse", "simulations failed"), ("drop", "left out")])
def test_failed_simulations_give_exit_code_3(rule, says, design, tmp_path, capsys):
    few = DESIGN.replace("samples = 12", "samples = 40")
    design.write_text(f'{few}\n[solver]\nmax_steps = 1000\n\n[sensitivity]\nfailed = "{rule}"\n')
    assert main(["sensitivity", str(design), "--out", str(tmp_path / "a")]) == 0
    from remodel.sweeps import open_sweep

    runs = open_sweep(tmp_path / "a" / "simulations.zarr")
    most = int((runs["steps"] + runs["rejected_steps"]).max()) - 1
    design.write_text(design.read_text().replace("1000\n\n", f"{most}\n\n"))
    capsys.readouterr()
    assert main(["sensitivity", str(design), "--out", str(tmp_path / "b")]) == 3
    found = capsys.readouterr()
    assert says in found.out + found.err
    # those that failed are tried again as those of any sweep, with the same design
    store = str(tmp_path / "b" / "simulations.zarr")
    retry = ["sweep", str(design), "--out", store, "--retry-failed", "--max-steps", "9000"]
    assert main(retry) == 0
    assert main(["sensitivity", str(design), "--out", str(tmp_path / "b"), "--resume"]) == 0
    assert "No simulation failed." in capsys.readouterr().out


def test_it_says_what_it_analyzes(design, tmp_path, capsys):
    assert main(["sensitivity", str(design), "--out", str(tmp_path / "study")]) == 0
    assert capsys.readouterr().err == "Analyzing bone_volume ...\nAnalyzing most_osteoclasts ...\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["{design}"], "--out DIR is missing"),
        (["{design}", "--out", "{out}", "--method", "pawn"], "'pawn' does not work on a morris"),
        (["{design}", "--out", "{out}", "--method", "moris"], "Did you mean 'morris'?"),
        (["{design}", "--out", "{out}", "--scheduler", "nowhere"], "no Dask scheduler answers at"),
    ],
)
def test_wrong_arguments_are_one_sentence(arguments, says, design, tmp_path, capsys):
    words = {"design": design, "out": tmp_path / "study"}
    assert main(["sensitivity", *(a.format(**words) for a in arguments)]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1
    assert not (tmp_path / "study").exists()
