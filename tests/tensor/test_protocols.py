"""NumPy's functions on tensors: recorded through two tables, or refused by name with what to write instead."""

import contextlib
import inspect
import re

import numpy as np
import pytest

import adjoint as ad
from adjoint.errors import DtypeError, TrackedError, UnsupportedError
from adjoint.functions.table import NUMPY_FUNCTIONS, UFUNCS
from adjoint.protocols import WRITERS

A = np.array([[0.5, 1.5, 2.5], [1.0, 2.0, 3.0]])


def same(tensor, expected):
    expected = np.asarray(expected)
    assert type(tensor) is ad.Tensor
    assert tensor.dtype == expected.dtype
    assert tensor.shape == expected.shape
    np.testing.assert_allclose(tensor.numpy(), expected, rtol=1e-14)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "u1", "?", "c16"])
@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda u: u.__name__)
def test_every_ufunc_of_the_table_computes_as_numpy(ufunc, dtype):
    if (ufunc, dtype) == (np.positive, "?"):
        return  # ours gives the booleans themselves
    a = np.array([[1, 2], [3, 1]]).astype(dtype)
    args = (a,) * ufunc.nin
    try:
        expected = ufunc(*args)
    except TypeError:
        with pytest.raises((DtypeError, UnsupportedError)):
            ufunc(*map(ad.tensor, args))
        return
    same(ufunc(*map(ad.tensor, args)), expected)
    if ufunc.nin == 2:
        same(ufunc(ad.tensor(a), a), expected)
        same(ufunc(a, ad.tensor(a)), expected)


