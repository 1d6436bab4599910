"""The variables of one transform: fresh nodes for the differentiated arguments, and the call of the function.

A transform wraps each primal in a node of its own (an alias of the outer node, where there is one),
runs the function, and walks no further down than the oldest of those nodes. So a gradient inside a
gradient sees its own variables only, and costs the same at every step of an outer loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adjoint.apply import leaf, make, normalize, record
from adjoint.differentiate.containers import flatten, like, passive, paths, primal
from adjoint.differentiate.cotangent import give
from adjoint.differentiate.gates import Walk
from adjoint.differentiate.reverse import reverse
from adjoint.errors import AdjointError, ArgumentError, DtypeError, OperandError, ShapeError, reveal
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.modes import MODE, recording, switched, tracing
from adjoint.primitives.structure import ALIAS
from adjoint.site import here
from adjoint.tensor import Tensor

Argnums = int | Sequence[int]


class Variables:
    """The differentiated arguments of one call: their leaves as tensors on fresh nodes."""

    __slots__ = ("bound", "given", "nodes", "outer", "outside", "tensors")

    def __init__(self, values: list[Any], names: list[str]) -> None:
        self.given = values
        self.tensors: list[Tensor] = []
        #: Some primal is itself tracked: results must stay on the outer graph.
        self.outer = False
        #: Whether the result hangs on older tracked tensors too (None: no walk has told yet).
        self.outside: bool | None = None
        trace = tracing()
        for value, name in zip(values, names, strict=True):
            if trace is not None:
                # Whatever is differentiated by while tracing is traced too: every walk then records.
                self.tensors.append(trace.variable(value, name))
                self.outer = True
                continue
            inner = primal(value, name)
            outer = value._node if type(value) is Tensor else None
            if outer is not None and recording():
                node = record(ALIAS, (outer,), None, inner.shape, inner.dtype, None)
                self.outer = True
            else:
                node = leaf(inner)
            tensor = make(inner, node)
            if type(value) is Tensor and value._name:
                tensor._name = node.name = value._name
            self.tensors.append(tensor)
        self.nodes: list[Node] = [t._node for t in self.tensors if t._node is not None]
        self.bound = self.nodes[0].seq if self.nodes else 0

    def pull(self, seeds: list[tuple[Node, Any]], record_anyway: bool = False) -> list[Any]:
        """The cotangents of the variables (arrays, or tensors where an outer graph needs them), zeros included."""
        stays = self.outer or record_anyway or any(type(g) is Tensor for _, g in seeds)
        walk = self._walk(seeds, stays)
        self.outside = walk.outside
        if walk.outside and not stays and recording():
            # The result depends on tensors of an enclosing computation: walk again, recording.
            stays = True
            walk = self._walk(seeds, True)
        found = []
        for node in self.nodes:
            if node not in walk.found:
                zero = np.zeros(node.shape, node.dtype)[()]
                found.append(make(zero, None) if stays else zero)
            else:
                found.append(walk.found.pop(node) if stays else give(walk.found, node))
        return found

    def _walk(self, seeds: list[tuple[Node, Any]], records: bool) -> Walk:
        if records:
            seeds = [(n, g if type(g) is Tensor else make(g, None)) for n, g in seeds]
        return reverse(seeds, self.nodes, bound=self.bound, records=records)


def run(
    f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], argnums: Argnums
) -> tuple[Any, Variables, Any]:
    """Calls ``f`` with the chosen arguments as variables: its result, the variables, and a builder of gradients."""
    chosen = _positions(argnums, len(args), f)
    leaves: list[Any] = []
    names: list[str] = []
    counts: list[int] = []
    builders = []
    for position in chosen:
        values, build = flatten(args[position])
        builders.append(build)
        counts.append(len(values))
        leaves.extend(values)
        names.extend([_argument_name(f, position)] * len(values))
    try:
        variables = Variables(leaves, names)
    except AdjointError:
        # A value that cannot be differentiated by: told with its place in the container.
        Variables(leaves, [_argument_name(f, i) + p for i in chosen for p in paths(args[i])])
        raise
    mode = MODE.get()
    if mode is not None and not mode.recording:
        # What surrounds the transform is not recorded; the function inside must be.
        with switched(recording=True):
            return _call(f, args, kwargs, chosen, variables, builders, counts)
    return _call(f, args, kwargs, chosen, variables, builders, counts)


def _call(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    chosen: list[int],
    variables: Variables,
    builders: list[Any],
    counts: list[int],
) -> tuple[Any, Variables, Any]:
    if not callable(f):
        raise OperandError(
            f"a function is differentiated, got {type(f).__name__}.",
            where=here(),
            help="write grad(f)(x), not grad(f(x)).",
        )
    full = [passive(a) if i not in chosen else a for i, a in enumerate(args)]
    start = 0
    for position, build, count in zip(chosen, builders, counts, strict=True):
        full[position] = build(variables.tensors[start : start + count])
        start += count
    try:
        out = f(*full, **{k: passive(v) for k, v in kwargs.items()})
    except ValueError as error:
        reveal(error)
        raise
    if out is None:
        raise _nothing(f)

    def rebuild(values: list[Any]) -> list[Any]:
        found, begin = [], 0
        for build, count in zip(builders, counts, strict=True):
            found.append(build(values[begin : begin + count]))
            begin += count
        return found

    return out, variables, rebuild


def _positions(argnums: Argnums, count: int, f: Any) -> list[int]:
    given = [argnums] if isinstance(argnums, int) else list(argnums)
    found = []
    for number in given:
        if not isinstance(number, int) or isinstance(number, bool) or not -count <= number < count:
            raise ArgumentError(
                f"argnums asks for argument {number!r}, but {function_name(f)} was called with {count} "
                f"positional argument{'' if count == 1 else 's'}.",
                where=here(),
                help="argnums counts positional arguments from 0.",
            )
        found.append(number % count)
    if len(set(found)) != len(found):
        raise ArgumentError(
            f"argnums {argnums!r} names an argument twice.", where=here(), help="name each argument once."
        )
    return found


def function_name(f: Any) -> str:
    """The name of a function for a message."""
    return str(getattr(f, "__name__", None) or type(f).__name__)


def _argument_name(f: Any, position: int) -> str:
    code = getattr(f, "__code__", None)
    if code is not None and position < code.co_argcount:
        return str(code.co_varnames[position])
    return f"argument {position}"


def output(out: Any, f: Any) -> Tensor:
    """The result of a function as a tensor; raises OperandError for None and other non-numbers."""
    if type(out) is Tensor:
        return out
    if out is None:
        raise _nothing(f)
    if isinstance(out, tuple | list | dict):
        raise OperandError(
            f"{function_name(f)} returned a {type(out).__name__}, not one number.",
            where=defined_at(f),
            help="return a scalar, use has_aux=True for (loss, other things), or use vjp or jacobian.",
        )
    return passive_output(out, f)


def passive_output(out: Any, f: Any) -> Tensor:
    """A result that is no tensor (a constant), as an untracked one."""
    try:
        return make(np.asarray(normalize(out, f"the result of {function_name(f)}"))[()], None)
    except OperandError as error:
        error.where = defined_at(f)
        raise


def defined_at(f: Any) -> str | None:
    """Where a function is defined, for a message."""
    code = getattr(f, "__code__", None)
    return (
        here()
        if code is None
        else f"in {function_name(f)}, defined at {code.co_filename.rsplit('/', 1)[-1]}:{code.co_firstlineno}"
    )


def scalar_output(out: Any, f: Any, asking: str = "grad") -> Tensor:
    """The scalar loss of a function; raises ShapeError and DtypeError with the transform to use instead."""
    tensor = output(out, f)
    if tensor.shape != ():
        raise ShapeError(
            f"{asking} needs a scalar result, but {function_name(f)} returned {Spec.of(tensor._value)!r}.",
            where=defined_at(f) if tensor._node is None else tensor._node.describe(),
            help="reduce it (sum, mean), or use jacobian for all derivatives, or vjp for a weighted sum of them.",
        )
    if tensor.dtype.kind == "c":
        raise DtypeError(
            f"{asking} needs a real result, but {function_name(f)} returned a complex number.",
            where=defined_at(f) if tensor._node is None else tensor._node.describe(),
            help="differentiate its real part, imaginary part or abs, or use vjp.",
        )
    return tensor


def result(tensor: Tensor, variables: Variables, ask: bool = False) -> Any:
    """An output in the kind of the inputs, on the outer graph where there is one.

    With ``ask`` it is found out for this very tensor whether it leads outside, and not taken from the walk.
    """
    given = variables.given
    trace = tracing()
    if trace is not None:
        return trace.like(tensor, given)
    kind: Any = 0.0
    for value in given:
        if type(value) is Tensor:
            kind = value
            break
        if isinstance(value, np.ndarray | np.generic):
            kind = value
    return like(_outward(tensor, variables, ask), kind)


def _outward(tensor: Tensor, variables: Variables, ask: bool) -> Tensor:
    """The tensor with its path to the outer graph, or untracked when only this transform's variables led to it."""
    node = tensor._node
    if node is None:
        return tensor
    if variables.outer:
        return tensor
    if recording():
        if ask:
            return tensor if leads_outside(node, variables) else make(tensor._value, None, tensor._view)
        if variables.outside is None:
            variables.outside = leads_outside(node, variables)
        if variables.outside:
            return tensor
    return make(tensor._value, None, tensor._view)


def leads_outside(root: Node, variables: Variables) -> bool:
    """Whether a tracked node that is none of the variables, and older than them, feeds the root."""
    own = set(variables.nodes)
    seen: set[Node] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if node in seen or node in own:
            continue
        seen.add(node)
        if node.seq < variables.bound:
            if node.op.differentiable or node.op.family == "leaf":
                return True
            continue
        if node.op.family == "leaf":
            continue
        stack.extend(p for p in node.inputs if type(p) is Node)
    return False


def release(aux: Any, variables: Variables) -> Any:
    """Whatever else a function returned, its tensors in the kind of the inputs."""
    leaves, build = flatten(aux)
    return build([result(x, variables, ask=True) if type(x) is Tensor else x for x in leaves])


def _nothing(f: Callable[..., Any]) -> OperandError:
    return OperandError(
        f"{function_name(f)} returned None.", where=defined_at(f), help="return the value to differentiate."
    )
