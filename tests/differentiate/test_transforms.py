"""grad, value_and_grad, vjp, jvp: values, kinds of results, nesting, containers, errors."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.differentiate.reverse import visited


def loss(w, x, b, y):
    c = w * x
    return 0.5 * (c + b - y) ** 2


def test_the_worked_example():
    assert ad.grad(loss)(2.0, -2.0, 8.0, 2.0) == -4.0
    assert ad.value_and_grad(loss, argnums=(0, 1, 2, 3))(2.0, -2.0, 8.0, 2.0) == (2.0, (-4.0, 4.0, 2.0, -2.0))


def test_python_numbers_give_python_floats_arrays_give_arrays_tensors_give_tensors():
    value, gradient = ad.value_and_grad(lambda x: x * x)(3)
    assert type(value) is float
    assert type(gradient) is float
    value, gradient = ad.value_and_grad(lambda x: anp.sum(x * x))(np.ones(3))
    assert isinstance(gradient, np.ndarray)
    assert not isinstance(value, ad.Tensor)
    value, gradient = ad.value_and_grad(lambda x: x * x)(ad.tensor(3.0))
    assert type(value) is ad.Tensor
    assert type(gradient) is ad.Tensor
    assert gradient.node is None


@pytest.mark.parametrize("order", range(1, 6))
def test_any_order(order):
    f = anp.sin
    for _ in range(order):
        f = ad.grad(f)
    assert f(0.3) == pytest.approx(math.sin(0.3 + order * math.pi / 2), abs=1e-12)


def test_no_perturbation_confusion():
    assert ad.grad(lambda x: x * ad.grad(lambda y: x + y)(1.0))(2.0) == 1.0
    assert ad.jvp(lambda x: x * ad.jvp(lambda y: x + y, (1.0,), (1.0,))[1], (2.0,), (1.0,))[1] == 1.0
    assert ad.grad(lambda x: x * ad.jvp(lambda y: x * y, (1.0,), (1.0,))[1])(3.0) == 6.0
    assert ad.jvp(lambda x: x * ad.grad(lambda y: x * y)(1.0), (3.0,), (1.0,))[1] == 6.0


def test_forward_over_reverse_and_reverse_over_forward_agree():
    f = lambda x: anp.sin(x) * anp.exp(x)
    expected = 2 * math.exp(0.4) * math.cos(0.4)
    assert ad.jvp(ad.grad(f), (0.4,), (1.0,))[1] == pytest.approx(expected)
    assert ad.grad(lambda x: ad.jvp(f, (x,), (1.0,))[1])(0.4) == pytest.approx(expected)


def test_a_captured_tracked_tensor_keeps_its_path():
    w = ad.tensor(2.0, requires_grad=True)
    inner = ad.grad(lambda y: w * y * y)(3.0)
    (w * inner).backward()
    assert w.grad.item() == 24.0


@pytest.mark.parametrize("steps", [10, 100, 1000])
def test_an_inner_gradient_costs_the_same_at_every_outer_step(steps):
    def unrolled(x):
        for _ in range(steps):
            x = x - 0.001 * ad.grad(lambda y: y * y)(x)
        return x

    before = visited.total
    ad.grad(unrolled)(1.0)
    per_step = (visited.total - before) / steps
    # An inner walk of 2 gates, and the outer walk back over what it recorded.
    assert per_step <= 14


@dataclasses.dataclass
class Layer:
    w: object
    b: object


def test_nested_containers_keep_their_structure():
    params = {"layers": [Layer(np.ones((2, 2)), np.zeros(2)), Layer(np.ones((2, 1)), 0.5)], "scale": (2.0,)}

    def model(p):
        h = anp.array_like(np.ones(2)) if hasattr(anp, "array_like") else ad.tensor(np.ones(2))
        for layer in p["layers"]:
            h = h @ layer.w + layer.b
        return anp.sum(h) * p["scale"][0]

    gradient = ad.grad(model)(params)
    assert isinstance(gradient["layers"][0], Layer)
    assert gradient["layers"][1].w.shape == (2, 1)
    assert isinstance(gradient["layers"][1].b, float)
    assert isinstance(gradient["scale"], tuple)


def test_has_aux_and_several_argnums():
    def f(x, y):
        z = x * y
        return z * z, {"z": z, "tag": "kept"}

    (value, aux), gradients = ad.value_and_grad(f, argnums=(0, 1), has_aux=True)(2.0, 3.0)
    assert value == 36.0
    assert aux == {"z": 6.0, "tag": "kept"}
    assert gradients == (36.0, 24.0)
    gradient, aux = ad.grad(f, has_aux=True)(2.0, 3.0)
    assert gradient == 36.0
    assert aux["z"] == 6.0
    assert ad.grad(lambda x, y: x * y * y, argnums=-1)(2.0, 3.0) == 12.0


def test_vjp_and_its_pullback_many_times():
    out, pullback = ad.vjp(lambda x, y: {"p": x * y, "s": x + y}, np.array([1.0, 2.0]), 3.0)
    assert set(out) == {"p", "s"}
    gx, gy = pullback({"p": np.array([1.0, 0.0]), "s": np.array([0.0, 1.0])})
    np.testing.assert_array_equal(gx, [3.0, 1.0])
    assert gy == 2.0
    np.testing.assert_array_equal(pullback({"p": np.ones(2), "s": np.zeros(2)})[0], [3.0, 3.0])


def test_the_pullback_does_not_see_later_changes_of_the_caller_s_array():
    x = np.array([1.0, 2.0])
    _, pullback = ad.vjp(lambda v: v * v, x)
    x[:] = 100.0
    np.testing.assert_array_equal(pullback(np.ones(2))[0], [2.0, 4.0])


def test_results_are_the_caller_s_own():
    x = np.array([1.0, 2.0, 3.0])
    for f in (anp.sum, lambda v: anp.sum(v * 2.0), lambda v: v[0] * v[1], lambda v: anp.sum(anp.reshape(v, (3, 1)))):
        _, gradient = ad.value_and_grad(f)(x)
        gradient += 1.0
        assert gradient.flags.owndata
        assert gradient.flags.writeable
        assert gradient.flags.c_contiguous
        np.testing.assert_array_equal(x, [1.0, 2.0, 3.0])
    gx, gy = ad.grad(lambda a, b: anp.sum(a + b), argnums=(0, 1))(x, x)
    gx += 1.0
    np.testing.assert_array_equal(gy, np.ones(3))
    out, _ = ad.vjp(lambda v: v, x)
    assert out is not x
    out += 1
    np.testing.assert_array_equal(x, [1.0, 2.0, 3.0])


def test_an_input_that_is_not_reached_has_gradient_zero():
    assert ad.grad(lambda x, y: x, argnums=1)(1.0, 2.0) == 0.0
    np.testing.assert_array_equal(ad.grad(lambda x: 3.0)(np.ones(2)), np.zeros(2))


def test_complex_gradient_is_steepest_ascent():
    z = 1.0 + 2.0j
    assert ad.grad(lambda z: anp.abs(z) ** 2)(z) == pytest.approx(2 * z)
    assert ad.grad(lambda z: anp.real(z * anp.conj(z)))(z) == pytest.approx(2 * z)
    # A real variable inside a complex computation has a real gradient.
    g = ad.grad(lambda t: anp.real(anp.exp(1j * t)))(0.3)
    assert isinstance(g, float)
    assert g == pytest.approx(-math.sin(0.3))


def test_transforms_record_inside_no_grad():
    with ad.no_grad():
        assert ad.grad(lambda x: x * x)(3.0) == 6.0
        assert ad.jvp(lambda x: x * x, (3.0,), (1.0,)) == (9.0, 6.0)
        assert ad.grad(ad.grad(lambda x: x * x * x))(2.0) == 12.0


def test_float32_stays_float32():
    x = np.ones(3, np.float32)
    value, gradient = ad.value_and_grad(lambda v: anp.sum(anp.tanh(v) * 2.0 + v**2))(x)
    assert value.dtype == np.float32
    assert gradient.dtype == np.float32


def returns_none(x):
    x * 2


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: ad.grad(returns_none)(1.0), TypeError, "returns_none returned None"),
        (lambda: ad.grad(lambda x: x)(np.ones(2)), ad.errors.ShapeError, "jacobian"),
        (lambda: ad.grad(lambda x: anp.sum(x))(np.array([1, 2])), ad.errors.DtypeError, "astype(float)"),
        (lambda: ad.grad(lambda x: anp.sum(x))(np.array([True])), ad.errors.DtypeError, "astype(float)"),
        (lambda: ad.grad(lambda x: x)(True), ad.errors.DtypeError, "bool"),
        (lambda: ad.grad(lambda x: x)("a"), ad.errors.OperandError, "str"),
        (lambda: ad.grad(lambda x: x, argnums=1)(1.0), ad.errors.ArgumentError, "argnums"),
        (lambda: ad.grad(lambda x: x, argnums=(0, 0))(1.0), ad.errors.ArgumentError, "twice"),
        (lambda: ad.grad(lambda x: (x, x))(1.0), ad.errors.OperandError, "has_aux"),
        (lambda: ad.grad(lambda x: "text")(1.0), ad.errors.OperandError, "number"),
        (lambda: ad.grad(lambda z: z)(1j), ad.errors.DtypeError, "real"),
        (lambda: ad.jvp(lambda x: x, 1.0, 1.0), ad.errors.ArgumentError, "tuple"),
        (lambda: ad.jvp(lambda x: x, (1.0,), (np.ones(2),)), ad.errors.ShapeError, "shape"),
        (lambda: ad.vjp(lambda x: x, 1.0)[1](np.ones(3)), ad.errors.ShapeError, "cotangent"),
        (lambda: ad.vjp(lambda x: x, 1.0)[1]((1.0, 2.0)), ad.errors.ShapeError, "1 cotangents"),
    ],
)
def test_wrong_input_is_told_in_words(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert words in str(caught.value)
