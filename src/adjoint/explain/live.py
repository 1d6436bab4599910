"""What a page needs to recompute a story of scalars: rules, and what numbers alone do not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adjoint.explain.looks import looks_of
from adjoint.explain.nudge import EVERY_NODE, way_of
from adjoint.explain.responsibility import lasting_reason
from adjoint.explain.rules import rules_of
from adjoint.graph.text import clean

if TYPE_CHECKING:
    from adjoint.explain.story import Story


def make_live(story: Story, found: dict[str, Any]) -> None:
    """Adds to a story's document what makes it live, or leaves it as it is where something is no plain number."""
    board = story.board
    if story.failure is not None or board.root is None or any(not _single(n) for n in found["nodes"]):
        return
    table = rules_of(board)
    if table is None:
        return
    found["live"], found["rules"] = True, table[0]
    looks = looks_of(board, story.recording)
    if looks:
        found["looks"] = looks
    for node, rule in table[1].items():
        found["nodes"][node]["rule"] = rule
    if story.rate is not None:
        found["rate"] = story.rate
    carried = {part.edge for step in story.backward for part in step.parts}
    for edge in board.edges:
        source = board.items[edge.src]
        if edge.id in carried or source.kind == "const" or source.role == "data":
            continue
        reason = lasting_reason(board, edge, False)
        if reason:
            found["edges"][edge.id]["stops"] = clean(reason)
    few = len(board.operations) <= EVERY_NODE
    for item in board.items:
        if item.grad is not None and (few or item.id in story.nudges):
            way = way_of(board, item)
            if way:
                found["nodes"][item.id]["via"] = way


def _single(node: dict[str, Any]) -> bool:
    return node["spec"].endswith("[]") and isinstance(node.get("value"), int | float | str)
