"""Plan: what a compiled program does, step by step, for people: loops, bytes, operations, the user's lines."""

from __future__ import annotations

from collections.abc import Sequence

from adjoint.compile.labels import dot_sizes
from adjoint.compile.loops import Leaf, Loop
from adjoint.compile.memory import Buffer, Memory, Step
from adjoint.compile.statements import Program, Statement
from adjoint.compile.terms import Term
from adjoint.graph.spec import Spec
from adjoint.numbers import format_bytes

#: What one core does in a second, for a rough guess before anything ran: simple operations, and bytes moved.
RATE, STREAM = 8e9, 1e10


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
    return positions(s) * max(s.cost, 1)


def duration(program: Program) -> float:
    """A rough guess of the seconds that a program takes."""
    work = sum(operations(s) for s in program.statements if s.kind not in {"reshape", "item"})
    moved = sum(t.size * t.dtype.itemsize for t in program.terms if t.kind == "input")
    return work / RATE + moved / STREAM


class Plan:
    """The steps of a program; ``print`` shows them, ``steps`` gives their lines one by one."""

    def __init__(self, program: Program, memory: Memory, steps: Sequence[Step]) -> None:
        self._program = program
        self._memory = memory
        self.steps = [self._step(step) for step in steps if self._work(step)]
        self.operations = sum(operations(s) for s in program.statements if s.kind not in {"reshape", "item"})
        self.arena_bytes = memory.arena

    def _work(self, step: Step) -> list[Statement]:
        return [s for s in step.statements() if s.kind not in {"reshape", "item"}]

    def _step(self, step: Step) -> list[str]:
        stmts = self._work(step)
        count = sum(operations(s) for s in stmts)
        read, written = self._traffic(stmts)
        lines = [f"step {step.number}: {count:,} operations, reads {format_bytes(read)}, writes {format_bytes(written)}"]
        todo: list[tuple[Loop | Leaf, int]] = [(item, 1) for item in reversed(step.items)]
        while todo:
            item, depth = todo.pop()
            if isinstance(item, Loop):
                lines.append("  " * depth + self._loop(item))
                todo.extend((inner, depth + 1) for inner in reversed(item.body))
            elif item.statement.kind not in {"reshape", "item"}:
                lines.append("  " * depth + self._leaf(item.statement))
        return lines

    def _traffic(self, stmts: Sequence[Statement]) -> tuple[int, int]:
        inputs: dict[int, int] = {}
        for s in stmts:
            for term in self._program.read_by(s):
                inputs[term.id] = term.size * term.dtype.itemsize
            for r in s.reads:
                other = self._memory.of.get(r.statement.term.id)
                if other is not None and r.statement not in stmts:
                    inputs[r.statement.term.id] = other.bytes
        buffers = [self._memory.of.get(s.term.id) for s in stmts]
        return sum(inputs.values()), sum(b.bytes for b in buffers if b is not None)

    def _loop(self, loop: Loop) -> str:
        low, high = loop.statements()[0].ranges[loop.label]
        name = axis_name(loop.label)
        if loop.tile:
            return f"for each {loop.tile} of {name} in {low}:{high}"
        return f"for {name} in {low}:{high}{', in vectors' if loop.vector else ''}"

    def _leaf(self, s: Statement) -> str:
        site = None if s.term.node is None else s.term.node.site
        place = "" if site is None else f"   # {site.describe().strip().splitlines()[0]}"
        return f"{self._where(s)} = {self._text(s.term)}{place}"

    def _where(self, s: Statement) -> str:
        buffer = self._memory.of.get(s.term.id)
        name = f"%{s.term.id}"
        if buffer is None:
            return f"{name} (register)"
        spec = Spec.known(s.term.shape, s.term.dtype)
        return f"{name} {spec!r} ({_space(buffer)})"

    def _text(self, term: Term, depth: int = 0) -> str:
        if term.kind == "const":
            return str(term.data)
        if term.kind == "input":
            return f"input {term.data}"
        if (term.id in self._program.of and depth) or depth > 6:
            return f"%{term.id}"
        inner = [self._text(a, depth + 1) for a in term.args]
        if term.kind in {"map", "call"}:
            return f"{term.data[0].name}({', '.join(inner)})"
        if term.kind == "reduce":
            return f"{term.data[0]} of {inner[0]}"
        if term.kind == "dot":
            return f"{inner[0]} @ {inner[1]} [{term.data[0]},{term.data[1]}->{term.data[2]}]"
        if term.kind == "pad":
            return f"{inner[0]} in {inner[1]}"
        return inner[0] if inner else term.kind

    def __str__(self) -> str:
        head = f"{self.operations:,} operations, {format_bytes(self.arena_bytes)} of scratch memory"
        return "\n".join([head, *(line for step in self.steps for line in step)])

    def __repr__(self) -> str:
        return f"<Plan of {len(self.steps)} steps, {self.operations:,} operations>"


def axis_name(label: int) -> str:
    """A letter (and number) for a loop label."""
    letters = "ijklmnpqrstuvw"
    return letters[label % len(letters)] + (str(label // len(letters)) if label >= len(letters) else "")


def _space(buffer: Buffer) -> str:
    return f"output {buffer.number}" if buffer.space == "output" else format_bytes(buffer.bytes)
