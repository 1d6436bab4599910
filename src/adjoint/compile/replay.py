"""A recorded graph as a function of its leaves: what ``ad.compile(loss)`` compiles."""

from __future__ import annotations

from typing import Any

from adjoint.apply import apply
from adjoint.errors import CallError, GraphError, ShapeError
from adjoint.functions.program import interpret
from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.graph.text import node_names
from adjoint.primitives.movement import astype
from adjoint.site import here
from adjoint.tensor import Tensor


class Replay:
    """The outputs of a graph for values of its leaves, by position or name; leaves not given have their own values."""

    def __init__(self, given: Tensor | Graph) -> None:
        if type(given) is Tensor and given._node is None:
            raise GraphError(
                "there is no graph behind this tensor: it is not tracked.",
                where=here(),
                help="compute it from a tensor made with requires_grad=True, or compile the function.",
            )
        graph = Graph.from_outputs(given) if type(given) is Tensor else given
        assert isinstance(graph, Graph)
        self.graph = graph
        names = node_names(graph.nodes)
        self.__name__ = names[graph.outputs[0]] if len(graph.outputs) == 1 else "graph"
        self.places = {names[node]: node for node in graph.inputs}
        #: The tensors whose values a leaf takes where no other is given: held, so that they can be read at each call.
        self.tensors: dict[Node, Tensor] = {}
        for node in graph.inputs:
            reference = (node.params or {}).get("tensor")
            tensor = None if reference is None else reference()
            if tensor is not None:
                self.tensors[node] = tensor

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs, recorded where they are traced."""
        names = list(self.places)
        unknown = [k for k in kwargs if k not in self.places]
        twice = [k for k in names[: len(args)] if k in kwargs]
        if unknown or twice or len(args) > len(names):
            what = f"has no input {', '.join(unknown)}" if unknown else f"got {', '.join(twice)} twice"
            if len(args) > len(names):
                what = f"has {len(names)} inputs, got {len(args)} values"
            raise CallError(f"the graph {what}.", where=here(), help=f"its inputs are {', '.join(names) or 'none'}.")
        given = {**dict(zip(names, args)), **kwargs}
        graph = self._for({k: Spec.of(v._value if type(v) is Tensor else v) for k, v in given.items()})
        places = dict(zip(names, graph.inputs, strict=True))
        values: dict[Node, Any] = {}
        for name, node in places.items():
            if name in given:
                values[node] = _cast(given[name], node)
            elif self.places[name] in self.tensors:
                values[node] = self.tensors[self.places[name]]
        found = interpret(graph, values, apply)
        results = [found[o] for o in graph.outputs]
        if graph.keys is not None:
            return dict(zip(graph.keys, results, strict=True))
        return results[0] if len(results) == 1 else tuple(results)

    def _for(self, specs: dict[str, Spec]) -> Graph:
        """The graph for these specs: another one where it can be inferred again, else ShapeError."""
        wrong = [k for k, s in specs.items() if s.shape != tuple(self.places[k].shape)]
        if not wrong:
            return self.graph
        if self.graph.rebuild is None:
            name = wrong[0]
            raise ShapeError(
                f"the graph takes {name} as {self.places[name].spec!r}, got {specs[name]!r}.",
                where=here(),
                help="a recorded graph is fixed to its shapes: compile the function instead.",
            )
        return self.graph.rebuild(specs)


def _cast(value: Any, node: Node) -> Any:
    if type(value) is Tensor and value.dtype != node.dtype and node.dtype.kind in "fc" and value.dtype.kind in "iuf":
        return apply(astype, (value,), {"dtype": node.dtype})
    return value
