"""Simulate people up to a time, and keep them as they are then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError
from remodel.models import Model
from remodel.patients import Patients
from remodel.populations.population import Population
from remodel.progress import ProgressLike, progress_of
from remodel.simulation.arguments import Bounds, Parameters, People, Schedules
from remodel.simulation.batch import Batch
from remodel.simulation.dataset import report_failures
from remodel.simulation.inputs import Inputs, check_count
from remodel.simulation.packing import columns
from remodel.simulation.patients import parameter_values, perform_surgery
from remodel.simulation.simulate import checked_inputs, checked_model, drugs_of, in_chunks
from remodel.simulation.snapshot import Snapshot
from remodel.simulation.trajectories import Trajectories
from remodel.simulation.unusual import warn_of_unusual
from remodel.solvers.methods import DEFAULT, MAX_STEPS
from remodel.solvers.problem import SET
from remodel.units import DAYS_PER_YEAR, read_time

_LATEST = 120.0 * DAYS_PER_YEAR


def snapshot(
    model: str | Model = "reference",
    *,
    at: float | str = 0.0,
    schedule: Schedules = None,
    patient: People = None,
    parameters: Parameters = None,
    start: Snapshot | None = None,
    method: str = DEFAULT.name,
    rtol: float | None = None,
    threads: int | None = None,
    exact_doses: bool | None = None,
    max_steps: int = MAX_STEPS,
    bounds: Bounds = None,
    strict: bool = False,
    progress: ProgressLike = None,
) -> Snapshot:
    """Simulate people up to a time, and keep them as they are then: bodies, drugs, parameters.

    What starts from the snapshot begins without what was being given. A dose due at the time
    itself is not yet given; drugs stay where they are in the body, and so do interventions that
    have begun.

    Parameters
    ----------
    model : str or Model
    at : float or str
        Time from the start of treatment [d], or text such as ``"24 mo"``; 0 by default: people
        with their history and their T-scores, before any treatment.
    schedule, patient, parameters, start
        As of :func:`remodel.simulate`.
    method, rtol, threads, exact_doses, max_steps, bounds, strict, progress
        As of :func:`remodel.simulate`.

    Returns
    -------
    Snapshot
        One row a simulation.

    Raises
    ------
    RemodelError
        One of its subclasses, as of :func:`remodel.simulate`.

    Examples
    --------
    >>> import remodel as rm
    >>> now = rm.snapshot(schedule="anastrozole 1 mg daily for 2 y", at="24 mo")
    >>> options = {"goes on": "anastrozole 1 mg daily for 3 y", "stops": None}
    >>> later = rm.simulate(start=now, schedule=options, years=3)
    """
    check_count("threads", threads)
    check_count("max_steps", max_steps)
    day = read_time(at, "d", "at")
    if not 0 <= day <= _LATEST:
        raise ConfigError(f"at = {at!r}: must be from 0 to {_LATEST / DAYS_PER_YEAR:g} y.")
    chosen = checked_model(model, start)
    inputs = checked_inputs(chosen, schedule, patient, parameters, bounds, start)
    drugs = chosen.with_drugs(drugs_of(inputs, start))
    batch = Batch.build(
        chosen,
        inputs,
        np.array([day]),
        chosen.system(drugs, inputs.parameters).state_names,
        method=method,
        rtol=rtol,
        threads=threads,
        exact_doses=exact_doses,
        max_steps=max_steps,
        start=start,
    )
    if not isinstance(patient, Population):  # which has drawn them, unusual ones too
        warn_of_unusual(chosen, inputs)
    trajectories = in_chunks(batch, progress_of(progress), parameters=len(chosen.all_parameters))
    report_failures(trajectories, strict=strict, outside=batch.outside)
    surgery = _surgery(batch)
    return Snapshot(
        model=chosen,
        patients=_older(chosen, inputs, day),
        parameters=inputs.parameters,
        varied=inputs.varied,
        drugs=drugs,
        state_names=batch.outputs,
        states=np.ascontiguousarray(trajectories.values[:, :, 0].T),
        values=_values_at(batch, trajectories, day, surgery),
        time=trajectories.start + day,
        surgery=surgery,
        status=trajectories.status,
    )


def _surgery(batch: Batch) -> FloatArray:
    """Return model time at the removal of ovaries [d], infinite for none, shape (n,)."""
    rows = np.arange(batch.size)
    if batch.start is not None:
        return batch.start.surgery[batch.inputs.patient_of]
    return parameter_values(batch.model, batch.inputs, rows)[1]


def _older(model: Model, inputs: Inputs, day: float) -> Patients:
    """Return patients some days later, one a simulation; their T-scores are met already."""
    patients = inputs.patients_of(np.arange(inputs.size))
    unknown: dict[str, Any] = {f"t_score_{site}": np.nan for site in patients.t_scores}
    years = day / model.days_per_year if model.follows_age else 0.0
    return replace(patients, age=patients.age + years, **unknown)


def _values_at(
    batch: Batch, trajectories: Trajectories, day: float, surgery: FloatArray
) -> FloatArray:
    """Return parameters at a day: those of day 0, with what was set since; nothing is given."""
    model, column = batch.model, columns(batch.model)
    values = trajectories.parameters.copy()
    for number, dosing in enumerate(batch.dosings):
        members = batch.dosing_of == number
        age = trajectories.start / model.days_per_year * DAYS_PER_YEAR
        timed = [(np.full_like(age, a.time), a) for a in dosing.actions if a.kind == SET]
        for when, action in [*timed, *((at - age, a) for at, a in dosing.at_age)]:
            values[members & (when < day), column[action.target]] = action.value
    perform_surgery(model, values, surgery, trajectories.start + day)
    rates = [j for name, j in column.items() if name not in model.parameters]
    values[:, rates] = 0.0
    return values
