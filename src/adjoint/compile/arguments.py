"""The arguments of a call: what counts as a value, what as a setting, and the key that tells two calls apart.

Numbers, arrays and tensors are values: the program takes them as inputs, and only their kind, dtype and
shape are in the key. Everything else is a setting (bools, text, None, functions, objects, and arguments
named by ``static_argnums``): it stands in the key itself, and another one is another program.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from adjoint.apply import normalize
from adjoint.compile.signature import Input, Tree
from adjoint.differentiate.containers import flatten, paths
from adjoint.differentiate.variables import function_name
from adjoint.errors import ArgumentError, CallError, OperandError
from adjoint.graph.spec import Spec
from adjoint.site import here
from adjoint.tensor import Tensor, is_tracked

_BY_VALUE = (str, bytes, bool, type(None), type, np.dtype, range, type(Ellipsis))
_PLAIN = (float, int, complex)


class Same:
    """A setting that is compared by identity, and kept alive by the key that it stands in."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return type(other) is Same and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def describe(value: Any, leaves: list[Any]) -> Any:
    """The part of the key for one argument; its values are appended to ``leaves`` in order."""
    kind = type(value)
    if kind is float or kind is int or kind is complex:
        leaves.append(value)
        return kind
    if kind is np.ndarray:
        leaves.append(value)
        return value.dtype, value.shape
    if kind is Tensor:
        leaves.append(value)
        return Tensor, value._value.dtype, value._value.shape, is_tracked(value)
    if kind is tuple or kind is list:
        return kind, *[describe(v, leaves) for v in value]
    if kind is dict:
        return dict, *[(k, describe(v, leaves)) for k, v in value.items()]
    if isinstance(value, np.generic):
        normalize(value, "a compiled function")
        leaves.append(value)
        return kind
    if isinstance(value, _BY_VALUE):
        return kind, value
    if isinstance(value, slice):
        return slice, *[describe(v, []) if v is None else (type(v), v) for v in (value.start, value.stop, value.step)]
    if isinstance(value, np.ndarray):
        leaves.append(normalize(value, "a compiled function"))
        return value.dtype, value.shape
    if is_container(value):
        parts, build = flatten(value)
        if build_is_leaf(parts, value):
            return Same(value)
        return _structure(build), *[describe(v, leaves) for v in parts]
    spec = array_like(value)
    if spec is not None:
        leaves.append(value)
        return "array", spec
    return Same(value)


def array_like(value: Any) -> Spec | None:
    """The spec of another library's array (also of one that is being traced there), or None for anything else."""
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if dtype is None or not isinstance(shape, tuple) or isinstance(value, type):
        return None
    try:
        return Spec(shape, np.dtype(str(dtype).rpartition(".")[2]))
    except TypeError:
        return None


def is_container(value: Any) -> bool:
    """Whether a value is a container beside the plain ones: a dataclass, or what optree knows."""
    if dataclasses.is_dataclass(value):
        return not isinstance(value, type)
    return isinstance(value, tuple | list | dict) or type(value).__module__ == "collections"


def build_is_leaf(parts: list[Any], value: Any) -> bool:
    """Whether flattening found nothing inside."""
    return len(parts) == 1 and parts[0] is value


def _structure(build: Callable[[list[Any]], Any]) -> Hashable:
    return build.args[0] if isinstance(build, functools.partial) else None


def mapped(value: Any, change: Callable[[Any, str], Any], path: str) -> Any:
    """The argument with every value replaced, settings as they are; in the order of ``describe``."""
    kind = type(value)
    if kind in _PLAIN or kind is Tensor or isinstance(value, np.ndarray | np.generic):
        return change(value, path)
    if kind is tuple or kind is list:
        return kind(mapped(v, change, f"{path}[{i}]") for i, v in enumerate(value))
    if kind is dict:
        return {k: mapped(v, change, f"{path}[{k!r}]") for k, v in value.items()}
    if not isinstance(value, _BY_VALUE) and not isinstance(value, slice) and is_container(value):
        parts, build = flatten(value)
        if not build_is_leaf(parts, value):
            return build([mapped(v, change, path + p) for v, p in zip(parts, paths(value), strict=True)])
    return value if array_like(value) is None else change(value, path)


def input_of(value: Any, name: str) -> tuple[Input, Spec]:
    """What the program is told of one value; raises OperandError and DtypeError for what is no number."""
    kind = type(value)
    if kind in _PLAIN:
        return Input(kind.__name__, np.asarray(value).dtype.name, (), name), _checked_int(value, name)
    if kind is Tensor:
        spec = Spec.of(value._value)
        return Input("tensor", spec.dtype.name, tuple(spec.shape), name), spec
    spec = array_like(value) or Spec()
    if not isinstance(value, np.ndarray | np.generic):
        return Input("array", spec.dtype.name, spec.shape, name), spec
    normalize(value, name)
    spec = Spec(value.shape, np.dtype(value.dtype.type))
    form = "array" if isinstance(value, np.ndarray) else "scalar"
    return Input(form, spec.dtype.name, spec.shape, name), spec


def _checked_int(value: Any, name: str) -> Spec:
    spec = Spec.of(np.asarray(value))
    if spec.dtype.hasobject or spec.dtype.kind == "u":
        raise OperandError(
            f"{name} is a whole number of more than 63 bits.",
            where=here(),
            help="name it in static_argnums, or pass a float.",
        )
    return spec


