"""What a function captures: the tensors and arrays that it reaches without being handed them, and its scalars.

An array or tensor that existed before the trace is read anew at each call, through the same object;
one that the function makes is a constant. Which existed is found out by looking: closure cells, the
globals and attributes that the code names, defaults, bound instances, containers, and functions behind them.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.site import is_ours
from adjoint.tensor import Tensor

#: Looking stops after this many objects: a container of millions of numbers is data, not a model.
LIMIT = 50_000

#: Longer rows of nothing but numbers are data: their numbers are not listed one by one.
FEW = 64

_SCALARS = (bool, int, float, complex, np.generic)
_SKIPPED = (str, bytes, bytearray, type(None), range, slice, types.CodeType, types.BuiltinFunctionType)


@dataclass(frozen=True, slots=True)
class Captured:
    """One thing that a function captured: its name, and what is done with it.

    ``baked`` is true of numbers: their value at the trace is part of the program, later changes are not seen.
    Tensors and arrays are read at each call.
    """

    name: str
    value: Any
    baked: bool

    def __repr__(self) -> str:
        if self.baked:
            return f"{self.name} = {self.value!r} (as it was when traced)"
        dtype, shape = self.value.dtype, tuple(self.value.shape)
        kind = "tensor" if type(self.value) is Tensor else "array"
        return f"{self.name}: {kind} {dtype}{list(shape)} (read at each call)"


class Reach:
    """The tensors, arrays and numbers that some objects lead to, found once and only if somebody asks."""

    def __init__(self, roots: Iterable[Any]) -> None:
        self._roots = list(roots)
        #: By identity: of a tensor, of its values, or of an array.
        self.objects: dict[int, tuple[str, Any]] = {}
        self.scalars: dict[str, Any] = {}
        #: Compiled functions among them.
        self.executables: list[Any] = []
        self._seen: dict[int, Any] = {}
        self._look()

    def find(self, value: Any) -> tuple[str, Any] | None:
        """The name and object of a tensor or array that was there before; for a view, what it is a view of."""
        found = self.objects.get(id(value))
        if found is not None or (type(value) is not Tensor and not isinstance(value, np.ndarray)):
            return found
        array = value._value if type(value) is Tensor else value
        found = self.objects.get(id(array))
        while found is None and isinstance(array, np.ndarray) and array.base is not None:
            array = array.base
            known = self.objects.get(id(array))
            if known is not None and not isinstance(value, Tensor):
                return known[0], value  # a view of a captured array sees what is written to it
        return found

    def _look(self) -> None:
        stack: list[tuple[str, Any]] = [("", root) for root in self._roots]
        while stack and len(self._seen) < LIMIT:
            name, value = stack.pop()
            if isinstance(value, _SCALARS):
                if name:
                    self.scalars.setdefault(name, value)
                continue
            if isinstance(value, _SKIPPED) or id(value) in self._seen:
                continue
            self._seen[id(value)] = value
            if type(value) is Tensor:
                self.objects[id(value)] = self.objects[id(value._value)] = (value._name or name, value)
            elif isinstance(value, np.ndarray):
                self.objects.setdefault(id(value), (name, value))
            else:
                if hasattr(type(value), "suspend"):
                    self.executables.append(value)
                stack.extend(_inside(name, value))


def _inside(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """What an object leads to, each with a name."""
    if isinstance(value, types.FunctionType):
        yield from _of_function(value)
    elif isinstance(value, types.MethodType):
        yield "self", value.__self__
        yield name, value.__func__
    elif isinstance(value, functools.partial):
        yield name, value.func
        yield from ((f"{name}[{i}]", one) for i, one in enumerate(value.args))
        yield from value.keywords.items()
    elif isinstance(value, dict):
        yield from ((f"{name}[{k!r}]", one) for k, one in value.items())
    elif isinstance(value, list | tuple | set | frozenset):
        if len(value) <= FEW or not all(type(one) is float or type(one) is int for one in value):
            yield from ((f"{name}[{i}]", one) for i, one in enumerate(value))
    elif isinstance(value, types.ModuleType):
        return  # what the code names in it was looked up with the code
    elif isinstance(value, type):
        if not _foreign(value):
            yield from ((f"{value.__name__}.{k}", one) for k, one in vars(value).items() if not k.startswith("__"))
    elif isinstance(value, staticmethod | classmethod):
        yield name, value.__func__
    elif isinstance(value, property):
        yield name, value.fget
    else:
        yield from _of_instance(name, value)


def _of_function(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    ours = is_ours(function.__code__.co_filename)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            value = cell.cell_contents
        except ValueError:
            continue  # not assigned yet
        if not (ours and isinstance(value, _SCALARS)):
            yield name, value
    yield from (("default", one) for one in function.__defaults__ or ())
    yield from (function.__kwdefaults__ or {}).items()
    yield from vars(function).items()
    if ours:
        return  # a transform: what it wraps is in its cells
    space = function.__globals__
    for names in _codes(function.__code__):
        for name in names:
            if name in space:
                value = space[name]
                yield name, value
                if isinstance(value, types.ModuleType) and not _foreign(value):
                    yield from ((f"{name}.{one}", vars(value)[one]) for one in names if one in vars(value))


def _codes(code: types.CodeType) -> Iterator[tuple[str, ...]]:
    """The names of globals and attributes that some code and the functions written inside it use."""
    yield code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _foreign(value: Any) -> bool:
    """Whether a class or module belongs to Python, NumPy or the engine: nothing of the user's hides in it."""
    module = getattr(value, "__module__", None) if isinstance(value, type) else value.__name__
    top = str(module).partition(".")[0]
    return top in {"builtins", "numpy", "adjoint", "typing", "collections", "functools", "types", "math", "scipy"}


def _of_instance(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    kind = type(value)
    if hasattr(kind, "dtype") and hasattr(kind, "shape"):
        return  # an array of another library
    prefix = name or "self"
    inside = getattr(value, "__dict__", None)
    if isinstance(inside, dict):
        yield from ((f"{prefix}.{k}", one) for k, one in inside.items())
    for base in kind.__mro__:
        slots = vars(base).get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            if slot not in {"__dict__", "__weakref__"} and hasattr(value, slot):
                yield f"{prefix}.{slot}", getattr(value, slot)
    if not _foreign(kind):
        yield "", kind
