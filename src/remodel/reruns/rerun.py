"""``remodel.rerun``: a result repeated from its record."""

from __future__ import annotations

import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remodel.errors import ConfigError, RemodelWarning
from remodel.provenance.origin import cpu, manifest, sources
from remodel.provenance.recording import digest
from remodel.reruns.calls import repeat
from remodel.reruns.compare import Comparison, compared
from remodel.reruns.record import (
    Record,
    changed_inputs,
    load_record,
    restored,
    restored_argument,
)

if TYPE_CHECKING:
    import pandas as pd

_DRAWN = "figures/"


@dataclass(frozen=True, slots=True)
class Rerun:
    """A result beside its repetition.

    Attributes
    ----------
    result : Path
    function : str
        What made it.
    files : tuple of Comparison
        Every file that was made again, or was not.
    causes : tuple of str
        What differs between now and then that the numbers may depend on: versions, machine, code
        and data of this package, input files, changes made to the result itself.
    notes : tuple of str
        Input files that have changed since; the copies in the record were used.
    seconds : float
    """

    result: Path
    function: str
    files: tuple[Comparison, ...]
    causes: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: float

    @property
    def identical(self) -> bool:
        """Whether every file that was made again is the same, bit for bit."""
        return not self.differing

    @property
    def differing(self) -> tuple[Comparison, ...]:
        """Files that differ or are missing; what a command drew beside a result is neither."""
        return tuple(
            item
            for item in self.files
            if (item.verdict != "identical" and not item.name.startswith(_DRAWN))
            or item.verdict == "differs"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a table, one row a file."""
        import pandas as pd

        rows = [[f.name, f.verdict, f.detail, f.largest] for f in self.files]
        return pd.DataFrame(rows, columns=["file", "verdict", "detail", "largest"])

    def __repr__(self) -> str:
        """Return one line."""
        what = "identical" if self.identical else f"{len(self.differing)} of them differ"
        return f"<Rerun of {str(self.result)!r} ({self.function}): {len(self.files)} files, {what}>"


def rerun(result: str | Path, out: str | Path | None = None, *, current: bool = False) -> Rerun:
    """Repeat a result from the record kept with it, and say what differs.

    Function, arguments and input files are those of the record; the files lie in it, so that they
    may have changed or be gone. Programs, such as a model of one's own, are not kept in records:
    they are executed only where they lie and have not changed.

    Parameters
    ----------
    result : path
        A NetCDF file of ``simulate``, a store of ``sweep``, a table or store of ``population``, a
        file of ``export``, or the folder of anything else, or a file in it.
    out : path, optional
        Where the repetition is kept; it is removed otherwise.
    current : bool
        Take the input files as they are now.

    Returns
    -------
    Rerun

    Raises
    ------
    ConfigError
        If the result does not say how it was made, or this cannot be repeated.
    """
    record = load_record(result)
    kept = None if out is None else Path(out)
    if kept is not None and kept.exists():
        raise ConfigError(f"{kept} is there already; name another place.", field="out")
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="remodel-rerun-") as scratch:
        root, target = Path(scratch) / "inputs", Path(scratch) / "result" / record.result.name
        root.mkdir()
        target.parent.mkdir()
        restored(record, root, current=current)
        arguments = {n: restored_argument(v, record, root) for n, v in record.arguments.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RemodelWarning)  # they were given the first time
            repeat(record.function, arguments, target)
        files = tuple(compared(record.result, target))
        causes = tuple(_causes(record, target, current=current))
        notes = () if current else tuple(changed_inputs(record).values())
        if kept is not None:
            shutil.move(target, kept)
    seconds = time.perf_counter() - begun
    return Rerun(record.result, record.function, files, causes, notes, seconds)


def _causes(record: Record, repeated: Path, *, current: bool) -> Iterator[str]:
    """Yield everything that the numbers may depend on and that is not as it was."""
    yield from _tampered(record)
    now = manifest(cpu=cpu(), sources=sources())
    before = record.about
    for name, version in now["versions"].items():
        was = before.get("versions", {}).get(name, version)
        if was != version:
            yield f"{name} was {was} and is {version}."
    for name, label in (("platform", "the platform"), ("cpu", "the processor")):
        if before.get(name, now[name]) != now[name]:
            yield f"{label} was {before[name]} and is {now[name]}."
    rooms = {**now["sources"], **before.get("sources", now["sources"])}
    changed = [r for r in rooms if rooms[r] != now["sources"].get(r)]
    if changed:
        yield f"code or data of this package changed: {', '.join(changed)}."
    yield from _model_changes(record, repeated)
    if current:
        yield from changed_inputs(record).values()


def _tampered(record: Record) -> Iterator[str]:
    """Yield files of the result that are not as they were written."""
    folder = record.result if record.result.is_dir() else record.result.parent
    for name, was in record.outputs.items():
        path = folder / name
        if path.is_file() and digest(path) != was:
            yield f"{path} was changed after it was written."


def _model_changes(record: Record, repeated: Path) -> Iterator[str]:
    """Yield equations and parameters of a dataset that differ from those of its repetition."""
    if record.function != "simulate":
        return
    now: Any = load_record(repeated).about
    for key in ("equations", "parameters"):
        was = record.about.get(key)
        if was is not None and was != now.get(key):
            yield f"the {key} of the model had the hash {was} and have {now.get(key)}."
