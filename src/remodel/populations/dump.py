"""Writing a definition as TOML that reads back equal."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

from remodel.patient import SITES
from remodel.populations.adherence import Pattern
from remodel.populations.definition import Definition
from remodel.populations.distributions import Distribution
from remodel.populations.wander import Wander


def definition_text(definition: Definition) -> str:
    """Return TOML that :func:`remodel.populations.load.load_definition` reads as the same."""
    return definition.text or "\n".join(_lines(definition)) + "\n"


def _lines(definition: Definition) -> Iterator[str]:
    yield f"name = {json.dumps(definition.name)}"
    yield f"about = {_text(definition.about)}"
    for name, spread in definition.patient.items():
        yield from ("", f"[patient.{name}]", *_spread(spread))
    for component in definition.components:
        yield from ("", f"[parameter.{component.name}]", *_spread(component.distribution))
        yield f"of = {json.dumps(list(component.parameters))}"
        yield f'change = "{component.change}"'
        yield from _numbers(sd_low=component.sd_low, sd_high=component.sd_high)
        if component.verdict:
            yield f"verdict = {_text(component.verdict)}"
    for pair, r in definition.correlations.items():
        yield from ("", "[[correlation]]", f"of = {json.dumps(list(pair))}", f"r = {r!r}")
    for pattern in definition.adherence:
        yield from ("", "[[adherence]]", *_pattern(pattern))
    if definition.wander is not None:
        yield from _wander(definition.wander)
    for name, (low, high) in definition.limits.items():
        yield from ("", f"[limits.{name}]", *_numbers(lower=low, upper=high))
    for moment in definition.match:
        yield from ("", f"[match.{moment.name}]", *_numbers(mean=moment.mean, sd=moment.sd))


def _text(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)


def _numbers(**values: float) -> Iterator[str]:
    """Yield the numbers that are known."""
    for key, value in values.items():
        if math.isfinite(value):
            yield f"{key} = {value!r}"


def _spread(spread: Distribution) -> Iterator[str]:
    yield f'distribution = "{spread.kind}"'
    yield from _numbers(
        center=spread.center,
        sd=spread.sd,
        sd_upper=spread.sd_upper,
        lower=spread.lower,
        upper=spread.upper,
        freedom=spread.freedom,
    )
    yield f"unit = {_text(spread.unit)}"
    yield f"source = {_text(spread.source)}"
    yield f"estimated = {str(spread.estimated).lower()}"


def _pattern(pattern: Pattern) -> Iterator[str]:
    yield f"pattern = {_text(pattern.name)}"
    yield f"drugs = {json.dumps(list(pattern.drugs))}"
    yield from _numbers(share=pattern.share, taken=pattern.taken)
    yield f'late = "{pattern.late!r} d"'
    if pattern.stop is not None:
        yield f'stop = "{pattern.stop!r} d"'
    if pattern.gap is not None:
        yield f'gap = ["{pattern.gap[0]!r} d", "{pattern.gap[1]!r} d"]'
    yield f"source = {_text(pattern.source)}"


def _wander(wander: Wander) -> Iterator[str]:
    sizes = ", ".join(f"{s} = {v!r}" for s, v in zip(SITES, wander.sd, strict=True))
    yield from ("", "[wander]", f"sd = {{ {sizes} }}")
    yield from _numbers(growth=wander.growth, freedom=wander.freedom)
    if any(wander.late_loss):
        losses = ", ".join(f"{s} = {v!r}" for s, v in zip(SITES, wander.late_loss, strict=True))
        yield f"late_loss = {{ {losses} }}"
        yield from _numbers(late=wander.late)
    yield f"source = {_text(wander.source)}"
    pairs = ((0, 1), (0, 2), (1, 2))
    for (i, j), r in zip(pairs, wander.correlation, strict=True):
        yield from (
            "",
            "[[wander.correlation]]",
            f'of = ["{SITES[i]}", "{SITES[j]}"]',
            f"r = {r!r}",
        )
