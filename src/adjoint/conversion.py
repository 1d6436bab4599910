"""How values leave the graph: Python numbers, lists, arrays, text and pickles, and who may leave unasked.

A tracked tensor leaves only by a method that says so (``item``, ``tolist``, ``numpy``, ``detach``);
``float(t)`` or ``np.array(t)`` inside somebody's library would lose its gradient without a word.
"""

from __future__ import annotations

import functools
import os
from typing import Any

import numpy as np

from adjoint.apply import apply, leaf, make
from adjoint.errors import (
    AdjointError,
    DtypeError,
    OperandError,
    ShapeError,
    TracedError,
    TrackedError,
    UnsupportedError,
)
from adjoint.graph.spec import Spec, dtype_name
from adjoint.modes import MODE, tracing
from adjoint.primitives.structure import CUT
from adjoint.site import here, instructions, site_of, user_frame
from adjoint.tensor import Tensor, is_tracked, no_value

_NUMPY = os.path.dirname(np.__file__) + os.sep
_LEAVE = "write t.item() for the number, or t.detach() for a tensor without a graph"

_JOIN = (
    "join tensors with np.stack([...]) or np.concatenate([...]), which record; use np functions on the\ntensor itself"
)


def _concrete(t: Tensor, wanted: str, truth: bool = False) -> Any:
    if type(t._value) is Spec:
        trace = tracing()
        if trace is not None and trace.guarding:
            return trace.concrete(t, wanted, truth)
        raise no_value(t, wanted)
    mode = MODE.get()
    if mode is not None and mode.listener is not None and t._node is not None:
        mode.listener.looked(t._node, truth)
    return t._value


def _asked() -> str | None:
    """Where the user asked for the conversion: above NumPy's own Python code, if that is what converts."""
    frame = user_frame(3)
    while frame.f_code.co_filename.startswith(_NUMPY) and frame.f_back is not None:
        frame = frame.f_back
    site = site_of(frame.f_code, frame.f_lasti)
    return None if site is None else site.describe("at")


def _lost(t: Tensor) -> bool:
    """Whether a plain number or array of this tensor would lose its gradient, or has no values to hold."""
    return type(t._value) is Spec or is_tracked(t)


def _written(t: Tensor) -> AdjointError | None:
    """The error for ``y[i] = t`` where y is a plain array, if that is what the user's line does."""
    frame = user_frame(3)
    if not any(i.opname == "STORE_SUBSCR" and frame.f_lasti in span for i, span in instructions(frame.f_code)):
        return None
    traced = type(t._value) is Spec
    return (TracedError if traced else TrackedError)(
        f"a {'traced' if traced else 'tracked'} tensor cannot be written into a plain array: "
        f"{'it has no values yet' if traced else 'its gradient would be lost'}.",
        where=_asked(),
        help="make the array a tensor first: after y = ad.tensor(np.zeros(n)), y[i] = t records;\n"
        "or build it whole: np.stack([...]), np.concatenate([...]).",
    )


def _scalar(t: Tensor, form: str) -> Any:
    """The value of an untracked tensor without axes, for ``float(t)`` and its kind."""
    if form != "an index" and _lost(t) and (error := _written(t)) is not None:
        raise error
    value = _concrete(t, f"{form} needs a value")
    if is_tracked(t):
        raise TrackedError(
            f"{form} of a tracked tensor would lose its gradient.",
            where=_asked(),
            help=f"{_LEAVE}; functions of numpy (np.sin, np.sqrt, ...) record.",
        )
    if value.ndim:
        raise UnsupportedError(
            f"{form} needs a tensor without axes, got {Spec.of(value)!r}.",
            where=_asked(),
            help="use .tolist().",
        )
    return value


def _complex(form: str) -> DtypeError:
    return DtypeError(f"{form} of a complex tensor would drop the imaginary part.", where=_asked(), help="take abs(t).")


def _as_float(self: Tensor) -> float:
    value = _scalar(self, "float()")
    if value.dtype.kind == "c":
        raise DtypeError(
            "float() of a complex tensor would drop the imaginary part.", where=_asked(), help="take abs(t)."
        )
    return float(value)


