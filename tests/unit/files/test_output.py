"""Files are written whole or not at all."""

import resource
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from remodel.errors import StoreError
from remodel.files import write_atomically, write_netcdf, write_text, writing


def test_a_file_is_written_with_its_suffix_and_nothing_else_is_left(tmp_path):
    seen = []

    def writer(draft):
        seen.append(draft)
        draft.write_text("new")

    (tmp_path / "a.csv").write_text("old")
    assert write_atomically(tmp_path / "a.csv", writer) == tmp_path / "a.csv"
    assert (tmp_path / "a.csv").read_text() == "new"
    assert seen[0].suffix == ".csv"
    assert seen[0].parent == tmp_path
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]


def test_who_reads_the_old_file_reads_it_to_its_end(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old" * 10)
    with path.open("rb", buffering=0) as reader:
        assert reader.read(3) == b"old"
        write_text(path, "new")
        assert reader.read() == b"old" * 9


def test_a_writer_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def writer(draft):
        draft.write_text("half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_atomically(path, writer)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(StoreError, match=r"a\.txt cannot be written: File too large\.$"):
            write_text(path, "x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_a_missing_folder_and_a_folder_in_the_way_are_named(tmp_path):
    with pytest.raises(StoreError, match=r"b\.txt cannot be written: No such file"):
        write_text(tmp_path / "none" / "b.txt", "x")
    with pytest.raises(StoreError, match="it is a folder"):
        write_text(tmp_path, "x")


def test_a_link_keeps_pointing_to_the_file_that_is_written(tmp_path):
    (tmp_path / "target.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "target.txt")
    write_text(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "target.txt").read_text() == "new"


def test_a_device_is_written_directly():
    write_text("/dev/null", "x")
    assert Path("/dev/null").is_char_device()


def test_the_words_of_the_storage_library_are_one_sentence_too():
    with pytest.raises(StoreError, match="x cannot be written"), writing("x"):
        raise RuntimeError("Can't close (errno = 28, error message = 'No space left on device')")
    with pytest.raises(RuntimeError, match="else"), writing("x"):
        raise RuntimeError("something else")


@pytest.fixture
def dataset():
    times = np.arange(1000.0)
    attributes = {"units": "µg/L"}
    return xr.Dataset(
        {"ctx": ("time", times, attributes), "arm": ("simulation", ["a", "Überblick"])},
        coords={"time": times},
    )


def test_netcdf_is_read_back_equal(dataset, tmp_path):
    write_netcdf(dataset, tmp_path / "a.nc")
    with xr.open_dataset(tmp_path / "a.nc") as read:
        assert read.load().identical(dataset)


def test_netcdf_on_a_full_disk_is_one_sentence(dataset, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, hard))
    try:
        with pytest.raises(StoreError, match=r"a\.nc cannot be written: File too large\.$"):
            write_netcdf(dataset, tmp_path / "a.nc")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_large_netcdf_needs_room_on_the_disk(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr("remodel.files.output._IN_MEMORY", 10)
    write_netcdf(dataset, tmp_path / "a.nc")
    with xr.open_dataset(tmp_path / "a.nc") as read:
        assert read.load().identical(dataset)
    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr("remodel.files.output.shutil.disk_usage", lambda _: usage)
    with pytest.raises(StoreError, match=r"the disk has 0\.0 GB free"):
        write_netcdf(dataset, tmp_path / "b.nc")
