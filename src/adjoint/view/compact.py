"""Scripts in fewer bytes: comments and spaces go, and names that only the script knows become short.

A name is shortened at all its places or at none, so scopes need not be understood: whatever two uses of it meant
to each other, they still mean. The names of properties (after a dot, before a colon) stay, and so do names that the
browser knows; ``{ name }`` becomes ``{name:a}``. Scripts are written with semicolons; a line break stays where it
could end a statement.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import count
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

_KEYWORDS = """
await async break case catch class const continue debugger default delete do else export extends false finally for
function get if import in instanceof let new null of return set static super switch this throw true try typeof
undefined var void while with yield arguments eval NaN Infinity constructor"""
_WORDS = frozenset(_KEYWORDS.split())
#: What every window has: a script's own use of such a word could not be told from the window's.
_GLOBALS = """
alert atob blur btoa caches close closed confirm crypto document event external fetch find focus frames getSelection
history innerHeight innerWidth isFinite isNaN length location matchMedia moveTo name navigator open origin parent
performance postMessage print prompt screen scroll scrollX scrollY self status stop top window"""
_WINDOW = frozenset(_GLOBALS.split())
_DECLARES = {"function", "class", "const", "let", "var"}
#: After these a slash begins a regular expression.
_OPERATORS = {"return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do", "instanceof"}
_OPENS, _CLOSES = {"(": ")", "[": "]", "{": "}"}, {")", "]", "}"}
#: A line break after or before these ends no statement.
_GOES_ON = set("{([;,=+-*/%&|^!~?:<>.") | {
    "=>",
    "&&",
    "||",
    "??",
    "===",
    "!==",
    "==",
    "!=",
    "<=",
    ">=",
    "+=",
    "-=",
    "?.",
}
_CONTINUES = set(")]};,=*/%&|^?:<>.") | {"=>", "&&", "||", "??", "===", "!==", "==", "!=", "<=", ">=", "+=", "-=", "?."}


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
    return text in _OPERATORS or (kind == "template" and text.endswith("${"))


@lru_cache(maxsize=8)
def compact(text: str) -> str:
    """A script that does the same in fewer bytes.

    >>> compact("const total = 1; // one" + chr(10) + "console.log({ total }, total + 2);")
    'const a=1;console.log({total:a},a+2);'
    """
    pieces = tokens(text)
    roles = _roles(pieces)
    short = _short_names(pieces, roles)
    made: list[str] = []
    last = ""
    for (kind, word, broken), role in zip(pieces, roles, strict=True):
        shown = word
        if kind == "name" and role != "property" and word in short:
            shown = f"{word}:{short[word]}" if role == "both" else short[word]
        if made and _apart(last, shown):
            made.append("\n" if broken else " ")
        elif broken and last not in _GOES_ON and shown not in _CONTINUES and not last.endswith("${"):
            made.append("\n")
        made.append(shown)
        last = shown
    return "".join(made)


def _apart(left: str, right: str) -> bool:
    """Whether two pieces would become one without a space."""
    a, b = left[-1], right[0]
    words = all(c.isalnum() or c in "_$" for c in (a, b))
    return words or (a == b and a in "+-/") or (a.isdigit() and b == ".") or (a == "/" and b == "*")


def _short_names(pieces: list[Token], roles: list[str]) -> dict[str, str]:
    """A short name for each that the script declares and that no window has."""
    owned = set(_declared(pieces, roles)) - _WORDS - _WINDOW
    uses = Counter(p.text for p, role in zip(pieces, roles, strict=True) if p.kind == "name" and role != "property")
    taken = set(uses) - owned | _WORDS | _WINDOW
    fresh = (name for name in _names() if name not in taken)
    return {name: next(fresh) for name in sorted(owned, key=lambda n: (-uses[n], n))}


def _names() -> Iterator[str]:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for number in count():
        name = letters[number % 52]
        number //= 52
        while number:
            number -= 1
            name += letters[number % 52]
            number //= 52
        yield name


def _declared(pieces: list[Token], roles: list[str]) -> Iterator[str]:
    """What is declared by a keyword, is a parameter, or is taken out of an object or an array."""
    closing = _closing(pieces)
    opening = {end: start for start, end in closing.items()}
    for n, (kind, word, _) in enumerate(pieces):
        before = pieces[n - 1].text if n else ""
        after = pieces[n + 1].text if n + 1 < len(pieces) else ""
        if kind == "name":
            led = before in _DECLARES or after == "=>"
            if roles[n] == "name" and (led or (before == "," and _continues_list(pieces, n, opening))):
                yield word
        elif kind == "mark" and word in ("[", "{") and before in ("const", "let", "var"):
            yield from _pattern(pieces, roles, n, closing[n])
        elif kind == "mark" and word == "(":
            end = closing[n]
            arrow = end + 1 < len(pieces) and pieces[end + 1].text == "=>"
            named = n >= 2 and pieces[n - 2].text == "function"
            method = n >= 1 and roles[n - 1] == "property" and pieces[end + 1 : end + 2] and pieces[end + 1].text == "{"
            if arrow or named or method or before in ("function", "catch"):
                yield from _pattern(pieces, roles, n, end)


def _continues_list(pieces: list[Token], n: int, opening: dict[int, int]) -> bool:
    """Whether a name after a comma is one more of ``let a = 1, b``."""
    at = n - 1
    while at >= 0:
        word, kind = pieces[at].text, pieces[at].kind
        if kind == "mark" and word in _CLOSES:
            at = opening[at]
        elif (kind == "mark" and (word in _OPENS or word in (";", "=>"))) or word == "return":
            return False
        elif kind == "name" and word in ("let", "const", "var"):
            return True
        at -= 1
    return False


def _pattern(pieces: list[Token], roles: list[str], start: int, end: int) -> Iterator[str]:
    """The names that a list of parameters, or a pattern between brackets, declares; not those in default values."""
    default, depth = -1, 0
    for n in range(start, end):
        kind, word, _ = pieces[n]
        if kind == "mark" and word in _OPENS:
            depth += 1
        elif kind == "mark" and word in _CLOSES:
            depth -= 1
        if default >= 0 and (depth < default or (depth == default and word == ",")):
            default = -1
        if default < 0 and kind == "name" and roles[n] != "property":
            yield word
        if default < 0 and word == "=" and kind == "mark":
            default = depth


def _roles(pieces: list[Token]) -> list[str]:
    """What each name is: "property", "name", or "both" where ``{ name }`` stands for ``{ name: name }``."""
    closing = _closing(pieces)
    found: list[str] = []
    around: list[str] = []
    for n, (kind, word, _) in enumerate(pieces):
        before = pieces[n - 1].text if n else ""
        after = pieces[n + 1].text if n + 1 < len(pieces) else ""
        if kind == "mark" and word in _CLOSES:
            around.pop()
        inside = bool(around) and around[-1] in ("object", "class")
        role = "name"
        if kind == "name" and before in (".", "?."):
            role = "property"
        elif kind == "name" and inside:
            first = before in ("{", ",") or (around[-1] == "class" and before in ("}", ";"))
            led = first or (before in ("get", "set", "async", "static") and after == "(")
            if led and (after == ":" or (after == "(" and pieces[closing[n + 1] + 1].text == "{")):
                role = "property"
            elif first and around[-1] == "object" and after in (",", "}", "="):
                role = "both"
            elif (first and word in ("get", "set", "async", "static")) or (around[-1] == "class" and first):
                role = "property"
        found.append(role)
        if kind == "mark" and word in _OPENS:
            around.append(_kind_of_brace(pieces, n) if word == "{" else word)
    return found


def _kind_of_brace(pieces: list[Token], n: int) -> str:
    """What an opening brace begins: "object" (or a pattern), "class" or "block"."""
    before = pieces[n - 1] if n else Token("mark", ";", False)
    if "class" in (p.text for p in pieces[max(0, n - 2) : n]) or (
        n >= 4 and pieces[n - 4].text == "class" and pieces[n - 2].text == "extends"
    ):
        return "class"
    if before.text == ":":
        # After "case 1:" comes a block.
        return "block" if pieces[n - 3].text == "case" or pieces[n - 2].text == "default" else "object"
    if before.kind == "mark":
        return "block" if before.text in (")", "=>", ";", "{", "}") else "object"
    return "object" if before.text in _OPERATORS - {"else", "do"} | {"const", "let", "var"} else "block"


def _closing(pieces: list[Token]) -> dict[int, int]:
    """For each opening bracket the place of its closing one."""
    found: dict[int, int] = {}
    stack: list[int] = []
    for n, (kind, word, _) in enumerate(pieces):
        if kind == "mark" and word in _OPENS:
            stack.append(n)
        elif kind == "mark" and word in _CLOSES:
            if not stack or _OPENS[pieces[stack[-1]].text] != word:
                raise ScriptError(f"a script closes {word!r} that it did not open.")
            found[stack.pop()] = n
    if stack:
        raise ScriptError(f"a script leaves {pieces[stack[-1]].text!r} open.")
    return found
