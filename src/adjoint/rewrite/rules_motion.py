"""Motion: constant factors move to where they meet others or cost least, and sums move inwards.

A factor leaves sums, products and contractions, because fewer numbers come out of them than go in; it
enters broadcasts. So the factors of a long chain of rules end up as one.
"""

from __future__ import annotations

import math
from typing import Any

from adjoint.graph.node import Node
from adjoint.primitives.specs import kept_shape
from adjoint.rewrite.rule import Rule, is_op, like, rule
from adjoint.rewrite.rules_algebra import factor, scaled
from adjoint.rewrite.rules_logsum import fixed

_LAST = "the last bits are free; nothing overflows on one side only"
_ORDER = "a sum may be taken in another order"


def _size(value: Any) -> int:
    return math.prod(getattr(value, "shape", ()))


def _steady(c: Any) -> bool:
    return not isinstance(c, bool) and bool(abs(c) < math.inf)


@rule("factor-of-product", "x * (c * y) = c * (x * y), or (c * x) * y where x has fewer entries", "multiply", _LAST)
def factor_of_product(b: Any, n: Node) -> Any:
    """The constant goes to the smaller operand, or out, where it meets others."""
    if n.dtype.kind not in "fc" or b.uniform(n.inputs[0]) is not None or b.uniform(n.inputs[1]) is not None:
        return None
    for x, y in (n.inputs, n.inputs[::-1]):
        found = factor(b, y)
        if found is None or not _steady(found[0]) or b.uses(y) > 1 or y.dtype != n.dtype or type(x) is not Node:
            continue
        c, inner = found
        if x.dtype == n.dtype and _size(x) < _size(y):
            return b.make("multiply", scaled(b, c, x), inner)
        if like(y, n) and c != -1:
            return scaled(b, c, b.make("multiply", x, inner))
    return None


@rule("factor-of-quotient", "(c * x) / y = c * (x / y)", "divide", _LAST)
def factor_of_quotient(b: Any, n: Node) -> Any:
    """The constant goes out, where it meets others."""
    x, y = n.inputs
    found = factor(b, x)
    if found is None or not like(x, n) or not _steady(found[0]) or b.uses(x) > 1 or type(y) is not Node:
        return None
    return scaled(b, found[0], b.make("divide", found[1], y))


@rule("factor-of-movement", "move(c * x) = c * move(x)", "reshape transpose")
def factor_of_movement(b: Any, n: Node) -> Any:
    """The constant goes out, where it meets others."""
    x = n.inputs[0]
    found = factor(b, x)
    if found is None or b.uses(x) > 1 or not like(found[1], x):
        return None
    return scaled(b, found[0], b.make(n.op.name, found[1], **(n.params or {})))


@rule("factor-of-broadcast", "c * broadcast(x) = broadcast(c * x)", "multiply negative")
def factor_of_broadcast(b: Any, n: Node) -> Any:
    """The product is made before the copies."""
    found = factor(b, n)
    if found is None or not is_op(found[1], "broadcast_to") or type(found[1].inputs[0]) is not Node:
        return None
    inner = found[1].inputs[0]
    return b.make("broadcast_to", scaled(b, found[0], inner), shape=n.shape)


@rule("factor-of-sum", "sum(c * x) = c * sum(x)", "sum", _LAST)
def factor_of_sum(b: Any, n: Node) -> Any:
    """One product in the place of many."""
    found = factor(b, n.inputs[0])
    if found is None or not _steady(found[0]) or found[1].dtype != n.dtype:
        return None
    return scaled(b, found[0], b.make("sum", found[1], **(n.params or {})))


@rule("sum-of-fixed-factor", "sum(x * y) = x * sum(y), where x does not vary along the axes", "sum", _LAST)
def sum_of_fixed_factor(b: Any, n: Node) -> Any:
    """One product in the place of many; of a quotient likewise."""
    p, axis = n.inputs[0], n.params["axis"]  # type: ignore[index]
    if not is_op(p, "multiply") or p.dtype != n.dtype or n.dtype.kind not in "fc":
        return None
    for x, y in (*_pairs(b, p), p.inputs, p.inputs[::-1]):
        if type(x) is not Node or type(y) is not Node or not fixed(x, axis) or x.dtype != n.dtype != bool:
            continue
        if y.dtype != n.dtype or any(-i > len(y.shape) or y.shape[i] != p.shape[i] for i in axis):
            continue
        if all(p.shape[i] == 1 for i in axis) or len(y.shape) < len(p.shape):
            continue
        made = b.make("multiply", x, b.make("sum", y, axis=axis, keepdims=True))
        return _formed(b, made, kept_shape(p.shape, axis), n)
    return None


