"""TapeProgram: a scalar graph ready to run, with its gradient; and which graphs are for the tape."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from adjoint.compile.signature import Signature
from adjoint.compile.tape.flatten import GRADIENT, MOVES, Flat, Wanted
from adjoint.compile.tape.layout import HEADER
from adjoint.compile.tape.machines import machine_of
from adjoint.compile.tape.opcode import F32, F64, scalar_record
from adjoint.compile.tape.schedule import Tape, schedule
from adjoint.errors import ArgumentError, ShapeError, UnsupportedError
from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.primitives.structure import ITEM
from adjoint.site import here

#: From this many operations on a graph goes to the tape. Straight-line code runs in about half of the tape's time a
#: node, but takes a millisecond a node to compile at 500 nodes, and more a node beyond; the tape microseconds.
THRESHOLD = 500


def suits(graph: Graph, threshold: int = THRESHOLD) -> bool:
    """Whether a graph is for the tape: many real scalar operations of one precision, and hardly anything else.

    Indexing, reshaping, joining and summing scalars count as nothing; arithmetic on small arrays may be there
    as long as it is a small part. Linear in the nodes, and cheap.
    """
    if len(graph.nodes) < threshold:
        return False
    dtypes: set[Any] = set()
    kinds: set[Any] = set()
    scalars = entries = 0
    given = set(graph.inputs)
    for node in graph.nodes:
        if node in given or node.is_leaf:
            continue
        kinds.add(node.op)
        dtypes.add(node.dtype)
        if node.shape == ():
            scalars += 1
        elif node.op.name not in MOVES:
            entries += math.prod(node.shape) if node.dtype is not None else 0
    floats = {d for d in dtypes if d is not None and d.kind != "b"}
    if len(floats) != 1 or not floats <= {F32, F64}:
        return False
    if not all(k in (ITEM, GRADIENT) or k.name in MOVES or k.name == "sum" or scalar_record(k) for k in kinds):
        return False
    return scalars >= threshold and 4 * entries <= scalars


def plan_for(
    graph: Graph, wrt: Sequence[Node] = (), loss: int = 0, signature: Signature | None = None, cache: bool = True
) -> TapeProgram | None:
    """The program of a graph if it suits the tape, else None: values, then the gradient of one output by ``wrt``."""
    if not suits(graph):
        return None
    try:
        return build(graph, wrt=wrt, loss=loss, signature=signature, cache=cache)
    except UnsupportedError:
        return None


def build(
    graph: Graph,
    outputs: Sequence[Node] | None = None,
    wrt: Sequence[Node] = (),
    loss: int = 0,
    *,
    signature: Signature | None = None,
    index: Any = None,
    cache: bool = True,
) -> TapeProgram:
    """The program that computes the outputs, and the gradient of the scalar output number ``loss`` by each of ``wrt``.

    ``outputs`` are nodes of the graph (its own outputs unless given), ``wrt`` inputs of it; outputs may also be items
    of a GRADIENT node. ``signature`` is for the native entry, ``index`` the dtype of places, ``cache`` says
    whether machine code may stand on the disk. Linear in the nodes; nothing recurses. Raises UnsupportedError for
    what has no place on the tape, ArgumentError for a ``wrt`` that is no input, ShapeError for a loss that is no
    scalar.
    """
    results = tuple(graph.outputs if outputs is None else outputs)
    if wrt and results[loss].shape != ():
        raise ShapeError(
            f"a gradient needs a scalar output, this one is {results[loss].spec!r}.",
            where=results[loss].describe() or here(),
            help="reduce it (sum, mean) first.",
        )
    for node in wrt:
        if node not in graph.inputs:
            raise ArgumentError(
                f"{node!r} is no input of the graph.", where=here(), help="differentiate by its inputs."
            )
    floats = {np.dtype(n.dtype.type) for n in graph.nodes if n.dtype is not None and n.dtype.kind == "f"}
    if len(floats) != 1 or not floats <= {F32, F64}:
        raise UnsupportedError("the tape works in one precision, float32 or float64.")
    flat = Flat(graph, floats.pop())
    asked = [flat.wanted[n] if n in flat.wanted else flat.of(n) for n in results]
    asked += [Wanted(int(flat.of(results[loss])), flat.of(n)) for n in wrt]
    made = [n.spec for n in (*results, *wrt)]
    for spec in made:
        if spec.dtype != flat.dtype:
            raise UnsupportedError(f"an output is {spec!r}, the tape works in {flat.dtype}.")
    return TapeProgram(schedule(flat, asked, index), [n.spec for n in graph.inputs], flat.given, made, signature, cache)


class TapeProgram:
    """A tape with its machine code: ``run`` gives the outputs, then the gradients. Safe from several threads.

    ``address`` and ``context`` are what native callers need: ``i32 run(arena, inputs, outputs, context)`` with an
    arena of ``arena_bytes``; all state is in the arena.
    """

    def __init__(
        self,
        tape: Tape,
        inputs: list[Spec],
        given: list[Any],
        outputs: list[Spec],
        signature: Signature | None = None,
        cache: bool = True,
    ) -> None:
        self.tape = tape
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self.signature, self.cache = signature, cache
        self.library = machine_of(tape, cache)
        self.address = self.library.address("run")
        self.arena_bytes = tape.arena_bytes
        self._native = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 4)(self.address)
        self._held, self._header = _header(tape, given)
        self.context = self._header.ctypes.data
        self._idle: list[_State] = []

    @property
    def nodes(self) -> int:
        """How many operations the tape has."""
        return self.tape.nodes

    @property
    def bytes(self) -> int:
        """The memory of tape and scratch together, in bytes."""
        return self.tape.bytes + self.arena_bytes

    @property
    def plan(self) -> str:
        """What will run, in a few lines: opcodes, runs, memory."""
        return self.tape.text

    def run(self, values: Iterable[Any]) -> list[Any]:
        """The outputs and gradients as fresh arrays, at values of the inputs.

        Raises ArgumentError and ShapeError for values that do not fit the inputs.
        """
        try:
            state = self._idle.pop()
        except IndexError:
            state = _State(self)
        given = list(values)
        if len(given) != len(self.inputs):
            raise ArgumentError(
                f"the tape has {len(self.inputs)} inputs, got {len(given)} values.", where=here(), help="give one each."
            )
        for view, value in zip(state.inputs, given):
            if getattr(value, "shape", ()) != view.shape and np.shape(value) != view.shape:
                raise ShapeError(
                    f"an input of shape {view.shape} got a value of shape {np.shape(value)}.",
                    where=here(),
                    help="trace the function again for other shapes.",
                )
            view[...] = value
        self._native(state.arena, state.sources, state.targets, self.context)
        found = [view.copy() for view in state.outputs]
        self._idle.append(state)
        return found

    def make_call(
        self, miss: Callable[..., Any], captured: Sequence[Any] = (), static: Sequence[Any] = ()
    ) -> Callable[..., Any] | None:
        """A native entry that runs the tape, and leaves what it does not know to ``miss``; None without a signature."""
        if self.signature is None:
            return None
        from adjoint.compile.tape.machines import callable_of

        return callable_of(self, miss, captured, static)

    def __repr__(self) -> str:
        return f"<TapeProgram {self.nodes} nodes, {len(self.tape.runs)} runs, {self.bytes} bytes>"


class _State:
    """The memory of one call: scratch, and room for inputs and outputs; calls that overlap have one each."""

    def __init__(self, program: TapeProgram) -> None:
        tape = program.tape
        self._memory = np.zeros(tape.arena_bytes + 64, np.uint8)
        start = self._memory.ctypes.data
        self.arena = start + -start % 64
        self.inputs = [np.zeros(s.shape, s.dtype) for s in program.inputs]
        self.outputs = [np.zeros(s.shape, s.dtype) for s in program.outputs]
        self.sources, self.targets = (
            (ctypes.c_void_p * len(arrays))(*(a.ctypes.data for a in arrays)) for arrays in (self.inputs, self.outputs)
        )


def _header(tape: Tape, given: list[Any]) -> tuple[list[Any], Any]:
    """The header of a tape (see layout.py), and what it points to."""
    inputs = [(int(np.min(g)) if np.size(g) else 0, np.size(g)) if g is not None else (0, 0) for g in given]
    asked = [*tape.results, *tape.wanted]
    ends = np.cumsum([0, *(len(places) for _, places in asked)])
    rows = [(number, int(end), len(places)) for end, (number, places) in zip(ends, asked)]
    nothing = [(0, 0, 0)]
    held = {
        "runs": tape.runs,
        "stream": tape.stream,
        "given": np.array(inputs or nothing, np.int64),
        "constants": tape.constants,
        "places": np.concatenate([*(places for _, places in asked), tape.stream[:0]]),
        "results": np.array(rows[: len(tape.results)] or nothing, np.int64),
        "wanted": np.array(rows[len(tape.results) :] or nothing, np.int64),
    }
    fields = {
        **{name: array.ctypes.data for name, array in held.items()},
        "slots": tape.slots,
        "first": tape.first,
        "run_count": len(tape.runs),
        "input_count": len(inputs),
        "constant_first": tape.inputs,
        "constant_count": len(tape.constants),
        "result_count": len(tape.results),
        "wanted_count": len(tape.wanted),
        "gradients": int(bool(tape.wanted)),
        "root": tape.root,
    }
    return list(held.values()), np.array([fields[name] for name in HEADER], np.int64)
