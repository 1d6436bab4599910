"""Native: a graph to machine code, every stage by name.

>>> from adjoint.compile.native import STAGES
>>> print(*STAGES, sep=", ")
lower, statements, loops, memory, assemble, link
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from adjoint.compile.cache import disk as cache_on_disk
from adjoint.compile.cache import make_key
from adjoint.compile.calls import steps_in_python
from adjoint.compile.donation import program_of
from adjoint.compile.llvm.assemble import assemble
from adjoint.compile.llvm.blas import symbols as blas_symbols
from adjoint.compile.llvm.callback import CALLBACK, Callbacks, caller, define
from adjoint.compile.llvm.entry import emit_entry
from adjoint.compile.llvm.entry_layout import symbols as entry_symbols
from adjoint.compile.llvm.forms import knows
from adjoint.compile.llvm.host import host
from adjoint.compile.llvm.jit import Library, load
from adjoint.compile.llvm.jit import build as link
from adjoint.compile.lower import Lowering
from adjoint.compile.memory import Buffer, Memory, row_major, steps_of
from adjoint.compile.plan import Plan, duration
from adjoint.compile.running import Running
from adjoint.compile.signature import Input, Signature
from adjoint.compile.statements import Program
from adjoint.compile.terms import Term
from adjoint.compile.tiles import nests
from adjoint.graph.graph import Graph
from adjoint.primitives.record import REGISTRY

STAGES = ("lower", "statements", "loops", "memory", "assemble", "link")

#: Constant arrays up to this many bytes stand in the code; larger ones are handed over like captured ones.
INLINE = 4096
#: Plans that take longer than this many seconds let other threads run; those longer than the second look for Ctrl-C.
RELEASE, POLL = 50e-6, 20e-3

#: Terms that are read from memory: as results they are copied.
_READ = frozenset({"input", "const", "array", "iota", "reshape", "item", "view"})


class Native(Running):
    """A graph as machine code, with everything that was decided on the way."""

    def __init__(
        self, graph: Graph, signature: Signature, *, strict: bool, donate: Collection[int], cache: bool
    ) -> None:
        lowering = Lowering(graph, knows, strict)
        outputs = own_outputs(lowering)
        self.constants = hidden(lowering, len(graph.inputs))
        self.signature = with_constants(signature, self.constants)
        given = {o.index: o.donated for o in signature.outputs if o.donated is not None}
        outputs, self.program = program_of(lowering.terms, outputs, lowering.checks, given)
        self.steps = steps_of(nests(self.program))
        self.memory = Memory(self.program, self.steps, given)
        place_leaves(self.program, self.memory)
        self.arena_bytes = self.memory.arena
        self.specs = [(o.shape, o.dtype) for o in outputs]
        self.seconds = duration(self.program)
        self._strict = strict
        self.graph = graph
        self.callbacks = Callbacks(steps_in_python(self.program))
        #: Whether the code alone can run: nothing is called back, and no constants stand beside it.
        self.alone = not (self.constants or any(s.kind == "call" for s in self.program.statements))
        self.library = self._kept(graph, donate) if cache and not self.alone else self._linked()
        self._run = caller(self.library.address("run"))

    def module(self) -> Any:
        """The program in LLVM's terms, with its entry."""
        polls = self.seconds > POLL
        module = assemble(self.program, self.memory, self.steps, contract=not self._strict, polls=polls)
        release = self.seconds > RELEASE or CALLBACK in module.globals
        define(module)
        run = module.globals["run"]
        emit_entry(module, run, self.signature, arena_bytes=self.arena_bytes, release_gil=release)
        return module

    def _kept(self, graph: Graph, donate: Collection[int]) -> Library:
        """The machine code from the disk, where an earlier process left it; else made now, and left there."""
        disk = cache_on_disk()
        options = {"signature": repr(self.signature), "strict": self._strict, "donate": sorted(donate)}
        key = make_key(graph.fingerprint(), options, host().key)
        found = disk.get(key)
        if found is not None:
            meta, code = found
            return load(code, blas_symbols(meta["blas"]) | entry_symbols(), name=self.signature.name)
        made = self._linked()
        disk.put(key, {"blas": self.routines}, made.object_bytes)
        return made

    def _linked(self) -> Library:
        module = self.module()
        self.routines = [n.removeprefix("adjoint_blas_") for n in module.globals if n.startswith("adjoint_blas_")]
        return link(module, symbols=blas_symbols(self.routines) | entry_symbols(), name=self.signature.name)

    @property
    def source(self) -> str:
        """The program as LLVM's text, before any of its passes."""
        return str(self.module())

    @cached_property
    def plan(self) -> Plan:
        """The steps of the program, with what each reads, writes and computes."""
        return Plan(self.program, self.memory, self.steps)


def own_outputs(lowering: Lowering) -> list[Term]:
    """The outputs, each as a term of its own: an input, or a value handed out twice, is copied."""
    terms = lowering.terms
    seen: set[int] = set()
    found = []
    for number, term in enumerate(lowering.outputs):
        if term.kind in _READ or term.id in seen:
            terms.node = term.node
            term = terms.map(REGISTRY["alias"], {"copy": number}, (term,), term.shape, term.dtype)
        seen.add(term.id)
        found.append(term)
    return found


def hidden(lowering: Lowering, count: int) -> list[np.ndarray]:
    """The constant arrays that are too large to stand in the code: they become inputs after the others."""
    found: list[np.ndarray] = []
    for term in lowering.terms.all:
        if term.kind == "array" and term.data.nbytes > INLINE:
            found.append(term.data)
            term.kind, term.data = "input", count + len(found) - 1
    return found


def with_constants(signature: Signature, constants: Sequence[np.ndarray]) -> Signature:
    """The signature with large constant arrays as further captured ones."""
    if not constants:
        return signature
    more = tuple(Input("array", c.dtype.str, c.shape, "a constant") for c in constants)
    return replace(signature, inputs=signature.inputs + more, captured=signature.captured + len(more))


def place_leaves(program: Program, memory: Memory) -> None:
    """Inputs and constant arrays are buffers too."""
    for term in program.terms:
        if term.kind in {"input", "array"}:
            number = term.data if term.kind == "input" else term.id
            memory.of[term.id] = Buffer(term, term.kind, number, row_major(term.shape), 0)


def build(
    graph: Graph, signature: Signature, *, strict: bool = False, donate: Collection[int] = (), cache: bool = True
) -> Native:
    """The machine code of a graph.

    ``strict`` keeps every rounding as it is written; ``donate`` names the inputs whose memory results may take.
    """
    return Native(graph, signature, strict=strict, donate=donate, cache=cache)
