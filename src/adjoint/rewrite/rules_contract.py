"""Contractions: what comes out of these is a matmul of operands that may be transposes, or an einsum.

A ``matmul`` keeps transposes as nodes before it; an ``einsum`` has none before or behind it, because its
letters say the same. A sum over an axis that only one factor has is taken of that factor beforehand.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.graph.node import Node
from adjoint.primitives.contract import terms
from adjoint.rewrite.rule import Rule, is_op, like, rule, uses_by
from adjoint.rewrite.rules_algebra import factor, scaled
from adjoint.rewrite.rules_shape import full

_ZERO = "the sign of a zero is of no account"

#: How many of the uses of a node are sums of it.
SUMS = uses_by("sum", 0)

_ORDER = "a sum may be taken in another order"
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@rule("factor-of-contraction", "(c * A) @ B = c * (A @ B), einsum likewise", "matmul einsum",
      "the last bits are free; nothing overflows on one side only")  # fmt: skip
def factor_of_contraction(b: Any, n: Node) -> Any:
    """The factor is a part of the product's own scale."""
    for i, x in enumerate(n.inputs):
        found = factor(b, x)
        if found is None or b.uses(x) > 1 or x.dtype != n.dtype or not np.isfinite(found[0]):
            continue
        pair = [found[1] if j == i else y for j, y in enumerate(n.inputs)]
        return scaled(b, found[0], b.make(n.op.name, *pair, **(n.params or {})))
    return None


@rule("einsum-of-transpose", "einsum(transpose(x), y) = einsum(x, y) with its letters in another order", "einsum",
      _ORDER)  # fmt: skip
def einsum_of_transpose(b: Any, n: Node) -> Any:
    """The letters say what the transpose did."""
    left, right, out = terms(n.params["subscripts"])  # type: ignore[index]
    for i, letters in ((0, left), (1, right)):
        x = n.inputs[i]
        if is_op(x, "transpose") and type(x.inputs[0]) is Node:
            axes = full(x)
            moved = dict(zip(axes, letters))
            written = "".join(moved[a] for a in range(-len(letters), 0))
            pair = list(n.inputs)
            pair[i] = x.inputs[0]
            text = f"{written},{right}->{out}" if i == 0 else f"{left},{written}->{out}"
            return b.make("einsum", *pair, subscripts=text)
    return None


@rule("transpose-of-einsum", "transpose(einsum(x, y)) = einsum(x, y) with its letters in another order", "transpose",
      _ORDER)  # fmt: skip
def transpose_of_einsum(b: Any, n: Node) -> Any:
    """The letters say what the transpose does."""
    x = n.inputs[0]
    if not is_op(x, "einsum") or b.uses(x) > 1:
        return None
    left, right, out = terms(x.params["subscripts"])
    moved = "".join(out[a] for a in full(n))
    return b.make("einsum", *x.inputs, subscripts=f"{left},{right}->{moved}")


@rule("transpose-of-matmul", "transpose(transpose(A) @ B) = transpose(B) @ A", "transpose", _ORDER)
def transpose_of_matmul(b: Any, n: Node) -> Any:
    """Where one factor is a transpose already, there is one less."""
    x = n.inputs[0]
    if not is_op(x, "matmul") or b.uses(x) > 1 or full(n)[-2:] != (-1, -2):
        return None
    k = len(n.shape)
    left, right = x.inputs
    if full(n)[:-2] != tuple(range(-k, -2)) or any(len(getattr(i, "shape", ())) != k for i in x.inputs):
        return None
    if not (_swapped(left) or _swapped(right)):
        return None
    return b.make("matmul", b.make("transpose", right, axes=(-1, -2)), b.make("transpose", left, axes=(-1, -2)))


def _swapped(x: Any) -> bool:
    return is_op(x, "transpose") and full(x)[-2:] == (-1, -2) and full(x)[:-2] == tuple(range(-len(x.shape), -2))


