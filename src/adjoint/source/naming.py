"""Which value is called what: the user's names first, then g_x for cotangents, then t1, t2, ..."""

from __future__ import annotations

from collections.abc import Sequence

from adjoint.graph.node import Node
from adjoint.primitives.structure import ITEM
from adjoint.source.identifiers import Names
from adjoint.source.statements import Program, Slot


def labels(nodes: Sequence[Node]) -> dict[Node, str | None]:
    """The user's name for each value, where the user gave one.

    A function made of several operations (``s = softmax(x)``) records them all at one place of the
    user's code; only the last of them is ``s``.
    """
    found: dict[Node, str | None] = {}
    run: list[Node] = []
    for node in nodes:
        if node.is_leaf or node.op is ITEM:
            found[node] = node.name
        elif node.origin is not None:
            found[node] = node.name or _cotangent_label(node)
        else:
            if run and (node.code is not run[0].code or node.lasti != run[0].lasti):
                _label_run(run, found)
                run = []
            run.append(node)
    _label_run(run, found)
    return found


def _label_run(run: list[Node], found: dict[Node, str | None]) -> None:
    """Names the nodes made one after the other at one place: the last of each round of a loop."""
    ops = [n.op for n in run]
    period = next((p for p in range(1, len(run)) if len(run) % p == 0 and ops == ops[:p] * (len(run) // p)), len(run))
    for i, node in enumerate(run):
        found[node] = node.label if i % period == period - 1 else node.name


def _cotangent_label(node: Node) -> str | None:
    """For a gradient inside a graph: the input whose cotangent it is, as far as the node tells."""
    assert node.origin is not None
    gate, index, role = node.origin
    target = gate if role == "branch" else gate.inputs[index] if index >= 0 else None
    label = target.label if type(target) is Node else None
    return None if label is None else f"g_{label}"


def give_names(program: Program, taken: Sequence[str]) -> None:
    """Names every value: each identifier is safe, and taken over only where its old value is no longer read."""
    names = Names(taken)
    last = program.uses()
    for slot in program.parameters:
        if slot.follows is None:
            slot.name = names.new(slot.wish or "x")
    for statement in program.statements:
        for slot in statement.targets:
            if slot.wish and slot.follows is None:
                slot.name = names.new(slot.wish)
    for slot in program.parameters:
        if slot.follows is not None:
            slot.name = names.new(f"g_{_named(slot.follows, names)}")
    for i, statement in enumerate(program.statements):
        for slot in statement.targets:
            if slot.name:
                continue
            before = statement.renews
            if before is not None and before.follows is not None and last.get(before, i) <= i:
                slot.name = before.name
            elif slot.follows is not None:
                slot.name = names.new(f"g_{_named(slot.follows, names)}")
            else:
                slot.name = names.counted("k" if statement.role == "constant" else "t")


def _named(slot: Slot, names: Names) -> str:
    if not slot.name:  # a forward value without a name stands before its cotangent, so it has one by now
        slot.name = names.counted("t")
    return slot.name
