"""Doors: what a record is called by. ``unary`` and ``binary`` make those for the common case.

The common case is tensors and floats with nothing special going on. There a door has the outcome
of ``apply`` with as few Python steps as we know how: no second call, no closure an operation, no
object that nobody asked for. Whatever is unusual it leaves to ``apply``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.apply import F64, RECORD, apply, blank, next_seq
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.modes import MODE, Mode
from adjoint.primitives.record import NUMPY, REGISTRY, Primitive
from adjoint.site import is_ours, user_frame
from adjoint.tensor import Tensor

#: By record: what puts another function into its doors, which hold the one that computes.
_switches: dict[str, list[Callable[[Callable[..., Any]], None]]] = {}
_frame = sys._getframe
_mode = MODE.get


def _traced(op: Primitive, operands: tuple[Any, ...], mode: Mode, known: dict[Any, Any]) -> Any:
    """The outcome of ``apply`` for scalars of float64 in a trace, in a third of its time; else what ``apply`` does.

    ``known`` holds the door's own specs, by the kinds of its operands.
    """
    trace = mode.tracing
    if trace is None or not mode.recording or mode.everything or mode.origin is not None:
        return apply(op, operands)
    first = trace.first
    inputs: list[Any] = []
    kinds: Any = 0
    for x in operands:
        kind = type(x)
        if kind is Tensor:
            value, x = x._value, x._node
            if type(value) is not Spec or value.shape or x is None or x.seq <= first:
                return apply(op, operands)
            if value.dtype is not F64 and value.dtype != F64:  # NumPy has copies of its own dtypes
                return apply(op, operands)
            kinds = kinds * 4 + 1
        elif kind is float:
            kinds = kinds * 4 + 2
        elif kind is int and -128 <= x < 128:
            kinds = kinds * 4 + 3
        else:
            return apply(op, operands)
        inputs.append(x)
    spec = known.get(kinds)
    if spec is None:
        made = apply(op, operands)
        if type(made) is Tensor and type(made._value) is Spec:
            known[kinds] = Spec(made.shape, made.dtype.type)
        return made
    f = _frame(2)
    code = f.f_code
    if is_ours(code.co_filename):
        f = user_frame(3)
        code = f.f_code
    n = Node()
    n.op = op
    n.inputs = tuple(inputs)
    n.params = n.name = n.origin = n.saved = None
    n.scope = mode.scope
    n.shape = spec.shape
    n.dtype = spec.dtype
    n.code = code
    n.lasti = f.f_lasti
    n.seq = next_seq()
    t = blank()
    t._value = spec
    t._node = n
    t._grad = t._name = None
    t._view = op.view is True and spec.shape != ()
    return trace.result(op, operands, t) if trace.weak else t


def compute_by(op: Primitive, function: Callable[..., Any]) -> None:
    """Let another function compute a record from now on, in every thread: in its doors, in rules, in replays."""
    object.__setattr__(op, "value", function)
    setattr(NUMPY, op.name, function)
    for switch in _switches.get(op.name, ()):
        switch(function)


def unary(op: Primitive) -> Callable[[Any], Any]:
    """The door of a record with one input and no parameters."""
    value = op.value
    keep_x, keep_out = op.flags(1)
    keeps = keep_x or keep_out
    differentiable = op.differentiable
    view = op.view is True
    known: dict[Any, Any] = {}

    def door(x: Any, /) -> Any:
        mode = _mode()
        if type(x) is not Tensor or (mode is not None and (mode.recording or mode.everything)):
            return apply(op, (x,)) if mode is None else _traced(op, (x,), mode, known)
        xv = x._value
        try:
            out = value(xv)
        except Exception:  # noqa: BLE001 - whatever it is, apply says it in the user's terms
            return apply(op, (x,))
        t = blank()
        t._value = out
        t._grad = t._name = None
        t._view = view and out.shape != ()  # of a number there are no views
        xn = x._node
        if xn is None or mode is not None or not differentiable:
            if type(xn) is Node and type(xv) is Spec:
                return apply(op, (x,))
            t._node = None
            return t
        f = _frame(1)
        code = f.f_code
        if is_ours(code.co_filename):
            f = f.f_back or f  # one frame of ours stands between where NumPy's protocol was used
            code = f.f_code
            if is_ours(code.co_filename):
                f = user_frame(2)
                code = f.f_code
        t._node = n = Node()
        n.op = op
        n.inputs = (xn,)
        n.params = n.name = n.scope = n.origin = None
        n.shape = out.shape
        n.dtype = out.dtype
        n.saved = (xv if keep_x else None, out if keep_out else None) if keeps else None
        n.code = code
        n.lasti = f.f_lasti
        n.seq = next_seq()
        return t

    def switch(function: Callable[..., Any]) -> None:
        nonlocal value
        value = function

    _switches.setdefault(op.name, []).append(switch)
    door.__name__ = door.__qualname__ = op.name
    return door


def binary(op: Primitive, flip: bool = False) -> Callable[[Any, Any], Any]:
    """The door of a record with two inputs and no parameters; ``flip`` for reflected operators."""
    value = op.value
    left, right, both = op.flags(1), op.flags(2), op.flags(3)
    differentiable = op.differentiable
    array = np.ndarray
    known: dict[Any, Any] = {}

    def door(x: Any, y: Any, /) -> Any:
        xn: Any
        yn: Any
        if flip:
            x, y = y, x
        mode = _mode()
        if mode is not None and (mode.recording or mode.everything):
            return _traced(op, (x, y), mode, known)
        if type(x) is Tensor:
            xv = x._value
            xn = x._node
            if type(y) is Tensor:
                yv = y._value
                yn = y._node
                flags = left if yn is None else both if xn is not None else right
            else:
                kind = type(y)
                if kind is array and y.dtype is F64:
                    # The caller may change the array later; what we keep must not change with it.
                    yv = y.copy("K") if xn is not None and (left[1] or y.nbytes <= 64) else y
                elif kind is float or kind is int:
                    yv = y
                else:
                    return apply(op, (x, y))
                yn = None
                flags = left
        elif type(y) is Tensor:
            kind = type(x)
            yv = y._value
            yn = y._node
            if kind is array and x.dtype is F64:
                xv = x.copy("K") if yn is not None and (right[0] or x.nbytes <= 64) else x
            elif kind is float or kind is int:
                xv = x
            else:
                return apply(op, (x, y))
            xn = None
            flags = right
        else:
            return apply(op, (x, y))
        try:
            out = value(xv, yv)
        except Exception:  # noqa: BLE001 - whatever it is, apply says it in the user's terms
            return apply(op, (x, y))
        t = blank()
        t._value = out
        t._grad = t._name = None
        t._view = False
        if (xn is None and yn is None) or mode is not None or not differentiable:
            if type(xv) is Spec or type(yv) is Spec:
                return apply(op, (x, y))
            t._node = None
            return t
        f = _frame(1)
        code = f.f_code
        if is_ours(code.co_filename):
            f = f.f_back or f  # one frame of ours stands between where NumPy's protocol was used
            code = f.f_code
            if is_ours(code.co_filename):
                f = user_frame(2)
                code = f.f_code
        t._node = n = Node()
        n.op = op
        if xn is None:
            xn = xv if type(xv) is not array or xv.nbytes <= 64 else Spec.known(xv.shape, xv.dtype)
        elif yn is None:
            yn = yv if type(yv) is not array or yv.nbytes <= 64 else Spec.known(yv.shape, yv.dtype)
        n.inputs = (xn, yn)
        n.params = n.name = n.scope = n.origin = None
        n.shape = out.shape
        n.dtype = out.dtype
        kx, ky, ko = flags
        n.saved = (xv if kx else None, yv if ky else None, out if ko else None) if kx or ky or ko else None
        n.code = code
        n.lasti = f.f_lasti
        n.seq = next_seq()
        return t

    def switch(function: Callable[..., Any]) -> None:
        nonlocal value
        value = function

    _switches.setdefault(op.name, []).append(switch)
    door.__name__ = door.__qualname__ = op.name
    return door


def door(op: Primitive) -> Callable[..., Any]:
    """The function that applies a record: ``f(*operands, **params)``."""
    if not op.params and not op.several and op.arity == 1:
        return unary(op)
    if not op.params and not op.several and op.arity == 2:
        return binary(op)

    def general(*operands: Any, **params: Any) -> Any:
        return apply(op, operands, params)

    general.__name__ = general.__qualname__ = op.name
    return general


def install_doors() -> None:
    """Gives the recording namespace a door for every record that does not have one yet."""
    known = vars(RECORD)
    for name, op in REGISTRY.items():
        if name not in known:
            setattr(RECORD, name, door(op))
