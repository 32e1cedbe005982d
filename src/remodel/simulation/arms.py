"""Simulations that are integrated side by side, though their doses and times of dosing differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from remodel._arrays import IntArray
from remodel.simulation.dosing import Action, Protocol


def arms(protocols: Sequence[Protocol], of: IntArray) -> Iterator[tuple[Protocol, IntArray]]:
    """Yield protocols, and the simulations each of them is for.

    Protocols of the same drugs become one, whose actions have a time and a value for each of its
    simulations. A protocol that begins before day 0 or at steady state stays by itself.

    Parameters
    ----------
    protocols : sequence of Protocol
    of : ndarray of int, shape (n,)
        Which protocol each simulation has.

    Yields
    ------
    Protocol
    ndarray of int
        Positions of its simulations.
    """
    together: dict[Hashable, list[int]] = {}
    for p in np.unique(of).tolist():
        together.setdefault(_kind(protocols[p], p), []).append(p)
    for members in together.values():
        mine = np.flatnonzero(np.isin(of, members))
        own = protocols[members[0]]
        if len(members) > 1:
            own = _side_by_side([protocols[p] for p in members], np.searchsorted(members, of[mine]))
        yield own, mine


def _kind(plan: Protocol, place: int) -> Hashable:
    """Return what protocols must share to be integrated side by side."""
    if plan.steady_state or plan.first < 0:
        return place
    return plan.drugs, plan.at_age


def _side_by_side(plans: Sequence[Protocol], of: IntArray) -> Protocol:
    """Join protocols; one that has fewer actions of a kind than others has them at infinity."""
    lists: dict[tuple[int, str, str], list[list[Action]]] = defaultdict(lambda: [[] for _ in plans])
    for place, plan in enumerate(plans):
        for action in plan.actions:
            lists[action.kind, action.target, action.factor][place].append(action)
    actions: list[Action] = []
    time: Any
    value: Any
    for (kind, target, factor), listed in sorted(lists.items()):
        longest = max(map(len, listed))
        time, value = np.full((len(plans), longest), np.inf), np.zeros((len(plans), longest))
        for place, some in enumerate(listed):
            time[place, : len(some)] = [action.time for action in some]
            value[place, : len(some)] = [action.value for action in some]
        actions += [Action(time[of, k], kind, target, value[of, k], factor) for k in range(longest)]
    return replace(plans[0], actions=tuple(actions))
