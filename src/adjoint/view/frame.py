"""What stands around the graph: heading, formula, the line that reports trouble, and the legend."""

from __future__ import annotations

from dataclasses import dataclass

from adjoint.view.scene import Scene
from adjoint.view.text import text_width

MARGIN = 32.0
TITLE_SIZE, FORMULA_SIZE, FAILURE_SIZE, LEGEND_SIZE = 19.0, 19.0, 14.0, 13.0
LEGEND_SAMPLE, LEGEND_SPACE, LEGEND_LINE = 34.0, 18.0, 24.0
LONGEST_HEADING = 90


@dataclass(frozen=True, slots=True)
class Line:
    """One line of heading text with its baseline."""

    role: str
    text: str
    y: float


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the legend: a sample lane and its words."""

    sample: str
    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Frame:
    """The size of the whole picture and everything outside of the graph."""

    width: float
    height: float
    graph_x: float
    graph_y: float
    lines: list[Line]
    legend: list[Entry]


def frame_scene(scene: Scene) -> Frame:
    """Put heading and legend around a scene."""
    lines, y = _heading(scene)
    widest = max((text_width(line.text, _size(line.role)) for line in lines), default=0.0)
    width = max(scene.width + 2 * MARGIN, widest * 0.86 + 2 * MARGIN, 460.0)
    graph_y = y + (26.0 if lines else MARGIN)
    legend, bottom = _legend(scene, width, graph_y + scene.height + 34)
    return Frame(width, bottom + 22, (width - scene.width) / 2, graph_y, lines, legend)


def _size(role: str) -> float:
    return {"title": TITLE_SIZE, "formula": FORMULA_SIZE}.get(role, FAILURE_SIZE)


def _heading(scene: Scene) -> tuple[list[Line], float]:
    reading = scene.reading
    lines: list[Line] = []
    y = 18.0
    for role, text in (("title", reading.title), ("formula", reading.formula), ("failure", reading.failure)):
        if text and not (role == "formula" and text == reading.title):
            y += 27.0
            lines.append(Line(role, text if len(text) <= LONGEST_HEADING else text[: LONGEST_HEADING - 1] + "…", y))
    return lines, y


def _legend(scene: Scene, width: float, y: float) -> tuple[list[Entry], float]:
    """Only what the picture really shows, in as many lines as it takes."""
    lanes = [wire.backward for wire in scene.wires if wire.backward]
    signs = {lane.sign for lane in lanes if not lane.dotted}
    values, grads = scene.reading.values, scene.reading.grads
    scaled = "width: size in decades" if values.decades or grads.decades else "width: root of the size"
    entries = [("value", "value, forward")] if scene.wires else []
    entries += [("pos", "gradient +, backward")] if signs & {"pos", "mixed"} else []
    entries += [("neg", "gradient −, backward")] if signs & {"neg", "mixed"} else []
    entries += [("zero", "gradient 0")] if "zero" in signs else []
    entries += [("dotted", "zero by structure")] if any(lane.dotted for lane in lanes) else []
    entries += [("bad", "NaN or ∞")] if scene.reading.failure or "bad" in signs else []
    entries += [("", scaled)] if scene.wires else []
    placed: list[Entry] = []
    x = MARGIN
    for sample, text in entries:
        wide = (LEGEND_SAMPLE + 8 if sample else 0) + text_width(text, LEGEND_SIZE) * 0.84
        if x > MARGIN and x + wide > width - MARGIN:
            x, y = MARGIN, y + LEGEND_LINE
        placed.append(Entry(sample, text, x, y))
        x += wide + LEGEND_SPACE
    return placed, y
