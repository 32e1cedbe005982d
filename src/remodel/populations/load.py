"""Reading a population: a preset, or a TOML file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from remodel.errors import ConfigError, nearest
from remodel.files import Table, parse_toml, read_text
from remodel.files.schema import Schema, Texts, one_of, validate
from remodel.observations import trial_names
from remodel.patient import SITES
from remodel.populations.adherence import Pattern
from remodel.populations.definition import CHANGES, Change, Component, Definition, Moment
from remodel.populations.distributions import KINDS, Distribution
from remodel.populations.wander import Wander
from remodel.units import read_time

Time = float | str


class SpreadTable(Schema):
    """A table ``[patient.NAME]``."""

    distribution: Annotated[str, one_of(KINDS, "a distribution")]
    center: float = math.nan
    sd: float = math.nan
    sd_upper: float = math.nan
    lower: float = -math.inf
    upper: float = math.inf
    freedom: float = math.nan
    unit: str = "-"
    source: str
    estimated: bool = False

    def spread(self, table: Table) -> Distribution:
        """Return the distribution, errors with file and line."""
        try:
            return Distribution(
                self.distribution, self.center, self.sd, self.sd_upper, self.lower, self.upper,
                self.freedom, self.unit, self.source, self.estimated,
            )  # fmt: skip
        except ConfigError as error:
            table.fail(error.field or "distribution", error.problem, error)


class ComponentTable(SpreadTable):
    """A table ``[parameter.NAME]``."""

    of: Texts = ()
    change: Annotated[str, one_of(CHANGES, "a change of a parameter")] = "multiply"
    verdict: str = ""
    sd_low: float = math.nan
    sd_high: float = math.nan


class CorrelationTable(Schema):
    """A table ``[[correlation]]``."""

    of: Texts
    r: float
    source: str = ""


class AdherenceTable(Schema):
    """A table ``[[adherence]]``; times are numbers of months, or texts with a unit."""

    pattern: str
    share: float
    drugs: Texts = ()
    stop: Time | None = None
    gap: list[Time] | None = None
    taken: float = 1.0
    late: Time = 0.0
    source: str = ""


class WanderTable(Schema):
    """The table ``[wander]``."""

    sd: dict[str, float]
    growth: float = 0.0
    correlation: list[CorrelationTable] = Field(default_factory=list)
    freedom: Annotated[float, Field(allow_inf_nan=True)] = math.inf
    source: str
    late_loss: dict[str, float] = Field(default_factory=dict)
    late: float = 75.0


class LimitTable(Schema):
    """A table ``[limits.NAME]``."""

    lower: float = -math.inf
    upper: float = math.inf


class MomentTable(Schema):
    """A table ``[match.NAME]``."""

    mean: float
    sd: Annotated[float, Field(ge=0)] = math.nan


class PopulationFile(Schema):
    """A population."""

    name: str = ""
    about: str = ""
    like: str = ""
    patient: dict[str, SpreadTable] = Field(default_factory=dict)
    parameter: dict[str, ComponentTable] = Field(default_factory=dict)
    correlation: list[CorrelationTable] = Field(default_factory=list)
    adherence: list[AdherenceTable] = Field(default_factory=list)
    wander: WanderTable | None = None
    limits: dict[str, LimitTable] = Field(default_factory=dict)
    match: dict[str, MomentTable] = Field(default_factory=dict)


def preset_names() -> tuple[str, ...]:
    """Return the names of the populations that come with the package."""
    folder = resources.files("remodel.populations") / "presets"
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load_definition(source: str | Path | Mapping[str, Any]) -> Definition:
    """Return the definition of a population.

    Parameters
    ----------
    source : str, Path or mapping
        Name of a preset, path of a TOML file, or the content of one.

    Raises
    ------
    ConfigError
        If it is unknown, or not a population; the message names file, line and key.
    """
    if isinstance(source, Mapping):
        return definition_of(Table(None, "", source), "")
    if str(source) in preset_names():
        text = preset_text(str(source))
        content = parse_toml(text, f"{source}.toml", ConfigError)
        return definition_of(Table(None, "", content), text, str(source))
    path = Path(source)
    if path.suffix != ".toml":
        hint = nearest(str(source), (*preset_names(), *trial_names()), cutoff=0.8) or (
            f" Known: {', '.join(preset_names())}, and the trials of 'remodel list trials'."
        )
        raise ConfigError(f"'{source}' is not a population.{hint}", field="like")
    text = read_text(path, ConfigError)
    return definition_of(Table(path, "", parse_toml(text, str(path), ConfigError)), text, path.stem)


def preset_text(name: str) -> str:
    """Return the TOML text of a preset."""
    folder = resources.files("remodel.populations") / "presets"
    return (folder / f"{name}.toml").read_text("utf-8")


def definition_of(top: Table, text: str, name: str = "") -> Definition:
    """Return the definition that a table holds.

    Raises
    ------
    ConfigError
    """
    top = _completed(top)
    content = validate(top, PopulationFile)
    patients = top.table("patient")
    patient = {n: s.spread(patients.table(n)) for n, s in content.patient.items()}
    parameters = top.table("parameter")
    components = tuple(
        _component(n, table, parameters.table(n)) for n, table in content.parameter.items()
    )
    adherence = [_pattern(t, top.item("adherence", i)) for i, t in enumerate(content.adherence)]
    wander = None
    if content.wander is not None:
        wander = top.checked("wander", _wander, content.wander)
    correlations = {
        _pair(t, top.item("correlation", i)): t.r for i, t in enumerate(content.correlation)
    }
    try:
        return Definition(
            content.name or name or f"like {content.like}",
            content.about,
            patient,
            components,
            correlations,
            tuple(adherence) or (Pattern("as prescribed", 1.0),),
            wander,
            {n: (limit.lower, limit.upper) for n, limit in content.limits.items()},
            tuple(Moment(n, m.mean, m.sd) for n, m in content.match.items()),
            text,
        )
    except ConfigError as error:
        file = "" if top.path is None else str(top.path)
        raise (error.at(file) if file else error) from error


def _completed(top: Table) -> Table:
    """Return a table with what it leaves to the preset that it is like."""
    if "like" not in top.content:
        return top
    name = top.text("like")
    if name not in preset_names():
        top.fail("like", f"'{name}' is not a population.{nearest(name, preset_names())}")
    base = _completed(Table(None, "", parse_toml(preset_text(name), name, ConfigError)))
    content = {**base.content, **top.content}
    if "name" not in top.content:  # what differs from a preset is not called like it
        del content["name"]
    for key in ("patient", "parameter", "limits", "match"):
        content[key] = {**base.content.get(key, {}), **top.value(key, dict, {})}
    return replace(top, content=content)


def _component(name: str, content: ComponentTable, table: Table) -> Component:
    change: Change = content.change  # type: ignore[assignment] # the schema has checked it
    return Component(
        name, content.spread(table), content.of or (name,), change,
        content.verdict, content.sd_low, content.sd_high,
    )  # fmt: skip


def _pair(content: CorrelationTable, table: Table) -> tuple[str, str]:
    if len(content.of) != 2 or content.of[0] == content.of[1]:
        table.fail("of", f"expected two names, got {list(content.of)}.")
    return content.of[0], content.of[1]


def _pattern(content: AdherenceTable, table: Table) -> Pattern:
    try:
        gap = content.gap
        if gap is not None and len(gap) != 2:
            table.fail("gap", f"expected two times, got {len(gap)}.")
        return Pattern(
            content.pattern,
            content.share,
            content.drugs,
            None if content.stop is None else read_time(content.stop, "mo", "stop"),
            None
            if gap is None
            else (read_time(gap[0], "mo", "gap"), read_time(gap[1], "mo", "gap")),
            content.taken,
            read_time(content.late, "mo", "late"),
            content.source,
        )
    except ConfigError as error:
        if error.place:
            raise
        table.fail(error.field or "pattern", error.problem, error)


def _wander(content: WanderTable) -> Wander:
    for key, values in (("sd", content.sd), ("late_loss", content.late_loss)):
        for site in values:
            if site not in SITES:
                raise ConfigError(f"'{site}' is not a site.{nearest(site, SITES)}", field=key)
    pairs = {frozenset(table.of): table.r for table in content.correlation}
    spine, hip, neck = SITES
    return Wander(
        _by_site(content.sd),
        content.growth,
        (
            pairs.get(frozenset((spine, hip)), 0.0),
            pairs.get(frozenset((spine, neck)), 0.0),
            pairs.get(frozenset((hip, neck)), 0.0),
        ),
        content.freedom,
        content.source,
        _by_site(content.late_loss),
        content.late,
    )


def _by_site(values: Mapping[str, float]) -> tuple[float, float, float]:
    spine, hip, neck = SITES
    return values.get(spine, 0.0), values.get(hip, 0.0), values.get(neck, 0.0)
