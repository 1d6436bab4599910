"""Who is responsible for the result: shares, steps against the gradient, and why a gradient is zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.explain.items import Board, Edge, Item
from adjoint.explain.passes import BackwardStep


@dataclass(slots=True, eq=False)
class LeafRow:
    """One row of the leaf table."""

    node: int
    grad: Any
    #: Part in the sum of |gradient| over all scalar entries of the differentiated leaves (None: nothing to share).
    share: float | None
    #: The step against the gradient at the chosen rate (None: no rate was chosen).
    step: Any = None


def leaf_table(board: Board, rate: float | None) -> list[LeafRow]:
    """The differentiated leaves with their gradients, steps and shares, in the order of the arguments."""
    sizes = []
    with np.errstate(all="ignore"):
        for item in board.parameters:
            sizes.append(0.0 if item.grad is None else float(np.sum(np.abs(item.grad), dtype=np.float64)))
        total = sum(sizes)
        rows = []
        for item, size in zip(board.parameters, sizes, strict=True):
            share = size / total if np.isfinite(total) and total > 0 else None
            step = None if rate is None or item.grad is None else np.asarray(-rate * item.grad)[()]
            rows.append(LeafRow(item.id, item.grad, share, step))
    return rows


def mark_zeros(board: Board, steps: list[BackwardStep]) -> None:
    """Says for every leaf and intermediate without a gradient which operation stopped it, or that no path is there."""
    root = board.root
    if root is None:
        return
    carried = {p.edge for s in steps for p in s.parts}
    for item in reversed(board.items):
        if item is root or item.kind == "const" or (item.kind == "leaf" and item.role != "parameter"):
            continue
        if item.grad is not None and np.any(np.asarray(item.grad) != 0):
            continue
        uses = [board.edges[e] for e in item.outs]
        if not uses:
            item.zero = f"no path to {root.name}"
            continue
        reasons = [reason_of(board, edge, edge.id in carried) for edge in uses]
        if all(reasons):
            item.zero = "; ".join(dict.fromkeys(r for r in reasons if r))


def reason_of(board: Board, edge: Edge, carried: bool) -> str:
    """Why nothing comes back along one use, or "" where nothing by structure forbids it."""
    gate = board.items[edge.dst]
    op = gate.op
    assert op is not None
    if gate.zero and op.family != "blocked":
        return gate.zero
    lasting = lasting_reason(board, edge, carried)
    if not lasting and op.family == "router" and edge.local is not None and not np.any(np.asarray(edge.local) != 0):
        return f"{title_of(gate)} routes the gradient elsewhere{_at(gate)}"
    return lasting


def lasting_reason(board: Board, edge: Edge, carried: bool) -> str:
    """Why nothing ever comes back along one use, whatever the numbers are and whatever stands behind, or ""."""
    gate = board.items[edge.dst]
    op = gate.op
    assert op is not None
    if op.family == "blocked":
        by = gate.params.get("by") if op.name == "cut" else None
        return f"{by or title_of(gate)} blocks it{_at(gate)}" + (f": {op.reason}" if not by else "")
    if gate.dead:
        return f"{title_of(gate)} passes nothing on{_at(gate)}"
    if not carried and op.differentiable and gate.grad is not None:
        return f"{title_of(gate)} has no derivative by this input{_at(gate)}"
    return ""


def title_of(item: Item) -> str:
    """The operation's name as a sentence speaks of it."""
    return "" if item.op is None else item.op.name.replace("_", " ")


def _at(item: Item) -> str:
    site = None if item.node is None else item.node.site
    return "" if site is None else f" (line {site.line})"


def first_bad(board: Board) -> Item | None:
    """The first value that is NaN or infinite somewhere."""
    for item in board.items:
        values = item.value if isinstance(item.value, tuple) else (item.value,)
        for value in values:
            if value is not None and np.asarray(value).dtype.kind in "fc" and not np.all(np.isfinite(value)):
                return item
    return None
