"""A picture before it is written: boxes with places and wires with paths, no colours, no SVG.

Everything that could collide is a :class:`Box` here, so that "nothing overlaps" is a question
about numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from adjoint.view.model import Quantity, Reading
from adjoint.view.paths import Path

#: The size of the name of an open group.
FRAME_SIZE = 13.0
Kind = Literal["node", "variable", "root", "dot", "name", "value", "gradient", "branch", "thumb", "thumb-gradient"]


@dataclass(frozen=True, slots=True)
class Box:
    """One thing with a place: a node's shape, a label or a heat map; ``x, y`` is its upper left corner."""

    kind: Kind
    x: float
    y: float
    w: float
    h: float
    node: int
    edge: int | None = None
    text: str = ""
    quantity: Quantity | None = None
    form: Literal["", "circle", "box"] = ""
    text_size: float = 0.0
    #: What stands below the text in smaller letters; only closed groups have it.
    detail: str = ""

    @property
    def right(self) -> float:
        """The right side."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """The lower side."""
        return self.y + self.h

    @property
    def middle(self) -> tuple[float, float]:
        """The centre."""
        return self.x + self.w / 2, self.y + self.h / 2

    def overlaps(self, other: Box) -> bool:
        """Whether the two boxes share more than an edge.

        >>> Box("node", 0, 0, 10, 10, 0).overlaps(Box("node", 10, 0, 5, 5, 1))
        False
        """
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies inside, by more than rounding."""
        return self.x + 0.01 < x < self.right - 0.01 and self.y + 0.01 < y < self.bottom - 0.01


@dataclass(frozen=True, slots=True)
class Lane:
    """One direction of a wire: how wide, of which sign, and whether it is zero by structure."""

    width: float
    sign: str
    dotted: bool = False


@dataclass(frozen=True, slots=True)
class Wire:
    """The way of one value: the whole edge, the shared shelf before a dot, or a branch behind it.

    ``heads`` says where arrowheads stand: the forward one at the end, the backward one at the
    start, at ``turn`` pixels along a branch.
    """

    node: int
    edge: int | None
    path: Path
    forward: Lane | None
    backward: Lane | None
    forward_head: bool = True
    backward_head: bool = True
    pill: Box | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """An open group: its name in the upper left corner of what it holds."""

    name: str
    x: float
    y: float
    w: float
    h: float


@dataclass(slots=True)
class Scene:
    """All boxes and wires of a picture, and its size."""

    reading: Reading
    width: float = 0.0
    height: float = 0.0
    boxes: list[Box] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)

    def of(self, *kinds: Kind) -> list[Box]:
        """The boxes of some kinds."""
        return [box for box in self.boxes if box.kind in kinds]
