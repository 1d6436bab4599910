"""What the code looked at: where a run with other inputs would take another way than the one that is told.

A story holds the operations of one run. A branch of Python, ``if x > 1``, leaves no operation in it; what it asked
is told beside it, as instructions of the live table, so that a page that computes again can ask it again.
"""

from __future__ import annotations

from typing import Any

from adjoint.explain.items import Board, Item
from adjoint.explain.listener import Look
from adjoint.explain.recording import Recording
from adjoint.explain.rules import BOOL, F64, Code, NoScalarForm, Notes, Ref, as_truth, emitted, has_code, is_number
from adjoint.explain.statistics import written
from adjoint.graph.graph import collect
from adjoint.graph.node import Node
from adjoint.graph.text import clean
from adjoint.site import site_of


def looks_of(board: Board, recording: Recording) -> list[dict[str, Any]]:
    """Each value that the code looked at and that depends on an input: where, what it was, how to ask it again.

    One that cannot be asked again (it works on arrays, or with a user's own operation) has no instructions.
    """
    inputs = {*recording.parameters, *recording.data}
    follows = set(inputs)
    for node in recording.nodes:
        if any(type(i) is Node and i in follows for i in node.inputs):
            follows.add(node)
    found: dict[str, dict[str, Any]] = {}
    for look in (one for one in recording.looks if one.node in follows):
        # What is asked stands where it was computed; a jump behind "or" is placed elsewhere by Python itself.
        own = look.truth and not look.node.is_leaf and look.node.code is look.code
        site = look.node.site if own else site_of(look.code, look.lasti)
        told: dict[str, Any] = {"text": clean(site.expression) if site is not None else "", "truth": look.truth}
        if site is not None:
            told["line"] = site.line
        try:
            if not look.heard:
                raise NoScalarForm("asked too often")
            told["reads"], told["code"] = _instructions(board, recording, look)
            value = recording.values[look.node]
            told["was"] = written(bool(value) if look.truth else value)
        except (NoScalarForm, AttributeError):
            behind = inputs if not look.heard else inputs.intersection(collect([look.node]))
            told["reads"] = sorted(board.at[n] for n in behind if n in board.at)
        found[repr(told)] = told  # a loop may ask the same again in each of its rounds
    return list(found.values())


def _instructions(board: Board, recording: Recording, look: Look) -> tuple[list[int], Code]:
    """The items that a look reads, and what makes its value from theirs; raises NoScalarForm where there is none."""
    k = Notes()
    reads: list[int] = []
    memo: dict[Node, tuple[Ref, bool]] = {}
    for node in collect([look.node], frozenset(board.at)):
        if node in board.at:
            item = board.items[board.at[node]]
            memo[node] = _read(k, item, len(reads))
            reads.append(item.id)
        elif node.is_leaf:
            value = recording.values[node]
            if getattr(value, "shape", ()):
                raise NoScalarForm("an array")
            memo[node] = (k.const(value), False)
        else:
            op, params = node.op, node.params or {}
            if node.shape != () or node.dtype not in (BOOL, F64) or not has_code(op, params):
                raise NoScalarForm(op.name)
            operands = [memo[i] if type(i) is Node else (k.const(i), False) for i in node.inputs]
            memo[node] = emitted(k, op, params, operands, node.dtype == BOOL)
    ref, is_truth = memo[look.node]
    return reads, k.code(as_truth(k, ref, is_truth) if look.truth else ref)


def _read(k: Notes, item: Item, place: int) -> tuple[Ref, bool]:
    if not is_number(item):
        raise NoScalarForm(item.name)
    truth = item.specs[0].dtype == BOOL
    return (k.truth(f"x{place}") if truth else f"x{place}"), truth
