"""A graph as readable text: one line a node, with its user's source line."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec

_WIDTH = 100


def clean(text: str) -> str:
    """The text without control characters, so that a name cannot steer a terminal.

    >>> clean("a\\x1b[31mb")
    'a[31mb'
    """
    return text if text.isprintable() else "".join(c for c in text if c.isprintable())


def node_names(nodes: Iterable[Node]) -> dict[Node, str]:
    """A unique readable name for every node: the user's where there is one, else v1, v2, ...

    A name used for several nodes gets a number from its second use on (x, x_2, x_3).
    """
    nodes = list(nodes)
    names: dict[Node, str] = {}
    counts: dict[str, int] = {}
    taken = {clean(n.label) for n in nodes if n.label}
    anonymous = 0
    for node in nodes:
        label = clean(node.label) if node.label else ""
        if label:
            counts[label] = count = counts.get(label, 0) + 1
            name = label
            while count > 1 and (name := f"{label}_{count}") in taken:
                count += 1
            counts[label] = count
        else:
            anonymous += 1
            while (name := f"v{anonymous}") in taken:
                anonymous += 1
        taken.add(name)
        names[node] = name
    return names


def constant_text(value: Any) -> str:
    """A constant operand or parameter in a few characters."""
    if isinstance(value, np.ndarray):
        return repr(value.tolist()) if value.size <= 4 else repr(Spec.of(value))
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, slice):
        parts = ["" if p is None else str(p) for p in (value.start, value.stop)]
        return ":".join(parts) + ("" if value.step is None else f":{value.step}")
    if isinstance(value, tuple):
        return "(" + ", ".join(map(constant_text, value)) + ("," if len(value) == 1 else "") + ")"
    if value is Ellipsis:
        return "..."
    return repr(value)


def graph_text(graph: Graph) -> str:
    """The graph in at most 100 columns: name, operation, operands, spec and source line of every node."""
    names = node_names(graph.nodes)
    given = set(graph.inputs)
    rows: list[tuple[str, str, str]] = []
    for node in graph.nodes:
        if node in given:
            continue
        operands = [names.get(i, f"#{i.seq}") if type(i) is Node else constant_text(i) for i in node.inputs]
        operands += [
            f"{k}={constant_text(v)}" for k, v in (node.params or {}).items() if k != "written" and not node.is_leaf
        ]
        specs = " ".join(map(repr, node.specs))
        site = node.site
        where = "" if site is None else clean(f"{os.path.basename(site.file)}:{site.line}")
        rows.append((f"  {names[node]} = {node.op.name}({', '.join(operands)})", specs, where))
    left = min(max((len(r[0]) for r in rows), default=0), 60)
    middle = min(max((len(r[1]) for r in rows), default=0), 24)
    header = ", ".join(f"{names[n]}: {' '.join(map(repr, n.specs))}" for n in graph.inputs)
    results = [names[o] for o in graph.outputs]
    if graph.keys is not None:
        results = [r if clean(key) == r else f"{clean(key)}: {r}" for key, r in zip(graph.keys, results, strict=True)]
    lines = [f"graph({header}) -> {', '.join(results)}"]
    lines += [f"{a:<{left}}  {b:<{middle}}  {c}".rstrip() for a, b, c in rows]
    return "\n".join(line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…" for line in lines)
