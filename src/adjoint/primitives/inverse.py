"""Inverses of the circular and hyperbolic functions; their slopes are roots and quotients of the input."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.primitives.families import elementwise

NIST = "NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov/"

# For complex x the sign of a zero imaginary part says on which side of a branch cut x lies. -(x - 1.0) and
# x - -1.0 keep that sign; 1.0 - x and 1.0 + x lose it.


def _circular(xp: Any, x: Any) -> Any:
    """The root of 1 - x**2, to full precision also near 1 and -1."""
    if x.dtype.kind == "c":
        return xp.sqrt(-(x - 1.0)) * xp.sqrt(x - -1.0)
    return xp.sqrt((1.0 - x) * (1.0 + x))


def _length(xp: Any, x: Any) -> Any:
    """The root of 1 + x**2, without overflow for real x."""
    return xp.sqrt(x * x - -1.0) if x.dtype.kind == "c" else xp.hypot(x, 1.0)


arctan = elementwise(
    "arctan",
    np.arctan,
    (lambda xp, x: 1.0 / (1.0 + x * x),),
    dtypes="fc",
    symbol="atan",
    formula="arctan({x})",
    slopes=("1 / (1 + {x} ** 2)",),
    emit=lambda k, x: k.atan(x),
    source=NIST + "4.24.E9",
)

arcsin = elementwise(
    "arcsin",
    np.arcsin,
    (lambda xp, x: 1.0 / _circular(xp, x),),
    dtypes="fc",
    symbol="asin",
    formula="arcsin({x})",
    slopes=("1 / sqrt(1 - {x} ** 2)",),
    emit=lambda k, x: k.asin(x),
    domain="-1 <= x <= 1",
    kinks="slope inf at -1 and 1",
    at_kink=lambda x: np.equal(np.abs(x), 1),
    source=NIST + "4.24.E7",
)

arccos = elementwise(
    "arccos",
    np.arccos,
    (lambda xp, x: -1.0 / _circular(xp, x),),
    dtypes="fc",
    symbol="acos",
    formula="arccos({x})",
    slopes=("-1 / sqrt(1 - {x} ** 2)",),
    emit=lambda k, x: k.acos(x),
    domain="-1 <= x <= 1",
    kinks="slope -inf at -1 and 1",
    at_kink=lambda x: np.equal(np.abs(x), 1),
    source=NIST + "4.24.E8",
)

arcsinh = elementwise(
    "arcsinh",
    np.arcsinh,
    (lambda xp, x: 1.0 / _length(xp, x),),
    dtypes="fc",
    symbol="asinh",
    formula="arcsinh({x})",
    slopes=("1 / sqrt(1 + {x} ** 2)",),
    emit=lambda k, x: k.asinh(x),
    source=NIST + "4.38.E9",
)

arccosh = elementwise(
    "arccosh",
    np.arccosh,
    (lambda xp, x: 1.0 / (xp.sqrt(x - 1.0) * xp.sqrt(x - -1.0)),),
    dtypes="fc",
    symbol="acosh",
    formula="arccosh({x})",
    slopes=("1 / sqrt({x} ** 2 - 1)",),
    emit=lambda k, x: k.acosh(x),
    domain="x >= 1",
    kinks="slope inf at 1",
    at_kink=lambda x: np.equal(x, 1),
    source=NIST + "4.38.E10",
)

arctanh = elementwise(
    "arctanh",
    np.arctanh,
    (lambda xp, x: 1.0 / ((1.0 - x) * (1.0 + x)),),
    dtypes="fc",
    symbol="atanh",
    formula="arctanh({x})",
    slopes=("1 / (1 - {x} ** 2)",),
    emit=lambda k, x: k.atanh(x),
    domain="-1 < x < 1",
    source=NIST + "4.38.E11",
)
