"""Lower: a graph to terms, one function a kind of operation; what has no native form becomes a call to NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.compile.lower_dots import lower_einsum, lower_matmul
from adjoint.compile.lower_folds import lower_argbest, lower_fold, lower_logsumexp, lower_norm, share
from adjoint.compile.lower_gathers import lower_gather, lower_scatter
from adjoint.compile.lower_moves import MOVES
from adjoint.compile.terms import Term, Terms
from adjoint.errors import GraphError
from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.primitives.record import REGISTRY, Primitive
from adjoint.primitives.structure import ITEM

#: Whether native code knows an operation for operands of a dtype: ``knows(record, params, dtype)``.
Knows = Callable[[Primitive, dict[str, Any], np.dtype[Any]], bool]

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
BOOL = np.dtype(np.bool_)
INTEGERS = (np.dtype(np.int64), np.dtype(np.int32))

#: Records that look at their operands as truth values.
LOGIC = frozenset({"logical_and", "logical_or", "logical_xor", "logical_not"})
#: Records that work on truth values as they are.
BITWISE = frozenset({"bitwise_and", "bitwise_or", "bitwise_xor", "invert"})
#: Records whose result is a truth value and whose operands are numbers of one dtype.
TESTS = frozenset(
    {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "isnan", "isfinite", "isinf"}
)


class Lowering:
    """One graph on its way to terms: the term (or tuple of terms) of every node."""

    def __init__(self, graph: Graph, knows: Knows, strict: bool = False) -> None:
        self.strict = strict
        self.terms = Terms()
        #: What must be 0 for the results to be right: above 0, an index was out of range.
        self.checks: list[Term] = []
        #: For each logsumexp: its operand, its axes, the shifted exponentials and their sum.
        self.folded: dict[int, tuple[Term, tuple[int, ...], Term, Term]] = {}
        self.knows = knows
        self.found: dict[Node, Any] = {}
        numbers = {node: i for i, node in enumerate(graph.inputs)}
        for node in graph.nodes:
            self.terms.node = node
            if node in numbers:
                self.found[node] = self.terms.input(numbers[node], node.shape, node.dtype)
            elif node.is_leaf:
                self.found[node] = self.constant(_held(node))
            else:
                self.found[node] = self.lower(node)
        self.outputs: list[Term] = [self.found[o] for o in graph.outputs]

    def constant(self, value: Any, dtype: Any = None) -> Term:
        """A value that stands in the graph, as a term."""
        if isinstance(value, np.ndarray) and value.shape:
            return self.terms.array(value if dtype is None else value.astype(dtype))
        return self.terms.const(value, np.asarray(value).dtype if dtype is None else dtype)

    def operand(self, value: Any) -> Term:
        """The term of one input of a node."""
        return self.found[value] if type(value) is Node else self.constant(value)

    def cast(self, x: Term, dtype: Any) -> Term:
        """The operand in another dtype."""
        dtype = np.dtype(dtype)
        if x.dtype == dtype:
            return x
        if x.kind == "const":
            return self.terms.const(x.data, dtype)
        return self.terms.map(REGISTRY["astype"], {"dtype": dtype.str}, (x,), x.shape, dtype)

    def lower(self, node: Node) -> Any:
        """The term of one operation."""
        op, params = node.op, node.params or {}
        if op is ITEM:
            return self.found[node.inputs[0]][params["index"]]
        if op.name in {"alias", "cut"}:
            return self.operand(node.inputs[0])
        if not op.several and native_dtype(node.dtype):
            made = self.native(op, node, params)
            if made is not None:
                return made
        return self.call(node)

    def native(self, op: Primitive, node: Node, params: dict[str, Any]) -> Term | None:
        """The term in native form, or None where there is none."""
        operands = [self.operand(i) for i in node.inputs]
        if not all(native_dtype(x.dtype) for x in operands):
            return None
        name = op.name
        if name == "astype":
            return self.cast(operands[0], node.dtype)
        if name in MOVES:
            moved = MOVES[name](self, operands, node, params)
            if moved is None and name == "getitem":
                return lower_gather(self, operands, node, params)
            if moved is None and name in {"scatter", "index_add"}:
                return lower_scatter(self, operands, node, params)
            return moved
        if name in {"sum", "prod", "max", "min"}:
            return lower_fold(self, operands[0], node, params)
        if name == "logsumexp" and operands[0].dtype in FLOATS:
            return lower_logsumexp(self, operands[0], node, params)
        if name == "norm" and operands[0].dtype in FLOATS:
            return lower_norm(self, operands[0], node, params)
        if name in {"argmax", "argmin"}:
            return lower_argbest(self, operands[0], node, params)
        if name == "matmul" and node.dtype in FLOATS:
            return lower_matmul(self, operands[0], operands[1], node)
        if name == "einsum" and node.dtype in FLOATS:
            return lower_einsum(self, operands[0], operands[1], node, params["subscripts"])
        if op.emit is not None and op.family in {"elementwise", "router", "blocked"}:
            return self.pointwise(op, node, params, operands)
        return None

    def pointwise(self, op: Primitive, node: Node, params: dict[str, Any], operands: list[Term]) -> Term | None:
        """An operation at each index, its operands brought to one dtype as NumPy does."""
        if op.name in LOGIC:
            dtype = BOOL
            operands = [self.truth(x) for x in operands]
        elif op.name == "where":
            dtype = node.dtype
            operands = [self.truth(operands[0]), *(self.cast(x, dtype) for x in operands[1:])]
        else:
            given = [i if type(i) in (bool, int, float) else Spec.of(i).dtype for i in node.inputs]
            given = [i.dtype if type(i) is Node else d for i, d in zip(node.inputs, given, strict=True)]
            if op.name in TESTS:
                dtype = np.result_type(*given)
            elif node.dtype in FLOATS or node.dtype == BOOL:
                dtype = node.dtype
            else:
                dtype = np.result_type(*given)
            if dtype == BOOL and op.name not in BITWISE:
                return self.counted(op, node, params, operands)
            operands = [self.cast(x, dtype) for x in operands]
        if dtype not in FLOATS and dtype != BOOL and dtype not in INTEGERS:
            return None
        if not self.knows(op, params, dtype):
            return None
        if op.name == "exp" and not self.strict:
            shared = share(self, operands[0])
            if shared is not None:
                return shared
        return self.terms.map(op, params, operands, node.shape, node.dtype)

    def counted(self, op: Primitive, node: Node, params: dict[str, Any], operands: list[Term]) -> Term | None:
        """Arithmetic and comparisons of truth values, as those of the numbers 0 and 1."""
        dtype = INTEGERS[1]
        if not self.knows(op, params, dtype):
            return None
        numbers = [self.cast(x, dtype) for x in operands]
        result = BOOL if op.name in TESTS else dtype
        return self.cast(self.terms.map(op, params, numbers, node.shape, result), node.dtype)

    def apply(self, name: str, *operands: Term, dtype: Any = None) -> Term:
        """An elementwise record by name, for forms that are written with it."""
        shape = np.broadcast_shapes(*(x.shape for x in operands))
        result = operands[-1].dtype if dtype is None else dtype
        return self.terms.map(REGISTRY[name], {}, operands, shape, result)

    @property
    def native_index(self) -> bool:
        """Whether whole numbers can be compared and chosen natively, as checks of indices do."""
        whole = np.dtype(np.int64)
        return all(self.knows(REGISTRY[name], {}, whole) for name in ("add", "less", "greater_equal", "where"))

    def knows_add(self, dtype: np.dtype[Any]) -> bool:
        """Whether sums of this dtype have a native form."""
        return self.knows(REGISTRY["add"], {}, dtype)

    def truth(self, x: Term) -> Term:
        """The operand as a truth value."""
        if x.dtype == BOOL:
            return x
        if x.kind == "const":
            return self.terms.const(bool(x.data), BOOL)
        return self.apply("not_equal", x, self.terms.const(0, x.dtype), dtype=BOOL)

    def call(self, node: Node) -> Any:
        """A call back to the record's own NumPy value."""
        operands = tuple(self.operand(i) for i in node.inputs)
        weak = tuple(type(i) if type(i) in (bool, int, float, complex) else None for i in node.inputs)
        params = node.params or {}
        specs = node.specs
        made = self.terms.make(
            "call",
            operands,
            (node.op, params, weak, tuple((s.shape, s.dtype) for s in specs)),
            specs[0].shape,
            specs[0].dtype,
            key=(node.op.name, repr(sorted(params.items())), weak),
        )
        items = tuple(self.terms.make("item", (made,), i, s.shape, s.dtype) for i, s in enumerate(specs))
        return items if node.op.several else items[0]


def native_dtype(dtype: Any) -> bool:
    """Whether native code holds values of this dtype in registers."""
    return dtype is not None and (dtype in FLOATS or dtype == BOOL or dtype in INTEGERS)


def _held(node: Node) -> Any:
    held = node.saved[0] if type(node.saved) is tuple else None
    if held is None or type(held) is Spec:
        raise GraphError(f"the leaf {node!r} has no value.", where=node.describe(), help="give it as an input.")
    return held
