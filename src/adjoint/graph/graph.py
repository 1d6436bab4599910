"""Graph: nodes in topological order. An eager history, a definition and a gradient are all this."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from adjoint.errors import GraphError
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec


class Graph:
    """A frozen computation graph: input nodes, output nodes, and all nodes in topological order.

    >>> g = Graph.define({"c": ("multiply", "w", "x"), "J": ("square", "c")}, output="J")
    >>> g.evaluate(w=2.0, x=3.0)
    36.0
    >>> [(n.label, g.role(n)) for n in g.nodes]
    [('w', 'leaf'), ('x', 'leaf'), ('c', 'intermediate'), ('J', 'root')]
    """

    __slots__ = ("inputs", "keys", "nodes", "outputs", "rebuild")

    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]
    nodes: tuple[Node, ...]
    #: Names of the outputs; with them ``evaluate`` returns a dict.
    keys: tuple[str, ...] | None
    #: Makes this graph again for other input specs (None: the graph is fixed to its specs).
    rebuild: Callable[[Mapping[str, Spec]], Graph] | None

    def __init__(
        self,
        inputs: Iterable[Node],
        outputs: Iterable[Node],
        nodes: Iterable[Node],
        keys: Iterable[str] | None = None,
        rebuild: Callable[[Mapping[str, Spec]], Graph] | None = None,
    ) -> None:
        put = object.__setattr__
        put(self, "inputs", tuple(inputs))
        put(self, "outputs", tuple(outputs))
        put(self, "nodes", tuple(nodes))
        put(self, "keys", None if keys is None else tuple(keys))
        put(self, "rebuild", rebuild)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Graph is frozen")

    @staticmethod
    def from_outputs(*outputs: Any, inputs: Iterable[Any] | None = None) -> Graph:
        """The graph behind tensors or nodes: everything that leads to them, in the order of creation.

        Leaves are the inputs unless ``inputs`` names others (then the walk stops at those).
        Raises GraphError for an output without a node.
        """
        roots = [_node(o) for o in outputs]
        given = None if inputs is None else [_node(i) for i in inputs]
        nodes = collect(roots, frozenset(given or ()))
        if given is None:
            given = [n for n in nodes if n.is_leaf]
        else:
            present = set(nodes)
            nodes = sorted(present.union(given), key=_seq)
        return Graph(given, roots, nodes)

    @staticmethod
    def define(
        nodes: Mapping[str, tuple[Any, ...]],
        output: str | Iterable[str],
        inputs: Mapping[str, Spec] | None = None,
    ) -> Graph:
        """A graph from named operations, ``{"c": ("multiply", "w", "x"), ...}``, in any order.

        Each entry is a primitive's name, then its operands (names or numbers), then, if it has any,
        a dict of its parameters. Names that are not defined are inputs, ``f64[]`` unless ``inputs``
        gives a Spec. Raises GraphError for a cycle (written out: "a -> b -> a"), an unknown
        primitive, a wrong number of operands.
        """
        from adjoint.functions.program import define

        return define(nodes, output, inputs)

    def evaluate(self, /, **values: Any) -> Any:
        """The value of the output (a dict where the outputs have keys) at these inputs, by name.

        Values of another shape or dtype than the graph's infer a new graph. Raises ArgumentError for
        missing and unknown names.
        """
        from adjoint.functions.program import evaluate

        return evaluate(self, values)

    def grad(self, wrt: Iterable[str] | None = None) -> Graph:
        """The gradient of the scalar output by each input (or those named), as a Graph with keys."""
        from adjoint.differentiate.program import gradient_graph

        return gradient_graph(self, wrt)

    def explain(self, /, **values: Any) -> Any:
        """The Story of this graph at these inputs, by name."""
        from adjoint.explain.story import explain_graph

        return explain_graph(self, values)

    def role(self, node: Node) -> str:
        """Whether a node is a "leaf", an "intermediate" or a "root" of this graph."""
        if node in self.outputs:
            return "root"
        return "leaf" if node.is_leaf or node in self.inputs else "intermediate"

    def consumers(self) -> dict[Node, list[Node]]:
        """For every node, the nodes that use it, once for each use."""
        users: dict[Node, list[Node]] = {n: [] for n in self.nodes}
        for node in self.nodes:
            for parent in node.inputs:
                if type(parent) is Node and parent in users and node not in self.inputs:
                    users[parent].append(node)
        return users

    def check(self) -> None:
        """Proves that the order is topological and every input known; raises GraphError otherwise."""
        seen: set[Node] = set()
        given = set(self.inputs)
        for node in self.nodes:
            if node in seen:
                raise GraphError(f"node {node!r} stands twice in the graph.")
            if node not in given:
                for parent in node.parents:
                    if parent not in seen:
                        raise GraphError(f"node {node!r} uses {parent!r}, which does not stand before it.")
            seen.add(node)
        for node in (*self.inputs, *self.outputs):
            if node not in seen:
                raise GraphError(f"node {node!r} is an input or output but not in the graph.")

    def fingerprint(self) -> str:
        """A hash of structure, parameters, specs and constants: equal for graphs that compute the same way.

        Names, source lines and creation numbers do not count.
        """
        import hashlib

        digest = hashlib.sha256()
        index = {node: i for i, node in enumerate(self.nodes)}
        given = {node: i for i, node in enumerate(self.inputs)}
        for node in self.nodes:
            if node in given:
                line = f"input {given[node]} {node.specs}"
            else:
                operands = [f"%{index[i]}" if type(i) is Node else constant_key(i) for i in node.inputs]
                params = {k: constant_key(v) for k, v in sorted((node.params or {}).items()) if k != "written"}
                line = f"{node.op.name} {operands} {params} {node.specs}"
            digest.update(line.encode() + b"\n")
        digest.update(str([index[o] for o in self.outputs]).encode())
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self.nodes)

    def __str__(self) -> str:
        from adjoint.graph.text import graph_text

        return graph_text(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from adjoint.view import notebook

        return notebook.graph_bundle(self, include, exclude)

    def __repr__(self) -> str:
        return f"<Graph {len(self.inputs)} inputs, {len(self.nodes)} nodes, {len(self.outputs)} outputs>"


def collect(roots: Iterable[Node], stop: frozenset[Node] = frozenset(), bound: int = -1) -> list[Node]:
    """All nodes from which the roots are computed, sorted by creation; nothing recurses.

    Does not look behind nodes in ``stop``, nor at nodes created before ``bound``.
    """
    seen: set[Node] = set()
    stack = [r for r in roots if r.seq >= bound]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if node not in stop:
            for parent in node.inputs:
                if type(parent) is Node and parent not in seen and parent.seq >= bound:
                    stack.append(parent)
    return sorted(seen, key=_seq)


def constant_key(value: Any) -> str:
    """A text that is equal for equal constants: numbers, arrays (by hash), containers, slices."""
    if isinstance(value, np.ndarray):
        import hashlib

        return f"array {value.dtype} {value.shape} {hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()}"
    if isinstance(value, np.generic):
        return f"{value.dtype} {value!r}"
    if isinstance(value, tuple | list):
        return f"{type(value).__name__}({', '.join(map(constant_key, value))})"
    if isinstance(value, slice):
        return f"slice({constant_key(value.start)}, {constant_key(value.stop)}, {constant_key(value.step)})"
    if isinstance(value, float):
        return f"float {value.hex()}"
    return f"{type(value).__name__} {value!r}"


def _seq(node: Node) -> int:
    return node.seq


def _node(value: Any) -> Node:
    node = value if type(value) is Node else getattr(value, "node", None)
    if type(node) is not Node:
        raise GraphError(
            f"there is no graph behind {value!r}: it is not tracked.",
            help="compute it from a tensor made with requires_grad=True.",
        )
    return node
