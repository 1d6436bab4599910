"""Sample inputs of every record: a few operands and parameters, inside its domain and away from its kinks."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import adjoint.primitives
from adjoint.doors import install_doors
from adjoint.primitives.places import split_index
from adjoint.primitives.record import REGISTRY, Primitive

for _module in pkgutil.iter_modules(adjoint.primitives.__path__):
    if _module.name != "document":
        importlib.import_module(f"adjoint.primitives.{_module.name}")
install_doors()


@dataclass(frozen=True)
class Sample:
    """Operands and parameters; operands of a float or complex dtype are those that have derivatives."""

    operands: tuple[Any, ...]
    params: dict[str, Any] = field(default_factory=dict)

    def cast(self, dtype: Any) -> Sample:
        """The same sample in another precision, or made complex with an imaginary part of its own."""
        return Sample(tuple(_cast(v, np.dtype(dtype)) for v in self.operands), self.params)


def differentiable(value: Any) -> bool:
    """Whether an operand is of a kind that has derivatives."""
    return np.asarray(value).dtype.kind in "fc"


def _cast(value: Any, dtype: Any) -> Any:
    if not differentiable(value):
        return value
    if dtype.kind != "c":
        return np.asarray(value).astype(dtype)[()]
    part = np.roll(np.asarray(value), 1).reshape(np.shape(value)) * 0.3 + 0.05
    return (np.asarray(value) + 1j * part).astype(dtype)[()]


A = np.array([[0.7, -1.3, 2.1], [-0.4, 1.6, -2.2]])
B = np.array([[1.9, 0.6, -0.83], [1.2, -1.7, 0.37]])
C = np.array([[-0.9, 1.1, 0.25], [2.3, -0.15, 1.45]])
P = np.abs(A) + 0.1
UNIT = A / 3.0
CUBE = np.linspace(-1.5, 1.4, 12).reshape(2, 3, 2)[:, ::-1] ** 3 + np.linspace(0.2, 0.9, 12).reshape(2, 3, 2)
SQUARE = np.array([[2.0, 0.3, -0.4], [0.1, -1.7, 0.5], [0.6, 0.2, 1.4]])
TRUTH = np.array([[True, False, True], [False, False, True]])
OTHER = np.array([[True, True, False], [False, True, False]])
X, Y, Z = np.float64(0.8), np.float64(-1.1), np.float64(0.3)


def _one(*arrays: Any) -> tuple[Sample, ...]:
    return tuple(Sample((a,)) for a in arrays)


def _two(*pairs: tuple[Any, Any]) -> tuple[Sample, ...]:
    return tuple(Sample(p) for p in pairs)


def _reductions(x: Any = CUBE, scalar: Any = X) -> tuple[Sample, ...]:
    axes = [(-1,), (-2,), (-3, -1), (-3, -2, -1)]
    found = [Sample((x,), {"axis": a, "keepdims": k}) for a in axes for k in (False, True)]
    return (*found, Sample((scalar,), {"axis": (), "keepdims": False}))


def _picks(*more: Any, first: int = 1) -> tuple[Sample, ...]:
    keys: list[Any] = [
        (1, slice(None), 0),
        (slice(None), slice(None, None, -1)),
        (..., 1),
        (None, 0, ..., None),
        ([1, 0, 1, 1],),
        (slice(None), np.array([[2, 0], [0, 0]]), slice(0, 1)),
        (np.array([0, 1]), slice(None), np.array([1, 1])),
        (CUBE > 0.3,),
        (slice(5, 9),),
    ]
    made = []
    for key in keys:
        template, arrays = split_index(key)
        picked = CUBE[key]
        given = {1: (), 2: (np.sin(3.0 * picked + 1.0),)}[first]
        made.append(Sample((CUBE, *given, *arrays), {"index": template}))
    return tuple(made)


def _scatters() -> tuple[Sample, ...]:
    made = []
    for s in _picks():
        picked = REGISTRY["getitem"].value(*s.operands, **s.params)
        made.append(Sample((picked, *s.operands[1:]), {**s.params, "shape": CUBE.shape}))
    return tuple(made)


_BOTH = _two((A, B), (X, Y), (A, 0.5), (1.5, B))
_POSITIVE_BASE = _two((P, B), (P, 2.0), (X, Y), (P, 3))
_LOGIC = _two((TRUTH, OTHER), (np.True_, np.False_))

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "alias": _one(A, X),
    "cut": (Sample((A,), {"by": "detach"}),),
    **dict.fromkeys(("add", "subtract", "multiply", "divide"), _BOTH),
    "power": _POSITIVE_BASE,
    **dict.fromkeys(("negative", "square", "half_square", "reciprocal", "exp", "expm1"), _one(A, X)),
    **dict.fromkeys(("sin", "cos", "sinh", "cosh", "tanh"), _one(A, X)),
    "tan": _one(UNIT, X),
    **dict.fromkeys(("sqrt", "log"), _one(P, X)),
    "log1p": _one(P - 0.9, X),
    **dict.fromkeys(("arctan", "arcsinh", "exp2", "cbrt"), _one(A, X)),
    **dict.fromkeys(("arcsin", "arccos", "arctanh"), _one(UNIT, X)),
    "arccosh": _one(P + 1.0, X + 1.0),
    **dict.fromkeys(("log2", "log10"), _one(P, X)),
    **dict.fromkeys(("hypot", "logaddexp"), _BOTH),
    "xlogy": _two((A, P), (Z, X), (A, 0.5), (1.5, P)),
    "arctan2": _BOTH,
    **dict.fromkeys(("sigmoid", "softplus", "erf", "conj", "real", "imag"), _one(A, X)),
    **dict.fromkeys(("abs", "sign", "direction", "relu", "floor", "ceil", "trunc"), _one(A, X)),
    "round": (Sample((A,), {"decimals": 0}), Sample((A,), {"decimals": 1}), Sample((100 * A,), {"decimals": -1})),
    **dict.fromkeys(("remainder", "floor_divide", "maximum", "minimum"), _BOTH),
    "where": (Sample((TRUTH, A, B)), Sample((np.False_, X, Y)), Sample((TRUTH, A, 0.0))),
    "clip": (Sample((A, -1.0, 1.5)), Sample((A, B - 1.0, B + 0.5)), Sample((X, Y, Z))),
    **dict.fromkeys(("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"), _two((A, B), (A, A))),
    **dict.fromkeys(("logical_and", "logical_or", "logical_xor", "bitwise_and", "bitwise_or", "bitwise_xor"), _LOGIC),
    **dict.fromkeys(("logical_not", "invert"), _one(TRUTH, np.False_)),
    **dict.fromkeys(("isnan", "isfinite", "isinf"), _one(np.array([1.0, np.nan, np.inf, -np.inf]), X)),
    **dict.fromkeys(("sum", "prod", "max", "min", "logsumexp", "norm", "argmax", "argmin"), _reductions()),
    **dict.fromkeys(
        ("cumsum", "cumprod"), (Sample((CUBE,), {"axis": -2}), Sample((np.resize(A, (2, 5)),), {"axis": -1}))
    ),
    "einsum": tuple(
        Sample((x, y), {"subscripts": s})
        for x, y, s in (
            (A, B.T, "ij,jk->ik"), (CUBE, A, "bij,bi->jb"), (A, C, "ij,ij->"), (A, B[1], "ij,k->kij"),
            (X, A, ",ij->ji"), (CUBE, CUBE.transpose(0, 2, 1), "nij,njk->nki"), (A[0], B[0], "i,i->i"),
        )
    ),
    "getitem": _picks(),
    "set_at": _picks(first=2),
    "index_add": _picks(first=2),
    "scatter": _scatters(),
    "reshape": (Sample((CUBE,), {"shape": (3, 4)}), Sample((X,), {"shape": (1, 1)})),
    "transpose": (Sample((CUBE,), {"axes": (-2, -1, -3)}), Sample((CUBE,), {"axes": (-1, -2)})),
    "expand_dims": (Sample((A,), {"axis": (-3, -1)}), Sample((X,), {"axis": (-1,)})),
    "squeeze": (Sample((A[:, None],), {"axis": (-2,)}), Sample((A[:1, :1],), {"axis": (-2, -1)})),
    "broadcast_to": (
        Sample((A,), {"shape": (4, 2, 3)}), Sample((A[:, :1],), {"shape": (2, 3)}), Sample((X,), {"shape": (2,)}),
    ),
    "flip": (Sample((CUBE,), {"axis": (-3, -1)}), Sample((A,), {"axis": (-1,)})),
    "pad": (
        Sample((A,), {"widths": ((1, 0), (2, 1)), "constant": 0.5}),
        Sample((CUBE,), {"widths": ((0, 2),), "constant": 0}),
    ),
    "concatenate": (
        Sample((A, B, A[:1]), {"axis": -2}), Sample((A,), {"axis": -1}), Sample((A[0], B[1]), {"axis": -1}),
    ),
    "split": (Sample((CUBE,), {"axis": -2, "sections": (1,)}), Sample((A,), {"axis": -1, "sections": (0, 2)})),
    "astype": (Sample((A,), {"dtype": np.dtype(np.complex128)}), Sample((A,), {"dtype": np.dtype(np.float64)})),
    **dict.fromkeys(("sort", "argsort"), (Sample((CUBE,), {"axis": -2}), Sample((A,), {"axis": -1}))),
    "matmul": _two(
        (A, B.T), (A, B[0]), (A[0], B.T), (A[0], B[1]), (CUBE, A), (A, CUBE), (CUBE, B[1, :2]), (A[0], CUBE),
        (CUBE[:, None], np.stack([A, B, C])),
    ),
    "solve": _two((SQUARE, A[0]), (SQUARE, A.T), (np.stack([SQUARE, SQUARE.T + 1.0]), A.T)),
    **dict.fromkeys(("det", "cofactor"), _one(SQUARE, np.stack([SQUARE, SQUARE.T + 1.0]), SQUARE[:2, :2])),
    "slogdet": _one(SQUARE, np.stack([SQUARE, SQUARE.T + 1.0])),
}  # fmt: skip


def cases() -> list[tuple[Primitive, Sample]]:
    """Every record with each of its samples."""
    return [(op, sample) for op in REGISTRY.values() for sample in SAMPLES.get(op.name, ())]