@rule("einsum-without-sum", "einsum(x, y) without a sum = x * y, reshaped", "einsum", _ZERO)
def einsum_without_sum(b: Any, n: Node) -> Any:
    """Outer products and scalings are element by element, and run in one loop with their neighbours."""
    left, right, out = terms(n.params["subscripts"])  # type: ignore[index]
    if not set(left + right) <= set(out):
        return None
    return b.make("multiply", _spread(b, n.inputs[0], left, out), _spread(b, n.inputs[1], right, out))


def _spread(b: Any, x: Any, letters: str, out: str) -> Any:
    """An operand with its axes in the order of the result, and ones where it has none."""
    order = sorted(letters, key=out.index)
    if order != list(letters):
        x = b.make("transpose", x, axes=tuple(letters.index(c) - len(letters) for c in order))
    sizes = dict(zip(order, getattr(x, "shape", ())))
    shape = tuple(sizes.get(c, 1) for c in out)
    return x if shape == getattr(x, "shape", ()) else b.make("reshape", x, shape=shape)


@rule("column-times-row", "(m, 1) @ (1, n) = x * y", "matmul", _ZERO)
def column_times_row(b: Any, n: Node) -> Any:
    """An inner size of one leaves nothing to add: but that NumPy adds to 0, and so makes 0 of -0."""
    x, y = n.inputs
    ranks = [len(getattr(i, "shape", ())) for i in n.inputs]
    if min(ranks) < 2 or x.shape[-1] != 1:
        return None
    return b.make("multiply", x, y)


@rule("product-with-vector", "squeeze(A @ v[:, None]) = A @ v, squeeze(v[None] @ A) = v @ A", "reshape", _ORDER)
def product_with_vector(b: Any, n: Node) -> Any:
    """A matrix with one column is a vector."""
    x = n.inputs[0]
    if not is_op(x, "matmul") or b.uses(x) > 1:
        return None
    a, c = x.inputs
    if len(c.shape) == 2 and c.shape[1] == 1 and len(a.shape) >= 2 and n.shape == x.shape[:-1]:
        return b.make("matmul", a, b.make("reshape", c, shape=(c.shape[0],)))
    if len(a.shape) == 2 and a.shape[0] == 1 and len(c.shape) == 2 and n.shape == (c.shape[1],):
        return b.make("matmul", b.make("reshape", a, shape=(a.shape[1],)), c)
    return None


@rule("merged-batches", "transpose(reshape(x)) @ reshape(g) = einsum(x, g), the merged axes summed", "matmul", _ORDER)
def merged_batches(b: Any, n: Node) -> Any:
    """The axes keep their names, so that a loop over them can be shared with what made x and g."""
    a, c = n.inputs
    if not _swapped(a) or not is_op(a.inputs[0], "reshape") or not is_op(c, "reshape") or len(n.shape) != 2:
        return None
    x, g = a.inputs[0].inputs[0], c.inputs[0]
    if len(getattr(x, "shape", ())) < 3 or x.shape[:-1] != g.shape[:-1] or len(c.shape) != 2:
        return None
    if a.inputs[0].shape != (c.shape[0], x.shape[-1]) or c.shape[1] != g.shape[-1]:
        return None
    batch = _LETTERS[: len(x.shape) - 1]
    return b.make("einsum", x, g, subscripts=f"{batch}y,{batch}z->yz")


@rule("times-identity", "A @ I = I @ A = A", "matmul", "no entry is infinite or NaN: these would spread")
def times_identity(b: Any, n: Node) -> Any:
    """A constant identity matrix."""
    for i, x in enumerate(n.inputs):
        other = n.inputs[1 - i]
        square = isinstance(x, np.ndarray) and x.ndim == 2 and x.shape[0] == x.shape[1] > 0
        if square and like(other, n) and x[0, :1].tolist() == [1] and bool((x == np.eye(len(x))).all()):
            return other
    return None


