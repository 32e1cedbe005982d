"""The link from density and turnover to fracture, fitted to randomised contrasts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from remodel._arrays import FloatArray
from remodel.files import write_text
from remodel.fracture.arms import (
    Exposed,
    cumulative_hazard_of,
    probability_of,
    published_arms,
    simulate_arms,
)
from remodel.fracture.hazards import hazards_of
from remodel.fracture.link import SLOPES, SPREADS, Link
from remodel.fracture.published import Contrast, published_contrasts, published_risks
from remodel.fracture.sites import is_vertebral
from remodel.models import Model

PRIOR_SD = {
    "hip": 0.1,
    "vertebral": 0.2,
    "other": 0.1,
    "turnover_vertebral": 0.5,
    "turnover_other": 0.3,
}
"""Normal priors about 0, wide against every published slope; they keep slopes finite that the
contrasts cannot tell apart."""
_LEAST_SPREAD, _MOST_SPREAD = 1e-4, 1.0
_ANY = "any_clinical"


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted link and how well it meets the contrasts it was fitted to.

    Attributes
    ----------
    link : Link
    chi2, df : mapping of str to float
        By group of outcomes (``any_clinical``, ``hip``, ``nonvertebral``, ``vertebral``), from
        published errors alone, before a spread between trials. The degrees of freedom share the
        slopes among the groups by their number of contrasts.
    """

    link: Link
    chi2: Mapping[str, float]
    df: Mapping[str, float]


def expose_published(model: str | Model = "reference") -> Exposed:
    """Simulate every published arm as long as anything was published of it."""
    months = [c.months for c in published_contrasts()] + [r.months for r in published_risks()]
    starts = [c.start for c in published_contrasts()]
    return simulate_arms(published_arms(), [*months, *starts], model)


def log_ratio(
    contrast: Contrast,
    exposed: Exposed,
    hazards: Mapping[str, FloatArray],
) -> float:
    """Return the natural logarithm of the ratio that a contrast measures, from hazards by site."""
    is_hazard = contrast.measure == "hazard_ratio"
    measured = cumulative_hazard_of if is_hazard else probability_of
    values = [
        measured(
            exposed,
            hazards[contrast.outcome],
            exposed.keys.index((contrast.study, arm)),
            contrast.start,
            contrast.months,
        )
        for arm in (contrast.arm, contrast.comparator)
    ]
    return math.log(values[0] / values[1])


def fit_link(exposed: Exposed, contrasts: Sequence[Contrast] | None = None) -> Fit:
    """Fit slopes and spreads to the contrasts on the side of calibration.

    The logarithm of each published ratio is normal about the prediction, with its own error and a
    spread between trials; slopes and spreads maximise the posterior, and the covariance of the
    slopes is the inverse of its curvature.

    Parameters
    ----------
    exposed : Exposed
        From :func:`expose_published`.
    contrasts : sequence of Contrast, optional
        By default the published ones whose side is ``calibration``.
    """
    from scipy.optimize import minimize

    rows = contrasts or [c for c in published_contrasts() if c.side == "calibration"]
    rows = [c for c in rows if (c.study, c.arm) not in exposed.failed]
    observed = np.log([c.value for c in rows])
    error = np.array([c.error for c in rows])
    is_spine = np.array([is_vertebral(c.outcome) for c in rows])
    prior = np.array([PRIOR_SD[name] for name in SLOPES])
    empty = np.zeros((len(SLOPES), len(SLOPES)))

    def predicted(slopes: FloatArray) -> FloatArray:
        link = Link(dict(zip(SLOPES, slopes, strict=True)), {}, empty)
        hazards = hazards_of(exposed.women, exposed.exposure, link=link)
        return np.array([log_ratio(c, exposed, hazards) for c in rows])

    def cost(values: FloatArray) -> float:
        spread = np.exp(np.where(is_spine, values[-2], values[-1]))
        variance = error**2 + spread**2
        slopes = values[: len(SLOPES)]
        misfit = (observed - predicted(slopes)) ** 2 / variance + np.log(variance)
        # a half-normal prior of 0.3 on each spread keeps it finite
        pull = np.sum((slopes / prior) ** 2) + np.sum((np.exp(values[-2:]) / 0.3) ** 2)
        return 0.5 * float(np.sum(misfit) + pull)

    start = np.array([-0.05, -0.1, -0.03, 0.1, 0.1, math.log(0.15), math.log(0.1)])
    # signs are those of biology: denser bone and less turnover never break more
    bounds: list[tuple[float | None, float | None]] = [(None, 0.0)] * 3 + [(0.0, None)] * 2
    bounds += [(math.log(_LEAST_SPREAD), math.log(_MOST_SPREAD))] * 2
    best = minimize(cost, start, method="L-BFGS-B", bounds=bounds).x
    slopes = best[: len(SLOPES)]
    spread = np.exp(np.where(is_spine, best[-2], best[-1]))
    jacobian = _jacobian(predicted, slopes)
    precision = jacobian.T @ (jacobian / (error**2 + spread**2)[:, None]) + np.diag(prior**-2.0)
    link = Link(
        dict(zip(SLOPES, map(float, slopes), strict=True)),
        dict(zip(SPREADS, map(float, np.exp(best[-2:])), strict=True)),
        np.linalg.inv(precision),
    )
    groups = [_group(c) for c in rows]
    squares = ((observed - predicted(slopes)) / error) ** 2
    used = {g: groups.count(g) for g in dict.fromkeys(groups)}
    return Fit(
        link,
        {g: float(np.sum(squares[np.array(groups) == g])) for g in used},
        {g: n * (1.0 - len(SLOPES) / len(rows)) for g, n in used.items()},
    )


def _group(contrast: Contrast) -> str:
    """Return the group of outcomes a contrast is counted with."""
    return "vertebral" if is_vertebral(contrast.outcome) else contrast.outcome


def _jacobian(
    function: Callable[[FloatArray], FloatArray], at: FloatArray, step: float = 1e-4
) -> FloatArray:
    """Return central differences, shape (n_outputs, n_inputs)."""
    columns = []
    for k in range(len(at)):
        move = np.zeros(len(at))
        move[k] = step
        columns.append((function(at + move) - function(at - move)) / (2.0 * step))
    return np.column_stack(columns)


def write_link(path: str, fit: Fit) -> None:
    """Write a fitted link as the TOML file that the package reads."""
    link = fit.link
    lines = [
        "# From density and turnover to fracture: fitted by `python experiments/17_fracture/run.py",
        "# --install` to the contrasts of published_contrasts.csv on the side of calibration.",
        "# `hip`, `vertebral`, `other`: change of ln hazard for each percent that total hip stands",
        "# above that of her untreated twin; `turnover_*`: for each unit of CTX / CTX of the twin",
        "# minus 1. `spread_*`: standard deviation of ln relative risk between trials beyond their",
        "# published errors. `covariance` is that of the slopes, in their order.",
        "",
        "[link]",
        *(f"{name} = {link.slopes[name]:.5f}" for name in SLOPES),
        *(f"{name} = {link.spreads[name]:.4f}" for name in SPREADS),
        'provenance = "estimated"',
        'source = "randomised contrasts with this package\'s own exposures"',
        "",
        "[covariance]",
        "values = [",
        *(f"    [{', '.join(f'{value:.4e}' for value in row)}]," for row in link.covariance),
        "]",
        "",
        "[in_sample]",
        *(f"chi2_{g} = {fit.chi2[g]:.2f}\ndf_{g} = {fit.df[g]:.2f}" for g in fit.chi2),
    ]
    write_text(path, "\n".join(lines) + "\n")
