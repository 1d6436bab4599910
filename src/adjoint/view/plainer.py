"""A script with fewer pieces that means the same: ``let`` for ``const``, and no parentheses that change nothing.

What a checker of types asked for is done with by now: it has seen that no constant is assigned to, and the
parentheses of its casts stand around what needs none.
"""

from __future__ import annotations

from adjoint.view.pieces import OPENS, OPERATORS, Token, closing_of

#: Before and after a whole expression without commas; parentheses around one change nothing there.
_BEFORE = set("=([,?:") | {"=>", "return", "+=", "-="}
_AFTER = set(";,)]}:")
#: Before and after a sum of texts.
_ADDS = set("([{,=:?+") | {"=>", "&&", "||", "??", "return"}
_ADDED = set(")]},;:+")
#: Words after which a parenthesis holds an operand.
_LEADS = OPERATORS - {"do", "else", "new"} | {"await"}


def plainer(pieces: list[Token]) -> list[Token]:
    """The pieces that are left, in which no constants, casts or texts in two halves are."""
    return _whole_texts(_bare([p._replace(text="let") if p[:2] == ("name", "const") else p for p in pieces]))


def _bare(pieces: list[Token]) -> list[Token]:
    """Without parentheses that change nothing, and without the empty ones of ``new Map()``."""
    closing = closing_of(pieces)
    gone: set[int] = set()
    for start, end in sorted(closing.items(), reverse=True):
        if pieces[start].text != "(" or pieces[start].kind != "mark":
            continue
        before = pieces[start - 1] if start else Token("mark", ";", False)
        after = pieces[end + 1] if end + 1 < len(pieces) else Token("mark", ";", False)
        if end == start + 1:
            anew = start >= 2 and pieces[start - 2].text == "new" and before.kind == "name"
            if anew and after.kind == "mark" and after.text in {";", ",", ")", "]", "}", ":"}:
                gone |= {start, end}
        elif after.text == "=>" or (before.kind == "name" and not _leads(pieces, start - 1)):
            continue
        elif _is_operand(pieces, start, end, closing, before) or _is_alone(pieces, start, end, closing, before, after):
            gone |= {start, end}
    made: list[Token] = []
    for n, p in enumerate(pieces):
        if n not in gone:
            # What stood in a parenthesis begins on its line: "return (" may not become a return of nothing.
            opened = n - 1 in gone and pieces[n - 1].text == "("
            made.append(p._replace(broken=_begins_line(pieces, n - 1, gone)) if opened else p)
    return made


def _begins_line(pieces: list[Token], n: int, gone: set[int]) -> bool:
    """Whether a line begins with a parenthesis, or with one that stands directly before it."""
    while n - 1 in gone and pieces[n - 1].text == "(":
        n -= 1
    return pieces[n].broken


def _leads(pieces: list[Token], n: int) -> bool:
    """Whether an operand comes after a word: ``return (a)``, but not ``list.delete(a)`` nor ``call(a)``."""
    return pieces[n].text in _LEADS and (n == 0 or pieces[n - 1].text not in (".", "?."))


def _is_operand(pieces: list[Token], start: int, end: int, closing: dict[int, int], before: Token) -> bool:
    """Whether parentheses hold a name, what it offers and what it gives (``a.b(c)[d]``), which binds most."""
    called = before.text in (")", "]", "}", "?.") or before.text.endswith("`")
    if called or pieces[start + 1].kind != "name" or pieces[start + 1].text in OPERATORS | {
        "await", "async", "function", "class", "let", "yield"
    }:  # fmt: skip
        return False
    at = start + 2
    while at < end:
        kind, text, _ = pieces[at]
        if kind == "mark" and text in ("(", "["):
            at = closing[at] + 1
        elif kind == "mark" and text == ".":
            at += 2
        else:
            return False
    return True


def _is_alone(pieces: list[Token], start: int, end: int, closing: dict[int, int], before: Token, after: Token) -> bool:
    """Whether parentheses hold all that is assigned, returned or handed over, and no list of it."""
    if before.text not in _BEFORE or after.kind != "mark" or after.text not in _AFTER:
        return False
    if before.text in ("=>", ":") and pieces[start + 1].text in ("{", "function", "class"):
        return False
    at = start + 1
    while at < end:
        kind, text, _ = pieces[at]
        if text in (",", "in") or (kind == "mark" and text == "..."):
            return False
        at = closing[at] + 1 if kind == "mark" and text in OPENS else at + 1
    return True


def _whole_texts(pieces: list[Token]) -> list[Token]:
    """With texts that are added to one another as one text."""
    made: list[Token] = []
    for n, p in enumerate(pieces):
        after = pieces[n + 1].text if n + 1 < len(pieces) else ";"
        if (
            p.kind == "string"
            and len(made) > 2
            and made[-1][:2] == ("mark", "+")
            and made[-2].kind == "string"
            and made[-2].text[0] == p.text[0]
            and made[-3].text in _ADDS
            and after in _ADDED
        ):
            made[-2:] = [made[-2]._replace(text=made[-2].text[:-1] + p.text[1:])]
        else:
            made.append(p)
    return made
