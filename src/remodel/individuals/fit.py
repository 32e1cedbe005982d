"""``remodel.fit_patient``: one woman fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import SolverError
from remodel.individuals.courses import Draws, drawn, no_draw_text
from remodel.individuals.covariance import Observed
from remodel.individuals.focus import focused
from remodel.individuals.patient_fit import PatientFit, output_months, simulated_for
from remodel.individuals.posterior import Posterior, fitted
from remodel.individuals.prior import Prior
from remodel.individuals.report import write
from remodel.individuals.weights import ENOUGH
from remodel.individuals.woman import Woman, load_woman
from remodel.measurement.instruments import Instruments, load_instruments
from remodel.populations.definition import DENSITIES
from remodel.provenance import recorded
from remodel.simulation.inputs import check_count

_ROUNDS = 4  # of focused draws
_TAILS = 256
_DRAWS = 2048  # of the posterior
_EARLY_NOISE = 0.03  # of a scan, where her level is guessed before the fit


@recorded
def fit_patient(
    woman: str | Path | Mapping[str, Any] | Woman,
    out: str | Path | None = None,
    *,
    threads: int | None = None,
    instruments: Instruments | None = None,
) -> PatientFit:
    """Fit one woman: a posterior over what differs between women, given her readings.

    The population is the prior, the errors of scanners and laboratories are the likelihood. Draws
    from the prior are simulated under what she took, in every way she may have taken it, and
    weighted; levels, marker scales, wander and errors are integrated exactly, with their tails.
    Where the weights leave fewer than 200 effective draws, more are made where they are.

    Parameters
    ----------
    woman : path, mapping or Woman
        ``WOMAN.toml`` or its content.
    out : path, optional
        Folder for ``forecast.csv``, ``thresholds.csv``, ``differences.csv``, ``response.csv``,
        ``posterior.csv`` and ``report.md``.
    threads : int, optional
        Processors; all by default. Results do not depend on it.
    instruments : Instruments, optional
        Other errors of readings than those of the package.

    Returns
    -------
    PatientFit
        ``fit.predict(schedule, years)`` forecasts.

    Raises
    ------
    RemodelError
        One of its subclasses, before any work starts, if the file is not allowed.
    """
    check_count("threads", threads)
    described = woman if isinstance(woman, Woman) else load_woman(woman)
    tools = instruments or load_instruments()
    fit = _fit(described, tools, threads)
    if out is not None:
        write(fit, Path(out))
    return fit


def _fit(woman: Woman, tools: Instruments, threads: int | None) -> PatientFit:
    prior = Prior.of(
        woman.population,
        woman.model,
        bmi=woman.bmi,
        knows_menopause=woman.menopause_age is not None or woman.is_male,
    )
    observed = Observed.of(woman.readings, tools)
    shares = np.array([pattern.share for pattern in woman.patterns])
    draws = drawn(prior, woman.draws, shares.tolist(), woman.seed)
    draws = replace(draws, levels=_early_levels(prior, woman, observed, len(draws)))
    posterior = _posterior(woman, prior, draws, observed, tools, threads)
    rounds = 0
    while posterior.effective_size < ENOUGH and rounds < _ROUNDS:
        rounds += 1
        weights = posterior.log_weights
        draws = focused(prior, draws, weights, shares, len(draws), woman.seed + rounds)
        posterior = _posterior(woman, prior, draws, observed, tools, threads)
    return PatientFit(woman, prior, draws, posterior, rounds, tools, threads)


def _posterior(
    woman: Woman,
    prior: Prior,
    draws: Draws,
    observed: Observed,
    tools: Instruments,
    threads: int | None,
) -> Posterior:
    grid = output_months(observed.points.months)
    endpoints = tuple(dict.fromkeys(observed.points.endpoint))
    schedules = [woman.taken_as(i) for i in range(len(woman.patterns))]
    courses = simulated_for(woman, prior, draws, schedules, grid, endpoints, threads)
    if not courses.possible.any():
        knows = woman.menopause_age is not None or woman.is_male
        raise SolverError(no_draw_text(woman.age, knows))
    return fitted(
        prior,
        draws,
        courses,
        observed,
        tools,
        age=woman.age,
        male=woman.is_male,
        size=_DRAWS,
        tails=_TAILS,
        seed=(woman.seed,),
    )


def _early_levels(prior: Prior, woman: Woman, observed: Observed, n: int) -> FloatArray:
    """Return density relative to peers at which draws are simulated, shape (n, 3).

    Levels multiply the course and are integrated exactly; they matter here because a spine of low
    density gains more percent. Her scans, without any change, give them well enough.
    """
    center, covariance = prior.linear_given(np.zeros((1, len(prior.nonlinear))))
    k = len(DENSITIES)
    mean, spread = center[0, :k], covariance[:k, :k]
    site = observed.points.site
    scans = np.flatnonzero(site >= 0)
    if len(scans):
        columns = np.eye(k)[site[scans]]
        peers = np.log(prior.peers(woman.age, male=woman.is_male))
        whole = columns @ spread @ columns.T + _EARLY_NOISE**2 * np.eye(len(scans))
        gain = spread @ columns.T @ np.linalg.inv(whole)
        mean = mean + gain @ (observed.log[scans] - peers[site[scans]] - columns @ mean)
        spread = spread - gain @ columns @ spread
    rng = np.random.default_rng([woman.seed, 4])
    levels: FloatArray = np.exp(
        mean + rng.standard_normal((n, k)) @ np.linalg.cholesky(spread + 1e-12 * np.eye(k)).T
    )
    return levels
