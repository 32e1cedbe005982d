"""A batch to be simulated: who, what, when and how accurately, checked before any work starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.equations.system import System
from remodel.errors import ConfigError, ParameterError, PatientError, ScheduleError
from remodel.models import Model
from remodel.patient import Patient
from remodel.schedules import INTERVENTIONS, OOPHORECTOMY, Dose, Infusion, Schedule, steady_interval
from remodel.simulation.dosing import Action, Protocol, give, menopause_of, protocol
from remodel.simulation.inputs import Cohort
from remodel.solvers.methods import method_of
from remodel.solvers.problem import SET, Problem, Solution
from remodel.solvers.solve import solve
from remodel.symbolic.expression import ancestors
from remodel.units import DAYS_PER_YEAR


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is the same for every chunk: protocols, and which simulation uses which."""

    protocols: tuple[Protocol, ...]
    protocol_of: IntArray


def _check_past(patient: Patient, plan: Protocol) -> None:
    """Refuse what happens before the woman is there."""
    if patient.age * DAYS_PER_YEAR + plan.first <= 0:
        raise ScheduleError(
            f"the schedule begins {-plan.first / DAYS_PER_YEAR:g} y before the start of treatment, "
            f"and the patient is {patient.age:g} y old then."
        )
    for age, action in plan.at_age:
        if age < patient.age * DAYS_PER_YEAR:
            raise ScheduleError(
                f"the schedule changes {action.target} at {age / DAYS_PER_YEAR:g} y, before "
                f"the start at {patient.age:g} y; describe the past in Patient, e.g. "
                "menopause='surgical' with menopause_age."
            )


