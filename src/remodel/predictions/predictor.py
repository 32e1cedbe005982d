"""What a model says of many published numbers: built once, evaluated for any parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from remodel._arrays import FloatArray
from remodel.models import Model, load_model
from remodel.predictions.arithmetic import Terms
from remodel.predictions.batches import ArmBatch, Pools, batches_of
from remodel.predictions.evidence import Evidence, Skipped, Target, find_targets

RTOL = 1e-6
_STEP = 1e-3  # of a parameter, for central differences


@dataclass(frozen=True, slots=True)
class Predictor:
    """Simulations of all arms that published numbers come from, and the arithmetic to them.

    Arms with the same schedule and the same woman are simulated once. Arms with the same drugs
    are one batch.

    Attributes
    ----------
    model : Model
    targets : tuple of Target
        The numbers predicted, in the order of the tables.
    skipped : tuple of Skipped
    batches : tuple of ArmBatch
    pools : Pools
    terms : Terms
    differenced : frozenset of str
        Parameters whose derivatives are differences.
    """

    model: Model
    targets: tuple[Target, ...]
    skipped: tuple[Skipped, ...]
    batches: tuple[ArmBatch, ...]
    pools: Pools
    terms: Terms
    differenced: frozenset[str] = frozenset()

    @classmethod
    def of(cls, model: str | Model, tables: Sequence[Evidence], *, rtol: float = RTOL) -> Self:
        """Return the predictor of some tables.

        Parameters
        ----------
        model : str or Model
        tables : sequence of Evidence
        rtol : float
            Relative tolerance of the simulations.

        Raises
        ------
        ObservationError
            If an arm has observations and no regimen.
        """
        model = load_model(model)
        targets: list[Target] = []
        skipped: list[Skipped] = []
        for evidence in tables:
            predicted, others = find_targets(model, evidence)
            targets += predicted
            skipped += others
        batches, pools, positions = batches_of(model, targets, rtol)
        terms = Terms.of(targets, positions)
        return cls(model, tuple(targets), tuple(skipped), batches, pools, terms)

    @property
    def arms(self) -> int:
        """Number of different arms simulated."""
        return sum(batch.arms for batch in self.batches)

    def predict(self, parameters: Mapping[str, float] | None = None) -> FloatArray:
        """Return a prediction of each target in its own unit, shape (n,); NaN after a failure.

        Parameters
        ----------
        parameters : mapping of str to float, optional
            Values that replace the model's, in the units of its parameter table.
        """
        values = {name: np.array([value]) for name, value in (parameters or {}).items()}
        predicted: FloatArray = self.predict_many(values, 1)[0]
        return predicted

    def predict_many(self, parameters: Mapping[str, FloatArray], draws: int) -> FloatArray:
        """Return predictions for many parameter vectors, shape (draws, n).

        Parameters
        ----------
        parameters : mapping of str to ndarray, shape (draws,)
        """
        levels = [batch.levels(parameters, draws) for batch in self.batches]
        ones = np.ones((draws, 1))
        return self.terms.values(self.pools.appended(np.concatenate([*levels, ones], axis=1)))

    def derivatives(
        self, parameters: Mapping[str, float], names: Sequence[str]
    ) -> tuple[FloatArray, FloatArray]:
        """Return predictions, shape (n,), and their derivatives, shape (n, n_parameters).

        Derivatives are exact, from forward sensitivities; those of a parameter that acts through
        the size of a dose are central differences.

        Parameters
        ----------
        names : sequence of str
            Parameters to differentiate by; derivatives are per unit of each.
        """
        is_exact = np.array([name not in self.differenced for name in names])
        exact = [name for name in names if name not in self.differenced]
        simulated = [batch.derivatives(parameters, exact) for batch in self.batches]
        levels = np.concatenate([*(levels for levels, _ in simulated), np.ones(1)])
        by_level = np.concatenate([*(d for _, d in simulated), np.zeros((len(exact), 1))], axis=1)
        levels, by_level = self.pools.appended(levels), self.pools.appended(by_level)
        derivatives = np.empty((len(self.targets), len(names)))
        derivatives[:, is_exact] = self.terms.derivatives(levels, by_level).T
        if not is_exact.all():
            others = [name for name in names if name in self.differenced]
            derivatives[:, ~is_exact] = self._differences(parameters, others)
        return self.terms.values(levels), derivatives

    def _differences(self, parameters: Mapping[str, float], names: Sequence[str]) -> FloatArray:
        """Return central differences, shape (n, n_parameters), within the bounds."""
        draws = 2 * len(names)
        many = {name: np.full(draws, value) for name, value in parameters.items()}
        widths = np.empty(len(names))
        for j, name in enumerate(names):
            p = self.model.all_parameters[name]
            value = parameters.get(name, p.value)
            step = _STEP * max(abs(value), 1e-9)
            ends = (max(value - step, p.lower), min(value + step, p.upper))
            many.setdefault(name, np.full(draws, value))
            many[name][2 * j : 2 * j + 2] = ends
            widths[j] = ends[1] - ends[0]
        predicted = self.predict_many(many, draws)
        differences: FloatArray = ((predicted[1::2] - predicted[::2]) / widths[:, None]).T
        return differences

    def differencing(self, names: Sequence[str]) -> Self:
        """Return a predictor that knows which of some parameters have no exact derivatives."""
        if all(batch.has_derivatives(names) for batch in self.batches):
            return self
        differenced = frozenset(
            name
            for name in names
            if not all(batch.has_derivatives([name]) for batch in self.batches)
        )
        return replace(self, differenced=differenced)
