"""stop_gradient: a value goes on, its gradient does not."""

from __future__ import annotations

from typing import Any

from adjoint.apply import apply
from adjoint.differentiate.containers import flatten
from adjoint.primitives.structure import CUT
from adjoint.tensor import Tensor


def stop_gradient(x: Any) -> Any:
    """The same values, through which no gradient flows back; tensors in containers too.

    Explanations and ``ad.why_zero`` name it as the place where the way was cut.

    >>> import adjoint as ad
    >>> ad.grad(lambda x: x * ad.stop_gradient(x))(3.0)
    3.0
    """
    if type(x) is Tensor:
        return apply(CUT, (x,), {"by": "stop_gradient"})
    leaves, build = flatten(x)
    return build([apply(CUT, (v,), {"by": "stop_gradient"}) if type(v) is Tensor else v for v in leaves])
