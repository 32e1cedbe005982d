"""Where the compiled loop is entered: with summaries, and without them.

To compile what summaries need takes as long as to compile the rest, so that it is left out of the
loop of simulations without any.
"""

from __future__ import annotations

import numba as nb

from remodel.solvers.driver import integrate_block
from remodel.solvers.loop_arrays import OPTIONS, inputs_of, lanes_of, results_of
from remodel.solvers.pointers import floats


@nb.njit(**OPTIONS)
def run(task):
    """Integrate a block of simulations described by a record, ``task.TASK``."""
    ws = floats(task.workspace, (task.workspace_size, task.lanes))
    integrate_block(task, ws, lanes_of(task), inputs_of(task), results_of(task), None)


@nb.njit(**OPTIONS)
def run_with_summaries(task):
    """Integrate a block of simulations, and take summaries of them."""
    ws = floats(task.workspace, (task.workspace_size, task.lanes))
    integrate_block(task, ws, lanes_of(task), inputs_of(task), results_of(task), True)
