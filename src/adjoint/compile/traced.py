"""One call of a function, traced: its graph, what goes in and in which kind, and what comes out."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import numpy as np

from adjoint.apply import make, record
from adjoint.compile.arguments import Parameters, input_of, mapped, tree_of
from adjoint.compile.capture import Captured
from adjoint.compile.guard import Guard, Guards
from adjoint.compile.kinds import ARRAY, CONSTANT, NUMBER, TENSOR
from adjoint.compile.signature import Input, Output, Parameter, Signature, Tree
from adjoint.compile.tape.gradient import later
from adjoint.compile.trace import Trace, leaked
from adjoint.differentiate.containers import flatten
from adjoint.differentiate.variables import defined_at, function_name
from adjoint.errors import OperandError, reveal
from adjoint.graph.graph import Graph, collect
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.modes import MODE, recording
from adjoint.primitives.structure import ALIAS
from adjoint.site import here
from adjoint.tensor import Tensor, is_tracked

_KINDS = {float: NUMBER, int: NUMBER, bool: NUMBER, complex: NUMBER, Tensor: TENSOR}
#: Settings that a result may hold: they say the same in each call.
_KEPT = (str, bytes, Enum, type, np.dtype, range, slice, type(Ellipsis))
_FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType, np.ufunc)
_NUMBERS = {"f": "float", "i": "int", "u": "int", "b": "bool", "c": "complex"}


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """What one trace found. The graph's inputs are the values of the arguments, then what was captured."""

    graph: Graph
    signature: Signature
    #: Kinds as the caller passes them: those of the signature, and "tensor".
    kinds: tuple[str, ...]
    results: tuple[str, ...]
    #: Of each result: whether a gradient passes from it to a tracked tensor.
    tracked: tuple[bool, ...]
    captured: tuple[Any, ...]
    #: Everything captured, for ``Executable.captured``.
    known: tuple[Captured, ...]
    guards: tuple[Guard, ...]
    rebuild: Callable[[list[Any]], Any]
    #: Whether the native entry can take these arguments and hand out these results.
    plain: bool
    #: The settings among the arguments, as the signature's trees count them.
    settings: tuple[Any, ...]
    #: Captured masks, with the values that the program was made for.
    pinned: tuple[tuple[Any, Any], ...]


