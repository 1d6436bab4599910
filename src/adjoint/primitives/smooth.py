"""Smooth functions beyond the elementary ones, and the parts of complex numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint.primitives import helpers
from adjoint.primitives.families import elementwise, linear
from adjoint.primitives.specs import elementwise_spec

sigmoid = elementwise(
    "sigmoid",
    helpers.sigmoid,
    (lambda xp, out: out * (1.0 - out),),
    bounded=True,
    symbol="σ",
    formula="sigmoid({x})",
    slopes=("{out} * (1 - {out})",),
    python="sigmoid({x})",
    helpers=("sigmoid",),
    emit=lambda k, x: _sigmoid_code(k, x),
)


def _sigmoid_code(k: Any, x: Any) -> Any:
    z, one, below = k.exp(k.neg(k.abs(x))), k.const(1.0), k.lt(x, k.const(0.0))
    share = k.div(k.select(below, z, one), k.add(one, z))
    return k.select(below, k.fma(k.neg(z), share, z), share)  # z - z**2 / (1 + z): what 1 + z rounds off matters less


softplus = elementwise(
    "softplus",
    helpers.softplus,
    (lambda xp, out: -xp.expm1(-out),),  # = sigmoid(x), accurate at both ends
    bounded=True,
    symbol="softplus",
    formula="log(1 + exp({x}))",
    slopes=("sigmoid({x})",),
    python="softplus({x})",
    helpers=("softplus",),
    emit=lambda k, x: k.add(k.select(k.lt(x, k.const(0.0)), k.const(0.0), x), k.log1p(k.exp(k.neg(k.abs(x))))),
)

erf = elementwise(
    "erf",
    helpers.erf,
    (lambda xp, x: (2.0 / math.sqrt(math.pi)) * xp.exp(-(x * x)),),
    bounded=True,
    symbol="erf",
    formula="erf({x})",
    slopes=("2 / sqrt(pi) * exp(-{x} ** 2)",),
    python="erf({x})",
    helpers=("erf",),
    emit=lambda k, x: k.erf(x),
    source="W. J. Cody, Rational Chebyshev approximations for the error function, "
    "Math. Comp. 23 (1969) 631-637, doi:10.1090/S0025-5718-1969-0247736-4",
)

conj = linear(
    "conj",
    np.conj,
    lambda xp, g: xp.conj(g),
    spec=elementwise_spec("conj", np.conj),
    mask="elementwise",
    bounded=True,
    dtypes="fc",
    symbol="z̄",
    formula="conj({x})",
    words="Conj mirrors: the conjugate of the upstream gradient goes back.",
    verb="mirrors",
)


def _real(z: Any) -> Any:
    return np.array(np.real(z))[()]  # NumPy's is a view of z


def _imag(z: Any) -> Any:
    return np.array(np.imag(z))[()]


real = linear(
    "real",
    _real,
    lambda xp, g: g,  # the walk makes it complex where z is
    spec=elementwise_spec("real", _real),
    mask="elementwise",
    bounded=True,
    view=True,
    dtypes="fc",
    symbol="Re",
    formula="real({x})",
    words="Real moves: the upstream gradient returns to the real part.",
)

imag = linear(
    "imag",
    _imag,
    lambda xp, g: g * 1j,
    spec=elementwise_spec("imag", _imag),
    mask="elementwise",
    bounded=True,
    view=True,
    dtypes="fc",
    symbol="Im",
    formula="imag({x})",
    words="Imag moves: the upstream gradient returns to the imaginary part.",
)
