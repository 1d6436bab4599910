"""The arguments of a function under examination: which leaves are varied, their names, and fresh calls.

Every call gets copies of everything that is an array, so that a function which writes to its
arguments is found out and cannot spoil the next call.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adjoint.apply import make
from adjoint.differentiate.containers import flatten, own, passive, paths, primal
from adjoint.differentiate.variables import defined_at, function_name, output, passive_output
from adjoint.errors import ArgumentError, DtypeError
from adjoint.graph.spec import Spec
from adjoint.graph.text import clean
from adjoint.site import here
from adjoint.tensor import Tensor


class Arguments:
    """A function with its arguments: the chosen leaves as plain arrays, everything else held still."""

    def __init__(self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], argnums: Any) -> None:
        self.f = f
        self.kwargs = kwargs
        self.names: list[str] = []
        self.values: list[Any] = []
        #: Arguments that are not varied, in words.
        self.skipped: list[str] = []
        #: Names of the arguments that the last call changed in place.
        self.changed: list[str] = []
        self._trees: list[tuple[list[Any], Callable[[list[Any]], Any], list[int], str]] = []
        chosen = _positions(argnums, len(args), f)
        titles = argument_names(f, len(args))
        trees = [flatten(a) for a in args]
        everywhere = [leaf for leaves, _ in trees for leaf in leaves]
        # Whole numbers among floats are sizes and axes; where there is nothing else, they are the variables.
        whole = not any(_is_float(leaf) for leaf in everywhere)
        for position, ((leaves, build), title) in enumerate(zip(trees, titles, strict=True)):
            wanted: list[int] = []
            bare = len(leaves) == 1 and leaves[0] is args[position]
            suffixes = [""] if bare else paths(args[position])
            for i, (leaf, suffix) in enumerate(zip(leaves, suffixes, strict=True)):
                name = clean(title + suffix)
                if argnums is None:
                    take = _is_float(leaf) or (whole and _is_whole(leaf))
                else:
                    take = position in chosen
                if take:
                    wanted.append(i)
                    self.names.append(name)
                    self.values.append(own(np.asarray(primal(leaf, name)))[()])
                elif argnums is None:
                    self.skipped.append(f"{name} ({_kind(leaf)})")
            self._trees.append((leaves, build, wanted, title))
        if not self.values:
            raise ArgumentError(
                f"there is nothing to differentiate {function_name(f)} by: no argument is a float.",
                where=here(),
                help="pass floats, float arrays or containers of them as positional arguments.",
            )

    def call(self, tensors: Sequence[Tensor], wide: bool = False) -> Any:
        """What the function returns for these tensors in the places of the chosen leaves."""
        remaining = iter(tensors)
        passed: list[tuple[str, Tensor, Any]] = []
        full = []
        for leaves, build, wanted, title in self._trees:
            fresh = []
            for i, leaf in enumerate(leaves):
                if i in wanted:
                    value: Any = next(remaining)
                else:
                    value = passive(_fresh(leaf, wide))
                if type(value) is Tensor and type(value._value) is not Spec:
                    passed.append((title, value, np.array(value._value)))
                fresh.append(value)
            full.append(build(fresh))
        keywords = {k: _keyword(v, wide) for k, v in self.kwargs.items()}
        out = self.f(*full, **keywords)
        self.changed = [
            clean(title)
            for title, tensor, before in passed
            if tensor.shape != before.shape or not np.array_equal(tensor._value, before, equal_nan=True)
        ]
        return out

    def outputs(self, out: Any) -> list[Tensor]:
        """The float tensors among what the function returned; raises OperandError and DtypeError for others."""
        leaves, _ = flatten(out)
        if not leaves:
            output(None, self.f)
        tensors = [x if type(x) is Tensor else passive_output(x, self.f) for x in leaves]
        found = [t for t in tensors if t.dtype.kind in "fc"]
        if not found:
            raise DtypeError(
                f"{function_name(self.f)} returned {Spec.of(tensors[0]._value)!r}, which has no derivative.",
                where=defined_at(self.f),
                help="return a float: an integer or truth value jumps, and has slope 0 between its jumps.",
            )
        return found

    def evaluate(self, values: Sequence[Any], wide: bool = False) -> list[Any]:
        """The float outputs at other values of the chosen leaves, as arrays; nothing is recorded."""
        tensors = [make(own(np.asarray(v))[()], None) for v in values]
        with np.errstate(all="ignore"):
            return [np.asarray(t._value) for t in self.outputs(self.call(tensors, wide))]


def argument_names(f: Callable[..., Any], count: int) -> list[str]:
    """The names of the first positional arguments, from the signature where there is one.

    >>> argument_names(lambda a, *rest: a, 3)
    ['a', 'rest[0]', 'rest[1]']
    """
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names: list[str] = []
    for parameter in parameters:
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            names.append(parameter.name)
        elif parameter.kind is parameter.VAR_POSITIONAL:
            names.extend(f"{parameter.name}[{i}]" for i in range(count - len(names)))
    names.extend(f"argument {i}" for i in range(len(names), count))
    return names[:count]


def _positions(argnums: Any, count: int, f: Any) -> list[int]:
    if argnums is None:
        return list(range(count))
    given = [argnums] if isinstance(argnums, int) else list(argnums)
    for number in given:
        if not isinstance(number, int) or not -count <= number < count:
            raise ArgumentError(
                f"argnums asks for argument {number!r}, but {function_name(f)} was called with {count}.",
                where=here(),
                help="argnums counts positional arguments from 0.",
            )
    return [n % count for n in given]


def _is_float(leaf: Any) -> bool:
    if isinstance(leaf, float | complex):
        return True
    dtype = getattr(leaf, "dtype", None)
    return isinstance(dtype, np.dtype) and dtype.kind in "fc"


def _is_whole(leaf: Any) -> bool:
    # Integer arrays too: taking them leads to the error that names the cast to write.
    return (isinstance(leaf, int) and not isinstance(leaf, bool)) or getattr(leaf, "dtype", None) is not None


def _kind(leaf: Any) -> str:
    dtype = getattr(leaf, "dtype", None)
    return type(leaf).__name__ if dtype is None else repr(Spec(np.shape(leaf), dtype))


def _fresh(leaf: Any, wide: bool) -> Any:
    if type(leaf) is Tensor and type(leaf._value) is not Spec and (leaf._node is None or wide):
        return make(_wide(own(leaf._value), wide), None)
    if isinstance(leaf, np.ndarray | np.generic):
        return _wide(own(leaf), wide)
    return leaf


def _keyword(value: Any, wide: bool) -> Any:
    if isinstance(value, np.ndarray | np.generic | Tensor):
        return passive(_fresh(value, wide))
    return passive(value)


def _wide(value: Any, wide: bool) -> Any:
    return value.astype(wide_dtype(value.dtype)) if wide and value.dtype.kind in "fc" else value


def wide_dtype(dtype: Any) -> Any:
    """The dtype in which differences are taken: at least double precision.

    >>> wide_dtype(np.dtype("complex64")), wide_dtype(np.dtype("float16"))
    (dtype('complex128'), dtype('float64'))
    """
    return np.result_type(dtype, np.float64)
