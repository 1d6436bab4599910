"""Algebra: signs, terms and factors. Signs are exact; what regroups numbers says so in its condition."""

from __future__ import annotations

import math
from typing import Any

from adjoint.graph.node import Node
from adjoint.rewrite.rule import Rule, is_op, like, rule

_LAST = "the last bits are free"
_ZERO = "the sign of a zero is of no account"


def factor(b: Any, value: Any) -> tuple[Any, Any] | None:
    """A value as ``(c, x)`` with value = c * x, c a constant number and x of the value's own shape and dtype."""
    if type(value) is not Node or value.dtype is None or value.dtype.kind not in "fc":
        return None
    name = value.op.name
    if name == "negative":
        return -1.0, value.inputs[0]
    if name == "multiply":
        x, y = value.inputs
        c = b.uniform(x)
        if c is not None and like(y, value):
            return _number(c, y)
        c = b.uniform(y)
        if c is not None and like(x, value):
            return _number(c, x)
    elif name == "divide":
        x, y = value.inputs
        c = b.uniform(y)
        if c is not None and like(x, value) and reciprocal_is_exact(c):
            return 1.0 / c, x
    return None


def _number(c: Any, x: Any) -> tuple[Any, Any] | None:
    return None if isinstance(c, bool) or type(x) is not Node else (c, x)


def reciprocal_is_exact(c: Any) -> bool:
    """Whether 1/c is a number of every floating point format without rounding: c is a moderate power of two.

    >>> reciprocal_is_exact(8), reciprocal_is_exact(-0.5), reciprocal_is_exact(3.0), reciprocal_is_exact(1e-310)
    (True, True, False, False)
    """
    if isinstance(c, bool | complex) or not c or not math.isfinite(c):
        return False
    mantissa, exponent = math.frexp(abs(c))
    return mantissa == 0.5 and -14 < exponent < 14


def scaled(b: Any, c: Any, x: Any) -> Any:
    """The node of c * x: x itself for 1, and its negative for -1."""
    if c == 1:
        return x
    if c == -1:
        return b.make("negative", x)
    return b.make("multiply", b.number(c, x), x)


def product(b: Any, c: Any, d: Any, n: Node) -> Any:
    """The product of two constants, or None where it leaves the range in which numbers are precise."""
    try:
        found = c * d
    except OverflowError:
        return None
    size = abs(found)
    small = 1e-30 if n.dtype.itemsize > 4 or n.dtype.kind == "c" else 1e-20
    return found if small <= size <= 1.0 / small or (c == 0 or d == 0) else None


@rule("minus-minus", "-(-x) = x", "negative")
def minus_minus(b: Any, n: Node) -> Any:
    """Two changes of sign."""
    x = n.inputs[0]
    return x.inputs[0] if is_op(x, "negative") else None


@rule("plus-minus", "x + (-y) = x - y, (-x) + y = y - x", "add")
def plus_minus(b: Any, n: Node) -> Any:
    """A change of sign is a part of the subtraction."""
    x, y = n.inputs
    if is_op(y, "negative") and y.dtype == n.dtype:
        return b.make("subtract", x, y.inputs[0])
    if is_op(x, "negative") and x.dtype == n.dtype:
        return b.make("subtract", y, x.inputs[0])
    return None


@rule("minus-of-minus", "x - (-y) = x + y", "subtract")
def minus_of_minus(b: Any, n: Node) -> Any:
    """A change of sign is a part of the addition."""
    x, y = n.inputs
    return b.make("add", x, y.inputs[0]) if is_op(y, "negative") and y.dtype == n.dtype else None


@rule("minus-x-minus-y", "(-x) - y = -(x + y)", "subtract", _ZERO)
def minus_x_minus_y(b: Any, n: Node) -> Any:
    """Rounding is the same on both sides of zero, so the sign may wait; only 0 - 0 has another sign."""
    x, y = n.inputs
    if is_op(x, "negative") and like(x, n) and b.uniform(y) is None and b.uses(x) == 1:
        return b.make("negative", b.make("add", x.inputs[0], y))
    return None