@pytest.mark.parametrize("function", NUMPY_FUNCTIONS, ids=lambda f: f.__name__)
def test_positions_of_parameters_are_numpys(function):
    """np.sum(t, 0, None, None, True) must not hand an argument to another parameter than NumPy does."""
    try:
        theirs = list(inspect.signature(function).parameters.values())
    except ValueError:
        theirs = None  # written in C: its own text says what it takes
    ours = [
        p
        for p in inspect.signature(NUMPY_FUNCTIONS[function]).parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    if theirs is None:
        return
    for i, (mine, other) in enumerate(zip(ours, theirs, strict=False)):
        theirs_now = {"newshape": "shape"}.get(other.name, other.name)  # as NumPy 2.0 called it
        assert i == 0 or mine.kind == mine.POSITIONAL_ONLY or mine.name == theirs_now, (ours, theirs)
    if not any(p.kind == p.VAR_POSITIONAL for p in theirs):
        assert len(ours) <= len(theirs)


def test_functions_record():
    x = ad.tensor(A, requires_grad=True)
    y = np.sum(np.sin(x) * A, axis=0)
    same(y, np.sum(np.sin(A) * A, axis=0))
    np.mean(y).backward()
    np.testing.assert_allclose(x.grad.numpy(), np.cos(A) * A / 3, rtol=1e-14)


def test_gradients_through_the_documented_example():
    w = ad.tensor(2.0, requires_grad=True, name="w")
    np.sin(w).backward()
    assert w.grad.item() == np.cos(2.0)


def test_joining_records():
    x, y = ad.tensor([1.0, 2.0], requires_grad=True), ad.tensor([3.0, 4.0])
    same(np.stack([x, y]), [[1.0, 2.0], [3.0, 4.0]])
    same(np.concatenate([x, [5.0]]), [1.0, 2.0, 5.0])
    (np.stack([x, x]) * [[1.0, 2.0], [3.0, 4.0]]).sum().backward()
    assert x.grad.tolist() == [4.0, 6.0]


@pytest.mark.parametrize(
    "scalar", [np.float64(2.0), np.float32(2.0), np.int64(2), np.array(2.0), np.array([1.0, 2.0, 3.0])]
)
def test_arrays_on_the_left(scalar):
    x = ad.tensor(A, requires_grad=True)
    for op in (np.add, np.subtract, np.multiply, np.true_divide, np.power, np.less, np.equal):
        same(op(scalar, x), op(scalar, A))
    same(scalar - x, scalar - A)
    same(scalar < x, scalar < A)
    assert (scalar * x).requires_grad


def test_reduce():
    x = ad.tensor(A, requires_grad=True)
    same(np.add.reduce(x), np.add.reduce(A))
    same(np.add.reduce(x, axis=None), np.add.reduce(A, axis=None))
    same(np.multiply.reduce(x, 1), np.multiply.reduce(A, 1))
    same(np.maximum.reduce(x, axis=1, keepdims=True), np.maximum.reduce(A, axis=1, keepdims=True))
    same(np.minimum.reduce(x), np.minimum.reduce(A))
    same(np.logical_and.reduce(x > 0.7), np.logical_and.reduce(A > 0.7))
    same(np.logical_or.reduce(x > 0.7, axis=1), np.logical_or.reduce(A > 0.7, axis=1))
    np.multiply.reduce(x, axis=None).backward()
    np.testing.assert_allclose(x.grad.numpy(), np.prod(A) / A)


def test_outer():
    x = ad.tensor([1.0, 2.0], requires_grad=True)
    same(np.multiply.outer(x, [1.0, 2.0, 3.0]), np.multiply.outer([1.0, 2.0], [1.0, 2.0, 3.0]))
    same(np.subtract.outer(A, x), np.subtract.outer(A, [1.0, 2.0]))
    same(np.add.outer(x, 1.0), [2.0, 3.0])
    np.multiply.outer(x, x).sum().backward()
    assert x.grad.tolist() == [6.0, 6.0]


def test_keywords_that_say_nothing():
    x = ad.tensor(A)
    same(np.sin(x, where=True, dtype=None, casting="same_kind", order="K", subok=True), np.sin(A))
    same(np.add(x, x, out=None), A + A)


T = ad.tensor(A, requires_grad=True)


@pytest.mark.parametrize(
    ("call", "name", "instead"),
    [
        (lambda: np.sin(T, where=A > 1.0), "where=", r"np\.where"),
        (lambda: np.sin(T, where=T > 1.0), "where=", r"np\.where"),
        (lambda: np.add(T, T, dtype="f4"), "dtype=", "astype"),
        (lambda: np.add(T, T, casting="unsafe"), "casting=", "plain call"),
        (lambda: np.matmul(T, T, axes=[(0, 1)] * 3), "axes=", "plain call"),
        (lambda: np.add.reduce(T, initial=1.0), "initial=", "initial value"),
        (lambda: np.add.reduce(T, where=A > 1.0), "where=", r"np\.where"),
        (lambda: np.multiply.outer(T, T, dtype="f4"), "dtype=", "astype"),
        (lambda: np.add.at(A.copy(), 0, T), r"np\.add\.at", r"x\[i\] = v"),
        (lambda: np.add.at(T, 0, 1.0), r"np\.add\.at", r"x\[i\] = v"),
        (lambda: np.add.reduceat(T, [0, 1]), r"np\.add\.reduceat", "loop"),
        (lambda: np.arctan2.accumulate(T), r"np\.arctan2\.accumulate", "loop"),
        (lambda: np.logaddexp.reduce(T), r"np\.logaddexp\.reduce", "loop"),
        (lambda: np.gcd(T, 2), r"np\.gcd has no rule", r"np\.gcd\(t\.numpy\(\)\)"),
        (lambda: np.frexp(T), r"np\.frexp has no rule", r"t\.numpy"),
        (lambda: np.histogram(T), r"np\.histogram has no rule", r"t\.numpy"),
        (lambda: np.linalg.svd(T), r"np\.linalg\.svd has no rule", r"adjoint\.numpy"),
        (lambda: np.fft.fft(T), r"np\.fft\.fft has no rule", r"adjoint\.numpy"),
        (lambda: np.save("nowhere.npy", T), r"np\.save has no rule", r"t\.numpy"),
        (lambda: np.sum(T, initial=1.0), "initial=", ""),
        (lambda: np.sum(T, where=A > 1.0), "where=", ""),
        (
            lambda: np.sum(T, 0, None, None, True),
            r"np\.sum on a tensor does not take these arguments",
            "its parameters",
        ),
    ],
)
@pytest.mark.parametrize("recording", [True, False])
def test_what_is_refused_by_name(call, name, instead, recording):
    with contextlib.nullcontext() if recording else ad.no_grad(), pytest.raises(UnsupportedError, match=name) as caught:
        call()
    assert re.search(instead, caught.value.help)
    assert "test_protocols.py" in caught.value.where
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, NotImplementedError)


