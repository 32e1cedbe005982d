"""Which file a name of a parameter set means."""

from __future__ import annotations

from pathlib import Path

import pytest

from remodel.parameters import load_parameters

ENTRY = """
[alpha1]
value = 7.0
unit = "1/d"
lower = 0.0
upper = 9.0
meaning = "Made"
source = "made up"
"""


def test_a_folder_called_like_a_set_does_not_hide_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "komarova2003").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load_parameters("komarova2003")["alpha1"].value == 3.0


def test_a_file_is_meant_by_its_suffix_or_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "komarova2003.toml").write_text(ENTRY)
    monkeypatch.chdir(tmp_path)
    assert load_parameters("komarova2003.toml")["alpha1"].value == 7.0
    assert load_parameters("./komarova2003.toml")["alpha1"].value == 7.0
    assert load_parameters(tmp_path / "komarova2003.toml")["alpha1"].value == 7.0
