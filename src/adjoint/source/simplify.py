"""What nobody wants to read: arithmetic on constants, g * 1, and what two gates compute alike.

Only lines of gradients are simplified, and never a bit of a result; the user's own lines stay as
they were written.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.graph.graph import constant_key
from adjoint.source import literals
from adjoint.source.statements import Constant, Operand, Program, Slot, Statement


def simplify(program: Program) -> None:
    """Leaves out the lines that say nothing, and puts what they stood for in their place."""
    same: dict[Slot, Operand] = {}
    seen: dict[Any, Slot] = {}
    kept = []
    #: Values in a memory order of their own: a product by 1 would keep it, and so every later sum its order.
    fresh: set[Slot] = set()
    for statement in program.statements:
        statement.operands = [_now(o, same) for o in statement.operands]
        node = statement.node
        if node is not None and node.op.family in {"elementwise", "router"}:
            fresh.add(statement.targets[0])
        if node is None or node.origin is None or node.dtype is None:
            kept.append(statement)
            continue
        target = statement.targets[0]
        stands_for = _trivial(statement)
        if type(stands_for) is Slot and stands_for.spec.shape and stands_for not in fresh:
            stands_for = None
        if stands_for is None and statement.role == "pull":
            first = seen.setdefault(_key(statement), target)
            stands_for = first if first is not target else None
        if stands_for is None:
            kept.append(statement)
        elif target.follows is not None or target.wish:
            # It has a name that later lines speak of: a copy under that name.
            statement.node, statement.operands = None, [stands_for]
            kept.append(statement)
        else:
            same[target] = stands_for
    program.statements = kept
    program.outputs = [_now(o, same) for o in program.outputs]
    if program.gradients is not None:
        program.gradients = [_now(g, same) for g in program.gradients]


def _now(operand: Operand, same: dict[Slot, Operand]) -> Operand:
    return same.get(operand, operand) if type(operand) is Slot else operand


def _key(statement: Statement) -> Any:
    assert statement.node is not None
    params = sorted((k, constant_key(v)) for k, v in (statement.node.params or {}).items())
    operands = [o if type(o) is Slot else constant_key(o.value) for o in statement.operands]
    return statement.node.op, tuple(operands), tuple(params)


def _trivial(statement: Statement) -> Operand | None:
    """The operand or constant that the statement's value is, bit for bit, or None."""
    node, operands = statement.node, statement.operands
    assert node is not None
    name = node.op.name
    known = [o.value for o in operands if type(o) is Constant]
    if operands and len(known) == len(operands) and node.shape == ():
        with np.errstate(all="ignore"):
            value: Any = np.asarray(node.op.value(*known, **(node.params or {})))[()]
        return Constant(value) if literals.writable(value) else None
    chosen: Operand | None = None
    if name == "where" and type(operands[0]) is Constant:
        chosen = operands[1] if operands[0].value else operands[2]
    elif name == "multiply" and node.dtype.kind == "f":
        chosen = operands[0] if _is_one(operands[1]) else operands[1] if _is_one(operands[0]) else None
    return chosen if type(chosen) is Slot and chosen.spec == node.spec else None


def _is_one(operand: Operand) -> bool:
    return type(operand) is Constant and operand.value == 1
