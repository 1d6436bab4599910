"""The drawn marks: outlines, lanes with arrowheads, pills, heat maps and labels as SVG text.

Presentation attributes only, no style sheet: a picture must look the same alone, inside a page
that has styles of its own, and in a slide program that ignores them.
"""

from __future__ import annotations

from collections.abc import Iterator

from adjoint.view.measure import BRANCH_SIZE, CROSS, DETAIL_SIZE, GRADIENT_SIZE, NAME_GAP, VALUE_RISE, VALUE_SIZE
from adjoint.view.paths import Path, line, parallel, path_data, short, trim
from adjoint.view.scene import FRAME_SIZE, Box, Frame, Lane, Wire
from adjoint.view.text import escape
from adjoint.view.theme import MATH, Theme

ARROW = 10.0
TIP = 1.2  # clear of the outline that it points at
LANE_GAP = 1.5
HEAT_LOW, HEAT_HIGH = 0.08, 0.93


def element(tag: str, body: str | None = None, /, **attributes: object) -> str:
    """One element; underscores in names become hyphens, floats are shortened.

    >>> element("circle", r=2.50, stroke_width=1)
    '<circle r="2.5" stroke-width="1"/>'
    """
    written = []
    for name, value in attributes.items():
        if value is None:
            continue
        text = short(value) if isinstance(value, float) else escape(value)
        written.append(f' {name.rstrip("_").replace("_", "-")}="{text}"')
    inside = "".join(written)
    return f"<{tag}{inside}/>" if body is None else f"<{tag}{inside}>{body}</{tag}>"


def text(x: float, y: float, words: str, *, size: float, fill: str, **more: object) -> str:
    """A line of text; without a family of its own it takes the picture's."""
    return element("text", escape(words), x=x, y=y, font_size=size, fill=fill, **more)


def lanes(wire: Wire, theme: Theme) -> Iterator[str]:
    """Both lanes of a wire: forward above and grey, backward below in the colour of its sign."""
    if wire.forward:
        yield from _lane(wire, wire.forward, theme, forward=True)
    if wire.backward:
        yield from _lane(wire, wire.backward, theme, forward=False)


def _lane(wire: Wire, lane: Lane, theme: Theme, *, forward: bool) -> Iterator[str]:
    alone = wire.backward is None
    shift = 0.0 if alone else (LANE_GAP + lane.width / 2) * (-1 if forward else 1)
    path = parallel(wire.path, shift) if shift else wire.path
    head = wire.forward_head if forward else wire.backward_head
    colour = lane_colour(lane, theme)
    start = end = 0.0
    if head and forward:
        end = ARROW
        x, y = path[-1][3]
        yield _arrow(x - TIP, y, -1, lane.width, colour)
    elif head and wire.pill is not None:
        # on a branch the arrowhead stands before the pill, where branches no longer touch
        yield _arrow(wire.pill.x - 14, wire.pill.middle[1] + shift, 1, lane.width, colour)
    elif head:
        start = ARROW
        x, y = path[0][0]
        yield _arrow(x + TIP, y, 1, lane.width, colour)
    yield from strokes(trim(path, start, end), lane, theme)


def strokes(path: Path, lane: Lane, theme: Theme) -> Iterator[str]:
    """The line of a lane; entries of both signs alternate blue and orange dashes."""
    shape = {"d": path_data(path), "fill": "none", "stroke_width": lane.width}
    if lane.dotted:
        dots = f"0 {short(max(6.0, lane.width * 2.4))}"
        yield element(
            "path", **shape, stroke=theme.zero, stroke_dasharray=dots, stroke_linecap="round",
        )  # fmt: skip
    elif lane.sign == "mixed":
        yield element("path", **shape, stroke=theme.pos, stroke_dasharray="9 9")
        yield element("path", **shape, stroke=theme.neg, stroke_dasharray="9 9", stroke_dashoffset=9)
    elif lane.sign == "unreached":
        yield element("path", **shape, stroke=theme.edge, stroke_dasharray="5 4")
    else:
        yield element("path", **shape, stroke=lane_colour(lane, theme))


