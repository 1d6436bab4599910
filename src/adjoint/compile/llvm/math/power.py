"""pow and log10, which need a logarithm of more than one float; cbrt, hypot and fmod.

The logarithm is 2 s + 2 s**3 / 3 + s**5 T(s**2) with s = (m - 1) / (m + 1), its first two terms in two floats each;
the polynomial T (weight s**4) then only needs one. In single precision both are computed in double.
"""

from __future__ import annotations

import math
from typing import Any

from adjoint.compile.llvm.math.arithmetic import (
    Pair,
    format_of,
    polynomial,
    quick_two_sum,
    shifted,
    two_product,
)
from adjoint.compile.llvm.math.exponential import EXP2, scaled
from adjoint.compile.llvm.math.logarithm import ends, log_of, split
from adjoint.compile.llvm.math.rare import guarded

_TAIL = (
    0.3999999999999998,
    0.28571428571444923,
    0.22222222217570156,
    0.18181818867284563,
    0.1538455702172979,
    0.1333631328322121,
    0.1167487561423219,
    0.11988719567774005,
)
_SHORT_LOG = (
    0.6666666667583699,
    0.39999995607279176,
    0.2857211090538877,
    0.22176108173619885,
    0.1958540898445657,
)
_SHORT_EXP2 = (
    0.693147180541642,
    0.24022651076243304,
    0.055504109621904905,
    0.009618036843118738,
    0.001333343116392808,
    0.0001546713450588072,
    1.53148586288787e-05,
)
_CBRT = (0.4925105952111029, 0.7397141618131184, -0.2903747727326016, 0.05821929573303462)
_TWO_THIRDS = (0.6666666666666666, 3.700743415417188e-17)
_LOG10_2 = (0.3010299956639812, -2.8037281277851704e-18)
_LOG10_E = (0.4342944819032518, 1.098319650216765e-17)


def _times(k: Any, x: Pair, y: Pair) -> Pair:
    """The product of two sums of two floats, but for its last bits."""
    high, low = two_product(k, x[0], y[0])
    return high, k.fma(x[0], y[1], k.fma(x[1], y[0], low))


def _constant(k: Any, parts: tuple[float, float]) -> Pair:
    return k.const(parts[0]), k.const(parts[1])


def _log_pair(k: Any, m: Any) -> Pair:
    """log(m) for a double m in [1/sqrt(2), sqrt(2)], in two floats with an error of about 2**-66 of it."""
    f = k.sub(m, k.const(1.0))
    g, g_low = quick_two_sum(k, k.const(2.0), f)
    inverse = k.div(k.const(1.0), g)
    s = k.mul(f, inverse)
    s_low = k.mul(k.fma(k.neg(s), g_low, k.fma(k.neg(s), g, f)), inverse)
    u, u_low = two_product(k, s, s)
    u_low = k.fma(k.add(s, s), s_low, u_low)
    third = _constant(k, _TWO_THIRDS)
    c, c_low = quick_two_sum(k, third[0], k.mul(u, polynomial(k, u, _TAIL)))
    w, w_low = _times(k, (s, s_low), _times(k, (u, u_low), (c, k.add(c_low, third[1]))))
    high, low = quick_two_sum(k, k.add(s, s), w)
    return quick_two_sum(k, high, k.add(low, k.add(w_low, k.add(s_low, s_low))))


def _log2_pair(k: Any, x: Any) -> Pair:
    """log2(x) of a positive finite double, in two floats."""
    m, e, _ = split(k, x)
    high, low = _times(k, _log_pair(k, m), _constant(k, format_of(k).log2e))
    total, rest = quick_two_sum(k, e, high)
    return quick_two_sum(k, total, k.add(rest, low))


def _wide(k: Any) -> Any:
    """The kit in double precision with the same lanes."""
    return type(k)(k.builder, "f64", k.lanes, contract=False)


def log10(k: Any, x: Any) -> Any:
    """The logarithm to base ten; exact for powers of ten. At most 0.55 ulp (f64) and 0.55 (f32)."""
    if k.kind == "f32":
        d = _wide(k)
        m, e, _ = split(d, k.builder.fpext(x, d.type))
        natural = log_of(d, d.sub(m, d.const(1.0)), d.const(0.0))
        total = d.fma(e, d.const(_LOG10_2[0]), d.mul(natural, d.const(_LOG10_E[0])))
        return ends(k, x, k.builder.fptrunc(total, k.type))
    m, e, _ = split(k, x)
    high, low = _times(k, _log_pair(k, m), _constant(k, _LOG10_E))
    part, part_low = two_product(k, e, k.const(_LOG10_2[0]))
    total, rest = quick_two_sum(k, part, high)
    return ends(k, x, k.add(total, k.add(rest, k.add(low, k.fma(e, k.const(_LOG10_2[1]), part_low)))))


