"""What ``ds.remodel`` says of simulated datasets."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.errors import ConfigError


@pytest.fixture(scope="module")
def dataset():
    return rm.simulate(
        schedule=["none", "denosumab 60 mg every 6 mo"],
        years=2,
        outputs=["ctx", "ctx_percent_change", "bmd_total_hip", "t_score_total_hip"],
    )


def test_a_percent_change_is_found_or_computed(dataset):
    assert dataset.remodel.percent_change("ctx").equals(dataset.ctx_percent_change)
    computed = dataset.drop_vars("ctx_percent_change").remodel.percent_change("ctx")
    np.testing.assert_array_equal(computed, dataset.ctx_percent_change)
    assert computed.attrs == dataset.ctx_percent_change.attrs
    assert computed.name == "ctx_percent_change"


def test_what_has_no_percent_change_is_refused(dataset):
    with pytest.raises(ConfigError, match="score"):
        dataset.remodel.percent_change("t_score_total_hip")
    with pytest.raises(ConfigError, match="Did you mean 'bmd_total_hip'"):
        dataset.remodel.percent_change("bmd_total_hop")
    later = dataset.isel(time=slice(2, None))
    with pytest.raises(ConfigError, match="no value at the start"):
        later.remodel.percent_change("bmd_total_hip")


def test_failed_simulations_are_told_apart(dataset):
    assert dataset.remodel.failed.values.tolist() == [False, False]
    broken = dataset.copy()
    broken["status"] = ("simulation", np.array([0, 2], dtype=np.int8))
    assert broken.remodel.failed.values.tolist() == [False, True]
    assert broken.sel(simulation=broken.remodel.failed).sizes["simulation"] == 1
    assert repr(broken.remodel) == "<Simulations: 2, of which 1 failed>"
    broken["status"].attrs = {"flag_values": [0, 1]}
    assert broken.remodel.failed.attrs == {"long_name": "the simulation did not reach its end"}


def test_a_dataset_draws_itself(dataset):
    figure = dataset.remodel.plot(["ctx_percent_change"], title="CTX")
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 2]
    assert len(lines) == 2
    without_changes = dataset.drop_vars("ctx_percent_change")
    assert len(without_changes.remodel.plot().axes) == 3
