"""Tables of a TOML file, or of a mapping like one, whose errors name the line and the key."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from remodel.errors import ConfigError, nearest

_HEADER = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"\s*\"?([A-Za-z0-9_-]+)\"?\s*=")


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a TOML file: its content, and where it stands.

    Attributes
    ----------
    path : Path
    name : str
        Such as ``arms.anastrozole``; empty for the top of the file.
    content : mapping
    place : int
        Which of the tables of that name, from 0; counts in arrays of tables.
    """

    path: Path | None
    name: str
    content: Mapping[str, Any]
    place: int = 0

    def fail(self, key: str, problem: str, cause: Exception | None = None) -> NoReturn:
        """Raise with file, line and key.

        Raises
        ------
        ConfigError
        """
        line = self.line_of(key)
        place = "" if self.path is None else f"{self.path}{f', line {line}' if line else ''}, "
        table = f"[{self.name}] " if self.name else ""
        raise ConfigError(f"{place}{table}{key}: {problem}") from cause

    def line_of(self, key: str) -> int:
        """Return the line of a key, or of the table if the key is not there; 0 if unknown."""
        if self.path is None:
            return 0
        current, seen, header_line = "", -1, 0
        for number, line in enumerate(self.path.read_text(encoding="utf-8").splitlines(), 1):
            if header := _HEADER.fullmatch(line):
                current = header.group(1).replace('"', "").replace(" ", "")
                if current == self.name:
                    seen += 1
                    header_line = number if seen == self.place else header_line
            elif current == self.name and (not self.name or seen == self.place):
                found = _KEY.match(line)
                if found and found.group(1) == key:
                    return number
        return header_line

    def check_keys(self, known: Iterable[str]) -> None:
        """Raise if the table has a key that means nothing."""
        allowed = set(known)
        for key in self.content:
            if key not in allowed:
                self.fail(key, f"unknown key.{nearest(key, allowed)}")

    def value(self, key: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        """Return a value of the expected type, or the default; without one it is needed."""
        if key not in self.content:
            if default is None:
                self.fail(key, "this key is missing.")
            return default
        found = self.content[key]
        if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
            self.fail(key, f"expected {_words(kind)}, got {found!r}.")
        return found

    def text(self, key: str, default: str | None = None) -> str:
        """Return a string."""
        return str(self.value(key, str, default))

    def number(self, key: str, default: float | None = None) -> float:
        """Return a positive number."""
        found = self.any_number(key, default)
        if not found > 0:
            self.fail(key, f"expected a number above 0, got {found:g}.")
        return found

    def any_number(self, key: str, default: float | None = None) -> float:
        """Return a finite number."""
        found = float(self.value(key, (int, float), default))
        if not math.isfinite(found):
            self.fail(key, f"expected a finite number, got {found}.")
        return found

    def whole_number(self, key: str, default: int | None = None, least: int = 1) -> int:
        """Return a whole number from ``least`` on."""
        found = int(self.value(key, int, default))
        if found < least:
            self.fail(key, f"expected a whole number from {least}, got {found}.")
        return found

    def numbers(self, key: str, default: tuple[float, ...] | None = None) -> tuple[float, ...]:
        """Return a list of finite numbers."""
        found = self.value(key, list, list(default) if default is not None else None)
        for item in found:
            is_number = isinstance(item, int | float) and not isinstance(item, bool)
            if not is_number or not math.isfinite(item):
                self.fail(key, f"expected a list of finite numbers, got {item!r} in it.")
        return tuple(float(item) for item in found)

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return a list of strings."""
        found = self.value(key, list, list(default) if default is not None else None)
        for item in found:
            if not isinstance(item, str):
                self.fail(key, f"expected a list of strings, got {item!r} in it.")
        return tuple(found)

    def table(self, key: str) -> Table:
        """Return a table inside this one; empty if it is not there."""
        content = self.value(key, dict, {})
        return Table(self.path, f"{self.name}.{key}".strip("."), content)

    def tables(self, key: str) -> list[Table]:
        """Return an array of tables inside this one."""
        found = self.value(key, list, [])
        for item in found:
            if not isinstance(item, dict):
                self.fail(key, f"expected tables [[{key}]], got {item!r}.")
        return [Table(self.path, key, content, place) for place, content in enumerate(found)]


def load_toml(path: str | Path) -> Table:
    """Return the top table of a TOML file.

    Raises
    ------
    ConfigError
        If the file cannot be read, or is not TOML; it names the line.
    """
    file = Path(path)
    try:
        return Table(file, "", tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not text in UTF-8 (byte {error.start}).") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}.") from error


def _words(kind: type | tuple[type, ...]) -> str:
    if kind is int:
        return "a whole number"
    names = {str: "a string", int: "a number", float: "a number", list: "a list", dict: "a table"}
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return " or ".join(dict.fromkeys(names.get(k, k.__name__) for k in kinds))
