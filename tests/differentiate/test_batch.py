"""Batching: every record of the registry, on every choice of its operands, equals a loop; and random programs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adjoint as ad
import adjoint.numpy as anp
from adjoint.primitives import batching
from adjoint.primitives.record import REGISTRY
from laws.batching import law_batch, law_nested, looped, same_function
from laws.samples import SAMPLES, cases

#: Without values no mask can pick entries.
CASES = [
    pytest.param(op, sample, id=f"{op.name}-{i}")
    for i, (op, sample) in enumerate(cases())
    if not ("index" in op.params and any(np.asarray(v).dtype.kind == "b" for v in sample.operands))
]


def test_every_record_has_a_rule():
    assert [op.name for op in REGISTRY.values() if op.batch is None] == []


@pytest.mark.parametrize(("op", "sample"), CASES)
def test_a_batch_is_its_entries(op, sample):
    law_batch(op, sample)


@pytest.mark.parametrize(("op", "sample"), CASES)
def test_a_batch_of_batches(op, sample):
    law_nested(op, sample)


@pytest.mark.parametrize("dtype", ["float32", "complex128"])
@pytest.mark.parametrize("name", ["exp", "multiply", "sum", "cumsum", "matmul", "solve", "einsum", "getitem", "set_at"])
def test_single_precision_and_complex(name, dtype):
    law_batch(REGISTRY[name], SAMPLES[name][1].cast(dtype))


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("multiply", lambda xp, size, xs, flags: xp.multiply(*xs)),
        ("matmul", lambda xp, size, xs, flags: xp.matmul(*xs)),
        ("reshape", lambda xp, size, xs, flags, shape: xp.reshape(xs[0], shape=(*shape, size))),
        ("concatenate", lambda xp, size, xs, flags, axis: xp.concatenate(xs[0], axis=axis)),
        ("getitem", lambda xp, size, xs, flags, index: xp.getitem(*xs, index=index)),
        ("einsum", lambda xp, size, xs, flags, subscripts: batching.einsum(xp, size, xs[::-1], flags, subscripts)),
        ("sum", lambda xp, size, xs, flags, axis, keepdims: 2.0 * xp.sum(xs[0], axis=axis, keepdims=keepdims)),
    ],
)
def test_a_wrong_rule_is_seen(name, rule):
    broken = dataclasses.replace(REGISTRY[name], batch=rule)
    seen = 0
    for sample in SAMPLES[name]:
        try:
            law_batch(broken, sample)
        except (AssertionError, ad.errors.AdjointError, TypeError):
            seen += 1
    assert seen


UNARY = [anp.sin, anp.tanh, anp.exp, lambda v: v[::-1], lambda v: anp.cumsum(v), lambda v: anp.roll(v, 1),
         lambda v: anp.where(v > 0, v, 0.1 * v), lambda v: v - anp.mean(v), lambda v: anp.sort(v)]  # fmt: skip
BINARY = [
    lambda a, b: a + b, lambda a, b: a * b, lambda a, b: anp.maximum(a, b), lambda a, b: a * anp.sum(b),
    lambda a, b: anp.outer(a, b) @ b, lambda a, b: anp.concatenate([a[:2], b[2:]]),
    lambda a, b: anp.einsum("i,j->ij", a, b)[1] + a, lambda a, b: a / (1.0 + b * b),
]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(0, 16), st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=8),
    flags=st.tuples(st.booleans(), st.booleans()).filter(any),
    seed=st.integers(0, 10**6),
)
def test_random_programs(steps, flags, seed):
    def f(x, y):
        values = [x, y]
        for op, i, j in steps:
            a, b = values[i % len(values)], values[j % len(values)]
            values.append(UNARY[op](a) if op < len(UNARY) else BINARY[op - len(UNARY)](a, b))
        return anp.tanh(values[-1] * 0.1)

    rng = np.random.default_rng(seed)
    xs = [rng.uniform(-1, 1, (3, 4) if b else 4) for b in flags]
    axes = tuple(0 if b else None for b in flags)
    same_function(ad.vmap(f, in_axes=axes), looped(f, flags, 3), xs)
    for k, batched in enumerate(flags):
        if batched:
            rows = ad.vmap(ad.jacfwd(f, argnums=k), in_axes=axes)(*xs)
            single = looped(lambda *v, k=k: ad.jacrev(f, argnums=k)(*v), flags, 3)(*xs)
            np.testing.assert_allclose(rows, single.value, rtol=1e-9, atol=1e-9)
