"""Nested differentiation: T outer steps with a gradient inside each, differentiated as a whole.

The inner walk must not enter what lies outside of it: gates visited and time for each of the T steps
stay the same as T grows.
"""

from __future__ import annotations

from time import perf_counter

import _harness as bench
import numpy as np

import adjoint as ad
import adjoint.numpy as anp
from adjoint.differentiate.reverse import visited


def outer(grad, sin, steps):
    """T steps of descent on an inner function; the gradient of where they lead by where they started."""

    def inner(x):
        return sin(x) * x + 0.5 * x * x

    def descend(x):
        for _ in range(steps):
            x = x - 0.01 * grad(inner)(x)
        return x

    return grad(descend)


def main():
    given = bench.options(__doc__)
    report = bench.Report("T outer steps with an inner gradient each, per outer step", given)
    for steps in (10, 100, 1000):
        ours = outer(ad.grad, anp.sin, steps)
        before = visited.total
        found = ours(1.0)
        report.row(f"T = {steps:,}", "adjoint, gates", (visited.total - before) / steps, unit="visits")
        runs = {"adjoint": lambda ours=ours: ours(1.0)}
        if bench.peer("autograd", given.without):
            import autograd
            import autograd.numpy

            theirs = outer(autograd.grad, autograd.numpy.sin, steps)
            np.testing.assert_allclose(found, theirs(1.0), rtol=1e-9)
            runs["autograd"] = lambda theirs=theirs: theirs(1.0)
        if steps <= 100 and (jax := bench.peer("jax", given.without)):
            theirs_jax = outer(jax.grad, jax.numpy.sin, steps)
            np.testing.assert_allclose(found, theirs_jax(1.0), rtol=1e-9)
            runs["jax"] = lambda theirs=theirs_jax: theirs(1.0)
        start = perf_counter()
        ours(1.0)
        slow = perf_counter() - start > 1.0
        report.compare(f"T = {steps:,}", bench.measure(runs, 3 if slow else given.rounds), per=steps)
    report.show()


if __name__ == "__main__":
    main()
