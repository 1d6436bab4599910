"""Strength: powers as products, divisions as products with a reciprocal that many share."""

from __future__ import annotations

import math
from typing import Any

from adjoint.graph.node import Node
from adjoint.rewrite.rule import Rule, is_op, like, rule, uses_by
from adjoint.rewrite.rules_algebra import reciprocal_is_exact

#: By how many divisions of the graph a node is the divisor.
DIVISIONS = uses_by("divide", 1)

_LAST = "the last bits are free"


@rule("second-power", "x ** 2 = x * x, x ** -1 = 1 / x", "power", _LAST)
def second_power(b: Any, n: Node) -> Any:
    """The square and the reciprocal."""
    x, y = n.inputs
    c = b.uniform(y)
    if not like(x, n) or n.dtype.kind not in "fc" or c not in (2, -1):
        return None
    return b.make("square", x) if c == 2 else b.make("divide", b.number(1, n), x)


@rule("root-power", "x ** 0.5 = sqrt(x), x ** -0.5 = 1 / sqrt(x)", "power", f"{_LAST}; x is neither -inf nor -0")
def root_power(b: Any, n: Node) -> Any:
    """IEEE 754 defines pow(-inf, 1/2) as inf and pow(-0, 1/2) as 0, where sqrt gives NaN and -0."""
    x, y = n.inputs
    c = b.uniform(y)
    if not like(x, n) or n.dtype.kind != "f" or c not in (0.5, -0.5):
        return None
    root = b.make("sqrt", x)
    return root if c == 0.5 else b.make("divide", b.number(1, n), root)


@rule("whole-power", "x ** n is a few products for whole n from -8 to 16", "power", f"{_LAST}; no power between is inf")
def whole_power(b: Any, n: Node) -> Any:
    """By squaring again and again."""
    x, y = n.inputs
    c = b.uniform(y)
    if not like(x, n) or n.dtype.kind != "f" or not isinstance(c, int | float) or isinstance(c, bool):
        return None
    if c != c or math.isinf(c) or c != int(c) or not (3 <= c <= 16 or -8 <= c <= -2):
        return None
    left, made, base = abs(int(c)), None, x
    while left:
        if left & 1:
            made = base if made is None else b.make("multiply", made, base)
        left >>= 1
        base = b.make("square", base) if left else base
    return made if c > 0 else b.make("divide", b.number(1, n), made)


@rule("power-with-half", "x ** (n + 1/2) = x ** n * sqrt(x) for n = 1, 2", "power", f"{_LAST}; x is not negative")
def power_with_half(b: Any, n: Node) -> Any:
    """For the exponents 1.5 and 2.5."""
    x, y = n.inputs
    c = b.uniform(y)
    if not like(x, n) or n.dtype.kind != "f" or c not in (1.5, 2.5):
        return None
    whole = x if c == 1.5 else b.make("square", x)
    return b.make("multiply", whole, b.make("sqrt", x))


@rule("exact-divisor", "x / 2^k = x * 2^-k", "divide", "x is real, k from -13 to 13", strict=True)
def exact_divisor(b: Any, n: Node) -> Any:
    """The reciprocal of a power of two is exact, and so is nothing lost by a product with it."""
    x, y = n.inputs
    c = b.uniform(y)
    if c is None or c == 1 or not like(x, n) or n.dtype.kind != "f" or not reciprocal_is_exact(c):
        return None
    return b.make("multiply", b.number(1.0 / c, n), x)


@rule("constant-divisor", "x / c = x * (1 / c)", "divide", _LAST)
def constant_divisor(b: Any, n: Node) -> Any:
    """A product takes a quarter of the time of a division, and the factor may meet others."""
    x, y = n.inputs
    c = b.uniform(y)
    if isinstance(c, bool | complex) or not c or not like(x, n) or n.dtype.kind != "f":
        return None
    return b.make("multiply", b.number(1.0 / c, n), x) if 1e-30 < abs(c) < 1e30 else None


