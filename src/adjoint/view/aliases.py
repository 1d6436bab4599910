"""What a script says again and again, said once: texts, names of members, ``Math.max`` and the like, ``undefined``.

Each becomes a name at the top of the script, which is then shortened like any other; ``a.classList`` becomes
``a[b]`` where ``b`` is the text "classList", which asks for the same member.
"""

from __future__ import annotations

from collections import Counter

from adjoint.view.naming import declared_names, roles_of
from adjoint.view.pieces import Token

#: What an object offers that does not ask who called it.
_OFFERED = {
    "Math": None,
    "Number": {"isFinite", "isInteger", "isNaN"},
    "Object": {"assign", "entries", "keys", "values", "fromEntries", "freeze"},
    "Array": {"from", "isArray"},
    "JSON": {"parse", "stringify"},
}
_WHOLE = {"undefined": ["void", "0"], "null": ["null"], "Infinity": ["1", "/", "0"]}
#: Names of the window that scripts use much, unless they have something of their own of that name.
_WINDOW = {"document", "String", "Number", "Map", "Set", "Error", "Array", "setTimeout", "clearTimeout"}
#: How long a shortened name is taken to be.
_NAME = 2


def aliased(pieces: list[Token]) -> list[Token]:
    """The script with names for what it repeats, and before it what they stand for."""
    said = _said(pieces)
    found: Counter[str] = Counter()
    for text, _, saved in said.values():
        found[text] += saved
    names = {
        text: f"$alias{i}" for i, (text, saved) in enumerate(sorted(found.items())) if saved > len(text) + _NAME + 2
    }
    made: list[Token] = []
    skip = 0
    for n, p in enumerate(pieces):
        if skip:
            skip -= 1
            continue
        text, form, _ = said.get(n, ("", "", 0))
        name = Token("name", names.get(text, ""), p.broken)
        if not name.text:
            made.append(p)
        elif form == "name":
            made.append(name)
        elif form == "offered":
            made.append(name)
            skip = 2
        else:
            if form == "member" and made[-1].text == ".":
                made.pop()
            made += [Token("mark", "[", p.broken and form != "member"), name._replace(broken=False)]
            made.append(Token("mark", "]", False))
            if form == "both":
                made += [Token("mark", ":", False), p._replace(broken=False)]
    return _declarations(names) + made


def _said(pieces: list[Token]) -> dict[int, tuple[str, str, int]]:
    """What may get a name, by its place: what it is, how it stands there, and how many letters a name saves."""
    roles = roles_of(pieces)
    window = _WINDOW - declared_names(pieces, roles)
    found: dict[int, tuple[str, str, int]] = {}
    for n, (kind, text, _) in enumerate(pieces):
        before, after = (pieces[n - 1].text if n else ""), (pieces[n + 1].text if n + 1 < len(pieces) else "")
        key = after == ":" and before in ("{", ",")
        asked = before in (".", "?.") and pieces[n - 2].text not in {"new", "import", *_OFFERED}
        if kind == "string" and text not in ('"use strict"', "'use strict'"):
            # As the name of a property it needs brackets around it.
            found[n] = (text, "key", len(text) - _NAME - 2) if key else (text, "name", len(text) - _NAME)
        elif kind != "name":
            continue
        elif roles[n] == "property" and (key or asked):
            saved = len(text) - _NAME - 2 + (before == ".")
            if saved > 0 and text != "__proto__":
                found[n] = (f'"{text}"', "key" if key else "member", saved)
        elif roles[n] == "both" and len(text) > _NAME + 2:
            found[n] = (f'"{text}"', "both", len(text) - _NAME - 2)
        elif roles[n] == "name" and (text in _WHOLE or (text in window and after != ".")):
            found[n] = (text, "name", len(text) - _NAME)
        elif roles[n] == "name" and text in _OFFERED and after == ".":
            offered, member = _OFFERED[text], pieces[n + 2].text
            if offered is None or member in offered:
                found[n] = (f"{text}.{member}", "offered", len(text) + 1 + len(member) - _NAME)
    return found


def _declarations(names: dict[str, str]) -> list[Token]:
    if not names:
        return []
    made = [Token("name", "let", False)]
    for text, name in names.items():
        made += [Token("name", name, False), Token("mark", "=", False)]
        if text in _WHOLE:
            made += [Token("mark" if w == "/" else "name" if w.isalpha() else "number", w, False) for w in _WHOLE[text]]
        elif text[0] in "\"'":
            made.append(Token("string", text, False))
        else:
            whole, dot, member = text.partition(".")
            made.append(Token("name", whole, False))
            if dot:
                made += [Token("mark", ".", False), Token("name", member, False)]
        made.append(Token("mark", ",", False))
    made[-1] = Token("mark", ";", False)
    return made
