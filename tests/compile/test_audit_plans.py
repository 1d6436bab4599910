"""What plans promise: one pass where one serves, kernels compiled once, one arena, results written in place."""

import re
from collections import Counter

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.compile.llvm.host import host, registers


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: anp.sum(anp.exp(-((x[:, None] - y) ** 2))),
        lambda x, y: anp.sum(anp.exp(-((y[:, None] - x) ** 2))),
        lambda x, y: anp.sum(anp.exp(x[:, None] * y), axis=0),
        lambda x, y: anp.sum(anp.tanh(y * x[:, None]), axis=1),
        lambda x, y: anp.max(anp.sin(x[:, None] + y)),
    ],
)
def test_pairs_are_never_stored_whichever_is_longer(f):
    for sizes in ((200, 100), (100, 200)):
        x, y = (np.linspace(0.1, 1.0, n) for n in sizes)
        exe = ad.compile(f, cache=False)
        np.testing.assert_allclose(exe(x, y), f(ad.tensor(x), y).value, rtol=1e-12)
        assert exe.plan.arena_bytes < 200 * 100 * 8 / 10


def recurrent(steps):
    def f(x, a):
        for _ in range(steps):
            x = anp.tanh(a @ x) + 0.1 * x
        return anp.sum(x * x)

    return ad.value_and_grad(f)


def heat(steps):
    def f(u):
        for _ in range(steps):
            u = anp.sin(u + 0.1 * (anp.roll(u, 1) + anp.roll(u, -1) - 2.0 * u))
        return anp.sum(u * u)

    return ad.value_and_grad(f)


@pytest.mark.parametrize("width", sorted({16, host().vector_bytes}))
@pytest.mark.parametrize(
    ("made", "args"), [(recurrent, (np.ones(60), np.eye(60) * 0.5)), (heat, (np.linspace(0.0, 1.0, 5000),))]
)
def test_steps_of_equal_structure_are_compiled_once(made, args, width):
    """Three times as many steps of an unrolled loop: the same few functions, called more often.

    Each step differs from the next in what it recomputes, with a period of 5 in the recurrent network: so the counts
    are multiples of 5. Where a chain begins or ends, a step may read other memory and be a function of its own.
    """
    found = []
    for count in (15, 45):
        with registers(width):
            exe = ad.compile(made(count), cache=False).lower(*args)
        program = exe._current().program
        calls = Counter(re.findall(r'call \w+ @"(step\d+)"\(', program.source))
        assert sum(calls.values()) == len(exe.plan.steps) == 2 * count
        found.append((calls, len(program.library.object_bytes)))
    (few, size), (more, larger) = found
    assert abs(len(more) - len(few)) <= 2
    assert sum(n > 1 for n in more.values()) <= 12
    assert sum(n for n in more.values() if n > 1) > 90 - 10  # all but those at the ends
    assert larger < 1.5 * size


def test_scratch_memory_does_not_grow_with_the_number_of_layers():
    def f(x, *weights):
        for w in weights:
            x = anp.tanh(x @ w)
        return x

    x, w = np.ones((64, 64)), np.eye(64)
    arenas = [ad.compile(f, cache=False).lower(x, *[w] * n).plan.arena_bytes for n in (4, 12)]
    assert arenas[0] == arenas[1] <= 2 * x.nbytes


def embedding_step(w, i):
    return w - 0.1 * ad.grad(lambda w: anp.sum(w[i] ** 3))(w)


def test_rows_are_updated_in_place():
    """Of a table that is given away only the rows that are named are touched; one that is kept is copied once."""
    w, i = np.random.default_rng(0).normal(size=(5000, 16)), np.array([3, 4999, 3, 0, -2])
    wanted = embedding_step(ad.tensor(w), i).value
    given, kept = w.copy(), w.copy()
    update = ad.compile(embedding_step, donate=0, cache=False)
    assert update(given, i) is given
    np.testing.assert_allclose(given, wanted, rtol=1e-14)
    assert update.plan.arena_bytes < w.nbytes / 10
    assert update.plan.operations < w.size / 10
    copied = ad.compile(embedding_step, cache=False)
    np.testing.assert_allclose(copied(kept, i), wanted, rtol=1e-14)
    np.testing.assert_array_equal(kept, w)
    assert copied.plan.arena_bytes < w.nbytes / 10


def test_an_index_out_of_range_leaves_a_donated_array_as_it_was():
    w = np.random.default_rng(1).normal(size=(50, 4))
    given = w.copy()
    with pytest.raises(IndexError, match="out of bounds"):
        ad.compile(embedding_step, donate=0, cache=False)(given, np.array([1, 50]))
    np.testing.assert_array_equal(given, w)


def test_every_index_array_is_checked():
    exe = ad.compile(lambda x, i, j: anp.sum(x[i] * 2.0) + anp.sum(anp.sort(x)[j]), cache=False)
    x = np.arange(5.0)
    assert exe(x, np.array([0, -1]), np.array([4])) == 12.0
    for i, j in ((5, 0), (0, 5), (-6, 0), (0, -6)):
        with pytest.raises(IndexError):
            exe(x, np.array([i]), np.array([j]))


def test_epilogues_and_scaled_products_are_no_passes_of_their_own():
    rng = np.random.default_rng(2)
    a, b, c, v = (rng.normal(size=s) for s in ((90, 120), (120, 100), (90, 100), (100,)))
    # Bias and activation: one loop over the product, and nothing but the product in between.
    exe = ad.compile(lambda a, b, v: anp.tanh(2.0 * (a @ b) + v), cache=False).lower(a, b, v)
    assert len(exe.plan.steps) == 2
    assert exe.plan.arena_bytes <= c.nbytes + 64
    # A scaled product that is added to given memory: one call of BLAS, no loop and no scratch memory.
    exe = ad.compile(lambda a, b, c: c - 0.1 * (a @ b), donate=2, cache=False)
    wanted, given = c - 0.1 * (a @ b), c.copy()
    assert exe(a, b, given) is given
    np.testing.assert_allclose(given, wanted, rtol=1e-12, atol=1e-14)
    (step,) = exe.plan.steps
    assert not step.loops
    assert exe.plan.arena_bytes == 0


def test_attention_never_holds_its_whole_matrix():
    def attention(q, k, v):
        s = q @ anp.swapaxes(k, -1, -2) / 4.0
        e = anp.exp(s - anp.max(s, axis=-1, keepdims=True))
        return (e / anp.sum(e, axis=-1, keepdims=True)) @ v

    q = np.random.default_rng(3).normal(size=(2, 1024, 16))
    exe = ad.compile(attention, cache=False).lower(q, q, q)
    assert exe.plan.arena_bytes < 2 * 1024 * 1024 * 8 / 4
    np.testing.assert_allclose(exe(q, q, q), attention(q, q, q), rtol=1e-11)
