"""Users' own operations: Function, custom_vjp and custom_jvp, in both modes, to higher order, and wrong on purpose."""

from __future__ import annotations

import math

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp


class Multiply(ad.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * y, g * x


class Exp(ad.Function):
    @staticmethod
    def forward(ctx, x):
        out = anp.exp(x)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, g):
        (out,) = ctx.saved_tensors
        return g * out

    @staticmethod
    def jvp(ctx, t):
        (out,) = ctx.saved_tensors
        return t * out


class SinCos(ad.Function):
    @staticmethod
    def forward(ctx, x):
        s, c = anp.sin(x), anp.cos(x)
        ctx.save_for_backward(s, c)
        return s, c

    @staticmethod
    def backward(ctx, gs, gc):
        s, c = ctx.saved_tensors
        return gs * c - gc * s


class Scale(ad.Function):
    @staticmethod
    def forward(ctx, x, factor, label):
        ctx.factor = factor
        assert label == "kept as it is"
        return x * factor

    @staticmethod
    def backward(ctx, g):
        return g * ctx.factor, None, None


class Cubed(ad.Function):
    """Saves a value that is neither input nor output: differentiable once."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(3.0 * x * x)
        return x * x * x

    @staticmethod
    def backward(ctx, g):
        (slope,) = ctx.saved_tensors
        return g * slope


def test_values_and_gradients_with_tensors_and_numbers():
    assert ad.grad(Multiply.apply, argnums=(0, 1))(2.0, 3.0) == (3.0, 2.0)
    assert ad.grad(lambda x: Multiply.apply(x, 3.0))(2.0) == 3.0
    w = ad.tensor(np.ones(3), requires_grad=True)
    anp.sum(Multiply.apply(w, np.arange(3.0))).backward()
    np.testing.assert_array_equal(w.grad.value, [0.0, 1.0, 2.0])


def test_every_order():
    f = Exp.apply
    for _ in range(4):
        f = ad.grad(f)
        assert f(0.5) == pytest.approx(math.exp(0.5))
    assert ad.hessian(lambda x: Multiply.apply(Multiply.apply(x, x), x))(2.0) == 12.0


def test_forward_mode_with_and_without_a_rule():
    assert ad.jvp(Exp.apply, (0.5,), (2.0,))[1] == pytest.approx(2 * math.exp(0.5))
    with pytest.raises(ad.errors.UnsupportedError, match="Multiply has no forward-mode rule"):
        ad.jvp(Multiply.apply, (1.0, 2.0), (1.0, 0.0))


def test_several_outputs_one_of_them_unused():
    f = lambda x: SinCos.apply(x)[0]
    assert ad.grad(f)(0.3) == pytest.approx(math.cos(0.3))
    assert ad.grad(ad.grad(f))(0.3) == pytest.approx(-math.sin(0.3))
    both = lambda x: SinCos.apply(x)[0] * SinCos.apply(x)[1]
    assert ad.grad(both)(0.3) == pytest.approx(math.cos(0.6))


def test_settings_that_are_no_tensors():
    assert ad.grad(lambda x: Scale.apply(x, 4, "kept as it is"))(1.0) == 4.0


def test_a_second_derivative_that_cannot_be_known_raises():
    assert ad.grad(Cubed.apply)(2.0) == 12.0
    with pytest.raises(ad.errors.RuleError, match="differentiable only once"):
        ad.grad(ad.grad(Cubed.apply))(2.0)


def test_the_caller_s_array_may_change_between_the_passes():
    w = ad.tensor(np.ones(2), requires_grad=True)
    data = np.array([1.0, 2.0])
    y = anp.sum(Multiply.apply(w, data))
    data[:] = 100.0
    y.backward()
    np.testing.assert_array_equal(w.grad.value, [1.0, 2.0])


def test_a_second_backward_raises():
    w = ad.tensor(2.0, requires_grad=True)
    y = Multiply.apply(w, w)
    y.backward()
    with pytest.raises(ad.errors.FreedError):
        y.backward()


def wrong(result):
    class Wrong(ad.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x * y

        @staticmethod
        def backward(ctx, g):
            return result(g)

    return Wrong


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (lambda g: g, "returned 1 gradient, but forward takes 2 arguments"),
        (lambda g: (g, g, g), "returned 3 gradients"),
        (lambda g: (np.ones(2), g), "shape"),
        (lambda g: (g, np.int64(1)), "dtype"),
        (lambda g: (g * 1j, g), "dtype"),
        (lambda g: (g.astype(np.float32), g), "precision"),
        (lambda g: ("a", g), "number"),
    ],
)
def test_wrong_gradients_are_caught_at_the_user_s_line(result, words):
    with pytest.raises(ad.errors.AdjointError) as caught:
        ad.grad(lambda x: wrong(result).apply(x, 3.0), argnums=0)(2.0)
    text = str(caught.value)
    assert words in text
    assert "test_custom.py" in text


def test_no_gradient_at_all_is_a_structural_zero():
    Wrong = wrong(lambda g: (None, g))
    assert ad.grad(lambda x: Wrong.apply(x, 3.0))(2.0) == 0.0


def test_custom_vjp_in_any_order_and_with_containers():
    @ad.custom_vjp
    def f(p):
        return p["a"] * anp.sin(p["b"])

    f.defvjp(
        lambda p: (f(p), p),
        lambda p, g: ({"a": g * anp.sin(p["b"]), "b": g * p["a"] * anp.cos(p["b"])},),
    )
    gradient = ad.grad(f)({"a": 2.0, "b": 0.3})
    assert gradient == pytest.approx({"a": math.sin(0.3), "b": 2 * math.cos(0.3)})
    second = ad.grad(lambda b: ad.grad(lambda c: f({"a": 2.0, "b": c}))(b))(0.3)
    assert second == pytest.approx(-2 * math.sin(0.3))


def test_custom_vjp_errors():
    @ad.custom_vjp
    def f(x):
        return x * x

    with pytest.raises(ad.errors.RuleError, match="defvjp"):
        f(1.0)
    f.defvjp(lambda x: (f(x), x), lambda x, g: (g, g))
    with pytest.raises(ad.errors.RuleError, match="2 gradients"):
        ad.grad(f)(1.0)
    f.defvjp(lambda x: (f(x), x), lambda x, g: (np.ones(3),))
    with pytest.raises(ad.errors.RuleError, match="returned f64"):
        ad.grad(f)(1.0)


def test_custom_jvp_gives_both_modes_in_any_order():
    @ad.custom_jvp
    def f(x, y):
        return anp.sin(x) * y

    f.defjvp(lambda p, t: (f(*p), anp.cos(p[0]) * p[1] * t[0] + anp.sin(p[0]) * t[1]))
    assert ad.jvp(f, (0.3, 2.0), (1.0, 0.0))[1] == pytest.approx(2 * math.cos(0.3))
    assert ad.grad(f, argnums=(0, 1))(0.3, 2.0) == pytest.approx((2 * math.cos(0.3), math.sin(0.3)))
    assert ad.grad(ad.grad(f))(0.3, 2.0) == pytest.approx(-2 * math.sin(0.3))
    assert ad.jvp(ad.grad(f), (0.3, 2.0), (1.0, 0.0))[1] == pytest.approx(-2 * math.sin(0.3))


def test_a_rule_that_differs_from_the_function_is_what_counts():
    @ad.custom_jvp
    def stopped(x):
        return x * x

    stopped.defjvp(lambda p, t: (stopped(*p), 100.0 * t[0]))
    assert ad.grad(stopped)(3.0) == 100.0
