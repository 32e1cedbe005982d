"""Forecasts from a stored population against draws of the whole posterior."""

from dataclasses import replace

import numpy as np
import pytest

from remodel.individuals.courses import Courses, drawn
from remodel.individuals.covariance import Observed, Points
from remodel.individuals.posterior import course_of, fitted, readings_at, truth_at
from remodel.individuals.prior import Prior
from remodel.individuals.readings import Reading
from remodel.individuals.stored import Stored, later_readings
from remodel.measurement.instruments import load_instruments
from remodel.models import load_model
from remodel.populations.load import load_definition
from remodel.schedules import Schedule

AGE = 70.0
DENSITIES = ("bmd_lumbar_spine", "bmd_total_hip", "bmd_femoral_neck")
READINGS = [
    Reading("bmd_total_hip", 0.0, 0.80),
    Reading("bmd_total_hip", 40.0, 0.76),
    Reading("ctx", 3.0, 0.45),
]
POINTS = Points(("bmd_total_hip", "bmd_lumbar_spine", "ctx"), np.array([70.0, 70.0, 50.0]))


@pytest.fixture(scope="module")
def stored():
    prior = Prior.of(
        load_definition("postmenopausal"), load_model("reference"), bmi=None, knows_menopause=True
    )
    draws = drawn(prior, 1024, [1.0], 1)
    months = np.linspace(0.0, 600.0, 101)
    # who has a high second score loses more, and has more ctx
    speed = -0.0008 * np.exp(0.4 * draws.scores[:, [1]])
    log = dict.fromkeys(DENSITIES, speed * months)
    log["ctx"] = np.log(0.5) + 0.2 * draws.scores[:, [1]] + 0 * months
    courses = Courses(months, log, np.ones(len(draws), dtype=bool))
    return Stored(
        prior, draws, courses, 60.0, False, Schedule(), 50.0, load_instruments(), 1, threads=1
    )


@pytest.mark.parametrize("bmi", [None, 22.0])
def test_later_readings_are_those_of_draws_of_the_posterior(stored, bmi, monkeypatch):
    monkeypatch.setattr("remodel.individuals.stored._SIZE", 32_768)
    observed = Observed.of(READINGS, stored.tools)
    later = later_readings(stored, observed, POINTS, age=AGE, bmi=bmi)

    prior, start = stored.prior.with_bmi(bmi), np.array([120.0])
    log = {
        name: values - stored.courses.at(name, start) * name.startswith("bmd_")
        for name, values in stored.courses.log.items()
    }
    courses = Courses(stored.courses.months - 120.0, log, stored.courses.possible)
    posterior = fitted(
        prior, stored.draws, courses, observed, stored.tools, age=AGE, size=40_000, tails=32,
        seed=(1,),
    )  # fmt: skip
    course = course_of(courses.rows(posterior.draw), POINTS, prior.peers(AGE))
    read = readings_at(posterior, POINTS, truth_at(posterior, POINTS, course), stored.tools)
    assert later.effective_size == pytest.approx(posterior.effective_size, rel=1e-9)
    assert later.log.mean(axis=0) == pytest.approx(read.mean(axis=0), abs=0.002)
    assert later.log.std(axis=0) == pytest.approx(read.std(axis=0), rel=0.02)
    for share in (0.05, 0.25, 0.75, 0.95):
        quantile = np.quantile(later.log, share, axis=0)
        off = (quantile - np.quantile(read, share, axis=0)) / read.std(axis=0)
        assert np.abs(off).max() < 0.05


def test_a_later_reading_is_that_of_the_machine_she_was_on_last(stored):
    tools = load_instruments({"scans": {"bmd_total_hip": {"scanner": 0.1}}})
    far, points = replace(stored, tools=tools), Points(("bmd_total_hip",), np.array([40.5]))
    means = []
    for scanner in ("", "other"):
        readings = [READINGS[0], Reading("bmd_total_hip", 40.0, 0.70, scanner)]
        later = later_readings(far, Observed.of(readings, tools), points, age=AGE, bmi=None)
        means.append(later.log.mean() - np.log(0.70))
    assert means[0] > 0.006  # the first scan says that the second errs
    assert abs(means[1]) < 0.003  # another machine says little of this one


def test_without_readings_the_forecast_is_that_of_the_population(stored):
    observed = Observed.of([], stored.tools)
    later = later_readings(stored, observed, POINTS, age=AGE, bmi=None)
    assert later.effective_size == pytest.approx(len(stored.draws))
    density = later.log[:, 0]
    level = np.log(stored.prior.peers(AGE)[1]) + stored.courses.log["bmd_total_hip"].mean() * 0
    assert density.mean() == pytest.approx(level - 0.0008 * np.exp(0.08) * 70, abs=0.01)
    assert 0.16 < density.std() < 0.19
