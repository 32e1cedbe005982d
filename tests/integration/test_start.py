"""Starting is light: what is not needed is not imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("numpy", "pandas", "xarray", "scipy", "numba", "llvmlite", "matplotlib", "pint", "rich")


def imported_by(code):
    report = f"{code}; import sys; print(); print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1].split()


@pytest.mark.parametrize(
    "code",
    [
        "import remodel",
        "import remodel.cli.main",
        "from remodel.cli.main import main; main(['--help'])",
        "from remodel.cli.main import main; main(['simulate', '--help'])",
        "from remodel.cli.main import main; main(['simulat'])",
        "from remodel.cli.main import main; main(['simulate', '--out', 'x.txt'])",
    ],
)
def test_no_heavy_library_is_imported(code):
    assert imported_by(code) == []


def test_figures_need_no_window_and_tables_no_matplotlib():
    assert "matplotlib" not in imported_by(
        "from remodel.cli.main import main; main(['list', 'endpoints'])"
    )
    assert "matplotlib" not in imported_by("import remodel.plots")
