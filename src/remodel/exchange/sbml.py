"""SBML level 3 version 2: every equation under its own name, doses as events.

States are parameters with a rate rule, quantities have assignment rules. Time 0 is day 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from remodel.equations.assembly import TIME
from remodel.errors import ModelError, require
from remodel.exchange.case import Case, Change
from remodel.exchange.describe import description
from remodel.exchange.infix import SBML, infix, number
from remodel.exchange.quantity_units import expression_unit, unit_powers, units_of
from remodel.exchange.statements import Statement
from remodel.files import write_text
from remodel.symbolic.expression import Expression

_LEVEL, _VERSION = 3, 2
START = "time_at_day_0"
_NO_UNIT = "dimensionless"
_KINDS = {
    "day": ("second", 86400.0),
    "gram": ("gram", 1.0),
    "liter": ("litre", 1.0),
    "meter": ("metre", 1.0),
    "mole": ("mole", 1.0),
    # units of activity have no place in SBML; percent points are counted
    "international_unit": ("item", 1.0),
    "bone_collagen_equivalent": ("dimensionless", 1.0),
    "cell_unit": ("item", 1.0),
    "percent": ("dimensionless", 1.0),
}
_SCALES = {"": 0, "kilo": 3, "centi": -2, "milli": -3, "micro": -6, "nano": -9, "pico": -12}


def write_sbml(case: Case, path: str | Path) -> Path:
    """Write a case as SBML.

    Raises
    ------
    MissingDependencyError
        Without libSBML.
    ModelError
        If libSBML finds the result wrong.
    """
    return write_text(path, sbml_text(case))


def sbml_text(
    case: Case, *, free: frozenset[str] = frozenset(), memories: Mapping[str, str] | None = None
) -> str:
    """Return a case as SBML.

    Parameters
    ----------
    case : Case
    free : frozenset of str
        Parameters that may change although no event of the case sets them.
    memories : mapping of str to str, optional
        Further parameters, and the quantity whose unit each has.
    """
    libsbml = require("libsbml", "exchange")
    document = libsbml.SBMLDocument(_LEVEL, _VERSION)
    _Writer(libsbml, document, case, free | case.varying).write(memories or {})
    check(document, case.model.name)
    text: str = libsbml.writeSBMLToString(document)
    return text


def check(document: Any, name: str) -> None:
    """Refuse a document in which libSBML finds an error.

    Raises
    ------
    ModelError
    """
    document.checkConsistency()
    for i in range(document.getNumErrors()):
        problem = document.getError(i)
        if problem.getSeverity() >= 2:  # an error, and not a warning
            sentence = " ".join(problem.getMessage().split())
            raise ModelError(f"model '{name}' cannot be written as SBML: {sentence}")


class _Writer:
    """Fills a document from a case; ``units`` has the identifiers that are already defined."""

    def __init__(self, libsbml: Any, document: Any, case: Case, free: frozenset[str]) -> None:
        self.libsbml = libsbml
        self.case = case
        self.free = free
        self.model = document.createModel()
        self.units = units_of(case)
        self.defined: dict[str, str] = {}
        self.settings = libsbml.L3ParserSettings()
        self.settings.setParseUnits(True)
        self.settings.setParseAvogadroCsymbol(False)
        self.settings.setModel(self.model)

    def write(self, memories: Mapping[str, str]) -> None:
        """Write everything."""
        case, model = self.case, self.model
        self.declare_model()
        self.declare_variables()
        for name, quantity in memories.items():
            meaning = f"{quantity} at the time of reference"
            self.variable(name, 1.0, self.units[quantity], meaning, constant=False)
        for statement in case.statements.quantities:
            self.rule(model.createAssignmentRule(), statement)
        for statement in case.statements.rates:
            self.rule(model.createRateRule(), statement)
        for statement in case.statements.baseline if case.at_baseline else ():
            if statement.name in case.states and not statement.expression.is_constant:
                assignment = model.createInitialAssignment()
                assignment.setSymbol(statement.name)
                assignment.setMath(self.math(self.formula(statement)))
        for count, change in enumerate(case.changes, 1):
            self.event(f"change_{count}", change)

    def declare_model(self) -> None:
        """Say what the model is, and its units of time."""
        self.model.setId(self.case.model.name)
        self.model.setName(self.case.model.title)
        self.model.setNotes(_notes(self.case))
        self.model.setTimeUnits(self.unit("d"))
        self.model.setExtentUnits(_NO_UNIT)
        self.model.setSubstanceUnits(_NO_UNIT)

    def declare_variables(self) -> None:
        """Declare parameters, states and quantities."""
        case, parameters = self.case, self.case.model.all_parameters
        if case.start:
            self.variable(
                START, case.start, "d", "Model time at day 0", constant=START not in self.free
            )
        for name, value in case.parameters.items():
            fixed = name not in self.free
            meaning = parameters[name].meaning
            self.variable(name, value, self.units[name], meaning, constant=fixed)
        for name, value in case.states.items():
            state = case.system.state(name)
            self.variable(name, value, state.unit, state.meaning, constant=False)
        for statement in case.statements.quantities:
            unit = self.units[statement.name]
            self.variable(statement.name, None, unit, statement.meaning, constant=False)

    def variable(
        self, name: str, value: float | None, unit: str, meaning: str, *, constant: bool
    ) -> None:
        """Declare a parameter, state or quantity."""
        parameter = self.model.createParameter()
        if parameter.setId(name) != self.libsbml.LIBSBML_OPERATION_SUCCESS:
            raise ModelError(f"'{name}' cannot be a name in SBML.")
        parameter.setName(meaning)
        parameter.setConstant(constant)
        parameter.setUnits(self.unit(unit))
        if value is not None:
            parameter.setValue(value)

    def rule(self, rule: Any, statement: Statement) -> None:
        """Fill a rule."""
        rule.setVariable(statement.name)
        rule.setMath(self.math(self.formula(statement)))

    def formula(self, statement: Statement) -> str:
        """Return a statement as text of the formula language of SBML level 3."""
        time = f"({START} + time)" if self.case.start else "time"
        if statement.expression.equals(0.0):
            return f"0 {self.unit(self.units[statement.name])}"
        return infix(statement.expression, SBML, {TIME: time}, self.zero)

    def zero(self, beside: Expression) -> str:
        """Return a zero in the unit of an expression."""
        return f"0 {self.unit(expression_unit(beside, self.units))}"

    def math(self, formula: str, unit: str = _NO_UNIT) -> Any:
        """Return a formula as MathML; plain numbers in it have a unit."""
        node = self.libsbml.parseL3FormulaWithSettings(formula, self.settings)
        if node is None:
            raise ModelError(f"SBML: {self.libsbml.getLastParseL3Error()}")
        _set_units(node, unit)
        return node

    def event(self, name: str, change: Change) -> None:
        """Add what happens at one time."""
        event = self.model.createEvent()
        event.setId(name)
        event.setUseValuesFromTriggerTime(True)
        trigger = event.createTrigger()
        trigger.setInitialValue(False)  # so that an event at time 0 happens
        trigger.setPersistent(True)
        trigger.setMath(self.math(f"time >= {number(change.time)}", self.unit("d")))
        for target in dict.fromkeys((*change.set, *change.added)):
            terms = [number(change.set[target]) if target in change.set else target]
            terms += [number(change.added[target])] if target in change.added else []
            assignment = event.createEventAssignment()
            assignment.setVariable(target)
            assignment.setMath(self.math(" + ".join(terms), self.unit(self.units[target])))

    def unit(self, unit: str) -> str:
        """Return the identifier of a unit, defined when it is first used."""
        powers = unit_powers(unit)
        parts: list[tuple[str, float, int, float]] = []
        for prefix, root, power in powers:
            if root == "molar":
                parts += [("mole", power, _SCALES[prefix], 1.0), ("litre", -power, 0, 1.0)]
            elif root in _KINDS and prefix in _SCALES:
                kind, multiplier = _KINDS[root]
                parts.append((kind, power, _SCALES[prefix], multiplier))
            else:
                raise ModelError(f"the unit '{unit}' cannot be written as SBML.")
        parts = [part for part in parts if part[0] != _NO_UNIT]
        if not parts:
            return _NO_UNIT
        if len(parts) == 1 and parts[0][1:] == (1.0, 0, 1.0):
            return parts[0][0]
        name = _identifier(parts)
        if name not in self.defined:
            self.defined[name] = unit
            definition = self.model.createUnitDefinition()
            definition.setId(name)
            definition.setName(unit)
            for kind, power, scale, multiplier in parts:
                each = definition.createUnit()
                each.setKind(self.libsbml.UnitKind_forName(kind))
                each.setExponent(power)
                each.setScale(scale)
                each.setMultiplier(multiplier)
        return name


def _identifier(parts: list[tuple[str, float, int, float]]) -> str:
    """Return a name that says what a unit is made of, such as ``milli_gram_per_day``."""
    prefixes = {scale: f"{word}_" if word else "" for word, scale in _SCALES.items()}
    words = []
    for kind, power, scale, _ in sorted(parts, key=lambda part: part[1] < 0):
        word = prefixes[scale] + ("day" if kind == "second" else kind)
        exponent = f"{abs(power):g}".replace(".", "_")
        words.append(("per_" if power < 0 else "") + word + ("" if abs(power) == 1 else exponent))
    return "_".join(words)


def _set_units(node: Any, unit: str) -> None:
    if node.isNumber() and not node.isSetUnits():
        node.setUnits(unit)
    for i in range(node.getNumChildren()):
        _set_units(node.getChild(i), unit)


def _notes(case: Case) -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in description(case))
    return f'<body xmlns="http://www.w3.org/1999/xhtml">{lines}</body>'
