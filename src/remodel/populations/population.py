"""A population: women as columns of numbers, with weights, patterns of adherence and a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.errors import ConfigError, RemodelError, nearest
from remodel.models import Model, load_model
from remodel.patients import Patients
from remodel.populations.definition import RISKS, T_SCORES, Component, Definition
from remodel.provenance import recording

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

_FIRST = ("age", "menopause_age", "bmi", "male", *RISKS)


@dataclass(frozen=True, eq=False, repr=False)
class Population:
    """Women, or men, as they were drawn from a definition. Immutable.

    Attributes
    ----------
    definition : Definition
        Of what they were drawn from.
    seed : int
    woman : ndarray of int, shape (n,)
        Number of each, by which her random numbers are found again.
    weights : ndarray, shape (n,)
        Relative to a mean of 1.
    columns : mapping of str to ndarray, shape (n,)
        Attributes, T-scores and components, by name.
    pattern : ndarray of int, shape (n,)
        Which of ``definition.adherence`` each has.
    rejections : mapping of str to int
        How many impossible women were drawn and left out, by what was impossible.
    """

    definition: Definition
    seed: int
    woman: IntArray
    weights: FloatArray
    columns: Mapping[str, FloatArray]
    pattern: IntArray
    rejections: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the arrays unwritable."""
        for array in (self.woman, self.weights, self.pattern, *self.columns.values()):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.woman)

    def __repr__(self) -> str:
        rejected = sum(self.rejections.values())
        return (
            f"<Population of {len(self):,} '{self.definition.name}', seed {self.seed}, "
            f"{rejected:,} impossible left out>"
        )

    def __getitem__(self, name: str) -> FloatArray:
        """Return a column."""
        try:
            return self.columns[name]
        except KeyError:
            hint = nearest(name, self.columns)
            raise ConfigError(f"these women have no '{name}'.{hint}", field=name) from None

    @property
    def effective_size(self) -> float:
        """Number of women of equal weight that would say as much (Kish)."""
        return float(self.weights.sum() ** 2 / np.square(self.weights).sum())

    @property
    def adherence(self) -> npt.NDArray[np.object_]:
        """Name of the pattern of each woman, shape (n,)."""
        names = np.array([p.name for p in self.definition.adherence], dtype=object)
        chosen: npt.NDArray[np.object_] = names[self.pattern]
        return chosen

    @cached_property
    def patients(self) -> Patients:
        """Who they are at the start of treatment, as columns."""
        names = [name for name in ("menopause_age", *T_SCORES) if name in self.columns]
        said: dict[str, Any] = {name: self.columns[name] for name in names}
        male = self.columns.get("male", np.zeros(len(self))) > 0
        if "menopause_age" in said:
            said["menopause_age"] = np.where(male, np.nan, said["menopause_age"])
        return Patients(self.columns["age"], sex=np.where(male, "male", "female"), **said)

    @property
    def parameters(self) -> dict[str, FloatArray]:
        """Parameters of the reference model that differ between women, shape (n,), by name."""
        return self.parameters_of(load_model("reference"))

    def parameters_of(
        self, model: Model, shared: Mapping[str, float] | None = None
    ) -> dict[str, FloatArray]:
        """Return the parameters of a model that differ between women, shape (n,), in its units.

        Parameters
        ----------
        model : Model
        shared : mapping of str to float, optional
            Values of parameters that women differ from, instead of those of the model.
        """
        return parameter_values(self.definition, model, self.columns, shared)

    def where(self, chosen: BoolArray | IntArray) -> Self:
        """Return some of the women, with their numbers, so that they stay who they are."""
        index = np.asarray(chosen)
        return replace(
            self,
            woman=self.woman[index].copy(),
            weights=self.weights[index].copy(),
            columns={name: values[index].copy() for name, values in self.columns.items()},
            pattern=self.pattern[index].copy(),
        )

    def without_wander(self) -> Self:
        """Return the same women, whose density follows the mechanism alone."""
        return replace(self, definition=replace(self.definition, wander=None, text=""))

    def as_prescribed(self) -> Self:
        """Return the same women, who take every dose in time."""
        from remodel.populations.adherence import Pattern

        perfect = replace(self.definition, adherence=(Pattern("as prescribed", 1.0),), text="")
        return replace(self, definition=perfect, pattern=np.zeros(len(self), dtype=np.int64))

    def weighted(self, weights: Any) -> Self:
        """Return the same women with other weights, scaled to a mean of 1.

        Raises
        ------
        ConfigError
            If they are not one finite number from 0 a woman, or all 0.
        """
        sizes = np.asarray(weights, dtype=np.float64)
        usable = sizes.shape == (len(self),) and np.all(np.isfinite(sizes)) and np.all(sizes >= 0)
        if not usable or sizes.sum() <= 0:
            raise ConfigError(
                f"weights: expected {len(self):,} finite numbers from 0, not all of them 0.",
                field="weights",
            )
        return replace(self, weights=sizes / sizes.mean())

    def to_frame(self) -> pd.DataFrame:
        """Return a table, one row a woman; the columns of ``women.csv``."""
        import pandas as pd

        male = self.columns.get("male", np.zeros(len(self)))
        table: dict[str, Any] = {"woman": self.woman, "weight": self.weights}
        for name in _FIRST:
            if name == "male":
                continue
            table[name] = self.columns.get(name, np.full(len(self), np.nan))
            if name == "age":
                table["sex"] = np.where(male > 0, "male", "female")
        rest = (n for n in (*T_SCORES, *self.columns) if n not in _FIRST and n in self.columns)
        table.update({name: self.columns[name] for name in dict.fromkeys(rest)})
        table["adherence"] = self.adherence
        table["population"] = self.definition.name
        table["seed"] = self.seed
        return pd.DataFrame(table)

    def recorded(self) -> dict[str, Any]:
        """Return what is kept of them with a result: who they are, and how they were drawn."""
        from remodel.populations.dump import definition_text

        return {
            "name": self.definition.name,
            "definition": definition_text(self.definition),
            "seed": self.seed,
            "woman": self.woman,
            "weights": self.weights,
            "columns": dict(self.columns),
            "pattern": self.pattern,
            "rejections": dict(self.rejections),
        }

    def save(self, path: str | Path) -> None:
        """Write the women to ``FILE.csv`` (with their definition in ``FILE.toml``) or ``.zarr``.

        Raises
        ------
        StoreError
            If they cannot be written.
        """
        from remodel.populations.files import write

        with recording("population", {"women": self}, path):
            write(path, self.to_frame(), self.definition, self.seed, self.rejections)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return women that were saved, bit for bit; or those of a table of one's own.

        Raises
        ------
        ConfigError
            If the file is missing or malformed.
        """
        from remodel.populations.files import load

        stored = load(path)
        return cls(*(getattr(stored, item.name) for item in fields(stored)))


def parameter_values(
    definition: Definition,
    model: Model,
    columns: Mapping[str, FloatArray],
    shared: Mapping[str, float] | None = None,
) -> dict[str, FloatArray]:
    """Return parameters that components change, shape (n,), those a model does not have left out.

    Parameters
    ----------
    definition : Definition
    model : Model
    columns : mapping of str to ndarray, shape (n,)
        Components by name.
    shared : mapping of str to float, optional
        Values that women differ from, instead of those of the model.
    """
    values: dict[str, FloatArray] = {}
    for component in definition.components:
        drawn = columns[component.name]
        for name in component.parameters:
            if name in model.all_parameters:
                usual = (shared or {}).get(name, model.all_parameters[name].value)
                before = values.get(name, np.full(len(drawn), usual))
                values[name] = _changed(component, before, drawn)
    return values


def _changed(component: Component, usual: FloatArray, value: FloatArray) -> FloatArray:
    if component.change == "multiply":
        return usual * value
    if component.change == "add":
        return usual + value
    return value.copy()


def check_components(definition: Definition, model: Model) -> None:
    """Raise if a component changes a parameter that a model does not have.

    Raises
    ------
    ParameterError
        With the nearest name.
    """
    for component in definition.components:
        for name in component.parameters:
            try:
                model.all_parameters[name]
            except RemodelError as error:
                raise error.at(f"[parameter.{component.name}] of") from error
