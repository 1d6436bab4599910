"""The live table: what a page needs to compute a story of numbers again, made from the records themselves.

A record's ``emit`` is run with a kit that writes down what it is asked for, which gives the value as a list
of instructions. The record's own derivative rules are traced once on numbers without values, and the small
graphs that they leave are emitted into the same kit. So no formula stands in the page, and none twice.

An instruction is ``[name, operand, ...]``. An operand is a number (or "NaN", "Infinity", "-Infinity"), ``"x0"``
(an input by its slot), ``"out"`` (the operation's own value) or ``"t3"`` (the result of instruction 3). The last
instruction is the result. Truth values are the numbers 1 and 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

import adjoint.functions.elementwise  # noqa: F401 - the rules record with the functions that it installs
from adjoint.apply import RECORD, apply, leaf, make
from adjoint.differentiate.saved import recorded_saved
from adjoint.explain.items import Board, Item
from adjoint.explain.statistics import written
from adjoint.graph.graph import collect
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.modes import switched
from adjoint.primitives.record import REGISTRY, Primitive
from adjoint.tensor import Tensor

_NAMES = """
same add sub mul div neg fma fmod lt le gt ge eq ne isnan and_ or_ not_ select abs copysign sqrt floor rint trunc
exp expm1 exp2 log log2 log10 log1p sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh atan2 cbrt hypot
erf pow
"""
#: Every function of the kit: what the page's own table has.
FUNCTIONS = frozenset(_NAMES.split())

#: A value while instructions are written: a number that is known, or the name of an operand or result.
Ref = float | str
Code = list[list[Any]]

BOOL, F64 = np.dtype(np.bool_), np.dtype(np.float64)
#: Records that look at their operands as truth values.
LOGIC = frozenset(
    {"logical_and", "logical_or", "logical_xor", "logical_not", "bitwise_and", "bitwise_or", "bitwise_xor", "invert"}
)
TRUTHS = LOGIC | {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}
TRUTHS |= {"isnan", "isfinite", "isinf"}
#: Records that leave a number what it is.
_SAME = frozenset({"alias", "cut", "real", "conj", "astype"})
_EXACT: dict[str, Callable[..., float]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "neg": lambda x: -x,
    "abs": abs,
}
#: Larger whole numbers are no doubles.
_WHOLE = 2**53


class NoScalarForm(Exception):
    """An operation that a page cannot compute: it works on arrays, or its record has no scalar code."""


class Notes:
    """A kit that writes instructions down: equal ones once, and none for what is known already."""

    def __init__(self) -> None:
        self._code: Code = []
        self._known: dict[tuple[str, ...], Ref] = {}
        self._truths: set[Ref] = set()
        self._opposite: dict[Ref, Ref] = {}

    def const(self, value: Any) -> Ref:
        """A number."""
        return float(value)

    def __getattr__(self, name: str) -> Callable[..., Ref]:
        if name not in FUNCTIONS:
            raise AttributeError(f"the page has no function {name!r}.")
        return lambda *operands: self._note(name, operands)

    def _note(self, name: str, operands: tuple[Ref, ...]) -> Ref:
        exact = _EXACT.get(name)
        if exact is not None and all(isinstance(o, float) for o in operands):
            return exact(*operands)
        if name in ("neg", "not_") and operands[0] in self._opposite:
            return self._opposite[operands[0]]
        key = (name, *map(repr, operands))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = f"t{len(self._code)}"
            self._code.append([name, *operands])
            if name == "neg" or (name == "not_" and operands[0] in self._truths):
                self._opposite[known] = operands[0]
            if name in ("lt", "le", "gt", "ge", "eq", "ne", "isnan", "and_", "or_", "not_"):
                self._truths.add(known)
        return known

    def truth(self, ref: Ref) -> Ref:
        """Marks an operand that is a truth value already."""
        self._truths.add(ref)
        return ref

    def code(self, result: Ref) -> Code:
        """The instructions that a result needs, numbered anew; the result is the last one."""
        wanted = {result}
        kept = []
        for i in reversed(range(len(self._code))):
            if f"t{i}" in wanted:
                kept.append(i)
                wanted.update(o for o in self._code[i][1:] if isinstance(o, str))
        kept.reverse()
        named = {f"t{i}": f"t{n}" for n, i in enumerate(kept)}
        made = [[self._code[i][0], *(_operand(o, named) for o in self._code[i][1:])] for i in kept]
        return made if named.get(str(result)) == f"t{len(kept) - 1}" else [*made, ["same", _operand(result, named)]]


def _operand(ref: Ref, named: dict[str, str]) -> Any:
    if isinstance(ref, str):
        return named.get(ref, ref)
    return int(ref) if ref.is_integer() and ref != 0 and abs(ref) < _WHOLE else written(ref)


def rules_of(board: Board) -> tuple[list[dict[str, Any]], dict[int, int]] | None:
    """The rules of a story's operations and the place of each operation's own; None where one has no scalar form."""
    wanted: dict[tuple[Any, ...], set[int]] = {}
    keys: dict[int, tuple[Any, ...]] = {}
    for item in board.operations:
        operands = board.operands(item)
        if item.op is None or not _scalar(item, operands) or item.value is None:
            return None
        # What a name says of itself changes no number: who cut, or to what the cast went.
        params = () if item.op.name in _SAME else tuple(sorted(item.params.items()))
        key = (item.op, params, tuple(_dtype(o) == BOOL for o in operands), _dtype(item) == BOOL)
        keys[item.id] = key
        live = wanted.setdefault(key, set())
        live.update(slot for slot, o in enumerate(operands) if not o.dead)
    places = {key: n for n, key in enumerate(wanted)}
    try:
        rules = [rule_for(*key, tuple(sorted(live))) for key, live in wanted.items()]
    except NoScalarForm:
        return None
    return rules, {node: places[key] for node, key in keys.items()}


def _dtype(item: Item) -> Any:
    return item.specs[0].dtype


def _scalar(item: Item, operands: Sequence[Item]) -> bool:
    """Whether an operation makes one number or truth value of such: doubles, and whole numbers that are constant."""
    op = item.op
    assert op is not None
    fits = not item.several and not item.specs[0].shape and _dtype(item) in (F64, BOOL)
    return fits and all(map(is_number, operands)) and has_code(op, item.params)


def is_number(item: Item) -> bool:
    """Whether a value is one double or truth value, or a whole number that is constant."""
    if item.several or item.specs[0].shape or item.value is None:
        return False
    whole = _dtype(item).kind in "iu" and item.kind != "op" and abs(int(item.value)) <= _WHOLE
    return whole or _dtype(item) in (F64, BOOL)


def has_code(op: Primitive, params: Mapping[str, Any]) -> bool:
    """Whether the record of an operation says how numbers are computed, one by one."""
    if REGISTRY.get(op.name) is not op:
        return False  # a user's own
    folds = op.family == "reduce" and isinstance(op.emit, tuple) and not op.mask and not params.get("axis")
    return op.name in _SAME or folds or (callable(op.emit) and op.family != "reduce")


@lru_cache(maxsize=1024)
def rule_for(
    op: Primitive, params: tuple[tuple[str, Any], ...], truths: tuple[bool, ...], truth: bool, live: tuple[int, ...]
) -> dict[str, Any]:
    """One rule: the value, the slope by each input that a gradient is wanted for, how zeros pass, where kinks are."""
    given = dict(params)
    found: dict[str, Any] = {"op": op.name}
    k = Notes()
    operands = [(k.truth(f"x{i}") if one else f"x{i}", one) for i, one in enumerate(truths)]
    try:
        found["value"] = k.code(emitted(k, op, given, operands, truth)[0])
        traced = Traced(op, given, truths)
        slopes = [traced.slope(i) if i in live and not truths[i] and not truth else None for i in range(len(truths))]
        found["slopes"] = slopes
        if any(s is not None for s in slopes):
            zeros = _ZEROS.get(op.mask, "ends")
            found["zeros"] = "passes" if op.bounded and zeros == "guards" else zeros
        if op.at_kink is not None and live and op.family != "reduce":
            found["kink"] = traced.kink(op.at_kink)
    except AttributeError as error:
        raise NoScalarForm(f"{op.name}: {error}") from error
    return found


#: How a gradient that is zero by structure goes on: a router makes such zeros, a slope without a bound is kept
#: from multiplying them (0 * inf is NaN), and they end where the mask of the record does.
_ZEROS = {"router": "routes", "elementwise": "guards", "moves": "passes"}


class Traced:
    """An operation on numbers without values, and what its record says of it as instructions."""

    def __init__(self, op: Primitive, params: dict[str, Any], truths: tuple[bool, ...]) -> None:
        self._op = op
        self._truths = truths
        with switched(recording=True, everything=False, scope=None, origin=None), np.errstate(all="ignore"):
            self._given = [_variable(BOOL if one else F64) for one in truths]
            self.node = apply(op, tuple(t for t, _ in self._given), params)._node

    def slope(self, slot: int) -> Code | None:
        """The local derivative by one input: the record's own, or what its rule makes of an upstream gradient of 1."""
        op, node = self._op, self.node
        if not op.differentiable:
            return None
        k = Notes()
        g, upstream = _variable(F64)
        with switched(recording=True, everything=False, scope=None, origin=None), np.errstate(all="ignore"):
            saved = recorded_saved(node)
            rule = op.locals[slot] if slot < len(op.locals) else None
            if rule is not None:
                found = rule(RECORD, saved, node)
            elif op.locals or slot >= len(op.pulls) or op.pulls[slot] is None:
                return None
            else:
                pull = op.pulls[slot]
                assert pull is not None
                found = pull(RECORD, g, saved, node)
        return k.code(self._noted(k, found, {upstream: (1.0, False), node: ("out", node.dtype == BOOL)}))

    def kink(self, test: Callable[..., Any]) -> Code:
        """Whether the operands stand exactly on a kink or a step."""
        k = Notes()
        with switched(recording=True, everything=False, scope=None, origin=None), np.errstate(all="ignore"):
            found = test(*[t for t, _ in self._given], **(self.node.params or {}))
        return k.code(self._noted(k, found, {}))

    def _noted(self, k: Notes, root: Any, memo: dict[Node, tuple[Ref, bool]]) -> Ref:
        """The instructions of a traced graph, node by node."""
        if type(root) is not Tensor:
            return k.const(root)
        if root._node is None:
            return k.const(root._value)
        for i, (_, node) in enumerate(self._given):
            memo[node] = (k.truth(f"x{i}") if self._truths[i] else f"x{i}", self._truths[i])
        for node in collect([root._node], frozenset(memo)):
            if node not in memo:
                operands = [memo[i] if type(i) is Node else (k.const(i), False) for i in node.inputs]
                memo[node] = emitted(k, node.op, node.params or {}, operands, node.dtype == BOOL)
        return memo[root._node][0]


