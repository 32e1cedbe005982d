"""Why a number is what it is: the terms of a derivative, or what a quantity is computed from."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from remodel.equations import TIME
from remodel.equations.assembly import Assembly
from remodel.explanation.evaluation import checked_day, checked_name, simulated
from remodel.models import Model, load_model
from remodel.patient import Patient
from remodel.simulation.arguments import Parameters, ScheduleLike
from remodel.simulation.inputs import Inputs

if TYPE_CHECKING:
    import pandas as pd

_TIME_UNIT = re.compile(
    r"(?<![A-Za-z])(s|sec|min|h|hr|wk|mo|y|yr|(?:second|minute|hour|week|month|year)s?)(?![A-Za-z])"
)


# The model counts from the healthy young adult, who is a woman before menopause or a young man.
_OF_A_MAN = {
    "relative to (premenopausal|before menopause)": "relative to the young adult",
    "premenopausal women": "young adults",
    "her premenopausal|premenopausal": "young-adult",
    "before menopause": "in the young adult",
    "what the woman had": "what he had",
    "(?<=default the mean of young )women": "men",
    r"\bHer\b": "His",
    r"\bher\b": "his",
    r"\bshe\b": "he",
}


@dataclass(frozen=True, slots=True)
class Term:
    """One line of an explanation.

    Attributes
    ----------
    name : str
    value : float
    unit : str
        Empty where it follows from the equation.
    share : float
        Of all gains or of all losses of a state, between 0 and 1; NaN for arguments.
    meaning : str
    """

    name: str
    value: float
    unit: str
    share: float
    meaning: str


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """A number and where it comes from.

    Attributes
    ----------
    name : str
    kind : str
        ``state``: the terms are those of its derivative. ``product`` or ``sum``: the terms are
        multiplied or added. ``quantity``: the terms are the arguments of its equation.
    value : float
    unit : str
    meaning, reference : str
    rate : float
        Derivative of a state [unit/d], the sum of its terms; NaN otherwise.
    terms : tuple of Term
    """

    name: str
    kind: str
    value: float
    unit: str
    meaning: str
    reference: str
    rate: float
    terms: tuple[Term, ...]

    def __repr__(self) -> str:
        """Return the number and how many terms it has; ``print`` shows them."""
        return f"<Explanation {self._number}, {len(self.terms)} terms>"

    def __str__(self) -> str:
        """Return the sentence and the terms behind the number."""
        text = f"{self._sentence}\n\n{self.table().to_string(index=False, float_format='%.4g')}"
        return text if self.kind != "state" else f"{text}\n\nsum = {self.rate:.4g} per day"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        table = self.table().to_html(index=False, float_format="%.4g", na_rep="")
        return f"<p>{escape(self._sentence)}</p>{table}"

    def table(self) -> pd.DataFrame:
        """Return the terms as rows: ``name``, ``value``, ``unit``, ``share``, ``meaning``."""
        import pandas as pd

        table = pd.DataFrame([asdict(term) for term in self.terms], columns=_COLUMNS)
        return table if self.kind in ("state", "sum") else table.drop(columns="share")

    @property
    def _number(self) -> str:
        return f"{self.name} = {self.value:.4g}{unit_after(self.unit)}"

    @property
    def _sentence(self) -> str:
        return " ".join(filter(None, [f"{self._number}. {self.meaning}", self.reference]))


_COLUMNS = [each.name for each in fields(Term)]


def unit_after(unit: str) -> str:
    """Return a unit as it stands behind a number; nothing for a plain number."""
    return "" if unit in ("-", "") else f" {unit}"


def explain(
    name: str,
    *,
    model: str | Model = "reference",
    schedule: ScheduleLike = None,
    patient: Patient | None = None,
    parameters: Parameters = None,
    at: float | str = 0.0,
) -> Explanation:
    """Explain a state or quantity at one time.

    Parameters
    ----------
    name : str
        Any state or quantity, such as ``osteoclasts`` or ``ctx``.
    model : str or Model
    schedule : str or Schedule, optional
    patient : Patient, optional
    parameters : ParameterSet, mapping of str to float, str or Path, optional
        Values that replace the model's; text is the name or the file of a parameter set.
    at : float or str
        Time from the start of treatment [d], or text such as ``"12 mo"``; before any dose given
        then.

    Raises
    ------
    ModelError
        If the model has no state or quantity of that name.
    ConfigError
        If the time is before the start.
    SolverError
        If the simulation fails.
    """
    chosen = load_model(model)
    inputs = Inputs.read(chosen, schedule, patient, parameters)
    assembly, day = chosen.assembly(inputs.schedules[0].drugs), checked_day(at)
    names = checked_name(name, chosen, assembly)
    values, outputs = simulated(chosen, inputs, names, np.array([day]))
    numbers = {key: float(np.ravel(value)[-1]) for key, value in (values | outputs).items()}
    return _explained(name, assembly, numbers, words_of(chosen, assembly, patient))


@dataclass(frozen=True, slots=True)
class Words:
    """Units and meanings of everything an equation may read.

    Attributes
    ----------
    units, meanings : mapping of str to str
    other_sex : str
        How the names begin of what the patient has not.
    """

    units: Mapping[str, str]
    meanings: Mapping[str, str]
    other_sex: str


def words_of(model: Model, assembly: Assembly, patient: Patient | None) -> Words:
    """Return units and meanings, as they are said of the patient."""
    units: dict[str, str] = {TIME: "d"}
    meanings: dict[str, str] = {TIME: "time"}
    for name, parameter in model.all_parameters.items():
        units[name], meanings[name] = _in_days(parameter.unit), parameter.meaning
    for name, state in assembly.states.items():
        units[name], meanings[name] = state.unit, state.meaning
    for name, port in assembly.ports.items():
        units[name], meanings[name] = port.unit, port.meaning
    for name, equation in assembly.equations.items():
        units[name], meanings[name] = equation.unit, equation.long_name or equation.meaning
    if patient is not None and patient.sex == "male":
        meanings = {name: _of_a_man(meaning) for name, meaning in meanings.items()}
        return Words(units, meanings, "ovarian_")
    return Words(units, meanings, "testicular_")


def _of_a_man(meaning: str) -> str:
    for of_a_woman, of_a_man in _OF_A_MAN.items():
        meaning = re.sub(of_a_woman, of_a_man, meaning)
    return meaning


def _in_days(unit: str) -> str:
    """Return a parameter's unit as the equations use it: every time in it in days."""
    return _TIME_UNIT.sub("d", unit)


