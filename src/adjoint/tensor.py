"""Tensor: the one object that users hold. It can be rebound; the nodes behind it never change."""

from __future__ import annotations

import sys
import weakref
from types import CodeType
from typing import TYPE_CHECKING, Any

import numpy as np

from adjoint.errors import DtypeError, OperandError, ShapeError, TracedError, UnsupportedError
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.methods import Methods
from adjoint.modes import MODE
from adjoint.site import here, is_ours

if TYPE_CHECKING:
    from numpy.typing import NDArray


class _Made(type):
    """Makes the class refuse to be called; the engine makes tensors through ``apply.blank``."""

    def __call__(cls, *_: object, **__: object) -> None:
        raise UnsupportedError(
            "a Tensor is not made by its class.", where=here(), help="write ad.tensor(data, requires_grad=...)."
        )


class Tensor(Methods, metaclass=_Made):
    """An array with a memory of how it was computed (when it is tracked).

    Made by ``ad.tensor``. It computes as the NumPy array of the same values does, and every
    operation on a tracked tensor adds a node to the graph.

    >>> import adjoint as ad
    >>> x = ad.tensor([1.0, 2.0, 3.0], requires_grad=True, name="x")
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4., 6.])
    """

    __slots__ = ("__weakref__", "_grad", "_name", "_node", "_value", "_view")

    _value: Any
    _node: Node | None
    _grad: Tensor | None
    _name: str | None
    #: Whether NumPy would have made this result a view of its operand: then it cannot be written to. Of ``x[i]``,
    #: which instruction it was, since ``x[i] += v`` may.
    _view: bool | tuple[CodeType, int]

    def __init_subclass__(cls, **_: object) -> None:
        # The doors ask `type(x) is Tensor`: a subclass would be taken for a stranger without a word.
        raise UnsupportedError(
            f"{cls.__name__} cannot be a subclass of Tensor.", where=here(), help="hold a tensor in an attribute."
        )

    def _weak(self) -> weakref.ref[Tensor]:
        return weakref.ref(self)

    @staticmethod
    def _numpy_tables() -> tuple[dict[Any, Any], dict[Any, Any]]:
        """What stands for NumPy's universal functions, and for its others."""
        from adjoint.functions.table import NUMPY_FUNCTIONS, UFUNCS

        return UFUNCS, NUMPY_FUNCTIONS

    @property
    def value(self) -> NDArray[Any]:
        """The values as a read-only array: a view, never a copy."""
        if type(self._value) is Spec:
            raise no_value(self, "there is nothing to read")
        mode = MODE.get()
        listener = None if mode is None or self._node is None else mode.listener
        if listener is not None and not is_ours(sys._getframe(1).f_code.co_filename):
            listener.looked(self._node, False)
        view = np.asarray(self._value).view()
        view.flags.writeable = False
        return view

    @property
    def node(self) -> Node | None:
        """The node of the graph that computed this tensor, or None when it is not recorded."""
        return self._node

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        shape: tuple[int, ...] = self._value.shape
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype of the elements."""
        dtype: np.dtype[Any] = self._value.dtype
        return dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._value.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(self._value.size)

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow through this tensor: a leaf made with ``requires_grad=True``, or computed from one."""
        return is_tracked(self)

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation computed this tensor."""
        return self._node is None or self._node.is_leaf

    @property
    def grad(self) -> Tensor | None:
        """The gradient that ``backward`` has summed here, or None; set it to None to start anew."""
        return self._grad

    @grad.setter
    def grad(self, gradient: Tensor | None) -> None:
        if gradient is not None:
            if type(gradient) is not Tensor:
                raise OperandError(
                    f".grad is a tensor or None, got {type(gradient).__name__}.",
                    where=here(),
                    help="write t.grad = ad.tensor(...), or None to start anew.",
                )
            mine, given = Spec.of(self._value), Spec.of(gradient._value)
            if given.shape != mine.shape:
                help = "write t.grad = None to start anew."
                raise ShapeError(f".grad of {mine!r} has its shape, got {given!r}.", where=here(), help=help)
            if given.dtype != mine.dtype:
                raise DtypeError(
                    f".grad of {mine!r} has its dtype, got {given!r}.",
                    where=here(),
                    help=f"write t.grad = gradient.astype(np.{mine.dtype}).",
                )
        self._grad = gradient

    @property
    def name(self) -> str | None:
        """The name under which explanations, pictures and errors speak of this tensor."""
        return self._name

    @name.setter
    def name(self, name: str | None) -> None:
        if name is not None and not isinstance(name, str):
            help = 'write t.name = "w".'
            raise OperandError(f"a tensor's name is text or None, got {type(name).__name__}.", where=here(), help=help)
        self._name = name
        if self._node is not None:
            self._node.name = name

    def backward(self, gradient: Any = None, retain_graph: bool = False, create_graph: bool = False) -> None:
        """Adds to ``.grad`` of every leaf behind this tensor its share of responsibility for it.

        ``gradient`` weighs the elements of a tensor that is no scalar. Saved values are freed unless
        ``retain_graph``; with ``create_graph`` the gradients can be differentiated again.

        >>> import adjoint as ad
        >>> w = ad.tensor(3.0, requires_grad=True)
        >>> (w * w).backward()
        >>> w.grad.item()
        6.0
        """
        from adjoint.differentiate import eager

        eager.backward(self, gradient, retain_graph, create_graph)

    def explain(self, **options: Any) -> Any:
        """The Story of this tensor: how it was computed, and who is responsible for it."""
        from adjoint.explain import story

        return story.explain_tensor(self, **options)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from adjoint.view import notebook

        return notebook.tensor_bundle(self, include, exclude)


def is_tracked(tensor: Tensor) -> bool:
    """Whether the path of gradients leads through a tensor: it has a node, and nothing cut the way to it.

    While everything is recorded for an explanation, data and cut values have nodes too, and are not tracked.
    """
    node = tensor._node
    if node is None or node.op.family == "blocked" or tensor._value.dtype.kind not in "fc":
        return False
    mode = MODE.get()
    if mode is not None and mode.tracing is not None:
        return bool(mode.tracing.tracked(tensor))
    return mode is None or not mode.everything or node not in mode.dead


def no_value(tensor: Tensor, wanted: str) -> TracedError:
    """The error for a value asked of a traced tensor."""
    what = f"{wanted}: this tensor is traced, it has a shape and a dtype ({tensor._value!r}) but no values yet."
    mode = MODE.get()
    trace = None if mode is None else mode.tracing
    guarded = "" if trace is None else f", compile {trace.name} with guard=True"
    help = f"choose with where(condition, a, b) or cond{guarded}, or run it in eager mode."
    return TracedError(what, where=here(), help=help)
