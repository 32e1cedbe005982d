"""Valued plans kept on disk, so that a search that was stopped goes on with the same numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from remodel.decisions.evaluate import Evaluation
from remodel.errors import StoreError
from remodel.files import write_atomically, writing

FOLDER = "evaluations"
_PATTERN = "plans-*.npz"


@dataclass(eq=False)
class Evaluations:
    """Plans that have been valued, by their key.

    Attributes
    ----------
    problem : str
        Fingerprint of what decides the numbers.
    folder : Path or None
        Where they are kept; nowhere without one.
    known : dict of str to Evaluation
    """

    problem: str
    folder: Path | None = None
    known: dict[str, Evaluation] = field(default_factory=dict)
    _files: int = 0

    @classmethod
    def opened(cls, problem: str, folder: Path | None) -> Evaluations:
        """Return the evaluations of a folder, or none.

        Raises
        ------
        StoreError
            If they are those of another problem, or a file is damaged.
        """
        store = cls(problem, folder)
        if folder is None:
            return store
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(folder.glob(_PATTERN)):
            store.known |= _read(path, problem)
            store._files += 1
        return store

    def add(self, evaluations: Mapping[str, Evaluation]) -> None:
        """Keep plans that have been valued, in a file of their own."""
        self.known |= evaluations
        if self.folder is None or not evaluations:
            return
        keys, values = list(evaluations), list(evaluations.values())
        arrays: dict[str, Any] = {
            "values": np.stack([v.answers for v in values]),
            "influence": np.stack([v.influence for v in values]),
            "failed": np.array([v.failed for v in values]),
            "about": np.frombuffer(
                json.dumps({"problem": self.problem, "keys": keys}).encode(), dtype=np.uint8
            ),
        }
        path = self.folder / _PATTERN.replace("*", f"{self._files:05d}")
        write_atomically(path, lambda draft: np.savez(draft, **arrays))
        self._files += 1


def _read(path: Path, problem: str) -> dict[str, Evaluation]:
    try:
        with np.load(path, allow_pickle=False) as file:
            about = json.loads(bytes(file["about"]))
            values, influence, failed = (file[n] for n in ("values", "influence", "failed"))
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise StoreError(
            f"{path} is damaged; remove it, and its plans are valued again.", field="out"
        ) from error
    if about["problem"] != problem:
        raise StoreError(
            f"{path.parent} has the plans of another problem; use another folder for results.",
            field="out",
        )
    return {
        key: Evaluation(values[i], influence[i], int(failed[i]))
        for i, key in enumerate(about["keys"])
    }
