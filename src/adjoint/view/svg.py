"""A story as one static SVG: the final state, values above the wires and gradients below them."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from adjoint.errors import InputFileError
from adjoint.view import marks
from adjoint.view.frame import (
    FAILURE_SIZE,
    FORMULA_SIZE,
    LEGEND_SAMPLE,
    LEGEND_SIZE,
    MARGIN,
    TITLE_SIZE,
    Entry,
    Line,
    frame_scene,
)
from adjoint.view.geometry import ViewName, build_scene
from adjoint.view.model import Part, Reading
from adjoint.view.paths import short
from adjoint.view.scene import Box, Lane, Scene
from adjoint.view.text import escape
from adjoint.view.theme import MATH, SANS, Theme, ThemeName, theme_named


def render(story: Mapping[str, Any], view: ViewName = "wire", theme: ThemeName = "light") -> str:
    """Draw a story as the text of an SVG file that needs nothing else.

    ``view`` is ``"wire"`` (values and gradients on two-lane wires) or ``"textbook"`` (a circle for
    every variable and a box for every operation).
    """
    colours = theme_named(theme)
    scene = build_scene(story, view)
    frame = frame_scene(scene)
    reading = scene.reading
    size = f"0 0 {short(frame.width)} {short(frame.height)}"
    title = reading.title or reading.formula or "Computation graph"
    body = [
        element_text("title", title),
        element_text("desc", describe(reading)),
        marks.element("rect", width="100%", height="100%", fill=colours.stage),
        *(_heading(entry, colours) for entry in frame.lines),
        marks.element(
            "g", "".join(_graph(scene, colours)), transform=f"translate({short(frame.graph_x)} {short(frame.graph_y)})"
        ),
        *(part for entry in frame.legend for part in _legend(entry, colours)),
    ]
    return marks.element(
        "svg", "\n" + "\n".join(body) + "\n", xmlns="http://www.w3.org/2000/svg", viewBox=size,
        width=frame.width, height=frame.height, role="img", aria_label=title,
        font_family=SANS, font_variant_numeric="tabular-nums",
    ) + "\n"  # fmt: skip


def save(
    story: Mapping[str, Any], path: str | os.PathLike[str], view: ViewName = "wire", theme: ThemeName = "light"
) -> None:
    """Write the picture to a file, whole or not at all."""
    text = render(story, view, theme)
    target = Path(path)
    temporary = None
    try:
        # in the same folder, because only within one file system is a replacement atomic
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        os.chmod(temporary, _mode_for_new_files())
        os.replace(temporary, target)
    except (OSError, ValueError) as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        reason = getattr(error, "strerror", None) or str(error)
        raise InputFileError(
            f"cannot write the picture to {str(target)!r}: {reason}.",
            help="name a file in a folder that exists and that you may write to.",
        ) from error


def _mode_for_new_files() -> int:
    """What an ordinary new file would get; temporary files are private otherwise."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def describe(reading: Reading) -> str:
    """The picture in words, for readers that cannot see it."""
    ends = [part for part in reading.parts if part.role == "root"]
    leaves = [part for part in reading.parts if part.kind == "leaf"]
    sentences = [f"A computation graph of {sum(part.kind == 'op' for part in reading.parts)} operations."]
    for part in ends:
        if part.value:
            sentences.append(f"The result {part.full_name} is {part.value.text}.".replace("  ", " "))
    for part in leaves[:40]:
        value = f" is {part.value.text}" if part.value else " has no value"
        grad = f", its gradient is {part.grad.text}" if part.grad else ""
        sentences.append(f"{part.full_name or 'A leaf'}{value}{grad}.")
    return " ".join(sentences)


def element_text(tag: str, words: str) -> str:
    """An element that holds nothing but escaped text."""
    return marks.element(tag, escape(words))


def _graph(scene: Scene, theme: Theme) -> Iterator[str]:
    for frame in scene.frames:
        yield from marks.frame(frame, theme)
    for wire in scene.wires:
        yield marks.element("g", "".join(marks.lanes(wire, theme)), data_edge=wire.edge)
    boxes: dict[int, list[Box]] = {}
    for box in scene.boxes:
        boxes.setdefault(box.node, []).append(box)
    for part in scene.reading.parts:
        inside = element_text("title", _tooltip(part)) + "".join(_node(part, boxes.get(part.id, []), theme))
        yield marks.element("g", inside, data_node=part.id)


def _node(part: Part, boxes: list[Box], theme: Theme) -> Iterator[str]:
    of = {box.kind: box for box in boxes if box.kind not in ("branch", "node", "variable", "root")}
    sign = "bad" if part.bad else ""
    for box in boxes:
        if box.kind in ("node", "variable", "root"):
            role, reached = (
                part.role if part.kind == "leaf" else "",
                part.value is not None or bool(part.detail and part.name),
            )
            yield from marks.outline(box, theme, kind=part.kind, role=role, sign=sign, reached=reached)
        elif box.kind == "dot":
            x, y = box.middle
            yield marks.element("circle", cx=x, cy=y, r=box.w / 2, fill=theme.ink)
        elif box.kind in ("gradient", "branch"):
            yield from marks.pill(box, theme)
        elif box.kind in ("thumb", "thumb-gradient"):
            yield from marks.heat(box, theme)
    yield from marks.value_label(of.get("name"), of.get("value"), theme)


def _tooltip(part: Part) -> str:
    """Everything that the drawing shortens: the whole name and all the digits."""
    head = " ".join(word for word in (part.op, part.full_name) if word) or part.kind
    lines = [f"{head} : {part.spec}" if part.spec else head]
    if part.value:
        lines.append(f"value {part.value.full}")
    if part.grad:
        lines.append(f"gradient {part.grad.full}")
    if part.line:
        lines.append(f"line {part.line}")
    if part.note:
        lines.append(part.note)
    return "; ".join(lines)


def _heading(entry: Line, theme: Theme) -> str:
    if entry.role == "title":
        return marks.text(MARGIN, entry.y, entry.text, size=TITLE_SIZE, fill=theme.ink, font_weight=650)
    if entry.role == "formula":
        return marks.text(
            MARGIN, entry.y, entry.text, size=FORMULA_SIZE, fill=theme.ink2, font_family=MATH, font_style="italic",
        )  # fmt: skip
    return marks.cross(MARGIN + 5, entry.y - 5, theme.bad) + marks.text(
        MARGIN + 16, entry.y, entry.text, size=FAILURE_SIZE, fill=theme.bad, font_weight=600
    )


def _legend(entry: Entry, theme: Theme) -> Iterator[str]:
    x = entry.x
    if entry.sample:
        lane = Lane(3.0, entry.sample, dotted=entry.sample == "dotted")
        yield from marks.sample_lane(x, entry.y - 4.5, LEGEND_SAMPLE, lane, theme)
        x += LEGEND_SAMPLE + 8
    yield marks.text(x, entry.y, entry.text, size=LEGEND_SIZE, fill=theme.ink2)
