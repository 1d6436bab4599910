"""atan, atan2, asin and acos.

atan turns its quotient to at most 1/2 in size: atan(q) = b + atan(z) with b one of 0, pi / 4, pi / 2 and z one
of q, (q - 1) / (q + 1), -1 / q, all with a single division; then atan(z) = z + z**3 P(z**2). asin and acos take
asin(x) = x + x**3 P(x**2) up to 1/2, and beyond it pi / 2 - 2 asin(sqrt((1 - x) / 2)). Polynomials with weight x**2.
"""

from __future__ import annotations

import math
from typing import Any

from adjoint.compile.llvm.math.arithmetic import format_of, polynomial

_ATAN = {
    "f64": (
        -0.33333333333332993,
        0.1999999999990543,
        -0.14285714276567854,
        0.11111110666791808,
        -0.09090896408660876,
        0.07692076277480871,
        -0.06663832987694206,
        0.058584397131157304,
        -0.05122590020448887,
        0.041880395713000916,
        -0.027458101152162278,
        0.010132108928759974,
    ),
    "f32": (
        -0.33333328,
        0.19999498,
        -0.14272235,
        0.109422185,
        -0.079885095,
        0.038782734,
    ),
}
_ASIN = {
    "f64": (
        0.16666666666666763,
        0.07499999999970143,
        0.044642857175257386,
        0.030381942676319253,
        0.0223722158821558,
        0.017351595861284975,
        0.013981014770866796,
        0.011397320247900336,
        0.010789185452880648,
        0.0036726426883947057,
        0.021789653587256007,
        -0.021115468344065167,
        0.03270146954578763,
    ),
    "f32": (
        0.1666666,
        0.07500512,
        0.044515472,
        0.031819858,
        0.014393582,
        0.037578534,
    ),
}
#: Between these the quotient less 1 is taken: from 1/2 on that difference is exact; the other is tan(3 pi / 8).
_LOW, _HIGH = 0.5, math.sqrt(2.0) + 1.0


def _arc(k: Any, z: Any) -> tuple[Any, Any]:
    """atan(z) for |z| up to 1/2, as z and what is added to it."""
    u = k.mul(z, z)
    return z, k.mul(k.mul(z, u), polynomial(k, u, _ATAN[k.kind]))


def _part(k: Any, quarters: float, place: int) -> Any:
    """A multiple of pi / 4, in two parts: the first or the second."""
    value = format_of(k).half_pi[place] * quarters / 2.0
    if quarters == 3.0:  # is not half_pi times a power of two
        value = _THREE_QUARTERS[k.kind][place]
    return k.const(value)


_THREE_QUARTERS = {
    "f64": (2.356194490192345, 9.184850993605148e-17),
    "f32": (2.356194496154785, -5.962440319251527e-09),
}


def atan(k: Any, x: Any) -> Any:
    """The inverse tangent. At most 1.1 ulp (f64) and 1.5 (f32)."""
    a = k.abs(x)
    one, zero = k.const(1.0), k.const(0.0)
    middle, far = k.gt(a, k.const(_LOW)), k.gt(a, k.const(_HIGH))
    top = k.select(far, k.const(-1.0), k.select(middle, k.sub(a, one), a))
    bottom = k.select(far, a, k.select(middle, k.add(a, one), one))
    z, rest = _arc(k, k.div(top, bottom))
    high, low = (k.select(far, _part(k, 2.0, i), k.select(middle, _part(k, 1.0, i), zero)) for i in range(2))
    return k.copysign(k.add(high, k.add(z, k.add(rest, low))), x)


def atan2(k: Any, y: Any, x: Any) -> Any:
    """The angle of the point (x, y), in all four quarters and at zeros and infinities as C99 has it.

    At most 1.4 ulp (f64) and 1.6 (f32).
    """
    f = format_of(k)
    one, zero = k.const(1.0), k.const(0.0)
    a, b = k.abs(y), k.abs(x)
    huge = k.gt(k.maxnum(a, b), k.const(2.0 ** (f.bias - 3)))
    scale = k.select(huge, k.const(2.0**-8), one)
    a, b = k.mul(a, scale), k.mul(b, scale)
    equal = k.eq(a, b)
    far = k.gt(a, k.mul(b, k.const(_HIGH)))
    middle = k.or_(k.gt(a, k.mul(b, k.const(_LOW))), k.and_(equal, k.gt(a, zero)))
    top = k.select(far, k.neg(b), k.select(middle, k.sub(a, b), a))
    bottom = k.select(far, a, k.select(middle, k.add(a, b), b))
    z, rest = _arc(k, k.select(equal, zero, k.div(top, bottom)))
    left = k.lt(k.copysign(one, x), zero)
    z, rest = (k.select(left, k.neg(v), v) for v in (z, rest))
    high, low = (
        k.select(
            far,
            _part(k, 2.0, i),
            k.select(
                middle,
                k.select(left, _part(k, 3.0, i), _part(k, 1.0, i)),
                k.select(left, _part(k, 4.0, i), zero),
            ),
        )
        for i in range(2)
    )
    result = k.copysign(k.add(high, k.add(z, k.add(rest, low))), y)
    return k.select(k.or_(k.isnan(x), k.isnan(y)), k.add(x, y), result)


def _arcsine(k: Any, x: Any) -> tuple[Any, Any, Any]:
    """``(beyond, w, v)``: whether |x| > 1/2, and asin(w) = w + v for w = |x|, or sqrt((1 - |x|) / 2) beyond."""

    def make() -> tuple[Any, Any, Any]:
        a = k.abs(x)
        half = k.const(0.5)
        beyond = k.gt(a, half)
        u = k.select(beyond, k.mul(k.sub(k.const(1.0), a), half), k.mul(a, a))
        w = k.select(beyond, k.sqrt(u), a)
        return beyond, w, k.mul(k.mul(w, u), polynomial(k, u, _ASIN[k.kind]))

    return k.once("arcsine", make, x)


def asin(k: Any, x: Any) -> Any:
    """The inverse sine; NaN outside [-1, 1]. At most 1.2 ulp (f64) and 1.2 (f32)."""
    beyond, w, v = _arcsine(k, x)
    high, low = (k.const(p) for p in format_of(k).half_pi[:2])
    twice = k.add(w, w)
    start = k.sub(high, twice)
    lost = k.add(k.sub(k.sub(high, start), twice), low)  # just above 1 start has a bit less than the result
    turned = k.add(start, k.fma(k.const(-2.0), v, lost))
    return k.copysign(k.select(beyond, turned, k.add(w, v)), x)


def acos(k: Any, x: Any) -> Any:
    """The inverse cosine; NaN outside [-1, 1]. At most 1.2 ulp (f64) and 1.2 (f32)."""
    beyond, w, v = _arcsine(k, x)
    f = format_of(k)
    high, low = (k.const(p) for p in f.half_pi[:2])
    negative = k.lt(x, k.const(0.0))
    sine, rest = k.copysign(w, x), k.copysign(v, x)
    near = k.sub(high, k.add(sine, k.sub(rest, low)))
    small = k.add(w, v)
    left = k.sub(high, k.add(w, k.sub(v, low)))
    far = k.select(negative, left, small)
    return k.select(beyond, k.add(far, far), near)
