"""Folding: operations on constants, nodes that only pass a value on, and choices that are made already."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.graph.node import Node
from adjoint.primitives.record import REGISTRY
from adjoint.rewrite.rule import Rule, is_op, like, rule, same
from adjoint.rewrite.values import constant as folded
from adjoint.rewrite.values import pointwise


@rule("constant", "an operation on constants is its value")
def constant(b: Any, n: Node) -> Any:
    """Only where the result takes no more room than the operands: a broadcast constant is not written out."""
    for i in n.inputs:
        if type(i) is Node:
            return None
    op = REGISTRY.get(n.op.name)
    if n.dtype is None or b.pinned(n) or op is None or op is not n.op:
        return None
    return folded(op, n.inputs, n.params, n.spec)


@rule("alias", "alias(x) = x", "alias")
def alias(b: Any, n: Node) -> Any:
    """The mark at which a transform took a value as its own variable."""
    return None if b.pinned(n) else _array(n.inputs[0], n)


@rule("cut", "cut(x) = x", "cut", "no derivative of the graph is taken any more", strict=True)
def cut(b: Any, n: Node) -> Any:
    """A stopped gradient: to be dropped only from a graph that is not differentiated again."""
    return _array(n.inputs[0], n)


def _array(value: Any, n: Node) -> Any:
    return value if type(value) is Node else np.asarray(value, n.dtype)[()]


@rule("same-dtype", "astype(x, dtype of x) = x", "astype")
def same_dtype(b: Any, n: Node) -> Any:
    """A conversion to what the value is already."""
    return n.inputs[0] if like(n.inputs[0], n) else None


@rule("real-already", "conj(x) = real(x) = x", "conj real", "x is real", strict=True)
def real_already(b: Any, n: Node) -> Any:
    """The conjugate and the real part of a real number are the number."""
    x = n.inputs[0]
    return x if n.dtype.kind != "c" and like(x, n) else None


@rule("uniform", "f(x, [c, c, ...]) = f(x, c)")
def uniform(b: Any, n: Node) -> Any:
    """A constant array whose entries are all the same is one number, where another operand has the shape."""
    found: list[Any] | None = None
    for i, one in enumerate(n.inputs):
        if isinstance(one, np.ndarray) and one.shape and pointwise(n.op):
            value = b.uniform(one)
            if value is not None:
                found = list(n.inputs) if found is None else found
                found[i] = one.dtype.type(value)
    if found is None:
        return None
    shapes = [getattr(i, "shape", ()) for i in found]
    made = b.make(n.op.name, *found)
    return made if np.broadcast_shapes(*shapes) == n.shape else b.make("broadcast_to", made, shape=n.shape)


@rule("chosen-already", "where(true, x, y) = x and where(false, x, y) = y", "where")
def chosen_already(b: Any, n: Node) -> Any:
    """A choice by a constant."""
    chosen = b.uniform(n.inputs[0])
    if chosen is None:
        return None
    return _fitted(b, n.inputs[1] if chosen else n.inputs[2], n)


def _fitted(b: Any, value: Any, n: Node) -> Any:
    """A branch in the shape and dtype of the whole, or None where that is no simplification."""
    if type(value) is not Node:
        value = np.asarray(value, n.dtype)[()]
    if value.dtype != n.dtype:
        value = b.make("astype", value, dtype=n.dtype)
    return value if value.shape == n.shape else b.make("broadcast_to", value, shape=n.shape)


@rule("choice-of-same", "where(c, x, x) = x", "where")
def choice_of_same(b: Any, n: Node) -> Any:
    """Both branches are the same value."""
    _, x, y = n.inputs
    return _fitted(b, x, n) if same(x, y) else None


@rule("no-exponent", "x ** 1 = x", "power")
def no_exponent(b: Any, n: Node) -> Any:
    """The first power."""
    x, y = n.inputs
    return x if b.uniform(y) == 1 and like(x, n) else None


@rule("zeroth-power", "x ** 0 = 1", "power")
def zeroth_power(b: Any, n: Node) -> Any:
    """IEEE 754 defines pow(x, 0) as 1 for every x, NaN included."""
    if b.uniform(n.inputs[1]) != 0 or n.dtype.kind not in "f":
        return None
    one = b.number(1, n)
    return b.make("broadcast_to", one, shape=n.shape) if n.shape else one


@rule("times-one", "x * 1 = x", "multiply")
def times_one(b: Any, n: Node) -> Any:
    """A factor of one."""
    x, y = n.inputs
    if b.uniform(y) == 1 and like(x, n):
        return x
    return y if b.uniform(x) == 1 and like(y, n) else None


@rule("over-one", "x / 1 = x", "divide")
def over_one(b: Any, n: Node) -> Any:
    """A divisor of one."""
    x, y = n.inputs
    return x if b.uniform(y) == 1 and like(x, n) else None


def _is_zero(b: Any, value: Any, negative: bool) -> bool:
    """Whether all entries are -0.0 (or, if not ``negative``, 0.0)."""
    found = b.uniform(value)
    if type(found) is not float or found != 0:
        return type(found) in (int, bool) and found == 0 and not negative
    return bool(np.signbit(found)) == negative


@rule("minus-nothing", "x - 0 = x and x + (-0) = x", "add subtract")
def minus_nothing(b: Any, n: Node) -> Any:
    """Exact also for x = -0."""
    x, y = n.inputs
    if n.op.name == "subtract" or n.dtype.kind in "iub":
        return x if _is_zero(b, y, False) and like(x, n) else None
    if _is_zero(b, y, True) and like(x, n):
        return x
    return y if _is_zero(b, x, True) and like(y, n) else None


@rule("plus-zero", "x + 0 = x", "add subtract", "the sign of a zero is of no account")
def plus_zero(b: Any, n: Node) -> Any:
    """Where x is -0 the sum is 0, which only its sign tells apart."""
    x, y = n.inputs
    if b.uniform(y) == 0 and like(x, n):
        return x
    return y if n.op.name == "add" and b.uniform(x) == 0 and like(y, n) else None


@rule("whole-nothing", "x * 0 = 0, x - x = 0", "multiply subtract", "x is a whole number", strict=True)
def whole_nothing(b: Any, n: Node) -> Any:
    """Of floating point these do not hold: 0 * inf and inf - inf are NaN, and nothing here proves x finite."""
    if n.dtype.kind not in "iu":
        return None
    x, y = n.inputs
    if n.op.name == "subtract":
        holds = same(x, y)
    else:
        holds = b.uniform(x) == 0 or b.uniform(y) == 0
    if not holds:
        return None
    zero = b.number(0, n)
    return b.make("broadcast_to", zero, shape=n.shape) if n.shape else zero


@rule("larger-of-same", "maximum(x, x) = minimum(x, x) = x", "maximum minimum")
def larger_of_same(b: Any, n: Node) -> Any:
    """The larger of two equal values."""
    x, y = n.inputs
    return x if same(x, y) and like(x, n) else None


@rule("twice-is-once", "relu(relu(x)) = relu(x), abs(abs(x)) = abs(x)", "relu abs floor ceil trunc")
def twice_is_once(b: Any, n: Node) -> Any:
    """What is done already is not done again."""
    x = n.inputs[0]
    return x if is_op(x, n.op.name) and like(x, n) else None


CUTS: tuple[Rule, ...] = (cut,)

FOLD: tuple[Rule, ...] = (
    constant, alias, same_dtype, real_already, uniform, chosen_already, choice_of_same, no_exponent, zeroth_power,
    times_one, over_one, minus_nothing, plus_zero, whole_nothing, larger_of_same, twice_is_once,
)  # fmt: skip
