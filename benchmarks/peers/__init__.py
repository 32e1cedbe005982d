"""The same problem in other solvers, one file each.

A peer has a name, says whether it is installed, and prepares a workload: compiling and planning
happen then, outside the timing. What it returns solves the workload at a relative tolerance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workloads import Workload

Solve = Callable[[float], Any]  # rtol -> states, shape (n, n_times, n_states)


@dataclass(frozen=True, slots=True)
class Peer:
    """One way to solve a workload.

    Attributes
    ----------
    name : str
        As in tables.
    prepare : callable
        From a workload to a function of the relative tolerance.
    modules : tuple of str
        What has to be installed.
    install : str
        How to get it.
    is_batch : bool
        Whether it takes all simulations at once, so that fewer would not be representative.
    threads : int
        It uses.
    size : int
        Simulations it gets, the samples over and over; 0 for the samples themselves.
    """

    name: str
    prepare: Callable[[Workload], Solve]
    modules: tuple[str, ...] = ()
    install: str = ""
    is_batch: bool = False
    threads: int = 1
    size: int = 0

    def available(self) -> bool:
        """Whether everything it needs is installed."""
        return all(find_spec(module) is not None for module in self.modules)


def all_peers() -> list[Peer]:
    """Return every peer, installed or not, in the order of the tables."""
    from peers import (
        diffrax_kvaerno5,
        numbalsoda_lsoda,
        remodel_batch,
        roadrunner_cvode,
        scipy_odeint,
        scipy_solve_ivp,
        sundae_cvode,
    )

    modules = (
        remodel_batch, numbalsoda_lsoda, scipy_odeint, sundae_cvode, scipy_solve_ivp,
        roadrunner_cvode, diffrax_kvaerno5,
    )  # fmt: skip
    return [peer for module in modules for peer in module.PEERS]
