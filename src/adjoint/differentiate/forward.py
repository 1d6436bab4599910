"""Forward mode: one walk over the recorded graph from the leaves to the output, oldest first.

No dual numbers: the graph was recorded once, and tangents are pushed along it by the same local
derivatives that reverse mode uses. Structural zeros are masks here too, so that both modes agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from adjoint.apply import RECORD
from adjoint.differentiate.cotangent import fit
from adjoint.differentiate.reverse import visited
from adjoint.differentiate.saved import freed, recorded_saved
from adjoint.errors import UnsupportedError
from adjoint.graph.graph import collect
from adjoint.graph.node import FREED, Node
from adjoint.modes import MODE, Mode
from adjoint.primitives.record import NUMPY, node_saved
from adjoint.primitives.structure import ALIAS, ITEM


class Pushed:
    """What a forward walk found: tangents by node (None: zero by structure), and whether the graph leads outside."""

    __slots__ = ("found", "outside")

    def __init__(self) -> None:
        self.found: dict[Node, Any] = {}
        self.outside = False


def forward(roots: list[Node], tangents: Mapping[Node, Any], bound: int, *, records: bool = False) -> Pushed:
    """Pushes the tangents of some nodes through everything that leads to the roots.

    Nodes created before ``bound`` are not entered. ``records`` makes the result a graph of its own.
    Raises UnsupportedError for an operation without a forward rule, FreedError where values are gone.
    """
    if not records:
        with np.errstate(all="ignore"):
            return _walk(roots, tangents, bound, NUMPY, None)
    mode = (MODE.get() or Mode()).but(recording=True)
    token = MODE.set(mode)
    try:
        with np.errstate(all="ignore"):
            return _walk(roots, tangents, bound, RECORD, mode)
    finally:
        MODE.reset(token)


def _walk(roots: list[Node], tangents: Mapping[Node, Any], bound: int, xp: Any, mode: Mode | None) -> Pushed:
    pushed = Pushed()
    known = pushed.found
    dead: dict[Node, Any] = {}
    stop = frozenset(tangents)
    nodes = collect(roots, stop, bound)
    visited.total += len(nodes)
    for node in nodes:
        if node in tangents:
            known[node] = tangents[node]
            continue
        op = node.op
        if not op.differentiable:
            continue
        ts: list[Any] = []
        any_live = False
        for parent in node.inputs:
            t = None
            if type(parent) is Node:
                if parent.seq >= bound:
                    t = known.get(parent)
                elif op is not ALIAS:
                    pushed.outside = True
            any_live = any_live or t is not None
            ts.append(t)
        if not any_live:
            continue
        if op is ITEM:
            t = ts[0][node.params["index"]]  # type: ignore[index]
            if t is not None:
                known[node] = t
            continue
        if node.saved is FREED:
            raise freed(node)
        if op.push is None:
            raise UnsupportedError(
                f"{op.name} has no forward-mode rule.",
                where=node.describe(),
                help="give its Function a static jvp(ctx, *tangents), write its rule with ad.custom_jvp, "
                "or use reverse mode (grad, vjp, hessian).",
            )
        if mode is not None:
            mode.origin = (node, -1, "push")
        saved = recorded_saved(node) if mode is not None else node_saved(node)
        t = op.push(xp, ts, saved, node)
        if t is None:
            continue
        if node.dtype is None:
            known[node] = tuple(
                None if one is None else fit(xp, one, spec.shape, spec.dtype)
                for one, spec in zip(t, node.specs, strict=True)
            )
            continue
        mask = _mask(op, node, ts, dead, xp, saved)
        if mask is not None and op.mask == "elementwise" and not op.bounded:
            t = xp.where(mask, 0.0, t)
        known[node] = fit(xp, t, node.shape, node.dtype)
        if mask is not None:
            dead[node] = mask
    return pushed


def _mask(op: Any, node: Node, ts: list[Any], dead: dict[Node, Any], xp: Any, saved: Any) -> Any:
    """Where the new tangent is zero by structure: True entries, or None when nowhere.

    A router's output is dead where every input with a tangent has weight 0 or is dead itself; an
    elementwise output where every tangent is dead; movement takes the mask along.
    """
    if op.mask == "router" and op.family == "router":
        found = None
        for i, (parent, t) in enumerate(zip(node.inputs, ts, strict=True)):
            if t is None or op.locals[i] is None:
                continue
            zero = op.locals[i](xp, saved, node) == 0
            if type(parent) is Node and parent in dead:
                zero = zero | dead[parent]
            found = zero if found is None else found & zero
        return found
    live = [p for p, t in zip(node.inputs, ts, strict=True) if t is not None]
    if not live:
        return None
    if op.mask == "elementwise" and any(p not in dead for p in live):
        return None
    if op.mask in {"moves", "places"} and not any(p in dead for p in live):
        return None
    if op.mask == "elementwise":
        found = dead[live[0]]
        for parent in live[1:]:
            found = found & dead[parent]
        return xp.broadcast_to(found, shape=node.shape) if found.shape != node.shape else found
    if op.mask in {"moves", "places", "fills", "writes"}:
        alive = [None if t is None else _alive(p, t, dead, xp) for p, t in zip(node.inputs, ts, strict=True)]
        return op.push(xp, alive, saved, node) == 0
    return None


def _alive(parent: Any, t: Any, dead: dict[Node, Any], xp: Any) -> Any:
    """1 where the tangent of an input lives, 0 where it is dead, in the tangent's dtype."""
    one = xp.broadcast_to(t.dtype.type(1), shape=t.shape)
    return xp.where(dead[parent], t.dtype.type(0), one) if parent in dead else one
