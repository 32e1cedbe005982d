"""Plans that no other plan beats, and the one to choose among them."""

from __future__ import annotations

import numpy as np

from remodel._arrays import BoolArray, FloatArray


def is_on_front(losses: FloatArray) -> BoolArray:
    """Return which plans no other plan beats, shape (n_plans,).

    A plan is beaten by one that is nowhere worse and somewhere better; of equal ones the first
    stays.

    Parameters
    ----------
    losses : ndarray, shape (n_plans, n_objectives)
        Small is good; NaN is beaten by everything.
    """
    safe = np.where(np.isnan(losses), np.inf, losses)
    result = np.zeros(len(safe), dtype=bool)
    for i, row in enumerate(safe):
        no_worse, better = np.all(safe <= row, axis=1), np.any(safe < row, axis=1)
        equal = np.all(safe[:i] == row, axis=1)
        result[i] = not np.any(no_worse & better) and not np.any(equal)
    return result & ~np.isnan(losses).any(axis=1)


def hypervolume(losses: FloatArray, corner: FloatArray) -> float:
    """Return how much one, two or three objectives leave behind, up to a corner.

    Parameters
    ----------
    losses : ndarray, shape (n_plans, n_objectives)
        Small is good.
    corner : ndarray, shape (n_objectives,)
        Worse than every plan that counts.
    """
    points = losses[np.all(losses < corner, axis=1)]
    if not len(points):
        return 0.0
    if losses.shape[1] == 1:
        return float(corner[0] - points.min())
    # slices along the last objective, each of which all better plans fill
    points = points[np.argsort(points[:, -1], kind="stable")]
    heights = np.append(points[1:, -1], corner[-1]) - points[:, -1]
    return float(
        sum(
            height * hypervolume(points[: i + 1, :-1], corner[:-1])
            for i, height in enumerate(heights)
            if height > 0
        )
    )


def knee(losses: FloatArray) -> int:
    """Return the plan nearest to the best of every objective at once, each from 0 to 1.

    Parameters
    ----------
    losses : ndarray, shape (n_plans, n_objectives)
        Of the front; small is good. One number of each objective is finite.
    """
    is_finite = np.isfinite(losses)
    low = np.where(is_finite, losses, np.inf).min(axis=0)
    high = np.where(is_finite, losses, -np.inf).max(axis=0)
    width = np.where(high > low, high - low, 1.0)
    shares = (np.where(is_finite, losses, high + width) - low) / width  # infinite is twice as far
    return int(np.argmin(np.square(shares).sum(axis=1)))
