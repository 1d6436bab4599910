"""Plan: what a compiled program does, step by step, for people: loops, bytes, operations, the user's lines."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import pairwise

from adjoint.compile.calls import call_results
from adjoint.compile.labels import dot_sizes
from adjoint.compile.llvm.folds import Folds
from adjoint.compile.loops import Leaf, Loop
from adjoint.compile.memory import Buffer, Memory, Step
from adjoint.compile.plan_parts import PlanBuffer, PlanLoop, PlanStep, PlanValue, counted
from adjoint.compile.statements import Program, Statement
from adjoint.compile.written import Written
from adjoint.graph.spec import Spec
from adjoint.graph.text import clean
from adjoint.numbers import format_bytes

#: What one core does in a second, for a rough guess before anything ran: simple operations, and bytes moved.
RATE, STREAM = 8e9, 1e10

#: Statements that only give a value another name.
_NAMES = frozenset({"reshape", "item"})


def positions(s: Statement) -> int:
    """How often a statement is computed."""
    count = 1
    for low, high in s.ranges.values():
        count *= high - low
    return count


def operations(s: Statement) -> int:
    """How many additions a statement is worth."""
    if s.kind == "dot":
        count = 2
        for n in dot_sizes(s.term).values():
            count *= n
        return count
    if s.kind == "call":
        return 10 * sum(a.size for a in s.term.args) + 10_000
    if s.kind == "scatter":
        return 4 * sum(a.size for a in s.term.args[1:])
    return positions(s) * max(s.cost, 1)


def duration(program: Program) -> float:
    """A rough guess of the seconds that a program takes."""
    work = sum(operations(s) for s in program.statements if s.kind not in _NAMES)
    moved = sum(t.size * t.dtype.itemsize for t in program.terms if t.kind == "input")
    return work / RATE + moved / STREAM


class Plan:
    """The steps of a program and its scratch memory; ``print`` shows both.

    ``steps`` and ``buffers`` hold them as data; ``operations`` counts a cheap operation on one entry as 1, a division
    as 6, an exponential as 20; ``arena_bytes`` is the size of the scratch memory that a call needs.
    """

    def __init__(self, program: Program, memory: Memory, steps: Sequence[Step]) -> None:
        self._program = program
        self._memory = memory
        self._written = Written(program)
        working = [step for step in steps if any(s.kind not in _NAMES for s in step.statements())]
        self._numbers = {step.number: i for i, step in enumerate(working)}
        self.steps = tuple(self._step(step) for step in working)
        self.operations = sum(step.operations for step in self.steps)
        self.arena_bytes = memory.arena
        self.buffers = tuple(self._buffers())

    def _step(self, step: Step) -> PlanStep:
        stmts = [s for s in step.statements() if s.kind not in _NAMES]
        body = tuple(self._body(step))
        reads, writes = self._traffic(stmts)
        return PlanStep(
            self._numbers[step.number],
            sum(operations(s) for s in stmts),
            tuple(reads),
            tuple(writes),
            sum(reads.values()),
            sum(writes.values()),
            body,
        )

    def _body(self, step: Step) -> Iterator[PlanLoop | PlanValue]:
        ranges: dict[int, tuple[int, int]] = {}
        todo: list[tuple[Loop | Leaf, int]] = [(item, 0) for item in reversed(step.items)]
        while todo:
            item, depth = todo.pop()
            if isinstance(item, Loop):
                loop = self._loop(item, depth)
                ranges[item.label] = loop.low, loop.high
                yield loop
                todo.extend((inner, depth + 1) for inner in reversed(item.body))
            elif item.statement.kind not in _NAMES:
                yield self._value(item.statement, depth, ranges)

    def _loop(self, loop: Loop, depth: int) -> PlanLoop:
        inside = loop.statements()
        label = loop.label
        ends = {end for s in inside for end in s.ranges[label]}
        low, high = min(ends), max(ends)
        ends |= {p for s in inside for p in s.breaks.get(label, ()) if low < p < high}
        lanes = flight = 1
        piece = self._piece(loop)
        if loop.vector:
            lanes, flight = Folds.lanes_for(inside), Folds.unroll(loop)
            points = sorted(ends)
            longest = piece or max((b - a for a, b in pairwise(points)), default=0)
            flight = 1 if longest < 2 * lanes * flight else flight
        breaks = () if loop.tile or piece else tuple(sorted(ends - {low, high}))
        return PlanLoop(self._written.letter(label), low, high, lanes, flight, loop.tile, piece, breaks, depth)

    def _piece(self, loop: Loop) -> int:
        """How many positions a piece has that a loop covers, 0 where it covers all."""
        path = self._memory.paths[loop.statements()[0].number]
        tiles = (p.tile for p in path if isinstance(p, Loop) and p.tile and p.label == loop.label)
        return 0 if loop.tile else next(tiles, 0)

    def _value(self, s: Statement, depth: int, around: dict[int, tuple[int, int]]) -> PlanValue:
        site = None if s.term.node is None else s.term.node.site
        line = "" if site is None else clean(f"{os.path.basename(site.file)}:{site.line}")
        source = "" if site is None else clean(site.text.strip())
        buffer = self._memory.of.get(s.term.id)
        place, spec = "register", repr(Spec.known(s.term.shape, s.term.dtype))
        if buffer is not None:
            root = self._memory.root(s.term)
            place = f"output {root.number}" if root.space == "output" else "scratch"
            spec = spec if root.space == "output" else _held(root)
        written = self._written
        text = written.text(s)
        for label, (low, high) in s.ranges.items():
            if around.get(label, (low, high)) != (low, high):
                text += f" for {low} <= {written.letter(label)} < {high}"
        return PlanValue(written.name(s), text, spec, place, line, source, operations(s), depth)

    def _traffic(self, stmts: Sequence[Statement]) -> tuple[dict[str, int], dict[str, int]]:
        """What statements read from outside and what they leave: names with bytes."""
        mine = {id(s) for s in stmts}
        reads: dict[str, int] = {}
        for s in stmts:
            for term in self._program.read_by(s):
                reads[self._written.of(term)] = term.size * term.dtype.itemsize
            for read in s.reads:
                origin = read.statement
                while origin.kind == "reshape" and origin.term.args[0].id in self._program.of:
                    origin = self._program.of[origin.term.args[0].id]
                maker = self._program.of[origin.term.args[0].id] if origin.kind == "item" else origin
                if id(maker) in mine:
                    continue
                source = origin.term if origin.kind != "reshape" else origin.term.args[0]
                reads[self._written.of(source)] = source.size * source.dtype.itemsize
        writes: dict[str, int] = {}
        for s in stmts:
            for term in call_results(self._program, s.term) if s.kind == "call" else (s.term,):
                root = self._memory.root(term) if term.id in self._memory.of else None
                if root is None:
                    continue
                if root.space == "output":
                    writes[f"output {root.number}"] = term.size * term.dtype.itemsize
                elif root.last > root.first or root.term is not term:
                    writes[self._written.of(term)] = root.bytes
        return reads, writes

    def _buffers(self) -> Iterator[PlanBuffer]:
        arena = [b for b in self._memory.of.values() if b.space == "arena"]
        for b in sorted(arena, key=lambda b: (b.offset, b.first)):
            shares = [
                o for o in arena if o is not b and o.offset < b.offset + b.bytes and b.offset < o.offset + o.bytes
            ]
            yield PlanBuffer(
                self._written.of(b.term),
                _held(b),
                b.bytes,
                b.offset,
                self._nearest(b.first),
                self._nearest(b.last),
                tuple(self._written.of(o.term) for o in shares),
            )

    def _nearest(self, step: int) -> int:
        """The number that a step has in the plan; the last before it for one that only gives names."""
        known = [mine for number, mine in self._numbers.items() if number <= step]
        return max(known, default=0)

    def __str__(self) -> str:
        scratch = f"{format_bytes(self.arena_bytes)} of scratch memory" if self.arena_bytes else "no scratch memory"
        rows = [f"{counted(len(self.steps), 'step')}, {counted(self.operations, 'operation')}, {scratch}"]
        told: set[str] = set()
        rows += [step.text(told) for step in self.steps]
        if self.buffers:
            rows += ["scratch memory", *(f"  {b}" for b in self.buffers)]
        return "\n".join(rows)

    def __repr__(self) -> str:
        return f"<Plan of {counted(len(self.steps), 'step')}, {counted(self.operations, 'operation')}>"


def _held(buffer: Buffer) -> str:
    """The spec of what a buffer holds: without the axes that a loop around it walks along, and one piece of a tile."""
    count = buffer.bytes // buffer.term.dtype.itemsize
    shape = []
    for step in sorted({s for s in buffer.strides if s}, reverse=True):
        shape.append(count // step)
        count = step
    return repr(Spec.known(tuple(shape), buffer.term.dtype))
