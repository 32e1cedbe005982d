"""The most likely values of one woman, by Gauss-Newton on exact derivatives of her course.

Levels, marker scales, wander and errors are integrated, as in the posterior, but with usual tails.
What is left to vary are the scores of what is simulated, under one way of taking the drugs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import SolverError
from remodel.individuals.courses import RTOL
from remodel.individuals.covariance import Observed, linear_columns, wander_covariance
from remodel.individuals.prior import Prior
from remodel.individuals.weights import Fields, Tails
from remodel.patients import Patients
from remodel.populations.population import parameter_values
from remodel.schedules import Schedule
from remodel.simulation.simulate import simulate
from remodel.units import DAYS_PER_MONTH

_MOST_STEPS = 20
_CLOSE = 1e-3  # standard deviations of the prior
_SHORTEST = 1 / 64  # share of a step
_NUDGE = 1e-4  # of a score, where a parameter is differentiated by it


@dataclass(frozen=True, slots=True, eq=False)
class Mode:
    """The most likely values of what is simulated.

    Attributes
    ----------
    names : tuple of str
        Of what differs between women.
    scores : ndarray, shape (k,)
        In standard deviations of the population.
    covariance : ndarray, shape (k, k)
        Inverse of the Gauss-Newton curvature.
    steps : int
    """

    names: tuple[str, ...]
    scores: FloatArray
    covariance: FloatArray
    steps: int


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What a woman is simulated with, and what is compared with her readings.

    Attributes
    ----------
    prior : Prior
    observed : Observed
    fields : Fields
        Of usual tails.
    patient : Patients
        One.
    schedule : Schedule
    peers : ndarray, shape (3,)
        Density of women of her age [g/cm2].
    """

    prior: Prior
    observed: Observed
    fields: Fields
    patient: Patients
    schedule: Schedule
    peers: FloatArray


def most_likely(
    prior: Prior, observed: Observed, patient: Patients, schedule: Schedule, male: bool
) -> Mode:
    """Return the mode of the posterior of one woman.

    Parameters
    ----------
    prior : Prior
    observed : Observed
    patient : Patients
        One, with the density at which her course is simulated.
    schedule : Schedule
    male : bool

    Raises
    ------
    SolverError
        If she cannot be simulated at the start of the search.
    """
    age, k = float(patient.age[0]), len(prior.nonlinear)
    covariance = prior.linear_given(np.zeros((1, k)))[1]
    usual = Tails(np.ones(1), np.ones((1, observed.scans)), np.zeros(1))
    wander = wander_covariance(prior.wander, age, observed.points, observed.points)
    fields = Fields.of(prior, observed, covariance, usual, wander)
    course = Course(prior, observed, fields, patient, schedule, prior.peers(age, male=male))
    scores, precision, pull = np.zeros(k), *_prior_terms(prior)
    means, slopes = _linearized(course, scores)
    value, steps = _value(course, scores, means, precision, pull), 0
    while steps < _MOST_STEPS:
        steps += 1
        weighted = slopes.T @ fields.inverse[0]
        curvature = precision + weighted @ slopes
        uphill = weighted @ (observed.log - means) - precision @ scores + pull
        move, share = np.linalg.solve(curvature, uphill), 1.0
        while share >= _SHORTEST:
            trial = scores + share * move
            try:
                means, slopes = _linearized(course, trial)
            except SolverError:
                share /= 2
                continue
            now = _value(course, trial, means, precision, pull)
            if now <= value + 1e-9:
                break
            share /= 2
        else:
            means, slopes = _linearized(course, scores)
            break  # nothing along the way is more likely
        scores, value = trial, now
        if np.abs(share * move).max() < _CLOSE:
            break
    curvature = precision + slopes.T @ fields.inverse[0] @ slopes
    return Mode(prior.nonlinear, scores, np.linalg.inv(curvature), steps)


