"""Spread of each component from published spreads, by simulated moments and priors.

The residual of a target is the logarithm of simulated over published, or a difference where it is a
correlation, in units of its uncertainty. Draws of the women are the same for all values tried, so
that moments are smooth in them and Gauss-Newton descends. Priors are published values; a component
is identified by these targets where its interval is less than half as wide as its prior.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from moments import Arm, see, value

from remodel.measurement.instruments import Instruments
from remodel.patient import SITES
from remodel.populations.definition import Definition

SHARE = 0.10  # uncertainty of a published spread that prints none
OF_R = 0.05  # of a correlation
STEP = 0.12  # of a logarithm, for derivatives
PRIORS = {  # spread, and how far it is known, as the SD of its logarithm
    "estrogen": (0.63, 0.10),
    "turnover": (0.17, 0.20),
    "imbalance": (0.0035, 0.60),
    "response": (0.5, 0.50),
    "floor": (0.25, 0.50),
    "ctx_scale": (0.25, 0.40),
    "ntx_scale": (0.25, 0.40),
    "p1np_scale": (0.25, 0.40),
    "bsap_scale": (0.25, 0.40),
    "wander_lumbar_spine": (0.022, 0.15),
    "wander_total_hip": (0.020, 0.12),
    "scan_lumbar_spine": (0.0170, 0.10),
    "scan_total_hip": (0.0165, 0.08),
    "scan_femoral_neck": (0.0250, 0.08),
}


@dataclass(frozen=True)
class Estimate:
    """Spreads with standard errors of their logarithm."""

    spreads: dict[str, float]
    errors: dict[str, float]
    residuals: dict[str, float]
    cost: float

    def verdict(self, name: str) -> str:
        """Return how far the targets decide a component."""
        share = self.errors[name] / PRIORS[name][1]
        if share < 0.5:
            return "identified"
        return "weak" if share < 0.85 else "from the literature"

    def interval(self, name: str) -> tuple[float, float]:
        """Return the interval of 90 %."""
        factor = float(np.exp(1.645 * self.errors[name]))
        return self.spreads[name] / factor, self.spreads[name] * factor


def changed(
    spread: Definition, tools: Instruments, values: Mapping[str, float]
) -> tuple[Definition, Instruments]:
    """Return a definition and instruments with other spreads."""
    components = tuple(
        replace(c, distribution=replace(c.distribution, sd=values[c.name]))
        if c.name in values else c
        for c in spread.components
    )  # fmt: skip
    wander = spread.wander
    assert wander is not None
    spine = values.get(f"wander_{SITES[0]}", wander.sd[0])
    hip = values.get(f"wander_{SITES[1]}", wander.sd[1])
    sd = spine, hip, hip * wander.sd[2] / wander.sd[1]  # the neck goes with the hip, as in scans
    scans = {
        name: scan.model_copy(
            update={"long_term": values.get(f"scan_{name.removeprefix('bmd_')}", scan.long_term)}
        )
        for name, scan in tools.scans.items()
    }
    definition = replace(spread, components=components, wander=replace(wander, sd=sd))
    return definition, tools.model_copy(update={"scans": scans})


def estimate(
    targets: pd.DataFrame,
    arms: Mapping[str, Arm],
    spread: Definition,
    tools: Instruments,
    *,
    n: int,
    steps: int = 4,
) -> Estimate:
    """Return the spreads that the targets and the priors agree on."""
    names = list(PRIORS)
    center = np.log([PRIORS[name][0] for name in names])
    width = np.array([PRIORS[name][1] for name in names])
    scale = np.array([_uncertainty(row) for row in targets.itertuples()])

    def residuals(x: np.ndarray) -> np.ndarray:
        values = dict(zip(names, np.exp(x).tolist(), strict=True))
        seen = see(arms, n, *changed(spread, tools, values))
        off = [_residual(row, value(row, seen)) for row in targets.itertuples()]
        return np.concatenate([np.array(off) / scale, (x - center) / width])

    x, damping = center.copy(), 1e-3
    at = residuals(x)
    for _ in range(steps):
        slopes = np.stack([(residuals(x + STEP * e) - at) / STEP for e in np.eye(len(x))], axis=1)
        curvature = slopes.T @ slopes
        while True:
            damped = curvature + damping * np.diag(np.diag(curvature))
            trial = x - np.clip(np.linalg.solve(damped, slopes.T @ at), -0.6, 0.6)
            tried = residuals(trial)
            if tried @ tried <= at @ at or damping > 1e3:
                break
            damping *= 10
        print(f"  cost {at @ at:.2f} -> {tried @ tried:.2f}")
        gained = at @ at - tried @ tried
        x, at, damping = trial, tried, damping / 5
        if gained < 0.05:
            break
    errors = np.sqrt(np.diag(np.linalg.inv(curvature)))
    return Estimate(
        dict(zip(names, np.exp(x).tolist(), strict=True)),
        dict(zip(names, errors.tolist(), strict=True)),
        dict(zip(targets["target"], at[: len(targets)].tolist(), strict=True)),
        float(at @ at),
    )


def _is_r(row: object) -> bool:
    return str(row.quantity).startswith("r_")  # type: ignore[attr-defined]


def _uncertainty(row) -> float:
    """Return the standard error of a target, from its interval where it has one."""
    half = (row.high - row.low) / 2
    if _is_r(row):
        return max(half, OF_R)
    return max(half / row.value, SHARE)


def _residual(row, simulated: float) -> float:
    if _is_r(row):
        return simulated - row.value
    return float(np.log(max(simulated, 0.05 * row.value) / row.value))
