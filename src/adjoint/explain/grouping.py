"""Groups: which operations of a story stand together in one box, and which boxes stand in which.

A group is a module (an open scope), a call of a function, or, where neither tells anything about a
large graph, a block of consecutive operations. Every group can be closed to one box: no path leaves it
and comes back, and no two groups lie on a common circle; what would is split.

What a function was run for carries its calls. A history or graph that was recorded before has only the
scopes and the code of its operations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from types import CodeType

from adjoint.explain.blocks import LIMIT, SIZE, blocks_of, chunks
from adjoint.explain.calls import Call
from adjoint.explain.convex import convex_parts
from adjoint.explain.items import Board, Item
from adjoint.explain.recording import Recording
from adjoint.graph.text import clean

#: A story of more nodes starts with its groups closed, and has blocks where it has no other groups.
LARGE = 500

#: A call (None for an operation that stands by itself) with the operations that were done in it.
Entry = tuple[Call | None, list[int]]


@dataclass(eq=False, slots=True)
class Box:
    """One group: what it is called, what made it, and the items and groups that stand directly in it."""

    name: str
    kind: str
    outer: Box | None
    items: list[int] = field(default_factory=list)
    inner: list[Box] = field(default_factory=list)
    id: int = -1
    #: The operations inside, those of inner groups included.
    count: int = 0

    def around(self) -> Iterator[Box]:
        """This group and those around it, the innermost first."""
        here: Box | None = self
        while here is not None:
            yield here
            here = here.outer


class Groups:
    """All groups of a board, each before those inside it, and the innermost group of every item."""

    def __init__(self, board: Board, recording: Recording) -> None:
        self.board = board
        self.boxes: list[Box] = []
        self.top = Box("", "", None)
        #: The box of every item; the top where it stands in no group.
        self.of: dict[int, Box] = {}
        operations = [item.id for item in board.operations]
        # The calls around each operation that have no box yet, the outermost last.
        self._calls = calls_of(board, recording)
        _take_in_entries(board, self._calls)
        self._whole = recording.whole
        self._before = {i: [board.edges[e].src for e in board.items[i].ins] for i in operations}
        self._fill(self.top, operations)
        self._place_leaves()
        self._number()

    def _fill(self, box: Box, operations: list[int]) -> None:
        """Puts operations into a box: as its own, or into groups for the calls in which they were done."""
        box.count = len(operations)
        calls = self._calls
        while operations and calls[operations[0]]:
            # A call that holds everything around it would be a box in a box. One box stands for both, and it is
            # called as the scope is: many calls are "gate", and only the scope says which.
            call = calls[operations[0]][-1]
            if any(not calls[i] or calls[i][-1] is not call for i in operations):
                break
            if box.kind == "function" and call.kind == "module":
                box.name, box.kind = clean(call.name), call.kind
            for i in operations:
                calls[i].pop()
        label = {i: calls[i][-1] if calls[i] else None for i in operations}
        entries: list[Entry] = []
        for part in convex_parts(operations, label, self._before):
            entries.append((label[part[0]] if len(part) > 1 else None, part))
        self._put(box, entries)

    def _put(self, box: Box, entries: list[Entry]) -> None:
        """Puts operations and calls into a box, in blocks where they are too many."""
        if len(entries) > LIMIT and len(self.board.items) > LARGE:
            for name, some in blocks_of([self._place(part[0]) for _, part in entries]):
                block = self._new(name, "block", box)
                chosen = entries[some.start : some.stop]
                block.count = sum(len(part) for _, part in chosen)
                self._put(block, chosen)
            return
        for call, part in entries:
            if call is None:
                box.items += part
                self.of.update(dict.fromkeys(part, box))
                continue
            for i in part:
                self._calls[i].pop()
            self._fill(self._new(call.name, call.kind, box), part)

    def _new(self, name: str, kind: str, box: Box) -> Box:
        made = Box(clean(name), kind, box)
        box.inner.append(made)
        return made

    def _place(self, i: int) -> tuple[str, int] | None:
        site = self.board.items[i].site
        return None if site is None else (site.file, site.line)

    def _place_leaves(self) -> None:
        """Leaves stand in the innermost group that holds all their uses, but for the inputs of the whole."""
        leaves: dict[Box, list[int]] = {}
        for item in self.board.items:
            if item.kind == "op":
                continue
            box = _common([self.of[self.board.edges[e].dst] for e in item.outs]) or self.top
            if item.node in self._whole or (item.kind == "leaf" and item.node is None):
                box = self.top
            leaves.setdefault(box, []).append(item.id)
        for box, items in leaves.items():
            self._put_leaves(box, items, len(box.items) + len(box.inner))

    def _put_leaves(self, box: Box, items: list[int], others: int) -> None:
        """Puts leaves into a box, in blocks where they are too many."""
        if len(items) <= SIZE or len(items) + others <= LIMIT or len(self.board.items) <= LARGE:
            box.items += items
            self.of.update(dict.fromkeys(items, box))
            return
        for some in chunks(len(items)):
            block = self._new(f"inputs {some.start + 1:,}–{some.stop:,}", "block", box)
            self._put_leaves(block, items[some.start : some.stop], 0)

    def _number(self) -> None:
        """Numbers the groups: each before those inside it, in the order of their operations."""
        waiting = [self.top]
        while waiting:
            box = waiting.pop()
            box.items.sort()
            if box is not self.top:
                box.id = len(self.boxes)
                self.boxes.append(box)
            waiting.extend(reversed(box.inner))


def _common(boxes: list[Box]) -> Box | None:
    """The innermost group that holds all of these, or None."""
    if not boxes:
        return None
    if all(box is boxes[0] for box in boxes):
        return boxes[0]
    chains = [list(box.around())[::-1] for box in set(boxes)]
    found = None
    for level in zip(*chains):
        if any(box is not level[0] for box in level):
            break
        found = level[0]
    return found


def calls_of(board: Board, recording: Recording) -> dict[int, list[Call]]:
    """The calls around each operation, the innermost first: as they were, or as scopes and code tell them."""
    found: dict[int, list[Call]] = {}
    if recording.calls:
        for item in board.operations:
            call = recording.calls.get(item.node) if item.node is not None else None
            found[item.id] = [] if call is None else call.chain()[::-1]
        return found
    known: dict[tuple[str, ...], Call] = {}
    scoped = any(item.node is not None and item.node.scope for item in board.operations)
    whole = _function(board.root) if board.root is not None else None
    for item in board.operations:
        if scoped:
            path = tuple((item.node.scope or "").split("/")) if item.node is not None and item.node.scope else ()
            calls: list[Call] = []
            for depth in range(1, len(path) + 1):
                if path[:depth] not in known:
                    known[path[:depth]] = Call(path[depth - 1], "module", calls[-1] if calls else None)
                calls.append(known[path[:depth]])
            found[item.id] = calls[::-1]
        else:
            code = _function(item)
            named = code is not None and code is not whole and not code.co_name.startswith("<")
            found[item.id] = [Call(code.co_name, "function", None)] if named and code is not None else []
    if not scoped:
        _join(board, found)
    return found


def _take_in_entries(board: Board, calls: dict[int, list[Call]]) -> None:
    """Entries of an input stand where they are used: ``gate(w[0:2], w[2:4])`` passes weights, it computes nothing.

    They make no group of a call that would be none without them.
    """
    operations = Counter(call for chain in calls.values() for call in chain)
    for item in board.operations:
        assert item.op is not None
        if item.op.name != "getitem" or any(board.items[board.edges[e].src].kind == "op" for e in item.ins):
            continue
        chains = [calls[board.edges[e].dst][::-1] for e in item.outs]
        here = calls[item.id][::-1]
        shared = [level[0] for level in takewhile(lambda level: len(set(level)) == 1, zip(*chains))]
        used = [*takewhile(lambda call: operations[call] > 1, shared)]
        if used[: len(here)] == here:
            calls[item.id] = used[::-1]


def _function(item: Item) -> CodeType | None:
    return None if item.node is None else item.node.code


def _join(board: Board, calls: dict[int, list[Call]]) -> None:
    """Operations that follow each other in one function are taken for one call: more the code does not tell."""
    last: tuple[CodeType | None, list[Call]] = (None, [])
    for item in board.operations:
        code = _function(item)
        if calls[item.id] and code is last[0]:
            calls[item.id] = list(last[1])
        last = code, calls[item.id]
