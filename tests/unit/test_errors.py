"""Errors: one base, and hints that help."""

from __future__ import annotations

import inspect

import pytest

from remodel import errors
from remodel.errors import MissingDependencyError, RemodelError, nearest, require

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, RemodelError) and kind is not RemodelError
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_a_remodel_error_and_a_built_in_one(kind: type[Exception]) -> None:
    built_in = (ValueError, RuntimeError, OSError, ImportError)
    assert issubclass(kind, built_in)
    assert kind.__doc__


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("denosumap", ["denosumab", "alendronate"], " Did you mean 'denosumab'?"),
        ("DENOSUMAB", ["denosumab"], " Did you mean 'denosumab'?"),
        ("d_a", ["D_A", "D_B", "k_B"], " Did you mean 'D_A'?"),
        ("K_b2", ["D_A", "k_B1", "K_B1"], " Did you mean 'K_B1'?"),
        ("baseline_ctx", ["Baseline_CTX", "floor"], " Did you mean 'Baseline_CTX'?"),
        ("xyz", ["b", "a"], " Known: a, b."),
        ("xyz", [f"w{i}" for i in range(30)], ""),
        ("xyz", [], ""),
    ],
)
def test_hints(name: str, known: list[str], hint: str) -> None:
    assert nearest(name, known) == hint


def test_optional_libraries_are_imported_or_told_how_to_get() -> None:
    assert require("math", "plots").sqrt(4) == 2
    with pytest.raises(MissingDependencyError) as caught:
        require("no_such_library", "sundials")
    assert str(caught.value) == (
        "no_such_library is needed for this and is not installed; "
        'run: pip install "bone-remodel[sundials]".'
    )


def test_a_place_is_put_before_the_sentence_and_the_fields_are_kept() -> None:
    error = errors.ConfigError("must be positive.", field="years", value=-1.0, allowed=["1", "2"])
    inside = error.at("line 3").at("design.toml")
    assert type(inside) is errors.ConfigError
    assert str(inside) == "design.toml: line 3: must be positive."
    assert (inside.field, inside.value, inside.allowed) == ("years", -1.0, ("1", "2"))
