"""sinh, asinh, acosh and atanh.

Small operands have odd polynomials x + x**3 P(x**2), with weight x**2. Beyond, sinh is a difference of exponentials,
and the inverses are logarithms whose operand is kept as a sum of two floats.
"""

from __future__ import annotations

import math
from typing import Any

from adjoint.compile.llvm.math.arithmetic import polynomial, quick_two_sum, two_product, two_sum
from adjoint.compile.llvm.math.exponential import halves
from adjoint.compile.llvm.math.logarithm import log_of_sum

_SINH = {
    "f64": (
        0.16666666666666669,
        0.008333333333333139,
        0.00019841269841437546,
        2.7557319155373577e-06,
        2.5052123393436297e-08,
        1.6057240698330374e-10,
        7.759302360443427e-13,
    ),
    "f32": (
        0.16666667,
        0.0083333505,
        0.00019836068,
        2.8174354e-06,
    ),
}
_ASINH = {
    "f64": (
        -0.16666666666666663,
        0.07499999999998967,
        -0.044642857141696864,
        0.030381944378719734,
        -0.02237215689054377,
        0.017352716944081727,
        -0.013964148602233219,
        0.011544681939739189,
        -0.009709810478720542,
        0.008121555394621205,
        -0.006325238234615464,
        0.003925444248655465,
        -0.001364947069474724,
    ),
    "f32": (
        -0.16666666,
        0.0749989,
        -0.044613406,
        0.030014157,
        -0.019984247,
        0.009173315,
    ),
}
_ATANH = {
    "f64": (
        0.3333333333333328,
        0.20000000000018903,
        0.14285714283351417,
        0.11111111260208419,
        0.09090903522690766,
        0.07692441956637146,
        0.06664465717156043,
        0.05907634078116854,
        0.05056648849798244,
        0.05962806345201522,
        -0.005533463339972782,
        0.17534508477838326,
        -0.1966026987121455,
        0.2413846294134099,
    ),
    "f32": (
        0.333333,
        0.20002593,
        0.14221369,
        0.11835025,
        0.050942477,
        0.17726044,
    ),
}
#: From here on the square of x hides 1.
_LARGE = {"f64": 2.0**30, "f32": 2.0**14}


def _odd(k: Any, a: Any, coefficients: Any) -> Any:
    u = k.mul(a, a)
    return k.fma(k.mul(a, u), polynomial(k, u, coefficients), a)


def sinh(k: Any, x: Any) -> Any:
    """The hyperbolic sine, (exp(|x|) - exp(-|x|)) / 2 from 1 on, with the sign of x.

    At most 0.85 ulp (f64) and 0.85 (f32).
    """
    a = k.abs(x)
    large, rest, small = halves(k, x)
    difference = k.add(large, k.sub(rest, small))
    far = k.add(difference, difference)
    return k.copysign(k.select(k.lt(a, k.const(1.0)), _odd(k, a, _SINH[k.kind]), far), x)


def _root(k: Any, h: Any, l: Any) -> tuple[Any, Any]:
    """The square root of h + l, in two parts; of 0 it is 0."""
    r = k.sqrt(h)
    twice = k.add(k.add(r, r), k.const(2.0**-60))
    return r, k.div(k.add(k.fma(k.neg(r), r, h), l), twice)


def _log_with(k: Any, x: Any, u: Any, low: Any) -> Any:
    """log(u + low), or log(2 x) where x is large."""
    large = k.gt(x, k.const(_LARGE[k.kind]))
    result = log_of_sum(k, k.select(large, x, u), k.select(large, k.const(0.0), low))
    result = k.add(result, k.select(large, k.const(math.log(2.0)), k.const(0.0)))
    return k.select(k.lt(x, k.const(math.inf)), result, x)


def asinh(k: Any, x: Any) -> Any:
    """The inverse hyperbolic sine, log(|x| + sqrt(x**2 + 1)) from 1/2 on, with the sign of x.

    At most 1.2 ulp (f64) and 1.2 (f32).
    """
    a = k.abs(x)
    p, p_low = two_product(k, a, a)
    h, l = two_sum(k, p, k.const(1.0))
    r, r_low = _root(k, h, k.add(l, p_low))
    u, low = two_sum(k, a, r)
    u, low = quick_two_sum(k, u, k.add(low, r_low))
    far = _log_with(k, a, u, low)
    return k.copysign(k.select(k.lt(a, k.const(0.5)), _odd(k, a, _ASINH[k.kind]), far), x)


def acosh(k: Any, x: Any) -> Any:
    """The inverse hyperbolic cosine, log(1 + t + sqrt(t**2 + 2 t)) with t = x - 1; NaN below 1.

    At most 1.6 ulp (f64) and 1.6 (f32).
    """
    one = k.const(1.0)
    t = k.sub(x, one)
    p, p_low = two_product(k, t, t)
    h, l = two_sum(k, p, k.add(t, t))
    r, r_low = _root(k, h, k.add(l, p_low))
    s, s_low = two_sum(k, t, r)
    u, low = two_sum(k, one, s)
    u, low = quick_two_sum(k, u, k.add(low, k.add(s_low, r_low)))
    return k.select(k.lt(x, one), k.const(math.nan), _log_with(k, x, u, low))


def atanh(k: Any, x: Any) -> Any:
    """The inverse hyperbolic tangent, log((1 + |x|) / (1 - |x|)) / 2 from 1/2 on; NaN outside [-1, 1].

    At most 0.9 ulp (f64) and 0.9 (f32).
    """
    a = k.abs(x)
    one = k.const(1.0)
    top, top_low = quick_two_sum(k, one, a)
    bottom = k.sub(one, a)
    q = k.div(top, bottom)
    low = k.div(k.add(k.fma(k.neg(q), bottom, top), top_low), bottom)
    far = k.mul(k.const(0.5), log_of_sum(k, q, low))
    result = k.select(k.lt(a, k.const(0.5)), _odd(k, a, _ATANH[k.kind]), far)
    result = k.select(k.lt(a, one), result, k.select(k.eq(a, one), k.const(math.inf), k.const(math.nan)))
    return k.copysign(result, x)
