"""Power, error of the first kind and sample size against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

import remodel as rm
from remodel.errors import ConfigError
from remodel.virtual_trials.analyses import expected_power, expected_size


@pytest.mark.parametrize(("mean", "sd", "n"), [(2.0, 4.5, 107), (3.0, 4.0, 20), (1.5, 3.5, 60)])
def test_power_is_that_of_the_closed_form(assumed, mean, sd, n):
    power = rm.virtual_trial(assumed(mean, sd, n, 1500)).power.set_index("analysis")
    wanted = expected_power(mean, sd, n, n)
    for analysis in ("t_test", "ancova"):
        row = power.loc[analysis]
        assert abs(row["power"] - wanted) < 4 * math.sqrt(wanted * (1 - wanted) / 1500) + 0.004
        assert row["effect"] == pytest.approx(mean, abs=4 * sd * math.sqrt(2 / n / 1500))
        assert row["sd"] == pytest.approx(sd, rel=0.02)


def test_a_published_sample_size_has_its_published_power(assumed):
    """Nitroglycerin trial: a difference of 2 %, SD 4.5 %, 107 women an arm, power 90 %."""
    power = rm.virtual_trial(assumed(2.0, 4.5, 107, 1000)).power
    assert (power["power"] - 0.90).abs().max() < 0.05


def test_nothing_is_found_in_one_of_twenty_trials_of_nothing(assumed):
    power = rm.virtual_trial(assumed(0.0, 4.0, [12, 40], 4000)).power
    assert (power["power"] - 0.05).abs().max() < 0.007


def test_alpha_is_the_error_of_the_first_kind(assumed):
    design = assumed(0.0, 4.0, 40, 2000)
    design["power"]["alpha"] = 0.2
    power = rm.virtual_trial(design).power
    assert (power["power"] - 0.2).abs().max() < 4 * math.sqrt(0.2 * 0.8 / 2000)


def test_dropout_takes_power_as_fewer_women_do(assumed):
    whole = rm.virtual_trial(assumed(2.0, 4.5, 80, 800))
    halved = rm.virtual_trial(assumed(2.0, 4.5, 80, 800, dropout={"per_year": 0.3}))
    n = 80 * 0.7**2
    assert halved.arms["n"].to_numpy() == pytest.approx(n, rel=0.03)
    assert halved.power["power"].to_numpy() == pytest.approx(expected_power(2, 4.5, n, n), abs=0.07)
    assert (halved.power["power"] < whole.power["power"]).all()


def test_sample_size_is_near_that_of_the_closed_form(assumed):
    row = rm.virtual_trial(assumed(2.0, 4.5, 50, 600, sample_size={"power": 0.9})).sample_size.iloc[
        0
    ]
    exact = expected_size(2.0, 4.5, 0.9)
    assert row["n_per_arm"] == pytest.approx(exact, rel=0.12)
    assert row["power"] >= 0.9
    assert row["n_closed_form"] == pytest.approx(exact, rel=0.1)


def test_a_power_out_of_reach_is_said_in_one_sentence(assumed):
    design = assumed(0.2, 4.5, 20, 60, sample_size={"power": 0.9, "largest": 40})
    with pytest.raises(ConfigError, match=r"with 40 women an arm the power is .*raise 'largest'"):
        rm.virtual_trial(design)


def test_allocation_shares_are_those_of_every_replicate(assumed):
    design = assumed(2.0, 4.5, 30, 40)
    design["arm"][0]["share"] = 2
    arms = rm.virtual_trial(design).arms.set_index("arm")
    assert arms.loc["drug", "n"] == 40
    assert arms.loc["placebo", "n"] == 20


def test_responders_are_a_share_of_each_arm(assumed):
    design = assumed(3.0, 4.0, 400, 60)
    design["endpoint"][0] |= {"analysis": "responders", "responder": 3.0}
    row = rm.virtual_trial(design).power.iloc[0]
    from scipy.stats import norm

    assert row["effect"] == pytest.approx(100 * (0.5 - norm.sf(3 / 4)), abs=1.5)


def test_the_assurance_is_the_mean_power_over_draws(simulated):
    half = rm.load_parameters("reference")["denosumab_half_effect"].value
    draws = {"denosumab_half_effect": np.array([half, 2 * half])}
    design = simulated(assurance={"draws": 2, "replicates": 40, "women": 50})
    table = rm.virtual_trial(design, draws=draws).assurance
    alone = [_power_at(design, value) for value in draws["denosumab_half_effect"]]
    assert table["assurance"].to_numpy() == pytest.approx(np.mean(alone, axis=0))
    assert (table["effect_low_90"] < table["effect_high_90"]).all()


def _power_at(design, value):
    """Return the power where two draws are one and the same value."""
    same = {"denosumab_half_effect": np.array([value, value])}
    return rm.virtual_trial(design, draws=same).assurance["assurance"].to_numpy()
