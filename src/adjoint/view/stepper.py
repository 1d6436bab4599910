"""A story one step at a time, as lines for a terminal: what is known by now, where we are, and what this gate does.

A frame is made from the story and a number alone; whoever shows frames only asks for the next number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from adjoint.explain import words
from adjoint.explain.cost import counted
from adjoint.explain.items import Item
from adjoint.explain.passes import BackwardStep
from adjoint.explain.plain import cells_wide, column_widths, cut, folded
from adjoint.explain.report import Cell, gist, tone_of, turn_sentence
from adjoint.graph.text import clean

if TYPE_CHECKING:
    from adjoint.explain.story import Story

UNKNOWN = "·"
HERE = "▸"


@dataclass(slots=True)
class Stop:
    """One stop: the inputs, a gate of the forward pass, the turn, a gate of the backward pass, the end."""

    kind: Literal["inputs", "forward", "turn", "backward", "done"]
    item: Item | None = None
    step: BackwardStep | None = None
    number: int = 0
    of: int = 0

    @property
    def heading(self) -> str:
        """Where this is: ``Forward 2 of 3``."""
        if self.number:
            return f"{self.kind.capitalize()} {self.number} of {self.of}"
        return {"inputs": "Inputs", "turn": "Turn around", "done": "Done"}[self.kind]


@dataclass(slots=True)
class Line:
    """A line of a frame: cells of text, and whether it is where the story is now."""

    cells: list[Cell] = field(default_factory=list)
    here: bool = False

    @property
    def text(self) -> str:
        """The line without its tones."""
        return "".join(cell.text for cell in self.cells).rstrip()


class Stepper:
    """The stops of a story, and the frame of each.

    >>> import adjoint as ad
    >>> stepper = Stepper(ad.explain(lambda a, b: a * b)(2.0, 3.0))
    >>> [stop.heading for stop in stepper.stops]
    ['Inputs', 'Forward 1 of 1', 'Turn around', 'Backward 1 of 1', 'Done']
    """

    def __init__(self, story: Story) -> None:
        self.story = story
        operations = story.board.operations
        self.stops = [Stop("inputs")]
        self.stops += [Stop("forward", i, None, n, len(operations)) for n, i in enumerate(operations, 1)]
        if story.backward:
            self.stops.append(Stop("turn", story.board.root))
            items = story.board.items
            count = len(story.backward)
            self.stops += [Stop("backward", items[s.node], s, n, count) for n, s in enumerate(story.backward, 1)]
            self.stops.append(Stop("done"))

    @property
    def turn(self) -> int:
        """The stop at which the backward pass begins; the last one of a story without one."""
        return next((n for n, stop in enumerate(self.stops) if stop.kind == "turn"), len(self.stops) - 1)

    def frame(self, at: int, width: int = 100, height: int = 40) -> list[Line]:
        """The lines of one stop, at most ``height`` of them, each at most ``width`` columns wide."""
        stop = self.stops[at]
        said = [Line([Cell(t, c.tone)]) for c in self._words(stop) for t in folded(c.text, width, "  ", "   ")]
        said += self._rows(stop, width)
        head = Line([Cell(cut(clean(self.story.heading), width - 2)), Cell("")])
        place = f"{stop.heading}   {at + 1} of {len(self.stops)}"
        top = [head]
        if " = " in self.story.formula.text:
            top.append(Line([Cell("  " + cut(self.story.formula.text, width - 4), "quiet")]))
        top += [Line(), Line([Cell(place)], here=True), Line()]
        room = max(3, height - len(top) - len(said) - 1)
        return (top + self._values(at, width, room) + [Line()] + said)[:height]

    def known(self, at: int) -> tuple[dict[int, Any], dict[int, Any]]:
        """The values and gradients (as far as their branches have come) that are known at a stop, by item."""
        values = {i.id: i.value for i in self.story.board.items if i.kind != "op"}
        grads: dict[int, Any] = {}
        for stop in self.stops[: at + 1]:
            if stop.kind == "forward" and stop.item is not None and stop.item.value is not None:
                values[stop.item.id] = stop.item.value
            elif stop.kind == "turn" and stop.item is not None:
                grads[stop.item.id] = stop.item.grad
            elif stop.step is not None:
                for part in stop.step.parts:
                    grads[self.story.board.edges[part.edge].src] = part.sum
        return values, grads

    def _values(self, at: int, width: int, room: int) -> list[Line]:
        """The table of values and gradients; where it is too long, the part around the gate at hand."""
        values, grads = self.known(at)
        stop = self.stops[at]
        items = [i for i in self.story.board.items if i.kind != "const"]
        touched = {stop.item.id} if stop.item is not None else set()
        if stop.step is not None:
            touched |= {self.story.board.edges[part.edge].src for part in stop.step.parts}
        middle = next((n for n, i in enumerate(items) if stop.item is not None and i.id == stop.item.id), 0)
        first = max(0, min(middle - room // 2, len(items) - room))
        shown = items[first : first + room]
        rows = []
        for item in shown:
            formula = words.own_formula(self.story.board, item).text if item.op is not None else item.role
            grad = grads.get(item.id)
            rows.append(
                [
                    Cell(HERE if stop.item is not None and item.id == stop.item.id else " "),
                    Cell(item.name),
                    Cell(formula, "quiet"),
                    Cell(gist(values[item.id], short=True) if item.id in values else UNKNOWN),
                    Cell(UNKNOWN if grad is None else _gradient(grad), "quiet" if grad is None else tone_of(grad)),
                ]
            )
        widths = column_widths(rows, width - 2)
        return [
            Line(_padded(row, widths), here=item.id in touched) for row, item in zip(rows, shown, strict=True)
        ]  # fmt: skip

    def _words(self, stop: Stop) -> list[Cell]:
        """The sentence of a stop."""
        story = self.story
        if stop.kind == "inputs":
            return [Cell(f"The inputs are given; {counted(len(story.board.operations), 'operation')} to go.")]
        item = stop.item
        if stop.kind == "forward" and item is not None and item.op is not None:
            if item.value is None and story.failure is not None:
                told = [f"The run failed: {story.failure.what}", story.failure.where or "", story.failure.help or ""]
                return [Cell(clean(line), "bad") for line in told if line]
            name = item.op.name.replace("_", " ").capitalize()
            numbers = words.number_formula_of(story.board, item)
            formula = f"{item.name} = {words.own_formula(story.board, item).text}"
            return [Cell(f"{name}: {formula}" + (f" = {numbers}" if numbers else "") + ".")]
        if stop.kind == "turn":
            return [Cell(turn_sentence(story))]
        if stop.step is not None:
            return [Cell(words.backward_sentence(story.board, stop.step))]
        cost = story.cost
        return [
            Cell(
                f"One backward pass gave all {counted(cost.inputs, 'gradient')}: {cost.visits_reverse:,} gate visits. "
                f"Nudging inputs one at a time would take {cost.visits_differences:,}."
            )
        ]

    def _rows(self, stop: Stop, width: int) -> list[Line]:
        """Upstream × local = downstream, an input a line; branches that are added."""
        if stop.step is None:
            return []
        board = self.story.board
        done = self.stops.index(stop)
        lines = []
        for part in stop.step.parts:
            source = board.edges[part.edge].src
            head, equation = words.row_text(board, stop.step, part)
            text = f"    {head} = {equation}"
            if np.ndim(part.down):
                text += f"   {gist(part.down, short=True)}"
            came = sum(
                board.edges[p.edge].src == source for s in self.stops[: done + 1] if s.step for p in s.step.parts
            )
            if part.of > 1:
                added = words.branches_text(self.story.backward, board, source)
                text += f"   {added}" if came == part.of else f"   branch {came} of {part.of}"
            lines.append(Line([Cell(cut(text, width), tone_of(part.down))]))
        return lines


def _gradient(grad: Any) -> str:
    return words.gradient_text(grad) if not np.ndim(grad) else gist(grad, short=True)


def _padded(row: list[Cell], widths: list[int]) -> list[Cell]:
    cells = []
    for n, (cell, wide) in enumerate(zip(row, widths, strict=True)):
        text = cut(cell.text, wide) if wide else ""
        fill = " " * (wide - cells_wide(text))
        cells.append(Cell((fill + text if n >= 3 else text + fill) + "  ", cell.tone))
    return cells
