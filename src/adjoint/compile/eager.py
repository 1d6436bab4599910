"""Native kernels for eager mode: slow NumPy elementwise work on large arrays goes through compiled loops.

Which records those are was measured (f8 and f4, 4,000 to 10**6 elements, one thread, an AVX-512 processor with all of
NumPy's own vector code, and with none beyond AVX2): they are those where the native loop takes at most about half the
time. NumPy's vectorised routines for AVX-512 are as fast as ours, so where it has them fewer records are in the list.
"""

from __future__ import annotations

import importlib
import platform
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.doors import compute_by
from adjoint.errors import ArgumentError
from adjoint.primitives import elementwise, inverse, logarithms, rounding, smooth
from adjoint.primitives.record import REGISTRY, Primitive

NAMES = ("numpy", "native")

#: From this many elements on: where the slowest of them is twice as fast with the 2 us of a call.
LEAST = 4096

#: Where NumPy loops over scalars on every machine, and the dtypes.
_ALWAYS = {
    "sin": "d",
    "cos": "d",
    "sigmoid": "fd",
    "softplus": "fd",
    "erf": "fd",
    "hypot": "fd",
    "logaddexp": "fd",
    "xlogy": "fd",
    "remainder": "fd",
    "floor_divide": "fd",
}
#: Where it does so unless it has its routines for AVX-512.
_WITHOUT_AVX512 = {
    "exp": "d",
    "exp2": "fd",
    "expm1": "fd",
    "log1p": "fd",
    "log10": "f",
    "tan": "fd",
    "tanh": "d",
    "sinh": "fd",
    "cosh": "fd",
    "arctan": "fd",
    "arcsin": "fd",
    "arccos": "fd",
    "arcsinh": "fd",
    "arccosh": "fd",
    "arctanh": "fd",
    "arctan2": "fd",
    "cbrt": "fd",
}

#: The modules whose records are chosen from: importing them registers those.
SOURCES = (elementwise, inverse, logarithms, rounding, smooth)

_lock = threading.Lock()
_current = ["numpy"]
_numpy: dict[str, Callable[..., Any]] = {}


class set_kernels:
    """Chooses what computes elementwise work of eager mode; see ``adjoint.set_kernels``."""

    def __init__(self, name: str) -> None:
        self._before = _use(name)
        self._name = name

    def __enter__(self) -> None:
        _use(self._name)

    def __exit__(self, *_: object) -> None:
        _use(self._before)

    def __repr__(self) -> str:
        return f"<kernels: {_current[0]}>"


def _use(name: str) -> str:
    """Switch over, and say what was used before."""
    if name not in NAMES:
        raise ArgumentError(f"there are no kernels named {name!r}.", help=f"write {' or '.join(map(repr, NAMES))}.")
    with _lock:
        before, _current[0] = _current[0], name
        if name == before:
            return before
        if name == "numpy":
            for record, value in _numpy.items():
                compute_by(REGISTRY[record], value)
            _numpy.clear()
            return before
        try:
            kernels = importlib.import_module("adjoint.compile.llvm.kernels")
        except ImportError as error:
            _current[0] = before
            raise ArgumentError(
                f"there are no native kernels: {error}.", help="install llvmlite, or keep NumPy's kernels."
            ) from error
        for record, chars in chosen(kernels.host()).items():
            op = REGISTRY[record]
            _numpy[record] = op.value
            compute_by(op, (_unary if op.arity == 1 else _binary)(op, chars, kernels.kernel))
        return before


def chosen(host: Any) -> dict[str, str]:
    """The records that are slower in NumPy on this machine, with their dtypes; none without an fma instruction."""
    fused = "+fma" in host.features.split(",") or platform.machine().lower() in {"aarch64", "arm64"}
    if not fused:
        return {}
    if host.vector_bytes < 32 or _numpy_has_avx512():
        return dict(_ALWAYS)
    return {**_ALWAYS, **_WITHOUT_AVX512}


def _numpy_has_avx512() -> bool:
    """Whether NumPy computes arctan with other code than its plain loop, as it does for AVX-512 alone."""
    found = np.lib.introspect.opt_func_info(func_name="^arctan$", signature="float64")
    loops = [how.get("current", "") for by_types in found.values() for how in by_types.values()]
    return any(not loop.startswith("baseline") for loop in loops)


def _unary(op: Primitive, chars: str, kernel: Callable[..., Any]) -> Callable[..., Any]:
    value = op.value
    spread = (True,)

    def native(x: Any) -> Any:
        if type(x) is np.ndarray and x.size >= LEAST and x.flags.c_contiguous:
            dtype = x.dtype
            if dtype.char in chars and dtype.isnative:
                return kernel(op, dtype, spread)(x, x)
        return value(x)

    return native


def _binary(op: Primitive, chars: str, kernel: Callable[..., Any]) -> Callable[..., Any]:
    value = op.value

    def native(x: Any, y: Any) -> Any:
        like = x if type(x) is np.ndarray and x.ndim else y
        if type(like) is np.ndarray and like.size >= LEAST:
            dtype = like.dtype
            if dtype.char in chars and dtype.isnative:
                x_in, y_in = _operand(x, like), _operand(y, like)
                if x_in is not None and y_in is not None:
                    spread = (x_in.ndim > 0, y_in.ndim > 0)
                    return kernel(op, dtype, spread)(like, x_in, y_in)
        return value(x, y)

    return native


def _operand(value: Any, like: np.ndarray) -> np.ndarray | None:
    """An operand of a kernel: an array like the other, or a Python number as one; None for anything else."""
    if type(value) is np.ndarray:
        fits = value.dtype == like.dtype and value.shape == like.shape and value.ndim and value.flags.c_contiguous
        return value if fits else None
    # As NumPy has it, a Python number takes the array's dtype.
    return np.asarray(value, like.dtype) if type(value) in (float, int) else None
