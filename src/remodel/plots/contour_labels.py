"""Where lines of equal result are labeled: inside the axes, apart, and where lines are straight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FROM_EDGE, _APART, _LABEL_LENGTH, _STEP = 0.07, 0.13, 0.05, 0.01  # shares of the axes
_STRAIGHT = 0.97  # chord by length of a line under its label


def label_places(axes: Axes, lines: Sequence[Sequence[Any]]) -> list[tuple[float, float]]:
    """Return where lines are labeled: one place each, away from the edges and from each other."""
    to_axes = axes.transData - axes.transAxes
    labels: list[Any] = []
    for pieces in lines:
        straight = [_straight(to_axes.transform(line)) for line in pieces if len(line) > 1]
        at = np.concatenate([np.empty((0, 2)), *straight])
        room = np.minimum(at, 1.0 - at).min(axis=1)
        away = np.full(len(at), np.inf)
        for other in labels:
            away = np.minimum(away, np.hypot(*(at - other).T))
        score = np.minimum(away, room + _APART)  # far from other labels and from the edges
        score[(room < _FROM_EDGE) | (away < _APART)] = -np.inf
        if len(score) and np.isfinite(score.max()):
            labels.append(at[int(np.argmax(score))])
    back = to_axes.inverted().transform(np.reshape(labels, (-1, 2)))
    return [(float(x), float(y)) for x, y in back]


def _straight(line: Any) -> Any:
    """Return points along a line, in shares of the axes, where it is straight enough for a label.

    The points are dense, since a line through few values has its own only where it bends.
    """
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    places = np.arange(0.0, along[-1], _STEP)
    dense = np.stack([np.interp(places, along, line[:, k]) for k in (0, 1)], axis=1)
    k = round(_LABEL_LENGTH / _STEP)
    if len(dense) <= 2 * k:  # too short for a label
        return dense[:0]
    chord = dense[2 * k :] - dense[: len(dense) - 2 * k]
    return dense[k : len(dense) - k][np.hypot(*chord.T) > _STRAIGHT * 2 * k * _STEP]
