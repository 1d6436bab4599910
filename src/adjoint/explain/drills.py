"""Exercises on single backward steps: predict what a gate passes back, put steps in order, name gates, find errors."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from adjoint.explain.items import Item
from adjoint.explain.mistakes import false_value
from adjoint.explain.passes import Part
from adjoint.graph.text import clean
from adjoint.primitives.record import NUMPY, REGISTRY
from adjoint.primitives.structure import ITEM

if TYPE_CHECKING:
    from adjoint.explain.story import Story

#: So many cards are put in order at most, and so many gates stand to choose from.
CARDS, BUTTONS = 7, 6
#: Gates that may stand beside the right one, by how many inputs they have.
_POOLS = {
    1: ("negative", "square", "exp", "log", "sin", "cos", "tanh", "sqrt", "reciprocal", "abs", "relu"),
    2: ("add", "subtract", "multiply", "divide", "maximum", "minimum", "power", "arctan2"),
}


def number_of(value: Any) -> float | None:
    """A finite real number, or None for arrays, complex numbers, truth values, NaN and infinity."""
    array = np.asarray(value) if value is not None and not isinstance(value, tuple | list) else None
    if array is None or array.shape or array.dtype.kind not in "fiu" or not np.isfinite(array):
        return None
    return float(array)


def varied(story: Story) -> list[int]:
    """The backward steps in the order in which they are asked: a first one of every gate, then a second one, ..."""
    seen: dict[str, int] = {}
    ranked = []
    for i, step in enumerate(story.backward):
        op = story.board.items[step.node].op
        name = op.name if op is not None else ""
        seen[name] = seen.get(name, 0) + 1
        ranked.append((seen[name], i))
    return [i for _, i in sorted(ranked)]


def predictions(story: Story) -> Iterator[dict[str, Any]]:
    """What does this gate pass back to each input? Of arrays the shape is asked for.

    Where the last branch of a value comes in, the sum of its branches is asked for too.
    """
    last: dict[int, int] = {}  # by source: the edge of its last branch
    for step in story.backward:
        for part in step.parts:
            last[story.board.edges[part.edge].src] = part.edge
    for i in varied(story):
        step = story.backward[i]
        item = story.board.items[step.node]
        if item.op is None or item.op is ITEM or item.several:
            continue
        asks: list[dict[str, Any]] = []
        for part in step.parts:
            asks += _asks(part, last[story.board.edges[part.edge].src])
        if asks:
            yield {"kind": "predict", "step": i + 1, "gate": clean(item.op.name), "asks": asks}


def _asks(part: Part, last: int) -> Iterator[dict[str, Any]]:
    if part.down is None:
        return
    if np.ndim(part.down):
        yield {"edge": part.edge, "what": "shape"}
    elif number_of(part.down) is not None:
        yield {"edge": part.edge, "what": "share"}
        if part.of > 1 and part.edge == last and number_of(part.sum) is not None:
            yield {"edge": part.edge, "what": "sum"}


def orders(story: Story, count: int) -> Iterator[dict[str, Any]]:
    """Cards of backward steps to put in order; ``needs`` says which must wait for which, through hidden ones too."""
    backward = story.backward
    if len(backward) < 2 or story.board.root is None:
        return
    rows = len(backward)
    starts = list(dict.fromkeys([0] if rows < CARDS else [0, rows - CARDS + 1, (rows - CARDS) // 2]))[:count]
    for start in starts:
        # The turn (0) stands in front: the backward pass starts there.
        chosen = [0, *range(start + 1, min(rows, start + CARDS - 1) + 1)]
        needs = _needs(story, chosen)
        if len(chosen) < 3:
            continue
        shown = chosen[:]
        random.Random(f"order {len(story.board.items)} {start}").shuffle(shown)
        place = {step: i for i, step in enumerate(shown)}
        if all(place[early] < place[late] for late, early in needs):
            shown.reverse()
        yield {"kind": "order", "steps": shown, "needs": needs}


def _needs(story: Story, chosen: list[int]) -> list[list[int]]:
    """Pairs [late, early] of chosen steps: the gradient of late's gate is complete only after early."""
    edges = story.board.edges
    at = {story.backward[i - 1].node: i for i in chosen if i}
    before: dict[int, set[int]] = {0: set()}
    # Chosen steps stand side by side, so all that lies between two of them is chosen too.
    for late in sorted(at.values()):
        found = {0}
        for edge in story.board.items[story.backward[late - 1].node].outs:
            user = at.get(edges[edge].dst)
            # A share comes only from a step that has a row for this very edge.
            if user is not None and user < late and any(p.edge == edge for p in story.backward[user - 1].parts):
                found |= {user, *before[user]}
        before[late] = found
    return [[late, early] for late in chosen for early in sorted(before[late], reverse=True)]


