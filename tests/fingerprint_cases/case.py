"""One result of the public interface, and how it is described."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

Values = dict[str, np.ndarray]


@dataclass(frozen=True)
class Case:
    """A result.

    Attributes
    ----------
    compute : callable
        Returns arrays by name.
    fast : bool
        Compared by the fast tests.
    tolerance : float
        Relative to the root mean square of an array, between two machines.
    """

    compute: Callable[[], Values]
    fast: bool
    tolerance: float


def case(
    compute: Callable[..., Values],
    *arguments: Any,
    fast: bool = False,
    tolerance: float = 1e-8,
    **named: Any,
) -> Case:
    """Return the case of a function and its arguments."""
    return Case(partial(compute, *arguments, **named), fast, tolerance)


def of_dataset(ds: Any) -> Values:
    """Return every numeric variable of a dataset."""
    names = sorted(str(name) for name in ds.data_vars if ds[name].dtype.kind in "fi")
    return {name: np.asarray(ds[name].to_numpy(), dtype=np.float64) for name in names}
