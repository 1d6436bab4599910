"""Complex Jacobians that are right or refused, and tangents and cotangents that fit what they go with."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp

WAYS = [ad.jacrev, ad.jacfwd, ad.jacobian]


@pytest.mark.parametrize("way", WAYS)
def test_a_complex_output_of_real_inputs(way):
    assert way(lambda x: x * 1j)(2.0) == 1j
    found = way(lambda x: x**2 * (1 + 2j))(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(found, np.diag([2 + 4j, 4 + 8j]))
    assert way(lambda x: x * np.complex64(1j))(np.ones(2, np.float32)).dtype == np.complex64
    outer = ad.grad(lambda x: anp.real(way(lambda y: y**3 * 1j)(x) * 1j))
    assert outer(2.0) == -12.0


@pytest.mark.parametrize("way", WAYS)
def test_a_complex_input_needs_a_complex_derivative(way):
    z = np.array([1 + 2j, 0.3 - 1j])
    np.testing.assert_allclose(way(lambda z: anp.exp(z) * z)(z), np.diag(np.exp(z) * (1 + z)))
    for f in (anp.abs, anp.conj, anp.real, anp.imag, lambda z: z * anp.conj(z)):
        with pytest.raises(ad.errors.DtypeError, match="no complex derivative") as caught:
            way(f)(1 + 2j)
        assert caught.value.help
        assert "test_jacobians.py" in caught.value.where


def test_wrong_tangents_and_cotangents_are_called_by_their_names():
    with pytest.raises(ValueError, match=r"the tangent must have the shape of the primal: f64\[2\], got f64\[3\]"):
        ad.jvp(lambda x: x, (np.ones(2),), (np.ones(3),))
    with pytest.raises(ValueError, match=r"the cotangent must have the shape of the output: f64\[2\], got f64\[3\]"):
        ad.vjp(lambda x: x, np.ones(2))[1](np.ones(3))
    with pytest.raises(TypeError, match="the tangent is complex, but the primal is real"):
        ad.jvp(lambda x: x, (1.0,), (1j,))


def test_structures_must_fit():
    def product(d):
        return d["a"] * d["b"]

    point = {"a": 2.0, "b": 3.0}
    for along in ({"a": 1.0, "c": 1.0}, {"a": 1.0}, {"a": 1.0, "b": [1.0]}, {"a": 1.0, "b": None}, [1.0, 1.0], 1.0):
        with pytest.raises(ad.errors.ShapeError, match="the tangent must have the structure of the primal"):
            ad.jvp(product, (point,), (along,))
        with pytest.raises(ad.errors.ShapeError, match="the vector must have the structure of the primal"):
            ad.hvp(product, (point,), (along,))
        _, pullback = ad.vjp(lambda x: {"a": x, "b": x}, 1.0)
        with pytest.raises(ad.errors.ShapeError, match="the cotangent must have the structure of the output"):
            pullback(along)
    assert ad.jvp(product, (point,), ({"b": 1.0, "a": 0.0},)) == (6.0, 2.0)


def test_what_cannot_be_differentiated_is_named_by_its_place():
    with pytest.raises(TypeError, match=r"d\['n'\]\[1\] has dtype int64"):
        ad.grad(lambda d: d["a"])({"a": 2.0, "n": [1.0, np.arange(2)]})
    with pytest.raises(TypeError, match=r"d\['s'\] is a str"):
        ad.grad(lambda d: d["a"])({"a": 2.0, "s": "text"})


@pytest.mark.parametrize("way", [*WAYS, ad.grad, ad.hessian, ad.value_and_grad])
def test_no_function_and_no_result(way):
    with pytest.raises(ad.errors.OperandError, match="returned None"):
        way(lambda x: None)(2.0)
    with pytest.raises(ad.errors.OperandError, match="a function is differentiated, got float"):
        way(3.0)(2.0)


def test_no_result_in_the_other_transforms():
    with pytest.raises(ad.errors.OperandError, match="returned None"):
        ad.vjp(lambda x: None, 2.0)
    with pytest.raises(ad.errors.OperandError, match="returned None"):
        ad.jvp(lambda x: None, (2.0,), (1.0,))
