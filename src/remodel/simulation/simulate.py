"""Simulate patients: model, parameters, patient and schedule in, labelled results out."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError
from remodel.models import Model, load_model
from remodel.patients import Patients
from remodel.populations.course import completed, needed_outputs
from remodel.populations.population import Population
from remodel.progress import Progress, ProgressLike, progress_of
from remodel.provenance import fingerprint, manifest, recorded
from remodel.simulation.arguments import Bounds, Parameters, People, Schedules
from remodel.simulation.batch import Batch
from remodel.simulation.dataset import (
    base_outputs,
    checked_outputs,
    default_outputs,
    report_failures,
    to_dataset,
)
from remodel.simulation.inputs import Inputs, check_count, output_times
from remodel.simulation.snapshot import Snapshot
from remodel.simulation.trajectories import Trajectories
from remodel.simulation.treatment import simulate_batch
from remodel.simulation.unusual import warn_of_unusual
from remodel.simulation.women import inputs_of
from remodel.solvers.methods import DEFAULT, MAX_STEPS

if TYPE_CHECKING:
    import xarray as xr

_CHUNK = 8192  # simulations
_MOST_ACTIONS = 20_000_000  # of a chunk; each takes a hundred bytes
_LISTED = 1000  # patients whose attributes a result lists
_MOST_TIMES = 2_000_000  # every half hour of a century


@recorded
def simulate(
    model: str | Model = "reference",
    *,
    schedule: Schedules = None,
    patient: People = None,
    parameters: Parameters = None,
    start: Snapshot | None = None,
    years: float | str | None = None,
    times: Sequence[float | str] | FloatArray | None = None,
    outputs: Sequence[str] | None = None,
    method: str = DEFAULT.name,
    rtol: float | None = None,
    threads: int | None = None,
    exact_doses: bool | None = None,
    max_steps: int = MAX_STEPS,
    sensitivities: Sequence[str] = (),
    bounds: Bounds = None,
    strict: bool = False,
    progress: ProgressLike = None,
) -> xr.Dataset:
    """Simulate one patient or many.

    Lists and arrays give a batch: a list of schedules, a list of patients, arrays of parameters;
    all must have one length, single values are shared.

    Parameters
    ----------
    model : str or Model
        ``reference`` or a published model; see ``remodel.model_names()``.
    schedule : str, Schedule, sequence of these or mapping of str to these, optional
        For example ``"anastrozole 1 mg daily for 5 y; zoledronic acid 4 mg every 6 mo for 5 y"``;
        no treatment by default. The names of a mapping, such as
        ``{"placebo": None, "denosumab": "denosumab 60 mg every 6 mo"}``, become the coordinate
        ``arm``.
    patient : Patient, sequence of Patient, Patients or Population, optional
        By default a woman of 62 with menopause at 50. Every one of ``Patients``, which are columns,
        and of a population is given every arm of a mapping, arm by arm; the coordinate ``woman``
        says who it is. A woman of ``remodel.population`` takes each as she takes her drugs, has
        her wander, and the coordinate ``weight``.
    parameters : ParameterSet, mapping of str to float or array_like, str or Path, optional
        Values that replace the model's, in the units of its parameter table; text is the name or
        the file of a parameter set.
    start : Snapshot, optional
        People as they are now, from :func:`remodel.snapshot`, instead of patients and parameters.
        Day 0 is now, ``schedule`` is what is given from now on, and each of them is given every
        arm of a mapping.
    years : float or str, optional
        Length [y], or text such as ``"18 mo"``; output once a month. By default until two years
        after the last dose, at least 5.
    times : sequence of float or str, optional
        Output times from the start of treatment [d], or texts such as ``"12 mo"``, rising; instead
        of ``years``.
    outputs : sequence of str, optional
        Endpoints, their ``_percent_change``, states or quantities; all endpoints by default.
    method : str
        ``rodas5p`` (also called ``batch``) or ``rodas4`` of the compiled engine, or SciPy's
        ``lsoda``, ``bdf``, ``radau``.
    rtol : float, optional
        Relative tolerance; 1e-6 for the engine and 1e-7 for SciPy by default.
    threads : int, optional
        Processors the engine may use; all by default. Results do not depend on it.
    exact_doses : bool, optional
        Give each dose of a daily or weekly regimen as a jump, not their mean rate; by default as
        the model needs it (``model.exact_doses``).
    max_steps : int
        Steps allowed to one simulation; the default is 100,000, or 100 a dose where that is more.
    sensitivities : sequence of str
        Parameters by which every output is differentiated; adds ``<output>_sensitivity`` with
        dimensions ``parameter, simulation, time``, per unit of the parameter's own unit. Baseline
        T-scores stay as they are given; they may be named here too, as ``t_score_total_hip``.
    bounds : {"typical", "population"}, optional
        ``typical``: a parameter outside the bounds of a typical patient is refused.
        ``population``: bounds are those of one woman among others, and who is outside is not
        simulated: she has the status ``outside_bounds``, NaN, and is counted. The default where a
        population is simulated.
    strict : bool
        Raise if any simulation fails, instead of a warning, a status and NaN.
    progress : Progress or callable, optional
        Notified as simulations finish.

    Returns
    -------
    xarray.Dataset
        Dimensions ``simulation`` and ``time`` [d]; every variable has ``units`` and ``long_name``.
        ``status`` is 0 where a simulation reached its end; after a failure values are NaN.

    Raises
    ------
    RemodelError
        One of its subclasses, before any work starts, if an argument is not allowed; SolverError if
        ``strict`` and a simulation fails.
    """
    check_count("threads", threads)
    check_count("max_steps", max_steps)
    women = patient if isinstance(patient, Population) else None
    chosen = checked_model(model, start)
    inputs = checked_inputs(chosen, schedule, patient, parameters, bounds, start)
    at = output_times(inputs, years, times)
    drugs = drugs_of(inputs, start)
    asked = (outputs,) if isinstance(outputs, str) else outputs
    names = default_outputs(chosen) if asked is None else tuple(asked)
    checked_outputs(chosen, tuple(chosen.system(drugs).outputs), names)
    hidden = () if women is None else needed_outputs(chosen, women, names)
    batch = Batch.build(
        chosen,
        inputs,
        at,
        base_outputs((*names, *hidden)),
        method=method,
        rtol=rtol,
        threads=threads,
        exact_doses=exact_doses,
        max_steps=max_steps,
        sensitivities=sensitivities,
        start=start,
    )
    if women is None:
        warn_of_unusual(chosen, inputs)
    _check_size(batch, names)
    trajectories = in_chunks(batch, progress_of(progress))
    report_failures(trajectories, strict=strict, outside=batch.outside)
    dataset = to_dataset(
        batch,
        trajectories,
        (*names, *hidden),
        states=chosen.assembly(drugs).states,
        manifest=_manifest(batch, women),
    )
    return dataset if women is None else completed(dataset, chosen, women).drop_vars(hidden)


def checked_model(model: str | Model, start: Snapshot | None) -> Model:
    """Return the model of the call, or of the snapshot that it starts from.

    Raises
    ------
    ConfigError
        If these are two.
    """
    if start is None:
        return load_model(model)
    if model != "reference" and load_model(model) is not start.model:
        raise ConfigError(f"start is a snapshot of model '{start.model.name}', not of '{model}'.")
    return start.model


def checked_inputs(
    model: Model,
    schedule: Schedules,
    patient: People,
    parameters: Parameters,
    bounds: Bounds,
    start: Snapshot | None,
) -> Inputs:
    """Return the inputs of the call; who starts from a snapshot brings her parameters.

    Raises
    ------
    RemodelError
        One of its subclasses, if an argument is not allowed.
    """
    if start is None and isinstance(patient, Population):
        return inputs_of(model, schedule, patient, parameters, bounds)
    if start is None:
        return Inputs.read(model, schedule, patient, parameters, bounds)
    if any(argument is not None for argument in (patient, parameters, bounds)):
        raise ConfigError(
            "start brings its people with their parameters; leave patient, parameters and bounds "
            "out."
        )
    return Inputs.continued(start, schedule)


def drugs_of(inputs: Inputs, start: Snapshot | None) -> list[str]:
    """Return all drugs that are given, or that are in people already."""
    scheduled = {drug for schedule in inputs.schedules for drug in schedule.drugs}
    return sorted(scheduled.union(() if start is None else start.drugs))


def _check_size(batch: Batch, names: Sequence[str]) -> None:
    """Reject results that no one could read, or that the memory cannot hold, with their size."""
    n, times = batch.size, len(batch.times)
    slopes = 1 + len(batch.sensitivities)
    chunk, changes = min(n, _CHUNK), sum(name not in batch.outputs for name in names)
    numbers = times * slopes * (len(batch.outputs) * (n + 2 * chunk) + changes * (n + 1))
    size = f"{n:,} x {times:,} times of {len(names)} outputs take {8 * numbers / 2**30:.3g} GiB"
    if times > _MOST_TIMES:
        raise ConfigError(f"times: {size}; at most {_MOST_TIMES:,} times are allowed.")
    held = _memory()
    if 8 * numbers > held:
        raise ConfigError(
            f"{size}, and this machine has {held / 2**30:.3g} GiB; ask for fewer outputs or times, "
            "or make it a sweep, which stores results as it goes."
        )


def _memory() -> float:
    """Return the memory of this machine [B], infinite where it does not say."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):  # pragma: no cover - not POSIX
        return math.inf


