"""Programs without native code: the flat Python text of a graph, and the plain interpreter below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from adjoint.compile.signature import Signature
from adjoint.errors import UnsupportedError
from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.primitives.structure import ITEM
from adjoint.source.api import source_of


class Program(Protocol):
    """What a backend builds: ``run`` takes C-contiguous arrays of the inputs' specs and returns fresh ones."""

    @property
    def plan(self) -> Any:
        """What can be printed of how it works."""

    @property
    def arena_bytes(self) -> int:
        """The memory that a call needs besides its inputs and outputs."""

    def run(self, values: list[Any]) -> list[Any]:
        """The outputs for these inputs."""

    def make_call(
        self, miss: Callable[..., Any], captured: Sequence[Any], static: Sequence[Any] = ()
    ) -> Callable[..., Any] | None:
        """A native entry, or None where there is none; ``miss(args, kwargs, reason)`` takes what it does not know."""


class PythonProgram:
    """A graph as flat source, run by Python and NumPy."""

    def __init__(self, graph: Graph, signature: Signature) -> None:
        self.graph = graph
        self.source = source_of(graph, names=_names(graph, signature), title=signature.name)
        self._call = self.source.function
        self._constants = self.source.constants
        self.arena_bytes = peak(graph)

    @property
    def plan(self) -> Any:
        """The text that runs."""
        return self.source

    def run(self, values: list[Any]) -> list[Any]:
        """The outputs as fresh arrays."""
        with np.errstate(all="ignore"):
            found = self._several(self._call(*[v[()] for v in values], **self._constants))
        return owned(found, values)

    def make_call(self, miss: Callable[..., Any], captured: Sequence[Any], static: Sequence[Any] = ()) -> None:
        """There is no native entry."""

    def _several(self, found: Any) -> list[Any]:
        return [found] if len(self.graph.outputs) == 1 else list(found)


class Interpreted:
    """A graph run record by record: what is left where an operation has no text."""

    source = None

    def __init__(self, graph: Graph, signature: Signature) -> None:
        self.graph = graph
        self.plan = str(graph)
        self.arena_bytes = peak(graph)
        self._last = _last_uses(graph)

    def run(self, values: list[Any]) -> list[Any]:
        """The outputs as fresh arrays."""
        graph = self.graph
        known: dict[Node, Any] = {n: v[()] for n, v in zip(graph.inputs, values, strict=True)}
        kept = set(graph.outputs)
        with np.errstate(all="ignore"):
            for node in graph.nodes:
                if node in known:
                    continue
                operands = [known[i] if type(i) is Node else i for i in node.inputs]
                if node.op is ITEM:
                    known[node] = operands[0][node.params["index"]]  # type: ignore[index]
                else:
                    known[node] = node.op.value(*operands, **(node.params or {}))
                for done in self._last.get(node, ()):
                    if done not in kept:
                        known[done] = None
        return owned([known[o] for o in graph.outputs], values)

    def make_call(self, miss: Callable[..., Any], captured: Sequence[Any], static: Sequence[Any] = ()) -> None:
        """There is no native entry."""


def build(graph: Graph, signature: Signature, *, text: bool = False) -> PythonProgram | Interpreted:
    """A program without native code; with ``text`` an operation that cannot be printed raises UnsupportedError."""
    try:
        return PythonProgram(graph, signature)
    except UnsupportedError:
        if text:
            raise
        return Interpreted(graph, signature)


def owned(found: Sequence[Any], values: Sequence[Any]) -> list[Any]:
    """The outputs as arrays that are C-contiguous, writable, and shared neither with an input nor with one another."""
    outs: list[Any] = []
    for one in found:
        array = np.asarray(one)
        mine = type(one) is np.ndarray and array.base is None and array.flags.c_contiguous and array.flags.writeable
        if not mine or any(array is other for other in (*outs, *values)):
            array = np.array(array, order="C")
        outs.append(array)
    return outs


def _names(graph: Graph, signature: Signature) -> dict[Node, str]:
    return {n: i.name for n, i in zip(graph.inputs, signature.inputs, strict=True) if i.name}


def _last_uses(graph: Graph) -> dict[Node, list[Node]]:
    """For every node, the values that nothing after it reads."""
    last: dict[Node, Node] = {}
    for node in graph.nodes:
        for parent in node.inputs if node not in graph.inputs else ():
            if type(parent) is Node:
                last[parent] = node
    found: dict[Node, list[Node]] = {}
    for value, reader in last.items():
        found.setdefault(reader, []).append(value)
    return found


def peak(graph: Graph) -> int:
    """The most bytes that intermediate values and outputs hold at one time, when each is made whole."""
    last = _last_uses(graph)
    kept, given = set(graph.outputs), set(graph.inputs)
    now = most = 0
    for node in graph.nodes:
        if node in given or node.op is ITEM:
            continue
        now += sum(s.nbytes for s in node.specs)
        most = max(most, now)
        for done in last.get(node, ()):
            if done not in given and done not in kept and done.op is not ITEM:
                now -= sum(s.nbytes for s in done.specs)
    return most
