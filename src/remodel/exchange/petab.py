"""A calibration problem as PEtab version 2: model, experiments, measurements and parameters.

Time 0 of an experiment is day 0 of its arm. In a model that follows age the experiment begins with
the history of the woman, at a negative time. Doses and interventions are periods of the experiment.
A change in percent needs the value that it counts from: a condition keeps it in a parameter of its
own, ``<endpoint>_at_reference``, at the time of reference.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from remodel.calibration.objective import Objective
from remodel.calibration.problem import FitProblem
from remodel.errors import ConfigError, require
from remodel.exchange.arm_periods import Changes, periods_of
from remodel.exchange.case import Case
from remodel.exchange.sbml import sbml_text
from remodel.exchange.statements import Statements
from remodel.files import write_text, writing
from remodel.models import Model, load_model
from remodel.parameters import Parameter
from remodel.predictions import Target
from remodel.schedules import Schedule
from remodel.simulation.packing import baseline

AT_REFERENCE = "{}_at_reference"
_USUAL_AGE = 60.0  # years; each experiment says its own
_FORMULAS = {
    "level": "{factor} * {endpoint}",
    "scaled": "{factor} * {endpoint} / {reference}",
    "change": "{factor} * 100 * ({endpoint} / {reference} - 1)",
}
_NOTES = (
    "# Not in PEtab: the covariance of numbers of one cohort (each has its own variance here),\n"
    "# the soft loss (noise is normal here), and the numbers in the table beside this file, each\n"
    "# with its reason.\n"
)


def write_petab(problem: FitProblem, path: str | Path) -> Path:
    """Write a problem: the YAML file, and its tables and model beside it.

    What PEtab cannot express is listed in ``NAME_left_out.csv``.

    Raises
    ------
    ConfigError
        If nothing of the problem can be expressed, or the file does not end with .yaml.
    MissingDependencyError
        Without the petab library.
    """
    path = Path(path)
    if path.suffix.lower() not in (".yaml", ".yml"):
        raise ConfigError(
            f"{path}: a PEtab problem is a .yaml file.", field="path", value=str(path)
        )
    require("petab.v2", "exchange")
    written = _Tables(problem, Objective.of(problem))
    petab, left_out = written.problem(path.stem), written.left_out
    with writing(path):
        petab.to_files(path.parent)
    write_text(path, _NOTES + path.read_text(encoding="utf-8"))
    write_text(path.with_name(f"{path.stem}_left_out.csv"), _table(left_out))
    return path


def _table(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("study_id", "arm", "endpoint", "time_months", "reason"))
    writer.writerows(rows)
    return text.getvalue()


@dataclass
class _Tables:
    """Fills the tables of a problem."""

    fit: FitProblem
    objective: Objective
    left_out: list[tuple[str, ...]] = field(default_factory=list)
    conditions: dict[tuple[tuple[str, str], ...], str] = field(default_factory=dict)
    experiments: dict[tuple[int, int, float], str] = field(default_factory=dict)
    observables: set[str] = field(default_factory=set)
    targets: set[str] = field(default_factory=set)

    def problem(self, name: str) -> Any:
        """Return the problem with the names of its files."""
        from petab import v2
        from petab.v2.core import ProblemConfig
        from petab.v2.models.sbml_model import SbmlModel

        model = load_model(self.fit.model)
        self.petab = v2.Problem()
        self.statements = Statements.of(model.assembly(self._drugs()))
        self.numbers()
        if not self.experiments:
            raise ConfigError(f"{self.fit.title}: PEtab can express none of its numbers.")
        for parameter in self.fit.parameters().values():
            self.parameter(parameter)
        suffix = AT_REFERENCE.format("")
        kept = sorted(t.removesuffix(suffix) for t in self.targets if t.endswith(suffix))
        text = sbml_text(
            _case(model, self._drugs()), free=frozenset(self.targets),
            memories={AT_REFERENCE.format(endpoint): endpoint for endpoint in kept},
        )  # fmt: skip
        sbml = SbmlModel.from_string(text, model_id=model.name)
        sbml.rel_path = Path(f"{name}_model.xml")
        self.petab.models = [sbml]
        self.petab.config = ProblemConfig(filepath=Path(f"{name}.yaml"), format_version="2.0.0")
        for kind in ("condition", "experiment", "observable", "measurement", "parameter"):
            for table in getattr(self.petab, f"{kind}_tables"):
                table.rel_path = Path(f"{name}_{kind}s.tsv")
        return self.petab

    def _drugs(self) -> tuple[str, ...]:
        batches = self.objective.predictor.batches
        dosings = [dosing for each in batches for dosing in each.batch.dosings]
        return tuple(dict.fromkeys(drug for dosing in dosings for drug in dosing.drugs))

    def numbers(self) -> None:
        """Add every number that can be expressed, and note the others with the reason."""
        sizes = np.cumsum([0, *(batch.size for batch in self.objective.predictor.batches)])
        periods: dict[tuple[int, int], tuple[Changes, str]] = {}
        for n, target in enumerate(self.objective.predictor.targets):
            reason = _reason(self.objective, n, target)
            if not reason:
                position = int(self.objective.predictor.terms.level[n])
                number = int(np.searchsorted(sizes, position, side="right")) - 1
                arm = self.arm_at(number, position - int(sizes[number]))
                if arm not in periods:
                    batch = self.objective.predictor.batches[number].batch
                    periods[arm] = periods_of(batch, arm[1], self.statements, self.fit.estimate)
                changes, reason = periods[arm]
                if not reason:
                    self.number(n, target, arm, changes)
                    continue
            row = target.observation
            months = f"{row.time_months:g}"
            self.left_out.append((row.study_id, row.arm, row.endpoint, months, reason))

    def arm_at(self, number: int, position: int) -> tuple[int, int]:
        """Return batch and arm of a level, by its position among the levels of a batch."""
        batch = self.objective.predictor.batches[number].batch
        shape = len(batch.outputs), batch.size, len(batch.times)
        return number, int(np.unravel_index(position, shape)[1])

    def number(self, n: int, target: Target, arm: tuple[int, int], changes: Changes) -> None:
        """Add one measurement, with its observable and its experiment."""
        row, kind = target.observation, _kind(target)
        observable = f"observed_{row.endpoint}_{kind}"  # a model may have quantities named alike
        # a level that follows a T-score counts from day 0, and another level from nothing
        reference = 0.0 if row.kind == "level" else row.reference_time
        reference = math.nan if kind == "level" else reference
        if observable not in self.observables:
            self.observables.add(observable)
            factor, noise = f"observableParameter1_{observable}", f"noiseParameter1_{observable}"
            formula = _FORMULAS[kind].format(
                factor=factor, endpoint=row.endpoint, reference=AT_REFERENCE.format(row.endpoint)
            )
            self.petab.add_observable(
                observable, formula, noise, "normal",
                observable_placeholders=[factor], noise_placeholders=[noise],
            )  # fmt: skip
        key = (*arm, reference)
        if key not in self.experiments:
            self.experiments[key] = f"arm_{arm[0]}_{arm[1]}_{len(self.experiments)}"
            self.experiment(self.experiments[key], changes, reference, self._endpoints_of(key))
        self.petab.add_measurement(
            observable,
            time=row.time,
            measurement=float(self.objective.observed[n]),
            experiment_id=self.experiments[key],
            observable_parameters=[float(self.objective.predictor.terms.factor[n])],
            noise_parameters=[float(self.objective.sigma[n])],
        )

    def _endpoints_of(self, key: tuple[int, int, float]) -> tuple[str, ...]:
        """Return the endpoints of an arm, all of which an experiment keeps at its reference."""
        if math.isnan(key[2]):
            return ()
        return self.objective.predictor.batches[key[0]].batch.outputs

    def experiment(
        self, name: str, changes: Changes, reference: float, endpoints: tuple[str, ...]
    ) -> None:
        """Add an experiment: its periods, and the one that keeps what changes count from."""
        periods = {time: dict(values) for time, values in changes.items()}
        kept = {AT_REFERENCE.format(endpoint): endpoint for endpoint in endpoints}
        if kept:
            periods.setdefault(reference, {}).update(kept)
        listed: list[Any] = []
        for time in sorted(periods):
            listed += [time, self.condition(periods[time]) if periods[time] else []]
        self.petab.add_experiment(name, *listed)

    def condition(self, values: Mapping[str, str]) -> str:
        """Return a condition that sets values, added when it is first used."""
        key = tuple(sorted(values.items()))
        if key not in self.conditions:
            self.conditions[key] = f"condition_{len(self.conditions) + 1}"
            self.targets.update(values)
            self.petab.add_condition(self.conditions[key], **values)
        return self.conditions[key]

    def parameter(self, parameter: Parameter) -> None:
        """Add a parameter to be estimated, in the unit of the equations."""
        factor, prior = parameter.factor, parameter.prior
        believed: dict[str, Any] = {}
        if prior.kind == "lognormal":
            believed = {
                "prior_dist": "log-normal",
                "prior_pars": [math.log(prior.center * factor), prior.sd],
            }
        elif prior.kind == "normal":
            believed = {
                "prior_dist": "normal",
                "prior_pars": [prior.center * factor, prior.sd * factor],
            }
        self.petab.add_parameter(
            parameter.name,
            estimate=True,
            nominal_value=parameter.value * factor,
            lb=parameter.lower * factor,
            ub=parameter.upper * factor,
            **believed,
        )


def _case(model: Model, drugs: tuple[str, ...]) -> Case:
    """Return a model at its baseline, as the experiments begin with it."""
    system, known = model.system(drugs), model.all_parameters
    statements = Statements.of(system.assembly)
    start = _USUAL_AGE * model.days_per_year if model.follows_age else 0.0
    values, time = known.internal()[None, :], np.array([start])
    states = baseline(system, model, values, time)[0].tolist()
    return Case(
        model=model,
        system=system,
        statements=statements,
        schedule=Schedule(),
        patient=None,
        start=start,
        parameters={
            n: known[n].value * known[n].factor for n in known if n in statements.parameters
        },
        states=dict(zip(system.state_names, states, strict=True)),
        at_baseline=True,
        changes=(),
        corners=(),
        end=0.0,
        given=known,
    )


def _kind(target: Target) -> str:
    if target.observation.kind == "level":
        return "scaled" if target.is_scaled else "level"
    return "change"


def _reason(objective: Objective, n: int, target: Target) -> str:
    """Return why PEtab cannot express a number, empty if it can."""
    if len(target.members) > 1:
        return "it is the mean of several arms"
    if target.comparators:
        return "it compares two arms"
    if objective.is_upper[n] or objective.is_lower[n]:
        return "it is an inequality"
    if objective.limit[n]:
        return "it lies beyond a limit of detection"
    return ""
