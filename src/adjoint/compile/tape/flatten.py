"""From a graph to arrays: every scalar operation becomes an opcode, its operands' numbers, and a time.

Numbers count inputs (entry by entry), constants and operations in the order in which they are met. A small
array in the graph is an array of such numbers: indexing, reshaping and joining are done on those and leave
nothing to compute; arithmetic on it is written out entry by entry.

The *time* of an operation decides which run it joins. Time goes round a dial with one mark an opcode, and
an operation takes the first mark of its own after its operands. So equal times mean equal opcodes that do
not depend on one another, runs are nearly as long as any list scheduler's, and one pass finds them. At the
border of a window the dial moves past everything, so that a run gathers from near in memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from adjoint.compile.tape.layout import MOST_OPCODES
from adjoint.compile.tape.opcode import BOOL, Opcode, scalar_record
from adjoint.errors import UnsupportedError
from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.primitives.record import REGISTRY, Primitive
from adjoint.primitives.structure import ALIAS, CUT, ITEM

#: Nodes of a graph that share a window, and marks on the dial.
WINDOW = 1 << 14
DIAL = MOST_OPCODES

#: Records that only rearrange: they work on numbers of entries as on entries.
MOVES = frozenset(
    {
        "alias", "getitem", "set_at", "reshape", "transpose", "expand_dims", "squeeze", "broadcast_to", "flip",
        "pad", "concatenate", "split", "real", "conj",
    }
)  # fmt: skip


def _unwritten(*_: Any) -> Any:
    raise UnsupportedError("a gradient that was left to the tape is computed nowhere else.", help="expand the graph.")


#: The gradient of its first operand by the others, left to the tape (see gradient.py); its outputs are items.
GRADIENT = Primitive(
    name="gradient",
    family="opaque",
    gate="own rule",
    value=_unwritten,
    spec=_unwritten,
    arity=None,
    several=True,
    symbol="∇",
    formula="gradient({xs})",
    words="The gradient of the first operand by the others.",
)

Numbers = Any  # an int, or an array of ints


class Wanted(NamedTuple):
    """A gradient as an output: the number of the scalar, and the numbers of what it is differentiated by."""

    root: int
    by: Numbers


class Flat:
    """A graph in lists: for every number its opcode's code (-1: input or constant), its operands, its time."""

    def __init__(self, graph: Graph, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)
        self.opcodes: list[Opcode] = []
        self.codes: list[int] = []
        #: The first two operands of every number (0 where there is none), and further ones where they are.
        self.left: list[int] = []
        self.right: list[int] = []
        self.third: dict[int, int] = {}
        self.times: list[int] = []
        self.constants: list[int] = []
        self.values: list[float] = []
        #: The numbers of the graph's nodes, and of plain constants by their value.
        self.place: dict[Any, int] = {}
        self.arrays: dict[Node, Any] = {}
        self.truths: dict[Node, int] = {}
        self.wanted: dict[Node, Any] = {}
        self._quick: dict[Primitive, tuple[int, int]] = {}
        self._known: dict[Any, int] = {}
        self._base = 0
        self.given = [self._input(node) for node in graph.inputs]
        self._nodes(graph)

    def of(self, node: Node) -> Numbers:
        """The number of a node, or the array of them."""
        for known in (self.place, self.truths, self.arrays):
            if node in known:
                return known[node]
        if node in self.wanted:
            raise UnsupportedError("what is computed from a gradient has no place on the tape.")
        raise UnsupportedError(f"{node!r} has no place on the tape.")

    # The graph.

    def _nodes(self, graph: Graph) -> None:
        """Every node in turn; the common case (one or two plain operands) in place, at little more than its appends."""
        inputs = set(graph.inputs)
        place, times, codes, left, right = self.place, self.times, self.codes, self.left, self.right
        quick, dtype = self._quick, self.dtype
        nodes = graph.nodes if all(n.is_leaf for n in inputs) else [n for n in graph.nodes if n not in inputs]
        for start in range(0, len(nodes), WINDOW):
            base, before = self._base, len(times)
            for node in nodes[start : start + WINDOW]:
                known = quick.get(node.op)
                if known is not None and node.dtype is dtype:
                    code, arity = known
                    try:
                        if arity == 2:
                            x, y = node.inputs
                            a, b = place[x], place[y]
                            t, u = times[a], times[b]
                            if u > t:
                                t = u
                        else:
                            a, b = place[node.inputs[0]], 0
                            t = times[a]
                    except (KeyError, TypeError):  # an array, a truth value, a constant not seen before
                        self._general(node)
                        continue
                    if t < base:
                        t = base
                    t += 1
                    times.append(t + (code - t) % DIAL)
                    place[node] = len(codes)
                    codes.append(code)
                    left.append(a)
                    right.append(b)
                elif node not in inputs:
                    self._general(node)
            self._base = max(base, *times[before:]) if len(times) > before else base

    def _input(self, node: Node) -> Numbers:
        """The numbers of an input's entries."""
        if node.dtype != self.dtype:
            if node.dtype.kind == "f":
                raise UnsupportedError(f"an input is {node.spec!r}, the tape works in {self.dtype}.")
            return None
        count = math.prod(node.shape)
        first = len(self.codes)
        for column, value in ((self.codes, -1), (self.left, 0), (self.right, 0), (self.times, 0)):
            column.extend([value] * count)
        if node.shape == ():
            self.place[node] = first
            return first
        found = self.arrays[node] = np.arange(first, first + count).reshape(node.shape)
        return found

    def _general(self, node: Node) -> None:
        """Any node: a leaf that holds its value, a rearrangement, a sum, or operations entry by entry."""
        op, params = node.op, node.params or {}
        if node.is_leaf:
            held = node.saved[0] if type(node.saved) is tuple else None
            if held is None or type(held) is Spec:
                raise UnsupportedError(f"the leaf {node!r} has no value.")
            self._put(node, self._operand(held))
            return
        if op is GRADIENT:
            root, *by = (self.of(i) for i in node.inputs)
            self.wanted[node] = [Wanted(int(root), one) for one in by]
            return
        source = node.inputs[0]
        if type(source) is Node and source in self.wanted and (op is ITEM or op is ALIAS or op is CUT):
            known = self.wanted[source]
            self.wanted[node] = known[params["index"]] if op is ITEM else known
            return
        if op is ITEM:
            self._put(node, self.arrays[node.inputs[0]][params["index"]])
            return
        if op.name in MOVES:
            self._put(node, self._moved(node, op, params))
            return
        if op.name == "sum" and REGISTRY.get("sum") is op:
            self._put(node, self._sum(node, params))
            return
        if not scalar_record(op):
            raise UnsupportedError(f"{op.name} is no operation on single numbers.")
        operands = [self._operand(i) for i in node.inputs]
        code = self._code(node, op, params)
        if not node.shape:
            self._put(node, self._push(code, operands))
            if node.dtype == self.dtype and not op.params and not any(self.opcodes[code].truths) and len(operands) < 3:
                self._quick[op] = (code, len(operands))
            return
        spread = [a.ravel() for a in np.broadcast_arrays(*operands)]
        made = [self._push(code, entry) for entry in zip(*(a.tolist() for a in spread))]
        self._put(node, np.array(made, np.int64).reshape(node.shape))

    def _put(self, node: Node, numbers: Numbers) -> None:
        if node.dtype is None:
            self.arrays[node] = numbers
        elif node.shape:
            self.arrays[node] = np.asarray(numbers)
        elif node.dtype == self.dtype:
            self.place[node] = int(numbers)
        else:
            self.truths[node] = int(numbers)

    def _code(self, node: Node, op: Primitive, params: dict[str, Any]) -> int:
        """The code of a node's opcode, a new one where it is met for the first time."""
        kept = tuple((k, v) for k, v in sorted(params.items()) if k not in {"by", "written"})
        truths = tuple(self._dtype(i) == BOOL for i in node.inputs)
        if node.dtype != self.dtype and node.dtype != BOOL:
            raise UnsupportedError(f"{op.name} gives {node.spec!r}, the tape works in {self.dtype}.")
        if op.name == "astype":
            kept = ()
        opcode = Opcode(op.name, kept, truths, node.dtype == BOOL, self.dtype.name)
        key = (opcode.text, opcode.truth)
        code = self._known.get(key)
        if code is None:
            if len(self.opcodes) == MOST_OPCODES:
                raise UnsupportedError(f"the tape has room for {MOST_OPCODES} opcodes.")
            code = self._known[key] = len(self.opcodes)
            self.opcodes.append(opcode)
        return code

    def _dtype(self, operand: Any) -> Any:
        if type(operand) is not Node and type(operand) in (bool, int, float):
            return BOOL if type(operand) is bool else self.dtype
        dtype = operand.dtype
        if type(operand) is Node and dtype != self.dtype and dtype != BOOL:
            raise UnsupportedError(f"an operand is {operand.spec!r}, the tape works in {self.dtype}.")
        return dtype

    def _operand(self, value: Any) -> Numbers:
        """The numbers of an operand: a node's, or those of a constant."""
        if type(value) is Node:
            return self.of(value)
        if type(value) is Spec:
            raise UnsupportedError("a constant operand was not kept, because no derivative needs it.")
        if np.shape(value):
            array = np.asarray(value)
            return np.array([self._constant(v) for v in array.ravel().tolist()], np.int64).reshape(array.shape)
        return self._constant(value)

    def _constant(self, value: Any) -> int:
        number = float(value)
        found = self.place.get(number)
        if found is None:
            found = self._new(-1, 0, 0, 0)
            self.constants.append(found)
            self.values.append(number)
            if number != 0.0:  # as keys, 0.0 and -0.0 are the same
                self.place[number] = found
        return found

    def _new(self, code: int, a: int, b: int, time: int) -> int:
        self.codes.append(code)
        self.left.append(a)
        self.right.append(b)
        self.times.append(time)
        return len(self.codes) - 1

    def _push(self, code: int, operands: Sequence[int]) -> int:
        """One more operation, at the first mark of its opcode after its operands."""
        t = 1 + max(self._base, *(self.times[o] for o in operands))
        a, b, *more = (*operands, 0) if len(operands) == 1 else operands
        made = self._new(code, a, b, t + (code - t) % DIAL)
        if more:
            self.third[made] = more[0]
        return made

    def _moved(self, node: Node, op: Primitive, params: dict[str, Any]) -> Numbers:
        """A rearrangement, done on the numbers of the entries."""
        if any(self._dtype(i) not in (self.dtype, BOOL) for i in node.inputs[:1]):
            raise UnsupportedError(f"{op.name} of {node.inputs[0]!r} has no place on the tape.")
        if op is ALIAS or op.name in {"real", "conj"}:
            return self._operand(node.inputs[0])
        moved = {"getitem": 1, "set_at": 2}.get(op.name, len(node.inputs))
        picks = node.inputs[moved:]
        if any(type(p) is Node or type(p) is Spec for p in picks):
            raise UnsupportedError(f"{op.name} at places that are computed has no place on the tape.")
        operands = [np.asarray(self._operand(i)) for i in node.inputs[:moved]]
        if op.name == "pad":
            params = {**params, "constant": self._constant(params["constant"])}
        return op.value(*operands, *picks, **params)

    def _sum(self, node: Node, params: dict[str, Any]) -> Numbers:
        """A sum written out as a tree of additions, as deep as the logarithm of its terms."""
        numbers = np.asarray(self._operand(node.inputs[0]))
        if node.dtype != self.dtype or self._dtype(node.inputs[0]) != self.dtype:
            raise UnsupportedError(f"sum gives {node.spec!r}, the tape works in {self.dtype}.")
        add = Opcode("add", (), (False, False), False, self.dtype.name)
        code = self._known.setdefault((add.text, False), len(self.opcodes))
        if code == len(self.opcodes):
            self.opcodes.append(add)
        axes = params["axis"]
        kept = [i for i in range(numbers.ndim) if i - numbers.ndim not in axes]
        terms = np.transpose(numbers, (*kept, *(a + numbers.ndim for a in axes)))
        rows = terms.reshape(math.prod(terms.shape[: len(kept)]), -1).tolist()
        return np.array([self._tree(code, row) for row in rows], np.int64).reshape(node.shape)[()]

    def _tree(self, code: int, row: list[int]) -> int:
        while len(row) > 1:
            pairs = [self._push(code, row[i : i + 2]) for i in range(0, len(row) - 1, 2)]
            row = pairs + row[len(row) - len(row) % 2 :]
        return row[0] if row else self._constant(0.0)
