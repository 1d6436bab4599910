"""NumPy's products of matrices, vectors and tensors, all by matmul."""

from __future__ import annotations

import math
from typing import Any

from adjoint.errors import ShapeError
from adjoint.functions import elementwise as e
from adjoint.functions.common import operand, shape_of
from adjoint.functions.movement import expand_dims, ravel, reshape, transpose
from adjoint.primitives.specs import normal_axis
from adjoint.site import here

#: The matrix product of all ranks, as ``@``: the door of the record itself.
matmul = e.door_of(
    "matmul",
    "matmul([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])",
    "tensor([3., 7.])",
    "Computes the matrix product x @ y, of vectors, matrices and stacks of matrices.",
)


def dot(a: Any, b: Any) -> Any:
    """The product over the last axis of ``a`` and the second-to-last (or only) axis of ``b``.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    tensor(11.)
    """
    a, b = operand(a, "dot"), operand(b, "dot")
    m, n = len(shape_of(a)), len(shape_of(b))
    if m == 0 or n == 0:
        return e.multiply(a, b)
    if m <= 2 and n <= 2:
        return matmul(a, b)
    return tensordot(a, b, ((-1,), (-1,) if n == 1 else (-2,)))


def vdot(a: Any, b: Any) -> Any:
    """The inner product of all entries, the first argument conjugated.

    >>> vdot([[1.0, 2.0]], [[3.0, 4.0]])
    tensor(11.)
    """
    return matmul(ravel(e.conj(a)), ravel(b))


def inner(a: Any, b: Any) -> Any:
    """The product over the last axes of both.

    >>> inner([1.0, 2.0], [3.0, 4.0])
    tensor(11.)
    """
    a, b = operand(a, "inner"), operand(b, "inner")
    if not shape_of(a) or not shape_of(b):
        return e.multiply(a, b)
    return tensordot(a, b, ((-1,), (-1,)))


def outer(a: Any, b: Any) -> Any:
    """Every entry of ``a`` times every entry of ``b``.

    >>> outer([1.0, 2.0], [3.0, 4.0]).tolist()
    [[3.0, 4.0], [6.0, 8.0]]
    """
    return e.multiply(expand_dims(ravel(a), 1), expand_dims(ravel(b), 0))


def kron(a: Any, b: Any) -> Any:
    """Every entry of ``a`` replaced by itself times the whole of ``b``.

    >>> kron([1.0, 3.0], [1.0, 2.0])
    tensor([1., 2., 3., 6.])
    """
    a, b = operand(a, "kron"), operand(b, "kron")
    n = max(len(shape_of(a)), len(shape_of(b)))
    left, right = ((1,) * (n - len(shape_of(x))) + shape_of(x) for x in (a, b))
    paired = [
        (size for pair in zip(*shapes, strict=True) for size in pair)
        for shapes in ((left, (1,) * n), ((1,) * n, right))
    ]
    wide, narrow = (reshape(x, tuple(shape)) for x, shape in zip((a, b), paired, strict=True))
    return reshape(e.multiply(wide, narrow), tuple(i * j for i, j in zip(left, right, strict=True)))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """The product summed over some axes of both: a number of them, or a pair of lists.

    >>> tensordot([[1.0, 2.0]], [[3.0], [4.0]], 1)
    tensor([[11.]])
    """
    a, b = operand(a, "tensordot"), operand(b, "tensordot")
    m, n = len(shape_of(a)), len(shape_of(b))
    if hasattr(axes, "__index__"):
        k = axes.__index__()
        left, right = tuple(range(m - k, m)), tuple(range(k))
    else:
        left, right = (tuple(i) if isinstance(i, tuple | list) else (i,) for i in axes)
    left = tuple(normal_axis("tensordot", i, m) + m for i in left)
    right = tuple(normal_axis("tensordot", i, n) + n for i in right)
    sizes, others = [shape_of(a)[i] for i in left], [shape_of(b)[i] for i in right]
    if sizes != others:
        raise ShapeError(
            f"tensordot needs equal sizes on the summed axes, got {sizes} of {list(shape_of(a))} "
            f"and {others} of {list(shape_of(b))}.",
            where=here(),
            help="sum over axes that are equally long in both.",
        )
    rest = tuple(i for i in range(m) if i not in left)
    free = tuple(i for i in range(n) if i not in right)
    rows, columns = [shape_of(a)[i] for i in rest], [shape_of(b)[i] for i in free]
    inside = math.prod(sizes)
    flat = matmul(
        _matrix(a, (*rest, *left), (math.prod(rows), inside)), _matrix(b, (*right, *free), (inside, math.prod(columns)))
    )
    wanted = (*rows, *columns)
    return flat if shape_of(flat) == wanted else reshape(flat, wanted)


def _matrix(a: Any, order: tuple[int, ...], shape: tuple[int, int]) -> Any:
    turned = a if order == tuple(range(len(order))) else transpose(a, order)
    return turned if shape_of(turned) == shape else reshape(turned, shape)
