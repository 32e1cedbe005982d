"""Verification on a model with a closed form: what each action means, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from remodel.equations import gain, loss, quantity, starts_at, state
from remodel.errors import ConfigError, UnitError
from remodel.models import Model
from remodel.parameters import Parameter, ParameterSet
from remodel.verification import verify

level = state("level", "mg", "Level")
effect = state("effect", "-", "Relative level, integrated", signed=True)


@loss("level")
def elimination(clearance, level):
    """Level cleared."""
    return clearance * level


@gain("level")
def supply(inflow):
    """Level supplied."""
    return inflow


@quantity
def relative(level, level_0):
    """Level relative to time zero."""
    return level / level_0


@gain("effect")
def accumulation(relative, pace):
    """Integral of the relative level."""
    return relative * pace


@quantity
def level_0(start):
    """Level at time zero."""
    return 2 * start


def parameter(name: str, value: float, unit: str, factor: float = 1.0) -> Parameter:
    return Parameter(name, value, unit, -100.0, 100.0, name, "made up", factor=factor)


MODEL = Model(
    name="decay",
    title="A level that decays.",
    citation="made up",
    parts=(
        level, effect, elimination, supply, relative, accumulation, level_0,
        starts_at("level", "level_0"),
    ),
    parameters=ParameterSet(
        [
            parameter("clearance", 0.05, "1/h", 24.0),
            parameter("inflow", 0.0, "mg/d"),
            parameter("pace", 1.0, "1/d"),
            parameter("start", 5.0, "mg"),
        ],
        "decay",
    ),
    time_unit="h",
)  # fmt: skip
K = 0.05  # per hour


def write(folder: Path, scenarios: str, **references: str) -> Path:
    (folder / "scenarios.csv").write_text("scenario,time,action,target,value\n" + scenarios)
    for name, text in references.items():
        (folder / f"reference_{name}.csv").write_text(text)
    return folder


def table(times: list[float], levels: list[float]) -> str:
    rows = [f"{t!r},{value!r}" for t, value in zip(times, levels, strict=True)]
    return "time_h,level\n" + "\n".join(rows) + "\n"


def decayed(value: float, hours: float) -> float:
    return value * math.exp(-K * hours)


def test_starts_from_the_baseline_of_the_model(tmp_path: Path) -> None:
    write(tmp_path, "one,0,start,,\n", one=table([0, 10], [10, decayed(10, 10)]))
    found = verify(tmp_path, MODEL)
    assert found.passed, str(found)
    assert str(found).startswith("decay: passed")


def test_a_row_at_an_event_shows_the_state_before_it(tmp_path: Path) -> None:
    before = decayed(10, 10)
    after = decayed(before + 5, 10)
    scenario = "one,0,start,,\none,10,add,level,5\n"
    write(tmp_path, scenario, one=table([0, 10, 20], [10, before, after]))
    assert verify(tmp_path, MODEL).passed


def test_an_amount_added_at_the_start_is_not_in_the_first_row(tmp_path: Path) -> None:
    scenario = "one,0,start,,\none,0,add,level,5\n"
    write(tmp_path, scenario, one=table([0, 10], [10, decayed(15, 10)]))
    assert verify(tmp_path, MODEL).passed


def test_a_parameter_set_at_the_start_holds_in_the_first_row(tmp_path: Path) -> None:
    text = "time_h,level,supply\n0,10,0.5\n"
    write(tmp_path, "one,0,start,,\none,0,set,inflow,0.5\n", one=text)
    assert verify(tmp_path, MODEL).passed


def test_a_parameter_is_set_in_its_own_unit_from_its_time_on(tmp_path: Path) -> None:
    middle = decayed(10, 10)
    scenario = "one,0,start,,\none,10,set,clearance,0.1\n"
    text = table([0, 10, 20], [10, middle, middle * math.exp(-0.1 * 10)])
    write(tmp_path, scenario, one=text)
    assert verify(tmp_path, MODEL).passed


def test_set_at_the_start_leaves_the_initial_state(tmp_path: Path) -> None:
    write(tmp_path, "one,0,start,,\none,0,set,start,7\n", one=table([0], [10]))
    assert verify(tmp_path, MODEL).passed


def test_init_changes_the_value_at_time_zero_that_equations_use(tmp_path: Path) -> None:
    text = f"time_h,level,relative\n0,40,1\n10,{decayed(40, 10)},{decayed(1, 10)}\n"
    write(tmp_path, "one,0,start,,\none,0,init,level,40\n", one=text)
    assert verify(tmp_path, MODEL).passed


def test_a_scenario_may_start_late_and_again(tmp_path: Path) -> None:
    first, again = decayed(10, 20), decayed(10, 5)
    scenario = "one,100,start,,\none,120,start,,\n"
    write(tmp_path, scenario, one=table([100, 120, 125], [10, first, again]))
    assert verify(tmp_path, MODEL).passed


def test_initial_state_and_its_unit_come_from_the_folder(tmp_path: Path) -> None:
    write(tmp_path, "one,0,start,,\n", one=table([0, 10], [3e-3, decayed(3e-3, 10)]))
    (tmp_path / "initial_state.csv").write_text("symbol,value,unit\nlevel,0.003,g\n")
    assert verify(tmp_path, MODEL).passed


def test_parameters_come_in_the_unit_of_the_folder(tmp_path: Path) -> None:
    write(
        tmp_path,
        "one,0,start,,\none,0,set,clearance,2.4\n",
        one=table([0, 10], [10, 10 * math.exp(-0.1 * 10)]),
    )
    (tmp_path / "parameters.csv").write_text("symbol,unit\nclearance,1/d\n")
    assert verify(tmp_path, MODEL).passed


@pytest.mark.parametrize("method", ["batch", "rodas4", "lsoda", "radau"])
def test_every_solver_can_be_asked(tmp_path: Path, method: str) -> None:
    write(tmp_path, "one,0,start,,\n", one=table([0, 10], [10, decayed(10, 10)]))
    assert verify(tmp_path, MODEL, method=method, rtol=1e-9).passed


def test_a_wrong_reference_fails_and_says_where(tmp_path: Path) -> None:
    wrong = table([0, 10, 20], [10, decayed(10, 10) * (1 + 1e-5), decayed(10, 20)])
    write(tmp_path, "one,0,start,,\n", one=wrong)
    found = verify(tmp_path, MODEL)
    assert not found.passed
    worst = found.failures[0]
    assert (worst.scenario, worst.quantity, worst.time) == ("one", "level", 10.0)
    gap = decayed(10, 10) * 1e-5 / (10 - decayed(10, 20))
    assert worst.difference == pytest.approx(gap, rel=1e-3)
    assert "FAILED" in str(found)


def test_derivatives_are_compared_in_the_time_of_the_folder(tmp_path: Path) -> None:
    write(tmp_path, "one,0,start,,\none,0,set,inflow,24\n", one=table([0], [10]))
    header = "t,parameters,clearance,level,effect,dlevel_dt,relative\n"
    rows = "0,base,0.05,4,0,-0.2,0.4\n0,one,0.1,4,0,0.6,0.4\n"
    (tmp_path / "reference_rhs.csv").write_text(header + rows)
    found = verify(tmp_path, MODEL)
    assert found.passed, str(found)
    assert "right-hand side" in found.worst()
    (tmp_path / "reference_rhs.csv").write_text(header + rows.replace("-0.2", "-0.20001"))
    assert not verify(tmp_path, MODEL).passed


def test_columns_the_model_does_not_have_are_reported(tmp_path: Path) -> None:
    write(tmp_path, "one,0,start,,\n", one="time_h,level,weight\n0,10,1\n")
    assert verify(tmp_path, MODEL).ignored == ("weight",)


def test_table_has_a_row_a_scenario_and_quantity(tmp_path: Path) -> None:
    write(tmp_path, "a,0,start,,\nb,0,start,,\n", a=table([0], [10]), b=table([0], [10]))
    frame = verify(tmp_path, MODEL).to_frame()
    assert list(frame["scenario"]) == ["a", "b"]
    assert list(frame["quantity"]) == ["level", "level"]
    assert bool(np.all(frame["passed"]))


def test_some_scenarios_can_be_chosen(tmp_path: Path) -> None:
    write(tmp_path, "a,0,start,,\nb,0,start,,\n", a=table([0], [10]), b=table([0], [11]))
    assert verify(tmp_path, MODEL, scenarios=["a"]).passed
    with pytest.raises(ConfigError, match=r"has no scenario 'c'. Known: a, b."):
        verify(tmp_path, MODEL, scenarios=["c"])


REFUSED = {
    "state": ("one,0,start,,\none,1,add,levl,5\n", "row 3: 'levl' is not a state of decay. Did "),
    "parameter": ("one,0,start,,\none,1,set,inflw,5\n", "row 3: 'inflw' is not a parameter of de"),
    "action": ("one,0,start,,\none,1,ad,level,5\n", "row 3: 'ad' is not an action. Did you mean "),
    "number": ("one,0,start,,\none,1,add,level,five\n", "row 3, column value: expected a number"),
    "time": ("one,zero,start,,\n", "row 2, column time: expected a number, got 'zero'"),
    "late start": ("one,5,start,,\none,1,add,level,5\n", "'one' does not start before this act"),
    "late init": ("one,0,start,,\none,1,init,level,5\n", "row 3: 'init' is possible only at a s"),
    "two starts": ("one,0,start,,\none,0,start,,\n", "row 3: scenario 'one' starts twice at 0"),
    "before": ("one,5,start,,\n", "begins at 0, before the start of 'one' at 5"),
    "fields": ("one,0,start,\n", "scenarios.csv, row 2: 4 fields, expected 5"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_malformed_scenario_names_file_and_row(tmp_path: Path, case: str) -> None:
    scenarios, message = REFUSED[case]
    write(tmp_path, scenarios, one=table([0, 10], [10, 5]))
    with pytest.raises(ConfigError, match=message):
        verify(tmp_path, MODEL)


def test_missing_and_superfluous_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        verify(tmp_path / "nothing", MODEL)
    with pytest.raises(ConfigError, match=r"scenarios.csv: missing from"):
        verify(tmp_path, MODEL)
    write(tmp_path, "one,0,start,,\n")
    with pytest.raises(ConfigError, match=r"reference_one.csv: missing from"):
        verify(tmp_path, MODEL)
    write(tmp_path, "one,0,start,,\n", one=table([0], [10]), onne=table([0], [10]))
    message = r"reference_onne.csv: scenarios.csv has no scenario 'onne'. Did you mean 'one'"
    with pytest.raises(ConfigError, match=message):
        verify(tmp_path, MODEL)


def test_a_reference_needs_time_and_something_to_compare(tmp_path: Path) -> None:
    write(tmp_path, "one,0,start,,\n", one="level\n10\n")
    with pytest.raises(ConfigError, match=r"reference_one.csv: has no column of time"):
        verify(tmp_path, MODEL)
    write(tmp_path, "one,0,start,,\n", one="time_h,weight\n0,10\n")
    with pytest.raises(ConfigError, match="no column is a state or quantity of decay"):
        verify(tmp_path, MODEL)
    write(tmp_path, "one,0,start,,\n", one=table([5, 0], [10, 5]))
    with pytest.raises(ConfigError, match="column time_h: times must rise"):
        verify(tmp_path, MODEL)


def test_the_folder_must_be_called_like_a_model(tmp_path: Path) -> None:
    write(tmp_path, "one,0,start,,\n", one=table([0], [10]))
    with pytest.raises(ConfigError, match="is not a model; say which model to verify"):
        verify(tmp_path)


def test_a_unit_of_another_dimension_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "one,0,start,,\n", one=table([0], [10]))
    (tmp_path / "initial_state.csv").write_text("symbol,value,unit\nlevel,3,mol\n")
    with pytest.raises(UnitError, match=r"initial_state.csv, level: 'mol' cannot be converted"):
        verify(tmp_path, MODEL)


def test_an_initial_state_of_something_else_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "one,0,start,,\n", one=table([0], [10]))
    (tmp_path / "initial_state.csv").write_text("symbol,value,unit\nlevels,3,mg\n")
    with pytest.raises(ConfigError, match=r"'levels' is not a state of decay. Did you mean"):
        verify(tmp_path, MODEL)
