"""Simulations of the page: kept for a while, so that curves, trials and risks share one."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from remodel._arrays import FloatArray
from remodel.errors import ConfigError, PatientError, RemodelError, ScheduleError
from remodel.explorer.question import Case
from remodel.models import load_model
from remodel.schedules import Schedule
from remodel.simulation.batch import Batch
from remodel.simulation.dataset import base_outputs, default_outputs
from remodel.simulation.inputs import Inputs
from remodel.simulation.simulate import simulate
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

if TYPE_CHECKING:
    import xarray as xr

_STEPS = ((1.0, 0.125), (2.0, 0.25), (5.0, 0.5), (12.0, 1.0), (25.0, 2.0))  # years, months
_LONG_STEP = 3.0
_MOST_STEPS = 200_000
_KEPT = 24


def time_grid(years: float, coarseness: float = 1.0) -> FloatArray:
    """Return output times: fine where a figure is short [d]."""
    step = next((months for longest, months in _STEPS if years <= longest), _LONG_STEP)
    end = years * DAYS_PER_YEAR
    times = np.arange(0.0, end + 1e-6, step * coarseness * DAYS_PER_MONTH)
    return times if end - times[-1] < 1e-6 * end else np.append(times, end)


@functools.lru_cache(maxsize=_KEPT)
def simulated(case: Case) -> xr.Dataset:
    """Return every endpoint of every arm.

    Raises
    ------
    ConfigError
        With the path of the field, where the error is of one.
    """
    try:
        return simulate(
            case.model,
            schedule=case.schedules,
            patient=case.patient,
            parameters=dict(case.parameters) or None,
            times=time_grid(case.years),
            max_steps=_MOST_STEPS,
        )
    except RemodelError as error:
        raise ConfigError(str(error), field=_field_of(error, case)) from error


def _field_of(error: RemodelError, case: Case) -> str:
    """Return the path of the field an error is about: of the patient, or of the arm at fault."""
    if not isinstance(error, PatientError | ScheduleError):
        return ""
    refused = [number for number, (_, s) in enumerate(case.arms) if _is_refused(case, s)]
    if refused and not _is_refused(case, Schedule()):
        return f"arms.{refused[0]}.schedule"
    return f"patient.{error.field or 'age'}"


def _is_refused(case: Case, schedule: Schedule) -> bool:
    """Return whether a schedule alone is refused."""
    model = load_model(case.model)
    names = default_outputs(model)[:1]
    parameters = dict(case.parameters) or None
    try:
        inputs = Inputs.read(model, schedule, case.patient, parameters)
        Batch.build(model, inputs, np.zeros(1), base_outputs(names))
    except RemodelError:
        return True
    return False


def plain(values: npt.ArrayLike, digits: int = 6) -> list[Any]:
    """Return numbers for JSON: few digits, None where there is none."""
    array = np.asarray(values, dtype=np.float64)
    is_number = np.isfinite(array)
    largest = float(np.max(np.abs(array[is_number]), initial=0.0))
    decimals = digits - int(np.ceil(np.log10(largest))) if largest > 0 else 0
    rounded = np.where(is_number, np.round(array, decimals), np.nan).astype(object)
    rounded[~is_number] = None
    listed: list[Any] = rounded.tolist()
    return listed
