"""erf: x + x P(x**2) up to 1 (weight 1), beyond it 1 - exp(-x**2) G(|x|) with a polynomial G for exp(x**2) erfc(x).

G is fitted with weight exp(-x**2): what counts is the error of the product, which falls as x grows.
"""

from __future__ import annotations

from typing import Any

from adjoint.compile.llvm.math.arithmetic import polynomial
from adjoint.compile.llvm.math.exponential import exp

_NEAR = {
    "f64": (
        0.12837916709551256,
        -0.3761263890318355,
        0.11283791670945258,
        -0.026866170643276874,
        0.00522397760742898,
        -0.0008548325989962165,
        0.00012055295328354674,
        -1.4924744811298208e-05,
        1.6447519452713042e-06,
        -1.6209189047925205e-07,
        1.372303093484809e-08,
        -7.801286731303968e-10,
    ),
    "f32": (
        0.12837917,
        -0.37612626,
        0.112836,
        -0.026854444,
        0.0051895357,
        -0.00080208445,
        7.8891295e-05,
    ),
}
_FAR = {
    "f64": (
        0.19366209627915645,
        -0.0632376375598607,
        0.019758592983186735,
        -0.005934337934664804,
        0.0017195818501153913,
        -0.0004821948440835594,
        0.00013118235603170982,
        -3.469874566763118e-05,
        8.938638442459061e-06,
        -2.2485049075065387e-06,
        5.531223984292502e-07,
        -1.3071756677482136e-07,
        3.1439317559633516e-08,
        -8.201127651204587e-09,
        1.0878913810408538e-09,
        -2.293936962846671e-10,
        2.6020080584767826e-10,
        9.633789407481091e-12,
        -1.3224405077072892e-11,
        -6.280433198921683e-12,
    ),
    "f32": (
        0.23108521,
        -0.08849911,
        0.03201589,
        -0.010800227,
        0.0038814018,
        -0.0012716338,
        -0.000119290475,
        -0.0003887451,
    ),
}
#: Where the polynomial G is centred, and from where on erf is 1.
_PLACE = {"f64": (2.75, 5.95), "f32": (2.25, 4.0)}


def erf(k: Any, x: Any) -> Any:
    """The error function. At most 1.35 ulp (f64) and 1.35 (f32)."""
    a = k.abs(x)
    centre, end = _PLACE[k.kind]
    limit = k.const(end)
    held = k.select(k.gt(a, limit), limit, a)
    near = k.fma(a, polynomial(k, k.mul(a, a), _NEAR[k.kind]), a)
    scaled = polynomial(k, k.sub(held, k.const(centre)), _FAR[k.kind])
    one = k.const(1.0)
    far = k.fma(k.neg(exp(k, k.neg(k.mul(held, held)))), scaled, one)
    return k.copysign(k.select(k.lt(a, one), near, far), x)
