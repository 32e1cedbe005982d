"""How readings of one woman vary together: levels, scales, scanners, wander and noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.individuals.prior import Prior
from remodel.individuals.readings import Reading
from remodel.measurement.instruments import Instruments
from remodel.patient import SITES
from remodel.populations.wander import Wander

_DENSITY = tuple(f"bmd_{site}" for site in SITES)


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Endpoints at times.

    Attributes
    ----------
    endpoint : tuple of str
    months : ndarray, shape (n,)
    """

    endpoint: tuple[str, ...]
    months: FloatArray

    @property
    def site(self) -> IntArray:
        """Number of the site of each, -1 for a marker."""
        return np.array(
            [_DENSITY.index(name) if name in _DENSITY else -1 for name in self.endpoint],
            dtype=np.int64,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """Readings as numbers.

    Attributes
    ----------
    points : Points
    log : ndarray, shape (d,)
        Logarithm of each, less what food, hour and the mean of its error add.
    noise : ndarray, shape (d, d)
        Covariance of the errors.
    scan : ndarray of int, shape (d,)
        Which scan each belongs to; scans of one day share the tail of their error. -1 for samples.
    scanners : tuple of (str, str)
        Endpoint and machine; each machine has an offset.
    scanner_sd : ndarray, shape (n_scanners,)
    readings : tuple of Reading
    """

    points: Points
    log: FloatArray
    noise: FloatArray
    scan: IntArray
    scanners: tuple[tuple[str, str], ...]
    scanner_sd: FloatArray
    readings: tuple[Reading, ...]

    @classmethod
    def of(cls, readings: Sequence[Reading], tools: Instruments) -> Observed:
        """Return readings as they enter the likelihood."""
        names = tuple(r.endpoint for r in readings)
        months = np.array([r.months for r in readings], dtype=np.float64)
        log = np.array([math.log(r.value) - _shift(r, tools) for r in readings])
        visits: dict[tuple[str, float], int] = {}
        scan = np.full(len(readings), -1, dtype=np.int64)
        for i, r in enumerate(readings):
            if r.endpoint in tools.scans:
                scan[i] = visits.setdefault((r.scanner, round(r.months, 3)), len(visits))
        machines = tuple(
            dict.fromkeys((r.endpoint, r.scanner) for r in readings if r.endpoint in tools.scans)
        )
        sd = np.array([tools.scans[endpoint].scanner for endpoint, _ in machines])
        points = Points(names, months)
        noise = _noise(points, scan, tools)
        return cls(points, log, noise, scan, machines, sd, tuple(readings))

    @property
    def scans(self) -> int:
        """Number of scans."""
        return int(self.scan.max(initial=-1)) + 1

    def scanner_columns(self) -> FloatArray:
        """Return which reading has the offset of which machine, shape (d, n_scanners)."""
        columns = np.zeros((len(self.log), len(self.scanners)))
        for i, r in enumerate(self.readings):
            if (r.endpoint, r.scanner) in self.scanners:
                columns[i, self.scanners.index((r.endpoint, r.scanner))] = 1.0
        return columns


def noise_sd(endpoint: str, tools: Instruments) -> float:
    """Return the standard deviation of the logarithm of a reading."""
    if endpoint in tools.scans:
        return tools.scans[endpoint].long_term
    return tools.samples[endpoint].spread


def _shift(reading: Reading, tools: Instruments) -> float:
    """Return the mean of the logarithm of reading over truth."""
    if reading.endpoint not in tools.samples:
        return 0.0
    return food_and_hour(reading, tools) - tools.samples[reading.endpoint].spread ** 2 / 2


def food_and_hour(reading: Reading, tools: Instruments) -> float:
    """Return the logarithm of a reading over the one fasting at 8 in the morning."""
    if reading.endpoint not in tools.samples:
        return 0.0
    sample = tools.samples[reading.endpoint]
    food = 0.0 if reading.fasting else math.log1p(sample.food)
    return math.log(sample.rhythm(reading.hour)) + food


def _noise(points: Points, scan: IntArray, tools: Instruments) -> FloatArray:
    sd = np.array([noise_sd(name, tools) for name in points.endpoint])
    r, noise = tools.scan.correlation, np.diag(sd**2)
    hips = [i for i, name in enumerate(points.endpoint) if name == "bmd_total_hip"]
    necks = [i for i, name in enumerate(points.endpoint) if name == "bmd_femoral_neck"]
    for i in hips:
        for j in necks:
            if scan[i] == scan[j]:
                noise[i, j] = noise[j, i] = r * sd[i] * sd[j]
    return noise


def linear_columns(prior: Prior, points: Points) -> FloatArray:
    """Return which point has which level or scale, shape (n, n_linear)."""
    columns = np.zeros((len(points.endpoint), len(prior.linear)))
    for i, name in enumerate(points.endpoint):
        if name in prior.scaled:
            columns[i, prior.scaled.index(name)] = 1.0
    return columns


def wander_covariance(wander: Wander, age: float, a: Points, b: Points) -> FloatArray:
    """Return the covariance of wander between points, shape (n_a, n_b)."""
    months = np.minimum(a.months[:, None], b.months[None, :])
    variance = wander.variance(np.full((1, 1), age), months.ravel() / 12).reshape(months.shape)
    covariance: FloatArray = variance * _site_covariance(wander)[a.site[:, None], b.site[None, :]]
    return covariance


def wander_covariances(
    wander: Wander, ages: FloatArray, months: FloatArray, site: IntArray
) -> FloatArray:
    """Return the covariance of wander between points of women, shape (n, n_points, n_points).

    Parameters
    ----------
    wander : Wander
    ages : ndarray, shape (n,)
        At month 0 [y].
    months : ndarray, shape (n, n_points)
    site : ndarray of int, shape (n_points,)
        As that of ``Points``.
    """
    first = np.minimum(months[:, :, None], months[:, None, :])
    years = first.reshape(len(ages), -1) / 12
    variance = wander.variance(ages[:, None], years).reshape(first.shape)
    covariance: FloatArray = variance * _site_covariance(wander)[site[:, None], site[None, :]]
    return covariance


def _site_covariance(wander: Wander) -> FloatArray:
    """Return the covariance of wander between sites; the last is no site."""
    lower = wander.factor()
    sites = np.zeros((4, 4))
    sites[:3, :3] = lower @ lower.T * np.outer(wander.sd, wander.sd)
    return sites
