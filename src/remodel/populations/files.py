"""Women on disk: a CSV or a Zarr store, with their definition and seed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.errors import ConfigError, nearest, require
from remodel.files import Table, parse_toml, read_text, write_csv, write_text, writing
from remodel.files.output import DRAFT
from remodel.populations.adherence import Pattern
from remodel.populations.definition import ATTRIBUTES, DERIVED, Definition
from remodel.populations.distributions import Distribution
from remodel.populations.dump import definition_text
from remodel.populations.load import definition_of, load_definition, preset_names

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Stored:
    """Women as they are on disk; fields as those of ``Population``."""

    definition: Definition
    seed: int
    woman: IntArray
    weights: FloatArray
    columns: Mapping[str, FloatArray]
    pattern: IntArray
    rejections: Mapping[str, int]


_ENDINGS = (".csv", ".zarr")
_TEXTS = ("sex", "adherence", "population")
_NUMBERS = ("woman", "weight", "seed")


def checked_path(path: str | Path) -> Path:
    """Return a path of women, or raise where its ending is not one of theirs.

    Raises
    ------
    ConfigError
    """
    target = Path(path)
    if target.suffix not in _ENDINGS:
        raise ConfigError(f"'{path}': women are in FILE.csv or FILE.zarr.", field="path")
    return target


def write(
    path: str | Path,
    table: pd.DataFrame,
    definition: Definition,
    seed: int,
    rejections: Mapping[str, int],
) -> None:
    """Write women to ``FILE.csv``, with their definition beside it in ``FILE.toml``, or a store.

    Parameters
    ----------
    path : path
    table : pandas.DataFrame
        The columns of ``women.csv``.
    definition : Definition
    seed : int
    rejections : mapping of str to int

    Raises
    ------
    ConfigError, StoreError
        If the ending is another, or the files cannot be written.
    """
    target = checked_path(path)
    if target.suffix == ".csv":
        write_text(_beside(target, definition_text(definition)), definition_text(definition))
        write_csv(target, table)
        return
    attrs = {
        "population": definition.name,
        "definition": definition_text(definition),
        "seed": str(seed),
        "rejections": json.dumps(rejections),
    }
    _write_store(target, table.drop(columns=["population", "seed"]), attrs)


def _beside(target: Path, text: str) -> Path:
    """Return where the definition goes, or raise where another file of the user's is there."""
    beside = target.with_suffix(".toml")
    if beside.exists() and not target.exists() and read_text(beside, ConfigError) != text:
        raise ConfigError(
            f"'{target}': the definition of these women would replace {beside}; choose another "
            "name for them.",
            field="path",
        )
    return beside


def _write_store(target: Path, table: pd.DataFrame, attrs: Mapping[str, str]) -> None:
    """Write a store beside its place, then move it there."""
    require("zarr", "store")
    import xarray as xr

    data = {str(name): ("row", _plain(column)) for name, column in table.items()}
    draft = target.with_name(f"{DRAFT}{target.name}")
    with writing(target):
        shutil.rmtree(draft, ignore_errors=True)
        xr.Dataset(data, attrs=attrs).to_zarr(draft, mode="w", zarr_format=2, consolidated=False)
        if target.exists():
            shutil.rmtree(target)
        draft.replace(target)


def _plain(column: pd.Series) -> Any:
    values = column.to_numpy()
    return values if values.dtype.kind in "if" else values.astype(str)


def load(path: str | Path) -> Stored:
    """Return women that were saved; or those of a table of one's own, with known columns only.

    Raises
    ------
    ConfigError
        If the file is missing or malformed.
    """
    target = checked_path(path)
    if target.suffix == ".csv":
        return _load_table(target)
    return _load_store(target)


def _load_table(path: Path) -> Stored:
    import io

    import pandas as pd

    text = read_text(path, ConfigError)
    try:
        table = pd.read_csv(io.StringIO(text), dtype=str)  # Python reads numbers exactly
    except (ValueError, pd.errors.ParserError) as error:
        raise ConfigError(f"{path} is not a table of women: {error}.") from error
    if not len(table):
        raise ConfigError(f"{path} has no women.")
    beside = path.with_suffix(".toml")
    name = str(table["population"].iloc[0]) if "population" in table else ""
    if name and beside.is_file():
        content = parse_toml(read_text(beside, ConfigError), str(beside), ConfigError)
        definition = definition_of(Table(beside, "", content), beside.read_text("utf-8"), name)
    elif name in preset_names():
        definition = load_definition(name)
    elif name and name != "own":
        raise ConfigError(
            f"{path}: '{name}' is no preset, and its definition {beside.name} is not beside it.",
            field="population",
        )
    else:
        definition = _definition_of(path, table)
    return _stored(path, table, definition, _seed(path, table), {})


