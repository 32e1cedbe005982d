"""The list of changes that the tests must notice fits the code as it is."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1]))

from mutants import ROOT, changed, load_changes

CHANGES = load_changes()
SOURCE = ROOT / "src" / "remodel"


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_every_listed_text_occurs_once_and_the_change_is_still_python(change):
    source = (SOURCE / change.file).read_text(encoding="utf-8")
    after = changed(source, change)  # raises unless the old text occurs exactly once
    assert ast.dump(ast.parse(after)) != ast.dump(ast.parse(source))
    assert change.breaks.endswith(".")
    for name in change.tests:
        assert (ROOT / name).exists(), f"{change.name} names {name}, which does not exist"


def test_names_are_unique():
    names = [change.name for change in CHANGES]
    assert len(set(names)) == len(names) >= 69


def test_a_text_that_is_gone_is_refused():
    change = CHANGES[0]
    with pytest.raises(ValueError, match=r"0 times, not once"):
        changed("nothing of it", change)
