"""Cards: the expression and the slopes of each gate of a graph, and the parts of a training step."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from adjoint.explain import words
from adjoint.explain.items import Item
from adjoint.graph.text import clean

if TYPE_CHECKING:
    from adjoint.explain.story import Story

#: So many flip cards at most, and so many names in a sentence.
CARDS, NAMES = 40, 3


def flip_cards(story: Story) -> list[dict[str, Any]]:
    """One card for each gate of the graph that passes gradients: in front its expression, behind its slopes."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    seen: set[str] = set()
    for item in story.board.operations:
        if item.op is None or not item.op.differentiable or item.dead or item.op.name in seen:
            continue
        if not item.params or len(found) >= CARDS:
            seen.add(item.op.name)
        if len(found) >= CARDS:
            continue
        expression, slopes = words.general(item)
        if not slopes and not item.op.words and item.op.gate in ("own rule", ""):
            continue
        found.setdefault(
            (item.op.name, expression.text),
            {
                "op": clean(item.op.name),
                "text": expression.text,
                "mathml": expression.mathml,
                "slopes": [{"by": by, "text": slope.text, "mathml": slope.mathml} for by, slope in slopes],
            },
        )
    return list(found.values())


def listed(names: Sequence[str]) -> str:
    """Names as people list them: ``w``, ``w and b``, ``w, b, u and 4 more``.

    >>> listed(["w"]), listed(["w", "b"]), listed(["a", "b", "c", "d", "e"])
    ('w', 'w and b', 'a, b, c and 2 more')
    """
    shown = list(names) if len(names) <= NAMES + 1 else [*names[:NAMES], f"{len(names) - NAMES:,} more"]
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1] if shown else ""


def training_step(story: Story) -> Iterator[dict[str, Any]]:
    """The parts of one training step on this graph, in an order that is not yet right, and why orders are wrong."""
    root, parameters = story.board.root, [i.name for i in story.board.parameters]
    if root is None or root.kind != "op" or not parameters or not story.backward:
        return
    data = [i.name for i in story.board.items if i.role == "data"]
    middle = _middle(story.board.operations, root)
    texts = {
        "fetch": f"Take the next examples: {listed(data)}." if data else "Take the next examples.",
        "forward": f"Forward pass: compute {listed(middle)} from {listed(parameters)}."
        if middle
        else f"Forward pass: compute what the loss needs from {listed(parameters)}.",
        "loss": f"Compute the loss {root.name}.",
        "zero": f"Set the gradients of {listed(parameters)} to zero.",
        "backward": f"Backward pass from {root.name}: all gradients at once.",
        "update": f"Update: {_updates(parameters, root.name)}.",
    }
    order = ["zero", "update", "loss", "fetch", "backward", "forward"]
    random.Random(f"parts {len(story.board.items)}").shuffle(order)
    if order.index("forward") < order.index("loss") < order.index("backward") < order.index("update"):
        order.reverse()
    yield {
        "kind": "parts",
        "parts": [{"id": name, "text": texts[name]} for name in order],
        "before": [
            ["fetch", "forward", "The forward pass needs its examples first."],
            ["forward", "loss", "The loss is computed from what the forward pass gives."],
            ["loss", "backward", f"The backward pass starts at the loss: ∂{root.name}/∂{root.name} = 1."],
            ["backward", "update", "The update needs the gradients of this step, and the backward pass makes them."],
        ],
        "apart": [
            ["zero", "backward", "update", "Zeroing between backward and update wipes out what the update needs."]
        ],
        "why": "Gradients add up in place: without zeroing, the last step's would be added to this step's. Anywhere "
        "outside of backward and update will do, after the update too.",
    }


def _middle(operations: Sequence[Item], root: Item) -> list[str]:
    """Results between inputs and loss: those that the user named, else all."""
    between = [i for i in operations if i is not root]
    own = [i.name for i in between if i.node is not None and i.node.label == i.name]
    return own or [i.name for i in between]


def _updates(parameters: Sequence[str], root: str) -> str:
    told = [f"{p} ← {p} − η × ∂{root}/∂{p}" for p in parameters[:2]]
    return ", ".join(told) + (f" and {len(parameters) - 2:,} more" if len(parameters) > 2 else "")
