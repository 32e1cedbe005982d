"""The inputs of a batch must not contradict each other: age, sex, menopause and sensitivities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from remodel._arrays import BoolArray, IntArray
from remodel.errors import ConfigError, ParameterError, PatientError, ScheduleError
from remodel.models import Model
from remodel.parameters import ParameterSet
from remodel.patient import Patient
from remodel.schedules import INTERVENTIONS, OOPHORECTOMY, Schedule
from remodel.simulation.dosing import Dosing, menopause_of
from remodel.simulation.inputs import Inputs
from remodel.simulation.patients import densities_of
from remodel.solvers.methods import method_of
from remodel.solvers.problem import PUT, SET
from remodel.symbolic.expression import ancestors
from remodel.units import DAYS_PER_YEAR


def check_patients(
    model: Model, inputs: Inputs, dosings: Sequence[Dosing], dosing_of: IntArray
) -> None:
    """Reject schedules that a patient cannot have.

    Raises
    ------
    PatientError, ScheduleError
        If the schedule begins before birth, contradicts the patient's sex, or menopause is given
        more than once.
    """
    if not model.follows_age:
        if any(dosing.at_age for dosing in dosings):
            raise ScheduleError(f"model '{model.name}' does not know the patient's age.")
        return
    for i in _different(inputs, dosing_of):
        patient, schedule = inputs.patient(i), inputs.schedule(i)
        _check_past(patient, dosings[dosing_of[i]])
        _check_sex(model, patient, schedule)
        _check_menopause(model, inputs, patient, schedule)


def _different(inputs: Inputs, dosing_of: IntArray) -> list[int]:
    """Return the youngest and oldest of those who are alike but for age, in their order."""
    patients = inputs.patients_of(np.arange(inputs.size))
    columns = (
        dosing_of,
        inputs.schedule_of,
        patients.is_male,
        np.unique(patients.menopause, return_inverse=True)[1],
        np.isnan(patients.menopause_age),
    )
    order = np.lexsort((patients.age, *columns))
    table = np.stack(columns)[:, order]
    begins = np.flatnonzero(np.any(np.diff(table, axis=1, prepend=-1), axis=0))
    ends = np.append(begins[1:], inputs.size) - 1
    return [int(i) for i in np.unique(order[np.concatenate((begins, ends))])]


def outside_bounds(model: Model, inputs: Inputs) -> dict[str, BoolArray]:
    """Return which simulations of a population cannot be, by what is outside its bounds.

    Raises
    ------
    PatientError
        If a T-score would leave no bone, and it is no population.
    """
    outside = dict(inputs.outside)
    for site, (density, _) in densities_of(model, inputs).items():
        if not np.any(density <= 0):
            continue
        if inputs.is_population:
            outside[f"t_score_{site}"] = density <= 0
            continue
        worst, names = int(np.nanargmin(density)), model.density[site]
        score = inputs.patient(worst).t_scores[site]
        where = f"simulation {worst}: " if inputs.size > 1 else ""
        raise PatientError(
            f"{where}t_score_{site} = {score:g} is a density of {density[worst]:.3g} g/cm^2 with "
            f"these {names.reference} and {names.reference_sd}; it must be above 0."
        )
    return outside


def _check_past(patient: Patient, dosing: Dosing) -> None:
    """Reject schedules that start before the patient's birth, or set an age that is past."""
    if patient.age * DAYS_PER_YEAR + dosing.first <= 0:
        raise ScheduleError(
            f"the schedule begins {-dosing.first / DAYS_PER_YEAR:g} y before the start of "
            f"treatment, and the patient is {patient.age:g} y old then."
        )
    for age, action in dosing.at_age:
        if age < patient.age * DAYS_PER_YEAR:
            raise ScheduleError(
                f"the schedule changes {action.target} at {age / DAYS_PER_YEAR:g} y, before "
                f"the start at {patient.age:g} y; describe the past in Patient, e.g. "
                "menopause='surgical' with menopause_age."
            )


def _check_sex(model: Model, patient: Patient, schedule: Schedule) -> None:
    """Reject a man in a model of women, and what happens to one sex only in the other."""
    if patient.sex == "male" and not model.male:
        raise PatientError(f"model '{model.name}' knows women only; use sex='female'.")
    for event in schedule.interventions:
        if INTERVENTIONS[event.name].sex not in (None, patient.sex):
            raise PatientError(f"{event.name} does not happen to a {patient.sex} patient.")


