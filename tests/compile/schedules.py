"""Programs as they are scheduled: statements, loops and memory of a function, for the laws that these must keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from adjoint.compile.loops import Leaf, Loop
from adjoint.compile.memory import Memory, Step, steps_of
from adjoint.compile.statements import Program, Statement
from adjoint.compile.tiles import nests
from compile.meaning import lowered

#: A statement with the loops around it, from the outermost inwards.
Placed = tuple[Statement, tuple[Loop, ...]]


def program_of(f: Any, args: Sequence[Any], *, strict: bool = True) -> Program:
    """The statements of a function, whose outputs are terms of their own."""
    from adjoint.compile.native import own_outputs

    lowering = lowered(f, args, strict=strict)
    return Program(own_outputs(lowering), lowering.checks)


def scheduled(program: Program) -> tuple[list[Loop | Leaf], list[Step], Memory]:
    """The loop nests of a program, its steps, and its memory."""
    items = nests(program)
    steps = steps_of(items)
    return items, steps, Memory(program, steps)


def placed(items: Sequence[Loop | Leaf], around: tuple[Loop, ...] = ()) -> Iterator[Placed]:
    """Every statement in the order in which it first runs, with the loops around it."""
    for item in items:
        if isinstance(item, Leaf):
            yield item.statement, around
        else:
            yield from placed(item.body, (*around, item))


def loops_in(items: Sequence[Loop | Leaf]) -> Iterator[Loop]:
    """Every loop."""
    for item in items:
        if isinstance(item, Loop):
            yield item
            yield from loops_in(item.body)
