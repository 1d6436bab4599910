"""A story as text for Graphviz: every value and gradient in it, groups as clusters, laid out by ``dot``.

A name reaches the text only inside a quoted string in which quotes and backslashes are escaped, so it can
neither end the string nor become one of Graphviz's own escapes. Labels are never HTML.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adjoint.numbers import format_gradient, format_number, format_shape
from adjoint.view.text import clean
from adjoint.view.theme import Theme, ThemeName, theme_named

#: The longest text of a label: Graphviz makes a node as wide as its label.
LONGEST = 40
_SHAPES = {"leaf": "circle", "const": "plaintext", "op": "box"}


def render(story: Mapping[str, Any], theme: ThemeName = "light") -> str:
    """The text of a ``.dot`` file; ``dot -Tsvg`` draws it.

    >>> print(render({"title": 'a "b"', "nodes": [{"id": 0, "kind": "leaf", "name": "x", "value": 2}], "edges": []}))
    digraph "a \\"b\\"" {
      ...
      n0 [label="x\\n2", shape=circle];
    }
    <BLANKLINE>
    """
    colours = theme_named(theme)
    lines = [
        f"digraph {quoted(story.get('title', ''))} {{",
        f"  graph [rankdir=LR, bgcolor={quoted(colours.stage)}, fontname=Helvetica, fontcolor={quoted(colours.ink)}];",
        f"  node [fontname=Helvetica, color={quoted(colours.ink)}, fontcolor={quoted(colours.ink)}];",
        f"  edge [fontname=Helvetica, color={quoted(colours.wire)}, fontcolor={quoted(colours.ink)}];",
        *_groups(story, colours),
        *(_edge(story, edge, colours) for edge in story["edges"]),
    ]
    return "\n".join(lines) + "\n}\n"


def quoted(text: object) -> str:
    """A text as a quoted string of the DOT language; a newline becomes a line of the label.

    >>> print(quoted('\\\\N " }'))
    "\\\\N \\" }"
    """
    lines = (clean(line).replace("\\", "\\\\").replace('"', '\\"') for line in str(text).split("\n"))
    return '"' + "\\n".join(lines) + '"'


def _groups(story: Mapping[str, Any], colours: Theme) -> Iterator[str]:
    """The nodes, each inside the cluster of its group; a stack, because groups may be nested to any depth."""
    groups = story.get("groups", ())
    inside: dict[Any, list[Mapping[str, Any]]] = {}
    for node in story["nodes"]:
        inside.setdefault(node.get("group"), []).append(node)
    children: dict[Any, list[Mapping[str, Any]]] = {}
    for group in groups:
        children.setdefault(group.get("parent"), []).append(group)
    yield from (_node(story, node, colours) for node in inside.get(None, ()))
    waiting: list[Mapping[str, Any] | None] = list(reversed(children.get(None, [])))
    while waiting:
        group = waiting.pop()
        if group is None:
            yield "  }"
            continue
        yield f"  subgraph cluster_{int(group['id'])} {{"
        yield f"    label={quoted(_short(group['name']))}; color={quoted(colours.edge)};"
        yield from (_node(story, node, colours) for node in inside.get(group["id"], ()))
        waiting.append(None)
        waiting += reversed(children.get(group["id"], []))


def _node(story: Mapping[str, Any], node: Mapping[str, Any], colours: Theme) -> str:
    kind = str(node["kind"])
    name = _short(node.get("name", ""))
    if kind == "const":
        label = _value(node)
    elif kind == "leaf":
        label = "\n".join(filter(None, (name, _value(node), _gradient(node))))
    else:
        symbol = _short(node.get("symbol", node.get("op", "")))
        label = "\n".join(filter(None, (symbol, f"{name} = {_value(node)}" if name else _value(node), _gradient(node))))
    parts = [f"label={quoted(label)}", f"shape={_SHAPES.get(kind, 'box')}"]
    if node.get("role") == "root":
        parts.append("peripheries=2")
    failed = story.get("outcome", {}).get("node")
    if failed == node["id"] and failed is not None:
        parts.append(f"color={quoted(colours.bad)}")
    return f"  n{int(node['id'])} [{', '.join(parts)}];"


def _edge(story: Mapping[str, Any], edge: Mapping[str, Any], colours: Theme) -> str:
    parts = []
    contribution = edge.get("contrib")
    if contribution is not None:
        parts.append(f"label={quoted(_number(contribution, True))}")
        parts.append(f"fontcolor={quoted(_colour(contribution, colours))}")
    told = f" [{', '.join(parts)}]" if parts else ""
    return f"  n{int(edge['src'])} -> n{int(edge['dst'])}{told};"


def _value(node: Mapping[str, Any]) -> str:
    return _number(node["value"]) if "value" in node else ""


def _gradient(node: Mapping[str, Any]) -> str:
    return f"∇ {_number(node['grad'], True)}" if "grad" in node else ""


def _number(value: Any, gradient: bool = False) -> str:
    """A value as it stands in a label: four digits, or an array's shape and the size of its entries."""
    if isinstance(value, Mapping) and "shape" in value:
        size = f" rms {format_number(value['rms'])}" if "rms" in value else ""
        return format_shape(value["shape"]) + size
    if isinstance(value, Mapping):
        value = complex(_real(value["re"]), _real(value["im"]))
    elif isinstance(value, str):
        value = _real(value)
    return format_gradient(value) if gradient else format_number(value)


def _real(value: Any) -> float:
    return float(str(value).replace("Infinity", "inf"))


def _colour(value: Any, colours: Theme) -> str:
    if isinstance(value, int | float):
        return colours.pos if value > 0 else colours.neg if value < 0 else colours.zero
    return colours.ink


def _short(text: object) -> str:
    name = clean(text)
    return name if len(name) <= LONGEST else name[: LONGEST // 2 - 1] + "…" + name[-LONGEST // 2 :]
