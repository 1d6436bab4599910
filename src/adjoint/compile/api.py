"""``ad.compile``: a function, a transform or a recorded graph as a program."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from adjoint.compile.backend import Options, checked_backend
from adjoint.compile.executable import Executable
from adjoint.compile.replay import Replay
from adjoint.errors import ArgumentError, OperandError
from adjoint.graph.graph import Graph
from adjoint.site import here
from adjoint.tensor import Tensor


def compile(
    f: Any = None,
    *,
    backend: str = "llvm",
    cache: bool = True,
    static_argnums: int | str | Sequence[int | str] = (),
    donate: int | str | Sequence[int | str] = (),
    guard: bool = False,
    strict: bool = False,
    namespace: Any = None,
) -> Any:
    """See ``ad.compile`` (front.py)."""
    backend = checked_backend(backend)
    for name, given in (("cache", cache), ("guard", guard), ("strict", strict)):
        if not isinstance(given, bool):
            raise ArgumentError(
                f"compile takes True or False for {name}, got {given!r}.",
                where=here(),
                help="the folder of the disk cache is named by ADJOINT_CACHE_DIR." if name == "cache" else None,
            )
    options = Options(backend, cache, strict, namespace)
    if f is None:
        return functools.partial(
            compile,
            backend=backend,
            cache=cache,
            static_argnums=static_argnums,
            donate=donate,
            guard=guard,
            strict=strict,
            namespace=namespace,
        )
    if isinstance(f, Tensor | Graph):
        f = Replay(f)
    elif not callable(f):
        raise OperandError(
            f"compile takes a function, a tensor with a history, or a Graph; got {type(f).__name__}.",
            where=here(),
            help="write ad.compile(f) and call the result: ad.compile(f)(x).",
        )
    return executable(f, options, _places(static_argnums), _places(donate), guard)


def executable(
    f: Callable[..., Any],
    options: Options,
    static: tuple[int | str, ...],
    donate: tuple[int | str, ...],
    guard: bool,
) -> Executable:
    """An executable on a class of its own, so that its call can be native code."""
    kind = type("Executable", (Executable,), {"__module__": Executable.__module__, "__doc__": Executable.__doc__})
    made: Executable = kind(f, options, static, donate, guard)
    return made


def _places(given: int | str | Sequence[int | str]) -> tuple[int | str, ...]:
    return (given,) if isinstance(given, int | str) else tuple(given)
