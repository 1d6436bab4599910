"""What a story says: the sentence of each step, its formula in names and in numbers, the whole as one formula."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint.explain.items import Board, Edge, Item
from adjoint.explain.mathml import Formula, escape, name_formula, number_formula, render, tagged
from adjoint.explain.passes import BackwardStep, Part
from adjoint.graph.text import clean, constant_text
from adjoint.numbers import format_array, format_gradient, format_number
from adjoint.primitives import words as gates
from adjoint.primitives.places import HOLE
from adjoint.primitives.specs import written
from adjoint.primitives.structure import CUT, ITEM

#: The whole computation is written as one formula up to so many operations, and so many characters.
OPERATIONS = 40
CHARACTERS = 160
#: A formula of so many fits into the line above a picture; in a longer one, values with names go by them if their own
#: formula is longer than the second number.
HEADING, NAMED = 72, 24

_UNKNOWN = "?"


def number_text(value: Any) -> str:
    """A scalar with four digits; an array has its shape, or its number where it holds a single one."""
    if value is None:
        return _UNKNOWN
    if isinstance(value, tuple):
        return ", ".join(map(number_text, value))
    array = np.asarray(value)
    if array.dtype.kind == "b" and not array.shape:
        return str(bool(array))
    if not array.shape:
        return format_number(array[()])
    told = array.size == 1 and array.dtype.kind in "fiu" and np.isfinite(array).all()
    return format_array({"shape": array.shape, "min": array.item() if told else None})


def gradient_text(value: Any) -> str:
    """A scalar gradient, with its sign."""
    array = np.asarray(value)
    return _UNKNOWN if value is None else format_gradient(array[()]) if not array.shape else number_text(value)


def in_product(text: str) -> str:
    """A number as a factor: in parentheses where it has a sign or several parts.

    >>> in_product("−2"), in_product("3"), in_product("1 + 2i")
    ('(−2)', '3', '(1 + 2i)')
    """
    return f"({text})" if text.startswith(("−", "+")) or " " in text else text


def _operand_name(item: Item) -> Formula:
    if item.kind == "const":
        return number_formula(number_text(item.value))
    return name_formula(item.name)


def _operand_number(item: Item) -> Formula:
    return number_formula(number_text(item.value))


def _template(item: Item, arrays: Sequence[Formula] = ()) -> tuple[str, dict[str, Formula]]:
    """The record's formula, and what its parameters say; axes that say nothing are left out.

    ``arrays`` are the operands that may stand inside of an index.
    """
    assert item.op is not None
    template = item.op.formula or item.op.name
    facts: dict[str, Formula] = {}
    for name, value in item.params.items():
        if name == "index":
            facts[name] = _index_formula(item, value, arrays)
            continue
        if name in ("axis", "axes") and (value is None or len(_tuple(value)) == _rank(item)) and name == "axis":
            template = template.replace(", {axis}", "")
        else:
            if name == "axis":
                value = written(value)
                if isinstance(value, tuple | list) and len(value) == 1:
                    value = value[0]
            text = clean(constant_text(value))
            if name == "axis":
                text = "axis " + text.replace("-", "−")
            facts[name] = Formula(text, f"<mtext>{escape(text)}</mtext>")
    if template.endswith("{axes})") and item.params.get("axes") is None:
        template = template.replace(", {axes}", "")
    if item.op.lift is not None or template == item.op.name:
        count = len(item.ins)
        template = f"{item.op.name}({', '.join('{' + name + '}' for name in _letters(count))})"
    return template, facts


def _index_formula(item: Item, index: Any, operands: Sequence[Formula]) -> Formula:
    """What stands between the brackets: numbers and slices, and the names of index arrays (the last operands)."""
    parts = index if isinstance(index, tuple) else (index,)
    count = sum(part is HOLE for part in parts)
    names = iter([f.text for f in operands[len(operands) - count :]] if count else [])
    text = ", ".join(next(names, "…") if part is HOLE else clean(constant_text(part)) for part in parts)
    return Formula(text, f"<mtext>{escape(text)}</mtext>")


def _tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _rank(item: Item) -> int:
    return len(item.node.input_spec(0).shape) if item.node is not None else -1


def _letters(count: int) -> list[str]:
    return ["x", "y", "z"][:count] if count <= 3 else [f"x{i}" for i in range(count)]


def formula_of(item: Item, operands: list[Formula]) -> Formula:
    """What an operation computes, with these formulas as its operands."""
    template, facts = _template(item, operands)
    for letter, operand in zip(_letters(len(operands)), operands, strict=True):
        facts[letter] = operand
    if "{xs}" in template:
        joined = operands[0] if operands else Formula("", "")
        for other in operands[1:]:
            joined = Formula(f"{joined.text}, {other.text}", f"{joined.mathml}<mo>,</mo>{other.mathml}")
        facts["xs"] = joined._replace(level=5, kind="")
    for letter, operand in zip("xyz", operands, strict=False):
        facts.setdefault(letter, operand)
    return render(template, facts)


def own_formula(board: Board, item: Item) -> Formula:
    """What an operation computes, in the names of its operands: ``c + b``."""
    return formula_of(item, [_operand_name(o) for o in board.operands(item)])


def number_formula_of(board: Board, item: Item) -> str:
    """The same in numbers, where all of them are: ``−4 + 8 = 4``."""
    operands = board.operands(item)
    if item.value is None or item.several or any(o.value is None for o in operands):
        return ""
    if any(s.shape for o in (*operands, item) for s in o.specs) or item.op is ITEM:
        return ""
    shown = formula_of(item, [_operand_number(o) for o in operands]).text
    result = number_text(item.value)
    return shown if shown == result else f"{shown} = {result}"


def whole_formula(board: Board) -> Formula:
    """The whole computation as one formula, each operation tagged with its node; of large graphs the root's name."""
    root = board.root
    if root is None:
        return Formula("", "")
    head = name_formula(root.name)
    operations = board.operations
    if root.kind != "op" or len(operations) > OPERATIONS:
        return head
    body = _written_out(board, root, CHARACTERS)
    if len(body.text) > HEADING:
        # The user's own names make it short enough for one line, where there are some.
        shorter = _written_out(board, root, NAMED)
        body = min(body, shorter, key=lambda one: len(one.text))
    if len(body.text) > CHARACTERS:
        return head
    return Formula(f"{head.text} = {body.text}", f"{head.mathml}<mo>=</mo>{body.mathml}")


