"""Linear algebra with rules of its own: solving linear systems, and the logarithm of a determinant.

The rules are those of M. B. Giles, An extended collection of matrix derivative results for forward and
reverse mode algorithmic differentiation, Oxford 2008, report NA-08/01.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.errors import ShapeError, SingularError
from adjoint.graph.spec import Spec
from adjoint.primitives import batching
from adjoint.primitives.families import opaque
from adjoint.site import here

GILES = "M. B. Giles, report NA-08/01, Oxford 2008, https://people.maths.ox.ac.uk/gilesm/files/NA-08-01.pdf"


def hermitian(xp: Any, x: Any) -> Any:
    """The conjugate transposes of matrices."""
    flipped = xp.transpose(x, axes=(-1, -2))
    return xp.conj(flipped) if x.dtype.kind == "c" else flipped


def _column(xp: Any, b: Any, vector: bool) -> Any:
    return xp.expand_dims(b, axis=(-1,)) if vector else b


def square(name: str, x: Spec) -> None:
    """Raises ShapeError for what is no square matrix, or stack of them."""
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ShapeError(
            f"{name} needs square matrices, got {x!r}.",
            where=here(),
            help="use the last two axes for the rows and columns of one matrix.",
        )


def _float(*specs: Spec) -> Any:
    dtype = np.result_type(*[s.dtype for s in specs])
    return dtype if dtype.kind in "fc" else np.dtype(np.float64)


def _solve(x: Any, y: Any) -> Any:
    try:
        return np.linalg.solve(x, y)
    except np.linalg.LinAlgError as error:
        _solve_spec(x, y)  # misfits of shape are called by this name, too
        raise singular("solve", np.asarray(x)) from error


def singular(name: str, x: Any) -> SingularError:
    """The error that says which of some matrices has no inverse."""
    signs = np.linalg.slogdet(x)[0]
    at = "" if not signs.shape else f" at {[tuple(map(int, i)) for i in np.argwhere(signs == 0)[:3]]}"
    return SingularError(
        f"{name} needs matrices that have an inverse, and {Spec.of(x)!r} is singular{at}.",
        where=here(),
        help="rows that depend on one another leave the answer open: drop them, or add a small multiple of eye.",
    )


def _solve_spec(x: Any, y: Any) -> Spec:
    x, y = Spec.of(x), Spec.of(y)
    square("solve", x)
    inner = y.shape[0] if y.ndim == 1 else y.shape[-2] if y.ndim else None
    if inner != x.shape[-1]:
        raise ShapeError(
            f"solve needs as many rows on the right as the matrix has, got {x!r} and {y!r}.",
            help="the right side has one row for each row of the matrix.",
        )
    if y.ndim == 1:
        return Spec(x.shape[:-1], _float(x, y))
    try:
        batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    except ValueError:
        raise ShapeError(
            f"solve cannot broadcast the batch axes of {x!r} and {y!r}.", help="batch axes must be equal or 1."
        ) from None
    return Spec((*batch, *y.shape[-2:]), _float(x, y))


def _solve_vjp(xp: Any, g: Any, x: Any, out: Any, y_spec: Spec) -> Any:
    vector = y_spec.ndim == 1
    by_y = xp.solve(hermitian(xp, x), _column(xp, g, vector))
    by_x = -xp.matmul(by_y, hermitian(xp, _column(xp, out, vector)))
    return by_x, xp.squeeze(by_y, axis=(-1,)) if vector else by_y


def _solve_jvp(xp: Any, t: Any, x: Any, out: Any, y_spec: Spec) -> Any:
    vector = y_spec.ndim == 1
    right = None if t[1] is None else _column(xp, t[1], vector)
    if t[0] is not None:
        moved = xp.matmul(t[0], _column(xp, out, vector))
        right = -moved if right is None else right - moved
    if right is None:
        return None
    found = xp.solve(x, right)
    return xp.squeeze(found, axis=(-1,)) if vector else found


solve = opaque(
    "solve",
    _solve,
    _solve_vjp,
    _solve_jvp,
    arity=2,
    spec=_solve_spec,
    dtypes="fc",
    symbol="A⁻¹b",
    formula="solve({x}, {y})",
    slopes=("-solve({x}ᵀ, g) @ {out}ᵀ", "solve({x}ᵀ, g)"),
    verb="has its own rule",
    words="Solve has its own rule: the right side receives the solution of the transposed system, "
    "the matrix receives minus that times the solution, transposed.",
    python="np.linalg.solve({x}, {y})",
    domain="regular matrices",
    source=GILES,
    batch=batching.solve,
)


def _slogdet(x: Any) -> Any:
    if np.ndim(x) < 2 or x.shape[-1] != x.shape[-2]:
        square("slogdet", Spec.of(x))
    return tuple(np.linalg.slogdet(x))


def _slogdet_spec(x: Any) -> tuple[Spec, Spec]:
    x = Spec.of(x)
    square("slogdet", x)
    dtype = _float(x)
    return Spec(x.shape[:-2], dtype), Spec(x.shape[:-2], np.empty(0, dtype).real.dtype)


def _eye(x: Any) -> Any:
    return np.eye(x.shape[-1], dtype=x.dtype)


def _slogdet_vjp(xp: Any, g: Any, x: Any, outs: Any) -> Any:
    factor = g[1]
    if x.dtype.kind == "c" and g[0] is not None:
        # The sign turns with the imaginary part of the trace of x⁻¹ dx.
        turn = -1j * xp.imag(xp.conj(g[0]) * outs[0])
        factor = turn if factor is None else factor + turn
    if factor is None:
        return (None,)
    return (xp.expand_dims(factor, axis=(-2, -1)) * xp.solve(hermitian(xp, x), _eye(x)),)


def _slogdet_jvp(xp: Any, t: Any, x: Any, outs: Any) -> Any:
    trace = xp.sum(xp.solve(x, t[0]) * _eye(x), axis=(-2, -1), keepdims=False)
    if x.dtype.kind != "c":
        return None, trace
    return outs[0] * (1j * xp.imag(trace)), xp.real(trace)


slogdet = opaque(
    "slogdet",
    _slogdet,
    _slogdet_vjp,
    _slogdet_jvp,
    arity=1,
    spec=_slogdet_spec,
    several=True,
    dtypes="fc",
    symbol="ln|A|",
    formula="slogdet({x})",
    slopes=("g / {x}ᵀ",),
    verb="has its own rule",
    words="Slogdet has its own rule: the logarithm's gradient is upstream times the inverse, transposed; "
    "the sign is constant.",
    python="np.linalg.slogdet({x})",
    domain="regular matrices",
    source=GILES,
    batch=batching.aligned("slogdet"),
)
