"""Terms: constructors and their identities, against NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjoint.compile.terms import Terms
from adjoint.primitives.record import REGISTRY
from compile.meaning import meaning

X = np.arange(60.0).reshape(3, 4, 5)


def made(shape=X.shape, dtype=np.float64):
    terms = Terms()
    return terms, terms.input(0, shape, dtype)


@st.composite
def views(draw, shape):
    """A view by slices, a transpose, numbers and new axes: as NumPy sees it, and as axes of a term."""
    order = draw(st.permutations(range(len(shape))))
    axes, out, key = [None] * len(shape), [], [None] * len(shape)
    for axis in order:
        n = shape[axis]
        step = draw(st.sampled_from([1, -1, 2, -2]))
        if draw(st.integers(0, 3)) == 0:
            at = draw(st.integers(0, n - 1))
            axes[axis], key[axis] = (-1, 0, at), at
            continue
        count = draw(st.integers(1, 1 + (n - 1) // abs(step)))
        low = draw(st.integers(0, n - 1 - (count - 1) * abs(step)))
        first = low if step > 0 else low + (count - 1) * abs(step)
        axes[axis] = (len(out), step, first)
        key[axis] = [first + step * i for i in range(count)]
        out.append(count)
        if draw(st.integers(0, 4)) == 0:
            out.append(draw(st.integers(1, 2)))  # an axis along which nothing changes
    return tuple(axes), tuple(out)


@given(st.data())
def test_views_of_views_are_one_view(data):
    terms, x = made()
    first_axes, first = data.draw(views(X.shape))
    one = terms.view(x, first_axes, first)
    axes, shape = data.draw(views(first))
    two = terms.view(one, axes, shape)
    assert two.kind != "view" or two.args[0] is x
    (middle,) = meaning([one], [X])
    (wanted,) = meaning([terms.view(terms.input(1, first, np.float64), axes, shape)], [X, middle])
    np.testing.assert_array_equal(meaning([two], [X])[0], wanted)


def test_a_view_of_everything_is_the_array_itself():
    terms, x = made()
    assert terms.view(x, ((0, 1, 0), (1, 1, 0), (2, 1, 0)), X.shape) is x
    assert terms.transpose(terms.transpose(x, (2, 0, 1)), (1, 2, 0)) is x
    assert terms.broadcast(x, X.shape) is x
    assert terms.reshape(x, X.shape) is x
    assert terms.reshape(terms.reshape(x, (3, 1, 4, 5)), X.shape) is x


def test_reshapes():
    terms, x = made()
    plain = terms.reshape(x, (12, 5))
    assert plain.kind == "reshape"
    assert terms.reshape(plain, X.shape) is x
    assert terms.reshape(terms.reshape(plain, (60,)), (12, 5)) is plain
    assert terms.reshape(x, (3, 4, 1, 5)).kind == "view"
    for term in (plain, terms.reshape(plain, (2, 30)), terms.reshape(x, (1, 3, 4, 1, 5))):
        np.testing.assert_array_equal(meaning([term], [X])[0], X.reshape(term.shape))


@pytest.mark.parametrize("shape", [(3, 4, 5), (2, 3, 4, 5), (1, 1, 3, 4, 5)])
def test_broadcasts(shape):
    terms, x = made()
    np.testing.assert_array_equal(meaning([terms.broadcast(x, shape)], [X])[0], np.broadcast_to(X, shape))
    row = terms.view(x, ((-1, 0, 1), (0, 1, 0), (-1, 0, 2)), (4,))
    wide = terms.broadcast(terms.reshape(row, (4, 1)), (2, 4, 6))
    np.testing.assert_array_equal(meaning([wide], [X])[0], np.broadcast_to(X[1, :, 2][:, None], (2, 4, 6)))


def test_pads():
    terms, x = made()
    zero = terms.const(0, np.float64)
    assert terms.pad(x, zero, (0, 0, 0), X.shape) is x
    empty = terms.broadcast(zero, (0, 4, 5))
    assert terms.pad(empty, x, (1, 0, 0), X.shape) is x
    grown = terms.pad(x, zero, (1, 0, 2), (5, 4, 8))
    np.testing.assert_array_equal(meaning([grown], [X])[0], np.pad(X, ((1, 1), (0, 0), (2, 1))))


def test_reductions_drop_axes_of_one_entry():
    terms, x = made((3, 1, 5))
    y = X[:, :1]
    total = terms.reduce("sum", x, (1, 2))
    assert (total.kind, total.data) == ("reduce", ("sum", (1,)))
    np.testing.assert_array_equal(meaning([total], [y])[0], y.sum(axis=(1, 2)))
    np.testing.assert_array_equal(meaning([terms.reduce("max", x, (1,))], [y])[0], y.max(axis=1))
    assert terms.reduce("sum", x, ()) is x


def test_equal_terms_are_one_and_constants_differ_by_their_bits():
    terms, x = made()
    sin = REGISTRY["sin"]
    assert terms.map(sin, {}, (x,), x.shape, x.dtype) is terms.map(sin, {}, (x,), x.shape, x.dtype)
    assert terms.map(sin, {}, (x,), x.shape, x.dtype) is not terms.map(REGISTRY["cos"], {}, (x,), x.shape, x.dtype)
    zero = terms.const(0.0, np.float64)
    assert terms.const(0, np.float64) is zero
    assert terms.const(-0.0, np.float64) is not zero
    assert terms.const(0.0, np.float32) is not zero
    assert terms.const(np.nan, np.float64) is terms.const(np.nan, np.float64)
    assert terms.const(300, np.int64).data == 300
    assert terms.input(0, X.shape, np.float64) is x
    assert terms.input(1, X.shape, np.float64) is not x


def test_arrays_of_equal_entries_are_scalars():
    terms = Terms()
    ones = terms.array(np.ones((3, 4)))
    assert (ones.kind, ones.args[0].kind, ones.shape) == ("view", "const", (3, 4))
    assert terms.array(np.array([0.0, -0.0])).kind == "array"
    assert terms.array(np.arange(3)) is terms.array(np.arange(3))
    assert terms.array(np.zeros((0, 3))).shape == (0, 3)
    assert terms.array(np.full(3, np.nan)).kind == "view"


def test_a_term_can_be_read():
    terms, x = made()
    text = repr(terms.map(REGISTRY["sin"], {}, (x,), x.shape, x.dtype))
    assert "sin" in text
    assert "float64[3, 4, 5]" in text
