"""Terms: the normal form of a graph for the scheduler, in which every index is visible.

A term says what stands at each index of an array: ``map`` an operation on the operands at the same
index, ``view`` the operand at an affine function of the index (slices, transposes, broadcasts, flips
are all this), ``pad`` one operand inside a box and another outside, ``reduce`` a fold over axes,
``dot`` a contraction with a letter an axis. Equal terms are one object, so common subexpressions
exist once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint.graph.node import Node

#: One axis of a view's operand: (axis of the result or -1, factor, offset).
Axis = tuple[int, int, int]

LEAVES = ("input", "const", "array")


class Term:
    """One array of the normal form: its kind, operands, data, shape and dtype; ``node`` is where it comes from.

    Kinds and their data: "input" (number), "const" (Python or NumPy scalar), "array" (an ndarray),
    "map" (record, parameters), "view" (an Axis for each operand axis), "pad" (offsets; operands are the inside and
    the outside), "reduce" (name, axes), "dot" (letters of left, right, result), "reshape" (), "iota" (),
    "call" (record, parameters), "item" (number), "gather" and "scatter" (see lower_gathers.py).
    """

    __slots__ = ("args", "data", "dtype", "id", "kind", "node", "shape")

    def __init__(
        self,
        kind: str,
        args: tuple[Term, ...],
        data: Any,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        node: Node | None,
        number: int,
    ) -> None:
        self.kind = kind
        self.args = args
        self.data = data
        self.shape = shape
        self.dtype = dtype
        self.node = node
        self.id = number

    @property
    def size(self) -> int:
        """The number of elements."""
        count = 1
        for n in self.shape:
            count *= n
        return count

    def __repr__(self) -> str:
        what = self.data[0].name if self.kind in {"map", "call"} else self.data
        return f"%{self.id} = {self.kind} {what} {[a.id for a in self.args]} {self.dtype}{list(self.shape)}"


class Terms:
    """The terms of one program, each made once; the methods are the constructors, with the simplest identities."""

    def __init__(self) -> None:
        self.all: list[Term] = []
        self._known: dict[Any, Term] = {}
        #: The node that terms made now stand for.
        self.node: Node | None = None

    def make(
        self, kind: str, args: tuple[Term, ...], data: Any, shape: tuple[int, ...], dtype: Any, key: Any = None
    ) -> Term:
        """The one term with these fields; ``key`` stands for data that cannot be hashed."""
        dtype = np.dtype(dtype)
        full = (kind, tuple(a.id for a in args), data if key is None else key, shape, dtype.char)
        found = self._known.get(full)
        if found is None:
            found = Term(kind, args, data, shape, dtype, self.node, len(self.all))
            self.all.append(found)
            self._known[full] = found
        return found

    def input(self, number: int, shape: tuple[int, ...], dtype: Any) -> Term:
        """An input of the program."""
        return self.make("input", (), number, shape, dtype)

    def const(self, value: Any, dtype: Any) -> Term:
        """A scalar that is known now."""
        dtype = np.dtype(dtype)
        with np.errstate(all="ignore"):
            value = np.asarray(value).astype(dtype)[()]
        return self.make("const", (), value, (), dtype, key=("const", value.tobytes()))

    def array(self, value: np.ndarray) -> Term:
        """An array that is known now; equal entries everywhere make it a broadcast scalar."""
        value = np.ascontiguousarray(value)
        if value.size == 0 or (value.ravel()[:1].tobytes() * value.size == value.tobytes()):
            return self.broadcast(self.const(value.ravel()[0] if value.size else 0, value.dtype), value.shape)
        return self.make("array", (), value, value.shape, value.dtype, key=("array", value.tobytes()))

    def iota(self, n: int) -> Term:
        """The whole numbers 0 to n - 1, in float64, where they are exact."""
        return self.make("iota", (), (), (n,), np.float64)

    def map(self, op: Any, params: dict[str, Any], args: Sequence[Term], shape: tuple[int, ...], dtype: Any) -> Term:
        """An operation on operands of one shape (constants may stay scalars)."""
        full = tuple(a if a.kind == "const" else self.broadcast(a, shape) for a in args)
        return self.make("map", full, (op, params), shape, dtype, key=(op.name, repr(sorted(params.items()))))

    def broadcast(self, x: Term, shape: tuple[int, ...]) -> Term:
        """The operand repeated to a shape, by NumPy's rules."""
        if x.shape == shape:
            return x
        lead = len(shape) - len(x.shape)
        axes = tuple((-1, 0, 0) if n == 1 else (lead + i, 1, 0) for i, n in enumerate(x.shape))
        return self.view(x, axes, shape)

    def view(self, x: Term, axes: tuple[Axis, ...], shape: tuple[int, ...]) -> Term:
        """The operand at affine indices; a view of a view is one view."""
        axes = tuple((-1, 0, a) if d < 0 or shape[d] == 1 else (d, m, a) for d, m, a in axes)
        if x.kind == "view":
            inner: list[Axis] = []
            for d, m, a in x.data:
                if d < 0:
                    inner.append((-1, 0, a))
                else:
                    e, n, b = axes[d]
                    inner.append((e, m * n, m * b + a) if e >= 0 else (-1, 0, m * b + a))
            return self.view(x.args[0], tuple(inner), shape)
        plain = all(
            (d, m, a) == (i, 1, 0) or (n == 1 and a == 0) for i, ((d, m, a), n) in enumerate(zip(axes, x.shape))
        )
        if x.shape == shape and plain:
            return x
        return self.make("view", (x,), axes, shape, x.dtype)

    def transpose(self, x: Term, order: Sequence[int]) -> Term:
        """The operand with its axes in another order."""
        shape = tuple(x.shape[i] for i in order)
        place = {axis: i for i, axis in enumerate(order)}
        return self.view(x, tuple((place[i], 1, 0) for i in range(len(x.shape))), shape)

    def pad(self, inside: Term, outside: Term, low: tuple[int, ...], shape: tuple[int, ...]) -> Term:
        """One operand in the box that begins at ``low``, the other everywhere else."""
        if inside.shape == shape:
            return inside
        if inside.size == 0:
            return self.broadcast(outside, shape)
        rest = outside if outside.kind == "const" else self.broadcast(outside, shape)
        return self.make("pad", (inside, rest), low, shape, inside.dtype)

    def reduce(self, name: str, x: Term, axes: tuple[int, ...]) -> Term:
        """A fold (sum, prod, max, min) over axes, which vanish."""
        single = [i for i in axes if x.shape[i] == 1]
        if single:
            kept = [i for i in range(len(x.shape)) if i not in single]
            axes = tuple(kept.index(i) for i in axes if i not in single)
            x = self.reshape(x, tuple(x.shape[i] for i in kept))
        if not axes:
            return x
        shape = tuple(n for i, n in enumerate(x.shape) if i not in axes)
        return self.make("reduce", (x,), (name, axes), shape, x.dtype)

    def reshape(self, x: Term, shape: tuple[int, ...]) -> Term:
        """The same entries in C order in another shape; where only axes of size 1 come or go, a view."""
        if x.shape == shape:
            return x
        if [n for n in x.shape if n != 1] == [n for n in shape if n != 1]:
            places = iter([i for i, n in enumerate(shape) if n != 1])
            return self.view(x, tuple((-1, 0, 0) if n == 1 else (next(places), 1, 0) for n in x.shape), shape)
        if x.kind == "reshape":
            return self.reshape(x.args[0], shape)
        return self.make("reshape", (x,), (), shape, x.dtype)
