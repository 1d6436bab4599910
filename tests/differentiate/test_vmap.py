"""vmap: axes, containers, nesting, captured tensors, users' operations, and what it refuses."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp

W = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7]])
X = np.linspace(-1.0, 1.2, 15).reshape(5, 3)


def f(x):
    return anp.sum(anp.tanh(W @ x) * x[0])


def rows(g, *xs):
    return np.stack([g(*row) for row in zip(*xs, strict=True)])


def test_it_maps_the_first_axis_of_everything():
    np.testing.assert_allclose(ad.vmap(f)(X), rows(f, X))
    two = ad.vmap(lambda x, y: x * anp.sum(y))(X[:, 0], X)
    np.testing.assert_allclose(two, X[:, 0] * X.sum(1))


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_in_axes_and_out_axes(axis):
    x = np.arange(24.0).reshape(2, 3, 4)
    mapped = ad.vmap(lambda m: 2.0 * m, in_axes=axis, out_axes=axis)(x)
    np.testing.assert_array_equal(mapped, 2.0 * x)
    first = ad.vmap(lambda m: m.T, in_axes=axis)(x)
    np.testing.assert_array_equal(first, np.moveaxis(x, axis, 0).transpose(0, 2, 1))


def test_axes_are_containers_that_may_end_early():
    p = {"a": X, "b": (W, np.arange(5.0))}
    g = lambda p, k: {"s": anp.sum(p["a"]) * p["b"][1] + anp.sum(p["b"][0]) * k, "k": k}
    out = ad.vmap(g, in_axes=({"a": 0, "b": (None, 0)}, None), out_axes={"s": 0, "k": None})(p, 3.0)
    np.testing.assert_allclose(out["s"], X.sum(1) * np.arange(5.0) + W.sum() * 3.0)
    assert np.shape(out["k"]) == ()
    listed = ad.vmap(g, in_axes=[{"a": 0, "b": (None, 0)}, None])(p, 3.0)
    np.testing.assert_allclose(listed["s"], out["s"])


def test_dataclasses_and_keyword_arguments():
    @dataclasses.dataclass
    class Point:
        x: object
        y: object

    out = ad.vmap(lambda p, *, scale: Point(p.x * scale, p.y))(Point(X, X[:, 0]), scale=np.arange(5.0))
    assert type(out) is Point
    np.testing.assert_allclose(out.x, X * np.arange(5.0)[:, None])
    np.testing.assert_allclose(out.y, X[:, 0])


def test_what_is_the_same_for_all_is_repeated_or_kept():
    np.testing.assert_array_equal(ad.vmap(lambda x: 7.0)(X), np.full(5, 7.0))
    np.testing.assert_array_equal(ad.vmap(lambda x, y: y, in_axes=(0, None))(X, W), np.stack([W] * 5))
    np.testing.assert_array_equal(ad.vmap(lambda x, y: 2 * y, (0, None), None)(X, W), 2 * W)


def test_results_are_the_callers_own():
    x = np.ones((3, 2))
    out = ad.vmap(lambda v: v)(x)
    out[:] = 5.0
    assert x.tolist() == [[1.0, 1.0]] * 3
    assert out.flags.owndata


def test_it_nests():
    table = ad.vmap(ad.vmap(lambda a, b: a * b, in_axes=(0, None)), in_axes=(None, 0))(np.arange(3.0), np.arange(4.0))
    np.testing.assert_array_equal(table, np.outer(np.arange(4.0), np.arange(3.0)))


def test_the_gradient_of_each_and_the_gradient_of_all():
    each = ad.vmap(ad.grad(f))(X)
    np.testing.assert_allclose(each, rows(ad.grad(f), X))
    np.testing.assert_allclose(ad.grad(lambda x: anp.sum(ad.vmap(f)(x)))(X), each)
    values, gradients = ad.vmap(ad.value_and_grad(f))(X)
    np.testing.assert_allclose(values, rows(f, X))
    np.testing.assert_allclose(gradients, each)
    np.testing.assert_allclose(ad.vmap(ad.hessian(f))(X), rows(ad.hessian(f), X))
    np.testing.assert_allclose(ad.vmap(lambda x, v: ad.hvp(f, x, v))(X, 2 * X), rows(lambda x: ad.hvp(f, x, 2 * x), X))
    square = lambda x: anp.sum(ad.vmap(f)(x) ** 2)
    np.testing.assert_allclose(ad.hessian(square)(X), ad.jacrev(ad.grad(lambda x: sum(f(r) ** 2 for r in x)))(X))


def test_a_jacobian_by_vmap():
    g = lambda x: anp.tanh(W @ x)
    _, pull = ad.vjp(g, X[0])
    np.testing.assert_allclose(ad.vmap(lambda e: pull(e)[0])(np.eye(2)).detach(), ad.jacobian(g)(X[0]))
    push = ad.vmap(lambda e: ad.jvp(g, (X[0],), (e,))[1], out_axes=1)
    np.testing.assert_allclose(push(np.eye(3)), ad.jacobian(g)(X[0]))


def test_captured_tensors_keep_their_path():
    w = ad.tensor(W, requires_grad=True)
    doubled = w * 2.0
    out = ad.vmap(lambda x: anp.sum((doubled @ x) * (3.0 * w[:, 0])))(X)
    anp.sum(out).backward()
    expected = ad.grad(lambda w: sum(anp.sum(((w * 2.0) @ x) * (3.0 * w[:, 0])) for x in X))(W)
    np.testing.assert_allclose(w.grad.value, expected)


def test_tracked_arguments_mapped_and_shared():
    x, w = ad.tensor(X, requires_grad=True), ad.tensor(W, requires_grad=True)
    out = ad.vmap(lambda x, w: anp.sum(anp.exp(w @ x)), in_axes=(0, None))(x, w)
    assert type(out) is ad.Tensor
    anp.sum(out).backward()
    np.testing.assert_allclose(x.grad.value, np.exp(X @ W.T) @ W)
    np.testing.assert_allclose(w.grad.value, np.exp(X @ W.T).T @ X)


def test_arguments_that_are_shared_have_values():
    g = lambda x, n, w: anp.sum(x) * n if w[0, 0] > 0 else x[0]
    np.testing.assert_allclose(ad.vmap(g, in_axes=(0, None, None))(X, 2, W), 2 * X.sum(1))


def test_whole_numbers_can_be_mapped():
    table = np.arange(12.0).reshape(4, 3)
    np.testing.assert_array_equal(ad.vmap(lambda i: ad.tensor(table)[i])(np.array([2, 0])), table[[2, 0]])
    gradient = ad.grad(lambda t: anp.sum(ad.vmap(lambda i: t[i] ** 2)(np.array([2, 0, 2]))))(table)
    np.testing.assert_allclose(gradient, 2 * table * np.array([1, 0, 2, 0])[:, None])


def test_recording_off_inside_cuts_and_outside_records_nothing():
    def g(x):
        with ad.no_grad():
            c = x * 3.0
        return x * c * ad.stop_gradient(x)

    np.testing.assert_allclose(ad.vmap(ad.grad(g))(X[:, 0]), 3 * X[:, 0] ** 2)
    np.testing.assert_allclose(ad.grad(lambda x: anp.sum(ad.vmap(g)(x)))(X[:, 0]), 3 * X[:, 0] ** 2)
    w = ad.tensor(W, requires_grad=True)
    with ad.no_grad():
        assert type(ad.vmap(lambda x: w @ x)(X)) is np.ndarray
        np.testing.assert_allclose(ad.vmap(ad.grad(f))(X), rows(ad.grad(f), X))


def test_an_empty_batch():
    assert ad.vmap(f)(X[:0]).shape == (0,)
    assert ad.vmap(ad.grad(f))(X[:0]).shape == (0, 3)


class Swish(ad.Function):
    @staticmethod
    def forward(ctx, x, y):
        out = x / (1.0 + anp.exp(-x)) * y
        ctx.save_for_backward(x, y, out)
        return out

    @staticmethod
    def backward(ctx, g):
        x, y, out = ctx.saved_tensors
        s = 1.0 / (1.0 + anp.exp(-x))
        return g * (s * y + out * (1.0 - s)), g * x * s

    @staticmethod
    def jvp(ctx, a, b):
        x, y, out = ctx.saved_tensors
        s = 1.0 / (1.0 + anp.exp(-x))
        return a * (s * y + out * (1.0 - s)) + b * x * s


@ad.custom_vjp
def by_vjp(x, y):
    return anp.sin(x) * y


by_vjp.defvjp(lambda x, y: (by_vjp(x, y), (x, y)), lambda r, g: (g * anp.cos(r[0]) * r[1], g * anp.sin(r[0])))


@ad.custom_jvp
def by_jvp(x, y):
    return anp.sin(x) * y


by_jvp.defjvp(lambda p, t: (by_jvp(*p), anp.cos(p[0]) * p[1] * t[0] + anp.sin(p[0]) * t[1]))


@pytest.mark.parametrize("own", [Swish.apply, by_vjp, by_jvp], ids=["Function", "custom_vjp", "custom_jvp"])
@pytest.mark.parametrize("axes", [(0, 0), (0, None), (None, 0)])
def test_users_operations(own, axes):
    plain = (lambda x, y: x / (1.0 + anp.exp(-x)) * y) if own == Swish.apply else lambda x, y: anp.sin(x) * y
    a, b = (X if i == 0 else X[1] for i in axes)
    np.testing.assert_allclose(ad.vmap(own, in_axes=axes)(a, b), ad.vmap(plain, in_axes=axes)(a, b))
    for wrap in (
        lambda h: ad.vmap(ad.grad(lambda x, y: anp.sum(h(x, y) ** 2), argnums=(0, 1)), in_axes=axes),
        lambda h: ad.grad(lambda x, y: anp.sum(ad.vmap(h, in_axes=axes)(x, y) ** 2), argnums=(0, 1)),
    ):
        for x, y in zip(wrap(own)(a, b), wrap(plain)(a, b), strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("own", [Swish.apply, by_jvp], ids=["Function", "custom_jvp"])
def test_users_forward_rules(own):
    plain = (lambda x, y: x / (1.0 + anp.exp(-x)) * y) if own == Swish.apply else lambda x, y: anp.sin(x) * y
    for h in (own, plain):
        found = ad.jvp(ad.vmap(h), (X, X[::-1]), (X**2, X))[1]
        inner = ad.vmap(lambda x, y, h=h: ad.jvp(h, (x, y), (x**2, y[::-1]))[1])(X, X[::-1])
        if h is own:
            first, second = found, inner
    np.testing.assert_allclose(first, found)
    np.testing.assert_allclose(second, inner)


@pytest.mark.parametrize("own", [Swish.apply, by_vjp, by_jvp], ids=["Function", "custom_vjp", "custom_jvp"])
def test_second_derivatives_of_users_operations(own):
    loss = lambda h: lambda x: anp.sum(ad.vmap(lambda v: h(v, v * v))(x) ** 2)
    plain = (lambda x, y: x / (1.0 + anp.exp(-x)) * y) if own == Swish.apply else lambda x, y: anp.sin(x) * y
    x = X[:2]
    np.testing.assert_allclose(ad.hessian(loss(own))(x), ad.hessian(loss(plain))(x), rtol=1e-10, atol=1e-12)
    each = lambda h: ad.vmap(ad.hessian(lambda v: anp.sum(h(v, v * v) ** 2)))(x)
    np.testing.assert_allclose(each(own), each(plain), rtol=1e-10, atol=1e-12)


def test_a_hidden_capture_in_a_users_operation_is_refused():
    w = ad.tensor(2.0, requires_grad=True)

    @ad.custom_vjp
    def scaled(x):
        return x * w

    scaled.defvjp(lambda x: (scaled(x), None), lambda r, g: (g,))
    with pytest.raises(ad.errors.RuleError, match="not among its arguments"):
        ad.vmap(scaled)(X)


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda: ad.vmap(lambda x: x if x > 0 else -x)(X[:, 0]), ad.errors.TracedError, "where"),
        (lambda: ad.vmap(lambda x, y: x + y)(X, W), ad.errors.ShapeError, "x has 5, y has 2"),
        (lambda: ad.vmap(f, in_axes=2)(X), ad.errors.AxisError, "along axis 2"),
        (lambda: ad.vmap(lambda x: x)(3.0), ad.errors.AxisError, "axis 0"),
        (lambda: ad.vmap(lambda x: x, out_axes=3)(X), ad.errors.AxisError, "axis 3"),
        (lambda: ad.vmap(lambda x: x, out_axes=None)(X), ad.errors.ArgumentError, "differs"),
        (lambda: ad.vmap(lambda x: x, in_axes=None)(X), ad.errors.ArgumentError, "maps nothing"),
        (lambda: ad.vmap(lambda x: x, in_axes=(0, 0))(X), ad.errors.ArgumentError, "does not fit"),
        (lambda: ad.vmap(lambda x: x, in_axes={"x": 0})(X), ad.errors.ArgumentError, "does not fit"),
        (lambda: ad.vmap(lambda x: x, in_axes="0")(X), ad.errors.ArgumentError, "whole numbers"),
        (lambda: ad.vmap(lambda x, s: x)(X, "a"), ad.errors.OperandError, "cannot map s"),
        (lambda: ad.vmap(X), ad.errors.OperandError, "maps functions"),
        (lambda: ad.vmap(lambda x: None)(X), ad.errors.OperandError, "returned None"),
        (lambda: ad.vmap(lambda x: x[x > 0])(X), ad.errors.TracedError, "mask"),
    ],
)  # fmt: skip
def test_mistakes(call, error, told):
    with pytest.raises(error, match=told) as caught:
        call()
    assert "help:" in str(caught.value)


def test_nodes_know_the_users_line():
    x = ad.tensor(X, requires_grad=True)

    def g(v):
        squared = v * v
        return anp.sum(squared)

    out = ad.vmap(g)(x)
    assert "anp.sum" in out.node.describe()
    names = [n.label for n in ad.Graph.from_outputs(out).nodes]
    assert "squared" in names


def test_compiled_functions_inside_and_outside():
    compiled = ad.compile(f, backend="python")
    np.testing.assert_allclose(ad.vmap(compiled)(X), rows(f, X))
    np.testing.assert_allclose(ad.vmap(ad.grad(compiled))(X), rows(ad.grad(f), X))
    for transform in (ad.vmap(f), ad.vmap(ad.grad(f)), ad.vmap(ad.hessian(f))):
        np.testing.assert_allclose(ad.compile(transform, backend="python")(X), transform(X), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(ad.compile(ad.hessian(f), backend="python")(X[0]), ad.hessian(f)(X[0]), rtol=1e-12)