def _written_out(board: Board, root: Item, longest: int) -> Formula:
    """The root as a formula of the leaves; a value with a user's name and a longer formula goes by its name."""
    known: dict[int, Formula] = {}
    for item in board.items:
        if item.kind != "op":
            known[item.id] = _operand_name(item)
            continue
        found = formula_of(item, [known[o.id] for o in board.operands(item)])
        if item.op is CUT and item is not root:
            found = name_formula(item.name)  # what is cut off is a constant of its own
        named = item is not root and item.node is not None and item.node.label == item.name
        if len(found.text) > (longest if named else CHARACTERS):
            # Too long to read at once: from here on it goes by its name.
            found = name_formula(item.name) if item is not root else own_formula(board, item)
        known[item.id] = tagged(found, item.id)
    return known[root.id]


def slope_formula(board: Board, edge: Edge) -> Formula | None:
    """The local derivative as a formula, where the record has one; g stands for upstream."""
    item = board.items[edge.dst]
    if item.op is None or edge.slot >= len(item.op.slopes) or not item.op.slopes[edge.slot]:
        return None
    if item.op.family == "router" and edge.local is not None and np.ndim(edge.local) == 0:
        return number_formula(number_text(edge.local))
    return render(item.op.slopes[edge.slot], _facts(board, item))


def _facts(board: Board, item: Item) -> dict[str, Formula]:
    _, facts = _template(item, [_operand_name(o) for o in board.operands(item)])
    for letter, operand in zip("xyz", board.operands(item), strict=False):
        facts[letter] = _operand_name(operand)
    facts["out"] = name_formula(item.name)
    return facts


def backward_sentence(board: Board, step: BackwardStep) -> str:
    """What the gate does to the gradient, in one sentence; at a kink, with the convention."""
    item = board.items[step.node]
    assert item.op is not None
    facts = _facts(board, item)
    told: dict[str, Any] = {name: f.text for name, f in facts.items()}
    if item.op.name == "cut" or "by" in item.params:
        told["by"] = clean(str(item.params.get("by")))
    operands = board.operands(item)
    told.update(_routing(item, operands, step))
    if step.parts and np.ndim(step.parts[0].local) == 0 and step.parts[0].local is not None:
        told["local"] = number_text(step.parts[0].local)
    text = gates.sentence(item.op, **told)
    for slope in item.op.slopes:
        # The records write slopes as code; people read 2d, not 2 * d.
        code = slope
        for name, fact in facts.items():
            code = code.replace("{" + name + "}", fact.text)
        if slope and code in text and len(code) > 1:
            text = text.replace(code, render(slope, facts).text)
    choosing = item.op.family == "router" and item.op.name not in ("maximum", "minimum")
    if choosing and item.specs[0].shape == () and step.parts:
        text += " Here it passes." if np.any(step.parts[0].local) else " Here it stops."
    return text + _kink(item, step)


def _routing(item: Item, operands: list[Item], step: BackwardStep) -> dict[str, Any]:
    """Who won, or how many entries pass, at a gate that routes."""
    assert item.op is not None
    if item.op.family != "router" or any(o.value is None for o in operands):
        return {}
    if item.op.name in ("maximum", "minimum"):
        if item.specs[0].shape != ():
            return {}
        x, y = operands[0].value, operands[1].value
        if x == y:
            return {"tie": True}
        first = bool(x > y) == (item.op.name == "maximum") if x == x and y == y else x != x
        return {"winner": _operand_name(operands[0 if first else 1]).text}
    if item.specs[0].shape == () or not step.parts:
        return {}
    local = np.asarray(step.parts[0].local)
    size = int(np.prod(item.specs[0].shape))
    passing = int(np.count_nonzero(np.broadcast_to(local, item.specs[0].shape)))
    taken = passing if item.op.name != "where" or step.parts[0].edge == item.ins[1] else size - passing
    return {"k": taken, "n": size}


