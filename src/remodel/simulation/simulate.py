"""Simulate patients: model, parameters, patient and schedule in, labelled results out."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError, ModelError, ParameterError
from remodel.models import Model, load_model
from remodel.parameters import ParameterSet
from remodel.patient import Patient
from remodel.provenance import fingerprint, manifest
from remodel.simulation import dataset as results
from remodel.simulation.batch import Course, Prepared
from remodel.simulation.inputs import Cohort, Schedules, Values, cohort
from remodel.simulation.treatment import Part, integrate_course
from remodel.solvers.methods import DEFAULT, MAX_STEPS, checked_rtol, method_of
from remodel.solvers.problem import Solution
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

if TYPE_CHECKING:
    import xarray as xr

_CHUNK = 8192
_LONGEST_YEARS = 120.0


def simulate(
    model: str | Model = "reference",
    *,
    schedule: Schedules | Sequence[Schedules] = None,
    patient: Patient | Sequence[Patient] | None = None,
    parameters: ParameterSet | Mapping[str, Values] | None = None,
    years: float | None = None,
    times: Sequence[float] | FloatArray | None = None,
    outputs: Sequence[str] | None = None,
    method: str = DEFAULT.name,
    rtol: float | None = None,
    threads: int | None = None,
    exact_doses: bool = False,
    max_steps: int = MAX_STEPS,
    sensitivities: Sequence[str] = (),
    strict: bool = False,
    progress: Callable[[int], None] | None = None,
) -> xr.Dataset:
    """Simulate one patient or many.

    Lists and arrays give a batch: a list of schedules, a list of patients, arrays of parameters;
    all must have one length, single values are shared.

    Parameters
    ----------
    model : str or Model
        ``reference`` or a published model; see ``remodel.model_names()``.
    schedule : str, Schedule or sequence of these, optional
        For example ``"anastrozole 1 mg daily for 5 y; zoledronic acid 4 mg every 6 mo for 5 y"``;
        no treatment by default.
    patient : Patient or sequence of Patient, optional
        By default a woman of 62 with menopause at 50.
    parameters : ParameterSet or mapping of str to float or array_like, optional
        Values that replace the model's, in the units of its parameter table.
    years : float, optional
        Length [y]; output once a month. By default until two years after the last dose, at least 5.
    times : array_like, shape (n_times,), optional
        Output times from the start of treatment [d], rising; instead of ``years``.
    outputs : sequence of str, optional
        Endpoints, their ``_percent_change``, states or quantities; all endpoints by default.
    method : str
        ``rodas5p`` (also called ``batch``) or ``rodas4`` of the compiled engine, or SciPy's
        ``lsoda``, ``bdf``, ``radau``.
    rtol : float, optional
        Relative tolerance; 1e-6 for the engine and 1e-7 for SciPy by default.
    threads : int, optional
        Processors the engine may use; all by default. Results do not depend on it.
    exact_doses : bool
        Give each dose of a daily or weekly regimen as a jump, not their mean rate.
    max_steps : int
        Steps allowed to one simulation.
    sensitivities : sequence of str
        Parameters by which every output is differentiated; adds ``<output>_sensitivity`` with
        dimensions ``parameter, simulation, time``, per unit of the parameter's own unit.
    strict : bool
        Raise if any simulation fails, instead of a warning, a status and NaN.
    progress : callable, optional
        Called with the number of simulations finished since the last call.

    Returns
    -------
    xarray.Dataset
        Dimensions ``simulation`` and ``time`` [d]; every variable has ``units`` and ``long_name``.
        ``status`` is 0 where a simulation reached its end; after a failure values are NaN.

    Raises
    ------
    RemodelError
        One of its children, before any work starts, if an argument is not allowed; SolverError if
        ``strict`` and a simulation fails.
    """
    chosen = load_model(model)
    method = method_of(method).name
    tolerance = checked_rtol(rtol, method)
    check_count("threads", threads)
    check_count("max_steps", max_steps)
    group = cohort(chosen, schedule, patient, parameters)
    at = output_times(group, years, times)
    asked = (outputs,) if isinstance(outputs, str) else outputs
    wanted = results.default_outputs(chosen) if asked is None else tuple(asked)
    every_drug = sorted({drug for s in group.schedules for drug in s.drugs})
    available = tuple(chosen.system(every_drug).outputs)
    results.checked_outputs(chosen, available, wanted)
    base = results.base_outputs(wanted)
    course = Course(
        model=chosen,
        cohort=group,
        times=at,
        outputs=base,
        method=method,
        rtol=tolerance,
        threads=threads,
        exact_doses=exact_doses,
        max_steps=max_steps,
        sensitivities=_checked_sensitivities(chosen, sensitivities),
    )
    part = _run(course, course.prepare(), progress)
    from remodel.simulation import accessor  # noqa: F401  (what makes ``ds.remodel``)

    results.report_failures(part.solution, strict=strict)
    record = _manifest(chosen, group, method, tolerance, exact_doses=exact_doses)
    return results.to_dataset(
        chosen,
        at,
        _variables(wanted, base, part),
        part.solution,
        start=part.start,
        slopes=_slopes(chosen, course, wanted, part),
        parameters=course.sensitivities,
        states=chosen.assembly(every_drug).states,
        labels=_labels(group),
        manifest=record,
    )


def _run(course: Course, prepared: Prepared, progress: Callable[[int], None] | None) -> Part:
    """Integrate in chunks, so that memory beyond the output stays small."""
    n, k, d, times = (
        course.cohort.size,
        len(course.outputs),
        len(course.sensitivities),
        len(course.times),
    )
    whole = Part(
        solution=Solution(
            outputs=np.full((k, n, times), np.nan),
            final=np.zeros((n, 0)),
            status=np.zeros(n, dtype=np.int64),
            stopped=np.zeros(n),
            counters=np.zeros((n, 3), dtype=np.int64),
            sensitivities=np.full((k, d, n, times), np.nan),
        ),
        baseline=np.full((k, n), np.nan),
        baseline_sensitivity=np.full((k, d, n), np.nan),
        start=np.zeros(n),
    )
    for first in range(0, n, _CHUNK):
        some = np.arange(first, min(first + _CHUNK, n))
        part = integrate_course(course, prepared, some, progress)
        whole.solution.outputs[:, some] = part.solution.outputs
        whole.solution.sensitivities[:, :, some] = part.solution.sensitivities
        whole.solution.status[some] = part.solution.status
        whole.solution.stopped[some] = part.solution.stopped
        whole.solution.counters[some] = part.solution.counters
        whole.baseline[:, some] = part.baseline
        whole.baseline_sensitivity[:, :, some] = part.baseline_sensitivity
        whole.start[some] = part.start
    return whole


def _checked_sensitivities(model: Model, names: Sequence[str]) -> tuple[str, ...]:
    for name in names:
        model.all_parameters[name]  # raises with the nearest name
        if name in model.structural:
            raise ParameterError(
                f"{name} is written into the compiled code; it has no sensitivity."
            )
    return tuple(dict.fromkeys(names))


def check_count(name: str, value: int | None) -> None:
    """Raise unless a number of threads or steps is a whole number from 1, or left open.

    Raises
    ------
    ConfigError
    """
    is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if value is not None and not (is_whole and value >= 1):
        raise ConfigError(f"{name} = {value!r}: must be a whole number from 1.")


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def output_times(
    group: Cohort, years: float | None, times: Sequence[float] | FloatArray | None
) -> FloatArray:
    """Return output times [d], checked.

    Raises
    ------
    ConfigError
        If ``years`` is not positive, or ``times`` are not finite, rising and from 0 on, or both
        are given.
    """
    if times is not None:
        if years is not None:
            raise ConfigError("give either years or times, not both.")
        try:
            at = np.asarray(times, dtype=np.float64)
        except (TypeError, ValueError):
            at = np.zeros(0, dtype=np.float64)
        if at.ndim != 1 or not len(at) or not np.all(np.isfinite(at)):
            raise ConfigError("times: must be a list of finite numbers [d].")
        if at[0] < 0 or np.any(np.diff(at) <= 0) or at[-1] > _LONGEST_YEARS * DAYS_PER_YEAR:
            raise ConfigError(
                f"times: must rise from 0 or later to at most {_LONGEST_YEARS:g} y, "
                "without repeats [d]."
            )
        return at
    length = _default_years(group) if years is None else years
    if not (_is_number(length) and 0 < length <= _LONGEST_YEARS):
        raise ConfigError(f"years = {length!r}: must be above 0 and at most {_LONGEST_YEARS:g} y.")
    months = math.floor(length * DAYS_PER_YEAR / DAYS_PER_MONTH + 1e-9)
    monthly = np.arange(months + 1, dtype=np.float64) * DAYS_PER_MONTH
    end = length * DAYS_PER_YEAR
    return monthly if end - monthly[-1] < 1e-6 * end else np.append(monthly, end)


def _default_years(group: Cohort) -> float:
    ends = [s.end for s in group.schedules if math.isfinite(s.end)]
    return max(5.0, 2.0 + max(ends, default=0.0) / DAYS_PER_YEAR)


def _variables(wanted: Sequence[str], base: Sequence[str], part: Part) -> dict[str, FloatArray]:
    place = {name: k for k, name in enumerate(base)}
    found: dict[str, FloatArray] = {}
    for name in wanted:
        k = place[name.removesuffix(results.PERCENT_CHANGE)]
        values = part.solution.outputs[k]
        is_change = name.endswith(results.PERCENT_CHANGE)
        found[name] = results.percent_change(values, part.baseline[k]) if is_change else values
    return found


def _slopes(
    model: Model, course: Course, wanted: Sequence[str], part: Part
) -> dict[str, FloatArray]:
    """Return sensitivities of outputs, shape (n_parameters, n, n_times), in people's units."""
    if not course.sensitivities:
        return {}
    factors = np.array([model.all_parameters[p].factor for p in course.sensitivities])
    place = {name: k for k, name in enumerate(course.outputs)}
    found: dict[str, FloatArray] = {}
    for name in wanted:
        k = place[name.removesuffix(results.PERCENT_CHANGE)]
        slope: FloatArray = part.solution.sensitivities[k] * factors[:, None, None]
        if name.endswith(results.PERCENT_CHANGE):
            slope = results.percent_change_slope(
                part.solution.outputs[k],
                part.baseline[k],
                slope,
                part.baseline_sensitivity[k] * factors[:, None],
            )
        found[name] = slope
    return found


