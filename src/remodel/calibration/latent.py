"""T-scores that are not known well: what they add to the covariance of published numbers.

A T-score from memory, or one assumed from the criteria of entry, is a latent value with a normal
prior about what the table says. It is common to the arms of a study, which chance has made alike.
Integrated out with predictions linear in it, it adds a term of rank one to the covariance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from remodel._arrays import FloatArray
from remodel.observations import Arm, Observation, Observations
from remodel.predictions import Evidence, Predictor
from remodel.predictions.covariance import Block

SCORE_SD = 0.4  # of a T-score that is recalled or assumed; assumption
_SITES = ("t_score_lumbar_spine", "t_score_total_hip", "t_score_femoral_neck")


def with_uncertain_scores(
    blocks: Sequence[Block],
    predictor: Predictor,
    tables: Sequence[Evidence],
    values: Mapping[str, float],
) -> tuple[Block, ...]:
    """Return blocks with the covariance that uncertain T-scores add.

    Parameters
    ----------
    blocks : sequence of Block
    predictor : Predictor
        Of the numbers of the blocks.
    tables : sequence of Evidence
        From which it was made.
    values : mapping of str to float
        Parameters at which the derivatives by the T-scores are taken.
    """
    slopes = _slopes(predictor, tables, values)
    if not slopes.any():
        return tuple(blocks)
    studies = np.array([f"{t.table}/{t.observation.study_id}" for t in predictor.targets])
    return tuple(
        replace(block, fixed=block.fixed + _common(slopes[block.rows], studies[block.rows]))
        for block in blocks
    )


def _common(slopes: FloatArray, studies: np.ndarray) -> FloatArray:
    """Return the covariance of a score that is common to the numbers of each study."""
    same: FloatArray = 1.0 * (studies[:, None] == studies[None, :])
    return SCORE_SD**2 * same * np.outer(slopes, slopes)


def _slopes(
    predictor: Predictor, tables: Sequence[Evidence], values: Mapping[str, float]
) -> FloatArray:
    """Return differences of predictions by the T-scores that are uncertain, 0 elsewhere."""
    uncertain = [_of_uncertain_arms(table) for table in tables]
    rows = [(t.table, t.observation) for t in predictor.targets]
    if not any(len(table.observations) for table in uncertain):
        return np.zeros(len(rows))
    above, below = (
        _predictions(predictor, [_shifted(table, sign * SCORE_SD) for table in uncertain], values)
        for sign in (1.0, -1.0)
    )
    ends = [(above.get(row, np.nan), below.get(row, np.nan)) for row in rows]
    slopes = np.array([(high - low) / (2.0 * SCORE_SD) for high, low in ends])
    return np.where(np.isfinite(slopes), slopes, 0.0)


def _predictions(
    predictor: Predictor, tables: Sequence[Evidence], values: Mapping[str, float]
) -> dict[tuple[str, Observation], float]:
    shifted = Predictor.of(predictor.model, tables)
    predicted = zip(shifted.targets, shifted.predict(values), strict=True)
    return {(target.table, target.observation): float(value) for target, value in predicted}


def _of_uncertain_arms(table: Evidence) -> Evidence:
    """Return a table with the numbers of arms whose T-scores are uncertain."""
    rows = [row for row in table.observations if any(map(_is_uncertain, table.arms_of(row)))]
    return replace(table, observations=Observations(tuple(rows)))


def _is_uncertain(arm: Arm) -> bool:
    fields = (*arm.assumed, *arm.recalled)
    known = any(getattr(arm, site) is not None for site in _SITES)
    return known and any(name.startswith("t_score") for name in fields)


def _shifted(table: Evidence, shift: float) -> Evidence:
    """Return a table whose uncertain T-scores are higher."""
    arms = {}
    for key, arm in table.arms.items():
        scores = {site: getattr(arm, site) for site in _SITES}
        higher = {site: s + shift for site, s in scores.items() if s is not None}
        arms[key] = replace(arm, **higher) if _is_uncertain(arm) else arm
    return replace(table, arms=arms)
