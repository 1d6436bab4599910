"""Exponentials: exp, exp2, expm1, tanh and cosh.

The core writes x = n ln 2 + r with |r| <= ln(2) / 2 and approximates (exp(r) - 1 - r) / r**2 by a polynomial
(weight |r|: relative to exp(r) - 1). Functions of the same operand share it.
"""

from __future__ import annotations

from typing import Any

from adjoint.compile.llvm.math.arithmetic import format_of, polynomial, quick_two_sum, shifted

_EXPM1 = {
    "f64": (
        0.5,
        0.16666666666666677,
        0.0416666666666667,
        0.008333333333321584,
        0.0013888888888866826,
        0.00019841269886255346,
        2.480158736057149e-05,
        2.7557244071480244e-06,
        2.755724274301085e-07,
        2.5109087488712396e-08,
        2.0924450966786794e-09,
    ),
    "f32": (0.5, 0.16666667, 0.041666355, 0.008333273, 0.0013941044, 0.00019914044),
}
EXP2 = {
    "f64": (
        0.6931471805599453,
        0.24022650695910133,
        0.05550410866482174,
        0.00961812910759329,
        0.0013333558146379108,
        0.00015403530458143292,
        1.5252733867460977e-05,
        1.321543478125509e-06,
        1.0178046493834685e-07,
        7.073866885923812e-09,
        4.4573828555464855e-10,
    ),
    "f32": (0.6931472, 0.2402265, 0.05550328, 0.009618005, 0.0013400291, 0.00015476152),
}
_TANH = {
    "f64": (
        -0.33333333333333137,
        0.13333333333301142,
        -0.05396825394996332,
        0.021869488017660726,
        -0.008863226974871368,
        0.003592038981784364,
        -0.0014552236975811184,
        0.0005872162135792035,
        -0.00023045437166734024,
        7.938124327086942e-05,
        -1.7212683726223354e-05,
    ),
    "f32": (
        -0.333333,
        0.1333196,
        -0.053786773,
        0.020805618,
        -0.0059060827,
    ),
}
#: Above the first exp overflows; below the second its result is scaled from subnormals; the third gives 0.
_RANGE = {
    "f64": (709.782712893384, -708.0, -746.0),
    "f32": (88.72283172607422, -87.0, -104.5),
}
_RANGE2 = {"f64": (1024.0, -1021.0, -1076.0), "f32": (128.0, -125.0, -151.0)}
#: Below this expm1 is -1.
_MINUS_ONE = {"f64": -37.5, "f32": -17.5}

#: Up to here it is x.
_SAME = {"f64": 2.0**-54, "f32": 2.0**-25}


def _core(k: Any, x: Any) -> tuple[Any, Any, Any, Any]:
    """``(bits, r, q, low)``: the integer n of x = n ln 2 + r + low in the lowest bits, and q = exp(r) - 1 - r."""

    def make() -> tuple[Any, Any, Any, Any]:
        f = format_of(k)
        magic = k.const(f.magic)
        t = k.fma(x, k.const(f.log2e[0]), magic)
        n = k.sub(t, magic)
        rough, less = k.fma(n, k.const(-f.ln2[0]), x), k.const(-f.ln2[1])
        r = k.fma(n, less, rough)
        square = k.mul(r, r)
        q = k.mul(square, polynomial(k, r, _EXPM1[k.kind], square))
        return k.bits(t), r, q, k.fma(n, less, k.sub(rough, r))

    return k.once("exp core", make, x)


def _floored(k: Any, x: Any, low: float) -> Any:
    """``x``, or ``low`` where that is more; NaN stays."""
    limit = k.const(low)
    return k.once(f"floored {low}", lambda: k.select(k.lt(x, limit), limit, x), x)


def scaled(k: Any, s: Any, n: Any, down: Any) -> Any:
    """``s * 2**n`` for ``n`` in the lowest bits, with gradual underflow where ``down`` says that it may come.

    The exponent is added to the bits of ``s``, so the largest finite results need no second step.
    """
    f = format_of(k)
    raised = k.select(down, k.whole_const(64 << f.mantissa), k.whole_const(0))
    bits = k.builder.add(k.builder.add(k.bits(s), raised), shifted(k, n, f.mantissa))
    return k.mul(k.from_bits(bits), k.select(down, k.const(2.0**-64), k.const(1.0)))


def _lowered(k: Any, s: Any, n: Any, down: Any) -> Any:
    """``scaled`` for n <= 0: the scale is a number of its own, so NaN needs no care."""
    f = format_of(k)
    bias = k.select(down, k.whole_const(f.bias + 64), k.whole_const(f.bias))
    scale = k.from_bits(shifted(k, k.builder.add(n, bias), f.mantissa))
    return k.mul(k.mul(s, scale), k.select(down, k.const(2.0**-64), k.const(1.0)))


