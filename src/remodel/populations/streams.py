"""Random numbers that belong to a woman: the same whatever is drawn with them, before or after.

A number is a function of a seed, the name of what is drawn, the woman, a step and an attempt,
computed by Philox 4x32-10 (Salmon 2011, SC11), a generator without a state. Neither the number of
women, nor threads, nor the order of a computation can change it.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from remodel._arrays import FloatArray

Words = npt.NDArray[np.uint64]
_ROUNDS = 10
_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_INCREMENTS = 0x9E3779B9, 0xBB67AE85
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_FIVE, _SIX = np.uint64(5), np.uint64(6)


def philox(counter: tuple[Any, Any, Any, Any], key: tuple[int, int]) -> tuple[Words, ...]:
    """Return four random words of 32 bits for each counter.

    Parameters
    ----------
    counter : tuple of four int or array_like
        Below 2^32; broadcast together.
    key : tuple of two int
        Below 2^32.
    """
    words = [np.asarray(part, dtype=np.uint64) for part in counter]
    a, b, c, d = (np.ascontiguousarray(word) for word in np.broadcast_arrays(*words))
    left, right = key
    for _ in range(_ROUNDS):
        first, second = a * _MULTIPLIERS[0], c * _MULTIPLIERS[1]
        a = (second >> _HALF) ^ b ^ np.uint64(left)
        c = (first >> _HALF) ^ d ^ np.uint64(right)
        b, d = second & _LOW, first & _LOW
        left, right = (left + _INCREMENTS[0]) % 2**32, (right + _INCREMENTS[1]) % 2**32
    return a, b, c, d


def uniforms(
    seed: int, name: str, woman: Any, step: Any = 0, attempt: Any = 0
) -> tuple[FloatArray, FloatArray]:
    """Return two independent uniform numbers above 0 and below 1 for each woman and step.

    Parameters
    ----------
    seed : int
        From 0 to 2^64 - 1.
    name : str
        Of what is drawn.
    woman, step, attempt : int or array_like
        Below 2^32; broadcast together.
    """
    counter = woman, step, zlib.crc32(name.encode()), attempt
    a, b, c, d = philox(counter, (seed % 2**32, seed // 2**32 % 2**32))
    return _unit(a, b), _unit(c, d)


def _unit(high: Words, low: Words) -> FloatArray:
    """Return numbers of 53 bits, in the middle of their interval."""
    bits = ((high >> _FIVE).astype(np.float64) * 2.0**26) + (low >> _SIX).astype(np.float64)
    middle: FloatArray = (bits + 0.5) * 2.0**-53
    return middle


def normals(seed: int, name: str, woman: Any, step: Any = 0, attempt: Any = 0) -> FloatArray:
    """Return one standard normal number for each woman and step; arguments as ``uniforms``."""
    from scipy.special import ndtri

    values: FloatArray = ndtri(uniforms(seed, name, woman, step, attempt)[0])
    return values


def tail_scales(
    freedom: float, seed: int, name: str, woman: Any, step: Any = 0, attempt: Any = 0
) -> FloatArray:
    """Return factors that make normal numbers those of Student's t, with a variance of 1.

    Parameters
    ----------
    freedom : float
        Degrees of freedom, above 2; infinite for normal numbers.
    seed, name, woman, step, attempt
        As ``uniforms``.
    """
    from scipy.special import gammaincinv

    share, _ = uniforms(seed, name, woman, step, attempt)
    if np.isinf(freedom):
        return np.ones_like(share)
    half = freedom / 2
    factors: FloatArray = np.sqrt((half - 1) / gammaincinv(half, share))
    return factors
