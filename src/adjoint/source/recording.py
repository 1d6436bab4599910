"""One call of a function, recorded whole: its arguments as named nodes, its outputs, and every constant on the way."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from adjoint.apply import leaf, make, next_seq, normalize
from adjoint.differentiate.containers import flatten, paths
from adjoint.differentiate.variables import Argnums, function_name, output, run
from adjoint.errors import ArgumentError
from adjoint.graph.graph import Graph, collect
from adjoint.graph.node import Node
from adjoint.modes import switched
from adjoint.site import here, user_frame
from adjoint.tensor import Tensor

#: An argument's position or keyword, and the number of the leaf in it.
Place = tuple[int | str, int]


class Call:
    """The graph of one call, the nodes to differentiate by, and where in the arguments each input came from."""

    def __init__(
        self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], argnums: Argnums | None
    ) -> None:
        self._f = f
        args, kwargs = _bound(f, args, kwargs)
        chosen = _differentiable(f, args) if argnums is None else argnums
        positions = [n % len(args) for n in ([chosen] if isinstance(chosen, int) else chosen) if args]
        nodes: dict[Place, Node] = {}
        dead: set[Node] = set()
        with switched(everything=True, recording=True, dead=dead, origin=None, listener=_Listener(nodes)):
            given = [a if i in positions else _wrapped(a, i, nodes) for i, a in enumerate(args)]
            named = {k: _wrapped(v, k, nodes) for k, v in kwargs.items()}
            dead.update(n for n in nodes.values() if n.is_leaf)
            out, variables, _ = run(f, tuple(given), named, chosen)
            outputs = flatten(out)[0] if isinstance(out, tuple | list) and out else [out]
            roots = [_node(output(o, f)) for o in outputs]
        self.wanted = list(variables.nodes)
        places = [(p, j) for p in positions for j in range(len(flatten(args[p])[0]))]
        nodes.update(zip(places, self.wanted))
        everything: list[tuple[int | str, Any]] = [*enumerate(args), *kwargs.items()]
        labels = {(p, j): _label(f, p) + path for p, a in everything for j, path in enumerate(paths(a))}
        self._places = [place for place in labels if place in nodes]
        inputs = [nodes[place] for place in self._places]
        self.names = {nodes[place]: nodes[place].name or labels[place] for place in self._places}
        found = {*collect(roots, frozenset(inputs)), *inputs}
        self.graph = Graph(inputs, roots, sorted(found, key=lambda n: n.seq))

    def pick(self, extra: int, *args: Any, **kwargs: Any) -> list[Any]:
        """The inputs' values in another call's arguments, of which the last ``extra`` are cotangents."""
        end = len(args) - extra
        own, named = _bound(self._f, args[:end], kwargs)
        return [flatten(own[p] if isinstance(p, int) else named[p])[0][j] for p, j in self._places] + list(args[end:])


class _Listener:
    """Makes the leaves of captured arrays: copies, which the function cannot change later, under the user's names."""

    def __init__(self, given: Mapping[Place, Node]) -> None:
        self._given = given
        self._first = next_seq()

    def knows(self, node: Node, value: Any) -> bool:
        """Whether a tracked operand is an argument or was computed from one; older history counts as captured."""
        return node.seq > self._first or node.is_leaf or node in self._given.values()

    def captured(self, operand: Any, value: Any) -> Node:
        """A leaf that holds a copy of an array (or an untracked tensor's value)."""
        named = operand._name if type(operand) is Tensor else None
        return leaf(np.array(value)[()], None, named or _variable_of(operand))

    def trying(self, op: Any, operands: tuple[Any, ...]) -> None:
        """Nothing is kept of an operation that is about to run."""

    def recorded(self, node: Node, value: Any) -> None:
        """Nothing is kept of a value: the text computes it again."""

    def looked(self, node: Node, truth: bool) -> None:
        """Nor of one that the code looks at: the text follows the way that was taken."""

    def opened(self, name: str) -> None:
        """Scopes leave no trace in the text."""

    def closed(self) -> None:
        """Nor does their end."""


def _variable_of(operand: Any) -> str | None:
    """The variable of the user's code at hand that holds this very object."""
    frame = user_frame(2)
    named = {n: frame.f_globals.get(n) for n in frame.f_code.co_names} | dict(frame.f_locals)
    return next((name for name, value in named.items() if value is operand), None)


def _bound(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Keywords as positional arguments, where the function has them as such."""
    if not kwargs:
        return args, kwargs
    try:
        bound = inspect.signature(f).bind(*args, **kwargs)
    except TypeError as error:
        raise ArgumentError(f"{function_name(f)} cannot be called like that: {error}.", where=here()) from error
    return bound.args, bound.kwargs


def _differentiable(f: Any, args: tuple[Any, ...]) -> tuple[int, ...]:
    """The positions of the arguments that hold floats only (or, where there is no such, Python's whole numbers)."""
    held = [flatten(a)[0] for a in args]
    found = tuple(i for i, leaves in enumerate(held) if leaves and all(map(_is_floating, leaves)))
    if not found:
        found = tuple(i for i, leaves in enumerate(held) if leaves and all(type(x) in (int, float) for x in leaves))
    if not found:
        raise ArgumentError(
            f"{function_name(f)} got no number to differentiate by.",
            where=here(),
            help="pass floats (2.0) or arrays of floats.",
        )
    return found


def _is_floating(value: Any) -> bool:
    return isinstance(value, float | complex) or getattr(getattr(value, "dtype", None), "kind", "") in {"f", "c"}


def _wrapped(argument: Any, place: int | str, nodes: dict[Place, Node]) -> Any:
    """An argument that is not differentiated: its floats and arrays become nodes, and so parameters."""
    leaves, build = flatten(argument)
    wrapped = []
    for j, one in enumerate(leaves):
        tensor = one
        if isinstance(one, float | complex | np.ndarray | np.generic):
            value = normalize(one)
            value = np.array(value)[()]
            tensor = make(value, leaf(value))
        elif type(one) is Tensor and one._node is None:
            tensor = make(one._value, leaf(one._value, name=one._name))
        if type(tensor) is Tensor and tensor._node is not None:
            nodes[place, j] = tensor._node
        wrapped.append(tensor)
    return build(wrapped)


def _label(f: Any, place: int | str) -> str:
    """The name of an argument, from the function's signature."""
    if isinstance(place, str):
        return place
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        return f"x{place + 1}"
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [p.name for p in parameters if p.kind in kinds]
    rest = [p.name for p in parameters if p.kind is inspect.Parameter.VAR_POSITIONAL]
    return names[place] if place < len(names) else f"{rest[0] if rest else 'x'}{place - len(names) + 1}"


def _node(tensor: Tensor) -> Node:
    """The node of an output; a constant one gets a leaf of its own."""
    return tensor._node if tensor._node is not None else leaf(tensor._value)
