"""How much room each node needs: its shapes, the shelf with its labels, the fan behind a dot.

All sizes are pixels relative to the wire: ``up`` and ``down`` are what a node needs above and
below it. Text is measured from above, so a picture never becomes tighter than measured.
"""

from __future__ import annotations

from dataclasses import dataclass

from adjoint.view.model import Link, Part, Quantity, Reading, Thumb
from adjoint.view.text import text_width

VALUE_SIZE, GRADIENT_SIZE, BRANCH_SIZE, CONSTANT_SIZE = 17.0, 16.0, 13.5, 14.0
VALUE_RISE, VALUE_ASCENT, VALUE_DESCENT = 15.0, 15.0, 4.0
PILL_DROP, PILL_HEIGHT, BRANCH_HEIGHT = 13.0, 25.0, 21.0
CROSS = 15.0
SHELF_LEAD, SHELF_END = 10.0, 8.0
NAME_GAP, THUMB_GAP, THUMB_RISE = 7.0, 9.0, 12.0
THUMB_CELL, THUMB_HEIGHT = 9.0, 48.0
GROUP_WIDTH, GROUP_HEIGHT, GROUP_SIZE, DETAIL_SIZE = 132.0, 52.0, 15.0, 12.5
DOT = 6.0
FAN_PILLS, FAN_STEP, FAN_STEP_PLAIN, FAN_LEAD = 16, 27.0, 16.0, 18.0
PORT_STEP, PORT_SPREAD = 18.0, 22.0
TEXTBOOK_GAP = 34.0


@dataclass(frozen=True, slots=True)
class Shape:
    """One outline: its kind, form, size, text and text size."""

    kind: str
    form: str
    w: float
    h: float
    text: str
    text_size: float
    detail: str = ""


@dataclass(slots=True)
class Size:
    """Everything that the grid must know about one node before it has a place."""

    shapes: list[Shape]
    root: Shape | None
    name: str
    value: Quantity | None
    grad: Quantity | None
    upper: float = 0.0
    lower: float = 0.0
    shelf: float = 0.0
    thumb_at: float = 0.0
    fan_pill: float = 0.0
    up: float = 0.0
    down: float = 0.0

    @property
    def width(self) -> float:
        """The shapes one after the other."""
        return sum(shape.w for shape in self.shapes) + TEXTBOOK_GAP * (len(self.shapes) - 1)


def measure(reading: Reading, *, textbook: bool) -> list[Size]:
    """Measure every node of a story for one of the two views."""
    ends = [part.full_name or "the result" for part in reading.parts if part.role == "root"]
    return [_measure(part, reading.links, textbook=textbook, end=ends[-1] if ends else "") for part in reading.parts]


def _measure(part: Part, links: list[Link], *, textbook: bool, end: str) -> Size:
    shapes, root = _shapes(part, len(part.inputs), textbook=textbook)
    in_shape = len(shapes) > 1 or root is not None or part.kind != "op"
    value = None if part.kind == "const" and part.value and not part.value.tensor else part.value
    size = Size(shapes, root, "" if in_shape else part.name, value, _shown_gradient(part, end))
    _measure_shelf(size)
    height = max(shape.h for shape in [*shapes, *([root] if root else [])])
    size.up, size.down = max(size.up, height / 2), max(size.down, height / 2)
    if len(part.outputs) > 1 and len(part.outputs) <= FAN_PILLS and part.grad is not None:
        shares = [links[edge].share for edge in part.outputs]
        size.fan_pill = max((branch_width(share) for share in shares if share is not None), default=0.0)
    return size


def _shown_gradient(part: Part, end: str) -> Quantity | None:
    """The gradient, or for a parameter that leads nowhere the words that say so."""
    if part.kind == "leaf" and part.role == "parameter" and not part.outputs and end:
        return Quantity(f"no path to {end}" if len(end) <= 12 else "no path", part.note, "zero", 0.0)
    return part.grad if part.kind != "const" else None


