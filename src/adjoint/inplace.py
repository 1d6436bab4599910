"""Writing to a tensor: ``x[i] = v``, ``x += v`` and the rest of their kind.

Nodes never change. A write rebinds the tensor to a new node (or, for a leaf under ``no_grad``, to
a new leaf node), so older history keeps its values. Where the tensor alone holds its memory and no
rule saved it, the numbers change in place; nobody can tell but the clock.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

import numpy as np

from adjoint import operators
from adjoint.apply import SMALL, apply, leaf, make, normalize, record_result
from adjoint.errors import DtypeError, InPlaceError, ShapeError
from adjoint.graph.node import FREED, Node
from adjoint.graph.spec import Spec, dtype_name
from adjoint.modes import MODE, recording, tracing
from adjoint.primitives import elementwise
from adjoint.primitives.index import set_at
from adjoint.primitives.movement import astype
from adjoint.primitives.places import fill, split_index
from adjoint.primitives.record import Primitive
from adjoint.primitives.structure import LEAF
from adjoint.site import here, instructions
from adjoint.tensor import Tensor

#: From this many bytes on, a leaf is overwritten even where an old history still stands on it. No derivative needs
#: the old values then (no rule holds them); an explanation of that history says that they are gone.
LARGE = 1 << 16


def _holders(tensor: Tensor) -> int:
    value = tensor._value
    return sys.getrefcount(value)


def _node_holders(tensor: Tensor) -> int:
    node = tensor._node
    return sys.getrefcount(node)


# What the counts are when nobody else holds them: found out rather than known, since Python versions differ.
_probe = make(np.zeros(1), None)
_ALONE = _holders(_probe)
_probe._node = Node.__new__(Node)
_NODE_ALONE = _node_holders(_probe)


def owns_memory(tensor: Tensor) -> bool:
    """Whether nobody but this tensor (and its own leaf node) can see the memory of its values."""
    value = tensor._value
    if type(value) is not np.ndarray or value.base is not None or not value.flags.writeable:
        return False
    del value
    if is_user_leaf(tensor):
        if _holders(tensor) != _ALONE + 1:
            return False
        return value_is_large(tensor) or _node_holders(tensor) == _NODE_ALONE
    return _holders(tensor) == _ALONE


def value_is_large(tensor: Tensor) -> bool:
    """Whether overwriting is worth more than what an old history would still show of these values."""
    return bool(tensor._value.nbytes >= LARGE)


def is_user_leaf(tensor: Tensor) -> bool:
    """Whether a tensor is what the user made with ``requires_grad=True`` (not a function's own argument)."""
    node = tensor._node
    return node is not None and node.op is LEAF and node.params is not None and node.params["tensor"]() is tensor


def rebind(tensor: Tensor, value: Any, node: Node | None) -> None:
    """Gives a tensor new values: a new node, or a new leaf node where it is a leaf."""
    if is_user_leaf(tensor):
        node = leaf(value, tensor, tensor._name)
    tensor._value = value
    tensor._node = node


def _writable(tensor: Tensor, form: str) -> None:
    """Raises InPlaceError where a write would corrupt recorded history, a view's base, or what a trace captured."""
    trace = tracing()
    if trace is not None:
        trace.writing(tensor, form)
    if tensor._view:
        raise InPlaceError(
            f"{form}: NumPy would make this result a view, and the write would change another array too.",
            where=here(),
            help="write to that array in one step (x[i, j] = v), or take a copy first: y = y.copy().",
        )
    if is_user_leaf(tensor) and recording():
        name = "" if tensor._name is None else f" {tensor._name!r}"
        raise InPlaceError(
            f"{form} would change the leaf{name} while operations are recorded.",
            where=here(),
            help="update it inside `with ad.no_grad():`, or make a new tensor (w = w + v).",
        )


def write(self: Tensor, key: Any, v: Any, /) -> None:
    """``x[key] = v``: the written places take v and its gradient, the rest keep theirs."""
    _writable(self, "x[i] = v")
    trace = tracing()
    template, arrays = split_index(operators.plain_index(key if trace is None else trace.unmasked(key)))
    if not _write_in_place(self, template, arrays, v):
        out = apply(set_at, (self, v, *arrays), {"index": template})
        rebind(self, out._value, out._node)


def _write_in_place(x: Tensor, template: tuple[Any, ...], arrays: tuple[Any, ...], v: Any) -> bool:
    """Writes into the tensor's own memory where nobody can tell; False where that cannot be (nothing has changed)."""
    mode = MODE.get()
    if (mode is not None and mode.everything) or not owns_memory(x):
        return False
    operands = (x, v, *arrays)
    plan = _record_plan(x, operands, set_at)
    if plan is None:
        return False
    values, nodes, tracked = plan
    out, given = values[0], values[1]
    if not np.can_cast(np.result_type(given), out.dtype, "same_kind"):
        return False
    try:
        out[fill(template, tuple(values[2:]))] = given
    except (IndexError, ValueError, TypeError, OverflowError):
        return False  # NumPy refuses before it writes; the record's rule says why in our words
    _recorded(x, set_at, operands, values, nodes, {"index": template}, tracked)
    return True


def _recorded(
    x: Tensor, op: Primitive, operands: tuple[Any, ...], values: list[Any], nodes: list[Any], params: Any, tracked: int
) -> None:
    """Records an operation that has already overwritten the memory of ``x``."""
    if tracked:
        x._node = record_result(op, operands, values, nodes, params, values[0], tracked, False)._node
    elif not is_user_leaf(x):
        x._node = None
    elif _node_holders(x) != _NODE_ALONE:
        old = x._node
        x._node = leaf(x._value, x, x._name)
        if old is not None:
            old.saved = FREED


def _record_plan(x: Tensor, operands: tuple[Any, ...], op: Primitive) -> tuple[list[Any], list[Any], int] | None:
    """Values, nodes and tracked inputs of an operation that may overwrite its first operand, or None if it may not."""
    values: list[Any] = []
    nodes: list[Any] = []
    tracked = 0
    keep = recording()
    for i, operand in enumerate(operands):
        held = type(operand) is Tensor
        values.append(operand._value if held else normalize(operand, op.name))
        nodes.append(operand._node if held and keep else None)
        if nodes[i] is not None:
            tracked |= 1 << i
        if type(values[i]) is Spec:
            return None
    if tracked and (op.flags(tracked)[0] and op.arity is not None):
        return None  # a rule keeps the old values
    if tracked and nodes[0] is None and values[0].nbytes <= SMALL:
        return None  # the node holds the old values as a constant
    return values, nodes, tracked


def _augmented(symbol: str, compute: Callable[[Any, Any], Any], op: Primitive | None, ufunc: Any) -> Callable[..., Any]:
    """The method of ``x += v`` from the operator's door, and the ufunc that can do it in place."""
    form = f"x {symbol}= v"

    def update(self: Tensor, v: Any, /) -> Any:
        if self._view and _stored_back(self):
            return compute(self, v)  # x[i] += v: the result goes to x by x[i] = ..., nothing is lost
        _writable(self, form)
        own = is_user_leaf(self)
        if not own and not self._value.shape:
            return compute(self, v)
        if op is not None and _update_in_place(self, v, op, ufunc):
            return self
        out = compute(self, v)
        if out is NotImplemented:
            return out
        value = self._value
        if out.shape != value.shape:
            raise ShapeError(
                f"{form} cannot grow {Spec.of(value)!r} to {Spec.of(out._value)!r}.",
                where=here(),
                help=f"write x = x {symbol} v for a new tensor.",
            )
        if out.dtype != value.dtype:
            if not np.can_cast(out.dtype, value.dtype, "same_kind"):
                raise DtypeError(
                    f"{form} gives {dtype_name(out.dtype)}, which {Spec.of(value)!r} cannot hold.",
                    where=here(),
                    help=f"write x = x {symbol} v for a new tensor, or x = x.astype(...) first.",
                )
            out = apply(astype, (out,), {"dtype": value.dtype})
        rebind(self, out._value, out._node)
        return self

    return update


def _update_in_place(x: Tensor, v: Any, op: Primitive, ufunc: Any) -> bool:
    mode = MODE.get()
    if (mode is not None and mode.everything) or not owns_memory(x):
        return False
    plan = _record_plan(x, (x, v), op)
    if plan is None:
        return False
    values, nodes, tracked = plan
    out = values[0]
    if tracked and np.result_type(*values) != out.dtype:
        return False  # the cast back is an operation of its own
    try:
        ufunc(out, values[1], out=out, casting="same_kind")
    except (ValueError, TypeError):
        return False  # NumPy refuses before it writes
    _recorded(x, op, (x, v), values, nodes, None, tracked)
    return True


def _stored_back(view: Tensor) -> bool:
    """Whether the running ``+=`` is that of an ``x[i] += v`` whose ``x[i]`` gave this view: it is stored back next.

    A view from elsewhere (``views[0] += v`` on a list of them) is not: NumPy would write through it.
    """
    place = view._view
    frame = sys._getframe(2)  # whoever wrote the +=, also inside this package
    if type(place) is not tuple or place[0] is not frame.f_code:
        return False
    return place[1] in _item_updates(frame.f_code).get(frame.f_lasti, ())


@functools.lru_cache(maxsize=256)
def _item_updates(code: CodeType) -> dict[int, range]:
    """The offsets of every ``+=`` of an ``x[i] += v``, with those of its ``x[i]``."""
    found: dict[int, range] = {}
    read: range | None = None
    update = range(0)
    before = ""
    for instruction, span in instructions(code):
        name = instruction.opname
        if name in ("CACHE", "NOP", "EXTENDED_ARG"):
            continue
        if before == "COPY" and (name in ("BINARY_SUBSCR", "BINARY_SLICE") or instruction.argrepr == "[]"):
            read = span  # x and i were copied: they will be needed again to store
        elif name == "BINARY_OP" and instruction.argrepr.endswith("="):
            update = span
        elif name in ("STORE_SUBSCR", "STORE_SLICE") and before == "SWAP" and read is not None:
            found.update(dict.fromkeys(update, read))
            read = None
        elif name != "SWAP":
            update = range(0)
        before = name
    return found


_DOORS = operators.INSTALLED
_UPDATES: dict[str, tuple[str, Primitive | None, Any]] = {
    "add": ("+", elementwise.add, np.add),
    "sub": ("-", elementwise.subtract, np.subtract),
    "mul": ("*", elementwise.multiply, np.multiply),
    "truediv": ("/", elementwise.divide, np.true_divide),
    "floordiv": ("//", None, None),
    "mod": ("%", None, None),
    "pow": ("**", None, None),
    "matmul": ("@", None, None),
    "and": ("&", None, None),
    "or": ("|", None, None),
    "xor": ("^", None, None),
}

INSTALLED: dict[str, Callable[..., Any]] = {
    f"__i{name}__": _augmented(symbol, _DOORS[f"__{name}__"], op, ufunc)
    for name, (symbol, op, ufunc) in _UPDATES.items()
    if f"__{name}__" in _DOORS
}
INSTALLED["__setitem__"] = write

for _name, _method in INSTALLED.items():
    setattr(Tensor, _name, _method)
