"""Movement, sorting: values on many shapes, specs, and the fast spread of gradients."""

import numpy as np
import pytest

from adjoint.create import tensor
from adjoint.errors import ShapeError
from adjoint.functions import joining, picking
from adjoint.functions.elementwise import real
from adjoint.graph.spec import Spec
from adjoint.primitives import movement
from adjoint.primitives.movement import along, inverse
from adjoint.primitives.order import argsort, sort

SHAPES = [
    ((), ()),
    ((), (3,)),
    ((), (2, 0)),
    ((3,), (2, 3)),
    ((1,), (1, 1)),
    ((2, 1), (4, 2, 5)),
    ((1, 1), (3, 3)),
    ((2, 3), (2, 3)),
    ((0,), (2, 0)),
    ((1,), (0,)),
]


@pytest.mark.parametrize(("shape", "wide"), SHAPES)
@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "c8", "i4", "?"])
def test_broadcast_to_is_numpys(shape, wide, dtype):
    x = (np.arange(np.prod(shape, dtype=int)) + 1).reshape(shape).astype(dtype)
    for given in (x[()], x, *((np.asfortranarray(x), np.flip(x)) if shape else ())):
        made = movement.broadcast_to.value(given, shape=wide)
        assert np.array_equal(made, np.broadcast_to(given, wide))
        assert (made.shape, made.dtype) == (wide, x.dtype)
    assert movement.broadcast_to.spec(Spec.of(x), shape=wide) == Spec(wide, dtype)


def test_a_spread_array_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        movement.broadcast_to.value(np.ones((1, 2)), shape=(3, 2))[0, 0] = 5.0
    with pytest.raises(ValueError, match="read-only"):
        movement.broadcast_to.value(np.float64(1.0), shape=(3,))[0] = 5.0


def test_numbers_spread_too():
    assert movement.broadcast_to.value(2.5, shape=(2,)).tolist() == [2.5, 2.5]
    assert movement.broadcast_to.value(True, shape=(2,)).tolist() == [True, True]


@pytest.mark.parametrize(("shape", "wide"), [((2,), (3,)), ((2, 3), (3,)), ((3, 2), (3, 1))])
def test_broadcast_to_refuses(shape, wide):
    with pytest.raises(ShapeError, match="broadcast_to cannot"):
        movement.broadcast_to.spec(Spec(shape), shape=wide)
    with pytest.raises(ValueError):
        movement.broadcast_to.value(np.ones(shape), shape=wide)


@pytest.mark.parametrize("axes", [(-1, -2, -3), (-2, -3, -1), (-3, -1, -2), (-3, -2, -1)])
def test_inverse_undoes(axes):
    x = np.arange(24.0).reshape(2, 3, 4)
    turned = movement.transpose.value(x, axes=axes)
    assert np.array_equal(turned, np.transpose(x, axes))
    assert np.array_equal(movement.transpose.value(turned, axes=inverse(axes)), x)
    assert movement.transpose.spec(Spec.of(x), axes=axes) == Spec.of(turned)


def test_axes_count_from_the_end_so_that_a_batch_in_front_changes_nothing():
    x = np.arange(24.0).reshape(2, 3, 4)
    for op, params in (
        (movement.transpose, {"axes": (-1, -2)}),
        (movement.pad, {"widths": ((1, 0), (0, 2)), "constant": 1.0}),
        (movement.flip, {"axis": (-2,)}),
        (movement.expand_dims, {"axis": (-2,)}),
        (sort, {"axis": -1}),
    ):
        whole = op.value(x, **params)
        assert np.array_equal(whole, np.stack([op.value(row, **params) for row in x]))
        assert op.spec(Spec.of(x), **params) == Spec.of(whole)


def test_results_without_axes_are_numpy_scalars():
    one = np.ones((1, 1))
    assert type(movement.reshape.value(one, shape=())) is np.float64
    assert type(movement.squeeze.value(one, axis=(-2, -1))) is np.float64
    assert type(movement.astype.value(1.0, dtype=np.dtype("f4"))) is np.float32
    assert type(movement.pad.value(np.float64(1.0), widths=(), constant=0.0)) is np.float64


def test_reshape_refuses_another_size():
    with pytest.raises(ShapeError, match=r"reshape cannot put the 6 entries of f64\[2,3\] into the shape \(4, 2\)"):
        movement.reshape.spec(Spec((2, 3)), shape=(4, 2))


def test_pieces_of_which_nothing_is_used_hand_back_zeros():
    x = tensor(np.arange(5.0), requires_grad=True)
    _, middle, _ = joining.split(x, [1, 3])
    (middle * middle).sum().backward()
    assert x.grad.tolist() == [0.0, 2.0, 4.0, 0.0, 0.0]


@pytest.mark.parametrize("sections", [(), (2,), (0, 2, 2, 5), (1, 4)])
def test_split_is_numpys(sections):
    x = np.arange(15.0).reshape(5, 3)
    pieces = movement.split.value(x, axis=-2, sections=sections)
    wanted = np.split(x, list(sections), 0)
    assert all(np.array_equal(a, b) for a, b in zip(pieces, wanted, strict=True))
    assert movement.split.spec(Spec.of(x), axis=-2, sections=sections) == tuple(map(Spec.of, wanted))


def test_along_takes_a_slice_of_one_axis():
    x = np.arange(24.0).reshape(2, 3, 4)
    for axis in (-1, -2, -3):
        wanted = np.take(x, [1], axis)
        assert np.array_equal(x[along(axis, slice(1, 2))], wanted)


def test_sort_moves_gradients_along_a_stable_permutation():
    x = tensor([2.0, 1.0, 2.0, np.nan, 1.0], requires_grad=True)
    y = picking.sort(x)
    assert y.tolist()[:4] == [1.0, 1.0, 2.0, 2.0]
    (y[:4] * np.array([1.0, 2.0, 3.0, 4.0])).sum().backward()
    assert x.grad.tolist() == [3.0, 1.0, 4.0, 0.0, 2.0]
    assert argsort.value(x.value, axis=-1).tolist() == [1, 4, 0, 2, 3]


def test_casts_carry_gradients_between_real_and_complex():
    x = tensor([1.0, 2.0], requires_grad=True)
    y = x.astype(np.complex64) * (3 + 4j)
    real(y).sum().backward()
    assert x.grad.dtype == np.float64
    assert x.grad.tolist() == [3.0, 3.0]
