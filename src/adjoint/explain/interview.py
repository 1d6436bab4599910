"""Questions as an interviewer asks them: on this graph, with answers that the engine computes, and general ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from adjoint.apply import make
from adjoint.differentiate.cotangent import plain
from adjoint.differentiate.reverse import reverse
from adjoint.explain.cards import listed
from adjoint.explain.cost import counted, total_bytes
from adjoint.explain.drills import number_of
from adjoint.explain.items import Item
from adjoint.explain.passes import seed_for
from adjoint.graph.text import clean
from adjoint.modes import switched
from adjoint.numbers import format_bytes, format_gradient, format_number
from adjoint.tensor import Tensor

if TYPE_CHECKING:
    from adjoint.explain.story import Story

#: The second derivative is worked out in graphs of up to so many operations.
SECOND = 500


def questions(story: Story) -> Iterator[dict[str, Any]]:
    """The questions about this graph. ``number`` is the answer where it is one number; ``values``: true only here."""
    makers = (_visits, _kept, _mixed, _modes, _weakest, _fastest, _branches, _data)
    for maker in makers:
        for one in maker(story):
            yield {"kind": "interview", **one}


def _visits(story: Story) -> Iterator[dict[str, Any]]:
    gates: dict[str, list[str]] = {}
    for step in story.backward:
        item = story.board.items[step.node]
        if item.op is not None:
            gates.setdefault(clean(item.op.name), []).append(item.name)
    name = max(gates, key=lambda g: (g == "multiply", len(gates[g])))
    many = len(gates[name])
    yield {
        "question": f"How often does the backward pass visit {name} gates here?",
        "answer": f"{_times(many)}: at {listed(gates[name])}. Each gate on a path to a parameter is visited once, "
        "however many inputs there are, because its upstream gradient is complete when its turn comes.",
        "number": many,
    }


def _times(n: int) -> str:
    return "Once" if n == 1 else "Twice" if n == 2 else f"{n:,} times"


def _kept(story: Story) -> Iterator[dict[str, Any]]:
    kept = [k for k in story.kept if k.node is not None]
    if not story.kept:
        answer = "None: 0 bytes. Every slope on the way back is a constant, so no gate needs a value."
    else:
        reasons = [clean(k.why) for k in kept[:3]]
        shown = "; ".join(reasons) + (f"; and {len(kept) - 3:,} more" if len(kept) > 3 else "")
        sharing = " A value that several gates need is held once." if len({k.node for k in kept}) < len(kept) else ""
        answer = f"{format_bytes(total_bytes(story.kept))} in all: {shown}.{sharing}"
    yield {
        "question": "Which gates need values of the forward pass kept for the backward pass, and how many bytes is "
        "that?",
        "answer": answer,
        "number": total_bytes(story.kept),
    }


def _mixed(story: Story) -> Iterator[dict[str, Any]]:
    root = story.board.root
    numbers = [i for i in story.board.parameters if i.node is not None and number_of(i.grad) is not None]
    if root is None or number_of(root.value) is None or len(numbers) < 2 or len(story.board.items) > SECOND:
        return
    # The last one first: what was declared early is often a factor of it.
    slopes = second(story, numbers[-2:] if len(numbers) > 8 else numbers)
    pairs = [(b, a, slopes[b.id, a.id]) for b in numbers for a in numbers if b is not a and (b.id, a.id) in slopes]
    chosen = [next((p for p in pairs if p[2]), None), next((p for p in pairs if not p[2]), None)]
    for b, a, rate in (p for p in chosen if p is not None):
        now = f"∂{root.name}/∂{b.name} is {format_gradient(b.grad)} here"
        if rate:
            ways = "by about" if abs(rate) >= 1e-9 else "by only"
            answer = (
                f"{now}. If {a.name} grows by 0.001 it changes {ways} {format_gradient(rate * 0.001)}, for the second "
                f"derivative by {b.name} and {a.name} is {format_gradient(rate)}: {a.name} is in a slope or an "
                f"upstream gradient on the way back to {b.name}."
            )
        else:
            answer = (
                f"Nothing, to first order: {now}, and the second derivative by {b.name} and {a.name} is 0. On the way "
                f"back to {b.name} no slope changes with {a.name}."
            )
        yield {
            "question": f"What happens to the gradient of {b.name} if {a.name} changes a little?",
            "answer": answer,
            "values": True,
        }


def second(story: Story, wanted: list[Item]) -> dict[tuple[int, int], float]:
    """Second derivatives by pairs of leaves: the reverse walk once more, from each recorded gradient.

    Empty where some rule cannot be differentiated again.
    """
    root, recording = story.board.root, story.recording
    assert root is not None
    assert root.node is not None
    nodes = [i.node for i in wanted if i.node is not None]
    bound = min(i.node.seq for i in story.board.items if i.node is not None)
    found: dict[tuple[int, int], float] = {}
    setting: dict[str, Any] = {"everything": False, "recording": True, "dead": recording.dead, "listener": None}
    try:
        with switched(**setting, origin=None), np.errstate(all="ignore"):
            seed = make(seed_for(np.asarray(root.value)[()]), None)
            first = reverse([(root.node, seed)], nodes, bound=bound, records=True).found
            for item, node in zip(wanted, nodes, strict=True):
                gradient = plain(first.get(node)) if first.get(node) is not None else None
                again: Any = {}
                if type(gradient) is Tensor and gradient._node is not None:
                    one = make(seed_for(gradient._value), None)
                    again = reverse([(gradient._node, one)], nodes, bound=bound, records=True).found
                for other, by in zip(wanted, nodes, strict=True):
                    got = again.get(by)
                    value = 0.0 if got is None else number_of(getattr(plain(got), "_value", plain(got)))
                    if value is not None:
                        found[item.id, other.id] = value
    except Exception:  # noqa: BLE001  a user's own rule may raise anything; then nobody asks
        return {}
    return found


def _modes(story: Story) -> Iterator[dict[str, Any]]:
    cost, root = story.cost, story.board.root
    if not cost.inputs or root is None:
        return
    outputs = int(np.prod(root.specs[0].shape))
    n, p = cost.gates, cost.inputs
    forward = (1 + p) * n
    if p > outputs:
        best = f"Reverse mode: there are more inputs than outputs, {p:,} against {outputs:,}"
    elif p < outputs:
        best = f"Forward mode: there are fewer inputs than outputs, {p:,} against {outputs:,}"
    else:
        best = f"Either: there are as many inputs as outputs, {p:,}; forward mode keeps nothing in memory"
    yield {
        "question": f"{counted(p, 'input')}, {counted(outputs, 'output')}, {counted(n, 'gate')}: reverse or forward "
        "mode, and how many gate visits does each take?",
        "answer": f"{best}. Reverse: one forward pass and one backward pass for each output, "
        f"{(1 + outputs) * n:,} visits. Forward: the values, and a tangent for each input, {forward:,}. Differences "
        f"one at a time: {cost.visits_differences:,}, and only approximate. What reverse mode pays for it is memory: "
        f"{format_bytes(total_bytes(story.kept))} here.",
    }


def _weakest(story: Story) -> Iterator[dict[str, Any]]:
    edges, items = story.board.edges, story.board.items
    rows = [
        (size, edges[part.edge])
        for step in story.backward
        for part in step.parts
        if (size := _mean_size(part.local)) is not None
    ]
    question = "Where does the gradient vanish, or shrink most, on its way back, and why?"
    zero = next((i for i in items if i.zero and i.role in ("parameter", "intermediate")), None)
    if zero is not None:
        answer = f"At {zero.name or 'a constant'}: {clean(zero.zero)}."
    elif not rows:
        return
    else:
        size, edge = min(rows, key=lambda r: r[0])
        gate, source = items[edge.dst], items[edge.src]
        assert gate.op is not None
        where = f"at the {clean(gate.op.name)} gate {gate.name}, by {source.name or 'its constant'}"
        what = "the mean size of the slopes there" if np.ndim(edge.local) else "the slope there"
        if size == 0 and gate.op.family == "router":
            answer = f"It vanishes {where}: the gate routes, and this input was not chosen, so its slope is 0."
        elif size == 0:
            answer = f"It vanishes {where}: {what} is 0 at these values."
        elif size < 1:
            answer = (
                f"Nowhere does all of it vanish; it shrinks most {where}: {what} is {format_number(size)}"
                f"{' in size' if what == 'the slope there' else ''}. "
                "Slopes multiply along a path, so a few such gates in a row leave almost nothing."
            )
        else:
            answer = (
                f"Nowhere: the smallest slope has size {format_number(size)}, {where}, so no gate makes it smaller. "
                "Only branches with opposite signs could cancel."
            )
    yield {"question": question, "answer": answer, "values": True}


def _mean_size(local: Any) -> float | None:
    """How large a local derivative is, over its entries; None where it is no factor, or not finite."""
    if local is None or np.asarray(local).dtype.kind not in "fiu" or not np.size(local):
        return None
    if not np.ndim(local):
        return abs(float(local)) if np.isfinite(local) else None
    with np.errstate(all="ignore"):
        size = float(np.mean(np.abs(local), dtype=np.float64))
    return size if np.isfinite(size) else None


def _fastest(story: Story) -> Iterator[dict[str, Any]]:
    root = story.board.root
    slopes = [(i, g) for i in story.board.parameters if (g := number_of(i.grad)) is not None]
    if root is None or len(slopes) < 2 or not any(g for _, g in slopes):
        return
    item, slope = max(slopes, key=lambda s: abs(s[1]))
    way = "down" if slope > 0 else "up"
    yield {
        "question": f"You may move one input a little to make {root.name} smaller. Which one, and which way?",
        "answer": f"{item.name}, {way}: its gradient, {format_gradient(slope)}, is the largest in size, so a step of "
        f"0.001 {way} changes {root.name} by about {format_gradient(-abs(slope) * 0.001)}. The gradient points uphill; "
        "descent goes against its sign.",
        "values": True,
    }


def _branches(story: Story) -> Iterator[dict[str, Any]]:
    shares: dict[int, list[Any]] = {}
    for step in story.backward:
        for part in step.parts:
            shares.setdefault(story.board.edges[part.edge].src, []).append(part.down)
    for source, parts in shares.items():
        item, numbers = story.board.items[source], [number_of(p) for p in parts]
        if len(parts) < 2 or None in numbers or number_of(item.grad) is None:
            continue
        told = [format_gradient(n) for n in numbers[:4]] + (["..."] if len(numbers) > 4 else [])
        yield {
            "question": f"{item.name} is used {len(parts):,} times. What is its gradient, and why?",
            "answer": f"{', '.join(told[:-1])} and {told[-1]} make {format_gradient(item.grad)}. A small change of "
            f"{item.name} goes down every branch at once, and small effects add: the copy gate adds on the way back.",
            "number": number_of(item.grad),
            "values": True,
        }
        return


def _data(story: Story) -> Iterator[dict[str, Any]]:
    item = next((i for i in story.board.items if i.role == "data" and i.outs), None)
    if item is None:
        return
    yield {
        "question": f"{item.name} is an input, so why does the backward pass bring it no gradient?",
        "answer": f"Because nobody asked for it: {item.name} is data, not something to differentiate by. The walk "
        "follows only paths to parameters, and gates keep only what those need; that saves visits and memory.",
    }


GENERAL: tuple[dict[str, str], ...] = (
    {
        "question": "Explain backpropagation in two sentences.",
        "answer": "Run the computation once and keep what the slopes will need. Then go through the gates in reverse "
        "order: each multiplies the gradient that arrives by its local slope, one product for each input, and where a "
        "value was used more than once the products add.",
    },
    {
        "question": "Why do branches add?",
        "answer": "By the chain rule in several variables: the change of the result is the sum over all paths of the "
        "product of the slopes along the path. The backward pass computes this sum without listing the paths.",
    },
    {
        "question": "Why not symbolic differentiation, or finite differences?",
        "answer": "Formulas written out repeat shared parts and can grow exponentially; a graph computes each part "
        "once. Differences need one run for each input and lose half of the digits: a small step drowns in rounding, a "
        "large one in curvature. They serve to check gradients.",
    },
    {
        "question": "Why do gradients vanish or explode in deep networks, and what helps?",
        "answer": "Along a path slopes multiply: many below 1 leave almost nothing, many above 1 overflow. What helps: "
        "activations with slope near 1, careful initial weights, normalisation, residual connections (a sum passes the "
        "gradient unchanged), gates as in an LSTM, clipping.",
    },
    {
        "question": "What does reverse mode cost in memory, and how is that reduced?",
        "answer": "Every value that some slope needs is kept until its gate has been visited, so memory grows with the "
        "number of gates. Checkpointing keeps a few and computes the others again: with the square root of n "
        "checkpoints about the square root of n values, for one more forward pass.",
    },
    {
        "question": "What is the gradient of relu at 0?",
        "answer": "There is none: the slopes from the left and the right are 0 and 1. Every number between them is a "
        "subgradient; libraries choose one, mostly 0. Exactly 0 is rare with real data, but not after zero "
        "initialisation.",
    },
    {
        "question": "Softmax followed by cross-entropy: what is the gradient by the scores, and why compute both "
        "together?",
        "answer": "Probabilities minus the one-hot label, p − y. Together the exponentials and the logarithm cancel: "
        "no overflow for large scores, no logarithm of 0, and the gradient stays useful when the prediction is surely "
        "wrong.",
    },
    {
        "question": "A bias was broadcast over a batch. What shape has its gradient?",
        "answer": "That of the bias. Broadcasting uses one value many times, and branches add: the gradient is summed "
        "over the axes that were broadcast.",
    },
    {
        "question": "How do you test a derivative that you wrote by hand?",
        "answer": "Compare with central differences at random points away from kinks, in double precision, with a step "
        "near the cube root of the rounding unit, by relative error; try several step sizes, every input and odd "
        "shapes.",
    },
)