def _labels(group: Cohort) -> dict[str, list[Any]]:
    labels: dict[str, list[Any]] = {n: list(v) for n, v in group.varied.items()}
    if len(group.schedules) > 1:
        labels["schedule"] = [str(s) for s in group.schedules]
    if len(group.patients) > 1:
        labels["age"] = [p.age for p in group.patients]
        if any(p.name for p in group.patients):
            labels["patient"] = [p.name for p in group.patients]
    return labels


def _manifest(
    model: Model, group: Cohort, method: str, rtol: float, *, exact_doses: bool
) -> Mapping[str, Any]:
    single = len(group.schedules) == 1
    own = model.all_parameters
    return manifest(
        model=model.name,
        parameter_set=model.parameters.name,
        parameters=group.parameters.fingerprint(),
        changed={n: p.value for n, p in group.parameters.items() if p.value != own[n].value},
        varied={name: fingerprint(v) for name, v in group.varied.items()},
        schedule=str(group.schedules[0])
        if single
        else fingerprint(list(map(str, group.schedules))),
        patient=repr(group.patients[0])
        if len(group.patients) == 1
        else fingerprint(group.patients),
        method=method,
        rtol=rtol,
        exact_doses=exact_doses,
        seed=None,
    )


__all__ = ["ModelError", "simulate"]
