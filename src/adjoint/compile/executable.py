"""Executable: what ``ad.compile`` returns. It traces at the first call of a kind, and runs programs from then on."""

from __future__ import annotations

import functools
import threading
import weakref
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from types import BuiltinFunctionType
from typing import Any

import numpy as np

from adjoint.compile.arguments import Parameters
from adjoint.compile.backend import Options
from adjoint.compile.function_like import FunctionLike
from adjoint.compile.llvm.entry_called import install
from adjoint.compile.python_backend import PythonProgram
from adjoint.compile.specialise import Specialisation
from adjoint.compile.stages import Stages
from adjoint.compile.stats import Entry, Stats
from adjoint.compile.traced import trace_call
from adjoint.differentiate.variables import function_name
from adjoint.errors import ArgumentError, GraphError
from adjoint.graph.graph import Graph
from adjoint.modes import MODE, tracing
from adjoint.site import here

#: The calls that each thread is tracing.
_THREAD = threading.local()
#: Specialisations kept by one executable; beyond, the one that was not used for longest goes.
LIMIT = 64
#: Ways through the branches of one kind of call that ``guard=True`` keeps.
BRANCHES = 64


class Executable(FunctionLike):
    """A compiled function: called like the function, it returns what the function returns.

    Made by ``ad.compile``. Every executable is a class of its own, so that its ``__call__`` can be
    native code. ``graph``, ``plan``, ``source`` and ``rewrites`` are those of the latest specialisation.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        options: Options,
        static_argnums: tuple[int | str, ...] = (),
        donate: tuple[int | str, ...] = (),
        guard: bool = False,
    ) -> None:
        functools.update_wrapper(self, f, updated=())
        self.__name__ = function_name(f)
        self.__wrapped__ = f
        self._options = options
        self._guard = guard
        self._parameters = Parameters(f, static_argnums, donate)
        self._known: dict[Hashable, list[Specialisation]] = {}
        self._lock = threading.RLock()
        self._clock = 0
        self._entry: Callable[..., Any] | None = None
        self._latest: Specialisation | None = None
        self._bound = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The result of the function for these arguments."""
        return self._dispatch(args, kwargs, None)

    def __repr__(self) -> str:
        count = sum(map(len, self._known.values()))
        return f"<compiled {self.__name__}: {count} specialisation{'' if count == 1 else 's'}>"

    # A call, in Python: native entries handle the kinds of calls that they know before this.

    def _dispatch(self, args: tuple[Any, ...], kwargs: dict[str, Any], missed: Specialisation | None) -> Any:
        """One call; ``missed`` is the specialisation whose native entry has just left it to Python."""
        mode = MODE.get()
        if kwargs:
            args, kwargs = self._parameters.bind(args, kwargs)
        leaves: list[Any] = []
        key = self._parameters.key(args, kwargs, leaves), mode is None or mode.recording
        if mode is not None and (mode.tracing is not None or mode.everything or mode.held is not None):
            return self._inline(key, args, kwargs)
        ways = self._known.get(key)
        if ways is None:
            return self._first(key, args, kwargs, leaves)
        way = ways[-1]
        self._clock = way.used = self._clock + 1
        if way.entry is not None and way is not missed:
            self._enter(way.entry)
            return way.entry(*args, **kwargs)
        if not way.fits():
            return self._first(key, args, kwargs, leaves)
        held, result = way.call(leaves)
        return result if held else self._other(key, args, kwargs, leaves, way, result)

    def _first(self, key: Hashable, args: tuple[Any, ...], kwargs: dict[str, Any], leaves: list[Any]) -> Any:
        """The first call of a kind: it is traced and compiled."""
        way = self._specialise(key, args, kwargs)
        held, result = way.call(leaves)
        return result if held else self._other(key, args, kwargs, leaves, way, result)

    def _other(
        self,
        key: Hashable,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        leaves: list[Any],
        way: Specialisation,
        seen: Any,
    ) -> Any:
        """Another way through the function's branches: one that is known, or a new trace."""
        tried: set[int] = set()
        while True:
            tried.add(id(way))
            found = self._agreeing(key, way, seen, tried)
            if found is None:
                self._bounded(key, way)
                found = self._specialise(key, args, kwargs)
                held, result = found.call(leaves)
                if held:
                    return result
                raise GraphError(
                    f"the branches of {self.__name__} depend on more than its arguments: traced again with the same "
                    "arguments, it took another way than its own program.",
                    where=here(),
                    help="pass what it branches on as an argument.",
                )
            held, result = found.call(leaves)
            if held:
                ways = self._known[key]
                with self._lock:
                    ways.remove(found)
                    ways.append(found)
                return result
            way, seen = found, result

    def _agreeing(self, key: Hashable, way: Specialisation, seen: Any, tried: set[int]) -> Specialisation | None:
        """A known way that agrees with the conditions seen, up to the first that went another way."""
        guards = way.traced.guards
        end = next(i for i, (g, v) in enumerate(zip(guards, seen)) if not g.holds(v.item()))
        for other in reversed(self._known.get(key, [])):
            theirs = other.traced.guards
            if id(other) not in tried and all(g.holds(v.item()) for g, v in zip(theirs, seen[: end + 1])):
                return other
        return None

    def _bounded(self, key: Hashable, way: Specialisation) -> None:
        if len(self._known.get(key, ())) >= BRANCHES:
            guard = way.traced.guards[-1]
            raise GraphError(
                f"{self.__name__} took more than {BRANCHES} different ways through its branches.",
                where=guard.node.describe(),
                help="choose with where, write loops of fixed length, pass counts in static_argnums, "
                "or run it in eager mode.",
            )

    def _inline(self, key: Hashable, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Inside another trace, or an explanation: the function's own operations are recorded there."""
        trace = tracing()
        with self._once(key):
            if trace is not None:
                args, kwargs = self._parameters.received(args, kwargs, trace.received)
            return self.__wrapped__(*args, **kwargs)

    @contextmanager
    def _once(self, key: Hashable) -> Iterator[None]:
        """Raises GraphError where this thread traces the same kind of call already."""
        under_way: set[Hashable] = vars(_THREAD).setdefault("under_way", set())
        mine = id(self), key
        if mine in under_way:
            raise self._endless()
        under_way.add(mine)
        try:
            yield
        finally:
            under_way.discard(mine)

    def _endless(self) -> GraphError:
        return GraphError(
            f"{self.__name__} calls itself with arguments of the same kinds: while it is traced, that never ends.",
            where=here(),
            help="write a loop, or name what changes from call to call in static_argnums.",
        )

    def _specialise(self, key: Hashable, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Specialisation:
        """Traces and compiles for calls of this kind."""
        self._parameters.check(args, kwargs)
        with self._lock, self._once(key):
            traced = trace_call(self.__wrapped__, args, kwargs, self._parameters, self._guard)
            made = Specialisation(traced, self._options)
            ways = self._known.setdefault(key, [])
            if not traced.guards:
                ways.clear()
            ways.append(made)
            self._clock = made.used = self._clock + 1
            while len(self._known) > LIMIT:
                oldest = min(self._known, key=lambda k: max(w.used for w in self._known[k]))
                del self._known[oldest]
            self._latest = made
            self._enter_natively(made)
            return made

    def _enter_natively(self, made: Specialisation) -> None:
        """Puts a native entry for this kind of call before everything else: it leaves other calls to Python."""
        traced = made.traced
        if not traced.plain or any(traced.tracked):
            return
        held = weakref.ref(made)

        def miss(args: tuple[Any, ...], kwargs: dict[str, Any], reason: int) -> Any:
            return self._dispatch(args, kwargs, held())

        made.entry = made.program.make_call(miss, traced.captured, traced.settings)
        if made.entry is not None:
            self._enter(made.entry)

    def _enter(self, entry: Callable[..., Any]) -> None:
        """Lets calls be calls of a native entry: by the instance where that is a builtin, else by the class."""
        self._leave()
        self._entry = entry
        if isinstance(entry, BuiltinFunctionType):
            install(self, entry)
        else:
            type(self).__call__ = entry  # type: ignore[method-assign]

    def _leave(self) -> None:
        """Lets calls be calls of ``__call__`` again."""
        self._entry = None
        install(self, None)
        if "__call__" in vars(type(self)):
            del type(self).__call__

    def suspend(self) -> None:
        """Until its next call outside of a trace, runs no native entry: that would bake in what it captured."""
        if any(w.traced.captured for some in self._known.values() for w in some):
            self._leave()

    # What can be asked.

    def lower(self, *args: Any, **kwargs: Any) -> Executable:
        """Traces and compiles for arguments like these without running anything; returns the executable."""
        args, kwargs = self._parameters.bind(args, kwargs)
        mode = MODE.get()
        key = self._parameters.key(args, kwargs, []), mode is None or mode.recording
        if key not in self._known:
            self._specialise(key, args, kwargs)
        return self

    def _current(self) -> Specialisation:
        if self._latest is None:
            raise ArgumentError(
                f"{self.__name__} was not called yet, so nothing is compiled.",
                where=here(),
                help="call it, or write exe.lower(*args) to compile for such arguments.",
            )
        return self._latest

    @property
    def graph(self) -> Graph:
        """The traced graph, before the rewrites."""
        return self._current().graph

    @property
    def plan(self) -> Any:
        """How the program works: its loops, calls and buffers."""
        return self._current().program.plan

    @property
    def stages(self) -> Stages:
        """Each stage from the traced graph to machine code, as text: ``print(exe.stages)``."""
        return Stages(self._current())

    @property
    def source(self) -> str:
        """The optimised graph as flat, standalone Python."""
        current = self._current()
        program = current.program
        if isinstance(program, PythonProgram):
            return str(program.plan)
        return PythonProgram(current.built.graph, current.traced.signature).source

    @property
    def rewrites(self) -> Any:
        """The rewrites that were applied, in order."""
        return self._current().built.rewrites

    @property
    def captured(self) -> tuple[Any, ...]:
        """What the function captured: tensors and arrays are read at each call, numbers are baked in."""
        return self._current().traced.known

    @property
    def run(self) -> Callable[[list[Any]], list[Any]]:
        """The program alone: from a list of contiguous arrays (arguments, then captured) to a list of new ones."""
        program = self._current().program
        return lambda values: program.run([np.asarray(v, order="C") for v in values])

    @property
    def raw(self) -> Callable[..., Any]:
        """What a call runs first: the native entry where there is one."""
        return self._entry or self

    @property
    def stats(self) -> Stats:
        """The specialisations with their sizes and times; ``exe.stats.measure(*args)`` times a call."""
        ways = sorted((w for some in self._known.values() for w in some), key=lambda w: w.used)
        return Stats(tuple(map(_entry, ways)), LIMIT, self)

    def cache_clear(self) -> None:
        """Forgets all specialisations."""
        with self._lock:
            self._known.clear()
            self._latest = None
            self._leave()


def _entry(way: Specialisation) -> Entry:
    traced = way.traced
    inputs = zip(traced.signature.inputs, traced.kinds, strict=False)
    return Entry(
        tuple(f"{i.name}: {k} {i.dtype}{list(i.shape)}" for i, k in inputs),
        traced.results,
        way.calls,
        len(way.built.graph),
        way.program.arena_bytes,
        dict(way.built.seconds),
    )
