"""An immutable set of parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from remodel.errors import ParameterError, nearest
from remodel.parameters.parameter import Parameter

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


class ParameterSet(Mapping[str, Parameter]):
    """Parameters by name, in the order of the file.

    Parameters
    ----------
    parameters : iterable of Parameter
    name : str
        Of the set.
    about : str
        What the set is and where it comes from.
    """

    def __init__(self, parameters: Iterable[Parameter], name: str = "", about: str = "") -> None:
        self._parameters = {p.name: p for p in parameters}
        self.name = name
        self.about = about

    def __getitem__(self, name: str) -> Parameter:
        try:
            return self._parameters[name]
        except KeyError:
            raise ParameterError(
                f"'{name}' is not a parameter of '{self.name}'.{nearest(name, self)}"
            ) from None

    def __contains__(self, name: object) -> bool:
        return name in self._parameters

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    def __repr__(self) -> str:
        return f"ParameterSet({self.name!r}, {len(self)} parameters)"

    def replace(self, values: Mapping[str, float]) -> ParameterSet:
        """Return a set with other values, in the units of this one.

        Raises
        ------
        ParameterError
            If a name is unknown or a value is not finite or outside its bounds.
        """
        changed = {name: replace(self[name], value=float(v)) for name, v in values.items()}
        return ParameterSet((changed.get(p.name, p) for p in self.values()), self.name, self.about)

    def widened(self) -> ParameterSet:
        """Return the set with the bounds of one woman among others; made once and kept."""
        return self._widened

    @cached_property
    def _widened(self) -> ParameterSet:
        return ParameterSet((p.widened() for p in self.values()), self.name, self.about)

    def select(self, *, status: str | None = None, prefix: str = "") -> ParameterSet:
        """Return the parameters with a status or a prefix."""
        chosen = (
            p
            for p in self.values()
            if (status is None or p.status == status) and p.name.startswith(prefix)
        )
        return ParameterSet(chosen, self.name, self.about)

    def natural(self) -> dict[str, float]:
        """Return values by name, in the units people see."""
        return {name: p.value for name, p in self.items()}

    def internal(self, names: Iterable[str] | None = None) -> np.ndarray[Any, Any]:
        """Return the vector the equations use, time in days.

        Parameters
        ----------
        names : iterable of str, optional
            Which parameters, in which order; all by default.

        Returns
        -------
        ndarray, shape (n,)
        """
        import numpy as np

        chosen = self.keys() if names is None else names
        return np.array([self[n].value * self[n].factor for n in chosen], dtype=np.float64)

    def recorded(self) -> dict[str, float]:
        """Return what is kept of it with a result that it made."""
        return self.natural()

    def fingerprint(self) -> str:
        """Return a hash of names and values."""
        text = "\n".join(f"{p.name} {p.value!r} {p.unit}" for p in self.values())
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def to_frame(self) -> pd.DataFrame:
        """Return a table with one row a parameter."""
        import pandas as pd

        rows = [
            {
                "name": p.name, "value": p.value, "unit": p.unit, "lower": p.lower,
                "upper": p.upper, "population_lower": p.population_lower,
                "population_upper": p.population_upper, "status": p.status,
                "provenance": p.provenance, "prior": p.prior.kind,
                "prior_center": p.prior.center, "prior_sd": p.prior.sd,
                "meaning": p.meaning, "source": p.source, "symbol": p.symbol,
            }
            for p in self.values()
        ]  # fmt: skip
        return pd.DataFrame(rows).set_index("name")
