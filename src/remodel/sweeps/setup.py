"""From a design and its rows to simulations: checks, batches, and what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from remodel._arrays import FloatArray
from remodel.errors import RemodelError, ScheduleError
from remodel.files import Table
from remodel.models import Model, load_model
from remodel.parameters import ParameterSet
from remodel.patient import Patient
from remodel.simulation import batch as simulation
from remodel.simulation import dataset as results
from remodel.simulation import treatment
from remodel.simulation.inputs import Inputs
from remodel.sweeps.design import Design, Solver
from remodel.sweeps.factors import Level, Rows
from remodel.sweeps.probes import probes
from remodel.sweeps.templates import schedules

Variables = dict[str, npt.NDArray[Any]]
COUNTERS = ("steps", "rejected_steps", "factorizations")
_SAME = 1e-6  # days: times closer than this are one


@dataclass(frozen=True, slots=True, eq=False)
class Setup:
    """A design with its model, ready to simulate rows.

    Attributes
    ----------
    design : Design
    model : Model
    drugs : frozenset of str
        Names that schedules may use.
    times : ndarray
        When outputs are computed [d].
    stored : ndarray of int
        Which of these times are kept.
    base : tuple of str
        Outputs that are computed, those that percent changes are changes of among them.
    parameters : ParameterSet
        With the values that all simulations share.
    """

    design: Design
    model: Model
    drugs: frozenset[str]
    times: FloatArray
    stored: npt.NDArray[np.int64]
    base: tuple[str, ...]
    parameters: ParameterSet

    @property
    def follows_age(self) -> bool:
        """Whether the model has a patient."""
        return self.model.follows_age

    def with_solver(self, solver: Solver) -> Setup:
        """Return the setup with another solver."""
        return replace(self, design=replace(self.design, solver=solver))


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some rows of a sweep, checked and ready to be integrated."""

    setup: Setup
    simulations: simulation.Batch


def setup_of(design: Design) -> Setup:
    """Return a design with its model."""
    model = load_model(design.model)
    wanted = (*design.outputs, *(r.of for r in design.reductions))
    times, stored = design.times(), design.stored_times()
    return Setup(
        design=design,
        model=model,
        drugs=frozenset(model.drugs) | frozenset(load_model("reference").drugs),
        times=times,
        stored=np.abs(times[:, None] - stored).argmin(axis=0)
        if design.outputs
        else np.zeros(0, int),
        base=results.base_outputs(wanted),
        parameters=model.all_parameters.replace(design.parameters),
    )


def prepare(setup: Setup, rows: Rows, threads: int | None = None) -> Batch:
    """Translate rows into a batch, and refuse what cannot be simulated.

    Raises
    ------
    RemodelError
        One of its children, as ``remodel.simulate`` raises it.
    """
    design = setup.design
    inputs = Inputs.read(
        setup.model,
        schedules(design.schedule, rows, setup.drugs) or design.schedule,
        _patients(design, rows) if setup.follows_age else None,
        {**design.parameters, **{name: rows[name] for name in design.of_kind("parameter")}},
    )
    simulations = simulation.Batch.build(
        setup.model,
        inputs,
        setup.times,
        setup.base,
        method=design.solver.method,
        rtol=design.solver.rtol,
        threads=threads,
        max_steps=design.solver.max_steps,
    )
    return Batch(setup, simulations)


def _patients(design: Design, rows: Rows) -> list[Patient]:
    """Return one patient, or one a row; equal ones are the same object."""
    names = design.of_kind("patient")
    if not names:
        return [_patient(design.patient)]
    known: dict[tuple[Level, ...], Patient] = {}
    found = []
    for place, values in enumerate(zip(*(rows[name] for name in names), strict=True)):
        if values not in known:
            given = {**design.patient, **dict(zip(names, values, strict=True))}
            try:
                known[values] = _patient(given)
            except RemodelError as error:
                raise type(error)(f"simulation {place}: {error}") from error
        found.append(known[values])
    return found


def _patient(values: Mapping[str, Any]) -> Patient:
    given = dict(values)
    if given.get("menopause") == "none":
        given["menopause"] = None
    return Patient(**given)


def simulate_batch(batch: Batch) -> Variables:
    """Return what is kept of a batch.

    Returns
    -------
    dict of str to ndarray
        Outputs, shape (n, n_stored); reductions, status, time reached [d] and counters, shape (n,).
    """
    setup, design = batch.setup, batch.setup.design
    trajectories = treatment.simulate_batch(batch.simulations)
    found: Variables = {}
    for name in design.outputs:
        found[name] = trajectories.variable(name)[:, setup.stored].astype(design.precision)
    for reduction in design.reductions:
        times = design.times_of(reduction)
        seen = np.abs(setup.times[:, None] - times).argmin(axis=0)
        values = reduction.reduce(trajectories.variable(reduction.of)[:, seen], times)
        found[reduction.name] = values.astype(design.precision)
    found["status"] = trajectories.status.astype(np.int8)
    found["stopped_at"] = trajectories.stopped - trajectories.start
    for k, name in enumerate(COUNTERS):
        found[name] = trajectories.counters[:, k].astype(np.int32)
    return found


def check_design(top: Table, design: Design, model: Model) -> None:
    """Refuse outputs the model has not, and rows that cannot be simulated.

    Raises
    ------
    ConfigError
        Naming file, line and key.
    """
    if not model.follows_age and (design.patient or design.of_kind("patient")):
        top.fail("patient", f"model '{model.name}' knows neither age nor menopause.")
    setup = setup_of(design)
    some = probes(design)
    try:
        dosings = prepare(setup, some).simulations.dosings if some else ()
    except (RemodelError, TypeError) as error:
        is_of_schedule = isinstance(error, ScheduleError) or design.of_kind("schedule")
        key = "schedule" if is_of_schedule else "factors"
        text = str(error).removeprefix("simulation ")
        top.fail(key, text.split(": ", 1)[-1] if text[:1].isdigit() else str(error), error)
    drugs = {drug for dosing in dosings for drug in dosing.drugs}
    available = tuple(model.system(drugs).outputs)
    _check_outputs(top, "outputs", model, available, design.outputs)
    for reduction in design.reductions:
        own = top.table("reductions").table(reduction.name)
        _check_outputs(own, "of", model, available, (reduction.of,))


def _check_outputs(
    table: Table, key: str, model: Model, available: Sequence[str], outputs: Sequence[str]
) -> None:
    try:
        if outputs:
            results.checked_outputs(model, available, outputs)
    except RemodelError as error:
        table.fail(key, str(error), error)
