"""Values: the expression of a term at an index, written once a frame."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir

from adjoint.compile.indices import single, through
from adjoint.compile.llvm.access import Access
from adjoint.compile.llvm.frames import I64, Dynamic, Val
from adjoint.compile.memory import Memory
from adjoint.compile.statements import Program
from adjoint.compile.terms import Term

F64 = np.dtype(np.float64)

#: Terms that are read from memory.
STORED = frozenset({"input", "array", "reshape", "item"})


class Values(Access):
    """A scribe that writes expressions."""

    def __init__(self, function: ir.Function, contract: bool, program: Program, memory: Memory) -> None:
        super().__init__(function, contract)
        self.program = program
        self.memory = memory

    def value(self, term: Term, index: tuple[Any, ...]) -> Val:
        """The value of a term at an index: known already, in memory, or written now."""
        if term.kind == "const":
            return self.const(term.data, term.dtype)
        if term.kind == "view" and term.id not in self.program.of:
            return self.value(term.args[0], through(term.data, index))
        memo = self.frames[self.depth(index)].memo
        key = (term.id, index)
        found = memo.get(key)
        if found is None:
            if term.kind in STORED or term.id in self.program.of:
                found = self.load(self.memory.of[term.id], index)
            else:
                found = self.written(term, index)
            memo[key] = found
        assert isinstance(found, Val)
        return found

    def written(self, term: Term, index: tuple[Any, ...]) -> Val:
        """The expression of a term at an index."""
        if term.kind == "map":
            return self._map(term, index)
        if term.kind == "pad":
            return self._pad(term, index)
        if term.kind == "iota":
            return self._iota(index[0])
        if term.kind == "gather":
            return self._gathered(term, index)
        if term.kind == "view":
            return self.value(term.args[0], through(term.data, index))
        return self.value_of_read(term, index)

    def value_of_read(self, term: Term, index: tuple[Any, ...]) -> Val:
        """A result that is an input or a constant itself."""
        if term.kind == "const":
            return self.const(term.data, term.dtype)
        return self.load(self.memory.of[term.id], index)

    def _map(self, term: Term, index: tuple[Any, ...]) -> Val:
        op, params = term.data
        if op.name in {"add", "subtract"} and self.fuses and term.dtype.kind == "f":
            fused = self._fused(term, index)
            if fused is not None:
                return fused
        operands = [self.value(a, index if a.shape else ()) for a in term.args]
        depth = self.depth(index)
        lanes = max(o.lanes for o in operands)
        wide = [self.widened(o, lanes, a.dtype) for o, a in zip(operands, term.args, strict=True)]
        self.at(depth)
        if op.name == "alias":
            return Val(wide[0], lanes, depth)
        if op.name == "astype":
            return Val(self.convert(wide[0], term.args[0].dtype, term.dtype, lanes), lanes, depth)
        dtype = term.args[-1].dtype
        if dtype.kind == "b" and term.dtype.kind != "b":
            dtype = term.dtype
        kit = self.kit(F64 if dtype.kind == "b" else dtype, lanes)
        return Val(op.emit(kit, *wide, **params), lanes, depth)

    def product(self, term: Term) -> tuple[Term, Term] | None:
        """The factors of a product that is written out at each use."""
        if term.kind != "map" or term.id in self.program.of or term.dtype.kind != "f":
            return None
        name = term.data[0].name
        if name == "multiply":
            return term.args[0], term.args[1]
        return (term.args[0], term.args[0]) if name == "square" else None

    def _fused(self, term: Term, index: tuple[Any, ...]) -> Val | None:
        """X * y + z with one rounding, decided by the terms alone: equal terms have equal bits wherever they stand."""
        first, second = term.args
        minus = term.data[0].name == "subtract"
        factors, other, flip, turn = self.product(first), second, False, minus
        if factors is None:
            factors, other, flip, turn = self.product(second), first, minus, False
        if factors is None:
            return None
        values = [self.value(t, index if t.shape else ()) for t in (*factors, other)]
        depth, lanes = self.depth(index), max(v.lanes for v in values)
        x, y, z = (self.widened(v, lanes, term.dtype) for v in values)
        self.at(depth)
        kit = self.kit(term.dtype, lanes)
        return Val(kit.fma(kit.neg(x) if flip else x, y, kit.neg(z) if turn else z), lanes, depth)

    def _gathered(self, term: Term, index: tuple[Any, ...]) -> Val:
        """The entry of an array that computed indices point at."""
        source, *indices = term.args
        at = []
        for place in term.data:
            if place[0] == "at":
                at.append((Dynamic(self.value(indices[place[1]], index)), 1, 0))
            else:
                label, factor, add = index[place[1]]
                at.append((label, factor * place[2], add * place[2] + place[3]))
        if source.kind == "const":
            return self.const(source.data, source.dtype)
        return self.load(self.memory.of[source.id], tuple(at))

    def _iota(self, index: Any) -> Val:
        place = self.place(index)
        depth = place.depth
        builder = self.at(depth)
        if place.lanes == 1:
            return Val(builder.sitofp(place.llvm, ir.DoubleType()), 1, depth)
        return Val(builder.sitofp(place.llvm, ir.VectorType(ir.DoubleType(), place.lanes)), place.lanes, depth)

    def place(self, index: Any) -> Val:
        """An index triple as a whole number in a register, one a lane along the vector label."""
        label, factor, add = index
        if label == -1 or not factor:
            return Val(I64(add), 1, 0)
        if type(label) is Dynamic:
            base, depth, lanes, steps = label.value.llvm, label.value.depth, label.value.lanes, False
        else:
            depth = self.frame_of(label)
            frame = self.frames[depth]
            position = frame.position
            base = I64(position) if isinstance(position, int) else position
            lanes, steps = frame.lanes, frame.lanes > 1
        builder = self.at(depth)
        if steps:
            base = self.splat(base, lanes, depth)
            builder = self.at(depth)
            base = builder.add(base, ir.Constant(ir.VectorType(I64, lanes), list(range(lanes))))
        if factor != 1:
            base = builder.mul(base, _whole(factor, lanes))
        if add:
            base = builder.add(base, _whole(add, lanes))
        return Val(base, lanes, depth)

    def _span(self, index: Any) -> tuple[int, int] | None:
        """The smallest and largest value that an index takes in the open loops, where that is known."""
        label, factor, add = index
        if label == -1 or not factor:
            return add, add
        if type(label) is Dynamic:
            return None
        frame = self.frames[self.frame_of(label)]
        ends = factor * frame.low + add, factor * (frame.high - 1) + add
        return min(ends), max(ends)

    def _pad(self, term: Term, index: tuple[Any, ...]) -> Val:
        """The inside where the index is in the box: decided now where the loops know, else chosen lane by lane."""
        inside, outside = term.args
        inner = tuple((label, m, a - low) for (label, m, a), low in zip(index, term.data, strict=True))
        unknown = []
        for i, (one, n) in enumerate(zip(inner, inside.shape, strict=True)):
            span = self._span(one)
            if span is not None and (span[1] < 0 or span[0] >= n):
                return self.value(outside, index if outside.shape else ())
            if span is None or span[0] < 0 or span[1] >= n:
                unknown.append(i)
        if not unknown:
            return self.value(inside, single(inner, inside.shape))
        clamped: list[Any] = list(single(inner, inside.shape))
        truth: Val | None = None
        for i in unknown:
            place = self.place(inner[i])
            builder = self.at(place.depth)
            lanes = place.lanes
            within = builder.icmp_unsigned("<", place.llvm, _whole(inside.shape[i], lanes))
            safe = builder.select(within, place.llvm, _whole(0, lanes))
            if inside.shape[i] != 1:
                clamped[i] = (Dynamic(Val(safe, lanes, place.depth)), 1, 0)
            truth = self._both(truth, Val(within, lanes, place.depth))
        assert truth is not None
        chosen = self.value(inside, tuple(clamped))
        other = self.value(outside, index if outside.shape else ())
        depth = max(truth.depth, chosen.depth, other.depth)
        lanes = max(truth.lanes, chosen.lanes, other.lanes)
        parts = [
            self.widened(v, lanes, d) for v, d in ((truth, np.dtype(bool)), (chosen, term.dtype), (other, term.dtype))
        ]
        return Val(self.at(depth).select(*parts), lanes, depth)

    def _both(self, one: Val | None, other: Val) -> Val:
        if one is None:
            return other
        lanes, depth = max(one.lanes, other.lanes), max(one.depth, other.depth)
        bool_ = np.dtype(bool)
        a, b = self.widened(one, lanes, bool_), self.widened(other, lanes, bool_)
        return Val(self.at(depth).and_(a, b), lanes, depth)


def _whole(n: int, lanes: int) -> Any:
    """A whole number in every lane."""
    return I64(n) if lanes == 1 else ir.Constant(ir.VectorType(I64, lanes), [n] * lanes)
