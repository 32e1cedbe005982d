"""What repeated scans of women say: true slope, wander and scan error, told apart by likelihood.

Log density of woman i at two sites is a level, a mean course with age, a slope of her own, a
Wiener process whose variance grows with age, and an error of each scan. Changes from the first scan
do not hold the level. They are normal given a scale of the woman, on her wander or on all of her
departures, which makes them Student's t.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import gammaincinv, gammaln

SITES = ("total_hip", "femoral_neck")
CENTER = 73.0  # y, at which slopes are given
REFERENCE = 75.0  # y, at which wander is given
NAMES = (
    "slope_total_hip", "slope_femoral_neck", "acceleration_total_hip", "acceleration_femoral_neck",
    "slope_sd_total_hip", "slope_sd_femoral_neck", "wander_total_hip", "wander_femoral_neck",
    "wander_growth", "wander_r", "scan_total_hip", "scan_femoral_neck", "scan_r", "freedom",
)  # fmt: skip
START = (-0.7, -0.6, -0.05, -0.04, 0.4, 0.4, 2.0, 2.1, 0.05, 0.7, 1.8, 2.8, 0.2, 5.0)
LOWER = (-3.0, -3.0, -1.0, -1.0, 0.02, 0.02, 0.2, 0.2, -0.1, -0.9, 0.3, 0.3, -0.9, 2.2)
UPPER = (1.0, 1.0, 1.0, 1.0, 3.0, 3.0, 6.0, 6.0, 0.3, 0.95, 6.0, 6.0, 0.95, 60.0)
SLOPE_R = 0.96  # between sites; not told from 1 by these scans
NODES = 9


@dataclass(frozen=True)
class Group:
    """Women scanned at the same number of visits.

    Attributes
    ----------
    years : ndarray, shape (n, k)
        Since the first scan, of the later ones.
    age : ndarray, shape (n,)
        At the first scan [y].
    change : ndarray, shape (n, 2 k)
        Of 100 log density since the first scan, hip then neck.
    """

    years: np.ndarray
    age: np.ndarray
    change: np.ndarray


def groups(scans: pd.DataFrame) -> list[Group]:
    """Return women with two scans or more of both sites, by the number of scans."""
    usable = scans.dropna(subset=[f"bmd_{site}" for site in SITES]).sort_values(["woman", "years"])
    usable = usable.assign(number=usable.groupby("woman").cumcount())
    counts = usable.groupby("woman")["number"].transform("size")
    result = []
    for k in sorted(set(counts) - {1}):
        rows = usable[counts == k]
        n = len(rows) // k
        years = rows["years"].to_numpy().reshape(n, k)
        logs = [100 * np.log(rows[f"bmd_{s}"].to_numpy().reshape(n, k)) for s in SITES]
        change = np.concatenate([value[:, 1:] - value[:, :1] for value in logs], axis=1)
        age = rows["age_at_visit_2"].to_numpy().reshape(n, k)[:, 0] + years[:, 0]
        result.append(Group(years[:, 1:] - years[:, :1], age, change))
    return result


def mean(group: Group, v: dict[str, float]) -> np.ndarray:
    """Return the mean change of each woman, shape (n, 2 k)."""
    t, late = group.years, (group.age - CENTER)[:, None]
    parts = [
        (v[f"slope_{s}"] + v[f"acceleration_{s}"] * late) * t + v[f"acceleration_{s}"] * t**2 / 2
        for s in SITES
    ]
    return np.concatenate(parts, axis=1)


def covariances(group: Group, v: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return the covariance of changes by slope and error, and by wander, shape (n, 2 k, 2 k)."""
    t, growth = group.years, v["wander_growth"]
    begin = np.exp(growth * (group.age - REFERENCE))[:, None]
    grown = t if abs(growth) < 1e-9 else np.expm1(growth * t) / growth
    shared = begin[:, :, None] * np.minimum(grown[:, :, None], grown[:, None, :])
    steady = np.eye(t.shape[1]) + 1
    line = t[:, :, None] * t[:, None, :]
    rest, wander = [], []
    for i, a in enumerate(SITES):
        row_rest, row_wander = [], []
        for j, b in enumerate(SITES):
            same = i == j
            sd = v[f"slope_sd_{a}"] * v[f"slope_sd_{b}"] * (1 if same else SLOPE_R)
            error = v[f"scan_{a}"] * v[f"scan_{b}"] * (1 if same else v["scan_r"])
            size = v[f"wander_{a}"] * v[f"wander_{b}"] * (1 if same else v["wander_r"])
            row_rest.append(sd * line + error * steady)
            row_wander.append(size * shared)
        rest.append(np.concatenate(row_rest, axis=2))
        wander.append(np.concatenate(row_wander, axis=2))
    return np.concatenate(rest, axis=1), np.concatenate(wander, axis=1)


