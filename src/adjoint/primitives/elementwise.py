"""Elementwise arithmetic: each output element depends on the input elements at its own place."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from adjoint.primitives.families import elementwise

add = elementwise(
    "add",
    operator.add,
    (1, 1),
    gate="distributor",
    bounded=True,
    dtypes="fc",
    symbol="+",
    formula="{x} + {y}",
    slopes=("1", "1"),
    python="{x} + {y}",
    emit=lambda k, x, y: k.add(x, y),
)

subtract = elementwise(
    "subtract",
    operator.sub,
    (1, -1),
    gate="distributor",
    bounded=True,
    dtypes="fc",
    symbol="−",
    formula="{x} - {y}",
    slopes=("1", "-1"),
    words="Subtract distributes: the first input receives the upstream gradient, "
    "the second receives it with the sign turned.",
    python="{x} - {y}",
    emit=lambda k, x, y: k.sub(x, y),
)

multiply = elementwise(
    "multiply",
    operator.mul,
    ("y", "x"),
    gate="swapper",
    dtypes="fc",
    symbol="×",
    formula="{x} * {y}",
    slopes=("{y}", "{x}"),
    python="{x} * {y}",
    emit=lambda k, x, y: k.mul(x, y),
)


def _one_over(xp: Any, y: Any) -> Any:
    # A divisor that is a plain number is divided by as NumPy does, where Python raises at 0.
    return math.copysign(math.inf, y) if type(y) in (int, float) and y == 0 else 1.0 / y


divide = elementwise(
    "divide",
    operator.truediv,
    (_one_over, lambda xp, y, out: -(out / y)),
    dtypes="fc",
    symbol="÷",
    formula="{x} / {y}",
    slopes=("1 / {y}", "-{out} / {y}"),
    words="Divide: the top receives upstream ÷ {y}; the bottom receives −{out} ÷ {y} times it.",
    python="{x} / {y}",
    emit=lambda k, x, y: k.div(x, y),
    domain="y other than 0",
)

negative = elementwise(
    "negative",
    operator.neg,
    (-1,),
    bounded=True,
    dtypes="fc",
    symbol="−",
    formula="-{x}",
    slopes=("-1",),
    words="Negative turns the sign of the upstream gradient.",
    verb="turns",
    python="-{x}",
    emit=lambda k, x: k.neg(x),
)


def _power_by_base(xp: Any, x: Any, y: Any) -> Any:
    # x**0 is constant, also at 0, where y * x**(y - 1) would be 0 * inf. Adding the truth value (and not
    # choosing by it) leaves a Python number what it is, so that single precision stays single.
    return xp.where(y == 0, 0.0, y * xp.power(x, (y - 1.0) + (y == 0)))


def _power_by_exponent(xp: Any, x: Any, y: Any, out: Any) -> Any:
    # 0**y is 0 for y > 0 (slope 0, also at y = 0 by convention) and falls from infinity for y < 0.
    safe = xp.where(x == 0, 1.0, x)
    return xp.where(x == 0, xp.where(xp.real(y) < 0, -np.inf, 0.0), out * xp.log(safe))


power = elementwise(
    "power",
    np.power,
    (_power_by_base, _power_by_exponent),
    dtypes="fc",
    symbol="xʸ",
    formula="{x} ** {y}",
    slopes=("{y} * {x} ** ({y} - 1)", "{out} * log({x})"),
    python="np.power({x}, {y})",
    emit=lambda k, x, y: k.pow(x, y),
    domain="x > 0, or x of any sign and whole y",
    kinks="at x = 0",
    at_kink=lambda x, y: np.equal(x, 0) & np.less(np.real(y), 1) & np.not_equal(y, 0),
)

square = elementwise(
    "square",
    np.square,
    (lambda xp, x: 2.0 * x,),
    dtypes="fc",
    symbol="x²",
    formula="{x} ** 2",
    slopes=("2 * {x}",),
    python="np.square({x})",
    emit=lambda k, x: k.mul(x, x),
)

half_square = elementwise(
    "half_square",
    lambda x: 0.5 * (x * x),
    ("x",),
    dtypes="fc",
    symbol="½x²",
    formula="1/2 * {x} ** 2",
    slopes=("{x}",),
    python="0.5 * ({x} * {x})",
    emit=lambda k, x: k.mul(k.const(0.5), k.mul(x, x)),
)

sqrt = elementwise(
    "sqrt",
    np.sqrt,
    (lambda xp, out: 0.5 / out,),
    dtypes="fc",
    symbol="√",
    formula="sqrt({x})",
    slopes=("1 / (2 * {out})",),
    emit=lambda k, x: k.sqrt(x),
    domain="x >= 0",
    kinks="slope inf at 0",
    at_kink=lambda x: np.equal(x, 0),
)

reciprocal = elementwise(
    "reciprocal",
    np.reciprocal,
    (lambda xp, out: -(out * out),),
    dtypes="fc",
    symbol="1/x",
    formula="1 / {x}",
    slopes=("-1 / {x} ** 2",),
    emit=lambda k, x: k.div(k.const(1.0), x),
    domain="x other than 0",
)

exp = elementwise(
    "exp",
    np.exp,
    ("out",),
    dtypes="fc",
    symbol="eˣ",
    formula="exp({x})",
    slopes=("{out}",),
    emit=lambda k, x: k.exp(x),
)

expm1 = elementwise(
    "expm1",
    np.expm1,
    (lambda xp, out: out + 1.0,),
    dtypes="fc",
    symbol="eˣ−1",
    formula="exp({x}) - 1",
    slopes=("{out} + 1",),
    emit=lambda k, x: k.expm1(x),
)

log = elementwise(
    "log",
    np.log,
    (lambda xp, x: 1.0 / x,),
    dtypes="fc",
    symbol="ln",
    formula="log({x})",
    slopes=("1 / {x}",),
    emit=lambda k, x: k.log(x),
    domain="x > 0",
)

log1p = elementwise(
    "log1p",
    np.log1p,
    (lambda xp, x: 1.0 / (1.0 + x),),
    dtypes="fc",
    symbol="ln(1+x)",
    formula="log(1 + {x})",
    slopes=("1 / (1 + {x})",),
    emit=lambda k, x: k.log1p(x),
    domain="x > -1",
)

sin = elementwise(
    "sin",
    np.sin,
    (lambda xp, x: xp.cos(x),),
    bounded=True,
    dtypes="fc",
    symbol="sin",
    formula="sin({x})",
    slopes=("cos({x})",),
    emit=lambda k, x: k.sin(x),
)

cos = elementwise(
    "cos",
    np.cos,
    (lambda xp, x: -xp.sin(x),),
    bounded=True,
    dtypes="fc",
    symbol="cos",
    formula="cos({x})",
    slopes=("-sin({x})",),
    emit=lambda k, x: k.cos(x),
)

tan = elementwise(
    "tan",
    np.tan,
    (lambda xp, out: 1.0 + out * out,),
    dtypes="fc",
    symbol="tan",
    formula="tan({x})",
    slopes=("1 + {out} ** 2",),
    emit=lambda k, x: k.tan(x),
    domain="x other than pi/2 + k pi",
)

arctan2 = elementwise(
    "arctan2",
    np.arctan2,
    (lambda xp, x, y: y / (x * x + y * y), lambda xp, x, y: -(x / (x * x + y * y))),
    symbol="atan2",
    formula="arctan2({x}, {y})",
    slopes=("{y} / ({x} ** 2 + {y} ** 2)", "-{x} / ({x} ** 2 + {y} ** 2)"),
    emit=lambda k, x, y: k.atan2(x, y),
    domain="not both 0",
    kinks="undefined at (0, 0); a jump along y < 0, x = 0",
    at_kink=lambda x, y: np.equal(x, 0) & np.less_equal(y, 0),
)

sinh = elementwise(
    "sinh",
    np.sinh,
    (lambda xp, x: xp.cosh(x),),
    dtypes="fc",
    symbol="sinh",
    formula="sinh({x})",
    slopes=("cosh({x})",),
    emit=lambda k, x: k.sinh(x),
)

cosh = elementwise(
    "cosh",
    np.cosh,
    (lambda xp, x: xp.sinh(x),),
    dtypes="fc",
    symbol="cosh",
    formula="cosh({x})",
    slopes=("sinh({x})",),
    emit=lambda k, x: k.cosh(x),
)

tanh = elementwise(
    "tanh",
    np.tanh,
    (lambda xp, out: 1.0 - out * out,),
    bounded=True,
    dtypes="fc",
    symbol="tanh",
    formula="tanh({x})",
    slopes=("1 - {out} ** 2",),
    emit=lambda k, x: k.tanh(x),
)
