"""A sweep that is killed at any moment is continued to the store it would have been."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import xarray as xr

from remodel.sweeps import open_store, summary_of, sweep

pytest.importorskip("zarr")

DESIGN = """
model = "pivonka2008"
kind = "grid"
years = 2
step_months = 1
outputs = ["osteoclasts", "osteoblasts", "bone_volume_percent_change"]

[reductions.least_bone]
of = "bone_volume"
take = "minimum"

[factors.P_PTH]
lower = 0
upper = 2000
count = 40

[factors.k_form]
lower = 1.2
upper = 2.0
count = 30
"""
RUN = """
import sys
import remodel as rm
from remodel.sweeps import sweep
sweep(sys.argv[1], sys.argv[2], resume=True, chunk=10, progress=lambda *_: print("chunk", flush=True))
"""


def files_of(store: Path) -> dict[str, bytes]:
    return {str(f.relative_to(store)): f.read_bytes() for f in store.rglob("*") if f.is_file()}


def killed(design: Path, store: Path, chunks: int, pause: float) -> bool:
    """Start the sweep, kill it without warning after some chunks; False if it was complete."""
    with subprocess.Popen(
        [sys.executable, "-c", RUN, design, store], stdout=subprocess.PIPE, text=True
    ) as process:
        for _ in range(chunks):
            if not process.stdout.readline():
                return False
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
    return True


@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.slow)])
def test_a_store_killed_at_random_moments_ends_as_the_uninterrupted_one(kills, tmp_path):
    design = tmp_path / "design.toml"
    design.write_text(DESIGN)
    whole = sweep(design, tmp_path / "whole.zarr", chunk=10)
    moments = random.Random(kills)
    path = tmp_path / "s.zarr"
    stored = []
    for _ in range(kills):
        assert killed(design, path, moments.randint(1, 9), moments.uniform(0, 0.03))
        xr.open_zarr(path)["status"].load()  # readable at any time
        stored.append(summary_of(open_store(path)).chunks_done)
    assert stored == sorted(stored)
    assert stored[0] > 0
    assert stored[-1] < 120
    found = sweep(design, path, resume=True)
    assert found.identical(whole)
    assert files_of(path) == files_of(tmp_path / "whole.zarr")


def test_killed_before_anything_is_written_leaves_no_store_that_is_half_there(tmp_path):
    design = tmp_path / "design.toml"
    design.write_text(DESIGN)
    path = tmp_path / "s.zarr"
    with subprocess.Popen([sys.executable, "-c", RUN, design, path]) as process:
        while not list(tmp_path.glob("s.zarr*")):
            time.sleep(0.001)
        process.kill()
    if path.exists():
        assert open_store(path).layout.size == 1200
    sweep(design, path, resume=True, chunk=10)
    assert summary_of(open_store(path)).is_complete
