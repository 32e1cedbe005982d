"""Thousands of broken inputs: each is read, or refused in one sentence, soon and without a trace."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.integration.fuzzing import inputs

from remodel.calibration.problem import load_problem
from remodel.cli.main import main
from remodel.compiler.cache import cache_directory
from remodel.errors import RemodelError
from remodel.experiments import load_experiment
from remodel.experiments.expected import load_expected
from remodel.files import checked_file_name
from remodel.models import load_model
from remodel.observations import load_observations, load_regimens, with_references
from remodel.parameters import load_parameters
from remodel.patient import Patient
from remodel.schedules import Schedule
from remodel.schedules.tables import load_csv
from remodel.sweeps.load import load_design

pytestmark = pytest.mark.slow
SEED = 20260
LONGEST = 10  # seconds


class Hang(Exception):
    """An input that took too long."""


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """Interrupt what takes too long."""

    def interrupt(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class Writes:
    """Files that were opened for writing outside some folders."""

    def __init__(self) -> None:
        self.allowed: tuple[str, ...] = ()
        self.seen: list[str] = []
        self.is_on = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.is_on or event not in ("open", "os.mkdir", "os.rename", "os.remove"):
            return
        mode = args[1] if event == "open" else "w"
        is_write = isinstance(mode, str) and any(letter in mode for letter in "wax+")
        path = os.path.abspath(str(args[0]))  # noqa: PTH100 (cheap, and never raises)
        if is_write and not path.startswith(self.allowed):
            self.seen.append(path)


WRITES = Writes()


def fuzz(
    make: Callable[[random.Random], Any], read: Callable[[Any], object], count: int, folder: Path
) -> None:
    """Read many inputs; the first that is neither read nor refused properly fails the test."""
    rng = random.Random(SEED)
    WRITES.allowed, WRITES.seen = (str(folder), "/dev/", str(cache_directory())), []
    for k in range(count):
        value = make(rng)
        WRITES.is_on = True
        try:
            with deadline(LONGEST), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                read(value)
        except RemodelError as error:
            sentence = str(error)
            assert sentence
            assert len(sentence) < 3000, f"input {k}: a sentence of {len(sentence)} characters"
        except Hang:
            pytest.fail(f"input {k} takes more than {LONGEST} s: {value!r}")
        except BaseException as error:
            pytest.fail(f"input {k}: {type(error).__name__}: {error} of {value!r}")
        finally:
            WRITES.is_on = False
    assert WRITES.seen == []


def from_file(load: Callable[[Path], object], path: Path) -> Callable[[str], object]:
    """Return a reader of text by way of a file."""

    def read(text: str) -> object:
        path.write_text(text, encoding="utf-8", newline="")
        return load(path)

    return read


def both_tables(path: Path) -> object:
    """Read observations and let their references meet the regimens beside them."""
    return with_references(load_observations(path), load_regimens(path.parent / "regimens.csv"))


READERS: dict[str, tuple[Callable[[Path], object], int]] = {
    "experiment": (load_experiment, 1200),
    "models": (load_experiment, 500),
    "grid": (load_design, 900),
    "sample": (load_design, 900),
    "list": (load_design, 500),
    "problem": (load_problem, 600),
    "parameters": (load_parameters, 800),
}
TABLES: dict[str, tuple[Callable[[Path], object], int]] = {
    "observations": (both_tables, 1000),
    "regimens": (load_regimens, 700),
    "plain": (load_regimens, 700),
    "doses": (load_csv, 1000),
}


@pytest.mark.parametrize("kind", READERS)
def test_toml_files(kind, tmp_path):
    load, count = READERS[kind]
    read = from_file(load, tmp_path / "file.toml")
    fuzz(lambda rng: inputs.broken_toml(kind, rng), read, count, tmp_path)


@pytest.mark.parametrize("kind", TABLES)
def test_tables(kind, tmp_path):
    load, count = TABLES[kind]
    (tmp_path / "regimens.csv").write_text(inputs.CSV["regimens"])
    read = from_file(load, tmp_path / "table.csv")
    fuzz(lambda rng: inputs.broken_csv(kind, rng), read, count, tmp_path)


def test_sentences(tmp_path):
    def read(sentence: str) -> object:
        return str(Schedule.parse(sentence))

    fuzz(inputs.broken_sentence, read, 3000, tmp_path)


def test_names_patients_and_models(tmp_path):
    fuzz(inputs.name, checked_file_name, 500, tmp_path)
    fuzz(inputs.patient, lambda values: Patient(**values), 1000, tmp_path)

    def reference(rng: random.Random) -> str:
        return inputs.scrambled(rng.choice(["reference", "own.py:MODEL", "../a.py:X", "a.py"]), rng)

    fuzz(reference, lambda name: load_model(name, tmp_path), 300, tmp_path)


def test_names_of_files_that_cannot_be_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("pipe", "pipe.toml", "pipe.py"):
        os.mkfifo(tmp_path / name)
    names = [
        "x" * 300,
        "a\0b",
        "/dev/zero",
        "pipe",
        ".",
        "/nowhere/x",
        "",
        "x" * 2000,
        "pipe.toml/x",
    ]
    endings = ["", ".toml", ".csv", ".py:MODEL", ".json"]
    loaders = [load for load, _ in (*READERS.values(), *TABLES.values())]

    def make(rng: random.Random) -> tuple[Callable[[Any], object], str]:
        return rng.choice([*loaders, load_model]), rng.choice(names) + rng.choice(endings)

    fuzz(
        make,
        lambda pair: pair[0](Path(pair[1]) if pair[0] is load_design else pair[1]),
        600,
        tmp_path,
    )


def test_expected_numbers(tmp_path):
    row = {"arm": "a", "output": "ctx", "month": 1, "value": 2.0, "tolerance": 0.1}

    def text(rng: random.Random) -> str:
        return inputs.scrambled(json.dumps({"full": [row], "quick": []}), rng)

    read = from_file(lambda path: load_expected(path, "full"), tmp_path / "expected.json")
    fuzz(text, read, 300, tmp_path)


def test_commands(tmp_path, monkeypatch, capsys):
    main(["simulate", "--years=0.1"])  # compiled before the clock runs
    monkeypatch.chdir(tmp_path)

    def run(arguments: list[str]) -> None:
        try:
            code = main(arguments)
        except SystemExit as stop:  # argparse
            code = stop.code
        said = capsys.readouterr()
        assert code in (0, 2), said.err
        assert "Traceback" not in said.err

    fuzz(inputs.command, run, 300, tmp_path)
    assert {path.suffix for path in tmp_path.rglob("*")} <= {".csv", ".nc"}


def test_there_are_at_least_ten_thousand():
    counts = [count for _, count in (*READERS.values(), *TABLES.values())]
    assert sum(counts) + 3000 + 500 + 1000 + 300 + 300 >= 10_000
