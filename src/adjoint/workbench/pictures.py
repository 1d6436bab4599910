"""A graph as a document that the player draws: a story of one forward pass, without a backward one.

A graph that has gone through rewrites is no run of the user's function. It has inputs, operations and
outputs, often several; its values are computed node by node, so that a picture shows that they agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from adjoint.apply import apply, make
from adjoint.errors import AdjointError
from adjoint.explain import words
from adjoint.explain.document import VERSION, identity
from adjoint.explain.gatewords import gate_words
from adjoint.explain.items import Board, Item, lay_out
from adjoint.explain.layout import place
from adjoint.explain.mathml import Formula
from adjoint.explain.recording import Recording
from adjoint.explain.statistics import written
from adjoint.functions.program import interpret
from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.graph.text import clean
from adjoint.modes import switched
from adjoint.tensor import Tensor


def values_of(graph: Graph, given: Mapping[Node, Any]) -> dict[Node, Any]:
    """The value of every node at these values of the inputs; nothing where an operation cannot be done."""
    try:
        with switched(recording=False), np.errstate(all="ignore"):
            found = interpret(graph, {node: make(value, None) for node, value in given.items()}, apply)
    except (AdjointError, ArithmeticError, ValueError, TypeError):
        return dict(given)
    return {node: _plain(value) for node, value in found.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return value._value if type(value) is Tensor else value


def picture(
    graph: Graph, values: Mapping[Node, Any], title: str, known: dict[Any, list[tuple[int, int]]]
) -> dict[str, Any]:
    """The document of a graph; ``values`` may leave nodes out.

    ``known`` remembers the cells of the graphs that were drawn before: one of the same form has the same cells.
    """
    recording = Recording(nodes=list(graph.nodes), values=dict(values), title=title)
    recording.parameters = [n for n in graph.inputs if n.dtype.kind in "fc"]
    recording.data = [n for n in graph.inputs if n.dtype.kind not in "fc"]
    board = lay_out(recording)
    for node in graph.outputs:
        item = board.items[board.at[node]]
        if item.kind == "op":
            item.role = "root"
    board.root = board.items[board.at[graph.outputs[0]]] if graph.outputs else None
    form = tuple(i.kind for i in board.items), tuple((e.src, e.dst, e.slot) for e in board.edges)
    cells = known.get(form)
    if cells is None:
        cells = known[form] = place(*form)
    operations = board.operations
    formulas = {item.id: words.own_formula(board, item) for item in operations}
    lines = {item.id: i + 2 for i, item in enumerate(operations)}
    return {
        "adjoint_story": VERSION,
        "title": clean(title),
        "expr": {"text": "", "mathml": ""},
        "live": False,
        "outcome": {"status": "ok"},
        "nodes": [_node(item, formulas, list(cell)) for item, cell in zip(board.items, cells, strict=True)],
        "edges": [{"id": e.id, "src": e.src, "dst": e.dst, "slot": e.slot} for e in board.edges],
        "groups": [],
        "forward": [{"node": item.id, "lines": [lines[item.id]]} for item in operations],
        "backward": [],
        "gates": gate_words(board),
        "code": _code(board, formulas, graph, title),
        "leaves": [{"node": item.id} for item in board.items if item.kind == "leaf"],
        "cost": {
            "gates": len(operations),
            "inputs": 0,
            "visits_reverse": 0,
            "visits_differences": 0,
        },
        "memory": [],
        "exercises": [],
    }


def _node(item: Item, formulas: Mapping[int, Formula], cell: list[int]) -> dict[str, Any]:
    found = identity(item)
    if item.op is not None:
        found["mathml"] = formulas[item.id].mathml
        found["saves"] = []
    found["spec"] = item.spec
    if item.value is not None and not isinstance(item.value, tuple):
        found["value"] = written(item.value)
    found["at"] = cell
    site = item.node.site if item.node is not None and item.kind == "op" else None
    if site is not None:
        found["line"] = site.line
    return found


def _code(board: Board, formulas: Mapping[int, Formula], graph: Graph, title: str) -> list[str]:
    """One line an operation: what the graph computes, in its own names."""
    inputs = [board.items[board.at[n]].name for n in graph.inputs]
    head = f"def {''.join(c if c.isalnum() else '_' for c in clean(title)) or 'f'}({', '.join(inputs)}):"
    lines = [head]
    for item in board.operations:
        assert item.op is not None
        lines.append(f"    {item.name} = {formulas[item.id].text}  # {clean(item.op.name)}")
    results = [board.items[board.at[n]].name for n in graph.outputs]
    return [*lines, f"    return {', '.join(results)}"]
