"""Parameter files: what they may hold, what is refused, and that writing loses nothing."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remodel.errors import ParameterError, StoreError, UnitError
from remodel.models import model_names
from remodel.parameters import Parameter, ParameterSet, Prior, load_parameters, write_parameters

ENTRY = """
[turnover_rate]
value = 0.07
unit = "1/d"
lower = 0.03
upper = 0.15
meaning = "Turnover"
source = "Manolagas 2000"
"""
SETS = sorted(
    entry.name.removesuffix(".toml")
    for entry in (resources.files("remodel.parameters") / "sets").iterdir()
)


def _write(folder: Path, text: str, name: str = "set.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_an_entry_becomes_a_parameter(tmp_path: Path) -> None:
    more = (
        'status = "estimated"\nprior = { kind = "lognormal", sd = 0.5 }\n'
        'provenance = "recalled"\nsymbol = "k"\nnote = "for the reader"\n'
    )
    loaded = load_parameters(_write(tmp_path, 'about = "A set."\n' + ENTRY + more))
    assert loaded.name == "set"
    assert loaded.about == "A set."
    assert loaded["turnover_rate"] == Parameter(
        name="turnover_rate",
        value=0.07,
        unit="1/d",
        lower=0.03,
        upper=0.15,
        meaning="Turnover",
        source="Manolagas 2000",
        status="estimated",
        provenance="recalled",
        prior=Prior("lognormal", 0.07, 0.5),
        symbol="k",
    )


def test_groups_prefix_the_names_in_them(tmp_path: Path) -> None:
    text = ENTRY.replace("[turnover_rate]", "[drug.plasma.turnover_rate]")
    assert list(load_parameters(_write(tmp_path, text))) == ["drug_plasma_turnover_rate"]


def test_a_folder_is_one_set(tmp_path: Path) -> None:
    _write(tmp_path, 'about = "First."\n' + ENTRY, "b.toml")
    _write(tmp_path, ENTRY.replace("turnover", "decline"), "a.toml")
    _write(tmp_path, "not a parameter file", "readme.txt")
    loaded = load_parameters(tmp_path)
    assert list(loaded) == ["decline_rate", "turnover_rate"]
    assert loaded.about == "First."
    assert loaded.name == tmp_path.name


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("1/d", 1.0), ("d", 1.0), ("1/h", 24.0), ("y", 365.25), ("1/y", 1 / 365.25),
        ("yr", 365.25), ("month", 30.4375), ("mo", 30.4375), ("wk", 7.0), ("min", 1 / 1440),
        ("mg/L", 1.0), ("L/h/kg", 24.0), ("pmol/L/week", 1 / 7), ("mg/s", 86400.0), ("-", 1.0),
        ("g/cm^2", 1.0), ("h^2", 1 / 576), ("mL/min", 1440.0), ("1/(pM*h)", 24.0), ("1/hr", 24.0),
        ("pmol/h^2", 576.0), ("y*mg", 365.25), ("1/seconds", 86400.0), ("%/(pM*d)", 1.0),
    ],
)  # fmt: skip
def test_times_become_days(unit: str, factor: float, tmp_path: Path) -> None:
    loaded = load_parameters(_write(tmp_path, ENTRY.replace('"1/d"', f'"{unit}"')))
    assert loaded["turnover_rate"].factor == pytest.approx(factor, rel=1e-14)
    assert loaded.internal()[0] == pytest.approx(0.07 * factor, rel=1e-14)
    assert loaded["turnover_rate"].unit == unit


WRONG = [
    (ENTRY.replace("value = 0.07\n", ""), "set.toml, line 2, key turnover_rate: 'value' is missing."),
    (ENTRY.replace('source = "Manolagas 2000"\n', ""),
     "set.toml, line 2, key turnover_rate: 'source' is missing."),
    (ENTRY.replace('unit = "1/d"\n', ""), "set.toml, line 2, key turnover_rate: 'unit' is missing."),
    (ENTRY + 'statsu = "fixed"\n', "set.toml, line 2, key turnover_rate: 'statsu' is not a field of a "
     "parameter. Did you mean 'status'?"),
    (ENTRY + 'status = "guessed"\n', "set.toml, line 2, key turnover_rate.status: 'guessed' is not one of "
     "fixed, estimated, input."),
    (ENTRY + 'provenance = "read once"\n', "set.toml, line 2, key turnover_rate.provenance: 'read once' is "
     "not one of read, derived, recalled, estimated, definition."),
    (ENTRY.replace("0.07", '"0.07"'),
     "set.toml, line 2, key turnover_rate.value: expected a number, got '0.07'."),
    (ENTRY.replace("0.07", "true"),
     "set.toml, line 2, key turnover_rate.value: expected a number, got True."),
    (ENTRY.replace("0.07", "0.7"),
     "set.toml, line 2, key turnover_rate: turnover_rate = 0.7 1/d is outside its bounds 0.03 to "
     "0.15 1/d."),
    (ENTRY.replace("0.07", "nan"),
     "set.toml, line 2, key turnover_rate: turnover_rate = nan 1/d: must be a finite number."),
    (ENTRY.replace("Manolagas 2000", " "),
     "set.toml, line 2, key turnover_rate.source: expected some words, got ' '."),
    (ENTRY.replace('"1/d"', "3"),
     "set.toml, line 2, key turnover_rate.unit: expected some words, got 3."),
    (ENTRY + 'prior = "flat"\n',
     "set.toml, line 2, key turnover_rate.prior: expected a table with kind and sd."),
    (ENTRY + 'prior = { kind = "flat" }\n', "set.toml, line 2, key turnover_rate.prior.kind: 'flat' is not "
     "one of lognormal, normal, uniform."),
    (ENTRY + 'prior = { kind = "normal" }\n',
     "set.toml, line 2, key turnover_rate.prior.sd: must be a positive number, got nan."),
    (ENTRY + 'prior = { kind = "normal", sd = -1 }\n',
     "set.toml, line 2, key turnover_rate.prior.sd: must be a positive number, got -1.0."),
    (ENTRY + "[turnover]\n[turnover.rate]\n" + ENTRY.split("]\n")[1],
     "set.toml, line 2, key turnover_rate: defined twice in this set."),
    ("rate = 5\n", "set.toml, key rate: expected a table with value, unit and source."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), WRONG)
def test_wrong_files_are_refused(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError) as caught:
        load_parameters(_write(tmp_path, text))
    assert str(caught.value) == sentence


def test_what_is_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"^set\.toml is not valid TOML: "):
        load_parameters(_write(tmp_path, "[turnover"))
    (tmp_path / "set.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ParameterError, match=r"set\.toml is not text in UTF-8 \(byte 0\)"):
        load_parameters(tmp_path / "set.toml")


@pytest.mark.parametrize("unit", ["furlng/h", "furlng", "1/(furlng*d)"])
def test_an_unknown_unit_is_named(unit: str, tmp_path: Path) -> None:
    with pytest.raises(UnitError) as caught:
        load_parameters(_write(tmp_path, ENTRY.replace("1/d", unit)))
    start = f"set.toml, line 2, key turnover_rate: '{unit}' is not a unit this package knows"
    assert str(caught.value).startswith(start)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "missing.toml"
    with pytest.raises(ParameterError) as caught:
        load_parameters(path)
    assert str(caught.value) == f"{path} cannot be read: No such file or directory."


def test_a_group_is_found_at_its_line(tmp_path: Path) -> None:
    text = ENTRY + ENTRY.replace("[turnover_rate]", "[drug.clearance]").replace("0.07", "7.0")
    with pytest.raises(ParameterError, match=r"^set\.toml, line 10, key drug_clearance: "):
        load_parameters(_write(tmp_path, text))


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    parameters = load_parameters(_write(tmp_path, ENTRY))
    path = tmp_path / "nowhere" / "set.toml"
    with pytest.raises(StoreError, match=r"set\.toml cannot be written: No such file"):
        write_parameters(parameters, path)


def test_an_unknown_set_is_told_with_the_nearest_one() -> None:
    with pytest.raises(ParameterError) as caught:
        load_parameters("jorg2020")
    assert str(caught.value) == "'jorg2020' is not a parameter set. Did you mean 'jorg2022'?"


@pytest.mark.parametrize("name", SETS)
def test_sets_of_the_package_say_where_every_number_is_from(name: str) -> None:
    loaded = load_parameters(name)
    assert loaded.about
    for parameter in loaded.values():
        assert len(parameter.source) >= 2, parameter.name
        assert len(parameter.meaning) > 3, parameter.name


@pytest.mark.parametrize("name", SETS)
def test_writing_and_reading_a_set_changes_nothing(name: str, tmp_path: Path) -> None:
    loaded = load_parameters(name)
    write_parameters(loaded, tmp_path / f"{name}.toml")
    again = load_parameters(tmp_path / f"{name}.toml")
    assert again == loaded
    assert (again.name, again.about) == (loaded.name, loaded.about)
    assert again.fingerprint() == loaded.fingerprint()


def test_every_model_has_its_set() -> None:
    assert set(model_names()) <= set(SETS)


def test_shipped_sets_load_without_the_registry_of_units() -> None:
    code = (
        "import sys; from remodel.parameters import load_parameters; "
        f"[load_parameters(name) for name in {SETS!r}]; "
        "sys.exit('pint' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


text = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(
    values=st.tuples(numbers, numbers, numbers).map(sorted),
    unit=st.sampled_from(["-", "1/y", "pmol/L", "mg/h"]),
    meaning=text.filter(str.strip),
    source=text.filter(str.strip),
    about=text,
    sd=st.floats(1e-6, 1e6),
)
def test_any_text_and_number_survives(
    values: list[float],
    unit: str,
    meaning: str,
    source: str,
    about: str,
    sd: float,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    lower, value, upper = values
    file = tmp_path_factory.mktemp("set") / "set.toml"
    plain = _write(file.parent, re.sub('"1/d"', f'"{unit}"', ENTRY), "plain.toml")
    factor = load_parameters(plain)["turnover_rate"].factor
    parameter = Parameter(
        "a", value, unit, lower, upper, meaning, source, factor=factor,
        prior=Prior("normal", value, sd), symbol="\\alpha",
    )  # fmt: skip
    write_parameters(ParameterSet([parameter], "set", about), file)
    assert load_parameters(file)["a"] == parameter
    assert load_parameters(file).about == about


def test_an_open_bound_survives(tmp_path: Path) -> None:
    parameter = Parameter("a", 1.0, "-", -math.inf, math.inf, "meaning", "source")
    write_parameters(ParameterSet([parameter]), tmp_path / "set.toml")
    assert load_parameters(tmp_path / "set.toml")["a"] == parameter


def test_a_uniform_prior_is_that_of_the_bounds(tmp_path: Path) -> None:
    loaded = load_parameters(_write(tmp_path, ENTRY + 'prior = { kind = "uniform" }\n'))
    assert loaded["turnover_rate"].prior == Prior("uniform")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("value = ", "value = 1" + "0" * 400 + " #", r"key \w+: .* must be a finite number"),
        ("value = ", "value = " + "[" * 1500 + "]" * 1500 + " #", "nested too deep"),
        ("meaning = ", "meaning = 0x" + "F" * 5000 + " #", "a number of more than 4,300 digits"),
    ],
)
def test_what_overwhelms_a_parser_is_refused(tmp_path, old, new, message):
    text = (
        '[rate]\nvalue = 1.0\nunit = "1/d"\nlower = 0.0\nupper = 2.0\nmeaning = "a"\nsource = "b"\n'
    )
    path = tmp_path / "set.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ParameterError, match=message):
        load_parameters(path)


def test_a_pipe_is_no_parameter_file(tmp_path):
    os.mkfifo(tmp_path / "set.toml")
    with pytest.raises(ParameterError, match="a device or pipe"):
        load_parameters(tmp_path / "set.toml")


def test_bounds_of_a_population_are_read_written_and_wider(tmp_path) -> None:
    table = """[k]
value = 1.0
unit = "1/d"
lower = 0.5
upper = 2.0
{}
meaning = "rate"
source = "made up"
"""
    file = tmp_path / "set.toml"
    file.write_text(table.format("population_upper = 9.0"))
    parameter = load_parameters(file)["k"]
    assert (parameter.population_lower, parameter.population_upper) == (0.5, 9.0)
    assert (parameter.widened().lower, parameter.widened().upper) == (0.5, 9.0)
    write_parameters(load_parameters(file), tmp_path / "again.toml")
    assert load_parameters(tmp_path / "again.toml")["k"] == parameter
    for narrow in ("population_upper = 1.5", "population_lower = 0.6"):
        file.write_text(table.format(narrow))
        with pytest.raises(ParameterError, match=f"k.{narrow.split()[0]}: must not"):
            load_parameters(file)
