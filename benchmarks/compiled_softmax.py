"""Softmax and logsumexp of rows and of columns, and attention, float64: the gradient of a weighted sum.

The weights keep every entry of the gradient from vanishing. Attention is 4 heads of 1,024 queries and keys of 64.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import _compiled as bench
import _peers as peers
import numpy

import adjoint.numpy as anp
from adjoint import special

TITLE = "Softmax, logsumexp, attention, float64"


def softmax(_, by, axis, x, weights):
    return (weights * by.softmax(x, axis)).sum()


def logsumexp(_, by, axis, x, weights):
    return (weights * by.logsumexp(x, axis)).sum()


def attention(np, by, axis, q, k, v, weights):
    scores = np.matmul(q, np.swapaxes(k, 1, 2)) / 8.0
    return (weights * np.matmul(by.softmax(scores, axis), v)).sum()


def on_jax(text, axis, np, *arrays):
    import jax

    class by:
        softmax = staticmethod(jax.nn.softmax)
        logsumexp = staticmethod(jax.scipy.special.logsumexp)

    return text(np, by, axis, *arrays)


def on_torch(text, axis, torch, *arrays):
    return text(torch, torch, axis, *arrays)


def softmax_by_hand(axis, x, weights):
    """Backpropagation in NumPy, in place where it can be."""
    p = x - x.max(axis, keepdims=True)
    numpy.exp(p, out=p)
    p /= p.sum(axis, keepdims=True)
    g = weights * p
    sums = g.sum(axis, keepdims=True)
    value = sums.sum()
    p *= sums
    g -= p
    return value, g


def logsumexp_by_hand(axis, x, weights):
    top = x.max(axis, keepdims=True)
    p = x - top
    numpy.exp(p, out=p)
    total = p.sum(axis, keepdims=True)
    value = weights @ numpy.squeeze(numpy.log(total) + top, axis)
    p *= numpy.expand_dims(weights, axis) / total
    return value, p


def attention_by_hand(axis, q, k, v, weights):
    p = q @ k.swapaxes(1, 2)
    p /= 8.0
    p -= p.max(axis, keepdims=True)
    numpy.exp(p, out=p)
    p /= p.sum(axis, keepdims=True)
    out = p @ v
    value = numpy.vdot(weights, out)
    dv = p.swapaxes(1, 2) @ weights
    g = weights @ v.swapaxes(1, 2)
    g -= (weights * out).sum(axis, keepdims=True)
    g *= p
    g /= 8.0
    return value, (g @ k, g.swapaxes(1, 2) @ q, dv)


def case(name, text, by_hand, axis, arrays, argnums) -> bench.Case:
    function = functools.partial(text, anp, special, axis)
    return bench.Case(
        name,
        ours=bench.ours(function, *arrays, argnums=argnums),
        alone=bench.alone(function, *arrays),
        engines={
            "jax": peers.jax(functools.partial(on_jax, text, axis), *arrays, argnums=argnums),
            "torch.compile": peers.torch(functools.partial(on_torch, text, axis), *arrays, argnums=argnums),
        },
        hand={"NumPy": lambda: functools.partial(by_hand, axis, *arrays)},
        targets={"jax": 0.7},
        limit="NumPy",
    )


def cases() -> Iterator[bench.Case]:
    draw = numpy.random.default_rng(0)
    for shape in ((4096, 1000), (1000, 4096)):
        x = draw.standard_normal(shape) * 3
        whole = draw.standard_normal(shape)
        for axis, side in ((1, "rows"), (0, "columns")):
            weights = draw.standard_normal(shape[1 - axis])
            words = f"of {side}, {shape[0]} x {shape[1]}"
            yield case(f"softmax {words}", softmax, softmax_by_hand, axis, (x, whole), 0)
            yield case(f"logsumexp {words}", logsumexp, logsumexp_by_hand, axis, (x, weights), 0)
    q, k, v, weights = draw.standard_normal((4, 4, 1024, 64))
    yield case("attention 4 x 1024 x 64", attention, attention_by_hand, 2, (q, k, v, weights), (0, 1, 2))


if __name__ == "__main__":
    bench.run(TITLE, __doc__, cases)
