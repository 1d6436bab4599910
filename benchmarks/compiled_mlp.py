"""One SGD step of an MLP 784-512-256-10 on a batch of 128, float32: relu, softmax cross-entropy, weights donated.

The limit is the step's eight matrix products alone, by NumPy's own OpenBLAS, results written to the same memory.
Every contender starts from the same weights and keeps on training; the first losses are compared.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import _compiled as bench
import _peers as peers
import mlp
import numpy

import adjoint as ad
import adjoint.numpy as anp
from adjoint.nn.functional import log_softmax

TITLE = "MLP 784-512-256-10, batch 128, float32: one SGD step, weights donated"


@functools.cache
def drawn():
    return mlp.data()


def data():
    """The data, and parameters of the caller's own: he may write to them."""
    x, y, parameters = drawn()
    return x, y, [p.copy() for p in parameters]


def forward(np, parameters, x):
    w1, b1, w2, b2, w3, b3 = parameters
    h = np.maximum(x @ w1 + b1, 0)
    h = np.maximum(h @ w2 + b2, 0)
    return h @ w3 + b3


def loss(parameters, x, y):
    return -log_softmax(forward(anp, parameters, x), axis=1)[numpy.arange(mlp.BATCH), y].mean()


def loss_in_numpy_terms(np, parameters, x, y):
    z = forward(np, parameters, x)
    z = z - np.max(z, axis=1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - z[numpy.arange(mlp.BATCH), y])


def training(step, state) -> bench.Run:
    """Calls ``step`` on what it returned before; gives the loss."""
    held = [state]

    def run():
        value, held[0] = step(held[0])
        return value

    return run


def sgd(value_and_grad, parameters, x, y):
    value, gradient = value_and_grad(parameters, x, y)
    return value, [p - mlp.RATE * g for p, g in zip(parameters, gradient)]


def ours(function) -> bench.Run:
    x, y, parameters = data()
    how = {} if bench.Modes.eager else {"donate": (0,)}
    step = bench.compiled(functools.partial(sgd, ad.value_and_grad(function)), **how)
    return training(lambda held: step(held, x, y), parameters)


def alone(function) -> bench.Run:
    x, y, parameters = data()
    return functools.partial(bench.compiled(function), parameters, x, y)


def jax() -> bench.Run | None:
    if (module := bench.bench.peer("jax", [])) is None:
        return None
    x, y, parameters = peers.jax_values(data())
    function = functools.partial(loss_in_numpy_terms, module.numpy)
    step = module.jit(functools.partial(sgd, module.value_and_grad(function)), donate_argnums=0)
    run = training(lambda held: module.block_until_ready(step(held, x, y)), parameters)
    return lambda: float(run())


def torch() -> bench.Run | None:
    if (module := bench.bench.peer("torch", [])) is None:
        return None
    x, y, parameters = peers.torch_values(data())
    functional = module.nn.functional

    def function(parameters, x, y):
        w1, b1, w2, b2, w3, b3 = parameters
        h = functional.relu(x @ w1 + b1)
        h = functional.relu(h @ w2 + b2)
        return functional.cross_entropy(h @ w3 + b3, y)

    module._dynamo.reset()
    both = module.func.grad_and_value(function)

    @module.compile(dynamic=False, fullgraph=True)
    def step(parameters, x, y):
        gradient, value = both(parameters, x, y)
        for p, g in zip(parameters, gradient):
            p.sub_(mlp.RATE * g)
        return value

    return lambda: step(parameters, x, y).item()


def products() -> bench.Run:
    """The eight products, in the layouts that the step needs."""
    x, _, parameters = data()
    w1, _, w2, _, w3, _ = parameters
    h1, h2, z = (numpy.ones((mlp.BATCH, size), numpy.float32) for size in mlp.SIZES[1:])
    d1, d2, d3 = (numpy.empty_like(w) for w in (w1, w2, w3))
    g1, g2 = numpy.empty_like(h1), numpy.empty_like(h2)

    def run():
        numpy.matmul(x, w1, out=h1)
        numpy.matmul(h1, w2, out=h2)
        numpy.matmul(h2, w3, out=z)
        numpy.matmul(h2.T, z, out=d3)
        numpy.matmul(z, w3.T, out=g2)
        numpy.matmul(h1.T, g2, out=d2)
        numpy.matmul(g2, w2.T, out=g1)
        numpy.matmul(x.T, g1, out=d1)

    return run


def cases() -> Iterator[bench.Case]:
    terms = functools.partial(loss_in_numpy_terms, anp)
    for name, function in (("log_softmax", loss), ("NumPy terms", terms)):
        yield bench.Case(
            name,
            ours=functools.partial(ours, function),
            alone=functools.partial(alone, function),
            engines={"torch.compile": torch, "jax": jax},
            hand={"NumPy": mlp.by_hand, "8 GEMMs": products},
            targets={"best": 1.0},
            tolerance=1e-5,
            limit="8 GEMMs",
            unchecked=("8 GEMMs",),
        )


if __name__ == "__main__":
    bench.run(TITLE, __doc__, cases)
