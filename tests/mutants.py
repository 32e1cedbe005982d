"""Do the tests notice when the code is changed for the worse?

Each change that ``mutants.toml`` lists is made in a copy of the package in a temporary folder, and
the fast tests run against the copy: first the files that the change names, then, if these pass,
the rest, up to the first failure. ::

    python tests/mutants.py                           # all, one after the other
    python tests/mutants.py --jobs 2                  # two at a time
    python tests/mutants.py --only short_months
    python tests/mutants.py --named-only              # only the files that each change names

Exit code 1 if a change is not noticed, or a named file fails without any change. With all tests a change that is noticed takes 5 to 20 s, one
that is not takes as long as the fast tests.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIST = Path(__file__).with_suffix(".toml")
# compares the whole package with stored results, whatever the change
NET = "tests/reference/test_fingerprints.py"
# reads the source in place of running it
SOURCE_TESTS = ("tests/unit/test_mutants.py",)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the code.

    Attributes
    ----------
    name : str
    file : str
        In ``src/remodel``.
    old, new : str
    breaks : str
        What is wrong then.
    tests : tuple of str
        Files that are expected to notice.
    """

    name: str
    file: str
    old: str
    new: str
    breaks: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the tests said of a change.

    Attributes
    ----------
    change : Change
    noticed_by : str
        The test that failed first; empty if none did.
    seconds : float
    """

    change: Change
    noticed_by: str
    seconds: float


def load_changes(path: Path = LIST) -> list[Change]:
    """Read the list."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["change"]
    return [Change(**{**row, "tests": tuple(row["tests"])}) for row in rows]


def changed(source: str, change: Change) -> str:
    """Return the source of a file with the change made.

    Raises
    ------
    ValueError
        If the old text does not occur exactly once.
    """
    count = source.count(change.old)
    if count != 1:
        raise ValueError(f"{change.name}: {change.file} has {change.old!r} {count} times, not once")
    return source.replace(change.old, change.new)


def attempt(change: Change, *, named_only: bool) -> Outcome:
    """Run the tests against a copy of the package with one change."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix=f"{change.name}-") as folder:
        copy = Path(folder) / "src"
        shutil.copytree(ROOT / "src", copy)  # with compiled loops, so that few are compiled again
        file = copy / "remodel" / change.file
        file.write_text(changed(file.read_text(encoding="utf-8"), change), encoding="utf-8")
        noticed_by = first_failure(copy, change.tests)
        if not noticed_by and not named_only:
            noticed_by = first_failure(copy, [NET]) or first_failure(copy, ["tests"])
    return Outcome(change, noticed_by, time.perf_counter() - begun)


def first_failure(source: Path, tests: Iterable[str]) -> str:
    """Return the first test that fails against the package in a folder, or an empty text."""
    command = [
        sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider",
        *(f"--ignore={name}" for name in SOURCE_TESTS), *tests,
    ]  # fmt: skip
    paths = os.pathsep.join((str(source), os.environ.get("PYTHONPATH", "")))
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return ""
    lines = done.stdout.splitlines()
    failures = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    if not failures:
        raise RuntimeError(f"pytest could not run {' '.join(tests)}:\n{done.stdout}{done.stderr}")
    return failures[0].split()[1]


def main() -> int:
    """Try the changes and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="changes tried at a time")
    parser.add_argument("--named-only", action="store_true", help="run the named files only")
    options = parser.parse_args()
    changes = load_changes()
    unknown = set(options.only) - {change.name for change in changes}
    if unknown:
        parser.error(f"no change is called {', '.join(sorted(unknown))}")
    chosen = [change for change in changes if not options.only or change.name in options.only]
    files = sorted({file for change in chosen for file in change.tests})
    if failure := first_failure(ROOT / "src", files):
        print(f"{failure} fails without any change; mend it first.")
        return 1
    unnoticed: list[Change] = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for outcome in pool.map(lambda c: attempt(c, named_only=options.named_only), chosen):
            said = outcome.noticed_by or "NOT NOTICED"
            print(f"{outcome.change.name:40s} {outcome.seconds:6.1f} s  {said}", flush=True)
            if not outcome.noticed_by:
                unnoticed.append(outcome.change)
    print(f"\n{len(chosen) - len(unnoticed)} of {len(chosen)} changes noticed.")
    for change in unnoticed:
        print(f"not noticed: {change.name} ({change.file}): {change.breaks}")
    return int(bool(unnoticed))


if __name__ == "__main__":
    sys.exit(main())
