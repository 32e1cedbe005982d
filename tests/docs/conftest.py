"""Modules that build the documentation, which are no part of the package."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def snippets(monkeypatch):
    """Return the module that runs what stands on a page."""
    monkeypatch.syspath_prepend(str(DOCS))
    return importlib.import_module("snippets")
