"""Angles: what is left of a number of any size after whole quarter turns.

Up to a limit n quarter turns are taken off in three parts of pi / 2 with fma; the first difference is exact, because
it is a multiple of the last bit of x or of pi / 2 and less than 1 (W. J. Cody, W. Waite, Software Manual for the
Elementary Functions, 1980). Beyond it x is multiplied by the bits of 2 / pi that matter at its exponent
(M. H. Payne, R. N. Hanek, ACM SIGNUM Newsletter 18, 1983, 19-24), one lane after another: a path for rare values.
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir

from adjoint.compile.llvm.math.arithmetic import format_of, quick_two_sum, two_product, two_sum
from adjoint.compile.llvm.math.rare import guarded

#: From here on the slow way is taken.
LIMIT = {"f64": 2.0**30, "f32": 2.0**16}
_I64, _I128, _DOUBLE = ir.IntType(64), ir.IntType(128), ir.DoubleType()
#: The first 1344 binary places of 2 / pi after 64 zeros, from mpmath.
_TWO_OVER_PI = (
    0x0000000000000000,
    0xA2F9836E4E441529,
    0xFC2757D1F534DDC0,
    0xDB6295993C439041,
    0xFE5163ABDEBBC561,
    0xB7246E3A424DD2E0,
    0x06492EEA09D1921C,
    0xFE1DEB1CB129A73E,
    0xE88235F52EBB4484,
    0xE99C7026B45F7E41,
    0x3991D639835339F4,
    0x9C845F8BBDF9283B,
    0x1FF897FFDE05980F,
    0xEF2F118B5A0A6D1F,
    0x6D367ECF27CB09B7,
    0x4F463F669E5FEA2D,
    0x7527BAC7EBE5F17B,
    0x3D0739F78A5292EA,
    0x6BFB5FB11F8D5D08,
    0x56033046FC7B6BAB,
    0xF0CFBC209AF4361D,
    0xA9E391615EE61B08,
)


def reduced(k: Any, x: Any) -> tuple[Any, Any, Any]:
    """``(n, r, low)`` with x = n pi / 2 + r + low, |r| <= pi / 4; the lowest two bits of n count; NaN for infinity."""
    return k.once("angle", lambda: guarded(k, "angle", [x], (True, False, False), _near, _slowly), x)


def _near(k: Any, x: Any) -> tuple[tuple[Any, Any, Any], Any]:
    f = format_of(k)
    magic = k.const(f.magic)
    t = k.fma(x, k.const(f.two_over_pi), magic)
    n = k.sub(t, magic)
    rough = k.fma(n, k.const(-f.half_pi[0]), x)
    part, part_low = two_product(k, n, k.const(-f.half_pi[1]))
    r, low = two_sum(k, rough, part)
    r, low = quick_two_sum(k, r, k.fma(n, k.const(-f.half_pi[2]), k.add(low, part_low)))
    return (k.bits(t), r, low), k.ge(k.abs(x), k.const(LIMIT[k.kind]))


def _slowly(k: Any, x: Any) -> tuple[Any, Any, Any]:
    builder = k.builder
    if k.kind == "f64":
        return _far(builder, x)
    n, r, low = _far(builder, builder.fpext(x, _DOUBLE))
    single = builder.fptrunc(r, k.scalar)
    low = builder.fadd(builder.fsub(r, builder.fpext(single, _DOUBLE)), low)
    return builder.trunc(n, k.whole), single, builder.fptrunc(low, k.scalar)


def _table(module: ir.Module) -> Any:
    name = "adjoint_two_over_pi"
    known = module.globals.get(name)
    if known is None:
        kind = ir.ArrayType(_I64, len(_TWO_OVER_PI))
        known = ir.GlobalVariable(module, kind, name)
        known.linkage = "internal"
        known.global_constant = True
        known.initializer = ir.Constant(kind, list(_TWO_OVER_PI))
    return known


def _far(b: ir.IRBuilder, x: Any) -> tuple[Any, Any, Any]:
    """``(n, r, low)`` of one double, in whole numbers: 192 places of 2 / pi times 53 bits, of which 128 are kept."""
    bits = b.bitcast(x, _I64)
    biased = b.and_(b.lshr(bits, _I64(52)), _I64(0x7FF))
    m = b.or_(b.and_(bits, _I64((1 << 52) - 1)), _I64(1 << 52))
    # x = m 2**e, e = biased - 1075: places of 2 / pi before number e - 1 give multiples of four quarter turns.
    first = b.sub(biased, _I64(1075 + 2 - 64))
    inside = b.icmp_unsigned("<=", b.sub(first, _I64(16)), _I64(64 * (len(_TWO_OVER_PI) - 4) - 16))
    first = b.select(inside, first, _I64(16))  # of an infinite or small x, whose result is not used
    word, shift = b.lshr(first, _I64(6)), b.and_(first, _I64(63))
    table = _table(b.module)
    words = [b.load(b.gep(table, [b.add(word, _I64(i))], source_etype=_I64), typ=_I64) for i in range(4)]
    fshl = b.module.declare_intrinsic("llvm.fshl", [_I64], ir.FunctionType(_I64, [_I64] * 3))
    high, middle, lowest = (b.call(fshl, [words[i], words[i + 1], shift]) for i in range(3))
    wide = b.zext(m, _I128)
    top = b.shl(b.zext(b.mul(m, high), _I128), _I128(64))
    turns = b.add(top, b.mul(wide, b.zext(middle, _I128)))
    turns = b.add(turns, b.lshr(b.mul(wide, b.zext(lowest, _I128)), _I128(64)))
    # Two bits of quarter turns and 126 of their fraction, to the nearest turn.
    n = b.lshr(b.add(turns, _I128(1 << 125)), _I128(126))
    left = b.sub(turns, b.shl(n, _I128(126)))
    negative = b.icmp_signed("<", left, _I128(0))
    size = b.select(negative, b.neg(left), left)
    zeros = b.ctlz(size, ir.IntType(1)(0))
    size = b.shl(size, zeros)
    mask = _I128((1 << 53) - 1)
    h = b.uitofp(b.trunc(b.lshr(size, _I128(75)), _I64), _DOUBLE)
    l = b.uitofp(b.trunc(b.and_(b.lshr(size, _I128(22)), mask), _I64), _DOUBLE)
    exponent = b.sub(_I64(1023 - 51), b.trunc(zeros, _I64))
    unit = b.bitcast(b.shl(exponent, _I64(52)), _DOUBLE)
    h, l = b.fmul(h, unit), b.fmul(b.fmul(l, _DOUBLE(2.0**-53)), unit)
    fma = b.module.declare_intrinsic("llvm.fma", [_DOUBLE], ir.FunctionType(_DOUBLE, [_DOUBLE] * 3))
    one, two = _DOUBLE(1.5707963267948966), _DOUBLE(6.123233995736766e-17)
    r = b.fmul(h, one)
    low = b.call(fma, [h, one, b.fneg(r)])
    low = b.call(fma, [h, two, b.call(fma, [l, one, low])])
    minus = b.xor(negative, b.icmp_signed("<", bits, _I64(0)))
    nan = b.icmp_unsigned("==", biased, _I64(0x7FF))
    r = b.select(nan, _DOUBLE(math.nan), b.select(minus, b.fneg(r), r))
    n = b.trunc(n, _I64)
    return b.select(b.icmp_signed("<", bits, _I64(0)), b.neg(n), n), r, b.select(minus, b.fneg(low), low)