def _power_of_positive(k: Any, x: Any, y: Any) -> Any:
    """x**y for positive x, in doubles."""
    log_high, log_low = _log2_pair(k, x)
    high, low = two_product(k, y, log_high)
    low = k.fma(y, log_low, low)
    inside = k.lt(k.abs(high), k.const(1100.0))
    low = k.select(inside, low, k.const(0.0))
    top, bottom = k.const(1025.0), k.const(-1076.0)
    held = k.select(k.gt(high, top), top, k.select(k.lt(high, bottom), bottom, high))
    over = k.ge(k.add(k.sub(held, k.const(1024.0)), low), k.const(0.0))
    magic = k.const(format_of(k).magic)
    t = k.add(held, magic)
    r = k.add(k.sub(held, k.sub(t, magic)), low)
    s = k.fma(r, polynomial(k, r, EXP2["f64"]), k.const(1.0))
    result = scaled(k, s, k.bits(t), k.lt(held, k.const(-1021.0)))
    return k.select(over, k.const(math.inf), result)


def _single_power(k: Any, x: Any, y: Any) -> Any:
    """x**y for positive x in single precision: doubles with short polynomials, rounded once."""
    d = _wide(k)
    b = k.builder
    m, e, _ = split(d, b.fpext(x, d.type))
    f = d.sub(m, d.const(1.0))
    s = d.div(f, d.add(f, d.const(2.0)))
    u = d.mul(s, s)
    natural = d.fma(d.mul(s, u), polynomial(d, u, _SHORT_LOG), d.add(s, s))
    product = d.mul(b.fpext(y, d.type), d.fma(natural, d.const(format_of(d).log2e[0]), e))
    top = d.const(200.0)
    held = d.select(d.gt(product, top), top, d.select(d.lt(product, d.neg(top)), d.neg(top), product))
    magic = d.const(format_of(d).magic)
    t = d.add(held, magic)
    r = d.sub(held, d.sub(t, magic))
    power = d.fma(r, polynomial(d, r, _SHORT_EXP2), d.const(1.0))
    bits = b.add(d.bits(power), shifted(d, d.bits(t), 52))
    return b.fptrunc(d.from_bits(bits), k.type)


def pow(k: Any, x: Any, y: Any) -> Any:
    """x**y, with every special case of C99. At most 1.2 ulp (f64) and 0.55 (f32)."""
    zero, one, inf = k.const(0.0), k.const(1.0), k.const(math.inf)
    a = k.abs(x)
    result = (_power_of_positive if k.kind == "f64" else _single_power)(k, a, y)
    negative = k.lt(y, zero)
    none, endless = k.eq(a, zero), k.eq(a, inf)
    gone = k.or_(k.and_(none, k.not_(negative)), k.and_(endless, negative))
    result = k.select(k.or_(none, endless), k.select(gone, zero, inf), result)
    whole = k.eq(k.floor(y), y)
    half = k.mul(y, k.const(0.5))
    odd = k.and_(whole, k.ne(k.floor(half), half))
    result = k.select(odd, k.copysign(result, x), result)
    finite_below = k.and_(k.lt(x, zero), k.not_(endless))
    result = k.select(k.and_(finite_below, k.not_(whole)), k.const(math.nan), result)
    result = k.select(k.and_(k.eq(a, one), k.eq(k.abs(y), inf)), one, result)
    result = k.select(k.or_(k.isnan(x), k.isnan(y)), k.add(x, y), result)
    return k.select(k.or_(k.eq(x, one), k.eq(y, zero)), one, result)


def cbrt(k: Any, x: Any) -> Any:
    """The cube root, with the sign of x.
    x = t 2**(3 q) with t in [0.35, 2.83]; a polynomial (relative error 2**-13.7), Halley's step in double
    precision, and one of Newton's, whose residual y**3 - t is computed without error.

    At most 0.55 ulp (f64) and 0.65 (f32).
    """
    f = format_of(k)
    a = k.abs(x)
    m, e, _ = split(k, a)
    magic = k.const(f.magic)
    t = k.fma(e, k.const(1.0 / 3.0), magic)
    q = k.sub(t, magic)
    left = k.fma(q, k.const(-3.0), e)
    up, down = k.gt(left, k.const(0.5)), k.lt(left, k.const(-0.5))
    one = k.const(1.0)
    target = k.mul(m, k.select(up, k.const(2.0), k.select(down, k.const(0.5), one)))
    start = k.select(up, k.const(2.0 ** (1 / 3)), k.select(down, k.const(0.5 ** (1 / 3)), one))
    y = k.mul(polynomial(k, m, _CBRT), start)
    if k.kind == "f64":
        cube = k.mul(k.mul(y, y), y)
        y = k.mul(y, k.div(k.fma(target, k.const(2.0), cube), k.fma(cube, k.const(2.0), target)))
    square, square_low = two_product(k, y, y)
    residual = k.fma(square_low, y, k.fma(square, y, k.neg(target)))
    y = k.sub(y, k.div(residual, k.mul(square, k.const(3.0))))
    scale = k.from_bits(shifted(k, k.builder.add(k.bits(t), k.whole_const(f.bias)), f.mantissa))
    usual = k.and_(k.gt(a, k.const(0.0)), k.lt(a, k.const(math.inf)))
    return k.copysign(k.select(usual, k.mul(y, scale), a), x)


