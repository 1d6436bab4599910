"""Every method of Tensor against the method of NumPy's arrays, with its gradient against differences."""

import numpy as np
import pytest

import adjoint as ad
from adjoint.errors import ArgumentError, AxisError, GraphError, ShapeError

RNG = np.random.default_rng(3)
A = RNG.normal(size=(2, 3, 4))

#: name -> (arguments, keywords) under which the method is compared.
CALLS = {
    "sum": [((), {}), ((1,), {}), (((0, 2),), {}), ((), {"axis": -1, "keepdims": True}), ((0, "f4"), {})],
    "mean": [((), {}), ((1,), {}), (((0, 2),), {}), ((), {"axis": -1, "keepdims": True})],
    "prod": [((), {}), ((1,), {}), ((), {"axis": (0, -1), "keepdims": True})],
    "max": [((), {}), ((1,), {}), (((0, 2),), {}), ((), {"axis": -1, "keepdims": True})],
    "min": [((), {}), ((1,), {}), (((0, 2),), {}), ((), {"axis": -1, "keepdims": True})],
    "argmax": [((), {}), ((1,), {}), ((), {"axis": -1, "keepdims": True})],
    "argmin": [((), {}), ((1,), {}), ((), {"axis": -1, "keepdims": True})],
    "var": [((), {}), ((1,), {}), ((), {"axis": (0, 2), "ddof": 1, "keepdims": True})],
    "std": [((), {}), ((1,), {}), ((), {"axis": (0, 2), "ddof": 1, "keepdims": True})],
    "reshape": [((6, 4), {}), (((4, -1),), {}), ((-1,), {}), ((1, 2, 3, 4, 1), {})],
    "ravel": [((), {})],
    "flatten": [((), {})],
    "transpose": [((), {}), ((2, 0, 1), {}), (((1, 0, 2),), {}), ((0, -1, 1), {}), ((None,), {})],
    "squeeze": [((), {})],
    "take": [(([3, 0, 3],), {}), ((1, 1), {}), (([[0, 1], [1, 1]],), {"axis": -1}), ((np.array([1]), 0), {})],
    "clip": [((-0.5, 0.5), {}), ((None, 0.2), {}), ((), {"min": 0.1}), ((0.0, np.ones(4)), {})],
    "round": [((), {}), ((2,), {}), ((), {"decimals": 1})],
    "astype": [(("f4",), {}), ((complex,), {}), ((int,), {}), ((bool,), {})],
    "copy": [((), {})],
    "dot": [((np.arange(4.0),), {}), ((RNG.normal(size=(4, 2)),), {}), ((np.array(2.0),), {})],
    "all": [((), {}), ((1,), {}), ((), {"axis": 0, "keepdims": True})],
    "any": [((), {}), ((1,), {}), ((), {"axis": 0, "keepdims": True})],
}
FLAT = {"argmax", "argmin", "round", "all", "any"}
CASES = [(name, args, kwargs) for name, calls in CALLS.items() for args, kwargs in calls]


def single(args):
    return any(isinstance(a, str) and a == "f4" for a in args)


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES, ids=lambda v: repr(v)[:40])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i8"])
def test_values_and_dtypes(name, args, kwargs, dtype):
    a = (A * 3).astype(dtype)
    expected = getattr(a, name)(*args, **kwargs)
    t = ad.tensor(a)
    result = getattr(t, name)(*args, **kwargs)
    assert type(result) is ad.Tensor
    assert result.shape == expected.shape
    assert result.dtype == expected.dtype
    np.testing.assert_allclose(result.numpy(), expected, rtol=1e-13 if dtype != "f4" and not single(args) else 1e-6)
    assert t.numpy().tolist() == a.tolist()


@pytest.mark.parametrize(("name", "args", "kwargs"), [c for c in CASES if c[0] not in FLAT], ids=lambda v: repr(v)[:40])
def test_gradients(name, args, kwargs):
    x = ad.tensor(A, requires_grad=True)
    y = getattr(x, name)(*args, **kwargs)
    if y.dtype.kind not in "fc":
        assert not y.requires_grad
        return
    weights = np.cos(np.arange(y.size)).reshape(y.shape)
    (y.astype("f8") * weights if y.dtype.kind == "f" else np.real(y) * weights).sum().backward()
    direction, eps = RNG.normal(size=A.shape), 1.0 if single(args) else 1e-6  # those to float32 are linear
    values = [np.real(getattr(A + s * eps * direction, name)(*args, **kwargs)) * weights for s in (1, -1)]
    slope = np.sum(values[0].astype("f8") - values[1]) / (2 * eps)
    assert np.sum(x.grad.numpy() * direction) == pytest.approx(slope, rel=3e-6, abs=3e-6)


