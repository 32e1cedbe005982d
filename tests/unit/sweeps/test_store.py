"""A store is whole or absent, and is continued only by what began it."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from remodel.errors import ConfigError, StoreError
from remodel.sweeps import open_store, retry_failed, summary_of, sweep
from remodel.sweeps.load import load_design
from remodel.sweeps.local import SweepStoppedError
from remodel.sweeps.store import NOT_DONE, Store

pytest.importorskip("zarr")


def files_of(store: Path) -> dict[str, bytes]:
    return {str(f.relative_to(store)): f.read_bytes() for f in store.rglob("*") if f.is_file()}


class StopAfter:
    """Stands in for Ctrl-C, once, when so many simulations are stored."""

    def __init__(self, simulations: int) -> None:
        self.left, self.stopped = simulations, False

    def __call__(self, finished: int, _failed: int) -> None:
        self.left -= finished
        if self.left <= 0 and not self.stopped:
            self.stopped = True
            raise KeyboardInterrupt


def test_what_was_stopped_is_continued_to_the_same_bytes(designs, tmp_path):
    sweep(designs.grid(), tmp_path / "whole.zarr", chunk=4)
    path = tmp_path / "s.zarr"
    with pytest.raises(SweepStoppedError, match="of 10 chunks are stored; continue with --resume"):
        sweep(designs.grid(), path, chunk=4, progress=StopAfter(12))
    part = summary_of(open_store(path))
    assert 0 < part.chunks_done < part.chunks
    half = xr.open_zarr(path)
    assert (half["status"] == NOT_DONE).any()
    assert np.isnan(half["least_bone"].to_numpy()[half["status"].to_numpy() == NOT_DONE]).all()
    sweep(designs.grid(), path, resume=True)
    assert files_of(path) == files_of(tmp_path / "whole.zarr")


def test_a_complete_store_is_not_run_again(designs, tmp_path):
    sweep(designs.grid(), tmp_path / "s.zarr")
    before = {f: f.stat().st_mtime_ns for f in (tmp_path / "s.zarr").rglob("*")}
    told = []
    sweep(designs.grid(), tmp_path / "s.zarr", resume=True, progress=lambda *n: told.append(n))
    assert told == []
    assert {f: f.stat().st_mtime_ns for f in (tmp_path / "s.zarr").rglob("*")} == before


def test_half_written_chunks_and_files_are_written_again(designs, tmp_path):
    path = tmp_path / "s.zarr"
    sweep(designs.grid(), path, chunk=4)
    whole = files_of(path)
    (path / "chunk_done" / "c" / "2").unlink()  # as if killed before the mark
    (path / "osteoclasts" / "c" / "1" / "0" / "0").write_bytes(b"")
    (path / "osteoclasts" / "c" / "1" / "0" / "0.abc.partial").write_bytes(b"torn")
    (path / "steps" / "c" / "1" / "0").unlink()
    assert open_store(path).missing() == [2]
    sweep(designs.grid(), path, resume=True)
    assert files_of(path) == whole


CHANGES = {
    "a factor": ({"factors": {"k_form": {"values": [1.5]}}}, "the design has changed, factors."),
    "the seed": ({"seed": 3}, "the design has changed, seed was 0 and is 3"),
    "the length": ({"years": 2}, "the design has changed, years was 1 and is 2"),
    "the tolerance": ({"solver": {"rtol": 1e-4}}, "rtol was not there and is 0.0001"),
    "a parameter": ({"parameters": {"k_res": 1.1}}, "parameters.k_res was not there and is 1.1"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_store_is_not_continued_by_another_design(case, designs, tmp_path):
    change, says = CHANGES[case]
    sweep(designs.grid(), tmp_path / "s.zarr")
    before = files_of(tmp_path / "s.zarr")
    with pytest.raises(StoreError) as error:
        sweep(designs.grid(**change), tmp_path / "s.zarr", resume=True)
    assert says in str(error.value)
    assert files_of(tmp_path / "s.zarr") == before


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("equations", "0123", "the equations of model 'pivonka2008' have changed"),
        ("parameters", {"k_res": 0.9}, "the parameter k_res was 0.9 and is 1"),
    ],
)
def test_a_store_is_not_continued_by_another_model(key, value, says, designs, tmp_path):
    from remodel.sweeps.record import check_same, record_of

    design = load_design(designs.grid())
    sweep(designs.grid(), tmp_path / "s.zarr")
    old = open_store(tmp_path / "s.zarr")
    changed = {**old.record[key], **value} if isinstance(value, dict) else value
    with pytest.raises(StoreError) as error:
        check_same(old.path, {**old.record, key: changed}, record_of(design, old.layout, 30))
    assert says in str(error.value)


def test_a_taken_name_is_not_written_over(designs, tmp_path):
    sweep(designs.grid(), tmp_path / "s.zarr")
    with pytest.raises(StoreError, match=r"is there already; continue it with --resume"):
        sweep(designs.grid(), tmp_path / "s.zarr")


def test_what_is_not_a_store_of_a_sweep_is_left_alone(designs, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"notes is not a store of a sweep"):
        sweep(designs.grid(), tmp_path / "notes", resume=True)
    xr.Dataset({"x": ("y", [1.0])}).to_zarr(
        tmp_path / "other.zarr", zarr_format=3, consolidated=False
    )
    with pytest.raises(StoreError, match=r"other.zarr is not a store of a sweep"):
        sweep(designs.grid(), tmp_path / "other.zarr", resume=True)
    with pytest.raises(StoreError, match=r"there is no store"):
        open_store(tmp_path / "nothing.zarr")
    with pytest.raises(StoreError, match=r"there is no folder"):
        sweep(designs.grid(), tmp_path / "nowhere" / "s.zarr")
    assert files_of(tmp_path / "notes") == {"a.txt": b"mine"}


def test_two_processes_do_not_write_to_one_store(designs, tmp_path):
    path = tmp_path / "s.zarr"
    sweep(designs.grid(), path)
    hold = (
        "import sys; from remodel.sweeps import open_store\n"
        "with open_store(sys.argv[1]).owned(): print('mine', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "mine\n"
        with pytest.raises(StoreError, match="is being written by another process"):
            sweep(designs.grid(), path, resume=True)
        other.stdin.close()
    sweep(designs.grid(), path, resume=True)


class FullDisk:
    """Stands in for a disk: writes so many arrays and is full then."""

    def __init__(self, arrays: int) -> None:
        self.left, self.write = arrays, Store._write_array

    def method(self):
        def write_array(store: Store, name: str, chunk: int, values: np.ndarray) -> None:
            self.left -= 1
            if self.left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.write(store, name, chunk, values)

        return write_array


@pytest.mark.parametrize("arrays", [0, 3, 17, 25])
def test_a_full_disk_is_one_clear_sentence_and_the_store_goes_on(
    arrays, designs, tmp_path, monkeypatch
):
    sweep(designs.grid(), tmp_path / "whole.zarr", chunk=4)
    path, disk = tmp_path / "s.zarr", FullDisk(arrays)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "_write_array", disk.method())
        with pytest.raises(StoreError) as error:
            sweep(designs.grid(), path, chunk=4)
    store = open_store(path)
    complete = arrays // len(store.variables)
    assert f"is full; {complete} of 10 chunks are complete. Free some room" in str(error.value)
    assert int(store.done().sum()) == complete
    assert (xr.open_zarr(path)["status"] == 0).sum() == 3 * complete
    sweep(designs.grid(), path, resume=True)
    assert files_of(path) == files_of(tmp_path / "whole.zarr")


def test_only_failed_simulations_are_run_again(designs, tmp_path):
    good = sweep(designs.grid())
    tried = (good["steps"] + good["rejected_steps"]).to_numpy().ravel()
    limit = int(np.sort(tried)[-4])
    design = designs.grid(solver={"max_steps": limit})
    path = tmp_path / "s.zarr"
    sweep(design, path, chunk=7)
    failed = summary_of(open_store(path)).failed
    told = []
    retry_failed(design, path, max_steps=10_000, progress=lambda *n: told.append(n))
    assert sum(n for n, _ in told) == failed
    after = xr.open_zarr(path)
    assert (after["status"] == 0).all()
    assert int((after["attempt"] == 1).sum()) == failed
    for name in good.data_vars:
        if name != "attempt":
            assert np.array_equal(after[name], good[name]), name


def test_a_crash_while_failed_ones_are_replaced_leaves_nothing_half_new(
    designs, tmp_path, monkeypatch
):
    good = sweep(designs.grid())
    design = designs.grid(
        solver={"max_steps": int((good["steps"] + good["rejected_steps"]).max()) - 1}
    )
    path = tmp_path / "s.zarr"
    sweep(design, path)
    before = files_of(path)
    disk = FullDisk(3)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "_write_array", disk.method())
        with pytest.raises(StoreError, match="is full; 0 of 1 chunks are complete"):
            retry_failed(design, path, max_steps=10_000)
    assert open_store(path).missing() == [0]
    sweep(design, path, resume=True)
    assert files_of(path) == before


def test_a_missing_folder_is_no_half_store(designs, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "remodel.sweeps.new_store._consolidate",
        lambda _: (_ for _ in ()).throw(OSError(28, "full")),
    )
    with pytest.raises(StoreError, match="cannot be written"):
        sweep(designs.grid(), tmp_path / "s.zarr")
    assert list(tmp_path.iterdir()) == []


def test_workers_are_for_a_cluster(designs):
    with pytest.raises(ConfigError, match="workers belong to a cluster"):
        sweep(designs.grid(), workers=2)


def test_a_store_moved_elsewhere_still_opens(designs, tmp_path):
    found = sweep(designs.grid(), tmp_path / "s.zarr").load()
    shutil.move(tmp_path / "s.zarr", tmp_path / "t.zarr")
    assert sweep(designs.grid(), tmp_path / "t.zarr", resume=True).identical(found)


def test_chunks_of_another_size_are_refused_when_a_store_is_continued(designs, tmp_path):
    sweep(designs.grid(), tmp_path / "s.zarr", chunk=6)
    sweep(designs.grid(), tmp_path / "s.zarr", chunk=6, resume=True)
    with pytest.raises(StoreError, match="has chunks of 1 x 6 simulations, which cannot be chang"):
        sweep(designs.grid(), tmp_path / "s.zarr", chunk=5, resume=True)


def test_what_a_killed_process_left_beside_a_store_is_removed_and_nothing_else(designs, tmp_path):
    left, others = tmp_path / "s.zarr.0123abcd.new", tmp_path / "s.zarr.mine.new"
    for folder in (left, others):
        folder.mkdir()
        (folder / "zarr.json").write_text("{}")
    sweep(designs.grid(), tmp_path / "s.zarr")
    names = ["s.zarr", "s.zarr.mine.new", "s.zarr.provenance.json"]
    assert sorted(f.name for f in tmp_path.iterdir()) == names


def test_a_store_that_another_process_makes_is_left_alone(designs, tmp_path):
    fcntl = pytest.importorskip("fcntl")
    other = tmp_path / "s.zarr.0123abcd.new"
    other.mkdir()
    handle = os.open(other, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    sweep(designs.grid(), tmp_path / "s.zarr")
    assert other.exists()
    os.close(handle)
