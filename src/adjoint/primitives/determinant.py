"""The determinant, whose gradient is the matrix of cofactors: it exists for singular matrices as well."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.graph.spec import Spec
from adjoint.primitives import helpers
from adjoint.primitives.batching import aligned
from adjoint.primitives.families import opaque
from adjoint.primitives.linalg import GILES, hermitian, square


def _float(x: Spec) -> Any:
    return x.dtype if x.dtype.kind in "fc" else np.dtype(np.float64)


def _det(x: Any) -> Any:
    square("det", Spec.of(x))
    return np.linalg.det(x)


def _det_spec(x: Any) -> Spec:
    x = Spec.of(x)
    square("det", x)
    return Spec(x.shape[:-2], _float(x))


def _conj(xp: Any, x: Any) -> Any:
    return xp.conj(x) if x.dtype.kind == "c" else x


det = opaque(
    "det",
    _det,
    lambda xp, g, x: xp.expand_dims(g, axis=(-2, -1)) * _conj(xp, xp.cofactor(x)),
    lambda xp, t, x: xp.sum(xp.cofactor(x) * t[0], axis=(-2, -1), keepdims=False),
    arity=1,
    spec=_det_spec,
    dtypes="fc",
    symbol="|A|",
    formula="det({x})",
    slopes=("g * cofactor({x})",),
    verb="has its own rule",
    words="Det has its own rule: every entry receives upstream times its cofactor, "
    "the determinant without its row and column.",
    python="np.linalg.det({x})",
    source=GILES,
    batch=aligned("det"),
)


def _cofactor_spec(x: Any) -> Spec:
    x = Spec.of(x)
    square("cofactor", x)
    return Spec(x.shape, _float(x))


def _identity(x: Any) -> Any:
    return np.eye(x.shape[-1], dtype=x.dtype)


def _rest(xp: Any, x: Any) -> Any:
    """trace(x) on the diagonal, less x."""
    return xp.sum(x * _identity(x), axis=(-2, -1), keepdims=True) * _identity(x) - x


def _turned(xp: Any, x: Any) -> Any:
    return xp.transpose(x, axes=(-1, -2))


# Both follow from C = det(x) x⁻ᵀ: with w = x⁻¹ dx, dC = C (trace(w) - wᵀ). Where x has no inverse, solve says so.


def _cofactor_vjp(xp: Any, g: Any, x: Any, out: Any) -> Any:
    return xp.solve(hermitian(xp, x), _rest(xp, xp.matmul(_turned(xp, g), _conj(xp, out))))


def _cofactor_jvp(xp: Any, t: Any, x: Any, out: Any) -> Any:
    return xp.matmul(out, _rest(xp, _turned(xp, xp.solve(x, t[0]))))


cofactor = opaque(
    "cofactor",
    helpers.cofactor,
    _cofactor_vjp,
    _cofactor_jvp,
    arity=1,
    spec=_cofactor_spec,
    dtypes="fc",
    symbol="cof",
    formula="cofactor({x})",
    slopes=("solve({x}ᵀ, trace(gᵀ @ {out}) * eye - gᵀ @ {out})",),
    verb="has its own rule",
    words="Cofactor has its own rule: it follows from the product of the determinant and the inverse, transposed.",
    python="cofactor({x})",
    helpers=("cofactor",),
    domain="all matrices; slopes for regular ones",
    source=GILES,
    batch=aligned("cofactor"),
)
