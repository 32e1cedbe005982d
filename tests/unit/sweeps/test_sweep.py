"""A sweep gives what single simulations give, labelled, whatever way it is run."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import remodel as rm
from remodel.errors import ConfigError, StoreError
from remodel.sweeps import chunks, failures, local, open_store, summary_of, sweep
from remodel.sweeps.batches import simulate_rows
from remodel.sweeps.store import EXCLUDED

pytest.importorskip("zarr")


def test_a_grid_has_one_dimension_a_factor_and_equals_single_simulations(designs):
    found = sweep(designs.grid(precision="float64"))
    assert found["osteoclasts"].dims == ("P_PTH", "k_form", "time")
    assert found["status"].shape == (5, 6)
    assert (found["status"] == 0).all()
    cell = {"P_PTH": 500.0, "k_form": float(found["k_form"][2])}
    alone = rm.simulate(
        "pivonka2008", parameters=cell, times=found["time"].to_numpy(),
        outputs=["osteoclasts", "bone_volume_percent_change", "bone_volume"],
    )  # fmt: skip
    there = found.sel(cell)
    for name in ("osteoclasts", "bone_volume_percent_change"):
        assert there[name].to_numpy().tolist() == alone[name].to_numpy()[0].tolist()
    assert float(there["least_bone"]) == alone["bone_volume"].to_numpy().min()
    assert int(there["steps"]) == int(alone["steps"][0])


def test_a_sample_has_its_factors_as_coordinates(designs):
    found = sweep(designs.sample())
    assert found["osteoclasts"].dims == ("simulation", "time")
    assert set(found.coords) == {"simulation", "time", "month", "P_PTH", "k_form"}
    assert found["k_form"].attrs["units"] == "%/(pM*d)"
    row = found.isel(simulation=3)
    alone = rm.simulate(
        "pivonka2008", parameters={n: float(row[n]) for n in ("P_PTH", "k_form")},
        times=found["time"].to_numpy(), outputs=["osteoclasts"],
    )  # fmt: skip
    expected = alone["osteoclasts"].to_numpy()[0].astype(np.float32)
    assert row["osteoclasts"].to_numpy().tolist() == expected.tolist()


def test_doses_intervals_and_ages_vary_together(designs):
    found = sweep(designs.treatment(precision="float64"))
    assert found["ctx_percent_change"].dims == ("dose", "interval", "age", "time")
    assert found["dose"].attrs["units"] == "mg"
    alone = rm.simulate(
        schedule="denosumab 30 mg every 6 mo for 2 y", patient=rm.Patient(age=70),
        times=found["time"].to_numpy(), outputs=["ctx_percent_change"],
    )  # fmt: skip
    there = found.sel(dose=30.0, interval=6.0, age=70.0)["ctx_percent_change"].to_numpy()
    assert there.tolist() == alone["ctx_percent_change"].to_numpy()[0].tolist()
    untreated = found.sel(dose=0.0)["ctx_percent_change"]
    assert np.array_equal(untreated.sel(interval=3.0), untreated.sel(interval=6.0))


def test_words_are_a_factor_like_numbers(designs, tmp_path):
    design = designs.treatment(
        schedule="{drug} every 6 mo for 2 y",
        factors={"drug": {"values": ["denosumab 60 mg", "zoledronic acid 5 mg"]}},
    )
    found = sweep(design, tmp_path / "s.zarr")
    assert found["drug"].to_numpy().tolist() == ["denosumab 60 mg", "zoledronic acid 5 mg"]
    again = xr.open_zarr(tmp_path / "s.zarr").sel(drug="zoledronic acid 5 mg")
    assert float(again["ctx_percent_change"][-1]) < 0


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chunk=st.integers(1, 45), threads=st.integers(1, 3), kind=st.sampled_from(["grid", "random"])
)
def test_neither_chunks_nor_threads_change_a_bit(designs, chunk, threads, kind):
    design = designs.grid() if kind == "grid" else designs.sample(kind)
    whole = sweep(design)
    cut = sweep(design, chunk=chunk, threads=threads)
    assert cut.drop_attrs().identical(whole.drop_attrs())


def test_ages_in_one_chunk_do_not_disturb_each_other(designs):
    """A history shared by women of several ages once ended in other last digits."""
    design = designs.treatment(precision="float64")
    assert sweep(design, chunk=1).drop_attrs().identical(sweep(design).drop_attrs())


def test_a_store_opens_with_xarray_alone_and_says_where_it_comes_from(designs, tmp_path):
    path = tmp_path / "s.zarr"
    found = sweep(designs.grid(title="Two parameters"), path)
    plain = xr.open_zarr(path)
    assert plain[list(found.data_vars)].identical(found)
    for name, variable in plain.data_vars.items():
        assert "long_name" in variable.attrs, name
    assert plain["osteoclasts"].attrs["units"] == "pM"
    assert plain["least_bone"].attrs["long_name"].startswith("minimum of ")
    assert plain["status"].attrs["flag_meanings"].startswith("excluded not_done ok")
    assert plain.attrs["title"] == "Two parameters"
    record = json.loads(plain.attrs["sweep"])
    assert record["design"]["factors"]["P_PTH"]["values"][-1] == 2000.0
    provenance = json.loads(plain.attrs["provenance"])
    assert provenance["seed"] == 0
    assert "numpy" in provenance["versions"]


def test_cells_that_constraints_exclude_are_not_simulated_and_say_so(designs):
    found = sweep(designs.grid(constraints=["P_PTH * k_form < 900"]), chunk=4)
    met = (found["P_PTH"] * found["k_form"] < 900).to_numpy()
    assert 0 < met.sum() < 30
    assert np.array_equal(found["status"].to_numpy() == EXCLUDED, ~met)
    assert np.array_equal(np.isfinite(found["least_bone"].to_numpy()), met)
    free = sweep(designs.grid())
    assert np.array_equal(free["least_bone"].to_numpy()[met], found["least_bone"].to_numpy()[met])


def test_methods_of_scipy_run_one_chunk_at_a_time(designs, monkeypatch):
    """Two at a time would overwrite what LSODA remembers, and free code that is in use."""
    under_way, most = 0, 0

    def counted(*arguments):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        try:
            return simulate_rows(*arguments)
        finally:
            under_way -= 1

    monkeypatch.setattr(local, "simulate_rows", counted)
    sweep(designs.grid(solver={"method": "lsoda"}), chunk=5, threads=2)
    assert most == 1


REDUCTIONS = {
    "least": {"take": "minimum"},
    "middle": {"take": "mean"},
    "under": {"take": "area", "from_months": 2, "to_months": 10},
    "low": {"take": "time_below", "below": 0.0},
    "lowest_at": {"take": "time_of_minimum"},
    "visit": {"take": "value", "at_months": 7},
}


@pytest.mark.parametrize(
    "change",
    [
        {"outputs": []},
        {"stored_months": [0, 1, 4, 5, 11]},
        {"reductions": {"other": {"of": "osteoclasts", "take": "value", "at_months": 1.3}}},
        {"reductions": {"bone_then": {"of": "bone_volume_percent_change", "take": "maximum",
                                      "from_months": 0.5, "to_months": 8.5}}},
    ],
)  # fmt: skip
def test_a_reduction_depends_neither_on_what_is_stored_nor_on_other_reductions(change, designs):
    own = {n: {"of": "bone_volume_percent_change", **more} for n, more in REDUCTIONS.items()}
    alone = sweep(designs.grid(precision="float64", reductions=own))
    both = {**change, "reductions": {**change.get("reductions", {}), **own}}
    beside = sweep(designs.grid(precision="float64", **both))
    for name in REDUCTIONS:
        assert beside[name].to_numpy().tolist() == alone[name].to_numpy().tolist(), name


def test_only_reductions_need_no_trajectories(designs):
    found = sweep(designs.grid(outputs=[]))
    assert "time" not in found.dims
    assert np.array_equal(found["least_bone"], sweep(designs.grid())["least_bone"])


def test_failed_simulations_leave_the_others_alone_and_are_listed(designs, tmp_path):
    good = sweep(designs.grid())
    limit = int((good["steps"] + good["rejected_steps"]).max()) - 1
    path = tmp_path / "s.zarr"
    found = sweep(designs.grid(solver={"max_steps": limit}), path, chunk=7)
    failed = found["status"].to_numpy() != 0
    assert 0 < failed.sum() < 30
    assert np.array_equal(
        found["osteoclasts"].to_numpy()[~failed], good["osteoclasts"].to_numpy()[~failed]
    )
    assert np.isnan(found["osteoclasts"].to_numpy()[failed][:, -1]).all()
    assert np.isnan(found["least_bone"].to_numpy()[failed]).all()
    table = failures(open_store(path))
    assert len(table) == failed.sum()
    assert set(table.columns) >= {"P_PTH", "k_form", "status", "cause", "stopped_at"}
    first = table.iloc[0]
    there = found.sel(P_PTH=first["P_PTH"], k_form=first["k_form"])
    assert int(there["status"]) == 1
    assert first["status"] == "too_many_steps"
    assert np.ravel_multi_index(np.argwhere(failed)[0], failed.shape) == table.index[0]
    summary = summary_of(open_store(path))
    assert (summary.finished, summary.failed) == (30, failed.sum())


WRONG = {
    "too many to count": (
        {
            "factors": {
                name: {"lower": 1.2, "upper": 2.0, "count": 100_000} for name in ("k_form", "k_res")
            },
            "constraints": ["k_form < k_res"],
        },
        "the design has 10,000,000,000 simulations, and at most 1,000,000,000 are allowed; their "
        "results would take 615 GiB",
    ),
    "a grid without end": (
        {"factors": {"k_form": {"lower": 1.2, "upper": 2.0, "count": 10**12}}},
        "the design has 1,000,000,000,000 simulations, .* would take 60 TiB",
    ),
    "no simulation is left": ({"constraints": ["k_form > 3"]}, "none of the 30 simulations meets"),
    "too large for memory": (
        {"factors": {"k_form": {"lower": 1.2, "upper": 2.0, "count": 40_000_000}}},
        "the results take up to 2.46 GiB; name a store with out=",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_sweep_that_cannot_be_is_refused(case, designs):
    change, says = WRONG[case]
    with pytest.raises((ConfigError, StoreError), match=says):
        sweep(designs.grid(**change))


def test_a_sample_that_is_drawn_as_a_whole_must_fit_into_memory(designs, monkeypatch):
    monkeypatch.setattr(chunks, "_free_memory", lambda: 600.0)
    says = "the 40 points of the latin_hypercube take 640 B of memory .* and 600 B are there"
    with pytest.raises(ConfigError, match=says):
        sweep(designs.sample())
    assert sweep(designs.sample("random")).sizes["simulation"] == 40


def test_a_store_is_a_path(designs):
    with pytest.raises(StoreError, match="a store is a path, not 5"):
        sweep(designs.grid(), 5)


def test_a_grid_too_large_for_the_disk_says_how_large_and_writes_nothing(designs, tmp_path):
    factors = {name: {"lower": 1.2, "upper": 2.0, "count": 20_000} for name in ("k_form", "k_res")}
    months = {"years": 100, "step_months": 0.1, "factors": factors}
    with pytest.raises(StoreError, match=r"take \S+ TiB to \S+ TiB and the disk of .* has .* free"):
        sweep(designs.grid(**months), tmp_path / "s.zarr")
    assert list(tmp_path.iterdir()) == []
