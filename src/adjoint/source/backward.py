"""The statements of a reverse walk: the engine's own, recorded step by step, so the bits agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint.apply import leaf, make
from adjoint.differentiate.cotangent import plain
from adjoint.differentiate.gates import Step
from adjoint.differentiate.reverse import reverse, seed_of
from adjoint.graph.graph import collect
from adjoint.graph.node import Node
from adjoint.modes import switched
from adjoint.primitives.structure import ALIAS, ITEM
from adjoint.source.forward import Writer
from adjoint.source.statements import Operand, Slot, Statement


def write_backward(
    writer: Writer, nodes: Sequence[Node], roots: Sequence[Node], wanted: Sequence[Node], inputs: Sequence[Node]
) -> list[Operand]:
    """Writes the walk from the roots; what the wanted nodes receive, in their order.

    A single scalar root starts from 1; other roots get their cotangents as further parameters.
    """
    dead = _without_path(nodes, wanted, inputs)
    live = [root for root in dict.fromkeys(roots) if root not in dead]
    turn = _Turn(writer, nodes)
    steps: list[Step] = []
    with switched(everything=True, recording=True, dead=dead, listener=None):
        seeds = []
        for root in live:
            value = seed_of(root.spec)
            seed = leaf(value)
            seeds.append((root, make(value, seed)))
            turn.start(root, seed, value if starts_from_one(roots) else None)
        bound = min((n.seq for n in nodes), default=0)
        walk = reverse(seeds, wanted, bound=bound, records=True, steps=steps)
    found = [plain(walk.found[n])._node if n in walk.found else None for n in wanted]
    known = frozenset(nodes)
    made = collect([n for n in found if n is not None], stop=known)
    turn.recorded = [n for n in made if n not in known and not n.is_leaf]
    for step in steps:
        turn.take(*step)
    return [turn.finish(node, gradient) for node, gradient in zip(wanted, found)]


def starts_from_one(roots: Sequence[Node]) -> bool:
    """Whether the backward pass starts from the number 1: there is one output, a real number."""
    return len(roots) == 1 and roots[0].shape == () and roots[0].dtype.kind == "f"


def _without_path(nodes: Sequence[Node], wanted: Sequence[Node], inputs: Sequence[Node]) -> set[Node]:
    """The nodes that no gradient for a wanted node passes through, and what lies behind the inputs."""
    alive = set(wanted)
    given = set(inputs)
    dead: set[Node] = set()
    for node in nodes:
        if node in alive:
            dead.update(p for p in node.parents if p not in alive)
        elif node not in given and node.op.differentiable and any(p in alive for p in node.parents):
            alive.add(node)
        else:
            dead.add(node)
    return dead


class _Turn:
    """The backward part as it grows: which value is whose cotangent at this moment."""

    def __init__(self, writer: Writer, nodes: Sequence[Node]) -> None:
        self._writer = writer
        #: What the walk recorded and the gradients need, in order of creation.
        self.recorded: list[Node] = []
        self._next = 0
        #: The cotangent of a forward node so far: the node that the walk recorded, and our value of it.
        self._node: dict[Node, Node] = {}
        self._value: dict[Node, Operand] = {}
        self._items: dict[Node, list[Node]] = {}
        for node in nodes:
            if node.op is ITEM:
                self._items.setdefault(node.inputs[0], []).append(node)

    def start(self, root: Node, seed: Node, value: Any) -> None:
        """The turn-around: the root's cotangent is 1, or a parameter (value None)."""
        slot = self._cotangent(root)
        if value is None:
            self._writer.parameters.append(slot)
        else:
            self._writer.statements.append(Statement([slot], "seed", value=value, about=root))
        self._writer.bind(seed, slot)
        self._node[root], self._value[root] = seed, slot

    def take(self, gate: Node, index: int, parent: Node, share: Any, total: Any) -> None:
        """One share that a gate passes back to one of its inputs; ``total`` is what that has received so far."""
        upstream = {self._node[n]: self._value[n] for n in self._items.get(gate, [gate]) if n in self._node}
        before = self._value.get(parent)
        if share is None and before is not None:
            # The walk added into what was there: the operation that did so is the sum.
            upstream[self._node[parent]] = before
            self._write_until(total._node, gate, index, upstream, parent)
            made = self._writer.became(total._node)
            if made is not None:
                self._keep(parent, total._node, self._claimed(made, gate, parent) or made)
            return
        self._write_until(share._node, gate, index, upstream)
        value = upstream.get(share._node) or self._writer.became(share._node)
        if value is None:
            return  # no gradient that was asked for depends on it
        if before is None:
            if gate.op is not ALIAS:
                value = self._claimed(value, gate, parent) or self._copied(value, gate, index, parent)
            self._keep(parent, share._node, value)
            return
        slot = self._cotangent(parent)
        self._writer.statements.append(
            Statement([slot], "branch", [before, value], total._node, about=gate, index=index, joins=parent)
        )
        self._writer.bind(total._node, slot)
        self._renew(before)
        self._keep(parent, total._node, slot)

    def finish(self, node: Node, gradient: Node | None) -> Operand:
        """What a variable received in the end: its cotangent, or zeros where no path leads to it."""
        if gradient is None:
            slot = self._cotangent(node)
            value = np.zeros(node.shape, node.dtype)[()]
            self._writer.statements.append(Statement([slot], "zero", value=value, about=node))
            return slot
        if self._node.get(node) is gradient:
            return self._value[node]
        self._write_until(gradient, node, -1, {})
        return self._writer.value(gradient)

    def _keep(self, parent: Node, recorded: Node, value: Operand) -> None:
        self._node[parent], self._value[parent] = recorded, value

    def _write_until(
        self, last: Node, gate: Node, index: int, upstream: dict[Node, Operand], joins: Node | None = None
    ) -> None:
        """Writes what the walk recorded up to a node; the gate's upstream cotangents go by their own names."""
        while self._next < len(self.recorded) and self.recorded[self._next].seq <= last.seq:
            node = self.recorded[self._next]
            self._next += 1
            statement = Statement([], "pull", node=node, about=gate, index=index)
            if joins is not None and node is last:
                statement.role, statement.joins = "branch", joins
            self._writer.write(node, statement, instead=upstream)
            if joins is not None and node is last and statement.operands:
                self._renew(statement.operands[0])

    def _renew(self, before: Operand) -> None:
        if type(before) is Slot:
            self._writer.statements[-1].renews = before

    def _cotangent(self, node: Node) -> Slot:
        """A new value that is called after the value whose cotangent it is."""
        forward = self._writer.became(node)
        return Slot(node.spec, follows=forward if type(forward) is Slot else None)

    def _claimed(self, value: Operand, gate: Node, parent: Node) -> Slot | None:
        """The value itself under the name of the cotangent, if this gate made it and nobody named it yet."""
        made = self._writer.made_by.get(value) if type(value) is Slot else None
        if type(value) is not Slot or made is None or made.about is not gate or value.follows or value.wish:
            return None
        forward = self._writer.became(parent)
        value.follows = forward if type(forward) is Slot else None
        return value

    def _copied(self, value: Operand, gate: Node, index: int, parent: Node) -> Slot:
        """A line that passes a cotangent on as it is: ``g_a = g_c``."""
        slot = self._cotangent(parent)
        self._writer.statements.append(Statement([slot], "pull", [value], about=gate, index=index))
        return slot
