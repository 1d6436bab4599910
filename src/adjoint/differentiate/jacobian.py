"""Whole Jacobians and second derivatives, put together from the walks."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.apply import make
from adjoint.differentiate.batch_blocks import at_once, pulled, pushed, pushes
from adjoint.differentiate.containers import flatten, like, same_places
from adjoint.differentiate.forward import forward
from adjoint.differentiate.transforms import grad, vjp
from adjoint.differentiate.variables import Argnums, Variables, output, run
from adjoint.errors import ArgumentError, DtypeError, ShapeError
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.modes import recording
from adjoint.site import here
from adjoint.tensor import Tensor


def jacrev(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """A function that returns the Jacobian of ``f`` by reverse mode, along all output entries.

    For every output and every input leaf an array of shape ``output.shape + input.shape``, in the
    output's structure outside and the input's inside. Cheapest where there are few outputs.
    A complex input needs a function that has a complex derivative there; raises DtypeError for others.

    >>> jacrev(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    return _jacobian(f, argnums, _rows)


def jacfwd(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """A function that returns the Jacobian of ``f`` by forward mode, along all input entries.

    The result is as for jacrev. Cheapest where there are few inputs.

    >>> jacfwd(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    return _jacobian(f, argnums, _columns)


def jacobian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """A function that returns the Jacobian of ``f``, by whichever mode has fewer directions.

    The result is as for jacrev. Raises DtypeError for integer arrays.

    >>> jacobian(lambda x: x[0] * x[1])(np.array([2.0, 3.0]))
    array([3., 2.])
    """

    def cheaper(tensors: list[Tensor], variables: Variables) -> list[list[Any]]:
        rows = sum(int(np.prod(t.shape)) for t in tensors)
        columns = sum(int(np.prod(n.shape)) for n in variables.nodes)
        return (_rows if rows <= columns else _columns)(tensors, variables)

    return _jacobian(f, argnums, cheaper)


def _jacobian(f: Callable[..., Any], argnums: Argnums, compute: Callable[..., list[list[Any]]]) -> Callable[..., Any]:
    @functools.wraps(f, assigned=("__module__", "__name__", "__qualname__", "__doc__"), updated=())
    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        out, variables, rebuild = run(f, args, kwargs, argnums)
        outputs, build = flatten(out)
        tensors = [output(o, f) for o in outputs]
        blocks = compute(tensors, variables)
        found = []
        for row in blocks:
            kinds = [like(b, _block_kind(v)) for b, v in zip(row, variables.given, strict=True)]
            parts = rebuild(kinds)
            found.append(parts[0] if isinstance(argnums, int) else tuple(parts))
        return build(found)

    return jacobian_of


def _block_kind(given: Any) -> Any:
    return given if type(given) is Tensor or isinstance(given, int | float | complex) else np.empty(1)


def _rows(tensors: list[Tensor], variables: Variables) -> list[list[Any]]:
    """For every output, the Jacobian's block by every variable, by reverse mode."""
    blocks = []
    for tensor in tensors:
        size = int(np.prod(tensor.shape))
        if at_once([tensor], variables, size):
            found = pulled(tensor, variables)
        else:
            found = _pulled_singly(tensor, size, variables)
        row = []
        for both, node in zip(zip(*found, strict=True), variables.nodes, strict=True):
            shape = tensor.shape + tuple(node.shape)
            # A complex variable's cotangent is the conjugate of its row.
            dtype = np.result_type(node.dtype, tensor.dtype)
            row.append(_shaped(_slope(both, node, tensor), shape, dtype, conj=node.dtype.kind == "c"))
        blocks.append(row)
    return blocks


def _pulled_singly(tensor: Tensor, size: int, variables: Variables) -> list[list[Any]]:
    """As ``pulled``, one reverse walk an entry."""
    turns = (1, 1j) if tensor.dtype.kind == "c" else (1,)
    rows: list[list[list[Any]]] = [[] for _ in turns]
    for k in range(size):
        seed = np.zeros(size, tensor.dtype)
        seed[k] = 1
        for turn, found in zip(turns, rows, strict=True):
            shaped = (seed * turn).reshape(tensor.shape)
            found.append(variables.pull([] if tensor._node is None else [(tensor._node, _scalar(shaped))]))
    return [[_stack([r[i] for r in found], n) for i, n in enumerate(variables.nodes)] for found in rows]


def _columns(tensors: list[Tensor], variables: Variables) -> list[list[Any]]:
    """The same blocks as ``_rows``, by forward mode."""
    columns: list[list[Any]] = [[] for _ in tensors]
    for node in variables.nodes:
        size = int(np.prod(node.shape))
        if at_once(tensors, variables, size):
            found = pushed(tensors, node, variables)
        else:
            found = _pushed_singly(tensors, node, size, variables)
        for i, tensor in enumerate(tensors):
            both = tuple(turned[i] for turned in found)
            if node.dtype.kind == "c":
                _holomorphic(both, tensor)
            shape = tuple(node.shape) + tensor.shape
            order = (*range(len(node.shape), len(shape)), *range(len(node.shape)))
            columns[i].append(_transposed(_shaped(both[0], shape, tensor.dtype), order))
    return columns


def _pushed_singly(tensors: list[Tensor], node: Node, size: int, variables: Variables) -> list[list[Any]]:
    """As ``pushed``, one forward walk an entry."""
    roots = [t._node for t in tensors if t._node is not None]
    turns = (1, 1j) if node.dtype.kind == "c" else (1,)
    rows: list[list[list[Any]]] = [[[] for _ in tensors] for _ in turns]
    for k in range(size):
        tangent = np.zeros(size, node.dtype)
        tangent[k] = 1
        for turn, found in zip(turns, rows, strict=True):
            moved = _push(roots, node, _scalar((tangent * turn).reshape(node.shape)), variables)
            for tensor, parts in zip(tensors, found, strict=True):
                t = None if tensor._node is None else moved.get(tensor._node)
                parts.append(np.zeros(tensor.shape, tensor.dtype) if t is None else t)
    return [[_stack(parts, t) for parts, t in zip(found, tensors, strict=True)] for found in rows]


def _slope(found: tuple[Any, ...], node: Node, tensor: Tensor) -> Any:
    """The rows from their cotangents for the seed 1 and, for a complex output, the seed 1j."""
    if node.dtype.kind == "c":
        _holomorphic(found, tensor)
    elif len(found) == 2:
        # A real variable's cotangents are the real and the imaginary part of the row.
        return found[0] + found[1] * 1j
    return found[0]


def _holomorphic(pair: tuple[Any, ...], tensor: Tensor) -> None:
    """Raises DtypeError where turning the one end by 1j does not turn the other: no one number is the derivative."""
    values = [p._value if type(p) is Tensor else p for p in pair]
    if any(type(v) is Spec for v in values):
        return
    if tensor.dtype.kind == "c":
        first, turned = (v.reshape(len(v), -1) for v in values)
        gap, size = np.abs(turned - first * 1j), np.abs(first) + np.abs(turned)
        near = np.sqrt(np.finfo(gap.dtype).eps) * np.max(size, axis=1, initial=0.0, keepdims=True)
        turns = bool(np.all(np.all(gap <= near, axis=1) | np.isnan(gap).any(axis=1)))
    else:
        turns = not any(np.any(v) for v in values)
    if not turns:
        raise DtypeError(
            "this function of a complex input has no complex derivative: it does not turn as its input turns "
            "(abs, conj, real and imag do not).",
            where=tensor._node.describe() if tensor._node is not None else here(),
            help="use grad for a real loss, vjp or jvp along a direction, or take real and imaginary parts as inputs.",
        )


def _push(roots: list[Node], node: Node, tangent: Any, variables: Variables) -> dict[Node, Any]:
    stays = variables.outer or bool(variables.outside)
    pushed = forward(roots, {node: make(tangent, None) if stays else tangent}, variables.bound, records=stays)
    if pushed.outside and not stays and recording():
        variables.outside = True
        pushed = forward(roots, {node: make(tangent, None)}, variables.bound, records=True)
    return pushed.found


def _scalar(array: Any) -> Any:
    return array[()] if array.shape == () else array


def _stack(parts: list[Any], like: Any) -> Any:
    """Rows one below the other; ``like`` has the shape and dtype of one."""
    if any(type(p) is Tensor for p in parts):
        from adjoint.functions.joining import stack

        return stack(parts)
    return np.array(parts, like.dtype).reshape(len(parts), *like.shape)


def _shaped(rows: Any, shape: tuple[int, ...], dtype: Any, conj: bool = False) -> Any:
    if type(rows) is Tensor:
        from adjoint.functions.elementwise import conj as conjugate
        from adjoint.functions.movement import reshape

        whole = reshape(rows, shape) if rows.shape != shape else rows
        whole = whole if whole.dtype == dtype else whole.astype(dtype)
        return conjugate(whole) if conj else whole
    whole = np.asarray(rows, dtype).reshape(shape)
    return _scalar(whole.conj() if conj else whole)


def _transposed(array: Any, order: tuple[int, ...]) -> Any:
    if type(array) is Tensor:
        from adjoint.functions.movement import transpose

        return transpose(array, order)
    return np.ascontiguousarray(np.transpose(array, order)) if array.shape else array


def hessian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """A function that returns the matrix of second derivatives of the scalar function ``f``.

    The gradient is recorded once and differentiated along all entries together: forward over reverse,
    or reverse over reverse where an operation has no forward rule. Shapes: ``input.shape + input.shape``.

    >>> hessian(lambda x: x[0] * x[0] * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    return _jacobian(grad(f, argnums), argnums, _symmetric)


def _symmetric(tensors: list[Tensor], variables: Variables) -> list[list[Any]]:
    """The blocks of a Hessian: its columns are its rows, so nothing need be transposed."""
    size = max((int(np.prod(n.shape)) for n in variables.nodes), default=0)
    real = all(t.dtype.kind == "f" for t in (*tensors, *variables.tensors))
    if not real or not at_once(tensors, variables, size) or not pushes(tensors, variables):
        return _rows(tensors, variables)
    blocks = []
    for node in variables.nodes:
        (found,) = pushed(tensors, node, variables)
        blocks.append([_shaped(d, tuple(node.shape) + t.shape, t.dtype) for d, t in zip(found, tensors, strict=True)])
    return blocks


def hvp(f: Callable[..., Any], primals: Any, vectors: Any) -> Any:
    """The product of the Hessian of ``f`` at ``primals`` with ``vectors``, without the matrix: two walks.

    ``primals`` and ``vectors`` are tuples with one entry an argument, and so is the result; for a
    single argument that is no tuple the bare product is returned. Cost: a few times that of ``f``.

    >>> hvp(lambda x: x[0] * x[0] * x[1], np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([4., 2.])
    """
    bare = not isinstance(primals, tuple)
    points = (primals,) if bare else primals
    along = (vectors,) if bare else tuple(vectors)
    if len(points) != len(along):
        help = "give a vector for each primal; zeros where it does not move."
        raise ArgumentError(f"hvp got {len(points)} primals and {len(along)} vectors.", where=here(), help=help)
    for x, v in zip(points, along, strict=True):
        same_places(v, x, "the vector must have the structure of the primal")
        for a, b in zip(flatten(x)[0], flatten(v)[0], strict=True):
            if np.shape(a) != np.shape(b):
                raise ShapeError(
                    f"hvp needs vectors of the shapes of the primals: {np.shape(a)}, got {np.shape(b)}.",
                    where=here(),
                    help="a vector has one entry for each entry of its primal.",
                )
    # The Hessian is symmetric: pulling a vector back through the gradient is the product.
    _, pullback = vjp(grad(f, argnums=tuple(range(len(points)))), *points)
    product = pullback(along)
    return product[0] if bare else product
