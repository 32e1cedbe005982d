from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remodel.sweeps.chunks import Layout, _block, gib


@given(
    shape=st.lists(st.integers(1, 40), min_size=1, max_size=4).map(tuple),
    wanted=st.integers(1, 5000),
)
def test_chunks_cover_every_cell_once_and_none_is_too_large(shape, wanted):
    layout = Layout(tuple("abcd"[: len(shape)]), shape, _block(shape, wanted))
    seen = np.zeros(shape, dtype=int)
    for chunk in range(layout.chunks):
        seen[layout.region(chunk)] += 1
        assert math.prod(layout.sizes(chunk)) <= max(wanted, 1)
    assert np.all(seen == 1)


def test_the_rows_of_a_chunk_are_in_the_order_of_its_cells():
    layout = Layout(("a", "b"), (3, 4), (2, 4))
    rows = layout.crossed(1, [np.arange(3) * 10.0, np.arange(4) * 1.0])
    assert rows["a"].tolist() == [20.0] * 4
    assert rows["b"].tolist() == [0.0, 1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "0.977 KiB"),
        (1020 * 1024, "0.996 MiB"),
        (737 * 1024, "737 KiB"),
        (2.5 * 1024**4, "2.5 TiB"),
        (2 * 1024**5, "2 PiB"),
    ],
)
def test_sizes_have_three_digits(size, text):
    assert gib(size) == text
