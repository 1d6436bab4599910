"""The flat source of a story, and which of its lines each step runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from adjoint.errors import AdjointError
from adjoint.explain.items import Board
from adjoint.explain.recording import Recording
from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.graph.text import clean
from adjoint.source.api import backward_listing, source_of
from adjoint.source.identifiers import identifier

#: Stories of up to so many operations carry their flat source.
OPERATIONS = 2_000


@dataclass(slots=True)
class Listing:
    """Lines of flat source, counted from 1 in the maps from nodes to lines."""

    text: str = ""
    lines: list[str] = field(default_factory=list)
    forward: dict[int, list[int]] = field(default_factory=dict)
    backward: dict[int, list[int]] = field(default_factory=dict)
    seed: list[int] = field(default_factory=list)


def listing_of(board: Board, recording: Recording) -> Listing:
    """The flat source of what led to the root and of its gradients, where both can be written."""
    root = board.root
    found = Listing()
    if root is None or root.kind != "op" or root.node is None:
        return Listing("# No flat source: no operation led to a result.\n")
    if len(board.operations) > OPERATIONS:
        return Listing(
            f"# No flat source: {len(board.operations):,} operations, and it is written up to {OPERATIONS:,}.\n"
        )
    arguments = [i for i in board.items if i.kind == "leaf" and i.node is not None]
    inputs = [i.node for i in arguments if i.node is not None]
    nodes = [i.node for i in board.items if i.node is not None]
    names = {i.node: i.name for i in board.items if i.node is not None and i.name}
    graph = Graph(inputs, [root.node], sorted(nodes, key=_seq))
    wanted = [i.node for i in board.parameters if i.node is not None]
    title = identifier(recording.title or "f", "f")
    try:
        lines = backward_listing(graph, wanted, names=names, title=title)
        found.text = str(source_of(graph, wanted, names=names, title=title))
    except AdjointError as error:
        return Listing(f"# No flat source: {clean(error.what)}\n")  # a user's operation has no text of its own
    found.lines = [str(line) for line in lines]
    for number, line in enumerate(lines, 1):
        if line.role == "seed":
            found.seed.append(number)
        if line.node not in board.at:
            continue
        item = board.at[line.node]
        if line.role == "forward":
            found.forward.setdefault(item, []).append(number)
        elif line.role in ("pull", "branch"):
            found.backward.setdefault(item, []).append(number)
    return found


def _seq(node: Node) -> int:
    return node.seq
