"""Machine code is loaded only by a processor with the features it was compiled for."""

from __future__ import annotations

from pathlib import Path

import llvmlite.binding as llvm
import pytest

from remodel.compiler.ir import Writer, declarations
from remodel.compiler.objects import cache_key, load_library


def source() -> str:
    writer = Writer(1)
    writer.store(writer.add(writer.load(0), writer.load(0)), 1)
    return declarations(1) + writer.function("kernel")


def pretend_without(feature: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the processor lack a feature it may have."""
    features = llvm.get_host_cpu_features()
    features[feature] = not features.get(feature, False)
    monkeypatch.setattr(llvm, "get_host_cpu_features", lambda: features)


def test_another_set_of_processor_features_has_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    here = cache_key(source())
    pretend_without("avx2", monkeypatch)
    assert cache_key(source()) != here


def test_code_of_a_processor_with_other_features_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMODEL_CACHE_DIR", str(tmp_path / "cache"))
    assert load_library(source(), ["kernel"])[1], "compiled"
    assert not load_library(source(), ["kernel"])[1], "from the cache"
    pretend_without("avx2", monkeypatch)
    assert load_library(source(), ["kernel"])[1], "compiled again"
