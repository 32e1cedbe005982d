"""A batch to be simulated: who, what, when and how accurately, checked before any work starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.equations.system import System
from remodel.models import Model
from remodel.schedules.steady import PAST_OF_STEADY_STATE
from remodel.simulation.consistency import (
    check_continuation,
    check_patients,
    check_sensitivities,
    checked_sensitivities,
    outside_bounds,
)
from remodel.simulation.dosing import Dosing
from remodel.simulation.inputs import Inputs
from remodel.simulation.measures import Measure
from remodel.simulation.snapshot import Snapshot
from remodel.solvers.methods import DEFAULT, MAX_STEPS, checked_rtol, method_of
from remodel.solvers.problem import Problem, Solution
from remodel.solvers.solve import solve
from remodel.solvers.summary import Summary
from remodel.units import DAYS_PER_YEAR

_STEPS_OF_A_DOSE = 100


@dataclass(frozen=True, slots=True)
class Batch:
    """Simulations of one model, translated and checked.

    Attributes
    ----------
    model : Model
    inputs : Inputs
        One column per simulation.
    times : ndarray, shape (n_times,)
        Of the outputs, from day 0 [d].
    outputs : tuple of str
        States and quantities to compute.
    dosings : tuple of Dosing
        Each different schedule once.
    dosing_of : ndarray of int, shape (n,)
        Which of them each simulation has.
    method : str
    rtol : float
    threads : int or None
        Processors; all by default. Results do not depend on it.
    max_steps : int
        Of one simulation.
    exact_doses : bool
        Dense doses are given one by one.
    sensitivities : tuple of str
        Parameters and T-scores that outputs are differentiated by.
    measures : tuple of Measure
        What is measured on whole trajectories.
    outside : mapping of str to ndarray of bool, shape (n,)
        Which simulations are not integrated, because a parameter or T-score of that name is
        outside what a woman of a population may have.
    start : Snapshot or None
        Who simulations start from, instead of a history of their own.
    """

    model: Model
    inputs: Inputs
    times: FloatArray
    outputs: tuple[str, ...]
    dosings: tuple[Dosing, ...]
    dosing_of: IntArray
    method: str
    rtol: float
    threads: int | None
    max_steps: int
    exact_doses: bool
    sensitivities: tuple[str, ...]
    measures: tuple[Measure, ...] = ()
    outside: Mapping[str, BoolArray] = field(default_factory=dict)
    start: Snapshot | None = None

    @classmethod
    def build(
        cls,
        model: Model,
        inputs: Inputs,
        times: FloatArray,
        outputs: Sequence[str] = (),
        *,
        method: str = DEFAULT.name,
        rtol: float | None = None,
        threads: int | None = None,
        exact_doses: bool | None = None,
        max_steps: int = MAX_STEPS,
        sensitivities: Sequence[str] = (),
        measures: Sequence[Measure] = (),
        start: Snapshot | None = None,
    ) -> Self:
        """Translate schedules and reject what contradicts itself, before any work starts.

        Raises
        ------
        RemodelError
            One of its subclasses, naming what is not allowed.
        """
        name, tolerance = method_of(method).name, checked_rtol(rtol, method)
        wanted = checked_sensitivities(model, sensitivities)
        until = float(times[-1])
        exact = model.exact_doses if exact_doses is None else exact_doses
        dosings, dosing_of = _dosings(model, inputs, until, exact_doses=exact)
        check_patients(model, inputs, dosings, dosing_of)
        if start is not None:
            check_continuation(dosings, wanted)
        outside = outside_bounds(model, inputs)
        check_sensitivities(model, inputs, dosings, wanted, name)
        drugs = _drugs_of_outputs(model, inputs, outputs) | _drugs_in(start)
        if drugs:
            dosings = [replace(d, drugs=model.with_drugs({*d.drugs, *drugs})) for d in dosings]
        return cls(
            model=model,
            inputs=inputs,
            times=times,
            outputs=tuple(outputs),
            dosings=tuple(dosings),
            dosing_of=dosing_of,
            method=name,
            rtol=tolerance,
            threads=threads,
            max_steps=_steps(max_steps, dosings),
            exact_doses=exact,
            sensitivities=wanted,
            measures=tuple(measures),
            outside=outside,
            start=start,
        )

    def differentiated(self, names: Sequence[str]) -> Self:
        """Return the batch with outputs differentiated by parameters.

        Raises
        ------
        ConfigError, ParameterError, PatientError
            If the effect of one does not pass through the equations alone.
        """
        wanted = checked_sensitivities(self.model, names)
        check_sensitivities(self.model, self.inputs, self.dosings, wanted, self.method)
        return replace(self, sensitivities=wanted)

    @property
    def size(self) -> int:
        """Number of simulations."""
        return self.inputs.size

    @property
    def is_outside(self) -> BoolArray:
        """Which simulations are not integrated, shape (n,)."""
        is_outside = np.zeros(self.size, dtype=np.bool_)
        for rows in self.outside.values():
            is_outside |= rows
        return is_outside

    def system(self, drugs: Sequence[str] = ()) -> System:
        """Return the traced model with the given drugs and this batch's structural parameters."""
        return self.model.system(drugs, self.inputs.parameters)

    @property
    def scored_sites(self) -> tuple[str, ...]:
        """Sites with a T-score of any patient, where outputs are differentiated."""
        scores = self.inputs.patients.t_scores if self.sensitivities else {}
        return tuple(site for site in self.model.density if site in scores)

    @property
    def directions(self) -> tuple[str, ...]:
        """Parameters that solvers differentiate by: those asked for, and what T-scores set."""
        asked = (name for name in self.sensitivities if name in self.model.all_parameters)
        names = [self.model.density[site] for site in self.scored_sites]
        set_by_scores = (name for site in names for name in (site.relative, site.young))
        return tuple(dict.fromkeys((*asked, *set_by_scores)))

    @property
    def observed(self) -> tuple[str, ...]:
        """Outputs that solvers compute: those wanted, and T-scores that derivatives need."""
        scores = (f"t_score_{site}" for site in self.scored_sites)
        return tuple(dict.fromkeys((*self.outputs, *scores)))

    def read_by(self, system: System) -> tuple[tuple[str, ...], list[int]]:
        """Return the directions by parameters a system reads, and their positions."""
        known = set(system.parameter_names)
        positions = [j for j, name in enumerate(self.directions) if name in known]
        return tuple(self.directions[j] for j in positions), positions

    def integrate(
        self,
        system: System,
        problem: Problem,
        outputs: Sequence[str],
        wrt: Sequence[str] = (),
        summaries: Sequence[Summary] = (),
    ) -> Solution:
        """Integrate with the chosen method."""
        return solve(
            system,
            problem,
            outputs=outputs,
            method=self.method,
            rtol=self.rtol,
            threads=self.threads,
            max_steps=self.max_steps,
            wrt=wrt,
            summaries=summaries,
        )


