"""The outline of a graph: the story of a computation that was not run, for its structure alone."""

from __future__ import annotations

from adjoint.explain.recording import Recording
from adjoint.explain.story import Story
from adjoint.graph.graph import Graph


def outline(graph: Graph, title: str | None = None) -> Story:
    """A graph as a story without values: every operation in its place with its formula and its source line.

    Of several outputs the first is the root.

    >>> import adjoint as ad
    >>> g = ad.Graph.define({"c": ("multiply", "w", "x")}, output="c")
    >>> [(n["name"], "value" in n) for n in outline(g).to_dict()["nodes"]]
    [('w', False), ('x', False), ('c', False)]
    """
    root = graph.outputs[0]
    found = Recording(nodes=list(graph.nodes), root=root, title=title if title is not None else root.label or "")
    found.parameters = [n for n in graph.nodes if n.is_leaf or n in set(graph.inputs)]
    story = Story(found)
    # That nothing was computed is no lack of an outline.
    story.notes.clear()
    return story
