"""Run this experiment; the same as `remodel run` with the experiment.toml beside this file."""

import sys
from pathlib import Path

from remodel.cli.main import main

EXPERIMENT = Path(__file__).parent / "experiment.toml"

if __name__ == "__main__":
    sys.exit(main(["run", str(EXPERIMENT), *sys.argv[1:]]))
