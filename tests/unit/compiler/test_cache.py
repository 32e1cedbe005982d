"""Compiled code on disk: found again, never loaded where somebody else may have written it."""

from __future__ import annotations

import gc
import hashlib
import os
import subprocess
import sys
import textwrap
import warnings
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from remodel.compiler import cache
from remodel.compiler.cache import CacheWarning, cache_directory
from remodel.compiler.ir import Writer, declarations
from remodel.compiler.kernels import workspace
from remodel.compiler.objects import Library, cache_key, compile_object, load_library

NOBODY = 65534
has_owners = pytest.mark.skipif(sys.platform == "win32", reason="files have no owner there")
as_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root gives files away"
)


def _kernel(factor: float, lanes: int = 1) -> str:
    w = Writer(lanes)
    w.store(w.multiply(w.load(0), w.constant(factor)), 1)
    return declarations(lanes) + w.function("kernel")


DOUBLE, TRIPLE = _kernel(2.0), _kernel(3.0)


def _loaded(source: str) -> tuple[float, bool]:
    """Return what a kernel makes of 21, and whether it was compiled."""
    library, compiled = load_library(source, ["kernel"])
    return _result(library), compiled


def _result(library: Library) -> float:
    ws = workspace(2, 1)
    ws[0] = 21.0
    library.function("kernel")(ws.ctypes.data)
    return float(ws[1, 0])


def _plant(folder: Path, source: str, code: bytes) -> Path:
    """Write an object under the name of a source, with a checksum that anybody can compute."""
    key = cache_key(source)
    file = folder / f"{key}.o"
    file.write_bytes(hashlib.sha256(key.encode() + b"\0" + code).digest() + code)
    file.chmod(0o600)
    return file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return an empty cache folder of this user's own."""
    chosen = tmp_path / "cache"
    chosen.mkdir(mode=0o700)
    monkeypatch.setenv("REMODEL_CACHE_DIR", str(chosen))
    for once in (cache._warn, cache._clean):
        once.cache_clear()
    yield chosen
    for once in (cache._warn, cache._clean):
        once.cache_clear()


# found again


def test_a_function_keeps_its_machine_code_alive(folder: Path) -> None:
    library, _ = load_library(DOUBLE, ["kernel"])
    double, alive = library.function("kernel"), weakref.ref(library)
    del library
    gc.collect()
    assert alive() is not None
    ws = workspace(2, 1)
    ws[0] = 21.0
    double(ws.ctypes.data)
    assert ws[1, 0] == 42.0


def test_a_second_load_does_not_compile(folder: Path) -> None:
    assert _loaded(DOUBLE) == (42.0, True)
    assert _loaded(DOUBLE) == (42.0, False)
    assert [file.suffix for file in folder.iterdir()] == [".o"], "no drafts are left"


def test_another_source_has_another_key() -> None:
    assert cache_key(DOUBLE) != cache_key(TRIPLE)
    assert cache_key(DOUBLE) == cache_key(_kernel(2.0))


def test_compiling_is_deterministic() -> None:
    assert compile_object(_kernel(2.0, 4)) == compile_object(_kernel(2.0, 4))


DAMAGE = """
    import sys
    from pathlib import Path
    from remodel.compiler.ir import Writer, declarations
    from remodel.compiler.kernels import workspace
    from remodel.compiler.objects import load_library

    writer = Writer(1)
    writer.store(writer.add(writer.load(0), writer.load(0)), 1)
    source = declarations(1) + writer.function("kernel")
    load_library(source, ["kernel"])
    (file,) = Path(sys.argv[1]).iterdir()
    whole = file.read_bytes()
    half = len(whole) // 2
    changed = bytes(b ^ 255 for b in whole[half : half + 20])
    for damaged in (b"", b"nonsense" * 50, whole[:half], whole[:half] + changed + whole[half + 20 :]):
        file.write_bytes(damaged)
        library, compiled = load_library(source, ["kernel"])
        ws = workspace(2, 1)
        ws[0] = 21.0
        library.function("kernel")(ws.ctypes.data)
        assert compiled and ws[1, 0] == 42.0 and file.read_bytes() == whole
"""


