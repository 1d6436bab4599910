"""Pauses: where a long loop stops for a moment, so that Python can look for Ctrl-C.

Such a loop goes in stretches of about `PAUSE` seconds. The loop over a stretch is as it would be without
pauses, and between two stretches Python is asked: a program that takes minutes ends soon after Ctrl-C.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from llvmlite import ir

from adjoint.compile.llvm.callback import POLL
from adjoint.compile.llvm.frames import I32, Frame
from adjoint.compile.loops import Loop
from adjoint.compile.plan import RATE, operations
from adjoint.compile.statements import Statement

#: The seconds of work, roughly guessed, between two looks for Ctrl-C.
PAUSE = 10e-3


def stretch(loop: Loop, frames: Sequence[Frame], active: Collection[int], step: int) -> int:
    """How many rounds of a loop, each of ``step`` positions, take about as long as a pause may be away.

    ``frames`` are the loops around it, ``active`` the numbers of the statements that it computes.
    """
    seconds = sum(_share(s, loop, frames) for s in loop.statements() if s.number in active) * step / RATE
    return max(int(PAUSE / seconds), 1) if seconds else 1 << 62


def _share(s: Statement, loop: Loop, frames: Sequence[Frame]) -> float:
    """The operations of a statement in one position of a loop: a part of all, for each loop around has many rounds."""
    parts = _extent(s, loop.label)
    pieces = {f.label: f.width for f in frames if f.width}
    for frame in frames:
        if frame.label is None or frame.label == loop.label:
            continue
        if frame.width:
            parts *= math.ceil(_extent(s, frame.label) / frame.width)
        else:
            parts *= min(_extent(s, frame.label), pieces.get(frame.label, 1 << 62))
    return operations(s) / max(parts, 1)


def _extent(s: Statement, label: int) -> int:
    low, high = s.ranges.get(label, (0, 1))
    return high - low


def look(builder: ir.IRBuilder, function: ir.Function) -> None:
    """Lets Python look for Ctrl-C: where it raises, the function returns 1 at once."""
    callee = function.module.globals.get(POLL)
    if callee is None:
        callee = ir.Function(function.module, ir.FunctionType(I32, []), POLL)
    leave_unless_well(builder, function, builder.call(callee, []))


def leave_unless_well(builder: ir.IRBuilder, function: ir.Function, status: ir.Value) -> None:
    """Returns a status from a function unless it is 0; the builder goes on where it is."""
    away, on = function.append_basic_block("leave"), function.append_basic_block("on")
    builder.cbranch(builder.icmp_signed("==", status, I32(0)), on, away)
    builder.position_at_end(away)
    builder.ret(status)
    builder.position_at_end(on)
