"""A cohort left out: against a real refit, and scores with their closed forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import toy
from conftest import TRUTH
from scipy.integrate import quad
from scipy.stats import t

import remodel as rm
from remodel.calibration import Objective
from remodel.calibration.data import Source
from remodel.calibration.leave_out import _scored, leave_out, leave_out_table, leave_out_totals
from remodel.calibration.search import descend
from remodel.predictions.spreads import DEGREES, DENSITY, DEVIATIONS, MARKER, SCALE, Spreads

MONTHS = (1.0, 3.0, 6.0, 12.0)
COHORTS = ("one", "two", "three", "four", "five")
SPREADS = Spreads(
    size={"bmd_total_hip": 0.5, "ctx": 0.05},
    share={(kind, name): 0.5 for kind in (DENSITY, MARKER) for name in DEVIATIONS},
    growth=0.0,
)


@pytest.fixture
def cohorts(tmp_path):
    """Return tables of five cohorts with deviations of their own."""
    random, days = np.random.default_rng(8), np.array(MONTHS) * 30.4375
    rows = []
    for cohort in COHORTS:
        for _, arm, schedule in toy.REGIMENS:
            exact = rm.simulate(
                toy.MODEL,
                schedule=schedule,
                parameters=TRUTH,
                times=[0.0, *days],
                rtol=1e-8,
                outputs=["bmd_total_hip_percent_change", "ctx_percent_change"],
            )
            for name, se, spread in (("bmd_total_hip", 0.4, 0.5), ("ctx", 4.0, 4.0)):
                values = exact[f"{name}_percent_change"].to_numpy()[0, 1:]
                noise = spread * random.standard_normal() + se * random.standard_normal(4)
                rows += [
                    (
                        cohort,
                        arm,
                        name,
                        month,
                        value,
                        value - se,
                        value + se,
                        "percent",
                        "se",
                        "change",
                        "",
                    )
                    for month, value in zip(MONTHS, values + noise, strict=True)
                ]
    regimens = [(c, arm, schedule) for c in COHORTS for _, arm, schedule in toy.REGIMENS]
    return Source(
        toy.write_table(tmp_path / "observations.csv", toy.OBSERVATION_HEADER, rows),
        toy.write_table(tmp_path / "regimens.csv", ("study_id", "arm", "schedule"), regimens),
    )


def without(source: Source, cohort: str) -> Source:
    return Source(source.observations, source.regimens, held_out=(cohort,))


@pytest.mark.parametrize("loss", ["linear", "soft_l1"])
def test_leaving_a_cohort_out_is_a_fit_without_it(cohorts, loss):
    settings = {"loss": loss, "spreads": SPREADS}
    built = Objective.of(toy.problem(cohorts, **settings))
    best = descend(built, np.zeros(4), tolerance=1e-10)
    results = leave_out(built, best.theta, SPREADS)
    assert [result.cohort for result in results] == list(COHORTS)
    for result in results[:3]:
        fewer = Objective.of(toy.problem(without(cohorts, result.cohort), **settings))
        again = descend(fewer, best.theta, tolerance=1e-10)
        moved = np.abs(again.theta - best.theta).max()
        assert moved > 0.02
        np.testing.assert_allclose(result.theta, again.theta, atol=0.03 * moved)
        natural = fewer.coordinates.natural(again.theta)
        expected = built.predictor.predict(natural)[result.rows]
        np.testing.assert_allclose(result.mean, expected, atol=0.02)


def test_the_rows_are_those_of_the_cohort_and_their_covariance_is_of_both_kinds(cohorts):
    built = Objective.of(toy.problem(cohorts, spreads=SPREADS))
    best = descend(built, np.zeros(4))
    (result,) = leave_out(built, best.theta, SPREADS, cohorts=["three"])
    studies = {built.predictor.targets[row].observation.study_id for row in result.rows}
    assert studies == {"three"}
    assert len(result.rows) == 24
    for covariance in (result.parameters, result.trials):
        assert covariance.shape == (24, 24)
        assert np.linalg.eigvalsh(covariance).min() > -1e-9
    table = leave_out_table(built, [result])
    np.testing.assert_allclose(table["sd_trials"] ** 2, np.diag(result.trials))
    np.testing.assert_allclose(
        table["sd"] ** 2, table["sd_parameters"] ** 2 + table["sd_trials"] ** 2
    )


def test_bands_hold_what_they_say(cohorts):
    """The deviations of the made-up cohorts are those that the spreads estimated say."""
    built = Objective.of(toy.problem(cohorts, spreads=SPREADS))
    best = descend(built, np.zeros(4))
    table = leave_out_table(built, leave_out(built, best.theta, SPREADS))
    (totals,) = leave_out_totals(table.assign(all="all"), ["all"]).to_dict("records")
    assert totals["n"] == 120
    assert totals["cohorts"] == 5
    assert 0.8 < totals["within_90"] < 0.99
    assert 0.3 < totals["within_50"] < 0.7
    assert totals["within_90_low"] < totals["within_90"] < totals["within_90_high"]


def student(center, sd):
    return t(DEGREES, center, sd * SCALE)


def test_scores_are_those_of_the_distribution_with_this_variance():
    table = pd.DataFrame(
        {
            "value": [1.0, 4.0, 9.0],
            "expected": [0.5, 4.0, 9.0],
            "sd_parameters": [0.3, 0.0, 1.0],
            "sd_trials": [0.4, 2.0, 1.0],
            "is_plain": [True, True, False],
        }
    )
    scored = _scored(table)
    assert scored["log_score"].iloc[0] == pytest.approx(student(0.5, 0.5).logpdf(1.0))
    for row in (0, 1):
        center, sd = scored["expected"].iloc[row], scored["sd"].iloc[row]
        value = scored["value"].iloc[row]
        known = student(center, sd)
        assert known.std() == pytest.approx(sd)
        below, _ = quad(lambda x, d=known: d.cdf(x) ** 2, center - 40 * sd, value, limit=200)
        above, _ = quad(lambda x, d=known: d.sf(x) ** 2, value, center + 40 * sd, limit=200)
        assert scored["crps"].iloc[row] == pytest.approx(below + above, rel=1e-6)
    within = scored.loc[0, ["within_50", "within_80", "within_90", "within_95"]].tolist()
    assert within == [0.0, 1.0, 1.0, 1.0]
    assert scored.loc[2, ["z", "log_score", "crps", "within_90"]].isna().all()
