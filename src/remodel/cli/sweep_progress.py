"""How far a sweep is: a bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from remodel.cli.screen import count

if TYPE_CHECKING:
    from remodel.sweeps.design import Design

_SAY_AGAIN = 10.0  # seconds between plain lines
_ANALYZED_AGAIN = 2.0  # the same while sensitivities are computed, one output and time a line
INTERRUPTED = 130


class Meter:
    """Counts simulations that are stored, and those of them that failed.

    Parameters
    ----------
    total : int
        Simulations of the sweep.
    done, failed : int
        Those that were stored before.
    """

    def __init__(self, total: int, done: int = 0, failed: int = 0) -> None:
        self.total, self.done, self.failed = total, done, failed
        self._before, self._begun, self._last = done, time.monotonic(), 0.0
        self._bar: Any = None
        if sys.stderr.isatty():
            self._bar = _bar()
            self._task = self._bar.add_task("", total=total, completed=done, **self._fields())
            self._bar.start()

    def add(self, finished: int, failed: int) -> None:
        """Count some more."""
        self.done += finished
        self.failed += failed
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done, **self._fields())
        elif time.monotonic() - self._last > _SAY_AGAIN:
            print(self.line(), file=sys.stderr, flush=True)
            self._last = time.monotonic()

    def close(self) -> None:
        """Stop being seen."""
        if self._bar is not None:
            self._bar.stop()

    @property
    def rate(self) -> float:
        """Simulations a second since this run began."""
        return (self.done - self._before) / max(time.monotonic() - self._begun, 1e-9)

    def line(self) -> str:
        """Return how far it is, in one line."""
        share = 100.0 * self.done / max(self.total, 1)
        fields = self._fields()
        return (
            f"{self.done:,} of {self.total:,} simulations stored ({share:.0f} %), "
            f"{fields['failed']}, {fields['rate']}, {fields['left']} left"
        )

    def _fields(self) -> dict[str, str]:
        left = (self.total - self.done) / self.rate if self.rate > 0 else float("nan")
        return {
            "failed": f"{self.failed:,} failed",
            "rate": f"{self.rate:,.0f}/s",
            "left": duration(left),
        }


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    return Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]}"),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[left]} left"),
        console=Console(stderr=True),
        transient=True,
    )


@contextmanager
def meter(total: int, done: int = 0, failed: int = 0) -> Iterator[Meter]:
    """Show a meter for as long as the block lasts."""
    shown = Meter(total, done, failed)
    try:
        yield shown
    finally:
        shown.close()


class AnalysisLines:
    """Says now and then which output and time is analyzed, if it takes longer than a moment."""

    def __init__(self) -> None:
        self._last: float | None = None

    def __call__(self, output: str, month: float, done: int, total: int) -> None:
        """Say what is analyzed next."""
        now = time.monotonic()
        if self._last is None:
            self._last = now
        elif now - self._last > _ANALYZED_AGAIN:
            when = "" if month != month else f" at {month:g} months"  # noqa: PLR0124 (NaN)
            print(f"Analyzing {output}{when} ({done + 1} of {total})", file=sys.stderr, flush=True)
            self._last = now


def say_stopping(chunks: int) -> None:
    """Say at once that Ctrl-C was heard, and what is waited for."""
    print(
        f"remodel: stopping: completing {count(chunks, 'chunk')} under way (Ctrl-C again leaves "
        "at once; they are simulated again by --resume)",
        file=sys.stderr,
        flush=True,
    )


def stopped(stop: KeyboardInterrupt, resume: str) -> int:
    """Say how to go on after a stop, and return the exit code; leave here if asked twice.

    Threads that simulate cannot be ended, and Python would wait for them.
    """
    from remodel.sweeps.runner import SweepStoppedError

    sentence = str(stop) if isinstance(stop, SweepStoppedError) else "interrupted."
    print(f"remodel: {sentence}\n  {resume}", file=sys.stderr, flush=True)
    if isinstance(stop, SweepStoppedError) and stop.at_once:
        sys.stdout.flush()
        os._exit(INTERRUPTED)
    return INTERRUPTED


def say_remark(design: Design) -> None:
    """Say what could be better about the size of a sample."""
    from remodel.sweeps.samples import remark

    if sentence := remark(design):
        print(f"remodel: samples: {sentence}", file=sys.stderr)


def duration(seconds: float) -> str:
    """Return a length of time for people."""
    if seconds != seconds:  # noqa: PLR0124 (NaN)
        return "unknown time"
    for unit, length in (("d", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    if seconds < 0.1:
        return "under 0.1 s"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
