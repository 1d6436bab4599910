"""Stabilising, element by element: softplus, sigmoid, tanh, expm1 and log1p where they were written out.

Each of these changes the value, for the better: the left side overflows, or loses its digits, where the
right side does not. They see the user's own expressions; what derivative rules made is left to them.
"""

from __future__ import annotations

from typing import Any

from adjoint.graph.node import Node
from adjoint.rewrite.rule import Rule, is_float, is_op, like, rule, same

_REAL = "x is real"


def one_plus(b: Any, value: Any) -> Any:
    """y, where a value is 1 + y, and y has its shape and dtype; else None."""
    if not is_op(value, "add"):
        return None
    x, y = value.inputs
    if b.uniform(x) == 1 and like(y, value):
        return y if type(y) is Node else None
    return x if b.uniform(y) == 1 and like(x, value) and type(x) is Node else None


def exponent(value: Any) -> Any:
    """x, where a value is exp(x); else None."""
    return value.inputs[0] if is_op(value, "exp") and like(value.inputs[0], value) else None


def minus(b: Any, x: Any) -> Any:
    """The negative of a value, without a sign of its own where it has one."""
    return x.inputs[0] if is_op(x, "negative") else b.make("negative", x)


@rule("softplus", "log(1 + exp(x)) = log1p(exp(x)) = softplus(x)", "log log1p", _REAL, stabilises=True)
def softplus(b: Any, n: Node) -> Any:
    """exp(x) overflows from 710 on, where the value is x."""
    x = n.inputs[0]
    inner = exponent(x if n.op.name == "log1p" else one_plus(b, x))
    if inner is None or not is_float(n) or not like(inner, n):
        return None
    if is_op(inner, "negative") and is_op(inner.inputs[0], "abs"):
        return None  # a part of the stable form, written out
    return b.make("softplus", inner)


def _tail(value: Any) -> Any:
    """x, where a value is log1p(exp(-abs(x))); else None."""
    t: Any = exponent(value.inputs[0]) if is_op(value, "log1p") else None
    inner: Any = t.inputs[0] if is_op(t, "negative") else None
    return inner.inputs[0] if is_op(inner, "abs") and like(inner.inputs[0], value) else None


def _positive_part(b: Any, value: Any) -> Any:
    """x, where a value is maximum(x, 0) or relu(x); else None."""
    if is_op(value, "relu"):
        return value.inputs[0]
    if is_op(value, "maximum"):
        x, y = value.inputs
        return x if b.uniform(y) == 0 else y if b.uniform(x) == 0 else None
    return None


def _up_to_sign(x: Any, y: Any) -> bool:
    return x is y or (is_op(x, "negative") and x.inputs[0] is y) or (is_op(y, "negative") and y.inputs[0] is x)


@rule(
    "softplus-in-parts", "max(x, 0) + log1p(exp(-|x|)) = softplus(x)", "add subtract",
    f"{_REAL}; a third term may be between them", stabilises=True,
)  # fmt: skip
def softplus_in_parts(b: Any, n: Node) -> Any:
    """The stable form written out: one operation, whose derivative is the sigmoid."""
    for head, tail in ((n.inputs[0], n.inputs[1]), (n.inputs[1], n.inputs[0])):
        x = _tail(tail)
        if x is None or not is_float(n) or not like(tail, n):
            continue
        found = _positive_part(b, head)
        if found is not None and _up_to_sign(found, x) and n.op.name == "add":
            return b.make("softplus", found)
        if is_op(head, "minimum") and n.op.name == "subtract" and head is n.inputs[0]:
            low = head.inputs[0] if b.uniform(head.inputs[1]) == 0 else head.inputs[1]
            if b.uniform(head.inputs[1]) == 0 or b.uniform(head.inputs[0]) == 0:
                return b.make("negative", b.make("softplus", minus(b, low))) if _up_to_sign(low, x) else None
        if n.op.name == "add" and is_op(head, "add", "subtract") and b.uses(head) == 1 and like(head, n):
            first, second = head.inputs
            found = _positive_part(b, first)
            if found is not None and _up_to_sign(found, x):
                return b.make(head.op.name, b.make("softplus", found), second)
    return None


