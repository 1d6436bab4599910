"""The pipeline: from a traced graph to a program, stage by stage."""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from adjoint.compile import python_backend
from adjoint.compile.foreign import ForeignProgram
from adjoint.compile.python_backend import Program
from adjoint.compile.signature import Signature
from adjoint.compile.strip import stripped
from adjoint.compile.tape.flatten import GRADIENT
from adjoint.compile.tape.gradient import expanded
from adjoint.compile.tape.program import plan_for, suits
from adjoint.errors import ArgumentError, SizeError
from adjoint.graph.graph import Graph
from adjoint.numbers import format_bytes
from adjoint.rewrite.log import Log
from adjoint.rewrite.passes import BEFORE_DERIVATIVE, optimise
from adjoint.site import here, warn

BACKENDS = ("llvm", "python")


class CompileWarning(UserWarning):
    """Compilation works in another way than was asked for."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to compile: the keywords of ``ad.compile`` that the stages need."""

    backend: str = "llvm"
    cache: bool = True
    strict: bool = False
    namespace: Any = None


@dataclass(slots=True)
class Built:
    """A program with what the stages said on the way."""

    program: Program
    #: The graph after the rewrites, and their log; None until somebody asks, where the program came from the disk.
    made: tuple[Graph, Any] | None
    again: Callable[[], tuple[Graph, Any]]
    #: Seconds by stage.
    seconds: dict[str, float] = field(default_factory=dict)

    def _known(self) -> tuple[Graph, Any]:
        if self.made is None:
            self.made = self.again()
        return self.made

    @property
    def graph(self) -> Graph:
        """The graph after the rewrites."""
        return self._known()[0]

    @property
    def rewrites(self) -> Any:
        """The log of the rewrites."""
        return self._known()[1]


def build(graph: Graph, signature: Signature, options: Options) -> Built:
    """The program of a traced graph: on the tape, from the disk, or made anew by the stages below.

    Raises SizeError where the machine cannot hold the arrays.
    """
    clock = Clock()
    tape = taped(graph, signature, options)
    if tape is not None:
        clock.done("tape")
        return Built(tape, (graph, ()), lambda: (graph, ()), clock.seconds)
    graph = stripped(graph, differentiated=False)
    clock.done("strip")

    def again() -> tuple[Any, Graph, Any]:
        return stages(graph, signature, options, Clock())

    disk = _on_disk() if options.cache and options.backend == "llvm" and options.namespace is None else None
    key = None if disk is None or not _native_dtypes(graph) else disk.key_of(graph, signature, options.strict)
    if disk is not None and key is not None:
        found = disk.kept(key, graph, signature, lambda: again()[0])
        if found is not None:
            measured(graph, signature, found.arena_bytes)
            clock.done("load")
            return Built(found, None, lambda: again()[1:], clock.seconds)
    program, rewrote, log = stages(graph, signature, options, clock)
    if disk is not None and key is not None and hasattr(program, "alone"):
        disk.keep(key, program)
        clock.done("keep")
    return Built(program, (rewrote, log), lambda: (rewrote, log), clock.seconds)


def stages(graph: Graph, signature: Signature, options: Options, clock: Clock) -> tuple[Any, Graph, Any]:
    """The stages from a traced graph to a program, by name: the program, the rewritten graph, and the log.

    Simplify (before a derivative is taken), differentiate (gradients that were left unwritten), rewrite (fold,
    share, simplify, stabilise, drop), measure (sizes against memory), then native code or flat source.
    """
    countable(graph)
    graph, first = simplified(graph, strict=options.strict)
    clock.done("simplify")
    graph = stripped(expanded(graph))
    clock.done("differentiate")
    graph, log = rewritten(graph, strict=options.strict)
    log = _joined(first, log)
    clock.done("rewrite")
    measured(graph, signature)
    program = translated(graph, signature, options)
    measured(graph, signature, program.arena_bytes)
    clock.done("build")
    return program, graph, log