def _kink(item: Item, step: BackwardStep) -> str:
    if not item.kinks or item.op is None:
        return ""
    local = step.parts[0].local if step.parts else None
    value = number_text(local) if local is not None and np.ndim(local) == 0 else "its value there"
    said = gates.kink_sentence(value, item.op.kinks)
    size = sum(s.size for s in item.specs)
    return " " + (said if size <= 1 else said.replace("At this point", f"At {item.kinks:,} of {size:,} entries", 1))


def row_text(board: Board, step: BackwardStep, part: Part) -> tuple[str, str]:
    """One input's row: ``∂J/∂w via c`` and ``+2 × (−2) = −4``."""
    edge = board.edges[part.edge]
    source = board.items[edge.src]
    root = board.root.name if board.root is not None else ""
    gate = board.items[edge.dst]
    head = f"∂{root}/∂{source.name}" + (f" via {gate.name}" if part.of > 1 else "")
    down = gradient_text(part.down)
    if part.local is not None and np.ndim(part.local) == 0 and np.ndim(part.down) == 0 and np.ndim(step.up) == 0:
        return head, _product(step.up, part.local, part.down)
    if np.ndim(part.down) == 0 and part.down is not None:
        return head, f"{down}"
    return head, _array_rule(slope_formula(board, edge), gate, source, step, part)


def _product(up: Any, local: Any, down: Any) -> str:
    """The equation of a scalar row; of complex numbers the one that holds, or the result alone."""
    factor, arriving, leaving = in_product(number_text(local)), gradient_text(up), gradient_text(down)
    if not any(np.iscomplexobj(v) for v in (up, local, down)):
        return f"{arriving} × {factor} = {leaving}"
    mirrored = "conj" + (factor if factor.startswith("(") else f"({factor})")
    arriving = in_product(arriving) if " " in arriving else arriving
    product = up * np.conj(local)
    for text, value in (
        (f"{arriving} × {factor}", up * local),
        (f"{arriving} × {mirrored}", product),
        (f"conj({gradient_text(up)})", np.conj(up)),
        (f"real({arriving} × {mirrored})", np.real(product)),
    ):
        if np.isclose(value, down, rtol=1e-5, atol=0, equal_nan=True):
            return f"{text} = {leaving}"
    return leaving


def _array_rule(slope: Formula | None, gate: Item, source: Item, step: BackwardStep, part: Part) -> str:
    """What happens to an array's gradient g: ``g × 2d``, ``g @ Wᵀ``, ``g, summed to 4``."""
    assert gate.op is not None
    if slope is None:
        return f"g, {gates.verb(gate.op)}"
    if gate.op.family not in ("elementwise", "router", "reduce"):
        return slope.text
    factors = {"1": "g", "−1": "−g"}
    text = factors.get(slope.text, f"g × {in_product(slope.text)}")
    shape = source.specs[0].shape
    if gate.op.family == "reduce":
        return f"{text}, spread to {'×'.join(map(str, shape))}"
    if np.ndim(step.up) and np.shape(step.up) != shape:
        return f"{text}, summed to {'×'.join(map(str, shape)) or 'one number'}"
    return text


def branches_text(steps: list[BackwardStep], board: Board, source: int) -> str:
    """``branches add: +2 and +3 make +5``, once the last branch of a value has come."""
    shares = [p for s in steps for p in s.parts if board.edges[p.edge].src == source]
    total = gradient_text(shares[-1].sum)
    if any(p.down is None for p in shares):
        return "branches add"
    if len(shares) > 4 or np.ndim(shares[-1].sum):
        return f"{len(shares):,} branches add" + ("" if np.ndim(shares[-1].sum) else f" to {total}")
    told = [gradient_text(p.down) for p in shares]
    return f"branches add: {', '.join(told[:-1])} and {told[-1]} make {total}"


def general(item: Item) -> tuple[Formula, list[tuple[str, Formula]]]:
    """What an operation computes and its slopes, in the letters of its record: ``x × y``; y by x, and x by y."""
    assert item.op is not None
    letters = _letters(len(item.ins))
    names = [name_formula(letter) for letter in letters]
    _, facts = _template(item, names)
    facts.update(zip(letters, names, strict=True))
    facts["out"] = name_formula("out")
    slopes = []
    for letter, slope in zip(letters, item.op.slopes, strict=False):
        if not slope:
            continue
        found = render(slope, facts)
        if item.op.family == "router" and item.op.name != "abs":
            # What a router writes as its slope is a condition.
            found = Formula(
                f"1 where {found.text}, else 0", f"<mtext>1 where </mtext>{found.mathml}<mtext>, else 0</mtext>"
            )
        slopes.append((letter, found))
    return formula_of(item, names), slopes
