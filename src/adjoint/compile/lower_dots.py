"""Contractions as terms: a letter for every axis, so that transposes dissolve and loops see what is shared."""

from __future__ import annotations

from typing import Any

from adjoint.compile.lower_folds import plus_zero
from adjoint.compile.terms import Term
from adjoint.graph.node import Node

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def lower_matmul(low: Any, x: Term, y: Term, node: Node) -> Term:
    """NumPy's matmul: the last axes contract, the leading ones are a batch that broadcasts."""
    x, y = low.cast(x, node.dtype), low.cast(y, node.dtype)
    batch = len(node.shape) - (len(x.shape) > 1) - (len(y.shape) > 1)
    lead = _LETTERS[:batch]
    i, j, k = list(_LETTERS[batch : batch + 3])
    left = (i if len(x.shape) > 1 else "") + k
    right = k + (j if len(y.shape) > 1 else "")
    a = lead[batch - (len(x.shape) - len(left)) :] + left if len(x.shape) > len(left) else left
    b = lead[batch - (len(y.shape) - len(right)) :] + right if len(y.shape) > len(right) else right
    out = lead + (i if len(x.shape) > 1 else "") + (j if len(y.shape) > 1 else "")
    return dot(low, x, y, a, b, out, node.shape)


def lower_einsum(low: Any, x: Term, y: Term, node: Node, subscripts: str) -> Term:
    """An einsum of two operands in the record's normal form."""
    terms, out = subscripts.split("->")
    a, b = terms.split(",")
    return dot(low, low.cast(x, node.dtype), low.cast(y, node.dtype), a, b, out, node.shape)


def dot(low: Any, x: Term, y: Term, a: str, b: str, out: str, shape: tuple[int, ...]) -> Term:
    """A contraction; where it is no product of matrices, a fold of products, which fuses with its neighbours.

    Axes of size 1 are dropped first: they would only hide what the product is.
    """
    sizes: dict[str, int] = {}
    for letters, term in ((a, x), (b, y)):
        for letter, n in zip(letters, term.shape, strict=True):
            sizes[letter] = max(sizes.get(letter, 1), n) if n != 0 else 0
    folds = not set(a + b) <= set(out)
    x, a = _squeezed(low, x, a, sizes)
    y, b = _squeezed(low, y, b, sizes)
    short = "".join(letter for letter in out if sizes[letter] != 1)
    small = tuple(sizes[letter] for letter in short)
    shared = [c for c in a if c in b and c not in short]
    rows = [c for c in a if c in short and c not in b]
    columns = [c for c in b if c in short and c not in a]
    work = 1
    for letter in {*a, *b}:
        work *= sizes[letter]
    if not shared or not rows or not columns or _small(sizes, rows, columns, shared) or work == 0:
        made = _product(low, x, y, a, b, short, sizes)
        if low.strict and not shared and folds:
            made = plus_zero(low, made)
    else:
        made = low.terms.make("dot", (x, y), (a, b, short), small, x.dtype)
    whole: Term = low.terms.reshape(made, shape)
    return whole


def _small(sizes: dict[str, int], rows: list[str], columns: list[str], shared: list[str]) -> bool:
    """Products too small for a call: a few multiplications are over before a call has begun."""
    work = 1
    for letter in (*rows, *columns, *shared):
        work *= sizes[letter]
    return work <= 256


def _squeezed(low: Any, x: Term, letters: str, sizes: dict[str, int]) -> tuple[Term, str]:
    """The operand without its axes of size 1."""
    keep = [i for i, n in enumerate(x.shape) if n != 1]
    return low.terms.reshape(x, tuple(x.shape[i] for i in keep)), "".join(letters[i] for i in keep)


def _product(low: Any, x: Term, y: Term, a: str, b: str, out: str, sizes: dict[str, int]) -> Term:
    """The sum over shared letters of the elementwise product."""
    shared = [c for c in dict.fromkeys(a + b) if c not in out]
    order = [*out, *shared]
    shape = tuple(sizes[c] for c in order)
    place = {c: i for i, c in enumerate(order)}
    spread = [
        low.terms.view(t, tuple((place[c], 1, 0) for c in letters), shape) if letters else low.terms.broadcast(t, shape)
        for t, letters in ((x, a), (y, b))
    ]
    both = low.apply("multiply", *spread)
    term: Term = low.terms.reduce("sum", both, tuple(range(len(out), len(order))))
    return term
