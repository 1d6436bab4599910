"""Native: a graph to machine code, every stage by name.

>>> from adjoint.compile.native import STAGES
>>> print(*STAGES, sep=", ")
lower, statements, loops, memory, assemble, link
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from adjoint.apply import apply, make
from adjoint.compile.cache import disk as cache_on_disk
from adjoint.compile.cache import make_key
from adjoint.compile.calls import steps_in_python
from adjoint.compile.donation import donated
from adjoint.compile.llvm.assemble import assemble
from adjoint.compile.llvm.blas import symbols as blas_symbols
from adjoint.compile.llvm.callback import CALLBACK, Callbacks, caller, define
from adjoint.compile.llvm.entry import emit_entry
from adjoint.compile.llvm.entry_callable import make_callable
from adjoint.compile.llvm.entry_layout import symbols as entry_symbols
from adjoint.compile.llvm.forms import knows
from adjoint.compile.llvm.host import host
from adjoint.compile.llvm.jit import Library, load
from adjoint.compile.llvm.jit import build as link
from adjoint.compile.lower import Lowering
from adjoint.compile.memory import LINE, Buffer, Memory, row_major, steps_of
from adjoint.compile.plan import Plan, duration
from adjoint.compile.signature import Input, Signature
from adjoint.compile.statements import Program
from adjoint.compile.terms import Term
from adjoint.compile.tiles import nests
from adjoint.functions.program import interpret
from adjoint.graph.graph import Graph
from adjoint.primitives.record import REGISTRY
from adjoint.tensor import Tensor

STAGES = ("lower", "statements", "loops", "memory", "assemble", "link")

#: Constant arrays up to this many bytes stand in the code; larger ones are handed over like captured ones.
INLINE = 4096
#: Plans that take longer than this many seconds let other threads run; those longer than the second look for Ctrl-C.
RELEASE, POLL = 50e-6, 20e-3

#: Terms that are read from memory: as results they are copied.
_READ = frozenset({"input", "const", "array", "iota", "reshape", "item", "view"})


class Native:
    """A graph as machine code: ``run`` takes and gives arrays, ``make_call`` the builtin that users call."""

    def __init__(
        self, graph: Graph, signature: Signature, *, strict: bool, donate: Collection[int], cache: bool
    ) -> None:
        lowering = Lowering(graph, knows, strict)
        outputs = own_outputs(lowering)
        self.constants = hidden(lowering, len(graph.inputs))
        self.signature = with_constants(signature, self.constants)
        self.program = Program(outputs, lowering.checks)
        given = {o.index: o.donated for o in signature.outputs if o.donated is not None}
        donated(self.program, given)
        self.steps = steps_of(nests(self.program))
        self.memory = Memory(self.program, self.steps, given)
        place_leaves(self.program, self.memory)
        self.arena_bytes = self.memory.arena
        self.specs = [(o.shape, o.dtype) for o in outputs]
        self.seconds = duration(self.program)
        self._strict = strict
        self.graph = graph
        self.callbacks = Callbacks(steps_in_python(self.program))
        self.library = self._kept(graph, donate) if cache else self._linked()
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
        disk.put(key, {"blas": self._routines}, made.object_bytes)
        return made

    def _linked(self) -> Library:
        module = self.module()
        self._routines = [n.removeprefix("adjoint_blas_") for n in module.globals if n.startswith("adjoint_blas_")]
        return link(module, symbols=blas_symbols(self._routines) | entry_symbols(), name=self.signature.name)

    @property
    def source(self) -> str:
        """The program as LLVM's text, before any of its passes."""
        return str(self.module())

    @cached_property
    def plan(self) -> Plan:
        """The steps of the program, with what each reads, writes and computes."""
        return Plan(self.program, self.memory, self.steps)

    def run(self, values: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The outputs, fresh arrays, for inputs of exactly the program's specs."""
        outputs = [np.empty(shape, dtype) for shape, dtype in self.specs]
        for one in self.signature.outputs:
            if one.donated is not None:
                # The code may add to what a donated input holds.
                outputs[one.index][...] = values[one.donated]
        arena = np.empty(self.arena_bytes + LINE, np.uint8)
        start = arena.ctypes.data
        start += -start % LINE
        given = [*values, *self.constants]
        into = (ctypes.c_void_p * max(len(given), 1))(*(v.ctypes.data for v in given))
        made = (ctypes.c_void_p * max(len(outputs), 1))(*(o.ctypes.data for o in outputs))
        status = self._run(start, ctypes.addressof(into), ctypes.addressof(made), self.callbacks.address)
        return outputs if status == 0 else self._eager(values)

    def _eager(self, values: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The outputs, operation by operation: for what native code hands back, such as an index out of range."""
        given = {node: make(np.array(v)[()], None) for node, v in zip(self.graph.inputs, values, strict=False)}
        found = interpret(self.graph, given, apply)
        return [np.array(found[o].value if type(found[o]) is Tensor else found[o]) for o in self.graph.outputs]

    def make_call(
        self, miss: Callable[..., Any], captured: Sequence[Any], static: Sequence[Any] = ()
    ) -> Callable[..., Any]:
        """The builtin that enters the program, and leaves whatever it does not know to ``miss``."""
        return make_callable(
            self.library,
            self.signature,
            miss=miss,
            context=self.callbacks,
            captured=(*captured, *self.constants),
            static=static,
        )


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
