"""The one way in which an operation enters the graph: ``apply`` handles every case.

The doors in doors.py do the same for the common case, faster.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.errors import AdjointError, ArgumentError, DtypeError, OperandError
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.modes import MODE, Mode
from adjoint.primitives.record import Namespace, Primitive
from adjoint.primitives.structure import CUT, ITEM, LEAF
from adjoint.site import here, user_frame
from adjoint.tensor import Tensor

#: A tensor with nothing in it yet: by this way around the class, twice as fast as ``object.__new__``.
blank: Callable[[], Tensor] = type.__call__.__get__(Tensor)
_mode = MODE.get
#: Creation numbers: a node's inputs always have smaller ones.
next_seq: Callable[[], int] = itertools.count().__next__

#: Untracked operands up to this size stand in ``inputs`` as themselves.
SMALL = 64

F64 = np.dtype(np.float64)


def normalize(value: Any, op: str = "the operation") -> Any:
    """An untracked operand as a plain ndarray, NumPy scalar or Python number.

    Raises OperandError for anything that is not numeric.
    """
    kind = type(value)
    if kind is float or kind is int or kind is complex or kind is bool:
        return value
    if kind is np.ndarray or isinstance(value, np.generic):
        array = value
    elif isinstance(value, np.ma.MaskedArray):
        raise OperandError(f"{op} does not take masked arrays.", where=here(), help="use value.filled(...) and where.")
    elif isinstance(value, np.matrix):
        # Its * is a matrix product, which an elementwise rule would silently not be.
        raise OperandError(
            f"{op} does not take np.matrix.", where=here(), help="write np.asarray(m), and @ for products."
        )
    elif isinstance(value, list | tuple) and _holds_tensor(value):
        raise OperandError(
            f"{op} got a {kind.__name__} of tensors.", where=here(), help="join them with adjoint.numpy.stack first."
        )
    else:
        try:
            array = np.asarray(value)
        except (TypeError, ValueError) as error:
            raise OperandError(f"{op} cannot use {kind.__name__} as a number.", where=here()) from error
    if array.dtype.kind not in "fciub" or array.dtype.hasobject:
        raise OperandError(
            f"{op} cannot use {kind.__name__} {_short(value)} as a number.",
            where=here(),
            help="pass numbers, arrays or tensors.",
        )
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return array


def _holds_tensor(values: Any) -> bool:
    return any(type(v) is Tensor or (isinstance(v, list | tuple) and _holds_tensor(v)) for v in values)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def leaf(value: Any, tensor: Tensor | None = None, name: str | None = None) -> Node:
    """A new leaf node that holds a value (or a Spec) and, weakly, the tensor that it belongs to."""
    frame = user_frame(2)
    node = Node()
    node.op = LEAF
    node.inputs = ()
    node.params = None if tensor is None else {"tensor": tensor._weak()}
    node.shape = value.shape
    node.dtype = value.dtype
    node.saved = (value,)
    node.code = frame.f_code
    node.lasti = frame.f_lasti
    node.seq = next_seq()
    node.name = name
    mode = _mode()
    node.scope = None if mode is None else mode.scope
    node.origin = None
    return node


def record(
    op: Primitive,
    inputs: tuple[Any, ...],
    params: dict[str, Any] | None,
    shape: Any,
    dtype: Any,
    saved: Any,
    name: str | None = None,
) -> Node:
    """A new node at the user's current line."""
    mode = _mode()
    node = Node()
    node.op = op
    node.inputs = inputs
    node.params = params or None
    node.shape = shape
    node.dtype = dtype
    node.saved = saved
    node.seq = next_seq()
    node.name = name
    if mode is not None and mode.origin is not None:
        origin = mode.origin
        node.origin = origin
        node.code = origin[0].code
        node.lasti = origin[0].lasti
        node.scope = origin[0].scope
    else:
        frame = user_frame(2)
        node.code = frame.f_code
        node.lasti = frame.f_lasti
        node.scope = None if mode is None else mode.scope
        node.origin = None
    return node