def _check_menopause(model: Model, inputs: Inputs, patient: Patient, schedule: Schedule) -> None:
    """Reject a menopause that is given more than once, or that the model cannot give."""
    if patient.menopause == "surgical" and OOPHORECTOMY not in model.interventions:
        raise PatientError(
            f"model '{model.name}' has no removal of the ovaries; use menopause='natural' or None."
        )
    described = patient.menopause_age is not None or patient.menopause != "natural"
    sources = {
        "the schedule": menopause_of(schedule, patient.age * DAYS_PER_YEAR) is not None,
        f"Patient(menopause={patient.menopause!r}, menopause_age={patient.menopause_age})": (
            described
        ),
        f"parameters['{model.menopause_age}']": model.menopause_age in inputs.given,
    }
    named = [source for source, is_given in sources.items() if is_given]
    if len(named) > 1:
        raise PatientError(f"menopause is given by {' and by '.join(named)}; say it once.")


def check_continuation(dosings: Sequence[Dosing], sensitivities: Sequence[str]) -> None:
    """Reject what a simulation that starts from a snapshot cannot have: a past, and derivatives.

    Raises
    ------
    ScheduleError, ConfigError
    """
    for dosing in dosings:
        if dosing.first < 0:
            raise ScheduleError(
                f"the schedule begins {-dosing.first:g} d before the snapshot that it starts "
                "from; what was given before belongs to the schedule of the snapshot."
            )
        if dosing.steady_state or dosing.later:
            raise ScheduleError("a simulation that starts from a snapshot has no steady state.")
    if sensitivities:
        raise ConfigError(
            "sensitivities are those of a whole simulation; give one schedule, not a start."
        )


def checked_sensitivities(model: Model, names: Sequence[str]) -> tuple[str, ...]:
    """Return parameters and T-scores to differentiate by, each once.

    Raises
    ------
    ParameterError
        If one is unknown, or written into the compiled code.
    """
    scores = {f"t_score_{site}" for site in model.density}
    for name in names:
        if name in scores:
            continue
        model.all_parameters[name]  # raises with the nearest name
        if name in model.structural:
            raise ParameterError(
                f"{name} is written into the compiled code; it has no sensitivity."
            )
    return tuple(dict.fromkeys(names))


def check_sensitivities(
    model: Model,
    inputs: Inputs,
    dosings: Sequence[Dosing],
    sensitivities: Sequence[str],
    method: str,
) -> None:
    """Reject sensitivities to parameters whose effect does not pass through the equations alone.

    Raises
    ------
    ConfigError, ParameterError, PatientError
    """
    if not sensitivities:
        return
    if not method_of(method).has_sensitivities:
        raise ConfigError(f"sensitivities come from the batch engine; method='{method}' has none.")
    by_score = {f"t_score_{site}" for site in model.density}.intersection(sensitivities)
    for name in sorted(by_score):
        if np.any(np.isnan(getattr(inputs.patients, name))):
            raise PatientError(f"a sensitivity to {name} needs patients who have one.", field=name)
    for dosing in dosings:
        steady = (*dosing.steady_state, *dosing.later)
        if steady or any(action.kind == PUT for action in dosing.actions):
            raise ParameterError(
                "a sensitivity through a reset or a steady state is not defined in a model "
                "without age; write for how long it has been given, such as 'from -10 y'."
            )
        by_schedule = _set_by(model, inputs.parameters, dosing)
        for name in sensitivities:
            if name in by_schedule:
                raise ParameterError(
                    f"{name} is set by the schedule; a sensitivity to it is not defined."
                )


def _set_by(model: Model, parameters: ParameterSet, dosing: Dosing) -> set[str]:
    """Return parameters that a dosing sets, or that the amounts of its doses depend on."""
    outputs = model.system(dosing.drugs, parameters).outputs
    switched = {action.target for action in dosing.actions if action.kind == SET}
    switched.update(action.target for _, action in dosing.at_age)
    factors = [outputs[a.factor] for a in dosing.actions if a.factor in outputs]
    return switched.union(
        (node.name for node in ancestors(factors)), (action.factor for action in dosing.actions)
    )
