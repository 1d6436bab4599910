"""Folds: how a reduction gathers, in registers or in the array that its result will be.

Where all labels that a result keeps are open, it is gathered in registers: one for each vector in flight,
folded together at the end. Where some are not, the array itself gathers; between the two, registers gather
what the inner loops give, and the array receives that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from adjoint.compile.indices import straight
from adjoint.compile.llvm.frames import Val, memory_type
from adjoint.compile.llvm.host import host
from adjoint.compile.llvm.values import Values
from adjoint.compile.loops import Leaf, Loop
from adjoint.compile.memory import Buffer
from adjoint.compile.statements import Statement
from adjoint.compile.terms import Term
from adjoint.primitives.record import REGISTRY

#: From this many entries on, single precision is summed in double: the error stays near one rounding.
LONG_SUM = 2048


class Initial(Statement):
    """What puts the first value into an accumulating array."""

    __slots__ = ()

    def __init__(self, s: Statement, labels: Sequence[int]) -> None:
        self.number = s.number
        self.term = s.term
        self.kind = "initial"
        self.kept = s.kept
        self.folded = []
        self.ranges = {label: s.ranges[label] for label in labels}
        self.loops = list(labels)
        self.reads = []
        self.breaks = {}
        self.vector = labels[-1] if labels else None
        self.cost = 1
        self.scale = 1.0
        self.onto = None


class Accumulator:
    """Where a reduction gathers in registers: one slot for each vector in flight."""

    __slots__ = ("dtype", "lanes", "slots")

    def __init__(self, slots: list[Any], lanes: int, dtype: np.dtype[Any]) -> None:
        self.slots = slots
        self.lanes = lanes
        self.dtype = dtype


class Folds(Values):
    """A scribe that writes reductions; the loops around them are written by whoever inherits."""

    accumulators: dict[int, Accumulator]

    def items(self, items: Sequence[Loop | Leaf], active: set[int]) -> None:
        """Writes loops and statements in order."""
        raise NotImplementedError

    @staticmethod
    def lanes_for(stmts: Sequence[Statement]) -> int:
        """How many lanes a loop's vectors have: as many of its widest values as a register holds."""
        wide = any(t.dtype.itemsize == 8 for s in stmts for t in (s.term, *s.term.args))
        return host().lanes(np.dtype(np.float64 if wide else np.float32))

    @staticmethod
    def unroll(loop: Loop) -> int:
        """How many vectors are in flight: few where the body is long."""
        cost = sum(s.cost for s in loop.statements())
        return 4 if cost <= 40 else 2 if cost <= 200 else 1

    def own(self, s: Statement, shift: dict[Any, int]) -> tuple[Any, ...]:
        """The index at which a statement's value stands."""
        return tuple(_shifted(straight(f), shift) for f in s.kept)

    def _put(self, s: Statement, found: Val, shift: dict[Any, int]) -> None:
        buffer = self.memory.of.get(s.term.id)
        if buffer is None:
            return
        index = self.own(s, shift)
        lanes = self.lanes_of(index)
        self.store(self.widened(found, lanes, s.term.dtype), lanes, buffer, index)

    def initial(self, s: Statement) -> float:
        """The value that a fold begins with."""
        return float(REGISTRY[s.term.data[0]].emit[0]) if s.kind != "dot" and s.term.kind == "reduce" else 0.0

    def _step(self, s: Statement, dtype: Any, lanes: int, acc: Any, x: Any) -> Any:
        return REGISTRY[s.term.data[0]].emit[1](self.kit(dtype, lanes), acc, x)

    def begin(self, s: Statement) -> None:
        """Empties the array that a fold's result will be, unless it is gathered in registers alone."""
        if s.onto is not None or (s.kind == "reduce" and self.memory.in_register(s)):
            return
        opened = {f.label for f in self.frames if not f.width}
        todo = [f[0] for f in s.kept if f is not None and f[0] not in opened]
        if s.vector in todo:
            todo.sort(key=lambda label: label == s.vector)
        body: list[Loop | Leaf] = [Leaf(Initial(s, todo))]
        for i, label in enumerate(reversed(todo)):
            body = [Loop(label, i == 0, body)]
        self.items(body, {s.number})

    def gather(self, s: Statement) -> None:
        """Empties the registers that a fold is gathered in: one for each vector in flight."""
        inner = next(p for p in reversed(self.memory.paths[s.number]) if isinstance(p, Loop))
        dtype = s.term.dtype
        count = 1
        for label in s.reduced:
            count *= s.ranges[label][1] - s.ranges[label][0]
        if dtype.char == "f" and s.term.data[0] == "sum" and count >= LONG_SUM:
            dtype = np.dtype(np.float64)
        lanes = self.lanes_for(inner.statements()) if inner.vector else 1
        slots = []
        for _ in range(self.unroll(inner) if inner.vector else 1):
            empty = self.constant(self.initial(s), dtype, lanes)
            slot = self.slot(empty.type)
            self.at(len(self.frames) - 1).store(empty, slot)
            slots.append(slot)
        self.accumulators[s.number] = Accumulator(slots, lanes, dtype)

    def _accumulate(self, s: Statement, shift: dict[Any, int], u: int) -> None:
        operand = s.term.args[0]
        kept = iter(s.kept)
        folded = dict(zip(s.term.data[1], s.folded, strict=True))
        index = tuple(
            _shifted(straight(folded[axis] if axis in folded else next(kept)), shift)
            for axis in range(len(operand.shape))
        )
        acc = self.accumulators.get(s.number)
        if acc is not None and self._multiplied(s, operand, index, acc, u):
            return
        val = self.value(operand, index)
        if acc is None:
            self._accumulate_array(s, val, shift)
            return
        x = self.widened(val, acc.lanes, operand.dtype)
        frame = self.frames[-1]
        builder = self.at(len(self.frames) - 1)
        if acc.dtype != operand.dtype:
            x = self.convert(x, operand.dtype, acc.dtype, acc.lanes)
        if frame.mask is not None:
            # -0.0 changes no sum; LLVM loses a choice of 0.0 where it takes 0/0 beyond the mask for a zero.
            neutral = -0.0 if s.term.data[0] == "sum" and acc.dtype.kind == "f" else self.initial(s)
            x = builder.select(frame.mask, x, self.constant(neutral, acc.dtype, acc.lanes))
        slot = acc.slots[u]
        builder.store(self._step(s, acc.dtype, acc.lanes, builder.load(slot, typ=x.type), x), slot)

    def _multiplied(self, s: Statement, operand: Term, index: tuple[Any, ...], acc: Accumulator, u: int) -> bool:
        """A product that is summed goes into the accumulator with one rounding; False where that cannot be."""
        factors = self.product(operand) if self.fuses and s.term.data[0] == "sum" else None
        if factors is None or acc.dtype != operand.dtype or self.frames[-1].mask is not None:
            return False
        values = [self.value(t, index if t.shape else ()) for t in factors]
        x, y = (self.widened(v, acc.lanes, operand.dtype) for v in values)
        builder = self.at(len(self.frames) - 1)
        slot = acc.slots[u]
        builder.store(self.kit(acc.dtype, acc.lanes).fma(x, y, builder.load(slot, typ=x.type)), slot)
        return True

    def _accumulate_array(self, s: Statement, val: Val, shift: dict[Any, int]) -> None:
        index = self.own(s, shift)
        buffer = self.memory.of[s.term.id]
        lanes = self.lanes_of(index)
        before = self._fresh(buffer, index)
        x = self.widened(val, lanes, s.term.dtype)
        self.at(len(self.frames) - 1)
        self.store(self._step(s, s.term.dtype, lanes, before.llvm, x), lanes, buffer, index)

    def _fresh(self, buffer: Buffer, index: tuple[Any, ...]) -> Val:
        """What an accumulating array holds now: read in the innermost frame, never remembered."""
        pointer, _, step, extra = self.pointer(buffer, index)
        lanes, depth = self.lanes_of(index), len(self.frames) - 1
        kind = memory_type(buffer.term.dtype)
        builder = self.at(depth)
        mask = self._mask(lanes) if lanes > 1 else None
        if lanes == 1:
            return Val(self._align(builder.load(pointer, typ=kind), buffer.term.dtype), 1, depth)
        wide = ir.VectorType(kind, lanes)
        if step != 1 or extra is not None:
            return Val(self._gather(pointer, kind, lanes, step, extra, mask), lanes, depth)
        if mask is not None:
            return Val(self._masked("load", wide, pointer, mask), lanes, depth)
        return Val(self._align(builder.load(pointer, typ=wide), buffer.term.dtype), lanes, depth)

    def end(self, s: Statement, complete: bool) -> None:
        """Folds the slots and lanes of a reduction into its value, or, when more will follow, into its array."""
        acc = self.accumulators.pop(s.number)
        depth = len(self.frames) - 1
        builder = self.at(depth)
        kind = self.constant(0, acc.dtype, acc.lanes).type
        parts = [builder.load(slot, typ=kind) for slot in acc.slots]
        while len(parts) > 1:
            parts = [
                self._step(s, acc.dtype, acc.lanes, *parts[i : i + 2]) if i + 1 < len(parts) else parts[i]
                for i in range(0, len(parts), 2)
            ]
        whole = parts[0]
        width = acc.lanes
        while width > 1:
            width //= 2
            turned = [i ^ width for i in range(acc.lanes)]
            mask = ir.Constant(ir.VectorType(ir.IntType(32), acc.lanes), turned)
            other = builder.shuffle_vector(whole, whole, mask)
            whole = self._step(s, acc.dtype, acc.lanes, whole, other)
        if acc.lanes > 1:
            whole = builder.extract_element(whole, ir.IntType(32)(0))
        whole = self.convert(whole, acc.dtype, s.term.dtype, 1)
        index = self.own(s, {})
        if not complete:
            self._accumulate_array(s, Val(whole, 1, depth), {})
            return
        self.frames[self.depth(index)].memo[s.term.id, index] = found = Val(whole, 1, depth)
        self._put(s, found, {})


def _shifted(index: tuple[Any, int, int], shift: dict[Any, int]) -> tuple[Any, int, int]:
    label, factor, add = index
    return (label, factor, add + factor * shift[label]) if label in shift else index
