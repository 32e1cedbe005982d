"""The problems that are solved side by side: models, doses, sampled parameters, output times.

Every workload is a ``remodel.solvers.problem.Problem``, built with the functions that
``remodel.simulate`` itself uses, so that all solvers integrate what a user would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.equations.system import System
from remodel.models import Model, load_model
from remodel.patient import Patient
from remodel.schedules import Schedule
from remodel.simulation.dosing import Dosing
from remodel.simulation.packing import baseline, build_problem
from remodel.solvers.engine import integrate_batch
from remodel.solvers.problem import Problem
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

SAMPLES = 32
SPREAD = 0.05  # standard deviation of the logarithm of a parameter
SEED = 20_100_415
REFERENCE_SCHEDULE = "anastrozole 1 mg daily for 5 y; denosumab 60 mg every 6 mo for 10 y"
HISTORY_RTOL = 1e-10

# Sampling these would change what the workload is: ages and calendars.
_HELD = frozenset({"year", "age_ref", "calendar_year"})


@dataclass(frozen=True, slots=True)
class Workload:
    """One problem for all solvers.

    Attributes
    ----------
    key : str
        Short name used in tables.
    title : str
        One line: what is simulated.
    system : System
    problem : Problem
    judged : tuple of int
        States whose error counts: those of the body, not the amounts of drug.
    """

    key: str
    title: str
    system: System
    problem: Problem
    judged: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of simulations."""
        return self.problem.size

    def first(self, n: int) -> Workload:
        """Return the first n simulations."""
        return replace(self, problem=chosen(self.problem, np.arange(n)))

    def repeated(self, n: int) -> Workload:
        """Return n simulations, the samples over and over."""
        return replace(self, problem=chosen(self.problem, np.arange(n) % self.size))


def chosen(problem: Problem, rows: FloatArray | Any) -> Problem:
    """Return a batch of some simulations of a problem, in any order and number."""
    which = np.asarray(rows, dtype=np.int64)
    times = [problem.times_of(i) for i in which]
    spans = [np.arange(problem.event_from[i], problem.event_from[i + 1]) for i in which]
    events = np.concatenate(spans) if spans else np.zeros(0, dtype=np.int64)
    return replace(
        problem,
        parameter_row=problem.parameter_row[which],
        initial_row=problem.initial_row[which],
        start=problem.start[which],
        times=np.concatenate(times),
        times_from=_offsets([len(t) for t in times]),
        event_time=problem.event_time[events],
        event_kind=problem.event_kind[events],
        event_index=problem.event_index[events],
        event_value=problem.event_value[events],
        event_from=_offsets([len(s) for s in spans]),
    )


def _offsets(lengths: list[int]) -> Any:
    return np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))


def sampled(model: Model, n: int, seed: int = SEED) -> FloatArray:
    """Return parameter values, shape (n, n_parameters): nominal first, then lognormal samples."""
    values = np.tile(model.all_parameters.internal(), (n, 1))
    random = np.random.default_rng(seed)
    held = {*_HELD, *model.structural}
    for j, parameter in enumerate(model.all_parameters.values()):
        shift = random.standard_normal(n)
        shift[0] = 0.0
        if parameter.status == "input" or parameter.name in held:
            continue
        low, high = parameter.lower * parameter.factor, parameter.upper * parameter.factor
        values[:, j] = np.clip(values[:, j] * np.exp(SPREAD * shift), low, high)
    return values


def treated(
    key: str,
    title: str,
    model: Model,
    schedule: str,
    *,
    start_age: float,
    times: FloatArray,
    dose_start: float = 0.0,
    samples: int = SAMPLES,
) -> Workload:
    """Build the workload of a model and a schedule.

    Parameters
    ----------
    start_age : float
        Model time at the start of the workload [d]; what came before is integrated here.
    times : ndarray
        Output times from the start of the workload [d].
    dose_start : float
        Time of the first dose from the start of the workload [d].
    """
    dosing = Dosing.of(
        model, Schedule.parse(schedule), model.all_parameters, until=float(times[-1]) - dose_start
    )
    system = model.system(dosing.drugs)
    drawn = 2 * samples
    values = sampled(model, drawn)
    start = np.full(drawn, start_age)
    state = baseline(system, model, values, start)
    if model.history_start and model.name == "reference":
        state = _history(model, system, values, start)
    problem = build_problem(
        model, system, dosing.actions, values, start, [start_age + times] * drawn,
        start + dose_start, absolute=[], state=state,
    )  # fmt: skip
    # a few samples of the published models have no finite derivative at the start
    works = integrate_batch(system, problem, rtol=1e-3, outputs=system.state_names[:1]).status == 0
    kept = chosen(problem, np.flatnonzero(works)[:samples])
    return Workload(key, title, system, kept, judged_states(system, dosing.drugs))


