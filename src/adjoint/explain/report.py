"""A story as sections of plain words: what every terminal shows, with or without colours.

A section has a title, sentences, and rows of cells. A cell is text with a tone (a sign, a warning,
something quiet), so that a view may colour it and plain text loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from adjoint.explain import words
from adjoint.explain.cost import constant_name, total_bytes
from adjoint.explain.items import Item
from adjoint.explain.responsibility import first_bad
from adjoint.explain.statistics import summary
from adjoint.graph.text import clean
from adjoint.numbers import WIRE_LIMIT, format_bytes, format_number, format_shape, sign_of

if TYPE_CHECKING:
    from adjoint.explain.story import Story

#: So many steps of a pass are shown from its beginning, and from its end, in long stories.
FIRST, LAST = 40, 20
#: So many leaves, nudges, arrays and kept values are listed.
LISTED = 24
#: Arrays of up to so many entries are told by their entries.
FEW = 4
#: The chained sentence of a nudge gives up its middle rather than its end.
CHAIN_WIDTH = 58


@dataclass(slots=True, frozen=True)
class Cell:
    """A piece of text; the tone is "", "pos", "neg", "zero", "bad" or "quiet"."""

    text: str
    tone: str = ""


@dataclass(slots=True)
class Section:
    """A titled part of a report: sentences, then rows; a row of one cell runs across all columns."""

    title: str
    lines: list[Cell] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)
    #: Columns whose text stands at the right.
    right: frozenset[int] = frozenset()
    after: list[Cell] = field(default_factory=list)


def report(story: Story) -> list[Section]:
    """All sections of a story, in the order in which they are read."""
    sections = [_head(story)]
    if story.board.operations:
        sections.append(_forward(story))
    if story.backward:
        sections.append(_backward(story))
    if story.board.parameters or any(i.kind == "leaf" for i in story.board.items):
        sections.append(_leaves(story))
    arrays = _arrays(story)
    if arrays.rows:
        sections.append(arrays)
    if story.nudges:
        sections.append(_nudges(story))
    if story.backward:
        sections.append(Section("Cost", [Cell(s) for s in story.cost.sentences()]))
    if story.kept and story.board.root is not None:
        sections.append(_memory(story))
    return sections


def _head(story: Story) -> Section:
    found = Section(clean(story.heading))
    formula = story.formula.text
    if " = " in formula:
        found.lines.append(Cell(formula))
    if story.failure is not None:
        told = [f"The run failed: {story.failure.what}", *(story.failure.where or "").splitlines()]
        if story.failure.help:
            told.append("help: " + story.failure.help)
        found.lines += [Cell(clean_line(t), "bad") for t in told if t.strip()]
    if story.nothing:
        found.lines.append(Cell(story.nothing))
        if story.value is not None:
            found.lines.append(Cell(f"It returned {gist(story.value)}."))
    bad = first_bad(story.board)
    if bad is not None:
        found.lines.append(Cell(bad_sentence(story, bad), "bad"))
    if story.stationary is not None:
        kind = story.stationary.kind
        named = {"unknown": "A stationary point of unknown kind", "degenerate": "A degenerate stationary point"}
        found.lines.append(Cell(f"{named.get(kind, f'A {kind}')}: {story.stationary.why}"))
    found.lines += [Cell(clean_line(note)) for note in story.notes]
    return found


def clean_line(text: str) -> str:
    """One line of text that cannot steer a terminal; spaces stay, so that carets stay under their place."""
    return "".join(c if c.isprintable() else " " for c in text)


def bad_sentence(story: Story, item: Item) -> str:
    """Where the first NaN or infinity came from: ``NaN first appears at log (line 12): input −1``."""
    value = np.asarray(item.value if not isinstance(item.value, tuple) else item.value[0])
    what = "NaN" if np.any(np.isnan(value)) else "∞"
    if item.op is None:
        return f"{what} first appears in {item.name or 'a constant'}, which is given."
    where = f" (line {item.node.site.line})" if item.node is not None and item.node.site is not None else ""
    place = np.unravel_index(int(np.argmax(~np.isfinite(value))), value.shape) if value.ndim else ()
    operands = [words.number_text(_entry(o.value, value.shape, place)) for o in story.board.operands(item)]
    count = int(np.count_nonzero(~np.isfinite(value)))
    many = "" if value.ndim == 0 else f" in {count:,} of {value.size:,} entries"
    at = "" if value.ndim == 0 else f", the first at [{', '.join(map(str, map(int, place)))}]"
    inputs = "input" if len(operands) == 1 else "inputs"
    return f"{what} first appears at {item.op.name.replace('_', ' ')}{where}{many}{at}: {inputs} {', '.join(operands)}."


def _entry(value: Any, shape: tuple[int, ...], place: tuple[Any, ...]) -> Any:
    """The entry of an operand at a place of the result, where it lines up with it; else the operand whole."""
    try:
        return np.broadcast_to(value, shape)[place]
    except ValueError:
        return value


def tone_of(value: Any) -> str:
    """The colour class of a scalar gradient."""
    return "" if value is None or np.ndim(value) else sign_of(np.asarray(value)[()])


def gist(value: Any, short: bool = False) -> str:
    """A value in a few words: a number, or an array's shape with its range and root mean square."""
    if value is None:
        return "unknown"
    if isinstance(value, tuple):
        return f"{len(value)} outputs: " + " ".join(_bracketed(np.shape(v)) for v in value)
    if not np.ndim(value):
        return words.number_text(value)
    array = np.asarray(value)
    facts = summary(array)
    told = [_bracketed(facts["shape"])]
    if array.size <= FEW:
        told.append(" ".join(format_number(v) for v in array.ravel()))
        return " ".join(told)
    if "min" in facts:
        if not short:
            told.append(f"{format_number(facts['min'], 3)} to {format_number(facts['max'], 3)},")
        told.append(f"rms {format_number(facts['rms'], 3)}")
    if facts["nan"] or facts["inf"]:
        told.append(f"({facts['nan']:,} NaN, {facts['inf']:,} ∞)")
    return " ".join(told)