@rule("minus-times-minus", "(-x) * (-y) = x * y, (-x) / (-y) = x / y", "multiply divide")
def minus_times_minus(b: Any, n: Node) -> Any:
    """Two changes of sign."""
    x, y = n.inputs
    if is_op(x, "negative") and is_op(y, "negative"):
        return b.make(n.op.name, x.inputs[0], y.inputs[0])
    return None


@rule("minus-times", "(-x) * y = -(x * y), (-x) / y = -(x / y), x / (-y) = -(x / y)", "multiply divide")
def minus_times(b: Any, n: Node) -> Any:
    """The sign moves outwards, where it meets other signs, unless it would be changed more often there."""
    for i in (0, 1):
        x = n.inputs[i]
        if is_op(x, "negative") and like(x, n):
            other = n.inputs[1 - i]
            c = b.uniform(other)
            if c is not None and type(c) is float and c == c:
                inner = b.number(-c, n)
                pair = (x.inputs[0], inner) if i == 0 else (inner, x.inputs[0])
                return b.make(n.op.name, *pair)
            if b.uses(x) == 1:
                pair = (x.inputs[0], other) if i == 0 else (other, x.inputs[0])
                return b.make("negative", b.make(n.op.name, *pair))
    return None


@rule("minus-of-factor", "-(c * x) = (-c) * x, -(x / c) = x / (-c)", "negative")
def minus_of_factor(b: Any, n: Node) -> Any:
    """The sign is a part of the constant."""
    x = n.inputs[0]
    if not is_op(x, "multiply", "divide") or not like(x, n) or b.uses(x) > 1:
        return None
    one, two = x.inputs
    for i, c in ((0, b.uniform(one)), (1, b.uniform(two))):
        if type(c) in (int, float) and c == c and like(x.inputs[1 - i], n):
            pair = (b.number(-c, n), two) if i == 0 else (one, b.number(-c, n))
            return b.make(x.op.name, *pair)
    return None


@rule("times-minus-one", "x * -1 = x / -1 = -x", "multiply divide")
def times_minus_one(b: Any, n: Node) -> Any:
    """A factor of minus one."""
    x, y = n.inputs
    if b.uniform(y) == -1 and like(x, n):
        return b.make("negative", x)
    return b.make("negative", y) if n.op.name == "multiply" and b.uniform(x) == -1 and like(y, n) else None


@rule("zero-minus", "0 - x = -x", "subtract", _ZERO)
def zero_minus(b: Any, n: Node) -> Any:
    """Where x is 0 the difference is 0 and the negative is -0."""
    x, y = n.inputs
    return b.make("negative", y) if b.uniform(x) == 0 and like(y, n) and n.dtype.kind in "fc" else None


@rule("minus-of-difference", "-(x - y) = y - x", "negative", _ZERO)
def minus_of_difference(b: Any, n: Node) -> Any:
    """Where x equals y the first is -0 and the second 0."""
    x = n.inputs[0]
    if is_op(x, "subtract") and like(x, n) and b.uses(x) == 1:
        return b.make("subtract", x.inputs[1], x.inputs[0])
    return None


@rule("twice", "x + x = 2 * x", "add")
def twice(b: Any, n: Node) -> Any:
    """Doubling never rounds, so this is exact; the factor may meet others."""
    x, y = n.inputs
    if x is y and n.dtype.kind in "fc" and like(x, n):
        return b.make("multiply", b.number(2, n), x)
    return None


@rule("constants-meet", "c * (d * x) = (c * d) * x", "multiply", f"{_LAST}; d * x neither overflows nor vanishes")
def constants_meet(b: Any, n: Node) -> Any:
    """One product in the place of two."""
    one, two = n.inputs
    for c, x in ((b.uniform(one), two), (b.uniform(two), one)):
        if c is None or isinstance(c, bool) or not like(x, n):
            continue
        found = factor(b, x)
        if found is None:
            continue
        made = product(b, c, found[0], n)
        if made is None or (b.uses(x) > 1 and abs(made) != 1):
            continue  # the inner product is made anyway
        if like(found[1], n):
            return scaled(b, made, found[1])
    return None


