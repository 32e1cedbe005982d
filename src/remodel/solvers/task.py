"""What the compiled loop is told: one record of numbers and addresses of arrays.

The loop reads the record by these names, so that Python and machine code cannot disagree about an
order of arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

LANE_TIMES, LANE_COUNTS = 5, 10  # numbers of doubles and integers that a lane remembers
POINTS = 5  # of a step, at which summaries look at its outputs

_KERNELS = """
    derive advance measure commit interpolate observe
    derive_terms terms direction bend_direction observe_terms observe_direction commit_direction
"""
_FLOAT_ARRAYS = """
    workspace lane_times parameters initial initial_tangents atol start times event_time
    event_value out out_tangents final stopped window_start window_end threshold summaries points
    conserved lane_sums
"""
_INTEGER_ARRAYS = """
    lane_counts parameter_row initial_row times_from event_kind event_index event_from status
    counters cancel summary_take summary_output summary_window
"""
# numbers of things, and first slots in the workspace
_COUNTS = """
    states parameter_count outputs directions lanes workspace_size longest max_steps first beyond
    state atol_slot parameter first_output first_direction direction_size observed
    size summary_count window_count new_state conserved_count
"""
_NUMBERS = "rtol lowest"

TASK = np.dtype(
    [(name, np.uint64) for name in (_KERNELS + _FLOAT_ARRAYS + _INTEGER_ARRAYS).split()]
    + [(name, np.int64) for name in _COUNTS.split()]
    + [(name, np.float64) for name in _NUMBERS.split()]
)
_TYPE_OF = {
    **dict.fromkeys(_FLOAT_ARRAYS.split(), np.float64),
    **dict.fromkeys(_INTEGER_ARRAYS.split(), np.int64),
}


class Task:
    """A record for the loop, and the arrays and code it points to, which must live as long."""

    def __init__(
        self, values: Mapping[str, Any], base: Task | None = None, libraries: Iterable[object] = ()
    ) -> None:
        self.record: Any = np.zeros(1, TASK) if base is None else base.record.copy()
        self._arrays: list[Any] = [] if base is None else list(base._arrays)
        # threads that start together compile the same code each, and the caches keep one of it
        self._code = (*libraries, base)
        for name, value in values.items():
            self.record[name] = self._address(name, value) if name in _TYPE_OF else value

    def _address(self, name: str, array: Any) -> int:
        whole = np.require(array, _TYPE_OF[name], "C")
        self._arrays.append(whole)
        return int(whole.ctypes.data)
