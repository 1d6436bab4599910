"""Where a plain ``1.0`` may stand for ``np.float64(1.0)``: where it changes no bit and no dtype.

A plain number is softer than a NumPy scalar: it takes the dtype of its partner, and Python's own
division raises. So it may stand beside a partner of 64 bits, in sums and products of its like, and
as an argument of NumPy's functions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from adjoint.source.statements import Constant, Operand, Program, Slot, Statement

#: Python's own arithmetic on floats gives the bits of float64, and raises nothing.
_EXACT = frozenset({"add", "subtract", "multiply", "negative", "half_square"})
_TAKES_NUMBERS = frozenset({"broadcast_to", "reshape", "expand_dims", "where"})
_NARROW = frozenset("efFg")  # dtypes that a float64 scalar would widen, or that are wider themselves


def soften(program: Program) -> None:
    """Marks the values that may be plain numbers, from the seed on; none of them if one would do harm."""
    seeds = [s for s in program.statements if s.role in {"seed", "zero"} and _plain(s.value)]
    for seed in seeds:
        seed.targets[0].weak = True
    if not _spread(program.statements):
        for statement in program.statements:
            for target in statement.targets:
                target.weak = False


def _spread(statements: Iterable[Statement]) -> bool:
    """Follows the plain numbers through the program; False where one would do harm."""
    for statement in statements:
        weak = [type(o) is Slot and o.weak for o in statement.operands]
        if not any(weak):
            continue
        if statement.node is None:
            statement.targets[0].weak = True
        elif not harmless(statement, weak):
            return False
        else:
            statement.targets[0].weak = _stays_plain(statement, weak)
    return True


def harmless(statement: Statement, weak: list[bool]) -> bool:
    """Whether the operands marked as weak may be plain Python numbers in this statement."""
    node = statement.node
    if node is None:
        return False
    partners = [o for o, w in zip(statement.operands, weak) if type(o) is Slot and not w]
    if any(p.spec.dtype.char in _NARROW for p in partners):
        return False
    op = node.op
    if op.family in {"elementwise", "router"} and partners:
        return True
    if op.name in _EXACT:
        return all(w or _small(o) for o, w in zip(statement.operands, weak))
    return op.name in _TAKES_NUMBERS or (op.family == "elementwise" and not op.python)


def _stays_plain(statement: Statement, weak: list[bool]) -> bool:
    assert statement.node is not None
    partners = [o for o, w in zip(statement.operands, weak) if type(o) is Slot and not w]
    return statement.node.op.name in _EXACT and not partners


def _small(operand: Operand) -> bool:
    value = operand.value if type(operand) is Constant else None
    return isinstance(value, float) or (isinstance(value, int) and abs(value) < 1 << 53)


def _plain(value: Any) -> bool:
    return isinstance(value, np.float64) and bool(np.isfinite(value))