def trace_call(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    parameters: Parameters,
    guard: bool,
) -> Traced:
    """Runs a function on traced arguments like these; raises whatever the function does, at the user's line."""
    guards = Guards() if guard else None
    passed = _settings(args, kwargs, parameters)
    trace = Trace([f, *passed], guards, function_name(f))
    trace.later = later(f)
    for inner in trace.reach.executables:
        inner.suspend()
    inputs: list[Input] = []
    nodes: list[Node] = []
    donated: list[int] = []

    def enter(value: Any, path: str) -> Tensor:
        if type(value) is Tensor and type(value._value) is Spec:
            raise leaked(value)
        given, spec = input_of(value, path)
        kind = _KINDS.get(type(value), ARRAY)
        weak = type(value) in (float, int, complex)
        tensor = trace.argument(spec, kind, path, weak, type(value) is Tensor and is_tracked(value) and recording())
        assert tensor._node is not None
        inputs.append(given)
        nodes.append(tensor._node)
        if guards is not None:
            guards.given(tensor._node, np.asarray(value._value if type(value) is Tensor else value)[()])
        return tensor

    def argument(value: Any, place: int | str) -> Any:
        before = len(inputs)
        entered = value if place in parameters.static else mapped(value, enter, parameters.name(place))
        if place in parameters.donated:
            donated.extend(range(before, len(inputs)))
            name = parameters.name(place)
            wrong = [f"{one.name} is no array" for one in inputs[before:] if one.kind != "array"]
            if value is not None and flatten(value)[0] and before == len(inputs):
                wrong = [f"{name} is a setting ({type(value).__name__})"]
            if wrong:
                raise OperandError(
                    f"the donated argument {wrong[0]}, so it has no buffer to give.",
                    where=here(),
                    help="donate NumPy arrays only.",
                )
        return entered

    token = MODE.set(trace.mode())
    try:
        given = [argument(a, i) for i, a in enumerate(args)]
        named = {k: argument(v, k) for k, v in kwargs.items()}
        out = f(*given, **named)
        leaves, rebuild, whole = _parts(out, passed)
        results = [_result(trace, one, f) for one in leaves]
    except ValueError as error:
        reveal(error)
        raise
    finally:
        MODE.reset(token)
    roots = [node for node, _, _ in results]
    conditions = () if guards is None else tuple(guards.found)
    everything = [*nodes, *(place for _, place in trace.captures)]
    graph = _graph(everything, [*roots, *(g.node for g in conditions)], trace)
    kinds = tuple(i.kind for i in inputs)
    held = tuple(c.value for c, _ in trace.captures)
    kinds_out = tuple(_handed(node, kind, everything, inputs) for node, kind, _ in results)
    settings: list[Any] = []
    trees = _trees(args, kwargs, parameters, settings)
    # The order of leaves is that of the flattening.
    result = tree_of(rebuild(list(range(len(results)))), int, int) if whole else None
    signature = Signature(
        function_name(f),
        () if trees is None else trees,
        tuple(_native(i) for i in inputs) + tuple(_held(c, n) for c, n in trace.captures),
        _outputs(roots, kinds_out, inputs, donated),
        result or Tree("none"),
        len(held),
    )
    plain = trees is not None and result is not None and "tensor" not in (*kinds, *kinds_out)
    plain = plain and not conditions and not trace.pinned
    known = [c for c, _ in trace.captures]
    known += [Captured(n, v, True) for n, v in trace.reach.scalars.items() if not n.startswith("default")]
    return Traced(
        graph,
        signature,
        kinds,
        kinds_out,
        tuple(tracked for _, _, tracked in results),
        held,
        tuple(known),
        conditions,
        rebuild,
        plain,
        tuple(settings),
        tuple(trace.pinned),
    )


def _settings(args: tuple[Any, ...], kwargs: dict[str, Any], parameters: Parameters) -> list[Any]:
    """The objects among the arguments that are no values: a model whose method is called, say."""
    found: list[Any] = []
    everything: list[tuple[int | str, Any]] = [*enumerate(args), *kwargs.items()]
    for place, value in everything:
        if place in parameters.static:
            found.append(value)
        elif not isinstance(value, float | int | complex | np.ndarray | np.generic | Tensor | str):
            found += [v for v in flatten(value)[0] if not isinstance(v, float | int | np.ndarray | np.generic | Tensor)]
    return found


def _parts(out: Any, passed: list[Any]) -> tuple[list[Any], Callable[[list[Any]], Any], bool]:
    """The values in a result, what puts them back between its settings, and whether there are none of these."""
    leaves, build = flatten(out)
    kept = {i: v for i, v in enumerate(leaves) if isinstance(v, _KEPT) or _is_passed(v, passed)}
    if not kept or leaves[0] is out:
        return leaves, build, True

    def rebuild(values: list[Any]) -> Any:
        left = iter(values)
        return build([kept[i] if i in kept else next(left) for i in range(len(leaves))])

    return [v for i, v in enumerate(leaves) if i not in kept], rebuild, False


def _is_passed(value: Any, passed: list[Any]) -> bool:
    """Whether a value is a function among the arguments: of one made while tracing, the next call needs another."""
    return isinstance(value, _FUNCTIONS) and any(value is one for one in passed)


