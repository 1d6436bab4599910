"""Movement: shapes and axes. All of these keep every bit, because no number is changed."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.graph.node import Node
from adjoint.primitives.record import REGISTRY
from adjoint.rewrite.rule import Rule, is_op, like, rule
from adjoint.rewrite.values import pointwise

_ZERO = "the sign of a zero is of no account"


@rule("one-reshape", "expand_dims(x), squeeze(x) = reshape(x)", "expand_dims squeeze")
def one_reshape(b: Any, n: Node) -> Any:
    """Axes of size one come and go by one operation only, so that equal values are found to be equal."""
    return b.make("reshape", n.inputs[0], shape=n.shape)


@rule("reshape-chain", "reshape(reshape(x)) = reshape(x); to its own shape it is x", "reshape")
def reshape_chain(b: Any, n: Node) -> Any:
    """Only the last shape counts."""
    x = n.inputs[0]
    if like(x, n):
        return x
    return b.make("reshape", x.inputs[0], shape=n.shape) if is_op(x, "reshape") else None


@rule("transpose-chain", "transpose(transpose(x)) is one transpose; that of no axes is x", "transpose")
def transpose_chain(b: Any, n: Node) -> Any:
    """Permutations are composed; one that only moves axes of size one is a reshape."""
    x = n.inputs[0]
    if type(x) is not Node:
        return None
    axes = full(n)
    if axes == tuple(range(-len(axes), 0)):
        return x
    if is_op(x, "transpose"):
        inner = full(x)
        k = len(axes)
        return b.make("transpose", x.inputs[0], axes=tuple(inner[a + k] for a in axes))
    order = [a for a in axes if x.shape[a] != 1]
    return b.make("reshape", x, shape=n.shape) if order == sorted(order) else None


def full(n: Node) -> tuple[int, ...]:
    """The permutation of a transpose over all axes, in negative numbers."""
    axes: tuple[int, ...] = tuple(n.params["axes"])  # type: ignore[index]
    k = len(n.shape)
    return (*range(-k, -len(axes)), *axes)


@rule("broadcast-chain", "broadcast(broadcast(x)) = broadcast(x); to its own shape it is x", "broadcast_to")
def broadcast_chain(b: Any, n: Node) -> Any:
    """Only the last shape counts; a reshape that only puts ones in front is a part of broadcasting."""
    x = n.inputs[0]
    if like(x, n):
        return x
    if not is_op(x, "broadcast_to", "reshape"):
        return None
    inner = x.inputs[0]
    if is_op(x, "broadcast_to") or _ones_in_front(getattr(inner, "shape", ()), x.shape):
        return b.make("broadcast_to", inner, shape=n.shape)
    return None


def _ones_in_front(inner: tuple[int, ...], outer: tuple[int, ...]) -> bool:
    extra = len(outer) - len(inner)
    return extra >= 0 and outer == (1,) * extra + tuple(inner)


@rule("moved-constant", "movement of [c, c, ...] = [c, c, ...]", "reshape transpose flip getitem broadcast_to")
def moved_constant(b: Any, n: Node) -> Any:
    """Entries that are all the same look the same wherever they go."""
    x = n.inputs[0]
    if type(x) is Node and not is_op(x, "broadcast_to"):
        return None
    value = b.uniform(x)
    if value is None or len(n.inputs) > 1 or (is_op(n, "broadcast_to") and np.ndim(x) == 0):
        return None
    one = b.number(value, n)
    if not n.shape:
        return one
    return b.make("broadcast_to", one, shape=n.shape)


@rule("broadcast-operand", "f(broadcast(x), y) = f(x, y)")
def broadcast_operand(b: Any, n: Node) -> Any:
    """Element by element, operands broadcast by themselves; what varies less is computed less often."""
    seen = False
    for i in n.inputs:
        if type(i) is Node and i.op.name == "broadcast_to":
            seen = True
    if not seen or not pointwise(n.op):
        return None
    bare = [_bare(i) for i in n.inputs]
    shape = np.broadcast_shapes(*[getattr(i, "shape", ()) for i in bare])
    if shape == n.shape:
        # A number alone has its own dtype, so nothing else changes.
        return b.make(n.op.name, *bare)
    if b.strict and n.op.family == "elementwise" and n.op.name not in EXACT:
        return None  # of one number and of an array NumPy may compute another last bit
    made = b.make(n.op.name, *bare)
    return b.make("broadcast_to", made, shape=n.shape)


#: Operations that IEEE 754 defines to the last bit, so that it does not matter how many are computed at once.
EXACT = frozenset({"add", "subtract", "multiply", "divide", "negative", "square", "sqrt", "half_square", "reciprocal"})


def _bare(value: Any) -> Any:
    while is_op(value, "broadcast_to"):
        value = value.inputs[0]
    if is_op(value, "reshape") and _ones_in_front(getattr(value.inputs[0], "shape", ()), value.shape):
        return value.inputs[0]
    return value


@rule("flip-twice", "flip(flip(x)) = x", "flip")
def flip_twice(b: Any, n: Node) -> Any:
    """Along the same axes."""
    x = n.inputs[0]
    return x.inputs[0] if is_op(x, "flip") and x.params["axis"] == n.params["axis"] else None  # type: ignore[index]


@rule("pad-nothing", "pad(x, no width) = x", "pad")
def pad_nothing(b: Any, n: Node) -> Any:
    """Nothing is put around it."""
    return n.inputs[0] if like(n.inputs[0], n) else None


@rule("join-one", "concatenate(x) = x", "concatenate")
def join_one(b: Any, n: Node) -> Any:
    """Of one part, or where all others are empty."""
    parts = [i for i in n.inputs if i.shape[n.params["axis"]]]  # type: ignore[index]
    return parts[0] if len(parts) == 1 and like(parts[0], n) else None


@rule("fold-of-one", "sum, prod, max, min over axes of size 1 = reshape", "sum prod max min", _ZERO)
def fold_of_one(b: Any, n: Node) -> Any:
    """One number alone is its own sum, product and extreme."""
    x, axis = n.inputs[0], n.params["axis"]  # type: ignore[index]
    if type(x) is not Node or x.dtype != n.dtype or any(x.shape[i] != 1 for i in axis):
        return None
    return x if x.shape == n.shape else b.make("reshape", x, shape=n.shape)


@rule(
    "sum-of-ones-axes",
    "sum over an axis of size 1 = a reshape of the sum over the others",
    "sum prod max min",
    "a sum may be taken in another order",
)
def fold_some(b: Any, n: Node) -> Any:
    """Axes of size one are left out of a reduction."""
    x, axis = n.inputs[0], n.params["axis"]  # type: ignore[index]
    if type(x) is not Node or not any(x.shape[i] == 1 for i in axis):
        return None
    long = tuple(i for i in axis if x.shape[i] != 1)
    if not long:
        return None
    made = b.make(n.op.name, x, axis=long, keepdims=n.params["keepdims"])  # type: ignore[index]
    return b.make("reshape", made, shape=n.shape)


@rule("item-of-split", "split(x)[i] = a slice of x", "item")
def item_of_split(b: Any, n: Node) -> Any:
    """A part of a split is a slice."""
    whole = n.inputs[0]
    if not is_op(whole, "split") or REGISTRY.get("split") is not whole.op:
        return None
    axis, sections = whole.params["axis"], whole.params["sections"]
    i = n.params["index"]  # type: ignore[index]
    x = whole.inputs[0]
    start, stop = (0, *sections)[i], (*sections, x.shape[axis])[i]
    return b.make("getitem", x, index=(..., slice(start, stop), *(slice(None),) * (-1 - axis)))


SHAPE: tuple[Rule, ...] = (
    one_reshape, reshape_chain, transpose_chain, broadcast_chain, moved_constant, broadcast_operand, flip_twice,
    pad_nothing, join_one, fold_of_one, fold_some, item_of_split,
)  # fmt: skip
