"""How far something long is: a bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_PATIENCE = 2.0  # seconds before anything is shown
_SAY_AGAIN = 10.0  # seconds between plain lines


@contextmanager
def progress(what: str) -> Iterator[Meter]:
    """Show on stderr how far something is, if it takes longer than two seconds.

    Parameters
    ----------
    what : str
        What is done, such as ``Simulating``.

    Yields
    ------
    Meter
        A ``remodel.progress.Progress``.
    """
    meter = Meter(what)
    timer = threading.Timer(_PATIENCE, meter.show)
    timer.daemon = True
    timer.start()
    try:
        yield meter
    finally:
        timer.cancel()
        meter.close()


class Meter:
    """Counts what is done, and shows it once it is asked to."""

    def __init__(self, what: str) -> None:
        self.what, self.total, self.done, self.failed = what, 1, 0, 0
        self._begun, self._last = time.monotonic(), 0.0
        self._lock = threading.Lock()
        self._is_shown = False
        self._bar: Any = None
        self._task: Any = None

    def start(self, total: int) -> None:
        """Begin a stage of so many things."""
        with self._lock:
            self.total, self.done, self.failed = total, 0, 0
            self._begun = time.monotonic()
            self._update()

    def advance(self, n: int, failed: int = 0) -> None:
        """Count some more."""
        with self._lock:
            self.done += n
            self.failed += failed
            self._update()

    def say(self, text: str) -> None:
        """Print a line at once, above the bar."""
        with self._lock:
            if self._bar is not None:
                self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
            else:
                print(text, file=sys.stderr, flush=True)

    def show(self) -> None:
        """Begin to be seen."""
        with self._lock:
            self._is_shown = True
            if sys.stderr.isatty():
                self._bar = _bar()
                self._task = self._bar.add_task(self.what, total=self.total, state="")
                self._bar.tasks[0].start_time = self._begun  # not when it is first seen
                self._bar.start()
            self._update()

    def close(self) -> None:
        """Stop being seen."""
        with self._lock:
            if self._bar is not None:
                self._bar.stop()

    def _update(self) -> None:
        if self._bar is not None:
            state = self._state().removeprefix(", ")
            self._bar.update(self._task, completed=self.done, total=self.total, state=state)
        elif self._is_shown and time.monotonic() - self._last > _SAY_AGAIN:
            print(self._line(), file=sys.stderr, flush=True)
            self._last = time.monotonic()

    def _line(self) -> str:
        if self.total == 1:
            return f"{self.what} ..."
        share = 100.0 * self.done / max(self.total, 1)
        return f"{self.what}: {self.done:,} of {self.total:,} done ({share:.0f} %){self._state()}"

    def _state(self) -> str:
        """Return failures, speed and the time that is left."""
        failed = f", {self.failed:,} failed" if self.failed else ""
        if not self.done:
            return failed
        rate = self.done / max(time.monotonic() - self._begun, 1e-9)
        speed = f"{rate:,.0f}/s" if rate >= 100 else f"{rate:.3g}/s"
        if self.done >= self.total:
            return f"{failed}, {speed}"
        return f"{failed}, {speed}, {duration((self.total - self.done) / rate)} left"


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[state]}"),
        console=Console(stderr=True),
        transient=True,
    )


def duration(seconds: float) -> str:
    """Return a length of time for people."""
    for unit, length in (("d", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    if seconds < 0.1:
        return "under 0.1 s"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
