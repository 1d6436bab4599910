"""Programs over graphs: defining one from named operations, and running one at given values.

``interpret`` is the one interpreter of graphs: every other part that runs a graph gives it another ``call``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from adjoint.apply import apply, leaf, make, normalize, record
from adjoint.errors import AdjointError, ArgumentError, GraphError, ShapeError
from adjoint.functions.operations import operation, perform
from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.graph.text import node_names
from adjoint.modes import switched
from adjoint.primitives.structure import ALIAS, ITEM
from adjoint.site import here
from adjoint.tensor import Tensor

Call = Callable[[Any, tuple[Any, ...], Any], Any]

_NUMBERS = (bool, int, float, complex)


def interpret(graph: Graph, values: Mapping[Node, Any], call: Call) -> dict[Node, Any]:
    """The value of every node, given those of some: ``call(op, operands, params)`` computes each of the others.

    Leaves that are not given have the value that they hold. Nothing recurses. Raises GraphError for a
    leaf that holds none, and for a constant that was too large to be kept.
    """
    found: dict[Node, Any] = {}
    for node in graph.nodes:
        if node in values:
            found[node] = values[node]
        elif node.is_leaf:
            held = node.saved[0] if type(node.saved) is tuple else None
            if held is None or type(held) is Spec:
                raise GraphError(f"the leaf {node!r} has no value.", where=node.describe(), help="give it as an input.")
            found[node] = held
        elif node.op is ITEM:
            found[node] = found[node.inputs[0]][node.params["index"]]  # type: ignore[index]
        else:
            operands = tuple(found[i] if type(i) is Node else i for i in node.inputs)
            if Spec in map(type, operands):
                raise GraphError(
                    f"a constant operand of {node!r} was not kept, because no derivative needs it.",
                    where=node.describe(),
                    help="make it a tensor that requires a gradient, or trace the function instead.",
                )
            try:
                found[node] = call(node.op, operands, node.params)
            except AdjointError as error:
                error.where = node.describe() or error.where  # where it was written, and not who replays it
                raise
    return found


def define(
    nodes: Mapping[str, tuple[Any, ...]], output: str | Iterable[str], inputs: Mapping[str, Spec] | None = None
) -> Graph:
    """The graph of named operations; see ``Graph.define``."""
    steps = {name: _step(name, entry) for name, entry in nodes.items()}
    specs = _inputs(steps, dict(inputs or {}))
    single = isinstance(output, str)
    outputs = (str(output),) if single else tuple(output)
    for name in outputs:
        if name not in steps and name not in specs:
            help = f"defined are {', '.join(steps) or 'none'}."
            raise GraphError(f"the output {name!r} is not defined.", where=here(), help=help)
    known: dict[str, Any] = {}
    with switched(recording=True, everything=False, scope=None, origin=None):
        for name, spec in specs.items():
            known[name] = make(spec, leaf(spec, None, name))
        for name in _ordered(steps):
            called, operands, params = steps[name]
            given = [known[o] if isinstance(o, str) else o for o in operands]
            known[name] = _named(perform(name, called, given, params), name, given)
    made = Graph.from_outputs(*_nodes(known.values()))
    for node in made.nodes:
        # A definition is data: its nodes have names, and no line on which they were computed.
        node.code = node.lasti = None
    return Graph(
        [known[name]._node for name in specs],
        [_output(known[name], name) for name in outputs],
        made.nodes,
        keys=None if single else outputs,
        rebuild=lambda again: define(nodes, output if single else outputs, {**specs, **again}),
    )


def _step(name: str, entry: Any) -> tuple[str, list[Any], dict[str, Any]]:
    """The operation, operands and parameters of one entry of a definition."""
    if not isinstance(name, str) or not isinstance(entry, tuple | list) or not entry or not isinstance(entry[0], str):
        raise GraphError(
            f"{name!r} is defined as {entry!r}.",
            where=here(),
            help='an entry is a tuple: {"c": ("multiply", "w", "x")}.',
        )
    called, *operands = entry
    params = operands.pop() if operands and isinstance(operands[-1], dict) else {}
    operation(name, called)
    for one in operands:
        if not isinstance(one, (str, *_NUMBERS, np.ndarray, np.generic)):
            raise GraphError(f"{name}: {one!r} is no operand.", where=here(), help="operands are names and numbers.")
    return called, operands, params


def _inputs(steps: Mapping[str, Any], given: dict[str, Any]) -> dict[str, Spec]:
    """The names that nothing defines, in the order of their first use, with their specs."""
    for name, spec in given.items():
        if name in steps:
            raise GraphError(
                f"{name!r} is both an input and defined.", where=here(), help="give one of them another name."
            )
        if not isinstance(spec, Spec):
            raise GraphError(
                f"the input {name!r} needs a Spec, got {spec!r}.", where=here(), help="write Spec((3, 4))."
            )
    used = [o for _, operands, _ in steps.values() for o in operands if isinstance(o, str) and o not in steps]
    return {name: given.get(name, Spec()) for name in [*used, *given]}


def _ordered(steps: Mapping[str, tuple[str, list[Any], Any]]) -> list[str]:
    """The defined names, each after those that it uses; raises GraphError for a cycle, written out."""
    order: list[str] = []
    done: set[str] = set()
    for start in steps:
        path: list[str] = []
        open_names: dict[str, Iterator[Any]] = {}
        if start not in done:
            path, open_names = [start], {start: iter(steps[start][1])}
        while path:
            for one in open_names[path[-1]]:
                if not isinstance(one, str) or one not in steps or one in done:
                    continue
                if one in open_names:
                    circle = [*path[path.index(one) :], one]
                    shown = circle if len(circle) <= 12 else [*circle[:6], "...", *circle[-5:]]
                    raise GraphError(
                        f"the definition runs in a circle: {' -> '.join(shown)}.",
                        where=here(),
                        help=f"define {one} without {circle[-2]}, or give it as an input.",
                    )
                path.append(one)
                open_names[one] = iter(steps[one][1])
                break
            else:
                name = path.pop()
                del open_names[name]
                done.add(name)
                order.append(name)
    return order


def _named(result: Any, name: str, operands: list[Any]) -> Any:
    """The result of an entry, on a node of its own that carries the entry's name."""
    if isinstance(result, tuple | list):
        return tuple(result)
    if result._node is None:
        value = result._value
        result = make(Spec.of(value), record(ALIAS, (value,), None, value.shape, value.dtype, None))
    elif any(type(o) is Tensor and o._node is result._node for o in operands) or result._node.name is not None:
        result = apply(ALIAS, (result,))
    result._node.name = name
    return result


