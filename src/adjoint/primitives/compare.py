"""Comparisons and logic: they say which way a computation goes, and pass no gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.primitives.families import blocked
from adjoint.primitives.record import Primitive


def _compare(name: str, value: Callable[..., Any], sign_: str, code: str, method: str) -> Primitive:
    return blocked(
        name,
        value,
        "a yes or no is flat almost everywhere",
        arity=2,
        symbol=sign_,
        formula="{x} " + code + " {y}",
        python="{x} " + code + " {y}",
        emit=lambda k, x, y: getattr(k, method)(x, y),
        kinks="a jump where both are equal",
        at_kink=np.equal,
    )


equal = _compare("equal", np.equal, "=", "==", "eq")
not_equal = _compare("not_equal", np.not_equal, "≠", "!=", "ne")
less = _compare("less", np.less, "<", "<", "lt")
less_equal = _compare("less_equal", np.less_equal, "≤", "<=", "le")
greater = _compare("greater", np.greater, ">", ">", "gt")
greater_equal = _compare("greater_equal", np.greater_equal, "≥", ">=", "ge")


def _logic(name: str, value: Callable[..., Any], symbol: str, arity: int, emit: Callable[..., Any]) -> Primitive:
    names = ("{x}", "{y}")[:arity]
    reason = "truth has no slope"
    formula = f"{name}({', '.join(names)})"
    return blocked(name, value, reason, arity=arity, dtypes="", symbol=symbol, formula=formula, emit=emit)


# Only on truth values do the kits and these functions mean the same, hence no float among the dtypes.
logical_and = _logic("logical_and", np.logical_and, "∧", 2, lambda k, x, y: k.and_(x, y))
logical_or = _logic("logical_or", np.logical_or, "∨", 2, lambda k, x, y: k.or_(x, y))
logical_xor = _logic("logical_xor", np.logical_xor, "⊻", 2, lambda k, x, y: _differ(k, x, y))
logical_not = _logic("logical_not", np.logical_not, "¬", 1, lambda k, x: k.not_(x))
bitwise_and = _logic("bitwise_and", np.bitwise_and, "&", 2, lambda k, x, y: k.and_(x, y))
bitwise_or = _logic("bitwise_or", np.bitwise_or, "|", 2, lambda k, x, y: k.or_(x, y))
bitwise_xor = _logic("bitwise_xor", np.bitwise_xor, "^", 2, lambda k, x, y: _differ(k, x, y))
invert = _logic("invert", np.invert, "~", 1, lambda k, x: k.not_(x))


def _differ(k: Any, x: Any, y: Any) -> Any:
    return k.or_(k.and_(x, k.not_(y)), k.and_(k.not_(x), y))


isnan = _logic("isnan", np.isnan, "NaN?", 1, lambda k, x: k.isnan(x))
isfinite = _logic("isfinite", np.isfinite, "finite?", 1, lambda k, x: k.lt(k.abs(x), k.const(np.inf)))
isinf = _logic("isinf", np.isinf, "∞?", 1, lambda k, x: k.eq(k.abs(x), k.const(np.inf)))
