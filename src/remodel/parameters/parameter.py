"""One parameter: a number with a unit, bounds, a prior and a source."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from remodel.errors import ParameterError

Status = Literal["fixed", "estimated", "input"]
Provenance = Literal["read", "derived", "recalled", "estimated", "definition"]


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed of a parameter before any fit.

    ``lognormal``: the logarithm is normal about log(center) with standard deviation ``sd``.
    ``normal``: normal about ``center`` with standard deviation ``sd`` in the parameter's unit.
    ``uniform``: every value within the bounds alike.
    """

    kind: Literal["lognormal", "normal", "uniform"]
    center: float = math.nan
    sd: float = math.nan


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter or input of a model.

    Attributes
    ----------
    name : str
    value, lower, upper : float
        In ``unit``; the bounds are those of a typical patient, or of a mean over women.
    unit : str
        As written in the file and shown to people.
    factor : float
        Multiplies a value in ``unit`` to give the value the equations use (time in days).
    status : str
        ``fixed`` from biology, ``estimated`` by a fit, or ``input``: set by the patient or the
        schedule.
    provenance : str
        How the number is known: ``read`` in the source, ``derived`` from read numbers,
        ``recalled`` from memory, ``estimated`` by a fit, or true by ``definition``.
    population_lower, population_upper : float
        Bounds of one woman among others; never narrower than those of a typical one, which are
        the default.
    """

    name: str
    value: float
    unit: str
    lower: float
    upper: float
    meaning: str
    source: str
    status: Status = "fixed"
    provenance: Provenance = "read"
    prior: Prior = Prior("uniform")
    symbol: str = ""
    factor: float = 1.0
    population_lower: float = math.nan
    population_upper: float = math.nan

    def __post_init__(self) -> None:
        """Refuse a value that is not finite or not within its bounds."""
        for number in ("value", "lower", "upper", "factor"):
            object.__setattr__(self, number, float(getattr(self, number)))
        # min and max return their first argument where the second is not a number
        object.__setattr__(self, "population_lower", min(self.lower, self.population_lower))
        object.__setattr__(self, "population_upper", max(self.upper, self.population_upper))
        if not self.lower <= self.upper:
            raise ParameterError(
                f"{self.name}: lower bound {self.lower:g} exceeds upper bound {self.upper:g}."
            )
        if self.prior.kind == "lognormal" and not self.prior.center > 0:
            raise ParameterError(
                f"{self.name}: a lognormal prior about {self.prior.center:g}; its center must be "
                "above 0."
            )
        self.check(self.value)

    def widened(self) -> Parameter:
        """Return the parameter with the bounds of one woman among others."""
        return replace(self, lower=self.population_lower, upper=self.population_upper)

    def check(self, value: float) -> None:
        """Raise if a value is not finite or outside the bounds.

        Raises
        ------
        ParameterError
        """
        unit = "" if self.unit == "-" else f" {self.unit}"
        if not math.isfinite(value):
            raise ParameterError(f"{self.name} = {value}{unit}: must be a finite number.")
        if not self.lower <= value <= self.upper:
            raise ParameterError(
                f"{self.name} = {value:g}{unit} is outside its bounds "
                f"{self.lower:g} to {self.upper:g}{unit}."
            )