def _seed(path: Path, table: pd.DataFrame) -> int:
    words = set(table["seed"].astype(str)) if "seed" in table else {"0"}
    word = words.pop()
    if words or not word.isdecimal():
        raise ConfigError(f"{path}: column seed must hold one whole number.", field="seed")
    return int(word)


def _load_store(path: Path) -> Stored:
    require("zarr", "store")
    import xarray as xr

    try:
        dataset = xr.open_zarr(path, consolidated=False).load()
        text, seed = dataset.attrs["definition"], int(dataset.attrs["seed"])
        name = str(dataset.attrs["population"])
        rejections = json.loads(dataset.attrs["rejections"])
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise ConfigError(f"{path} is not a store of women: {error}.") from error
    content = parse_toml(text, f"{path}: definition", ConfigError)
    definition = definition_of(Table(None, "", content), text, name)
    table = dataset.to_dataframe()
    return _stored(path, table, definition, seed, rejections)


def _definition_of(path: Path, table: pd.DataFrame) -> Definition:
    """Return a definition of women of one's own, whose columns are attributes of patients."""
    known = (*ATTRIBUTES, *DERIVED, "sex", "woman", "weight", "seed", "population")
    for name in map(str, table.columns):
        if name not in known:
            raise ConfigError(
                f"{path}: column '{name}' means nothing of a woman.{nearest(name, known)}",
                field=name,
            )
    if "age" not in table:
        raise ConfigError(f"{path} needs a column age [y].", field="age")
    source = f"{path.name}, as given"
    patient = {
        name: Distribution("fixed", float(_numbers_of(path, table, name)[0]), source=source)
        for name in ATTRIBUTES
        if name in table
    }
    return Definition("own", source, patient)


def _stored(
    path: Path,
    table: pd.DataFrame,
    definition: Definition,
    seed: int,
    rejections: Mapping[str, int],
) -> Stored:
    n = len(table)
    names = (*definition.names, *DERIVED)
    columns = {name: _numbers_of(path, table, name) for name in names if name in table}
    if "sex" in table:
        sex = table["sex"].astype(str).to_numpy()
        for word in set(sex) - {"female", "male"}:
            raise ConfigError(f"{path}: sex '{word}' is neither female nor male.", field="sex")
        columns["male"] = (sex == "male").astype(np.float64)
    missing = [c.name for c in definition.components if c.name not in columns]
    if missing:
        raise ConfigError(f"{path}: column {missing[0]} is missing.", field=missing[0])
    columns = {n: v for n, v in columns.items() if n in ("age", "male") or np.isfinite(v).any()}
    numbers = _numbers_of(path, table, "woman") if "woman" in table else np.arange(n)
    weights = _numbers_of(path, table, "weight") if "weight" in table else np.ones(n)
    return Stored(
        definition,
        seed,
        np.asarray(numbers, dtype=np.int64),
        np.asarray(weights, dtype=np.float64),
        columns,
        _patterns(path, table, definition.adherence),
        dict(rejections),
    )


def _numbers_of(path: Path, table: pd.DataFrame, name: str) -> FloatArray:
    try:
        values: FloatArray = table[name].astype(object).to_numpy().astype(np.float64)
    except (TypeError, ValueError):
        raise ConfigError(f"{path}: column {name} holds something else than numbers.") from None
    return values


def _patterns(path: Path, table: pd.DataFrame, adherence: tuple[Pattern, ...]) -> IntArray:
    if "adherence" not in table:
        return np.zeros(len(table), dtype=np.int64)
    number = {pattern.name: i for i, pattern in enumerate(adherence)}
    words = table["adherence"].astype(str).to_numpy()
    for word in sorted(set(words) - set(number)):
        raise ConfigError(
            f"{path}: '{word}' is not a pattern of adherence.{nearest(word, number)}",
            field="adherence",
        )
    return np.array([number[word] for word in words], dtype=np.int64)
