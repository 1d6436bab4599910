"""From a program back to text, with no parenthesis that is not needed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from adjoint.expression.language import ATOM, COMPARISON, OPERATORS, POWER, PREFIX, SUM, SYMBOLS
from adjoint.expression.program import Constant, Input, Operand, Result

if TYPE_CHECKING:
    from adjoint.expression.program import Expression, Step

Piece = tuple[str, int]


def to_text(expression: Expression) -> str:
    """Return the expression written again, so that parsing it gives the same program.

    Names that hide a constant (``e``, ``pi``) must be given to ``parse`` again; the text of a very
    long expression may grow past the limit of ``parse``, because operators get spaces.

    >>> from adjoint.expression import parse
    >>> to_text(parse("(((a*b)+c))*f"))
    '(a*b + c)*f'
    >>> to_text(parse("c=w*x;d=(c+b);.5*(d**2)"))
    'c = w*x; d = c + b; 0.5*d**2'
    """
    pieces: dict[int, Piece] = {}

    def piece(operand: Operand) -> Piece:
        if isinstance(operand, Constant):
            return _number(operand.value)
        if isinstance(operand, Input):
            return operand.name, ATOM
        name = expression.steps[operand.step].name
        return (name, ATOM) if name is not None else pieces.pop(operand.step)

    for index, step in enumerate(expression.steps):
        pieces[index] = _step(step, [piece(operand) for operand in step.operands])

    lines = []
    for statement in expression.statements:
        value = statement.value
        defines = isinstance(value, Result) and expression.steps[value.step].name == statement.name
        text = pieces[value.step][0] if isinstance(value, Result) and defines else piece(value)[0]
        lines.append(text if statement.name is None else f"{statement.name} = {text}")
    return "; ".join(lines)


def _step(step: Step, operands: list[Piece]) -> Piece:
    """Return the text of one operation, with parentheses around operands that bind too loosely."""
    symbol = SYMBOLS.get(step.operation)
    if symbol is not None:
        precedence = OPERATORS[symbol].precedence
        if precedence == POWER:
            low_left, low_right = ATOM, PREFIX
        else:
            low_left, low_right = precedence + (precedence == COMPARISON), precedence + 1
        left, right = _within(operands[0], low_left), _within(operands[1], low_right)
        space = " " if precedence <= SUM else ""
        return f"{left}{space}{symbol}{space}{right}", precedence
    if step.operation == "negative" and not isinstance(step.operands[0], Constant):
        return "-" + _within(operands[0], PREFIX), PREFIX
    return f"{step.operation}({', '.join(text for text, _ in operands)})", ATOM


def _within(piece: Piece, low: int) -> str:
    text, precedence = piece
    return text if precedence >= low else f"({text})"


def _number(value: float) -> Piece:
    """Return the shortest text that reads back as the same number."""
    text = "1e999" if math.isinf(value) else repr(abs(value)).removesuffix(".0")
    return ("-" + text, PREFIX) if math.copysign(1.0, value) < 0 else (text, ATOM)