def _pairs(b: Any, p: Node) -> list[tuple[Any, Any]]:
    """A product of three as a smaller factor and the product of the others."""
    found = []
    for x, y in (p.inputs, p.inputs[::-1]):
        if is_op(x, "multiply") and b.uses(x) == 1 and type(y) is Node and like(x, p):
            for small, large in (x.inputs, x.inputs[::-1]):
                if type(small) is Node and _size(small) < _size(p) and like(large, p) and like(y, p):
                    found.append((small, b.make("multiply", large, y)))
    return found


def _formed(b: Any, made: Any, kept: tuple[int, ...], n: Node) -> Any:
    if made.shape != kept:
        made = b.make("broadcast_to", made, shape=kept)
    return made if made.shape == n.shape else b.make("reshape", made, shape=n.shape)


@rule("sum-of-sum", "sum(sum(x)) = sum(x) over the axes of both", "sum", _ORDER)
def sum_of_sum(b: Any, n: Node) -> Any:
    """One pass over memory."""
    x, axis = n.inputs[0], n.params["axis"]  # type: ignore[index]
    if not is_op(x, "sum") or b.uses(x) > 1 or x.params["keepdims"] or x.inputs[0].dtype != n.dtype:
        return None
    inner = x.inputs[0]
    left = [i for i in range(-len(inner.shape), 0) if i not in x.params["axis"]]
    both = tuple(sorted((*x.params["axis"], *(left[i + len(left)] for i in axis))))
    made = b.make("sum", inner, axis=both, keepdims=False)
    return made if made.shape == n.shape else b.make("reshape", made, shape=n.shape)


@rule("sum-of-moved", "sum(reshape(x)) = sum(transpose(x)) = sum(x), all axes", "sum", _ORDER)
def sum_of_moved(b: Any, n: Node) -> Any:
    """Of all entries, wherever they are."""
    x, axis = n.inputs[0], n.params["axis"]  # type: ignore[index]
    if not is_op(x, "reshape", "transpose") or len(axis) != len(x.shape) or type(x.inputs[0]) is not Node:
        return None
    inner = x.inputs[0]
    made = b.make("sum", inner, axis=tuple(range(-len(inner.shape), 0)), keepdims=False)
    return made if made.shape == n.shape else b.make("reshape", made, shape=n.shape)


@rule("sum-of-broadcast", "sum(broadcast(x)) = m * sum(x), m copies", "sum", _LAST)
def sum_of_broadcast(b: Any, n: Node) -> Any:
    """Copies are counted, not added."""
    x, axis = n.inputs[0], n.params["axis"]  # type: ignore[index]
    if not is_op(x, "broadcast_to") or n.dtype.kind not in "fc" or x.dtype != n.dtype:
        return None
    inner, count = x.inputs[0], 1
    shape = (1,) * (len(x.shape) - len(getattr(inner, "shape", ()))) + tuple(getattr(inner, "shape", ()))
    for i in axis:
        if shape[i] == 1:
            count *= x.shape[i]
    if count == 1 or type(inner) is not Node:
        return None
    wide = inner if inner.shape == shape else b.make("reshape", inner, shape=shape)
    rest = tuple(i for i in axis if shape[i] != 1)
    made = b.make("sum", wide, axis=rest, keepdims=True) if rest else wide
    return _formed(b, scaled(b, float(count), made), kept_shape(x.shape, axis), n)


@rule("common-factor", "c * x + c * y = c * (x + y), for x - y likewise", "add subtract", _LAST)
def common_factor(b: Any, n: Node) -> Any:
    """One product in the place of two."""
    if n.dtype.kind not in "fc":
        return None
    x, y = n.inputs
    one, two = factor(b, x), factor(b, y)
    if one is None or two is None or one[0] != two[0] or not _steady(one[0]) or one[0] == -1:
        return None
    if b.uses(x) > 1 or b.uses(y) > 1 or not like(x, n) or not like(y, n):
        return None
    return scaled(b, one[0], b.make(n.op.name, one[1], two[1]))


@rule("one-keepdims", "op(x, keepdims) = reshape(op(x))", "sum prod max min logsumexp norm")
def one_keepdims(b: Any, n: Node) -> Any:
    """One name for one value, so that equal values are found to be equal."""
    if not n.params["keepdims"] or not n.params["axis"]:  # type: ignore[index]
        return None
    made = b.make(n.op.name, n.inputs[0], axis=n.params["axis"], keepdims=False)  # type: ignore[index]
    return b.make("reshape", made, shape=n.shape)


MOTION: tuple[Rule, ...] = (
    factor_of_broadcast, factor_of_product, factor_of_quotient, factor_of_movement, factor_of_sum,
    sum_of_fixed_factor, sum_of_sum, sum_of_moved, sum_of_broadcast, common_factor,
)  # fmt: skip
