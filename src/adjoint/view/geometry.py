"""The scene of a story: every box and wire in its place, before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

from adjoint.errors import ArgumentError
from adjoint.view.collapse import for_picture
from adjoint.view.grid import Grid
from adjoint.view.measure import (
    BRANCH_HEIGHT,
    DOT,
    FAN_LEAD,
    NAME_GAP,
    PILL_DROP,
    PILL_HEIGHT,
    SHELF_LEAD,
    TEXTBOOK_GAP,
    THUMB_RISE,
    VALUE_ASCENT,
    VALUE_DESCENT,
    VALUE_RISE,
    VALUE_SIZE,
    Shape,
    branch_width,
    measure,
    pill_width,
    thumb_size,
    value_width,
)
from adjoint.view.model import Link, Part, Quantity, Reading, read_story
from adjoint.view.paths import Pen
from adjoint.view.routing import arrange_story
from adjoint.view.scene import FRAME_SIZE, Box, Frame, Kind, Lane, Scene, Wire
from adjoint.view.text import clean, shorten, text_width

ViewName = Literal["wire", "textbook"]
MARGIN = 30.0
UNREACHED = Lane(1.4, "unreached", dotted=False)


def build_scene(story: Mapping[str, Any], view: ViewName = "wire") -> Scene:
    """Place everything that a story shows in the wire view or in the textbook view."""
    if view not in ("wire", "textbook"):
        raise ArgumentError(f"there is no view {view!r}.", help="write view='wire' or view='textbook'.")
    story = for_picture(story)
    reading = read_story(story)
    sizes = measure(reading, textbook=view == "textbook")
    routes = arrange_story(story, reading.parts, reading.links)
    return _Builder(reading, Grid(reading, sizes, routes)).scene


class _Builder:
    """Puts boxes and wires on the grid, then moves all of it below the heading."""

    def __init__(self, reading: Reading, grid: Grid) -> None:
        self.reading, self.grid = reading, grid
        self.scene = Scene(reading)
        for frame in grid.frames:
            left, top, right, bottom = grid.frame_box(frame)
            name = shorten(clean(frame.name), max(3, int((right - left - 16) / text_width("m", FRAME_SIZE))))
            self.scene.frames.append(Frame(name, left, top, right - left, bottom - top))
        for part in reading.parts:
            self._shapes(part)
            self._shelf(part)
        for part in reading.parts:
            self._wires(part)
        self.scene.width, self.scene.height = grid.right, grid.bottom

    def _add(self, kind: Kind, x: float, y: float, w: float, h: float, node: int, **more: Any) -> Box:
        box = Box(kind, x, y, w, h, node, **more)
        self.scene.boxes.append(box)
        return box

    def _outline(self, shape: Shape, x: float, y: float, node: int) -> Box:
        kind = cast(Kind, shape.kind)
        form = cast(Literal["circle", "box"], shape.form)
        top = y - shape.h / 2
        return self._add(
            kind,
            x,
            top,
            shape.w,
            shape.h,
            node,
            text=shape.text,
            form=form,
            text_size=shape.text_size,
            detail=shape.detail,
        )

    def _height(self, node: int) -> float:
        return self.grid.y[self.grid.cells[node][1]]

    def _shapes(self, part: Part) -> None:
        size, y = self.grid.sizes[part.id], self._height(part.id)
        x = self.grid.shapes_right(part.id) - size.width
        for shape in size.shapes:
            self._outline(shape, x, y, part.id)
            x += shape.w + TEXTBOOK_GAP
        if size.root:
            self._outline(size.root, self.grid.shapes_right(part.id) + size.shelf + 6, y, part.id)

    def _shelf(self, part: Part) -> None:
        """The name and value above the wire, the gradient below it, heat maps beside them."""
        size, y, right = self.grid.sizes[part.id], self._height(part.id), self.grid.shapes_right(part.id)
        # with no wire between them, labels stand closer to the shape
        lead = right + (SHELF_LEAD if part.outputs or size.root else 2.0)
        x, top = lead, y - VALUE_RISE - VALUE_ASCENT
        height = VALUE_ASCENT + VALUE_DESCENT
        if size.name:
            wide = text_width(size.name, VALUE_SIZE)
            self._add("name", x, top, wide, height, part.id, text=size.name)
            x += wide + (NAME_GAP if size.value else 0)
        if size.value and (part.kind != "const"):
            wide = value_width("", size.value)
            self._add("value", x, top, wide, height, part.id, text=size.value.text, quantity=size.value)
        if size.grad:
            x, wide = lead, pill_width(size.grad)
            text = size.grad.text
            self._add("gradient", x, y + PILL_DROP, wide, PILL_HEIGHT, part.id, text=text, quantity=size.grad)
        if size.value and size.value.thumb:
            wide, high = thumb_size(size.value.thumb)
            left = right + size.thumb_at
            self._add("thumb", left, y - THUMB_RISE - high, wide, high, part.id, quantity=size.value)
        if size.grad and size.grad.thumb:
            wide, high = thumb_size(size.grad.thumb)
            self._add("thumb-gradient", right + size.thumb_at, y + THUMB_RISE, wide, high, part.id, quantity=size.grad)

    def _forward(self, part: Part) -> Lane:
        if part.value is None:
            return Lane(self.reading.values.THIN, "value") if part.detail and part.name else UNREACHED
        return Lane(self.reading.values.width(part.value.size), "bad" if part.bad else "value")

    def _backward(self, part: Part, grad: Quantity | None, *, zero: bool) -> Lane | None:
        if part.grad is None or grad is None or part.kind == "const":
            return None
        return Lane(self.reading.grads.width(grad.size), grad.sign, dotted=zero)

    def _wires(self, part: Part) -> None:
        grid, y = self.grid, self._height(part.id)
        size, right = grid.sizes[part.id], grid.shapes_right(part.id)
        forward, total = self._forward(part), self._backward(part, part.grad, zero=part.zero)
        if len(size.shapes) > 1:
            self._level(part, right - size.shapes[-1].w - TEXTBOOK_GAP, right - size.shapes[-1].w, forward, total)
        if size.root:
            self._level(part, right, right + size.shelf + 6, forward, total)
        edges = grid.branches[part.id]
        if len(edges) == 1:
            link = self.reading.links[edges[0]]
            pen = Pen(right, y)
            self._follow(pen, link)
            share = self._backward(part, link.share, zero=link.zero)
            self.scene.wires.append(Wire(part.id, link.id, pen.path, forward, share))
        elif edges:
            self._fan(part, edges, forward, total)

    def _level(self, part: Part, x0: float, x1: float, forward: Lane, backward: Lane | None) -> None:
        pen = Pen(x0, self._height(part.id))
        pen.level(x1)
        self.scene.wires.append(Wire(part.id, None, pen.path, forward, backward))

    def _fan(self, part: Part, edges: list[int], forward: Lane, total: Lane | None) -> None:
        """One shelf to the dot carries the total; behind it every branch has its own lane and share."""
        grid, y = self.grid, self._height(part.id)
        x, size = grid.dot_x[part.id], grid.sizes[part.id]
        shelf = Pen(grid.shapes_right(part.id), y)
        shelf.level(x)
        self.scene.wires.append(Wire(part.id, None, shelf.path, forward, total, forward_head=False))
        self._add("dot", x - DOT, y - DOT, 2 * DOT, 2 * DOT, part.id)
        for edge, offset in zip(edges, grid.fans[part.id], strict=True):
            link = self.reading.links[edge]
            share = self._backward(part, link.share, zero=link.zero)
            pen = Pen(x, y)
            pen.to(grid.fan_start(part.id), y + offset)
            pill = None
            if size.fan_pill and share and link.share:
                left, top = grid.fan_start(part.id) + FAN_LEAD, y + offset - BRANCH_HEIGHT / 2
                pill = self._add(
                    "branch", left, top, branch_width(link.share), BRANCH_HEIGHT, part.id,
                    edge=edge, text=link.share.text, quantity=link.share,
                )  # fmt: skip
                pen.level(left + size.fan_pill + 6)
            self._follow(pen, link)
            wire = Wire(part.id, edge, pen.path, forward, share, backward_head=pill is not None, pill=pill)
            self.scene.wires.append(wire)

    def _follow(self, pen: Pen, link: Link) -> None:
        """From the end of the shelf or fan through every gap to the port."""
        layer = self.grid.cells[link.src][0]
        for step, height in enumerate(self.grid.heights(link.id)):
            pen.level(self.grid.gap_start[layer + step])
            pen.to(self.grid.gap_end[layer + step], height)
        size = self.grid.sizes[link.dst]
        pen.level(self.grid.shapes_right(link.dst) - size.width)
