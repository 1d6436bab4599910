"""Where zeros in a gradient come from: from an input up the graph, to the gates that made them.

The cotangents are those of one reverse walk over the whole graph. From an input with zeros the
search follows the gates that use it: a gate that received something and passed nothing on is the
reason; a gate that received nothing sends the search further up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.differentiate.cotangent import fit
from adjoint.differentiate.gates import Step
from adjoint.differentiate.reverse import reverse
from adjoint.graph.node import Node
from adjoint.primitives.record import NUMPY, node_saved
from adjoint.primitives.structure import ITEM
from adjoint.verify.structure import Structure, passes

#: Kinds of reasons, the more telling first.
KINDS = ("cut", "masked", "branches cancel", "underflow", "local derivative 0", "upstream 0", "no path")


@dataclass
class Cause:
    """One reason for zeros: its kind, the gate that made them, and what the gate had before it."""

    kind: str
    #: The gate, and which of its inputs (None where there is no gate to blame).
    gate: Node | None
    number: int
    #: How many entries of the input it accounts for (of those directly above it), and whether a gate further up did it.
    count: int
    upstream: bool
    #: Shares that cancel, with the gates they came from.
    shares: tuple[tuple[Node, float], ...] = ()
    #: What arrived and the local derivative, where their product underflowed.
    factors: tuple[float, float] = (0.0, 0.0)


class Zeros:
    """One reverse walk over a recorded structure, and the search in it."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        steps: list[Step] = []
        lean = structure.lean()
        seeds = [
            (lean[t._node], np.ones(t.shape, t.dtype)[()])
            for t in structure.outputs
            if t._node is not None and t._node in lean
        ]
        with np.errstate(all="ignore"):
            found = reverse(seeds, structure.leaves, steps=steps).found
        self.gradients = [found.get(n) for n in structure.leaves]
        self.shares: dict[tuple[Node, int], Any] = {}
        self.totals: dict[Node, Any] = {}
        origin = {copy: node for node, copy in lean.items()}
        for copy, seed in seeds:
            node = origin[copy]
            self.totals[node] = self.totals[node] + seed if node in self.totals else seed
        for gate, number, parent, share, total in steps:
            self.shares[origin[gate], number] = share
            self.totals[origin[parent]] = total

    def causes(self, leaf: Node, zero: Any) -> list[Cause]:
        """Why the gradient of a leaf is zero where ``zero`` is True; the most telling cause first."""
        if not self.structure.leads(leaf):
            return [Cause("no path", None, 0, int(np.sum(zero)), False)]
        found: list[Cause] = []
        waiting: list[tuple[Node, Any]] = [(leaf, zero)]
        seen: set[Node] = set()
        while waiting:
            node, where = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            waiting.extend(self._look(node, where, node is not leaf, found))
        merged: dict[tuple[str, Node | None, int], Cause] = {}
        for cause in found:
            key = (cause.kind, cause.gate, cause.number)
            if key not in merged or merged[key].count < cause.count:
                merged[key] = cause
        return sorted(merged.values(), key=lambda c: (KINDS.index(c.kind), -c.count))

    def _look(self, node: Node, where: Any, upstream: bool, found: list[Cause]) -> list[tuple[Node, Any]]:
        """The causes at the gates that use a node, and the gates that received nothing themselves."""
        further: list[tuple[Node, Any]] = []
        unexplained = np.array(where)
        users = self.structure.users[node]
        live = [(u, i) for u, i in users if u in self.structure.live and passes(u, i)]
        sent = [(u, s) for u, i in live if (s := self._share(u, i, node)) is not None and np.any(s[where] != 0)]
        if len(sent) > 1:
            total = [(u, _extreme(s[where])) for u, s in sent]
            found.append(Cause("branches cancel", sent[0][0], 0, int(np.sum(where)), upstream, tuple(total)))
            return []
        for user, number in users:
            through, above = self._through(user, number, node, where)
            if not np.any(through):
                continue
            unexplained &= ~through
            if not passes(user, number):
                found.append(Cause("cut", user, number, int(np.sum(through)), upstream))
            elif user not in self.structure.live:
                found.extend(
                    Cause("cut", gate, i, int(np.sum(through)), upstream) for gate, i in self.structure.cuts(user)
                )
            elif user.op.several:
                further.extend(self._outputs(user, number, through, upstream, found))
            else:
                further.extend(self._gate(user, number, node, through, above, upstream, found))
        if np.any(unexplained):
            found.append(Cause("no path", users[0][0] if users else None, 0, int(np.sum(unexplained)), upstream))
        return further

    def _share(self, gate: Node, number: int, parent: Node) -> Any:
        share = self.shares.get((gate, number))
        if share is None and (gate, number) in self.shares:
            # Added in place by an indexing rule: what it was is worked out again.
            g = self.totals.get(gate)
            share = None if g is None else gate.op.pulls[number](NUMPY, g, node_saved(gate), gate)
        if share is None or isinstance(share, list) or parent.dtype is None:
            return None
        return np.asarray(fit(NUMPY, np.asarray(share), parent.shape, parent.dtype))

    def _through(self, user: Node, number: int, node: Node, where: Any) -> tuple[Any, Any]:
        """Which of the entries pass through a gate at all, and which entries of its result they become."""
        if user.dtype is None or user.op is ITEM or node.dtype is None:
            return where, True
        op, shape = user.op, tuple(user.shape)
        if op.family == "linear" and passes(user, number) and op.pulls:
            with np.errstate(all="ignore"):
                pulled = op.pulls[number](NUMPY, np.ones(shape), node_saved(user), user)
                taken = np.asarray(pulled).reshape(node.shape) != 0
                ones = np.where(where & taken, 1.0, 0.0)
                spread = op.push(NUMPY, [ones, *[None] * (len(user.inputs) - 1)], node_saved(user), user)
            return where & taken, np.broadcast_to(np.asarray(spread) != 0, shape)
        if op.family in {"elementwise", "router"} or (op.family == "blocked" and op.arity in (1, 2)):
            try:
                return where, np.broadcast_to(where, shape)
            except ValueError:
                return where, np.ones(shape, bool)
        if op.family == "reduce":
            axis, keep = user.params["axis"], user.params["keepdims"]  # type: ignore[index]
            return where, np.any(where, axis=axis, keepdims=keep)
        return where, np.ones(shape, bool)

    def _outputs(
        self, user: Node, number: int, through: Any, upstream: bool, found: list[Cause]
    ) -> list[tuple[Node, Any]]:
        """The cause at an operation with several outputs: nothing arrived at any, or its rule gives zero."""
        items = [u for u, _ in self.structure.users[user]]
        if any(np.any(np.asarray(self.totals.get(i, 0.0)) != 0) for i in items):
            found.append(Cause("local derivative 0", user, number, int(np.sum(through)), upstream))
            return []
        return [(i, np.ones(i.shape, bool)) for i in items]

    def _gate(
        self, user: Node, number: int, node: Node, through: Any, above: Any, upstream: bool, found: list[Cause]
    ) -> list[tuple[Node, Any]]:
        """The cause at one gate: it received nothing, masks, has local derivative 0, underflows or cancels."""
        total = self.totals.get(user)
        count = int(np.sum(through))
        g = np.broadcast_to(np.zeros(()) if total is None else np.asarray(total), user.shape)
        live = np.broadcast_to(above, user.shape) & (g != 0)
        if not np.any(live):
            return [(user, np.broadcast_to(above, user.shape) & True)]
        local = user.op.locals[number] if number < len(user.op.locals) else None
        if local is None:
            found.append(Cause("local derivative 0", user, number, count, upstream))
            return []
        with np.errstate(all="ignore"):
            factor = np.asarray(local(NUMPY, node_saved(user), user))
            wide = np.broadcast_shapes(factor.shape, node.shape if user.op.family == "reduce" else user.shape)
            if user.op.family == "reduce":
                kept = tuple(1 if k - len(node.shape) in user.params["axis"] else n for k, n in enumerate(node.shape))  # type: ignore[index]
                g, live = g.reshape(kept), live.reshape(kept) & np.broadcast_to(through, wide)
            g, live, factor = (np.broadcast_to(a, wide) for a in (g, live, factor))
            flat = live & (factor == 0)
            lost = live & (factor != 0) & (g * factor == 0)
            whole = live & (factor != 0) & (g * factor != 0)
        if np.any(whole) and wide != tuple(node.shape):
            products = (g * factor)[whole].real
            parts = ((user, _extreme(np.maximum(products, 0))), (user, _extreme(np.minimum(products, 0))))
            found.append(Cause("branches cancel", user, number, count, upstream, parts))
        elif np.any(lost):
            at = int(np.argmax(lost.reshape(-1)))
            pair = (float(np.abs(g.reshape(-1)[at])), float(np.abs(factor.reshape(-1)[at])))
            found.append(Cause("underflow", user, number, count, upstream, (), pair))
        if np.any(flat):
            routes = user.op.family == "router" or (user.op.family == "reduce" and user.op.mask == "router")
            kind = "masked" if routes else "local derivative 0"
            fewer = int(np.sum(flat & np.broadcast_to(through, wide))) if wide == tuple(node.shape) else count
            found.append(Cause(kind, user, number, min(fewer, count) or count, upstream))
        rest = np.broadcast_to(above, user.shape) & (np.asarray(self.totals[user]) == 0)
        return [(user, rest)] if np.any(rest) else []


def _extreme(values: Any) -> float:
    """The entry of largest size, as one number to show (its real part where complex)."""
    flat = np.asarray(values).reshape(-1)
    return float(np.real(flat[int(np.argmax(np.abs(flat)))])) if flat.size else 0.0
