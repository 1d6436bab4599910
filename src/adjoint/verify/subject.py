"""A function at one point, in real coordinates: its value, and its derivative by both walks.

A complex number counts as two real ones everywhere here, input and output alike. With adjoint's
conjugate convention the cotangent of ``z`` is then simply the pair (d/dx, d/dy), so one comparison
of real Jacobians covers real and complex functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adjoint.differentiate.forward import forward
from adjoint.differentiate.reverse import reverse
from adjoint.differentiate.variables import Variables
from adjoint.graph.node import Node
from adjoint.modes import MODE, switched
from adjoint.tensor import Tensor
from adjoint.verify.arguments import Arguments, wide_dtype


class Subject:
    """What a check needs to know of a function: values of its inputs, its graph, and how to call it elsewhere."""

    def __init__(
        self,
        names: Sequence[str],
        values: Sequence[Any],
        leaves: Sequence[Node],
        roots: Sequence[Node | None],
        outs: Sequence[Any],
        evaluate: Callable[[Sequence[Any], bool], list[Any]],
    ) -> None:
        self.names = list(names)
        self.values = list(values)
        self.leaves = list(leaves)
        self.roots = list(roots)
        self.outs = [np.asarray(o) for o in outs]
        self._evaluate = evaluate
        self.bound = min((n.seq for n in leaves), default=0)
        #: The number of real coordinates of each input and of all outputs together.
        self.sizes = [real(v).size for v in self.values]
        self.count = sum(real(o).size for o in self.outs)

    @property
    def narrow(self) -> bool:
        """Whether some input has less than double precision."""
        return any(np.finfo(v.dtype).eps > np.finfo(np.float64).eps for v in self.values)

    def at(self, number: int, moved: Any, wide: bool) -> tuple[Any, Any]:
        """All outputs with one input replaced (given in real coordinates), and the machine epsilon of each."""
        values = []
        for i, value in enumerate(self.values):
            dtype = wide_dtype(value.dtype) if wide else value.dtype
            values.append(unreal(moved, value.shape, dtype) if i == number else value.astype(dtype))
        outs = self._evaluate(values, wide)
        return _joined(outs), np.concatenate(
            [np.full(real(o).size, np.finfo(o.dtype).eps) for o in outs] or [np.zeros(0)]
        )

    def center(self, wide: bool) -> tuple[Any, Any]:
        """All outputs at the point itself, and the machine epsilon of each."""
        return self.at(-1, None, wide)

    def pull(self, weights: Any) -> list[Any]:
        """The cotangents of all inputs, in real coordinates, for one real weight an output coordinate."""
        seeds = []
        start = 0
        for out, root in zip(self.outs, self.roots, strict=True):
            size = real(out).size
            if root is not None:
                seeds.append((root, unreal(weights[start : start + size], out.shape, out.dtype)))
            start += size
        found = reverse(seeds, self.leaves, bound=self.bound).found
        return [self._real(found.get(n), v) for n, v in zip(self.leaves, self.values, strict=True)]

    def push(self, number: int, direction: Any) -> Any:
        """The derivative of all outputs along a direction of one input, in real coordinates, by forward mode."""
        value = self.values[number]
        roots = [r for r in self.roots if r is not None]
        tangent = unreal(direction, value.shape, value.dtype)
        found = forward(roots, {self.leaves[number]: tangent}, self.bound).found
        parts = [self._real(None if r is None else found.get(r), o) for r, o in zip(self.roots, self.outs, strict=True)]
        return np.concatenate(parts or [np.zeros(0)])

    @staticmethod
    def _real(array: Any, like: Any) -> Any:
        if array is None:
            return np.zeros(real(like).size)
        array = array._value if type(array) is Tensor else np.asarray(array)
        return real(np.broadcast_to(array, like.shape).astype(wide_dtype(like.dtype)))


def subject_of(arguments: Arguments) -> Subject:
    """The function recorded once at its arguments."""
    variables = Variables([v.copy() for v in arguments.values], arguments.names)
    if MODE.get() is None:
        out = arguments.call(variables.tensors)
    else:
        with switched(recording=True, everything=False):
            out = arguments.call(variables.tensors)
    tensors = arguments.outputs(out)
    roots = [t._node for t in tensors]
    outs = [np.array(t._value) for t in tensors]
    return Subject(arguments.names, arguments.values, variables.nodes, roots, outs, arguments.evaluate)


def real(value: Any) -> Any:
    """An array as a flat one of real numbers: a complex entry gives two neighbours.

    >>> real(np.array([1 + 2j, 3j])).tolist()
    [1.0, 2.0, 0.0, 3.0]
    """
    flat = np.ascontiguousarray(value).reshape(-1)
    return flat.view(flat.real.dtype) if flat.dtype.kind == "c" else flat


def unreal(flat: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """The array of some shape and dtype that ``real`` made flat."""
    flat = np.asarray(flat)
    if dtype.kind == "c":
        part = np.zeros(0, dtype).real.dtype
        return np.ascontiguousarray(flat, part).view(dtype).reshape(shape)[()]
    return flat.astype(dtype).reshape(shape)[()]


def _joined(outs: Sequence[Any]) -> Any:
    return np.concatenate([real(o).astype(wide_dtype(real(o).dtype)) for o in outs] or [np.zeros(0)])
