"""The architecture page: every file it names exists, and every room is on it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "remodel"
PAGE = (ROOT / "docs" / "developers" / "architecture.md").read_text(encoding="utf-8")
PATH = re.compile(r"[\w./<>]+(?:/|\.(?:py|toml|csv))")
NAMES = sorted({name for name in re.findall(r"`([^`\n]+)`", PAGE) if PATH.fullmatch(name)})
ROOMS = re.findall(r"^\| (`.*?/`.*?) \| .* \| (.*) \|$", PAGE, re.MULTILINE)


def exists(name: str) -> bool:
    """Return whether a name is a path in the package or the repository, or a file of a room."""
    pattern = re.sub(r"<\w+>", "*", name).rstrip("/")
    if "/" not in name:
        return any(PACKAGE.rglob(pattern)) or any(ROOT.glob(f"experiments/*/{pattern}"))
    return any(PACKAGE.glob(pattern)) or any(ROOT.glob(pattern))


@pytest.mark.parametrize("name", NAMES)
def test_every_file_on_the_page_exists(name):
    assert exists(name), f"the page names {name}, which is not there"


def test_files_to_read_first_lie_in_their_rooms():
    assert len(ROOMS) > 10
    for rooms, files in ROOMS:
        folders = [PACKAGE / room for room in re.findall(r"`(\w+)/`", rooms)]
        for file in re.findall(r"`([\w/.]+)`", files):
            assert any((folder / file).is_file() for folder in folders), f"{file} of {rooms}"


def test_every_room_is_on_the_page():
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    files = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    named = {name.rstrip("/") for name in re.findall(r"`([\w/]+)`", PAGE)}
    missing = {room for room in folders | files if room not in named}
    assert not missing