def names(story: Story) -> Iterator[dict[str, Any]]:
    """Which gate is it? Only such gates stand beside the right one that would pass back other numbers."""
    for i in varied(story):
        step = story.backward[i]
        item = story.board.items[step.node]
        if item.op is None or item.params or len(item.ins) not in _POOLS or item.op.lift is not None:
            continue
        values = [number_of(o.value) for o in story.board.operands(item)]
        downs = [number_of(p.down) for p in step.parts]
        up = number_of(step.up)
        if up is None or not up or None in values or None in downs or item.op.name not in REGISTRY:
            continue
        slots = [story.board.edges[p.edge].slot for p in step.parts]
        rng = random.Random(f"name {item.id} {item.op.name}")
        pool = [n for n in _POOLS[len(values)] if n != item.op.name]
        rng.shuffle(pool)
        options = [_option(item.op.name, item.op.symbol, downs)]
        for other in pool:
            made = would_pass(other, [v for v in values if v is not None], item, slots, up)
            if made is not None and len(options) < BUTTONS and not _alike(made, options):
                options.append(_option(other, REGISTRY[other].symbol, made))
        if len(options) < 3:
            continue
        rng.shuffle(options)
        yield {"kind": "name", "step": i + 1, "options": options}


def _option(name: str, symbol: str, downs: list[Any]) -> dict[str, Any]:
    return {"op": name, "symbol": symbol or name, "downs": downs}


def _alike(downs: list[float], options: list[dict[str, Any]]) -> bool:
    """Whether some option passes back the same, so that nobody could tell the two apart."""
    return any(all(abs(a - b) <= 1e-9 + 0.01 * abs(b) for a, b in zip(downs, o["downs"], strict=True)) for o in options)


def would_pass(name: str, values: list[float], item: Item, slots: list[int], up: float) -> list[float] | None:
    """What another gate at the same place would pass back, by its own record; None where it is not defined there."""
    op = REGISTRY[name]
    xs = [np.float64(v) for v in values]
    with np.errstate(all="ignore"):
        out = op.value(*xs)
        found = []
        for slot in slots:
            pull = op.pulls[slot] if slot < len(op.pulls) else None
            made = None if pull is None else number_of(pull(NUMPY, np.float64(up), (*xs, out), item.node))
            if made is None or number_of(out) is None:
                return None
            found.append(made)
    return found


def false_ones(story: Story, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One slope, share or sum is false: which? Each false number differs visibly from the right one."""
    edges, items = story.board.edges, story.board.items
    last = {edges[p.edge].src: p.edge for step in story.backward for p in step.parts}
    for i in varied(story):
        for part in story.backward[i].parts:
            source, gate = items[edges[part.edge].src], items[edges[part.edge].dst]
            leaf, scaled = source.kind == "leaf", number_of(part.local) is not None and number_of(part.down) is not None
            tried: list[tuple[str, str]] = []
            if scaled and gate.op is not None and gate.op.name == "multiply":
                tried.append(("slope", "kept"))
            if scaled:
                tried.append(("slope", "sign"))
            if scaled and leaf and part.of == 1:
                tried.append(("share", "upstream"))
            if part.of > 1 and leaf and part.edge == last[source.id] and number_of(part.sum) is not None:
                tried.append(("sum", "branch"))
            for place, mistake in tried:
                made = {"kind": "wrong", "step": i + 1, "edge": part.edge, "place": place, "mistake": mistake}
                made["through"] = bool(place == "slope" and leaf and number_of(story.backward[i].up) is not None)
                value = false_value(made, document)
                if value is not None:
                    yield {**made, "value": value}
