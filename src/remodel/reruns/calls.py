"""Calling a function again, with the arguments of a record."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from remodel.calibration import calibrate
from remodel.decisions.best import optimize
from remodel.errors import ConfigError, RemodelError, nearest
from remodel.exchange import export
from remodel.experiments import load_experiment, run_experiment
from remodel.files import Table, parse_toml, write_netcdf
from remodel.fracture.one_woman import write_fractures
from remodel.fracture.predict import predict_arms
from remodel.individuals.fit import fit_patient
from remodel.individuals.table import fit_patients
from remodel.measurement.instruments import Instruments
from remodel.models import load_model
from remodel.monitoring import monitor
from remodel.patient import Patient
from remodel.patients import Patients
from remodel.populations.definition import Definition
from remodel.populations.load import definition_of
from remodel.populations.population import Population
from remodel.populations.sample import population
from remodel.qualification import qualify
from remodel.schedules import Dose, Intervention, Schedule
from remodel.simulation.simulate import simulate
from remodel.sweeps import sweep
from remodel.validation.validate import validate
from remodel.virtual_trials.design import Design as TrialDesign
from remodel.virtual_trials.trial import virtual_trial

_TUPLES = ("doses", "interventions")


def decoded(value: Any) -> Any:
    """Return an argument from what JSON holds of it.

    Raises
    ------
    ConfigError
        If it was an object that cannot be made again, or is damaged.
    """
    if isinstance(value, list):
        return [decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    key = next(iter(value), "")
    if len(value) != 1 or not key.startswith("$"):
        return {name: decoded(item) for name, item in value.items()}
    kind, content = key[1:], value[key]
    if kind not in _KINDS or content is None:
        raise ConfigError(
            f"this was made from an object of Python, a {kind}, of which the record keeps no more "
            "than its kind; it cannot be repeated."
        )
    try:
        return _KINDS[kind](content)
    except RemodelError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"an object of the record, a {kind}, is damaged: {error}.") from error


def _array(content: Any) -> Any:
    try:
        dtype, shape, packed = content
        data = zlib.decompress(base64.b64decode(packed))
        return np.frombuffer(data, dtype=np.dtype(dtype)).reshape(shape).copy()
    except (TypeError, ValueError, binascii.Error, zlib.error) as error:
        raise ConfigError(f"an array of the record is damaged: {error}.") from error


def _made(cls: type) -> Callable[[Any], Any]:
    """Return what makes a dataclass from its attributes."""

    def make(content: Mapping[str, Any]) -> Any:
        values = {name: decoded(item) for name, item in content.items()}
        values |= {name: tuple(values[name]) for name in _TUPLES if name in values}
        return cls(**values)

    return make


def _definition(content: Mapping[str, Any]) -> Definition:
    text, name = str(content["definition"]), str(content["name"])
    return definition_of(Table(None, "", parse_toml(text, name, ConfigError)), text, name)


def _women(content: Mapping[str, Any]) -> Population:
    values = {name: decoded(item) for name, item in content.items() if name != "name"}
    return Population(**{**values, "definition": _definition(content)})


def _drawn_again(content: Mapping[str, Any]) -> Population:
    """Return women drawn anew, by the definition, seed and numbers of those that were saved."""
    saved = _women(content)
    women = population(int(saved.woman.max()) + 1, _definition(content), seed=saved.seed)
    return women.where(saved.woman)


_KINDS: Mapping[str, Callable[[Any], Any]] = {
    "array": _array,
    "list": lambda content: np.array(content, dtype=object),
    "Patient": _made(Patient),
    "Patients": _made(Patients),
    "Dose": _made(Dose),
    "Intervention": _made(Intervention),
    "Schedule": _made(Schedule),
    "Model": lambda content: load_model(content["reference"]),
    "ParameterSet": dict,
    "Population": _women,
    "Instruments": Instruments.model_validate_json,
    "Design": TrialDesign.model_validate_json,
}


def _simulate(arguments: dict[str, Any], out: Path) -> None:
    write_netcdf(simulate(**_decoded(arguments)), out)


def _population(arguments: dict[str, Any], out: Path) -> None:
    if "women" in arguments:
        _drawn_again(arguments["women"]["$Population"]).save(out)
    else:
        population(**_decoded(arguments)).save(out)


def _experiment(arguments: dict[str, Any], out: Path) -> None:
    values = _decoded(arguments)
    run_experiment(load_experiment(values.pop("experiment")), out=out, **values)


def _export(arguments: dict[str, Any], out: Path) -> None:
    export(path=out, **_decoded(arguments))


def _fit_patient(arguments: dict[str, Any], out: Path) -> None:
    """Fit a woman again; the command also says her risk of fracture, with a country."""
    values = _decoded(arguments)
    country = values.pop("country", None)
    fit = fit_patient(out=out, **values)
    if country is not None:
        write_fractures(fit, country, out)


def _into(function: Callable[..., object]) -> Callable[[dict[str, Any], Path], None]:
    """Return a call of a function that writes to ``out``."""

    def call(arguments: dict[str, Any], out: Path) -> None:
        function(**_decoded(arguments), out=out)

    return call


def _decoded(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: decoded(value) for name, value in arguments.items()}


FUNCTIONS: Mapping[str, Callable[[dict[str, Any], Path], None]] = {
    "simulate": _simulate,
    "population": _population,
    "run_experiment": _experiment,
    "export": _export,
    "sweep": _into(sweep),
    "calibrate": _into(calibrate),
    "validate": _into(validate),
    "virtual_trial": _into(virtual_trial),
    "fit_patient": _fit_patient,
    "fit_patients": _into(fit_patients),
    "monitor": _into(monitor),
    "optimize": _into(optimize),
    "qualify": _into(qualify),
    "predict_arms": _into(predict_arms),
}


def repeat(function: str, arguments: dict[str, Any], out: Path) -> None:
    """Call a function again, and let it write to a new place.

    Raises
    ------
    ConfigError
        If this version has no such function, or an argument cannot be made again, or the function
        does not take it.
    """
    if function not in FUNCTIONS:
        raise ConfigError(
            f"'{function}', which made this, is nothing this version repeats."
            f"{nearest(function, FUNCTIONS)}"
        )
    try:
        FUNCTIONS[function](arguments, out)
    except (KeyError, TypeError) as error:
        raise ConfigError(
            f"'{function}' of this version cannot be called with the arguments of the record: "
            f"{error}."
        ) from error
