"""Every kind of result repeated bit for bit from what is kept with it; causes named where not."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import remodel as rm
from remodel.cli.main import main
from remodel.errors import ConfigError
from remodel.provenance import RECORD, record_file
from remodel.reruns import rerun

OBSERVATIONS = """study_id,arm,endpoint,time_months,value,error_low,error_high,unit,error_kind
den,treated,bmd_total_hip,12,3.2,2.8,3.6,percent,95ci
"""
REGIMENS = "study_id,arm,schedule,age\nden,treated,denosumab 60 mg every 6 mo x 2,65\n"
PROBLEM = """
title = "one parameter"
model = "jorg2022"
estimate = ["E_denosumab"]
[[data]]
observations = "obs.csv"
regimens = "reg.csv"
[starts]
count = 2
max_evaluations = 4
"""
DESIGN = """
model = "pivonka2008"
kind = "table"
years = 1
step_months = 3
outputs = ["osteoclasts"]
table = "rows.csv"
"""
EXPERIMENT = """
title = "A sweep"
model = "pivonka2008"
years = 1
step_months = 6
[arms.untreated]
[[figures]]
name = "one"
variables = ["osteoclasts"]
"""
WOMAN = """
draws = 64
readings = "scans.csv"
[patient]
age = 66.0
menopause_age = 50.0
[forecast]
years = 1
[[option]]
name = "denosumab"
schedule = "denosumab 60 mg every 6 mo"
"""
SCANS = "endpoint,months,value,unit\nbmd_total_hip,0,0.80,g/cm2\nbmd_total_hip,12,0.79,g/cm2\n"
CLINIC = """woman,age,sex,menopause_age,bmi,schedule,endpoint,months,value,unit,use
a,72,female,50,25,,bmd_total_hip,0,0.75,g/cm2,fit
a,72,female,50,25,,bmd_total_hip,66,999,g/cm2,predict
"""
PLAN = """
population = "aromatase_inhibitor"
women = 12
seed = 2
schedule = "anastrozole 1 mg daily for 5 y"
horizon_years = 2
rule = "hadji2017"
[reading]
repeats = 2
[[plan]]
name = "ASCO"
guideline = "asco2019"
"""
TRIAL = """
seed = 1
visits.months = [0, 24]
power = { sizes = [40], replicates = 40 }
[[arm]]
name = "drug"
assumed_mean = 2.0
assumed_sd = 4.5
[[arm]]
name = "placebo"
assumed_mean = 0.0
assumed_sd = 4.5
[[endpoint]]
name = "bmd_total_hip"
months = 24
analysis = ["t_test"]
"""
ARMS = """study_id,arm,comparator,schedule,age,sex,menopause_age,bmi,outcome,months
t,a,b,denosumab 60 mg every 6 mo x 4,70,,,,hip,24
t,b,,,70,,,,hip,24
"""
POPULATION = 'name = "own"\nlike = "postmenopausal"\n[limits.age]\nlower = 60\nupper = 70\n'
DECISION = """population = "own.toml"
women = 6
horizon_years = 1
schedule = "zoledronic acid 5 mg yearly x {number}"
[variable.number]
lower = 0
upper = 1
step = 1
[[objective]]
quantity = "fractures_hip"
direction = "minimize"
[uncertainty]
draws = 2
"""
FILES = {
    "obs.csv": OBSERVATIONS,
    "reg.csv": REGIMENS,
    "problem.toml": PROBLEM,
    "design.toml": DESIGN,
    "rows.csv": "P_PTH\n1.0\n100.0\n",
    "experiment.toml": EXPERIMENT,
    "woman.toml": WOMAN,
    "scans.csv": SCANS,
    "clinic.csv": CLINIC,
    "plan.toml": PLAN,
    "trial.toml": TRIAL,
    "arms.csv": ARMS,
    "own.toml": POPULATION,
    "decision.toml": DECISION,
}
SENTENCE = "denosumab 60 mg every 6 mo x 2"
MADE = {
    "simulate": (
        "arms.nc", "--arm", f"a={SENTENCE}", "--arm", "b=none", "--age", "70", "--years", "1",
        "--parameter", "ctx_floor=0.2",
    ),
    "sweep": ("store.zarr", "design.toml", "--threads", "1"),
    "run": ("results", "experiment.toml", "--quick"),
    "calibrate": ("fit", "problem.toml", "--workers", "1", "--no-figures"),
    "validate": (
        "validation", "--model", "jorg2022", "--observations", "obs.csv", "--regimens", "reg.csv",
        "--no-figures",
    ),
    "trial": ("trial", "trial.toml", "--no-figures"),
    "population": ("women.csv", "own.toml", "--n", "30", "--seed", "3"),
    "fit-patient": ("her", "woman.toml", "--no-figures"),
    "fit-patients": ("clinic", "clinic.csv", "--draws", "64"),
    "monitor": ("plan", "plan.toml", "--no-figures"),
    "optimize": ("best", "decision.toml", "--no-figures"),
    "fracture": ("risks", "arms.csv", "--draws", "5"),
    "export": ("model.xml", "pivonka2008", "--years", "1"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder of input files, from which commands are given with relative names."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text, encoding="utf-8")
    return tmp_path


def make(command: str) -> Path:
    """Give a command and return where its result is."""
    out, *arguments = MADE[command]
    assert main([command, *arguments, "--out", out]) == 0
    return Path(out).absolute()


@pytest.mark.parametrize("command", MADE)
def test_a_result_is_repeated_bit_for_bit_when_its_inputs_are_gone(
    command, folder, monkeypatch, capsys
):
    result = make(command)
    for name in FILES:
        Path(name).unlink()
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    again = rerun(result)
    assert again.identical, again.to_frame()
    assert not again.causes
    assert any(item.verdict == "identical" for item in again.files)
    assert not list(elsewhere.iterdir())
    assert all(note.endswith("is gone.") for note in again.notes)
    capsys.readouterr()
    assert main(["rerun", str(result)]) == 0
    assert "identical bit for bit" in capsys.readouterr().out


def test_a_store_of_women_is_drawn_again_from_python(folder):
    women = rm.population(20, "aromatase_inhibitor", seed=5)
    women.where(women["age"] > 55).save("older.zarr")
    again = rerun("older.zarr")
    assert again.identical
    assert [item.name for item in again.files] == ["older.zarr"]
    women.weighted(np.arange(20.0) + 1).save("other.csv")
    other = rerun("other.csv")
    assert not other.identical
    assert "weight" in other.differing[0].detail


def test_a_dataset_keeps_patients_schedules_parameters_and_women(folder):
    women = rm.population(4, seed=2)
    schedule = rm.Schedule((rm.Dose("zoledronic_acid", 5.0, count=1),))
    arms = {"zol": schedule, "none": None}
    varied = {"ctx_floor": np.linspace(0.1, 0.2, 4)}
    pair = [rm.Patient(age=60), rm.Patient(age=70)]
    calls = (
        {"patient": women, "schedule": arms, "years": 1},
        {"patient": women.patients, "schedule": schedule, "parameters": varied, "years": 1},
        {"patient": pair, "schedule": [schedule, "none"], "times": ("0 d", "12 mo")},
    )
    for number, call in enumerate(calls):
        rm.simulate(outputs=["ctx"], **call).to_netcdf(f"{number}.nc", engine="h5netcdf")
        assert rerun(f"{number}.nc").identical


def altered(path: Path) -> None:
    """Change a number of a table in the last place."""
    rows = list(csv.reader(path.read_text().splitlines()))
    place = rows[0].index("mean")
    rows[1][place] = repr(float(np.nextafter(float(rows[1][place]), 9.0)))
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def test_causes_are_named(folder, capsys):
    result = make("fit-patients")
    record = json.loads(record_file(result).read_text())
    record["versions"]["numpy"] = "1.0"
    record["versions"]["numba"] = "0.1"
    record["platform"] = "an older machine"
    record["cpu"] = "a slower one"
    record["sources"]["physiology"] = "0"
    record_file(result).write_text(json.dumps(record))
    same = rerun(result)
    assert same.identical
    assert len(same.causes) == 5
    altered(result / "predictions.csv")
    capsys.readouterr()
    assert main(["rerun", str(result)]) == 1
    text = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert "predictions.csv was changed after it was written." in text
    for cause in (
        f"numpy was 1.0 and is {np.__version__}.",
        "numba was 0.1 and is",
        "the platform was an older machine",
        "the processor was a slower one",
        "code or data of this package changed: physiology.",
    ):
        assert cause in text
    assert "1 of " in text
    assert "column mean" in text


def test_changed_inputs_are_told_and_used_where_asked(folder):
    result = make("monitor")
    Path("plan.toml").write_text(PLAN.replace("seed = 2", "seed = 3"))
    as_it_was = rerun(result)
    assert as_it_was.identical
    sentence = "plan.toml has changed: line 4 was 'seed = 2' and is 'seed = 3'."
    assert as_it_was.notes[0].endswith(sentence)
    now = rerun(result, current=True)
    assert not now.identical
    assert now.causes[0].endswith(sentence)
    assert {item.name for item in now.differing} >= {"visits.csv", "monitoring.json"}


def test_other_parameters_of_the_model_are_named(folder):
    result = make("simulate")
    again = rerun(result, folder / "kept.nc")
    assert again.identical
    assert (folder / "kept.nc").is_file()
    import h5py

    with h5py.File(result, "r+") as file:
        about = json.loads(file.attrs["provenance"])
        about["equations"] = about["parameters"] = "0"
        file.attrs["provenance"] = json.dumps(about)
        file["ctx"][0, 3] += 1e-3
    other = rerun(result)
    assert [item.detail for item in other.differing] == ["1 of 19 variables differ, most ctx"] or (
        "most ctx" in other.differing[0].detail
    )
    assert other.differing[0].largest > 1e-4
    assert any(
        cause.startswith("the equations of the model had the hash 0") for cause in other.causes
    )
    assert any(cause.startswith("the parameters of the model") for cause in other.causes)


def test_a_program_that_has_changed_is_not_executed(folder):
    text = (
        "from remodel.models import load_model\n"
        "from dataclasses import replace\n"
        "MODEL = replace(load_model('pivonka2008'), name='own')\n"
    )
    Path("own.py").write_text(text)
    call = ("simulate", "--model", "own.py:MODEL", "--years", "1", "--out", "own.nc")
    assert main(list(call)) == 0
    assert rerun("own.nc").identical
    assert text not in Path("own.nc").read_bytes().decode("latin1")
    Path("own.py").write_text(text + "raise SystemExit\n")
    with pytest.raises(ConfigError, match=r"own\.py.*is a program that has changed"):
        rerun("own.nc")
    Path("own.py").unlink()
    with pytest.raises(ConfigError, match=r"own\.py.*is gone"):
        rerun("own.nc")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ('{"function": "os.system", "arguments": {}, "folder": ".", "inputs": {}}', "nothing this"),
        (
            '{"function": "monitor", "arguments": {"plan": {"$Snapshot": null}}, "folder": ".", '
            '"inputs": {}}',
            "an object of Python, a Snapshot",
        ),
    ],
)
def test_what_cannot_be_repeated_is_one_sentence(text, sentence, tmp_path):
    (tmp_path / RECORD).write_text(text)
    with pytest.raises(ConfigError, match=sentence):
        rerun(tmp_path)


def test_a_result_without_a_record_says_so(tmp_path, capsys):
    assert main(["rerun", str(tmp_path / "nothing")]) == 2
    assert "there is no such result" in capsys.readouterr().err
    (tmp_path / "old.nc").write_bytes(b"CDF")
    (tmp_path / "table.csv").write_text("a\n1\n")
    for name in ("old.nc", "table.csv"):
        assert main(["rerun", str(tmp_path / name)]) == 2
        assert "remodel: " in capsys.readouterr().err


def test_a_file_in_a_folder_stands_for_its_result(folder):
    result = make("fracture")
    assert rerun(result / "fracture.csv").identical
    shutil.move(result, folder / "moved")
    assert rerun(folder / "moved").identical
