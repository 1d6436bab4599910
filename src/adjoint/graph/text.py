"""A graph as readable text: one line a node, with its user's source line."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec

_WIDTH = 100
#: The longest names and specs, in columns.
_NAME, _SPEC = 24, 24
#: So many inputs and outputs are listed; of a large graph so many operations, from each end.
_LISTED, _FIRST, _LAST = 24, 200, 100


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


def shorten(text: str, longest: int) -> str:
    """Both ends of a long text around an ellipsis.

    >>> shorten("hidden_layer_weights", 12)
    'hidden…ights'
    """
    if len(text) <= longest:
        return text
    tail = (longest - 1) // 2
    return text[: longest - 1 - tail] + "…" + text[len(text) - tail :]


def graph_text(graph: Graph) -> str:
    """The graph in at most 100 columns: name, operation, operands, spec and source line of every node.

    Long names and parameters are shortened and long lists say how much more they hold; of a large graph the
    operations in the middle are counted only.
    """
    names = _short_names(graph)
    given = set(graph.inputs)
    nodes = [node for node in graph.nodes if node not in given]
    hidden: list[Node] = []
    if len(nodes) > _FIRST + _LAST + 1:
        hidden = nodes[_FIRST:-_LAST]
        nodes = nodes[:_FIRST] + nodes[-_LAST:]
    specs = {node: _several([repr(spec) for spec in node.specs], " ", _SPEC) for node in nodes}
    places = {node: _place(node) for node in nodes}
    middle = max((len(text) for text in specs.values()), default=0)
    right = max((len(text) for text in places.values()), default=0)
    room = _WIDTH - middle - right - 4
    calls = {node: _call(node, names, room) for node in nodes}
    left = max((len(text) for text in calls.values()), default=0)
    rows = [f"{calls[n]:<{left}}  {specs[n]:<{middle}}  {places[n]}".rstrip() for n in nodes]
    if hidden:
        rows.insert(_FIRST, _counted(hidden))
    return "\n".join([*_header(graph, names), *rows])


def _short_names(graph: Graph) -> dict[Node, str]:
    """The nodes' names, shortened such that they stay apart."""
    found: dict[Node, str] = {}
    taken: set[str] = set()
    for node, name in node_names(graph.nodes).items():
        short, count = shorten(name, _NAME), 1
        while short in taken:
            count += 1
            short = f"{shorten(name, _NAME - len(str(count)) - 1)}#{count}"
        taken.add(short)
        found[node] = short
    return found


def _header(graph: Graph, names: dict[Node, str]) -> list[str]:
    """What goes in and what comes out, on as many lines as it takes (but no more than a few)."""
    inputs = [f"{names[n]}: {_several([repr(spec) for spec in n.specs], ' ', _SPEC)}" for n in graph.inputs]
    results = [names[o] for o in graph.outputs]
    if graph.keys is not None:
        keys = [shorten(clean(key), _NAME) for key in graph.keys]
        results = [r if key == r else f"{key}: {r}" for key, r in zip(keys, results, strict=True)]
    words = [*_commas(inputs, ")", _LISTED), "->", *_commas(results, "", _LISTED)]
    lines = ["graph(" + words[0] if inputs else "graph()"]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) <= _WIDTH:
            lines[-1] += " " + word
        else:
            lines.append("      " + word)
    return lines


def _commas(words: list[str], end: str, most: int) -> list[str]:
    """Each with the comma or the end that follows it; of very many only the first."""
    if len(words) > most:
        words = [*words[: most - 1], f"… {len(words) - most + 1:,} more"]
    return [word + ("," if i < len(words) - 1 else end) for i, word in enumerate(words)] or [end]


def _call(node: Node, names: dict[Node, str], room: int) -> str:
    """``name = operation(operands, parameters)`` in so many columns; parameters say more than many operands."""
    head = f"  {names[node]} = {shorten(node.op.name, _NAME)}("
    room -= len(head) + 1
    operands = [names.get(i, f"#{i.seq}") if type(i) is Node else clean(constant_text(i)) for i in node.inputs]
    given = {} if node.is_leaf else node.params or {}
    params = [clean(f"{k}={constant_text(v)}") for k, v in given.items() if k != "written"]
    for longest in (room, _NAME, 12):
        said = [shorten(param, longest) for param in params]
        left = room - len(", ".join(["", *said])) if operands else room
        shown = _several([shorten(word, max(longest, _NAME)) for word in operands], ", ", left)
        text = ", ".join([*([shown] if operands else []), *said])
        if len(text) <= room and (longest == 12 or not shown.startswith("…")):
            return f"{head}{text})"
    return f"{head}{_several([*operands, *params], ', ', room)})"


def _several(words: list[str], between: str, room: int) -> str:
    """Words in a row, in so many columns: what has no room is counted."""
    text = between.join(words)
    if len(text) <= room:
        return text
    for kept in range(len(words) - 1, 0, -1):
        text = between.join([*words[:kept], f"… {len(words) - kept:,} more"])
        if len(text) <= room:
            return text
    return shorten(words[0], max(1, room)) if len(words) == 1 else f"… {len(words):,}"


def _place(node: Node) -> str:
    site = node.site
    if site is None:
        return ""
    line = f":{site.line}"
    return shorten(clean(os.path.basename(site.file)), _NAME - len(line)) + line


def _counted(hidden: list[Node]) -> str:
    """What stands in for the operations in the middle: how many there are of each kind."""
    kinds = Counter(shorten(node.op.name, _NAME) for node in hidden).most_common()
    head = f"  … {len(hidden):,} more: "
    return head + _several([f"{count:,} {name}" for name, count in kinds], ", ", _WIDTH - len(head))
