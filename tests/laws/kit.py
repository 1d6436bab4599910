"""The plain-Python kit: what a record's ``emit`` builds code with, here on floats and bools of one element."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any


def _ieee(function: Callable[..., float]) -> Callable[..., float]:
    """Python raises where IEEE arithmetic has inf and NaN."""

    def safe(*args: float) -> float:
        try:
            return function(*args)
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    return safe


def _divide(x: float, y: float) -> float:
    if y != 0.0:
        return x / y
    return math.nan if x == 0.0 or math.isnan(x) else math.copysign(math.inf, x) * math.copysign(1.0, y)


def _fma(x: float, y: float, z: float) -> float:
    if not all(map(math.isfinite, (x, y, z))):
        return x * y + z
    return float(Fraction(x) * Fraction(y) + Fraction(z))  # one rounding


def _log1p(x: float) -> float:
    return -math.inf if x == -1.0 else math.log1p(x)


def _at_zero(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda x: -math.inf if x == 0.0 else function(x)


def _atanh(x: float) -> float:
    return math.copysign(math.inf, x) if abs(x) == 1.0 else math.atanh(x)


def _sinh(x: float) -> float:
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(math.inf, x)


def _pow(x: float, y: float) -> float:
    odd = y % 2.0 == 1.0
    try:
        return math.pow(x, y)
    except OverflowError:
        return -math.inf if x < 0.0 and odd else math.inf
    except ValueError:
        if x != 0.0:
            return math.nan
        return math.copysign(math.inf, x) if odd else math.inf


def _whole(rounding: Callable[[float], float]) -> Callable[[float], float]:
    return lambda x: math.copysign(float(rounding(x)), x) if math.isfinite(x) else x


class PlainKit:
    """Each method is one scalar operation; nothing else exists for an ``emit``."""

    const = staticmethod(float)
    add = staticmethod(lambda x, y: x + y)
    sub = staticmethod(lambda x, y: x - y)
    mul = staticmethod(lambda x, y: x * y)
    div = staticmethod(_divide)
    neg = staticmethod(lambda x: -x)
    fma = staticmethod(_fma)
    fmod = staticmethod(_ieee(math.fmod))
    lt = staticmethod(lambda x, y: x < y)
    le = staticmethod(lambda x, y: x <= y)
    gt = staticmethod(lambda x, y: x > y)
    ge = staticmethod(lambda x, y: x >= y)
    eq = staticmethod(lambda x, y: x == y)
    ne = staticmethod(lambda x, y: x != y)
    isnan = staticmethod(math.isnan)
    abs = staticmethod(abs)
    copysign = staticmethod(math.copysign)
    sqrt = staticmethod(_ieee(math.sqrt))
    exp = staticmethod(_ieee(math.exp))
    expm1 = staticmethod(_ieee(math.expm1))
    exp2 = staticmethod(_ieee(math.exp2))
    log = staticmethod(_ieee(_at_zero(math.log)))
    log2 = staticmethod(_ieee(_at_zero(math.log2)))
    log10 = staticmethod(_ieee(_at_zero(math.log10)))
    log1p = staticmethod(_ieee(_log1p))
    sin = staticmethod(_ieee(math.sin))
    cos = staticmethod(_ieee(math.cos))
    tan = staticmethod(_ieee(math.tan))
    sinh = staticmethod(_sinh)
    cosh = staticmethod(_ieee(math.cosh))
    tanh = staticmethod(math.tanh)
    asin = staticmethod(_ieee(math.asin))
    acos = staticmethod(_ieee(math.acos))
    atan = staticmethod(math.atan)
    asinh = staticmethod(math.asinh)
    acosh = staticmethod(_ieee(math.acosh))
    atanh = staticmethod(_ieee(_atanh))
    cbrt = staticmethod(math.cbrt)
    hypot = staticmethod(math.hypot)
    erf = staticmethod(math.erf)
    pow = staticmethod(_pow)
    atan2 = staticmethod(math.atan2)
    floor = staticmethod(_whole(math.floor))
    rint = staticmethod(_whole(round))
    trunc = staticmethod(_whole(math.trunc))

    @staticmethod
    def and_(x: bool, y: bool) -> bool:
        return _truth(x) and _truth(y)

    @staticmethod
    def or_(x: bool, y: bool) -> bool:
        return _truth(x) or _truth(y)

    @staticmethod
    def not_(x: bool) -> bool:
        return not _truth(x)

    @staticmethod
    def select(condition: bool, x: Any, y: Any) -> Any:
        return x if _truth(condition) else y


def _truth(value: Any) -> bool:
    # Compiled code has no truth of a float: conditions must come from comparisons.
    assert type(value) is bool, f"{value!r} is no truth value"
    return value
