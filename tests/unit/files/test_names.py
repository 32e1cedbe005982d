"""Names that become files."""

import pytest

from remodel.errors import ConfigError
from remodel.files import checked_file_name


@pytest.mark.parametrize("name", ["spine", "a b", "Überblick", "fig.1", "x" * 100, "console"])
def test_a_plain_name_is_kept(name):
    assert checked_file_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "  ", "..", ".", "../x", "/abs/x", "a/b", "a\\b", "C:x", "a\0b", "a\nb", "x" * 101, "CON",
     "nul.txt", "Lpt1", ".hidden", "dot.", "blank ", " blank", "a?b", "a*"],
)  # fmt: skip
def test_a_name_that_is_no_file_everywhere_is_refused(name):
    with pytest.raises(ConfigError, match="name"):
        checked_file_name(name)


def test_a_name_given_twice_is_refused_whatever_its_case():
    with pytest.raises(ConfigError, match="given twice"):
        checked_file_name("Spine", taken=["hip", "spine"])
