"""What a report is made of, for HTML and PDF alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from remodel.qualification.numbers import Words


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 (a section) or 2."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A few sentences."""

    words: Words


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    items: Sequence[Words]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; columns named in ``right`` hold numbers, and ``widths`` are shares of the page."""

    heads: Sequence[str]
    rows: Sequence[Sequence[Words]]
    caption: Words
    right: frozenset[int] = frozenset()
    widths: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure: its name, the PNG, and a caption that also is its alternative text."""

    name: str
    png: bytes
    caption: Words


@dataclass(frozen=True, slots=True)
class Formula:
    """An equation as LaTeX, with what it means."""

    latex: str
    meaning: str


Block = Heading | Paragraph | Bullets | Grid | Picture | Formula
