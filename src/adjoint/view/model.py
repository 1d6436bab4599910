"""What a picture needs of a story, read once: texts, signs, sizes, structural zeros.

The rest of the drawing sees only these records, never the JSON. Everything optional in the
story may be absent, so a failed run or a leaf without a gradient draws as well as a full one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adjoint.errors import ArgumentError
from adjoint.numbers import (
    WIRE_LIMIT,
    as_number,
    format_array,
    format_exact,
    format_gradient,
    format_number,
    format_shape,
    sign_of,
)
from adjoint.view.text import LONGEST_NAME, clean, shorten

STORY_VERSION = 1
AGREE = 0.9
BLOCKING = frozenset({"router", "blocks", "blocked"})


@dataclass(frozen=True, slots=True)
class Thumb:
    """A small heat map: integers from -9 to 9, row by row."""

    cells: Sequence[Sequence[int]]

    @property
    def rows(self) -> int:
        """How many cells the map is high."""
        return len(self.cells)

    @property
    def columns(self) -> int:
        """How many cells the map is wide."""
        return len(self.cells[0]) if self.cells else 0


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value or gradient as it is drawn: its text, sign class, size and heat map.

    ``sign`` is pos, neg, zero, bad or, for tensors whose entries disagree, mixed.
    """

    text: str
    full: str
    sign: str
    size: float
    thumb: Thumb | None = None
    tensor: bool = False


@dataclass(slots=True)
class Part:
    """One node of the story, ready to be measured and drawn."""

    id: int
    kind: str
    role: str
    name: str
    full_name: str
    symbol: str
    op: str
    spec: str
    line: int | None
    value: Quantity | None
    grad: Quantity | None
    note: str
    gate: str
    zero: bool = False
    #: Of a closed group: how much is in it.
    detail: str = ""
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)

    @property
    def is_root(self) -> bool:
        """Whether this is the end of the computation, drawn as a double circle of its own."""
        return self.role == "root" and self.kind == "op" and not self.outputs

    @property
    def bad(self) -> bool:
        """Whether the value is NaN or infinite somewhere."""
        return self.value is not None and self.value.sign == "bad"


@dataclass(slots=True)
class Link:
    """One use of a value: an edge of the story."""

    id: int
    src: int
    dst: int
    slot: int
    share: Quantity | None
    zero: bool = False


@dataclass(slots=True)
class Reading:
    """A whole story as parts and links, with the scales for the widths of the lanes."""

    title: str
    formula: str
    failure: str
    parts: list[Part]
    links: list[Link]
    values: Scale
    grads: Scale


class Scale:
    """How wide a lane is drawn: by the root of its size, or by decades when sizes differ much."""

    THIN, WIDE = 1.6, 6.0

    def __init__(self, sizes: Sequence[float]) -> None:
        known = [size for size in sizes if size > 0 and math.isfinite(size)]
        self.smallest, self.largest = min(known, default=1.0), max(known, default=1.0)
        self.decades = math.log10(self.largest) - math.log10(self.smallest) >= 2

    def width(self, size: float) -> float:
        """The width in pixels for one size.

        >>> Scale([1.0, 4.0]).width(4.0)
        6.0
        """
        if not size > 0 or not math.isfinite(size):
            return self.THIN
        if self.decades:
            low, high = math.log10(self.smallest), math.log10(self.largest)
            part = (math.log10(size) - low) / (high - low)
        else:
            part = math.sqrt(size / self.largest)
        return self.THIN + (self.WIDE - self.THIN) * min(max(part, 0.0), 1.0)


def quantity(value: Any, *, gradient: bool) -> Quantity:
    """Read a scalar or a tensor summary as the story's JSON has it."""
    if isinstance(value, Mapping) and "shape" in value:
        return _tensor(value, gradient=gradient)
    number = as_number(value)
    write = format_gradient if gradient else format_number
    size = abs(number)
    return Quantity(write(number, limit=WIRE_LIMIT), format_exact(number), sign_of(number), float(size))


def _tensor(value: Mapping[str, Any], *, gradient: bool) -> Quantity:
    shape = format_shape(value["shape"])
    statistics = {key: format_number(value[key], 6) for key in ("min", "mean", "max", "rms") if key in value}
    full = ", ".join([shape or "scalar", *(f"{key} {text}" for key, text in statistics.items())])
    full += _corners(value.get("slice"))
    pos, neg = float(value.get("pos", 0)), float(value.get("neg", 0))
    if value.get("nan") or value.get("inf"):
        sign = "bad"
    elif pos + neg == 0:
        sign = "zero"
    elif max(pos, neg) >= AGREE * (pos + neg):
        sign = "pos" if pos > neg else "neg"
    else:
        sign = "mixed"
    rms = as_number(value["rms"]) if "rms" in value else 0.0
    text = (
        "rms " + format_number(rms, limit=WIRE_LIMIT) if gradient else format_array(value, limit=WIRE_LIMIT) or "scalar"
    )
    if gradient and sign == "bad":
        text = "NaN" if value.get("nan") else "∞"
    thumb = value.get("thumb")
    cells = thumb["q"] if thumb and 0 not in value["shape"] else []
    drawn = Thumb(cells) if cells and cells[0] else None
    return Quantity(text, full, sign, float(abs(rms)), drawn, tensor=True)


