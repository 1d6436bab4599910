"""Opcodes: what the tape machine can do to numbers, each with its local derivative as a tiny graph.

An opcode is a record with its parameters, on operands that are numbers or truth values. Its derivative is
never written twice: the record's own rules are traced once on scalars without values, and the graph that
they leave is emitted into the native loop by the same kit as the forward code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

import adjoint.functions.elementwise  # noqa: F401 - the rules record with the functions that it installs
from adjoint.apply import RECORD, apply, leaf, make
from adjoint.differentiate.cotangent import fit
from adjoint.differentiate.saved import recorded_saved
from adjoint.errors import UnsupportedError
from adjoint.graph.graph import collect, constant_key
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.modes import switched
from adjoint.primitives.record import REGISTRY, Primitive
from adjoint.tensor import Tensor

BOOL = np.dtype(np.bool_)
F32, F64 = np.dtype(np.float32), np.dtype(np.float64)

#: Records that look at their operands as truth values, and records whose result is one.
LOGIC = frozenset(
    {"logical_and", "logical_or", "logical_xor", "logical_not", "bitwise_and", "bitwise_or", "bitwise_xor", "invert"}
)
TRUTHS = LOGIC | {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "isnan", "isfinite", "isinf"}


@dataclass(frozen=True)
class Opcode:
    """One thing the machine can do: a record, its parameters, and which operands and results are truth values.

    ``pulled`` says whether its gradient is wanted: an operation that no gradient passes through only runs forward.
    """

    record: str
    params: tuple[tuple[str, Any], ...]
    truths: tuple[bool, ...]
    truth: bool
    dtype: str
    pulled: bool = True

    @property
    def op(self) -> Primitive:
        """The record itself."""
        return REGISTRY[self.record]

    @property
    def arity(self) -> int:
        """The number of operands."""
        return len(self.truths)

    @property
    def text(self) -> str:
        """A short unique name: part of the key of the machine, and what the plan prints."""
        params = ", ".join(f"{k}={constant_key(v)}" for k, v in self.params)
        kinds = "".join("t" if t else "n" for t in self.truths) if any(self.truths) else ""
        shown = self.record + (f"({params})" if params else "") + (f"[{kinds}]" if kinds else "")
        return shown + ("" if self.pulled else "'")


@dataclass(frozen=True)
class Derivative:
    """The local derivative of an opcode as a graph: leaves in, one cotangent an operand out (None: no gradient).

    ``weights`` are nodes of truth value that say where a router lets the gradient pass; ``masks`` is how
    structural zeros pass: "through", "router" or "ends". ``selects`` asks for a select where the cotangent
    is a structural zero, because the slope may be infinite.
    """

    operands: tuple[Node, ...]
    out: Node
    g: Node
    pulls: tuple[Any, ...]
    weights: tuple[Any, ...]
    masks: str
    selects: bool

    @property
    def passes(self) -> bool:
        """Whether a gradient passes to any operand."""
        return any(p is not None for p in self.pulls)


def scalar_record(op: Primitive) -> bool:
    """Whether a record can be an opcode: it works on numbers one by one, and has scalar code."""
    if op.several or op.arity not in (1, 2, 3) or REGISTRY.get(op.name) is not op:
        return False
    return op.name == "astype" or (op.emit is not None and op.family not in {"reduce", "leaf"})


@lru_cache(maxsize=1024)
def derivative(opcode: Opcode) -> Derivative:
    """The local derivative of an opcode, traced from the record's own rules."""
    op, params = opcode.op, dict(opcode.params) or None
    number = np.dtype(opcode.dtype)
    with switched(recording=True, everything=False, scope=None, origin=None), np.errstate(all="ignore"):
        given = [_variable(BOOL if truth else number) for truth in opcode.truths]
        g, upstream = _variable(number)
        node = apply(op, tuple(t for t, _ in given), params)._node
        saved = recorded_saved(node)
        operands = tuple(n for _, n in given)
        dead = not op.differentiable or opcode.truth
        together = op.pull_all(RECORD, g, saved, node) if not dead and op.pull_all is not None else None
        pulls: list[Any] = []
        weights: list[Any] = []
        routes = op.mask == "router" and op.family == "router"
        for i, truth in enumerate(opcode.truths):
            found = None
            if not dead and not truth:
                rule = op.pulls[i] if together is None and i < len(op.pulls) else None
                found = together[i] if together is not None else None if rule is None else rule(RECORD, g, saved, node)
            pulls.append(None if found is None else _root(fit(RECORD, found, (), number)))
            weight = op.locals[i] if routes and found is not None else None
            weights.append(None if weight is None else _root(weight(RECORD, saved, node) != 0))
    masks = "router" if routes else "through" if op.mask in {"elementwise", "moves"} else "ends"
    selects = op.mask == "elementwise" and not op.bounded
    return Derivative(operands, node, upstream, tuple(pulls), tuple(weights), masks, selects)


