"""The whole graph of a function, also where no gradient passes: which inputs lead where, and what cuts the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.differentiate.variables import Variables
from adjoint.graph.graph import collect
from adjoint.graph.node import Node
from adjoint.graph.text import clean
from adjoint.modes import switched
from adjoint.primitives.structure import CUT, ITEM
from adjoint.verify.arguments import Arguments


class Structure:
    """A function recorded with everything, also what is not differentiated, and with the value of every node."""

    def __init__(self, arguments: Arguments, wanted: Any = None) -> None:
        with switched(recording=True, everything=True, dead=set()):
            variables = Variables([v.copy() for v in arguments.values], arguments.names)
            self.outputs = arguments.outputs(arguments.call(variables.tensors))
        self.leaves: list[Node] = variables.nodes
        self.roots: list[Node] = [t._node for t in self.outputs if t._node is not None]
        self.nodes = collect(self.roots)
        present = set(self.nodes)
        self.users: dict[Node, list[tuple[Node, int]]] = {n: [] for n in self.nodes}
        for node in self.nodes:
            for i, parent in enumerate(node.inputs):
                if type(parent) is Node and parent in present:
                    self.users[parent].append((node, i))
        #: Nodes from which a gradient can flow back: the output, and what it reaches through live edges.
        self.live: set[Node] = set()
        for node in reversed(self.nodes):
            if node in self.roots or any(u in self.live and passes(u, i) for u, i in self.users[node]):
                self.live.add(node)
        #: Nodes from which gradients lead to the inputs under examination.
        self.inner: set[Node] = set(self.leaves)
        for node in self.nodes:
            if any(type(p) is Node and p in self.inner and passes(node, i) for i, p in enumerate(node.inputs)):
                self.inner.add(node)
        self._values: dict[Node, Any] | None = None

    def has_way(self, leaf: Node) -> bool:
        """Whether a gradient of the outputs can reach a leaf."""
        return leaf in self.live

    def leads(self, leaf: Node) -> bool:
        """Whether the outputs depend on a leaf at all, also through operations that no gradient passes."""
        return leaf in self.users

    def cuts(self, leaf: Node) -> list[tuple[Node, int]]:
        """The places where ways from a leaf to the outputs are cut: operation and input, in order."""
        if leaf not in self.users:
            return []
        reached = {leaf}
        found: list[tuple[Node, int]] = []
        for node in self.nodes:  # in the order of creation, so inputs come before their users
            if node not in reached:
                continue
            for user, i in self.users[node]:
                if passes(user, i):
                    reached.add(user)
                elif (user, i) not in found:
                    found.append((user, i))
        return found

    def lean(self) -> dict[Node, Node]:
        """Copies of the nodes that gradients pass, with plain values for all other inputs: a graph for a walk.

        Rules keep nothing for inputs that are not differentiated, so a walk must not turn to those.
        """
        copies: dict[Node, Node] = {}
        for node in self.nodes:
            if node not in self.inner:
                continue
            copies[node] = node if node in self.leaves else copied(node)
            if node not in self.leaves:
                copies[node].inputs = tuple(
                    given if type(given) is not Node else copies[given] if given in copies else self.values[given]
                    for given in node.inputs
                )
        return copies

    @property
    def values(self) -> dict[Node, Any]:
        """The value of every node, computed again from the leaves."""
        if self._values is None:
            known: dict[Node, Any] = {}
            with np.errstate(all="ignore"):
                for node in self.nodes:
                    known[node] = value_of(node, known)
            self._values = known
        return self._values


def copied(node: Node) -> Node:
    """A node that is equal slot by slot."""
    made = Node.__new__(Node)
    for slot in Node.__slots__:
        setattr(made, slot, getattr(node, slot))
    return made


def value_of(node: Node, known: dict[Node, Any]) -> Any:
    """The value of a node from those of its inputs; several outputs as a tuple."""
    if node.is_leaf:
        return node.saved[0]
    inputs = [known[i] if type(i) is Node else i for i in node.inputs]
    out = node.op.value(*inputs, **(node.params or {}))
    if node.op is ITEM:
        return out
    return tuple(np.asarray(o) for o in out) if node.op.several else np.asarray(out)


def passes(node: Node, number: int) -> bool:
    """Whether a gradient can flow from a node to one of its inputs at all."""
    op = node.op
    if not op.differentiable:
        return False
    parent = node.inputs[number]
    if parent.dtype is not None and parent.dtype.kind not in "fc":
        return False
    return op.pull_all is not None or op is ITEM or (number < len(op.pulls) and op.pulls[number] is not None)


@dataclass(frozen=True)
class Place:
    """An operation in the user's words: what it is called and where it stands."""

    name: str
    file: str
    line: int
    source: str

    def __str__(self) -> str:
        where = f" at {self.file}:{self.line}" if self.line else ""
        return f"{self.name}{where}" + (f"  {self.source}" if self.source else "")

    @property
    def short(self) -> str:
        """Name, file and line."""
        return f"{self.name} at {self.file}:{self.line}" if self.line else self.name


def place_of(node: Node) -> Place:
    """The name and place of a node; a cut bears the name of what cut it."""
    name = str((node.params or {}).get("by", node.op.name)) if node.op is CUT else node.op.name
    site = node.site
    if site is None:
        return Place(clean(name), "", 0, "")
    file = site.file.replace("\\", "/").rsplit("/", 1)[-1]
    return Place(clean(name), clean(file), site.line, clean(site.expression))
