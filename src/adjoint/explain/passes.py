"""The passes of an explanation: values where they are missing, and the backward pass gate by gate.

The backward pass is the engine's own walk, which tells every share that it passes back. Here the
shares are only put in their places.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adjoint.apply import make
from adjoint.differentiate.cotangent import plain
from adjoint.differentiate.gates import Step
from adjoint.differentiate.reverse import reverse
from adjoint.explain.items import Board, Item
from adjoint.explain.recording import Recording
from adjoint.graph.node import Node
from adjoint.modes import switched
from adjoint.primitives.record import NUMPY
from adjoint.primitives.structure import ITEM
from adjoint.tensor import Tensor

#: Up to so many edges the share of every indexing gate is worked out; beyond, only their sum.
DETAIL = 5_000


@dataclass(slots=True, eq=False)
class Part:
    """One row of a backward step: what one use sends back, and the total at its source after it."""

    edge: int
    local: Any
    down: Any
    sum: Any
    #: How many branches that source will have.
    of: int


@dataclass(slots=True, eq=False)
class BackwardStep:
    """One gate of the backward pass: the gradient that arrives, and what it passes to each input."""

    node: int
    up: Any
    parts: list[Part] = field(default_factory=list)


def seed_for(value: Any) -> Any:
    """The derivative of the root by itself: 1, for an array 1 an entry."""
    ones = np.ones(np.shape(value), value.dtype)
    return ones if ones.shape else ones[()]


def recompute(board: Board, changed: dict[int, Any], order: list[Item]) -> dict[int, Any]:
    """The values of some items, in order, where others have changed. Warnings are the first run's business."""
    found = dict(changed)
    with np.errstate(all="ignore"):
        for item in order:
            operands = [found.get(o.id, o.value) for o in board.operands(item)]
            assert item.op is not None
            if item.op is ITEM:
                found[item.id] = operands[0][item.params["index"]]
                continue
            out = item.op.value(*operands, **item.params)
            if item.op.several:
                found[item.id] = tuple(np.asarray(o)[()] for o in out)
            else:
                found[item.id] = out if isinstance(out, np.ndarray) and out.shape else np.asarray(out)[()]
    return found


def fill_values(board: Board) -> list[Item]:
    """Works out the values that the recording did not keep; returns the items that stay unknown."""
    for item in board.items:
        _take_saved(board, item)
    unknown = []
    for item in board.items:
        if item.value is not None:
            continue
        if item.kind == "op" and item.node is not None and all(o.value is not None for o in board.operands(item)):
            item.value = recompute(board, {}, [item])[item.id]
        else:
            unknown.append(item)
    return unknown


def _take_saved(board: Board, item: Item) -> None:
    """What a history saved for its rules are values too: of the operands and of the result."""
    saved = None if item.node is None or item.op is None or item.op.lift is not None else item.node.saved
    if type(saved) is not tuple or len(saved) < 2 or item.op is None:
        return
    operands = saved[0] if item.op.arity is None else saved[:-1]
    for source, value in zip(board.operands(item), operands or (), strict=False):
        if source.value is None and value is not None:
            source.value = value
    if item.value is None and saved[-1] is not None:
        item.value = saved[-1]


def walk_back(board: Board, recording: Recording) -> list[BackwardStep]:
    """Runs the backward pass, puts gradients, local derivatives and shares on the board, and tells the steps."""
    root = board.root
    if root is None or root.node is None or root.dead or root.value is None:
        return []
    for item in board.parameters:
        item.grad = np.zeros(item.specs[0].shape, item.specs[0].dtype)[()]
    detail = len(board.edges) <= DETAIL
    told: list[Step] = []
    seed = seed_for(np.asarray(root.value)[()] if not hasattr(root.value, "dtype") else root.value)
    bound = min(i.node.seq for i in board.items if i.node is not None)
    wanted = [i.node for i in board.parameters if i.node is not None]
    with switched(everything=False, recording=True, dead=recording.dead, listener=None, origin=None):
        walk = reverse([(root.node, make(seed, None))], wanted, bound=bound, records=True, steps=told)
    recording.walk = walk
    totals: dict[Node, Any] = {root.node: seed}
    root.grad = seed
    with np.errstate(all="ignore"):
        steps = _put_in_place(board, told, totals, detail)
    for node, total in totals.items():
        board.items[board.at[node]].grad = total
    _count_branches(board, steps)
    return steps


def _put_in_place(board: Board, told: list[Step], totals: dict[Node, Any], detail: bool) -> list[BackwardStep]:
    """Each share that the walk told at its edge and in its step."""
    steps: list[BackwardStep] = []
    by_gate: dict[Node, BackwardStep] = {}
    for gate, slot, parent, share, total in told:
        step = by_gate.get(gate)
        item = board.items[board.at[gate]]
        if step is None:
            if gate.op.several:
                steps += _outputs(board, item, totals)
            step = by_gate[gate] = BackwardStep(item.id, totals.get(gate))
            steps.append(step)
        edge = board.edges[item.ins[slot]]
        down = None if share is None else _value(share)
        if down is None and detail and not gate.op.several:
            down = gate.op.pulls[0](NUMPY, totals[gate], gate.saved, gate)
        totals[parent] = _value(total)
        edge.contrib = down
        edge.local = _local(item, slot, totals.get(gate))
        step.parts.append(Part(edge.id, edge.local, down, totals[parent], 0))
    return steps


def _outputs(board: Board, gate: Item, totals: dict[Node, Any]) -> list[BackwardStep]:
    """The steps of the outputs of an operation that has several: each gradient returns to its place."""
    steps = []
    for edge in (board.edges[e] for e in gate.outs):
        output = board.items[edge.dst]
        arrived = None if output.node is None else totals.get(output.node)
        if output.op is ITEM and arrived is not None:
            edge.contrib = arrived
            steps.append(BackwardStep(output.id, arrived, [Part(edge.id, None, arrived, arrived, 0)]))
    return steps


def _value(cotangent: Any) -> Any:
    found = plain(cotangent)
    return found._value if type(found) is Tensor else found


def _count_branches(board: Board, steps: list[BackwardStep]) -> None:
    uses: dict[int, int] = {}
    for step in steps:
        for part in step.parts:
            source = board.edges[part.edge].src
            uses[source] = uses.get(source, 0) + 1
    for step in steps:
        for part in step.parts:
            part.of = uses[board.edges[part.edge].src]


def _local(item: Item, slot: int, up: Any) -> Any:
    """The local derivative of an operation by one input, where it is a factor; of scalars always."""
    op, node = item.op, item.node
    if op is None or node is None or op is ITEM:
        return None
    saved = node.saved
    if saved is None:
        saved = (None,) * ((op.arity or 1) + 1)
    local = op.locals[slot] if slot < len(op.locals) else None
    if local is not None:
        found = local(NUMPY, saved, node)
        found = found * 1 if getattr(found, "dtype", np.dtype(float)).kind == "b" else found
        return np.asarray(found)[()]
    if node.dtype is None or node.shape != () or node.input_spec(slot).shape != ():
        return None
    one = node.dtype.type(1)
    if op.pull_all is not None:
        together = op.pull_all(NUMPY, one, saved, node)
        return together[slot] if slot < len(together) else None
    pull = op.pulls[slot] if slot < len(op.pulls) else None
    return None if pull is None else np.asarray(pull(NUMPY, one, saved, node))[()]
