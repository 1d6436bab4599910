"""Native: a graph to machine code, every stage by name.

>>> from adjoint.compile.native import STAGES
>>> print(*STAGES, sep=", ")
lower, statements, loops, memory, assemble, link
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint.compile.loops import nest
from adjoint.compile.lower import Lowering
from adjoint.compile.memory import LINE, Memory, steps_of
from adjoint.compile.signature import Signature
from adjoint.compile.statements import Program
from adjoint.compile.terms import LEAVES, Term
from adjoint.graph.graph import Graph
from adjoint.primitives.record import REGISTRY

STAGES = ("lower", "statements", "loops", "memory", "assemble", "link")


class Native:
    """A graph as machine code: ``run`` takes and gives arrays, ``make_call`` the builtin that users call."""

    def __init__(self, graph: Graph, signature: Signature | None, *, strict: bool, donate: Sequence[int]) -> None:
        from adjoint.compile.llvm.assemble import assemble
        from adjoint.compile.llvm.forms import knows

        self.graph = graph
        self.signature = signature
        lowering = Lowering(graph, knows)
        outputs = own_outputs(lowering)
        self.program = Program(outputs)
        self.steps = steps_of(nest(self.program.statements))
        self.memory = Memory(self.program, self.steps)
        place_leaves(self.program, self.memory)
        self.arena_bytes = self.memory.arena
        self.specs = [(o.shape, o.dtype) for o in outputs]
        self.module = assemble(self.program, self.memory, self.steps, contract=not strict, polls=False)

    def link(self) -> None:
        """Compiles the module and takes the address of ``run``."""
        from adjoint.compile.llvm.blas import symbols
        from adjoint.compile.llvm.jit import build

        needed = [n.removeprefix("adjoint_blas_") for n in self.module.globals if n.startswith("adjoint_blas_")]
        self.library = build(self.module, symbols=symbols(needed), name="program")
        kind = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 4)
        self._run = kind(self.library.address("run"))

    def run(self, values: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The outputs for inputs of exactly the program's specs."""
        outputs = [np.empty(shape, dtype) for shape, dtype in self.specs]
        arena = np.empty(self.arena_bytes + LINE, np.uint8)
        start = arena.ctypes.data
        start += -start % LINE
        given = (ctypes.c_void_p * max(len(values), 1))(*(v.ctypes.data for v in values))
        made = (ctypes.c_void_p * max(len(outputs), 1))(*(o.ctypes.data for o in outputs))
        self._run(start, ctypes.addressof(given), ctypes.addressof(made), None)
        return outputs


def own_outputs(lowering: Lowering) -> list[Term]:
    """The outputs, each as a term of its own: an input, or a value handed out twice, is copied."""
    terms = lowering.terms
    seen: set[int] = set()
    found = []
    for number, term in enumerate(lowering.outputs):
        if term.kind in {*LEAVES, "iota", "reshape", "item", "view"} or term.id in seen:
            terms.node = term.node
            term = terms.map(REGISTRY["alias"], {"copy": number}, (term,), term.shape, term.dtype)
        seen.add(term.id)
        found.append(term)
    return found


def place_leaves(program: Program, memory: Memory) -> None:
    """Inputs and constant arrays are buffers too."""
    from adjoint.compile.memory import Buffer, row_major

    for term in program.terms:
        if term.kind in {"input", "array"}:
            number = term.data if term.kind == "input" else term.id
            memory.of[term.id] = Buffer(term, term.kind, number, row_major(term.shape), 0)


def build(graph: Graph, signature: Signature | None = None, *, strict: bool = False, donate: Any = ()) -> Native:
    """The machine code of a graph."""
    made = Native(graph, signature, strict=strict, donate=tuple(donate))
    made.link()
    return made