def _as_int(self: Tensor) -> int:
    value = _scalar(self, "int()")
    if value.dtype.kind == "c":
        raise _complex("int()")
    return int(value)


def _as_complex(self: Tensor) -> complex:
    return complex(_scalar(self, "complex()"))


def _as_index(self: Tensor) -> int:
    value = _scalar(self, "an index")
    if value.dtype.kind not in "iu":
        raise DtypeError(
            f"an index is a whole number, got a tensor of {dtype_name(value.dtype)}.",
            where=_asked(),
            help="convert it with int(t) or t.astype(int).",
        )
    return int(value)


def _as_bool(self: Tensor) -> bool:
    # Reading the truth of a tracked number is how a Python branch works; the branch taken is what is recorded.
    value = _concrete(self, "a Python branch needs a value", truth=True)
    if value.size != 1:
        raise ShapeError(
            f"the truth of {Spec.of(value)!r} is ambiguous: it has {value.size} elements.",
            where=here(),
            help="write (condition).any(), .all(), or choose with np.where.",
        )
    return bool(value)


def _as_array(self: Tensor, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
    """NumPy's conversion: always a copy of an untracked tensor; TrackedError for a tracked one."""
    if _lost(self) and (error := _written(self)) is not None:
        raise error
    trace = tracing()
    if type(self._value) is Spec and not (trace is not None and trace.guarding):
        raise TracedError(
            f"a traced tensor cannot turn into a plain array: it has no values yet ({self._value!r}).",
            where=_asked(),
            help=f"{_JOIN}; choose with where or cond, or run it in eager mode.",
        )
    value = _concrete(self, "an array needs values")
    if is_tracked(self):
        raise TrackedError(
            "a tracked tensor cannot turn into a plain array: its gradient would be lost.",
            where=_asked(),
            help=f"{_JOIN}; write t.numpy(), t.item() or t.detach() where the plain values are meant.",
        )
    if copy is False:
        raise UnsupportedError("a tensor never shares its memory.", where=_asked(), help="read t.value, or copy.")
    return np.array(value, dtype=dtype, order="C")


def item(self: Tensor, *index: int) -> Any:
    """The only element (or the one at ``index``) as a Python number, tracked or not.

    >>> import adjoint as ad
    >>> ad.tensor([[1.0, 2.0]]).item(0, 1)
    2.0
    """
    value = _concrete(self, "item() needs a value")
    try:
        return value.item(*index)
    except (ValueError, IndexError) as error:
        help = "give its index, t.item(0), or use t.tolist()." if not index else None
        raise ShapeError(f"item{index!r} of {Spec.of(value)!r}: {error}.", where=here(), help=help) from error


def tolist(self: Tensor) -> Any:
    """The values as nested lists of Python numbers (one number for a tensor without axes)."""
    return _concrete(self, "tolist() needs values").tolist()


def numpy(self: Tensor) -> np.ndarray[Any, Any]:
    """A writable array of the values that shares nothing with the tensor; the graph stays behind.

    >>> import adjoint as ad
    >>> w = ad.tensor([1.0, 2.0], requires_grad=True)
    >>> a = w.numpy(); a[0] = 5.0; a, w.item(0)
    (array([5., 2.]), 1.0)
    """
    return np.array(_concrete(self, "numpy() needs values"), order="C")


def detach(self: Tensor) -> Tensor:
    """The same values without the graph: no gradient flows back through the result.

    >>> import adjoint as ad
    >>> w = ad.tensor(2.0, requires_grad=True)
    >>> w.detach().requires_grad
    False
    """
    cut: Tensor = apply(CUT, (self,), {"by": "detach"})
    return cut


def _contains(self: Tensor, number: Any) -> bool:
    value = _concrete(self, "`in` needs values")
    other = _concrete(number, "`in` needs values") if type(number) is Tensor else number
    return bool(np.any(value == other))


def _length(self: Tensor) -> int:
    if not self._value.shape:
        raise UnsupportedError("a tensor without axes has no length.", where=here(), help="t.item() is its number.")
    return int(self._value.shape[0])


def _iterate(self: Tensor) -> Any:
    if not self._value.shape:
        raise UnsupportedError(
            "a tensor without axes has nothing to iterate over.", where=here(), help="t.item() is its number."
        )
    return (self[i] for i in range(self._value.shape[0]))


def _represent(self: Tensor) -> str:
    value, node = self._value, self._node
    notes = []
    if type(value) is Spec:
        shown = repr(value)
    elif not value.shape:
        shown = _number(value)
    elif 0 < value.size <= 24 and value.ndim <= 2:
        rows = np.array2string(value, separator=", ", max_line_width=92, prefix="tensor(")
        line = " ".join(rows.split())
        shown = line if len(line) <= 60 else rows
    else:
        # A few of the first and the last element: even the corner of a tensor of many axes would be long.
        flat = value.flat if value.ndim <= 32 else value.reshape(-1)  # where NumPy's iterator ends
        first = ", ".join(map(_number, flat[:3]))
        shown = f"{Spec.of(value)!r}" + (f" [{first}, ..., {_number(flat[-1])}]" if value.size else "")
    short = type(value) is not Spec and 0 < value.size <= 24 and value.ndim <= 2
    if short and value.dtype not in (np.float64, np.int64, np.bool_, np.complex128):
        notes.append(f"dtype={value.dtype}")
    if self._name is not None:
        notes.append(f"name={self._name if len(self._name) <= 40 else self._name[:37] + '...'!r}")
    if node is not None:
        notes.append("requires_grad=True" if node.is_leaf else f"op={node.op.name}")
    return f"tensor({', '.join([shown, *notes])})"


def _number(value: Any) -> str:
    return np.array2string(np.asarray(value))


def _format_tensor(self: Tensor, spec: str) -> str:
    if not spec:
        return _represent(self)
    # What is printed decides nothing: no explanation need hear of it.
    value = _concrete(self, "a format needs a value") if type(self._value) is Spec else self._value
    if not value.shape:
        return format(value.item(), spec)
    if value.size:
        format(value.reshape(-1)[0].item(), spec)  # a wrong specification raises here, in Python's own words
    shown = functools.partial(_format_element, spec=spec)
    return np.array2string(value, separator=", ", threshold=100, edgeitems=2, formatter={"all": shown})


def _format_element(value: Any, spec: str) -> str:
    return format(value.item(), spec)


def reduce(self: Tensor) -> tuple[Any, ...]:
    """What a pickle or a deep copy of a leaf is made from: values, leaf or data, name and gradient."""
    value = _concrete(self, "a pickle needs values")
    tracked = is_tracked(self)
    if tracked and not self.is_leaf:
        raise TrackedError(
            "a tracked result cannot be pickled or deep-copied: its graph would have to come along.",
            where=here(),
            help="pickle t.detach(), or the leaves that it was computed from.",
        )
    return rebuild, (value, tracked, self._name, self._grad)


def rebuild(value: Any, tracked: bool, name: str | None, grad: Tensor | None) -> Tensor:
    """The tensor that ``reduce`` described; raises OperandError for values that are no numbers."""
    if not isinstance(value, np.ndarray | np.generic) or value.dtype.kind not in "fciub":
        raise OperandError("this pickle holds no tensor.")
    if isinstance(value, np.ndarray):
        # A pickle with buffers of its own may lend memory that is read-only or shared.
        value = np.array(value, order="C") if value.ndim else value[()]
    made = make(value, None)
    made._name = name
    made._grad = grad
    if tracked:
        made._node = leaf(value, made, name)
    return made


INSTALLED = {
    "__float__": _as_float,
    "__int__": _as_int,
    "__complex__": _as_complex,
    "__index__": _as_index,
    "__bool__": _as_bool,
    "__array__": _as_array,
    "item": item,
    "tolist": tolist,
    "numpy": numpy,
    "detach": detach,
    "__contains__": _contains,
    "__len__": _length,
    "__iter__": _iterate,
    "__repr__": _represent,
    "__format__": _format_tensor,
    "__reduce__": reduce,
}

for _name, _method in INSTALLED.items():
    setattr(Tensor, _name, _method)
