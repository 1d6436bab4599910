"""Routers: to whom the gradient goes, and that nothing leaks to where it does not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import adjoint as ad
import adjoint.numpy as anp
from adjoint import special
from adjoint.errors import DtypeError
from adjoint.primitives import compare, rounding, select
from adjoint.primitives.record import NUMPY

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

WILD = st.floats(allow_nan=True, allow_infinity=True, width=64)
FINITE = st.floats(-1e6, 1e6)
ROWS = hnp.arrays(float, st.integers(1, 6), elements=st.sampled_from([-2.0, -1.0, 0.0, 1.0, 2.0, np.inf, np.nan]))


@given(WILD, WILD)
@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_the_shares_of_two_inputs_are_one_in_all(name, x, y):
    f = getattr(anp, name)
    gx, gy = ad.grad(lambda a, b: f(a, b), argnums=(0, 1))(x, y)
    assert gx in {0.0, 0.5, 1.0}
    assert gx + gy == (2.0 if np.isnan(x) and np.isnan(y) else 1.0)
    value = float(getattr(np, name)(x, y))
    if gx == 1.0:
        np.testing.assert_equal(value, x)
    elif gy == 1.0:
        np.testing.assert_equal(value, y)
    else:
        assert x == y


@pytest.mark.parametrize("g", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize(
    ("f", "x", "passes"),
    [
        (lambda x: anp.maximum(x, 0.0), [-1.0, 1.0], [False, True]),
        (lambda x: anp.minimum(x, 0.0), [-1.0, 1.0], [True, False]),
        (lambda x: anp.where(np.array([False, True]), x, 0.0), [1.0, 1.0], [False, True]),
        (lambda x: anp.clip(x, -0.5, 2.0), [-1.0, 1.0], [False, True]),
        (lambda x: anp.max(x), [1.0, 2.0], [False, True]),
        (special.relu, [-1.0, 1.0], [False, True]),
    ],
)
def test_an_infinite_cotangent_does_not_reach_what_was_not_chosen(f, x, passes, g):
    out, pull = ad.vjp(f, np.array(x))
    (found,) = pull(np.full(np.shape(out), g)[()])
    for value, passed in zip(found, passes, strict=True):
        np.testing.assert_equal(value, g if passed else 0.0)


def test_forward_mode_does_not_let_an_infinite_tangent_through_either():
    _, t = ad.jvp(lambda x: anp.maximum(x, 0.0), (np.array([-1.0, 1.0]),), (np.array([np.inf, 2.0]),))
    np.testing.assert_array_equal(t, [0.0, 2.0])


def test_where_takes_any_kind_of_condition():
    for condition in (np.array([2, 0]), np.array([0.5, 0.0]), np.array([True, False])):
        gx, gy = ad.grad(lambda x, y, c=condition: anp.sum(anp.where(c, x, y)), argnums=(0, 1))(np.ones(2), np.ones(2))
        np.testing.assert_array_equal(gx, [1.0, 0.0])
        np.testing.assert_array_equal(gy, [0.0, 1.0])
    gx, gy = ad.grad(lambda x, y: anp.where(True, x, y), argnums=(0, 1))(1.0, 2.0)
    assert (gx, gy) == (1.0, 0.0)


def test_where_keeps_python_numbers_weak():
    assert NUMPY.where(np.array([True]), np.ones(1, np.float32), 0.0).dtype == np.float32


@given(ROWS, FINITE, FINITE)
def test_clip_is_one_inside_and_nothing_is_lost(x, low, high):
    gx, gl, gh = ad.grad(lambda x, a, b: anp.sum(anp.clip(x, a, b)), argnums=(0, 1, 2))(x, low, high)
    outside = (x < low) | (x > high)
    np.testing.assert_array_equal(gx, np.where(outside, 0.0, 1.0))
    assert gx.sum() + gl + gh == x.size
    lows = np.sum((x < low) & (low <= high))
    assert gl == lows


def test_relu_saves_its_output_alone():
    assert select.relu.flags(1) == (False, True)
    np.testing.assert_array_equal(NUMPY.relu(np.array([-1.0, 2.0, np.nan])), [0.0, 2.0, np.nan])
    assert NUMPY.relu(np.float32(2)).dtype == np.float32


def test_abs_of_a_complex_number_ascends_along_it():
    assert ad.grad(lambda z: anp.abs(z))(3 + 4j) == pytest.approx(0.6 + 0.8j)
    assert ad.grad(lambda z: anp.abs(z))(0j) == 0
    assert ad.grad(lambda z: anp.abs(z) ** 2)(3 + 4j) == pytest.approx(6 + 8j)
    _, t = ad.jvp(lambda z: anp.abs(z), (3 + 4j,), (1j,))
    assert t == pytest.approx(0.8)


def test_a_complex_sign_is_refused_and_direction_takes_its_place():
    with pytest.raises(DtypeError, match="step function"):
        select.sign.value(np.array([1 + 1j]))
    np.testing.assert_array_equal(select.direction.value(np.array([3 + 4j, 0j])), [0.6 + 0.8j, 0])


@given(st.floats(-1e9, 1e9), st.floats(-1e3, 1e3).filter(lambda y: abs(y) > 1e-3))
def test_the_remainder_and_its_quotient_belong_together(x, y):
    r, q = rounding.remainder.value(x, y), rounding.floor_divide.value(x, y)
    assert q * y + r == pytest.approx(x, rel=1e-12, abs=1e-9)
    gx, gy = ad.grad(lambda a, b: a % b, argnums=(0, 1))(x, y)
    assert gx == 1.0
    assert gy == -q


def test_steps_record_nothing():
    x = ad.tensor([0.4, 1.6], requires_grad=True)
    for op in (rounding.floor, rounding.rounded, select.sign, compare.less):
        assert not op.differentiable
    assert anp.floor(x).node is None
    assert (x > 1.0).node is None


def test_round_half_to_even_as_numpy():
    np.testing.assert_array_equal(rounding.rounded.value(np.array([0.5, 1.5, 2.5]), 0), [0.0, 2.0, 2.0])
    np.testing.assert_array_equal(rounding.rounded.value(np.array([123.456]), -1), [120.0])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("size", [1, 1023, 1024, 5000])
@pytest.mark.parametrize("zero", [0.0, -0.0, 0, 1.0])
def test_where_has_numpys_bits_at_every_size(dtype, size, zero):
    rng = np.random.default_rng(size)
    x = rng.choice([1.5, -2.5, 0.0, -0.0, np.nan, np.inf, -np.inf], 2 * size).astype(dtype)
    truth = rng.random(2 * size) < 0.5
    for condition, values in [(truth[:size], x[:size]), (truth[::2], x[::2]), (truth[:size], x[::-2])]:
        wanted = np.where(condition, values, zero)
        found = NUMPY.where(condition, values, zero)
        assert found.dtype == wanted.dtype
        assert found.tobytes() == wanted.tobytes()