@rule("softplus-of-two", "logaddexp(x, 0) = softplus(x)", "logaddexp", _REAL, stabilises=True)
def softplus_of_two(b: Any, n: Node) -> Any:
    """One exponential in the place of two."""
    x, y = n.inputs
    if b.uniform(y) == 0 and like(x, n):
        return b.make("softplus", x)
    return b.make("softplus", y) if b.uniform(x) == 0 and like(y, n) else None


@rule("sigmoid", "1 / (1 + exp(-x)) = exp(x) / (1 + exp(x)) = sigmoid(x)", "divide reciprocal", _REAL, stabilises=True)
def sigmoid(b: Any, n: Node) -> Any:
    """One end overflows, and inf / inf is NaN."""
    over, under = n.inputs if n.op.name == "divide" else (1, n.inputs[0])
    e = one_plus(b, under)
    t = exponent(e)
    if t is None or not is_float(n) or not like(t, n):
        return None
    if b.uniform(over) == 1:
        return b.make("sigmoid", minus(b, t))
    return b.make("sigmoid", t) if over is e else None


@rule("one-minus-sigmoid", "1 - sigmoid(x) = sigmoid(-x)", "subtract",
      f"{_REAL}; it is no part of a derivative rule", stabilises=True)  # fmt: skip
def one_minus_sigmoid(b: Any, n: Node) -> Any:
    """The left side is 0 from 37 on, where the right side is still exp(-x)."""
    x, y = n.inputs
    if n.origin is None and b.uniform(x) == 1 and is_op(y, "sigmoid") and like(y, n):
        return b.make("sigmoid", minus(b, y.inputs[0]))
    return None


@rule("log-sigmoid", "log(sigmoid(x)) = -softplus(-x)", "log", _REAL, stabilises=True)
def log_sigmoid(b: Any, n: Node) -> Any:
    """sigmoid(x) vanishes below -745, where its logarithm is x."""
    x = n.inputs[0]
    if not is_op(x, "sigmoid") or not like(x, n):
        return None
    return b.make("negative", b.make("softplus", minus(b, x.inputs[0])))


@rule("slope-of-softplus", "expm1(-softplus(x)) = -sigmoid(x), exp(-softplus(x)) = sigmoid(-x)", "expm1 exp",
      _REAL, stabilises=True)  # fmt: skip
def slope_of_softplus(b: Any, n: Node) -> Any:
    """The sigmoid shares its exponential with the softplus beside it."""
    t = n.inputs[0]
    if not is_op(t, "negative") or not is_op(t.inputs[0], "softplus") or not is_float(n):
        return None
    x = t.inputs[0].inputs[0]
    if n.op.name == "exp":
        return b.make("sigmoid", minus(b, x))
    return b.make("negative", b.make("sigmoid", x))


@rule("expm1", "exp(x) - 1 = expm1(x)", "subtract add", _REAL, stabilises=True)
def expm1(b: Any, n: Node) -> Any:
    """Near 0 the left side loses its digits."""
    x, y = n.inputs
    if not is_float(n):
        return None
    for one, c in ((x, y), (y, x)):
        t = exponent(one)
        number = b.uniform(c)
        if t is None or not like(one, n):
            continue
        if (n.op.name == "add" and number == -1) or (n.op.name == "subtract" and c is y and number == 1):
            return b.make("expm1", t)
        if n.op.name == "subtract" and c is x and number == 1:
            return b.make("negative", b.make("expm1", t))
    return None


@rule("log1p", "log(1 + x) = log1p(x), log(1 - x) = log1p(-x)", "log", _REAL, stabilises=True)
def log1p(b: Any, n: Node) -> Any:
    """Near 0 the left side loses its digits."""
    x = n.inputs[0]
    if not is_float(n) or not like(x, n):
        return None
    inner = one_plus(b, x)
    if inner is not None:
        return b.make("log1p", inner)
    if is_op(x, "subtract") and b.uniform(x.inputs[0]) == 1 and like(x.inputs[1], n):
        return b.make("log1p", b.make("negative", x.inputs[1]))
    return None