@dataclass(frozen=True, slots=True)
class Course:
    """A batch to be simulated: who, what, when, how accurately."""

    model: Model
    cohort: Cohort
    times: FloatArray
    outputs: tuple[str, ...]
    method: str
    rtol: float
    threads: int | None
    exact_doses: bool
    max_steps: int
    sensitivities: tuple[str, ...] = ()

    def prepare(self) -> Prepared:
        """Translate schedules and refuse what contradicts itself, before any work starts."""
        translated: dict[str, int] = {}
        protocols: list[Protocol] = []
        of = np.zeros(self.cohort.size, dtype=np.int64)
        keys: dict[int, int] = {}
        for i, schedule in enumerate(self.cohort.schedules):
            if id(schedule) not in keys:
                text = repr(schedule)
                if text not in translated:
                    translated[text] = len(protocols)
                    protocols.append(
                        protocol(
                            self.model,
                            schedule,
                            self.cohort.parameters,
                            until=float(self.times[-1]),
                            exact_doses=self.exact_doses,
                        )
                    )
                keys[id(schedule)] = translated[text]
            of[i] = keys[id(schedule)]
        if len(self.cohort.schedules) == 1:
            of[:] = 0
        self._check_ages(protocols, of)
        self._check_sensitivities(protocols)
        asked = self._drugs_of_outputs()
        if asked:
            protocols = [
                replace(p, drugs=self.model.with_drugs({*p.drugs, *asked})) for p in protocols
            ]
        return Prepared(tuple(protocols), of)

    def _drugs_of_outputs(self) -> set[str]:
        """Return drugs whose own outputs are asked for; every simulation then has them."""
        known = self.system().outputs
        missing = [name for name in self.outputs if name not in known]
        if not missing:
            return set()
        given = {drug for schedule in self.cohort.schedules for drug in schedule.drugs}
        return {d for d in given if not self.system((d,)).outputs.keys().isdisjoint(missing)}

    def _check_ages(self, protocols: Sequence[Protocol], of: IntArray) -> None:
        if not self.model.follows_age:
            if any(p.at_age for p in protocols):
                raise ScheduleError(f"model '{self.model.name}' does not know the patient's age.")
            return
        many = max(len(self.cohort.patients), len(self.cohort.schedules))
        seen: set[tuple[int, int]] = set()
        for i in range(many):
            patient, schedule = self.cohort.patient(i), self.cohort.schedule(i)
            if (id(patient), id(schedule)) in seen:
                continue
            seen.add((id(patient), id(schedule)))
            _check_past(patient, protocols[of[min(i, len(of) - 1)]])
            self._check_sex(patient, schedule)
            self._check_menopause(patient, schedule)

    def _check_sex(self, patient: Patient, schedule: Schedule) -> None:
        """Refuse a man in a model of women, and what happens to one sex only in the other."""
        if patient.sex == "male" and not self.model.male:
            raise PatientError(f"model '{self.model.name}' knows women only; use sex='female'.")
        for event in schedule.interventions:
            if INTERVENTIONS[event.name].sex not in (None, patient.sex):
                raise PatientError(f"{event.name} does not happen to a {patient.sex} patient.")

    def _check_menopause(self, patient: Patient, schedule: Schedule) -> None:
        """Refuse a menopause that is given more than once, or that the model cannot give."""
        if patient.menopause == "surgical" and OOPHORECTOMY not in self.model.interventions:
            raise PatientError(
                f"model '{self.model.name}' has no removal of the ovaries; "
                "use menopause='natural' or None."
            )
        named = menopause_of(schedule, patient.age * DAYS_PER_YEAR)
        said = {
            "the schedule": named is not None,
            f"Patient(menopause={patient.menopause!r}, menopause_age={patient.menopause_age})": (
                patient.menopause_age is not None or patient.menopause != "natural"
            ),
            f"parameters['{self.model.menopause_age}']": (
                self.model.menopause_age in self.cohort.given
            ),
        }
        sources = [source for source, says in said.items() if says]
        if len(sources) > 1:
            raise PatientError(f"menopause is given by {' and by '.join(sources)}; say it once.")

    def _check_sensitivities(self, protocols: Sequence[Protocol]) -> None:
        """Refuse parameters whose effect does not pass through the equations alone."""
        if not self.sensitivities:
            return
        if not method_of(self.method).has_sensitivities:
            raise ConfigError(
                f"sensitivities come from the batch engine; method='{self.method}' has none."
            )
        if any(p.t_scores for p in self.cohort.patients):
            raise PatientError("sensitivities need a patient without baseline T-scores.")
        for plan in protocols:
            system = self.system(plan.drugs)
            switched = {a.target for a in plan.actions if a.kind == SET}
            switched.update(a.target for _, a in plan.at_age)
            factors = [system.outputs[a.factor] for a in plan.actions if a.factor in system.outputs]
            in_doses = {node.name for node in ancestors(factors)} | {a.factor for a in plan.actions}
            for name in self.sensitivities:
                self.model.all_parameters[name]
                if name in switched or name in in_doses:
                    raise ParameterError(
                        f"{name} is set by the schedule; a sensitivity to it is not defined."
                    )

    def system(self, drugs: Sequence[str] = ()) -> System:
        """Return the traced model with the given drugs and this batch's structural parameters."""
        return self.model.system(drugs, self.cohort.parameters)

    def actions_of(self, part: Dose | Infusion, until: float) -> list[Action]:
        """Return what one regimen does within one interval, as if it began now [d]."""
        if isinstance(part, Infusion):
            begun: tuple[Dose | Infusion, ...] = (
                replace(part, start=0.0, end=2.0 * until, steady_state=False),
            )
        else:
            begun = steady_interval(part)
        return give(self.model, self.cohort.parameters, begun)

    def integrate(
        self, system: System, task: Problem, outputs: Sequence[str], wrt: Sequence[str] = ()
    ) -> Solution:
        """Integrate with the chosen method."""
        return solve(
            system,
            task,
            outputs=outputs,
            method=self.method,
            rtol=self.rtol,
            threads=self.threads,
            max_steps=self.max_steps,
            wrt=wrt,
        )

    def read_by(self, system: System) -> tuple[tuple[str, ...], list[int]]:
        """Return the sensitivities a system has a say in, and their positions among all asked."""
        known = set(system.parameter_names)
        place = [j for j, name in enumerate(self.sensitivities) if name in known]
        return tuple(self.sensitivities[j] for j in place), place
