"""Scalars: J = 1/2 (w x + b - y)^2 and its four gradients, Python floats in and out.

Every contender is called with four floats a thousand times a sample, in one written-out loop.
"""

from __future__ import annotations

import array
import functools
from collections.abc import Callable, Iterator
from itertools import repeat

import _compiled as bench
import _peers as peers
import numpy

import adjoint as ad

TITLE = "One neuron on Python floats: J = 1/2 (w x + b - y)^2 and its 4 gradients"
CALLS = 1000


def neuron(w, x, b, y):
    r = w * x + b - y
    return 0.5 * r * r


def by_hand(w, x, b, y):
    r = w * x + b - y
    return 0.5 * r * r, (r * x, r * w, r, -r)


def thousand(function: Callable[..., object]) -> bench.Run:
    """The loop that is timed; it returns the last result."""

    def run():
        for _ in repeat(None, CALLS):
            result = function(1.5, 2.0, 0.3, 1.0)
        return result

    return run


def casadi() -> bench.Run | None:
    """The buffer interface: nothing is allocated but what is returned."""
    if (module := bench.bench.peer("casadi", [])) is None:
        return None
    v = module.SX.sym("v", 4)
    value = neuron(*(v[i] for i in range(4)))
    buffer, trigger = module.Function("f", [v], [module.vertcat(value, module.gradient(value, v))]).buffer()
    into, out = array.array("d", [0.0] * 4), array.array("d", [0.0] * 5)
    buffer.set_arg(0, memoryview(into))
    buffer.set_res(0, memoryview(out))

    def call(w, x, b, y, into=into, out=out, trigger=trigger):
        into[0] = w
        into[1] = x
        into[2] = b
        into[3] = y
        trigger()
        return out[0], (out[1], out[2], out[3], out[4])

    call.kept = buffer
    return thousand(call)


def casadi_alone() -> bench.Run | None:
    """The same without floats going in and out: the trigger of the buffer interface."""
    if (module := bench.bench.peer("casadi", [])) is None:
        return None
    v = module.SX.sym("v", 4)
    value = neuron(*(v[i] for i in range(4)))
    buffer, trigger = module.Function("f", [v], [module.vertcat(value, module.gradient(value, v))]).buffer()
    into, out = numpy.array([1.5, 2.0, 0.3, 1.0]), numpy.zeros(5)
    buffer.set_arg(0, memoryview(into))
    buffer.set_res(0, memoryview(out))

    def run():
        for _ in repeat(None, CALLS):
            trigger()
        return out[0], tuple(out[1:])

    run.kept = buffer
    return run


def jax() -> bench.Run | None:
    if (module := bench.bench.peer("jax", [])) is None:
        return None
    ready = module.jit(module.value_and_grad(neuron, argnums=(0, 1, 2, 3)))

    def call(w, x, b, y):
        value, gradient = ready(w, x, b, y)
        return float(value), tuple(map(float, gradient))

    return thousand(call)


def cases() -> Iterator[bench.Case]:
    yield bench.Case(
        "one neuron",
        ours=lambda: thousand(bench.compiled(ad.value_and_grad(neuron, argnums=(0, 1, 2, 3)))),
        alone=lambda: thousand(bench.compiled(neuron)),
        engines={"casadi buffers": casadi, "jax": jax},
        hand={
            "flat Python": functools.partial(thousand, by_hand),
            "casadi, no floats passed": casadi_alone,
            "numba": peers.numba(lambda numba: thousand(numba.njit(by_hand))),
        },
        targets={"flat Python": 0.6},
        limit="flat Python",
        calls=CALLS,
    )


if __name__ == "__main__":
    bench.run(TITLE, __doc__, cases)
