"""Tables of a TOML file, or of a mapping like one, whose errors name the line and the key."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from remodel.errors import ConfigError, RemodelError, nearest
from remodel.files.reading import read_text

T = TypeVar("T")
_DEEPEST = 64
_DOTTED = re.compile(r"[\w\"'-]+(?:[ \t]*\.[ \t]*[\w\"'-]+)*+")
_HEADER = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_WORDS: dict[type, str] = {str: "a string", list: "a list", dict: "a table"}
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
        file = "" if self.path is None else f"{self.path}{f', line {line}' if line else ''}, "
        table = f"[{self.name}] " if self.name else ""
        position = f"{file}{table}{shown(key, 60)}"
        value = self.content.get(key)
        raise ConfigError(problem, place=position, field=key, value=value) from cause

    def checked(self, key: str, check: Callable[..., T], *values: Any) -> T:
        """Call a check and say where in the file a value that it refuses stands."""
        try:
            return check(*values)
        except RemodelError as error:
            self.fail(key, str(error), error)

    def line_of(self, key: str) -> int:
        """Return the line of a key, or of the table if the key is not there; 0 if unknown."""
        if self.path is None:
            return 0
        current, seen, header_line = "", -1, 0
        for number, line in enumerate(self.path.read_text(encoding="utf-8-sig").splitlines(), 1):
            if header := _HEADER.fullmatch(line):
                current = header.group(1).replace('"', "").replace(" ", "")
                if current == self.name:
                    seen += 1
                    header_line = number if seen == self.place else header_line
                continue
            is_here = current == self.name and (not self.name or seen == self.place)
            if is_here and (match := _KEY.match(line)) and match.group(1) == key:
                return number
        return header_line

    def check_keys(self, known: Iterable[str]) -> None:
        """Raise if the table has a key that means nothing."""
        allowed = set(known)
        for key in self.content:
            if key not in allowed:
                self.fail(key, f"unknown key.{nearest(key, allowed)}")

    def value(self, key: str, kind: type, default: Any = None) -> Any:
        """Return a value of the expected type, or the default; without one it is needed."""
        if key not in self.content:
            if default is None:
                self.fail(key, "this key is missing.")
            return default
        value = self.content[key]
        if not isinstance(value, kind):
            self.fail(key, f"expected {_WORDS[kind]}, got {shown(value)}.")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """Return a string."""
        return str(self.value(key, str, default))

    def numbers(self, key: str, default: tuple[float, ...] | None = None) -> tuple[float, ...]:
        """Return a list of finite numbers."""
        items = self.value(key, list, list(default) if default is not None else None)
        for item in items:
            is_number = isinstance(item, int | float) and not isinstance(item, bool)
            if not is_number or not math.isfinite(as_float(item)):
                self.fail(key, f"expected a list of finite numbers, got {shown(item)} in it.")
        return tuple(float(item) for item in items)

    def table(self, key: str) -> Table:
        """Return a table inside this one; empty if it is not there."""
        content = self.value(key, dict, {})
        return Table(self.path, f"{self.name}.{key}".strip("."), content)

    def item(self, key: str, place: int) -> Table:
        """Return one table of an array of tables inside this one."""
        return Table(self.path, f"{self.name}.{key}".strip("."), self.content[key][place], place)

    def tables(self, key: str) -> list[Table]:
        """Return an array of tables inside this one."""
        items = self.value(key, list, [])
        for item in items:
            if not isinstance(item, dict):
                self.fail(key, f"expected tables [[{key}]], got {shown(item)}.")
        return [self.item(key, place) for place in range(len(items))]


def load_toml(path: str | Path) -> Table:
    """Return the top table of a TOML file.

    Raises
    ------
    ConfigError
        If the file cannot be read, or is not TOML; it names the line.
    """
    return Table(Path(path), "", parse_toml(read_text(path, ConfigError), str(path), ConfigError))


def parse_toml(text: str, name: str, error: type[RemodelError]) -> dict[str, Any]:
    """Return the content of TOML text; ``name`` stands for the file in errors.

    Raises
    ------
    RemodelError
        Of the type ``error``, if it is not TOML; it names the line.
    """
    _check_depth(name, text, error)
    try:
        return tomllib.loads(text)
    except RecursionError as cause:
        raise error(
            f"{name} is not valid TOML: its tables or lists are nested too deep."
        ) from cause
    except ValueError as cause:
        raise error(f"{name} is not valid TOML: {cause}.") from cause


def _check_depth(name: str, text: str, error: type[RemodelError]) -> None:
    """Refuse a key of very many words, which takes minutes to parse."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.count(".") <= _DEEPEST:
            continue
        if any(key[0].count(".") > _DEEPEST for key in _DOTTED.finditer(line)):
            raise error(f"{name}, line {number}: a key is nested more than {_DEEPEST} tables deep.")


def as_float(value: float) -> float:
    """Return a number as a float, infinite if it is too large for one."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def shown(value: object, longest: int = 80) -> str:
    """Return a value as it is shown in a message, cut if it is long."""
    try:
        text = value if isinstance(value, str) and longest < 80 else repr(value)
    except ValueError:  # Python refuses to write whole numbers of many thousand digits
        return "a number of more than 4,300 digits"
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
