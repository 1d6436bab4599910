"""Flat source on the arrays of other libraries: every record, and gradients, where those libraries are installed."""

import importlib

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from laws.derivatives import function
from laws.samples import cases

LIBRARIES = ("jax", "torch")


class Library:
    """A NumPy-like module with what a test needs of its library."""

    def __init__(self, name):
        self.name = name
        if name == "jax":
            jax = pytest.importorskip("jax")
            jax.config.update("jax_enable_x64", True)
            self.module, self.array, self.kind = jax.numpy, jax.numpy.asarray, jax.Array
            self.jit = jax.jit
        else:
            torch = pytest.importorskip("torch")
            self.module = importlib.import_module("adjoint.interop.torch")
            self.array, self.kind = self.module.asarray, torch.Tensor
            self.jit = lambda f: f


@pytest.fixture(params=LIBRARIES)
def library(request):
    return Library(request.param)


def _id(case):
    return case.name if hasattr(case, "name") else ""


@pytest.mark.parametrize(("op", "sample"), cases(), ids=_id)
def test_every_record_runs_there(op, sample, library):
    f, xs = function(op, sample)
    if not xs or any(np.asarray(x).dtype.kind not in "fib" for x in xs):
        pytest.skip("nothing to pass")
    if any(np.asarray(v).dtype.kind == "b" for v in sample.operands[1:]) and op.name != "where":
        pytest.skip("how much a mask picks depends on its values")
    if library.name == "torch" and "-1" in str(sample.params.get("index", "")):
        pytest.skip("PyTorch has no slices with negative steps")
    wanted = ad.compile(f, backend="python")(*map(np.asarray, xs))
    exe = ad.compile(f, namespace=library.module)
    found = library.jit(lambda *given: exe(*given))(*(library.array(np.array(x)) for x in xs))
    for got, one in zip(found if isinstance(found, tuple) else (found,), wanted if op.several else (wanted,)):
        assert isinstance(got, library.kind)
        assert str(got.dtype).endswith(str(one.dtype))
        np.testing.assert_allclose(np.asarray(got), one, rtol=1e-12, atol=1e-12)


def network(params, x, labels):
    h = np.tanh(x @ params["w"] + params["b"])
    logits = h @ params["v"]
    z = logits - anp.max(logits, axis=1, keepdims=True)
    scores = anp.log(anp.sum(anp.exp(z), axis=1)) - z[np.arange(4), labels]
    return anp.mean(scores) + anp.sum(params["w"][0] ** 2)


def test_a_gradient_runs_there(library):
    rng = np.random.default_rng(0)
    params = {"w": rng.normal(size=(3, 5)), "b": rng.normal(size=5), "v": rng.normal(size=(5, 2))}
    x, labels = rng.normal(size=(4, 3)), np.array([0, 1, 1, 0])
    g = ad.value_and_grad(network)
    value, gradient = g(params, x, labels)
    exe = ad.compile(g, namespace=library.module)
    given = {k: library.array(v) for k, v in params.items()}
    found, slopes = library.jit(exe.__call__)(given, library.array(x), library.array(labels))
    assert isinstance(found, library.kind)
    np.testing.assert_allclose(np.asarray(found), value)
    for name, one in gradient.items():
        np.testing.assert_allclose(np.asarray(slopes[name]), one)
    assert "adjoint" not in exe.source


def test_captured_arrays_and_numbers_go_along(library):
    table = np.arange(3.0)
    exe = ad.compile(lambda x, s: x * table * s, namespace=library.module)
    x = library.array(np.ones(3))
    np.testing.assert_allclose(np.asarray(exe(x, 2.0)), [0.0, 2.0, 4.0])
    table[:] = 1.0
    np.testing.assert_allclose(np.asarray(exe(x, 2.0)), [2.0, 2.0, 2.0])


def test_what_is_no_namespace():
    with pytest.raises(ad.errors.OperandError, match="a namespace is a module like NumPy"):
        ad.compile(lambda x: x * 2.0, namespace=object())(1.0)


def test_numpy_itself_is_one():
    exe = ad.compile(ad.grad(lambda x: anp.sum(x[[0, 0, 1]] ** 2)), namespace=np)
    np.testing.assert_allclose(exe(np.array([1.0, 2.0])), [4.0, 4.0])
