"""Indices: where along each axis a term is read, in the positions of loop labels."""

from __future__ import annotations

from typing import Any

#: An index: position * factor + offset of a label, or a constant (label -1).
Index = tuple[int, int, int]

#: In the place of a label: an index that is computed.
COMPUTED = -2


def single(index: tuple[Index, ...], shape: tuple[int, ...]) -> tuple[Index, ...]:
    """An index inside an array, constant along axes of size 1."""
    return tuple((-1, 0, 0) if n == 1 else one for one, n in zip(index, shape, strict=True))


def through(axes: Any, index: tuple[Index, ...]) -> tuple[Index, ...]:
    """The index into a view's operand."""
    found = []
    for d, m, add in axes:
        if d < 0:
            found.append((-1, 0, add))
        else:
            label, factor, offset = index[d]
            found.append((label, factor * m, offset * m + add))
    return tuple(found)


def straight(found: tuple[int, int] | None) -> Index:
    """The index of an axis by its label and shift: the position less the shift, or 0 for an axis of size 1."""
    return (-1, 0, 0) if found is None else (found[0], 1, -found[1])
