"""The dynamic style: backward through a recorded history, and gradients of chosen tensors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from adjoint.apply import apply, make, normalize
from adjoint.differentiate.cotangent import give
from adjoint.differentiate.reverse import reverse, seed_of
from adjoint.errors import DtypeError, GraphError, OperandError, ShapeError, TracedError, UnreachedError
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.modes import no_grad, tracing
from adjoint.primitives.structure import CUT
from adjoint.site import here
from adjoint.tensor import Tensor


def backward(tensor: Tensor, gradient: Any = None, retain_graph: bool = False, create_graph: bool = False) -> None:
    """Adds to ``.grad`` of every leaf below the tensor its share of responsibility for it.

    ``gradient`` weighs the entries of a tensor that is no scalar. Saved values are freed on the way
    unless ``retain_graph``; ``create_graph`` records the walk, so that gradients can be differentiated.
    Raises ShapeError for a tensor that is no scalar, FreedError for a second walk through a freed graph.

    >>> import adjoint as ad
    >>> w = ad.tensor(3.0, requires_grad=True)
    >>> (w * w).backward()
    >>> w.grad.item()
    6.0
    """
    if tracing() is not None:
        raise TracedError(
            "backward() leaves gradients in .grad, which a compiled function cannot do: it runs once, to be traced.",
            where=here(),
            help="return the gradients: ad.value_and_grad(f)(...), or ad.gradients(loss, tensors).",
        )
    node = tensor._node
    if node is None:
        raise GraphError(
            "backward was called on a tensor that is not tracked: no operation on it was recorded.",
            where=here(),
            help="compute it from a tensor made with requires_grad=True, outside of no_grad.",
        )
    seed = _seed(tensor, gradient, "backward")
    walk = reverse([(node, seed)], records=create_graph, free=not (retain_graph or create_graph))
    # Newest first, as the walk found them: the order does not matter, every leaf is deposited once.
    for leaf in list(walk.found):
        reference = (leaf.params or {}).get("tensor")
        holder = None if reference is None else reference()
        if holder is None:
            continue
        found = walk.found.pop(leaf) if create_graph else make(give(walk.found, leaf), None)
        before = holder._grad
        if before is None:
            holder._grad = found
        elif create_graph:
            holder._grad = before + found
        else:
            with no_grad():
                holder._grad = before + found


def gradients(
    outputs: Tensor | Sequence[Tensor],
    tensors: Tensor | Sequence[Tensor],
    allow_unused: bool = False,
    *,
    seeds: Any = None,
    create_graph: bool = False,
) -> Any:
    """The gradients of outputs (their sum, weighed by ``seeds``) by any tensors, leaves or intermediates.

    Returns a tensor for a tensor and a tuple for a sequence; frees nothing and deposits nothing.
    A tensor without a path to the outputs raises UnreachedError, or gives None with ``allow_unused``.

    >>> import adjoint as ad
    >>> x = ad.tensor(2.0, requires_grad=True)
    >>> y = x * x
    >>> z = y * y
    >>> gradients(z, y).item(), gradients(z, x).item()
    (8.0, 32.0)
    """
    roots = list(outputs) if isinstance(outputs, Iterable) and type(outputs) is not Tensor else [outputs]
    targets = list(tensors) if isinstance(tensors, Iterable) and type(tensors) is not Tensor else [tensors]
    weights = [seeds] if type(outputs) is Tensor else [None] * len(roots) if seeds is None else list(seeds)
    for one in (*roots, *targets):
        if type(one) is not Tensor:
            raise OperandError(
                f"gradients takes tensors, got {type(one).__name__}.",
                where=here(),
                help="for functions of arrays use ad.grad or ad.vjp.",
            )
    trace = tracing()
    if trace is not None:
        roots, targets = [trace.enter(r) for r in roots], [trace.enter(t) for t in targets]
    nodes: list[Node] = []
    for i, target in enumerate(targets):
        if target._node is None:
            raise GraphError(
                f"tensor {target._name or i} is not tracked, so nothing can be differentiated by it.",
                where=here(),
                help="make it with requires_grad=True, before the computation.",
            )
        nodes.append(target._node)
    pairs = [(r._node, _seed(r, w, "gradients")) for r, w in zip(roots, weights, strict=True) if r._node is not None]
    records = create_graph or trace is not None
    if records:
        pairs = [(n, g if type(g) is Tensor else make(g, None)) for n, g in pairs]
    bound = min((n.seq for n in nodes), default=0)
    walk = reverse(pairs, nodes, bound=bound, records=records)
    found: list[Tensor | None] = []
    for i, node in enumerate(nodes):
        if node in walk.found:
            again = node in nodes[i + 1 :]
            value = walk.found[node] if records else _copy(walk.found[node]) if again else give(walk.found, node)
            found.append(value if type(value) is Tensor else make(value, None))
            if trace is not None and not create_graph:
                found[-1] = apply(CUT, (found[-1],), {"by": "gradients"})
        elif allow_unused:
            found.append(None)
        else:
            raise UnreachedError(
                f"no path leads from the outputs to tensor {targets[i]._name or i}, so it has no gradient.",
                where=node.describe(),
                help="pass allow_unused=True to get None for it, or ask ad.why_zero where the path is cut.",
            )
    return found[0] if type(tensors) is Tensor else tuple(found)


def _copy(value: Any) -> Any:
    return np.array(value) if isinstance(value, np.ndarray) else value


def _seed(tensor: Tensor, given: Any, asking: str) -> Any:
    spec = Spec.of(tensor._value)
    if given is None:
        if spec.shape != ():
            raise ShapeError(
                f"{asking} needs a scalar to start from, got {spec!r}.",
                where=None if tensor._node is None else tensor._node.describe(),
                help="reduce it (sum, mean), or pass the weights of its entries "
                "(gradient= or seeds=); ad.jacobian and ad.vjp differentiate functions with many outputs.",
            )
        if spec.dtype.kind == "c":
            raise DtypeError(
                f"{asking} starts from a real number, got a complex one.",
                where=here(),
                help="take its real part, imaginary part or abs.",
            )
        return make(spec, None) if type(tensor._value) is Spec and tracing() is None else seed_of(spec)
    value = given._value if type(given) is Tensor else np.asarray(normalize(given, "the gradient"))
    if value.shape != spec.shape:
        raise ShapeError(
            f"the gradient must have the tensor's shape: {spec!r}, got {Spec.of(value)!r}.",
            where=here(),
            help="it has one entry for each entry of the tensor.",
        )
    if value.dtype.kind == "c" and spec.dtype.kind != "c":
        raise DtypeError("a complex gradient was given for a real tensor.", where=here(), help="pass its real part.")
    if type(given) is Tensor and given._node is not None:
        return given
    cast = np.asarray(value, spec.dtype)
    return cast[()] if cast.shape == () else cast
