"""NumPy's linear algebra: what ``adjoint.numpy.linalg`` holds."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from adjoint.apply import apply
from adjoint.functions.common import dtype_of, operand, shape_of
from adjoint.functions.contractions import matmul, outer, tensordot
from adjoint.functions.elementwise import door_of
from adjoint.functions.movement import matrix_transpose
from adjoint.functions.picking import diagonal, trace
from adjoint.functions.reductions import norm
from adjoint.graph.spec import Spec
from adjoint.primitives import linalg as records

__all__ = [
    "SlogdetResult",
    "det",
    "diagonal",
    "inv",
    "matmul",
    "matrix_transpose",
    "norm",
    "outer",
    "slogdet",
    "solve",
    "tensordot",
    "trace",
]

#: The solution of linear systems: the door of the record itself.
solve = door_of(
    "solve",
    "solve([[2.0, 0.0], [0.0, 4.0]], [1.0, 1.0])",
    "tensor([0.5 , 0.25])",
    "Computes the solution x of a @ x = b, for one matrix or a stack; SingularError where there is none.",
)


#: The determinant: the door of the record itself.
det = door_of(
    "det",
    "det([[1.0, 2.0], [3.0, 4.0]])",
    "tensor(-2.)",
    "Computes the determinant of one matrix or a stack of them; its gradient exists for singular ones, too.",
)


class SlogdetResult(NamedTuple):
    """The sign of a determinant, and the logarithm of its size.

    >>> slogdet([[0.0, 1.0], [1.0, 0.0]]).sign
    tensor(-1.)
    """

    sign: Any
    logabsdet: Any


def slogdet(a: Any) -> SlogdetResult:
    """The sign and the logarithm of the absolute determinant, which neither overflows nor vanishes.

    >>> sign, log = slogdet([[2.0, 0.0], [0.0, 3.0]])
    >>> sign, log
    (tensor(1.), tensor(1.79175947))
    """
    return SlogdetResult(*apply(records.slogdet, (operand(a, "slogdet"),)))


def inv(a: Any) -> Any:
    """The inverse of a matrix, or of each in a stack.

    >>> inv([[2.0, 0.0], [0.0, 4.0]]).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    a = operand(a, "inv")
    records.square("inv", Spec.of(a))
    return solve(a, np.eye(shape_of(a)[-1], dtype=dtype_of(a)))
