"""What a virtual trial is: the tables of ``TRIAL.toml``."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from remodel.errors import ConfigError
from remodel.files.schema import (
    Count,
    CountOrZero,
    FileName,
    Numbers,
    Positive,
    Schema,
    Texts,
    one_of,
)
from remodel.observations import load_trial
from remodel.schedules import Schedule
from remodel.units import PERCENT_CHANGE

QUICK = ("t_test", "ancova", "responders")
"""Analyses that are repeated thousands of times."""
ANALYSES = (*QUICK, "mixed_model")
COVARIANCES = ("compound_symmetry", "random_slope")
_VERSUS = re.compile(r"\s+(?:vs\.?|versus|against|-|minus)\s+")


def _share_below_one(value: float) -> float:
    if not 0 <= value < 1:
        raise ValueError(f"expected a share from 0 to below 1, got {value:g}.")
    return value


def _between(value: float) -> float:
    if not 0 < value < 1:
        raise ValueError(f"expected a number between 0 and 1, got {value:g}.")
    return value


def _limits(value: Any) -> Any:
    """Return a pair [lower, upper] as a table."""
    if isinstance(value, list | tuple) and len(value) == 2:
        return {"lower": value[0], "upper": value[1]}
    return value


def _listed(value: Any) -> Any:
    """Return a single word or number as a list of one."""
    is_single = isinstance(value, str | int | float) and not isinstance(value, bool)
    return [value] if is_single else value


Share = Annotated[float, AfterValidator(_share_below_one)]
Between = Annotated[float, AfterValidator(_between)]
Months = Annotated[Numbers, BeforeValidator(_listed)]
Words = Annotated[Texts, BeforeValidator(_listed)]


class Arm(Schema):
    """A table ``[[arm]]``.

    Attributes
    ----------
    name : str
    schedule : str
        What is given from month 0 on; by default that of the first arm in ``published``, or
        nothing.
    share : int
        Of women, in proportion to the other shares.
    published : tuple of str
        Arms of shipped trials as ``STUDY/ARM``, shown beside this one.
    assumed_mean, assumed_sd : float, optional
        Change as read at every visit [%], instead of a simulation.
    """

    name: FileName
    schedule: str | None = None
    share: Count = 1
    published: Words = ()
    assumed_mean: float | None = None
    assumed_sd: Positive | None = None


class Limits(Schema):
    """A table ``[entry.NAME]``: what is outside is not let in."""

    lower: float | None = None
    upper: float | None = None


class RunIn(Schema):
    """The table ``[run_in]``: months before day 0, which only women who take their drugs pass."""

    months: Positive
    schedule: str = "none"
    least_taken: Annotated[float, Field(ge=0, le=1)] = 0.0


class Visits(Schema):
    """The table ``[visits]``."""

    months: Months
    window_months: Annotated[float, Field(ge=0)] = 0.0
    missed: Share = 0.0


class Dropout(Schema):
    """The table ``[dropout]``.

    Attributes
    ----------
    per_year : float
        Share of women who leave in a year.
    hazard_per_percent_lost : float
        Factor on their hazard for each percent of change below the mean of the trial, at its last
        visit, of the first endpoint; 1 where leaving says nothing about bone.
    """

    per_year: Share = 0.0
    hazard_per_percent_lost: Positive = 1.0


class Stratum(Schema):
    """A table ``[[stratum]]``: allocation is balanced between these cuts of a screening value."""

    name: str
    cuts: Months


class Endpoint(Schema):
    """A table ``[[endpoint]]``: a change in percent at visits, and how arms are compared."""

    name: str
    months: Months
    analysis: Words = ("ancova",)
    comparison: Words = ()
    responder: float = 0.0

    @property
    def measurement(self) -> str:
        """Name of what is measured."""
        return self.name.removesuffix(PERCENT_CHANGE)


class Power(Schema):
    """The table ``[power]``."""

    sizes: Annotated[tuple[Count, ...], BeforeValidator(_listed), Field(strict=False)] = (100,)
    replicates: Annotated[int, Field(ge=2, le=1_000_000)] = 500
    alpha: Between = 0.05
    mixed_model_replicates: CountOrZero = 100
    covariance: Annotated[str, one_of(COVARIANCES, "a covariance")] = COVARIANCES[0]


class SampleSize(Schema):
    """The table ``[sample_size]``: the power to be reached by the first endpoint."""

    power: Between
    largest: Annotated[int, Field(ge=4)] = 5000


class Assurance(Schema):
    """The table ``[assurance]``: power over draws of the parameters of the model."""

    draws: Annotated[int, Field(ge=2)] = 30
    replicates: Annotated[int, Field(ge=2)] = 100
    women: Annotated[int, Field(ge=50)] = 1000
    file: str = ""


class Measurement(Schema):
    """The table ``[measurement]``: how visits are read."""

    instruments: str = ""
    precision: Literal["long_term", "same_day"] = "long_term"
    samples: Count = 1
    screening_is_baseline: bool = False


class Design(Schema):
    """Everything that decides the numbers of a virtual trial."""

    arm: list[Arm]
    visits: Visits
    endpoint: list[Endpoint]
    title: str = ""
    question: str = ""
    answer: str = ""
    population: str | dict[str, Any] = "postmenopausal"
    women: Annotated[int, Field(ge=50)] = 4000
    model: str = "reference"
    prior: str = "none"
    adherence: Literal["population", "as_prescribed"] = "population"
    run_in: RunIn | None = None
    entry: dict[str, Annotated[Limits, BeforeValidator(_limits)]] = Field(default_factory=dict)
    stratum: list[Stratum] = Field(default_factory=list)
    dropout: Dropout = Dropout()
    measurement: Measurement = Measurement()
    power: Power = Power()
    sample_size: SampleSize | None = None
    assurance: Assurance | None = None
    seed: CountOrZero = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the arms."""
        return tuple(arm.name for arm in self.arm)

    @property
    def measurements(self) -> tuple[str, ...]:
        """What is measured at visits, each once."""
        return tuple(dict.fromkeys(e.measurement for e in self.endpoint))

    @property
    def later(self) -> tuple[float, ...]:
        """Visits after day 0 [months]."""
        return tuple(month for month in self.visits.months if month > 0)

    @property
    def is_assumed(self) -> bool:
        """Whether changes are assumed, not simulated."""
        return self.arm[0].assumed_mean is not None

    def schedule(self, arm: Arm) -> Schedule:
        """Return what women of an arm are given, before day 0 too."""
        sentences = [self.prior, _given(arm)]
        if self.run_in is not None and not _is_none(self.run_in.schedule):
            months = f"{self.run_in.months:g} mo"
            sentences.append(f"{self.run_in.schedule} for {months} from -{months}")
        kept = [sentence for sentence in sentences if not _is_none(sentence)]
        return Schedule.parse("; ".join(kept) if kept else "none")

    def comparisons(self, endpoint: Endpoint) -> tuple[tuple[str, str], ...]:
        """Return pairs of arms; by default the first against each of the others."""
        words = endpoint.comparison
        if not words:
            return tuple((self.names[0], other) for other in self.names[1:])
        if len(words) == 2 and all(word in self.names for word in words):
            return ((words[0], words[1]),)
        return tuple(_pair(word) for word in words)


def _given(arm: Arm) -> str:
    if arm.schedule is not None or not arm.published:
        return arm.schedule or "none"
    study, name = source_of(arm.published[0])
    return str(load_trial(study).arm(name).schedule)


def source_of(text: str) -> tuple[str, str]:
    """Return study and arm of a text like ``zofast/zol_immediate``.

    Raises
    ------
    ConfigError
    """
    study, _, arm = text.partition("/")
    if not arm:
        raise ConfigError(
            f"published: expected STUDY/ARM such as 'zofast/zol_immediate', got '{text}'.",
            field="published",
        )
    return study, arm


def _is_none(sentence: str) -> bool:
    return sentence.strip().lower() in ("", "none")


def _pair(words: str) -> tuple[str, str]:
    first, *rest = _VERSUS.split(words.strip())
    if len(rest) != 1:
        raise ConfigError(
            f"comparison = '{words}': name two arms, such as 'denosumab vs placebo'.",
            field="comparison",
        )
    return first, rest[0]
