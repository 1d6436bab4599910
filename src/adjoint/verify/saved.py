"""ad.saved: what is held in memory for a later backward pass, by which operation, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adjoint.errors import OperandError
from adjoint.graph.display import Shown
from adjoint.graph.graph import collect
from adjoint.graph.node import FREED, Node
from adjoint.graph.text import clean
from adjoint.numbers import format_bytes
from adjoint.primitives.record import LETTERS
from adjoint.site import here
from adjoint.tensor import Tensor
from adjoint.verify.structure import Place, place_of

_WIDTH = 100
_SHOWN = 30


@dataclass(frozen=True)
class Held:
    """One value that a node holds: which one, its bytes (0 where another row counts the same buffer), and why."""

    node: Node
    place: Place
    name: str
    #: Which of its values: "x", "y", "out", ...; "value" for a leaf's own.
    what: str
    nbytes: int
    shared: bool
    why: str


@dataclass
class SavedReport(Shown):
    """The outcome of ``ad.saved``: rows sorted by bytes, shared buffers counted once, and the total."""

    rows: list[Held] = field(default_factory=list)
    #: Bytes of all buffers together.
    total: int = 0
    #: How many nodes there are, and how many have let go of their values.
    nodes: int = 0
    freed: int = 0

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        buffers = sum(not r.shared for r in self.rows)
        head = f"held in memory: {format_bytes(self.total)} in {buffers} buffer{'' if buffers == 1 else 's'}"
        head += f", below {self.nodes} node{'' if self.nodes == 1 else 's'}"
        if self.freed:
            head += f"; freed by an earlier backward pass: the values of {self.freed}"
        lines = [head + "."]
        if not self.rows:
            return "\n".join(lines)
        rows = [("bytes", "held by", "what", "why")]
        for row in self.rows[:_SHOWN]:
            size = "shared" if row.shared else format_bytes(row.nbytes)
            rows.append((size, row.place.short, f"{row.what} {row.name}".strip(), row.why))
        widths = [min(m, max(len(r[c]) for r in rows)) for c, m in enumerate((10, 30, 18))]
        for r in rows:
            cells = [t if len(t) <= w else t[: w - 1] + "…" for t, w in zip(r, widths, strict=False)]
            line = f"  {cells[0].rjust(widths[0])}  {cells[1].ljust(widths[1])}  {cells[2].ljust(widths[2])}  {r[3]}"
            lines.append(line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…")
        if len(self.rows) > _SHOWN:
            rest = sum(r.nbytes for r in self.rows[_SHOWN:])
            lines.append(f"  ... and {len(self.rows) - _SHOWN} more values with {format_bytes(rest)}")
        return "\n".join(lines)

    __repr__ = __str__


def saved(tensor: Tensor) -> SavedReport:
    """What the graph below a tensor holds in memory: operation, value, bytes and why, the largest first.

    Buffers that several nodes share count once; a view counts as the whole buffer that it keeps
    alive. After a backward pass that freed them the report says so. Raises OperandError for what is no tensor.

    >>> import adjoint as ad
    >>> x = ad.tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> report = ad.saved(x * x)
    >>> report.total, [(r.place.name, r.what, r.shared) for r in report]
    (16, [('leaf', 'value', False), ('multiply', 'x', True), ('multiply', 'y', True)])
    """
    if type(tensor) is not Tensor:
        raise OperandError(
            f"saved takes a tensor, got {type(tensor).__name__}.",
            where=here(),
            help="pass the result of a computation on tensors.",
        )
    report = SavedReport()
    if tensor._node is None:
        return report
    seen: set[int] = set()
    for node in collect([tensor._node]):
        report.nodes += 1
        if node.saved is FREED:
            report.freed += 1
            continue
        for what, name, value, why in _values(node):
            buffer = _buffer(value)
            shared = id(buffer) in seen
            seen.add(id(buffer))
            nbytes = 0 if shared else int(buffer.nbytes)
            report.total += nbytes
            report.rows.append(Held(node, place_of(node), name, what, nbytes, shared, why))
    report.rows.sort(key=lambda r: -r.nbytes)
    return report


def _values(node: Node) -> Iterator[tuple[str, str, Any, str]]:
    """The arrays that a node holds: which value, its name for the user, the array, and why."""
    held = node.saved
    if held is None:
        return
    if node.is_leaf:
        yield "value", _name(node), held[0], "the leaf's own value"
        return
    for position, one in enumerate(held):
        value = getattr(one, "value", one) if hasattr(one, "kind") else one
        if hasattr(one, "kind"):
            raw = getattr(value, "_value", value)
            if _is_array(raw):
                yield one.kind, "", raw, f"kept by {node.op.name}.forward with save_for_backward"
        elif isinstance(one, tuple):
            for i, inner in enumerate(one):
                if _is_array(inner):
                    parent = node.inputs[i] if i < len(node.inputs) else None
                    yield f"input {i}", _name(parent), inner, _why(node, f"input {i}", "xs")
        elif _is_array(one):
            last = position == len(held) - 1
            what = "out" if last else LETTERS[position]
            parent = node if last else node.inputs[position]
            yield what, _name(parent), one, _why(node, what, what)


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic)


def _name(node: Any) -> str:
    return clean(node.label or "") if type(node) is Node else ""


def _buffer(value: Any) -> Any:
    """The array that owns the memory of a value."""
    while isinstance(value, np.ndarray) and isinstance(value.base, np.ndarray):
        value = value.base
    return value


def _why(node: Node, what: str, need: str) -> str:
    """Which gradients a value is kept for, from what the record's rules ask for."""
    op = node.op
    wanted = [
        LETTERS[i] if op.arity is not None and i < len(LETTERS) else str(i)
        for i, names in enumerate(op.needs)
        if need in names or (need == "xs" and names & {"x", "indices"}) or (need in LETTERS and "xs" in names)
    ]
    if need in {"out", "outs"}:
        return f"{op.name} needs its own result for the gradient of {_listed(wanted)}"
    if wanted == [what]:
        return f"{op.name} needs its input"
    if what in LETTERS and what not in wanted:
        return f"{op.name} needs its other input for the gradient of {_listed(wanted)}"
    return f"{op.name} needs its inputs" if op.arity is None else f"{op.name} needs it for {_listed(wanted)}"


def _listed(names: list[str]) -> str:
    return " and ".join(names) if names else "its inputs"
