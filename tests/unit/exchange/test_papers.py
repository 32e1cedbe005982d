"""NONMEM data sets, LaTeX documents and tables of parameters."""

import csv
import io
import re

import pytest

import remodel as rm
from remodel.errors import ConfigError, ScheduleError
from remodel.exchange.latex import escaped, latex_text
from remodel.exchange.nonmem import NOT_OF_DOSES
from remodel.models import load_model, model_names

from .cases import SCHEDULES


@pytest.mark.parametrize("name", ["reference", "jorg2022"])
def test_a_nonmem_table_reads_back_as_the_same_treatment(tmp_path, name):
    model = load_model(name)
    schedule = rm.Schedule.parse(SCHEDULES[name], drugs=model.drugs)
    path = rm.export(name, tmp_path / "t.csv", schedule=schedule, format="nonmem")
    read = rm.Schedule.read_csv(path, drugs=model.drugs, ignore_columns=NOT_OF_DOSES)
    one, other = schedule.single_doses(), read.single_doses()
    assert [(d.drug, d.time, d.amount, d.unit) for d in one] == [
        (d.drug, d.time, d.amount, d.unit) for d in other
    ]


def test_doses_in_other_units_are_in_mg(tmp_path):
    path = rm.export(
        "reference",
        tmp_path / "t.csv",
        schedule="teriparatide 20 ug daily for 1 y",
        format="nonmem",
    )
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    (dose,) = [row for row in rows if row["EVID"] == "1"]
    assert float(dose["AMT"]) == pytest.approx(0.02)
    assert (dose["UNIT"], dose["ADDL"], float(dose["II"])) == ("mg", "365", 1.0)


def test_observations_are_those_of_a_simulation(tmp_path):
    schedule, woman = "denosumab 60 mg every 6 mo x 2", rm.Patient(65, 50)
    path = rm.export(
        "reference", tmp_path / "t.csv", schedule=schedule, patient=woman, years=2, format="nonmem"
    )
    rows = [r for r in csv.DictReader(io.StringIO(path.read_text())) if r["ENDPOINT"] == "ctx"]
    ds = rm.simulate("reference", schedule=schedule, patient=woman, years=2, outputs=["ctx"])
    assert [float(r["DV"]) for r in rows] == pytest.approx(list(ds.ctx.to_numpy()[0]), rel=1e-9)
    everything = [float(r["TIME"]) for r in csv.DictReader(io.StringIO(path.read_text()))]
    assert everything == sorted(everything)


def test_a_table_of_doses_holds_no_intervention(tmp_path):
    with pytest.raises(ScheduleError, match="doses only; menopause cannot be written"):
        rm.export("reference", tmp_path / "t.csv", schedule="menopause at 70 y", format="nonmem")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", model_names())
def test_latex_of_a_whole_model_is_balanced(name):
    pytest.importorskip("sympy")
    model = load_model(name)
    text = latex_text(model, model.all_parameters, tuple(model.drugs)[:2])
    for begin, end in ((r"\begin{", r"\end{"), (r"\left", r"\right")):
        assert len(re.findall(re.escape(begin) + r"(?![a-z])", text)) == len(
            re.findall(re.escape(end) + r"(?![a-z])", text)
        )
    bare = text.replace(r"\{", "").replace(r"\}", "")
    assert bare.count("{") == bare.count("}")
    assembly = model.assembly(tuple(model.drugs)[:2])
    assert text.count(r"\frac{d}{dt}") == len(assembly.states)
    assert {c for c in text if ord(c) > 0x17F} == set()  # what a font of letters has


def test_text_is_escaped():
    assert escaped("50 % of a_b & $1") == r"50 \% of a\_\allowbreak{}b \& \$1"
    assert escaped("β") == r"$\beta$"


@pytest.mark.parametrize("suffix", ["csv", "md", "tex"])
def test_tables_of_parameters(tmp_path, suffix):
    path = rm.export(
        "pivonka2008", tmp_path / f"p.{suffix}", parameters={"D_OBu": 0.00125}, format="parameters"
    )
    text = path.read_text()
    count = len(load_model("pivonka2008").all_parameters)
    rows = {"csv": text.count("\n") - 1, "md": text.count("\n") - 2, "tex": text.count(r"\\") - 1}
    assert rows[suffix] == count
    assert "0.00125" in text


def test_a_table_has_one_of_three_endings(tmp_path):
    with pytest.raises(ConfigError, match=r"ends with \.csv, \.md or \.tex"):
        rm.export("pivonka2008", tmp_path / "p.xls", format="parameters")