@rule("sum-of-matmul", "sum of the rows of A @ B = sum of the rows of A, @ B; columns likewise", "sum", _ORDER)
def sum_of_matmul(b: Any, n: Node) -> Any:
    """A vector times a matrix in the place of a product of matrices."""
    x, axis = n.inputs[0], tuple(n.params["axis"])  # type: ignore[index]
    if not is_op(x, "matmul") or b.uses(x) > 1 or not free_axes(x, axis):
        return None
    left, right = x.inputs
    if -2 in axis:
        left = b.make("sum", left, axis=(-2,), keepdims=True)
    if -1 in axis:
        right = b.make("sum", right, axis=(-1,), keepdims=True)
    made = b.make("matmul", left, right)
    return made if made.shape == n.shape else b.make("reshape", made, shape=n.shape)


def free_axes(x: Any, axis: tuple[int, ...]) -> bool:
    """Whether a sum of a contraction over axes can be taken of its factors: no work is left out of them."""
    if is_op(x, "matmul"):
        return set(axis) <= {-1, -2} and all(len(getattr(i, "shape", ())) >= 2 for i in x.inputs)
    return is_op(x, "einsum")


@rule("sum-of-einsum", "sum of einsum(x, y) over a letter = einsum(sum(x), y), or without the letter", "sum", _ORDER)
def sum_of_einsum(b: Any, n: Node) -> Any:
    """A letter that both factors have is summed by the einsum; one that a single factor has is summed before."""
    x, axis = n.inputs[0], n.params["axis"]  # type: ignore[index]
    if not is_op(x, "einsum") or b.uses(x) > 1:
        return None
    left, right, out = terms(x.params["subscripts"])
    gone = {out[i] for i in axis}
    operands, texts = [], []
    for one, letters in ((x.inputs[0], left), (x.inputs[1], right)):
        alone = [c for c in letters if c in gone and (c not in right or c not in left)]
        if alone:
            one = b.make("sum", one, axis=tuple(sorted(letters.index(c) - len(letters) for c in alone)), keepdims=False)
        operands.append(one)
        texts.append("".join(c for c in letters if c not in alone))
    rest = "".join(c for c in out if c not in gone)
    made = b.make("einsum", *operands, subscripts=f"{texts[0]},{texts[1]}->{rest}")
    return made if made.shape == n.shape else b.make("reshape", made, shape=n.shape)


@rule("sum-of-terms", "sum(x + A @ B) = sum(x) + sum(A @ B), for - likewise", "sum", _ORDER)
def sum_of_terms(b: Any, n: Node) -> Any:
    """Only where the sum of the product is a product of a sum."""
    x, axis = n.inputs[0], tuple(n.params["axis"])  # type: ignore[index]
    if not is_op(x, "add", "subtract") or b.uses(x) > b.about(SUMS).get(x, 0) or x.dtype != n.dtype:
        return None
    if not any(_reducible(b, i, axis) for i in x.inputs) or any(not like(i, x) for i in x.inputs):
        return None
    one, two = (b.make("sum", i, **(n.params or {})) for i in x.inputs)
    return b.make(x.op.name, one, two)


def _reducible(b: Any, value: Any, axis: tuple[int, ...]) -> bool:
    """Whether a term is a contraction (or a multiple of one) that only sums use, and that gets smaller by them."""
    found = factor(b, value)
    if found is not None:
        value = found[1]
    return is_op(value, "matmul", "einsum") and b.uses(value) == 1 and free_axes(value, axis)


CONTRACT: tuple[Rule, ...] = (
    einsum_without_sum, einsum_of_transpose, transpose_of_einsum, transpose_of_matmul, column_times_row,
    product_with_vector, merged_batches, times_identity, factor_of_contraction, sum_of_matmul, sum_of_einsum,
    sum_of_terms,
)  # fmt: skip
