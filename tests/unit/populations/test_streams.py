"""Random numbers of a woman depend on nothing but her."""

import numpy as np
import pytest

from remodel.populations.streams import normals, philox, tail_scales, uniforms

KNOWN = [  # Random123, kat_vectors, philox4x32 10
    ((0, 0, 0, 0), (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ((2**32 - 1,) * 4, (2**32 - 1,) * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_philox_gives_the_published_words(counter, key, words):
    assert " ".join(f"{word.item():08x}" for word in philox(counter, key)) == words


def test_numbers_do_not_depend_on_what_is_drawn_with_them():
    woman = np.arange(1000)
    whole = normals(7, "age", woman)
    assert np.array_equal(whole[300:310], normals(7, "age", woman[300:310]))
    assert not np.array_equal(whole, normals(8, "age", woman))
    assert not np.array_equal(whole, normals(7, "bmi", woman))
    assert not np.array_equal(whole, normals(7, "age", woman, 1))


def test_numbers_are_uniform_and_independent():
    first, second = uniforms(1, "x", np.arange(20_000))
    assert first.min() > 0
    assert first.max() < 1
    counts = np.histogram(first, 20, (0, 1))[0]
    assert np.sum((counts - 1000) ** 2 / 1000) < 43.8  # 99.9 % point of chi-square, 19
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.025
    assert abs(np.corrcoef(first[1:], first[:-1])[0, 1]) < 0.025


def test_tails_have_a_variance_of_one_and_are_heavy():
    woman = np.arange(200_000)
    scores = normals(3, "score", woman) * tail_scales(5.0, 3, "tails", woman)
    assert scores.var() == pytest.approx(1, abs=0.03)
    inner, outer = np.quantile(np.abs(scores), [0.5, 0.99])
    assert inner == pytest.approx(0.7267 / np.sqrt(5 / 3), rel=0.02)  # t of 5
    assert outer == pytest.approx(4.032 / np.sqrt(5 / 3), rel=0.03)
    assert np.all(tail_scales(np.inf, 3, "tails", woman) == 1)
