"""From numbers and times to a tape: runs of equal opcodes, and the stream of operand places.

All in NumPy but one pass in Python that is made only where something is dead, or where a gradient is stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adjoint.compile.tape.flatten import Flat, Wanted
from adjoint.compile.tape.layout import COUNT_SHIFT, LONGEST_RUN, SHORT, SHORT_RUN
from adjoint.compile.tape.opcode import Opcode, derivative
from adjoint.errors import UnsupportedError

#: Entries that a register may read past the end of the stream, and numbers past the end of the values.
PADDING = 16

_NEEDED, _PULLED = 1, 2


@dataclass(frozen=True)
class Tape:
    """A scheduled tape: inputs, then constants, then the results of the runs, in one array of values.

    ``runs`` are words (see layout.py), ``stream`` the places of operands run by run: first operands of a run,
    then second ones. ``results`` are outputs by their number, with their places; ``wanted`` those that are
    gradients of the value at ``root``, with the places of what it is differentiated by.
    """

    dtype: Any
    opcodes: tuple[Opcode, ...]
    runs: Any
    stream: Any
    constants: Any
    inputs: int
    results: tuple[tuple[int, Any], ...]
    wanted: tuple[tuple[int, Any], ...]
    root: int
    nodes: int
    masked: bool

    @property
    def first(self) -> int:
        """The place of the first operation's result."""
        return self.inputs + len(self.constants)

    @property
    def slots(self) -> int:
        """The length of the array of values, with room for a register past its end."""
        used = self.first + self.nodes + PADDING
        return used + -used % PADDING

    @property
    def arena_bytes(self) -> int:
        """The scratch memory of one call: values, and for a gradient cotangents and flags."""
        each = self.dtype.itemsize * (2 if self.wanted else 1) + (1 if self.masked and self.wanted else 0)
        return self.slots * each

    @property
    def bytes(self) -> int:
        """The memory of the tape itself."""
        places = sum(p.nbytes for _, p in (*self.results, *self.wanted))
        return int(self.runs.nbytes + self.stream.nbytes + self.constants.nbytes + places)

    @property
    def text(self) -> str:
        """What will run: the opcodes with their nodes and runs, and the memory of tape and scratch."""
        case = (self.runs & ((1 << COUNT_SHIFT) - 1)) >> 1
        size = len(self.opcodes)
        runs = np.bincount(case, minlength=size)
        nodes = np.bincount(case, weights=self.runs >> COUNT_SHIFT, minlength=size).astype(int)
        mean = self.nodes / max(1, len(self.runs))
        whole = self.bytes + self.arena_bytes
        by = f", gradients by {len(self.wanted)} inputs" if self.wanted else ""
        lines = [
            f"tape of {self.nodes} nodes in {len(self.runs)} runs ({mean:.1f} nodes a run), {self.dtype}",
            f"  {self.inputs} entries of inputs, {len(self.constants)} constants, {len(self.results)} outputs{by}",
            f"  tape {self.bytes} bytes, scratch {self.arena_bytes}: {whole / max(1, self.nodes):.1f} bytes a node",
        ]
        width = max((len(o.text) for o in self.opcodes), default=0)
        for i in sorted(range(size), key=lambda i: (-int(nodes[i]), self.opcodes[i].text)):
            lines.append(f"  {self.opcodes[i].text:<{width}}  {nodes[i]:>9} nodes  {runs[i]:>8} runs")
        if self.masked:
            lines.append("  structural zeros are kept apart from computed ones")
        return "\n".join(lines)


