"""The laws by which a record's other fields agree with its value: spec, scalar code, flat source, words."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from adjoint.errors import TracedError
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.primitives import helpers
from adjoint.primitives.record import Primitive
from adjoint.primitives.structure import LEAF
from adjoint.primitives.words import sentence, verb
from laws.derivatives import noise, values
from laws.kit import PlainKit
from laws.samples import Sample, differentiable
from laws.strict import Strict, StrictNamespace, wrap


def law_spec(op: Primitive, sample: Sample) -> None:
    """The spec rule gives the shape and dtype that NumPy gives; 0-d results are scalars, not arrays."""
    given = [v if type(v) in (bool, int, float) else Spec.of(v) for v in sample.operands]
    with np.errstate(all="ignore"):
        out = op.value(*sample.operands, **sample.params)
    if op.name in {"getitem", "set_at", "index_add"} and any(v.dtype == bool for v in sample.operands):
        with pytest.raises(TracedError, match="mask picks"):  # the shape of x[mask] depends on values
            op.spec(*given, **sample.params)
        return
    specs = op.spec(*given, **sample.params)
    for value, spec in zip(out if op.several else (out,), specs if op.several else (specs,), strict=True):
        assert Spec.of(value) == spec, f"value {Spec.of(value)!r}, spec {spec!r}"
        if op.name not in {"alias", "cut"}:
            assert spec.shape or not isinstance(value, np.ndarray), "a 0-d array in the place of a scalar"


def made_node(op: Primitive, sample: Sample, out: Any) -> Node:
    """A node by hand, as recording would make it when every operand is tracked."""
    node = object.__new__(Node)
    node.op, node.params = op, dict(sample.params) or None
    parents = []
    for i, v in enumerate(sample.operands):
        parent = object.__new__(Node)
        parent.op, parent.seq, parent.inputs = LEAF, i, ()
        spec = Spec.of(v)
        parent.shape, parent.dtype = spec.shape, spec.dtype
        parents.append(parent)
    node.inputs = tuple(parents)
    node.seq = len(parents)
    node.name = node.scope = node.origin = node.code = node.lasti = None
    node.saved = None
    if op.several:
        node.shape, node.dtype = tuple(map(Spec.of, out)), None
    else:
        spec = Spec.of(out)
        node.shape, node.dtype = spec.shape, spec.dtype
    return node


def law_strict(op: Primitive, sample: Sample) -> None:
    """Rules use the names of the registry and operators, nothing else: so what computes also records."""
    try:
        _run_strictly(op, sample)
    except TypeError as error:
        raise AssertionError(f"{op.name}: {error}") from error  # NumPy does not take a strict array


def _run_strictly(op: Primitive, sample: Sample) -> None:
    xp = StrictNamespace()
    with np.errstate(all="ignore"):
        out = op.value(*sample.operands, **sample.params)
    out = tuple(map(np.asarray, out)) if op.several else np.asarray(out)[()]
    node = made_node(op, sample, out)
    saved: Any = wrap((sample.operands, out)) if op.arity is None else wrap((*sample.operands, out))
    g = tuple(wrap(noise(i, o)) for i, o in enumerate(out)) if op.several else wrap(noise(3, out))
    conj = not op.several and node.dtype.kind == "c"
    for i, pull in enumerate(op.pulls_conj if conj else op.pulls):
        if pull is not None and differentiable(sample.operands[i]):
            assert isinstance(pull(xp, g, saved, node), Strict)
    if op.pull_all is not None:
        for d in op.pull_all(xp, g, saved, node):
            assert d is None or isinstance(d, Strict)
    if op.push is not None:
        ts = tuple(wrap(noise(9 + i, v)) if differentiable(v) else None for i, v in enumerate(sample.operands))
        pushed = op.push(xp, ts, saved, node)
        for t in pushed if op.several else (pushed,):
            assert t is None or isinstance(t, Strict)


def law_kit(op: Primitive, sample: Sample) -> None:
    """``emit`` says the same as the value, element by element, in nothing but the kit's operations."""
    if op.emit is None:
        return
    (out,) = values(op, sample)
    if op.family == "reduce":
        init, step = op.emit
        folded = init
        for x in np.ravel(sample.operands[0]):
            folded = step(PlainKit(), folded, x.item())
        whole = op.value(sample.operands[0], axis=tuple(range(-np.ndim(sample.operands[0]), 0)), keepdims=False)
        np.testing.assert_allclose(folded, whole, rtol=1e-13)
        return
    params = {k: v for k, v in sample.params.items() if k != "by"}
    flat = [np.ravel(v) for v in np.broadcast_arrays(*sample.operands)]
    found = [op.emit(PlainKit(), *(_scalar(v) for v in at), **params) for at in zip(*flat, strict=True)]
    np.testing.assert_allclose(np.reshape(found, out.shape), out, rtol=4e-15, atol=1e-300)


def _scalar(value: Any) -> Any:
    return bool(value) if isinstance(value, bool | np.bool_) else float(value)


def law_source(op: Primitive, sample: Sample) -> None:
    """The record's flat source, run with NumPy and the helpers it names, gives the value's very bits."""
    with np.errstate(all="ignore"):
        out = op.value(*sample.operands, **sample.params)
    node = made_node(op, sample, out)
    names = [f"v{i}" for i in range(len(sample.operands))]
    space: dict[str, Any] = {"np": np}
    for helper in op.helpers:
        exec(inspect.getsource(getattr(helpers, helper)), space)
    text = source_text(op, names, node)
    with np.errstate(all="ignore"):
        ran = eval(text, {**space, **dict(zip(names, sample.operands, strict=True))})
    for a, b in zip(ran if op.several else (ran,), out if op.several else (out,), strict=True):
        assert Spec.of(a) == Spec.of(b), text
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b), text)


def source_text(op: Primitive, names: list[str], node: Any) -> str:
    """The expression that flat source prints for an operation."""
    if callable(op.python):
        return op.python(names, node)
    if op.python:
        return op.python.format(**dict(zip("xyz", names, strict=False)))
    return f"np.{op.name}({', '.join(names)})"


def law_words(op: Primitive) -> None:
    """A person can read the record: symbol, formula, slopes, sentences, a reason where nothing flows."""
    names = {"x": "x", "y": "y", "z": "z", "out": "out", "xs": "xs", **{p: p for p in op.params}}
    for text in (op.symbol, op.formula, verb(op), sentence(op)):
        assert text, "an empty text"
        assert text.isprintable(), text
    assert "{" not in op.formula.format(**names)
    assert "{" not in sentence(op), sentence(op)
    assert sentence(op).endswith("."), sentence(op)
    for slope_text in op.slopes:
        assert "{" not in slope_text.format(**names)
    if op.family in {"elementwise", "router", "reduce"}:
        assert len(op.slopes) == op.arity
        for pull, text in zip(op.pulls, op.slopes, strict=True):
            assert (pull is None) == (text == ""), "a slope for every input that has a derivative"
    assert bool(op.reason) == (op.family == "blocked")
    assert op.domain
    if op.arity is not None:
        for letter in "xyz"[: op.arity]:
            assert f"{{{letter}}}" in op.formula, "the formula leaves an operand out"


def law_code(op: Primitive) -> None:
    """Whatever works element by element, or folds element after element, has scalar code."""
    elementwise = op.family in {"elementwise", "router", "reduce"} or (op.family == "blocked" and not op.params)
    assert op.emit is not None or not elementwise
