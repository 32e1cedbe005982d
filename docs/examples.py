"""The experiments as one archive beside the pages, for those who have the package alone."""

import re
import zipfile
from pathlib import Path

EXPERIMENTS = Path(__file__).parent.parent / "experiments"
SUFFIXES = (".toml", ".csv", ".json", ".py", ".md")
# results, and rows of others that may be used but not passed on
LEFT_OUT = re.compile(r"/results/|digiti[sz]ed", re.IGNORECASE)
MOMENT = (1980, 1, 1, 0, 0, 0)  # the same bytes at every build


def write_examples(path: Path) -> None:
    """Write the archive; every build gives the same bytes."""
    files = sorted(p for p in EXPERIMENTS.rglob("*") if p.suffix in SUFFIXES)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            name = file.relative_to(EXPERIMENTS.parent).as_posix()
            if not LEFT_OUT.search(name):
                archive.writestr(zipfile.ZipInfo(name, MOMENT), file.read_bytes())
