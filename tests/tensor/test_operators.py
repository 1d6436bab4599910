"""Operators: NumPy's values and dtypes in every pairing, recorded, with sites; strangers refused or left to Python."""

import operator
from decimal import Decimal

import numpy as np
import pytest

import adjoint as ad
from adjoint.errors import ArgumentError, DtypeError, OperandError, ShapeError

ARITHMETIC = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
COMPARISONS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
A = np.array([[0.5, 1.5, 2.5], [1.0, 2.0, 3.0]])
OTHERS = [
    2.0,
    3,
    True,
    np.float64(2.0),
    np.float32(2.0),
    np.int8(2),
    np.array(2.0),
    np.array([1.0, 2.0, 4.0]),
    np.array([1, 2, 4]),
    np.array([1.0, 2.0, 4.0], "f4"),
    A * 2.0,
    [1.0, 2.0, 4.0],
]


def same(tensor, expected):
    assert type(tensor) is ad.Tensor
    assert tensor.dtype == expected.dtype
    assert tensor.shape == expected.shape
    np.testing.assert_array_equal(tensor.numpy(), expected)


@pytest.mark.parametrize("symbol", ARITHMETIC)
@pytest.mark.parametrize("other", OTHERS, ids=repr)
@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("tracked", [True, False])
def test_arithmetic_with_everything(symbol, other, dtype, tracked):
    op, a = ARITHMETIC[symbol], A.astype(dtype)
    t = ad.tensor(a, requires_grad=tracked)
    plain = np.asarray(other) if isinstance(other, list) else other
    # The ufunc, because the operator of NumPy 2.0 squares single precision in single for np.float64(2).
    plainly = np.power if symbol == "**" else op
    same(op(t, other), plainly(a, plain))
    same(op(other, t), plainly(plain, a))
    assert op(t, other).requires_grad is (tracked and symbol != "//")
    if not isinstance(other, list):
        same(op(t, ad.tensor(other)), plainly(a, np.asarray(other)[()]))


@pytest.mark.parametrize("symbol", [*ARITHMETIC, *COMPARISONS])
@pytest.mark.parametrize("dtype", ["i8", "i4", "u1"])
def test_whole_numbers_compute_as_numpys(symbol, dtype):
    op = {**ARITHMETIC, **COMPARISONS}[symbol]
    a = np.array([1, 2, 3], dtype)
    same(op(ad.tensor(a), ad.tensor(a)), op(a, a))
    same(op(ad.tensor(a), 2), op(a, 2))
    same(op(2, ad.tensor(a)), op(2, a))


@pytest.mark.parametrize("symbol", COMPARISONS)
@pytest.mark.parametrize("other", OTHERS[:-1], ids=repr)
def test_comparisons_are_untracked(symbol, other):
    op, t = COMPARISONS[symbol], ad.tensor(A, requires_grad=True)
    for result, expected in ((op(t, other), op(A, other)), (op(other, t), op(other, A))):
        same(result, expected)
        assert not result.requires_grad
        assert result.node is None


def test_python_branches_on_comparisons():
    w = ad.tensor(2.0, requires_grad=True)
    assert w > 1.0
    assert not w < 1.0
    assert 1.0 < w < 3.0
    assert max(w, ad.tensor(1.0)) is w


@pytest.mark.parametrize("exponent", [2, 2.0, 0.5, -1, -1.0, 1, 0, 3, -2, 1.5, True])
@pytest.mark.parametrize("dtype", ["f8", "f4", "c16"])
def test_powers_give_the_bits_of_numpys_arrays(exponent, dtype):
    a = np.array([0.3, 1.7, 2.9, 1e-3], dtype)
    same(ad.tensor(a) ** exponent, a**exponent)


@pytest.mark.parametrize(
    ("exponent", "name"),
    [(2, "square"), (2.0, "square"), (0.5, "sqrt"), (-1, "reciprocal"), (3, "power"), (1, "power")],
)
def test_which_record_a_power_is(exponent, name):
    assert (ad.tensor(4.0, requires_grad=True) ** exponent).node.op.name == name


def test_powers_of_whole_numbers():
    same(ad.tensor([2, 3]) ** 2, np.array([2, 3]) ** 2)
    same(ad.tensor([2, 3]) ** 0.5, np.array([2, 3]) ** 0.5)
    with pytest.raises(ArgumentError, match="negative integer powers"):
        ad.tensor([2, 3]) ** -1


@pytest.mark.parametrize("exponent", [1, 2, 0.5, -1, 3.5])
def test_slopes_of_powers(exponent):
    x = ad.tensor(1.7, requires_grad=True)
    (x**exponent).backward()
    assert x.grad.item() == pytest.approx(exponent * 1.7 ** (exponent - 1))


def test_matmul_both_ways():
    b = np.arange(6.0).reshape(3, 2)
    same(ad.tensor(A) @ b, A @ b)
    same(A @ ad.tensor(b), A @ b)
    same([[1.0, 2.0]] @ ad.tensor(A), np.array([[1.0, 2.0]]) @ A)
    same(ad.tensor(A[0]) @ A[1], np.asarray(A[0] @ A[1]))