def apply(op: Primitive, operands: tuple[Any, ...], params: dict[str, Any] | None = None) -> Any:
    """The result of a primitive on operands, recorded where it must be: a Tensor, or a tuple of them.

    Operands are tensors, arrays or numbers; params are already in the record's normal form.
    Raises ShapeError, DtypeError, ArgumentError or OperandError in the user's terms.
    """
    values: list[Any] = []
    nodes: list[Node | None] = []
    lent: list[Any] = []
    traced = False
    mode = _mode()
    tracing = None if mode is None else mode.tracing
    if tracing is not None:
        operands = tracing.operands(op, operands, params)
    for operand in operands:
        if type(operand) is Tensor:
            value = operand._value
            traced = traced or type(value) is Spec
            nodes.append(operand._node)
        else:
            value = normalize(operand, op.name)
            nodes.append(None)
            if type(value) is np.ndarray:
                lent.append(value)
        values.append(value)
    if traced and mode is not None and mode.held is not None:
        # A node does not hold its value, and whoever batches this trace will want it.
        mode.held.update((n, o) for n, o in zip(nodes, operands) if n is not None and type(o._value) is not Spec)
    everything = mode is not None and mode.everything
    if everything and mode.listener is not None:  # type: ignore[union-attr]
        mode.listener.trying(op, operands)  # type: ignore[union-attr]
    out = _infer(op, values, params) if traced else _compute(op, values, params)
    if lent and not traced:
        out = tuple(_unshared(o, lent) for o in out) if op.several else _unshared(out, lent)
    tracked = 0
    for i, node in enumerate(nodes):
        if node is not None:
            tracked |= 1 << i
    keep = mode is None or mode.recording
    if not (traced or everything) and not (keep and tracked and op.differentiable):
        return _wrap(op, out, None, params)
    if not (traced or everything) and not op.several and out.dtype.kind not in "fc":
        return _wrap(op, out, None, params)
    made = record_result(op, operands, values, nodes, params, out, tracked, traced)
    if tracing is not None:
        return tracing.result(op, operands, made)
    return made if keep or not traced or not op.differentiable else _cut(op, made)


def _cut(op: Primitive, made: Any) -> Any:
    """A traced result where recording is off: the value goes on, its gradient does not."""
    if op.several:
        return tuple(one if one._node is None else apply(CUT, (one,), {"by": "no_grad"}) for one in made)
    return apply(CUT, (made,), {"by": "no_grad"})


def _unshared(out: Any, lent: list[Any]) -> Any:
    """A result that is no view of the caller's arrays: those may change at any time."""
    if type(out) is np.ndarray and any(
        out is a or (out.base is not None and np.may_share_memory(out, a)) for a in lent
    ):
        return out.copy("K")
    return out


def record_result(
    op: Primitive,
    operands: tuple[Any, ...],
    values: list[Any],
    nodes: list[Node | None],
    params: dict[str, Any] | None,
    out: Any,
    tracked: int,
    traced: bool,
) -> Any:
    """The tensor (or tuple) of a result, with a node that holds what the rules of the tracked inputs need."""
    mode = _mode()
    everything = mode is not None and mode.everything
    if mode is not None and everything:
        # Arrays and untracked tensors become leaves of their own, so that a replay is complete.
        for i, value in enumerate(values):
            if nodes[i] is None and not isinstance(value, bool | int | float | complex):
                nodes[i] = held = _captured(mode, operands[i], value)
                values[i] = held.saved[0]
            elif nodes[i] is not None and mode.listener is not None and not mode.listener.knows(nodes[i], value):
                nodes[i] = _captured(mode, operands[i], value)
    flags = op.flags(tracked) if op.differentiable and not traced else ()
    inputs: list[Any] = []
    for i, value in enumerate(values):
        node = nodes[i]
        if node is not None:
            inputs.append(node)
            continue
        if op.arity is None:
            saving = bool(flags) and (flags[0] or (flags[2] and value_is_index(value)))
        else:
            saving = bool(flags) and flags[i]
        small = not isinstance(value, np.ndarray) or value.nbytes <= SMALL
        if isinstance(value, np.ndarray) and type(operands[i]) is not Tensor and (saving or small or traced):
            value = values[i] = value.copy("K")
        inputs.append(value if small or traced else Spec.known(value.shape, value.dtype))
    saved: Any = None
    if any(flags):
        if op.arity is None:
            kept: tuple[Any, ...] | None = tuple(values) if flags[0] else None
            if not flags[0] and flags[2] and any(map(value_is_index, values)):
                kept = tuple(v if value_is_index(v) else None for v in values)
            saved = None if kept is None and not flags[1] else (kept, out if flags[1] else None)
        else:
            saved = (*(v if f else None for v, f in zip(values, flags, strict=False)), out if flags[-1] else None)
    if op.several:
        specs = tuple(Spec.of(o) for o in out)
        node = record(op, tuple(inputs), params, specs, None, saved)
    else:
        node = record(op, tuple(inputs), params, out.shape, out.dtype, saved)
    if mode is not None and everything:
        dead = mode.dead
        if not op.differentiable or all(type(i) is not Node or i in dead for i in inputs):
            dead.add(node)
        if mode.listener is not None:
            mode.listener.recorded(node, out)
        if not mode.recording and node not in dead and not op.several:
            node = record(CUT, (node,), {"by": mode.cut or "no_grad"}, out.shape, out.dtype, None)
            dead.add(node)
            if mode.listener is not None:
                mode.listener.recorded(node, out)
    return _wrap(op, out, node, params)


