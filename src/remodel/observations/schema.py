"""What was measured: one observation, one arm, one study, and collections of observations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from remodel.errors import ObservationError, nearest
from remodel.observations.endpoints import PERCENT, endpoints
from remodel.schedules import Schedule
from remodel.schedules.usual import next_due
from remodel.units import days

if TYPE_CHECKING:
    import pandas as pd

KINDS: dict[str, str] = {
    "change": "percent change of the arm between the reference month and the month of the value",
    "difference": "change of the arm minus change of the comparator, in percentage points",
    "relative_difference": "percent that the arm's ratio to its reference is off the comparator's",
    "rate_per_year": "percent change a year, averaged from the reference month on",
    "level": "the measured quantity itself, in its own unit",
    "bound_upper": "at most this: a change, or with a comparator a relative difference",
    "bound_lower": "at least this: a change, or with a comparator a relative difference",
    "ratio": "a share of something else; never compared with a model",
}
USES = ("calibration", "validation", "not_used")
PROVENANCES = ("read", "derived", "recalled", "user")
STATISTICS = (
    "mean",
    "median",
    "estimated_mean",
    "bound",
    "range_of_means",
    "unspecified",
)
ERROR_KINDS = ("95ci", "sd", "se", "iqr", "range", "none")
MENOPAUSES = ("natural", "surgical", "none")
COMPARED_KINDS = ("difference", "relative_difference", "bound_upper", "bound_lower", "ratio")
END_OF_TREATMENT = "end_of_treatment"
LONGEST_MONTHS = 1440.0  # 120 y, as long as a simulation can be


@dataclass(frozen=True, slots=True)
class Observation:
    """One published number.

    Parameters
    ----------
    study_id, arm : str
        Whose number it is; the arm has a regimen.
    endpoint : str
        One of ``remodel.observations.endpoints()``.
    time_months : float
        Time since the start of the schedule [months of 30.4375 d].
    value : float
        In ``unit``.
    unit : str
        percent, percent_per_year, or the unit of the endpoint itself.
    kind : str
        What the value means; see ``KINDS``.
    relative_to : str
        ``baseline``, ``month_60`` for a change since month 60, or ``end_of_treatment``, which
        ``with_references`` turns into the month at which the schedule of the arm ends.
    comparator : str
        Arm the value is a difference to; empty if there is none.
    statistic : str
        mean, median, estimated_mean, bound, range_of_means or unspecified.
    censored : str
        ``below`` for a value under a limit of detection, which is the value given; ``above`` for
        one over a limit; empty for a number.
    error_low, error_high : float or None
        Ends of the published interval, in ``unit``; the value less and plus an SE or SD.
    error_kind : str
        95ci, sd, se, iqr, range or none.
    n : float or None
        Number of patients in the arm.
    provenance : str
        read, derived, recalled, or user for a table of one's own.
    use : str
        calibration, validation or not_used.
    reason : str
        Why it is not used, or held out though others of the cohort are calibrated.
    source, note : str
        Which of the study's publications, and a remark.
    extra : mapping
        Further columns of a user's table, carried along as text.
    """

    study_id: str
    arm: str
    endpoint: str
    time_months: float
    value: float
    unit: str = PERCENT
    kind: str = "change"
    relative_to: str = "baseline"
    comparator: str = ""
    statistic: str = "mean"
    censored: str = ""
    error_low: float | None = None
    error_high: float | None = None
    error_kind: str = "none"
    n: float | None = None
    provenance: str = "user"
    use: str = "validation"
    reason: str = ""
    source: str = ""
    note: str = ""
    extra: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def time(self) -> float:
        """Time since the start of the schedule [d]."""
        return days(self.time_months, "mo")

    @property
    def reference_months(self) -> float:
        """Month that a change counts from.

        Raises
        ------
        ObservationError
            If it is the end of a treatment that is not known here.
        """
        if self.relative_to == "baseline":
            return 0.0
        if self.relative_to == END_OF_TREATMENT:
            raise ObservationError(
                f"{self.study_id}, arm {self.arm}: the change of {self.endpoint} counts from the "
                "end of treatment; give its regimen to with_references."
            )
        return float(self.relative_to.removeprefix("month_"))

    @property
    def reference_time(self) -> float:
        """Time that a change counts from [d]."""
        return days(self.reference_months, "mo")

    @property
    def is_bound(self) -> bool:
        """Whether the value is an inequality."""
        return self.is_upper or self.is_lower

    @property
    def is_upper(self) -> bool:
        """Whether a lower prediction keeps it: a bound, or a value under a limit of detection."""
        return self.kind == "bound_upper" or self.censored == "below"

    @property
    def is_lower(self) -> bool:
        """Whether a higher prediction keeps it."""
        return self.kind == "bound_lower" or self.censored == "above"


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of a study: what its patients got and who they were.

    Parameters
    ----------
    study_id, name : str
        Names of the study and of the arm.
    schedule : Schedule
        Day 0 is month 0 of the observations.
    age : float or None
        Age at day 0 [y].
    menopause_age : float or None
        Age at the final menstrual period, or at surgery [y].
    menopause : str
        natural, surgical or none (still premenopausal).
    t_score_lumbar_spine, t_score_total_hip, t_score_femoral_neck : float or None
        At day 0.
    sex : str
        female or male.
    assumed, recalled : tuple of str
        Fields that are an assumption, and fields known from memory.
    note : str
        A remark.
    pool : tuple of (str, float)
        For arms that were reported together: their names, with the weight of each, which is the
        number of its patients or a share. Such an arm has no schedule of its own.
    """

    study_id: str
    name: str
    schedule: Schedule
    age: float | None = None
    menopause_age: float | None = None
    menopause: str = "natural"
    t_score_lumbar_spine: float | None = None
    t_score_total_hip: float | None = None
    t_score_femoral_neck: float | None = None
    sex: str = "female"
    assumed: tuple[str, ...] = ()
    recalled: tuple[str, ...] = ()
    note: str = ""
    pool: tuple[tuple[str, float], ...] = ()

    def t_score(self, site: str) -> float | None:
        """T-score at day 0 of a site (``total_hip``), None if it is not known."""
        score: float | None = getattr(self, f"t_score_{site}", None)
        return score

    def drugs_at(self, months: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the drugs that are taken at a month, and those taken before that have ended.

        Each in the order of their first doses: zoledronic acid after denosumab is
        ``(("zoledronic_acid",), ("denosumab",))``. A regimen lasts until its next dose would be
        due, which for a single dose is after the usual interval of the drug.
        """
        time = days(months, "mo")
        begun = sorted(
            (dose for dose in self.schedule.doses if dose.time < time and dose.amount > 0),
            key=lambda dose: dose.time,
        )
        current = dict.fromkeys(dose.drug for dose in begun if next_due(dose) >= time)
        earlier = dict.fromkeys(dose.drug for dose in begun if dose.drug not in current)
        return tuple(current), tuple(earlier)


@dataclass(frozen=True, slots=True)
class Observations:
    """An immutable list of observations that can be filtered."""

    rows: tuple[Observation, ...] = ()

    def __repr__(self) -> str:
        """Say how many there are, and of which studies."""
        return f"<Observations: {len(self.rows)}, of {', '.join(self.studies[:3]) or 'no study'}>"

    def __len__(self) -> int:
        """Return the number of observations."""
        return len(self.rows)

    def __iter__(self) -> Iterator[Observation]:
        """Iterate over the observations in the order of the table."""
        return iter(self.rows)

    def __getitem__(self, index: int) -> Observation:
        """Return one observation."""
        return self.rows[index]

    def where(
        self,
        *,
        study: str | Iterable[str] | None = None,
        arm: str | Iterable[str] | None = None,
        endpoint: str | Iterable[str] | None = None,
        use: str | Iterable[str] | None = None,
        kind: str | Iterable[str] | None = None,
        provenance: str | Iterable[str] | None = None,
    ) -> Observations:
        """Return the observations that meet every condition given.

        Parameters
        ----------
        study, arm, endpoint, use, kind, provenance : str or iterable of str, optional
            Accepted values; None accepts all.

        Raises
        ------
        ObservationError
            If an endpoint, use, kind or provenance is not a known word.
        """
        chosen = {
            "study_id": _words(study),
            "arm": _words(arm),
            "endpoint": _known("endpoint", _words(endpoint), endpoints()),
            "use": _known("use", _words(use), USES),
            "kind": _known("kind", _words(kind), KINDS),
            "provenance": _known("provenance", _words(provenance), PROVENANCES),
        }
        conditions = [(name, words) for name, words in chosen.items() if words is not None]
        return Observations(
            tuple(
                row
                for row in self.rows
                if all(getattr(row, name) in words for name, words in conditions)
            )
        )

    @property
    def studies(self) -> tuple[str, ...]:
        """Names of the studies, in the order of the table."""
        return tuple(dict.fromkeys(row.study_id for row in self.rows))

    @property
    def arms(self) -> tuple[tuple[str, str], ...]:
        """Pairs of study and arm that have observations, in the order of the table."""
        return tuple(dict.fromkeys((row.study_id, row.arm) for row in self.rows))

    @property
    def without_bounds(self) -> int:
        """Number of rows that carry a flag and were read without bounds, as faulty or missing."""
        return sum(
            row.error_low is None and bool(row.extra.get("flag", "").strip()) for row in self
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a table with one row an observation; carried columns come last."""
        import pandas as pd

        names = [item.name for item in fields(Observation) if item.name != "extra"]
        records = [
            {**{name: getattr(row, name) for name in names}, **dict(row.extra)} for row in self.rows
        ]
        return pd.DataFrame(records, columns=None if records else names)


@dataclass(frozen=True, slots=True)
class Study:
    """A published study with its arms and observations.

    ``age``, ``years_since_menopause`` and the T-scores are as reported, None where they are not;
    what is simulated stands in the arms. ``cohort`` is shared by reports on the same patients.
    """

    study_id: str
    label: str
    citation: str
    doi: tuple[str, ...]
    pmid: tuple[str, ...]
    identifier_note: str
    population: str
    age: float | None
    years_since_menopause: float | None
    t_score_lumbar_spine: float | None
    t_score_total_hip: float | None
    t_score_femoral_neck: float | None
    n: float | None
    family: str
    cohort: str
    arms: tuple[Arm, ...]
    observations: Observations

    def arm(self, name: str) -> Arm:
        """Return the arm called ``name``.

        Raises
        ------
        ObservationError
            If the study has no such arm.
        """
        for arm in self.arms:
            if arm.name == name:
                return arm
        known = [arm.name for arm in self.arms]
        raise ObservationError(f"{self.study_id} has no arm '{name}'.{nearest(name, known)}")


def _words(value: str | Iterable[str] | None) -> frozenset[str] | None:
    if value is None:
        return None
    return frozenset([value] if isinstance(value, str) else value)


def _known(
    name: str, words: frozenset[str] | None, vocabulary: Iterable[str]
) -> frozenset[str] | None:
    known = set(vocabulary)
    for word in sorted(words or ()):
        if word not in known:
            raise ObservationError(f"'{word}' is not a known {name}.{nearest(word, known)}")
    return words