def _history(model: Model, system: System, values: FloatArray, until: FloatArray) -> FloatArray:
    """Return the state at the start of treatment, from premenopausal balance on."""
    n = len(until)
    begin = values[:, list(model.all_parameters).index(model.history_start)]
    task = build_problem(
        model, system, (), values, begin, list(until[:, None]), np.full(n, np.inf),
        absolute=[], state=baseline(system, model, values, begin),
    )  # fmt: skip
    return integrate_batch(system, task, rtol=HISTORY_RTOL).final


def judged_states(system: System, drugs: tuple[str, ...]) -> tuple[int, ...]:
    """Return positions of the states that are not amounts of drug."""
    published = ("u_", "DENSC", "DENCENT", "DENPER", "TERISC", "TERICENT")
    prefixes = (*(f"{drug}_" for drug in drugs), *published)
    return tuple(i for i, n in enumerate(system.state_names) if not n.startswith(prefixes))


def reference(samples: int = SAMPLES, schedule: str = REFERENCE_SCHEDULE) -> Workload:
    """Ten treated years of the reference model, output every month."""
    return treated(
        "R",
        "reference: 10 y from age 62, " + schedule + ", monthly output",
        load_model("reference"),
        schedule,
        start_age=62 * DAYS_PER_YEAR,
        times=np.arange(121) * DAYS_PER_MONTH,
        samples=samples,
    )


def jorg(samples: int = SAMPLES) -> Workload:
    """A life from 25 to 70 with four years of denosumab from 60 on."""
    model = load_model("jorg2022")
    year = model.days_per_year
    return treated(
        "J",
        "jorg2022: age 25 to 70 y, denosumab 60 mg every 6 mo x 8 from 60 y, output every 30 d",
        model,
        "denosumab 60 mg every 6 mo x 8",
        start_age=25 * year,
        times=np.append(np.arange(0.0, 45 * year, 30.0), 45 * year),
        dose_start=35 * year,
        samples=samples,
    )


def peterson(samples: int = SAMPLES) -> Workload:
    """Four doses of denosumab in four years.

    The published right-hand side jumps where BCL2 passes a threshold, and no solver here stops at
    it. Samples in which that happens are left out: their error says where a solver's steps
    happened to fall, not how well it integrates.
    """
    workload = treated(
        "P",
        "peterson2010: 4 y, denosumab 60 mg every 6 mo x 4, output every 14 d",
        load_model("peterson2010"),
        "denosumab 60 mg every 6 mo x 4",
        start_age=0.0,
        times=np.append(np.arange(0.0, 4 * DAYS_PER_YEAR, 14.0), 4 * DAYS_PER_YEAR),
        samples=4 * samples,
    )
    system, problem = workload.system, workload.problem
    closely = np.arange(0.0, float(problem.times[-1]), 0.1)
    n = problem.size
    followed = replace(
        problem, times=np.tile(closely, n), times_from=_offsets([len(closely)] * n)
    )  # fmt: skip
    bcl2 = integrate_batch(system, followed, outputs=("BCL2",)).outputs[0]
    column = system.parameter_names.index("BCL2_switch")
    threshold = problem.parameters[problem.parameter_row, column][:, None]
    passes = np.any(bcl2 > threshold, axis=1) & np.any(bcl2 < threshold, axis=1)
    kept = np.flatnonzero(~passes)[:samples]
    return replace(workload, problem=chosen(problem, kept))


def small(name: str, samples: int = SAMPLES) -> Workload:
    """One of the small published models, five years back from a disturbed start."""
    model = load_model(name)
    times = np.append(np.arange(0.0, 5 * DAYS_PER_YEAR, 14.0), 5 * DAYS_PER_YEAR)
    workload = treated(
        name[0].upper() + name[1],
        f"{name}: 5 y from a disturbed start, output every 14 d",
        model,
        "none",
        start_age=0.0,
        times=times,
        samples=samples,
    )
    problem = workload.problem
    random = np.random.default_rng(SEED)
    shift = np.exp(4 * SPREAD * random.standard_normal(problem.initial.shape))
    return replace(workload, problem=replace(problem, initial=problem.initial * shift))


def own(model: Model, schedule: str, samples: int = SAMPLES) -> Workload:
    """Five treated years of any model, such as one in a file of your own, output every month."""
    return treated(
        "own",
        f"{model.name}: 5 y, {schedule}, monthly output",
        model,
        schedule,
        start_age=Patient().age * model.days_per_year if model.follows_age else 0.0,
        times=np.arange(61) * DAYS_PER_MONTH,
        samples=samples,
    )


WORKLOADS: dict[str, Callable[[int], Workload]] = {
    "R": reference,
    "J": jorg,
    "P": peterson,
    "Le": lambda samples=SAMPLES: small("lemaire2004", samples),
    "Pi": lambda samples=SAMPLES: small("pivonka2008", samples),
    "Ko": lambda samples=SAMPLES: small("komarova2003", samples),
}
