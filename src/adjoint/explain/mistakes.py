"""Mistakes that learners make with the chain rule: told from the wrong number, and made on purpose.

``diagnose`` finds what an answer would be the right answer to; ``false_value`` makes the false number of
the exercise "find the wrong derivative". The page has the same tables, in the same order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

Told = Mapping[str, Any]

UNREAD = "That is no number: write it as 2, −0.5, 3/4 or 1e-3."
CLOSE = "Close: keep one more digit."

#: What is said of each mistake; {x} is the input that was asked about, {other} the input beside it.
MISTAKES = {
    "kept": "You kept {x}; multiply swaps: {x} receives upstream times {other}.",
    "sign": "The size is right, the sign is turned.",
    "slope": "That is the slope; now multiply by the upstream gradient.",
    "upstream": "That is the upstream gradient; now multiply by the slope.",
    "branch": "One branch only: add the other.",
    "branches": "Some branches are missing: add all of them.",
    "whole": "That is the whole gradient of {x}; this gate passes back one branch of it.",
    "neighbour": "That is what {other} receives.",
    "added": "Along a path upstream and slope multiply; only branches add.",
    "divided": "Multiply by the slope, do not divide by it.",
    "blocked": "Nothing passes to {x} here: a factor is 0.",
    "passes": "Something does pass to {x} here: no factor is 0.",
    "value": "That is a value; the gradient is asked for.",
    "ten": "The digits are right; the power of ten is not.",
    "": "Not yet: upstream times slope, at the gate {gate}.",
    "sum": "Not yet: add what all branches of {x} pass back.",
    "unread shape": "That is no shape: write it as 8×3, or () for a single number.",
    "shape": "Not yet: a gradient has the shape of the value that it belongs to.",
    "seed": "The start comes first: {root} is differentiated by itself, which is 1.",
    "needs": "{x} needs the gradient of {other} first.",
    "cards": "Put every card in its place once.",
    "gate": "A gate {gate} would pass back something else.",
    "option": "Choose one of the gates.",
    "row": "This one is right: upstream times slope, and all branches.",
    "number": "Not yet.",
}

#: Of a false number on show: what was done wrong to make it.
WHY = {
    "sign": "The sign was turned.",
    "kept": "The gate kept the factor that it should have swapped.",
    "upstream": "The slope was taken without the upstream gradient.",
    "branch": "A branch was forgotten.",
}


def told(mistake: str, **facts: str) -> str:
    """What is said of a mistake, with these names in it."""
    text = MISTAKES[mistake]
    for name, fact in facts.items():
        text = text.replace("{" + name + "}", fact)
    return text


def near(a: float | None, b: float | None) -> bool:
    """Whether an answer may have meant a number: they agree to one part in a thousand."""
    return a is not None and b is not None and abs(a - b) <= 1e-3 * abs(b)


def _real(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if known else None


def facts_of(edge: int, step: int, document: Told) -> dict[str, Any]:
    """Everything about one row of a backward step that a mistake may mix up."""
    nodes, edges, entry = document["nodes"], document["edges"], document["backward"][step]
    part = next(p for p in entry["parts"] if p["edge"] == edge)
    one = edges[edge]
    beside = [e for e in edges if e["dst"] == one["dst"] and e["id"] != edge]
    shares = [
        _real(p["down"]) for s in document["backward"] for p in s.get("parts", ()) if _same(edges, p["edge"], edge)
    ]
    return {
        "gate": nodes[one["dst"]],
        "x": nodes[one["src"]],
        "other": nodes[beside[0]["src"]] if len(beside) == 1 else None,
        "beside": [_real(p["down"]) for p in entry["parts"] if p["edge"] != edge],
        "up": _real(entry.get("up")),
        "local": _real(part.get("local")),
        "down": _real(part["down"]),
        "sum": _real(part["sum"]),
        "shares": shares,
    }


def _same(edges: Any, one: int, other: int) -> bool:
    return bool(edges[one]["src"] == edges[other]["src"])


def diagnose(ask: Told, step: int, given: float, document: Told) -> tuple[str, str]:
    """The mistake that gives this number, and what to say of it; ("", ...) where none does."""
    facts = facts_of(ask["edge"], step, document)
    names = {
        "x": facts["x"].get("name") or "this input",
        "other": (facts["other"] or {}).get("name") or "the other input",
        "gate": facts["gate"].get("op", ""),
    }
    right = facts["local" if ask["what"] == "slope" else "sum" if ask["what"] == "sum" else "down"]
    if right == 0 and ask["what"] != "sum":
        return "blocked", told("blocked", **names)
    if given == 0 and right and ask["what"] != "sum":
        return "passes", told("passes", **names)
    for mistake, number in _tables[ask["what"]](facts):
        if near(given, number):
            return mistake, told(mistake, **names)
    if right and given and _power_of_ten(given / right):
        return "ten", told("ten")
    return "", told("sum" if ask["what"] == "sum" else "", **names)


def _power_of_ten(ratio: float) -> bool:
    power = math.log10(ratio) if ratio > 0 else 0.5
    return abs(power - round(power)) < 4e-4 and 1 <= abs(round(power)) <= 6


def _share_mistakes(facts: dict[str, Any]) -> Iterator[tuple[str, float | None]]:
    up, local, down, x = facts["up"], facts["local"], facts["down"], facts["x"]
    own, whole = _real(x.get("value")), facts["shares"]
    if facts["gate"].get("op") == "multiply" and facts["other"] is not None and up is not None and own is not None:
        yield "kept", up * own
    if down:
        yield "sign", -down
    yield "slope", local
    yield "upstream", up
    if len(whole) > 1 and None not in whole:
        yield "whole", sum(whole)
    if len(facts["beside"]) == 1:
        yield "neighbour", facts["beside"][0]
    if up is not None and local is not None:
        yield "added", up + local
        if local:
            yield "divided", up / local
    yield "value", own
    yield "value", _real(facts["gate"].get("value"))


def _sum_mistakes(facts: dict[str, Any]) -> Iterator[tuple[str, float | None]]:
    total, shares = facts["sum"], facts["shares"]
    if total:
        yield "sign", -total
    for share in shares:
        yield "branch" if len(shares) == 2 else "branches", share
    if len(shares) > 2 and None not in shares:
        for share in shares:
            yield "branches", total - share
    yield "value", _real(facts["x"].get("value"))


def _slope_mistakes(facts: dict[str, Any]) -> Iterator[tuple[str, float | None]]:
    if facts["gate"].get("op") == "multiply" and facts["other"] is not None:
        yield "kept", _real(facts["x"].get("value"))
    if facts["local"]:
        yield "sign", -facts["local"]


_tables = {"share": _share_mistakes, "sum": _sum_mistakes, "slope": _slope_mistakes}


def false_value(exercise: Told, document: Told) -> float | None:
    """The false number of an exercise "find the wrong derivative" at the document's numbers, or None.

    None says that this mistake makes no visible difference here.
    """
    edge, place, mistake = exercise["edge"], exercise["place"], exercise["mistake"]
    part = next(p for p in document["backward"][exercise["step"]]["parts"] if p["edge"] == edge)
    local, down = _real(part.get("local")), _real(part["down"])
    right = local if place == "slope" else _real(part["sum"]) if place == "sum" else down
    made: float | None = None
    if mistake == "sign":
        made = None if right is None else -right
    elif mistake == "kept":
        made = _real(document["nodes"][document["edges"][edge]["src"]].get("value"))
    elif mistake == "upstream":
        made = local
    elif mistake == "branch":
        made = down
    if right is None or made is None or abs(made - right) <= 0.01 * max(abs(made), abs(right)):
        return None
    return made


def doctored(exercise: Told, document: Told) -> dict[str, Any] | None:
    """The document with the one false number in it (and what follows from it in the same row), or None.

    A false slope of an input takes its own share along: the row is consistent, and only calculus finds it.
    """
    made = false_value(exercise, document)
    if made is None:
        return None
    step, edge, place = exercise["step"], exercise["edge"], exercise["place"]
    entry = document["backward"][step]
    part = dict(next(p for p in entry["parts"] if p["edge"] == edge))
    one, total = dict(document["edges"][edge]), None
    if place == "slope":
        part["local"] = one["local"] = made
        share = entry["up"] * made if exercise["through"] else None
    else:
        share = made if place == "share" else None
    if share is not None:
        part["down"] = one["contrib"] = share
        if part["of"] == 1:
            part["sum"] = total = share
    if place == "sum":
        part["sum"] = total = made
    found = dict(document)
    parts = [part if p["edge"] == edge else p for p in entry["parts"]]
    found["backward"] = [{**e, "parts": parts} if i == step else e for i, e in enumerate(document["backward"])]
    found["edges"] = [one if e["id"] == edge else e for e in document["edges"]]
    if total is not None:
        found["nodes"] = [{**n, "grad": total} if n["id"] == one["src"] else n for n in document["nodes"]]
    return found
