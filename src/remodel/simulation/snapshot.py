"""People at one time: their bodies, what is left of drugs in them, and their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.models import Model
from remodel.parameters import ParameterSet
from remodel.patients import Patients
from remodel.solvers.problem import Solution
from remodel.solvers.status import Status


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Snapshot:
    """People at one time, from whom simulations can start; from ``remodel.snapshot``.

    ``snapshot[rows]`` are some of them, in any order, also more than once.

    Attributes
    ----------
    model : Model
    patients : Patients
        As old as they are now, one a row. T-scores are met already, and not said again.
    parameters : ParameterSet
        Values shared by all.
    varied : mapping of str to ndarray, shape (n,)
        Parameters in which they were made to differ, in their own units.
    drugs : tuple of str
        What is in them, or was.
    state_names : tuple of str
    states : ndarray, shape (n, n_states)
        NaN where a simulation failed.
    values : ndarray, shape (n, n_parameters)
        Every parameter of the model as it is now, in internal units; nothing is being given.
    time : ndarray, shape (n,)
        Model time [d].
    surgery : ndarray, shape (n,)
        Model time at the removal of ovaries [d]; infinite for none.
    status : ndarray of int, shape (n,)
        0 where the simulation came to this time.
    """

    model: Model
    patients: Patients
    parameters: ParameterSet
    varied: Mapping[str, FloatArray]
    drugs: tuple[str, ...]
    state_names: tuple[str, ...]
    states: FloatArray
    values: FloatArray
    time: FloatArray
    surgery: FloatArray
    status: IntArray

    def __len__(self) -> int:
        """Return how many people there are."""
        return len(self.time)

    def __repr__(self) -> str:
        """Return how many people there are, and how many of them failed."""
        return f"<Snapshot of {len(self):,}, {np.count_nonzero(self.status):,} failed>"

    def __getitem__(self, rows: slice | IntArray | BoolArray) -> Snapshot:
        """Return some of them, by a slice or an array of positions."""
        return replace(
            self,
            patients=self.patients[rows],
            varied={name: values[rows] for name, values in self.varied.items()},
            states=self.states[rows],
            values=self.values[rows],
            time=self.time[rows],
            surgery=self.surgery[rows],
            status=self.status[rows],
        )

    @property
    def outside(self) -> BoolArray:
        """Who was not simulated, being outside the bounds of a population."""
        outside: BoolArray = self.status == Status.OUTSIDE_BOUNDS
        return outside

    @property
    def reached(self) -> Solution:
        """States and status, as a solver leaves them."""
        n = len(self)
        return Solution(
            outputs=np.zeros((0, n, 0)),
            final=self.states,
            status=self.status,
            stopped=self.time,
            counters=np.zeros((n, 3), dtype=np.int64),
        )
