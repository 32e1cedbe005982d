"""What a drug is to a model: its equations, its routes and its molar mass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from remodel.equations import Equation, Port, State
from remodel.errors import ModelError, nearest


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug: mechanisms under its own prefix.

    Attributes
    ----------
    name : str
        Canonical name; prefixes the drug's states, quantities and parameters.
    parts : tuple
        States, equations and shared quantities, written with short names: ``central`` in the
        drug ``denosumab`` is the state ``denosumab_central``.
    routes : mapping of str to str
        From a route (``oral``, ``iv``, ``sc``, ``patch``) to the short name of the state that
        receives the dose, or to the name of a state of the body. The first is the default.
    drug_class : str
        Such as ``bisphosphonate``: shown in lists, and what errors of predictions are added up by.
    dose_factors : mapping of str to str
        From a route to the name of the parameter, or of the quantity computed from parameters
        alone, that multiplies a dose [mg] to give what enters the state. A route that is not
        listed enters in mg.
    mechanisms : tuple of str
        Mechanisms of the body that nothing moves without this drug, or another that names them
        too, such as ``lining_cells``; the model holds them and uses them on demand.

    Notes
    -----
    The parameter ``<name>_molar_mass`` [g/mol] converts doses given in mol; a parameter
    ``<name>_units_per_mg`` [IU/mg], where there is one, converts doses given in IU.
    """

    name: str
    parts: tuple[Equation | State | Port, ...]
    routes: Mapping[str, str]
    drug_class: str
    dose_factors: Mapping[str, str] = field(default_factory=dict)
    mechanisms: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Freeze the mappings; refuse a factor of a route that does not exist."""
        object.__setattr__(self, "routes", MappingProxyType(dict(self.routes)))
        object.__setattr__(self, "dose_factors", MappingProxyType(dict(self.dose_factors)))
        for route in self.dose_factors:
            if route not in self.routes:
                raise ModelError(
                    f"drug '{self.name}': dose factor for route '{route}', which it does not "
                    f"have.{nearest(route, self.routes)}"
                )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the mappings as what they were made from."""
        routes, factors = dict(self.routes), dict(self.dose_factors)
        values = (self.name, self.parts, routes, self.drug_class, factors, self.mechanisms)
        return Drug, values

    @property
    def default_route(self) -> str:
        """The route of a dose that names none."""
        return next(iter(self.routes))

    @property
    def compartments(self) -> tuple[tuple[str, str], ...]:
        """Short name of each state in order, then of each state of the body that a dose enters.

        Each with the route by which a dose enters it, empty where none does.
        """
        route_of = {state: route for route, state in reversed(list(self.routes.items()))}
        compartments = [part.name for part in self.parts if isinstance(part, State)]
        body = [state for state in self.routes.values() if state not in compartments]
        states = dict.fromkeys((*compartments, *body))
        return tuple((state, route_of.get(state, "")) for state in states)

    def input_parameter(self, route: str) -> str:
        """Name of the input that holds the constant rate of dosing by a route [mg/d]."""
        return f"{self.name}_{route}_rate"
