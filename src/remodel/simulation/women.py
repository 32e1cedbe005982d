"""Every woman of a population under every schedule, taken as she takes her drugs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ParameterError
from remodel.models import Model
from remodel.parameters import ParameterSet
from remodel.patients import Patients
from remodel.populations.population import Population, check_components
from remodel.simulation.arguments import Bounds, Parameters, Schedules
from remodel.simulation.inputs import Inputs


@dataclass(frozen=True, slots=True)
class _People:
    """Women with their values of the parameters of a model."""

    patients: Patients
    parameters: Mapping[str, FloatArray]


def inputs_of(
    model: Model,
    schedule: Schedules,
    women: Population,
    parameters: Parameters,
    bounds: Bounds = None,
) -> Inputs:
    """Return the simulations of women, arm by arm.

    Parameters
    ----------
    model : Model
    schedule : str, Schedule, sequence of these or mapping from names of arms, optional
    women : Population
    parameters : ParameterSet, mapping of str to float, str or Path, optional
        Values from which the women differ.
    bounds : {"typical", "population"}, optional

    Raises
    ------
    RemodelError
        One of its subclasses, if a name is unknown or a value not allowed.
    """
    check_components(women.definition, model)
    shared = Inputs.read(model, None, None, parameters)
    for name in shared.varied:
        raise ParameterError(
            f"{name}: give one value for all women; what differs between them is in the "
            "population.",
            field=name,
        )
    differing = women.parameters_of(model, shared.parameters.natural())
    others: Parameters = shared.parameters
    if isinstance(parameters, Mapping) and not isinstance(parameters, ParameterSet):
        others = {name: v for name, v in parameters.items() if name not in differing}
    inputs = Inputs.read(model, schedule, _People(women.patients, differing), others, bounds)
    return _as_taken(inputs, women)


def _as_taken(inputs: Inputs, women: Population) -> Inputs:
    """Return inputs whose schedules are what each woman takes, each different one once."""
    patterns = women.definition.adherence
    if all(pattern.is_perfect for pattern in patterns):
        return inputs
    pattern_of = np.tile(women.pattern, inputs.size // len(women))
    pairs, pair_of = np.unique(inputs.schedule_of * len(patterns) + pattern_of, return_inverse=True)
    schedules = tuple(
        patterns[pair % len(patterns)].edited(inputs.schedules[pair // len(patterns)])
        for pair in pairs.tolist()
    )
    return replace(inputs, schedules=schedules, schedule_of=pair_of)
