"""The Hessian and its product with a vector, of sum(softplus(A x)) + Rosenbrock(x), float64; A is 2n x n.

By hand: A' diag(s (1 - s)) A by one symmetric product (dsyrk), and the three diagonals of Rosenbrock's function.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import _compiled as bench
import _peers as peers
import numpy
import scipy.linalg.blas
import scipy.special

import adjoint as ad
import adjoint.numpy as anp

TITLE = "Second derivatives of sum(softplus(A x)) + Rosenbrock(x), float64"


def for_jax(x, a):
    import jax

    np = jax.numpy
    return np.sum(jax.nn.softplus(a @ x)) + np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def for_torch(x, a):
    import torch

    softplus = torch.nn.functional.softplus(a @ x, threshold=1000)
    return torch.sum(softplus) + torch.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def for_us(x, a):
    from adjoint import special

    np = anp
    return np.sum(special.softplus(a @ x)) + np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def curvature(x, a):
    """s (1 - s) for the rows of A, and Rosenbrock's main and second diagonal."""
    s = scipy.special.expit(a @ x)
    main = numpy.zeros_like(x)
    main[:-1] = 1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0
    main[1:] += 200.0
    return s * (1.0 - s), main, -400.0 * x[:-1]


def hessian_by_hand(x, a):
    weight, main, second = curvature(x, a)
    scaled = a * numpy.sqrt(weight)[:, None]
    upper = scipy.linalg.blas.dsyrk(1.0, scaled.T)
    h = numpy.triu(upper) + numpy.triu(upper, 1).T
    n = numpy.arange(x.size)
    h[n, n] += main
    h[n[1:], n[:-1]] += second
    h[n[:-1], n[1:]] += second
    return h


def product_by_hand(x, a, v):
    weight, main, second = curvature(x, a)
    h = a.T @ (weight * (a @ v)) + main * v
    h[:-1] += second * v[1:]
    h[1:] += second * v[:-1]
    return h


def data(n: int) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    draw = numpy.random.default_rng(0)
    return draw.uniform(-1.0, 1.5, n), draw.standard_normal((2 * n, n)) / numpy.sqrt(n), draw.standard_normal(n)


def jax(derivative, *arrays) -> bench.Run | None:
    if (module := bench.bench.peer("jax", [])) is None:
        return None
    if derivative == "hessian":
        return peers.jax_call(module.hessian(for_jax), *arrays)

    def product(x, a, v):
        return module.jvp(lambda x: module.grad(for_jax)(x, a), (x,), (v,))[1]

    return peers.jax_call(product, *arrays)


def torch(derivative, *arrays) -> bench.Run | None:
    if (module := bench.bench.peer("torch", [])) is None:
        return None
    given = peers.torch_values(arrays)
    module._dynamo.reset()
    if derivative == "hessian":
        ready = module.compile(module.func.hessian(for_torch), dynamic=False, fullgraph=True)
    else:

        def product(x, a, v):
            return module.func.jvp(lambda x: module.func.grad(for_torch)(x, a), (x,), (v,))[1]

        ready = module.compile(product, dynamic=False, fullgraph=True)
    return lambda: ready(*given)


def ours(derivative, *arrays) -> bench.Run:
    if derivative == "hessian":
        return functools.partial(bench.compiled(ad.hessian(for_us)), *arrays)

    def product(x, a, v):
        return ad.hvp(lambda x: for_us(x, a), x, v)

    return functools.partial(bench.compiled(product), *arrays)


def cases() -> Iterator[bench.Case]:
    for derivative, n, most in (("hessian", 50, 0.7), ("hessian", 500, 0.7), ("product", 500, 0.9)):
        x, a, v = data(n)
        arrays = (x, a) if derivative == "hessian" else (x, a, v)
        by_hand = hessian_by_hand if derivative == "hessian" else product_by_hand
        yield bench.Case(
            f"{'Hessian' if derivative == 'hessian' else 'Hessian times vector'}, n = {n}",
            ours=functools.partial(ours, derivative, *arrays),
            engines={
                "jax": functools.partial(jax, derivative, *arrays),
                "torch.func, compiled": functools.partial(torch, derivative, *arrays),
            },
            hand={"NumPy": functools.partial(functools.partial, by_hand, *arrays)},
            targets={"best": most},
            limit="NumPy",
        )


if __name__ == "__main__":
    bench.run(TITLE, __doc__, cases)
