"""A model made ready to be compared with a folder: names checked, units converted, baseline set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from remodel._arrays import FloatArray
from remodel.equations import TIME, Equation, State
from remodel.equations.system import System
from remodel.errors import ConfigError, UnitError, nearest
from remodel.models import Model
from remodel.parameters import Parameter, ParameterSet
from remodel.units import days, parse, registry
from remodel.verification.folder import ADD, INIT, SET, Folder, ReferenceTable, ScenarioRow

BASELINE = "_0"  # <state>_0 is the value of the state at time zero


@dataclass(frozen=True, slots=True)
class PortedModel:
    """A model and how the numbers of a folder translate into its own.

    Attributes
    ----------
    model : Model
        With every ``<state>_0`` held at the value of ``initial``.
    system : System
    state_factor, parameter_factor : mapping of str to float
        Multiply the folder's numbers to give the model's.
    initial : mapping of str to float
        State at the start: the folder's, or the model's baseline where the folder has none.
    values : mapping of str to float
        Default of every parameter, as the equations use it.
    """

    model: Model
    system: System
    state_factor: Mapping[str, float]
    parameter_factor: Mapping[str, float]
    initial: Mapping[str, float]
    values: Mapping[str, float]

    @classmethod
    def of(cls, model: Model, folder: Folder) -> Self:
        """Check the names of a folder against a model and convert its units.

        Raises
        ------
        ConfigError
            If a name is not a state or parameter of the model; names file, row and nearest name.
        UnitError
            If a unit of the folder cannot be converted to the model's.
        """
        drugs = _drugs_named(model, folder)
        assembly = model.assembly(drugs)
        for symbol in folder.initial:
            _check(symbol, assembly.states, "state", "initial_state.csv", model)
        units = {name: unit for name, (_, unit) in folder.initial.items()}
        state_factor = {
            name: _factor(units.get(name, state.unit), state.unit, f"initial_state.csv, {name}")
            for name, state in assembly.states.items()
        }
        defaults = {**_internal(model), TIME: 0.0}
        initial = {n: float(v) for n, v in assembly.evaluate_initial(defaults).items()}
        initial.update({n: value * state_factor[n] for n, (value, _) in folder.initial.items()})
        held = _hold(model, initial, assembly.states)
        parameter_factor = {
            n: p.factor * _factor(folder.units.get(n, p.unit), p.unit, f"parameters.csv, {n}")
            for n, p in held.all_parameters.items()
        }
        ported = cls(
            held, held.system(drugs), state_factor, parameter_factor, initial, _internal(held)
        )
        for actions in folder.scenarios.values():
            ported.check_targets(actions)
        return ported

    def check_targets(self, actions: Iterable[ScenarioRow]) -> None:
        """Raise if an action changes what the model does not have.

        Raises
        ------
        ConfigError
        """
        for action in actions:
            if action.kind in (INIT, ADD):
                _check(action.target, self.state_factor, "state", action.where, self.model)
            elif action.kind == SET:
                _check(action.target, self.values, "parameter", action.where, self.model)

    def vector(self, values: Mapping[str, float]) -> FloatArray:
        """Return parameters in the order of the system."""
        return np.array([values[name] for name in self.system.parameter_names])

    def apply_init(
        self, values: dict[str, float], state: dict[str, float], action: ScenarioRow
    ) -> None:
        """Change the value of a state at the start, and what depends on it."""
        state[action.target] = action.value * self.state_factor[action.target]
        if action.target + BASELINE in values:
            values[action.target + BASELINE] = state[action.target]

    def apply_set(self, values: dict[str, float], action: ScenarioRow) -> None:
        """Change a parameter."""
        values[action.target] = action.value * self.parameter_factor[action.target]


def _internal(model: Model) -> dict[str, float]:
    """Return the default of every parameter, as the equations use it."""
    return {name: p.value * p.factor for name, p in model.all_parameters.items()}


def _drugs_named(model: Model, folder: Folder) -> list[str]:
    """Return the drugs whose states or parameters the folder mentions."""
    mentioned = {a.target for actions in folder.scenarios.values() for a in actions}
    mentioned.update(*(t.columns for t in folder.references.values()), folder.initial)
    return [d for d in model.drugs if any(name.startswith(f"{d}_") for name in mentioned)]


def _check(name: str, known: Iterable[str], kind: str, where: str, model: Model) -> None:
    names = tuple(known)
    if name not in names:
        raise ConfigError(
            f"{where}: '{name}' is not a {kind} of {model.name}.{nearest(name, names)}"
        )


def _factor(unit: str, wanted: str, where: str) -> float:
    """Return what converts numbers; a unit outside the registry is the model's own."""
    try:
        parsed = parse(unit)
    except UnitError:
        return 1.0
    try:
        return float(registry().Quantity(1.0, parsed).to(parse(wanted)).magnitude)
    except Exception as error:
        raise UnitError(f"{where}: '{unit}' cannot be converted to '{wanted}'.") from error


def _hold(model: Model, initial: Mapping[str, float], states: Mapping[str, State]) -> Model:
    """Return the model with every ``<state>_0`` a parameter that has the initial value."""
    held = {name + BASELINE: (value, states[name].unit) for name, value in initial.items()}
    derived = {p.name for p in model.parts if isinstance(p, Equation)} & set(held)
    parts = tuple(p for p in model.parts if p.name not in derived)
    parameters = [
        _held(p.name, *held[p.name], p) if p.name in held else p for p in model.parameters.values()
    ]
    parameters += [_held(name, *held[name], None) for name in sorted(derived)]
    kept = ParameterSet(parameters, model.parameters.name, model.parameters.about)
    return replace(model, parts=parts, parameters=kept)


def _held(name: str, value: float, unit: str, known: Parameter | None) -> Parameter:
    if known is not None:
        inner = value / known.factor
        return replace(known, value=inner, lower=-np.inf, upper=np.inf)
    return Parameter(name, value, unit, -np.inf, np.inf, f"{name} at time zero", "reference folder")


def days_of(table: ReferenceTable, model: Model) -> tuple[str, float]:
    """Return the column of time and the length of its unit [d]."""
    for column in table.columns:
        if column == "time" or column.startswith("time_"):
            unit = column.removeprefix("time").removeprefix("_") or model.time_unit
            return column, days(1.0, unit)
    raise ConfigError(f"{table.name}: has no column of time, such as 'time_{model.time_unit}'.")
