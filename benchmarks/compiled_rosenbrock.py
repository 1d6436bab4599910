"""Rosenbrock's function of n variables, float64: value and gradient.

C is a plain loop with no OpenMP pragma, one entry of the gradient a turn, which gcc vectorises. The loop that
comes to mind first adds to two entries a turn; then each turn waits for the one before ("scattering").
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import _compiled as bench
import _peers as peers
import numpy

import adjoint.numpy as anp

TITLE = "Rosenbrock, float64"

SOURCE = """
double scattered(const double *restrict x, double *restrict g, long n) {
    double total = 0;
    for (long i = 0; i < n; i++) g[i] = 0;
    for (long i = 0; i < n - 1; i++) {
        double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
        total += 100 * a * a + b * b;
        g[i] += -400 * a * x[i] - 2 * b;
        g[i + 1] += 200 * a;
    }
    return total;
}
double gathered(const double *restrict x, double *restrict g, long n) {
    double total = 0, a = x[1] - x[0] * x[0], b = 1 - x[0];
    total = 100 * a * a + b * b;
    g[0] = -400 * a * x[0] - 2 * b;
    for (long i = 1; i < n - 1; i++) {
        double before = x[i] - x[i - 1] * x[i - 1], here = x[i + 1] - x[i] * x[i], c = 1 - x[i];
        total += 100 * here * here + c * c;
        g[i] = 200 * before - 400 * here * x[i] - 2 * c;
    }
    g[n - 1] = 200 * (x[n - 1] - x[n - 2] * x[n - 2]);
    return total;
}
"""


def rosenbrock(np, x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def in_c(x: numpy.ndarray, name: str) -> bench.Run | None:
    if (library := bench.c_library(SOURCE)) is None:
        return None
    g = numpy.empty_like(x)
    call = bench.c_call(getattr(library, name), x, g, x.size)
    return lambda: (call(), g)


def in_numba(numba, x: numpy.ndarray) -> bench.Run:
    @numba.njit
    def both(x):
        total, g = 0.0, numpy.zeros_like(x)
        for i in range(x.size - 1):
            a = x[i + 1] - x[i] * x[i]
            b = 1.0 - x[i]
            total += 100.0 * a * a + b * b
            g[i] += -400.0 * a * x[i] - 2.0 * b
            g[i + 1] += 200.0 * a
        return total, g

    return functools.partial(both, x)


def cases() -> Iterator[bench.Case]:
    for power in (2, 4, 6):
        x = numpy.random.default_rng(0).uniform(-1.0, 1.5, 10**power)
        function = functools.partial(rosenbrock, anp)
        yield bench.Case(
            f"n = 10^{power}",
            ours=bench.ours(function, x),
            alone=bench.alone(function, x),
            engines={"jax": peers.jax(rosenbrock, x), "torch.compile": peers.torch(rosenbrock, x)},
            hand={
                "numba": peers.numba(functools.partial(in_numba, x=x)),
                "C": functools.partial(in_c, x, "gathered"),
                "C, scattering": functools.partial(in_c, x, "scattered"),
            },
            targets={"C": 1.15},
            tolerance=1e-10,
        )


if __name__ == "__main__":
    bench.run(TITLE, __doc__, cases)
