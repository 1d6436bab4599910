"""Where the slope is not unique: how many entries of each operation stand exactly on a kink or a step."""

from __future__ import annotations

import numpy as np

from adjoint.explain.items import Board, Item


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
