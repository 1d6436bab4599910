"""What a page shows without scripts: the final picture and the table of gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adjoint.numbers import format_array, format_number
from adjoint.view.collapse import for_picture
from adjoint.view.svg import render
from adjoint.view.text import escape

#: Pictures of more nodes than this are no help to anyone.
PICTURED = 200


def still(document: Mapping[str, Any]) -> str:
    """The markup: a heading, a picture where the graph is small, and the leaves with values and gradients."""
    rows = [_row(node) for node in document["nodes"] if node["kind"] == "leaf"]
    seen = for_picture(document)
    picture = (
        render(seen)
        if 0 < len(seen["nodes"]) <= PICTURED
        else f"<p>The graph has {len(document['nodes']):,} nodes.</p>"
    )
    outcome = document.get("outcome") or {}
    trouble = "".join(f"<p>{escape(outcome[key])}</p>" for key in ("what", "where", "help") if outcome.get(key))
    table = "<tr><th>input</th><th>value</th><th>gradient</th></tr>" + "".join(rows)
    return f'<main class="still"><h1>{escape(document["title"])}</h1>{trouble}{picture}<table>{table}</table></main>'


def _row(node: Mapping[str, Any]) -> str:
    cells = (node.get("name", ""), _text(node.get("value")), _text(node.get("grad")))
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping) and "shape" in value:
        return format_array(value, 6)
    return format_number(value, 6)