@rule("one-reciprocal", "reciprocal(x) = 1 / x", "reciprocal", "x is real", strict=True)
def one_reciprocal(b: Any, n: Node) -> Any:
    """One name for one value, so that equal values are found to be equal."""
    return b.make("divide", b.number(1, n), n.inputs[0]) if n.dtype.kind == "f" and like(n.inputs[0], n) else None


@rule("quotient-of-reciprocal", "x / (1 / y) = x * y", "divide", f"{_LAST}; 1 / y does not overflow")
def quotient_of_reciprocal(b: Any, n: Node) -> Any:
    """Two divisions are a product."""
    x, y = n.inputs
    if is_op(y, "divide") and b.uniform(y.inputs[0]) == 1 and getattr(y.inputs[1], "dtype", None) == n.dtype:
        made = b.make("multiply", x, y.inputs[1])
        return made if like(made, n) else None
    return None


@rule("shared-divisor", "x / d, y / d = x * r, y * r with r = 1 / d", "divide", f"{_LAST}; 1 / d does not overflow")
def shared_divisor(b: Any, n: Node) -> Any:
    """Where a divisor is used by several divisions, or has fewer entries than what it divides."""
    x, d = n.inputs
    if type(d) is not Node or n.dtype.kind != "f" or d.dtype != n.dtype or b.uniform(x) is not None:
        return None
    if b.about(DIVISIONS).get(d, 0) < 2 and _size(d.shape) * 2 > _size(n.shape):
        return None
    return b.make("multiply", x, b.make("divide", b.number(1, n), d))


@rule("constant-over", "c / d = c * (1 / d)", "divide", f"{_LAST}; 1 / d does not overflow")
def constant_over(b: Any, n: Node) -> Any:
    """Where another division by d needs the reciprocal anyway."""
    x, d = n.inputs
    c = b.uniform(x)
    if type(d) is not Node or n.dtype.kind != "f" or not like(d, n) or c is None or isinstance(c, bool | complex):
        return None
    if c == 1 or c == 0 or not math.isfinite(c) or b.about(DIVISIONS).get(d, 0) < 2:
        return None
    return b.make("multiply", b.number(c, n), b.make("divide", b.number(1, n), d))


def _size(shape: tuple[int, ...]) -> int:
    return math.prod(shape)


@rule("power-of-constant", "2 ** x = exp2(x), e ** x = exp(x)", "power", _LAST)
def power_of_constant(b: Any, n: Node) -> Any:
    """A constant to the power of a variable."""
    x, y = n.inputs
    c = b.uniform(x)
    if not like(y, n) or n.dtype.kind != "f" or not isinstance(c, int | float) or isinstance(c, bool):
        return None
    if c == 2:
        return b.make("exp2", y)
    return b.make("exp", y) if c == math.e else None


@rule("log-of-power", "log(exp(x)) = x, log2(exp2(x)) = x", "log log2", f"{_LAST}; exp(x) is neither 0 nor inf")
def log_of_power(b: Any, n: Node) -> Any:
    """A logarithm of its own power."""
    x = n.inputs[0]
    wanted = {"log": "exp", "log2": "exp2"}[n.op.name]
    return x.inputs[0] if is_op(x, wanted) and like(x.inputs[0], n) and n.dtype.kind == "f" else None


@rule("square-of-root", "sqrt(x)^2 = x", "square", f"{_LAST}; x is not negative")
def square_of_root(b: Any, n: Node) -> Any:
    """Only for a sum of squares, which is not negative."""
    x = n.inputs[0]
    if not is_op(x, "sqrt") or not like(x.inputs[0], n) or n.dtype.kind != "f":
        return None
    inner = x.inputs[0]
    return inner if is_op(inner, "sum") and is_op(inner.inputs[0], "square", "abs", "exp") else None


STRENGTH: tuple[Rule, ...] = (
    second_power, root_power, whole_power, power_with_half, power_of_constant, exact_divisor, constant_divisor,
    one_reciprocal, quotient_of_reciprocal, shared_divisor, constant_over, log_of_power, square_of_root,
)  # fmt: skip
