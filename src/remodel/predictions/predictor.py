"""What a model says of many published numbers: built once, evaluated for any parameters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ParameterError
from remodel.models import Model, load_model
from remodel.observations import Arm
from remodel.patient import Patient
from remodel.predictions.arithmetic import Terms, terms
from remodel.predictions.batches import Batch
from remodel.predictions.evidence import (
    Evidence,
    Skipped,
    Target,
    batch_of,
    patient_of,
    targets,
)

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
    batches : tuple of Batch
    terms : Terms
    differenced : frozenset of str
        Parameters whose derivatives are differences.
    """

    model: Model
    targets: tuple[Target, ...]
    skipped: tuple[Skipped, ...]
    batches: tuple[Batch, ...]
    terms: Terms
    differenced: frozenset[str] = frozenset()

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
        found: FloatArray = self.predict_many(values, 1)[0]
        return found

    def predict_many(self, parameters: Mapping[str, FloatArray], draws: int) -> FloatArray:
        """Return predictions for many parameter vectors, shape (draws, n).

        Parameters
        ----------
        parameters : mapping of str to ndarray, shape (draws,)
        """
        found = [batch.levels(parameters, draws) for batch in self.batches]
        return self.terms.values(np.concatenate([*found, np.ones((draws, 1))], axis=1))

    def slopes(
        self, parameters: Mapping[str, float], wrt: Sequence[str]
    ) -> tuple[FloatArray, FloatArray]:
        """Return predictions, shape (n,), and their derivatives, shape (n, n_parameters).

        Derivatives are exact, from forward sensitivities; those of a parameter that acts through
        the size of a dose are central differences.

        Parameters
        ----------
        wrt : sequence of str
            Parameters to differentiate by; derivatives are per unit of each.
        """
        exact = [name for name in wrt if name not in self.differenced]
        parts = [batch.slopes(parameters, exact) for batch in self.batches]
        levels = np.concatenate([*(levels for levels, _ in parts), np.ones(1)])
        slopes = np.concatenate([*(s for _, s in parts), np.zeros((len(exact), 1))], axis=1)
        found = np.empty((len(self.targets), len(wrt)))
        found[:, [wrt.index(name) for name in exact]] = self.terms.slopes(levels, slopes).T
        others = [name for name in wrt if name in self.differenced]
        if others:
            found[:, [wrt.index(name) for name in others]] = self._differences(parameters, others)
        return self.terms.values(levels), found

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
        found = self.predict_many(many, draws)
        differences: FloatArray = ((found[1::2] - found[::2]) / widths[:, None]).T
        return differences

    def differencing(self, names: Sequence[str]) -> Predictor:
        """Return a predictor that knows which of some parameters have no exact derivatives."""
        return replace(self, differenced=frozenset(_without_slope(self.batches, names)))


def predictor(model: str | Model, tables: Sequence[Evidence], *, rtol: float = RTOL) -> Predictor:
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
    chosen = load_model(model)
    found: list[Target] = []
    skipped: list[Skipped] = []
    for evidence in tables:
        some, others = targets(chosen, evidence)
        found += some
        skipped += others
    batches, places = _batches(chosen, found, rtol)
    return Predictor(chosen, tuple(found), tuple(skipped), batches, terms(found, places))


def _without_slope(batches: Sequence[Batch], names: Sequence[str]) -> list[str]:
    """Return the parameters that act through the size of a dose in some batch."""
    if all(_has_slopes(batch, names) for batch in batches):
        return []
    return [name for name in names if not all(_has_slopes(b, [name]) for b in batches)]


def _has_slopes(batch: Batch, names: Sequence[str]) -> bool:
    try:
        batch.simulations.differentiated(names)
    except ParameterError:
        return False
    return True


_Key = tuple[str, Patient | None, tuple[float | None, ...]]


@dataclass(slots=True)
class _Wanted:
    """What is needed of one arm."""

    arm: Arm
    times: set[float]
    endpoints: set[str]


def _batches(
    model: Model, found: Sequence[Target], rtol: float
) -> tuple[tuple[Batch, ...], np.ndarray]:
    """Return batches, and positions of the four levels of each target, shape (4, n)."""
    wanted = _wanted(model, found)
    groups: dict[tuple[str, ...], list[_Wanted]] = defaultdict(list)
    for one in wanted.values():
        groups[model.with_drugs(one.arm.schedule.drugs)].append(one)
    batches: list[Batch] = []
    place: dict[tuple[int, str, float], int] = {}
    first = 0
    for members in groups.values():
        times = np.array(sorted(set().union(*(one.times for one in members))))
        outputs = tuple(sorted(set().union(*(one.endpoints for one in members))))
        simulations = batch_of(model, [one.arm for one in members], times, outputs, rtol)
        batch = Batch(simulations, first)
        batches.append(batch)
        index = np.arange(batch.size).reshape(len(outputs), len(members), len(times)) + first
        for k, output in enumerate(outputs):
            for i, one in enumerate(members):
                place.update(
                    {(id(one), output, t): int(index[k, i, j]) for j, t in enumerate(times)}
                )
        first += batch.size
    places = np.full((4, len(found)), first, dtype=np.int64)  # the last level is 1
    for column, target in enumerate(found):
        row = target.observation
        for line, arm in ((0, target.arm), (2, target.comparator)):
            if arm is not None:
                one = wanted[_key(model, arm)]
                places[line, column] = place[id(one), row.endpoint, row.time]
                places[line + 1, column] = place[id(one), row.endpoint, row.reference_time]
    return tuple(batches), places


def _wanted(model: Model, found: Sequence[Target]) -> dict[_Key, _Wanted]:
    wanted: dict[_Key, _Wanted] = {}
    for target in found:
        row = target.observation
        for arm in (target.arm, target.comparator):
            if arm is not None:
                one = wanted.setdefault(_key(model, arm), _Wanted(arm, {0.0}, set()))
                one.times |= {row.time, row.reference_time}
                one.endpoints.add(row.endpoint)
    return wanted


def _key(model: Model, arm: Arm) -> _Key:
    scores = (arm.t_score_lumbar_spine, arm.t_score_total_hip, arm.t_score_femoral_neck)
    return repr(arm.schedule), patient_of(arm, model), scores
