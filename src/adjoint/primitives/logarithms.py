"""Logarithms and powers in other bases, sums and products with logarithms, and the roots beside sqrt."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint.primitives import helpers
from adjoint.primitives.families import elementwise

_LN2 = math.log(2.0)
_LOG2E = 1.0 / _LN2
_LOG10E = 1.0 / math.log(10.0)

log2 = elementwise(
    "log2",
    np.log2,
    (lambda xp, x: _LOG2E / x,),
    dtypes="fc",
    symbol="log₂",
    formula="log2({x})",
    slopes=("1 / ({x} * log(2))",),
    emit=lambda k, x: k.log2(x),
    domain="x > 0",
)

log10 = elementwise(
    "log10",
    np.log10,
    (lambda xp, x: _LOG10E / x,),
    dtypes="fc",
    symbol="log₁₀",
    formula="log10({x})",
    slopes=("1 / ({x} * log(10))",),
    emit=lambda k, x: k.log10(x),
    domain="x > 0",
)

exp2 = elementwise(
    "exp2",
    np.exp2,
    (lambda xp, out: out * _LN2,),
    dtypes="fc",
    symbol="2ˣ",
    formula="exp2({x})",
    slopes=("{out} * log(2)",),
    emit=lambda k, x: k.exp2(x),
)


def _part(xp: Any, x: Any, y: Any, out: Any) -> Any:
    # x's share of the sum. An infinite entry has all of it (two halve it); two of -inf have none.
    share = xp.exp(x - xp.where(out == -math.inf, 0.0, out))
    return xp.where(x == math.inf, xp.where(y == math.inf, 0.5, 1.0), share)


def logaddexp_code(k: Any, x: Any, y: Any) -> Any:
    """log(exp(x) + exp(y)) in scalar code, from the larger of the two, so that nothing overflows."""
    apart = k.sub(x, y)
    larger = k.select(k.gt(apart, k.const(0.0)), x, y)
    summed = k.add(larger, k.log1p(k.exp(k.neg(k.abs(apart)))))
    return k.select(k.eq(x, y), k.add(x, k.const(_LN2)), summed)  # inf - inf is NaN


logaddexp = elementwise(
    "logaddexp",
    np.logaddexp,
    (lambda xp, x, y, out: _part(xp, x, y, out), lambda xp, x, y, out: _part(xp, y, x, out)),
    bounded=True,
    symbol="lae",
    formula="logaddexp({x}, {y})",
    slopes=("exp({x} - {out})", "exp({y} - {out})"),
    words="Logaddexp weights: each input receives its share of the sum times the upstream gradient.",
    verb="weights",
    emit=logaddexp_code,
)


def _both(xp: Any, x: Any, y: Any) -> Any:
    return xp.logical_and(x == 0, y == 0)


xlogy = elementwise(
    "xlogy",
    helpers.xlogy,
    (
        lambda xp, x, y: xp.where(_both(xp, x, y), 0.0, xp.log(y)),
        lambda xp, x, y: xp.where(_both(xp, x, y), 0.0, x / y),
    ),
    dtypes="fc",
    symbol="x ln y",
    formula="xlogy({x}, {y})",
    slopes=("log({y})", "{x} / {y}"),
    python="xlogy({x}, {y})",
    helpers=("xlogy",),
    emit=lambda k, x, y: k.select(k.and_(k.eq(x, k.const(0.0)), k.not_(k.isnan(y))), k.const(0.0), k.mul(x, k.log(y))),
    domain="y > 0, or x = 0",
    kinks="at (0, 0), where both slopes are taken as 0",
    at_kink=lambda x, y: np.equal(x, 0) & np.equal(y, 0),
)

cbrt = elementwise(
    "cbrt",
    np.cbrt,
    (lambda xp, out: 1.0 / (3.0 * out * out),),
    symbol="∛",
    formula="cbrt({x})",
    slopes=("1 / (3 * {out} ** 2)",),
    emit=lambda k, x: k.cbrt(x),
    kinks="slope inf at 0",
    at_kink=lambda x: np.equal(x, 0),
)


def _along(xp: Any, x: Any, out: Any) -> Any:
    # No square is formed, so nothing overflows; at (0, 0) every unit vector is as good, and the shortest is 0.
    return xp.where(out == 0, 0.0, x / xp.where(out == 0, 1.0, out))


hypot = elementwise(
    "hypot",
    np.hypot,
    (lambda xp, x, out: _along(xp, x, out), lambda xp, y, out: _along(xp, y, out)),
    bounded=True,
    symbol="hypot",
    formula="hypot({x}, {y})",
    slopes=("{x} / {out}", "{y} / {out}"),
    words="Hypot weights: each input receives its part of the direction ({x}, {y}), scaled to length one.",
    verb="weights",
    emit=lambda k, x, y: k.hypot(x, y),
    kinks="at (0, 0), where both slopes are taken as 0",
    at_kink=lambda x, y: np.equal(x, 0) & np.equal(y, 0),
)
