"""The words of each operation as templates: what a page fills in itself, so that its sentences follow edited inputs."""

from __future__ import annotations

from typing import Any

from adjoint.explain.items import Board, Item
from adjoint.graph.text import clean
from adjoint.primitives import words
from adjoint.primitives.record import Primitive
from adjoint.primitives.structure import ITEM


def gate_words(board: Board) -> dict[str, dict[str, Any]]:
    """The templates of every operation on the board, by its name; what it has none of is absent."""
    found: dict[str, dict[str, Any]] = {}
    for item in board.operations:
        assert item.op is not None
        name = clean(item.op.name)
        if name not in found:
            found[name] = _templates(item.op)
    return found


def follows_numbers(board: Board, item: Item) -> bool:
    """Whether the sentences about a gate follow from the templates and from numbers that a page has.

    They do not where arrays or complex numbers are, or parameters that the words speak of.
    """
    op = item.op
    assert op is not None
    if op.lift is not None or item.several or op is ITEM:
        return False
    if any(f"{{{name}}}" in text for name in item.params for text in (op.words, op.formula, *op.slopes)):
        return False
    return all(s.shape == () and s.dtype.kind != "c" for o in (*board.operands(item), item) for s in o.specs)


def _templates(op: Primitive) -> dict[str, Any]:
    found: dict[str, Any] = {"verb": clean(words.verb(op)), "back": clean(words.template(op))}
    if op.name in words.PAIRS:
        found["tie"], found["some"] = words.pair_templates(op)
    if op.formula and op.lift is None:
        found["formula"] = op.formula
    if any(op.slopes):
        found["slopes"] = list(op.slopes)
    if op.family == "router" and op.name not in words.PAIRS:
        found["routes"] = True
    if op.kinks:
        found["kink"] = clean(op.kinks)
    return found
