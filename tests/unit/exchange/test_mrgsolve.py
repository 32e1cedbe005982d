"""mrgsolve code is C++ that computes the rates of the model, and its data set holds the doses."""

import csv
import io
import re
import shutil
import subprocess

import pytest

from remodel.equations.assembly import TIME
from remodel.exchange.export import export
from remodel.exchange.mrgsolve import data_text, mrgsolve_text, names_of
from remodel.models import model_names
from remodel.symbolic.expression import evaluate

from .cases import case_of

BLOCK = re.compile(r"^\[ (\w+) \]", re.MULTILINE)


def blocks(text):
    pieces = BLOCK.split(text)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


@pytest.mark.parametrize("name", model_names())
def test_compiled_rates_are_those_of_the_model(tmp_path, name):
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("no compiler of C++")
    case = case_of(name)
    text, names = mrgsolve_text(case, "data.csv"), names_of(case)
    block = blocks(text)
    day, states = 400.0, {n: 1.1 * v + 0.1 for n, v in case.states.items()}
    lines = [line.split(" : ") for line in block["PARAM"].splitlines() if " : " in line]
    source = [
        "#include <cmath>\n#include <cstdio>\nusing namespace std;\nint main() {",
        *(f"double {cells[0]} = {cells[1]};" for cells in lines),
        *(f"double {names[n]} = {v!r}, dxdt_{names[n]}, {names[n]}_0;" for n, v in states.items()),
        f"double SOLVERTIME = {day}, TIME = {day};",
        block["MAIN"], block["ODE"].replace("@annotated", ""), block["TABLE"],
        *(f'printf("%.17g %.17g\\n", dxdt_{names[n]}, {names[n]}_0);' for n in states),
        "}",
    ]  # fmt: skip
    (tmp_path / "case.cpp").write_text("\n".join(source))
    subprocess.run([compiler, "-O0", "-o", tmp_path / "case", tmp_path / "case.cpp"], check=True)
    printed = subprocess.run([tmp_path / "case"], capture_output=True, text=True, check=True)
    rates, initial = zip(*(map(float, r.split()) for r in printed.stdout.splitlines()), strict=True)
    model = case.model
    values = {p.name: p.value * p.factor for p in case.given.values()}
    values.update(case.parameters)
    values.update({**states, TIME: case.start + day})
    expected = evaluate(model.system(case.schedule.drugs).rates, values)
    assert rates == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert initial == pytest.approx(list(case.states.values()), rel=1e-12)


def test_the_data_set_holds_every_change():
    case = case_of("reference")
    rows = list(csv.DictReader(io.StringIO(data_text(case))))
    doses = [row for row in rows if row["evid"] == "1"]
    assert len(doses) == sum(len(change.added) for change in case.changes)
    assert sum(float(r["amt"]) for r in doses if r["cmt"] == "zoledronic_acid_plasma") == 40.0
    rates = [float(row["anastrozole_oral_rate"]) for row in rows]
    times = [float(row["time"]) for row in rows]
    assert times == sorted(times)
    assert {r for r, t in zip(rates, times, strict=True) if t < 5 * 365.25 - 1} == {1.0}
    assert rates[-1] == 0.0


def test_values_before_the_first_change_stand_in_the_data_set():
    import remodel as rm
    from remodel.exchange.case import Case
    from remodel.models import load_model

    case = Case.of(load_model("reference"), "anastrozole 1 mg daily for 1 y from 1 y", rm.Patient())
    rows = list(csv.DictReader(io.StringIO(data_text(case))))
    assert (rows[0]["time"], rows[0]["evid"], rows[0]["anastrozole_oral_rate"]) == (
        "0.0",
        "2",
        "0.0",
    )


def test_names_that_mrgsolve_has_itself_are_replaced():
    names = names_of(case_of("lemaire2004"))
    assert names["R_0"] == "R_0_value"  # R_0 is the start of the state R
    assert names["k_B"] == "k_B"
    assert len(set(names.values())) == len(names)


def test_two_files_are_written(tmp_path):
    export("jorg2022", tmp_path / "jorg.cpp", schedule="denosumab 60 mg every 6 mo x 3")
    names = ["jorg.cpp", "jorg.cpp.provenance.json", "jorg_data.csv"]
    assert sorted(p.name for p in tmp_path.iterdir()) == names
    export("komarova2003", tmp_path / "komarova.cpp")
    assert not (tmp_path / "komarova_data.csv").exists()
