"""Tensor: the one object that users hold. It can be rebound; the nodes behind it never change."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from adjoint.errors import TracedError
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Tensor:
    """An array with a memory of how it was computed (when it is tracked)."""

    __slots__ = ("__weakref__", "_grad", "_name", "_node", "_value", "_view")

    _value: Any
    _node: Node | None
    _grad: Tensor | None
    _name: str | None
    _view: bool

    def __init__(self, *_: object, **__: object) -> None:
        raise TypeError("make tensors with ad.tensor(data, requires_grad=...).")

    def _weak(self) -> weakref.ref[Tensor]:
        return weakref.ref(self)

    @property
    def value(self) -> NDArray[Any]:
        """The values as a read-only array (a view, never a copy)."""
        if type(self._value) is Spec:
            raise TracedError("a traced tensor has no values.")
        view = np.asarray(self._value).view()
        view.flags.writeable = False
        return view

    @property
    def node(self) -> Node | None:
        return self._node

    @property
    def shape(self) -> tuple[int, ...]:
        return self._value.shape

    @property
    def dtype(self) -> Any:
        return self._value.dtype