def test_a_damaged_file_is_compiled_again(folder: Path) -> None:
    # in a process of its own, which a linker that trusts the file would take down
    code = textwrap.dedent(DAMAGE)
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


# what others may have written


def _open_to_all(folder: Path, _: Path) -> None:
    folder.chmod(0o1777)


def _open_to_the_group(folder: Path, _: Path) -> None:
    folder.chmod(0o770)


def _file_open_to_all(_: Path, file: Path) -> None:
    file.chmod(0o666)


def _folder_of_another_user(folder: Path, _: Path) -> None:
    os.chown(folder, NOBODY, NOBODY)


def _file_of_another_user(_: Path, file: Path) -> None:
    os.chown(file, NOBODY, NOBODY)


@has_owners
@pytest.mark.parametrize(
    "expose",
    [
        _open_to_all,
        _open_to_the_group,
        _file_open_to_all,
        pytest.param(_folder_of_another_user, marks=as_root),
        pytest.param(_file_of_another_user, marks=as_root),
    ],
)
def test_code_that_another_user_could_have_written_is_never_run(
    expose: Callable[[Path, Path], None], folder: Path
) -> None:
    file = _plant(folder, DOUBLE, compile_object(TRIPLE))
    assert _loaded(DOUBLE) == (63.0, False), "the planted code would run if it were this user's"
    expose(folder, file)
    with pytest.warns(CacheWarning, match=r"another user|other users") as raised:
        assert _loaded(DOUBLE) == (42.0, True)
    assert len(raised) == 1


def test_two_objects_under_each_others_names_are_compiled_again(folder: Path) -> None:
    assert _loaded(DOUBLE) == (42.0, True)
    assert _loaded(TRIPLE) == (63.0, True)
    one, other = (folder / f"{cache_key(source)}.o" for source in (DOUBLE, TRIPLE))
    swap = folder / "swap"
    one.rename(swap)
    other.rename(one)
    swap.rename(other)
    assert _loaded(DOUBLE) == (42.0, True)
    assert _loaded(TRIPLE) == (63.0, True)


@has_owners
def test_folder_and_files_are_for_this_user_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = folder / "inner"
    monkeypatch.setenv("REMODEL_CACHE_DIR", str(inner))
    mask = os.umask(0)
    try:
        assert _loaded(DOUBLE) == (42.0, True)
    finally:
        os.umask(mask)
    (file,) = inner.iterdir()
    assert (inner.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


# no folder, leftovers, places


def test_without_a_folder_code_is_compiled_in_memory_with_one_warning(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "file").write_text("not a folder")
    monkeypatch.setenv("REMODEL_CACHE_DIR", str(folder / "file" / "cache"))
    with pytest.warns(CacheWarning, match="compiled in memory") as raised:
        assert _loaded(DOUBLE) == (42.0, True)
    assert len(raised) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _loaded(DOUBLE) == (42.0, True)


def test_a_user_without_a_home_has_no_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("REMODEL_CACHE_DIR")
    monkeypatch.setattr(Path, "home", no_home)
    assert cache_directory() is None
    with pytest.warns(CacheWarning, match="there is no home folder"):
        assert _loaded(DOUBLE) == (42.0, True)


@has_owners
def test_leftovers_of_interrupted_processes_are_removed(folder: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    key = "0" * 40
    leftovers = [f"{key}.{gone.pid}.new", "tmpab3_x9z1"]
    others = [f"{key}.{os.getppid()}.new", "notes.new", f"{key}.o"]
    for name in (*leftovers, *others):
        (folder / name).write_text("half")
    _loaded(DOUBLE)
    assert {file.name for file in folder.iterdir()} == {*others, f"{cache_key(DOUBLE)}.o"}


@pytest.mark.parametrize(
    ("platform", "variable"), [("linux", "XDG_CACHE_HOME"), ("win32", "LOCALAPPDATA")]
)
def test_the_folder_is_in_the_users_cache_folder(
    platform: str, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REMODEL_CACHE_DIR", raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    assert cache_directory() == tmp_path / "remodel"


def test_the_folder_of_a_mac_is_in_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REMODEL_CACHE_DIR", raising=False)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_directory() == Path.home() / "Library" / "Caches" / "remodel"
