"""How equations are written down.

An equation is a short function. Its name is the quantity it defines, its arguments are the names
of the quantities, states and parameters it uses, its docstring says what it means and where it
comes from. A decorator says what the value does::

    @quantity
    def bone_resorption(osteoclasts, resorption_capacity):
        \"\"\"Resorption follows the number of active osteoclasts and what each can remove.\"\"\"
        return osteoclasts * resorption_capacity

    @flow(source="preosteoclasts", target="osteoclasts")   # leaves one pool, enters the other
    @gain("osteoclasts")                                    # enters a pool
    @loss("osteoclasts")                                    # leaves a pool
    @rate("rho_B")                                          # the whole derivative, as in a paper
    @initial("osteoclasts")                                 # the value at the baseline
    @endpoint(unit="ng/mL", meaning="Serum CTX")            # a quantity people ask for
    @factor("aromatase_activity")                           # multiplies into a shared quantity
    @term("rankl_competition")                              # adds to a shared quantity

Two equations with the same target add up, so each is one term that ``remodel explain`` can show.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from types import ModuleType
from typing import Any, Literal

from remodel.errors import ModelError

__all__ = [
    "Equation",
    "Port",
    "State",
    "collect",
    "endpoint",
    "factor",
    "flow",
    "gain",
    "initial",
    "loss",
    "product",
    "quantity",
    "rate",
    "starts_at",
    "state",
    "term",
    "total",
]

Kind = Literal["quantity", "flow", "initial", "factor", "term"]
Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Equation:
    """One equation of a model.

    Attributes
    ----------
    name : str
        The quantity the equation defines.
    kind : str
        ``quantity``, ``flow``, ``initial``, ``factor`` or ``term``.
    function : callable
        The equation itself.
    arguments : tuple of str
        Names it uses, as written.
    source, target : str
        For a flow, the states it leaves and enters; for ``initial``, ``factor`` and ``term`` the
        target is the state or shared quantity.
    unit : str
        Of an endpoint; empty otherwise (the unit then follows from the arguments).
    meaning : str
        First sentence of the docstring.
    reference : str
        The rest of the docstring: derivation and source.
    is_endpoint : bool
        Whether it is offered as an output.
    long_name : str
        Of an endpoint.
    """

    name: str
    kind: Kind
    function: Function = field(repr=False)
    arguments: tuple[str, ...]
    source: str = ""
    target: str = ""
    unit: str = ""
    meaning: str = ""
    reference: str = ""
    is_endpoint: bool = False
    long_name: str = ""

    def __call__(self, *arguments: Any) -> Any:
        """Evaluate the equation with values in the order of its arguments."""
        return self.function(*arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the function by its name, which in its module is this or a like equation."""
        values = tuple(getattr(self, each.name) for each in fields(self))
        module, name = self.function.__module__, self.function.__qualname__
        declared = getattr(sys.modules.get(module), name, None)
        if module == "__main__" or getattr(declared, "function", None) is not self.function:
            return Equation, values
        return _declared_in, (module, name, values[:_FUNCTION], values[_FUNCTION + 1 :])


_FUNCTION = 2  # place of the function among the fields


def _declared_in(
    module: str, name: str, before: tuple[Any, ...], after: tuple[Any, ...]
) -> Equation:
    """Return an equation whose function belongs to one that a module declares."""
    declared: Equation = getattr(importlib.import_module(module), name)
    values = (*before, declared.function, *after)
    equation = Equation(*values)
    return declared if equation == declared else equation


@dataclass(frozen=True, slots=True)
class State:
    """A state variable.

    Attributes
    ----------
    name : str
    unit : str
    meaning : str
        One phrase, used as long name.
    typical : float
        Size at which the variable matters, in its unit; sets the absolute tolerance where the
        initial value is zero.
    signed : bool
        Whether it may be negative; otherwise a negative value ends a simulation.
    """

    name: str
    unit: str
    meaning: str
    typical: float = 1.0
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Port:
    """A quantity to which any mechanism or drug may contribute.

    ``combine`` is ``product`` (neutral value 1) or ``sum`` (neutral value 0).
    """

    name: str
    combine: Literal["product", "sum"]
    meaning: str
    unit: str = "-"


