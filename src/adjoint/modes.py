"""How operations are being recorded right now: per thread and per task, one context variable.

No mode at all (None) is the common case, and the only one in which the fast doors run.
"""

from __future__ import annotations

import inspect
from contextvars import ContextVar, Token
from functools import wraps
from typing import Any

from adjoint.errors import ArgumentError, OperandError
from adjoint.site import here


class Mode:
    """What the doors do beyond the common case. Frozen by convention; ``but`` makes a changed copy."""

    __slots__ = ("cut", "dead", "everything", "held", "listener", "origin", "recording", "scope", "tracing")

    def __init__(self) -> None:
        self.recording = True
        #: Record also what is not differentiated (for an explanation).
        self.everything = False
        #: In an explanation: nodes that no gradient passes through.
        self.dead: set[Any] = set()
        #: In an explanation: told of every node and its value, asked for the nodes of captured arrays.
        self.listener: Any = None
        #: The interned path of the open scopes.
        self.scope: str | None = None
        #: For gradient nodes: (forward node, input index, role).
        self.origin: Any = None
        #: The word for a cut that an explanation shows where recording is off.
        self.cut: str | None = None
        #: While a function is traced for compilation: the trace, which lifts what the function captures.
        self.tracing: Any = None
        #: While a function is traced for a batch: tensors with values that met traced ones, by their nodes.
        self.held: dict[Any, Any] | None = None

    def but(self, **changes: Any) -> Mode:
        """A copy with some fields changed."""
        made = Mode.__new__(Mode)
        for name in Mode.__slots__:
            setattr(made, name, changes[name] if name in changes else getattr(self, name))
        return made


MODE: ContextVar[Mode | None] = ContextVar("adjoint_mode", default=None)


class switched:
    """A context in which the mode differs in some fields from the surrounding one."""

    def __init__(self, **changes: Any) -> None:
        self._changes = changes
        self._tokens: list[Token[Mode | None]] = []

    def __enter__(self) -> None:
        self._tokens.append(MODE.set((MODE.get() or Mode()).but(**self._changes)))

    def __exit__(self, *_: object) -> None:
        MODE.reset(self._tokens.pop())


class no_grad(switched):
    """A context in which nothing is recorded: for updates and measurements.

    Also a decorator, with or without parentheses: of functions, of coroutine functions, and of
    generators, whose body runs with recording off while whoever asks for the values does not.

    >>> import adjoint as ad
    >>> w = ad.tensor(2.0, requires_grad=True)
    >>> with ad.no_grad():
    ...     w += 1.0
    >>> w.item(), w.requires_grad
    (3.0, True)
    """

    def __new__(cls, function: Any = None) -> Any:
        """The context, or, as ``@ad.no_grad`` without parentheses, the function with recording off."""
        return super().__new__(cls) if function is None else cls()(function)

    def __init__(self) -> None:
        super().__init__(recording=False, cut="no_grad")

    def __call__(self, function: Any) -> Any:
        """The function with recording off in every call."""
        if not callable(function):
            raise OperandError(
                f"no_grad decorates functions, got {type(function).__name__}.",
                where=here(),
                help="write `with ad.no_grad():` around a block, or @ad.no_grad() above a function.",
            )
        return _quietly(function)


def _quietly(function: Any) -> Any:
    if inspect.iscoroutinefunction(function):
        wrapper = _quiet_coroutine
    elif inspect.isasyncgenfunction(function):
        wrapper = _quiet_async_generator
    elif inspect.isgeneratorfunction(function):
        wrapper = _quiet_generator
    else:
        wrapper = _quiet_function
    return wraps(function)(wrapper(function))


def _quiet_function(function: Any) -> Any:
    def quiet(*args: Any, **kwargs: Any) -> Any:
        with no_grad():
            return function(*args, **kwargs)

    return quiet


def _quiet_coroutine(function: Any) -> Any:
    async def quiet(*args: Any, **kwargs: Any) -> Any:
        with no_grad():
            return await function(*args, **kwargs)

    return quiet


def _quiet_generator(function: Any) -> Any:
    def quiet(*args: Any, **kwargs: Any) -> Any:
        steps = function(*args, **kwargs)
        step, sent = steps.send, None
        try:
            while True:
                try:
                    with no_grad():
                        value = step(sent)
                except StopIteration as end:
                    return end.value
                try:
                    step, sent = steps.send, (yield value)
                except Exception as error:  # noqa: BLE001 (it is handed on to the generator)
                    step, sent = steps.throw, error
        finally:
            with no_grad():
                steps.close()

    return quiet


def _quiet_async_generator(function: Any) -> Any:
    async def quiet(*args: Any, **kwargs: Any) -> Any:
        steps = function(*args, **kwargs)
        step, sent = steps.asend, None
        try:
            while True:
                try:
                    with no_grad():
                        value = await step(sent)
                except StopAsyncIteration:
                    return
                try:
                    step, sent = steps.asend, (yield value)
                except Exception as error:  # noqa: BLE001 (it is handed on to the generator)
                    step, sent = steps.athrow, error
        finally:
            with no_grad():
                await steps.aclose()

    return quiet


class scope(switched):
    """A context whose name groups the operations inside, for pictures and reports; nests as a path.

    >>> import adjoint as ad
    >>> with ad.scope("encoder"), ad.scope("layer1"):
    ...     y = ad.tensor(1.0, requires_grad=True) * 2.0
    >>> y.node.scope
    'encoder/layer1'
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        if not isinstance(name, str) or not name.strip():
            raise ArgumentError(
                f"a scope is named by a text, got {name!r}.", where=here(), help='write ad.scope("encoder").'
            )
        self._name = name

    def __enter__(self) -> None:
        mode = MODE.get() or Mode()
        path = self._name if mode.scope is None else f"{mode.scope}/{self._name}"
        self._tokens.append(MODE.set(mode.but(scope=path)))
        if mode.listener is not None:
            mode.listener.opened(self._name)

    def __exit__(self, *parts: object) -> None:
        super().__exit__(*parts)
        mode = MODE.get()
        if mode is not None and mode.listener is not None:
            mode.listener.closed()


def tracing() -> Any:
    """The trace that is being made here, or None."""
    mode = MODE.get()
    return None if mode is None else mode.tracing


def recording() -> bool:
    """Whether operations on tracked tensors are recorded here."""
    mode = MODE.get()
    return mode is None or mode.recording
