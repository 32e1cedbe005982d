"""Damage to a store: what is missing or not what was written, and its repair."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remodel.errors import StoreError
from remodel.files import write_text, writing
from remodel.sweeps.chunks import Plan
from remodel.sweeps.design import Design
from remodel.sweeps.new_store import unfinished_store
from remodel.sweeps.store import DONE, METADATA, Store, checksum_of, coordinate_files, open_store

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Damage:
    """Something in a store that is not as it was written.

    Attributes
    ----------
    problem : str
    array : str
        Empty for a whole chunk.
    chunk : int or None
        None for an array: its description, or the values of a factor or time.
    """

    problem: str
    array: str = ""
    chunk: int | None = None

    def __str__(self) -> str:
        """In words."""
        return f"{self.array if self.chunk is None else f'chunk {self.chunk}'}: {self.problem}"


def damage_of(store: Store) -> tuple[Damage, ...]:
    """Return everything in a store that is not as it was written; all its files are read.

    Raises
    ------
    StoreError
        If the store cannot be compared with what was written, since its list of arrays is damaged.
    """
    if store.path is None:
        return ()
    damage = (*_descriptions(store, store.path), *_coordinates(store, store.path))
    if any(d.array in (*store.variables, DONE) for d in damage):
        return damage  # its chunks cannot be read
    return (*damage, *_chunks(store))


def check_whole(store: Store) -> None:
    """Raise if a store is damaged.

    Raises
    ------
    StoreError
        Naming what is damaged.
    """
    if damage := damage_of(store):
        raise StoreError(
            f"{store.path} is damaged: {summarized(damage)}. Continue it with --resume, which "
            "simulates again what was lost."
        )


def summarized(damage: tuple[Damage, ...]) -> str:
    """Return the first few of what is damaged, in words."""
    more = f"; and {len(damage) - _SHOWN} more" if len(damage) > _SHOWN else ""
    return f"{'; '.join(map(str, damage[:_SHOWN]))}{more}"


def repaired(store: Store, design: Design) -> Store:
    """Return a store without damage, in which damaged chunks are not done.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    path = store.path
    if path is None:
        return store
    damage = damage_of(store)
    arrays = [d.array for d in damage if d.chunk is None]
    if arrays:
        _restore(store, design, arrays, path)
        store = open_store(path, writable=True)
        damage = damage_of(store)
    with writing(path):
        for chunk in sorted({d.chunk for d in damage if d.chunk is not None}):
            store.unmark(chunk)
    return store


def _restore(store: Store, design: Design, arrays: list[str], path: Path) -> None:
    """Write descriptions of arrays, factors and times again, as in a new store of the design."""
    written = _written(path)
    plan = Plan(store.layout, store.record["simulations"])
    with writing(path), unfinished_store(design, plan, path) as new:
        for name in arrays:
            (path / name).mkdir(exist_ok=True)
            text = (new / name / METADATA).read_text(encoding="utf-8")
            if name in written and json.loads(text) != written[name]:  # by another version of Zarr
                text = json.dumps(written[name], indent=2)
            write_text(path / name / METADATA, text)
            if name in store.record["coordinates"]:
                shutil.rmtree(path / name / "c", ignore_errors=True)
                shutil.copytree(new / name / "c", path / name / "c")


def _written(path: Path) -> dict[str, Any]:
    """Return the descriptions of all arrays as they were written, which the record lies beside."""
    try:
        content = json.loads((path / METADATA).read_text(encoding="utf-8"))
        return dict(content["consolidated_metadata"]["metadata"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path} is damaged: its list of arrays cannot be read.") from error


def _descriptions(store: Store, path: Path) -> Iterator[Damage]:
    written = _written(path)
    for name in dict.fromkeys((*written, *store.record["coordinates"], *store.variables, DONE)):
        try:
            description = json.loads((path / name / METADATA).read_text(encoding="utf-8"))
        except OSError:
            yield Damage("its description is missing", name)
        except ValueError:
            yield Damage("its description cannot be read", name)
        else:
            if description != written.get(name):
                yield Damage("its description is not the one that was written", name)


def _coordinates(store: Store, path: Path) -> Iterator[Damage]:
    for name, checksum in store.record["coordinates"].items():
        if checksum_of(coordinate_files(path, name)) != checksum:
            yield Damage("its values are missing or not those that were written", name)


def _chunks(store: Store) -> Iterator[Damage]:
    for chunk, mark in enumerate(store.marks().tolist()):
        if not mark:
            continue
        try:
            if store.checksum(chunk) != mark:
                yield Damage("its files are not those that were written", chunk=chunk)
        except OSError as error:
            name = Path(str(error.filename)).relative_to(store.path or "").parts[0]
            yield Damage(f"its file of '{name}' cannot be read", name, chunk)
