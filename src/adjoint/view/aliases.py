"""What a script says again and again, said once: texts, ``Math.max`` and the like, ``undefined`` and ``null``.

Each becomes a name at the top of the script, which is then shortened like any other.
"""

from __future__ import annotations

from collections import Counter

from adjoint.view.naming import roles_of
from adjoint.view.pieces import Token

#: What an object offers that does not ask who called it.
_OFFERED = {
    "Math": None,
    "Number": {"isFinite", "isInteger", "isNaN"},
    "Object": {"assign", "entries", "keys", "values", "fromEntries", "freeze"},
    "Array": {"from", "isArray"},
    "JSON": {"parse", "stringify"},
}
_WHOLE = {"undefined": ["void", "0"], "null": ["null"], "document": ["document"]}
#: How long a shortened name is taken to be.
_NAME = 2


def aliased(pieces: list[Token]) -> list[Token]:
    """The script with names for what it repeats, and before it what they stand for."""
    roles = roles_of(pieces)
    keys = {n for n, p in enumerate(pieces) if p.kind == "string" and _is_key(pieces, roles, n)}
    found: Counter[str] = Counter()
    for n in range(len(pieces)):
        text = _said(pieces, roles, n)
        if text:
            # As the name of a property it needs brackets around it.
            found[text] += len(text) - _NAME - (2 if n in keys else 0)
    names = {
        text: f"$alias{i}" for i, (text, saved) in enumerate(sorted(found.items())) if saved > len(text) + _NAME + 2
    }
    made: list[Token] = []
    skip = 0
    for n, p in enumerate(pieces):
        if skip:
            skip -= 1
            continue
        text = _said(pieces, roles, n)
        name = names.get(text or "")
        if name is None:
            made.append(p)
            continue
        skip = 2 if p.kind == "name" and "." in (text or "") else 0
        if n in keys:
            made += [Token("mark", "[", p.broken), Token("name", name, False), Token("mark", "]", False)]
        else:
            made.append(Token("name", name, p.broken))
    return _declarations(names) + made


def _said(pieces: list[Token], roles: list[str], n: int) -> str | None:
    """What stands at a place and may get a name: a text, a member of an object, or a word."""
    kind, text, _ = pieces[n]
    if kind == "string":
        return None if text in ('"use strict"', "'use strict'") else text
    if kind != "name" or roles[n] != "name":
        return None
    if text in _WHOLE:
        return text
    if text in _OFFERED and n + 2 < len(pieces) and pieces[n + 1].text == ".":
        offered, member = _OFFERED[text], pieces[n + 2].text
        return f"{text}.{member}" if offered is None or member in offered else None
    return None


def _is_key(pieces: list[Token], roles: list[str], n: int) -> bool:
    """Whether a text is the name of a property: ``{ "aria-label": x }``."""
    return n > 0 and n + 1 < len(pieces) and pieces[n + 1].text == ":" and pieces[n - 1].text in ("{", ",")


def _declarations(names: dict[str, str]) -> list[Token]:
    if not names:
        return []
    made = [Token("name", "const", False)]
    for text, name in names.items():
        made += [Token("name", name, False), Token("mark", "=", False)]
        if text in _WHOLE:
            made += [Token("number" if w == "0" else "name", w, False) for w in _WHOLE[text]]
        elif text[0] in "\"'":
            made.append(Token("string", text, False))
        else:
            whole, member = text.split(".")
            made += [Token("name", whole, False), Token("mark", ".", False), Token("name", member, False)]
        made.append(Token("mark", ",", False))
    made[-1] = Token("mark", ";", False)
    return made
