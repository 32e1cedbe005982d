"""From birth to the last scan: history, what was given before day 0, T-scores, and the trial."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.equations.system import System
from remodel.simulation.batch import Batch
from remodel.simulation.dosing import Action, Dosing, begin_of, in_order, side_by_side
from remodel.simulation.history import Bodies
from remodel.simulation.measures import measured, summaries_of
from remodel.simulation.packing import baseline, build_problem, columns, own_values
from remodel.simulation.patients import baseline_t_scores, surgery_actions
from remodel.simulation.score_derivatives import with_scores_met
from remodel.simulation.steady_dosing import with_steady_dosing
from remodel.simulation.trajectories import Trajectories
from remodel.solvers.problem import ADD, PUT, SET, Solution
from remodel.solvers.summary import Summary, Take
from remodel.units import DAYS_PER_YEAR

_SAME_TIME = 1e-9  # days
_PIECE = 1000  # doses before day 0 that are integrated at a time


def simulate_batch(
    batch: Batch,
    chosen: IntArray | None = None,
    progress: Callable[[int], None] | None = None,
) -> Trajectories:
    """Simulate a batch, or some of it.

    Parameters
    ----------
    batch : Batch
    chosen : ndarray of int, shape (n,), optional
        Positions in the batch; all by default.
    progress : callable, optional
        Called with the number of simulations finished since the last call.

    Returns
    -------
    Trajectories
        Of n simulations. One that failed has a status, and NaN from the failure on.
    """
    chosen = np.arange(batch.size) if chosen is None else chosen
    outside = batch.is_outside[chosen]
    if not np.any(outside):
        return _simulated(batch, chosen, progress)
    trajectories = _blank(batch, len(chosen))
    trajectories.put_outside(np.flatnonzero(outside))
    if progress:
        progress(int(outside.sum()))
    if not np.all(outside):
        inside = np.flatnonzero(~outside)
        trajectories.put(inside, _simulated(batch, chosen[inside], progress))
    return trajectories


def _blank(batch: Batch, simulations: int) -> Trajectories:
    return Trajectories.blank(
        batch.outputs,
        simulations=simulations,
        times=len(batch.times),
        sensitivities=len(batch.sensitivities),
        parameters=len(batch.model.all_parameters),
        measures=len(batch.measures),
    )


def _simulated(
    batch: Batch, chosen: IntArray, progress: Callable[[int], None] | None
) -> Trajectories:
    """Simulate some of a batch, all of whom have parameters within bounds."""
    bodies = Bodies.of(batch, chosen)
    trajectories = _blank(batch, len(chosen))
    for members, group, before in at_day_zero(batch, chosen, bodies):
        treated = with_scores_met(batch, chosen[members], treat(batch, group))
        for solution in reversed(before):
            treated.put_failures(solution)
        trajectories.put(members, treated)
        if progress:
            progress(len(members))
    trajectories.put_failures(bodies.reached)
    return trajectories


def at_day_zero(
    batch: Batch, chosen: IntArray, bodies: Bodies
) -> Iterator[tuple[IntArray, Group, list[Solution]]]:
    """Bring simulations to day 0: drugs, what was given before it, and T-scores.

    Parameters
    ----------
    batch : Batch
    chosen : ndarray of int, shape (n,)
        Positions in the batch.
    bodies : Bodies
        Of these, before the first dose.

    Yields
    ------
    ndarray of int
        Simulations that share a dosing.
    Group
        They, at day 0.
    list of Solution
        What was given before.
    """
    t_scores = {} if batch.start else baseline_t_scores(batch.model, batch.inputs, chosen)
    for dosing, members in side_by_side(batch.dosings, batch.dosing_of[chosen]):
        group = _enter(batch, dosing, bodies, members)
        before: list[Solution] = []
        if dosing.steady_state:
            group = settle(batch, group)
        group = with_later_steady_states(batch, group)
        if dosing.first < 0:
            group, before = run_in(batch, group)
        scores = {site: score[members] for site, score in t_scores.items()}
        yield members, meet_t_scores(batch, group, scores), before


@dataclass(frozen=True, slots=True)
class Group:
    """Simulations that share a dosing, on their way.

    Attributes
    ----------
    system : System
        With the drugs of the dosing.
    dosing : Dosing
    values : ndarray, shape (n, n_all)
        Parameters now.
    start : ndarray, shape (n,)
        Model time at day 0 [d].
    at_age : list of (ndarray, Action)
        Changes at a model time [d] of each simulation.
    state : ndarray, shape (n, n_states)
    tangents : ndarray, shape (n, n_read, n_states)
        Derivatives of the state by those sensitivities that the system reads.
    """

    system: System
    dosing: Dosing
    values: FloatArray
    start: FloatArray
    at_age: list[tuple[FloatArray, Action]]
    state: FloatArray
    tangents: FloatArray


def _enter(batch: Batch, dosing: Dosing, bodies: Bodies, members: IntArray) -> Group:
    """Return simulations at their first dose: the body, and empty drug compartments."""
    model, system = batch.model, batch.system(dosing.drugs)
    values, start, surgery = (a[members] for a in (bodies.values, bodies.start, bodies.surgery))
    at_age = [
        (np.full(len(start), age / DAYS_PER_YEAR * model.days_per_year), action)
        for age, action in dosing.at_age
    ]
    if np.any(np.isfinite(surgery)):
        at_age += [(surgery, action) for action in surgery_actions(model)]
    begin = start + dosing.first
    state = baseline(system, model, values, begin)
    wrt, positions = batch.read_by(system)
    tangents = system.baseline_tangents(own_values(system, model, values), begin, wrt)
    known = {name: j for j, name in enumerate(bodies.state_names)}
    for i, name in enumerate(system.state_names):
        if name in known:
            state[:, i] = bodies.reached.final[members, known[name]]
            tangents[:, :, i] = bodies.tangents[members][:, positions, known[name]]
    return Group(system, dosing, values, start, at_age, state, tangents)


def settle(batch: Batch, group: Group) -> Group:
    """Bring the drugs of regimens that have been given for ever to their steady state."""
    state = with_steady_dosing(
        batch, group.system, group.dosing, group.values, group.start, group.state
    )
    return replace(group, state=state)


def with_later_steady_states(batch: Batch, group: Group) -> Group:
    """Add steady states that begin after day 0 to what is there when they begin."""
    if not group.dosing.later:
        return group
    rest = baseline(group.system, batch.model, group.values, group.start)
    actions = list(group.dosing.actions)
    resets = [action.time for action in actions if action.kind == PUT]
    for regimen in group.dosing.later:
        alone = replace(group.dosing, steady_state=(regimen,))
        state = with_steady_dosing(batch, group.system, alone, group.values, group.start, rest)
        added = (state - rest).T
        names = group.system.state_names
        begin = begin_of(regimen)
        # a reset of the same record comes first, whatever rounding the lag has caused
        when = next((reset for reset in resets if abs(reset - begin) < _SAME_TIME), begin)
        actions += [Action(when, ADD, name, jump) for name, jump in zip(names, added, strict=True)]
    return replace(group, dosing=replace(group.dosing, actions=in_order(actions)))


def run_in(batch: Batch, group: Group) -> tuple[Group, list[Solution]]:
    """Give what was given before day 0, and leave its dosing rates switched on.

    A past of many doses is cut into pieces, each of which may take ``max_steps``.

    Returns
    -------
    Group
        At day 0.
    list of Solution
        Status of each simulation in each piece.
    """
    column, wrt = columns(batch.model), batch.read_by(group.system)[0]
    before = [action for action in group.dosing.actions if np.all(action.time < 0)]
    cuts = sorted({action.time for action in before[_PIECE::_PIECE]})
    solutions = []
    for begin, end in pairwise([group.dosing.first, *cuts, 0.0]):
        actions = [action for action in before if begin <= action.time < end]
        until = group.start + end
        solution = _integrate(
            batch, group, actions, group.start + begin, until[:, None], group.system.state_names
        )
        values, tangents = group.values.copy(), group.tangents
        for action in actions:
            if action.kind == SET:
                values[:, column[action.target]] = action.value
        for when, action in group.at_age:
            values[when < until, column[action.target]] = action.value
        state = np.ascontiguousarray(solution.outputs[:, :, 0].T)
        if wrt:
            tangents = np.ascontiguousarray(solution.sensitivities[:, :, :, 0].transpose(2, 1, 0))
        group = replace(group, values=values, state=state, tangents=tangents)
        solutions.append(solution)
    return group, solutions


def _integrate(
    batch: Batch,
    group: Group,
    actions: Sequence[Action],
    begin: FloatArray,
    times: FloatArray,
    outputs: Sequence[str],
    summaries: Sequence[Summary] = (),
) -> Solution:
    """Integrate a group from a model time, shape (n,), to others, shape (n, n_times) [d]."""
    problem = build_problem(
        batch.model,
        group.system,
        actions,
        group.values,
        begin,
        times,
        group.start,
        absolute=group.at_age,
        state=group.state,
        tangents=group.tangents,
    )
    wrt, _ = batch.read_by(group.system)
    return batch.integrate(group.system, problem, outputs, wrt, summaries)


def meet_t_scores(batch: Batch, group: Group, t_scores: Mapping[str, FloatArray]) -> Group:
    """Rescale young-adult density so that baseline T-scores, which are affine in it, are met.

    Parameters
    ----------
    batch : Batch
    group : Group
        At day 0.
    t_scores : mapping of str to ndarray, shape (n,)
        By site; NaN where there is none.
    """
    if not t_scores:
        return group
    column, values = columns(batch.model), group.values.copy()
    young = [column[batch.model.density[site].young] for site in t_scores]
    names = [f"t_score_{site}" for site in t_scores]
    score, usual = np.stack(list(t_scores.values()), axis=1), values[:, young]
    once = _observed(batch, group, values, names)
    values[:, young] = 2.0 * usual
    slope = (_observed(batch, group, values, names) - once) / usual
    met = usual + (score - once) / slope
    values[:, young] = np.where(np.isfinite(score), met, usual)
    return replace(group, values=values)


def treat(batch: Batch, group: Group) -> Trajectories:
    """Integrate from day 0 to the last output; derivatives are by ``batch.directions``."""
    start = group.start
    times = batch.times if batch.times[0] == 0 else np.concatenate(([0.0], batch.times))
    wrt, positions = batch.read_by(group.system)
    actions = [action for action in group.dosing.actions if np.all(action.time >= 0)]
    summaries = summaries_of(batch.measures, start, _thresholded(batch, group))
    solution = _integrate(
        batch, group, actions, start, start[:, None] + times, batch.observed, summaries
    )
    at_zero = solution.outputs[:, :, 0]
    by_name = dict(zip(batch.observed, at_zero, strict=True))
    first = len(times) - len(batch.times)
    slopes = np.zeros((len(batch.observed), len(batch.directions), len(start), len(times)))
    if wrt:
        factors = np.array([batch.model.all_parameters[name].factor for name in wrt])
        slopes[:, positions] = solution.sensitivities * factors[:, None, None]
    return Trajectories(
        outputs=batch.observed,
        values=solution.outputs[:, :, first:],
        baseline=at_zero,
        derivatives=slopes[:, :, :, first:],
        baseline_derivatives=slopes[:, :, :, 0],
        start=start,
        stopped=solution.stopped,
        status=solution.status,
        counters=solution.counters,
        parameters=group.values,
        measures=measured(batch.measures, solution.summaries, start, by_name),
    )


def _thresholded(batch: Batch, group: Group) -> dict[str, FloatArray]:
    """Return values at day 0 of outputs whose changes in percent are compared with a threshold."""
    names = {m.output for m in batch.measures if m.is_change and m.take is Take.TIME_BELOW}
    values = _observed(batch, group, group.values, sorted(names)) if names else np.zeros((0, 0))
    return dict(zip(sorted(names), values.T, strict=True))


def _observed(batch: Batch, group: Group, values: FloatArray, names: Sequence[str]) -> FloatArray:
    """Return outputs at day 0, shape (n, n_names)."""
    from remodel.solvers.scipy_reference import observe

    parameters = own_values(group.system, batch.model, values).T
    outputs: FloatArray = observe(
        group.system, tuple(names), parameters, group.start, group.state.T
    ).T
    return outputs
