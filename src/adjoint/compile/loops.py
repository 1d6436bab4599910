"""Loops: statements that can share a pass over memory are put into one loop nest.

A statement may enter a loop on a label when everything that it reads from inside that loop is read at
the very index that was just computed, and is not still being summed there. Statements enter the last
loop that is legal; else a loop is opened on the label that most of the statements to come share. The
vector label, along which memory is contiguous, is always the innermost.
"""

from __future__ import annotations

from collections.abc import Sequence

from adjoint.compile.statements import Statement

#: No more statements than this in one loop nest: compile time grows faster than linearly with the body.
GROUP = 160


class Leaf:
    """A statement at the place where all of its loops are open."""

    __slots__ = ("statement",)

    def __init__(self, statement: Statement) -> None:
        self.statement = statement


class Loop:
    """A loop over one label; ``vector`` when its body works on several positions at once.

    ``tile`` is the number of positions a round of an outermost loop that is cut into pieces, and 0 else:
    then the loops over the same label inside it cover one piece.
    """

    __slots__ = ("body", "label", "tile", "vector")

    def __init__(self, label: int, vector: bool, body: list[Loop | Leaf], tile: int = 0) -> None:
        self.label = label
        self.vector = vector
        self.body = body
        self.tile = tile

    def statements(self) -> list[Statement]:
        """All statements inside, in the order in which they run."""
        found: list[Statement] = []
        stack: list[Loop | Leaf] = [self]
        while stack:
            item = stack.pop()
            if isinstance(item, Leaf):
                found.append(item.statement)
            else:
                stack.extend(reversed(item.body))
        return found


class _Group:
    __slots__ = ("label", "members", "vector")

    def __init__(self, label: int | None, vector: bool) -> None:
        self.label = label
        self.vector = vector
        self.members: list[Statement] = []


def nest(statements: Sequence[Statement], opened: frozenset[int] = frozenset()) -> list[Loop | Leaf]:
    """The loop nests of some statements, in the order in which they run; ``opened`` loops are around them already."""
    groups: list[_Group] = []
    where: dict[int, int] = {}
    wanted = _wanted(statements, opened)
    for s in statements:
        todo = [label for label in s.loops if label not in opened]
        _leave(s, todo, wanted)
        place = _place(s, todo, groups, where)
        if place is None:
            groups.append(_open(s, todo, wanted))
            place = len(groups) - 1
        groups[place].members.append(s)
        where[s.number] = place
    items: list[Loop | Leaf] = []
    for group in groups:
        if group.label is None:
            items.extend(Leaf(s) for s in group.members)
        else:
            items.append(Loop(group.label, group.vector, nest(group.members, opened | {group.label})))
    return items


def _wanted(statements: Sequence[Statement], opened: frozenset[int]) -> dict[int, int]:
    """How many statements still want a loop over a label that is not innermost for them."""
    count: dict[int, int] = {}
    for s in statements:
        todo = [label for label in s.loops if label not in opened]
        for label in todo:
            if len(todo) > 1 or s.kind == "dot":
                count[label] = count.get(label, 0) + (label != s.vector or s.kind == "dot")
    return count


def _leave(s: Statement, todo: list[int], wanted: dict[int, int]) -> None:
    for label in todo:
        if len(todo) > 1 or s.kind == "dot":
            wanted[label] -= label != s.vector or s.kind == "dot"


def _place(s: Statement, todo: list[int], groups: list[_Group], where: dict[int, int]) -> int | None:
    """The last group that the statement may enter, or None."""
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        if group.label is None:
            fits = not todo
        elif group.label not in todo or len(group.members) >= GROUP:
            fits = False
        elif group.vector:
            fits = len(todo) == 1 and s.kind != "dot"
        else:
            fits = len(todo) == 1 or group.label != s.vector or s.kind == "dot"
        earliest = 0
        for read in s.reads:
            at = where.get(read.statement.number)
            if at is not None:
                earliest = max(earliest, at + (not _together(s, read, group, at == place)))
        if fits and earliest <= place and _alike(s, group):
            return place
        if earliest > place:
            return None
    return None


def _together(s: Statement, read: object, group: _Group, here: bool) -> bool:
    """Whether reader and read can stand in one group: inside a loop, only at the same position."""
    if not here:
        return True
    label = group.label
    if label is None:
        return True
    return label in read.same and label not in read.statement.reduced  # type: ignore[attr-defined]


def _alike(s: Statement, group: _Group) -> bool:
    """Whether a statement's range is near enough to the group's that sharing the loop saves a pass."""
    if group.label is None:
        return True
    low, high = s.ranges[group.label]
    for other in group.members[:1]:
        a, b = other.ranges[group.label]
        return abs(a - low) + abs(b - high) <= max(8, (b - a) // 2)
    return True


def _open(s: Statement, todo: list[int], wanted: dict[int, int]) -> _Group:
    if not todo:
        return _Group(None, False)
    if len(todo) == 1 and s.kind != "dot":
        return _Group(todo[0], wanted.get(todo[0], 0) == 0)
    inner = [label for label in todo if label != s.vector or s.kind == "dot"]
    return _Group(max(inner, key=lambda label: wanted.get(label, 0)), False)