@pytest.mark.parametrize("name", sorted(FLAT))
def test_flat_methods_pass_no_gradient(name):
    assert not getattr(ad.tensor(A, requires_grad=True), name)().requires_grad


def test_transposed():
    x = ad.tensor(A, requires_grad=True)
    assert x.T.shape == (4, 3, 2)
    np.testing.assert_array_equal(x.T.numpy(), A.T)
    (x.T * A.T).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), A)


def test_squeezed_axes():
    x = ad.tensor(A.reshape(2, 1, 12, 1))
    assert x.squeeze().shape == (2, 12)
    assert x.squeeze(1).shape == (2, 12, 1)
    assert x.squeeze((-1,)).shape == (2, 1, 12)


@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3)])
def test_empty_tensors_are_numpys(shape):
    a = np.zeros(shape)
    x = ad.tensor(a, requires_grad=True)
    for name in ("sum", "prod"):
        np.testing.assert_array_equal(getattr(x, name)(axis=0).numpy(), getattr(a, name)(axis=0))
    assert x.reshape(-1, 1).shape == (0, 1)
    x.sum().backward()
    assert x.grad.shape == shape
    for name in ("max", "min", "argmax", "argmin"):
        with pytest.raises(ValueError, match="no elements"):
            getattr(x, name)()


def test_no_axes():
    x = ad.tensor(2.0, requires_grad=True)
    for name in ("sum", "mean", "prod", "max", "min", "ravel", "flatten", "squeeze", "copy", "transpose", "reshape"):
        y = getattr(x, name)()
        expected = getattr(np.array(2.0), name)() if name != "reshape" else np.array(2.0).reshape(())
        assert (y.shape, y.tolist()) == (np.shape(expected), expected.tolist())
        assert ad.gradients(y.sum(), x).item() == 1.0
    assert x.var().item() == 0.0
    assert x.reshape(1, 1).shape == (1, 1)


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda x: x.sum(3), AxisError),
        (lambda x: x.sum((0, 0)), AxisError),
        (lambda x: x.mean("rows"), AxisError),
        (lambda x: x.transpose(0, 1), AxisError),
        (lambda x: x.transpose(0, 0, 1), AxisError),
        (lambda x: x.reshape(5, 5), ShapeError),
        (lambda x: x.reshape(-1, -1), ShapeError),
        (lambda x: x.reshape(1.5), ArgumentError),
        (lambda x: x.squeeze(0), ShapeError),
        (lambda x: x.take(50), AxisError),
        (lambda x: x.dot(np.ones(5)), ShapeError),
        (lambda x: x.astype("nothing"), ArgumentError),
        (lambda x: x.backward(), ShapeError),
        (lambda x: ad.tensor(1.0).backward(), GraphError),
    ],
)
def test_wrong_arguments(call, kind):
    with pytest.raises(kind):
        call(ad.tensor(A, requires_grad=True) * 1.0)


def test_backward_takes_its_arguments():
    x = ad.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    y.backward(np.array([1.0, 10.0]), retain_graph=True)
    assert x.grad.tolist() == [2.0, 40.0]
    x.grad = None
    y.backward(gradient=ad.tensor([1.0, 1.0]), create_graph=True)
    assert x.grad.requires_grad
    (g,) = ad.gradients(x.grad.sum(), [x])
    assert g.tolist() == [2.0, 2.0]


def test_flatten_and_copy_may_be_written_to():
    x = ad.tensor(A, requires_grad=True)
    for y in (x.flatten(), x.copy()):
        y[0] = 0.0
        y *= 2.0
        (g,) = ad.gradients(y.sum(), [x])
        assert g.numpy().reshape(-1)[0] == 0.0
        assert g.numpy().reshape(-1)[-1] == 2.0
    np.testing.assert_array_equal(x.numpy(), A)
