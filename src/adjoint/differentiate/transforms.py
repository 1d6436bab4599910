"""The function transforms of reverse and forward mode: grad, value_and_grad, vjp, jvp."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adjoint.apply import make, normalize
from adjoint.differentiate.containers import flatten, like, same_places
from adjoint.differentiate.forward import forward
from adjoint.differentiate.reverse import seed_of
from adjoint.differentiate.variables import (
    Argnums,
    defined_at,
    function_name,
    output,
    release,
    result,
    run,
    scalar_output,
)
from adjoint.errors import ArgumentError, DtypeError, OperandError, ShapeError
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.modes import recording, tracing
from adjoint.site import here
from adjoint.tensor import Tensor


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns the value of ``f`` and its gradient by the arguments of ``argnums``.

    The gradient has the structure of the argument (a tuple of them for a tuple of argnums). With
    ``has_aux``, ``f`` returns ``(loss, aux)`` and the result is ``((loss, aux), gradient)``.
    Complex inputs: the direction of steepest ascent, 2z for abs(z)**2.
    Raises ShapeError for a loss that is no scalar, DtypeError for integer arrays.

    >>> value_and_grad(lambda x, y: x * y, argnums=(0, 1))(3.0, 4.0)
    (12.0, (4.0, 3.0))
    """

    @functools.wraps(f, assigned=("__module__", "__name__", "__qualname__", "__doc__"), updated=())
    def compute(*args: Any, **kwargs: Any) -> Any:
        out, variables, rebuild = run(f, args, kwargs, argnums)
        aux = None
        if has_aux:
            if not isinstance(out, tuple | list) or len(out) != 2:
                raise OperandError(
                    f"has_aux=True needs {function_name(f)} to return (loss, aux).",
                    where=defined_at(f),
                    help="return a pair.",
                )
            out, aux = out
        loss = scalar_output(out, f)
        later = None if (trace := tracing()) is None else trace.later
        gradients = None if later is None else later(compute, loss._node, variables.nodes)
        if gradients is None:
            seeds = [] if loss._node is None else [(loss._node, seed_of(Spec((), loss.dtype)))]
            gradients = variables.pull(seeds)
        found = rebuild([like(g, v) for g, v in zip(gradients, variables.given, strict=True)])
        gradient = found[0] if isinstance(argnums, int) else tuple(found)
        value = result(loss, variables)
        return ((value, release(aux, variables)), gradient) if has_aux else (value, gradient)

    # Which function's walk comes last when this one is called: a compiler may leave that walk unwritten.
    vars(compute)["__adjoint__"] = compute
    return compute