def schedule(flat: Flat, asked: Sequence[Any], index: Any = None) -> Tape:
    """The tape of a flattened graph.

    ``asked`` are the outputs: numbers, arrays of them, or gradients (Wanted). ``index`` is the dtype of places:
    int32 unless the tape is too long for it.
    """
    wanted = [(i, one.by) for i, one in enumerate(asked) if type(one) is Wanted]
    outputs = [(i, one) for i, one in enumerate(asked) if type(one) is not Wanted]
    roots = {one.root for one in asked if type(one) is Wanted}
    if len(roots) > 1:
        raise UnsupportedError("a tape has the gradient of one scalar only.")
    root = roots.pop() if roots else None
    codes = np.array(flat.codes, np.int64)
    left, right = np.array(flat.left, np.int64), np.array(flat.right, np.int64)
    count = len(codes)
    arity = np.array([o.arity for o in flat.opcodes] or [0], np.int64)
    pulled = np.ones(count, bool)
    operations = codes >= 0
    marks = _marks(flat, codes, left, right, arity, [o for _, o in outputs], root)
    if marks is not None:
        operations &= (marks & _NEEDED) != 0
        pulled = (marks & _PULLED) != 0
    chosen = np.flatnonzero(operations)
    keys = np.array(flat.times, np.int64)[chosen] * 2 + ~pulled[chosen]
    order = np.argsort(keys, kind="stable")
    chosen, keys = chosen[order], keys[order]

    inputs = count - len(flat.constants) - int((codes >= 0).sum())
    place = np.zeros(count, np.int64)
    place[:inputs] = np.arange(inputs)
    place[np.array(flat.constants, np.int64)] = inputs + np.arange(len(flat.constants))
    first = inputs + len(flat.constants)
    place[chosen] = first + np.arange(len(chosen))

    starts = np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1))
    lengths = np.diff(starts, append=len(chosen))
    kinds = codes[chosen[starts]] * 2 + ~pulled[chosen[starts]]
    used, numbers = np.unique(kinds, return_inverse=True)
    opcodes = tuple(replace(flat.opcodes[k >> 1], pulled=not k & 1) for k in used.tolist())
    if lengths.size and int(lengths.max()) > LONGEST_RUN:
        raise UnsupportedError(f"a run of {int(lengths.max())} nodes is too long for the tape.")
    words = (lengths << COUNT_SHIFT) | (2 * numbers + np.where(lengths <= SHORT_RUN, SHORT, 0))

    if index is None:
        index = np.int32 if first + len(chosen) < 2**31 - PADDING else np.int64
    operands = [left, right]
    if flat.third:
        third = np.zeros(count, np.int64)
        third[np.fromiter(flat.third.keys(), np.int64)] = np.fromiter(flat.third.values(), np.int64)
        operands.append(third)
    wide = arity[codes[chosen[starts]]] if len(chosen) else np.zeros(0, np.int64)
    begin = np.cumsum(wide * lengths) - wide * lengths
    stream = np.zeros(int((wide * lengths).sum()) + PADDING, index)
    within = np.arange(len(chosen)) - np.repeat(starts, lengths)
    each, start, long = (np.repeat(a, lengths) for a in (wide, begin, lengths))
    for i, column in enumerate(operands):
        has = each > i
        stream[(start + i * long + within)[has]] = place[column[chosen[has]]]

    def places(found: Any) -> Any:
        return place[np.asarray(found, np.int64).ravel()].astype(index)

    made = Tape(
        dtype=flat.dtype,
        opcodes=opcodes,
        runs=words.astype(np.uint32),
        stream=stream,
        constants=np.array(flat.values, flat.dtype),
        inputs=inputs,
        results=tuple((i, places(one)) for i, one in outputs),
        wanted=tuple((i, places(one)) for i, one in wanted),
        root=0 if root is None else int(place[root]),
        nodes=len(chosen),
        masked=False,
    )
    return replace(made, masked=root is not None and _masks(opcodes))


def _marks(flat: Flat, codes: Any, left: Any, right: Any, arity: Any, outputs: Sequence[Any], root: int | None) -> Any:
    """What is needed, and through what a gradient passes, as bits by number; None where it is everything."""
    count = len(codes)
    asked = np.zeros(count, bool)
    for found in outputs:
        asked[np.asarray(found, np.int64).ravel()] = True
    if root is not None:
        asked[root] = True
    used = asked.copy()
    wide = np.where(codes >= 0, arity[codes], 0)
    used[left[wide > 0]] = True
    used[right[wide > 1]] = True
    used[list(flat.third.values())] = True
    locals_ = [derivative(o) for o in flat.opcodes]
    stops = root is not None and (asked.sum() > 1 or any(None in d.pulls for d in locals_))
    # A node whose users all end in an output is needed; so if every node has a user, every node is.
    if not stops and bool(used[codes >= 0].all()):
        return None
    marks = bytearray(asked.astype(np.uint8).tobytes())
    if root is not None:
        marks[root] |= _PULLED
    passing = [tuple(p is not None for p in d.pulls) for d in locals_]
    third = flat.third
    # Backwards through the numbers: users come after what they use.
    for number in range(count - 1, -1, -1):
        mark = marks[number]
        code = flat.codes[number]
        if not mark or code < 0:
            continue
        for i, passes in enumerate(passing[code]):
            operand = flat.left[number] if i == 0 else flat.right[number] if i == 1 else third[number]
            marks[operand] |= mark if passes else _NEEDED
    return np.frombuffer(marks, np.uint8)


def _masks(opcodes: Sequence[Opcode]) -> bool:
    """Whether structural zeros must be kept apart: some router makes them, and some infinite slope would spoil them."""
    known = [derivative(o) for o in opcodes if o.pulled]
    return any(d.masks == "router" for d in known) and any(d.selects for d in known)