def sample_lane(x: float, y: float, length: float, lane: Lane, theme: Theme) -> Iterator[str]:
    """A short lane for the legend, pointing right for values and left for gradients."""
    if lane.sign == "value":
        yield from strokes([line(x, x + length - ARROW + 1, y)], lane, theme)
        yield _arrow(x + length, y, -1, lane.width, lane_colour(lane, theme))
    else:
        yield from strokes([line(x + ARROW - 1, x + length, y)], lane, theme)
        yield _arrow(x, y, 1, lane.width, lane_colour(lane, theme))


def lane_colour(lane: Lane, theme: Theme) -> str:
    """The colour of a lane and of its arrowhead."""
    if lane.dotted:
        return theme.zero
    return {"value": theme.wire, "unreached": theme.edge, "mixed": theme.neg}.get(lane.sign) or theme.tone(lane.sign)


def _arrow(x: float, y: float, along: int, width: float, colour: str) -> str:
    """A head whose tip is at ``x, y``; ``along`` says on which side of the tip its body is."""
    half = max(4.6, width * 0.5 + 3.4)
    base = x + ARROW * along
    notch = x + (ARROW - 2) * along
    points = f"{short(x)},{short(y)} {short(base)},{short(y - half)} {short(notch)},{short(y)}"
    return element("polygon", points=f"{points} {short(base)},{short(y + half)}", fill=colour)


def outline(box: Box, theme: Theme, *, kind: str, role: str, sign: str, reached: bool) -> Iterator[str]:
    """A node's shape with the text in it."""
    x, y = box.middle
    stroke, fill, ink, width = theme.ink, theme.stage, theme.ink, 1.6
    dashes = None
    if kind == "const":
        stroke, fill, ink, width = theme.edge, theme.zerobg, theme.ink2, 1.2
    elif role == "data":
        stroke = theme.edge
    if box.form == "box":
        fill = theme.panel
    if sign == "bad":
        stroke, fill, ink = theme.bad, theme.badbg, theme.bad
    elif not reached:
        stroke, ink, dashes = theme.edge, theme.ink2, "5 4"
    corner = 9.0 if box.form == "box" else box.h / 2
    if box.detail:
        yield from _behind(box, stroke, fill)
    yield element(
        "rect", x=box.x, y=box.y, width=box.w, height=box.h, rx=corner,
        fill=fill, stroke=stroke, stroke_width=width, stroke_dasharray=dashes,
    )  # fmt: skip
    if box.kind == "root":
        yield element(
            "rect", x=box.x + 4, y=box.y + 4, width=box.w - 8, height=box.h - 8, rx=corner - 4,
            fill="none", stroke=stroke, stroke_width=width, stroke_dasharray=dashes,
        )  # fmt: skip
    if box.detail:
        yield text(x, y - 3, box.text, size=box.text_size, fill=ink, text_anchor="middle", font_weight=600)
        yield text(x, y + 15, box.detail, size=DETAIL_SIZE, fill=theme.ink2, text_anchor="middle")
    elif box.text:
        variable = box.kind != "node"
        yield text(
            x, y + box.text_size * (0.29 if variable else 0.35), box.text, size=box.text_size, fill=ink,
            text_anchor="middle", font_family=MATH if variable else None,
            font_style="italic" if variable else None,
            font_weight=600 if kind == "const" else None,
        )  # fmt: skip
    if sign == "bad" and box.form == "box":
        yield cross(box.right - 9, box.y + 9, theme.bad)


def _behind(box: Box, stroke: str, fill: str) -> Iterator[str]:
    """A second outline behind a closed group: there is more than one box."""
    yield element(
        "rect", x=box.x + 4, y=box.y + 4, width=box.w, height=box.h, rx=9.0, fill=fill, stroke=stroke, stroke_width=1.2
    )


