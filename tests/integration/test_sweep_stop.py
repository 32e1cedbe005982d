"""Ctrl-C, once and twice, and the signal with which a batch system ends a job."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from remodel.cli.main import main

pytest.importorskip("zarr")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

DESIGN = """
model = "pivonka2008"
kind = "grid"
years = 1
outputs = ["osteoclasts"]

[factors.P_PTH]
values = [0, 100, 500, 1000]

[factors.k_form]
lower = 1.2
upper = 2.0
count = 10000

[solver]
SOLVER
"""
_PATIENCE = 120.0


def _hears_ctrl_c() -> None:
    """Hear SIGINT even if the parent of these tests ignores it, as a script with ``&`` does."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def begun(folder, chunk, solver, *options) -> subprocess.Popen[str]:
    """Start a sweep that takes long."""
    (folder / "design.toml").write_text(DESIGN.replace("SOLVER", solver))
    command = [
        sys.executable, "-m", "remodel.cli.main", "sweep", str(folder / "design.toml"), "--out",
        str(folder / "s.zarr"), "--chunk", str(chunk), *options,
    ]  # fmt: skip
    return subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
        preexec_fn=_hears_ctrl_c,  # noqa: PLW1509 (nothing else runs yet)
        start_new_session=True,
    )


def wait_for(condition) -> None:
    """Wait until something is so, and fail rather than for ever."""
    last = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < last
        time.sleep(0.05)


def stored(store: Path) -> int:
    """Return how many chunks are marked as done."""
    return len(list((store / "chunk_done" / "c").glob("*"))) if store.exists() else 0


class Lines:
    """What a process says, line by line, while it runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.text = ""
        self._thread = threading.Thread(target=self._read, args=(process.stderr,), daemon=True)
        self._thread.start()

    def _read(self, stream) -> None:
        for line in stream:
            self.text += line

    def whole(self) -> str:
        """Return everything, when the process has ended."""
        self._thread.join(_PATIENCE)
        return self.text


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_stopping_it_says_how_to_go_on_and_the_code_is_130(how, tmp_path):
    store = tmp_path / "s.zarr"
    with begun(tmp_path, 20, "max_steps = 1000", "--threads", "2") as process:
        lines = Lines(process)
        wait_for(lambda: stored(store) > 1)
        process.send_signal(how)
        assert process.wait(timeout=_PATIENCE) == 130
    said = lines.whole()
    assert re.search(
        r"remodel: stopping: completing \d chunks? under way \(Ctrl-C again leaves at", said
    )
    assert "chunks are stored; continue with --resume" in said
    assert f"remodel sweep {tmp_path / 'design.toml'} --out {store} --resume" in said
    assert "Traceback" not in said
    assert main(["sweep", "status", str(store)]) == 0


def test_asked_twice_it_leaves_at_once_and_says_again_how_to_go_on(tmp_path):
    store = tmp_path / "s.zarr"
    with begun(tmp_path, 20_000, 'method = "lsoda"', "--threads", "2") as process:
        lines = Lines(process)
        wait_for(store.exists)
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        wait_for(lambda: "completing 1 chunk under way" in lines.text)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=_PATIENCE) == 130
    said = lines.whole()
    assert "stopped: 0 of 2 chunks are stored" in said
    assert f"remodel sweep {tmp_path / 'design.toml'} --out {store} --resume" in said


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_on_a_cluster_ctrl_c_is_heard_too(tmp_path):
    pytest.importorskip("distributed")
    store = tmp_path / "s.zarr"
    options = ("--scheduler", "local", "--workers", "2")
    with begun(tmp_path, 20, "max_steps = 1000", *options) as process:
        lines = Lines(process)
        wait_for(lambda: stored(store) > 1)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to workers too
        assert process.wait(timeout=_PATIENCE) == 130
    said = lines.whole()
    assert "remodel: stopping: chunks under way on the cluster are given up" in said
    assert "chunks are stored; continue with --resume" in said
    assert "Traceback" not in said
    assert main(["sweep", "status", str(store)]) == 0
