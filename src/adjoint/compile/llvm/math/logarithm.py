"""Logarithms: log, log1p, log2, log10.

A positive x is m 2**e with m in [1/sqrt(2), sqrt(2)]. With f = m - 1, s = f / (2 + f), h = f**2 / 2 the identity
2 s = f - s f gives log(m) = 2 atanh(s) = f - (h - s (h + R)), R = 2 s**2 / 3 + 2 s**4 / 5 + ...; a polynomial
approximates R / s**2 (weight s**2).
"""

from __future__ import annotations

import math
from typing import Any

from adjoint.compile.llvm.math.arithmetic import format_of, polynomial, two_sum

_LOG = {
    "f64": (
        0.6666666666666735,
        0.3999999999941179,
        0.28571428743135485,
        0.22222198487271916,
        0.1818356921590866,
        0.15313915466302075,
        0.14797394725122587,
    ),
    "f32": (0.66666776, 0.39977497, 0.2987303),
}


def split(k: Any, x: Any) -> tuple[Any, Any, Any]:
    """``(m, e, bits of e + bias)`` of a positive finite x, subnormal or not; e is a float."""
    f = format_of(k)
    b = k.builder
    small = k.lt(x, k.const(f.tiny))
    shift = f.mantissa + 2
    i = k.bits(k.select(small, k.mul(x, k.const(2.0**shift)), x))
    moved = b.add(i, k.whole_const(f.one_bits - f.root_half_bits))
    biased = b.lshr(moved, k.whole_const(f.mantissa))
    mask = k.whole_const((1 << f.mantissa) - 1)
    m = k.from_bits(b.add(b.and_(moved, mask), k.whole_const(f.root_half_bits)))
    whole = 2.0**f.mantissa
    one = k.whole_const(f.one_bits + (f.mantissa << f.mantissa))  # the bits of 2**mantissa
    drop = k.select(small, k.const(whole + f.bias + shift), k.const(whole + f.bias))
    return m, k.sub(k.from_bits(b.or_(biased, one)), drop), biased


def log_of(k: Any, f: Any, e: Any) -> Any:
    """log((1 + f) 2**e) for 1 + f in [1/sqrt(2), sqrt(2)]."""
    ln2 = format_of(k).ln2
    s = k.div(f, k.add(f, k.const(2.0)))
    u = k.mul(s, s)
    r = k.mul(u, polynomial(k, u, _LOG[k.kind]))
    h = k.mul(k.mul(f, k.const(0.5)), f)
    low = k.fma(s, k.add(h, r), k.mul(e, k.const(ln2[1])))
    return k.fma(e, k.const(ln2[0]), k.sub(f, k.sub(h, low)))


def ends(k: Any, x: Any, result: Any) -> Any:
    """The result for positive finite x; -inf at 0, NaN below, inf and NaN of themselves."""
    zero = k.const(0.0)
    result = k.select(k.gt(x, zero), result, k.const(math.nan))
    result = k.select(k.lt(x, k.const(math.inf)), result, x)
    return k.select(k.eq(x, zero), k.const(-math.inf), result)


def log(k: Any, x: Any) -> Any:
    """The natural logarithm. At most 0.85 ulp (f64) and 0.85 (f32)."""
    m, e, _ = split(k, x)
    return ends(k, x, log_of(k, k.sub(m, k.const(1.0)), e))


def log2(k: Any, x: Any) -> Any:
    """The logarithm to base two; exact for powers of two. At most 1.7 ulp (f64) and 1.7 (f32)."""
    log2e = format_of(k).log2e
    m, e, _ = split(k, x)
    natural = log_of(k, k.sub(m, k.const(1.0)), k.const(0.0))
    return ends(k, x, k.add(e, k.fma(natural, k.const(log2e[0]), k.mul(natural, k.const(log2e[1])))))


def log_of_sum(k: Any, u: Any, low: Any) -> Any:
    """log(u + low) for a positive normal u and a ``low`` below half an ulp of it."""
    f = format_of(k)
    b = k.builder
    m, e, biased = split(k, u)
    # 2**-e; at the largest u, where that has no normal form, low is far below the last bit.
    back = k.from_bits(b.shl(b.sub(k.whole_const(2 * f.bias), biased), k.whole_const(f.mantissa)))
    moved = k.select(k.lt(u, k.const(2.0 ** (f.bias - 3))), k.mul(low, back), k.const(0.0))
    return log_of(k, k.add(k.sub(m, k.const(1.0)), moved), e)


def log1p(k: Any, x: Any) -> Any:
    """log(1 + x), also for tiny x.
    1 + x is kept as a sum of two floats; the second moves f, so that nothing is lost and nothing divided.
    Of an operand that is known to lie between 0 and 1 it is cheaper.

    At most 1.5 ulp (f64) and 1.5 (f32).
    """
    one = k.const(1.0)
    if k.is_known("from 0 to 1", x):
        half = k.const(0.5)
        large = k.gt(x, k.const(math.sqrt(2.0) - 1.0))
        f = k.select(large, k.fma(x, half, k.const(-0.5)), x)
        return log_of(k, f, k.select(large, one, k.const(0.0)))
    u, low = two_sum(k, one, x)
    result = log_of_sum(k, u, low)
    return k.copysign(ends(k, u, result), x)
