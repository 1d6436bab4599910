"""Every function with NumPy's name does what NumPy's does, called as ours and called as NumPy's on a tensor."""

import numpy as np
import pytest

from adjoint import numpy as anp
from adjoint.create import tensor
from adjoint.errors import (
    ArgumentError,
    AxisError,
    DtypeError,
    OperandError,
    ShapeError,
    UnsupportedError,
)
from adjoint.functions.table import NUMPY_FUNCTIONS, UFUNCS
from functions.likeness import agrees, plain, same

A = np.array([[0.7, -1.3, 2.1], [-0.4, 1.6, -2.2]])
B = np.array([[1.9, 0.6, -0.83], [1.2, -1.7, 0.37]])
S = np.array([[2.0, 0.3, -0.4], [0.1, -1.7, 0.5], [0.6, 0.2, 1.4]])
CUBE = np.linspace(-1.5, 1.4, 24).reshape(2, 3, 4)
NONE = np.zeros((0, 3))
I = np.array([[3, -1, 2], [0, 5, 2]])

CALLS = [
    ("sum", (A,), {}),
    ("sum", (A, 0), {}),
    ("sum", (A,), {"axis": (0, -1), "keepdims": True}),
    ("sum", (NONE, 0), {}),
    ("sum", (np.float64(2.0),), {}),
    ("sum", (A > 0,), {}),
    ("sum", (I,), {"dtype": np.float32}),
    ("prod", (A, 1), {}),
    ("prod", (NONE,), {}),
    ("max", (A, 1), {"keepdims": True}),
    ("min", (A,), {}),
    ("argmax", (A,), {}),
    ("argmax", (A, 0), {"keepdims": True}),
    ("argmin", (CUBE, 1), {}),
    ("mean", (A,), {}),
    ("mean", (I, 0), {}),
    ("mean", (A.astype("f4"), 1), {}),
    ("mean", (A + 1j * B, 1), {}),
    ("var", (A, 1), {"ddof": 1}),
    ("var", (A + 1j * B,), {}),
    ("std", (A, 0), {"keepdims": True}),
    ("std", (A.astype("f4"),), {}),
    ("all", (A > 0, 1), {}),
    ("all", (NONE, 0), {}),
    ("any", (A > 2,), {}),
    ("any", (np.array([np.nan, 0.0]),), {}),
    ("cumsum", (A,), {}),
    ("cumsum", (CUBE, 1), {}),
    ("cumsum", (I, 0), {"dtype": np.float32}),
    ("cumsum", (np.float64(2.0),), {}),
    ("cumsum", (NONE, 0), {}),
    ("cumprod", (CUBE, -1), {}),
    ("cumprod", (A + 1j * B,), {}),
    ("cumprod", (NONE, 1), {}),
    ("reshape", (A, (3, -1)), {}),
    ("reshape", (A, 6), {}),
    ("reshape", (NONE, (3, 0)), {}),
    ("ravel", (A,), {}),
    ("ravel", (NONE,), {}),
    ("transpose", (CUBE,), {}),
    ("transpose", (CUBE, (1, 0, -1)), {}),
    ("swapaxes", (CUBE, 0, -1), {}),
    ("moveaxis", (CUBE, (0, 1), (-1, 0)), {}),
    ("moveaxis", (CUBE, 2, 0), {}),
    ("expand_dims", (A, (0, -1)), {}),
    ("squeeze", (A[:, None, :1],), {}),
    ("squeeze", (A[:, None, :1], 1), {}),
    ("broadcast_to", (A[:1], (2, 4, 3)), {}),
    ("broadcast_to", (2.0, (2, 0)), {}),
    ("broadcast_arrays", (A, B[0], 1.0), {}),
    ("atleast_1d", (2.0,), {}),
    ("atleast_2d", (A[0], 3.0), {}),
    ("flip", (CUBE,), {}),
    ("flip", (A, 1), {}),
    ("fliplr", (A,), {}),
    ("flipud", (A,), {}),
    ("pad", (A, 1), {}),
    ("pad", (A, ((1, 0), (0, 2))), {"constant_values": 2.5}),
    ("concatenate", ((A, B[:1], NONE),), {}),
    ("concatenate", ((A, B), 1), {}),
    ("concatenate", ((A, 3 * B[0]),), {"axis": None}),
    ("concatenate", ((A, B),), {"dtype": np.float32}),
    ("stack", ((A, B),), {"axis": -1}),
    ("stack", ((1.0, 2.0),), {}),
    ("vstack", ((A, B[0]),), {}),
    ("hstack", ((A, B),), {}),
    ("hstack", ((1.0, A[0]),), {}),
    ("column_stack", ((A[0], B[0]),), {}),
    ("split", (A, [1, 2], 1), {}),
    ("split", (A, 3), {"axis": 1}),
    ("array_split", (CUBE, 3, 2), {}),
    ("vsplit", (A, 2), {}),
    ("hsplit", (A, [-1]), {}),
    ("repeat", (A, 2), {}),
    ("repeat", (A, [1, 3], 0), {}),
    ("tile", (A, (2, 1, 2)), {}),
    ("tile", (A, 2), {}),
    ("roll", (A, 1), {}),
    ("roll", (A, (1, -2), (0, 1)), {}),
    ("roll", (NONE, 2, 0), {}),
    ("take", (A, [[2, 0], [1, -1]], 1), {}),
    ("take", (A, 3), {}),
    ("take_along_axis", (A, np.argsort(A, 1), 1), {}),
    ("diagonal", (CUBE, 1, 0, 2), {}),
    ("diag", (A[0], 1), {}),
    ("diag", (S, -1), {}),
    ("trace", (S,), {}),
    ("tril", (CUBE, -1), {}),
    ("triu", (A, 1), {}),
    ("sort", (A,), {}),
    ("sort", (A,), {"axis": None}),
    ("argsort", (A, 0), {"stable": True}),
    ("diff", (A,), {"n": 2}),
    ("dot", (A, B.T), {}),
    ("dot", (CUBE, CUBE.transpose(0, 2, 1)), {}),
    ("dot", (CUBE, CUBE[0].T), {}),
    ("dot", (A, B[0]), {}),
    ("dot", (2.0, A), {}),
    ("vdot", (A + 1j * B, B - 1j * A), {}),
    ("inner", (A, B), {}),
    ("outer", (A, B[0]), {}),
    ("kron", (A, B[0]), {}),
    ("kron", (A[0], CUBE), {}),
    ("kron", (2.0, B), {}),
    ("tensordot", (A, B, ([0, 1], [0, 1])), {}),
    ("tensordot", (CUBE, CUBE, ([0, 2], [0, 2])), {}),
    ("tensordot", (A[0], B[0], 0), {}),
    ("where", (A > 0, A, 0.0), {}),
    ("clip", (A, -1.0, None), {}),
    ("clip", (A, None, 1), {}),
    ("clip", (I, 0, 3), {}),
    ("clip", (I, 1, None), {}),
    ("round", (10 * A, 1), {}),
    ("real", (A + 1j * B,), {}),
    ("imag", (A,), {}),
    ("zeros_like", (A.astype("f4"),), {}),
    ("ones_like", (A,), {"dtype": int}),
    ("full_like", (A, 2.5), {"shape": (2,)}),
    ("copy", (A,), {}),
    ("shape", (A,), {}),
    ("ndim", (CUBE,), {}),
    ("size", (CUBE,), {}),
    ("size", (CUBE, 1), {}),
    ("iscomplexobj", (A,), {}),
    ("isrealobj", (A,), {}),
    ("allclose", (A, A + 1e-9), {}),
    ("allclose", (A, B), {}),
    ("array_equal", (A, A.copy()), {}),
    ("array_equal", (A, A[0]), {}),
]
IDS = [f"{name}-{i}" for i, (name, *_) in enumerate(CALLS)]


