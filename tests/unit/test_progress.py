"""One protocol for everything that says how far it is."""

from __future__ import annotations

import pytest

from remodel.errors import ConfigError
from remodel.progress import Progress, Silent, progress_of


def test_a_progress_is_used_as_it_is(heard):
    assert isinstance(heard, Progress)
    assert progress_of(heard) is heard


def test_nothing_is_silence(capsys):
    silent = progress_of(None)
    assert isinstance(silent, Silent)
    silent.start(3)
    silent.advance(1, 1)
    silent.say("something")
    found = capsys.readouterr()
    assert (found.out, found.err) == ("", "")


def test_a_plain_function_hears_how_many_are_done_and_failed_ones_if_it_can():
    once: list[int] = []
    twice: list[tuple[int, int]] = []
    for function in (once.append, lambda n, failed: twice.append((n, failed))):
        progress = progress_of(function)
        progress.start(5)
        progress.advance(2)
        progress.say("three more")
        progress.advance(3, failed=1)
    assert once == [2, 3]
    assert twice == [(2, 0), (3, 1)]


def test_an_optional_second_argument_does_not_hear_failures_by_accident():
    """`tqdm.update(n=1)` takes one number."""
    counts: list[int] = []

    def update(n: int = 1) -> None:
        counts.append(n)

    progress_of(update).advance(4, failed=2)
    assert counts == [4]


def test_anything_else_is_refused():
    with pytest.raises(ConfigError, match="progress = 5: expected an object with start, advance"):
        progress_of(5)
