"""The operations that a definition may name: functions called with operands and named parameters."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import Any

from adjoint.errors import AdjointError, GraphError
from adjoint.functions import (
    contractions,
    cumulative,
    einsums,
    elementwise,
    joining,
    linalg,
    movement,
    neural,
    picking,
    reductions,
)
from adjoint.site import here
from adjoint.tensor import Tensor

Operation = Callable[..., Any]

_ELEMENTWISE = """
    add subtract multiply divide negative positive power square half_square sqrt reciprocal exp expm1 log log1p
    log2 log10 exp2 logaddexp xlogy cbrt hypot sin cos tan arctan2 sinh cosh tanh arcsin arccos arctan arcsinh arccosh
    arctanh absolute sign floor ceil trunc round remainder floor_divide maximum minimum
    where clip equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor logical_not
    bitwise_and bitwise_or bitwise_xor invert isnan isfinite isinf sigmoid softplus erf relu conj real imag astype copy
"""
_OTHERS: tuple[tuple[Any, str], ...] = (
    (elementwise, _ELEMENTWISE),
    (reductions, "sum prod max min argmax argmin mean var std all any logsumexp norm"),
    (cumulative, "cumsum cumprod"),
    (movement, "reshape ravel transpose matrix_transpose swapaxes moveaxis expand_dims squeeze broadcast_to flip pad"),
    (joining, "split array_split repeat tile roll"),
    (picking, "getitem take take_along_axis diagonal diag trace tril triu sort argsort diff"),
    (contractions, "matmul dot vdot inner outer tensordot kron"),
    (linalg, "solve slogdet det inv"),
    (neural, "softmax log_softmax"),
)


def _joined(function: Operation) -> Operation:
    """A function of a list of arrays as one of any number of operands."""

    def operation(*operands: Any, **params: Any) -> Any:
        return function(list(operands), **params)

    return operation


def _item(operand: Any, /, index: int) -> Any:
    return operand[index]


def _einsum(*operands: Any, subscripts: str) -> Any:
    return einsums.einsum(subscripts, *operands)


OPERATIONS: dict[str, Operation] = {
    name: getattr(module, name) for module, names in _OTHERS for name in names.split()
} | {
    "abs": elementwise.absolute,
    "set_at": picking.at,
    "item": _item,
    "einsum": _einsum,
    **{f.__name__: _joined(f) for f in (joining.concatenate, joining.stack, joining.vstack, joining.hstack)},
}


#: What other libraries call some operations.
_ELSEWHERE = {"mul": "multiply", "sub": "subtract", "div": "divide", "neg": "negative", "pow": "power", "mm": "matmul"}


def operation(name: str, called: str) -> Operation:
    """The operation of this name; raises GraphError with the nearest names that exist."""
    if called in OPERATIONS:
        return OPERATIONS[called]
    known = _ELSEWHERE.get(str(called))
    near = [known] if known else difflib.get_close_matches(str(called), OPERATIONS, 3)
    raise GraphError(
        f"{name}: there is no operation {called!r}.",
        where=here(),
        help=f"did you mean {' or '.join(near)}?"
        if near
        else "operations have NumPy's names: add, multiply, sin, sum, ...",
    )


def perform(name: str, called: str, operands: list[Any], params: dict[str, Any]) -> Any:
    """The result of an operation by name; raises GraphError for operands or parameters that it does not take."""
    function = operation(name, called)
    for one in operands:
        if isinstance(one, tuple | list) and called != "item" and any(type(part) is Tensor for part in one):
            raise GraphError(
                f"{name}: an operand of {called} has several outputs.",
                where=here(),
                help="pick one first: ('item', name, {'index': 0}).",
            )
    try:
        signature = inspect.signature(function)
        signature.bind(*operands, **params)
    except TypeError as error:
        raise GraphError(
            f"{name}: {called} does not take {_counted(operands, params)}: {error}.",
            where=here(),
            help=f"it takes ({', '.join(signature.parameters)}).",
        ) from error
    try:
        return function(*operands, **params)
    except AdjointError as error:
        error.where = f"in {name} = {called}{'' if error.where is None else chr(10) + error.where}"
        raise


def _counted(operands: list[Any], params: dict[str, Any]) -> str:
    count = f"{len(operands)} operand{'' if len(operands) == 1 else 's'}"
    return f"{count} and {', '.join(params)}" if params else count
