"""Compiled kernels: accuracy of exp and log, every operation in every lane, the disk cache."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from remodel.compiler.ir import (
    Library,
    Writer,
    cache_directory,
    cache_key,
    compile_object,
    declarations,
    hoistable,
    host_lanes,
    is_cached,
    load_library,
)
from remodel.compiler.kernels import workspace
from remodel.equations import exp, log, sqrt, where
from remodel.symbolic.expression import Graph, evaluate

LANES = sorted({1, 4, host_lanes()})
LONG = np.longdouble
has_long_double = pytest.mark.skipif(
    np.finfo(LONG).nmant < 63, reason="long double is no more exact than double here"
)


def _kernel(lanes: int, write: Callable[[Writer], None], name: str = "kernel") -> str:
    writer = Writer(lanes)
    write(writer)
    return declarations(lanes) + writer.function(name)


def _apply(operation: str, values: Sequence[float], lanes: int) -> Any:
    """Apply a one-argument operation to many values, ``lanes`` at a time."""

    def write(w: Writer) -> None:
        w.store(getattr(w, operation)(w.load(0)), 1)

    library, _ = load_library(_kernel(lanes, write), ["kernel"])
    function, at = library.function("kernel"), np.asarray(values, dtype=float)
    padded = np.ones(-(-len(at) // lanes) * lanes)
    padded[: len(at)] = at
    found = np.empty_like(padded)
    ws = workspace(2, lanes)
    for k in range(0, len(padded), lanes):
        ws[0] = padded[k : k + lanes]
        function(ws.ctypes.data)
        found[k : k + lanes] = ws[1]
    return found[: len(at)]


def _units_in_last_place(found: Any, exact: Any) -> float:
    spacing = np.spacing(np.abs(exact.astype(float))).astype(LONG)
    return float(np.max(np.abs(found.astype(LONG) - exact) / spacing))


@has_long_double
@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize(("low", "high"), [(-708.0, 709.0), (-1.0, 1.0), (-1e-6, 1e-6)])
def test_exp_is_exact_to_two_units_in_the_last_place(low: float, high: float, lanes: int) -> None:
    x = np.random.default_rng(1).uniform(low, high, 4000)
    assert _units_in_last_place(_apply("exp", x, lanes), np.exp(x.astype(LONG))) <= 2.0


@has_long_double
@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize(
    ("low", "high"), [(-708.0, 709.0), (-1.0, 1.0), (-1e-3, 1e-3), (-1e-8, 1e-8)]
)
def test_log_is_exact_to_two_units_in_the_last_place(low: float, high: float, lanes: int) -> None:
    x = np.exp(np.random.default_rng(2).uniform(low, high, 4000))
    x = np.concatenate((x[x != 1.0], [np.finfo(float).tiny, np.finfo(float).max]))
    assert _units_in_last_place(_apply("log", x, lanes), np.log(x.astype(LONG))) <= 2.0


@pytest.mark.parametrize("lanes", LANES)
def test_special_values_of_log(lanes: int) -> None:
    at_zero, at_minus_zero, negative, below, infinite, nan = _apply(
        "log", [0.0, -0.0, -1.0, -np.inf, np.inf, np.nan], lanes
    )
    assert at_zero == at_minus_zero == -np.inf
    assert np.isnan([negative, below, nan]).all()
    assert infinite == np.inf
    assert _apply("log", [1.0], lanes)[0] == 0.0


@pytest.mark.parametrize("lanes", LANES)
def test_log_of_a_denormal_number_is_finite_and_low(lanes: int) -> None:
    found = _apply("log", [5e-324, 1e-310, 2e-308], lanes)
    assert np.all((found <= -708.0) & (found >= -745.0))


@pytest.mark.parametrize("lanes", LANES)
def test_special_values_of_exp(lanes: int) -> None:
    zero, minus_zero, nan, denormal = _apply("exp", [0.0, -0.0, np.nan, 5e-324], lanes)
    assert zero == minus_zero == denormal == 1.0
    assert np.isnan(nan)


@pytest.mark.parametrize("lanes", LANES)
def test_exp_beyond_its_range_is_very_small_or_very_large(lanes: int) -> None:
    low = _apply("exp", [-709.0, -1000.0, -np.inf], lanes)
    high = _apply("exp", [710.0, 1000.0, np.inf], lanes)
    assert np.all((low >= 0.0) & (low < 1e-307))
    assert np.all(high > 1e307)


FORMULAS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "add": lambda x, y, z: x + y + 1.5,
    "subtract": lambda x, y, z: x - y - z,
    "multiply": lambda x, y, z: x * y * -z,
    "divide": lambda x, y, z: x / y / (z + 3.0),
    "negate": lambda x, y, z: -(x * y),
    "exp": lambda x, y, z: exp(-x) * exp(y / 3),
    "log": lambda x, y, z: log(x * y + 0.1),
    "sqrt": lambda x, y, z: sqrt(x) + sqrt(y * z),
    "less": lambda x, y, z: where(x < y, z, -z),
    "greater": lambda x, y, z: where(x > y, where(z < x, x, y), z),
    "whole power": lambda x, y, z: x**3 + y**-4,
    "power": lambda x, y, z: x**1.7 + y**z,
    "constant": lambda x, y, z: x * 0.1 + 1e-300,
}


@pytest.mark.parametrize("lanes", LANES)
def test_every_operation_has_the_value_of_plain_python_in_every_lane(lanes: int) -> None:
    graph = Graph()
    symbols = [graph.symbol(name) for name in ("x", "y", "z")]
    roots = [formula(*symbols) for formula in FORMULAS.values()]
    slots = {symbol.index: k for k, symbol in enumerate(symbols)}

    def write(w: Writer) -> None:
        for k, value in enumerate(w.expressions(roots, slots)):
            w.store(value, 3 + k)

    library, _ = load_library(_kernel(lanes, write), ["kernel"])
    function = library.function("kernel")
    ws = workspace(3 + len(roots), lanes)
    random = np.random.default_rng(3)
    for _ in range(50):
        ws[:3] = random.uniform(0.05, 4.0, (3, lanes))
        function(ws.ctypes.data)
        for lane in range(lanes):
            values = dict(zip(("x", "y", "z"), ws[:3, lane].tolist(), strict=True))
            assert ws[3:, lane] == pytest.approx(evaluate(roots, values), rel=1e-13), values


def test_every_lane_computes_the_same_bits() -> None:
    lanes = host_lanes()
    x = np.random.default_rng(4).uniform(-5.0, 5.0, 40)
    for operation in ("exp", "log"):
        alone = _apply(operation, np.repeat(np.abs(x), lanes), lanes).reshape(-1, lanes)
        assert np.all(alone == alone[:, :1])


def test_maximum_keeps_not_a_number_of_its_first_argument() -> None:
    def write(w: Writer) -> None:
        w.store(w.maximum(w.load(0), w.load(1)), 2)

    library, _ = load_library(_kernel(4, write), ["kernel"])
    ws = workspace(3, 4)
    ws[0], ws[1] = [1.0, 3.0, np.nan, -np.inf], [2.0, -3.0, 1.0, -1.0]
    library.function("kernel")(ws.ctypes.data)
    assert ws[2].tolist()[:2] == [2.0, 3.0]
    assert np.isnan(ws[2, 2])
    assert ws[2, 3] == -1.0


def test_known_registers_are_used_instead_of_slots() -> None:
    graph = Graph()
    x, y = graph.symbol("x"), graph.symbol("y")

    def write(w: Writer) -> None:
        (value,) = w.expressions([x * y], {y.index: 0}, {x.index: w.constant(3.0)})
        w.store(value, 1)

    library, _ = load_library(_kernel(1, write), ["kernel"])
    ws = workspace(2, 1)
    ws[0] = 5.0
    library.function("kernel")(ws.ctypes.data)
    assert ws[1, 0] == 15.0


def test_hoisted_nodes_are_those_that_moving_ones_use() -> None:
    graph = Graph(static=["p", "q"])
    p, q, x = (graph.symbol(name) for name in ("p", "q", "x"))
    below = p * q
    roots = [exp(below) * x, p + x]
    assert hoistable(roots) == [exp(below)]


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REMODEL_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _double(w: Writer) -> None:
    w.store(w.add(w.load(0), w.load(0)), 1)


def _run(library: Library) -> float:
    ws = workspace(2, 1)
    ws[0] = 21.0
    library.function("kernel")(ws.ctypes.data)
    return float(ws[1, 0])


def test_a_function_keeps_its_machine_code_alive(empty_cache: Path) -> None:
    library, _ = load_library(_kernel(1, _double), ["kernel"])
    double, alive = library.function("kernel"), weakref.ref(library)
    del library
    gc.collect()
    assert alive() is not None
    ws = workspace(2, 1)
    ws[0] = 21.0
    double(ws.ctypes.data)
    assert ws[1, 0] == 42.0


def test_a_second_load_does_not_compile(empty_cache: Path) -> None:
    source = _kernel(1, _double)
    assert not is_cached(source)
    first, compiled = load_library(source, ["kernel"])
    assert compiled
    assert is_cached(source)
    second, compiled_again = load_library(source, ["kernel"])
    assert not compiled_again
    assert _run(first) == _run(second) == 42.0
    assert len(list(empty_cache.iterdir())) == 1, "no temporary files are left"


def test_another_source_has_another_key() -> None:
    assert cache_key(_kernel(1, _double)) != cache_key(_kernel(4, _double))
    assert cache_key(_kernel(1, _double)) == cache_key(_kernel(1, _double))


DAMAGE = """
    import sys
    from pathlib import Path
    from remodel.compiler.ir import Writer, declarations, load_library
    from remodel.compiler.kernels import workspace

    writer = Writer(1)
    writer.store(writer.add(writer.load(0), writer.load(0)), 1)
    source = declarations(1) + writer.function("kernel")
    load_library(source, ["kernel"])
    (file,) = Path(sys.argv[1]).iterdir()
    whole = file.read_bytes()
    half = len(whole) // 2
    changed = bytes(b ^ 255 for b in whole[half : half + 20])
    for damaged in (b"", b"nonsense" * 50, whole[:half], whole[:half] + changed + whole[half + 20 :]):
        file.write_bytes(damaged)
        library, compiled = load_library(source, ["kernel"])
        ws = workspace(2, 1)
        ws[0] = 21.0
        library.function("kernel")(ws.ctypes.data)
        assert compiled and ws[1, 0] == 42.0 and file.read_bytes() == whole
"""


def test_a_damaged_cache_file_is_compiled_again(empty_cache: Path) -> None:
    # in a process of its own, which a linker that trusts the file would take down
    code = textwrap.dedent(DAMAGE)
    done = subprocess.run(
        [sys.executable, "-c", code, str(empty_cache)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_cache_that_cannot_be_written_costs_time_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    monkeypatch.setenv("REMODEL_CACHE_DIR", str(in_the_way / "cache"))
    for _ in range(2):
        library, compiled = load_library(_kernel(1, _double), ["kernel"])
        assert compiled
        assert _run(library) == 42.0


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_CACHE_HOME", "remodel"),
        ("win32", "LOCALAPPDATA", "remodel"),
    ],
)
def test_the_cache_is_in_the_users_cache_folder(
    platform: str,
    variable: str,
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("REMODEL_CACHE_DIR", raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    assert cache_directory() == tmp_path / expected


def test_the_cache_of_a_mac_is_in_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REMODEL_CACHE_DIR", raising=False)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_directory() == Path.home() / "Library" / "Caches" / "remodel"


def test_compiling_is_deterministic() -> None:
    source = _kernel(4, _double)
    assert compile_object(source) == compile_object(source)
