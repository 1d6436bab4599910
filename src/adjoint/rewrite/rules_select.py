"""Choices and truth values, as the rules of routers leave them: nested, weighted by 0, 1/2 and 1, asked twice.

The gradient of a router is ``where(w != 0, g * w, 0)``. Where the weight w is itself a choice among
numbers, the product and the question are made within the choice, and nothing of the weight is left.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint.graph.node import Node
from adjoint.rewrite.rule import Rule, is_op, like, rule, same
from adjoint.rewrite.values import spec_of

_BOOL = np.dtype(bool)
_TRUTHS = "logical_and logical_or"


def is_truth(value: Any) -> bool:
    """Whether an operand is of truth values."""
    return getattr(value, "dtype", None) == _BOOL


@rule("not-not", "not not x = x", "logical_not")
def not_not(b: Any, n: Node) -> Any:
    """Of truth values."""
    x = n.inputs[0]
    return x.inputs[0] if is_op(x, "logical_not") and is_truth(x.inputs[0]) else None


@rule(
    "and-or-same",
    "x and x = x, x and true = x, x and false = false; x or x = x, x or false = x, x or true = true",
    _TRUTHS,
)
def and_or(b: Any, n: Node) -> Any:
    """Of truth values."""
    x, y = n.inputs
    if same(x, y) and is_truth(x) and like(x, n):
        return x
    neutral = n.op.name == "logical_and"
    for one, two in ((x, y), (y, x)):
        known = b.uniform(one)
        if known is None:
            continue
        if bool(known) == neutral:
            return two if is_truth(two) and like(two, n) else None
        decided = n.dtype.type(not neutral)
        return b.make("broadcast_to", decided, shape=n.shape) if n.shape else decided
    return None


@rule("or-again", "(x or y) or y = x or y, (x and y) and y = x and y", _TRUTHS)
def or_again(b: Any, n: Node) -> Any:
    """What was asked already."""
    for one, two in ((0, 1), (1, 0)):
        x, y = n.inputs[one], n.inputs[two]
        if is_op(x, n.op.name) and like(x, n) and any(same(y, i) for i in x.inputs):
            return x
    return None


@rule("not-less-or-nan", "x > c or x is NaN = not x <= c, x < c or x is NaN = not x >= c", "logical_or")
def not_less_or_nan(b: Any, n: Node) -> Any:
    """For a constant c other than NaN: only a NaN is neither above nor below."""
    x, y = n.inputs
    for one, two in ((x, y), (y, x)):
        if is_op(two, "not_equal") and two.inputs[0] is two.inputs[1] and is_op(one, "greater", "less"):
            a, c = one.inputs
            number = b.uniform(c)
            if a is two.inputs[0] and isinstance(number, int | float) and number == number:
                turned = "less_equal" if one.op.name == "greater" else "greater_equal"
                return b.make("logical_not", b.make(turned, a, c))
    return None


@rule("choice-by-not", "where(not c, x, y) = where(c, y, x)", "where")
def choice_by_not(b: Any, n: Node) -> Any:
    """The branches change places."""
    c, x, y = n.inputs
    return b.make("where", c.inputs[0], y, x) if is_op(c, "logical_not") and is_truth(c.inputs[0]) else None


@rule("choice-in-choice", "where(c, where(c, x, y), z) = where(c, x, z)", "where")
def choice_in_choice(b: Any, n: Node) -> Any:
    """Within a branch the answer is known."""
    c, x, y = n.inputs
    if is_op(x, "where") and x.inputs[0] is c and _fits(x.inputs[1], x):
        return _chosen(b, n, c, x.inputs[1], y)
    if is_op(y, "where") and y.inputs[0] is c and _fits(y.inputs[2], y):
        return _chosen(b, n, c, x, y.inputs[2])
    return None


def _fits(value: Any, whole: Node) -> bool:
    return getattr(value, "dtype", whole.dtype) == whole.dtype


def _chosen(b: Any, n: Node, c: Any, x: Any, y: Any) -> Any:
    """A choice in the shape and dtype of a node, or None."""
    spec = spec_of(n.op, (c, x, y), None)
    return b.make("where", c, x, y) if spec.shape == n.shape and spec.dtype == n.dtype else None


@rule("product-in-choice", "where(c, f(where(c, x, y)), z) = where(c, f(x), z), f one product, sum or sign", "where")
def product_in_choice(b: Any, n: Node) -> Any:
    """Within a branch the answer is known, also one operation deep."""
    c, *branches = n.inputs
    for k, branch in enumerate(branches):
        if not is_op(branch, "multiply", "negative", "add", "subtract", "divide") or b.uses(branch) > 1:
            continue
        for i, one in enumerate(branch.inputs):
            if is_op(one, "where") and one.inputs[0] is c and _fits(one.inputs[1 + k], one):
                inner = list(branch.inputs)
                inner[i] = one.inputs[1 + k]
                if any(type(v) is Node for v in inner):
                    pair = list(branches)
                    pair[k] = b.make(branch.op.name, *inner)
                    return _chosen(b, n, c, *pair)
    return None


# -- weights ---------------------------------------------------------------------------------


def _weight(b: Any, value: Any) -> bool:
    """Whether a value is a choice (or a choice of choices) among finite numbers."""
    return is_op(value, "where") and all(_finite(b, i) or _weight_once(b, i) for i in value.inputs[1:])


def _weight_once(b: Any, value: Any) -> bool:
    return is_op(value, "where") and all(_finite(b, i) for i in value.inputs[1:])


def _finite(b: Any, value: Any) -> bool:
    number = b.uniform(value)
    return isinstance(number, int | float) and math.isfinite(number)


@rule("half-and-half", "c/2 + (c or d)/2 = where(c, 1, where(d, 1/2, 0)), c and d truth values", "add")
def half_and_half(b: Any, n: Node) -> Any:
    """The weight of a maximum: 1 where it is larger, 1/2 where both are equal."""
    halves = [_half(b, i) for i in n.inputs]
    if n.dtype.kind != "f" or None in halves:
        return None
    one, two = halves
    for c, both in ((one, two), (two, one)):
        rest = _other(both, c)
        if rest is not None:
            equal = b.make("where", rest, b.number(0.5, n), b.number(0, n))
            made = b.make("where", c, b.number(1, n), equal)
            return made if made.shape == n.shape else None
    return None


def _half(b: Any, value: Any) -> Any:
    """c, where a value is c / 2 for truth values c."""
    if not is_op(value, "multiply"):
        return None
    x, y = value.inputs
    if b.uniform(x) == 0.5 and is_truth(y):
        return y
    return x if b.uniform(y) == 0.5 and is_truth(x) else None


def _other(both: Any, one: Any) -> Any:
    """d, where ``both`` is ``one or d``."""
    if not is_op(both, "logical_or"):
        return None
    x, y = both.inputs
    return y if same(x, one) else x if same(y, one) else None


@rule("routed", "where(w != 0, g * w, 0) = the choice w with g * k for its numbers k, and 0 for 0", "where")
def routed(b: Any, n: Node) -> Any:
    """The weight is a choice among numbers, so the question and the product are made within it."""
    asked, passed, zero = n.inputs
    if not is_op(asked, "not_equal") or b.uniform(zero) != 0:
        return None
    sign = is_op(passed, "negative")
    passed = passed.inputs[0] if sign else passed
    if not is_op(passed, "multiply"):
        return None
    w = asked.inputs[0]
    if b.uniform(asked.inputs[1]) != 0 or not _weight(b, w) or not any(i is w for i in passed.inputs):
        return None
    g = passed.inputs[1] if passed.inputs[0] is w else passed.inputs[0]
    if g is w or getattr(g, "dtype", None) != n.dtype or w.dtype != n.dtype:
        return None
    made = _within(b, b.make("negative", g) if sign else g, w, n)
    return made if made.shape == n.shape else None


def _within(b: Any, g: Any, w: Any, n: Node) -> Any:
    # A weight is at most two choices deep.
    if not is_op(w, "where"):
        k = b.uniform(w)
        if k == 0:
            return b.number(0, n)
        return g if k == 1 else b.make("negative", g) if k == -1 else b.make("multiply", g, b.number(k, n))
    c, x, y = w.inputs
    return b.make("where", c, _within(b, g, x, n), _within(b, g, y, n))


@rule("weight-asked", "where(c, j, k) == m is c, not c, or known, for numbers j, k, m", "equal not_equal")
def weight_asked(b: Any, n: Node) -> Any:
    """A question about a choice between two numbers is the question by which it was made."""
    x, y = n.inputs
    m = b.uniform(y)
    if not is_op(x, "where") or m is None or not is_truth(x.inputs[0]) or x.inputs[0].shape != n.shape:
        return None
    j, k = b.uniform(x.inputs[1]), b.uniform(x.inputs[2])
    if j is None or k is None:
        return None
    first, second = (j == m, k == m) if n.op.name == "equal" else (j != m, k != m)
    if first == second:
        return b.make("broadcast_to", n.dtype.type(first), shape=n.shape) if n.shape else n.dtype.type(first)
    return x.inputs[0] if first else b.make("logical_not", x.inputs[0])


@rule("sign-asked", "sign(x) != 0 is x != 0, sign(x) == 0 is x == 0", "equal not_equal")
def sign_asked(b: Any, n: Node) -> Any:
    """The sign is 0 where the number is; of NaN it is NaN."""
    x, y = n.inputs
    return b.make(n.op.name, x.inputs[0], y) if is_op(x, "sign") and b.uniform(y) == 0 else None


@rule("choice-of-sign", "where(x != 0, sign(x), 0) = sign(x)", "where", "the sign of a zero is of no account")
def choice_of_sign(b: Any, n: Node) -> Any:
    """The sign is 0 where the number is."""
    c, x, zero = n.inputs
    if not is_op(x, "sign") or not is_op(c, "not_equal") or b.uniform(zero) != 0 or not like(x, n):
        return None
    return x if c.inputs[0] is x.inputs[0] and b.uniform(c.inputs[1]) == 0 else None


@rule("share-of-best", "w / sum(w) != 0 is c for w = where(c, 1, 0), c where x is its largest or NaN", "not_equal")
def share_of_best(b: Any, n: Node) -> Any:
    """Some entry is always the largest, or NaN, so the sum is at least 1 and the quotient not NaN where w is 0."""
    x, y = n.inputs
    if not is_op(x, "divide") or b.uniform(y) != 0:
        return None
    w, total = x.inputs
    if not is_op(w, "where") or not is_op(total, "sum") or total.inputs[0] is not w:
        return None
    c = w.inputs[0]
    if b.uniform(w.inputs[1]) != 1 or b.uniform(w.inputs[2]) != 0 or not _best(c, total.params["axis"]):
        return None
    return c if c.shape == n.shape else None


def _best(c: Any, axis: Any) -> bool:
    """Whether c asks which entries are the largest (or smallest) along axes, or NaN."""
    if not is_op(c, "logical_or"):
        return False
    for one, two in (c.inputs, c.inputs[::-1]):
        if is_op(two, "not_equal") and two.inputs[0] is two.inputs[1] and is_op(one, "equal"):
            for x, m in (one.inputs, one.inputs[::-1]):
                inner = m.inputs[0] if is_op(m, "reshape") else m
                if x is two.inputs[0] and is_op(inner, "max", "min") and inner.inputs[0] is x:
                    return tuple(inner.params["axis"]) == tuple(axis)
    return False


@rule("share-in-choice", "where(c, g * (where(c, 1, 0) / s), 0) = where(c, g * (1 / s), 0)", "where")
def share_in_choice(b: Any, n: Node) -> Any:
    """The product is made once for each sum, and not for each entry."""
    c, passed, zero = n.inputs
    if not is_op(passed, "multiply") or b.uniform(zero) != 0:
        return None
    for g, w in (passed.inputs, passed.inputs[::-1]):
        if is_op(w, "divide") and is_op(w.inputs[0], "where") and w.inputs[0].inputs[0] is c:
            if b.uniform(w.inputs[0].inputs[1]) != 1 or getattr(w.inputs[1], "dtype", None) != n.dtype:
                return None
            share = b.make("divide", b.number(1, n), w.inputs[1])
            return _chosen(b, n, c, b.make("multiply", g, share), zero)
    return None


SELECT: tuple[Rule, ...] = (
    not_not, and_or, or_again, not_less_or_nan, choice_by_not, choice_in_choice, routed, product_in_choice,
    half_and_half, weight_asked, sign_asked, choice_of_sign, share_of_best, share_in_choice,
)  # fmt: skip
