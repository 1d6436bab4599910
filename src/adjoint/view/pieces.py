"""The pieces of a script: names, numbers, texts, marks; spaces and comments are left out."""

from __future__ import annotations

import re
from typing import NamedTuple

from adjoint.errors import AdjointError

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)"
    r"|(?P<name>[A-Za-z_$][\w$]*)"
    r"|(?P<number>0[xob][\da-fA-F_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?n?)"
    r"""|(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
    r"|(?P<mark>\.\.\.|=>|\*\*=|\*\*|===|!==|==|!=|<=|>=|&&=|\|\|=|\?\?=|&&|\|\||\?\?|\?\.(?!\d)|\+\+|--|\+=|-=|\*=|/=|%="
    r"|<<=|>>>=|>>=|<<|>>>|>>|&=|\|=|\^=|[{}()\[\];,<>+\-*/%&|^!~?:=.])"
)
_REGEX = re.compile(r"/(?![*/])(?:[^\\/\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_CHUNK = re.compile(r"(?:[^`\\$]|\\[\s\S]|\$(?!\{))*")

#: After these a slash begins a regular expression.
_OPERATORS = "await case delete do else in instanceof new of return throw typeof void yield"
OPERATORS = frozenset(_OPERATORS.split())
OPENS, CLOSES = {"(": ")", "[": "]", "{": "}"}, {")", "]", "}"}


class Token(NamedTuple):
    """A piece of a script, and whether a line break stood before it."""

    kind: str
    text: str
    broken: bool


class ScriptError(AdjointError, ValueError):
    """A script has a piece that is not understood."""


def tokens(text: str) -> list[Token]:
    """The pieces of a script, without spaces and comments; the texts of templates stand beside what they embed.

    >>> [t.text for t in tokens("let a = 1 / 2; // half")]
    ['let', 'a', '=', '1', '/', '2', ';']
    """
    found: list[Token] = []
    depths: list[int] = []  # open braces inside of each template's embedded expression
    at, broken = 0, False
    while at < len(text):
        char = text[at]
        if char == "`" or (char == "}" and depths and depths[-1] == 0):
            if char == "}":
                depths.pop()
            end = _CHUNK.match(text, at + 1).end()  # type: ignore[union-attr]
            embeds = text.startswith("${", end)
            if embeds:
                depths.append(0)
            end += 2 if embeds else 1
            found.append(Token("template", text[at:end], broken))
            at, broken = end, False
            continue
        regex = _REGEX.match(text, at) if char == "/" and _begins(found) else None
        match = regex or _TOKEN.match(text, at)
        if match is None:
            raise ScriptError(f"a script has a piece that is not understood: {text[at : at + 40]!r}.")
        kind = "regex" if regex else str(match.lastgroup)
        if kind == "space":
            broken = broken or "\n" in match[0]
        else:
            if depths and match[0] in ("{", "}"):
                depths[-1] += 1 if match[0] == "{" else -1
            found.append(Token(kind, match[0], broken))
            broken = False
        at = match.end()
    return found


def _begins(before: list[Token]) -> bool:
    """Whether an operand may stand here, rather than an operator."""
    if not before:
        return True
    kind, text, _ = before[-1]
    if kind == "mark":
        return text not in (")", "]", "}")
    return text in OPERATORS or (kind == "template" and text.endswith("${"))


def closing_of(pieces: list[Token]) -> dict[int, int]:
    """For each opening bracket the place of its closing one."""
    found: dict[int, int] = {}
    stack: list[int] = []
    for n, (kind, word, _) in enumerate(pieces):
        if kind == "mark" and word in OPENS:
            stack.append(n)
        elif kind == "mark" and word in CLOSES:
            if not stack or OPENS[pieces[stack[-1]].text] != word:
                raise ScriptError(f"a script closes {word!r} that it did not open.")
            found[stack.pop()] = n
    if stack:
        raise ScriptError(f"a script leaves {pieces[stack[-1]].text!r} open.")
    return found