def lifted(args):
    """The first floating array (or each array of a first tuple) as a tensor."""
    first, *rest = args
    if isinstance(first, tuple):
        return (tuple(tensor(a) for a in first), *rest)
    return (tensor(first), *rest)


@pytest.mark.parametrize(("name", "args", "keywords"), CALLS, ids=IDS)
def test_as_numpy(name, args, keywords):
    wanted = getattr(np, name)(*args, **keywords)
    same(getattr(anp, name)(*args, **keywords), wanted)
    same(getattr(anp, name)(*lifted(args), **keywords), wanted)
    same(getattr(np, name)(*lifted(args), **keywords), wanted)


@pytest.mark.parametrize("ufunc", list(UFUNCS), ids=lambda u: u.__name__)
def test_ufuncs_as_numpy(ufunc):
    left, right = np.abs(A) + 0.2, np.abs(B) + 0.3
    if ufunc in (np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.logical_not):
        left, right = A > 0, B > 0
    if ufunc is np.matmul:
        right = right.T
    if ufunc in (np.arcsin, np.arccos, np.arctanh):
        left = A / 3.0
    if ufunc is np.arccosh:
        left = left + 1.0
    operands = (left, right)[: ufunc.nin]
    same(ufunc(*map(tensor, operands)), ufunc(*operands))
    same(UFUNCS[ufunc](*operands), ufunc(*operands))