def _bracketed(shape: Sequence[int]) -> str:
    return format_shape(shape) if len(shape) == 1 else f"[{format_shape(shape)}]"


def _shown(steps: Sequence[Any]) -> list[tuple[int, Any]]:
    """The steps that are listed, numbered from 1, with a (0, how many) where some are left out."""
    numbered = list(enumerate(steps, 1))
    if len(numbered) <= FIRST + LAST:
        return numbered
    return [*numbered[:FIRST], (0, len(numbered) - FIRST - LAST), *numbered[-LAST:]]


def _forward(story: Story) -> Section:
    found = Section("Forward")
    for number, item in _shown(story.board.operations):
        if number == 0:
            found.rows.append([Cell(f"… {item:,} steps more …", "quiet")])
            continue
        name = item.op.name.replace("_", " ")
        formula = words.own_formula(story.board, item).text
        formula = f"{item.name} = {formula}" if item.name else f"{formula} failed here"
        site = item.node.site if item.node is not None else None
        bad = item.value is None and story.failure is not None
        numbers = words.number_formula_of(story.board, item) or ("" if bad else gist(item.value))
        found.rows.append(
            [
                Cell(str(number), "quiet"),
                Cell(name, "bad" if bad else ""),
                Cell(formula),
                Cell(numbers),
                Cell("" if site is None else f"line {site.line}", "quiet"),
            ]
        )
    found.right = frozenset({0})
    return found


def _backward(story: Story) -> Section:
    board = story.board
    root = board.root
    assert root is not None
    found = Section("Backward", [Cell(turn_sentence(story))])
    if any(np.ndim(s.up) for s in story.backward):
        found.lines.append(Cell("g is the gradient that arrives at a gate from above."))
    if any(np.iscomplexobj(p.local) or np.iscomplexobj(p.down) for s in story.backward for p in s.parts):
        found.lines.append(Cell("Complex values: a gate multiplies by the conjugate of its local derivative."))
    came: dict[int, int] = {}  # how many branches of a value have come
    shown = {number for number, _ in _shown(story.backward)}
    for number, step in enumerate(story.backward, 1):
        if number not in shown:
            for part in step.parts:
                came[board.edges[part.edge].src] = came.get(board.edges[part.edge].src, 0) + 1
            if number == FIRST + 1:
                found.rows.append([Cell(f"… {len(story.backward) - FIRST - LAST:,} steps more …", "quiet")])
            continue
        found.rows.append([Cell(f"{number}. {words.backward_sentence(board, step)}")])
        for part in step.parts:
            source = board.edges[part.edge].src
            came[source] = came.get(source, 0) + 1
            head, equation = words.row_text(board, step, part)
            note = ""
            if part.of > 1 and came[source] == part.of:
                note = words.branches_text(story.backward, board, source)
            value = gist(part.down, short=True) if np.ndim(part.down) else ""
            said = Cell("= " + equation, tone_of(part.down))
            found.rows.append([Cell(" "), Cell(head), said, Cell(value), Cell(note, "quiet")])
    return found


def turn_sentence(story: Story) -> str:
    """Where the backward pass starts."""
    root = story.board.root
    assert root is not None
    name = root.name
    if root.specs[0].shape:
        many = f"each of the {root.specs[0].size:,} entries of {name}"
        return f"The backward pass starts at the end with 1 for {many}: these are the gradients of their sum."
    real = " (of its real part)" if root.specs[0].dtype.kind == "c" else ""
    return f"The backward pass starts at the end: ∂{name}/∂{name} = 1{real}."


