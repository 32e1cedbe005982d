"""How far something long is: the one protocol of everything that reports it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from remodel.errors import ConfigError


@runtime_checkable
class Progress(Protocol):
    """Is told how far a long run is: stages of which each has so many things to do.

    All calls come from the thread that began the run.
    """

    def start(self, total: int) -> None:
        """Begin a stage in which ``total`` things are done; a run may have several."""

    def advance(self, n: int, failed: int = 0) -> None:
        """Count ``n`` more as done, of which some failed."""

    def say(self, text: str) -> None:
        """Tell the user something, in one line."""


class Silent:
    """A progress that nobody looks at."""

    def start(self, total: int) -> None:
        """Do nothing."""

    def advance(self, n: int, failed: int = 0) -> None:
        """Do nothing."""

    def say(self, text: str) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Counted(Silent):
    """A plain function, such as ``tqdm.update``, that is told what is done and nothing else.

    Parameters
    ----------
    function : callable
        Called with the number of things done since the last call, and with the number of them that
        failed if it takes a second argument.
    """

    function: Callable[..., object]

    def advance(self, n: int, failed: int = 0) -> None:
        """Call the function."""
        if _takes_failed(self.function):
            self.function(n, failed)
        else:
            self.function(n)


ProgressLike = Progress | Callable[..., object] | None
"""What public functions take as ``progress``."""


def progress_of(value: ProgressLike) -> Progress:
    """Return a progress: silence for none, and a plain function as one that only counts.

    Raises
    ------
    ConfigError
        If it is something else.
    """
    if value is None:
        return Silent()
    if isinstance(value, Progress):
        return value
    if callable(value):
        return Counted(value)
    raise ConfigError(
        f"progress = {value!r}: expected an object with start, advance and say, or a function."
    )


def _takes_failed(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(0, 0)
    except (TypeError, ValueError):
        return False
    return True