def _captured(mode: Mode, operand: Any, value: Any) -> Node:
    """In an explanation: a node for an array or an untracked tensor, through which no gradient passes."""
    if mode.listener is not None:
        node: Node = mode.listener.captured(operand, value)
    elif type(operand) is Tensor:
        node = leaf(value, None, operand._name)
    else:
        node = leaf(value.copy("K"), None, None)  # the caller may change the array
    mode.dead.add(node)
    return node


def value_is_index(value: Any) -> bool:
    """Whether an operand is an array of integers or booleans: what indexing rules keep."""
    return getattr(value, "dtype", F64).kind in "iub"


def _wrap(op: Primitive, out: Any, node: Node | None, params: dict[str, Any] | None) -> Any:
    view = bool(op.view) and op.is_view(params)
    if not op.several:
        return make(out, node, view and (bool(op.params) or out.shape != ()))  # np.real(0-d) is a number, and no view
    results = []
    for i, value in enumerate(out):
        item = None
        if node is not None and (value.dtype.kind in "fc" or type(value) is Spec):
            item = record(ITEM, (node,), {"index": i}, value.shape, value.dtype, None)
            mode = _mode()
            if mode is not None and mode.everything:
                if node in mode.dead:
                    mode.dead.add(item)
                if mode.listener is not None:
                    mode.listener.recorded(item, value)
        results.append(make(value, item, view))
    return tuple(results)


def make(value: Any, node: Node | None, view: Any = False) -> Tensor:
    """A Tensor around a value that nobody else may change."""
    tensor = blank()
    tensor._value = value
    tensor._node = node
    tensor._grad = None
    tensor._name = None
    tensor._view = view
    return tensor


def _compute(op: Primitive, values: list[Any], params: dict[str, Any] | None) -> Any:
    try:
        out = op.value(*values, **params) if params else op.value(*values)
    except AdjointError as error:
        if error.where is None:
            error.where = here()
        raise
    except np.linalg.LinAlgError:
        _infer(op, values, params)  # unless shapes are to blame, the words of linear algebra stand
        raise
    except ZeroDivisionError:  # of two plain numbers, where NumPy gives inf or nan
        out = op.value(*map(np.asarray, values))
    except OverflowError as error:
        raise DtypeError(f"{op.name}: {error}.", where=here(), help="convert with astype first.") from error
    except (TypeError, ValueError, IndexError) as error:
        # The spec rule says in our words what does not fit; if it has no objection, NumPy's words stand.
        _infer(op, values, params)
        kind = DtypeError if isinstance(error, TypeError) else ArgumentError
        shown = ", ".join(repr(v if isinstance(v, bool | int | float | complex) else Spec.of(v)) for v in values)
        help = "NumPy refuses these values: change them, or convert them first (x.astype(float))."
        raise kind(f"{op.name}({shown}) failed: {error}", where=here(), help=help) from error
    if op.several:
        return tuple(o if isinstance(o, np.ndarray | np.generic) else np.asarray(o) for o in out)
    return out if type(out) is np.ndarray or isinstance(out, np.generic) else np.asarray(out)


def _infer(op: Primitive, values: list[Any], params: dict[str, Any] | None) -> Any:
    # Python's numbers stay themselves, because their dtype is weak; that of np.float64 is not.
    specs = [v if type(v) in (bool, int, float, complex) else Spec.of(v) for v in values]
    try:
        return op.spec(*specs, **(params or {}))
    except AdjointError as error:
        if error.where is None:
            error.where = here()
        raise


#: The namespace that records: every primitive as a function of tensors (doors.py fills it).
RECORD = Namespace()
