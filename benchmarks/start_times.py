"""How long until the first result: imports, and compiling with and without a cache."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from scaling import Row

_SIMULATE = (
    "import remodel; remodel.simulate({model!r}, schedule={schedule!r}, years=5)"
)  # fmt: skip
_SCHEDULES = {
    "reference": "anastrozole 1 mg daily for 5 y; denosumab 60 mg every 6 mo for 5 y",
    "jorg2022": "denosumab 60 mg every 6 mo for 4 y",
    "peterson2010": "denosumab 60 mg every 6 mo for 2 y",
    "lemaire2004": "none",
}


def _seconds(code: str, cache: Path) -> float:
    environment = {**os.environ, "REMODEL_CACHE_DIR": str(cache)}
    before = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)
    return time.perf_counter() - before


def start_times(repeats: int, models: tuple[str, ...] = tuple(_SCHEDULES)) -> Iterator[Row]:
    """Wall time of whole processes [s], the interpreter's own start included."""
    with tempfile.TemporaryDirectory() as kept:
        cache = Path(kept)
        for what, code in (
            ("python, nothing imported", "pass"),
            ("import remodel", "import remodel"),
            ("remodel --help", "from remodel.cli.main import main; main(['--help'])"),
        ):
            _try(code, cache)
            warm = median(_try(code, cache) for _ in range(repeats))
            yield {"what": what, "s_first": float("nan"), "s_again": warm}
        for model in models:
            code = _SIMULATE.format(model=model, schedule=_SCHEDULES[model])
            first = _seconds(code, cache)
            again = median(_seconds(code, cache) for _ in range(repeats))
            yield {"what": f"first simulation, {model}", "s_first": first, "s_again": again}


def _try(code: str, cache: Path) -> float:
    return _seconds(f"try:\n  {code}\nexcept SystemExit: pass", cache)
