"""What a monitoring plan is: the tables of ``PLAN.toml``."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Field

from remodel.files.schema import Count, CountOrZero, Numbers, Positive, Schema, Texts

Share = Annotated[float, Field(ge=0, le=1)]
Precision = Literal["long_term", "same_day"]
MONTHS_PER_YEAR = 12
NEED = "t_score <= -2.5 or bmd_percent_change <= -10"


class Visit(Schema):
    """One of ``visits``: a month after the first, and what is read then.

    Attributes
    ----------
    months : float
        Whole.
    endpoints : tuple of str
        Densities and markers.
    """

    months: Positive
    endpoints: Texts


class PlanTable(Schema):
    """A table ``[[plan]]``: a list of visits, or a guideline.

    Attributes
    ----------
    name : str
    visits : list of Visit
        All endpoints are read at month 0, too.
    guideline : str
        Name of a guideline, or a TOML file of a policy.
    """

    name: str = Field(min_length=1)
    visits: list[Visit] = Field(default_factory=list)
    guideline: str = ""


class Search(Schema):
    """The table ``[search]``: candidates, each looked at alone, and how many to choose.

    Attributes
    ----------
    months : tuple of float
    endpoints : tuple of str
        Read at each.
    visits : int
        How many are chosen at most, one after the other, by the variance of the forecast.
    """

    months: Numbers
    endpoints: Texts
    visits: CountOrZero = 2


class Pays(Schema):
    """The table ``[pays]``: from when on a visit is worth its cost, by each measure."""

    probability_beyond: Share = 0.5
    variance_reduction: Share = 0.1
    decision_improved: Share = 0.02


class Reading(Schema):
    """The table ``[reading]``: how visits are read.

    Attributes
    ----------
    precision : {"long_term", "same_day"}
        Of scans as they are.
    assumed_precision : {"long_term", "same_day"}
        Of which the least significant change is computed.
    samples : int
        Scans and blood samples whose mean is one reading.
    repeats : int
        Independent readings of each woman that probabilities are counted over.
    """

    precision: Precision = "long_term"
    assumed_precision: Precision = "long_term"
    samples: Count = 1
    repeats: Count = 20


class Design(Schema):
    """A whole ``PLAN.toml``.

    Attributes
    ----------
    title : str
    woman : str or table
        ``WOMAN.toml`` of one woman, from whose readings on a plan is made, instead of a population.
    population : str or table
        A preset, a file or a shipped trial.
    women : int
    seed : int
    schedule : str
        What all are given from month 0 on.
    adherence : {"population", "as_prescribed"}
    without_wander : tuple of str
        Sites whose true density follows its mechanism alone.
    horizon_years : float
        Whole; the forecast is for its end.
    forecast : str
        Density whose change until then is forecast.
    rule : str or table
        Policy by which visits decide: a guideline, a TOML file, or its content.
    need : str
        Condition on the true course without a bone drug, looked at every year: who needs one.
    plan : list of PlanTable
    search : Search, optional
    pays : Pays
    reading : Reading
    country : str
        Of the ten-year probabilities that rules look at.
    treatment_months : int
        When bone drugs of rules end, and visits with them, such as the end of an inhibitor; 0 for
        never.
    """

    title: str = ""
    woman: str | dict[str, Any] = ""
    population: str | dict[str, Any] = "postmenopausal"
    women: Count = 1000
    seed: CountOrZero = 0
    schedule: str = ""
    adherence: Literal["population", "as_prescribed"] = "population"
    without_wander: Texts = ()
    horizon_years: Count = 5
    forecast: str = "bmd_total_hip"
    rule: str | dict[str, Any] = ""
    need: str = NEED
    plan: list[PlanTable] = Field(default_factory=list)
    search: Search | None = None
    pays: Pays = Pays()
    reading: Reading = Reading()
    country: str = "UK"
    treatment_months: CountOrZero = 0

    @property
    def horizon(self) -> int:
        """Months of the forecast."""
        return MONTHS_PER_YEAR * self.horizon_years

    @property
    def last_month(self) -> float:
        """Month at which bone drugs of rules end."""
        return float(self.treatment_months) or math.inf
