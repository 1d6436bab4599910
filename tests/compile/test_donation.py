"""Donated arguments: results are right, whatever else reads the memory that they take, and are the very arrays."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint import special
from compile.differ import arrays, assert_close, compiled, eager

RNG = np.random.default_rng(11)


def steps_back(x):
    """Entries written from others of the same array."""
    z = x * 1.0
    z[0] = z[1] * 2.0
    z[2:5] = z[0:3]
    return z


PROGRAMS = {
    "in place": lambda a, b: a * 2.0 + b,
    "twice": lambda a, b: (a + 1.0, a - 1.0),
    "exchanged": lambda a, b: (b, a),
    "exchanged with work": lambda a, b: (b * 2.0, a * 3.0),
    "butterfly": lambda a, b: (a + b, a - b),
    "reversed": lambda a, b: a[::-1] * 2.0,
    "transposed": lambda a, b: a.T + 1.0,
    "rotated": lambda a, b: anp.concatenate([a[1:], a[:1]]) * 2.0,
    "stencil": lambda a, b: anp.pad(a[2:] - a[:-2], ((1, 1), (0, 0))) + a,
    "product": lambda a, b: a @ b,
    "product of itself": lambda a, b: a - 0.1 * (a @ a),
    "transposed product of itself": lambda a, b: a - 0.1 * (a.T @ a),
    "product onto it": lambda a, b: a - 0.1 * (b @ b.T),
    "product onto it, and its sum": lambda a, b: (a + b.T @ b, anp.sum(a)),
    "both from both": lambda a, b: (b.T @ a, a.T @ b),
    "sum of all": lambda a, b: (a + anp.sum(a), anp.max(a)),
    "rows": lambda a, b: special.softmax(a, axis=1),
    "columns": lambda a, b: special.softmax(a, axis=0) + b[0],
    "reshaped": lambda a, b: anp.reshape(anp.reshape(a, (-1, 2)).T, a.shape) * 2.0,
    "reshaped elsewhere": lambda a, b: (a * 2.0, anp.sum(anp.reshape(a, (-1,))[:5])),
    "gathered": lambda a, b: a[np.arange(6)[::-1]] * 1.0,
    "written": lambda a, b: steps_back(a),
    "called back": lambda a, b: (anp.sort(a, axis=0), anp.cumsum(a, axis=1)),
    "a result that another reads": lambda a, b: (lambda c: (c, c + a[::-1]))(a * 2.0),
    "as it is": lambda a, b: a,
    "handed out twice": lambda a, b: (a, a),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("donate", [(0,), (0, 1)])
def test_results_are_those_without_donation(name, donate):
    f = PROGRAMS[name]
    a, b = RNG.normal(size=(6, 6)), RNG.normal(size=(6, 6))
    wanted = eager(f, (a, b))
    exe = ad.compile(f, donate=donate, cache=False)
    for _ in range(3):
        mine = a.copy(), b.copy()
        result = exe(*mine)
        assert_close(arrays(result), wanted, name, 1e-13)
        first = result[0] if type(result) is tuple else result
        assert first is mine[0]
        if 1 not in donate:
            np.testing.assert_array_equal(mine[1], b)


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_alone_give_the_same(name):
    """Without the native entry, results do not lie in donated memory."""
    f = PROGRAMS[name]
    a, b = RNG.normal(size=(6, 6)), RNG.normal(size=(6, 6))
    exe = ad.compile(f, donate=(0, 1), cache=False).lower(a, b)
    assert_close(exe.run([a, b]), eager(f, (a, b)), name, 1e-13)


def test_three_in_a_ring():
    exe = ad.compile(lambda a, b, c: (b, c, a), donate=(0, 1, 2), cache=False)
    given = [np.full(5, float(i)) for i in range(3)]
    for turn in range(1, 7):
        result = exe(*given)
        assert all(r is g for r, g in zip(result, given))
        assert [g[0] for g in given] == [(i + turn) % 3 for i in range(3)]


def loss(w, b, x, y):
    hidden = anp.tanh(x @ w[0] + b[0])
    return anp.mean(anp.square(hidden @ w[1] + b[1] - y))


def step(w, b, x, y):
    value, (dw, db) = ad.value_and_grad(loss, argnums=(0, 1))(w, b, x, y)
    return [p - 0.1 * g for p, g in zip(w, dw)], [p - 0.1 * g for p, g in zip(b, db)], value


def momentum(w, b, v, x, y):
    value, dw = ad.value_and_grad(loss)(w, b, x, y)
    v = [0.9 * m + g for m, g in zip(v, dw)]
    return [p - 0.05 * m - 0.001 * p for p, m in zip(w, v)], v, value


def parameters(dtype):
    rng = np.random.default_rng(4)
    sizes = [(7, 20), (20, 3), (20,), (3,), (64, 7), (64, 3)]
    w0, w1, b0, b1, x, y = (rng.normal(size=s).astype(dtype) * 0.5 for s in sizes)
    return [w0, w1], [b0, b1], x, y


@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_a_loop_of_gradient_descent(dtype):
    w, b, x, y = parameters(dtype)
    mine = [a.copy() for a in w], [a.copy() for a in b]
    exe = ad.compile(step, donate=("w", "b"), cache=False)
    for _ in range(20):
        w, b, value = step(w, b, x, y)
        got = exe(*mine, x, y)
        assert all(r is m for r, m in zip([*got[0], *got[1]], [*mine[0], *mine[1]]))
        bound = 2e3 * np.finfo(dtype).eps
        wanted = arrays((w, b, value))
        assert_close(arrays(got), wanted, "step", bound)
        w, b = [np.asarray(a) for a in wanted[:2]], [np.asarray(a) for a in wanted[2:4]]


def test_a_loop_with_momentum():
    w, b, x, y = parameters("f8")
    v = [np.zeros_like(a) for a in w]
    mine = [a.copy() for a in w], [a.copy() for a in v]
    exe = ad.compile(momentum, donate=("w", "v"), cache=False)
    for _ in range(20):
        wanted = eager(lambda *f: momentum([f[0], f[1]], b, [f[2], f[3]], x, y), (*w, *v))
        got = exe(mine[0], b, mine[1], x, y)
        assert_close(arrays(got), wanted, "momentum", 1e-11)
        w, v = wanted[:2], wanted[2:4]
    assert compiled(loss, (w, b, x, y))[0] < 2.0


def test_nothing_is_overwritten_that_was_not_donated():
    w, b, x, y = parameters("f8")
    before = [a.copy() for a in (*b, x, y)]
    ad.compile(step, donate="w", cache=False)([a.copy() for a in w], b, x, y)
    for a, c in zip((*b, x, y), before):
        np.testing.assert_array_equal(a, c)