def _prior_terms(prior: Prior) -> tuple[FloatArray, FloatArray]:
    """Return precision and pull of scores, given her BMI where it is known."""
    k = len(prior.linear)
    last = k + len(prior.nonlinear)
    inside = prior.correlation[k:last, k:last]
    if prior.bmi_score is None:
        alone = np.asarray(np.linalg.inv(inside), dtype=np.float64)
        return alone, np.zeros(len(inside))
    across = prior.correlation[k:last, last]
    precision = np.asarray(np.linalg.inv(inside - np.outer(across, across)), dtype=np.float64)
    return precision, precision @ across * prior.bmi_score


def _value(
    course: Course, scores: FloatArray, means: FloatArray, precision: FloatArray, pull: FloatArray
) -> float:
    """Return minus the logarithm of the posterior density, without a constant."""
    off = course.observed.log - means
    misfit = off @ course.fields.inverse[0] @ off
    return float(0.5 * (misfit + scores @ precision @ scores) - pull @ scores)


def _linearized(course: Course, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return means of log readings, shape (d,), and their derivatives by scores, (d, k).

    Raises
    ------
    SolverError
    """
    prior, points = course.prior, course.observed.points
    levels = linear_columns(prior, points)
    center, k = prior.linear_given(scores[None])[0][0], len(scores)
    nudged = scores + np.vstack([np.zeros((1, k)), _NUDGE * np.eye(k), -_NUDGE * np.eye(k)])
    centers = prior.linear_given(nudged)[0]
    by_level = (centers[1 : k + 1] - centers[k + 1 :]) / (2 * _NUDGE)
    parameters = parameter_values(prior.definition, prior.model, prior.columns(nudged))
    names = [n for n in _simulated(course) if np.ptp(parameters[n]) > 0] if parameters else []
    by_score = np.array(
        [(parameters[n][1 : k + 1] - parameters[n][k + 1 :]) / (2 * _NUDGE) for n in names]
    ).reshape(len(names), k)
    log, slopes = _simulation(course, {n: v[:1] for n, v in parameters.items()}, names)
    return log + levels @ center, slopes @ by_score + levels @ by_level.T


def _simulated(course: Course) -> list[str]:
    """Return parameters of components that act under her schedule."""
    model, drugs = course.prior.model, course.schedule.drugs
    names = dict.fromkeys(n for c in course.prior.definition.components for n in c.parameters)
    idle = tuple(f"{drug}_half_effect" for drug in model.drugs if drug not in drugs)
    return [n for n in names if n in model.all_parameters and not n.startswith(idle)]


def _simulation(
    course: Course, parameters: dict[str, FloatArray], names: list[str]
) -> tuple[FloatArray, FloatArray]:
    """Return log courses at the readings, levels and scales being those of peers, and slopes."""
    points, wander = course.observed.points, course.prior.wander
    months = np.unique(np.concatenate([[0.0, 1.0], points.months]))
    endpoints = list(dict.fromkeys(points.endpoint))
    dataset = simulate(
        course.prior.model,
        schedule=course.schedule,
        patient=course.patient,
        parameters=parameters,
        times=months * DAYS_PER_MONTH,
        outputs=endpoints,
        rtol=RTOL,
        sensitivities=names,
        bounds="population",
    )
    if dataset["status"].to_numpy()[0] != 0:
        raise SolverError("this woman could not be simulated.")
    log, slopes = np.empty(len(points.months)), np.zeros((len(points.months), len(names)))
    for i, (name, month) in enumerate(zip(points.endpoint, points.months, strict=True)):
        at, level = int(np.searchsorted(months, month)), dataset[name].to_numpy()[0]
        log[i] = np.log(level[at])
        if names:
            relative = dataset[f"{name}_sensitivity"].to_numpy()[:, 0, :] / level
            slopes[i] = relative[:, at]
        site = int(points.site[i])
        if site >= 0:  # densities are relative to the start
            age = float(course.patient.age[0])
            log[i] += np.log(course.peers[site]) - np.log(level[0])
            log[i] += float(wander.mean(site, age, np.array([month / 12]))[0])
            if names:
                slopes[i] -= relative[:, 0]
    return log, slopes
