"""Check the built sdist and wheel: what is in them, and that the wheel works where nothing else is.

    python .ci/check_dist.py DIST

The wheel holds every tracked file of the package and no other; the sdist nothing that is not
tracked. The wheel is then installed, with wheels only, for every supported Python that this machine
has, and tried there in an empty folder. Versions that are not here are named.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NEEDED = (
    "remodel/py.typed",
    "remodel/__init__.pyi",
    "remodel/observations/tables/observations.csv",
    "remodel/parameters/sets/lemaire2004.toml",
    "remodel/measurement/instruments.toml",
)
# rows of others that may be used but not passed on
WITHHELD = re.compile(r"digiti[sz]ed|/individuals/[^/]+\.csv$", re.IGNORECASE)
SIMULATION = ("simulate", "--schedule", "denosumab 60 mg every 6 mo", "--years", "1")
CODE = "import remodel; print(remodel.__version__); remodel.load_trial('decide')"


def main(folder: str) -> int:
    """Check both files; print what was done, and return 1 where something is wrong."""
    wheel, sdist = one(folder, "*.whl"), one(folder, "*.tar.gz")
    wrong = [*wheel_faults(wheel), *sdist_faults(sdist)]
    versions = supported()
    with ThreadPoolExecutor(2) as pool:
        tried = list(pool.map(lambda v: (v, tried_in(v, wheel)), versions))
    for version, fault in tried:
        print(f"Python {version}: {fault or 'installed and works'}")
        if fault and not fault.startswith("not on this machine"):
            wrong.append(f"Python {version}: {fault}")
    if all(fault for _, fault in tried):
        wrong.append("no supported Python could be tried")
    print(
        "\n".join(f"wrong: {line}" for line in wrong)
        or f"{wheel.name}, {sdist.name}: as they should be"
    )
    return 1 if wrong else 0


def one(folder: str, pattern: str) -> Path:
    """Return the only file of a pattern."""
    (path,) = Path(folder).resolve().glob(pattern)
    return path


def tracked(*folders: str) -> set[str]:
    """Return the files that git tracks."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--", *folders]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {name for name in names.split("\0") if name}


def wheel_faults(path: Path) -> Iterable[str]:
    """Yield what a wheel lacks or has too much."""
    with zipfile.ZipFile(path) as file:
        names = {name for name in file.namelist() if ".dist-info/" not in name}
    package = {name.removeprefix("src/") for name in tracked("src/remodel")}
    yield from (f"the wheel lacks {name}" for name in sorted(package - names))
    yield from (f"the wheel has {name}" for name in sorted(names - package))
    yield from (f"the wheel lacks {name}" for name in NEEDED if name not in names)
    yield from (f"the wheel has {name}" for name in names if WITHHELD.search(name))


def sdist_faults(path: Path) -> Iterable[str]:
    """Yield what an sdist lacks or has too much."""
    with tarfile.open(path) as file:
        names = {name.partition("/")[2] for name in file.getnames()} - {"PKG-INFO"}
    known = tracked()
    yield from (f"the sdist has {name}" for name in sorted(names - known))
    yield from (f"the sdist has {name}" for name in names if WITHHELD.search(name))
    wanted = tracked("src", "tests", "docs", "experiments", "README.md", "LICENSE", "CITATION.cff")
    yield from (f"the sdist lacks {name}" for name in sorted(wanted - names))


def supported() -> list[str]:
    """Return the versions of Python that the classifiers name, such as 3.11."""
    prefix = "Programming Language :: Python :: 3."
    return [c.rpartition(" ")[2] for c in PROJECT["classifiers"] if c.startswith(prefix)]


def interpreter(version: str) -> str | None:
    """Return a Python of a version that runs, on the path or of pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [
        sys.executable,
        shutil.which(f"python{version}"),
        *sorted(pyenv.glob(f"{version}.*/bin/python")),
    ]
    test = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    for python in map(str, filter(None, candidates)):
        done = subprocess.run([python, "-c", test], capture_output=True, text=True, check=False)
        if done.stdout.strip() == version:
            return python
    return None


def tried_in(version: str, wheel: Path) -> str:
    """Install the wheel for a version of Python and try it; return what went wrong."""
    python = interpreter(version)
    if python is None:
        return "not on this machine, skipped"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
        pip = ("-m", "pip", "install", "--quiet", "--no-compile", "--only-binary", ":all:")
        steps = [
            [python, "-m", "venv", str(folder / "venv")],
            [str(scripts / "python"), *pip, str(wheel)],
            [str(scripts / "python"), "-c", CODE],
            [str(scripts / "remodel"), "list", "drugs"],
            [str(scripts / "remodel"), *SIMULATION],
        ]
        wanted = {2: PROJECT["version"], 3: "zoledronic", 4: "Status ok"}
        # nothing of this checkout, and no compiled code of another run
        hidden = {"PYTHONPATH", "VIRTUAL_ENV"}
        environment = {k: v for k, v in os.environ.items() if k not in hidden}
        environment["REMODEL_CACHE_DIR"] = str(folder / "cache")
        for number, step in enumerate(steps):
            done = subprocess.run(
                step, cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            if done.returncode or wanted.get(number, "") not in done.stdout:
                return f"{' '.join(step)} ended with {done.returncode}: {done.stderr[-500:]}"
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
