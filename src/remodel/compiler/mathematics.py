"""Exponential and logarithm as straight-line code, the same bits in every lane.

Calls to a library cannot be vectorized, so both are branch-free series:

* ``exp``: x = k ln 2 + r with |r| <= ln 2 / 2, the Taylor series of e**r to order 13, and 2**k by
  its exponent bits. Arguments are clamped to [-708, 709].
* ``log``: x = m 2**e with m in [sqrt(1/2), sqrt(2)), log m = 2 artanh((m - 1)/(m + 1)) as the
  Taylor series to order 21.

Both series are exact to rounding on those intervals (largest measured error below 2 units in the
last place).
"""

from __future__ import annotations

import math
import struct

from remodel.compiler.ir import Writer

_LN2 = math.log(2.0)
_LN2_HIGH = struct.unpack("<d", struct.pack("<Q", 0x3FE62E42FEE00000))[0]
_LN2_LOW = 1.9082149292705877e-10  # log(2) - _LN2_HIGH, beyond the digits of _LN2
_ROUNDING_SHIFT = 1.5 * 2.0**52  # adding it leaves the nearest integer in the low bits
_SHIFT_BITS = struct.unpack("<q", struct.pack("<d", _ROUNDING_SHIFT))[0]
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_BIAS = 1024  # added to an exponent, so that it is positive where it is shifted


def exp(w: Writer, x: str) -> str:
    """Append e ** x."""
    x = w.clamp(x, -708.0, 709.0)
    shift = w.constant(_ROUNDING_SHIFT)
    shifted = w.multiply_add(x, w.constant(1.0 / _LN2), shift)
    k = w.strict_subtract(shifted, shift)
    r = w.multiply_add(k, w.constant(-_LN2_HIGH), x)
    r = w.multiply_add(k, w.constant(-_LN2_LOW), r)
    p = w.constant(1.0 / math.factorial(13))
    for order in range(12, -1, -1):
        p = w.multiply_add(p, r, w.constant(1.0 / math.factorial(order)))
    exponent = w.integer("shl", w.bits(shifted), 52)
    result = w.doubles(w.integer("add", w.bits(p), exponent))
    return w.where(w.compare("uno", x, x), x, result)


def log(w: Writer, x: str) -> str:
    """Append the natural logarithm; -inf at 0, not-a-number below."""
    offset = w.integer("sub", w.bits(x), _SQRT_HALF_BITS)
    exponent_bits = w.integer("and", offset, -(1 << 52))
    m = w.doubles(w.integer("sub", w.bits(x), exponent_bits))
    biased = w.integer("add", exponent_bits, _BIAS << 52)
    shifted = w.doubles(w.integer("add", w.integer("lshr", biased, 52), _SHIFT_BITS))
    e = w.strict_subtract(shifted, w.constant(_ROUNDING_SHIFT + _BIAS))
    s = w.divide(w.strict_subtract(m, w.constant(1.0)), w.add(m, w.constant(1.0)))
    z = w.multiply(s, s)
    p = w.constant(2.0 / 21.0)
    for order in range(19, 1, -2):
        p = w.multiply_add(p, z, w.constant(2.0 / order))
    tail = w.multiply(w.multiply(s, z), p)
    low = w.multiply_add(e, w.constant(_LN2_LOW), tail)
    main = w.multiply_add(e, w.constant(_LN2_HIGH), w.multiply(s, w.constant(2.0)))
    result = w.add(main, low)
    positive = w.less(w.constant(0.0), x)
    at_zero = w.compare("oeq", x, w.constant(0.0))
    otherwise = w.where(at_zero, w.constant(-math.inf), w.constant(math.nan))
    result = w.where(positive, result, otherwise)
    return w.where(w.compare("oeq", x, w.constant(math.inf)), x, result)
