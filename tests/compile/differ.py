"""Differential testing: eager mode, flat source and native code on the same arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

import adjoint as ad
from adjoint.compile import loops, lower_dots, statements, tiles
from adjoint.compile.backend import native_backend
from adjoint.compile.llvm import dots, folds
from adjoint.differentiate.containers import flatten
from adjoint.tensor import Tensor


def arrays(result: Any) -> list[np.ndarray]:
    """The leaves of a nested result as arrays."""
    return [np.asarray(leaf.value if type(leaf) is Tensor else leaf) for leaf in flatten(result)[0]]


def eager(f: Callable[..., Any], args: Sequence[Any]) -> list[np.ndarray]:
    """The results of a function that runs operation by operation."""
    with np.errstate(all="ignore"):
        return arrays(f(*[ad.tensor(a) if isinstance(a, np.ndarray | np.generic) else a for a in args]))


def compiled(f: Callable[..., Any], args: Sequence[Any], **options: Any) -> list[np.ndarray]:
    """The results of the compiled function; nothing is read from the disk or left there."""
    assert options.get("backend") == "python" or native_backend() is not None
    with np.errstate(all="ignore"):
        return arrays(ad.compile(f, cache=False, **options)(*args))


def assert_close(found: Sequence[np.ndarray], wanted: Sequence[np.ndarray], what: str, bound: float) -> None:
    """Equal shapes and dtypes; integers and truth values equal, floats to a bound relative to the largest."""
    assert len(found) == len(wanted), what
    for i, (a, b) in enumerate(zip(found, wanted)):
        assert (a.shape, a.dtype) == (b.shape, b.dtype), f"{what}, result {i}: {a.dtype}{a.shape} {b.dtype}{b.shape}"
        if a.dtype.kind in "fc":
            bound = max(bound, 4 * np.finfo(a.dtype).eps)
            largest = np.max(np.abs(b[np.isfinite(b)]), initial=1.0) if b.dtype.kind == "f" else 1.0
            np.testing.assert_allclose(a, b, rtol=bound, atol=bound * float(largest), err_msg=f"{what}, result {i}")
        else:
            np.testing.assert_array_equal(a, b, err_msg=f"{what}, result {i}")


def same_bits(found: Sequence[np.ndarray], wanted: Sequence[np.ndarray], what: str = "") -> None:
    """Every bit equal, but for which NaN it is."""
    assert len(found) == len(wanted), what
    for i, (a, b) in enumerate(zip(found, wanted)):
        assert (a.shape, a.dtype) == (b.shape, b.dtype), f"{what}, result {i}: {a.dtype}{a.shape} {b.dtype}{b.shape}"
        np.testing.assert_array_equal(a, b, err_msg=f"{what}, result {i}")
        if a.dtype.kind == "f":
            number = ~np.isnan(a)
            np.testing.assert_array_equal(np.signbit(a[number]), np.signbit(b[number]), err_msg=f"{what}, result {i}")


#: Limits set so that small programs meet what otherwise only large ones do.
PRESSURE: dict[str, list[tuple[Any, str, Any]]] = {
    "plain": [],
    "tiles": [
        (tiles, "LARGE", 10), (tiles, "LONG", 4), (tiles, "SIZES", (3, 4)), (tiles, "FEWEST", 2), (tiles, "PIECES", 10),
        (lower_dots, "_small", lambda *_: False),
    ],
    "blas": [(dots, "SMALL", 0), (lower_dots, "_small", lambda *_: False)],
    "products": [(dots, "SMALL", 10**9), (lower_dots, "_small", lambda *_: False)],
    "segments": [(statements, "SEGMENTS", 1)],
    "loops": [(loops, "GROUP", 2), (statements, "CHAIN", 1), (statements, "LONGEST", 4), (folds, "LONG_SUM", 4)],
    "written out": [(statements, "CHAIN", 1000), (statements, "COSTS", {})],
}  # fmt: skip


@contextmanager
def pressure(name: str) -> Iterator[None]:
    """The limits of one kind while programs are compiled."""
    before = [(module, limit, getattr(module, limit)) for module, limit, _ in PRESSURE[name]]
    try:
        for module, limit, value in PRESSURE[name]:
            setattr(module, limit, value)
        yield
    finally:
        for module, limit, value in before:
            setattr(module, limit, value)


def value_gradient_and_results(program: Any) -> Callable[..., Any]:
    """A random program as one function: its loss, the gradients, and its results."""
    if not program.moving():
        return program
    return ad.value_and_grad(lambda *xs: (program.loss(*xs), program(*xs)), argnums=program.moving(), has_aux=True)
