"""Which names of a script are its own, and the shortest that they can have.

What stands at the top of a script is one *part* after another (a function, a class, a constant). A name of the top
is shortened the same way in all parts. Any other name can only be known inside of its part, so each part gives out
the shortest names anew. Inside of a part a name is shortened everywhere or nowhere, so scopes need not be
understood: whatever two uses of it meant to each other, they still mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count

from adjoint.view.pieces import CLOSES, OPENS, OPERATORS, Token, closing_of

_KEYWORDS = """
await async break case catch class const continue debugger default delete do else export extends false finally for
function get if import in instanceof let new null of return set static super switch this throw true try typeof
undefined var void while with yield arguments eval NaN Infinity constructor"""
_WORDS = frozenset(_KEYWORDS.split())
#: What scripts may ask of the window by these names; words that they may also have for something of their own
#: (name, open, top, event, ...) are asked for as window.open.
_GLOBALS = """
alert atob btoa caches crypto document fetch getSelection history innerHeight innerWidth isFinite isNaN location
matchMedia navigator performance postMessage window"""
_FIXED = _WORDS | frozenset(_GLOBALS.split())
_DECLARES = {"function", "class", "const", "let", "var"}


def short_names(pieces: list[Token], roles: list[str]) -> list[str]:
    """The text of every piece, with names shortened; ``{ name }`` becomes ``{name:a}``."""
    parts = list(_parts(pieces))
    declared = dict(_declared(pieces, roles))
    outer = {pieces[n].text for n, depth in declared.items() if depth == 0} - _FIXED
    uses = Counter(p.text for p, role in zip(pieces, roles, strict=True) if p.kind == "name" and role != "property")
    top = _assigned(outer, uses, set(uses) - outer | _FIXED)
    texts = [p.text for p in pieces]
    for start, end in parts:
        here = [n for n in range(start, end) if pieces[n].kind == "name" and roles[n] != "property"]
        inner = {texts[n] for n in here if n in declared} - outer - _FIXED
        used = Counter(texts[n] for n in here)
        taken = {top.get(name, name) for name in set(used) - inner} | _FIXED
        short = _assigned(inner, used, taken) | {name: top[name] for name in set(used) & outer}
        for n in here:
            name = texts[n]
            if name in short:
                whole = roles[n] == "both" and short[name] != name
                texts[n] = f"{name}:{short[name]}" if whole else short[name]
    return texts


def declared_names(pieces: list[Token], roles: list[str]) -> set[str]:
    """Every name that the script declares anywhere."""
    return {pieces[n].text for n, _ in _declared(pieces, roles)}


def _assigned(own: Iterable[str], uses: Counter[str], taken: set[str]) -> dict[str, str]:
    """A short name for each, the shortest for what is used most."""
    fresh = (name for name in _names() if name not in taken)
    return {name: next(fresh) for name in sorted(own, key=lambda n: (-uses[n], n))}


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


def _parts(pieces: list[Token]) -> Iterator[tuple[int, int]]:
    """From where to where each part goes: from one declaration at the top to the next."""
    depth, start = 0, 0
    for n, (kind, word, _) in enumerate(pieces):
        if kind == "mark" and word in CLOSES:
            depth -= 1
        if kind == "name" and depth == 0 and n > start and pieces[n - 1].text in (";", "}"):
            yield start, n
            start = n
        if kind == "mark" and word in OPENS:
            depth += 1
    yield start, len(pieces)


def _declared(pieces: list[Token], roles: list[str]) -> Iterator[tuple[int, int]]:
    """Where a name is declared (by a keyword, as a parameter, out of an object or array), and in how many brackets."""
    closing = closing_of(pieces)
    opening = {end: start for start, end in closing.items()}
    depth = 0
    for n, (kind, word, _) in enumerate(pieces):
        if kind == "mark" and word in CLOSES:
            depth -= 1
        before = pieces[n - 1].text if n else ""
        after = pieces[n + 1].text if n + 1 < len(pieces) else ""
        if kind == "name":
            led = before in _DECLARES or after == "=>"
            if roles[n] == "name" and (led or (before == "," and _continues_list(pieces, n, opening))):
                yield n, depth
        elif kind == "mark" and word in ("[", "{") and before in ("const", "let", "var"):
            yield from ((place, depth) for place in _pattern(pieces, roles, n, closing[n]))
        elif kind == "mark" and word == "(":
            end = closing[n]
            arrow = end + 1 < len(pieces) and pieces[end + 1].text == "=>"
            named = n >= 2 and pieces[n - 2].text == "function"
            method = n >= 1 and roles[n - 1] == "property" and pieces[end + 1 : end + 2] and pieces[end + 1].text == "{"
            if arrow or named or method or before in ("function", "catch"):
                yield from ((place, depth + 1) for place in _pattern(pieces, roles, n, end))
        if kind == "mark" and word in OPENS:
            depth += 1


def _continues_list(pieces: list[Token], n: int, opening: dict[int, int]) -> bool:
    """Whether a name after a comma is one more of ``let a = 1, b``."""
    at = n - 1
    while at >= 0:
        word, kind = pieces[at].text, pieces[at].kind
        if kind == "mark" and word in CLOSES:
            at = opening[at]
        elif (kind == "mark" and (word in OPENS or word in (";", "=>"))) or word == "return":
            return False
        elif kind == "name" and word in ("let", "const", "var"):
            return True
        at -= 1
    return False


def _pattern(pieces: list[Token], roles: list[str], start: int, end: int) -> Iterator[int]:
    """Where a list of parameters, or a pattern between brackets, declares names; default values declare none."""
    default, depth = -1, 0
    for n in range(start, end):
        kind, word, _ = pieces[n]
        if kind == "mark" and word in OPENS:
            depth += 1
        elif kind == "mark" and word in CLOSES:
            depth -= 1
        if default >= 0 and (depth < default or (depth == default and word == ",")):
            default = -1
        if default < 0 and kind == "name" and roles[n] != "property":
            yield n
        if default < 0 and word == "=" and kind == "mark":
            default = depth


def roles_of(pieces: list[Token]) -> list[str]:
    """What each name is: "property", "name", or "both" where ``{ name }`` stands for ``{ name: name }``."""
    closing = closing_of(pieces)
    found: list[str] = []
    around: list[str] = []
    for n, (kind, word, _) in enumerate(pieces):
        before = pieces[n - 1].text if n else ""
        after = pieces[n + 1].text if n + 1 < len(pieces) else ""
        if kind == "mark" and word in CLOSES:
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
            elif (first and word in ("get", "set", "async", "static")) or (
                around[-1] == "class" and (first or before == "static")
            ):
                role = "property"
        found.append(role)
        if kind == "mark" and word in OPENS:
            around.append(kind_of_brace(pieces, n) if word == "{" else word)
    return found


def kind_of_brace(pieces: list[Token], n: int) -> str:
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
    return "object" if before.text in OPERATORS - {"else", "do"} | {"const", "let", "var"} else "block"
