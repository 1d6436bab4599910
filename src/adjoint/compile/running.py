"""Running: what every program of machine code does, whether it was just made or comes from the disk.

A program that needs nothing beside its code and its graph is found on the disk by the graph as it was traced:
neither rewrites nor schedule are made again, until somebody asks how it works.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from adjoint.apply import apply, make
from adjoint.compile.cache import disk, make_key
from adjoint.compile.llvm.blas import symbols as blas_symbols
from adjoint.compile.llvm.callback import Callbacks, caller
from adjoint.compile.llvm.entry_callable import make_callable
from adjoint.compile.llvm.entry_layout import symbols as entry_symbols
from adjoint.compile.llvm.host import host
from adjoint.compile.llvm.jit import Library, load
from adjoint.compile.memory import LINE
from adjoint.compile.signature import Signature
from adjoint.compile.tape.flatten import GRADIENT
from adjoint.compile.tape.gradient import expanded
from adjoint.functions.program import interpret
from adjoint.graph.graph import Graph
from adjoint.primitives.record import REGISTRY
from adjoint.primitives.structure import ALIAS, CUT, ITEM, LEAF
from adjoint.tensor import Tensor

_STRUCTURE = (GRADIENT, LEAF, ALIAS, CUT, ITEM)


class Running:
    """A program of machine code: ``run`` takes and gives arrays, ``make_call`` the builtin that users call."""

    graph: Graph
    signature: Signature
    library: Library
    callbacks: Callbacks
    arena_bytes: int
    constants: list[np.ndarray]
    specs: list[tuple[tuple[int, ...], np.dtype[Any]]]
    _run: Callable[..., int]

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


class Kept(Running):
    """A program from the disk; ``again`` makes it anew for whoever asks for its plan or its text."""

    def __init__(
        self, meta: dict[str, Any], code: bytes, graph: Graph, signature: Signature, again: Callable[[], Any]
    ) -> None:
        self.graph = graph
        self.signature = signature
        self.arena_bytes = int(meta["arena"])
        self.seconds = float(meta["seconds"])
        self.constants = []
        self.callbacks = Callbacks([])
        self.specs = [(o.shape, o.dtype) for o in graph.outputs]
        self.library = load(code, blas_symbols(meta["blas"]) | entry_symbols(), name=signature.name)
        self._run = caller(self.library.address("run"))
        self._again = again

    @cached_property
    def _whole(self) -> Any:
        return self._again()

    def _eager(self, values: Sequence[np.ndarray]) -> list[np.ndarray]:
        self.graph = expanded(self.graph)
        return super()._eager(values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._whole, name)


def key_of(graph: Graph, signature: Signature, strict: bool) -> str | None:
    """What a traced graph is found by on the disk; None where its operations are not all of the registry."""
    for node in graph.nodes:
        op = node.op
        if op not in _STRUCTURE and REGISTRY.get(op.name) is not op:
            return None
    options = {"signature": repr(signature), "strict": strict, "traced": True}
    return make_key(graph.fingerprint(), options, host().key)


def kept(key: str, graph: Graph, signature: Signature, again: Callable[[], Any]) -> Kept | None:
    """The program that an earlier process left on the disk."""
    found = disk().get(key)
    return None if found is None else Kept(*found, graph, signature, again)


def keep(key: str, program: Any) -> None:
    """Leaves a program on the disk, if its code alone can run."""
    if program.alone:
        meta = {"blas": program.routines, "arena": program.arena_bytes, "seconds": program.seconds}
        disk().put(key, meta, program.library.object_bytes)
