"""How values leave a tensor: numbers, lists, arrays, text; and who may not leave unasked."""

import array
import math
import operator

import numpy as np
import pytest

import adjoint as ad
from adjoint.errors import DtypeError, OperandError, ShapeError, TrackedError, UnsupportedError


def tracked(value=2.5):
    return ad.tensor(value, requires_grad=True, name="w") * 1.0


def test_untracked_numbers():
    assert float(ad.tensor(2.5)) == 2.5
    assert int(ad.tensor(2.5)) == 2
    assert complex(ad.tensor(2.5)) == 2.5 + 0j
    assert complex(ad.tensor(1 + 2j)) == 1 + 2j
    assert float(ad.tensor(3)) == 3.0
    assert math.floor(ad.tensor(2.5)) == 2
    assert math.sin(ad.tensor(2.5)) == math.sin(2.5)
    assert type(float(ad.tensor(np.float32(1.5)))) is float


@pytest.mark.parametrize("convert", [float, int, complex, math.sin, math.floor, operator.index, "{}".format])
def test_tracked_numbers_do_not_leave_unasked(convert):
    if convert == "{}".format:
        assert convert(tracked()) == repr(tracked())  # a text is no number to go on with
        return
    with pytest.raises(TrackedError) as caught:
        convert(tracked())
    assert ".item()" in caught.value.help
    assert ".detach()" in caught.value.help
    assert "test_conversion.py" in caught.value.where
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize(
    "convert",
    [
        np.array,
        np.asarray,
        np.float64,
        lambda t: np.array([t, t]),
        lambda t: np.sum([t, t]),
        lambda t: np.mean([[t], [t]]),
        lambda t: np.full(3, t),
        lambda t: np.array(t, dtype=object),
        lambda t: np.array([t], dtype=object),
        lambda t: np.vectorize(lambda x: x + 1.0)(t),
        lambda t: np.ones(3).dot(t),
        lambda t: np.float64(1.0).__class__(t),
    ],
)
def test_tracked_tensors_do_not_become_arrays(convert):
    with pytest.raises(TrackedError, match=r"np\.stack") as caught:
        convert(tracked())
    assert "test_conversion.py" in caught.value.where  # above NumPy's own frames


WRITES = {
    "item": lambda a, t: operator.setitem(a, 0, t),
    "slice": lambda a, t: operator.setitem(a, slice(0, 2), t),
    "all": lambda a, t: operator.setitem(a, ..., t),
    "list": lambda a, t: operator.setitem(a, slice(0, 1), [t]),
    "mask": lambda a, t: operator.setitem(a, a == a, t),
    "places": lambda a, t: operator.setitem(a, [0, 1], t),
    "fill": lambda a, t: a.fill(t),
    "put": lambda a, t: a.put([0], t),
}


@pytest.mark.parametrize("form", WRITES)
@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "c16", "c8", "i8", "i1", "u4"])
def test_writing_a_tracked_tensor_into_an_array_raises(form, dtype):
    a = np.zeros(3, dtype)
    with pytest.raises((TrackedError, ValueError)) as caught:
        WRITES[form](a, tracked())
    assert isinstance(caught.value, TrackedError) or isinstance(caught.value.__cause__, TrackedError)
    assert not a.any()


@pytest.mark.parametrize("form", WRITES)
def test_writing_an_untracked_tensor_into_an_array_works(form):
    a = np.zeros(3)
    WRITES[form](a, ad.tensor(2.5))
    assert a[0] == 2.5


def test_other_containers_of_numbers():
    with pytest.raises(TrackedError):
        array.array("d", [tracked()])
    assert array.array("d", [ad.tensor(2.5)])[0] == 2.5


def test_untracked_tensors_become_arrays_of_their_own():
    t = ad.tensor([1.0, 2.0])
    for made in (np.array(t), np.asarray(t), np.asarray(t, dtype="f4"), np.array([t, t])[0], t.numpy()):
        assert made.tolist() == [1.0, 2.0]
        assert made.flags.writeable
        made[0] = 9.0
    assert t.tolist() == [1.0, 2.0]
    with pytest.raises(UnsupportedError, match="never shares its memory"):
        np.array(t, copy=False)


def test_float_needs_a_number():
    for convert in (float, int, complex, operator.index):
        with pytest.raises(UnsupportedError, match=r"without axes, got f64\[1\]") as caught:
            convert(ad.tensor([1.0]))
        assert isinstance(caught.value, TypeError)


