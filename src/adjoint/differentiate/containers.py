"""Nested containers: dicts, lists, tuples and dataclasses of numbers, arrays and tensors.

Walking them is optree's work; here is only what counts as a leaf and how results take the kind of
what came in: Python numbers for numbers, arrays for arrays, tensors for tensors.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.apply import make, normalize
from adjoint.errors import DtypeError, OperandError, ShapeError
from adjoint.graph.spec import Spec
from adjoint.modes import tracing
from adjoint.site import here
from adjoint.tensor import Tensor

_NAMESPACE = "adjoint"
_registered: set[type] = set()


def flatten(tree: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    """The leaves of a nested container, and the function that puts others in their places."""
    kind = type(tree)
    if kind is float or kind is Tensor or kind is np.ndarray:
        return [tree], _only
    # Loaded on first use: bare numbers and arrays, the common case, never need it.
    import optree

    while True:
        leaves, spec = optree.tree_flatten(tree, namespace=_NAMESPACE)
        fresh = {type(x) for x in leaves if dataclasses.is_dataclass(x) and not isinstance(x, type)} - _registered
        if not fresh:
            return list(leaves), functools.partial(optree.tree_unflatten, spec)
        for one in fresh:
            _register(one)


def _only(values: list[Any]) -> Any:
    return values[0]


def _register(kind: type) -> None:
    import optree

    names = [f.name for f in dataclasses.fields(kind)]

    def take(instance: Any) -> Any:
        return [getattr(instance, n) for n in names], None, names

    def build(_: Any, values: Any) -> Any:
        # __init__ may check or convert; the fields are put back as they came.
        made: Any = object.__new__(kind)
        for name, value in zip(names, values, strict=True):
            object.__setattr__(made, name, value)
        return made

    optree.register_pytree_node(kind, take, build, namespace=_NAMESPACE)
    _registered.add(kind)


def paths(tree: Any) -> list[str]:
    """A readable path for every leaf, such as ``['w'][0]`` (empty for a bare leaf)."""
    import optree

    flatten(tree)
    found, _, _ = optree.tree_flatten_with_path(tree, namespace=_NAMESPACE)
    return ["".join(f"[{key!r}]" for key in path) for path in found]


def same_places(given: Any, wanted: Any, what: str) -> None:
    """Raises ShapeError where a container holds its leaves in other places than the one that it goes with."""
    plain = (float, int, complex, Tensor, np.ndarray)
    if isinstance(given, plain) and isinstance(wanted, plain):
        return
    has, needs = paths(given), paths(wanted)
    if has != needs:
        missing = [p or "the value itself" for p in needs if p not in has]
        extra = [p or "the value itself" for p in has if p not in needs]
        said = [
            f"{word} {', '.join(some[:4])}" for word, some in (("missing", missing), ("not asked for", extra)) if some
        ]
        raise ShapeError(
            f"{what}: {len(needs)} numbers or arrays, got {len(has)} ({'; '.join(said) or 'in another order'}).",
            where=here(),
            help="give it the same keys, lengths and fields.",
        )


def primal(value: Any, where: str) -> Any:
    """A differentiable value (not yet a tensor) from what the user passed; raises DtypeError and OperandError.

    A Python int becomes a float; integer and boolean arrays raise, naming the cast to write.
    """
    if type(value) is Tensor:
        inner = value._value
    elif type(value) is float:
        return np.float64(value)
    elif isinstance(value, bool):
        raise DtypeError(f"{where} is a bool, which has no derivative.", where=here(), help="pass a float.")
    elif isinstance(value, int):
        return np.float64(value)
    elif isinstance(value, complex):
        return np.complex128(value)
    elif isinstance(value, str | bytes) or callable(value):
        raise OperandError(
            f"{where} is a {type(value).__name__}, not a number.",
            where=here(),
            help="differentiate by numbers, arrays, tensors or containers of them (argnums chooses which).",
        )
    else:
        inner = normalize(value, where)
    if inner.dtype.kind not in "fc":
        raise DtypeError(
            f"{where} has dtype {inner.dtype}, which has no derivative.",
            where=here(),
            help=f"write {where}.astype(float) to differentiate by it.",
        )
    return inner


def passive(value: Any) -> Any:
    """An argument that is not differentiated, as the function receives it: floats and arrays as tensors."""
    kind = type(value)
    if kind is Tensor and (trace := tracing()) is not None:
        return trace.passive(value)
    if kind is Tensor or kind is bool or kind is int or value is None or kind is str:
        return value
    if kind is float or kind is complex:
        return make(np.asarray(value)[()], None)
    if kind is np.ndarray or isinstance(value, np.generic):
        inner = normalize(value, "an argument") if value.dtype.kind in "fciub" else value
        return make(inner, None) if inner is not value or value.dtype.kind in "fciub" else value
    if isinstance(value, dict | list | tuple) or (dataclasses.is_dataclass(value) and not isinstance(value, type)):
        leaves, build = flatten(value)
        return build([passive(x) for x in leaves])
    return value


def like(value: Any, given: Any) -> Any:
    """A result in the kind of what the user gave: a Python number, an array that is theirs alone, or a tensor.

    A tensor that is still tracked stays one: an enclosing differentiation needs its path. While a function is
    traced the result stays traced, and remembers the kind.
    """
    trace = tracing()
    if trace is not None:
        return trace.like(value, [given])
    if type(value) is Tensor:
        if value._node is not None or type(given) is Tensor or type(value._value) is Spec:
            return value
        value = value._value
    elif type(given) is Tensor:
        return make(value, None)
    if isinstance(given, np.ndarray | np.generic) or not isinstance(given, int | float | complex):
        return value if isinstance(given, np.ndarray) is False and value.shape == () else own(value)
    return value.item() if value.shape == () else own(value)


def own(value: Any) -> Any:
    """A writable, contiguous array that shares memory with nothing (NumPy scalars pass as they are)."""
    return np.array(value, order="C") if isinstance(value, np.ndarray) else value
