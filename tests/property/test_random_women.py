"""A few of the random women of ``benchmarks/random_women.py``: none is flagged, all are accurate."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "random_women.py"


@pytest.fixture(scope="module")
def benchmark_of_women() -> ModuleType:
    spec = spec_from_file_location("random_women", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_women_anywhere_within_the_bounds_are_simulated_and_accurate(
    benchmark_of_women: ModuleType,
) -> None:
    parameters = benchmark_of_women.drawn(5, 0)
    assert len(parameters) > 200
    flagged, worst = benchmark_of_women.compared(160, 7)
    assert flagged == 0
    assert 0 < worst < benchmark_of_women.LARGEST_ERROR
