"""Numbers of an experiment that is a script, beside those of its expected.json."""

import argparse
import json
from pathlib import Path

from remodel.errors import ConfigError
from remodel.experiments.expected import accept, compare, load_expected, write_numbers

Key = tuple[str, str, float]


def arguments(text: str) -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=text.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer women and replicates")
    parser.add_argument("--out", type=Path, help="folder for results")
    parser.add_argument("--accept", action="store_true", help="expect what is found")
    return parser.parse_args()


def results_folder(script: Path, options: argparse.Namespace) -> Path:
    """Return the folder for results, made."""
    folder = options.out or script.parent / "results" / ("quick" if options.quick else "")
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    return folder


def finish(
    script: Path,
    options: argparse.Namespace,
    out: Path,
    numbers: dict[Key, float],
    *,
    prefix: str = "",
) -> int:
    """Compare numbers, print and write them; 1 if one is not as expected.

    The lists of expected.json are called quick and full, with a prefix where these are taken.
    """
    mode = prefix + ("quick" if options.quick else "full")
    path = script.parent / "expected.json"
    if options.accept and not load_expected(path, mode):
        _begin(path, mode, numbers)

    def value(number):
        key = (number.arm, number.output, number.month)
        if key not in numbers:
            raise ConfigError(f"{path}: no number is {key}.")
        return numbers[key]

    compared = compare(load_expected(path, mode), value)
    write_numbers(out / "numbers.json", compared)
    if options.accept:
        accept(path, mode, compared)
        return 0
    different = [n for n in compared if not n.passed]
    for n in different:
        print(f"{n.arm} {n.output} {n.month:g}: {n.found:.4g}, expected {n.expected:.4g}")
    verdict = "FAIL" if different else "PASS"
    print(f"{verdict}: {len(compared) - len(different)} of {len(compared)} numbers as expected.")
    return int(bool(different))


def _begin(path: Path, mode: str, numbers: dict[Key, float]) -> None:
    """Expect every number found, within a tenth of it."""
    rows = [
        {"arm": arm, "output": output, "month": month, "value": value,
         "tolerance": round(max(0.02, abs(value) / 10), 3)}
        for (arm, output, month), value in numbers.items()
    ]  # fmt: skip
    content = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**content, mode: rows}))
