"""A design: which simulations a sweep runs, and what it keeps of each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from remodel._arrays import FloatArray
from remodel.models import Model, load_model
from remodel.parameters import ParameterSet
from remodel.provenance import fingerprint
from remodel.simulation import dataset as results
from remodel.simulation.measures import Measure
from remodel.solvers.methods import DEFAULT, MAX_STEPS
from remodel.sweeps.constraints import Constraint
from remodel.sweeps.factors import Column, Factor, Rows
from remodel.sweeps.reductions import Reduction
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

LISTED = ("list", "table", "population")
SAMPLED = ("latin_hypercube", "sobol", "random")
STRUCTURED = ("morris", "saltelli")
KINDS = ("grid", *LISTED, *SAMPLED, *STRUCTURED)
PRECISIONS = ("float32", "float64")
_SAME = 1e-6  # days: times closer than this are one


@dataclass(frozen=True, slots=True)
class Solver:
    """How accurately simulations are integrated, and when one is given up.

    Attributes
    ----------
    method, rtol, max_steps, exact_doses
        As in ``remodel.simulate``.
    """

    method: str = DEFAULT.name
    rtol: float | None = None
    max_steps: int = MAX_STEPS
    exact_doses: bool | None = None

    def content(self) -> dict[str, Any]:
        """Return what decides the numbers, ready for JSON."""
        doses = {} if self.exact_doses is None else {"exact_doses": self.exact_doses}
        return {"method": self.method, "rtol": self.rtol, "max_steps": self.max_steps, **doses}


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Everything that decides the numbers of a sweep.

    Attributes
    ----------
    model : Model
    kind : str
        One of ``KINDS``.
    factors : tuple of Factor
        In the order of the dimensions of a grid.
    title : str
    schedule : str
        Sentence; factors stand in braces.
    patient : mapping
        Attributes of ``remodel.Patient`` that all simulations share.
    parameters : mapping of str to float
        Values that all simulations share, in the parameters' units.
    years, step_months : float
        Length of each simulation, and time between outputs.
    stored_months : tuple of float
        Times at which outputs are kept; all by default.
    outputs : tuple of str
        Outputs kept over time; none if only reductions are wanted.
    reductions : tuple of Reduction
    samples : int
        Simulations of a sample; base points of a Saltelli design; paths of a Morris design.
    seed : int
        Of everything random.
    constraints : tuple of Constraint
    columns : mapping of str to ndarray, shape (n,)
        Values of the factors of a list or table.
    solver : Solver
    precision : {"float32", "float64"}
        Of the outputs and reductions in the store.
    """

    model: Model
    kind: str
    factors: tuple[Factor, ...]
    title: str = ""
    schedule: str = "none"
    patient: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, float] = field(default_factory=dict)
    years: float = 5.0
    step_months: float = 3.0
    stored_months: tuple[float, ...] = ()
    outputs: tuple[str, ...] = ()
    reductions: tuple[Reduction, ...] = ()
    samples: int = 0
    seed: int = 0
    constraints: tuple[Constraint, ...] = ()
    columns: Mapping[str, Column] = field(default_factory=dict)
    solver: Solver = Solver()
    precision: str = "float32"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the factors."""
        return tuple(f.name for f in self.factors)

    def factor(self, name: str) -> Factor:
        """One factor by name."""
        return next(f for f in self.factors if f.name == name)

    def of_kind(self, kind: str) -> tuple[str, ...]:
        """Names of the factors that are parameters, patient attributes or schedule fields."""
        return tuple(f.name for f in self.factors if f.kind == kind)

    @property
    def drawn(self) -> int:
        """Number of simulations before constraints take some away."""
        if self.kind == "grid":
            return math.prod(len(f.values) or f.count for f in self.factors)
        if self.kind in LISTED:
            return len(next(iter(self.columns.values())))
        if self.kind == "morris":
            return self.samples * (len(self.factors) + 1)
        if self.kind == "saltelli":
            return self.samples * (len(self.factors) + 2)
        return self.samples

    def met(self, rows: Rows) -> npt.NDArray[np.bool_]:
        """Return which rows meet every constraint, shape (n,)."""
        allowed = np.ones(len(next(iter(rows.values()))), dtype=bool)
        for constraint in self.constraints:
            allowed &= constraint.met(rows)
        return allowed

    @property
    def drugs(self) -> frozenset[str]:
        """Names that a schedule may use; which of them the model has is checked later."""
        return frozenset(self.model.drugs) | frozenset(load_model("reference").drugs)

    @property
    def all_parameters(self) -> ParameterSet:
        """Parameters of the model, with the values that all simulations share."""
        return self.model.all_parameters.replace(self.parameters)

    @property
    def base_outputs(self) -> tuple[str, ...]:
        """Outputs that are computed, those that percent changes are changes of among them."""
        return results.base_outputs((*self.outputs, *(r.of for r in self.reductions)))

    def stored_times(self) -> FloatArray:
        """Return the times at which outputs are kept [d]."""
        if not self.stored_months:
            return _grid(self.years, self.step_months)
        return np.array(self.stored_months) * DAYS_PER_MONTH

    @property
    def end(self) -> float:
        """Last day of each simulation [d]."""
        return float(self.times()[-1])

    def times(self) -> FloatArray:
        """Return the times at which outputs are computed [d], for the store or a reduction."""
        days = [r.day for r in self.reductions if r.take == "value"]
        wanted = [self.stored_times()] if self.outputs else []
        return _distinct([*wanted, np.array([0.0, *days, self.years * DAYS_PER_YEAR])])

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What is measured on whole trajectories, for the reductions that need it, in order."""
        return tuple(r.measure(self.end) for r in self.reductions if r.take != "value")

    def content(self) -> dict[str, Any]:
        """Return everything that decides the numbers, ready for JSON."""
        columns = {name: fingerprint(v) for name, v in self.columns.items()}
        source = {"model_source": self.model.file_hash} if self.model.file_hash else {}
        return {
            "model": self.model.name,
            **source,
            "kind": self.kind,
            "schedule": self.schedule,
            "patient": dict(self.patient),
            "parameters": dict(self.parameters),
            "years": self.years,
            "step_months": self.step_months,
            "stored_months": list(self.stored_months),
            "outputs": list(self.outputs),
            "reductions": {r.name: r.content() for r in self.reductions},
            "samples": self.samples,
            "seed": self.seed,
            "constraints": [c.text for c in self.constraints],
            "factors": {f.name: {"kind": f.kind, **f.content()} for f in self.factors},
            "columns": columns,
            **self.solver.content(),
            "precision": self.precision,
        }


def nearest_times(times: FloatArray, wanted: FloatArray) -> npt.NDArray[np.int64]:
    """Return the position, among times, of each of those wanted."""
    positions: npt.NDArray[np.int64] = np.abs(times[:, None] - wanted).argmin(axis=0)
    return positions


def _distinct(times: list[FloatArray]) -> FloatArray:
    every: FloatArray = np.sort(np.concatenate(times))
    distinct: FloatArray = every[np.append(True, np.diff(every) > _SAME)]
    return distinct


def _grid(years: float, step_months: float) -> FloatArray:
    """Return times from 0 to the end [d], the end among them."""
    end, step = years * DAYS_PER_YEAR, step_months * DAYS_PER_MONTH
    times: FloatArray = np.arange(math.floor(end / step + _SAME) + 1, dtype=np.float64) * step
    if end - times[-1] > _SAME:
        times = np.append(times, end)
    times[-1] = end
    return times


def chosen(rows: Rows, which: npt.NDArray[Any]) -> Rows:
    """Return some of the rows."""
    return {name: values[which] for name, values in rows.items()}
