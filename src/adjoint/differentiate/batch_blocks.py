"""The blocks of a Jacobian from one walk: it is traced for one direction, and batched over a whole basis.

So the graph of a Jacobian has the size of one walk, whatever the number of its rows, and each step of
the walk works on all of them together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adjoint.apply import RECORD, make
from adjoint.differentiate.batch import Traced
from adjoint.differentiate.forward import forward
from adjoint.differentiate.inlined import INLINED
from adjoint.differentiate.variables import Variables
from adjoint.graph.graph import collect
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.modes import MODE, recording, switched
from adjoint.primitives.batching import spread
from adjoint.primitives.record import REGISTRY
from adjoint.primitives.structure import ITEM
from adjoint.tensor import Tensor

#: From so many directions on, one walk for all of them is faster than one each.
MANY = 6
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
    return all(
        not n.op.differentiable or (n.op.push is not None and (n.op is not INLINED or n.params["rule"].push is not None))  # type: ignore[index]
        for n in _way(tensors, variables)
    )


def _way(tensors: Sequence[Tensor], variables: Variables) -> list[Node]:
    roots = [t._node for t in tensors if t._node is not None]
    own = set(variables.nodes)
    return [n for n in collect(roots, frozenset(own), variables.bound) if n not in own and not n.is_leaf and n.op is not ITEM]


def _known(node: Node) -> bool:
    return REGISTRY.get(node.op.name) is node.op


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
    step = size if stays else max(1, min(size, _BYTES // max(1, trace.nbytes(roots))))
    directions = np.eye(size, dtype=dtype)
    found = []
    with np.errstate(all="ignore"), switched(recording=recording() and stays):
        for turn in (1, 1j) if dtype.kind == "c" else (1,):
            parts = []
            for start in range(0, max(size, 1), step):
                some = directions[start : start + step].reshape(-1, *shape) * turn
                made = trace.batched(roots, [make(some.astype(dtype, copy=False), None)], len(some))
                parts.append([spread(RECORD, r, len(some)) if m is None else m for r, m in zip(roots, made)])
            if stays:
                found.append(parts[0])
            else:
                found.append([_whole([p[i]._value for p in parts]) for i in range(len(roots))])
    return found


def _whole(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


#: What computes the blocks of a Jacobian: for every tensor, its block by every variable.
Blocks = Callable[[list[Tensor], Variables], list[list[Any]]]
