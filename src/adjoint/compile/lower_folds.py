"""Reductions as terms: plain folds, and those that are written with several of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint.compile.terms import Term
from adjoint.graph.node import Node


def _axes(x: Term, params: dict[str, Any]) -> tuple[int, ...]:
    n = len(x.shape)
    return tuple(sorted(a + n if a < 0 else a for a in params["axis"]))


def _kept(low: Any, reduced: Term, x: Term, axes: tuple[int, ...]) -> Term:
    """The reduced values, repeated along the axes that vanished."""
    shape = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    term: Term = low.terms.broadcast(low.terms.reshape(reduced, shape), x.shape)
    return term


def lower_fold(low: Any, x: Term, node: Node, params: dict[str, Any]) -> Term | None:
    """sum, prod, max and min: a fold in the result's dtype."""
    axes = _axes(x, params)
    if node.dtype.kind != "f" and node.op.name in {"max", "min"}:
        return None
    folded = low.terms.reduce(node.op.name, low.cast(x, node.dtype), axes)
    if low.strict and node.op.name == "sum" and axes and all(x.shape[a] == 1 for a in axes):
        folded = plus_zero(low, folded)
    term: Term = low.terms.reshape(folded, node.shape)
    return term


def plus_zero(low: Any, x: Term) -> Term:
    """The sum of one entry as NumPy has it: it adds to 0, which makes 0 of -0."""
    term: Term = low.apply("add", x, low.terms.const(0, x.dtype)) if x.dtype.kind == "f" else x
    return term


def lower_logsumexp(low: Any, x: Term, node: Node, params: dict[str, Any]) -> Term:
    """log(sum(exp(x - m))) + m with m the largest entry, where that is finite; else m = 0, so that infinities stand.

    Source: P. Blanchard, D. J. Higham, N. J. Higham, IMA J. Numer. Anal. 41 (2021), doi:10.1093/imanum/draa038.
    """
    axes = _axes(x, params)
    zero = low.terms.const(0, x.dtype)
    if any(x.shape[a] == 0 for a in axes):
        term: Term = low.terms.broadcast(low.terms.const(-math.inf, x.dtype), node.shape)
        return term
    best = low.terms.reduce("max", x, axes)
    safe = low.apply("where", low.apply("isfinite", best, dtype=np.bool_), best, zero)
    shifted = low.apply("exp", low.apply("subtract", x, _kept(low, safe, x, axes)))
    total = low.terms.reduce("sum", shifted, axes)
    folded = low.apply("add", low.apply("log", total), safe)
    low.folded[folded.id] = (x, axes, shifted, total)
    whole: Term = low.terms.reshape(folded, node.shape)
    return whole


def share(low: Any, operand: Term) -> Term | None:
    """exp(x - logsumexp(x)) as exp(x - m) / sum(exp(x - m)), whose exponentials exist already; else None.

    Also where a row of -inf was given 0 in place of its logsumexp: then its sum, 0, is taken as 1.
    """
    if operand.kind != "map" or operand.data[0].name != "subtract" or operand.args[1].kind != "view":
        return None
    x, spread = operand.args
    folded, guarded = _bare(spread.args[0]), False
    if folded.kind == "map" and folded.data[0].name == "where" and folded.args[1].kind == "const":
        test = _bare(folded.args[0])
        if folded.args[1].data != 0 or test.kind != "map" or test.data[0].name != "equal":
            return None
        if _bare(test.args[0]) is not _bare(folded.args[2]) or test.args[1].kind != "const":
            return None
        if test.args[1].data != -math.inf:
            return None
        folded, guarded = _bare(folded.args[2]), True
    known = low.folded.get(folded.id)
    if known is None or known[0] is not x or not _along(spread, known[1]):
        return None
    _, axes, shifted, total = known
    if guarded:
        none = low.apply("equal", total, low.terms.const(0, x.dtype), dtype=np.bool_)
        total = low.apply("where", none, low.terms.const(1, x.dtype), total)
    term: Term = low.apply("multiply", shifted, _kept(low, low.apply("reciprocal", total), x, axes))
    return term


def _bare(term: Term) -> Term:
    """The term without the axes of size 1 that views gave it or took from it."""
    while term.kind == "view" and all(m == 1 and a == 0 for d, m, a in term.data if d >= 0):
        inner = term.args[0]
        if [n for n in inner.shape if n != 1] != [n for n in term.shape if n != 1]:
            break
        term = inner
    return term


def _along(spread: Term, axes: tuple[int, ...]) -> bool:
    """Whether a view repeats a reduced array along exactly the axes that were reduced."""
    used = [d for d, m, a in spread.data if d >= 0 and m == 1 and a == 0]
    return used == [i for i, n in enumerate(spread.shape) if i not in axes and n != 1]


def lower_norm(low: Any, x: Term, node: Node, params: dict[str, Any]) -> Term:
    """The 2-norm, scaled by the largest entry so that no square overflows or vanishes."""
    axes = _axes(x, params)
    if any(x.shape[a] == 0 for a in axes):
        term: Term = low.terms.broadcast(low.terms.const(0, x.dtype), node.shape)
        return term
    zero, one = low.terms.const(0, x.dtype), low.terms.const(1, x.dtype)
    best = low.terms.reduce("max", low.apply("abs", x), axes)
    finite = low.apply("isfinite", best, dtype=np.bool_)
    usable = low.apply("logical_and", finite, low.apply("greater", best, zero, dtype=np.bool_), dtype=np.bool_)
    scale = low.apply("where", usable, best, one)
    scaled = low.apply("divide", x, _kept(low, scale, x, axes))
    total = low.apply("sqrt", low.terms.reduce("sum", low.apply("multiply", scaled, scaled), axes))
    whole: Term = low.terms.reshape(low.apply("multiply", total, scale), node.shape)
    return whole


def lower_argbest(low: Any, x: Term, node: Node, params: dict[str, Any]) -> Term | None:
    """The first place of the largest (smallest) entry, counted in C order; a NaN is the best of all."""
    axes = _axes(x, params)
    count = math.prod(x.shape[a] for a in axes)
    if x.dtype.kind != "f" or len(axes) not in {1, len(x.shape)} or not 0 < count < 2**53:
        return None
    if len(axes) != 1:
        x, axes = low.terms.reshape(x, (count,)), (0,)
    (axis,) = axes
    best = low.terms.reduce("max" if node.op.name == "argmax" else "min", x, axes)
    hit = low.apply("equal", x, _kept(low, best, x, axes), dtype=np.bool_)
    hit = low.apply("logical_or", hit, low.apply("isnan", x, dtype=np.bool_), dtype=np.bool_)
    places = low.terms.view(low.terms.iota(count), ((axis, 1, 0),), x.shape)
    first = low.terms.reduce("min", low.apply("where", hit, places, low.terms.const(count, np.float64)), axes)
    term: Term = low.terms.reshape(low.cast(first, node.dtype), node.shape)
    return term
