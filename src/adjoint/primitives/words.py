"""Words: what a gate does to the gradient, as one sentence a person can read.

A record's own ``words`` and ``verb`` come first; without them the gate's pattern speaks. A template
has facts in braces: ``{x} {y} {z} {out}`` (names), ``{local}`` (the slope here), ``{winner}``,
``{k}`` and ``{n}`` (how many of how many pass), ``{by}``, and the record's parameters. ``*word*``
is stressed. A sentence without its facts still says what is true.
"""

from __future__ import annotations

import re
from typing import Any

from adjoint.primitives.record import Primitive

#: What each gate does, in one verb.
VERBS = {
    "distributor": "distributes",
    "swapper": "swaps",
    "scaler": "scales",
    "router": "routes",
    "spreads": "spreads",
    "weights": "weights",
    "collects": "collects",
    "moves": "moves",
    "contracts": "contracts",
    "copy": "adds",
    "own rule": "has its own rule",
    "blocks": "blocks",
    "leaf": "receives",
}

#: What each gate does, in one sentence; {Op} is the operation's name.
GATES = {
    "distributor": "{Op} distributes: every input receives the upstream gradient unchanged.",
    "swapper": "{Op} swaps: each input receives the upstream gradient times the *other* input.",
    "scaler": "{Op} scales the upstream gradient by its slope here, {slope} = {local}.",
    "router": "{Op} routes: the gradient passes where {condition} and stops elsewhere ({k} of {n} pass).",
    "spreads": "{Op} spreads: every entry receives the same upstream gradient.",
    "weights": "{Op} weights: every entry receives the upstream gradient times {slope}.",
    "collects": "{Op} collects: the copies' gradients are added back to {shape}.",
    "moves": "{Op} moves: each gradient returns to the place its value came from.",
    "contracts": "{Op} contracts: each input receives the upstream gradient times the *other* input, transposed.",
    "own rule": "{Op} has its own rule: {slope}.",
    "blocks": "{Op} blocks: {reason}. Nothing flows back.",
    "leaf": "A leaf receives: what arrives here is its gradient.",
}

#: Routers that choose between two inputs, and what the winner was.
PAIRS = {"maximum": "larger", "minimum": "smaller"}
_ROUTED = "{Op} routes: {winner} was the {larger}, so it receives everything; the other receives 0."
_ROUTED_SOMEWHERE = "{Op} routes: the {larger} input receives everything; the other receives 0."
_TIE = "{Op} routes: equal inputs share the gradient, half each."

#: How a fact is called when nobody tells it.
_UNTOLD = {"x": "x", "y": "y", "z": "z", "out": "out", "shape": "the shape of the input", "by": "The cut"}


def title(op: Primitive) -> str:
    """The operation's name as a sentence begins with it.

    >>> from adjoint.primitives import compare
    >>> title(compare.less_equal)
    'Less equal'
    """
    return op.name.replace("_", " ").capitalize()


def verb(op: Primitive) -> str:
    """What the gate does to the gradient, in one verb: swaps, routes, blocks."""
    return op.verb or VERBS.get(op.gate, "passes")


def template(op: Primitive) -> str:
    """The backward sentence with its facts in braces and its stress in asterisks."""
    text = op.words or (_ROUTED if op.name in PAIRS else GATES.get(op.gate, ""))
    slopes = [s for s in op.slopes if s]
    if not op.words and op.gate == "scaler" and len(slopes) > 1:
        text = "{Op} scales the upstream gradient by a slope of its own for each input: {slopes}."
    given = {
        "Op": title(op),
        "larger": PAIRS.get(op.name, ""),
        "slope": slopes[0] if slopes else op.formula,
        "slopes": " and ".join([", ".join(slopes[:-1]), slopes[-1]]) if len(slopes) > 1 else "",
        "condition": slopes[0] if slopes else "",
        "reason": op.reason,
    }
    return _fill(text, given)


def sentence(op: Primitive, **facts: Any) -> str:
    """The backward sentence as plain text, with the facts given filled in.

    What nobody tells is left out or called by a general name. ``tie=True`` speaks of equal inputs.

    >>> from adjoint.primitives import elementwise, select
    >>> sentence(elementwise.multiply)
    'Multiply swaps: each input receives the upstream gradient times the other input.'
    >>> sentence(elementwise.sin, x="v", local="0.5")
    'Sin scales the upstream gradient by its slope here, cos(v) = 0.5.'
    >>> sentence(select.maximum, winner="a")
    'Maximum routes: a was the larger, so it receives everything; the other receives 0.'
    """
    text = template(op)
    if op.name in PAIRS:
        tie, some = pair_templates(op)
        if facts.pop("tie", False):
            text = tie
        elif "winner" not in facts:
            text = some
    # A clause about a fact that nobody told goes: "= {local}", "({k} of {n} pass)".
    if "local" not in facts:
        text = text.replace(" = {local}", "")
    if "k" not in facts or "n" not in facts:
        text = re.sub(r" \([^()]*\{k\}[^()]*\)", "", text)
    told = {**_UNTOLD, **{p: p for p in op.params if p != "by"}, **facts}
    return _fill(text, told).replace("*other*", "other")


def pair_templates(op: Primitive) -> tuple[str, str]:
    """The sentence of a gate in ``PAIRS`` at equal inputs, and where nobody says which input won."""
    told = {"Op": title(op), "larger": PAIRS[op.name]}
    return _fill(_TIE, told), _fill(_ROUTED_SOMEWHERE, told)


def kink_sentence(value: str, why: str) -> str:
    """What is added at a point where the slope is not unique."""
    return f"At this point the slope is not unique; the convention gives {value}: {why}."


def _fill(text: str, facts: dict[str, Any]) -> str:
    # One pass over known names: a user's name with braces in it is text, and is not read again.
    return re.sub(r"\{(\w+)\}", lambda m: str(facts.get(m[1], m[0])), text)
