"""Names from which files and arrays of a store are made."""

from __future__ import annotations

import re
from collections.abc import Collection

from remodel.errors import ConfigError

_LONGEST = 100
_FORBIDDEN = re.compile(r'[/\\<>:"|?*\x00-\x1f\x7f]')
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)


def checked_file_name(name: str, taken: Collection[str] = ()) -> str:
    """Return a name that can become a file on every system.

    Parameters
    ----------
    name : str
        Without a suffix.
    taken : collection of str
        Names already in use in the same folder; upper and lower case are alike.

    Raises
    ------
    ConfigError
        If it is empty, longer than 100 characters, already taken, or could leave its folder.
    """
    shown = repr(name if len(name) <= 40 else name[:40] + "...")
    if not name.strip():
        raise ConfigError("the name is empty.", field="name", value=name)
    if len(name) > _LONGEST:
        raise ConfigError(
            f"the name {shown} has {len(name)} characters; at most {_LONGEST} are allowed.",
            field="name",
            value=name,
        )
    if character := _FORBIDDEN.search(name):
        raise ConfigError(
            f"the name {shown} contains {character[0]!r}; it becomes the name of a file, where "
            'none of / \\ < > : " | ? * and no control character is allowed.',
            field="name",
            value=name,
        )
    if name.startswith(".") or name[-1] in ". " or name[0] == " ":
        raise ConfigError(
            f"the name {shown} becomes the name of a file; it may not start or end with a dot or "
            "a blank.",
            field="name",
            value=name,
        )
    if name.partition(".")[0].strip().lower() in _DEVICES:
        raise ConfigError(
            f"the name {shown} is reserved on Windows; choose another.", field="name", value=name
        )
    if name.casefold() in {other.casefold() for other in taken}:
        raise ConfigError(
            f"the name {shown} is given twice; two results would share one file.",
            field="name",
            value=name,
        )
    return name
