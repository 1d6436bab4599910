"""What is written where the encoding of a terminal or a file lacks a sign: letters that mean the same.

A minus sign that turned into a question mark would make a number wrong.
"""

from __future__ import annotations

import codecs

NAME = "adjoint.plain"

_SIGNS = {
    "−": "-", "×": "*", "÷": "/", "·": "*", "⋅": "*", "±": "+-", "√": "sqrt ", "∛": "cbrt ",
    "∂": "d", "∞": "inf", "σ": "sigmoid", "Σ": "sum ", "Π": "prod ", "ε": "eps", "π": "pi", "λ": "lambda",
    "≤": "<=", "≥": ">=", "≠": "!=", "→": "->", "∧": " and ", "∨": " or ", "⊻": " xor ", "¬": "not ",
    "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "‖": "||", "…": "...", "–": "-", "—": "-", "─": "-",
    "½": "1/2 ", "¼": "1/4 ", "¾": "3/4 ", "ᵀ": ".T", "ˣ": "^x", "ʸ": "^y", "█": "#", "µ": "u", "\xa0": " ",
}  # fmt: skip
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))


def _one(text: str, place: int) -> str:
    sign = text[place]
    if sign in _RAISED:
        before = text[place - 1] if place else ""
        return ("" if before in _RAISED else "^") + _RAISED[sign]
    return _SIGNS.get(sign) or _LOWERED.get(sign) or "?"


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_one(error.object, i) for i in range(error.start, error.end)), error.end


def register() -> str:
    """Makes the error handler known to Python's codecs, and gives its name.

    >>> "∂J = −2×10⁻⁷ ☃".encode("ascii", register())
    b'dJ = -2*10^-7 ?'
    """
    codecs.register_error(NAME, _replaced)
    return NAME
