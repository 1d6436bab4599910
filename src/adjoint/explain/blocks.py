"""Blocks: a long list cut into consecutive pieces, where nothing better tells what belongs together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

#: No grid holds more items than this.
LIMIT = 300
#: A block has about so many.
SIZE = 100


def blocks_of(places: Sequence[tuple[str, int] | None]) -> Iterator[tuple[str, range]]:
    """Cut a list into at most ``LIMIT`` blocks, by where in the source each entry was written, with a name for each.

    A cut falls where the source begins again (the next turn of a loop) if such a place is near, so that
    blocks of a loop are alike.

    >>> [(name, len(some)) for name, some in blocks_of([("f.py", 1 + i) for i in range(320)])]
    [('lines 1–100', 100), ('lines 101–200', 100), ('lines 201–300', 100), ('lines 301–320', 20)]
    >>> [len(some) for _, some in blocks_of([("f.py", 1 + i % 7) for i in range(301)])]
    [98, 98, 98, 7]
    """
    size = max(SIZE, -(-len(places) // SIZE))
    again = [i for i in range(1, len(places)) if _returns(places[i - 1], places[i])]
    cuts, position = [0], 0
    while cuts[-1] + size < len(places):
        aim = cuts[-1] + size
        while position < len(again) and again[position] <= aim:
            position += 1
        near = [c for c in again[max(0, position - 1) : position + 1] if abs(c - aim) <= size // 4 and c > cuts[-1]]
        cuts.append(min(near, key=lambda c: (abs(c - aim), c), default=aim))
    spans = [range(a, b) for a, b in zip(cuts, [*cuts[1:], len(places)], strict=True)]
    lines = [_lines(places, span) for span in spans]
    distinct = len(set(lines)) == len(lines) and "" not in lines
    for number, (span, text) in enumerate(zip(spans, lines, strict=True), 1):
        yield text if distinct else f"part {number} of {len(spans)}", span


def chunks(count: int) -> Iterator[range]:
    """Cut a list without places: pieces of ``SIZE``, or larger ones where there would be too many."""
    size = max(SIZE, -(-count // SIZE))
    for start in range(0, count, size):
        yield range(start, min(start + size, count))


def _returns(last: tuple[str, int] | None, place: tuple[str, int] | None) -> bool:
    """Whether the source begins again here, or goes on in another file."""
    return last is None or place is None or last[0] != place[0] or place[1] < last[1]


def _lines(places: Sequence[tuple[str, int] | None], span: range) -> str:
    known = [place for i in span if (place := places[i]) is not None]
    if not known or any(place[0] != known[0][0] for place in known):
        return ""
    first, last = min(place[1] for place in known), max(place[1] for place in known)
    return f"line {first}" if first == last else f"lines {first}–{last}"
