"""Compiled code in other circumstances: changed sources, no writable folder, another user."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import remodel

PACKAGE = Path(remodel.__file__).parent
# x' = -3 x through the compiled loop: x(1), status, and the warnings
PROGRAM = textwrap.dedent("""
    import json, sys, warnings
    from remodel.equations import Group, loss, state
    from remodel.equations.system import trace
    from remodel.solvers.engine import integrate_batch
    from remodel.solvers.problem import problem

    @loss("x")
    def decay(x):
        '''Decay.'''
        return 3.0 * x

    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        system = trace([Group("", (state("x", "-", "x"), decay))], ())
        task = problem(parameters=[[]], start=[0.0], times=[[1.0]], scale=[1.0], initial=[[1.0]])
        solution = integrate_batch(system, task, rtol=1e-9)
    print(json.dumps({
        "x": float(solution.outputs[0, 0, 0]),
        "status": int(solution.status[0]),
        "warnings": [str(w.message) for w in raised],
        "numba": "numba" in sys.modules,
    }))
""")
EXACT = 0.049787068367863944


def _run(folder: Path, environment: dict[str, str], source: Path = PACKAGE.parent) -> dict:
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(source), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict = json.loads(done.stdout)
    assert found["status"] == 0
    assert found["x"] == pytest.approx(EXACT, rel=1e-8)
    return found


@pytest.mark.slow
def test_a_changed_source_of_the_loop_is_compiled_anew(tmp_path: Path) -> None:
    """Two slots of the workspace change places, as after an upgrade of an editable install."""
    copy = tmp_path / "source" / "remodel"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    cache = {"REMODEL_CACHE_DIR": str(tmp_path / "cache")}
    assert _run(tmp_path, cache, copy.parent)["numba"], "the loop is compiled"
    assert not _run(tmp_path, cache, copy.parent)["numba"], "the loop is loaded"
    slots = copy / "compiler" / "workspace.py"
    text = slots.read_text()
    swapped = re.sub(r"\bERROR,(\s+)FACTOR,", r"FACTOR,\1ERROR,", text)
    assert swapped != text
    slots.write_text(swapped)
    assert _run(tmp_path, cache, copy.parent)["numba"], "the loop is compiled again"


NOWHERE = os.devnull + "/nowhere"  # cannot be made, not even by root


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="homes are not variables there")
@pytest.mark.parametrize(
    ("environment", "warned"),
    [
        ({"HOME": NOWHERE}, True),
        ({"HOME": NOWHERE, "XDG_CACHE_HOME": NOWHERE}, True),
        ({"HOME": NOWHERE, "REMODEL_CACHE_DIR": "good"}, False),
        ({"HOME": NOWHERE, "NUMBA_CACHE_DIR": NOWHERE}, True),
        ({"REMODEL_CACHE_DIR": NOWHERE}, True),
    ],
)
def test_everything_runs_without_a_writable_home(
    environment: dict[str, str], warned: bool, tmp_path: Path
) -> None:
    found = _run(tmp_path, environment)
    assert len(found["warnings"]) == warned, found["warnings"]
    assert all("compiled in memory" in text for text in found["warnings"])
    left = {file.name for file in tmp_path.iterdir()}
    assert left == ({"good"} if "good" in environment.values() else set())


def _can_run_as_nobody() -> bool:
    if sys.platform == "win32" or os.geteuid() != 0:
        return False
    try:
        done = subprocess.run(
            [sys.executable, "-c", "import remodel"],
            user="nobody", env={"PYTHONPATH": str(PACKAGE.parent)}, check=False,
            capture_output=True,
        )  # fmt: skip
    except OSError:
        return False
    return done.returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not _can_run_as_nobody(), reason="needs root, and an interpreter for all")
def test_another_user_with_an_empty_environment_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        user="nobody", cwd="/", env={"PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["x"] == pytest.approx(EXACT, rel=1e-8)
    assert len(found["warnings"]) == 1
