"""What a notebook shows: the player for stories, pictures for graphs, heat maps for tensors; text everywhere else.

A notebook asks an object for its forms (``_repr_mimebundle_``) and shows the richest that it can. Every
bundle has plain text, so that terminals and exported notebooks lose nothing.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np

from adjoint.explain.outline import outline
from adjoint.explain.statistics import written
from adjoint.graph.display import wanted
from adjoint.graph.graph import Graph
from adjoint.numbers import format_number
from adjoint.tensor import Tensor
from adjoint.view.marks import heat
from adjoint.view.measure import thumb_size
from adjoint.view.model import quantity
from adjoint.view.paths import short
from adjoint.view.scene import Box
from adjoint.view.svg import render
from adjoint.view.theme import LIGHT

if TYPE_CHECKING:
    from adjoint.explain.story import Story

#: How high the player stands in a cell, in pixels.
HEIGHT = 560
#: Graphs of more nodes are shown as text.
PICTURED = 150


def story_bundle(story: Story, include: Any = None, exclude: Any = None) -> dict[str, str]:
    """A story as the player in a frame of its own, and as text.

    The frame may run its own scripts and save files, and reaches neither the notebook nor the network.
    """
    from adjoint.view.page import story_page

    inside = html.escape(story_page(story.to_dict()))
    frame = (
        f'<iframe srcdoc="{inside}" width="100%" height="{HEIGHT}" sandbox="allow-scripts allow-downloads" '
        f'title="{html.escape(story.heading)}"></iframe>'
    )
    return wanted({"text/plain": str(story), "text/html": frame}, include, exclude)


def graph_bundle(graph: Graph, include: Any = None, exclude: Any = None) -> dict[str, str]:
    """A graph as a picture of its structure where it is small, and as text."""
    found = {"text/plain": str(graph)}
    if graph.outputs and len(graph.nodes) <= PICTURED:
        found["text/html"] = render(outline(graph).to_dict())
    return wanted(found, include, exclude)


def tensor_bundle(tensor: Tensor, include: Any = None, exclude: Any = None) -> dict[str, str]:
    """A tensor as its text and, for arrays, a heat map with statistics; its gradient beside it."""
    plain = repr(tensor)
    parts = [f"<pre>{html.escape(plain)}</pre>"]
    value = tensor._value
    if isinstance(value, np.ndarray) and value.size > 1:
        parts.append(_summary("value", written(value), gradient=False))
        slope = tensor._grad
        if slope is not None and isinstance(slope._value, np.ndarray):
            parts.append(_summary("gradient", written(slope._value), gradient=True))
    return wanted({"text/plain": plain, "text/html": "".join(parts)}, include, exclude)


def _summary(name: str, summary: Any, *, gradient: bool) -> str:
    """One line: a heat map, and what the numbers are like."""
    drawn = quantity(summary, gradient=gradient)
    facts = [f"{key} {format_number(summary[key])}" for key in ("min", "mean", "max", "rms") if key in summary]
    facts += [f"{summary[key]} {word}" for key, word in (("nan", "NaN"), ("inf", "infinite")) if summary.get(key)]
    picture = ""
    if drawn.thumb is not None:
        wide, high = thumb_size(drawn.thumb)
        box = Box("thumb", 0.5, 0.5, wide, high, 0, quantity=drawn)
        size = f"{short(wide + 1)} {short(high + 1)}"
        width, height = size.split()
        cells = "".join(heat(box, LIGHT))
        picture = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {size}" '
            f'role="img" aria-label="heat map">{cells}</svg> '
        )
    return f"<div>{picture}{name}: {html.escape(', '.join(facts) or 'no entries')}</div>"
