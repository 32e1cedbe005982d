"""What a problem of decision is: the tables of ``PROBLEM.toml``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from remodel.files.schema import Count, CountOrZero, FileName, Positive, Schema, Texts, one_of

DIRECTIONS = ("minimize", "maximize")
METHODS = ("auto", "exhaustive", "tpe")
Time = float | str


class VariableTable(Schema):
    """A table ``[variable.NAME]``: numbers between two bounds, or texts to choose from.

    Attributes
    ----------
    lower, upper : float
    step : float, optional
        From one value to the next; any number between the bounds without it.
    choices : tuple of str
        Texts that take its place in the schedule; they may have variables of their own.
    names : tuple of str
        What the choices are called in tables; the texts themselves by default.
    """

    lower: float | None = None
    upper: float | None = None
    step: Positive | None = None
    choices: Texts = ()
    names: Texts = ()


class QuantityTable(Schema):
    """What an objective and a constraint are about.

    Attributes
    ----------
    quantity : str
    of : str
        ``mean``, ``median``, ``quantile 0.1``, ``probability below -2.5`` or ``... above ...``.
    at : float or str
        Months, or text such as ``5 y``; the horizon by default.
    unit : str
        Checked, where it is said.
    name : str
        Of its columns.
    """

    quantity: str
    of: str = "mean"
    at: Time = ""
    unit: str = ""
    name: FileName | Literal[""] = ""


class ObjectiveTable(QuantityTable):
    """A table ``[[objective]]``."""

    direction: Annotated[str, one_of(DIRECTIONS, "a direction")]


class ConstraintTable(QuantityTable):
    """A table ``[[constraint]]``: limits, of which one may be left out."""

    at_least: float | None = None
    at_most: float | None = None


class Search(Schema):
    """The table ``[search]``.

    Attributes
    ----------
    method : str
        ``exhaustive``, every plan; ``tpe``, Parzen estimators; ``auto``, every plan where there are
        no more than ``evaluations``.
    evaluations : int
        Plans looked at, at most.
    seed : int
    """

    method: Annotated[str, one_of(METHODS, "a method")] = "auto"
    evaluations: Count = 200
    seed: CountOrZero = 1


class Uncertainty(Schema):
    """The table ``[uncertainty]``: of the bone model, of the background and the link of fracture.

    Attributes
    ----------
    draws : int
        Of all of them together; 0 takes the best estimate of each.
    robust : str
        ``mean``: each woman has one of the draws. ``quantile 0.9``, and its like: every woman has
        every draw, and a plan is worth that quantile over the draws.
    """

    draws: CountOrZero = 40
    robust: str = "mean"


class Design(Schema):
    """A whole ``PROBLEM.toml``.

    Attributes
    ----------
    title : str
    population : str or table
        A preset, a file or a shipped trial.
    women, seed : int
    woman : str or table
        ``WOMAN.toml`` instead of a population: the draws of her posterior.
    country : str
        Of the fractures.
    horizon_years : float
    adherence : {"population", "as_prescribed"}
    schedule : str
        What is given, with ``{names}`` of variables.
    against : str
        The schedule that fractures prevented, and numbers needed to treat, are counted against.
    policy : str or table
        A guideline, a TOML file or its content, beside the schedule; also ``{names}``.
    rule : list of table
        Rules of a policy of one's own.
    endpoints : tuple of str
        What its visits read.
    interval_months : float
        Between its visits.
    risk_factors : tuple of str
        That its conditions count.
    need : str
        Condition on the true course without a bone drug: who needs one.
    variable : mapping of str to VariableTable
    objective : list of ObjectiveTable
    constraint : list of ConstraintTable
    search : Search
    uncertainty : Uncertainty
    """

    title: str = ""
    population: str | dict[str, Any] = ""
    women: Count = 300
    seed: CountOrZero = 0
    woman: str | dict[str, Any] = ""
    country: str = "UK"
    horizon_years: Annotated[float, Field(gt=0, le=40)] = 10.0
    adherence: Literal["population", "as_prescribed"] = "population"
    schedule: str = ""
    against: str = ""
    policy: str | dict[str, Any] = ""
    rule: list[dict[str, Any]] = Field(default_factory=list)
    endpoints: Texts = ()
    interval_months: Positive = 12.0
    risk_factors: Texts = ()
    need: str = ""
    variable: dict[str, VariableTable] = Field(default_factory=dict)
    objective: list[ObjectiveTable] = Field(min_length=1)
    constraint: list[ConstraintTable] = Field(default_factory=list)
    search: Search = Search()
    uncertainty: Uncertainty = Uncertainty()
