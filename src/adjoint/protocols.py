"""NumPy's protocols: ``np.sin(t)`` (NEP 13) and ``np.sum(t)`` (NEP 18) record as adjoint's own functions do.

Two explicit tables say what there is (functions/table.py). Whatever they do not list raises and
says what to use: nothing falls through to arrays of objects, and nothing writes a tracked value
into a plain array.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.errors import AdjointError, UnsupportedError
from adjoint.site import here
from adjoint.tensor import Tensor

#: The doors of NumPy's universal functions, and the functions that stand for NumPy's others: filled at first use.
UFUNCS: dict[Any, Callable[..., Any]] = {}
FUNCTIONS: dict[Any, Callable[..., Any]] = {}

#: Functions whose whole purpose is to write into their argument, with what to write instead.
WRITERS: dict[Any, str] = {
    np.copyto: "x[...] = v, or x = np.where(mask, v, x)",
    np.put: "x[np.unravel_index(i, x.shape)] = v",
    np.place: "x[mask] = v, or x = np.where(mask, v, x)",
    np.putmask: "x = np.where(mask, v, x)",
    np.fill_diagonal: "x[np.arange(n), np.arange(n)] = v",
    np.put_along_axis: "x[rows, columns] = v",
}

#: Which function a ufunc's method is.
_REDUCE: dict[Any, Any] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.logical_and: np.all,
    np.logical_or: np.any,
}
_ACCUMULATE: dict[Any, Any] = {np.add: np.cumsum, np.multiply: np.cumprod}

#: Keywords of ufuncs that say nothing when they have this value.
_PLAIN: dict[str, Any] = {"where": True, "dtype": None, "casting": "same_kind", "order": "K", "subok": True}
_INSTEAD = {
    "where": "np.where(mask, np.{name}(...), other)",
    "dtype": "np.{name}(x.astype(dtype))",
    "initial": "np.{name}.reduce(x, ...) and join it with the initial value by np.{name}",
}


def _array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    if method == "__call__" and not kwargs and ufunc in UFUNCS:
        if len(inputs) == 1:
            return UFUNCS[ufunc](inputs[0])
        return UFUNCS[ufunc](*inputs)
    return _unusual(ufunc, method, inputs, kwargs)


def _unusual(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A ufunc with keywords, by one of its methods, for the first time, or one that there is no rule for."""
    _fill()
    name = ufunc.__name__
    _no_output(f"np.{name}", kwargs)
    given = {k: v for k, v in kwargs.items() if not (k in _PLAIN and type(v) is type(_PLAIN[k]) and v == _PLAIN[k])}
    if method == "__call__":
        door = UFUNCS.get(ufunc)
        if door is None:
            raise _unknown(f"np.{name}")
        _no_keywords(name, f"np.{name}", given)
        return door(*inputs)
    if method == "outer" and len(inputs) == 2 and ufunc in UFUNCS:
        _no_keywords(name, f"np.{name}.outer", given)
        left, right = inputs
        wide = FUNCTIONS[np.reshape](left, np.shape(left) + (1,) * np.ndim(right))
        return UFUNCS[ufunc](wide, right)
    stands = {"reduce": _REDUCE, "accumulate": _ACCUMULATE}.get(method, {}).get(ufunc)
    if stands in FUNCTIONS:
        axis = given.pop("axis", 0)
        keep = {"keepdims": True} if given.pop("keepdims", False) else {}
        _no_keywords(name, f"np.{name}.{method}", given)
        return FUNCTIONS[stands](*inputs, axis=axis, **keep)
    instead = {
        "at": "x[i] = v, or x[i] += v where no place repeats",
        "reduceat": "a loop over slices",
        "reduce": f"a loop with np.{name}",
        "accumulate": f"a loop with np.{name}",
    }.get(method, f"np.{name}")
    raise UnsupportedError(f"np.{name}.{method} has no rule for tensors.", where=here(), help=f"write {instead}.")


def _array_function(self: Tensor, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    if not FUNCTIONS:
        _fill()
    if any(not issubclass(kind, Tensor | np.ndarray) for kind in types):
        return NotImplemented
    name = f"{function.__module__.replace('numpy', 'np', 1)}.{function.__name__}"
    if function in WRITERS:
        raise UnsupportedError(
            f"{name} writes into its argument, and the graph of what is written would be lost.",
            where=here(),
            help=f"on a tensor x (x = ad.tensor(array) if it is an array) write {WRITERS[function]}.",
        )
    rule = FUNCTIONS.get(function)
    if rule is None:
        raise _unknown(name)
    _no_output(name, kwargs)
    try:
        return rule(*args, **kwargs)
    except TypeError as error:
        if not isinstance(error, AdjointError):
            _explain_keywords(name, rule, args, kwargs, error)
        raise


def _explain_keywords(name: str, rule: Callable[..., Any], args: Any, kwargs: Any, error: TypeError) -> None:
    """Raises UnsupportedError where the call does not fit the rule's parameters."""
    signature = inspect.signature(rule)
    try:
        signature.bind(*args, **kwargs)
    except TypeError as misfit:
        raise UnsupportedError(
            f"{name} on a tensor does not take these arguments: {misfit}.",
            where=here(),
            help=f"its parameters are ({', '.join(signature.parameters)}).",
        ) from error


def _fill() -> None:
    if not UFUNCS:
        ufuncs, functions = Tensor._numpy_tables()
        FUNCTIONS.update(functions)
        UFUNCS.update(ufuncs)


def _no_output(name: str, kwargs: dict[str, Any]) -> None:
    out = kwargs.pop("out", None)
    for target in out if isinstance(out, tuple) else (out,):
        if target is None:
            continue
        kind = "tensor" if type(target) is Tensor else "plain array"
        raise UnsupportedError(
            f"{name}(..., out=) would write into a {kind} behind the back of the graph.",
            where=here(),
            help="assign the result (a = a + t, where a is an array, instead of a += t); x[...] = result for a tensor.",
        )


def _no_keywords(name: str, called: str, given: dict[str, Any]) -> None:
    for key in given:
        instead = _INSTEAD.get(key, "the plain call, and shape its result").format(name=name)
        raise UnsupportedError(f"{called} does not take {key}= with tensors.", where=here(), help=f"write {instead}.")


def _unknown(name: str) -> UnsupportedError:
    return UnsupportedError(
        f"{name} has no rule for tensors.",
        where=here(),
        help=f"compute it from functions of adjoint.numpy; for the plain values, without a gradient, "
        f"write {name}(t.numpy()).",
    )


INSTALLED: dict[str, Any] = {"__array_ufunc__": _array_ufunc, "__array_function__": _array_function}

for _name, _method in INSTALLED.items():
    setattr(Tensor, _name, _method)
