"""Run the arms, then fit the link to fractures and compare it with published trials.

    python experiments/17_fracture/run.py [--quick] [--out DIR] [--accept] [--install]

`--install` writes the fitted link into the package; do so after the bone model has changed. Without
it the numbers are those of the link fitted here. It takes about a minute.
"""

import argparse
import sys
from pathlib import Path

from link import fractures

from remodel.cli.main import main as remodel
from remodel.errors import RemodelError

HERE = Path(__file__).parent


def main() -> int:
    args = arguments()
    out = args.out or HERE / "results" / ("quick" if args.quick else "")
    options = ["--quick"] * args.quick + ["--accept"] * args.accept
    code = remodel(["run", str(HERE / "experiment.toml"), "--out", str(out), *options])
    if code not in (0, 1):
        return code
    return max(code, fractures(out, args))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer arms, fewer draws")
    parser.add_argument("--out", type=Path, help="folder for results")
    parser.add_argument("--accept", action="store_true", help="expect what is found")
    parser.add_argument("--install", action="store_true", help="make it the package's link")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RemodelError as error:
        print(f"remodel: {error}", file=sys.stderr)
        sys.exit(2)