def test_every_function_of_the_table_is_compared():
    compared = {getattr(np, name) for name, *_ in CALLS}
    aside = {
        np.amax,
        np.amin,
        np.around,
        np.empty_like,
        np.einsum,
        np.linalg.norm,
        np.linalg.solve,
        np.linalg.slogdet,
        np.linalg.inv,
        np.linalg.det,
    }
    newer = {getattr(np, name, None) for name in ("astype", "matrix_transpose")}
    assert set(NUMPY_FUNCTIONS) - compared - aside - newer == set()


GRADIENTS = [
    (lambda n, x: n.mean(x, 0), (A,)),
    (lambda n, x: n.var(x, 1, ddof=1), (A,)),
    (lambda n, x: n.std(x, 0), (A,)),
    (lambda n, x: n.moveaxis(x, 0, 2), (CUBE,)),
    (lambda n, x: n.pad(x, ((1, 0), (0, 2))), (A,)),
    (lambda n, x, y: n.concatenate((x, y, x), 1), (A, B)),
    (lambda n, x, y: n.stack((x, y), 1), (A, B)),
    (lambda n, x: n.split(x, [1], 1)[1], (A,)),
    (lambda n, x: n.hstack(n.split(x, 3, 1)[::-1]), (A,)),
    (lambda n, x: n.repeat(x, [2, 0, 3], 1), (A,)),
    (lambda n, x: n.tile(x, (2, 2)), (A,)),
    (lambda n, x: n.roll(x, 1), (A,)),
    (lambda n, x: n.take(x, [0, 0, 2], 1), (A,)),
    (lambda n, x: n.take_along_axis(x, np.array([[0, 0], [2, 1]]), 1), (A,)),
    (lambda n, x: n.diagonal(x), (S,)),
    (lambda n, x: n.diag(x), (S[0],)),
    (lambda n, x: n.triu(x), (S,)),
    (lambda n, x: n.sort(x, 0), (S,)),
    (lambda n, x: n.diff(x), (A,)),
    (lambda n, x, y: n.dot(x, y.T), (A, B)),
    (lambda n, x, y: n.inner(x, y), (A, B)),
    (lambda n, x, y: n.outer(x, y), (A[0], B)),
    (lambda n, x, y: n.tensordot(x, y, ((0, 2), (0, 2))), (CUBE, 2 * CUBE)),
    (lambda n, x, y: n.kron(x, y), (A, B[0])),
    (lambda n, x: n.cumsum(x), (A,)),
    (lambda n, x: n.cumprod(x, 0), (S,)),
    (lambda n, x: np.add.accumulate(x, 1), (A,)),
    (lambda n, x: n.linalg.norm(x, axis=1), (A,)),
    (lambda n, x: n.linalg.norm(x, 1, axis=0), (A,)),
    (lambda n, x: n.linalg.norm(x, np.inf, axis=1), (A,)),
    (lambda n, x, y: n.linalg.solve(x, y), (S, A.T)),
    (lambda n, x: n.linalg.slogdet(x)[1], (S,)),
    (lambda n, x: n.linalg.inv(x), (S,)),
    (lambda n, x: n.linalg.det(x), (S,)),
    (lambda n, x: n.clip(x, None, 1.0), (A,)),
]


@pytest.mark.parametrize(("function", "arrays"), GRADIENTS, ids=range(len(GRADIENTS)))
def test_gradients(function, arrays):
    agrees(lambda *x: function(anp, *x), lambda *x: function(np, *x), *arrays)


def test_std_of_equal_values_has_gradient_zero_and_nan_goes_through():
    x = tensor([2.0, 2.0, 2.0], requires_grad=True)
    anp.std(x).backward()
    assert x.grad.tolist() == [0.0, 0.0, 0.0]
    assert np.isnan(anp.std([1.0, np.nan]).item())


def test_joined_names_of_one_function():
    assert anp.abs is anp.absolute
    assert anp.concat is anp.concatenate
    assert anp.pi == np.pi
    assert anp.zeros is np.zeros