def _variable(dtype: Any) -> tuple[Tensor, Node]:
    spec = Spec((), dtype)
    node = leaf(spec)
    return make(spec, node), node


def _root(found: Any) -> Any:
    """The node of a traced result, or its value where it is constant."""
    if type(found) is Tensor:
        return found._node if found._node is not None else found._value
    return found


def emit(k: Any, opcode: Opcode, operands: list[Any]) -> Any:
    """The forward code of an opcode; operands and result are numbers, truth values as 0 and 1.

    Raises UnsupportedError where the kit has no native form.
    """
    given = [(x, False) for x in operands]
    return _number(k, *_operation(k, opcode.op, dict(opcode.params), given, opcode.truth))


def emit_pulls(
    k: Any, local: Derivative, operand: Callable[[int], Any], out: Callable[[], Any], g: Any
) -> tuple[list[Any], list[Any]]:
    """The cotangents of an opcode's operands as code (None where no gradient passes), and the routers' weights.

    ``operand(i)`` and ``out()`` load values; they are called only for those that the rules ask for.
    """
    memo: dict[Node, tuple[Any, bool]] = {local.g: (g, False)}
    stops = frozenset((*local.operands, local.out, local.g))

    def value(root: Any) -> tuple[Any, bool]:
        if type(root) is not Node:
            return _constant(k, root)
        for node in collect([root], stops):
            if node in memo:
                continue
            if node is local.out:
                memo[node] = (out(), False)
            elif node in stops:
                memo[node] = (operand(local.operands.index(node)), False)
            else:
                given = [memo[i] if type(i) is Node else _constant(k, i) for i in node.inputs]
                memo[node] = _operation(k, node.op, node.params or {}, given, node.dtype == BOOL)
        return memo[root]

    pulls = [None if p is None else _number(k, *value(p)) for p in local.pulls]
    weights = [None if w is None else _truth(k, *value(w)) for w in local.weights]
    return pulls, weights


def _operation(
    k: Any, op: Primitive, params: dict[str, Any], operands: list[tuple[Any, bool]], truth: bool
) -> tuple[Any, bool]:
    """The code of one record, and whether what it gives is a truth value in the kit's own form."""
    if op.name in {"astype", "alias", "cut", "real", "conj"}:
        x, is_truth = operands[0]
        return (_truth(k, x, is_truth), True) if truth else (_number(k, x, is_truth), False)
    given = []
    for i, (x, is_truth) in enumerate(operands):
        wants = op.name in LOGIC or (op.name == "where" and i == 0)
        given.append(_truth(k, x, is_truth) if wants else _number(k, x, is_truth))
    try:
        made = op.emit(k, *given, **params)
    except AttributeError as error:
        raise UnsupportedError(f"{op.name} has no native form on the tape: {error}") from error
    if op.name in TRUTHS:
        return made, True
    return (_truth(k, made, False), True) if truth else (made, False)


def _constant(k: Any, value: Any) -> tuple[Any, bool]:
    return k.const(float(value)), False


def _truth(k: Any, x: Any, is_truth: bool) -> Any:
    return x if is_truth else k.ne(x, k.const(0.0))


def _number(k: Any, x: Any, is_truth: bool) -> Any:
    return k.select(x, k.const(1.0), k.const(0.0)) if is_truth else x
