"""The parts of a plan as data, and as lines of at most 100 columns."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from adjoint.numbers import format_bytes

_WIDTH = 100
#: An expression takes no more lines than this.
_LINES = 4


@dataclass(frozen=True, slots=True)
class PlanLoop:
    """One loop: its letter, its positions, and how its body works on them.

    ``lanes`` is the number of positions in a vector (1: one position at a time), ``in_flight`` how many vectors one
    round works on; ``tile`` how many positions a piece has, for a loop over pieces, and ``piece`` the same for a loop
    that covers one piece (else 0). ``breaks`` are the positions at which the loop is split, because what stands
    inside differs before and after.
    """

    letter: str
    low: int
    high: int
    lanes: int
    in_flight: int
    tile: int
    piece: int
    breaks: tuple[int, ...]
    depth: int

    def __str__(self) -> str:
        margin = "  " * (self.depth + 1)
        if self.tile:
            return f"{margin}for each {self.tile} of {self.letter} in {self.low}:{self.high}"
        text = f"{margin}for {self.letter} in " + (f"these {self.piece}" if self.piece else f"{self.low}:{self.high}")
        if self.breaks:
            some = ", ".join(map(str, self.breaks[:6])) + (", ..." if len(self.breaks) > 6 else "")
            text += f", split at {some}"
        if self.lanes > 1:
            text += f", vectors of {self.lanes}"
            if self.in_flight > 1:
                text += f", {self.in_flight} in flight"
        return text


@dataclass(frozen=True, slots=True)
class PlanValue:
    """One value that a step computes: its name and expression, its spec, where it is kept, and the user's line.

    ``place`` is "register", "output 0" or "scratch"; ``line`` is "file:line", empty where there is none.
    """

    name: str
    expression: str
    spec: str
    place: str
    line: str
    source: str
    operations: int
    depth: int

    @property
    def where(self) -> str:
        """Where it is kept and what is kept there; nothing for a value in registers."""
        return "" if self.place == "register" else f"{self.place} {self.spec}"

    def text(self, middle: int, right: int) -> list[str]:
        """The value in lines of at most 100 columns, with so many for where it is kept and for the user's line."""
        margin = "  " * (self.depth + 1)
        room = _WIDTH - right - 2 - ((middle + 2) if self.where else 0)
        rows = textwrap.wrap(
            f"{self.name} = {self.expression}",
            max(room, len(margin) + 24),
            initial_indent=margin,
            subsequent_indent=f"{margin}    ",
            max_lines=_LINES,
            placeholder=" …",
            break_on_hyphens=False,
        )
        rows[-1] = f"{rows[-1]:<{room}}  " + (f"{self.where:<{middle}}  " if self.where else "") + self.line
        return [r.rstrip() for r in rows]

    def __str__(self) -> str:
        return "\n".join(self.text(len(self.where), len(self.line)))


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step: a loop nest, a product of matrices or a call, and what it reads, writes and computes.

    ``reads`` and ``writes`` name what it takes from earlier steps or the arguments, and what it leaves to later ones
    or to the caller; ``bytes_read`` and ``bytes_written`` are the sizes of these arrays.
    """

    number: int
    operations: int
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    bytes_read: int
    bytes_written: int
    body: tuple[PlanLoop | PlanValue, ...]

    @property
    def loops(self) -> tuple[PlanLoop, ...]:
        """Its loops, outermost first."""
        return tuple(one for one in self.body if isinstance(one, PlanLoop))

    @property
    def values(self) -> tuple[PlanValue, ...]:
        """The values that it computes, in order."""
        return tuple(one for one in self.body if isinstance(one, PlanValue))

    @property
    def lines(self) -> dict[str, str]:
        """The user's lines that it comes from: "file:line" and the text that stands there."""
        return {v.line: v.source for v in self.values if v.line}

    def text(self, told: set[str]) -> str:
        """The step as text; the user's lines that are in ``told`` are not shown again."""
        reads = f"{format_bytes(self.bytes_read)} ({', '.join(self.reads)})" if self.reads else "nothing"
        writes = f"{format_bytes(self.bytes_written)} ({', '.join(self.writes)})" if self.writes else "nothing"
        rows = [f"step {self.number}: {counted(self.operations, 'operation')}; reads {reads}; writes {writes}"]
        for line, source in self.lines.items():
            if line not in told and source:
                told.add(line)
                rows.append(f"  {line}  {source}")
        middle = max((len(v.where) for v in self.values), default=0)
        right = max((len(v.line) for v in self.values), default=0)
        for one in self.body:
            rows += one.text(middle, right) if isinstance(one, PlanValue) else [str(one)]
        return "\n".join(r if len(r) <= _WIDTH else r[: _WIDTH - 1] + "…" for r in rows)

    def __str__(self) -> str:
        return self.text(set())


@dataclass(frozen=True, slots=True)
class PlanBuffer:
    """One array in scratch memory: its name and spec, its bytes from ``offset`` on, and the steps that need it.

    ``shares`` names the arrays that lie in the same bytes at other times.
    """

    name: str
    spec: str
    bytes: int
    offset: int
    first: int
    last: int
    shares: tuple[str, ...]

    def __str__(self) -> str:
        steps = f"step {self.first}" if self.first == self.last else f"steps {self.first} to {self.last}"
        shares = f"  shares with {', '.join(self.shares)}" if self.shares else ""
        text = f"{self.name:<6} {self.spec:<16} {format_bytes(self.bytes):>10} at {self.offset:>11,}  {steps}{shares}"
        return text if len(text) <= _WIDTH - 2 else text[: _WIDTH - 3] + "…"


def counted(n: int, what: str) -> str:
    """A number of things.

    >>> counted(1, "step"), counted(2000, "step")
    ('1 step', '2,000 steps')
    """
    return f"{n:,} {what}{'' if n == 1 else 's'}"
