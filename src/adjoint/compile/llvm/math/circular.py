"""sin, cos and tan: polynomials on an eighth of a turn either way of a whole quarter.

sin(r) = r + r**3 S(r**2) and cos(r) = 1 - r**2 / 2 + r**4 C(r**2) for |r| <= pi / 4, with weights that make the error
of sin relative and that of cos absolute. What the reduction of the angle left over enters to first order.
"""

from __future__ import annotations

from typing import Any

from adjoint.compile.llvm.math.angles import reduced
from adjoint.compile.llvm.math.arithmetic import Pair, polynomial, quick_two_sum

_SIN = {
    "f64": (
        -0.16666666666666632,
        0.00833333333332233,
        -0.00019841269829734423,
        2.755731366476614e-06,
        -2.5050753638835704e-08,
        1.589652458099822e-10,
    ),
    "f32": (-0.16666655, 0.008332174, -0.00019516685),
}
_COS = {
    "f64": (
        0.0416666666666666,
        -0.001388888888887411,
        2.48015872894593e-05,
        -2.755731434250916e-07,
        2.0875721579052877e-09,
        -1.135954430048505e-11,
    ),
    "f32": (0.041666646, -0.0013887363, 2.4437833e-05),
}
#: Up to here sin(x) and tan(x) are x.
_SAME = {"f64": 2.0**-27, "f32": 2.0**-13}


def _both(k: Any, x: Any) -> tuple[Any, Pair, Pair]:
    """``(n, sin, cos)`` of what is left after n quarter turns, each in two floats; shared by functions of x."""

    def make() -> tuple[Any, Pair, Pair]:
        n, r, low = reduced(k, x)
        u = k.mul(r, r)
        half = k.mul(u, k.const(0.5))
        sine = quick_two_sum(k, r, k.fma(k.mul(r, u), polynomial(k, u, _SIN[k.kind]), k.fma(low, k.neg(half), low)))
        one = k.const(1.0)
        top = k.sub(one, half)
        rest = k.fma(k.mul(u, u), polynomial(k, u, _COS[k.kind]), k.fma(r, k.neg(low), k.sub(k.sub(one, top), half)))
        return n, sine, quick_two_sum(k, top, rest)

    return k.once("sine and cosine", make, x)


def _odd(k: Any, n: Any) -> Any:
    return k.builder.icmp_unsigned("!=", k.builder.and_(n, k.whole_const(1)), k.whole_const(0))


def _turned(k: Any, value: Any, n: Any) -> Any:
    """The value with its sign changed in the third and fourth quarter."""
    b = k.builder
    sign = b.shl(b.and_(n, k.whole_const(2)), k.whole_const(k.width - 2))
    return k.from_bits(b.xor(k.bits(value), sign))


def _small(k: Any, x: Any, result: Any) -> Any:
    return k.select(k.lt(k.abs(x), k.const(_SAME[k.kind])), x, result)


def sin(k: Any, x: Any) -> Any:
    """The sine of any finite x; NaN of an infinite one. At most 0.85 ulp (f64) and 0.85 (f32)."""
    n, sine, cosine = _both(k, x)
    return _small(k, x, _turned(k, k.select(_odd(k, n), cosine[0], sine[0]), n))


def cos(k: Any, x: Any) -> Any:
    """The cosine of any finite x; NaN of an infinite one. At most 0.85 ulp (f64) and 0.85 (f32)."""
    n, sine, cosine = _both(k, x)
    return _turned(k, k.select(_odd(k, n), sine[0], cosine[0]), k.builder.add(n, k.whole_const(1)))


def tan(k: Any, x: Any) -> Any:
    """The tangent of any finite x; NaN of an infinite one.
    The quotient of both, corrected by what their roundings and its own left over.

    At most 1.0 ulp (f64) and 1.1 (f32).
    """
    n, sine, cosine = _both(k, x)
    odd = _odd(k, n)
    top, top_low = (k.select(odd, k.neg(c), s) for s, c in zip(sine, cosine, strict=True))
    bottom, bottom_low = (k.select(odd, s, c) for s, c in zip(sine, cosine, strict=True))
    inverse = k.div(k.const(1.0), bottom)
    ratio = k.mul(top, inverse)
    less = k.neg(ratio)
    left = k.add(k.fma(less, bottom, top), k.fma(less, bottom_low, top_low))
    return _small(k, x, k.fma(left, inverse, ratio))
