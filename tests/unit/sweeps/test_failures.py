"""One in a hundred simulations made to fail on purpose: what becomes of it, and of the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from remodel.cli.main import main

pytest.importorskip("zarr")

ROWS, EVERY = 2000, 100
DRAIN = -0.01  # osteoblast precursors taken away [pM/d]: more than there are within an hour or two
DESIGN = """
model = "pivonka2008"
kind = "table"
table = "TABLE"
years = 1
outputs = ["osteoclasts", "bone_volume_percent_change"]

[reductions.least_bone]
of = "bone_volume"
take = "minimum"
"""


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Parameters of which one row in a hundred, each anywhere in its hundred, cannot live."""
    rng = np.random.default_rng(5)
    drawn = pd.DataFrame(
        {"P_PTH": rng.uniform(0, 1000, ROWS), "k_form": rng.uniform(1.2, 2.0, ROWS), "u_OBp": 0.0}
    )
    first = np.arange(0, ROWS, EVERY)
    drawn.loc[first + rng.integers(0, EVERY, len(first)), "u_OBp"] = DRAIN
    return drawn


def swept(folder, name, rows, *options):
    """Return the exit code of a sweep over the rows of a table, and its results."""
    rows.to_csv(folder / f"{name}.csv", index=False)
    design, store = folder / f"{name}.toml", folder / f"{name}.zarr"
    design.write_text(DESIGN.replace("TABLE", f"{name}.csv"))
    code = main(["sweep", str(design), "--out", str(store), *options])
    return code, xr.open_zarr(store).load()


def test_one_in_a_hundred_fails_and_the_rest_is_untouched(table, tmp_path, capsys):
    fails = (table["u_OBp"] == DRAIN).to_numpy()
    assert fails.sum() == ROWS // EVERY
    code, clean = swept(tmp_path, "clean", table[~fails])
    assert code == 0
    capsys.readouterr()

    listed = tmp_path / "failed.csv"
    code, mixed = swept(tmp_path, "mixed", table, "--chunk", "300", "--failures", str(listed))
    out = capsys.readouterr().out
    assert code == 3

    assert np.array_equal(mixed["status"] != 0, fails)
    alive = mixed.isel(simulation=~fails)
    for name in clean.data_vars:  # results, status and counters, to the last bit
        if "simulation" in clean[name].dims:
            assert alive[name].to_numpy().tobytes() == clean[name].to_numpy().tobytes(), name

    dead = mixed.isel(simulation=fails)
    assert np.isnan(dead["least_bone"]).all()
    assert np.isnan(dead["osteoclasts"].isel(time=slice(1, None))).all()
    assert (dead["stopped_at"] < 1).all()

    assert f"{ROWS:,} of {ROWS:,} simulations in 7 of 7 chunks" in out
    assert "20 failed; their values are NaN from the time of failure" in out
    assert "out_of_domain" in out
    assert "A state that cannot be negative became negative" in out.replace("\n", " ")
    assert "... and 10 more; --failures FILE.csv lists them all." in out
    report = pd.read_csv(listed).set_index("simulation")
    assert list(report.index) == list(np.flatnonzero(fails))
    assert (report["status"] == "out_of_domain").all()
    assert report["cause"].str.contains("cannot be negative").all()
    pd.testing.assert_frame_equal(
        report[list(table.columns)], table[fails].rename_axis("simulation"), check_exact=True
    )
    assert main(["sweep", "status", str(tmp_path / "mixed.zarr")]) == 3
