"""Jacobians, Hessians and Hessian-vector products: both modes agree, shapes, containers, complex."""

from __future__ import annotations

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp

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


def test_hvp_errors():
    with pytest.raises(ad.errors.ShapeError):
        ad.hvp(lambda x: anp.sum(x), np.ones(2), np.ones(3))
    with pytest.raises(ad.errors.ArgumentError):
        ad.hvp(lambda x, y: x * y, (1.0, 2.0), (1.0,))
