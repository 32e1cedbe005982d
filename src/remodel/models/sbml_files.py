"""Models in SBML: species, compartments, parameters, reactions, rules and events at given times.

A species is what its identifier means in the file: a concentration, or an amount where it has only
substance units. Rates become rates per day where the file says its unit of time; where it says
none, its time counts as days. Units of other quantities are not read.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from remodel.equations import Equation, State, where
from remodel.equations.assembly import TIME
from remodel.errors import ModelError, require
from remodel.files import read_text
from remodel.models.model import Model
from remodel.models.sbml_math import Formula, formula_of
from remodel.parameters import Parameter, ParameterSet

SUFFIXES = (".xml", ".sbml")
_ERROR = 2  # severity of libSBML
_SECONDS_PER_DAY = 86400.0
Part = Equation | State


def is_sbml_file(name: str) -> bool:
    """Return whether a name means a model in an SBML file."""
    return str(name).lower().endswith(SUFFIXES)


def load_sbml(name: str, relative_to: Path | None = None) -> Model:
    """Return the model in an SBML file.

    Parameters
    ----------
    name : str
        Path of the file.
    relative_to : Path, optional
        Folder that a relative path counts from; by default the working folder.

    Raises
    ------
    ModelError
        If the file is missing or wrong, or has what equations here cannot have.
    MissingDependencyError
        Without libSBML.
    """
    if "\0" in name:
        raise ModelError(f"{name!r} is not the name of a file.", field="model", value=name)
    file = (Path(relative_to or ".") / name).resolve()
    text = read_text(file, ModelError)
    require("libsbml", "exchange")
    return _loaded(file, text)


@lru_cache(maxsize=64)
def _loaded(file: Path, text: str) -> Model:
    import libsbml

    document = libsbml.readSBMLFromString(text)
    for i in range(document.getNumErrors()):
        problem = document.getError(i)
        if problem.getSeverity() >= _ERROR:
            sentence = " ".join(problem.getMessage().split()).split(". ")[0].rstrip(".")
            raise ModelError(f"{file}, line {problem.getLine()}: {sentence}.", field="model")
    if document.getModel() is None:
        raise ModelError(f"{file} holds no SBML model.", field="model")
    try:
        return _Reader(document.getModel(), file, text).model()
    except ModelError as error:
        raise error.at(str(file)) from error


@dataclass
class _Reader:
    """Turns one SBML model into parts, by kind of element."""

    sbml: Any
    file: Path
    text: str
    parts: list[Part] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    corners: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.functions = {f.getId(): f for f in self.sbml.getListOfFunctionDefinitions()}
        self.rules = {r.getVariable(): r for r in self.sbml.getListOfRules() if not r.isAlgebraic()}
        self.assigned = {
            a.getSymbol(): a for a in self.sbml.getListOfInitialAssignments() if a.isSetMath()
        }
        self.units_per_day = _units_per_day(self.sbml)

    def model(self) -> Model:
        """Return the model."""
        self.check()
        for compartment in self.sbml.getListOfCompartments():
            self.compartment(compartment)
        for parameter in self.sbml.getListOfParameters():
            value = parameter.getValue() if parameter.isSetValue() else math.nan
            self.variable(parameter, value)
        for species in self.sbml.getListOfSpecies():
            self.variable(species, self.initial(species))
        for reaction in self.sbml.getListOfReactions():
            self.reaction(reaction)
        if not any(isinstance(part, State) for part in self.parts):
            raise ModelError("nothing in it changes by a rate; there is nothing to simulate.")
        name = self.sbml.getId() or self.file.stem
        return Model(
            name=name,
            title=self.sbml.getName() or name,
            citation=f"SBML file {self.file.name}",
            parts=tuple(self.parts),
            parameters=ParameterSet(self.parameters, name, f"Values of {self.file.name}"),
            kinks=tuple(self.corners),
            file=str(self.file),
            file_hash=hashlib.sha256(self.text.encode()).hexdigest(),
        )

    def check(self) -> None:
        """Refuse what cannot be read, by the first element that has it."""
        for rule in self.sbml.getListOfRules():
            if rule.isAlgebraic():
                raise ModelError("an algebraic rule is an equation to be solved; it is not read.")
        for i in range(self.sbml.getNumPlugins()):
            package = self.sbml.getPlugin(i).getPackageName()
            if package in ("comp", "fbc", "qual", "distrib", "arrays"):
                raise ModelError(f"the SBML package '{package}' is not read.")
        for event in self.sbml.getListOfEvents():
            self.time_of(event)
            for assignment in event.getListOfEventAssignments():
                self.check_set(event, assignment.getVariable())
        for compartment in self.sbml.getListOfCompartments():
            if compartment.getId() in self.rules:
                raise ModelError(f"compartment '{compartment.getId()}' changes; that is not read.")

    def check_set(self, event: Any, name: str) -> None:
        """Refuse an event that sets what also changes by a rate, or by a rule."""
        species = self.sbml.getSpecies(name)
        if name in self.rules or (species is not None and self.changes_by_reactions(species)):
            raise ModelError(
                f"event {event.getId() or 'without a name'} changes '{name}', which has a rate; "
                "give it as the dose of a drug of a model of your own instead."
            )

    def compartment(self, compartment: Any) -> None:
        """Make the size of a compartment a parameter."""
        size = compartment.getSize() if compartment.isSetSize() else 1.0
        self.variable(compartment, size)

    def initial(self, species: Any) -> float:
        """Return the initial value of a species, as its identifier means it."""
        compartment = self.sbml.getCompartment(species.getCompartment())
        size = compartment.getSize() if compartment.isSetSize() else 1.0
        if species.isSetInitialAmount():
            amount = species.getInitialAmount()
            return float(amount if species.getHasOnlySubstanceUnits() else amount / size)
        if species.isSetInitialConcentration():
            level = species.getInitialConcentration()
            return float(level * size if species.getHasOnlySubstanceUnits() else level)
        return math.nan

    def variable(self, element: Any, value: float) -> None:
        """Make a state, a quantity or a parameter of an element with a value."""
        name, meaning = element.getId(), element.getName() or element.getId()
        rule, assigned = self.rules.get(name), self.assigned.get(name)
        if rule is not None and rule.isAssignment():
            self.quantity(name, self.formula(rule, name), meaning)
        elif rule is not None:
            self.state(name, value, meaning)
            self.flow(f"rate_of_{name}", self.formula(rule, name), name)
        elif self.changes_by_reactions(element):
            self.state(name, value, meaning)
        elif changes := list(self.time_events(name)):
            self.switched(name, value, changes, meaning)
        elif assigned is not None:
            self.quantity(name, self.formula(assigned, name), meaning)
        else:
            self.parameter(name, value, meaning)

    def changes_by_reactions(self, element: Any) -> bool:
        """Whether reactions change an element: a species that is neither constant nor outside."""
        is_species = self.sbml.getSpecies(element.getId()) is not None
        return is_species and not element.getConstant() and not element.getBoundaryCondition()

    def formula(self, element: Any, name: str) -> Formula:
        """Return the formula of an element, and note its corners."""
        if not element.isSetMath():
            raise ModelError(f"'{name}' has no formula.")
        formula = formula_of(element.getMath(), self.functions, f"'{name}'")
        for corner in formula.corners:
            self.corner(corner)
        return formula

    def corner(self, formula: Formula) -> None:
        """Let solvers restart at a time, if it depends on parameters alone."""
        rules = (*self.rules, *(s.getId() for s in self.sbml.getListOfSpecies()))
        if not set(formula.names) & set(rules):
            name = f"corner_{len(self.corners) + 1}"
            self.parts.append(self.equation(name, "quantity", formula, 1.0 / self.units_per_day))
            self.corners.append(name)

    def equation(
        self, name: str, kind: Any, formula: Formula, factor: float = 1.0, **details: Any
    ) -> Equation:
        """Return an equation that computes a formula, times a factor; its time is in days."""
        names, compute, per_day = formula.names, formula.compute, self.units_per_day

        def function(*arguments: Any) -> Any:
            values = dict(zip(names, arguments, strict=True))
            if TIME in values:
                values[TIME] = values[TIME] * per_day
            return compute(values) * factor

        return Equation(name, kind, function, names, **details)

    def quantity(self, name: str, formula: Formula, meaning: str) -> None:
        """Add a quantity."""
        self.parts.append(self.equation(name, "quantity", formula, meaning=meaning))

    def parameter(self, name: str, value: float, meaning: str) -> None:
        """Add a parameter."""
        if not math.isfinite(value):
            raise ModelError(f"'{name}' has no value.")
        source = self.file.name
        self.parameters.append(
            Parameter(name, value, "-", -math.inf, math.inf, meaning, source, "fixed", "read")
        )

    def state(self, name: str, value: float, meaning: str) -> None:
        """Add a state and its initial value."""
        assigned = self.assigned.get(name)
        size = abs(value) if math.isfinite(value) and value else 1.0
        self.parts.append(State(name, "-", meaning, size, signed=True))
        if assigned is None:
            start = f"{name}_at_start"
            self.parameter(start, value, f"{meaning} at time 0")
            first = Formula(lambda values: values[start], (start,))
        else:
            first = self.formula(assigned, name)
        self.parts.append(self.equation(f"{name}_baseline", "initial", first, target=name))

    def flow(self, name: str, formula: Formula, target: str) -> None:
        """Add what changes a state."""
        per_day = self.units_per_day
        self.parts.append(self.equation(name, "flow", formula, per_day, target=target))

    def reaction(self, reaction: Any) -> None:
        """Add the rate of a reaction as a quantity, and what it does to each species."""
        name, law = reaction.getId(), reaction.getKineticLaw()
        if law is None or not law.isSetMath():
            raise ModelError(f"reaction '{name}' has no kinetic law.")
        if reaction.isSetFast() and reaction.getFast():
            raise ModelError(f"reaction '{name}' is fast, an equilibrium; that is not read.")
        self.quantity(name, self.localized(law, name), reaction.getName() or name)
        net: dict[str, float] = {}
        for sign, references in (
            (-1, reaction.getListOfReactants()),
            (1, reaction.getListOfProducts()),
        ):
            for reference in references:
                species, number = reference.getSpecies(), self.stoichiometry(reference, name)
                net[species] = net.get(species, 0.0) + sign * number
        for species, number in net.items():
            element = self.sbml.getSpecies(species)
            if number and self.changes_by_reactions(element) and species not in self.rules:
                self.flow(f"{name}_of_{species}", self.share(element, name, number), species)

    def localized(self, law: Any, reaction: str) -> Formula:
        """Return a kinetic law whose local parameters are parameters with the reaction's name."""
        listed = [*law.getListOfLocalParameters(), *law.getListOfParameters()]
        local = {p.getId(): f"{reaction}_{p.getId()}" for p in listed}
        for parameter in {p.getId(): p for p in listed}.values():
            value = parameter.getValue() if parameter.isSetValue() else math.nan
            self.parameter(local[parameter.getId()], value, f"{parameter.getId()} of {reaction}")
        inner = self.formula(law, reaction)
        names = tuple(local.get(n, n) for n in inner.names)

        def compute(values: Any) -> Any:
            inner_values = {n: values[local.get(n, n)] for n in inner.names}
            return inner.compute(inner_values)

        return Formula(compute, names)

    def stoichiometry(self, reference: Any, reaction: str) -> float:
        """Return how many of a species take part in a reaction."""
        if reference.isSetId() and (
            reference.getId() in self.rules or reference.getId() in self.assigned
        ):
            raise ModelError(f"reaction '{reaction}' has a stoichiometry that is computed.")
        if reference.isSetStoichiometryMath():
            raise ModelError(f"reaction '{reaction}' has a stoichiometry that is computed.")
        return float(reference.getStoichiometry()) if reference.isSetStoichiometry() else 1.0

    def share(self, species: Any, reaction: str, number: float) -> Formula:
        """Return what a reaction does to a species: an amount, or divided by its volume."""
        if species.isSetConversionFactor() or self.sbml.isSetConversionFactor():
            raise ModelError(f"species '{species.getId()}' has a conversion factor.")
        if species.getHasOnlySubstanceUnits():
            return Formula(lambda values: number * values[reaction], (reaction,))
        size = species.getCompartment()
        return Formula(lambda values: number * values[reaction] / values[size], (reaction, size))

    def time_events(self, name: str) -> Iterator[tuple[Formula, Formula]]:
        """Yield the times and values of events that set a variable."""
        for event in self.sbml.getListOfEvents():
            for assignment in event.getListOfEventAssignments():
                if assignment.getVariable() == name:
                    value = formula_of(assignment.getMath(), self.functions, f"event '{name}'")
                    yield self.time_of(event), value

    def time_of(self, event: Any) -> Formula:
        """Return the time of an event whose trigger is that a time has come.

        Raises
        ------
        ModelError
            If anything else triggers it.
        """
        import libsbml

        label = event.getId() or event.getName() or "without a name"
        node = event.getTrigger().getMath()
        order = {
            libsbml.AST_RELATIONAL_GEQ: (0, 1), libsbml.AST_RELATIONAL_GT: (0, 1),
            libsbml.AST_RELATIONAL_LEQ: (1, 0), libsbml.AST_RELATIONAL_LT: (1, 0),
        }.get(node.getType())  # fmt: skip
        is_time = order and node.getChild(order[0]).getType() == libsbml.AST_NAME_TIME
        if order is None or not is_time or event.isSetDelay():
            raise ModelError(
                f"event {label} is not one at a given time (time >= number, without delay), the "
                "only kind that is read."
            )
        return formula_of(node.getChild(order[1]), self.functions, f"event {label}")

    def switched(
        self, name: str, value: float, changes: list[tuple[Formula, Formula]], meaning: str
    ) -> None:
        """Add a quantity that events at given times set to other values."""
        start = f"{name}_at_start"
        self.parameter(start, value, f"{meaning} at time 0")
        known = {p.getId(): p.getValue() for p in self.sbml.getListOfParameters()}
        changes = sorted(changes, key=lambda change: float(change[0].compute(known)))
        for time, _ in changes:
            self.corner(time)

        def compute(values: Any) -> Any:
            result = values[start]
            for time, after in changes:
                result = where(values[TIME] < time.compute(values), result, after.compute(values))
            return result

        used = [n for change in changes for each in change for n in each.names]
        formula = Formula(compute, tuple(dict.fromkeys((TIME, start, *used))))
        self.quantity(name, formula, meaning)


def _units_per_day(sbml: Any) -> float:
    """Return how many of a file's units of time make a day; 1 where it says none."""
    named = sbml.getTimeUnits() if sbml.isSetTimeUnits() else "time"
    if named in ("second", "dimensionless"):
        return _SECONDS_PER_DAY if named == "second" else 1.0
    definition = sbml.getUnitDefinition(named)
    if definition is None or definition.getNumUnits() != 1:
        return 1.0
    unit = definition.getUnit(0)
    if not unit.isSecond() or unit.getExponent() != 1:
        return 1.0
    return _SECONDS_PER_DAY / float(unit.getMultiplier() * 10.0 ** unit.getScale())
