"""One marker for each study, the same in every figure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Literal

from remodel.observations import trial_names

Marker = str | tuple[int, Literal[0, 1, 2], int]

_MARKERS: tuple[Marker, ...] = (
    "o", "s", "D", "^", "v", "<", ">", "P", "X", "p", "*", "h", "d",
    (4, 1, 0), (3, 1, 0), (3, 1, 180),
)  # fmt: skip
_SMALL = frozenset({"*", "d"})  # drawn larger, as are stars


def marker_size(marker: Marker) -> float:
    """Return the size at which markers look alike [pt]."""
    return 7.0 if marker in _SMALL or isinstance(marker, tuple) else 5.0


@cache
def _positions() -> dict[str, int]:
    """Return the place of each shipped study; those of one drug follow each other."""
    return {study: position for position, study in enumerate(trial_names())}


def study_markers(studies: Iterable[str]) -> dict[str, Marker]:
    """Return the marker of each study.

    A study has the same marker in every figure, unless another one of the figure has it too: there
    are more studies than shapes that can be told apart. Then the later one takes the next that is
    free.
    """
    places = _positions()
    markers: dict[str, Marker] = {}
    for study in sorted(set(studies), key=lambda name: (places.get(name, -1), name)):
        first = places.get(study, 0)
        turns = (_MARKERS[(first + k) % len(_MARKERS)] for k in range(len(_MARKERS)))
        markers[study] = next(
            (marker for marker in turns if marker not in markers.values()),
            _MARKERS[first % len(_MARKERS)],
        )
    return markers
