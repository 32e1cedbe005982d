"""Machine code stays in memory while the loop runs it, whatever the caches forget meanwhile."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import weakref
from typing import Any

import pytest

from remodel.compiler import kernels
from remodel.solvers import engine
from remodel.solvers.engine import integrate_batch
from remodel.solvers.problem import problem


@pytest.mark.parametrize("wrt", [(), ("k",)])
def test_code_that_no_cache_holds_lives_while_the_loop_runs(decay, wrt, monkeypatch) -> None:
    loop, made, alive = engine.integration_loop(), [], []

    def forgotten(function: Any) -> Any:
        def make(*arguments: Any, **named: Any) -> Any:
            compiled = function.__wrapped__(*arguments, **named)
            made.append(weakref.ref(compiled.library))
            return compiled

        return make

    def watched(task: Any) -> None:
        gc.collect()
        alive.append([library() is not None for library in made])
        if all(alive[-1]):
            loop(task)

    for name in ("stepper_of", "evaluator_of", "tangents_of"):
        monkeypatch.setattr(engine, name, forgotten(getattr(kernels, name)))
    monkeypatch.setattr(engine, "integration_loop", lambda **_: watched)
    task = problem(
        parameters=[[1.0]], start=[0.0], times=[[0.0, 1.0]], scale=[1.0], initial=[[1.0]]
    )
    integrate_batch(decay, task, wrt=wrt)
    assert alive == [[True] * (3 if wrt else 2)]


THREADS = """
    import threading
    import remodel as rm

    together, results = threading.Barrier(4), []

    def simulate():
        together.wait()
        found = rm.simulate("pivonka2008", years=1, threads=1)
        results.append(found.bone_volume.values.tobytes())

    threads = [threading.Thread(target=simulate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4 and len(set(results)) == 1
"""


def test_threads_that_start_together_get_the_same_result() -> None:
    # in a process of its own, which code that is gone would take down
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(THREADS)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
