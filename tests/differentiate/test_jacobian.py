"""Jacobians, Hessians and Hessian-vector products: both modes agree, shapes, containers, complex."""

from __future__ import annotations

import numpy as np
import optree
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.differentiate import batch_blocks
from adjoint.differentiate.batch import Traced

A = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


def f(x):
    return anp.tanh(A @ x) * x[0]


@pytest.mark.parametrize("transform", [ad.jacobian, ad.jacfwd, ad.jacrev])
def test_a_vector_function(transform):
    x = np.array([0.3, -0.2])
    h = 1e-6
    numeric = np.stack(
        [(np.tanh(A @ (x + d)) * (x + d)[0] - np.tanh(A @ (x - d)) * (x - d)[0]) / (2 * h) for d in h * np.eye(2)], 1
    )
    J = transform(f)(x)
    assert J.shape == (3, 2)
    np.testing.assert_allclose(J, numeric, atol=1e-8)


@pytest.mark.parametrize("transform", [ad.jacobian, ad.jacfwd, ad.jacrev])
def test_shapes_and_structures(transform):
    J = transform(lambda p: {"s": p["a"] * 2.0, "m": anp.outer(p["a"], p["b"])})({"a": np.ones(2), "b": np.ones(3)})
    assert J["s"]["a"].shape == (2, 2)
    assert J["s"]["b"].shape == (2, 3)
    assert J["m"]["a"].shape == (2, 3, 2)
    assert J["m"]["b"].shape == (2, 3, 3)
    np.testing.assert_array_equal(J["s"]["b"], 0.0)
    both = transform(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0)
    assert both == (3.0, 2.0)
    assert type(both[0]) is float


@pytest.mark.parametrize("transform", [ad.jacfwd, ad.jacrev])
def test_a_holomorphic_function_has_its_complex_derivative(transform):
    z = np.array([1.0 + 2.0j, -0.5j])
    np.testing.assert_allclose(transform(lambda z: z * z * z)(z), np.diag(3 * z * z))


def test_hessian_and_hvp_agree():
    def loss(x):
        return anp.sum(anp.exp(A @ x)) + x[0] ** 3 * x[1]

    x = np.array([0.1, 0.2])
    H = ad.hessian(loss)(x)
    np.testing.assert_allclose(H, H.T)
    expected = A.T @ np.diag(np.exp(A @ x)) @ A + np.array([[6 * x[0] * x[1], 3 * x[0] ** 2], [3 * x[0] ** 2, 0]])
    np.testing.assert_allclose(H, expected)
    v = np.array([1.0, -2.0])
    np.testing.assert_allclose(ad.hvp(loss, x, v), H @ v)
    product = ad.hvp(lambda a, b: a * a * b, (2.0, 3.0), (1.0, 0.0))
    assert product == (6.0, 4.0)


def test_jacobian_of_a_gradient_is_the_hessian_in_every_combination():
    loss = lambda x: anp.sum(x**3) * x[0]
    x = np.array([1.0, 2.0])
    expected = ad.hessian(loss)(x)
    for outer in (ad.jacfwd, ad.jacrev):
        np.testing.assert_allclose(outer(ad.grad(loss))(x), expected)
        for inner in (ad.jacfwd, ad.jacrev):
            np.testing.assert_allclose(outer(inner(loss))(x), expected)


def test_third_order():
    assert ad.jacfwd(ad.jacfwd(ad.grad(lambda x: x**4)))(2.0) == 48.0


# Many directions go through one walk.

N = 12
M = np.random.default_rng(3).normal(size=(2 * N, N)) / 4.0
V = np.linspace(-0.8, 0.9, N)


def rosenbrock(x):
    return anp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2) + anp.sum(anp.logaddexp(M @ x, 0.0))


def singly(transform, *args):
    """The result with one walk an entry."""
    before = batch_blocks.MANY
    batch_blocks.MANY = 10**9
    try:
        return transform(*args)
    finally:
        batch_blocks.MANY = before


