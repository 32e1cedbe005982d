"""Numbers of a report: each has a name, a unit and a source, and text is filled from them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from remodel.errors import ConfigError, nearest

_PLACE = re.compile(r"\{(?P<key>[\w.-]+)(?::(?P<form>[^}]*))?\}|`(?P<name>[^`]+)`")
_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Number:
    """One number that a run made.

    Attributes
    ----------
    value : float
    unit : str
    source : str
        What made it: the function, or the table it can be found in.
    """

    value: float
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A number as it stands in a text."""

    key: str
    text: str
    form: str


@dataclass(frozen=True, slots=True)
class Name:
    """Words that are a name, such as that of a parameter; digits in it are no number."""

    text: str


Words = tuple[str | Shown | Name, ...]
Numbers = Mapping[str, Number]


def filled(template: str, numbers: Numbers) -> Words:
    """Return a text with the numbers that it names in braces, and the names in backticks.

    Parameters
    ----------
    template : str
        Such as ``"{data.studies:.0f} studies of `denosumab`"``. It holds no digit of its own.
    numbers : mapping of str to Number

    Raises
    ------
    ConfigError
        If a number is not there.
    """
    return tuple(_pieces(template, numbers))


def _pieces(template: str, numbers: Numbers) -> Iterator[str | Shown | Name]:
    position = 0
    for match in _PLACE.finditer(template):
        if match.start() > position:
            yield template[position : match.start()]
        position = match.end()
        if match["name"]:
            yield Name(match["name"])
        else:
            yield shown(match["key"], numbers, match["form"] or "g")
    if position < len(template):
        yield template[position:]


def shown(key: str, numbers: Numbers, form: str) -> Shown:
    """Return a number as it stands in a text.

    Raises
    ------
    ConfigError
        If it is not there.
    """
    if key not in numbers:
        raise ConfigError(f"the report names the number '{key}', which no run made."
                          f"{nearest(key, numbers)}")  # fmt: skip
    return Shown(key, formatted(numbers[key].value, form), form)


def formatted(value: float, form: str) -> str:
    """Return a number in a format of Python: no minus before zero, a dash where there is none."""
    if math.isnan(value):
        return "–"
    text = format(int(value) if form.endswith("d") else value, form)
    mantissa, e, exponent = text.partition("e")
    if e:
        return f"{mantissa}e{int(exponent)}"
    return text if re.search("[1-9]", text) else text.removeprefix("-")


def slug(name: Any) -> str:
    """Return a name as part of a key, in small letters with underscores."""
    return _SLUG.sub("_", str(name).lower().replace("+", " and ")).strip("_")
