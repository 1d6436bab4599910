"""From text to tokens: numbers, names, operators and separators, with their places."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from adjoint.errors import ExpressionError
from adjoint.expression.language import CHARACTERS
from adjoint.expression.place import escape, mistake, underline

MAX_LENGTH = 2000
"""The longest text that is parsed, in characters."""

NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
NAME = r"[A-Za-z_][A-Za-z0-9_]*"

_TOKEN = re.compile(
    rf"(?P<number>{NUMBER})|(?P<name>{NAME})|(?P<symbol>\*\*|//|==|!=|<=|>=|[-+*/%(),=<>^])"
    r"|(?P<separator>[;\n])|(?P<space>[ \t\r]+)"
)


class Token(NamedTuple):
    """One word of an expression; its kind is number, name, symbol, separator or end."""

    kind: str
    text: str
    start: int
    end: int


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a text, closed by an ``end`` token of no width.

    A newline separates statements, except inside parentheses, where it is a space.

    >>> [token.text for token in tokenize("2.5*x + sin(y)")]
    ['2.5', '*', 'x', '+', 'sin', '(', 'y', ')', '']
    """
    if not isinstance(text, str):
        raise ExpressionError(
            f"an expression is text, got {type(text).__name__}.", help='write it in quotes, such as "(a*b + c)*f".'
        )
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"the expression is too long: {len(text)} characters, where {MAX_LENGTH} are allowed.",
            where=underline(text, MAX_LENGTH, MAX_LENGTH + 1),
            help="write it as a Python function instead.",
        )
    tokens: list[Token] = []
    place = depth = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise _unexpected(text, place)
        kind, word = str(match.lastgroup), match.group()
        if kind == "symbol":
            depth += (word == "(") - (word == ")")
        if kind != "space" and not (word == "\n" and depth > 0):
            tokens.append(Token(kind, word, place, match.end()))
        place = match.end()
    tokens.append(Token("end", "", place, place))
    return tokens


def _unexpected(text: str, place: int) -> ExpressionError:
    """Return the error for a character that begins no token."""
    character = text[place]
    help = CHARACTERS.get(character)
    if character.isascii():
        what = f"unexpected character {_quoted(character)}."
        if not help:
            help = "remove it; an expression holds numbers, names, operators and parentheses."
    else:
        name = unicodedata.name(character, "")
        what = f"unexpected character {_quoted(character)}{name and ', ' + name}."
        if not help:
            help = "names are made of the letters a to z and A to Z, digits and _"
            known = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER ([A-Z]+)", name)
            if known:
                word = known[2].replace("LAMDA", "LAMBDA")
                help += f"; write {word.lower() if known[1] == 'SMALL' else word.capitalize()}"
            help += "."
    return mistake(text, place, place + 1, what, help)


def _quoted(character: str) -> str:
    body = character.encode("unicode_escape").decode("ascii") if character < " " else escape(character)
    return f'"{body}"' if character == "'" else f"'{body}'"