def _explained(
    name: str, assembly: Assembly, values: Mapping[str, float], words: Words
) -> Explanation:
    if name in assembly.states:
        return _state(name, assembly, values, words)
    kind, reference, meaning = "quantity", "", words.meanings[name]
    if name in assembly.ports:
        kind, listed = assembly.ports[name].combine, assembly.contributions_to(name)
    else:
        reference, arguments = assembly.equations[name].reference, assembly.arguments_of(name)
        listed = tuple(
            argument
            for argument in dict.fromkeys(arguments)
            if values[argument] or not argument.startswith(words.other_sex)
        )
    terms = _terms(listed, values, words, shared=kind == "sum")
    unit = words.units[name]
    return Explanation(name, kind, values[name], unit, meaning, reference, math.nan, terms)


def _state(name: str, assembly: Assembly, values: Mapping[str, float], words: Words) -> Explanation:
    state, meanings = assembly.states[name], words.meanings
    signed: list[tuple[str, float]] = []
    for flow in assembly.equations:
        source, target = assembly.flow_of(flow)
        if source == name:
            signed.append((flow, -values[flow]))
        if target == name:
            signed.append((flow, values[flow]))
    gains = sum(v for _, v in signed if v > 0)
    losses = -sum(v for _, v in signed if v < 0)
    unit = f"{state.unit}/d" if state.unit != "-" else "1/d"
    terms = tuple(
        Term(flow, value, unit, _share(value, gains if value > 0 else losses), meanings[flow])
        for flow, value in signed
    )
    rate = sum(term.value for term in terms)
    return Explanation(name, "state", values[name], state.unit, meanings[name], "", rate, terms)


def _share(value: float, whole: float) -> float:
    return abs(value) / whole if whole else 0.0


def _terms(
    names: Sequence[str], values: Mapping[str, float], words: Words, *, shared: bool
) -> tuple[Term, ...]:
    whole = sum(abs(values[name]) for name in names)
    return tuple(
        Term(
            name,
            values[name],
            words.units.get(name, ""),
            _share(values[name], whole) if shared else math.nan,
            words.meanings.get(name, ""),
        )
        for name in names
    )
