"""Nests: loops with their segments, vector bodies and masked tails, and loops over pieces of a label."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from llvmlite import ir

from adjoint.compile.llvm.folds import Folds
from adjoint.compile.llvm.frames import I1, I64, Frame
from adjoint.compile.llvm.pauses import look, stretch
from adjoint.compile.loops import Leaf, Loop
from adjoint.compile.statements import Statement


class Nests(Folds):
    """A scribe that writes loop nests; with ``polls``, long loops pause for Python."""

    polls = False

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
        ends |= {p for s in inside for p in s.breaks.get(label, ()) if low < p < high}
        points = sorted(ends)
        return [(a, b) for a, b in pairwise(points) if b > a]

    def rounds(self, loop: Loop, a: int, b: int, active: set[int]) -> None:
        """A loop whose body works on one position at a time."""
        if b - a == 1:
            self._inline(self._frame(loop, self.frames[-1].block, a, a, b), loop, active)
        else:
            self._counted(loop, a, b, 1, active)

    def vectors(self, loop: Loop, a: int, b: int, active: set[int]) -> None:
        """A loop whose body works on vectors: several in flight, then single ones, then a masked rest."""
        lanes = self.lanes_for(loop.statements())
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
        rounds = stretch(loop, self.frames, active, step) if self.polls else 1 << 62
        pauses = rounds < (b - a) // step
        entry = self.at(len(self.frames) - 1)
        start, stop = I64(a), I64(b)
        if pauses:
            entry, start, stop = self._stretches(a, b, rounds * step)
        before = entry.block
        head = self.function.append_basic_block("loop")
        entry.branch(head)
        self.builder.position_at_end(head)
        position = self.builder.phi(I64)
        position.add_incoming(start, before)
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
        self.builder.cbranch(self.builder.icmp_signed("<", following, stop), head, after)
        if pauses:
            self.builder.position_at_end(after)
            look(self.builder, self.function)
            start.add_incoming(following, self.builder.block)
            after = self.function.append_basic_block("done")
            self.builder.cbranch(self.builder.icmp_signed("<", following, I64(b)), before, after)
        outer.block = after

    def _stretches(self, a: int, b: int, length: int) -> tuple[ir.IRBuilder, Any, Any]:
        """A loop over stretches of so many positions: the builder in its block, where one begins and where it ends."""
        before = self.builder.block
        block = self.function.append_basic_block("stretch")
        self.builder.branch(block)
        self.builder.position_at_end(block)
        start = self.builder.phi(I64)
        start.add_incoming(I64(a), before)
        end = self.builder.add(start, I64(length))
        least = self.builder.icmp_signed("<", end, I64(b))
        return self.builder, start, self.builder.select(least, end, I64(b))

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
            elif s.kind == "scatter":
                self.scatter(s)

    def contract(self, s: Statement) -> None:
        """A contraction; see dots.py."""
        raise NotImplementedError

    def scatter(self, s: Statement) -> None:
        """Entries added where index arrays point; see scatters.py."""
        raise NotImplementedError

    def _store(self, s: Statement, shift: dict[Any, int]) -> None:
        index = self.own(s, shift)
        memo = self.frames[self.depth(index)].memo
        key = (s.term.id, index)
        if key in memo:
            return
        found = self.written(s.term, index)
        memo[key] = found
        self._put(s, found, shift)
