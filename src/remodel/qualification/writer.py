"""Texts of the report, filled from what was found."""

from __future__ import annotations

from remodel.qualification.blocks import Bullets, Paragraph
from remodel.qualification.findings import Findings
from remodel.qualification.numbers import Name, Words, filled, shown


class Writer:
    """Blocks of a report, made from findings."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def words(self, template: str) -> Words:
        """Return a text filled with numbers."""
        return filled(template, self.findings.numbers)

    def text(self, template: str) -> Paragraph:
        """Return a paragraph."""
        return Paragraph(self.words(template))

    def bullets(self, *templates: str) -> Bullets:
        """Return a list."""
        return Bullets([self.words(template) for template in templates])

    def cell(self, key: str, form: str) -> Words:
        """Return a number as a cell."""
        return (shown(key, self.findings.numbers, form),)

    def cells(self, prefix: str, forms: dict[str, str]) -> list[Words]:
        """Return numbers of one row of a table, by column and format."""
        return [self.cell(f"{prefix}.{column}", form) for column, form in forms.items()]


def name(text: object) -> Words:
    """Return a name as a cell."""
    return (Name(str(text)),)