def _nodes(results: Iterable[Any]) -> list[Node]:
    return [t._node for r in results for t in (r if isinstance(r, tuple) else (r,)) if t._node is not None]


def _output(result: Any, name: str) -> Node:
    if isinstance(result, tuple):
        raise GraphError(
            f"the output {name!r} has several values.", where=here(), help="pick one: ('item', name, {'index': 0})."
        )
    node: Node = result._node
    return node


def evaluate(graph: Graph, values: Mapping[str, Any]) -> Any:
    """The outputs of a graph at named values; see ``Graph.evaluate``."""
    graph, given = bound_inputs(graph, values)
    found = interpret(graph, given, apply)
    tensors = any(type(v) is Tensor for v in values.values())
    numbers = all(type(v) in _NUMBERS for v in values.values())
    results = [_handed(found[node], tensors, numbers) for node in graph.outputs]
    return results[0] if graph.keys is None else dict(zip(graph.keys, results, strict=True))


def bound_inputs(graph: Graph, values: Mapping[str, Any]) -> tuple[Graph, dict[Node, Tensor]]:
    """The graph for values given by name (inferred anew for other specs), and its inputs with them.

    Raises ArgumentError for missing and unknown names, ShapeError where the graph is fixed to other specs.
    """
    names = node_names(graph.nodes)
    wanted = {names[node]: node for node in graph.inputs}
    missing = [name for name in wanted if name not in values]
    unknown = [name for name in values if name not in wanted]
    if missing or unknown:
        said = [f"{word}: {', '.join(some)}" for word, some in (("missing", missing), ("unknown", unknown)) if some]
        raise ArgumentError(
            f"the graph does not have these inputs ({'; '.join(said)}).",
            where=here(),
            help=f"its inputs are {', '.join(wanted) or 'none'}.",
        )
    given = {name: _value(values[name], node) for name, node in wanted.items()}
    specs = {name: Spec.of(value._value) for name, value in given.items()}
    if any(specs[name] != node.spec for name, node in wanted.items()):
        if graph.rebuild is None:
            name = next(n for n, node in wanted.items() if specs[n] != node.spec)
            raise ShapeError(
                f"the graph takes {name} as {wanted[name].spec!r}, got {specs[name]!r}.",
                where=here(),
                help="trace the function again for other shapes.",
            )
        graph = graph.rebuild(specs)
        names = node_names(graph.nodes)
        wanted = {names[node]: node for node in graph.inputs}
    return graph, {node: given[name] for name, node in wanted.items()}


def _value(value: Any, node: Node) -> Tensor:
    """A value for an input as a tensor; Python's whole numbers take the input's own dtype."""
    if type(value) is Tensor:
        return value
    value = normalize(value, node.name or "an input")
    if type(value) in _NUMBERS:
        weak = np.asarray(value).dtype
        value = np.asarray(value, node.dtype if np.result_type(weak, node.dtype) == node.dtype else weak)[()]
    return make(value, None)


def _handed(result: Any, tensors: bool, numbers: bool) -> Any:
    """A result in the kind in which the values came: tensors, Python numbers, or arrays that the caller owns."""
    if tensors:
        return result if type(result) is Tensor else make(result, None)
    value = result._value if type(result) is Tensor else result
    if value.shape:
        return np.array(value)
    return value.item() if numbers else value[()]
