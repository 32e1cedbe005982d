"""The check of wheel and sdist: what is missing, and what must not be in them."""

from __future__ import annotations

import importlib.util
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "check_dist.py"
PACKAGE = ("remodel/__init__.py", "remodel/py.typed", "remodel/tables/trials.csv")


@pytest.fixture
def check(monkeypatch):
    """Return the script, for a repository with three files of a package and one of data."""
    spec = importlib.util.spec_from_file_location("check_dist", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    known = {f"src/{name}" for name in PACKAGE} | {"README.md"}

    def tracked(*folders):
        return {name for name in known if not folders or name.startswith(folders)}

    monkeypatch.setattr(module, "tracked", tracked)
    monkeypatch.setattr(module, "NEEDED", ("remodel/py.typed",))
    return module


def wheel(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path / "p.whl", "w") as file:
        for name in ("bone_remodel-1.dist-info/METADATA", *names):
            file.writestr(name, "")
    return path / "p.whl"


def sdist(path: Path, *names: str) -> Path:
    (path / "empty").touch()
    with tarfile.open(path / "p.tar.gz", "w:gz") as file:
        for name in ("PKG-INFO", *names):
            file.add(path / "empty", f"bone_remodel-1/{name}")
    return path / "p.tar.gz"


def test_files_as_they_should_be_have_no_fault(check, tmp_path):
    assert list(check.wheel_faults(wheel(tmp_path, *PACKAGE))) == []
    files = ("README.md", *(f"src/{name}" for name in PACKAGE))
    assert list(check.sdist_faults(sdist(tmp_path, *files))) == []


def test_a_wheel_without_its_types_and_with_a_stray_file_is_told(check, tmp_path):
    faults = list(check.wheel_faults(wheel(tmp_path, *PACKAGE[::2], "remodel/scratch.py")))
    assert "the wheel lacks remodel/py.typed" in faults
    assert "the wheel has remodel/scratch.py" in faults


def test_rows_of_others_in_an_sdist_are_told(check, tmp_path):
    files = ("README.md", *(f"src/{name}" for name in PACKAGE), "experiments/01/digitized.csv")
    faults = set(check.sdist_faults(sdist(tmp_path, *files)))
    assert faults == {"the sdist has experiments/01/digitized.csv"}


def test_a_python_that_is_not_here_is_skipped_and_said(check):
    assert check.tried_in("3.99", Path("none.whl")) == "not on this machine, skipped"
    assert check.interpreter("{}.{}".format(*sys.version_info[:2])) is not None


def test_the_supported_versions_are_those_of_the_classifiers(check):
    assert check.supported()[0] == "3.11"