def grad(f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns the gradient of the scalar function ``f`` by the arguments of ``argnums``.

    As value_and_grad, without the value; with ``has_aux`` it returns ``(gradient, aux)``.

    >>> grad(lambda x: x ** 3)(2.0)
    12.0
    """
    both = value_and_grad(f, argnums, has_aux)

    @functools.wraps(f, assigned=("__module__", "__name__", "__qualname__", "__doc__"), updated=())
    def compute(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    vars(compute)["__adjoint__"] = both
    return compute


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value of ``f`` and its pullback: a function from an output cotangent to the tuple of input cotangents.

    The pullback may be called any number of times. The cotangent must have the output's structure and shape.
    With ``has_aux``: ``(out, pullback, aux)``.

    >>> out, pullback = vjp(lambda x, y: x * y, 3.0, 4.0)
    >>> out, pullback(1.0)
    (12.0, (4.0, 3.0))
    """
    # The pullback outlives this call: what it keeps must not change with the caller's arrays.
    held = tuple(_held(p) for p in primals)
    out, variables, rebuild = run(f, held, {}, tuple(range(len(primals))))
    aux = None
    if has_aux:
        out, aux = out
    outputs, build = flatten(out)
    tensors = [output(o, f) for o in outputs]

    structure = build([0.0] * len(tensors))

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        """The cotangents of the primals for a cotangent of the output."""
        given, _ = flatten(cotangent)
        same_places(cotangent, structure, "the cotangent must have the structure of the output")
        seeds = [
            (t._node, seed)
            for t, g in zip(tensors, given, strict=True)
            if (seed := _seed(t, g, "the cotangent", "the output")) is not None and t._node
        ]
        found = variables.pull(seeds)
        return tuple(rebuild([like(g, v) for g, v in zip(found, variables.given, strict=True)]))

    value = build([result(t, variables) for t in tensors])
    return (value, pullback, release(aux, variables)) if has_aux else (value, pullback)


def _held(argument: Any) -> Any:
    leaves, build = flatten(argument)
    trace = tracing()
    if trace is not None:
        return build([trace.enter(x) for x in leaves])
    return build([np.array(x) if isinstance(x, np.ndarray) else x for x in leaves])


def _seed(tensor: Tensor, given: Any, what: str, of: str) -> Any:
    """A cotangent of an output, or a tangent of a primal, checked against its shape and brought to its dtype."""
    spec = Spec.of(tensor._value)
    trace = tracing()
    if trace is not None:
        given = trace.seed(given, spec)
    if type(given) is Tensor:
        if given.shape != spec.shape:
            raise _seed_shape(spec, given._value, what, of)
        return given if given._node is not None else given._value
    array = np.asarray(normalize(given, what))
    if array.shape != spec.shape:
        raise _seed_shape(spec, array, what, of)
    if array.dtype.kind == "c" and spec.dtype.kind != "c":
        raise DtypeError(f"{what} is complex, but {of} is real.", where=here(), help="pass its real part.")
    return array.astype(spec.dtype)[()] if array.shape == () else array.astype(spec.dtype)


def _seed_shape(spec: Spec, given: Any, what: str, of: str) -> ShapeError:
    return ShapeError(
        f"{what} must have the shape of {of}: {spec!r}, got {Spec.of(given)!r}.",
        where=here(),
        help=f"{what} has one entry for each entry of {of}.",
    )


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The value of ``f`` and its derivative along the tangents: forward mode, one walk.

    ``primals`` and ``tangents`` are tuples of equal structure, one entry an argument.
    Raises ShapeError for tangents that do not fit, UnsupportedError for an operation without forward rule.

    >>> jvp(lambda x, y: x * y, (3.0, 4.0), (1.0, 0.0))
    (12.0, 4.0)
    """
    primals, tangents = _pairs(primals, tangents)
    out, variables, _ = run(f, primals, {}, tuple(range(len(primals))))
    outputs, build = flatten(out)
    tensors = [output(o, f) for o in outputs]
    for primal, tangent in zip(primals, tangents, strict=True):
        same_places(tangent, primal, "the tangent must have the structure of the primal")
    given, _ = flatten(tangents)
    along = {
        n: _seed(t, g, "the tangent", "the primal")
        for n, t, g in zip(variables.nodes, variables.tensors, given, strict=True)
    }
    roots = [t._node for t in tensors if t._node is not None]
    stays = variables.outer or any(type(t) is Tensor for t in along.values())
    pushed = forward(roots, _lifted(along, stays), variables.bound, records=stays)
    if pushed.outside and not stays and recording():
        stays = True
        pushed = forward(roots, _lifted(along, True), variables.bound, records=True)
    found = []
    for tensor in tensors:
        t = None if tensor._node is None else pushed.found.get(tensor._node)
        if t is None:
            zero = np.zeros(tensor.shape, tensor.dtype)
            t = zero if zero.shape else zero[()]
        found.append(result(t if type(t) is Tensor else make(t, None), variables))
    return build([result(t, variables) for t in tensors]), build(found)


def _pairs(primals: Any, tangents: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    if not isinstance(primals, tuple | list) or not isinstance(tangents, tuple | list):
        raise ArgumentError(
            "primals and tangents are tuples, one entry an argument of the function.",
            where=here(),
            help="write jvp(f, (x,), (v,)) for one argument.",
        )
    if len(primals) != len(tangents):
        raise ArgumentError(
            f"got {len(primals)} primals and {len(tangents)} tangents.",
            where=here(),
            help="give a tangent for each primal; zeros where it does not move.",
        )
    return tuple(primals), tuple(tangents)


def _lifted(along: dict[Node, Any], records: bool) -> dict[Node, Any]:
    return {n: t if type(t) is Tensor or not records else make(t, None) for n, t in along.items()}
