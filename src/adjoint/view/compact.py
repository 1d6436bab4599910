"""Scripts in fewer bytes: comments and spaces go, and names that only the script knows become short.

Scripts are written with semicolons; a line break stays where it could end a statement.
"""

from __future__ import annotations

from functools import lru_cache

from adjoint.view.aliases import aliased
from adjoint.view.naming import kind_of_brace, roles_of, short_names
from adjoint.view.pieces import CLOSES, OPENS, Token, closing_of, tokens
from adjoint.view.plainer import plainer

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


_SHORTER = {"true": "!0", "false": "!1"}


@lru_cache(maxsize=8)
def compact(text: str) -> str:
    """A script that does the same in fewer bytes; names at its top may become others.

    >>> compact("const total = 1; // one" + chr(10) + "console.log({ total }, total + 2);")
    'let a=1;console.log({total:a},a+2)'
    """
    pieces = aliased(plainer(tokens(text)))
    closing = closing_of(pieces)
    roles = roles_of(pieces)
    texts = short_names(pieces, roles)
    joined = _joined(pieces)
    ends = {closing[n]: _may_end(pieces, n) for n, p in enumerate(pieces) if p.kind == "mark" and p.text == "{"}
    opening = {end: start for start, end in closing.items()}
    made: list[str] = []
    last, line = "", False
    dropped = _dropped(pieces, closing)
    for n, (piece, role, shown) in enumerate(zip(pieces, roles, texts, strict=True)):
        line = line or piece.broken
        if n in dropped:
            continue
        if n in joined:
            if piece.text != ";":
                continue
            shown = ","
        elif piece.text == ";" and piece.kind == "mark" and _needless(pieces, n, opening):
            continue
        elif role == "name" and piece.kind == "name":
            shown = _SHORTER.get(shown, shown)
        if made and _apart(last, shown):
            made.append("\n" if line else " ")
        elif made and line and _may_matter(last, shown) and ends.get(n - 1, True):
            made.append("\n")
        made.append(shown)
        last, line = shown, False
    return "".join(made)


def _apart(left: str, right: str) -> bool:
    """Whether two pieces would become one without a space."""
    a, b = left[-1], right[0]
    words = all(c.isalnum() or c in "_$" for c in (a, b))
    return words or (a == b and a in "+-/") or (a.isdigit() and b == ".") or (a == "/" and b == "*")


def _may_matter(left: str, right: str) -> bool:
    """Whether a line break between two pieces may end a statement."""
    return left not in _GOES_ON and right not in _CONTINUES and not left.endswith("${")


def _dropped(pieces: list[Token], closing: dict[int, int]) -> set[int]:
    """Parentheses around the one parameter of an arrow function, and commas before a closing bracket."""
    found: set[int] = set()
    for n, (kind, word, _) in enumerate(pieces):
        if kind != "mark":
            continue
        before = pieces[n - 1].text if n else ""
        if word == "(" and closing[n] == n + 2 and pieces[n + 1].kind == "name" and before != "async":
            if n + 3 < len(pieces) and pieces[n + 3].text == "=>":
                found |= {n, n + 2}
        elif word == "," and pieces[n + 1].text in (")", "]", "}") and before not in (",", "["):
            found.add(n)
    return found


def _needless(pieces: list[Token], n: int, opening: dict[int, int]) -> bool:
    """Whether a semicolon stands before a closing brace or the end, and is no empty statement."""
    if n + 1 < len(pieces) and pieces[n + 1].text != "}":
        return False
    before = pieces[n - 1].text if n else ";"
    if before == ")":
        return pieces[opening[n - 1] - 1].text not in ("for", "while", "if")
    return before not in (";", "else", "{")


def _may_end(pieces: list[Token], n: int) -> bool:
    """Whether a brace is the end of an expression, after which a line break may end the statement."""
    return kind_of_brace(pieces, n) == "object" or (n > 0 and pieces[n - 1].text == "=>")


def _joined(pieces: list[Token]) -> set[int]:
    """The semicolons that become commas, with the keywords that then go: ``let a=1;let b=2``."""
    found: set[int] = set()
    keyword: list[str] = [""]
    inside = ""
    for n, (kind, word, _) in enumerate(pieces):
        before = pieces[n - 1].text if n else ";"
        after = pieces[n + 1].text if n + 1 < len(pieces) else ""
        if kind == "mark" and word in OPENS:
            keyword.append("(" if word != "{" or kind_of_brace(pieces, n) != "block" else "")
            continue
        if kind == "mark" and word in CLOSES:
            inside = keyword.pop()
            goes_on = inside == "(" or keyword[-1] == "(" or after in (";", ",", ")", "]", ".", "?.", "")
            if word == "}" and not goes_on:
                keyword[-1] = ""
            continue
        if keyword[-1] == "(":
            continue
        begins = before in (";", "{") or (before == "}" and inside != "(")
        if kind == "mark" and word == ";":
            if keyword[-1] == "let" and after == "let":
                found |= {n, n + 1}
            else:
                keyword[-1] = ""
        elif kind == "name" and word == "let" and begins:
            keyword[-1] = word
        elif begins and n not in found and n - 1 not in found:
            keyword[-1] = ""
    return found
