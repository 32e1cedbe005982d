"""The statements of a model are its equations: one by one, in order, and the same in value."""

import pytest

from remodel.equations.assembly import TIME
from remodel.exchange.statements import Statements
from remodel.models import load_model, model_names
from remodel.symbolic.expression import evaluate


@pytest.mark.parametrize("name", model_names())
def test_rates_and_baseline_are_those_of_the_traced_system(name):
    model = load_model(name)
    drugs = tuple(model.drugs)[:3]
    system = model.system(drugs)
    statements = Statements.of(system.assembly)
    parameters = model.all_parameters
    values = {n: parameters[n].value * parameters[n].factor for n in parameters}
    values[TIME] = 60.0 * model.days_per_year

    known = dict(values)
    for statement in statements.baseline:
        (known[statement.name],) = evaluate([statement.expression], known)
    expected = evaluate(system.initial, values)
    assert [known[n] for n in system.state_names] == pytest.approx(expected, rel=1e-12)

    states = {n: known[n] * 1.1 + 0.1 for n in system.state_names}
    known = {**values, **states}
    for statement in statements.quantities:
        (known[statement.name],) = evaluate([statement.expression], known)  # raises out of order
    rates = [evaluate([s.expression], known)[0] for s in statements.rates]
    assert rates == pytest.approx(evaluate(system.rates, {**values, **states}), rel=1e-9, abs=1e-12)
    assert statements.parameters <= set(parameters)