def test_float_keeps_imaginary_parts():
    for convert in (float, int):
        with pytest.raises(DtypeError, match="imaginary"):
            convert(ad.tensor(1 + 2j))


def test_index():
    assert [10, 20, 30][ad.tensor(1)] == 20
    assert list(range(ad.tensor(2))) == [0, 1]
    assert np.arange(4)[ad.tensor(2)] == 2
    for wrong in (ad.tensor(1.0), ad.tensor(True)):
        with pytest.raises(DtypeError, match="whole number"):
            operator.index(wrong)


def test_bool():
    assert ad.tensor(1.0)
    assert not ad.tensor([[0.0]])
    assert tracked()
    for wrong in ([1.0, 2.0], []):
        with pytest.raises(ShapeError, match=rf"f64\[{len(wrong)}\] is ambiguous") as caught:
            bool(ad.tensor(wrong))
        assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("t", [ad.tensor(2.5), tracked()], ids=["untracked", "tracked"])
def test_item_tolist_numpy_work_on_everything(t):
    assert t.item() == t.tolist() == 2.5
    assert type(t.item()) is float
    assert t.numpy().shape == ()
    assert type(t.numpy()) is np.ndarray


def test_item_by_place():
    t = ad.tensor([[1, 2], [3, 4]])
    assert t.item(3) == t.item(1, 1) == t.item(-1, -1) == 4
    assert type(t.item(0)) is int
    assert ad.tensor([[5.0]]).item() == 5.0
    for wrong in ((), (4,), (0, 0, 0)):
        with pytest.raises(ShapeError, match="item"):
            t.item(*wrong)


@pytest.mark.parametrize("dtype", ["f8", "f4", "c16", "i8", "u1", "?"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,), (2, 0)])
def test_lists_and_arrays_of_every_dtype(dtype, shape):
    a = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    t = ad.tensor(a)
    assert t.tolist() == a.tolist()
    assert t.numpy().dtype == a.dtype
    np.testing.assert_array_equal(t.numpy(), a)


def test_numpy_is_owned_contiguous_and_writable():
    t = ad.tensor(np.arange(6.0).reshape(2, 3), requires_grad=True).T
    a = t.numpy()
    assert a.flags.c_contiguous
    assert a.flags.owndata
    assert a.flags.writeable
    a[:] = 0.0
    assert t.tolist() == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]


def test_detach():
    w = ad.tensor([1.0, 2.0], requires_grad=True)
    d = (w * 2.0).detach()
    assert not d.requires_grad
    assert d.node is None
    assert float(d[0]) == 2.0
    (d * w).sum().backward()
    assert w.grad.tolist() == [2.0, 4.0]


def test_length_iteration_and_membership():
    t = ad.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    assert len(t) == 2
    first, second = t
    assert second.tolist() == [3.0, 4.0]
    (first * second).sum().backward()
    assert t.grad.tolist() == [[3.0, 4.0], [1.0, 2.0]]
    assert 3.0 in t
    assert ad.tensor(3.0) in t
    assert 5.0 not in t
    assert "a" not in t
    assert list(ad.tensor([])) == []
    assert [x.item() for x in reversed(ad.tensor([1.0, 2.0]))] == [2.0, 1.0]


def test_no_axes_no_length():
    for use in (len, iter, list, lambda t: [*t]):
        with pytest.raises(UnsupportedError, match="without axes") as caught:
            use(ad.tensor(1.0))
        assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: ad.tensor(2.0), "tensor(2.)"),
        (lambda: ad.tensor(-0.0), "tensor(-0.)"),
        (lambda: ad.tensor(float("nan")), "tensor(nan)"),
        (lambda: ad.tensor(7), "tensor(7)"),
        (lambda: ad.tensor(True), "tensor(True)"),
        (lambda: ad.tensor(1 + 2j), "tensor(1.+2.j)"),
        (lambda: ad.tensor(2.0, dtype="f4"), "tensor(2., dtype=float32)"),
        (lambda: ad.tensor(2.0, requires_grad=True), "tensor(2., requires_grad=True)"),
        (lambda: ad.tensor(2.0, requires_grad=True, name="w"), "tensor(2., name='w', requires_grad=True)"),
        (lambda: ad.tensor(2.0, requires_grad=True) * 3.0, "tensor(6., op=multiply)"),
        (lambda: ad.tensor([1.0, 2.5]), "tensor([1. , 2.5])"),
        (lambda: ad.tensor([[1.0], [2.0]]), "tensor([[1.], [2.]])"),
        (lambda: ad.tensor([]), "tensor(f64[0])"),
        (lambda: ad.tensor(np.arange(100.0)), "tensor(f64[100] [0., 1., 2., ..., 99.])"),
        (lambda: ad.tensor(np.zeros((2, 1, 2))), "tensor(f64[2,1,2] [0., 0., 0., ..., 0.])"),
        (lambda: ad.tensor(1.0, name="a\x1b[31m\n"), r"tensor(1., name='a\x1b[31m\n')"),
        (lambda: ad.tensor(1.0, name="a" * 100), f"tensor(1., name='{'a' * 37}...')"),
    ],
)
def test_repr(make, text):
    assert repr(make()) == str(make()) == f"{make()}" == text


