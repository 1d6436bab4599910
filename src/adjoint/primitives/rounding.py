"""Rounding and what is left over: step functions, through which no gradient passes, and the remainder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.primitives.families import blocked, elementwise
from adjoint.primitives.record import Primitive


def _rounding(name: str, value: Callable[..., Any], symbol: str, emit: Callable[..., Any], **fields: Any) -> Primitive:
    kinks = fields.pop("kinks", "a jump at every whole number")
    fields.setdefault("formula", name + "({x})")
    reason = "a step function is flat almost everywhere"
    fields.setdefault("at_kink", lambda x: np.equal(x, np.floor(x)))
    return blocked(name, value, reason, symbol=symbol, emit=emit, kinks=kinks, **fields)


floor = _rounding("floor", np.floor, "⌊x⌋", lambda k, x: k.floor(x))
ceil = _rounding("ceil", np.ceil, "⌈x⌉", lambda k, x: k.neg(k.floor(k.neg(x))))
trunc = _rounding(
    "trunc",
    np.trunc,
    "trunc",
    lambda k, x: k.trunc(x),
    kinks="a jump at every whole number other than 0",
    at_kink=lambda x: np.equal(x, np.floor(x)) & np.not_equal(x, 0),
)


def _round_code(k: Any, x: Any, decimals: int = 0) -> Any:
    if decimals == 0:
        return k.rint(x)
    scale = k.const(10.0 ** abs(decimals))
    return k.div(k.rint(k.mul(x, scale)), scale) if decimals > 0 else k.mul(k.rint(k.div(x, scale)), scale)


rounded = _rounding(
    "round",
    lambda x, decimals=0: np.round(x, decimals),
    "round",
    _round_code,
    params=("decimals",),
    python=lambda operands, node: f"np.round({operands[0]}, {(node.params or {}).get('decimals', 0)})",
    kinks="a jump half-way between two neighbours",
    at_kink=lambda x, decimals=0: np.equal(np.remainder(np.multiply(x, 10.0**decimals), 1.0), 0.5),
)


def _against(k: Any, r: Any, y: Any) -> Any:
    zero = k.const(0.0)
    return k.or_(k.and_(k.lt(r, zero), k.gt(y, zero)), k.and_(k.gt(r, zero), k.lt(y, zero)))


def _remainder_code(k: Any, x: Any, y: Any) -> Any:
    # fmod has the sign of x, Python's remainder that of y.
    r = k.fmod(x, y)
    r = k.select(_against(k, r, y), k.add(r, y), r)
    return k.select(k.eq(r, k.const(0.0)), k.copysign(k.const(0.0), y), r)


remainder = elementwise(
    "remainder",
    np.remainder,
    (1, lambda xp, x, y: -xp.floor_divide(x, y)),
    symbol="mod",
    formula="{x} % {y}",
    slopes=("1", "-floor({x} / {y})"),
    words="Remainder passes the upstream gradient to {x}, and −floor({x} ÷ {y}) times it to {y}.",
    verb="passes",
    python="{x} % {y}",
    emit=_remainder_code,
    domain="y other than 0",
    kinks="a jump where x is a whole multiple of y",
    at_kink=lambda x, y: np.equal(np.remainder(x, y), 0),
)


def _floor_divide_code(k: Any, x: Any, y: Any) -> Any:
    # x - fmod is a whole multiple of y: what is left to do is to round away the error of one division.
    r = k.fmod(x, y)
    one, half, ratio = k.const(1.0), k.const(0.5), k.div(x, y)
    q = k.div(k.sub(x, r), y)
    q = k.select(_against(k, r, y), k.sub(q, one), q)
    whole = k.floor(q)
    whole = k.select(k.gt(k.sub(q, whole), half), k.add(whole, one), whole)
    whole = k.select(k.eq(q, k.const(0.0)), k.copysign(k.const(0.0), ratio), whole)
    return k.select(k.eq(y, k.const(0.0)), ratio, whole)


floor_divide = _rounding(
    "floor_divide",
    np.floor_divide,
    "⌊x÷y⌋",
    _floor_divide_code,
    arity=2,
    formula="{x} // {y}",
    python="{x} // {y}",
    domain="y other than 0",
    kinks="a jump where x is a whole multiple of y",
    at_kink=lambda x, y: np.equal(np.remainder(x, y), 0),
)
