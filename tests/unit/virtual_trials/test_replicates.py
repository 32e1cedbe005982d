"""Who enters, who leaves, and the same bits however they are computed."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.virtual_trials import run as running
from remodel.virtual_trials.load import load_design
from remodel.virtual_trials.participants import enrolled
from remodel.virtual_trials.pool import Screening
from remodel.virtual_trials.replicate import replicate_of, to_frame

_ARRAYS = ("effect", "sd", "p", "means")


@pytest.fixture
def screening(simulated, pool):
    """Return a function that gives the screening of a design with other keys."""
    return lambda **changes: Screening(load_design(simulated(**changes)), pool)


def test_threads_and_chunks_change_no_bit(simulated, monkeypatch):
    one = rm.virtual_trial(simulated(), threads=1)
    monkeypatch.setattr(running, "CHUNK", 7)
    two = rm.virtual_trial(simulated(), threads=3)
    for name in _ARRAYS:
        np.testing.assert_array_equal(getattr(one.estimates, name), getattr(two.estimates, name))
    assert one.readings(4).equals(two.readings(4))
    other = rm.virtual_trial(simulated(seed=6))
    assert not np.array_equal(one.estimates.effect, other.estimates.effect)


def test_a_run_that_was_stopped_continues_with_the_same_bits(simulated, tmp_path, monkeypatch):
    whole = rm.virtual_trial(simulated())
    computed, chunk = [], running.chunk

    def stopping(task, screening, first):
        if first >= 20:
            raise KeyboardInterrupt
        return chunk(task, screening, first)

    monkeypatch.setattr(running, "chunk", stopping)
    with pytest.raises(KeyboardInterrupt):
        rm.virtual_trial(simulated(), tmp_path, threads=1)

    def counted(task, screening, first):
        computed.append(first)
        return chunk(task, screening, first)

    monkeypatch.setattr(running, "chunk", counted)
    rest = rm.virtual_trial(simulated(), tmp_path, threads=1)
    assert computed == [20, 40]
    np.testing.assert_array_equal(whole.estimates.p, rest.estimates.p)
    rm.virtual_trial(simulated(seed=6), tmp_path, threads=1)
    assert computed == [20, 40, 0, 20, 40]


def test_a_chunk_that_cannot_be_read_is_computed_again(simulated, tmp_path):
    whole = rm.virtual_trial(simulated(), tmp_path)
    parts = sorted((tmp_path / "replicates").iterdir())
    parts[0].write_bytes(parts[0].read_bytes()[:200])
    parts[1].write_bytes(b"")
    again = rm.virtual_trial(simulated(), tmp_path)
    np.testing.assert_array_equal(whole.estimates.p, again.estimates.p)


def test_the_beginning_of_a_larger_trial_is_a_smaller_one(screening):
    small, large = (replicate_of(screening(), 2, size) for size in (10, 30))
    np.testing.assert_array_equal(small.people.arm, large.people.arm[:10])
    for name in small.change:
        np.testing.assert_array_equal(small.level[name], large.level[name][:10])


def test_criteria_hold_for_readings_not_for_the_truth(screening):
    narrow = screening(entry={"t_score_lumbar_spine": [-1.5, -0.5]})
    people = enrolled(narrow, 0, 300)
    read = narrow.values(people.seed, people.number, people.woman)["t_score_lumbar_spine"]
    assert read.min() >= -1.5
    assert read.max() <= -0.5
    truth = narrow.pool.facts["t_score_lumbar_spine"][people.woman]
    assert (truth > -0.5).any() or (truth < -1.5).any()
    assert 0 < narrow.share < 1


def test_arms_are_balanced_within_strata(screening):
    people = enrolled(screening(stratum=[{"name": "age", "cuts": [60]}]), 0, 200)
    assert set(people.stratum) == {0, 1}
    for stratum in (0, 1):
        counts = np.bincount(people.arm[people.stratum == stratum], minlength=2)
        assert abs(counts[0] - counts[1]) <= 1


def test_women_leave_at_their_yearly_share(screening):
    replicate = replicate_of(
        screening(dropout={"per_year": 0.3}, visits={"months": [0, 6, 12]}), 0, 4000
    )
    present = np.isfinite(replicate.change["bmd_lumbar_spine"]).mean(axis=0)
    assert present == pytest.approx([0.7**0.5, 0.7], abs=0.03)


def test_women_who_lose_more_leave_more_often_where_it_is_so(screening):
    rows = {}
    for factor in (1.0, 3.0):
        dropout = {"per_year": 0.4, "hazard_per_percent_lost": factor}
        replicate = replicate_of(screening(dropout=dropout), 0, 3000)
        rows[factor] = np.nanmean(replicate.truth["bmd_lumbar_spine"][:, -1])
    assert rows[3.0] > rows[1.0] + 0.2


def test_visits_move_within_their_window(screening):
    months = replicate_of(screening(), 0, 500).months
    assert np.abs(months - [6, 12]).max() <= 0.5
    assert np.abs(months - [6, 12]).max() > 0.4


def test_readings_have_the_columns_of_the_table_of_readings(screening):
    narrow = screening()
    table = to_frame(narrow, replicate_of(narrow, 3, 20), 3)
    assert list(table.columns) == [
        "replicate", "arm", "woman", "age", "sex", "menopause_age", "bmi", "schedule", "endpoint",
        "months", "value", "unit", "use",
    ]  # fmt: skip
    assert set(table["unit"]) == {"g/cm2"}
    assert table["value"].between(0.3, 2.0).all()
    assert (table.groupby("woman")["months"].min() == 0).all()


def test_readings_err_and_the_truth_does_not(screening):
    narrow = screening()
    replicate = replicate_of(narrow, 0, 2000)
    read, true = replicate.change["bmd_lumbar_spine"], replicate.truth["bmd_lumbar_spine"]
    apart = read[np.isfinite(read)] - true[np.isfinite(true)]
    noise = narrow.instruments.scans["bmd_lumbar_spine"].long_term
    assert apart.std() == pytest.approx(100 * noise * np.sqrt(2), rel=0.1)


def test_a_trial_writes_its_tables(simulated, tmp_path):
    rm.virtual_trial(simulated(), tmp_path)
    heads = {
        "power": "endpoint,months,comparison,analysis,n_per_arm,effect,sd,power,standard_error",
        "arms": "arm,endpoint,months,n,mean,sd,standard_error",
    }
    for name, head in heads.items():
        assert (tmp_path / f"{name}.csv").read_text().splitlines()[0] == head
    assert (tmp_path / "readings.csv").exists()
    assert (tmp_path / "truth.csv").exists()


def test_run_in_leaves_out_women_who_do_not_take_their_drugs(simulated):
    design = simulated(
        population="aromatase_inhibitor_in_practice", women=200,
        run_in={"months": 1, "least_taken": 0.9},
    )  # fmt: skip
    from remodel.virtual_trials.pool import simulated_pool

    passed = simulated_pool(load_design(design))
    assert 0 < len(passed) < 200


@pytest.mark.slow
def test_a_cluster_gives_the_same_bits(simulated, tmp_path):
    pytest.importorskip("distributed")
    here = rm.virtual_trial(simulated())
    there = rm.virtual_trial(simulated(), tmp_path, scheduler="local", workers=2)
    for name in _ARRAYS:
        np.testing.assert_array_equal(getattr(here.estimates, name), getattr(there.estimates, name))