def test_repr_keeps_columns_of_a_wider_matrix():
    text = repr(ad.tensor(np.arange(20.0).reshape(4, 5) / 3.0))
    assert len(text.splitlines()) == 4
    assert text.splitlines()[1].startswith("        [")


@pytest.mark.parametrize("shape", [(10**6,), (1000, 1000), (100,) * 3, (2,) * 20, (0, 10**6), (1,) * 30])
def test_repr_is_never_long(shape):
    t = ad.tensor(np.zeros(shape))
    assert len(repr(t)) < 200
    assert len(repr(t.T)) < 200


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [
        (2.5, ".3f", "2.500"),
        (2.5, ">8", "     2.5"),
        (1234567.0, ",.0f", "1,234,567"),
        (3, "04d", "0003"),
        (0.25, ".1%", "25.0%"),
        (1 + 2j, ".1f", "1.0+2.0j"),
        ([1.0, 2.25], ".1f", "[1.0, 2.2]"),
        ([], ".1f", "[]"),
    ],
)
def test_format(value, spec, text):
    assert format(ad.tensor(value), spec) == text
    if not isinstance(value, int):
        assert (
            format(ad.tensor(value, requires_grad=True, dtype=complex if isinstance(value, complex) else float), spec)
            == text
        )


def test_a_wrong_format_is_pythons_error():
    for value in (1.0, [1.0]):
        with pytest.raises(ValueError, match="format"):
            format(ad.tensor(value), "zz")


def test_format_of_a_large_tensor_is_short():
    assert len(f"{ad.tensor(np.zeros(10**5)):.2f}") < 100


def test_properties():
    t = ad.tensor(np.zeros((2, 3, 4)), requires_grad=True)
    assert (t.shape, t.ndim, t.size, t.dtype) == ((2, 3, 4), 3, 24, np.dtype("f8"))
    assert type(t.size) is type(t.ndim) is int
    assert t.T.shape == (4, 3, 2)
    assert t.is_leaf
    y = t * 2.0
    assert not y.is_leaf
    assert y.requires_grad
    assert ad.tensor(1.0).is_leaf
    assert y.node.op.name == "multiply"
    with pytest.raises(AttributeError):
        t.shape = (24,)
    with pytest.raises(AttributeError):
        t.extra = 1


def test_value_is_a_read_only_view():
    t = ad.tensor([1.0, 2.0], requires_grad=True)
    value = t.value
    assert np.shares_memory(value, t.value)
    assert not value.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        value[0] = 1.0
    assert ad.tensor(2.0).value.shape == ()
    with pytest.raises(AttributeError):
        t.value = np.zeros(2)


def test_grad_is_checked():
    t = ad.tensor([1.0, 2.0], requires_grad=True)
    g = ad.tensor([3.0, 4.0])
    t.grad = g
    assert t.grad is g
    (t * 2.0).sum().backward()
    assert t.grad.tolist() == [5.0, 6.0]
    t.grad = None
    assert t.grad is None
    for wrong, kind, part in (
        (np.zeros(2), OperandError, "got ndarray"),
        (1.0, OperandError, "got float"),
        (ad.tensor(1.0), ShapeError, r"f64\[2\] has its shape, got f64\[\]"),
        (ad.tensor([1.0, 2.0], dtype="f4"), DtypeError, r"astype\(np.float64\)"),
    ):
        with pytest.raises(kind, match=part):
            t.grad = wrong
    assert t.grad is None


def test_name():
    t = ad.tensor(1.0, requires_grad=True)
    t.name = "w"
    assert t.node.name == t.node.label == "w"
    y = t * 2.0
    y.name = "twice"
    assert y.node.label == "twice"
    t.name = None
    assert t.node.name is None
    with pytest.raises(OperandError, match="text or None, got int"):
        t.name = 1
