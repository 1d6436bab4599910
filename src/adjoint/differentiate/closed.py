"""A user's function as one closed operation: what enters it is an argument, what leaves it a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.apply import normalize
from adjoint.differentiate.containers import flatten
from adjoint.errors import OperandError, RuleError
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.modes import MODE, switched, tracing
from adjoint.site import here
from adjoint.tensor import Tensor, is_tracked

_PLAIN = (str, bytes, int, float, complex, bool, type(None), np.ndarray, np.generic)


def closed(name: str, f: Callable[..., Any], *arguments: Any) -> Any:
    """The result of ``f`` on untracked arguments; raises RuleError where anything tracked came in on another way.

    Recording stays as it is: with untracked arguments nothing is recorded, unless a tracked tensor was captured.
    """
    mode = MODE.get()
    if mode is None:
        outs = f(*arguments)
    else:
        with switched(everything=False, listener=None, origin=None):
            outs = f(*arguments)
    if outs is None or (isinstance(outs, tuple) and not outs):
        raise RuleError(f"{name} returned {outs}.", where=here(), help="return a tensor or a tuple of them.")
    for one in outs if isinstance(outs, tuple) else flatten(outs)[0]:
        if type(one) is Tensor and one._node is not None and _reaches(one):
            raise RuleError(
                f"{name} used a tracked tensor that is not among its arguments, so no gradient could reach it.",
                where=one._node.describe() or here(),
                help="pass it as an argument, or take its value (t.detach()) if it needs no gradient here.",
            )
    return outs


def _reaches(one: Tensor) -> bool:
    """Whether a gradient that arrives at a result would go on to something that is no argument."""
    if tracing() is not None:
        return is_tracked(one)
    if type(one._value) is not Spec:
        return True
    # Traced for a batch: the arguments came in through cuts, so what leads to a leaf came in on another way.
    seen: set[Node] = set()
    stack = [one._node]
    while stack:
        node = stack.pop()
        if node is None or node in seen or node.op.family == "blocked":
            continue
        if node.is_leaf:
            return True
        seen.add(node)
        stack.extend(node.parents)
    return False


def raw(name: str, out: Any) -> Any:
    """The value of one output; raises OperandError for what is no number, array or tensor."""
    if type(out) is Tensor:
        return out._value
    if not isinstance(out, _PLAIN) or isinstance(out, str | bytes | type(None)):
        kind = type(out).__name__
        raise OperandError(f"{name} returned a {kind}.", where=here(), help="return a tensor or a tuple of tensors.")
    return np.asarray(normalize(out, name))[()]


def no_hidden_tensors(name: str, place: int, argument: Any) -> None:
    """Raises OperandError for a container with tracked tensors inside: their paths would be dropped."""
    if isinstance(argument, _PLAIN) or callable(argument):
        return
    if any(type(one) is Tensor and one._node is not None for one in flatten(argument)[0]):
        raise OperandError(
            f"argument {place} of {name} is a {type(argument).__name__} of tracked tensors, "
            "whose gradients would be lost.",
            where=here(),
            help="give each tensor an argument of its own: apply(*tensors); containers are for ad.custom_vjp.",
        )
