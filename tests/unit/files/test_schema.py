"""Schemas: pydantic checks, our sentences with file, line and key."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import Field, ValidationInfo, field_validator

from remodel.errors import ConfigError, ModelError
from remodel.files import Table, load_toml
from remodel.files.schema import Count, FileName, Numbers, Positive, Schema, Texts, one_of, validate


class Figure(Schema):
    name: FileName
    kind: Annotated[str, one_of(("map", "contours"), "a kind of figure")] = "map"
    values: Numbers = ()


class Arm(Schema):
    schedule: str
    count: Count = 1


class Experiment(Schema):
    title: str
    years: Positive = 1.0
    outputs: Texts = ()
    exact: bool = False
    arms: dict[str, Arm] = Field(default_factory=dict)
    figures: list[Figure] = Field(default_factory=list)
    solver: Figure | None = None

    @field_validator("title")
    @classmethod
    def known(cls, title: str, info: ValidationInfo) -> str:
        if info.context and title not in info.context["titles"]:
            raise ModelError(f"'{title}' is not here.")
        return title


TEXT = """\
title = "a"
years = 2
outputs = ["x", "y"]

[arms.first]
schedule = "none"

[[figures]]
name = "one"

[[figures]]
name = "two"
values = [1, 2.5]
"""


def read(tmp_path, text, context=None):
    path = tmp_path / "e.toml"
    path.write_text(text)
    return validate(load_toml(path), Experiment, context)


def test_a_table_becomes_an_object_with_defaults(tmp_path):
    experiment = read(tmp_path, TEXT)
    assert experiment.years == 2.0
    assert experiment.outputs == ("x", "y")
    assert experiment.arms["first"].count == 1
    assert experiment.figures[1].values == (1.0, 2.5)
    assert experiment.solver is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "a"\n', "", "title: this key is missing."),
        ("years = 2", "years = 0", "line 2, years: expected a number above 0, got 0."),
        ("years = 2", "years = true", "line 2, years: expected a number, got True."),
        ("years = 2", "years = nan", "line 2, years: expected a finite number, got nan."),
        ("years = 2", 'years = "2"', "line 2, years: expected a number, got '2'."),
        ("years = 2", "yaers = 2", "line 2, yaers: unknown key. Did you mean 'years'?"),
        ('["x", "y"]', "3", "line 3, outputs: expected a list, got 3."),
        ('["x", "y"]', '["x", 3]', "line 3, outputs: expected a list of strings, got 3 in it."),
        ("years = 2", "exact = 1", "line 2, exact: expected true or false, got 1."),
        ('schedule = "none"', "schedule = 3", "line 6, [arms.first] schedule: expected a string"),
        ('schedule = "none"', "", "line 5, [arms.first] schedule: this key is missing."),
        (
            'schedule = "none"',
            'schedule = "none"\ncount = 1.5',
            "line 7, [arms.first] count: expected a whole number, got 1.5.",
        ),
        (
            'schedule = "none"',
            'schedule = "none"\ncount = 0',
            "line 7, [arms.first] count: expected a whole number from 1, got 0.",
        ),
        (
            'schedule = "none"',
            'schedule = "none"\nshedule = 0',
            "line 7, [arms.first] shedule: unknown key. Did you mean 'schedule'?",
        ),
        (
            'name = "two"',
            'name = "two"\nkind = "mop"',
            "line 13, [figures] kind: 'mop' is not a kind of figure. Did you mean 'map'?",
        ),
        (
            'name = "two"',
            'nmae = "two"',
            "line 12, [figures] nmae: unknown key. Did you mean 'name'",
        ),
        (
            'name = "two"',
            'name = "../two"',
            "line 12, [figures] name: the name '../two' contains '/'",
        ),
        (
            "[1, 2.5]",
            '[1, "a"]',
            "line 13, [figures] values: expected a list of finite numbers, got 'a' in it.",
        ),
        (
            "[arms.first]",
            "[arms]\nfirst = 3\n[arms.second]",
            "[arms] first: expected a table, got 3.",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, old, new, message):
    assert old in TEXT
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, TEXT.replace(old, new))
    assert message in str(caught.value)


def test_an_array_of_tables_must_hold_tables(tmp_path):
    with pytest.raises(ConfigError, match=r"expected tables \[\[figures\]\], got 3"):
        read(tmp_path, 'title = "a"\nfigures = [3]\n')


def test_the_sentence_of_an_error_raised_by_a_validator_is_kept(tmp_path):
    with pytest.raises(ConfigError, match=r"line 1, title: 'a' is not here\.$") as caught:
        read(tmp_path, TEXT, {"titles": ["b"]})
    assert isinstance(caught.value.__cause__, ModelError)


def test_a_mapping_without_a_file_is_validated_alike():
    with pytest.raises(ConfigError, match=r"^\[solver\] name: this key is missing\.$"):
        validate(Table(None, "", {"title": "a", "solver": {}}), Experiment)


def test_an_immense_number_is_shown_shortly():
    with pytest.raises(ConfigError, match=r"expected a number, got 1000.*\.\.\.\.$") as caught:
        validate(Table(None, "", {"title": "a", "years": 10**400}), Experiment)
    assert len(str(caught.value)) < 150
