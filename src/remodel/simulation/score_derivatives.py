"""Derivatives where baseline T-scores are given: what the scores set moves with every parameter.

A T-score sets two inputs of its site: density relative to peers, which follows from the score, and
young-adult density, which is chosen so that the score is met at day 0. Simulations are
differentiated by both, too; here the chain rule brings their own derivatives in.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.equations import TIME
from remodel.simulation.batch import Batch
from remodel.simulation.packing import own_values
from remodel.simulation.patients import baseline_t_scores
from remodel.simulation.trajectories import Trajectories
from remodel.symbolic.derivatives import jacobian
from remodel.symbolic.expression import evaluate_arrays


def with_scores_met(batch: Batch, rows: IntArray, trajectories: Trajectories) -> Trajectories:
    """Return trajectories with derivatives by what was asked for, T-scores met throughout.

    Parameters
    ----------
    batch : Batch
    rows : ndarray of int, shape (n,)
        Positions in the batch.
    trajectories : Trajectories
        Of these, with derivatives by ``batch.directions`` of ``batch.observed``.
    """
    if not batch.scored_sites:
        return trajectories
    chain = _chain(batch, rows, trajectories)
    wanted = slice(len(batch.outputs))
    derivatives, at_zero = trajectories.derivatives, trajectories.baseline_derivatives
    return replace(
        trajectories,
        outputs=batch.outputs,
        values=trajectories.values[wanted],
        baseline=trajectories.baseline[wanted],
        derivatives=np.einsum("akn,oknt->oant", chain, derivatives[wanted]),
        baseline_derivatives=np.einsum("akn,okn->oan", chain, at_zero[wanted]),
    )


def _chain(batch: Batch, rows: IntArray, trajectories: Trajectories) -> FloatArray:
    """Return derivatives of the directions by what was asked for, shape (n_asked, n_along, n)."""
    along, asked = batch.directions, batch.sensitivities
    chain = np.zeros((len(asked), len(along), len(rows)))
    for a, name in enumerate(asked):
        if name in along:
            chain[a, along.index(name)] = 1.0
    scores = baseline_t_scores(batch.model, batch.inputs, rows)
    for site in batch.scored_sites:
        names, scored = batch.model.density[site], np.isfinite(scores[site])
        if names.relative in batch.inputs.given:
            continue
        slopes = _relative_slopes(batch, site, scores[site], trajectories)
        chain[:, along.index(names.relative), scored] = slopes[:, scored]
    for site in batch.scored_sites:
        young, scored = along.index(batch.model.density[site].young), np.isfinite(scores[site])
        chain[:, young, scored] = 0.0
        of_score = trajectories.baseline_derivatives[batch.observed.index(f"t_score_{site}")]
        moved = np.einsum("akn,kn->an", chain, of_score)
        if f"t_score_{site}" in asked:
            moved[asked.index(f"t_score_{site}")] -= 1.0
        chain[:, young, scored] = -(moved / of_score[young])[:, scored]
    return chain


def _relative_slopes(
    batch: Batch, site: str, score: FloatArray, trajectories: Trajectories
) -> FloatArray:
    """Return derivatives of relative density by what was asked for, shape (n_asked, n)."""
    model, system, names = batch.model, batch.system(), batch.model.density[site]
    known = dict(zip(system.parameter_names, system.parameters, strict=True)) | system.outputs
    along = [n for n in batch.sensitivities if n in system.parameter_names]
    roots = [known[name] for name in (names.peers, names.reference, names.reference_sd)]
    entries = jacobian(roots, system.symbols_of(along))
    values = own_values(system, model, trajectories.parameters).T
    numbers = evaluate_arrays(
        [*roots, *entries.values()],
        {**dict(zip(system.parameter_names, values, strict=True)), TIME: trajectories.start},
    )
    peers, reference, sd = numbers[:3]
    slopes = np.zeros((len(batch.sensitivities), len(score)))
    relative = (reference + score * sd) / peers
    by_root = (-relative / peers, 1.0 / peers, score / peers)
    for (root, j), number in zip(entries, numbers[3:], strict=True):
        factor = model.all_parameters[along[j]].factor
        slopes[batch.sensitivities.index(along[j])] += by_root[root] * number * factor
    if f"t_score_{site}" in batch.sensitivities:
        slopes[batch.sensitivities.index(f"t_score_{site}")] += sd / peers
    return np.where(_is_within(batch, names.relative, relative), slopes, 0.0)


def _is_within(batch: Batch, name: str, relative: FloatArray) -> BoolArray:
    """Return where relative density is not cut to its bounds."""
    limits = batch.model.all_parameters[name]
    within: BoolArray = (relative > limits.lower) & (relative < limits.upper)
    return within
