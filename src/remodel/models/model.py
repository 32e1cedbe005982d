"""A model: which mechanisms and drugs, with which parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from remodel.drugs import Drug
from remodel.equations import TIME, Equation, Group, Port, State, gain
from remodel.equations.assembly import Assembly, Evaluation
from remodel.equations.system import System, trace
from remodel.errors import ModelError, nearest
from remodel.files import read_text
from remodel.parameters import Parameter, ParameterSet
from remodel.units import DAYS_PER_YEAR

Part = Equation | State | Port
_LIKE_A_DRUG = 0.8
_ATTRIBUTE = re.compile(r"(?<=\.py):\w+$")  # of a file of Python


@dataclass(frozen=True, slots=True)
class Switch:
    """What an intervention does: it sets one input to a value (in the input's unit)."""

    parameter: str
    value: float | None = None


@dataclass(frozen=True, slots=True)
class SiteDensity:
    """Names in a model that tie density at a site to T-scores.

    Attributes
    ----------
    young : str
        Parameter that density is proportional to.
    young_of_men : str
        Parameter that holds its mean in men.
    relative : str
        Input that holds density relative to that of peers.
    peers : str
        Mean density of people of the same age and sex.
    reference, reference_sd : str
        Parameters that T-scores are counted from, and in.
    """

    young: str
    young_of_men: str
    relative: str
    peers: str
    reference: str
    reference_sd: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An output of a model: name, unit and long name."""

    name: str
    unit: str
    long_name: str


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """Mechanisms assembled into one model.

    Attributes
    ----------
    name : str
    title : str
        One sentence: what the model is.
    citation : str
        Paper or documentation page it comes from.
    parts : tuple
        States, equations and shared quantities of the body.
    parameters : ParameterSet
        Defaults, with bounds and sources.
    drugs : mapping of str to Drug
    on_demand : mapping of str to tuple
        Mechanisms of the body that are part of it only with the drugs that name them.
    interventions : mapping of str to Switch
        What each known intervention sets.
    follows_age : bool
        Whether model time is the patient's age, so that her history before treatment is
        simulated. Otherwise time 0 is the start of treatment, from the baseline.
    history_start : str
        Name of the parameter that holds the age at which history begins.
    menopause_age : str
        Name of the parameter that holds the age at natural menopause; its upper bound means never.
    male : str
        Name of the input that is 1 for a man; empty for a model of women only.
    density : mapping of str to SiteDensity
        Names that a patient's own baseline T-score is met by, by site (``lumbar_spine``).
    days_per_year : float
        Length of a year of age.
    kinks : tuple of str
        Parameters, or quantities computed from parameters alone, that hold times at which an
        equation has a corner; the solver restarts there.
    structural : tuple of str
        Parameters written into the compiled code as numbers, such as a Hill exponent of 1; they
        have one value in a batch.
    time_unit : str
        Of the model's published tables; the equations themselves use days.
    exact_doses : bool
        Dense doses are given one by one unless a simulation says otherwise: their mean rate would
        have another effect.
    file : str
        For a model of a user's own: absolute path and name, which ``load_model`` takes.
    file_hash : str
        SHA-256 of the text of that file.
    """

    name: str
    title: str
    citation: str
    parts: tuple[Part, ...]
    parameters: ParameterSet
    drugs: Mapping[str, Drug] = field(default_factory=dict)
    on_demand: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)
    interventions: Mapping[str, Switch] = field(default_factory=dict)
    follows_age: bool = False
    history_start: str = ""
    menopause_age: str = ""
    male: str = ""
    density: Mapping[str, SiteDensity] = field(default_factory=dict)
    days_per_year: float = DAYS_PER_YEAR
    kinks: tuple[str, ...] = ()
    structural: tuple[str, ...] = ()
    time_unit: str = "d"
    exact_doses: bool = False
    file: str = ""
    file_hash: str = ""

    def __repr__(self) -> str:
        """Return the name and how large the model is."""
        states = sum(isinstance(part, State) for part in self.parts)
        return (
            f"<Model {self.name!r}: {states} states, {len(self.parameters)} parameters, "
            f"{len(self.drugs)} drug{'' if len(self.drugs) == 1 else 's'}>"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        import pandas as pd

        rows = {
            "what it is": self.title,
            "source": self.citation,
            "states": sum(isinstance(part, State) for part in self.parts),
            "parameters": len(self.parameters),
            "endpoints": ", ".join(self.endpoints),
            "drugs": ", ".join(self.drugs) or "none",
            "interventions": ", ".join(self.interventions) or "none",
        }
        with pd.option_context("display.max_colwidth", None):
            table = pd.DataFrame({self.name: pd.Series(rows, dtype=object)})
            return str(table.to_html())

    @property
    def reference(self) -> str:
        """What ``load_model`` takes to load this model again."""
        return self.file or self.name

    def recorded(self) -> dict[str, str]:
        """Return how it is loaded again, and a hash by which it is known to be the same.

        Its file is read, so that it counts among the inputs of what is being recorded.
        """
        if self.file:
            read_text(_ATTRIBUTE.sub("", self.file), ModelError)
        return {"reference": self.reference, "parameters": self.all_parameters.fingerprint()}

    def with_drugs(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return drug names in canonical order.

        Raises
        ------
        ModelError
            If the model does not have one of them.
        """
        wanted = set(names)
        for name in sorted(wanted):
            if name not in self.drugs:
                # romosozumab is no slip of the pen for denosumab: names of drugs are alike
                hint = nearest(name, self.drugs, cutoff=_LIKE_A_DRUG)
                has = hint if self.drugs else " It has no drugs."
                raise ModelError(f"model '{self.name}' has no drug '{name}'.{has}")
        return tuple(name for name in self.drugs if name in wanted)

    def groups(self, drugs: Iterable[str] = ()) -> tuple[Group, ...]:
        """Return the mechanisms of the body, those that the drugs set going, and the drugs."""
        chosen = [self.drugs[name] for name in self.with_drugs(drugs)]
        return (
            Group("", self.parts),
            *(Group("", self.on_demand[name]) for d in chosen for name in d.mechanisms),
            *(Group(d.name, (*d.parts, *_dosing(d))) for d in chosen),
        )

    @cached_property
    def all_parameters(self) -> ParameterSet:
        """Parameters together with the dosing rates of every drug and route."""
        rates = (
            Parameter(
                name=drug.input_parameter(route),
                value=0.0,
                unit="mg/d",
                lower=0.0,
                upper=float("inf"),
                meaning=f"Constant rate of {drug.name} dosing, {route}",
                source="set by the schedule",
                status="input",
                provenance="definition",
            )
            for drug in self.drugs.values()
            for route in drug.routes
        )
        merged = (*self.parameters.values(), *rates)
        return ParameterSet(merged, self.parameters.name, self.parameters.about)

    def assembly(self, drugs: Iterable[str] = ()) -> Assembly:
        """Return the resolved equations with the given drugs; resolved once and kept."""
        return _assembled(self, self.with_drugs(drugs))

    def system(self, drugs: Iterable[str] = (), parameters: ParameterSet | None = None) -> System:
        """Return the traced model with the given drugs; traced once and kept.

        Parameters
        ----------
        drugs : iterable of str
        parameters : ParameterSet, optional
            Gives the values of structural parameters; the defaults otherwise.
        """
        chosen = self.parameters if parameters is None else parameters
        constants = tuple((n, chosen[n].value * chosen[n].factor) for n in self.structural)
        return _traced(self, self.with_drugs(drugs), constants)

    def dose_target(self, drug: str, route: str) -> tuple[str, str]:
        """Return the state a dose enters and the name of its factor, empty for a dose in mg.

        Raises
        ------
        ModelError
            If the model does not have the drug, or the drug not the route.
        """
        self.with_drugs([drug])
        medicine = self.drugs[drug]
        if route not in medicine.routes:
            raise ModelError(
                f"drug '{drug}' has no route '{route}'.{nearest(route, medicine.routes)}"
            )
        assembly, factor = self.assembly([drug]), medicine.dose_factors.get(route, "")
        name = assembly.resolve(drug, medicine.routes[route], f"{drug}_{route}_dosing")
        return name, assembly.resolve(drug, factor, f"{drug}_{route}_dosing") if factor else ""

    def constants(
        self, names: Iterable[str], values: Mapping[str, Any], drugs: Iterable[str] = ()
    ) -> dict[str, Any]:
        """Return the values of parameters, or of quantities computed from them.

        Parameters
        ----------
        names : iterable of str
            Such as ``kinks``, or the factor of a dose.
        values : mapping of str to float or ndarray, shape (n_simulations,)
            Every parameter as the equations use it, time in days; and ``time`` where needed.
        drugs : iterable of str

        Raises
        ------
        ModelError
            If a name is unknown or depends on a state, or on time where none is given.
        """
        return self.assembly(drugs).constants(names, values)

    @cached_property
    def endpoints(self) -> dict[str, Endpoint]:
        """Outputs offered to people, by name."""
        return {
            part.name: Endpoint(part.name, part.unit, part.long_name)
            for part in self.parts
            if isinstance(part, Equation) and part.is_endpoint
        }

    def evaluate(
        self,
        states: Mapping[str, float],
        parameters: ParameterSet | None = None,
        *,
        time: float = 0.0,
        drugs: Iterable[str] = (),
    ) -> Evaluation:
        """Evaluate every equation in plain floats, as ``explain`` and tests do.

        Parameters
        ----------
        states : mapping of str to float
        parameters : ParameterSet, optional
        time : float
            Model time [d].
        drugs : iterable of str
        """
        chosen = self.all_parameters if parameters is None else parameters
        values: dict[str, Any] = {n: p.value * p.factor for n, p in chosen.items()}
        values.update(states)
        values[TIME] = time
        return self.assembly(drugs).evaluate(values)


@lru_cache(maxsize=256)
def _assembled(model: Model, drugs: tuple[str, ...]) -> Assembly:
    return Assembly(model.groups(drugs), model.all_parameters)


@lru_cache(maxsize=256)
def _traced(
    model: Model, drugs: tuple[str, ...], constants: tuple[tuple[str, float], ...]
) -> System:
    return trace(model.groups(drugs), tuple(model.all_parameters), dict(constants))


def _dosing(drug: Drug) -> list[Equation]:
    return [
        _constant_input(route, state, drug.dose_factors.get(route, ""))
        for route, state in drug.routes.items()
    ]


def _constant_input(route: str, state: str, factor: str) -> Equation:
    name = f"{route}_dosing"
    arguments = (f"{route}_rate", factor) if factor else (f"{route}_rate",)

    def dosing(rate: Any) -> Any:
        return rate

    def converted_dosing(rate: Any, dose_factor: Any) -> Any:
        return rate * dose_factor

    built = gain(state)(converted_dosing if factor else dosing)
    return Equation(
        name=name,
        kind="flow",
        function=built.function,
        arguments=arguments,
        target=state,
        meaning=f"Constant rate of dosing, {route}.",
        reference="Doses at intervals of a week or less are given as their mean rate.",
    )
