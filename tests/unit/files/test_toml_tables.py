"""Tables of TOML files: what is refused, and the line that is named."""

import os

import pytest

from remodel.errors import ConfigError
from remodel.files import load_toml
from remodel.files.schema import Positive, Schema, validate


class Years(Schema):
    years: float


class Positives(Schema):
    x: Positive


def write(tmp_path, text):
    path = tmp_path / "a.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = [" + "[" * 3000 + "]" * 3000 + "]", "nested too deep"),
        (".".join("k" * 1 for _ in range(20_000)) + " = 1", "line 1: a key is nested"),
        (
            "[t]\nx = { " + ".".join("'k'" for _ in range(9_000)) + " = 1 }",
            "line 2: a key is nested",
        ),
        ("a = 1" + "0" * 5000, "not valid TOML"),
        ("a = ", "not valid TOML"),
    ],
)
def test_a_file_that_would_overwhelm_the_parser_is_refused(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        load_toml(write(tmp_path, text))


def test_a_list_of_many_decimals_is_no_nested_key(tmp_path):
    numbers = ", ".join(f"{k}.5" for k in range(500))
    assert load_toml(write(tmp_path, f"values = [{numbers}]")).numbers("values")[-1] == 499.5


def test_a_number_of_400_digits_is_refused(tmp_path):
    top = load_toml(write(tmp_path, "years = 1" + "0" * 400))
    with pytest.raises(ConfigError, match=r"line 1, years: expected a number, got 1000.*\.\.\.\.$"):
        validate(top, Years)


def test_a_pipe_and_a_folder_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="a device or pipe"):
        load_toml(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="a folder"):
        load_toml(tmp_path)
    with pytest.raises(ConfigError, match="No such file"):
        load_toml(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_toml("a\0b")


def test_an_error_carries_its_key_and_value(tmp_path):
    top = load_toml(write(tmp_path, "[a]\nx = -3\n"))
    with pytest.raises(ConfigError) as caught:
        validate(top.table("a"), Positives)
    error = caught.value
    assert (error.field, error.value, error.problem) == (
        "x",
        -3,
        "expected a number above 0, got -3.",
    )
    assert error.place == f"{tmp_path / 'a.toml'}, line 2, [a] x"
    assert str(error) == f"{error.place}: {error.problem}"
