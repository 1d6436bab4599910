"""vmap: a function written for one entry, applied to many at once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.apply import apply, make, normalize
from adjoint.differentiate.batch import Traced
from adjoint.differentiate.containers import flatten, like, passive, paths
from adjoint.differentiate.variables import function_name, output
from adjoint.errors import ArgumentError, AxisError, OperandError, ShapeError
from adjoint.graph.spec import Spec
from adjoint.modes import tracing
from adjoint.primitives.movement import transpose
from adjoint.site import here
from adjoint.tensor import Tensor

#: A number, None (no axis), or a container of them.
Axes = Any


def vmap(f: Callable[..., Any], in_axes: Axes = 0, out_axes: Axes = 0) -> Callable[..., Any]:
    """A function that applies ``f`` to every entry along an axis of its arguments at once, without a loop.

    ``in_axes`` names the axis: one number for all arguments, or a tuple with one for each; an argument
    may also have a container of numbers, in its structure or the outer part of it. None stands for an
    argument that every entry shares. Keyword arguments are mapped along axis 0. ``out_axes`` says where
    the new axis stands in the results. ``f`` runs once, on tensors that have the shape of one entry and
    no values: a Python branch on them raises TracedError. Raises ShapeError where lengths differ,
    AxisError for axes that do not exist, ArgumentError where nothing is mapped.

    >>> import adjoint.numpy as anp
    >>> vmap(anp.dot, in_axes=(0, None))(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 10.0]))
    array([21., 43.])
    """
    if not callable(f):
        raise OperandError(
            f"vmap maps functions, got {type(f).__name__}.", where=here(), help="write vmap(f)(x), not vmap(f(x))."
        )

    @functools.wraps(f, assigned=("__module__", "__name__", "__qualname__", "__doc__"), updated=())
    def mapped(*args: Any, **kwargs: Any) -> Any:
        leaves, build = flatten((args, kwargs))
        axes = [*_spread(in_axes, args, "in_axes", list(args)), *[0] * len(flatten(kwargs)[0])]
        names = _names(f, args, kwargs)
        fronts = [None if a is None else _front(x, a, n) for x, a, n in zip(leaves, axes, names, strict=True)]
        size = _size(fronts, names, f)
        moving = [t for t in fronts if t is not None]

        def single(*tensors: Tensor) -> tuple[list[Tensor], Callable[[list[Any]], Any]]:
            fresh = iter(tensors)
            given, keywords = build([_shared(x) if t is None else next(fresh) for x, t in zip(leaves, fronts)])
            out = f(*given, **keywords)
            outs, rebuild = ([out], lambda values: values[0]) if out is None else flatten(out)
            return [output(o, f) for o in outs], rebuild

        entries = [Spec(t.shape[1:], t.dtype) for t in moving]
        trace = Traced(
            single, entries, [n if n.isidentifier() else None for n, t in zip(names, fronts) if t is not None]
        )
        outs, rebuild = trace.out
        back = _spread(out_axes, rebuild([0.0] * len(outs)), "out_axes", None)
        whole = iter(trace.batched([o for o, a in zip(outs, back, strict=True) if a is not None], moving, size))
        found = [_one(o, trace, f) if a is None else _back(next(whole), a) for o, a in zip(outs, back, strict=True)]
        kind = _kind(leaves)
        return rebuild([like(t, kind) for t in found])

    return mapped


def _names(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[str]:
    """A name for each leaf of the arguments: that of the parameter, and its place in a container."""
    try:
        known = [
            p.name
            for p in inspect.signature(f).parameters.values()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        known = []
    found = []
    for i, argument in enumerate(args):
        name = known[i] if i < len(known) else f"argument {i}"
        found += [name + p for p in paths(argument)]
    # The leaves of a dict stand in the order of its keys.
    return found + [p[2:].replace("']", "", 1) for p in paths(kwargs)]


def _spread(axes: Axes, tree: Any, what: str, arguments: list[Any] | None) -> list[int | None]:
    """The axis of every leaf of a tree, from one number (or None) for all or a container that is its outer part."""
    if axes is None or (isinstance(axes, int) and not isinstance(axes, bool)):
        return [axes] * len(flatten(tree)[0])
    import optree

    if not isinstance(axes, tuple | list | dict):
        raise ArgumentError(
            f"{what} is made of whole numbers and None, got {axes!r}.",
            where=here(),
            help=f"write {what}=0, or a tuple such as (0, None).",
        )
    given: Any = tree
    wanted = tuple(axes) if arguments is not None and isinstance(axes, list) else axes
    if isinstance(wanted, dict) and isinstance(tree, dict) and wanted.keys() == tree.keys():
        pairs = [(wanted[k], tree[k]) for k in optree.tree_flatten_one_level(given)[2]]
    elif not isinstance(wanted, dict) and isinstance(tree, type(wanted)) and len(wanted) == len(tree):
        pairs = list(zip(wanted, tree, strict=True))
    else:
        found = f"{len(tree)} entries" if isinstance(tree, tuple | list | dict) else type(tree).__name__
        raise ArgumentError(
            f"{what}={axes!r} does not fit {'the arguments' if arguments is not None else 'what it is for'} ({found}).",
            where=here(),
            help="give one number for all, or a container with the same entries.",
        )
    return [a for one, part in pairs for a in _spread(one, part, what, None)]


def _front(value: Any, axis: int, name: str) -> Tensor:
    """A mapped argument as a tensor with the mapped axis in front."""
    if isinstance(value, str | bytes) or callable(value) or value is None:
        raise OperandError(
            f"vmap cannot map {name}, a {type(value).__name__}.", where=here(), help="give it None in in_axes."
        )
    tensor = value if type(value) is Tensor else make(_plain(value, name), None)
    ndim = len(tensor.shape)
    if not -ndim <= axis < ndim:
        raise AxisError(
            f"vmap cannot map {name} along axis {axis}: it is {Spec.of(tensor._value)!r}.",
            where=here(),
            help="name an axis that it has in in_axes, or None where every entry shares it.",
        )
    return _moved(tensor, axis, 0)


def _plain(value: Any, name: str) -> Any:
    trace = tracing()
    array = normalize(value, name) if trace is None else trace.enter(value)
    if type(array) is Tensor:
        return array._value
    return np.array(array)[()]


def _moved(tensor: Tensor, source: int, target: int) -> Tensor:
    """The tensor with one axis in another place."""
    n = len(tensor.shape)
    source, target = source % n, target % n
    if source == target:
        return tensor
    order = [i for i in range(n) if i != source]
    order.insert(target, source)
    moved: Tensor = apply(transpose, (tensor,), {"axes": tuple(i - n for i in order)})
    return moved


def _size(fronts: list[Tensor | None], names: list[str], f: Callable[..., Any]) -> int:
    """The length of the mapped axes, which they share."""
    sizes = {n: t.shape[0] for n, t in zip(names, fronts, strict=True) if t is not None}
    if not sizes:
        raise ArgumentError(
            f"vmap of {function_name(f)} maps nothing.",
            where=here(),
            help="pass an array, with a number for its axis in in_axes.",
        )
    if len(set(sizes.values())) > 1:
        shown = ", ".join(f"{n} has {s}" for n, s in sizes.items())
        raise ShapeError(
            f"vmap of {function_name(f)} needs mapped axes of one length: {shown}.",
            where=here(),
            help="name other axes in in_axes, or None for arguments that every entry shares.",
        )
    return int(next(iter(sizes.values())))


def _shared(value: Any) -> Any:
    """An argument that is not mapped, as the function receives it."""
    return passive(value)


def _kind(leaves: list[Any]) -> Any:
    """What the results shall be like: tensors where an argument is one, arrays otherwise."""
    return next((x for x in leaves if type(x) is Tensor), np.empty(1))


def _one(out: Tensor, trace: Traced, f: Callable[..., Any]) -> Tensor:
    """A result for which ``out_axes`` is None: the same for every entry."""
    if trace.differs(out):
        raise ArgumentError(
            f"out_axes is None for a result of {function_name(f)} that differs from entry to entry: "
            f"{Spec.of(out._value)!r}.",
            where=here(),
            help="give it a number.",
        )
    return trace.settled(out)


def _back(whole: Tensor, axis: int) -> Tensor:
    """A result with the mapped axis where ``out_axes`` wants it."""
    ndim = len(whole.shape)
    if not -ndim <= axis < ndim:
        raise AxisError(
            f"out_axes asks for axis {axis} of a result with {ndim} axes, that of the batch included.",
            where=here(),
            help="axes count from 0, or from -1 at the end.",
        )
    return _moved(whole, 0, axis)