def _shapes(part: Part, inputs: int, *, textbook: bool) -> tuple[list[Shape], Shape | None]:
    if part.kind == "leaf":
        return [variable(part.name, "root" if part.role == "root" else "variable")], None
    if part.kind == "const":
        return [_constant(part)], None
    if part.detail:
        return [_closed(part, inputs)], variable(part.name or "out", "root") if part.is_root else None
    wide = text_width(part.symbol, 22)
    size = (26.0 if len(part.symbol) == 1 else 22.0) if wide <= 50 else 17.0
    height = max(46.0, PORT_STEP * (inputs - 1) + 24 if inputs > 3 else 0.0)
    box = Shape("node", "box", max(60.0, text_width(part.symbol, size) + 20), height, part.symbol, size)
    if textbook:
        name = part.name or "v" + str(part.id).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
        return [box, variable(name, "root" if part.is_root else "variable")], None
    return [box], variable(part.name or "out", "root") if part.is_root else None


def _closed(part: Part, inputs: int) -> Shape:
    """The box of a closed group: its name, and below it how much is inside."""
    width = max(GROUP_WIDTH, text_width(part.symbol, GROUP_SIZE) + 24, text_width(part.detail, DETAIL_SIZE) + 24)
    height = max(GROUP_HEIGHT, PORT_STEP * (inputs - 1) + 24)
    return Shape("node", "box", width, height, part.symbol, GROUP_SIZE, part.detail)


def variable(name: str, kind: str) -> Shape:
    """A circle of radius 24 for a short name; a longer name gets the circle drawn out."""
    room = 34.0 if kind == "root" else 40.0
    size = min(23.0, room / max(text_width(name, 1.0), 0.1))
    if size >= 15:
        return Shape(kind, "circle", 48.0, 48.0, name, size)
    return Shape(kind, "circle", max(48.0, text_width(name, 17.0) + (36 if kind == "root" else 28)), 48.0, name, 17.0)


def _constant(part: Part) -> Shape:
    text = part.value.text if part.value else part.name
    wide = text_width(text, CONSTANT_SIZE)
    return Shape("node", "circle", 32.0 if wide <= 27 else wide + 18, 32.0, text, CONSTANT_SIZE)


def _measure_shelf(size: Size) -> None:
    value, grad = size.value, size.grad
    size.upper = value_width(size.name, value)
    size.lower = pill_width(grad) if grad else 0.0
    if size.upper:
        size.up = VALUE_RISE + VALUE_ASCENT
    if size.lower:
        size.down = PILL_DROP + PILL_HEIGHT
    text = max(size.upper, size.lower)
    thumbs = [item.thumb for item in (value, grad) if item and item.thumb]
    size.thumb_at = SHELF_LEAD + text + (THUMB_GAP if text else 0)
    wide = max((thumb_size(thumb)[0] for thumb in thumbs), default=0.0)
    content = text + (wide + (THUMB_GAP if text else 0) if thumbs else 0)
    size.shelf = (SHELF_LEAD + content if content else 6.0) + SHELF_END
    if value and value.thumb:
        size.up = max(size.up, THUMB_RISE + thumb_size(value.thumb)[1])
    if grad and grad.thumb:
        size.down = max(size.down, THUMB_RISE + thumb_size(grad.thumb)[1])


def value_width(name: str, value: Quantity | None) -> float:
    """The width of the label above a wire: the name, then the value, a cross before a broken one."""
    width = text_width(name, VALUE_SIZE) if name else 0.0
    if value:
        width += (NAME_GAP if name else 0) + text_width(value.text, VALUE_SIZE)
        width += CROSS if value.sign == "bad" else 0
    return width


def pill_width(grad: Quantity) -> float:
    """The width of a gradient pill."""
    return text_width(grad.text, GRADIENT_SIZE) + 20 + (CROSS if grad.sign == "bad" else 0)


def branch_width(share: Quantity) -> float:
    """The width of the small pill on one branch."""
    return text_width(share.text, BRANCH_SIZE) + 16


def thumb_size(thumb: Thumb) -> tuple[float, float]:
    """Width and height of a heat map: square cells of at most 9 pixels, at most 48 high."""
    cell = min(THUMB_CELL, THUMB_HEIGHT / max(thumb.rows, 1))
    return cell * thumb.columns, cell * thumb.rows


def spread(count: int, straight: int | None, step: float, apart: float) -> list[float]:
    """Offsets of ``count`` lines: the straight one at 0, or all of them about 0.

    >>> spread(2, 0, 18, 22), spread(2, None, 18, 22)
    ([0, 18], [-11.0, 11.0])
    """
    if straight is None:
        return [(index - (count - 1) / 2) * (apart if count == 2 else step) for index in range(count)]
    return [(index - straight) * step for index in range(count)]
