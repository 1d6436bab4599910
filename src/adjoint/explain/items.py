"""The graph of an explanation: items (leaves, constants, operations) and the edges between them.

An item is what a story tells of one value. Items are numbered: arguments first, then everything in
the order of its creation, a constant just before the operation that uses it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adjoint.explain.recording import Recording
from adjoint.graph.graph import collect
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.graph.text import clean
from adjoint.primitives.record import Primitive
from adjoint.site import Site
from adjoint.source.naming import labels

#: Places that were asked for; the code is kept, so that its identity stays its own.
_SITES: dict[tuple[int, int | None], tuple[Any, Site | None]] = {}


def site_known(node: Node) -> Site | None:
    """Where a node was written: looked up once a place, because a loop stands at the same places all along."""
    key = (id(node.code), node.lasti)
    known = _SITES.get(key)
    if known is None or known[0] is not node.code:
        if len(_SITES) > 10_000:
            _SITES.clear()
        known = _SITES[key] = (node.code, node.site)
    return known[1]


@dataclass(slots=True, eq=False)
class Item:
    """One value of the computation: an input, a constant, or the result of an operation."""

    id: int
    kind: str
    role: str
    name: str
    specs: tuple[Spec, ...]
    #: None where it is not known: a failed run, or a history that did not keep what it needs.
    value: Any = None
    node: Node | None = None
    op: Primitive | None = None
    params: dict[str, Any] = field(default_factory=dict)
    #: No gradient passes through it.
    dead: bool = False
    #: The edges that come in, by slot, and those that go out.
    ins: list[int] = field(default_factory=list)
    outs: list[int] = field(default_factory=list)
    grad: Any = None
    note: str = ""
    #: Why its gradient is zero by structure.
    zero: str = ""
    #: Entries at which the slope is not unique.
    kinks: int = 0

    @property
    def spec(self) -> str:
        """The type and shape, such as ``f64[3,4]``."""
        return " ".join(map(repr, self.specs))

    @property
    def site(self) -> Site | None:
        """Where it was written, or None."""
        return None if self.node is None else site_known(self.node)

    @property
    def several(self) -> bool:
        """Whether the operation has several outputs, each an item of its own."""
        return self.op is not None and self.op.several


@dataclass(slots=True, eq=False)
class Edge:
    """One use of a value: the input ``slot`` of the operation ``dst``."""

    id: int
    src: int
    dst: int
    slot: int
    #: The local derivative, where it is a factor, and what this use adds to the gradient of its source.
    local: Any = None
    contrib: Any = None


@dataclass(slots=True, eq=False)
class Board:
    """The items and edges of one explanation, and where in them the root stands."""

    items: list[Item] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    at: dict[Node, int] = field(default_factory=dict)
    #: All names in use.
    taken: set[str] = field(default_factory=set)
    root: Item | None = None

    def operands(self, item: Item) -> list[Item]:
        """The items that an operation is computed from, by slot."""
        return [self.items[self.edges[e].src] for e in item.ins]

    @property
    def operations(self) -> list[Item]:
        """The items that are operations, in order."""
        return [i for i in self.items if i.kind == "op"]

    @property
    def parameters(self) -> list[Item]:
        """The leaves that are differentiated, in order."""
        return [i for i in self.items if i.role == "parameter"]


def lay_out(recording: Recording) -> Board:
    """The board of a recording: what leads to the root and all arguments (everything, where there is no root)."""
    board = Board()
    captured = set(recording.captured)
    arguments = sorted([*recording.parameters, *recording.data], key=lambda n: (n in captured, n.seq))
    if recording.root is None:
        reached = recording.nodes
    else:
        reached = collect([recording.root])
    given = set(arguments)
    rest = [n for n in reached if n not in given]
    names = _names([*arguments, *rest], recording.names)
    board.taken = set(names.values())
    parameters = set(recording.parameters)
    for node in (*arguments, *rest):
        if node.is_leaf:
            _leaf(board, node, names[node], node in parameters, recording)
        else:
            _operation(board, node, names[node], recording)
    if recording.root is not None:
        board.root = board.items[board.at[recording.root]]
        if board.root.kind == "op":
            board.root.role = "root"
    elif recording.failure is not None and recording.failure.op is not None:
        _failed(board, recording)
    return board


def _names(nodes: list[Node], known: dict[Node, str | None]) -> dict[Node, str]:
    """A name of its own for every node: the user's where there is one (x, x_2, ...), else v1, v2, ... (data1, ...)."""
    wishes = labels(nodes) | {node: name for node, name in known.items() if name}
    found: dict[Node, str] = {}
    texts = {node: clean(wishes.get(node) or "") for node in nodes}
    taken = {text for text in texts.values() if text}
    counts: dict[str, int] = {}
    for node in nodes:
        stem = texts[node] or ("data" if node.is_leaf else "v")
        count = counts.get(stem, 0) + 1
        name = stem if texts[node] and count == 1 else _numbered(stem, count, texts[node])
        while name in taken and not (texts[node] and count == 1):
            count += 1
            name = _numbered(stem, count, texts[node])
        counts[stem] = count
        taken.add(name)
        found[node] = name
    return found


