"""The pool of women of a trial: the true course of each in every arm, from which trials draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import BoolArray, FloatArray
from remodel.errors import ConfigError, nearest
from remodel.measurement.instruments import Instruments, load_instruments
from remodel.measurement.measure import Conditions, reading_errors
from remodel.parameters import load_parameters
from remodel.populations.population import Population
from remodel.populations.sample import population
from remodel.populations.streams import normals
from remodel.simulation.simulate import simulate
from remodel.units import DAYS_PER_MONTH
from remodel.virtual_trials.design import Design, Limits

if TYPE_CHECKING:
    from remodel.progress import ProgressLike

SCREENING = 2**31
"""Step of the errors of a screening visit; those of other visits are thousandths of a month."""
_FEWEST = 0.001  # share of women who meet the criteria, below which a trial does not begin
_ASSUMED = 20_000
_ASSUMED_BASELINE_SD = 0.15
_SCORE = "t_score_"


@dataclass(frozen=True, slots=True)
class Pool:
    """Truth of women who may enter.

    Attributes
    ----------
    months : ndarray, shape (n_months,)
        Rising from 0.
    levels : mapping of str to ndarray, shape (n_arms, n, n_months)
        By what is measured.
    facts : mapping of str to ndarray, shape (n,)
        What is known of each without error, and true T-scores at day 0.
    densities : mapping of str to ndarray, shape (n,)
        At day 0, of sites whose scores decide who enters [g/cm2].
    weights : ndarray, shape (n,)
    units : mapping of str to str
    has_errors : bool
        Whether instruments err; not where the changes as read are assumed.
    failed : int
        Women left out because a simulation failed.
    """

    months: FloatArray
    levels: Mapping[str, FloatArray]
    facts: Mapping[str, FloatArray]
    densities: Mapping[str, FloatArray]
    weights: FloatArray
    units: Mapping[str, str]
    has_errors: bool = True
    failed: int = 0

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def cumulative(self) -> FloatArray:
        """Cumulative shares by which women are drawn."""
        total: FloatArray = np.cumsum(self.weights)
        shares: FloatArray = total / total[-1]
        return shares


def simulated_pool(
    design: Design,
    *,
    women: int | None = None,
    parameters: Mapping[str, float] | None = None,
    threads: int | None = None,
    progress: ProgressLike = None,
) -> Pool:
    """Return the pool of a design: simulated, or of assumed changes.

    Parameters
    ----------
    design : Design
    women : int, optional
        Instead of those of the design.
    parameters : mapping of str to float, optional
        Of the model, from which women differ.
    threads : int, optional
    progress : Progress or callable, optional

    Raises
    ------
    RemodelError
        One of its subclasses, if the population or a name is unknown.
    """
    if design.is_assumed:
        return _assumed_pool(design)
    people = _people(design, women or design.women)
    _check_screened(design, people)
    scored = [f"bmd_{name.removeprefix(_SCORE)}" for name in _screened(design) if _SCORE in name]
    others = [
        name for name in _screened(design) if _SCORE not in name and name not in people.columns
    ]
    names = tuple(dict.fromkeys((*design.measurements, *scored, *others)))
    months = _grid(design)
    dataset = simulate(
        design.model,
        schedule={arm.name: design.schedule(arm) for arm in design.arm},
        patient=people,
        times=months * DAYS_PER_MONTH,
        outputs=names,
        parameters=parameters,
        threads=threads,
        progress=progress,
    )
    shape = (len(design.arm), len(people), len(months))
    levels = {name: dataset[name].to_numpy().reshape(shape) for name in names}
    usable = np.all([np.isfinite(v).all(axis=(0, 2)) for v in levels.values()], axis=0)
    facts = {name: values[usable] for name, values in people.columns.items()}
    facts |= {name: levels[name][0, usable, 0] for name in others}
    return Pool(
        months,
        {name: levels[name][:, usable] for name in design.measurements},
        facts,
        {name: levels[name][0, usable, 0] for name in scored},
        people.weights[usable],
        {name: str(dataset[name].attrs.get("units", "")).replace("^", "") for name in names},
        failed=int((~usable).sum()),
    )


def _people(design: Design, n: int) -> Population:
    source = design.population
    if isinstance(source, str) and source.endswith((".csv", ".zarr")):
        people = Population.load(source)
    else:
        people = population(n, source, seed=design.seed)
    if design.run_in is not None and design.run_in.least_taken > 0:
        patterns = people.definition.adherence
        taken = np.array([0.0 if p.stop == 0 else p.taken for p in patterns])[people.pattern]
        passed = taken >= design.run_in.least_taken
        if not passed.any():
            raise ConfigError(
                f"[run_in] least_taken = {design.run_in.least_taken:g}: no pattern of adherence of "
                f"'{people.definition.name}' takes so much.",
                field="least_taken",
            )
        people = people.where(passed)
    return people.as_prescribed() if design.adherence == "as_prescribed" else people


def _check_screened(design: Design, people: Population) -> None:
    """Raise if a criterion is about what these women do not have."""
    tools = load_instruments()
    known = (*people.columns, *tools.scans, *tools.samples)
    for name in _screened(design):
        if name not in known:
            table = "entry" if name in design.entry else "stratum"
            raise ConfigError(
                f"[{table}] {name}: these women have no '{name}'.{nearest(name, known)}",
                field=name,
            )


def _screened(design: Design) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*design.entry, *(s.name for s in design.stratum))))


def _grid(design: Design) -> FloatArray:
    """Return months of output: those of visits, or every month where visits move about."""
    window = design.visits.window_months
    if not window:
        return np.unique(np.array([0.0, *design.later]))
    return np.arange(np.ceil(design.later[-1] + window) + 1)


def _assumed_pool(design: Design) -> Pool:
    """Return women whose changes have exactly the assumed mean and spread, normally distributed."""
    shares = (np.arange(_ASSUMED) + 0.5) / _ASSUMED
    from scipy.special import ndtri

    scores = ndtri(shares)
    scores /= scores.std()
    months = np.array([0.0, *design.later])
    numbers = np.arange(_ASSUMED)
    levels = {}
    for name in design.measurements:
        start = np.exp(_ASSUMED_BASELINE_SD * normals(design.seed, f"baseline {name}", numbers))
        level = np.repeat(start[:, None], len(months), axis=1)[None].repeat(len(design.arm), axis=0)
        for i, arm in enumerate(design.arm):
            assert arm.assumed_mean is not None  # noqa: S101 # the design was checked
            assert arm.assumed_sd is not None  # noqa: S101
            change = arm.assumed_mean + arm.assumed_sd * scores
            level[i, :, 1:] *= 1 + change[:, None] / 100
        levels[name] = level
    units = dict.fromkeys(levels, "1")
    return Pool(months, levels, {}, {}, np.ones(_ASSUMED), units, has_errors=False)


@dataclass(frozen=True, eq=False)
class Screening:
    """Who is let into a trial, by what is read and known at screening."""

    design: Design
    pool: Pool

    @cached_property
    def instruments(self) -> Instruments:
        """Scanners and assays of the trial."""
        return load_instruments(self.design.measurement.instruments or None)

    @cached_property
    def share(self) -> float:
        """Share of women who meet the criteria.

        Raises
        ------
        ConfigError
            If hardly anybody does.
        """
        if not self.design.entry:
            return 1.0
        numbers = np.arange(len(self.pool))
        usable = self.is_eligible(self.values(self.design.seed, numbers, numbers))
        share = float(np.average(usable, weights=self.pool.weights))
        if share < _FEWEST:
            words = ", ".join(_words(name, limits) for name, limits in self.design.entry.items())
            raise ConfigError(
                f"[entry]: {100 * share:.2g} % of {len(self.pool):,} women meet the criteria "
                f"({words}); a trial needs {100 * _FEWEST:g} %.",
                field="entry",
            )
        return share

    def conditions(self, seed: int) -> Conditions:
        """Return how visits are read."""
        tools = self.design.measurement
        return Conditions(seed, tools.precision, (), True, 8.0, tools.samples)

    def values(self, seed: int, numbers: Any, women: Any) -> dict[str, FloatArray]:
        """Return what is read or known at screening, shape (n,), by name.

        Parameters
        ----------
        seed : int
            Of the errors.
        numbers : ndarray of int, shape (n,)
            Of participants, by which their errors are estimates.
        women : ndarray of int, shape (n,)
            Rows of the pool.
        """
        values = {name: self.pool.facts[name][women] for name in _screened(self.design)}
        read = {n: f"bmd_{n.removeprefix(_SCORE)}" if _SCORE in n else n for n in values}
        tools = self.instruments
        measured = [n for n in (*tools.scans, *tools.samples) if n in read.values()]
        step = 0 if self.design.measurement.screening_is_baseline else SCREENING
        errors = dict(
            reading_errors(
                measured,
                tools,
                self.conditions(seed),
                numbers,
                np.array([step]),
                np.zeros((len(numbers), 1)),
            )
        )
        for name, endpoint in read.items():
            if endpoint not in errors:
                continue
            factor = np.exp(errors[endpoint][:, 0])
            if endpoint == name:
                values[name] = values[name] * factor
            else:
                density = self.pool.densities[endpoint][women]
                values[name] = values[name] + density * (factor - 1) / _reference_sd(endpoint)
        return values

    def is_eligible(self, values: Mapping[str, FloatArray]) -> BoolArray:
        """Return who meets every criterion, shape (n,)."""
        sizes = {len(v) for v in values.values()}
        met = np.ones(sizes.pop() if sizes else 0, dtype=bool)
        for name, limits in self.design.entry.items():
            if limits.lower is not None:
                met &= values[name] >= limits.lower
            if limits.upper is not None:
                met &= values[name] <= limits.upper
        return met


def _words(name: str, limits: Limits) -> str:
    low = "" if limits.lower is None else f"{limits.lower:g} <= "
    high = "" if limits.upper is None else f" <= {limits.upper:g}"
    return f"{low}{name}{high}"


def _reference_sd(density: str) -> float:
    return load_parameters("reference")[f"{density}_reference_sd"].value