def _corners(corner: Any) -> str:
    """The first and last entries of a slice that is given at full precision."""
    flat: list[Any] = []
    stack = [corner]
    while stack:
        item = stack.pop()
        if isinstance(item, (list, tuple)):
            stack.extend(reversed(item))
        elif isinstance(item, (int, float)) or item in ("NaN", "Infinity", "-Infinity"):
            flat.append(item)
    if not flat:
        return ""
    ends = flat if len(flat) <= 4 else [*flat[:2], "…", *flat[-2:]]
    return ", entries " + " ".join(item if item == "…" else format_number(item, 6) for item in ends)


def read_story(story: Mapping[str, Any]) -> Reading:
    """Read the story's dictionary; an unknown version is refused by name."""
    version = story.get("adjoint_story")
    if version != STORY_VERSION:
        raise ArgumentError(
            f"this is story version {version!r}; the views read version {STORY_VERSION}.",
            help="make the story again with this version of adjoint.",
        )
    parts = [_part(node) for node in story["nodes"]]
    links = [_link(edge) for edge in story["edges"]]
    for link in links:
        parts[link.dst].inputs.append(link.id)
        parts[link.src].outputs.append(link.id)
    for part in parts:
        part.inputs.sort(key=lambda edge: links[edge].slot)
    _spread_zeros(story, parts, links)
    values = Scale([part.value.size for part in parts if part.value])
    grads = Scale(
        [part.grad.size for part in parts if part.grad] + [link.share.size for link in links if link.share is not None]
    )
    expression = story.get("expr") or {}
    return Reading(
        clean(story.get("title", "")), clean(expression.get("text", "")), _failure(story, parts),
        parts, links, values, grads,
    )  # fmt: skip


def _part(node: Mapping[str, Any]) -> Part:
    name = clean(node.get("name", ""))
    return Part(
        id=node["id"],
        kind=node["kind"],
        role=node.get("role", ""),
        name=shorten(name),
        full_name=name,
        symbol=shorten(str(node.get("symbol") or node.get("op") or ""), 18 if "detail" in node else LONGEST_NAME),
        op=clean(node.get("op", "")),
        spec=clean(node.get("spec", "")),
        line=node.get("line"),
        value=quantity(node["value"], gradient=False) if "value" in node else None,
        grad=quantity(node["grad"], gradient=True) if "grad" in node else None,
        note=clean(node.get("zero") or node.get("note") or ""),
        gate=str(node.get("gate", "")),
        zero="zero" in node,
        detail=clean(node.get("detail", "")),
    )


def _link(edge: Mapping[str, Any]) -> Link:
    share = quantity(edge["contrib"], gradient=True) if "contrib" in edge else None
    return Link(edge["id"], edge["src"], edge["dst"], edge["slot"], share)


def _spread_zeros(story: Mapping[str, Any], parts: list[Part], links: list[Link]) -> None:
    """Mark the lanes on which nothing can flow back: a weight 0 of a router, and all before it."""
    for part in sorted(parts, key=lambda part: -part.id):
        if part.outputs and all(links[edge].zero for edge in part.outputs):
            part.zero = True
        for edge in part.inputs:
            share = links[edge].share
            if share is None or share.sign != "zero" or share.size:
                continue
            local = story["edges"][edge].get("local", 0)
            nothing = not isinstance(local, Mapping) and as_number(local) == 0
            links[edge].zero = part.zero or (part.gate in BLOCKING and nothing)


def _failure(story: Mapping[str, Any], parts: list[Part]) -> str:
    """The line in bad colours above the graph: what failed, or where the first NaN appeared."""
    outcome = story.get("outcome") or {}
    if outcome.get("status") == "failed":
        return clean(outcome.get("what", "the run failed."))
    for part in parts:
        if part.bad and part.value is not None:
            where = (part.op or part.full_name or part.kind) + (f" (line {part.line})" if part.line else "")
            text = part.value.text if not part.value.tensor else "NaN or ∞"
            return f"{text} first appears at {where}."
    return ""
