"""A dataset is made without importing libraries whose arrays it does not hold."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
import remodel as rm
found = rm.simulate(schedule={"none": None, "exercise": "exercise from 0 d"}, years=1)
assert found.time.to_index().dtype == float and found.arm.dtype.kind == "U"
sys.exit(" ".join({"dask", "pint", "cupy", "sparse"} & set(sys.modules)) or 0)
"""
COMMAND = """
import sys
from remodel.cli.main import main
main(["simulate", "--years", "1"])
sys.exit(" ".join({"dask", "pint", "cupy", "sparse"} & set(sys.modules)) or 0)
"""


def _run(script: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-c", script], check=False)


def test_no_other_arrays_are_imported_for_a_dataset() -> None:
    assert _run(SCRIPT).returncode == 0


def test_no_other_arrays_are_imported_by_the_command_line() -> None:
    assert _run(COMMAND).returncode == 0
