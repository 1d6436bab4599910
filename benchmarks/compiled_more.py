"""More kinds of programs, float64: layer norm, long elementwise chains, gathers, broadcasting, small arrays, a stencil.

They were chosen before they were measured, to show what the other workloads leave out.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator

import _compiled as bench
import _peers as peers
import numpy

import adjoint.numpy as anp

TITLE = "Other programs, float64"


def layer_norm(np, x, scale, shift, weights):
    centred = x - np.mean(x, 1)[:, None]
    variance = np.mean(centred * centred, 1)[:, None]
    return (weights * (centred / np.sqrt(variance + 1e-5) * scale + shift)).sum()


def layer_norm_by_hand(x, scale, shift, weights):
    n = x.shape[1]
    h = x - x.mean(1, keepdims=True)
    inverse = 1.0 / numpy.sqrt(numpy.einsum("ij,ij->i", h, h) / n + 1e-5)
    h *= inverse[:, None]
    value = numpy.vdot(weights, h * scale + shift)
    dscale = numpy.einsum("ij,ij->j", weights, h)
    g = weights * scale
    h *= (numpy.einsum("ij,ij->i", g, h) / n)[:, None]
    g -= g.mean(1, keepdims=True)
    g -= h
    g *= inverse[:, None]
    return value, (g, dscale, weights.sum(0))


def random_chain(length: int, seed: int) -> Callable[..., object]:
    """A program of so many elementwise operations on three arrays; a third of them are transcendental."""
    draw = random.Random(seed)
    names = ["add", "subtract", "multiply", "sin", "tanh", "exp", "square", "again"]
    steps = [(draw.choice(names), draw.randrange(3)) for _ in range(length - 1)]

    def program(np, *arrays):
        x, kept = arrays[0], []
        for name, which in steps:
            kept.append(x)
            if name == "add":
                x = x + arrays[which]
            elif name == "subtract":
                x = x - arrays[which]
            elif name == "multiply":
                x = x * arrays[which]
            elif name == "sin":
                x = np.sin(x)
            elif name == "tanh":
                x = np.tanh(x)
            elif name == "exp":
                x = np.exp(-x * x)
            elif name == "square":
                x = x * x * 0.5
            else:
                x = x + 0.5 * kept[len(kept) // 2]
        return x.sum()

    return program


def embedding(np, table, words, weights):
    """Rows of a table, squashed and weighed: the gradient adds to the rows that were read."""
    return (np.tanh(table[words]) * weights).sum()


def broadcasting(np, a, b, c):
    """All pairs of 1,000 and 2,000 points, never stored."""
    apart = a[:, None] - b
    return (np.exp(-apart * apart * 0.5) * c).sum()


def small(np, w, x, b):
    """Forty steps of a small recurrence: nothing but the cost of a step."""
    for _ in range(40):
        x = np.tanh(w * x + b)
    return x.sum()


def heat(np, u):
    """Twenty steps of the heat equation on a line; the gradient of the energy at the end by the beginning."""
    for _ in range(20):
        u = u[1:-1] + 0.2 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return 0.5 * (u * u).sum()


def distances(np, x, y):
    """Squared distances of all pairs of points through a product, and a soft minimum over one side."""
    square = (x * x).sum(1)[:, None] + (y * y).sum(1) - 2.0 * (x @ y.T)
    return np.log(np.exp(-0.05 * square).sum(1)).sum()


def case(name, text, arrays, argnums=0, hand=None, tolerance=1e-10) -> bench.Case:
    function = functools.partial(text, anp)
    return bench.Case(
        name,
        ours=bench.ours(function, *arrays, argnums=argnums),
        alone=bench.alone(function, *arrays),
        engines={
            "jax": peers.jax(text, *arrays, argnums=argnums),
            "torch.compile": peers.torch(text, *arrays, argnums=argnums),
            "autograd": peers.autograd(text, *arrays, argnums=argnums),
        },
        hand={} if hand is None else {"NumPy": lambda: functools.partial(hand, *arrays)},
        targets={},
        limit="NumPy",
        tolerance=tolerance,
    )


def cases() -> Iterator[bench.Case]:
    draw = numpy.random.default_rng(0)
    x, weights = draw.standard_normal((2, 2048, 1024))
    scale, shift = draw.standard_normal((2, 1024))
    arrays = (x, scale, shift, weights)
    yield case("layer norm of rows, 2048 x 1024", layer_norm, arrays, (0, 1, 2), layer_norm_by_hand)
    for length in (50, 100):
        arrays = tuple(draw.uniform(0.5, 1.0, (3, 10**6)))
        yield case(f"random chain of {length}, 10^6", random_chain(length, length), arrays, (0, 1, 2))
    table, weights = draw.standard_normal((20_000, 64)), draw.standard_normal((8192, 64))
    words = draw.integers(0, 20_000, 8192)
    yield case("embedding of 8,192 words, 20,000 x 64", embedding, (table, words, weights))
    arrays = (draw.standard_normal(1000), draw.standard_normal(2000), draw.standard_normal(2000))
    yield case("all pairs, 1,000 x 2,000", broadcasting, arrays, (0, 1, 2))
    for size in (1, 10, 100):
        arrays = tuple(draw.uniform(0.5, 1.0, (3, size)))
        yield case(f"40 small steps, size {size}", small, arrays, (0, 1, 2))
    for size in (1000, 10**5):
        yield case(f"heat equation, 20 steps, n = {size:,}", heat, (draw.standard_normal(size),))
    x, y = draw.standard_normal((2, 1000, 16))
    yield case("soft nearest neighbour, 1,000 x 1,000 x 16", distances, (x, y), (0, 1))


if __name__ == "__main__":
    bench.run(TITLE, __doc__, cases)
