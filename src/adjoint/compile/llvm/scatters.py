"""Scatters: entries added where index arrays point, in the memory of the result.

Two entries may go to one place, so positions of the index arrays run one after the other; along an axis
that no index array makes, and that is contiguous, whole vectors are added.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from adjoint.compile.llvm.dots import Dots
from adjoint.compile.llvm.frames import I1, I8, I64, POINTER, memory_type
from adjoint.compile.llvm.host import host
from adjoint.compile.memory import row_major
from adjoint.compile.statements import Statement
from adjoint.compile.terms import Term


class Scatters(Dots):
    """A scribe that writes scatters."""

    def scatter(self, s: Statement) -> None:
        """Fills the result with what it starts from, then adds entry by entry."""
        self._begin(s)
        _, out, first, rank = s.term.data
        index: list[Any] = [None] * len(out)
        order = [*range(first, first + rank), *(d for d in range(len(out)) if not first <= d < first + rank)]
        self._along(s, order, index)

    def _begin(self, s: Statement) -> None:
        base = s.term.args[0]
        size = s.term.size * s.term.dtype.itemsize
        target = self.bases[s.term.id, 0]
        if base.kind == "const":
            kind = ir.FunctionType(ir.VoidType(), [POINTER, I8, I64, I1])
            fill = self.declared("llvm.memset.p0.i64", kind)
            self.here().call(fill, [target, I8(0), I64(size), I1(0)])
        elif self.memory.root(base) is not self.memory.root(s.term):
            kind = ir.FunctionType(ir.VoidType(), [POINTER, POINTER, I64, I1])
            source = self.bases[base.id, 0]
            copy = self.declared("llvm.memcpy.p0.p0.i64", kind)
            self.here().call(copy, [target, source, I64(size), I1(0)])

    def _along(self, s: Statement, order: list[int], index: list[Any]) -> None:
        """Opens the loops over the axes of the entries, the last one in vectors where it can be."""
        if not order:
            self._add(s, index, 1, None)
            return
        axis, n = order[0], s.term.data[1][order[0]]
        lanes = host().lanes(s.term.dtype)

        def body(i: Any, count: int = 1, mask: Any = None) -> None:
            index[axis] = i
            if len(order) > 1:
                self._along(s, order[1:], index)
            else:
                self._add(s, index, count, mask)

        if len(order) > 1 or n < lanes or not self._contiguous(s, axis):
            self.repeated(0, n, 1, body)
            return
        whole = n // lanes * lanes
        self.repeated(0, whole, lanes, lambda i: body(i, lanes))
        if whole < n:
            body(I64(whole), lanes, ir.Constant(ir.VectorType(I1, lanes), [int(q < n - whole) for q in range(lanes)]))

    def _contiguous(self, s: Statement, axis: int) -> bool:
        places, out, _, _ = s.term.data
        return axis == len(out) - 1 and places[-1][:3] == ("axis", axis, 1)

    def _offset(self, strides: tuple[int, ...], index: list[Any]) -> Any:
        builder = self.here()
        total: Any = I64(0)
        for stride, i in zip(strides, index, strict=True):
            total = builder.add(total, builder.mul(i, I64(stride)))
        return total

    def _pointed(self, s: Statement, term: Term, index: list[Any]) -> Any:
        """The entry of an index array, counted from 0 and within its bounds."""
        if term.kind == "const":
            return I64(int(term.data))
        _, _, first, rank = s.term.data
        place = self._place(term, row_major(term.shape), index[first : first + rank], I64)
        return self._align(self.here().load(place, typ=I64), term.dtype)

    def _place(self, term: Term, strides: tuple[int, ...], index: list[Any], kind: Any) -> Any:
        base = self.bases[term.id, 0]  # before the builder's place is chosen: the first use writes elsewhere
        return self.here().gep(base, [self._offset(strides, index)], source_etype=kind)

    def _add(self, s: Statement, index: list[Any], lanes: int, mask: Any) -> None:
        places, out, _, _ = s.term.data
        _, value, *arrays = s.term.args
        real = memory_type(s.term.dtype)
        target: list[Any] = []
        for place in places:
            if place[0] == "at":
                target.append(self._pointed(s, arrays[place[1]], index))
            else:
                _, axis, factor, add = place
                builder = self.here()
                target.append(builder.add(builder.mul(index[axis], I64(factor)), I64(add)))
        to = self._place(s.term, row_major(s.term.shape), target, real)
        if value.kind == "const":
            given: Any = ir.Constant(real, float(value.data))
        else:
            source = self._place(value, row_major(out), index, real)
            given = self._entries(source, real, lanes, mask, s)
        old = self._entries(to, real, lanes, mask, s)
        builder = self.here()
        total = builder.fadd(old, given)
        if mask is not None:
            self._masked("store", total.type, to, mask, total)
        else:
            self._align(builder.store(total, to), s.term.dtype)

    def _entries(self, place: Any, real: Any, lanes: int, mask: Any, s: Statement) -> Any:
        builder = self.here()
        if lanes == 1:
            return self._align(builder.load(place, typ=real), s.term.dtype)
        wide = ir.VectorType(real, lanes)
        if mask is not None:
            return self._masked("load", wide, place, mask)
        return self._align(builder.load(place, typ=wide), s.term.dtype)
