"""What a virtual trial is: ``TRIAL.toml``, read and checked before anything is simulated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from remodel.errors import ConfigError, nearest
from remodel.files import Table, load_toml
from remodel.files.schema import (
    Count,
    CountOrZero,
    FileName,
    Numbers,
    Positive,
    Schema,
    Texts,
    one_of,
    validate,
)
from remodel.measurement.instruments import load_instruments
from remodel.models import load_model
from remodel.schedules import Schedule
from remodel.units import PERCENT_CHANGE

ANALYSES = ("t_test", "ancova", "responders", "mixed_model")
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
        What is given from month 0 on.
    share : int
        Of women, in proportion to the other shares.
    published : tuple of str
        Arms of shipped trials as ``STUDY/ARM``, shown beside this one.
    assumed_mean, assumed_sd : float, optional
        Change as read at every visit [%], instead of a simulation.
    """

    name: FileName
    schedule: str = "none"
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
        sentences = [self.prior, arm.schedule]
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


def load_design(source: str | Path | Mapping[str, Any] | Design) -> Design:
    """Read and check the design of a trial.

    Parameters
    ----------
    source : path, mapping or Design
        ``TRIAL.toml`` or its content.

    Raises
    ------
    ConfigError
        Naming file, line and key.
    """
    if isinstance(source, Design):
        return source
    top = Table(None, "", source) if isinstance(source, Mapping) else load_toml(source)
    design = validate(top, Design)
    _check_arms(top, design)
    _check_visits(top, design)
    for i, endpoint in enumerate(design.endpoint):
        _check_endpoint(top.item("endpoint", i), design, endpoint)
    if not design.endpoint:
        top.fail("endpoint", "a trial needs at least one table [[endpoint]].")
    for i, stratum in enumerate(design.stratum):
        if not stratum.cuts or any(b <= a for a, b in zip(stratum.cuts, stratum.cuts[1:], strict=False)):
            top.item("stratum", i).fail("cuts", "expected rising numbers, at least one.")
    for name, limits in design.entry.items():
        low, high = limits.lower, limits.upper
        if low is not None and high is not None and low >= high:
            top.table("entry").fail(name, f"no reading is from {low:g} to {high:g}.")
    return _absolute(top, design)


def _absolute(top: Table, design: Design) -> Design:
    """Return a design whose files are found from anywhere."""
    if top.path is None:
        return design
    folder, changes = top.path.resolve().parent, {}
    if isinstance(design.population, str) and design.population.endswith((".toml", ".csv", ".zarr")):
        changes["population"] = str(folder / design.population)
    tools = design.measurement
    if tools.instruments:
        file = str(folder / tools.instruments)
        changes["measurement"] = tools.model_copy(update={"instruments": file})
    if design.assurance is not None and design.assurance.file:
        file = str(folder / design.assurance.file)
        changes["assurance"] = design.assurance.model_copy(update={"file": file})
    return design.model_copy(update=changes)


def _check_arms(top: Table, design: Design) -> None:
    if len(design.arm) < 2:
        top.fail("arm", "a trial compares at least two tables [[arm]].")
    if len(set(design.names)) < len(design.names):
        top.fail("arm", "two arms have the same name.")
    assumed = [arm.assumed_mean is not None for arm in design.arm]
    for i, arm in enumerate(design.arm):
        table = top.item("arm", i)
        table.checked("schedule", design.schedule, arm)
        if (arm.assumed_mean is None) != (arm.assumed_sd is None):
            table.fail("assumed_mean", "give assumed_mean and assumed_sd together.")
    if any(assumed) and not all(assumed):
        top.fail("arm", "give every arm its assumed_mean and assumed_sd, or none.")
    if any(assumed) and (design.entry or design.stratum or design.run_in or design.assurance):
        top.fail("arm", "assumed changes have no women: leave out entry, stratum, run_in, assurance.")


def _check_visits(top: Table, design: Design) -> None:
    months = design.visits.months
    table = top.table("visits")
    if not months or months[0] < 0 or any(b <= a for a, b in zip(months, months[1:], strict=False)):
        table.fail("months", "expected rising months from 0.")
    if not design.later:
        table.fail("months", "a trial needs a visit after month 0.")
    if design.visits.window_months >= design.later[0]:
        table.fail("window_months", "the first visit may not fall before day 0.")


def _check_endpoint(table: Table, design: Design, endpoint: Endpoint) -> None:
    for month in endpoint.months:
        if month not in design.later:
            table.fail(
                "months",
                f"month {month:g} is outside the trial, whose visits are at months "
                f"{_series(design.visits.months)}.",
            )
    if not endpoint.months:
        table.fail("months", "expected at least one visit.")
    for word in endpoint.analysis:
        if word not in ANALYSES:
            table.fail("analysis", f"'{word}' is not an analysis.{nearest(word, ANALYSES)}")
    for pair in table.checked("comparison", design.comparisons, endpoint):
        for name in pair:
            if name not in design.names:
                table.fail("comparison", f"no arm is called '{name}'.{nearest(name, design.names)}")
        if pair[0] == pair[1]:
            table.fail("comparison", f"'{pair[0]}' is compared with itself.")
    tools = load_instruments()
    known = (*tools.scans, *tools.samples)
    if endpoint.measurement not in known:
        table.fail("name", f"'{endpoint.name}' is not measured.{nearest(endpoint.measurement, known)}")
    if not design.is_assumed and endpoint.measurement not in load_model(design.model).endpoints:
        table.fail("name", f"the model '{design.model}' has no '{endpoint.measurement}'.")


def _series(months: Iterable[float]) -> str:
    return ", ".join(f"{month:g}" for month in months)
