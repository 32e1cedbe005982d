"""Results of the public interface are, to rounding, those that were stored once.

Where a change is meant to move them, ``python tests/fingerprints.py --renew`` stores them anew.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1]))

from fingerprint_cases import CASES
from fingerprints import SUMMARIES, departures

STORED = json.loads(SUMMARIES.read_text())


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if case.fast else pytest.mark.slow)
        for name, case in CASES.items()
    ],
)
def test_results_are_those_that_were_stored(name):
    assert departures(CASES[name].compute(), STORED[name], CASES[name].tolerance) == []


def test_every_stored_result_has_a_case():
    assert STORED.keys() == CASES.keys()