def tree_of(value: Any, number: Callable[[Any], int], setting: Callable[[Any], int]) -> Tree | None:
    """The structure of an argument or result in terms that native code knows, or None where it has others.

    ``number`` says which leaf each value is, ``setting`` which setting.
    """
    kind = type(value)
    if kind in _PLAIN or kind is Tensor or isinstance(value, np.ndarray | np.generic):
        return Tree("leaf", number(value))
    if value is None:
        return Tree("none")
    if kind is tuple or kind is list:
        parts = [tree_of(v, number, setting) for v in value]
        return None if None in parts else Tree(kind.__name__, children=tuple(p for p in parts if p is not None))
    if kind is dict:
        parts = [tree_of(v, number, setting) for v in value.values()]
        if None in parts or any(type(k) is not str for k in value):
            return None
        return Tree("dict", -1, tuple(value), tuple(p for p in parts if p is not None))
    if not isinstance(value, _BY_VALUE) and (is_container(value) or array_like(value) is not None):
        return None
    return Tree("static", setting(value))


class Parameters:
    """What a function can be called with: names, errors, and keywords brought to their positions."""

    def __init__(self, f: Callable[..., Any], static_argnums: Sequence[int | str], donate: Sequence[int | str]) -> None:
        self._f = f
        try:
            self.signature: inspect.Signature | None = inspect.signature(f)
        except (TypeError, ValueError):
            self.signature = None
        known = [] if self.signature is None else list(self.signature.parameters.values())
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        self.positional = [p for p in known if p.kind in kinds]
        self.names = [p.name for p in self.positional]
        #: A transform differentiates by position: only of plain functions may keywords be moved.
        self.movable = not hasattr(f, "__wrapped__")
        self.static = self._places(static_argnums, "static_argnums")
        self.donated = self._places(donate, "donate")

    def _places(self, given: Sequence[int | str], option: str) -> frozenset[int | str]:
        """The positions that an option names, and their names: a keyword may stay one."""
        places = {self._place(one, option) for one in given}
        named = {self.names[p] for p in places if isinstance(p, int) and p < len(self.names) and self._by_name(p)}
        return frozenset(places | named)

    def _by_name(self, place: int) -> bool:
        return self.positional[place].kind is not inspect.Parameter.POSITIONAL_ONLY

    def _place(self, given: Any, option: str) -> int | str:
        if isinstance(given, bool) or not isinstance(given, int | str):
            raise OperandError(
                f"{option} names arguments by position (or name), got {given!r}.",
                where=here(),
                help=f"write {option}=(0,).",
            )
        known = {} if self.signature is None else self.signature.parameters
        place: int | str = given
        if isinstance(given, str):
            open_ended = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in known.values())
            found = given in known
            place = self.names.index(given) if given in self.names else given
        else:
            open_ended = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in known.values()) and given >= 0
            found = -len(self.names) <= given < len(self.names)
            place = given + len(self.names) if given < 0 else given
        if self.signature is not None and not found and not open_ended:
            name = function_name(self._f)
            raise ArgumentError(
                f"{option} names argument {given!r}, which {name} does not have.",
                where=here(),
                help=f"it is {name}{self.signature}.",
            )
        return place

    def of_method(self) -> tuple[tuple[int | str, ...], tuple[int | str, ...]]:
        """What static_argnums and donate name once the first argument, the instance, is bound: it is a setting."""
        itself = {0, *self.names[:1]}
        if self.donated & itself:
            raise ArgumentError(
                f"donate names {self.name(0)} of {function_name(self._f)}, the instance that the method is called on.",
                where=here(),
                help="positions count from the instance: donate=1 is the argument after it.",
            )
        shifted = ([p - 1 if isinstance(p, int) else p for p in some - itself] for some in (self.static, self.donated))
        static, donate = map(tuple, shifted)
        return static, donate

    def name(self, place: int | str) -> str:
        """How an argument is called in messages and in the plan."""
        if isinstance(place, str):
            return place
        return self.names[place] if place < len(self.names) else f"argument {place}"

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Keywords in the places of positional arguments, where the function has them next in turn."""
        if self.movable and kwargs:
            moved = list(args)
            rest = dict(kwargs)
            for parameter in self.positional[len(args) :]:
                if parameter.kind is inspect.Parameter.POSITIONAL_ONLY or parameter.name not in rest:
                    break
                moved.append(rest.pop(parameter.name))
            return tuple(moved), rest
        return args, kwargs

    def check(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Raises CallError where the function cannot be called with these arguments."""
        if self.signature is None:
            return
        try:
            self.signature.bind(*args, **kwargs)
        except TypeError as error:
            name = function_name(self._f)
            raise CallError(
                f"{name}() cannot be called like that: {error}.",
                where=here(),
                help=f"it is {name}{self.signature}.",
            ) from None

    def key(self, args: tuple[Any, ...], kwargs: dict[str, Any], leaves: list[Any]) -> Hashable:
        """What tells this call from others that need another program; collects the values."""
        if not self.static and not kwargs:
            return tuple([describe(a, leaves) for a in args])
        parts = [self._setting(a, i) if i in self.static else describe(a, leaves) for i, a in enumerate(args)]
        named = [(k, self._setting(v, k) if k in self.static else describe(v, leaves)) for k, v in kwargs.items()]
        return tuple(parts), tuple(named)

    def received(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], change: Callable[[Any], Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with every value changed, settings as they are."""
        one = lambda value, _: change(value)
        return (
            tuple(a if i in self.static else mapped(a, one, "") for i, a in enumerate(args)),
            {k: v if k in self.static else mapped(v, one, "") for k, v in kwargs.items()},
        )

    def _setting(self, value: Any, place: int | str) -> Any:
        try:
            hash(value)
        except TypeError:
            raise OperandError(
                f"the static argument {self.name(place)} is a {type(value).__name__}, which is not hashable.",
                where=here(),
                help="a setting is compared with that of the next call: pass a number, text or tuple of them.",
            ) from None
        return type(value), value