@rule("terms-meet", "c * x + d * x = (c + d) * x", "add subtract", f"{_LAST}; no product overflows")
def terms_meet(b: Any, n: Node) -> Any:
    """Multiples of one value are one multiple."""
    if n.dtype is None or n.dtype.kind not in "fc":
        return None
    x, y = n.inputs
    if x is y:
        return None
    one, two = factor(b, x) or (1.0, x), factor(b, y) or (1.0, y)
    if one[1] is not two[1] or not like(one[1], n) or not (math.isfinite(abs(one[0])) and math.isfinite(abs(two[0]))):
        return None
    c = one[0] + two[0] if n.op.name == "add" else one[0] - two[0]
    if c == 0:
        return None  # x may be infinite or NaN, and then the difference is NaN
    return scaled(b, c, one[1])


@rule("constants-add", "c + (d + x) = (c + d) + x", "add subtract", f"{_LAST}; nothing cancels but c and d")
def constants_add(b: Any, n: Node) -> Any:
    """One sum in the place of two, for constants of one sign or sums that cancel to nothing."""
    if n.dtype is None or n.dtype.kind not in "fc":
        return None
    found = _shifted(b, n)
    inner = None if found is None else _shifted(b, found[1])
    if found is None or inner is None or not like(inner[1], n):
        return None
    c, d = found[0], inner[0]
    if not (isinstance(c, float | int) and isinstance(d, float | int)) or c * d < 0:
        return None
    return b.make("add", b.number(c + d, n), inner[1])


def _shifted(b: Any, value: Any) -> tuple[Any, Any] | None:
    """A value as (c, x) with value = c + x."""
    if not is_op(value, "add", "subtract"):
        return None
    x, y = value.inputs
    c = b.uniform(y)
    if c is not None and like(x, value):
        return (c if value.op.name == "add" else -c), x
    c = b.uniform(x)
    return (c, y) if c is not None and value.op.name == "add" and like(y, value) else None


@rule("circle", "sin(x)^2 + cos(x)^2 = 1 + 0 * x", "add", _LAST)
def circle(b: Any, n: Node) -> Any:
    """The term 0 * x keeps the NaN that the left side has for infinite x."""
    x, y = (_squared(i) for i in n.inputs)
    if x is None or y is None or {x.op.name, y.op.name} != {"sin", "cos"} or x.inputs[0] is not y.inputs[0]:
        return None
    angle = x.inputs[0]
    if not like(angle, n):
        return None
    return b.make("add", b.number(1, n), b.make("multiply", b.number(0, n), angle))


def _squared(value: Any) -> Any:
    """x, where the value is its square."""
    if is_op(value, "square") and type(value.inputs[0]) is Node:
        return value.inputs[0]
    if is_op(value, "multiply") and value.inputs[0] is value.inputs[1]:
        return value.inputs[0]
    return None


@rule("one-square", "x * x = square(x)", "multiply", "x is real", strict=True)
def one_square(b: Any, n: Node) -> Any:
    """One name for one value, so that equal values are found to be equal."""
    x, y = n.inputs
    return b.make("square", x) if x is y and n.dtype.kind == "f" and like(x, n) else None


@rule("square-of-minus", "(-x)^2 = |x|^2 = x^2", "square")
def square_of_minus(b: Any, n: Node) -> Any:
    """A square has no sign."""
    x = n.inputs[0]
    if is_op(x, "negative", "abs") and like(x.inputs[0], n) and n.dtype.kind == "f":
        return b.make("square", x.inputs[0])
    return None


@rule("abs-of-minus", "|-x| = |x|", "abs")
def abs_of_minus(b: Any, n: Node) -> Any:
    """A size has no sign."""
    x = n.inputs[0]
    return b.make("abs", x.inputs[0]) if is_op(x, "negative") else None


ALGEBRA: tuple[Rule, ...] = (
    minus_minus, plus_minus, minus_of_minus, minus_times_minus, times_minus_one, minus_times, minus_x_minus_y,
    minus_of_factor, zero_minus, minus_of_difference, twice, constants_meet, terms_meet, constants_add, circle,
    one_square, square_of_minus, abs_of_minus,
)  # fmt: skip