def _limited(k: Any, x: Any, result: Any, high: float) -> Any:
    """The result up to ``high``; above it infinity, and NaN of NaN."""
    return k.select(k.le(x, k.const(high)), result, k.add(x, k.const(float("inf"))))


def exp(k: Any, x: Any) -> Any:
    """e**x, subnormal results included.
    Of an operand that is known to be no positive number it is cheaper.

    At most 0.8 ulp (f64) and 0.8 (f32).
    """
    high, low, lowest = _RANGE[k.kind]
    bits, r, q, _ = _core(k, _floored(k, x, lowest))
    s, rest = quick_two_sum(k, k.const(1.0), r)
    s = k.add(s, k.add(q, rest))
    if k.is_known("not above zero", x):
        return k.know("from 0 to 1", _lowered(k, s, bits, k.lt(x, k.const(low))))
    return _limited(k, x, scaled(k, s, bits, k.lt(x, k.const(low))), high)


def exp2(k: Any, x: Any) -> Any:
    """2**x; exact for whole x.
    Polynomial for (2**r - 1) / r on |r| <= 1/2 with weight |r|.

    At most 1.1 ulp (f64) and 1.0 (f32).
    """
    high, low, lowest = _RANGE2[k.kind]
    magic = k.const(format_of(k).magic)
    inside = _floored(k, x, lowest)
    t = k.add(inside, magic)
    r = k.sub(inside, k.sub(t, magic))
    s = k.fma(r, polynomial(k, r, EXP2[k.kind]), k.const(1.0))
    result = scaled(k, s, k.bits(t), k.lt(x, k.const(low)))
    return k.select(k.lt(x, k.const(high)), result, k.add(x, k.const(float("inf"))))


def _power_of_two(k: Any, n: Any, less: int) -> Any:
    """``2**(n - less)`` for ``n`` in the lowest bits, where that is a normal number."""
    f = format_of(k)
    return k.from_bits(shifted(k, k.builder.add(n, k.whole_const(f.bias - less)), f.mantissa))


def expm1(k: Any, x: Any) -> Any:
    """e**x - 1, also for tiny x.
    2**n (r + q) + (2**n - 1), halved so that it overflows only where the result does.

    At most 1.4 ulp (f64) and 1.4 (f32).
    """
    high, _, lowest = _RANGE[k.kind]
    bits, r, q, low = _core(k, _floored(k, x, lowest))
    half = _power_of_two(k, bits, 1)
    result = k.fma(half, k.add(q, low), k.fma(half, r, k.sub(half, k.const(0.5))))
    result = k.add(result, result)
    result = k.select(k.lt(x, k.const(_MINUS_ONE[k.kind])), k.const(-1.0), result)
    return k.select(k.lt(k.abs(x), k.const(_SAME[k.kind])), x, _limited(k, x, result, high))


def tanh(k: Any, x: Any) -> Any:
    """The hyperbolic tangent.
    Up to 0.6 x + x**3 P(x**2) (weight x**2), beyond it (1 - e**2) / (1 + e**2) with e = exp(-|x|), which it shares.

    At most 1.8 ulp (f64) and 1.8 (f32).
    """
    a = k.abs(x)
    u = k.mul(a, a)
    near = k.fma(k.mul(a, u), polynomial(k, u, _TANH[k.kind]), a)
    e, one = k.exp(k.neg(a)), k.const(1.0)
    far = k.div(k.fma(k.neg(e), e, one), k.fma(e, e, one))
    return k.copysign(k.select(k.lt(a, k.const(0.6)), near, far), x)


#: From here on sinh and cosh overflow.
_SINH_LIMIT = {"f64": 710.5, "f32": 89.5}


def halves(k: Any, x: Any) -> tuple[Any, Any, Any]:
    """exp(|x|) / 4 as a sum of two, and exp(-|x|) / 4."""
    a = k.abs(x)

    def make() -> tuple[Any, Any, Any]:
        limit = k.const(_SINH_LIMIT[k.kind])
        bits, r, q, low = _core(k, k.select(k.gt(a, limit), limit, a))
        scale = _power_of_two(k, bits, 2)
        one = k.const(1.0)
        s, left = quick_two_sum(k, one, r)
        s, left = quick_two_sum(k, s, k.add(q, k.add(low, left)))
        large = k.mul(scale, s)
        return large, k.mul(scale, left), k.div(k.const(1.0 / 16.0), large)

    return k.once("halves of exp", make, a)


def cosh(k: Any, x: Any) -> Any:
    """The hyperbolic cosine, (exp(|x|) + exp(-|x|)) / 2. At most 0.95 ulp (f64) and 0.95 (f32)."""
    large, rest, small = halves(k, x)
    total = k.add(large, k.add(small, rest))
    return k.add(total, total)
