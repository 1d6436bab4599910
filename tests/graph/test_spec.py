"""Spec: shape and dtype in the place of an array."""

import copy
import pickle

import numpy as np
import pytest

import adjoint as ad


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (ad.Spec(), "f64[]"),
        (ad.Spec((3, 4)), "f64[3,4]"),
        (ad.Spec(3, np.float32), "f32[3]"),
        (ad.Spec((0, 2), complex), "c128[0,2]"),
        (ad.Spec((), "complex64"), "c64[]"),
        (ad.Spec((2,), bool), "bool[2]"),
        (ad.Spec((2,), np.uint8), "u8[2]"),
        (ad.Spec((np.int64(2),), "i4"), "i32[2]"),
    ],
)
def test_it_prints_dtype_and_shape(spec, text):
    assert repr(spec) == text


def test_it_knows_what_such_an_array_would_hold():
    array = np.zeros((3, 4), np.float32)
    spec = ad.Spec.of(array)
    assert (spec.ndim, spec.size, spec.nbytes) == (array.ndim, array.size, array.nbytes)
    assert (ad.Spec().ndim, ad.Spec().size, ad.Spec((2, 0)).size) == (0, 1, 0)


@pytest.mark.parametrize("value", [2.0, 1, True, 1j, np.float32(1), np.ones((2, 3)), [1.0, 2.0], ad.Spec((2,))])
def test_the_spec_of_a_value_is_numpys(value):
    array = np.empty(value.shape, value.dtype) if isinstance(value, ad.Spec) else np.asarray(value)
    spec = ad.Spec.of(value)
    assert spec.shape == array.shape
    assert spec.dtype == array.dtype


def test_equal_specs_are_equal_and_hash_alike():
    assert ad.Spec((3,), "f4") == ad.Spec([3], np.float32)
    assert hash(ad.Spec((3,), "f4")) == hash(ad.Spec([3], np.float32))
    assert ad.Spec((3,)) != ad.Spec((3, 1))
    assert ad.Spec((3,)) != ad.Spec((3,), "f4")
    assert ad.Spec() != "f64[]"


def test_it_is_frozen_and_can_be_copied():
    spec = ad.Spec((3,), "f4")
    with pytest.raises(AttributeError, match="frozen"):
        spec.shape = (4,)
    assert copy.deepcopy(spec) == pickle.loads(pickle.dumps(spec)) == spec


def test_numpy_does_not_put_it_into_an_array():
    with pytest.raises(TypeError):
        np.add(ad.Spec((2,)), np.ones(2))
