"""Skeletal sites: equations written once, with the word ``site`` in their names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from remodel.equations import Equation, Port, State

Part = Equation | State | Port
SITES = ("lumbar_spine", "total_hip", "femoral_neck")
PLACEHOLDER = "site"


def at_site(part: Part, site: str) -> Part:
    """Return an equation or state for one site.

    Parameters
    ----------
    part : Equation or State
        Written with ``site`` for the site in its name, arguments and meaning.
    site : str
        Such as ``total_hip``.
    """
    words = site.replace("_", " ")

    def named(name: str) -> str:
        return name.replace(PLACEHOLDER, site)

    def worded(text: str) -> str:
        return text.replace(PLACEHOLDER, words)

    if isinstance(part, State):
        return replace(part, name=named(part.name), meaning=worded(part.meaning))
    if isinstance(part, Port):
        return replace(part, name=named(part.name), meaning=worded(part.meaning))
    return replace(
        part,
        name=named(part.name),
        arguments=tuple(named(argument) for argument in part.arguments),
        source=named(part.source),
        target=named(part.target),
        meaning=worded(part.meaning),
        reference=worded(part.reference),
        long_name=worded(part.long_name),
    )


def at_all_sites(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return equations and states for every site."""
    written = tuple(parts)
    return tuple(at_site(part, site) for site in SITES for part in written)
