"""The blocks of a Jacobian from one walk: it is traced for one direction, and batched over a whole basis.

So the graph of a Jacobian has the size of one walk, whatever the number of its rows, and each step of
the walk works on all of them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint.apply import make, record
from adjoint.differentiate.batch import Traced
from adjoint.differentiate.forward import forward
from adjoint.differentiate.inlined import INLINED
from adjoint.differentiate.variables import Variables
from adjoint.graph.graph import collect
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.modes import MODE, recording, switched, tracing
from adjoint.primitives.compare import equal
from adjoint.primitives.record import REGISTRY
from adjoint.primitives.select import where
from adjoint.primitives.structure import ITEM
from adjoint.tensor import Tensor

#: From so many directions on, one walk for all of them is faster than one each.
MANY = 8
#: How many bytes the values of a walk may take at a time, where it does not become a graph.
_BYTES = 1 << 24


def at_once(tensors: Sequence[Tensor], variables: Variables, size: int) -> bool:
    """Whether one walk for all directions pays: always where the result is traced, in eager mode for many.

    In eager mode users' operations are not asked to run without values.
    """
    if any(type(t._value) is Spec for t in (*tensors, *variables.tensors)):
        return True
    mode = MODE.get()
    if size < MANY or (mode is not None and mode.everything):
        return False
    return all(_known(n) for n in _way(tensors, variables))


def pushes(tensors: Sequence[Tensor], variables: Variables) -> bool:
    """Whether every operation on the way has a forward rule."""
    return all(_pushes(n) for n in _way(tensors, variables))


def _pushes(node: Node) -> bool:
    if node.op is INLINED:
        return node.params["rule"].push is not None  # type: ignore[index]
    return not node.op.differentiable or node.op.push is not None


def _way(tensors: Sequence[Tensor], variables: Variables) -> list[Node]:
    roots = [t._node for t in tensors if t._node is not None]
    own = frozenset(variables.nodes)
    nodes = collect(roots, own, variables.bound)
    return [n for n in nodes if n not in own and not n.is_leaf and n.op is not ITEM]


def _known(node: Node) -> bool:
    # Nor is an index that is a mask: how many entries it picks depends on its values.
    if node.op.arity is None and any(map(_is_mask, node.inputs)):
        return False
    return REGISTRY.get(node.op.name) is node.op


def _is_mask(operand: Any) -> bool:
    dtype = getattr(operand, "dtype", None)
    return dtype is not None and dtype.kind == "b"


def pulled(tensor: Tensor, variables: Variables) -> list[list[Any]]:
    """The cotangents of the variables for every entry of a tensor as the seed, in front; also for 1j times it."""
    root = tensor._node
    trace = Traced(
        lambda seed: variables.pull([] if root is None else [(root, seed)], record_anyway=True),
        [Spec(tensor.shape, tensor.dtype)],
    )
    return _over_basis(trace, list(trace.out), tensor, variables)


def pushed(tensors: Sequence[Tensor], node: Node, variables: Variables) -> list[list[Any]]:
    """The tangents of the tensors for every entry of a variable, in front; also for 1j times it."""
    roots = [t._node for t in tensors if t._node is not None]

    def walk(tangent: Tensor) -> list[Tensor]:
        walked = forward(roots, {node: tangent}, variables.bound, records=True)
        variables.outside = walked.outside
        found = [None if t._node is None else walked.found.get(t._node) for t in tensors]
        return [make(np.zeros(t.shape, t.dtype)[()], None) if d is None else d for t, d in zip(tensors, found)]

    trace = Traced(walk, [Spec(tuple(node.shape), node.dtype)])
    return _over_basis(trace, trace.out, node, variables)


def _over_basis(trace: Traced, roots: list[Tensor], of: Any, variables: Variables) -> list[list[Any]]:
    """The roots for each unit vector of the shape and dtype of a tensor or node, and for 1j times it if complex."""
    shape, dtype = tuple(of.shape), of.dtype
    size = int(np.prod(shape))
    stays = variables.outer or bool(variables.outside and recording())
    symbolic = tracing() is not None or any(type(t._value) is Spec for t in variables.tensors)
    step = max(1, size if stays else min(size, _BYTES // max(1, trace.nbytes(roots))))
    turns = (1, 1j) if dtype.kind == "c" else (1,)
    found = []
    with np.errstate(all="ignore"), switched(recording=recording() and stays):
        for turn in turns:
            parts = []
            for start in range(0, max(size, 1), step):
                rows = slice(start, min(start + step, size))
                units = _units(shape, dtype, turn) if symbolic else _unit_rows(shape, dtype, turn, rows)
                plain = rows if len(shape) == 1 and turn == 1 else None
                parts.append(trace.batched(roots, [units], rows.stop - start, unit=plain))
            if stays:
                found.append(parts[0])
            else:
                found.append([_whole([p[i]._value for p in parts]) for i in range(len(roots))])
    return found


def _unit_rows(shape: tuple[int, ...], dtype: Any, turn: complex, rows: slice) -> Tensor:
    """Some of the unit vectors of a shape."""
    count, size = rows.stop - rows.start, int(np.prod(shape))
    return make((np.eye(count, size, rows.start, dtype) * dtype.type(turn)).reshape(count, *shape), None)


def _units(shape: tuple[int, ...], dtype: Any, turn: complex) -> Tensor:
    """All unit vectors of a shape, as something to compute: 1 where two counts agree. A program need not hold them."""
    size = int(np.prod(shape))
    places = np.arange(size, dtype=np.float64)
    rows, columns = places.reshape(size, *[1] * len(shape)), places.reshape(shape)
    same = record(equal, (rows, columns), None, (size, *shape), np.dtype(bool), None)
    node = record(where, (same, dtype.type(turn), dtype.type(0)), None, (size, *shape), dtype, None)
    return make(node.spec, node)


def _whole(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
