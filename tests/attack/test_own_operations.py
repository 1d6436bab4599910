"""Users' operations misused: no path to a gradient is dropped without a word, and messages say whose fault it is."""

import numpy as np
import pytest

import adjoint as ad

RuleError, OperandError = ad.errors.RuleError, ad.errors.OperandError


def operation(forward, backward=lambda ctx, g: g):
    return type("Own", (ad.Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)})


def test_a_captured_tracked_tensor_is_no_argument():
    w = ad.tensor(3.0, requires_grad=True)
    with pytest.raises(RuleError, match=r"Own.forward used a tracked tensor that is not among its arguments") as caught:
        operation(lambda ctx, x: x * w).apply(2.0)
    assert "lambda ctx, x: x * w" in caught.value.where
    with pytest.raises(RuleError, match="not among its arguments"):
        ad.grad(lambda w: operation(lambda ctx, x: x * w).apply(2.0))(3.0)
    with ad.no_grad():
        assert operation(lambda ctx, x: x * w).apply(2.0).item() == 6.0
    assert operation(lambda ctx, x: x * w.detach()).apply(2.0).item() == 6.0


def test_a_rule_in_functional_form_captures_nothing_tracked():
    def by_vjp(w):
        f = ad.custom_vjp(lambda x: x * w)
        f.defvjp(lambda x: (x * w, w), lambda r, g: (g * r,))
        return f(w)

    def by_jvp(w):
        f = ad.custom_jvp(lambda x: x * w)
        f.defjvp(lambda p, t: (p[0] * w, t[0] * w))
        return f(w)

    for f in (by_vjp, by_jvp):
        with pytest.raises(RuleError, match="not among its arguments"):
            ad.grad(f)(3.0)
        assert f(ad.tensor(3.0)).item() == 9.0


def test_tensors_hidden_in_a_container_are_refused():
    product = operation(lambda ctx, xs: xs[0] * xs[1], lambda ctx, g: (None,))
    for hide in (lambda x: [x, x], lambda x: (x, x), lambda x: {0: x, 1: [x]}):
        with pytest.raises(OperandError, match=r"argument 0 of Own is a .* of tracked tensors"):
            ad.grad(lambda x, hide=hide: product.apply(hide(x)))(2.0)
    assert product.apply([2.0, 3.0]).item() == 6.0


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ((), r"Own.forward returned \(\)"),
        (None, "Own.forward returned None"),
        ([1.0], "Own.forward returned a list"),
        ("s", "Own.forward returned a str"),
        ((1.0, None), "Own.forward returned a NoneType"),
    ],
)
def test_what_forward_may_not_return(returned, said):
    with pytest.raises((RuleError, OperandError), match=said) as caught:
        operation(lambda ctx, x: returned).apply(ad.tensor(1.0, requires_grad=True))
    assert caught.value.where
    assert caught.value.help


@pytest.mark.parametrize("returned", ["s", [np.ones(2)], 3.0, np.ones(3), np.ones(2) * 1j, np.ones(2, int)])
def test_what_backward_may_not_return(returned):
    x = ad.tensor([1.0, 2.0], requires_grad=True)
    loss = operation(lambda ctx, x: x * 2.0, lambda ctx, g: returned).apply(x).sum()
    with pytest.raises(RuleError, match=r"Own.backward returned .* as number 0") as caught:
        loss.backward()
    assert "test_own_operations.py" in caught.value.where
    assert caught.value.help
    assert x.grad is None


def test_a_function_that_lacks_a_method_says_where():
    with pytest.raises(RuleError) as caught:
        type("Bare", (ad.Function,), {}).apply(1.0)
    assert "test_own_operations.py" in caught.value.where


def test_a_forward_rule_that_returns_no_pair():
    f = ad.custom_vjp(lambda x: x * x)
    f.defvjp(lambda x: x * x, lambda r, g: (g,))
    with pytest.raises(RuleError, match=r"must return \(out, residuals\)"):
        ad.grad(f)(2.0)