def _result(trace: Trace, value: Any, f: Any) -> tuple[Node, int, bool]:
    """The node, the kind and the trackedness of one result."""
    entered = trace.enter(value)
    if type(entered) is Tensor:
        node = entered._node
        if node is None:
            return _constant(entered._value), TENSOR, False
        kind = trace.kinds.of(entered)
        return node, TENSOR if kind == CONSTANT else kind, trace.kinds.outside(node)
    if isinstance(value, bool | int | float | complex):
        return _constant(value), NUMBER, False
    if not isinstance(value, np.ndarray | np.generic) or value.dtype.kind not in "fciub":
        raise OperandError(
            f"{function_name(f)} returned {type(value).__name__} {str(value)[:40]!r}, which is no number.",
            where=defined_at(f),
            help="a compiled function returns numbers, arrays, tensors, None, and containers of them and of settings\n"
            "that say the same in each call: text, enumerations, functions that were passed in.",
        )
    return _constant(value.copy()), ARRAY, False


def _constant(value: Any) -> Node:
    spec = Spec.of(value)
    return record(ALIAS, (value,), None, spec.shape, spec.dtype, None)


def _graph(inputs: list[Node], outputs: list[Node], trace: Trace) -> Graph:
    nodes = collect(outputs, frozenset(inputs))
    for node in nodes:
        if node.is_leaf and node not in inputs and node.saved and type(node.saved[0]) is Spec:
            raise leaked(make(node.spec, node))
    order = sorted({*nodes, *inputs}, key=lambda n: n.seq)
    return Graph(inputs, outputs, order)


def _handed(node: Node, kind: int, inputs: list[Node], given: list[Input]) -> str:
    """The kind in which a result is handed over."""
    if kind == TENSOR:
        return "tensor"
    if node.shape != ():
        return "array"
    if kind == NUMBER:
        return _NUMBERS[node.dtype.kind]
    source = node
    while source.op is ALIAS and type(source.inputs[0]) is Node:
        source = source.inputs[0]
    # An array without axes that was only passed through is handed back as such, as NumPy does.
    place = inputs.index(source) if source in inputs else len(given)
    return "array" if place < len(given) and given[place].kind == "array" else "scalar"


def _trees(
    args: tuple[Any, ...], kwargs: dict[str, Any], parameters: Parameters, settings: list[Any]
) -> tuple[Parameter, ...] | None:
    """The parameters as native code knows them, or None where one has a structure of another kind."""
    counter = itertools.count()

    def setting(value: Any) -> int:
        settings.append(value)
        return len(settings) - 1

    found = []
    everything: list[tuple[int | str, Any]] = [*enumerate(args), *kwargs.items()]
    for place, value in everything:
        if place in parameters.static:
            tree: Tree | None = Tree("static", setting(value))
        else:
            tree = tree_of(value, lambda _: next(counter), setting)
        if tree is None:
            return None
        if isinstance(place, str):
            found.append(Parameter(place, tree, True))
        else:
            named = parameters.movable and place < len(parameters.positional)
            free = named and parameters.positional[place].kind is not parameters.positional[place].POSITIONAL_ONLY
            found.append(Parameter(parameters.name(place) if free else None, tree))
    return tuple(found)


def _native(given: Input) -> Input:
    return given if given.kind != "tensor" else Input("array", given.dtype, given.shape, given.name)


def _held(captured: Captured, node: Node) -> Input:
    return Input("array", node.dtype.name, tuple(node.shape), captured.name)


def _outputs(roots: list[Node], kinds: tuple[str, ...], inputs: list[Input], donated: list[int]) -> tuple[Output, ...]:
    """The results; each donated array is handed back as the first result that fits into it."""
    left = list(donated)
    found = []
    for i, (node, kind) in enumerate(zip(roots, kinds, strict=True)):
        shape = tuple(node.shape)
        fits = [d for d in left if kind == "array" and inputs[d].shape == shape and inputs[d].dtype == node.dtype.name]
        if fits:
            left.remove(fits[0])
        form = "array" if kind == "tensor" else kind
        found.append(Output(form, node.dtype.name, shape, i, fits[0] if fits else None))
    return tuple(found)