@rule("tanh-of-exp", "(exp(x) - exp(-x)) / (exp(x) + exp(-x)) = sinh(x) / cosh(x) = tanh(x)", "divide",
      _REAL, stabilises=True)  # fmt: skip
def tanh_of_exp(b: Any, n: Node) -> Any:
    """Both sums overflow from 710 on, and inf / inf is NaN."""
    over, under = n.inputs
    if not is_float(n):
        return None
    if is_op(over, "sinh") and is_op(under, "cosh") and over.inputs[0] is under.inputs[0]:
        return b.make("tanh", over.inputs[0])
    if is_op(over, "subtract") and is_op(under, "add"):
        up, down = over.inputs
        x, y = exponent(up), exponent(down)
        if x is not None and y is not None and like(x, n) and {up, down} == set(under.inputs):
            if is_op(y, "negative") and y.inputs[0] is x:
                return b.make("tanh", x)
            if is_op(x, "negative") and x.inputs[0] is y:
                return b.make("tanh", x)
    if not is_op(over, "expm1"):
        return None
    e = one_plus(b, under)
    if e is not None and exponent(e) is over.inputs[0] and like(e, n):
        return b.make("tanh", b.make("multiply", b.number(0.5, n), over.inputs[0]))
    return None


@rule("tanh-of-sigmoid", "2 * sigmoid(x) - 1 = tanh(x / 2), 1 - 2 / (exp(x) + 1) = tanh(x / 2)", "subtract",
      _REAL, stabilises=True)  # fmt: skip
def tanh_of_sigmoid(b: Any, n: Node) -> Any:
    """Near 0 the left side loses its digits."""
    x, y = n.inputs
    if not is_float(n):
        return None
    scaled: Any = None
    if b.uniform(y) == 1 and like(x, n):
        scaled, sign = x, 1.0
    elif b.uniform(x) == 1 and like(y, n):
        scaled, sign = y, -1.0
    if not is_op(scaled, "multiply", "divide"):
        return None
    inner: Any = None
    if scaled.op.name == "multiply":
        one, two = scaled.inputs
        inner = two if b.uniform(one) == 2 else one if b.uniform(two) == 2 else None
        inner = inner.inputs[0] if is_op(inner, "sigmoid") and like(inner, n) else None
    elif b.uniform(scaled.inputs[0]) == 2:
        e = one_plus(b, scaled.inputs[1])
        inner = exponent(e)
        inner = None if inner is None or not like(inner, n) else minus(b, inner)
    if inner is None:
        return None
    return b.make("tanh", b.make("multiply", b.number(0.5 * sign, n), inner))


@rule("sigmoid-of-tanh", "(1 + tanh(x / 2)) / 2 = sigmoid(x)", "multiply", _REAL, stabilises=True)
def sigmoid_of_tanh(b: Any, n: Node) -> Any:
    """Below -37 the left side is 0, where the right side is still exp(x)."""
    for c, x in (n.inputs, n.inputs[::-1]):
        t: Any = one_plus(b, x) if b.uniform(c) == 0.5 and like(x, n) else None
        if is_op(t, "tanh") and is_float(n):
            half = t.inputs[0]
            if is_op(half, "multiply") and any(same(i, j) for i in half.inputs for j in (0.5, b.number(0.5, n))):
                inner = [i for i in half.inputs if type(i) is Node]
                return b.make("sigmoid", inner[0]) if len(inner) == 1 and like(inner[0], n) else None
    return None


STABLE: tuple[Rule, ...] = (
    softplus, softplus_in_parts, softplus_of_two, sigmoid, one_minus_sigmoid, log_sigmoid, slope_of_softplus, expm1,
    log1p, tanh_of_exp, tanh_of_sigmoid, sigmoid_of_tanh,
)  # fmt: skip
