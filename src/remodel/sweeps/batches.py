"""From rows of a design to simulations: a batch, and what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from remodel.errors import RemodelError
from remodel.patient import Patient
from remodel.simulation.batch import Batch
from remodel.simulation.inputs import Inputs
from remodel.simulation.treatment import simulate_batch
from remodel.solvers.status import Status
from remodel.sweeps.design import Design, nearest_times
from remodel.sweeps.factors import Level, Rows
from remodel.sweeps.sentences import schedules

Variables = dict[str, npt.NDArray[Any]]
COUNTERS = ("steps", "rejected_steps", "factorizations")


def prepare(design: Design, rows: Rows, threads: int | None = None) -> Batch:
    """Translate rows into a batch, and refuse what cannot be simulated.

    Raises
    ------
    RemodelError
        One of its subclasses, as ``remodel.simulate`` raises it.
    """
    model, solver = design.model, design.solver
    inputs = Inputs.read(
        model,
        schedules(design.schedule, rows, design.drugs) or design.schedule,
        _patients(design, rows) if model.follows_age else None,
        {**design.parameters, **{name: rows[name] for name in design.of_kind("parameter")}},
        "population" if design.kind == "population" else None,
    )
    return Batch.build(
        model,
        inputs,
        design.times(),
        design.base_outputs,
        method=solver.method,
        rtol=solver.rtol,
        threads=threads,
        exact_doses=solver.exact_doses,
        max_steps=solver.max_steps,
        measures=design.measures,
    )


def _patients(design: Design, rows: Rows) -> list[Patient]:
    """Return one patient, or one per row; equal ones are the same object."""
    names = design.of_kind("patient")
    if not names:
        return [_patient(design.patient)]
    known: dict[tuple[Level, ...], Patient] = {}
    patients = []
    for row, values in enumerate(zip(*(rows[name] for name in names), strict=True)):
        if values not in known:
            try:
                known[values] = _patient(
                    {**design.patient, **dict(zip(names, values, strict=True))}
                )
            except RemodelError as error:
                raise error.at(f"simulation {row}") from error
        patients.append(known[values])
    return patients


def _patient(values: Mapping[str, Any]) -> Patient:
    attributes = dict(values)
    if attributes.get("menopause") == "none":
        attributes["menopause"] = None
    return Patient(**attributes)


def simulate_rows(design: Design, rows: Rows, threads: int | None = None) -> Variables:
    """Simulate rows and return what is kept of them.

    Returns
    -------
    dict of str to ndarray
        Outputs, shape (n, n_stored); reductions, status, time reached [d] and counters, shape (n,).

    Raises
    ------
    RemodelError
        As ``prepare``.
    """
    batch = prepare(design, rows, threads)
    trajectories = simulate_batch(batch)
    stored = nearest_times(batch.times, design.stored_times())
    variables: Variables = {
        name: trajectories.variable(name)[:, stored].astype(design.precision)
        for name in design.outputs
    }
    measured = iter(trajectories.measures)
    for reduction in design.reductions:
        if reduction.take == "value":
            (day,) = nearest_times(batch.times, np.array([reduction.day]))
            values = trajectories.variable(reduction.of)[:, day]
        else:
            values = reduction.result(next(measured), design.end)
        variables[reduction.name] = values.astype(design.precision)
    variables["status"] = trajectories.status.astype(np.int8)
    variables["stopped_at"] = trajectories.stopped - trajectories.start
    for k, name in enumerate(COUNTERS):
        variables[name] = trajectories.counters[:, k].astype(np.int32)
    return variables


def counts(variables: Mapping[str, npt.NDArray[Any]]) -> tuple[int, int]:
    """Return how many simulations ran, and how many of them failed."""
    status = variables["status"]
    return int((status >= 0).sum()), int((status > Status.OK).sum())
