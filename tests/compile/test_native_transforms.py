"""Transforms in native code, where front ends of several orders meet: Hessians, Jacobians, batches, tangents."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint import special
from compile.differ import assert_close, compiled, eager

RNG = np.random.default_rng(21)
A = RNG.normal(size=(14, 7))
B = RNG.normal(size=(7, 7))


def rosenbrock(x):
    return anp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def softplus_sum(x):
    return anp.sum(special.softplus(A @ x)) + rosenbrock(x)


def layered(x):
    h = anp.tanh(B @ x + 0.1)
    return anp.sum(special.logsumexp(anp.reshape(h, (-1, 1)) * x, axis=0)) + anp.max(h) * anp.prod(anp.cos(x))


def normed(x):
    return anp.linalg.norm(B @ x) * anp.mean(anp.abs(x)) + anp.sum(anp.cumsum(x) * anp.sort(x))


def gathered(x):
    return anp.sum(x[np.array([0, 2, 2, 5])] ** 3) * anp.sum(anp.concatenate([x[::2], x[1::2] * 2.0])[::-1] * x)


def vector(x):
    return anp.concatenate([anp.sin(x) * x[::-1], anp.reshape(anp.outer(x, x)[:2], -1), B @ x])


SCALARS = [rosenbrock, softplus_sum, layered, normed, gathered]

TRANSFORMS = {
    "gradient": lambda f: ad.value_and_grad(f),
    "hessian": lambda f: ad.hessian(f),
    "jacobian of the gradient": lambda f: ad.jacfwd(ad.grad(f)),
    "reverse over reverse": lambda f: ad.jacrev(ad.grad(f)),
    "hvp": lambda f: lambda x: ad.hvp(f, x, x[::-1] * 2.0),
    "directional": lambda f: lambda x: ad.jvp(f, (x,), (x * 0.5,)),
    "gradient of a gradient's norm": lambda f: ad.grad(lambda x: anp.sum(anp.square(ad.grad(f)(x)))),
    "batch of gradients": lambda f: lambda x: ad.vmap(ad.grad(f))(anp.stack([x, x * 2.0, x - 1.0])),
    "third order along a line": lambda f: lambda x: ad.grad(lambda t: anp.sum(ad.hvp(f, t, x)))(x),
}


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("f", SCALARS)
def test_scalar_functions(f, transform):
    g = TRANSFORMS[transform](f)
    x = RNG.normal(size=7)
    assert_close(compiled(g, (x,)), eager(g, (x,)), transform, 1e-10)


@pytest.mark.parametrize("transform", [ad.jacobian, ad.jacfwd, ad.jacrev], ids=["jacobian", "forward", "reverse"])
def test_vector_functions(transform):
    x = RNG.normal(size=7)
    g = transform(vector)
    assert_close(compiled(g, (x,)), eager(g, (x,)), "jacobian", 1e-12)


def test_batches_of_jacobians_and_of_matrices():
    x, m = RNG.normal(size=(5, 7)), RNG.normal(size=(5, 7, 7))
    f = lambda x, m: ad.vmap(lambda v, w: (ad.jacobian(vector)(v), anp.sum(w @ v), special.softmax(w, axis=0)))(x, m)
    assert_close(compiled(f, (x, m)), eager(f, (x, m)), "batch", 1e-12)
    g = lambda x: ad.vmap(ad.vmap(lambda a: a * a + 1.0), in_axes=1, out_axes=1)(x)
    assert_close(compiled(g, (x,)), eager(g, (x,)), "nested", 1e-15)


def test_single_precision_stays_single():
    x = RNG.normal(size=7).astype("f4")
    for f in SCALARS[:1] + SCALARS[4:]:
        g = ad.hessian(f)
        assert_close(compiled(g, (x,)), eager(g, (x,)), f.__name__, 1e-4)


def test_compiled_functions_inside_one_another():
    x = RNG.normal(size=7)
    inner = ad.compile(layered, cache=False)
    outer = ad.compile(ad.hessian(lambda x: inner(x) * rosenbrock(x)), cache=False)
    product = lambda x: layered(x) * rosenbrock(x)
    assert_close(eager(lambda: outer(x), ()), eager(ad.hessian(product), (x,)), "compiled inside", 1e-10)
    assert_close(eager(ad.hessian(inner), (x,)), eager(ad.hessian(layered), (x,)), "an eager transform of it", 1e-10)
    rows = np.stack([x, -x])
    assert_close(eager(ad.vmap(inner), (rows,)), eager(ad.vmap(layered), (rows,)), "a batch of it", 1e-12)
