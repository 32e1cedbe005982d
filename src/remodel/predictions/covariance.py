"""Covariance of published numbers about their predictions, a cohort at a time.

A number is a linear map of deviations of arms: its own, less that of its comparator where it has
one, so that what is common to both arms of a trial cancels. Deviations between trials are those of
``spreads``. To them the sampling error of the patients is added: the published standard error, with
correlations between visits and sites of one arm. Numbers of different cohorts are independent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.models import Model
from remodel.observations import standard_error
from remodel.observations.shipped import cohort_of
from remodel.predictions.arms import Members, drug_class
from remodel.predictions.evidence import Target
from remodel.predictions.spreads import (
    DENSITY,
    DEVIATIONS,
    Spreads,
    family_of,
    kind_of,
    log_years,
    treatment_group,
)

# Correlations that the tables are too few to estimate; assumptions.
SITES = 0.5  # of changes at two sites: those of spine and hip go with r 0.3-0.6 between women
PHASES = 0.5  # of deviations of one arm on two treatments, or counted from two visits
SLOPE = 0.3  # spread of women's trends a year, over that of their change: error_model.toml
LEVELS = 0.8  # of women's levels at two visits
_SAME_VISIT = 2  # decimals of the months of visits that are one
MARKER_POWER = 0.5  # of the ratio to the start that deviations of a marker go with
_LEAST_RATIO = 0.1  # of a level to that at the start


@dataclass(frozen=True, slots=True)
class Points:
    """Deviations of arms that numbers are made of, one an arm, endpoint, visit and reference.

    Attributes
    ----------
    arm, study, endpoint, family, group : ndarray of str, shape (m,)
    months, reference : ndarray, shape (m,)
        Of the visit, and of that which a change counts from.
    is_level : ndarray of bool, shape (m,)
    """

    arm: np.ndarray
    study: np.ndarray
    endpoint: np.ndarray
    family: np.ndarray
    group: np.ndarray
    months: FloatArray
    reference: FloatArray
    is_level: BoolArray

    def __len__(self) -> int:
        """Return the number of deviations."""
        return len(self.months)

    @property
    def years(self) -> FloatArray:
        """Logarithm of the years of change, over two years; 0 for a level."""
        return np.where(self.is_level, 0.0, log_years(self.months - self.reference))

    @property
    def is_density(self) -> BoolArray:
        """Which are of endpoints whose spread is in percentage points."""
        return np.array([kind_of(name) == DENSITY for name in self.endpoint], dtype=bool)


@dataclass(frozen=True, slots=True)
class Block:
    """Numbers of one cohort.

    Attributes
    ----------
    cohort : str
    rows : ndarray of int, shape (n,)
        Where they stand among all numbers; by time.
    points : Points
    maps : ndarray, shape (n, m)
        From deviations of arms to numbers.
    fixed : ndarray, shape (n, n)
        Covariance of sampling errors and whatever else is not a spread between trials.
    correlations : mapping of str to ndarray, shape (m, m)
        Of the deviations of trial, site and arm; of visits, apart from the time between them.
    gaps : ndarray, shape (m, m)
        Months between visits.
    """

    cohort: str
    rows: IntArray
    points: Points
    maps: FloatArray
    fixed: FloatArray
    correlations: Mapping[str, FloatArray]
    gaps: FloatArray

    def deviations(self, spreads: Spreads) -> dict[str, FloatArray]:
        """Return the covariances of the deviations of arms by name, shape (m, m) each."""
        covariances = {}
        points = self.points
        growth = np.exp(np.where(points.is_density, spreads.growth, 0.0) * points.years)
        for name in DEVIATIONS:
            pairs = zip(points.endpoint, points.group, strict=True)
            sd = np.array([spreads.deviation(name, *pair) for pair in pairs])
            correlation = self.correlations[name]
            if name == "visit":
                correlation = correlation * np.exp(-self.gaps / spreads.visit_months)
            else:
                sd = sd * growth
            covariances[name] = correlation * np.outer(sd, sd)
        return covariances

    def covariance(self, spreads: Spreads) -> FloatArray:
        """Return the covariance of the numbers, shape (n, n)."""
        between = sum(self.deviations(spreads).values(), np.zeros_like(self.gaps))
        covariance: FloatArray = self.fixed + self.maps @ between @ self.maps.T
        return covariance


def blocks_of(model: Model, targets: Sequence[Target], predicted: FloatArray) -> tuple[Block, ...]:
    """Return the numbers of every cohort with what their covariance is made of.

    Inequalities and values beyond a limit of detection are blocks of one number each, after the
    others of their cohort.

    Parameters
    ----------
    model : Model
        Whose drugs have classes.
    targets : sequence of Target
    predicted : ndarray, shape (n,)
        About which deviations of markers are fractions; the observed number where it is NaN.
    """
    groups: dict[tuple[str, int], list[int]] = {}
    for i, target in enumerate(targets):
        row = target.observation
        alone = i + 1 if row.is_bound or row.censored else 0
        cohort = row.extra.get("cohort", "").strip() or cohort_of(row.study_id)
        groups.setdefault((cohort, alone), []).append(i)
    blocks = []
    for (cohort, _), members in groups.items():
        rows = np.array(sorted(members, key=lambda i: targets[i].observation.time_months))
        chosen = [targets[i] for i in rows]
        blocks.append(_block(cohort, rows, model, chosen, predicted[rows]))
    return tuple(blocks)


def variances(blocks: Sequence[Block], spreads: Spreads, size: int) -> FloatArray:
    """Return the variance of each published number about its prediction, shape (size,).

    It holds the spread between trials and the standard error of the number.
    """
    diagonal = np.zeros(size)
    for block in blocks:
        diagonal[block.rows] = np.diag(block.covariance(spreads))
    return diagonal


def _block(
    cohort: str, rows: IntArray, model: Model, targets: Sequence[Target], predicted: FloatArray
) -> Block:
    keys: dict[tuple[object, ...], int] = {}
    entries: list[tuple[int, int, float]] = []
    for i, (target, value) in enumerate(zip(targets, predicted, strict=True)):
        unit = _unit(target, value)
        for sign, key in _keys(model, target):
            entries.append((i, keys.setdefault(key, len(keys)), sign * unit))
    maps, signs = np.zeros((len(targets), len(keys))), np.zeros((len(targets), len(keys)))
    for i, j, value in entries:
        maps[i, j] += value
        signs[i, j] += np.sign(value)
    points = _points(list(keys))
    errors = np.array([standard_error(target.observation) for target in targets])
    # a difference has the errors of two arms, of the same size for want of anything better
    weights = signs * (errors / np.maximum(np.sqrt((signs**2).sum(axis=1)), 1.0))[:, None]
    fixed = weights @ _sampling(points) @ weights.T
    np.fill_diagonal(fixed, errors**2)
    gaps = np.abs(np.subtract.outer(points.months, points.months))
    return Block(cohort, rows, points, maps, fixed, _correlations(points), gaps)


def _unit(target: Target, predicted: float) -> float:
    """Return what one unit of a deviation is in the unit of a number."""
    row = target.observation
    value = predicted if np.isfinite(predicted) else row.value
    if row.kind == "level":
        level = abs(value) or abs(row.value)
        unit: float = level / 100.0 if kind_of(row.endpoint) == DENSITY else level
        return unit
    years = (row.time_months - row.reference_months) / 12.0 if row.kind == "rate_per_year" else 1.0
    if kind_of(row.endpoint) == DENSITY:
        return 1.0 / years
    ratio: float = max(1.0 + value * years / 100.0, _LEAST_RATIO)
    fraction: float = ratio**MARKER_POWER
    return 100.0 * fraction / years


def _keys(model: Model, target: Target) -> list[tuple[float, tuple[object, ...]]]:
    """Return the deviations that a number is made of, with their signs."""
    row = target.observation
    arms: list[tuple[float, str, Members]] = [(1.0, row.arm, target.members)]
    if target.comparators:
        arms.append((-1.0, row.comparator, target.comparators))
    is_level = row.kind == "level"
    reference = 0.0 if is_level else row.reference_months
    keys: list[tuple[float, tuple[object, ...]]] = []
    for sign, name, members in arms:
        drugs = drug_class(members, model, row.time_months)
        series = (target.table, row.study_id, name, row.endpoint, treatment_group(drugs))
        keys.append((sign, (*series, row.time_months, reference, is_level)))
    return keys


def _points(keys: Sequence[tuple[object, ...]]) -> Points:
    tables, studies, arms, endpoints, groups, months, references, levels = zip(*keys, strict=True)
    return Points(
        arm=np.array([f"{t}/{s}/{a}" for t, s, a in zip(tables, studies, arms, strict=True)]),
        study=np.array([f"{t}/{s}" for t, s in zip(tables, studies, strict=True)]),
        endpoint=np.array(endpoints),
        family=np.array([family_of(str(name)) for name in endpoints]),
        group=np.array(groups),
        months=np.array(months, dtype=np.float64),
        reference=np.array(references, dtype=np.float64),
        is_level=np.array(levels, dtype=bool),
    )


def _equal(values: np.ndarray) -> BoolArray:
    equal: BoolArray = values[:, None] == values[None, :]
    return equal


def _correlations(points: Points) -> dict[str, FloatArray]:
    """Return the correlations of deviations, apart from the time between visits.

    Each is a product of correlation matrices, which is one itself.
    """
    same_reference = _equal(points.reference) & _equal(points.is_level)
    same_episode = same_reference & _equal(points.study)
    same_phase = same_reference & _equal(points.group)
    same_site, same_arm = _equal(points.endpoint), _equal(points.arm)
    same_family = _equal(points.family)
    episodes = np.where(same_episode, 1.0, PHASES)
    sites = np.where(same_site, 1.0, SITES) * same_family
    return {
        "trial": same_family * episodes,
        "site": same_site * episodes,
        "arm": sites * same_arm * np.where(same_phase, 1.0, PHASES),
        "visit": sites * same_arm * same_reference,
    }


def _sampling(points: Points) -> FloatArray:
    """Return correlations of sampling errors of the patients of one cohort.

    The error of a change is that of the visit, less that of the reference, and a trend of each
    woman's own. Arms are of different women.
    """
    begin, end = points.reference, points.months
    length = (end - begin) / 12.0
    ends, begins = np.round(end, _SAME_VISIT), np.round(begin, _SAME_VISIT)
    same = [
        1.0 * (a[:, None] == b[None, :])
        for a, b in ((ends, ends), (begins, begins), (ends, begins), (begins, ends))
    ]
    visits = 0.5 * (same[0] + same[1] - same[2] - same[3])
    changes = visits + SLOPE**2 * np.outer(length, length)
    scale = np.sqrt(np.maximum(np.diag(changes), 1e-12))
    levels = np.where(same[0] > 0.0, 1.0, LEVELS)
    by_time = np.where(
        np.logical_and.outer(points.is_level, points.is_level),
        levels,
        changes / np.outer(scale, scale) * ~np.logical_or.outer(points.is_level, points.is_level),
    )
    sites = np.where(_equal(points.endpoint), 1.0, SITES) * _equal(points.family)
    correlation: FloatArray = by_time * sites * _equal(points.arm)
    return correlation