def _dosings(
    model: Model, inputs: Inputs, until: float, *, exact_doses: bool
) -> tuple[list[Dosing], IntArray]:
    """Translate each different schedule once; return also which one each simulation has."""
    numbers: dict[tuple[str, float], int] = {}
    dosings: list[Dosing] = []
    pasts, past_of = np.unique(_lived(model, inputs), return_inverse=True)
    pairs, pair_of = np.unique(inputs.schedule_of * len(pasts) + past_of, return_inverse=True)
    dosing_of_pair = np.zeros(len(pairs), dtype=np.int64)
    for position, pair in enumerate(pairs.tolist()):
        schedule, past = inputs.schedules[pair // len(pasts)], float(pasts[pair % len(pasts)])
        key = repr(schedule), past
        if key not in numbers:
            numbers[key] = len(dosings)
            dosings.append(
                Dosing.of(
                    model,
                    schedule,
                    inputs.parameters,
                    until=until,
                    exact_doses=exact_doses,
                    lived=past,
                )
            )
        dosing_of_pair[position] = numbers[key]
    return dosings, dosing_of_pair[pair_of]


def _steps(max_steps: int, dosings: Sequence[Dosing]) -> int:
    """Return the limit of steps: the default grows with the number of doses, another stays."""
    if max_steps != MAX_STEPS:
        return max_steps
    return max(max_steps, *(_STEPS_OF_A_DOSE * len(dosing.actions) for dosing in dosings))


def _lived(model: Model, inputs: Inputs) -> FloatArray:
    """Return how long steady states can have built up [d], shape (n,)."""
    steady = [d.time - d.lead for s in inputs.schedules for d in s.doses if d.steady_state]
    if not (steady and model.follows_age):
        return np.full(inputs.size, np.inf)
    enough = PAST_OF_STEADY_STATE - min(0.0, *steady)  # those who are older are alike
    begin = 0.0
    if model.history_start:
        parameter = inputs.parameters[model.history_start]
        begin = parameter.value * parameter.factor / model.days_per_year * DAYS_PER_YEAR
    lived: FloatArray = np.minimum(enough, inputs.patients.age * DAYS_PER_YEAR - begin)
    return lived[inputs.patient_of]


def _drugs_in(snapshot: Snapshot | None) -> set[str]:
    """Return drugs that people have in them when simulations start from them."""
    return set() if snapshot is None else set(snapshot.drugs)


def _drugs_of_outputs(model: Model, inputs: Inputs, outputs: Sequence[str]) -> set[str]:
    """Return drugs whose own outputs are asked for; every simulation then has them."""
    of_body = model.system((), inputs.parameters).outputs
    missing = [name for name in outputs if name not in of_body]
    if not missing:
        return set()
    scheduled = {drug for schedule in inputs.schedules for drug in schedule.drugs}
    return {
        drug
        for drug in scheduled
        if not model.system((drug,), inputs.parameters).outputs.keys().isdisjoint(missing)
    }
