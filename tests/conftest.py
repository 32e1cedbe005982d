"""Test profile: slow tests on request, random tests reproducible."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "remodel",
    derandomize=True,
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("remodel")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run slow tests too")
    parser.addoption("--browser", action="store_true", help="run those that need a browser")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if "integration" in item.path.parts:  # processes, signals, ports and the clock
            item.add_marker(pytest.mark.slow)
    if not config.getoption("--browser"):
        skip = pytest.mark.skip(reason="needs a browser; run: make browser")
        for item in items:
            if "browser" in item.path.relative_to(config.rootpath).parts:
                item.add_marker(skip)
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="slow; run with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)
