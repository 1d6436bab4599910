"""Tiles: a label over which everything between two big contractions runs piece by piece.

An intermediate array of a contraction that does not fit into the cache is written to memory and read
back by each of its readers. Where all of them share a label, a loop over pieces of it around all of
them lets each piece stay in the cache, and the whole array never exists. That is legal unless a sum
over the label feeds something that carries the label: those parts run before or after.
"""

from __future__ import annotations

from collections.abc import Sequence

from adjoint.compile.labels import dot_places, dot_sizes
from adjoint.compile.loops import Leaf, Loop, nest
from adjoint.compile.statements import Program, Statement, matrix_letters

#: Labels shorter than this are not cut.
LONG = 256
#: Arrays that together stay below this many bytes are in the cache anyway.
LARGE = 1 << 20
#: All pieces of a tile together: about half of a core's second cache.
PIECES = 512 * 1024
#: Shorter pieces make products of matrices slow.
FEWEST = 128
SIZES = (512, 384, 320, 256, 200, 192, 160, 128, 112, 96, 80, 64, 48, 40, 32)


class Region:
    """Which statements run before, inside and after a loop over pieces of a label."""

    __slots__ = ("after", "before", "label", "saved", "tiled")

    def __init__(self, label: int, before: set[int], tiled: set[int], after: set[int], saved: int) -> None:
        self.label = label
        self.before = before
        self.tiled = tiled
        self.after = after
        self.saved = saved


def nests(program: Program) -> list[Loop | Leaf]:
    """The loop nests of a program, with a tile around what is better done piece by piece."""
    region = _best(program)
    if region is None:
        return nest(program.statements)

    def pick(chosen: set[int]) -> list[Statement]:
        return [s for s in program.statements if s.number in chosen]

    inside = pick(region.tiled)
    for s in inside:
        if s.kind != "dot" and region.label in s.loops:
            s.vector = region.label
    low, high = inside[0].ranges[region.label]
    size = _size(program, inside, region.label, high - low)
    return [
        *nest(pick(region.before)),
        Loop(region.label, False, nest(inside), tile=size),
        *nest(pick(region.after)),
    ]


def _best(program: Program) -> Region | None:
    """The label whose pieces keep most bytes out of memory."""
    if not any(s.kind == "dot" for s in program.statements):
        return None
    weights: dict[int, int] = {}
    for s in _large(program):
        for label, (low, high) in s.ranges.items():
            if high - low >= LONG and label not in s.reduced:
                weights[label] = weights.get(label, 0) + s.term.size * s.term.dtype.itemsize
    for label in sorted((k for k, w in weights.items() if w > LARGE), key=lambda k: -weights[k]):
        found = _region(program, label)
        if found is not None and found.saved > LARGE:
            return found
    return None


def _large(program: Program) -> list[Statement]:
    """The statements beside contractions whose values are no outputs: what a tile can spare."""
    outputs = {o.id for o in program.outputs[: program.count]}
    beside: set[int] = set()
    for s in program.statements:
        if s.kind == "dot":
            beside.add(s.number)
            beside.update(r.statement.number for r in s.reads)
    return [s for s in program.statements if s.number in beside and s.term.id not in outputs]


def _region(program: Program, label: int) -> Region | None:
    """The parts before, inside and after a loop over pieces of a label, or None where it is not legal."""
    statements = program.statements
    readers: dict[int, list[int]] = {}
    for s in statements:
        for r in s.reads:
            readers.setdefault(r.statement.number, []).append(s.number)
    carries = {s.number for s in statements if label in s.ranges and s.kind in {"store", "reduce", "dot"}}
    before: set[int] = set()
    after: set[int] = set()
    for s in statements:
        for r in s.reads:
            d = r.statement
            if d.number in carries:
                if label in d.reduced:
                    after.add(s.number)
                elif label not in r.same or s.number not in carries:
                    # Read elsewhere than it is written: complete before, or read afterwards.
                    (before if s.number in carries else after).add(d.number if s.number in carries else s.number)
    ranges = [s.ranges[label] for s in statements if s.number in carries]
    if not ranges:
        return None
    usual = max(set(ranges), key=ranges.count)
    for s in statements:
        if s.number in carries and (s.ranges[label] != usual or label in s.breaks or _batch(s, label)):
            return None
    after = _closure(after, readers)
    sources = {s.number: [r.statement.number for r in s.reads] for s in statements}
    before = _closure(before, sources)
    if before & after:
        return None
    tiled = carries - before - after
    outside = _closure(tiled, sources) - tiled
    if outside & after:
        return None
    before |= outside
    later = _closure(tiled, readers) - tiled
    if later & before:
        return None
    after |= later
    for s in statements:
        if s.number not in before and s.number not in tiled and s.number not in after:
            (before if not set(sources[s.number]) & (after | tiled) else after).add(s.number)
    kept = [s for s in _large(program) if s.number in tiled and label not in s.reduced]
    saved = 0
    for s in kept:
        if all(r in tiled for r in readers.get(s.number, [])):
            saved += s.term.size * s.term.dtype.itemsize
    if not any(s.kind == "dot" and s.number in tiled for s in statements):
        return None
    # Arrays from outside that are not contiguous along the label are read and written in steps: that costs more.
    strided = sum(_strided(program, s, label) for s in statements if s.number in tiled and s.kind != "dot")
    if 2 * strided > saved:
        return None
    return Region(label, before, tiled, after, saved)


def _strided(program: Program, s: Statement, label: int) -> int:
    """The bytes of inputs and outputs that a statement would reach in steps if the label were innermost."""
    whole = list(program.read_by(s)) + ([s.term] if any(o is s.term for o in program.outputs) else [])
    last = s.kept[-1] if s.kept else None
    if last is not None and last[0] == label:
        return 0
    return sum(t.size * t.dtype.itemsize for t in whole if len(t.shape) > 1)


def _batch(s: Statement, label: int) -> bool:
    """Whether a contraction would have to be done anew at each position of the label."""
    if s.kind != "dot":
        return False
    letters = matrix_letters(s.term, dot_sizes(s.term))
    places = dot_places(s.term)
    inside = {(s.kept[p] if p >= 0 else s.folded[-1 - p]) for p in (places[c] for c in letters)}
    return label not in {f[0] for f in inside if f is not None}


def _closure(numbers: set[int], edges: dict[int, list[int]]) -> set[int]:
    found, stack = set(numbers), list(numbers)
    while stack:
        for other in edges.get(stack.pop(), []):
            if other not in found:
                found.add(other)
                stack.append(other)
    return found


def _size(program: Program, inside: Sequence[Statement], label: int, extent: int) -> int:
    """How many positions a piece has: all pieces fit the cache, and the last one is whole where that is possible."""
    outputs = {o.id for o in program.outputs}
    line = sum(
        s.term.size * s.term.dtype.itemsize // extent
        for s in inside
        if label not in s.reduced and s.term.id not in outputs and s.kind in {"dot", "store"}
    )
    wanted = min(max(PIECES // max(line, 1), FEWEST), SIZES[0], extent)
    near = sorted((n for n in SIZES if wanted <= 2 * n <= 4 * wanted and n <= extent), key=lambda n: abs(n - wanted))
    # A shorter last piece would need code of its own.
    return next((n for n in near if extent % n == 0), near[0] if near else SIZES[-1])
