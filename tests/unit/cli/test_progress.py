"""What a long run says while it runs."""

from __future__ import annotations

import sys

import pytest

from remodel.cli import progress as module
from remodel.cli.progress import Meter, duration, progress
from remodel.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_nothing_is_said_of_what_is_quick(capsys):
    with progress("Simulating") as shown:
        assert isinstance(shown, Progress)
        shown.start(3)
        shown.advance(3)
    assert capsys.readouterr().err == ""


def test_a_line_now_and_then_says_how_far_it_is_how_fast_and_what_failed(clock, capsys):
    meter = Meter("Simulating")
    meter.start(1000)
    clock[0] += 3
    meter.show()
    for _ in range(4):
        clock[0] += 4
        meter.advance(100, failed=1)
    assert capsys.readouterr().err.splitlines() == [
        "Simulating: 0 of 1,000 done (0 %)",
        "Simulating: 300 of 1,000 done (30 %), 3 failed, 20/s, 35 s left",
    ]


def test_each_stage_is_counted_from_its_own_beginning(clock, capsys):
    meter = Meter("Simulating")
    meter.start(10)
    meter.advance(10, failed=2)
    clock[0] += 60
    meter.start(4)
    clock[0] += 10
    meter.advance(1)
    meter.show()
    assert capsys.readouterr().err == "Simulating: 1 of 4 done (25 %), 0.1/s, 30 s left\n"


def test_what_is_said_is_said_at_once_and_one_thing_has_no_count(capsys):
    meter = Meter("Compiling")
    meter.say("stopping")
    meter.show()
    assert capsys.readouterr().err == "stopping\nCompiling ...\n"


def test_a_terminal_has_a_bar_and_lines_stand_above_it(clock, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    meter = Meter("Simulating")
    meter.start(40)
    meter.show()
    clock[0] += 2
    meter.advance(10, failed=1)
    meter.say("a [remark] of 80 characters and more is not broken anywhere " * 2)
    meter.close()
    shown = capsys.readouterr().err
    assert "a [remark] of 80 characters and more is not broken anywhere a [remark]" in shown
    assert meter._state() == ", 1 failed, 5/s, 6.0 s left"
    meter.advance(30)
    assert meter._state() == ", 1 failed, 20/s"  # nothing is left


def test_thousands_a_second_are_written_out(clock):
    meter = Meter("Simulating")
    meter.start(10_000)
    clock[0] += 2
    meter.advance(2469)
    assert meter._state().startswith(", 1,234/s, ")


def test_a_bar_tells_the_time_since_the_beginning(clock, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    meter = Meter("Simulating")
    meter.start(40)
    clock[0] += 2
    meter.show()
    meter.close()
    assert meter._bar.tasks[0].start_time == meter._begun == clock[0] - 2


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.01, "under 0.1 s"),
        (3.21, "3.2 s"),
        (45, "45 s"),
        (600, "10.0 min"),
        (9e4, "25.0 h"),
        (1e6, "11.6 d"),
    ],
)
def test_a_length_of_time_is_written_for_people(seconds, text):
    assert duration(seconds) == text