def _quadratic(cov: np.ndarray, off: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    lower = np.linalg.cholesky(cov)
    white = np.linalg.solve(lower, off[:, :, None])[:, :, 0]
    logdet = 2 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    return (white**2).sum(axis=1), logdet


def log_likelihood(data: list[Group], v: dict[str, float], tails: str) -> float:
    """Return the log-likelihood; ``tails`` is normal, wander (of wander alone) or all."""
    total = 0.0
    for group in data:
        off = group.change - mean(group, v)
        rest, wander = covariances(group, v)
        p, nu = off.shape[1], v["freedom"]
        if tails == "wander":
            total += _mixed(rest, wander, off, nu)
            continue
        q, logdet = _quadratic(rest + wander, off)
        if tails == "normal":
            value = -0.5 * (q + logdet + p * math.log(2 * math.pi))
        else:  # variance of the t is the covariance
            scale = nu - 2
            value = gammaln((nu + p) / 2) - gammaln(nu / 2) - 0.5 * p * math.log(math.pi * scale)
            value = value - 0.5 * logdet - 0.5 * (nu + p) * np.log1p(q / scale)
        total += float(np.sum(value))
    return total


def _mixed(rest: np.ndarray, wander: np.ndarray, off: np.ndarray, nu: float) -> float:
    """Return the log-likelihood with the woman's scale of wander integrated by quantiles."""
    shares = (np.arange(NODES) + 0.5) / NODES
    scales = (nu / 2 - 1) / gammaincinv(nu / 2, shares)
    scales *= 1 / scales.mean()
    values = []
    for scale in scales:
        q, logdet = _quadratic(rest + scale * wander, off)
        values.append(-0.5 * (q + logdet + off.shape[1] * math.log(2 * math.pi)))
    stacked = np.stack(values)
    top = stacked.max(axis=0)
    return float(np.sum(top + np.log(np.exp(stacked - top).mean(axis=0))))


@dataclass(frozen=True)
class ScanFit:
    """Estimates with standard errors, in percent and years."""

    tails: str
    sizes: dict[str, float]
    errors: dict[str, float]
    log_likelihood: float
    women: int


def fit(data: list[Group], tails: str, fixed: dict[str, float] | None = None) -> ScanFit:
    """Return the values of greatest likelihood; ``fixed`` ones stay as they are."""
    known = dict(fixed or {})
    if tails == "normal":
        known["freedom"] = 5.0
    start = tuple(known.get(name, value) for name, value in zip(NAMES, START, strict=True))
    free = [i for i, name in enumerate(NAMES) if name not in known]
    low, high = np.array(LOWER)[free], np.array(UPPER)[free]
    n = sum(len(group.age) for group in data)

    def objective(x: np.ndarray) -> float:
        values = np.array(start, dtype=float)
        values[free] = low + (high - low) * x
        try:
            return -log_likelihood(data, dict(zip(NAMES, values, strict=True)), tails) / n
        except np.linalg.LinAlgError:
            return 1e6

    begin = (np.array(start)[free] - low) / (high - low)
    optimum = minimize(objective, begin, method="L-BFGS-B", bounds=[(1e-4, 1 - 1e-4)] * len(free),
                     options={"maxiter": 60, "ftol": 1e-9})  # fmt: skip
    errors = _errors(objective, optimum.x, n) * (high - low)
    values = np.array(start, dtype=float)
    values[free] = low + (high - low) * optimum.x
    named = {NAMES[i]: float(e) for i, e in zip(free, errors, strict=True)}
    return ScanFit(
        tails, dict(zip(NAMES, values.tolist(), strict=True)), named, -n * optimum.fun, n
    )


def _errors(objective, x: np.ndarray, n: int) -> np.ndarray:
    """Return standard errors from the curvature of the log-likelihood."""
    k, step = len(x), 2e-3
    at = objective(x)
    up = [objective(x + step * e) for e in np.eye(k)]
    down = [objective(x - step * e) for e in np.eye(k)]
    curvature = np.empty((k, k))
    for i in range(k):
        curvature[i, i] = (up[i] - 2 * at + down[i]) / step**2
        for j in range(i):
            both = objective(x + step * (np.eye(k)[i] + np.eye(k)[j]))
            curvature[i, j] = curvature[j, i] = (both - up[i] - up[j] + at) / step**2
    inverse = np.linalg.pinv(n * curvature)
    return np.sqrt(np.abs(np.diagonal(inverse)))


def without_jumps(scans: pd.DataFrame) -> pd.DataFrame:
    """Return women whose hip never changes by more than 15 % and 1 % a year between scans."""
    ordered = scans.sort_values(["woman", "years"])
    step = np.log(ordered["bmd_total_hip"]).groupby(ordered["woman"]).diff().abs()
    is_jump = step > 0.15 + 0.01 * ordered.groupby("woman")["years"].diff()
    return scans[~scans["woman"].isin(ordered.loc[is_jump, "woman"])]


def fit_scans(scans: pd.DataFrame, fixed: dict[str, float]) -> ScanFit:
    """Return a fit whose wander is the mean of those with and without women who jump.

    A jump is a broken hip, a new drug or a mistake more often than wander.
    """
    every = fit(groups(scans), "all", fixed)
    steady = fit(groups(without_jumps(scans)), "all", fixed)
    means = {name: (every.sizes[name] + steady.sizes[name]) / 2 for name in every.sizes
             if name.startswith("wander")}  # fmt: skip
    return replace(every, sizes={**every.sizes, **means})


def sides(scans: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return women for the estimate (three of five), and women kept for the check."""
    is_fitted = scans["woman"] % 5 < 3
    return scans[is_fitted], scans[~is_fitted]
