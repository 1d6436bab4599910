"""Memory: which statements need a buffer, how it is laid out, and where it lies in the one arena.

A value that is read only where it was just computed stays in a register. A buffer keeps only the axes
that its readers do not share a loop for. Buffers whose lives do not overlap lie in the same bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from adjoint.compile.loops import Leaf, Loop
from adjoint.compile.statements import Program, Statement
from adjoint.compile.terms import Term

#: Every buffer begins on a cache line.
LINE = 64

#: Arrays from this many entries on are put where a result will be.
SHARED = 1 << 14

Item = Loop | Leaf

#: Statements that are a step of their own.
_ALONE = frozenset({"call", "dot", "scatter"})


class Step:
    """One function of the program: a loop nest, or statements without loops."""

    __slots__ = ("items", "number")

    def __init__(self, number: int, items: list[Item]) -> None:
        self.number = number
        self.items = items

    def statements(self) -> list[Statement]:
        """Its statements, in order."""
        found: list[Statement] = []
        for item in self.items:
            found.extend([item.statement] if isinstance(item, Leaf) else item.statements())
        return found


class Buffer:
    """Where an array lies: ``space`` "input", "output", "array" (of a ``number``) or "arena" (at ``offset`` bytes).

    ``strides`` gives elements an axis of the term; 0 for an axis that is not kept. ``tiled`` names the axes
    whose positions count from the beginning of the current piece of a tile.
    """

    __slots__ = ("bytes", "first", "last", "number", "offset", "space", "strides", "term", "tiled")

    def __init__(self, term: Term, space: str, number: int, strides: Sequence[int], size: int) -> None:
        self.term = term
        self.space = space
        self.number = number
        self.strides = tuple(strides)
        self.bytes = size
        self.offset = 0
        self.first = 0
        self.last = 0
        #: Axes whose position counts from the beginning of the current piece of a tile.
        self.tiled: frozenset[int] = frozenset()

    def __repr__(self) -> str:
        where = f"{self.offset:+d}" if self.space == "arena" else f"{self.number}"
        return f"<buffer {self.space} {where} of %{self.term.id} strides {self.strides}>"


def steps_of(items: Sequence[Item]) -> list[Step]:
    """Top-level loop nests, and runs of statements without loops, each as a step."""
    steps: list[Step] = []
    for item in items:
        alone = isinstance(item, Loop) or item.statement.kind in _ALONE
        before = steps[-1].items[-1] if steps else None
        if not alone and isinstance(before, Leaf) and before.statement.kind not in _ALONE:
            steps[-1].items.append(item)
        else:
            steps.append(Step(len(steps), [item]))
    return steps


class Memory:
    """The buffers of a program: ``of`` by term, ``arena`` in bytes."""

    def __init__(self, program: Program, steps: Sequence[Step], given: Collection[int] = ()) -> None:
        self.program = program
        #: The results that lie in donated memory.
        self.given = given
        self.paths: dict[int, tuple[object, ...]] = {}
        self.step: dict[int, int] = {}
        for step in steps:
            for item in step.items:
                self._walk(item, (step,))
            for s in step.statements():
                self.step[s.number] = step.number
        self.of: dict[int, Buffer] = {}
        self._outputs()
        self._readers: dict[int, list[tuple[Statement, frozenset[int]]]] = {}
        for s in program.statements:
            for read in s.reads:
                self._readers.setdefault(read.statement.number, []).append((s, read.same))
        self._whole = self._read_whole()
        for s in program.statements:
            if s.kind not in {"reshape", "item", "call"}:
                self._buffer(s)
        for s in program.statements:
            if s.kind in {"reshape", "item"} and s.term.id not in self.of:
                self._alias(s)
        self._move_into_results()
        self.arena = self._allocate()

    def _walk(self, item: Item, path: tuple[object, ...]) -> None:
        stack: list[tuple[Item, tuple[object, ...]]] = [(item, path)]
        while stack:
            at, path = stack.pop()
            if isinstance(at, Leaf):
                self.paths[at.statement.number] = path
            else:
                stack.extend((inner, (*path, at)) for inner in at.body)

    def _outputs(self) -> None:
        for number, term in enumerate(self.program.outputs[: self.program.count]):
            self.of[term.id] = Buffer(term, "output", number, row_major(term.shape), term.size * term.dtype.itemsize)

        for s in self.program.statements:
            if s.onto is not None:
                self.of[s.term.id] = self.of[s.onto.id]

    def _read_whole(self) -> set[int]:
        """The statements whose memory must be the plain C order: read under another shape, or by NumPy."""
        found: set[int] = set()
        for s in self.program.statements:
            if s.kind in {"reshape", "call", "scatter"}:
                found.update(read.statement.number for read in s.reads)
            if s.kind in {"call", "scatter"}:
                found.add(s.number)
        return found

    def result_path(self, s: Statement) -> tuple[object, ...]:
        """The loops inside which a statement's value is complete: those before its first folded label."""
        path = self.paths[s.number]
        for i, loop in enumerate(path):
            if isinstance(loop, Loop) and loop.label in s.reduced:
                return path[:i]
        return path

    def inner_fold(self, s: Statement) -> Loop | None:
        """The loop that a reduction gathers in registers for: the first on a folded label with all kept ones open."""
        todo = {f[0] for f in s.kept if f is not None}
        for loop in self.paths[s.number]:
            if isinstance(loop, Loop):
                if not todo and loop.label in s.reduced:
                    return loop
                if not loop.tile:
                    todo.discard(loop.label)
        return None

    def in_register(self, s: Statement) -> bool:
        """Whether the value is one register (or vector) where it is complete, so that no array need hold it."""
        if s.kind not in {"store", "reduce"}:
            return False
        opened = {loop.label for loop in self.result_path(s) if isinstance(loop, Loop) and not loop.tile}
        return all(f is None or f[0] in opened for f in s.kept)

    def _buffer(self, s: Statement) -> None:
        if s.term.id in self.of:
            return
        home = self.result_path(s)
        readers = self._readers.get(s.number, [])
        whole = s.number in self._whole
        shared: tuple[object, ...] = home
        for reader, _ in readers:
            path = self.paths.get(reader.number, ())
            shared = shared[: _common(shared, path)]
        if not whole and self.in_register(s) and shared == home and readers:
            return
        if s.kind == "scatter":
            self._scattered(s, readers)
            return
        dropped = set() if whole else {l.label for l in shared if isinstance(l, Loop) and not l.tile}
        tiles = {} if whole else {l.label: l.tile for l in shared if isinstance(l, Loop) and l.tile}
        axes = [
            (axis, tiles.get(f[0], n) if f is not None else 1)
            for axis, (f, n) in enumerate(zip(s.kept, s.term.shape, strict=True))
            if f is not None and f[0] not in dropped
        ]
        inner = self._inner(s, readers)
        if not whole:
            axes.sort(key=lambda a: s.kept[a[0]][0] == inner)  # type: ignore[index]
        strides = [0] * len(s.term.shape)
        size = 1
        for axis, n in reversed(axes):
            strides[axis] = size
            size *= n
        made = Buffer(s.term, "arena", -1, strides, size * s.term.dtype.itemsize)
        made.tiled = frozenset(a for a, _ in axes if s.kept[a][0] in tiles)  # type: ignore[index]
        made.first = self.step[s.number]
        made.last = max([self.step.get(r.number, 0) for r, _ in readers], default=made.first)
        made.last = max(made.last, made.first)
        self.of[s.term.id] = made

    def _scattered(self, s: Statement, readers: list[tuple[Statement, frozenset[int]]]) -> None:
        """A scatter adds in the memory of the array that it starts from, where nobody else reads that."""
        size = s.term.size * s.term.dtype.itemsize
        made = Buffer(s.term, "arena", -1, row_major(s.term.shape), size)
        made.first = self.step[s.number]
        made.last = max([self._last(s), made.first])
        self.of[s.term.id] = made
        base = s.term.args[0]
        known = self.of.get(base.id)
        mine = self.program.of.get(base.id)
        if known is None or mine is None or known.space != "arena" or mine.kind == "item":
            return
        if all(reader is s for reader, _ in self._readers.get(mine.number, [])):
            self.of[s.term.id] = Buffer(s.term, "alias", base.id, row_major(s.term.shape), 0)
            known.last = max(known.last, made.last)

    def _inner(self, s: Statement, readers: list[tuple[Statement, frozenset[int]]]) -> int | None:
        """The label along which the buffer should be contiguous: the innermost of whoever writes and reads it."""
        if s.kind != "dot":
            return s.vector
        return next((r.vector for r, _ in readers if r.vector is not None and r.vector in s.ranges), None)

    def _alias(self, s: Statement) -> None:
        """A reshape lies where its operand lies; one result of a call beside the others."""
        (operand,) = s.term.args
        base = self.of.get(operand.id)
        if s.kind == "item":
            made = Buffer(s.term, "arena", -1, row_major(s.term.shape), s.term.size * s.term.dtype.itemsize)
            made.first = self.step[self.program.of[operand.id].number]
            made.last = self._last(s)
        elif base is None:
            made = Buffer(s.term, operand.kind, operand.data if operand.kind == "input" else operand.id, (), 0)
            made.strides = row_major(s.term.shape)
        else:
            made = Buffer(s.term, "alias", operand.id, row_major(s.term.shape), 0)
            base.last = max(base.last, self._last(s))
        self.of[s.term.id] = made

    def _move_into_results(self) -> None:
        """An array that is last read where a result of its shape is written, entry by entry, lies in that result.

        So its lines are in the cache already when the result overwrites them.
        """
        taken: set[int] = set()
        for s in self.program.statements:
            buffer = self.of.get(s.term.id)
            if buffer is None or buffer.space != "arena" or buffer.strides != row_major(s.term.shape) or buffer.tiled:
                continue
            if s.kind != "store" or s.term in self.program.outputs or s.term.size < SHARED:
                continue
            readers = self._readers.get(s.number, [])
            if any(r.kind == "reshape" for r, _ in readers):
                continue
            for reader, _ in readers:
                target = self.of.get(reader.term.id)
                if target is None or target.space != "output" or target.number in taken or target.number in self.given:
                    continue
                alike = reader.term.shape == s.term.shape and reader.term.dtype == s.term.dtype
                alone = all(
                    r is reader or self.step.get(r.number, 0) < self.step[reader.number] for r, _ in readers
                ) and not self._readers.get(reader.number)
                mine = [same for r, same in readers if r is reader]
                whole = reader.kept == s.kept and all(f is None or f[0] in o for f in s.kept for o in mine)
                if (
                    reader.kind == "store"
                    and alike
                    and alone
                    and whole
                    and self.step[s.number] < self.step[reader.number]
                ):
                    buffer.space, buffer.number = "output", target.number
                    taken.add(target.number)
                    break

    def _last(self, s: Statement) -> int:
        """The last step that reads a statement, through reshapes too."""
        last, stack = 0, [s.number]
        while stack:
            for reader, _ in self._readers.get(stack.pop(), []):
                if reader.kind in {"reshape", "item"}:
                    stack.append(reader.number)
                last = max(last, self.step.get(reader.number, 0))
        return last

    def root(self, term: Term) -> Buffer:
        """The buffer whose bytes an alias means."""
        found = self.of[term.id]
        while found.space == "alias":
            found = self.of[found.term.args[0].id]
        return found

    def _allocate(self) -> int:
        """First fit by size among buffers that live at the same time; the arena's bytes."""
        placed: list[Buffer] = []
        total = 0
        for b in sorted((b for b in self.of.values() if b.space == "arena"), key=lambda b: -b.bytes):
            size = -(-b.bytes // LINE) * LINE
            start = 0
            rivals = sorted((p for p in placed if p.first <= b.last and b.first <= p.last), key=lambda p: p.offset)
            for p in rivals:
                if p.offset - start >= size:
                    break
                start = max(start, p.offset + -(-p.bytes // LINE) * LINE)
            b.offset = start
            placed.append(b)
            total = max(total, start + size)
        return total


def row_major(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides, in elements, of C order."""
    strides, size = [], 1
    for n in reversed(shape):
        strides.append(size)
        size *= n
    return tuple(reversed(strides))


def _common(one: tuple[object, ...], other: tuple[object, ...]) -> int:
    for i, (a, b) in enumerate(zip(one, other)):
        if a is not b:
            return i
    return min(len(one), len(other))
