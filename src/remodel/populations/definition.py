"""What a population is: how patients and parameters are spread, and how drugs are taken."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from remodel.errors import ConfigError, nearest
from remodel.patient import SITES
from remodel.populations.adherence import Pattern
from remodel.populations.correlation import factor
from remodel.populations.distributions import Distribution
from remodel.populations.wander import Wander

Change = Literal["multiply", "add", "set"]
CHANGES: tuple[Change, ...] = ("multiply", "add", "set")
DENSITIES = tuple(f"relative_density_{site}" for site in SITES)
"""Density at day 0 relative to the mean of women of her age; it decides her T-scores."""
T_SCORES = tuple(f"t_score_{site}" for site in SITES)
RISKS = ("prior_fracture", "parental_fracture", "smoking", "glucocorticoids")
"""Yes or no, 1 or 0."""
ATTRIBUTES = ("age", "menopause_age", "bmi", "male", *RISKS, *DENSITIES)
"""Names of ``[patient.NAME]``."""
DERIVED = ("years_since_menopause", *T_SCORES)
"""What limits and moments may name beside attributes and components."""


@dataclass(frozen=True, slots=True)
class Component:
    """What differs between women beside what a patient is asked: a factor on parameters.

    Parameters
    ----------
    name : str
    distribution : Distribution
    parameters : tuple of str
        Of the model; all are changed alike.
    change : {"multiply", "add", "set"}
        What the value does to each of them.
    verdict : str
        What an estimate said: identified, weak, or from the literature.
    sd_low, sd_high : float
        Interval of 90 % of an estimated spread.
    """

    name: str
    distribution: Distribution
    parameters: tuple[str, ...]
    change: Change = "multiply"
    verdict: str = ""
    sd_low: float = math.nan
    sd_high: float = math.nan


@dataclass(frozen=True, slots=True)
class Moment:
    """A mean, and perhaps a standard deviation, that weighted women must have."""

    name: str
    mean: float
    sd: float = math.nan


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A population before anybody is drawn.

    Attributes
    ----------
    name, about : str
    patient : mapping of str to Distribution
        By attribute; see ``ATTRIBUTES``.
    components : tuple of Component
    correlations : mapping of two str to float
        Of the normal scores of attributes and components.
    adherence : tuple of Pattern
        Shares sum to 1.
    wander : Wander or None
    limits : mapping of str to (float, float)
        Women outside are impossible.
    match : tuple of Moment
    text : str
        TOML that defines it.
    """

    name: str
    about: str
    patient: Mapping[str, Distribution]
    components: tuple[Component, ...] = ()
    correlations: Mapping[tuple[str, str], float] = field(default_factory=dict)
    adherence: tuple[Pattern, ...] = (Pattern("as prescribed", 1.0),)
    wander: Wander | None = None
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    match: tuple[Moment, ...] = ()
    text: str = ""

    def __post_init__(self) -> None:
        """Refuse names nobody knows, shares that do not sum to 1 and impossible correlations."""
        for name in self.patient:
            if name not in ATTRIBUTES:
                raise ConfigError(
                    f"'{name}' is not an attribute of a patient.{nearest(name, ATTRIBUTES)}"
                )
        if "age" not in self.patient:
            raise ConfigError("a population needs [patient.age].", field="age")
        names = self.names
        for pair in self.correlations:
            for name in pair:
                if name not in names:
                    raise ConfigError(
                        f"correlation of '{pair[0]}' and '{pair[1]}': this population has no "
                        f"'{name}'.{nearest(name, names)}",
                        field="of",
                    )
        factor(names, self.correlations)
        known = (*names, *DERIVED)
        for name in (*self.limits, *(moment.name for moment in self.match)):
            if name not in known:
                raise ConfigError(f"women have no '{name}'.{nearest(name, known)}", field=name)
        total = math.fsum(pattern.share for pattern in self.adherence)
        if abs(total - 1) > 1e-6:
            raise ConfigError(
                f"the shares of adherence sum to {total:g}; they must sum to 1.", field="share"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of everything that is drawn."""
        return (*self.patient, *(component.name for component in self.components))

    @property
    def distributions(self) -> dict[str, Distribution]:
        """Distributions of everything that is drawn, in the order of ``names``."""
        return {**self.patient, **{c.name: c.distribution for c in self.components}}
