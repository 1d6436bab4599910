"""A namespace with nothing but the registry's names, and arrays with nothing but operators, shape and dtype."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.primitives.record import REGISTRY


def bare(value: Any) -> Any:
    """The array inside, also inside tuples."""
    if isinstance(value, tuple):
        return tuple(map(bare, value))
    return value.inside if isinstance(value, Strict) else value


def wrap(value: Any) -> Any:
    """Arrays and NumPy scalars made strict, also inside tuples."""
    if isinstance(value, tuple):
        return tuple(map(wrap, value))
    return Strict(value) if isinstance(value, np.ndarray | np.generic) else value


class Strict:
    """An array that can be computed with, but neither asked for its truth, nor indexed, nor passed to NumPy."""

    __slots__ = ("inside",)
    __array_ufunc__ = None

    def __init__(self, inside: Any) -> None:
        self.inside = inside

    @property
    def shape(self) -> tuple[int, ...]:
        return self.inside.shape

    @property
    def dtype(self) -> Any:
        return self.inside.dtype

    def __bool__(self) -> bool:
        raise AssertionError("a rule asked a value for its truth")

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("a rule handed a value to NumPy")

    def __hash__(self) -> int:
        return id(self)


def _operator(name: str, function: Callable[..., Any]) -> None:
    setattr(Strict, f"__{name}__", lambda self, *other: wrap(function(self.inside, *map(bare, other))))
    if name in {"add", "sub", "mul", "truediv", "pow"}:
        setattr(Strict, f"__r{name}__", lambda self, other: wrap(function(bare(other), self.inside)))


for _name in ("add", "sub", "mul", "truediv", "pow", "neg", "lt", "le", "gt", "ge", "eq", "ne"):
    _operator(_name, getattr(operator, _name))


class StrictNamespace:
    """``xp`` with the names of the registry and no others, each with the signature of the record's value."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        assert name in REGISTRY, f"a rule used xp.{name}, which is no primitive"
        record = REGISTRY[name]

        def call(*operands: Any, **params: Any) -> Any:
            assert set(params) <= set(record.params), f"xp.{name} has no parameters {set(params) - set(record.params)}"
            assert not any(isinstance(bare(p), np.ndarray) for p in params.values()), f"xp.{name}: an array parameter"
            return wrap(record.value(*map(bare, operands), **params))

        return call