def in_chunks(batch: Batch, progress: Progress, *, parameters: int = 0) -> Trajectories:
    """Integrate in chunks, so that memory beyond the outputs stays small.

    Parameters
    ----------
    parameters : int
        How many parameters each simulation has, where they are to be kept.
    """
    trajectories = Trajectories.blank(
        batch.outputs,
        simulations=batch.size,
        times=len(batch.times),
        sensitivities=len(batch.sensitivities),
        parameters=parameters,
    )
    most = max(len(dosing.actions) for dosing in batch.dosings)
    length = max(1, min(_CHUNK, _MOST_ACTIONS // max(1, most)))
    progress.start(batch.size)
    # those of one patient are near each other, so that her history is integrated once
    order = np.argsort(batch.inputs.patient_of, kind="stable")
    for first in range(0, batch.size, length):
        chosen = order[first : first + length]
        trajectories.put(chosen, simulate_batch(batch, chosen, progress.advance))
    return trajectories


def _manifest(batch: Batch, women: Population | None) -> Mapping[str, Any]:
    """Return how a result was made."""
    model, inputs, usual = batch.model, batch.inputs, batch.model.all_parameters
    changed = {n: p.value for n, p in inputs.parameters.items() if p.value != usual[n].value}
    schedules, patients = inputs.schedules, inputs.patients
    return manifest(
        model=model.name,
        parameter_set=model.parameters.name,
        parameters=inputs.parameters.fingerprint(),
        equations=batch.system(drugs_of(inputs, batch.start)).fingerprint[:16],
        changed=changed,
        varied={name: fingerprint(values) for name, values in inputs.varied.items()},
        schedule=str(schedules[0]) if len(schedules) == 1 else _schedules(inputs),
        patient=_people(patients, women),
        start=None if batch.start is None else repr(batch.start),
        outside_bounds={name: int(rows.sum()) for name, rows in batch.outside.items()},
        method=batch.method,
        rtol=batch.rtol,
        exact_doses=batch.exact_doses,
        seed=None if women is None else women.seed,
    )


def _schedules(inputs: Inputs) -> str:
    """Return a hash of the schedules of a batch."""
    return fingerprint([[str(schedule) for schedule in inputs.schedules], inputs.schedule_of])


def _people(patients: Patients, women: Population | None) -> dict[str, Any]:
    """Return who was simulated, and what population they are of."""
    population = {} if women is None else {"population": repr(women)}
    return population | _patients(patients)


def _patients(patients: Patients) -> dict[str, Any]:
    """Return patients as a table: shared values once, others per patient, of many a hash."""
    table: dict[str, Any] = {}
    for attribute in fields(Patients):
        column = getattr(patients, attribute.name)
        is_known = column == column  # noqa: PLR0124 # NaN equals nothing
        is_same = column == column[0] if is_known[0] else ~is_known
        if is_same.all():
            table[attribute.name] = column[0].item() if is_known[0] else None
        elif len(column) > _LISTED:
            table[attribute.name] = fingerprint(column)
        else:
            cells = zip(column.tolist(), is_known, strict=True)
            table[attribute.name] = [value if known else None for value, known in cells]
    return table