FUNCTIONS = {
    "rosenbrock": ad.grad(rosenbrock),
    "shapes": lambda x: anp.outer(anp.sin(x), x[::-1])[:3],
    "containers": lambda x: {"s": anp.sum(x * x), "m": [anp.cumsum(x), anp.sort(x)[2:]], "c": 1.0},
    "kinks": lambda x: anp.where(x > 0, anp.sqrt(abs(x)), x) + anp.maximum(x, 0.1) + abs(x),
    "indices": lambda x: anp.concatenate([x[[0, 0, 3]], x[x > 0]]) * x[1],
    "linear": lambda x: M @ x,
    "matrix": lambda x: anp.linalg.solve(M[:N] + anp.diag(x) + 3.0 * np.eye(N), x),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("transform", [ad.jacfwd, ad.jacrev])
def test_one_walk_for_all_directions_is_a_walk_for_each(transform, name):
    found, wanted = transform(FUNCTIONS[name])(V), singly(transform(FUNCTIONS[name]), V)
    for a, b in zip(optree.tree_leaves(found), optree.tree_leaves(wanted), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
        if a.shape:
            assert (a.flags.owndata, a.flags.writeable, a.flags.c_contiguous) == (True, True, True)


@pytest.mark.parametrize("transform", [ad.jacfwd, ad.jacrev])
def test_complex_directions(transform):
    z = V + 1j * V[::-1]
    holomorphic = lambda z: anp.exp(z * z[0])
    np.testing.assert_allclose(transform(holomorphic)(z), singly(transform(holomorphic), z), rtol=1e-12)
    with pytest.raises(ad.errors.DtypeError, match="no complex derivative"):
        transform(lambda z: anp.concatenate([z[1:], anp.conj(z[:1])]))(z)
    to_complex = lambda x: anp.exp(1j * x) * x[0]
    np.testing.assert_allclose(transform(to_complex)(V), singly(transform(to_complex), V), rtol=1e-12)


def test_several_arguments_and_an_enclosing_gradient():
    loss = lambda x, p: anp.sum(anp.tanh(p["w"] @ x) ** 2) * p["b"]
    p = {"w": M, "b": 2.0}
    found, wanted = ad.hessian(loss, argnums=(0, 1))(V, p), singly(ad.hessian(loss, argnums=(0, 1)), V, p)
    np.testing.assert_allclose(found[0][0], wanted[0][0])
    np.testing.assert_allclose(found[0][1]["w"], wanted[0][1]["w"])
    np.testing.assert_allclose(found[1]["w"][0], wanted[1]["w"][0])
    assert type(found[1]["b"][1]["b"]) is float
    outer = lambda x: anp.sum(ad.hessian(rosenbrock)(x) ** 2)
    np.testing.assert_allclose(ad.grad(outer)(V), singly(ad.grad(outer), V), rtol=1e-9)
    w = ad.tensor(M, requires_grad=True)
    anp.sum(ad.jacobian(lambda x: anp.tanh(w @ x))(V) ** 2).backward()
    wanted = singly(ad.grad(lambda w: anp.sum(ad.jacobian(lambda x: anp.tanh(w @ x))(V) ** 2)), M)
    np.testing.assert_allclose(w.grad.value, wanted)


def test_directions_go_through_in_groups(monkeypatch):
    wanted = ad.hessian(rosenbrock)(V)
    monkeypatch.setattr(batch_blocks, "_BYTES", 20_000)
    np.testing.assert_allclose(ad.hessian(rosenbrock)(V), wanted, rtol=1e-12)
    np.testing.assert_allclose(ad.jacrev(ad.grad(rosenbrock))(V), wanted, rtol=1e-12, atol=1e-12)


def test_users_operations_need_no_forward_rule_and_no_traced_values():
    class Cube(ad.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x * x if float(x.value[0]) < 5 else x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3.0 * g * x * x

    loss = lambda x: anp.sum(Cube.apply(x) * M[0])
    np.testing.assert_allclose(ad.hessian(loss)(V), np.diag(6.0 * V * M[0]))


def nodes_of(transform, n):
    a = np.ones((2 * n, n))
    loss = lambda x: anp.sum(anp.logaddexp(a @ x, 0.0)) + anp.sum((x[1:] - x[:-1] ** 2) ** 2)
    trace = Traced(transform(loss), [ad.Spec((n,))])
    return len(ad.Graph.from_outputs(trace.out).nodes)


def test_a_traced_hessian_has_as_many_nodes_for_any_size():
    gradient, hessian = nodes_of(ad.grad, 500), nodes_of(ad.hessian, 500)
    assert hessian == nodes_of(ad.hessian, 50) < 2.5 * gradient
    assert nodes_of(lambda f: ad.jacrev(ad.grad(f)), 500) < 2.5 * gradient
    assert nodes_of(lambda f: lambda x: ad.hvp(f, x, x), 500) < 2.5 * gradient


@pytest.mark.parametrize("f", [lambda x: M @ x, lambda x: x @ M.T])
def test_a_matrix_along_unit_vectors_is_the_matrix_itself(f):
    found = Traced(ad.jacfwd(f), [ad.Spec((N,))]).out
    assert found.node is None
    np.testing.assert_array_equal(found.value, M)


def test_hvp_errors():
    with pytest.raises(ad.errors.ShapeError):
        ad.hvp(lambda x: anp.sum(x), np.ones(2), np.ones(3))
    with pytest.raises(ad.errors.ArgumentError):
        ad.hvp(lambda x, y: x * y, (1.0, 2.0), (1.0,))
