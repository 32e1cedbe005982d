"""One simulation of each model, with doses where it has drugs."""

import functools

import numpy as np

import remodel as rm
from remodel.exchange.case import Case
from remodel.models import load_model

SCHEDULES = {
    "reference": "anastrozole 1 mg daily for 5 y; zoledronic acid 4 mg every 6 mo for 5 y; "
    "denosumab 60 mg every 6 mo x 4 from 6 y",
    "jorg2022": "denosumab 60 mg every 6 mo for 3 y; alendronate 70 mg weekly for 1 y from 4 y",
    "peterson2010": "denosumab 60 mg every 6 mo for 3 y; teriparatide 0.02 mg daily x 30 from 5 y",
}
PARAMETERS = {"komarova2003": {"x1_0": 11.0}, "lemaire2004": {"R_0": 0.001}}


@functools.cache
def case_of(name, years=10):
    model = load_model(name)
    patient = rm.Patient(62, 50) if model.follows_age else None
    return Case.of(model, SCHEDULES.get(name), patient, PARAMETERS.get(name), years)


def outputs_of(case):
    return [s.name for s in case.statements.quantities if s.name in case.model.endpoints]


def away_from_events(case, step=30.4375):
    """Return times that are not within half a day of an event, where programs differ."""
    times = np.arange(0.3, case.end, step)
    events = np.array([change.time for change in case.changes])
    if not len(events):
        return times
    return times[np.min(np.abs(times[:, None] - events), axis=1) > 0.5]


def simulated(case, times, outputs):
    """Return what the package gives, shape (n_outputs, n_times)."""
    dataset = rm.simulate(
        case.model,
        schedule=case.schedule,
        patient=case.patient,
        parameters=case.given,
        times=times,
        outputs=outputs,
        rtol=1e-10,
    )
    return np.array([dataset[name].to_numpy()[0] for name in outputs])


def worst(case, values, expected, outputs):
    """Return the largest difference, relative to the size of each output."""
    states = case.system.assembly.states
    sizes = np.max(np.abs(expected), axis=1)
    typical = [states[name].typical if name in states else 0.0 for name in outputs]
    return np.max(np.abs(values - expected) / np.maximum(sizes, typical)[:, None])
