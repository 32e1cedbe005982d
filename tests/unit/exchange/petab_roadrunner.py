"""A simulator of PEtab version 2 problems: libRoadRunner, one period after the other."""

import itertools

import libsbml
import numpy as np
import roadrunner
import sympy


def predictions(problem, values):
    """Return the prediction of each measurement.

    ``values`` are those of the estimated parameters.
    """
    text = problem.model.to_sbml_str() if hasattr(problem.model, "to_sbml_str") else None
    text = text or libsbml.writeSBMLToString(problem.model.sbml_document)
    conditions = {c.id: c.changes for c in problem.conditions}
    observables = {o.id: o for o in problem.observables}
    results = np.full(len(problem.measurements), np.nan)
    for experiment in problem.experiments:
        rows = [i for i, m in enumerate(problem.measurements) if m.experiment_id == experiment.id]
        found = _experiment(text, experiment, conditions, values, [problem.measurements[i] for i in rows], observables)  # fmt: skip
        results[rows] = found
    return results


def _experiment(text, experiment, conditions, values, measurements, observables):
    periods = sorted(experiment.periods, key=lambda p: p.time)
    first = {
        change.target_id: float(change.target_value)
        for name in periods[0].condition_ids
        for change in conditions[name]
    }
    runner = roadrunner.RoadRunner(_with(text, {**values, **first}))
    runner.integrator.relative_tolerance = 1e-9
    runner.integrator.maximum_num_steps = 1_000_000
    wanted = {m.time for m in measurements}
    taken = {}
    begin = periods[0].time
    for number, period in enumerate(periods):
        if number:
            _advance(runner, begin, period.time, wanted, taken, measurements, observables)
            changes = [c for name in period.condition_ids for c in conditions[name]]
            new = {c.target_id: _value(runner, c.target_value, period.time) for c in changes}
            for name, value in new.items():
                runner[name] = value
            begin = period.time
    _advance(runner, begin, max(wanted), wanted, taken, measurements, observables, last=True)
    return [taken[i] for i in range(len(measurements))]


def _with(text, values):
    """Return a model with other values, from which its initial assignments follow."""
    document = libsbml.readSBMLFromString(text)
    model = document.getModel()
    for name, value in values.items():
        parameter = model.getParameter(name)
        parameter.setValue(value)
    return libsbml.writeSBMLToString(document)


def _advance(runner, begin, end, wanted, taken, measurements, observables, last=False):
    times = sorted(t for t in wanted if begin <= t < end or (last and t == end))
    stops = sorted({begin, *times, end})
    for now, then in itertools.pairwise(stops):
        _observe(runner, now, taken, measurements, observables)
        if then > now:
            runner.simulate(now, then, 2)
    _observe(runner, stops[-1], taken, measurements, observables) if last else None


def _observe(runner, now, taken, measurements, observables):
    for i, m in enumerate(measurements):
        if m.time == now and i not in taken:
            observable = observables[m.observable_id]
            factors = dict(
                zip(observable.observable_placeholders, m.observable_parameters, strict=True)
            )
            taken[i] = _value(runner, observable.formula.subs(factors), now)


def _value(runner, formula, time):
    formula = sympy.sympify(formula)
    symbols = {s: runner[str(s)] for s in formula.free_symbols}
    return float(formula.subs(symbols))
