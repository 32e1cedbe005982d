"""Fingerprints: results of the public interface that a change of the code must leave as they are.

The cases stand in ``fingerprint_cases``. They are compared in two ways.

Bit for bit, on one machine, before and after a change of the code::

    python tests/fingerprints.py --write before.json      # before the change
    python tests/fingerprints.py --compare before.json    # after it; exit code 1 if any differs

``--only PATTERN`` (may be repeated; such as ``steady`` or ``'drugs.jorg*'``) takes some cases only,
``--except PATTERN`` leaves some out, ``--list`` names them. Variables that are new are no difference.

To about 1e-8, on any machine: ``tests/reference/test_fingerprints.py`` compares a summary of every
variable with ``tests/reference/data/fingerprints.json``. A change that is meant to move numbers
renews it, and the changelog says why: ``python tests/fingerprints.py --renew [--only PATTERN]``.
"""

from __future__ import annotations

import argparse
import base64
import fnmatch
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).parent))

from fingerprint_cases import CASES, Values

SUMMARIES = Path(__file__).parent / "reference" / "data" / "fingerprints.json"
STATISTICS = ("size", "finite", "last", "mean", "rms")
# of values that are zero but for rounding
_TINY, _TINY_PERCENT = 1e-9, 1e-3
# work done by a solver: another processor rounds otherwise and may take another step
_WORK, _WORK_TOLERANCE = ("steps", "rejected_steps", "factorizations"), 0.2


# ---------------------------------------------------------------- summaries, for any machine


def summary(array: np.ndarray) -> dict[str, float | None]:
    """Return what is kept of an array in the repository."""
    flat = array[np.isfinite(array)]
    if not flat.size:
        return dict.fromkeys(STATISTICS, None) | {"size": array.size, "finite": 0}
    numbers = array.size, flat.size, flat[-1], flat.mean(), np.sqrt(np.mean(flat**2))
    return dict(zip(STATISTICS, (float(f"{number:.12g}") for number in numbers), strict=True))


def summaries(values: Values) -> dict[str, dict[str, float | None]]:
    """Return the summaries of all arrays of a case."""
    return {name: summary(array) for name, array in sorted(values.items())}


def departures(values: Values, stored: Mapping[str, Any], tolerance: float) -> list[str]:
    """Return a sentence for every summary that departs from what is stored."""
    sentences = []
    for name, before in stored.items():
        if name not in values:
            sentences.append(f"{name}: is gone")
            continue
        now = summary(values[name])
        floor = _TINY_PERCENT if "percent" in name else _TINY
        relative = _WORK_TOLERANCE if name in _WORK else tolerance
        allowed = relative * max(before["rms"] or 0.0, floor)
        for statistic in STATISTICS:
            one, other = now[statistic], before[statistic]
            same = one == other if None in (one, other) else abs(one - other) <= allowed
            if not same:
                sentences.append(f"{name}: {statistic} {one!r}, was {other!r}")
    return sentences


# ---------------------------------------------------------------- every bit, for one machine


def packed(values: Values) -> dict[str, dict[str, Any]]:
    """Return arrays as text that keeps every bit."""
    return {
        name: {
            "shape": list(array.shape),
            "float64": base64.b64encode(np.ascontiguousarray(array, "<f8").tobytes()).decode(),
        }
        for name, array in sorted(values.items())
    }


def unpacked(entry: Mapping[str, Any]) -> np.ndarray:
    """Return the array that was packed."""
    return np.frombuffer(base64.b64decode(entry["float64"]), "<f8").reshape(entry["shape"])


def changes(values: Values, stored: Mapping[str, Any]) -> list[str]:
    """Return a sentence for every array whose bits are not those that are stored."""
    now = packed(values)
    sentences = []
    for name, entry in stored.items():
        if name not in now:
            sentences.append(f"{name}: is gone")
        elif now[name]["shape"] != entry["shape"]:
            sentences.append(f"{name}: shape {now[name]['shape']}, was {entry['shape']}")
        elif now[name] != entry:
            before = unpacked(entry)
            largest = np.nanmax(np.abs(values[name] - before), initial=0.0)
            scale = np.nanmax(np.abs(before), initial=0.0)
            sentences.append(f"{name}: differs by up to {largest:.3g} (largest value {scale:.3g})")
    return sentences


# ---------------------------------------------------------------- command


def chosen(only: list[str], left_out: list[str]) -> list[str]:
    """Return the names of cases that match."""

    def matches(name: str, patterns: list[str]) -> bool:
        return any(fnmatch.fnmatchcase(name, p) or name.startswith(p) for p in patterns)

    names = [n for n in CASES if (not only or matches(n, only)) and not matches(n, left_out)]
    if not names:
        raise SystemExit(f"no case is called {' or '.join(only)}; --list names them.")
    return names


def computed(name: str) -> Values | str:
    """Return the arrays of a case, or what went wrong."""
    try:
        return CASES[name].compute()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def store(path: Path, names: list[str], *, renew: bool) -> int:
    """Write the results of some cases, or their summaries; return how many could not be had."""
    entries: dict[str, Any] = json.loads(path.read_text()) if renew and path.exists() else {}
    wrong = 0
    for name in names:
        values = computed(name)
        if isinstance(values, str):
            wrong += 1
            print(f"{name}: {values}", flush=True)
        else:
            entries[name] = summaries(values) if renew else packed(values)
    ordered = {name: entries[name] for name in CASES if name in entries}
    lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in ordered.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    return wrong


def compare(path: Path, names: list[str]) -> int:
    """Compare some cases with what was written; return how many differ."""
    stored = json.loads(path.read_text())
    wrong = 0
    for name in names:
        values = computed(name)
        if isinstance(values, str):
            sentences = [values]
        else:
            sentences = changes(values, stored[name]) if name in stored else ["is not stored"]
        wrong += bool(sentences)
        for sentence in sentences:
            print(f"{name}: {sentence}", flush=True)
    return wrong


def main() -> int:
    """Write or compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", metavar="FILE", type=Path, help="store every bit of the results")
    action.add_argument("--compare", metavar="FILE", type=Path, help="compare with what was stored")
    action.add_argument("--renew", action="store_true", help="renew the summaries of the tests")
    action.add_argument("--list", action="store_true", help="name the cases")
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN")
    parser.add_argument("--except", action="append", default=[], metavar="PATTERN", dest="left_out")
    options = parser.parse_args()
    names = chosen(options.only, options.left_out)
    if options.list:
        print("\n".join(names))
        return 0
    if options.compare:
        wrong, verb = compare(options.compare, names), "identical"
    else:
        wrong = store(options.write or SUMMARIES, names, renew=options.renew)
        verb = "stored"
    print(f"{len(names) - wrong} of {len(names)} results {verb}.")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