REFUSED = [
    (lambda t: anp.sum(t, out=np.zeros(3)), UnsupportedError, "sum does not take out= on tensors"),
    (lambda t: anp.max(t, where=t > 0), UnsupportedError, "max does not take where= on tensors"),
    (lambda t: anp.reshape(t, 6, order="F"), UnsupportedError, "reshape does not take order= on tensors"),
    (lambda t: anp.pad(t, 1, mode="edge"), UnsupportedError, "pad does not take mode= on tensors"),
    (lambda t: anp.linalg.norm(t, 3), UnsupportedError, "norm of order 3 over 2 axes has no rule"),
    (lambda t: anp.where(t > 0), UnsupportedError, "where needs a condition and two choices"),
    (lambda t: anp.sum(t, 2), AxisError, "sum: axis 2 does not exist in an array of 2 dimensions"),
    (lambda t: anp.sum(t, (0, -2)), AxisError, "sum: an axis stands twice"),
    (lambda t: anp.sum(t, 1.5), AxisError, "sum: an axis is a whole number, got 1.5"),
    (lambda t: anp.transpose(t, (0, 0)), AxisError, "transpose needs each of the 2 axes once"),
    (lambda t: anp.moveaxis(t, (0, 1), 0), AxisError, "moveaxis needs a place for each axis"),
    (lambda t: anp.reshape(t, (4, 2)), ShapeError, r"reshape cannot put the 6 entries of f64\[2,3\] into the shape"),
    (lambda t: anp.reshape(t, (4, -1)), ShapeError, "reshape cannot put the 6 entries"),
    (lambda t: anp.reshape(t, "ab"), ArgumentError, "reshape: a shape is made of whole numbers"),
    (lambda t: anp.squeeze(t, 0), ShapeError, "squeeze drops axes of size 1 only"),
    (lambda t: anp.broadcast_to(t, (3,)), ShapeError, "broadcast_to cannot"),
    (lambda t: anp.broadcast_to(t, (2, 4)), ShapeError, "broadcast_to cannot broadcast"),
    (lambda t: anp.pad(t, ((1, 2), (3, 4), (5, 6))), ShapeError, "pad needs a pair of widths an axis"),
    (lambda t: anp.pad(t, -1), ArgumentError, "pad widths are whole numbers of 0 or more"),
    (lambda t: anp.concatenate((t, t[0])), ShapeError, "concatenate needs equal sizes"),
    (lambda t: anp.concatenate((t[0, 0], t[0, 1])), ShapeError, "concatenate needs arrays of one dimension"),
    (lambda t: anp.concatenate(()), ArgumentError, "concatenate needs at least one array"),
    (lambda t: anp.concatenate(3.0), OperandError, "concatenate needs a list of arrays, got float"),
    (lambda t: anp.stack((t, t[0])), ShapeError, r"stack needs arrays of one shape, got \[2, 3\], \[3\]"),
    (lambda t: anp.split(t, 4, 1), ArgumentError, "split cannot part 3 entries into 4 equal parts"),
    (lambda t: anp.array_split(t, 0), ArgumentError, "split needs at least one part"),
    (lambda t: anp.split(t, [2, 1], 1), ArgumentError, "split needs places in rising order"),
    (lambda t: anp.tensordot(t, t, 1), ShapeError, "tensordot needs equal sizes on the summed axes"),
    (lambda t: anp.linalg.inv(t), ShapeError, r"inv needs square matrices, got f64\[2,3\]"),
    (lambda t: anp.tril(t[0]), ShapeError, "a triangle is part of a matrix"),
    (lambda t: anp.diag(anp.expand_dims(t, 0)), ShapeError, "diag takes a vector or a matrix"),
    (lambda t: anp.take_along_axis(t, [0], 1), ShapeError, "take_along_axis needs places of as many axes"),
    (lambda t: anp.astype(t, "no such"), ArgumentError, "astype: 'no such' is no dtype"),
    (lambda t: anp.sum([t, t]), OperandError, "sum got a list of tensors"),
    (lambda t: anp.sum("text"), OperandError, "sum cannot use str 'text' as a number"),
    (lambda t: anp.take(t, [1.5]), AxisError, "arrays used as indices must be of integer"),
    (lambda t: anp.full_like(t, 1.0, order="F"), UnsupportedError, "full_like does not take order="),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED, ids=range(len(REFUSED)))
def test_errors(call, kind, message):
    with pytest.raises(kind, match=message) as caught:
        call(tensor(A, requires_grad=True))
    assert caught.value.where is not None
    assert "test_numpy_functions.py" in caught.value.where


def test_integers_have_no_gradient_and_say_so_only_when_asked():
    assert plain(anp.astype(tensor(A, requires_grad=True), int)).tolist() == A.astype(int).tolist()
    assert anp.astype(tensor(A, requires_grad=True), int).node is None
    with pytest.raises(DtypeError):
        tensor(I, requires_grad=True)


@pytest.mark.parametrize("pair", [(1.0, 0.0), (0.0, 0.0), (-1.0, 0), (1, 0), (2.0, -0.0), (1j, 0.0)])
def test_plain_numbers_divide_as_numpy_does(pair):
    with np.errstate(all="ignore"):
        ours, theirs = anp.divide(*pair), np.divide(*pair)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(np.asarray(ours), theirs)