class Clock:
    """How long the stages took, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._start = time.perf_counter()

    def done(self, stage: str) -> None:
        """A stage has ended: its seconds are noted."""
        now = time.perf_counter()
        self.seconds[stage] = now - self._start
        self._start = now


def _on_disk() -> Any:
    """The module that keeps programs on the disk, or None where there is no native code."""
    return None if native_backend() is None else importlib.import_module("adjoint.compile.running")


def taped(graph: Graph, signature: Signature, options: Options) -> Program | None:
    """The program of a graph of many scalar operations on the native tape, or None where another way is better."""
    if options.backend == "python" or options.namespace is not None or not suits(graph) or native_backend() is None:
        return None
    if options.strict and any(node.op is GRADIENT for node in graph.nodes):
        # On its way back the tape adds branches in an order of its own; written out, they are added as in eager mode.
        graph = stripped(expanded(stripped(graph, differentiated=False)))
    return plan_for(graph, signature=signature)


def _joined(first: Any, then: Any) -> Any:
    """The steps before and after the derivative was taken, as one log that can be stepped through."""
    if not first:
        return then
    at = lambda start, count: first.graph(count) if count <= len(first) else then.graph(count - len(first))
    return Log(first.start, (*first, *then), at)


def simplified(graph: Graph, *, strict: bool) -> tuple[Graph, Any]:
    """The graph after the rewrites that are better done before a derivative is taken, and their log."""
    if strict or not any(node.op is GRADIENT for node in graph.nodes):
        return graph, ()
    found = optimise(graph, passes=BEFORE_DERIVATIVE)
    return found.graph, found.log


def rewritten(graph: Graph, *, strict: bool) -> tuple[Graph, Any]:
    """The graph after the rewrites, and their log."""
    found = optimise(graph, strict=strict)
    return found.graph, found.log


def translated(graph: Graph, signature: Signature, options: Options) -> Program:
    """Native code, or flat Python where that was asked for or native code is not to be had."""
    if options.namespace is not None:
        return ForeignProgram(graph, signature, options.namespace)
    if options.backend == "python":
        return python_backend.build(graph, signature, text=True)
    native = native_backend() if _native_dtypes(graph) else None
    if native is None:
        return python_backend.build(graph, signature)
    donate = frozenset(o.donated for o in signature.outputs if o.donated is not None)
    more = {} if options.cache else {"cache": False}
    program: Program = native.build(graph, signature, strict=options.strict, donate=donate, **more)
    return program


def _native_dtypes(graph: Graph) -> bool:
    """Whether machine code has all the numbers of a graph: no complex ones, and no floats of 16 or 80 bits."""
    return all(s.dtype.char in "?bhilqBHILQfd" for n in graph.nodes for s in n.specs)


_NATIVE: list[Any] = []


def native_backend() -> Any:
    """The module that builds native code, or None (with one warning) where llvmlite is missing."""
    if not _NATIVE:
        try:
            _NATIVE.append(importlib.import_module("adjoint.compile.native"))
        except ImportError as error:
            _NATIVE.append(None)
            warn(
                f"no native code ({error}): compiled functions run as flat Python. Install llvmlite for native code, "
                'or write backend="python".',
                CompileWarning,
            )
    return _NATIVE[0]


def countable(graph: Graph) -> None:
    """Raises SizeError where an array has more bytes than 64 bits can count: it cannot even be looped over."""
    for node in graph.nodes:
        for spec in node.specs:
            if spec.nbytes >= 1 << 62:
                raise SizeError(
                    f"{node.op.name} would give {spec!r}, more than any machine can hold.",
                    where=node.describe(),
                    help="compute in smaller pieces.",
                )


def measured(graph: Graph, signature: Signature, arena: int = 0) -> None:
    """Raises SizeError where outputs and temporaries are more than this machine's memory, before any is made."""
    needed = sum(s.nbytes for o in graph.outputs for s in o.specs) + arena
    have = memory()
    if needed > have:
        raise SizeError(
            f"{signature.name} needs {format_bytes(needed)} for its outputs and temporaries, "
            f"and this machine has {format_bytes(have)}.",
            where=graph.outputs[0].describe() if graph.outputs else here(),
            help="compute in smaller pieces, or in a smaller dtype.",
        )


def memory() -> int:
    """The bytes of physical memory of this machine."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 1 << 46


def checked_backend(backend: Any) -> str:
    """Raises ArgumentError for a backend that there is not."""
    if backend not in BACKENDS:
        raise ArgumentError(
            f"there is no backend {backend!r}.", where=here(), help=f"choose from {', '.join(map(repr, BACKENDS))}."
        )
    return str(backend)