def state(
    name: str, unit: str, meaning: str, *, typical: float = 1.0, signed: bool = False
) -> State:
    """Declare a state variable."""
    return State(name, unit, meaning, typical, signed)


def product(name: str, meaning: str) -> Port:
    """Declare a shared quantity that is the product of all contributions, 1 without any."""
    return Port(name, "product", meaning)


def total(name: str, meaning: str, unit: str = "-") -> Port:
    """Declare a shared quantity that is the sum of all contributions, 0 without any."""
    return Port(name, "sum", meaning, unit)


def _build(function: Function, kind: Kind, **details: Any) -> Equation:
    signature = inspect.signature(function)
    for parameter in signature.parameters.values():
        if parameter.default is not inspect.Parameter.empty or parameter.kind in (
            inspect.Parameter.VAR_POSITIONAL,
            inspect.Parameter.VAR_KEYWORD,
        ):
            raise ModelError(
                f"equation {function.__name__}: argument '{parameter.name}' must be a plain name "
                "of a quantity, state or parameter (no default, no *)."
            )
    text = inspect.getdoc(function) or ""
    meaning, _, reference = text.partition("\n\n")
    return Equation(
        name=function.__name__.rstrip("_"),
        kind=kind,
        function=function,
        arguments=tuple(signature.parameters),
        meaning=" ".join(meaning.split()),
        reference=" ".join(reference.split()),
        **details,
    )


def quantity(function: Function) -> Equation:
    """Define a quantity by its value."""
    return _build(function, "quantity")


def endpoint(*, unit: str, meaning: str) -> Callable[[Function], Equation]:
    """Define a quantity that people ask for, with the unit it is reported in."""
    return lambda f: _build(f, "quantity", unit=unit, is_endpoint=True, long_name=meaning)


def flow(*, source: str = "", target: str = "") -> Callable[[Function], Equation]:
    """Define a flow per day out of one state and into another, conserving what flows."""
    return lambda f: _build(f, "flow", source=source, target=target)


def gain(target: str) -> Callable[[Function], Equation]:
    """Define a flow per day into a state."""
    return flow(target=target)


def loss(source: str) -> Callable[[Function], Equation]:
    """Define a flow per day out of a state; the value is positive."""
    return flow(source=source)


rate = gain


def initial(target: str) -> Callable[[Function], Equation]:
    """Define the value of a state at the baseline."""
    return lambda f: _build(f, "initial", target=target)


def _unchanged(value: Any) -> Any:
    return value


def starts_at(target: str, name: str) -> Equation:
    """Let a state start at the value of a parameter or quantity."""
    return Equation(
        name=f"{target}_baseline",
        kind="initial",
        function=_unchanged,
        arguments=(name,),
        target=target,
        meaning=f"Value of {target} at the baseline.",
    )


def factor(port: str) -> Callable[[Function], Equation]:
    """Define a factor of a shared quantity."""
    return lambda f: _build(f, "factor", target=port)


def term(port: str) -> Callable[[Function], Equation]:
    """Define a summand of a shared quantity."""
    return lambda f: _build(f, "term", target=port)


def collect(*modules: ModuleType) -> tuple[Equation | State | Port, ...]:
    """Return everything declared in modules, in the order in which it is written there.

    Names imported from other modules count too, so a drug class can share equations by importing
    them; the same object is returned once.
    """
    declared: dict[int, Equation | State | Port] = {}
    for module in modules:
        for thing in vars(module).values():
            if isinstance(thing, Equation | State | Port):
                declared.setdefault(id(thing), thing)
    return tuple(declared.values())
