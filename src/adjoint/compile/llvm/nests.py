"""Nests: loops with their segments, vector bodies and tails, and the accumulators of reductions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from adjoint.compile.llvm.frames import I1, I64, Frame, Val, memory_type
from adjoint.compile.llvm.host import host
from adjoint.compile.llvm.values import Values
from adjoint.compile.loops import Leaf, Loop
from adjoint.compile.memory import Buffer
from adjoint.compile.statements import Statement, _at
from adjoint.compile.terms import Term
from adjoint.primitives.record import REGISTRY

#: Loops break at no more than this many places; further pads choose lane by lane.
SEGMENTS = 24

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


class Nests(Values):
    """A scribe that writes loop nests."""

    accumulators: dict[int, Accumulator]

    def items(self, items: Sequence[Loop | Leaf], active: set[int]) -> None:
        """Writes loops and statements in order; those that are not active have nothing to do here."""
        for item in items:
            if isinstance(item, Loop):
                self.loop(item, active)
            elif item.statement.number in active:
                self.leaf(item.statement)

    # -- loops -------------------------------------------------------------------------------------------------

    def loop(self, loop: Loop, active: set[int]) -> None:
        """One loop: accumulators begin before it, and end after it."""
        inside = [s for s in loop.statements() if s.number in active]
        if not inside:
            return
        sums = [s for s in inside if s.kind in {"reduce", "dot"} and self._outermost(s, loop)]
        for s in sums:
            self.begin(s)
        inner = [s for s in inside if s.kind == "reduce" and self.memory.inner_fold(s) is loop]
        for s in inner:
            self.gather(s)
        if loop.tile:
            self.tile(loop, {s.number for s in inside})
        elif (piece := self._piece(loop.label)) is not None:
            (self.vectors if loop.vector else self.rounds)(loop, 0, piece.width, {s.number for s in inside})
        else:
            for a, b in self._segments(loop, inside):
                now = {s.number for s in inside if s.ranges[loop.label][0] <= a and b <= s.ranges[loop.label][1]}
                if not now:
                    continue
                if loop.vector:
                    self.vectors(loop, a, b, now)
                else:
                    self.rounds(loop, a, b, now)
        for s in inner:
            self.end(s, complete=s in sums)

    def _outermost(self, s: Statement, loop: Loop) -> bool:
        """Whether this is the first loop that folds for a statement."""
        path = self.memory.paths[s.number]
        return next((p for p in path if isinstance(p, Loop) and p.label in s.reduced), None) is loop

    def _segments(self, loop: Loop, inside: Sequence[Statement]) -> list[tuple[int, int]]:
        label = loop.label
        ends = {end for s in inside for end in s.ranges[label]}
        low, high = min(ends), max(ends)
        breaks = {p for s in inside for p in s.breaks.get(label, ()) if low < p < high}
        if len(breaks) <= SEGMENTS:
            ends |= breaks
        points = sorted(ends)
        return [(a, b) for a, b in zip(points, points[1:]) if b > a]

    def rounds(self, loop: Loop, a: int, b: int, active: set[int]) -> None:
        """A loop whose body works on one position at a time."""
        if b - a == 1:
            self._inline(self._frame(loop, self.frames[-1].block, a, a, b), loop, active)
        else:
            self._counted(loop, a, b, 1, active)

    def vectors(self, loop: Loop, a: int, b: int, active: set[int]) -> None:
        """A loop whose body works on vectors: several in flight, then single ones, then a masked rest."""
        stmts = [s for s in loop.statements() if s.number in active]
        lanes = self.lanes_for(stmts)
        unroll = self.unroll(loop)
        n = b - a
        if lanes == 1:
            self.rounds(loop, a, b, active)
            return
        block = lanes * unroll
        if n < 2 * block:
            unroll, block = 1, lanes
        main = n // block * block
        self._part(loop, a, a + main, block, lanes, unroll, active)
        whole = (n - main) // lanes * lanes
        self._part(loop, a + main, a + main + whole, lanes, lanes, 1, active)
        rest = n - main - whole
        if rest:
            mask = ir.Constant(ir.VectorType(I1, lanes), [int(i < rest) for i in range(lanes)])
            start = a + main + whole
            block = self.frames[-1].block
            self._inline(self._frame(loop, block, start, start, start + rest, lanes=lanes, mask=mask), loop, active)

    def _part(self, loop: Loop, a: int, b: int, step: int, lanes: int, unroll: int, active: set[int]) -> None:
        if a == b:
            return
        if b - a == step:
            frame = self._frame(loop, self.frames[-1].block, a, a, b, lanes=lanes, unroll=unroll)
            self._inline(frame, loop, active)
        else:
            self._counted(loop, a, b, step, active, lanes=lanes, unroll=unroll)

    def _inline(self, frame: Frame, loop: Loop, active: set[int]) -> None:
        """A loop of one round: its code stands in the block around it."""
        outer = self.frames[-1]
        self.frames.append(frame)
        self.items(loop.body, active)
        self.frames.pop()
        outer.block = frame.block

    def _counted(
        self,
        loop: Loop,
        a: int,
        b: int,
        step: int,
        active: set[int],
        *,
        lanes: int = 1,
        unroll: int = 1,
        width: int = 0,
    ) -> None:
        outer = self.frames[-1]
        before = outer.block
        head = self.function.append_basic_block("loop")
        self.at(len(self.frames) - 1).branch(head)
        self.builder.position_at_end(head)
        position = self.builder.phi(I64)
        position.add_incoming(I64(a), before)
        if width:
            frame = Frame(head, loop.label, position, local=0, low=a, high=b, width=width)
        else:
            frame = self._frame(loop, head, position, a, b, lanes=lanes, unroll=unroll)
        self.frames.append(frame)
        self.items(loop.body, active)
        self.frames.pop()
        self.builder.position_at_end(frame.block)
        following = self.builder.add(position, I64(step))
        position.add_incoming(following, frame.block)
        after = self.function.append_basic_block("done")
        self.builder.cbranch(self.builder.icmp_signed("<", following, I64(b)), head, after)
        outer.block = after

    def _frame(self, loop: Loop, block: Any, place: Any, low: int, high: int, **known: Any) -> Frame:
        """A frame at a place that counts from the beginning of the current piece, if there is one."""
        # What is in flight stands at the position plus its own shift, which indices carry themselves.
        ahead = (known.get("unroll", 1) - 1) * known.get("lanes", 1)
        high -= ahead
        piece = self._piece(loop.label)
        if piece is None:
            return Frame(block, loop.label, place, low=low, high=high, **known)
        position = piece.position
        if isinstance(position, int) and isinstance(place, int):
            position += place
        else:
            numbers = [I64(n) if isinstance(n, int) else n for n in (position, place)]
            # The sum stands in the block of the loop itself, after its counter.
            if block.terminator is None:
                self.builder.position_at_end(block)
            else:
                self.builder.position_before(block.terminator)
            position = self.builder.add(*numbers)
        return Frame(block, loop.label, position, local=place, low=piece.low, high=piece.high - ahead, **known)

    def _piece(self, label: int) -> Frame | None:
        """The frame of the loop over pieces of a label, where one is open and no other loop on it."""
        frame = next((f for f in reversed(self.frames) if f.label == label), None)
        return frame if frame is not None and frame.width else None

    def tile(self, loop: Loop, active: set[int]) -> None:
        """A loop over pieces of a label; the loops inside cover one piece. A shorter last piece has its own code."""
        low, high = next(s for s in loop.statements() if s.number in active).ranges[loop.label]
        whole = low + (high - low) // loop.tile * loop.tile
        if whole - low > loop.tile:
            self._counted(loop, low, whole, loop.tile, active, width=loop.tile)
        elif whole > low:
            self._inline(self._tile_frame(loop, low, low, high, loop.tile), loop, active)
        if whole < high:
            self._inline(self._tile_frame(loop, whole, low, high, high - whole), loop, active)

    def _tile_frame(self, loop: Loop, start: int, low: int, high: int, width: int) -> Frame:
        return Frame(self.frames[-1].block, loop.label, start, local=0, low=low, high=high, width=width)

    def lanes_for(self, stmts: Sequence[Statement]) -> int:
        """How many lanes a loop's vectors have: as many of its widest values as a register holds."""
        wide = any(t.dtype.itemsize == 8 for s in stmts for t in (s.term, *s.term.args))
        return host().lanes(np.dtype(np.float64 if wide else np.float32))

    def unroll(self, loop: Loop) -> int:
        """How many vectors are in flight: few where the body is long."""
        cost = sum(s.cost for s in loop.statements())
        return 4 if cost <= 40 else 2 if cost <= 200 else 1

    # -- statements --------------------------------------------------------------------------------------------

    def leaf(self, s: Statement) -> None:
        """One statement where all of its loops are open."""
        frame = self.frames[-1]
        for u in range(frame.unroll):
            shift = {frame.label: u * frame.lanes} if u else {}
            if s.kind == "reduce":
                self._accumulate(s, shift, u)
            elif s.kind == "store":
                self._store(s, shift)
            elif s.kind == "initial":
                self._put(s, self.const(self.initial(s), s.term.dtype), shift)
            elif s.kind == "dot":
                self.contract(s)
            elif s.kind == "call":
                self.call(s)

    def contract(self, s: Statement) -> None:
        """A contraction; see dots.py."""
        raise NotImplementedError

    def call(self, s: Statement) -> None:
        """A call back to NumPy; see calls.py."""
        raise NotImplementedError

    def own(self, s: Statement, shift: dict[Any, int]) -> tuple[Any, ...]:
        """The index at which a statement's value stands."""
        return tuple(_shifted(_at(f), shift) for f in s.kept)

    def _store(self, s: Statement, shift: dict[Any, int]) -> None:
        index = self.own(s, shift)
        memo = self.frames[self.depth(index)].memo
        key = (s.term.id, index)
        if key in memo:
            return
        found = self.written(s.term, index)
        memo[key] = found
        self._put(s, found, shift)

    def _put(self, s: Statement, found: Val, shift: dict[Any, int]) -> None:
        buffer = self.memory.of.get(s.term.id)
        if buffer is None:
            return
        index = self.own(s, shift)
        lanes = self.lanes_of(index)
        self.store(self.widened(found, lanes, s.term.dtype), lanes, buffer, index)

    # -- reductions --------------------------------------------------------------------------------------------

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
            _shifted(_at(folded[axis] if axis in folded else next(kept)), shift) for axis in range(len(operand.shape))
        )
        val = self.value(operand, index)
        acc = self.accumulators.get(s.number)
        if acc is None:
            self._accumulate_array(s, val, shift)
            return
        x = self.widened(val, acc.lanes, operand.dtype)
        frame = self.frames[-1]
        builder = self.at(len(self.frames) - 1)
        if acc.dtype != operand.dtype:
            x = self.convert(x, operand.dtype, acc.dtype, acc.lanes)
        if frame.mask is not None:
            x = builder.select(frame.mask, x, self.constant(self.initial(s), acc.dtype, acc.lanes))
        slot = acc.slots[u]
        builder.store(self._step(s, acc.dtype, acc.lanes, builder.load(slot, typ=x.type), x), slot)

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


def constant_arrays(terms: Sequence[Term]) -> list[Term]:
    """The arrays that a program holds itself."""
    return [t for t in terms if t.kind == "array"]