@pytest.mark.parametrize(
    "call",
    [
        lambda a, t: np.add(a, t, out=a),
        lambda a, t: np.sin(t, out=a),
        lambda a, t: np.add(a, a, out=t),
        lambda a, t: np.sin(t, a),
        lambda a, t: np.sum(t, axis=0, out=a[0]),
        lambda a, t: np.add.reduce(t, out=a[0]),
        lambda a, t: np.stack([t, t], out=a),
        lambda a, t: np.clip(t, 0.0, 1.0, out=a),
        lambda a, t: a.__iadd__(t),
        lambda a, t: a.__imul__(t),
    ],
)
@pytest.mark.parametrize("tracked", [True, False])
def test_output_into_arrays_is_refused(call, tracked):
    a, before = A.copy(), A.copy()
    with pytest.raises(UnsupportedError, match="out") as caught:
        call(a, ad.tensor(A, requires_grad=tracked))
    assert "assign the result" in caught.value.help
    np.testing.assert_array_equal(a, before)


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (np.copyto, (A.copy(), T)),
        (np.copyto, (ad.tensor(A), 1.0)),
        (np.put, (A.copy(), [0], T)),
        (np.place, (A.copy(), T > 1.0, [1.0])),
        (np.putmask, (A.copy(), A > 1.0, T)),
        (np.fill_diagonal, (ad.tensor(A), 1.0)),
        (np.put_along_axis, (A.copy(), np.array([[0]]), T[0:1, 0:1], 1)),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_functions_that_write_are_refused(function, args):
    with pytest.raises(UnsupportedError, match=f"np.{function.__name__} writes into its argument") as caught:
        function(*args)
    assert WRITERS[function] in caught.value.help


def test_what_is_written_instead_works():
    w = ad.tensor(2.0, requires_grad=True)
    for name, write in {
        "copyto": lambda x: x.__setitem__(..., w),
        "put": lambda x: x.__setitem__(np.unravel_index([1, 3], x.shape), w),
        "place": lambda x: x.__setitem__(A > 1.0, w),
        "fill_diagonal": lambda x: x.__setitem__((np.arange(2), np.arange(2)), w),
    }.items():
        x, plain = ad.tensor(A), A.copy()
        write(x)
        {
            "copyto": lambda a: np.copyto(a, 2.0),
            "put": lambda a: np.put(a, [1, 3], 2.0),
            "place": lambda a: np.place(a, A > 1.0, [2.0]),
            "fill_diagonal": lambda a: np.fill_diagonal(a, 2.0),
        }[name](plain)
        assert x.tolist() == plain.tolist()
        assert x.requires_grad


def test_lists_of_tracked_tensors_lose_no_path():
    for call in (np.sum, np.mean, np.max, np.array, np.asarray, np.sort, np.cumsum):
        with pytest.raises(TrackedError, match=r"np\.stack"):
            call([T[0, 0], T[0, 1]])


def test_other_types_with_a_protocol_of_their_own_go_first():
    class Other:
        def __array_function__(self, function, types, args, kwargs):
            return "other"

    assert np.concatenate([ad.tensor([1.0]), Other()]) == "other"


def test_mistakes_inside_a_function_are_not_called_keywords():
    with pytest.raises(TypeError) as caught:
        np.concatenate([T, "text"])
    assert "these arguments" not in str(caught.value)


def test_assertions_of_numpy_take_untracked_tensors():
    np.testing.assert_allclose(ad.tensor(A), A)
    with pytest.raises(TrackedError):
        np.testing.assert_allclose(T, A)
