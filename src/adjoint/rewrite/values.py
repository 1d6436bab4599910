"""Values of a graph being rewritten: keys by which equal ones are found, and constants computed ahead."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.errors import AdjointError
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.primitives.record import REGISTRY, Primitive
from adjoint.primitives.structure import ITEM

#: Operations whose result does not depend on the order of their two operands, to the last bit.
COMMUTES = frozenset({"add", "multiply", "equal", "not_equal", "logical_and", "logical_or", "logical_xor"})

#: Constants are computed ahead where the result takes no more bytes than this, or than the operands.
SMALL = 512

NUMBERS = (bool, int, float, complex)


def token(value: Any) -> Any:
    """A hashable key, equal for constants and parameters that compute the same: 0.0, -0.0, 0 and False all differ."""
    kind = type(value)
    if kind is Node or value is None or value is Ellipsis or kind is str:
        return value
    if kind is float:
        return (kind, value if value == value and value else repr(value))
    if kind is int or kind is bool:
        return (kind, value)
    if isinstance(value, tuple | list):
        return tuple(map(token, value))
    if isinstance(value, int):
        return (int, int(value))
    if kind is slice:
        return (slice, token(value.start), token(value.stop), token(value.step))
    if isinstance(value, np.generic):
        return (value.dtype.str, value.tobytes())
    if isinstance(value, np.ndarray) and value.nbytes <= 1 << 20:
        return (value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, np.dtype):
        return (np.dtype, value.str)
    if kind is complex:
        return (kind, repr(value))
    return (kind, id(value))


def _pointwise(op: Primitive) -> bool:
    if op.name in {"cut", "alias", "argsort"} or op.several or op.params:
        return False
    return op.family in {"elementwise", "router"} or (op.family == "blocked" and callable(op.emit))


def pointwise(op: Primitive) -> bool:
    """Whether an operation works element by element on operands that broadcast."""
    known = _known.get(op)
    if known is None:
        _known[op] = known = REGISTRY.get(op.name) is op and _pointwise(op)
    return known


_known: dict[Primitive, bool] = {}


def key(op: Primitive, inputs: tuple[Any, ...], params: Any, memo: dict[int, Any]) -> Any:
    """What is equal for nodes that compute the same, and for no others; ``memo`` is a room for keys of params."""
    if REGISTRY.get(op.name) is not op and op is not ITEM:
        return (op, object())  # a user's own operation may do anything: it is never shared
    weak = False
    for i in inputs:
        if type(i) is float or type(i) is int:
            weak = True
    if weak and pointwise(op):
        inputs = _strong(inputs)
    parts = tuple([i if type(i) is Node else token(i) for i in inputs])
    if len(parts) == 2 and op.name in COMMUTES:
        one, two = parts
        if type(two) is Node and (type(one) is not Node or one.seq > two.seq):
            parts = (two, one)
    if not params:
        return (op, parts)
    known = memo.get(id(params))
    if known is None:
        made = tuple([token(params[k]) for k in op.params])
        known = memo[id(params)] = (params, made)
    return (op, parts, known[1])


def spec_of(op: Primitive, inputs: tuple[Any, ...], params: Any) -> Spec:
    """The shape and dtype of a result."""
    given = [i if type(i) in NUMBERS else i.spec if type(i) is Node else Spec.of(i) for i in inputs]
    return op.spec(*given, **(params or {}))


def constant(op: Primitive, inputs: tuple[Any, ...], params: Any, spec: Spec) -> Any:
    """The value of an operation on constants, or None where it is too large to be kept or not defined."""
    if any(type(i) is Spec for i in inputs):
        return None
    if spec.nbytes > max(SMALL, sum(getattr(i, "nbytes", 8) for i in inputs)):
        return None
    try:
        with np.errstate(all="ignore"):
            value = op.value(*inputs, **(params or {}))
    except (AdjointError, ArithmeticError, ValueError, IndexError, TypeError, np.linalg.LinAlgError):
        return None  # it is computed where the user's program would, and fails there in the user's terms
    value = np.asarray(value)
    if value.shape != spec.shape or value.dtype != spec.dtype:
        return None
    if not value.shape:
        return value[()]
    value = np.array(value)
    value.setflags(write=False)
    return value


def uniform(value: Any, memo: dict[int, Any]) -> Any:
    """The one number that all entries of a constant are, to the bit, as a Python number; else None."""
    while type(value) is Node:
        if value.op.name not in {"broadcast_to", "reshape"}:
            return None
        value = value.inputs[0]
    if type(value) in NUMBERS:
        return value
    if isinstance(value, np.generic):
        return value.item() if value.dtype.kind in "fciub" else None
    if not isinstance(value, np.ndarray) or not value.size:
        return None
    known = memo.get(id(value))
    if known is None:
        known = memo[id(value)] = (value, _uniform(value))
    return known[1]


def _strong(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Operands with Python's numbers in the dtype that they take beside an operand of floating point.

    Only for keys: ``1.0 / x`` and ``np.float32(1.0) / x`` are one value for an x in single precision.
    """
    kinds = {i.dtype for i in inputs if hasattr(i, "dtype") and i.dtype is not None and i.dtype.kind in "fc"}
    if len(kinds) != 1:
        return inputs
    (kind,) = kinds
    made = [kind.type(i) if type(i) in (float, int) and abs(i) < 1e30 and kind.itemsize > 2 else i for i in inputs]
    return tuple(made)


def _uniform(array: Any) -> Any:
    first, last = array.flat[0], array.flat[-1]
    if first != last or array.dtype.kind not in "fciub":
        return None
    if any(array.strides) and array.size > 1:
        if not bool((array == first).all()):
            return None
        if first == 0 and array.dtype.kind in "fc":
            flat = np.ascontiguousarray(array).view(np.uint8).reshape(array.size, -1)
            if not bool((flat == flat[0]).all()):
                return None
    return first.item()