def hypot(k: Any, x: Any, y: Any) -> Any:
    """sqrt(x**2 + y**2), which overflows only where the result does; infinite with NaN beside infinity.

    At most 1.1 ulp (f64) and 0.55 (f32).
    """
    inf = k.const(math.inf)
    a, b = k.abs(x), k.abs(y)
    if k.kind == "f32":
        d = _wide(k)
        a_wide, b_wide = (k.builder.fpext(v, d.type) for v in (a, b))
        root = k.builder.fptrunc(d.sqrt(d.fma(a_wide, a_wide, d.mul(b_wide, b_wide))), k.type)
    else:
        first = k.gt(a, b)
        large, small = k.select(first, a, b), k.select(first, b, a)
        one = k.const(1.0)
        huge, tiny = k.gt(large, k.const(2.0**500)), k.lt(large, k.const(2.0**-450))
        scale = k.select(huge, k.const(2.0**-600), k.select(tiny, k.const(2.0**600), one))
        back = k.select(huge, k.const(2.0**600), k.select(tiny, k.const(2.0**-600), one))
        large, small = k.mul(large, scale), k.mul(small, scale)
        root = k.mul(k.sqrt(k.fma(small, small, k.mul(large, large))), back)
    return k.select(k.or_(k.eq(a, inf), k.eq(b, inf)), inf, root)


def fmod(k: Any, x: Any, y: Any) -> Any:
    """What is left of x after whole multiples of y, exact, with the sign of x."""
    return guarded(k, "fmod", [x, y], (False,), _fmod_near, _fmod_slowly)[0]


def _fmod_near(k: Any, x: Any, y: Any) -> tuple[tuple[Any], Any]:
    a, b = k.abs(x), k.abs(y)
    ratio = k.div(a, b)
    left = _taken_off(k, a, b, k.trunc(ratio))
    left = k.select(k.and_(k.eq(b, k.const(math.inf)), k.lt(a, b)), a, left)
    limit = 2.0 ** (format_of(k).mantissa - 1)
    far = k.and_(k.gt(ratio, k.const(limit)), k.and_(k.gt(b, k.const(0.0)), k.lt(a, k.const(math.inf))))
    return (k.copysign(left, x),), far


def _taken_off(k: Any, a: Any, b: Any, times: Any) -> Any:
    """The difference a - times b, exact; one b more where the quotient was rounded up."""
    left = k.fma(k.neg(times), b, a)
    return k.select(k.lt(left, k.const(0.0)), k.add(left, b), left)


def _fmod_slowly(k: Any, x: Any, y: Any) -> tuple[Any]:
    """Takes off multiples of y times powers of two, from the largest down, each less than 2**mantissa of them."""
    builder, f = k.builder, format_of(k)
    function = builder.function
    b = k.abs(y)
    before = builder.block
    outer, grow, take, done = (function.append_basic_block(n) for n in ("outer", "grow", "take", "done"))
    first = k.abs(x)
    builder.branch(outer)
    builder.position_at_end(outer)
    a = builder.phi(k.type)
    a.add_incoming(first, before)
    finite = k.and_(k.lt(a, k.const(math.inf)), k.gt(b, k.const(0.0)))
    builder.cbranch(k.and_(k.ge(a, b), finite), grow, done)
    builder.position_at_end(grow)
    t = builder.phi(k.type)
    t.add_incoming(b, outer)
    larger = k.mul(t, k.const(2.0 ** (f.mantissa - 2)))
    t.add_incoming(larger, grow)
    builder.cbranch(k.le(larger, a), grow, take)
    builder.position_at_end(take)
    a.add_incoming(_taken_off(k, a, t, k.trunc(k.div(a, t))), take)
    builder.branch(outer)
    builder.position_at_end(done)
    return (k.copysign(a, x),)
