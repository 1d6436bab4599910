"""What terms mean, said with NumPy: the reference for everything that is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint.apply import leaf, make
from adjoint.compile.llvm.forms import knows
from adjoint.compile.lower import Lowering
from adjoint.compile.terms import Term
from adjoint.differentiate.containers import flatten
from adjoint.graph.graph import Graph
from adjoint.graph.spec import Spec

FOLDS = {"sum": np.sum, "prod": np.prod, "max": np.max, "min": np.min}


def graph_of(f: Any, args: Sequence[Any]) -> Graph:
    """A function traced on the shapes and dtypes of some arguments."""
    tensors = [make(Spec.of(a), leaf(Spec.of(a))) for a in args]
    return Graph.from_outputs(*flatten(f(*tensors))[0], inputs=tensors)


def lowered(f: Any, args: Sequence[Any], *, strict: bool = True) -> Lowering:
    """A function as terms, without any rewrite."""
    return Lowering(graph_of(f, args), knows, strict)


def meaning(terms: Sequence[Term], inputs: Sequence[Any]) -> list[np.ndarray]:
    """The values of some terms, each read as its definition says."""
    known: dict[int, Any] = {}

    def value(root: Term) -> Any:
        stack = [root]
        while stack:
            term = stack[-1]
            waiting = [a for a in term.args if a.id not in known]
            if waiting:
                stack.extend(waiting)
                continue
            stack.pop()
            if term.id not in known:
                found = _value(term, [known[a.id] for a in term.args], inputs)
                known[term.id] = found
        return known[root.id]

    with np.errstate(all="ignore"):
        return [np.asarray(value(t)) for t in terms]


def _value(term: Term, args: list[Any], inputs: Sequence[Any]) -> Any:
    made = RULES[term.kind](term, args, inputs)
    if term.kind != "call":
        made = np.asarray(made)
        assert made.shape == term.shape, f"{term!r} has shape {made.shape}"
        assert made.dtype == term.dtype, f"{term!r} has dtype {made.dtype}"
    return made


def _map(term: Term, args: list[Any], inputs: Sequence[Any]) -> Any:
    op, params = term.data
    params = {k: v for k, v in params.items() if k != "copy"}
    found = np.asarray(op.value(*[a[()] for a in args], **params))
    # A comparison or a cast has another dtype than its operands; all else has theirs.
    return np.broadcast_to(found.astype(term.dtype), term.shape)


def _view(term: Term, args: list[Any], inputs: Sequence[Any]) -> Any:
    grid = np.indices(term.shape)
    if not term.data:
        return np.broadcast_to(args[0], term.shape)
    return args[0][tuple(np.full(term.shape, a) if d < 0 else grid[d] * m + a for d, m, a in term.data)]


def _pad(term: Term, args: list[Any], inputs: Sequence[Any]) -> Any:
    inside, outside = args
    found = np.array(np.broadcast_to(outside, term.shape))
    found[tuple(slice(low, low + n) for low, n in zip(term.data, inside.shape))] = inside
    return found


def _dot(term: Term, args: list[Any], inputs: Sequence[Any]) -> Any:
    a, b, out = term.data
    return np.asarray(np.einsum(f"{a},{b}->{out}", *args), term.dtype)


def _gather(term: Term, args: list[Any], inputs: Sequence[Any]) -> Any:
    return args[0][_places(term.data, args[1:], np.indices(term.shape))]


def _scatter(term: Term, args: list[Any], inputs: Sequence[Any]) -> Any:
    base, value, *arrays = args
    places, out, first, rank = term.data
    grid = np.indices(out)
    spread = [np.broadcast_to(a, out[first : first + rank])[tuple(grid[first : first + rank])] for a in arrays]
    found = np.array(np.broadcast_to(base, term.shape))
    np.add.at(found, _places(places, spread, grid), value)
    return found


def _places(places: Any, arrays: list[Any], grid: Any) -> tuple[Any, ...]:
    return tuple(arrays[p[1]] if p[0] == "at" else grid[p[1]] * p[2] + p[3] for p in places)


def _call(term: Term, args: list[Any], inputs: Sequence[Any]) -> Any:
    op, params, weak, _ = term.data
    operands = [a.item() if w else a[()] for a, w in zip(args, weak, strict=True)]
    found = op.value(*operands, **params)
    return found if op.several else (found,)


RULES = {
    "input": lambda t, args, inputs: inputs[t.data],
    "const": lambda t, args, inputs: t.data,
    "array": lambda t, args, inputs: t.data,
    "iota": lambda t, args, inputs: np.arange(t.shape[0], dtype=t.dtype),
    "map": _map,
    "view": _view,
    "pad": _pad,
    "reduce": lambda t, args, inputs: FOLDS[t.data[0]](args[0], axis=t.data[1]).astype(t.dtype),
    "dot": _dot,
    "reshape": lambda t, args, inputs: args[0].reshape(t.shape),
    "gather": _gather,
    "scatter": _scatter,
    "call": _call,
    "item": lambda t, args, inputs: args[0][t.data],
}