def test_unary():
    t = ad.tensor(A - 2.0, requires_grad=True)
    same(-t, 2.0 - A)
    same(+t, A - 2.0)
    same(abs(t), abs(A - 2.0))
    same(round(t), np.round(A - 2.0))
    same(round(t * 1.2345, 2), np.round((A - 2.0) * 1.2345, 2))
    quotient, rest = divmod(t, 0.75)
    same(quotient, (A - 2.0) // 0.75)
    same(rest, (A - 2.0) % 0.75)
    same(divmod(7.0, ad.tensor(2.0))[0], np.asarray(3.0))
    assert (+t) is not t


def test_the_positive_may_be_written_to_and_leaves_the_operand():
    x = ad.tensor([1.0, 2.0])
    y = +x
    y[0] = 9.0
    assert x.tolist() == [1.0, 2.0]


def test_masks_and_bits():
    x = ad.tensor([1.0, 2.0, 3.0], requires_grad=True)
    inside = (x > 1.0) & (x < 3.0)
    same(inside, np.array([False, True, False]))
    same(~inside, np.array([True, False, True]))
    same((x > 2.0) | [True, False, False], np.array([True, False, True]))
    same(True ^ (x > 2.0), np.array([True, True, False]))
    same(ad.tensor([6, 5]) & 3, np.array([2, 1]))
    with pytest.raises(DtypeError):
        x & 1


@pytest.mark.parametrize("stranger", ["text", None, {}, {1.0}, "1.0", Decimal(1), b"1"], ids=repr)
def test_strangers(stranger):
    t = ad.tensor([1.0, 2.0])
    for op in (*ARITHMETIC.values(), operator.lt, operator.ge, operator.matmul):
        if op is operator.mod and isinstance(stranger, str | bytes):
            continue  # "text" % t is Python's own formatting
        for pair in ((t, stranger), (stranger, t)):
            with pytest.raises(OperandError, match="as a number"):
                op(*pair)
    assert (t == stranger) is False
    assert (t != stranger) is True
    assert (stranger == t) is False


def test_a_class_that_knows_tensors_may_compare_with_them():
    class Knows:
        def __eq__(self, other):
            return "known"

        __hash__ = None

    assert (ad.tensor(1.0) == Knows()) == "known"


@pytest.mark.parametrize("op", [operator.add, operator.mul, operator.lt, operator.eq])
def test_shapes_that_do_not_fit(op):
    x = ad.tensor(np.zeros(3), requires_grad=True, name="x")
    with pytest.raises(ShapeError) as caught:
        op(x, np.zeros(4))
    assert "f64[3]" in str(caught.value)
    assert "f64[4]" in str(caught.value)
    assert "test_operators.py" in caught.value.where


def test_inner_sizes_that_do_not_fit():
    with pytest.raises(ShapeError, match="matmul"):
        ad.tensor(np.zeros((8, 4))) @ ad.tensor(np.zeros((5, 2)))


def test_numbers_too_large_for_the_dtype():
    with pytest.raises(DtypeError, match="300 out of bounds for int8"):
        ad.tensor([1], dtype="i1") + 300


def test_hash_is_identity():
    a, b = ad.tensor(1.0), ad.tensor(1.0)
    assert len({a, b}) == 2
    assert {a: 1}[a] == 1
    assert hash(a) == hash(a)


def test_every_operator_knows_its_line():
    x = ad.tensor(2.0, requires_grad=True)
    y = ad.tensor([1.0, 2.0], requires_grad=True)
    for result, text in (
        (x + 1.0, "x + 1.0"),
        (1.0 - x, "1.0 - x"),
        (np.float64(3.0) * x, "np.float64(3.0) * x"),
        (x**2, "x**2"),
        (x**x, "x**x"),
        (abs(-x), "abs(-x)"),
        (np.ones(2) / y, "np.ones(2) / y"),
        (y @ y, "y @ y"),
        (y[0], "y[0]"),
        (np.sin(x), "np.sin(x)"),
        (np.sum(y), "np.sum(y)"),
        (y.sum(), "y.sum()"),
        (y.T, "y.T"),
        (y.copy(), "y.copy()"),
    ):
        assert result.node.site.expression == text


@pytest.mark.parametrize(
    "key",
    [
        0,
        -1,
        slice(None, None, 2),
        (slice(None), 1),
        (0, 1),
        ...,
        (..., 0),
        None,
        (None, 0, None),
        [1, 0],
        ([0, 1], [2, 0]),
        np.array([True, False]),
        np.array([[True, False, True], [False, True, False]]),
        (np.array([0, 1]), slice(1, 3)),
        np.int64(1),
        np.array(1),
        (),
        True,
        [],
    ],
    ids=repr,
)
def test_getitem_in_every_form(key):
    t = ad.tensor(A, requires_grad=True)
    out = t[key]
    same(out, np.asarray(A[key]))
    out.sum().backward()
    counts = np.zeros_like(A)
    np.add.at(counts, key, 1.0)
    np.testing.assert_array_equal(t.grad.numpy(), counts)


def test_getitem_by_tensors():
    t = ad.tensor(A, requires_grad=True)
    same(t[ad.tensor(1)], A[1])
    same(t[ad.tensor([1, 0])], A[[1, 0]])
    same(t[t > 1.5], A[A > 1.5])
    same(t[ad.tensor(0), ad.tensor(1) : ad.tensor(3)], A[0, 1:3])
    same(t[0, t.argmax(axis=1)], A[0, [2, 2]])


@pytest.mark.parametrize("key", [2, (0, 3), (0, 0, 0), [0, 5], "a", 1.0, slice("a"), np.array([0.5])], ids=repr)
def test_places_that_are_not_there(key):
    with pytest.raises((IndexError, TypeError)) as caught:
        ad.tensor(A, requires_grad=True)[key]
    assert isinstance(caught.value, ad.errors.AdjointError), type(caught.value)


def test_a_tracked_number_is_no_index():
    w = ad.tensor(1.0, requires_grad=True)
    with pytest.raises(IndexError, match="integer"):
        ad.tensor(A)[w]
