"""The story as one document of plain dicts: exactly what ``docs/story.schema.json`` describes."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from adjoint.explain import words
from adjoint.explain.exercises import exercises_of
from adjoint.explain.gatewords import follows_numbers, gate_words
from adjoint.explain.grids import Grids, written_groups
from adjoint.explain.grouping import LARGE, Groups
from adjoint.explain.items import Edge, Item
from adjoint.explain.live import make_live
from adjoint.explain.nudge import Nudge
from adjoint.explain.passes import BackwardStep
from adjoint.explain.statistics import EVERYTHING, written
from adjoint.explain.thin import thinned
from adjoint.graph.text import clean

if TYPE_CHECKING:
    from adjoint.explain.story import Story

VERSION = 1
#: In stories of up to so many backward steps, steps about arrays bring their sentences along.
TOLD = 2_000


def document(story: Story, exercises: bool = True) -> dict[str, Any]:
    """The document: optional keys are absent, never null; index = id. Exercises take half of the time."""
    board = story.board
    grids = Grids(Groups(board, story.recording))
    listing = story.listing
    brief = len(board.items) > LARGE
    nodes = [_node(story, item, grids, brief) for item in board.items]
    edges = [_edge(story, edge, brief) for edge in board.edges]
    found: dict[str, Any] = {
        "adjoint_story": VERSION,
        "title": clean(story.heading),
        "expr": {"text": story.formula.text, "mathml": story.formula.mathml},
        "live": False,
        "outcome": _outcome(story),
        "nodes": nodes,
        "edges": edges,
        "groups": written_groups(grids),
        "forward": [_forward(item, listing.forward.get(item.id, [])) for item in board.operations],
        "backward": _backward(story, nodes, edges),
        "gates": gate_words(board),
        "code": listing.lines,
    }
    source = _source(story)
    if source is not None:
        found["source"] = source
    found["leaves"] = [_leaf(story, item) for item in board.items if item.kind == "leaf"]
    if story.stationary is not None:
        found["stationary"] = {"kind": story.stationary.kind, "why": story.stationary.why}
    cost = story.cost
    found["cost"] = {
        "gates": cost.gates,
        "inputs": cost.inputs,
        "visits_reverse": cost.visits_reverse,
        "visits_differences": cost.visits_differences,
    }
    found["memory"] = [
        {"node": k.node, "bytes": k.bytes, "by": k.by, "why": clean(k.why)} for k in story.kept if k.node is not None
    ]
    make_live(story, found)
    found["exercises"] = exercises_of(story, found) if exercises else []
    return found


def to_json(found: dict[str, Any]) -> str:
    """The document as JSON; safe inside a script element too, because ``<`` is written as an escape.

    A large one is thinned: what follows from the rest of it is left out.

    >>> to_json({"title": "</script>"})
    '{"title":"\\\\u003c/script>"}'
    """
    if len(found.get("nodes", ())) > LARGE and not found.get("thin"):
        found = thinned(found)
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Line and paragraph separators end a line of JavaScript; surrogates cannot be written as UTF-8.
    text = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def identity(item: Item) -> dict[str, Any]:
    """What a node is, whatever was computed: its number, its kind and role, its name, its operation."""
    found: dict[str, Any] = {"id": item.id, "kind": item.kind}
    if item.role:
        found["role"] = item.role
    if item.name or item.kind == "leaf":
        found["name"] = item.name
    if item.op is not None:
        found["op"] = clean(item.op.name)
        found["symbol"] = item.op.symbol or clean(item.op.name)
        found["gate"] = item.op.gate
    return found


def _node(story: Story, item: Item, grids: Grids, brief: bool) -> dict[str, Any]:
    found = identity(item)
    one = story.nudges.get(item.id)
    if one is not None and item.kind == "op":
        found["nudge"] = _nudge(one)
    if item.kinks:
        found["kinks"] = item.kinks
    row = story.row_of.get(item.id)
    if row is not None and row.step is not None:
        found["step"] = written(row.step)
    if row is not None and row.share is not None:
        found["share"] = row.share
    if item.op is not None and not brief:
        found["mathml"] = words.own_formula(story.board, item).mathml
    found["spec"] = item.spec
    keys = ("thumb",) if brief else EVERYTHING
    if item.value is not None and not isinstance(item.value, tuple):
        found["value"] = written(item.value, keys)
    if item.grad is not None and not isinstance(item.grad, tuple):
        found["grad"] = written(item.grad, keys)
    box = grids.groups.of[item.id]
    if box.outer is not None:
        found["group"] = box.id
    found["at"] = list(grids.of[box].cells["n", item.id])
    road = grids.of[box].roads.get((("n", item.id), item.id))
    if road:
        found["road"] = road
    site = item.site if item.kind == "op" else None
    if site is not None:
        found["line"] = site.line
    if site is not None and not brief:
        found["site"] = clean(f"{os.path.basename(site.file)}:{site.line} {site.expression}".strip())
    if item.kind == "op":
        found["saves"] = [k.node for k in story.kept_by.get(item.id, ()) if k.node is not None]
    note = _note(item)
    if note:
        found["note"] = note
    if item.zero:
        found["zero"] = clean(item.zero)
    return found


def _note(item: Item) -> str:
    if item.kinks and item.op is not None:
        return f"a kink or step in {item.kinks:,} of {max(1, sum(s.size for s in item.specs)):,}: {item.op.kinks}"
    return item.note


def _edge(story: Story, edge: Edge, brief: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"id": edge.id, "src": edge.src, "dst": edge.dst, "slot": edge.slot}
    keys = () if brief else EVERYTHING
    if edge.local is not None and edge.contrib is not None:
        found["local"] = written(edge.local, keys)
    slope = words.slope_formula(story.board, edge) if edge.contrib is not None and not brief else None
    if slope is not None:
        found["mathml"] = slope.mathml
    if edge.contrib is not None:
        found["contrib"] = written(edge.contrib, keys)
    return found


def _forward(item: Item, lines: list[int]) -> dict[str, Any]:
    found: dict[str, Any] = {"node": item.id}
    site = item.site
    if site is not None:
        found["line"] = site.line
    if lines:
        found["lines"] = lines
    return found


def _backward(story: Story, nodes: list[dict[str, Any]], edges: list[dict[str, Any]]) -> list[dict[str, Any]]:
    root = story.board.root
    if root is None or not (story.backward or root.role == "parameter") or root.grad is None:
        return []
    listing = story.listing
    steps: list[dict[str, Any]] = [{"node": root.id, "seed": written(root.grad), "lines": listing.seed}]
    for step in story.backward:
        found = _step(story, step, nodes, edges)
        found["lines"] = listing.backward.get(step.node, [])
        steps.append(found)
    return steps


def _step(story: Story, step: BackwardStep, nodes: list[dict[str, Any]], edges: list[dict[str, Any]]) -> dict[str, Any]:
    parts = []
    keys = () if len(nodes) > LARGE else EVERYTHING
    told = len(story.backward) <= TOLD and not follows_numbers(story.board, story.board.items[step.node])
    for part in step.parts:
        row: dict[str, Any] = {"edge": part.edge}
        edge = edges[part.edge]
        if part.local is not None:
            row["local"] = edge["local"] if "local" in edge else written(part.local, keys)
        # A share that was only added up on the way stands as the sum that it made.
        row["down"] = written(part.sum, keys) if part.down is None else edge["contrib"]
        row["sum"] = row["down"] if part.of == 1 else written(part.sum, keys)
        row["of"] = part.of
        if told:
            row["says"] = clean(words.row_text(story.board, step, part)[1])
        parts.append(row)
    up = step.up
    if isinstance(up, tuple | list) or up is None:
        up = next((u for u in up or () if u is not None), 0.0)
    whole = nodes[step.node].get("grad")
    found = {"node": step.node, "up": written(up) if whole is None else whole, "lines": [], "parts": parts}
    if told:
        found["says"] = clean(words.backward_sentence(story.board, step))
    return found


def _leaf(story: Story, item: Item) -> dict[str, Any]:
    found: dict[str, Any] = {"node": item.id}
    one = story.nudges.get(item.id)
    if one is not None:
        found["nudge"] = _nudge(one)
    row = story.row_of.get(item.id)
    if row is not None and row.step is not None:
        found["step"] = written(row.step)
    if row is not None and row.share is not None:
        found["share"] = row.share
    return found


def _nudge(one: Nudge) -> dict[str, Any]:
    return {
        "eps": written(one.eps),
        "before": written(one.before),
        "after": written(one.after),
        "slope": written(one.slope),
        "text": one.sentence(),
    }


def _outcome(story: Story) -> dict[str, Any]:
    failure = story.failure
    if failure is None:
        return {"status": "ok"}
    found: dict[str, Any] = {"status": "failed"}
    last = story.board.items[-1] if story.board.items else None
    if last is not None and last.op is not None and last.op is failure.op and last.node is None:
        found["node"] = last.id
    found["what"] = clean_lines(failure.what)
    if failure.where:
        found["where"] = clean_lines(failure.where)
    if failure.help:
        found["help"] = clean_lines(failure.help)
    return found


def clean_lines(text: str) -> str:
    """Text of several lines without other control characters."""
    return "\n".join("".join(c if c.isprintable() else " " for c in line) for line in text.splitlines())


def _source(story: Story) -> dict[str, Any] | None:
    """The user's lines that operations stand on, of the file that holds most of them, by number."""
    files: dict[str, dict[int, str]] = {}
    for item in story.board.operations:
        site = item.site
        if site is not None and site.text.strip():
            files.setdefault(site.file, {})[site.line] = site.text
    if not files:
        return None
    file = max(files, key=lambda f: len(files[f]))
    lines = {str(n): clean_lines(text) for n, text in sorted(files[file].items())}
    return {"file": clean(os.path.basename(file)), "lines": lines}