def _numbered(stem: str, count: int, named: str) -> str:
    return f"{stem}_{count}" if named else f"{stem}{count}"


def _new(board: Board, kind: str, role: str, name: str, specs: tuple[Spec, ...], **fields: Any) -> Item:
    item = Item(len(board.items), kind, role, name, specs, **fields)
    board.items.append(item)
    return item


def _leaf(board: Board, node: Node, name: str, parameter: bool, recording: Recording) -> None:
    value = recording.values.get(node)
    if value is None and node.saved:
        value = node.saved[0]
    if type(value) is Spec:
        value = None  # the input of a graph that was only defined or traced
    if node.name is None and node.shape == () and not parameter:
        item = _new(board, "const", "", "", node.specs, value=value, node=node, dead=True)
    else:
        role = "parameter" if parameter else "data"
        item = _new(board, "leaf", role, name, node.specs, value=value, node=node, dead=not parameter)
    board.at[node] = item.id


def _operation(board: Board, node: Node, name: str, recording: Recording) -> None:
    sources = [_operand(board, node, i, recording) for i in range(len(node.inputs))]
    item = _new(
        board,
        "op",
        "intermediate",
        name,
        node.specs,
        value=recording.values.get(node),
        node=node,
        op=node.op,
        params=dict(node.params or {}),
        dead=node in recording.dead or not node.op.differentiable,
    )
    board.at[node] = item.id
    for slot, source in enumerate(sources):
        _connect(board, source, item, slot)


def _connect(board: Board, source: Item, item: Item, slot: int) -> None:
    edge = Edge(len(board.edges), source.id, item.id, slot)
    board.edges.append(edge)
    source.outs.append(edge.id)
    item.ins.append(edge.id)


def _operand(board: Board, node: Node, i: int, recording: Recording) -> Item:
    given = node.inputs[i]
    if type(given) is Node:
        return board.items[board.at[given]]
    if type(given) is Spec:
        # A large untracked array of a lean history: known only where a rule kept it.
        return _new(board, "leaf", "data", _data_name(board), (given,), value=kept_operand(node, i), dead=True)
    if isinstance(given, np.ndarray) and given.shape:
        return _new(board, "leaf", "data", _data_name(board), (Spec.of(given),), value=given, dead=True)
    return _new(board, "const", "", "", (Spec.of(given),), value=given, dead=True)


def _data_name(board: Board) -> str:
    """A name for an array that nobody named."""
    count = 1
    while f"data{count}" in board.taken:
        count += 1
    board.taken.add(f"data{count}")
    return f"data{count}"


def kept_operand(node: Node, i: int) -> Any:
    """The value of an untracked operand that a history kept because a rule needs it, or None."""
    saved = node.saved
    if type(saved) is not tuple or len(saved) < 2 or node.op.lift is not None:
        return None
    operands = saved[0] if node.op.arity is None else saved[:-1]
    return None if operands is None else operands[i]


def _failed(board: Board, recording: Recording) -> None:
    """The operation at which a run failed: drawn with its operands, without a value."""
    failure = recording.failure
    assert failure is not None
    assert failure.op is not None
    sources = []
    for operand in failure.operands:
        node = getattr(operand, "_node", None)
        if node in board.at:
            sources.append(board.items[board.at[node]])
        else:
            value = getattr(operand, "_value", operand)
            array = np.asarray(value)
            if array.dtype.kind not in "fciub":
                return
            kind, role, name = ("leaf", "data", _data_name(board)) if array.shape else ("const", "", "")
            sources.append(_new(board, kind, role, name, (Spec.of(value),), value=value, dead=True))
    item = _new(board, "op", "intermediate", "", (), op=failure.op, dead=True)
    for slot, source in enumerate(sources):
        _connect(board, source, item, slot)
