"""Executables copy and pickle as functions do."""

import copy
import pickle

import numpy as np
import pytest

import adjoint as ad
from adjoint.errors import UnsupportedError


@ad.compile
def double(x):
    return 2.0 * x


def triple(x):
    return 3.0 * x


fast_triple = ad.compile(triple)


class Model:
    def __init__(self, w):
        self.w = w
        self.fast = ad.compile(self.plain, static_argnums="n")

    def plain(self, x, n):
        return self.w * x * n

    @ad.compile
    def scaled(self, x):
        return self.w * x


def test_copies_are_the_executable_itself():
    for exe in (double, fast_triple, ad.compile(lambda x: x), ad.compile(ad.grad(triple))):
        assert copy.copy(exe) is exe
        assert copy.deepcopy(exe) is exe
    held = {"f": double, "w": np.ones(2)}
    assert copy.deepcopy(held)["f"] is double


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_those_of_modules_are_pickled_by_name(protocol):
    assert pickle.loads(pickle.dumps(double, protocol)) is double
    assert pickle.loads(pickle.dumps(Model.scaled, protocol)) is Model.scaled


def test_a_method_is_pickled_with_its_instance():
    model = Model.__new__(Model)
    model.w = np.arange(3.0)
    again = pickle.loads(pickle.dumps(model.scaled))
    assert again is not model.scaled
    assert again(2.0).tolist() == [0.0, 2.0, 4.0]


def test_a_deep_copy_of_a_method_belongs_to_the_copy():
    model = Model(np.ones(2))
    assert model.fast(1.0, n=2).tolist() == [2.0, 2.0]
    other = copy.deepcopy(model)
    other.w = np.full(2, 7.0)
    assert other.fast(1.0, n=2).tolist() == [14.0, 14.0]
    assert other.scaled(1.0).tolist() == [7.0, 7.0]
    assert model.fast(1.0, n=2).tolist() == [2.0, 2.0]
    assert copy.deepcopy(model.fast)(1.0, 3).tolist() == [3.0, 3.0]


@pytest.mark.parametrize(
    ("exe", "said"),
    [
        (fast_triple, "triple is another object"),
        (ad.compile(lambda x: x), "<lambda> is not there"),
        (Model(1.0).fast, "Model.plain is another object"),
    ],
)
def test_those_without_a_name_of_their_own_say_what_to_do(exe, said):
    with pytest.raises(UnsupportedError, match="cannot be pickled") as caught:
        pickle.dumps(exe)
    assert said in caught.value.what
    assert "test_function_like.py" in caught.value.where
    assert "@ad.compile above a function" in caught.value.help
