"""ad.tensor: what it takes, what it copies, what it refuses and in which words."""

import numpy as np
import pytest

import adjoint as ad
from adjoint.errors import AdjointError, DtypeError, OperandError, TrackedError, UnsupportedError


@pytest.mark.parametrize(
    ("data", "dtype", "shape"),
    [
        (2.0, np.float64, ()),
        (3, np.int64, ()),
        (True, np.bool_, ()),
        (1 + 2j, np.complex128, ()),
        ([1.0, 2.0], np.float64, (2,)),
        ([1, 2], np.int64, (2,)),
        ([[1, 2.5], [3, 4]], np.float64, (2, 2)),
        ((True, False), np.bool_, (2,)),
        ([], np.float64, (0,)),
        (np.float32(1.5), np.float32, ()),
        (np.zeros((2, 0, 3), np.float16), np.float16, (2, 0, 3)),
        (np.arange(3, dtype=np.uint8), np.uint8, (3,)),
        (range(3), np.int64, (3,)),
        (memoryview(b"ab"), np.uint8, (2,)),
    ],
)
def test_data_and_its_dtype(data, dtype, shape):
    t = ad.tensor(data)
    assert (t.dtype, t.shape) == (dtype, shape)
    np.testing.assert_array_equal(t.numpy(), np.asarray(data))
    assert not t.requires_grad
    assert t.node is None
    assert t.name is None


@pytest.mark.parametrize("dtype", [float, complex, "f4", np.float16, np.dtype("c8"), int, bool])
def test_dtype_casts(dtype):
    t = ad.tensor([1, 0], dtype=dtype)
    assert t.dtype == np.dtype(dtype)
    assert t.tolist() == [1, 0]


def test_a_leaf():
    w = ad.tensor([1.0, 2.0], requires_grad=True, name="w")
    assert w.requires_grad
    assert w.is_leaf
    assert w.name == "w"
    assert w.node.name == "w"
    assert w.grad is None
    assert w.node.site.expression.startswith("ad.tensor(")


def test_it_copies():
    a = np.array([1.0, 2.0])
    t = ad.tensor(a)
    leaf = ad.tensor(a, requires_grad=True)
    a[0] = 9.0
    assert t.tolist() == leaf.tolist() == [1.0, 2.0]


def test_it_copies_untracked_tensors():
    t = ad.tensor([1.0, 2.0])
    other = ad.tensor(t, dtype="f4", requires_grad=True)
    t[0] = 9.0
    assert other.tolist() == [1.0, 2.0]
    assert other.dtype == np.float32


def test_foreign_byte_order_and_order_of_memory():
    t = ad.tensor(np.asfortranarray(np.arange(6.0).reshape(2, 3)).astype(">f8"))
    assert t.dtype.isnative
    assert t.numpy().flags.c_contiguous
    assert t.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


def test_subclasses_of_arrays_become_arrays():
    class Mine(np.ndarray):
        pass

    t = ad.tensor(np.array([[1.0, 2.0]]).view(Mine))
    assert type(t.numpy()) is np.ndarray


_itself = []
_itself.append(_itself)


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (None, "an object of NoneType is no number"),
        ("1.5", "an object of str is no number"),
        (["1.5"], "this list of 1 elements is no number"),
        (b"12", "an object of bytes"),
        (object(), "an object of object"),
        ({"a": 1.0}, "an object of dict"),
        ((x for x in [1.0]), "an object of generator"),
        ([1.0, None], "this list of 2 elements"),
        ([[1.0, 2.0], [3.0]], "rows need equal lengths"),
        (_itself, "this list of 1 elements"),
        ([10**30], "this list of 1 elements"),
        (np.array(["a"]), "an array of <U1"),
        (np.array([1.0, "a"], dtype=object), "an array of object"),
        (np.array(["2020"], dtype="M8[Y]"), "an array of datetime64[Y]"),
        (np.zeros(2, dtype=[("a", "f8")]), "an array of [('a', '<f8')]"),
        (np.ma.masked_array([1.0, 2.0], [True, False]), "masked array"),
    ],
)
def test_what_is_no_number(data, part):
    with pytest.raises(OperandError) as caught:
        ad.tensor(data)
    assert part in str(caught.value)
    assert isinstance(caught.value, TypeError)
    assert "test_create.py" in caught.value.where


@pytest.mark.parametrize("tracked", [True, False])
@pytest.mark.parametrize("nest", [lambda t: [t, t], lambda t: [[1.0], [t]], lambda t: (t,), lambda t: [(t, 1.0)]])
def test_lists_of_tensors_name_stack(nest, tracked):
    with pytest.raises(OperandError, match=r"np\.stack"):
        ad.tensor(nest(ad.tensor(1.0, requires_grad=tracked)))


def test_a_tracked_tensor_is_not_copied_out_of_its_graph():
    w = ad.tensor(1.0, requires_grad=True)
    with pytest.raises(TrackedError, match=r"x\.detach\(\)"):
        ad.tensor(w * 2.0)
    with pytest.raises(TrackedError):
        ad.tensor(w)


@pytest.mark.parametrize("data", [1, [1, 2], True, np.arange(3)])
def test_whole_numbers_have_no_gradient(data):
    with pytest.raises(DtypeError, match="dtype=float, requires_grad=True") as caught:
        ad.tensor(data, requires_grad=True)
    assert isinstance(caught.value, TypeError)
    assert ad.tensor(data, dtype=float, requires_grad=True).requires_grad


@pytest.mark.parametrize("dtype", ["nothing", object, str, "M8[s]", [("a", "f8")], "V4", 5])
def test_what_is_no_dtype_of_numbers(dtype):
    with pytest.raises(DtypeError):
        ad.tensor([1.0], dtype=dtype)


def test_complex_numbers_do_not_lose_their_imaginary_part():
    with pytest.raises(DtypeError, match="imaginary"):
        ad.tensor([1 + 1j], dtype=float)


@pytest.mark.parametrize("name", [1, b"w", ["w"]])
def test_a_name_is_text(name):
    with pytest.raises(OperandError, match="name is text"):
        ad.tensor(1.0, name=name)


def test_tensors_are_made_by_ad_tensor_alone():
    with pytest.raises(UnsupportedError, match=r"ad\.tensor\("):
        ad.Tensor([1.0])
    with pytest.raises(UnsupportedError, match="Mine cannot be a subclass of Tensor") as caught:
        type("Mine", (ad.Tensor,), {})
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, AdjointError)