def _leaves(story: Story) -> Section:
    board = story.board
    rate = f"step at rate {format_number(story.rate)}" if story.rate is not None else ""
    found = Section("Leaves", header=["", "", "value", "gradient", "share", *([rate] if rate else [])])
    rows = {row.node: row for row in story.leaf_rows}
    leaves = [i for i in board.items if i.kind == "leaf"]
    for item in leaves[:LISTED]:
        row = rows.get(item.id)
        grad = Cell("" if item.grad is None else _step(item.grad), tone_of(item.grad))
        if item.zero.startswith("no path"):
            grad = Cell(item.zero, "zero")
        share = ""
        if row is not None and row.share is not None and not item.zero.startswith("no path"):
            share = f"{format_number(100 * row.share, 3)} %"
        cells = [
            Cell(item.name),
            Cell(item.role if item.specs[0].shape == () else f"{item.role} {item.spec}", "quiet"),
            Cell("unknown" if item.value is None else _size(item.value)),
            grad,
            Cell(share, "quiet"),
        ]
        if rate:
            cells.append(Cell("" if row is None or row.step is None else _step(row.step)))
        found.rows.append(cells)
        if item.zero and not item.zero.startswith("no path"):
            found.after.append(Cell(f"No gradient reaches {item.name}: {item.zero}."))
    if len(leaves) > LISTED:
        found.after.append(Cell(f"… {len(leaves) - LISTED:,} leaves more.", "quiet"))
    found.right = frozenset({2, 3, 4, 5} if rate else {2, 3, 4})
    return found


def _size(value: Any) -> str:
    return words.number_text(value) if np.ndim(value) == 0 else "rms " + _rms(value)


def _step(step: Any) -> str:
    return words.gradient_text(step) if np.ndim(step) == 0 else "rms " + _rms(step)


def _rms(value: Any) -> str:
    facts = summary(np.asarray(value))
    return format_number(facts["rms"]) if "rms" in facts else "NaN" if facts["nan"] else "–"


def _arrays(story: Story) -> Section:
    found = Section("Arrays", header=["", "", "min", "mean", "max", "rms", "+ − 0", "corners"])
    items = [i for i in story.board.items if not i.several and np.ndim(i.value) and i.kind != "const"]
    for item in items[:LISTED]:
        for name, value in ((item.name, item.value), ("  gradient", item.grad)):
            if value is not None:
                found.rows.append(_array_row(name, np.asarray(value)))
    if len(items) > LISTED:
        found.after.append(Cell(f"… {len(items) - LISTED:,} arrays more.", "quiet"))
    found.right = frozenset({2, 3, 4, 5})
    return found


def _array_row(name: str, array: np.ndarray[Any, Any]) -> list[Cell]:
    facts = summary(array)
    numbers = [format_number(facts[k], 3, WIRE_LIMIT) if k in facts else "–" for k in ("min", "mean", "max", "rms")]
    zero = array.size - facts["pos"] - facts["neg"] - facts["nan"]
    parts = [f"{round(100 * n / array.size)}" if array.size else "–" for n in (facts["pos"], facts["neg"], zero)]
    signs = "/".join(parts) + " %" if array.dtype.kind != "c" else ""
    flat = array.ravel()
    few = flat.size <= FEW
    shown = [format_number(v, 3, WIRE_LIMIT) for v in (flat if few else (flat[0], flat[-1]))]
    corner = (" " if few else " … ").join(shown)
    bad = facts["nan"] + facts["inf"]
    return [
        Cell(name),
        Cell(format_shape(facts["shape"]), "quiet"),
        *map(Cell, numbers),
        Cell(signs, "quiet"),
        Cell(corner, "bad" if bad else "quiet"),
    ]


def _nudges(story: Story) -> Section:
    found = Section("Nudges", [Cell("Each value is moved a little, and everything after it is computed again.")])
    leaves = {i.id for i in story.board.parameters}
    told = sorted(story.nudges.values(), key=lambda n: (n.node not in leaves, n.node))
    for one in told[:LISTED]:
        check = f"change ÷ ε = {format_number(one.slope)}"
        if one.expected is not None:
            check += f", gradient {words.gradient_text(one.expected)}"
        if one.caution:
            check += f", {one.caution}"
        told_so = next((s for s in map(one.sentence, (2, 1, 0)) if len(s) <= CHAIN_WIDTH), one.sentence(0))
        found.rows.append([Cell(told_so), Cell(check, "quiet")])
    if len(told) > LISTED:
        found.after.append(Cell(f"… {len(told) - LISTED:,} nudges more.", "quiet"))
    return found


def _memory(story: Story) -> Section:
    found = Section("Memory", [Cell(f"Kept between the passes: {format_bytes(total_bytes(story.kept))}.")])
    for one in story.kept[:LISTED]:
        name = constant_name(story.board.items[one.node]) if one.node is not None else "a value of its own"
        found.rows.append([Cell(name), Cell(format_bytes(one.bytes)), Cell(one.why, "quiet")])
    if len(story.kept) > LISTED:
        found.after.append(Cell(f"… {len(story.kept) - LISTED:,} values more.", "quiet"))
    found.right = frozenset({1})
    return found