def _variable(dtype: Any) -> tuple[Tensor, Node]:
    spec = Spec((), dtype)
    node = leaf(spec)
    return make(spec, node), node


def emitted(
    k: Any, op: Primitive, params: dict[str, Any], operands: Sequence[tuple[Ref, bool]], truth: bool
) -> tuple[Ref, bool]:
    """The instructions of one record, and whether what they give is a truth value."""
    if op.name in _SAME:
        ref, is_truth = operands[0]
        return (as_truth(k, ref, is_truth) if truth else ref), truth
    given = [
        as_truth(k, ref, is_truth) if op.name in LOGIC or (op.name == "where" and i == 0) else ref
        for i, (ref, is_truth) in enumerate(operands)
    ]
    if op.emit is None:
        raise AttributeError("it has no scalar code.")
    if isinstance(op.emit, tuple):
        first, step = op.emit
        return step(k, k.const(first), given[0]), False
    made = op.emit(k, *given, **params)
    return (made if not truth or op.name in TRUTHS else as_truth(k, made, False)), truth


def as_truth(k: Any, ref: Ref, is_truth: bool) -> Ref:
    """The operand as a truth value: itself, or whether it is not zero."""
    made: Ref = ref if is_truth else k.ne(ref, k.const(0.0))
    return made
