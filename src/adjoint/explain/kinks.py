"""Where the slope is not unique: how many entries of each operation stand exactly on a kink or a step."""

from __future__ import annotations

import numpy as np

from adjoint.explain.items import Board, Item
from adjoint.explain.passes import BackwardStep


def mark_kinks(board: Board) -> list[Item]:
    """Counts, with the records' own tests, the entries at kinks; returns the operations that have some.

    Only operations that something differentiated leads to count.
    """
    found = []
    for item in board.operations:
        operands = board.operands(item)
        if item.op is None or item.op.at_kink is None or item.value is None or all(o.dead for o in operands):
            continue
        values = [o.value for o in operands]
        if any(v is None for v in values):
            continue
        with np.errstate(all="ignore"):
            item.kinks = int(np.count_nonzero(item.op.at_kink(*values, **item.params)))
        if item.kinks:
            found.append(item)
    return found


def kink_notes(kinks: list[Item], steps: list[BackwardStep]) -> list[str]:
    """A sentence for each operation on a step or jump that no backward step tells of, because it blocks."""
    told = {step.node for step in steps}
    notes = []
    for item in kinks:
        if item.id in told or item.op is None:
            continue
        site = item.node.site if item.node is not None else None
        where = "" if site is None else f" (line {site.line})"
        size = sum(s.size for s in item.specs)
        many = "" if size <= 1 else f" in {item.kinks:,} of {size:,} entries"
        notes.append(f"{item.op.name.replace('_', ' ').capitalize()}{where} stands on a step{many}: {item.op.kinks}.")
    return notes
