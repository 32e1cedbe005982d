"""Files are written whole or not at all."""

import resource
from pathlib import Path

import pytest

from remodel.errors import StoreError
from remodel.files import write_atomically, write_text, writing


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