def frame(one: Frame, theme: Theme) -> Iterator[str]:
    """An open group: a ground a little darker, and its name."""
    yield element(
        "rect", x=one.x, y=one.y, width=one.w, height=one.h, rx=9.0,
        fill=theme.edge, fill_opacity=0.08, stroke=theme.edge, stroke_opacity=0.6, stroke_width=1,
    )  # fmt: skip
    yield text(one.x + 8, one.y + 16, one.name, size=FRAME_SIZE, fill=theme.ink2, font_weight=600)


def cross(x: float, y: float, colour: str) -> str:
    """The small cross that marks what is broken, drawn because fonts may lack it."""
    a, b, c, d = short(x - 4), short(x + 4), short(y - 4), short(y + 4)
    return element("path", d=f"M{a} {c}L{b} {d}M{b} {c}L{a} {d}", stroke=colour, stroke_width=2.2, fill="none")


def value_label(name: Box | None, value: Box | None, theme: Theme) -> Iterator[str]:
    """The name in italics, then the value, as one line of text so that no font pulls them apart."""
    first = name or value
    if first is None:
        return
    x, baseline = first.x, first.y + VALUE_RISE
    quantity = value.quantity if value else None
    bad = quantity is not None and quantity.sign == "bad"
    if bad:
        yield cross(x + 5, baseline - 6, theme.bad)
        x += CROSS
    spans = ""
    if name:
        spans = element("tspan", escape(name.text), font_family=MATH, font_style="italic", fill=theme.ink2)
    if value:
        tone = theme.bad if bad else theme.ink
        gap = NAME_GAP if name else None
        spans += element("tspan", escape(value.text), dx=gap, font_weight=650, fill=tone)
    yield element(
        "text", spans, x=x, y=baseline, font_size=VALUE_SIZE
    )  # fmt: skip


def pill(box: Box, theme: Theme) -> Iterator[str]:
    """A gradient or a branch's share on a ground of its sign."""
    sign = box.quantity.sign if box.quantity else "zero"
    tone, size = theme.tone(sign), GRADIENT_SIZE if box.kind == "gradient" else BRANCH_SIZE
    x, y = box.middle
    yield element(
        "rect", x=box.x, y=box.y, width=box.w, height=box.h, rx=box.h / 2,
        fill=theme.ground(sign), stroke=theme.stage if box.kind == "branch" else None,
        stroke_width=2 if box.kind == "branch" else None,
    )  # fmt: skip
    if sign == "bad" and box.kind == "gradient":
        yield cross(box.x + 15, y, tone)
        x += CROSS / 2
    yield text(
        x, y + size * 0.36, box.text, size=size, fill=tone, text_anchor="middle",
        font_weight=650,
    )  # fmt: skip


def heat(box: Box, theme: Theme) -> Iterator[str]:
    """A tensor as small squares, blue and orange, the stronger the larger."""
    thumb = box.quantity.thumb if box.quantity else None
    if thumb is None:
        return
    cell = box.h / thumb.rows
    yield element("rect", x=box.x, y=box.y, width=box.w, height=box.h, fill=theme.stage)
    for row, entries in enumerate(thumb.cells):
        for column, entry in enumerate(entries):
            tone = theme.pos if entry > 0 else theme.neg
            strength = HEAT_LOW + (HEAT_HIGH - HEAT_LOW) * min(abs(entry), 9) / 9
            yield element(
                "rect", x=box.x + column * cell, y=box.y + row * cell, width=cell, height=cell,
                fill=tone if entry else theme.zero, fill_opacity=strength,
            )  # fmt: skip
    yield element(
        "rect", x=box.x, y=box.y, width=box.w, height=box.h, fill="none", stroke=theme.edge, stroke_width=1,
    )  # fmt: skip
