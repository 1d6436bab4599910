"""What a compiled function captures: arrays and tensors are read at each call, numbers are baked in and listed."""

import functools
import types

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.errors import InPlaceError
from compile.likeness import assert_alike

python = functools.partial(ad.compile, backend="python")

TABLE = np.arange(4.0)
RATE = 0.5


def test_arrays_are_read_at_each_call():
    local = np.ones(3)
    exe = python(lambda x: x * local)
    assert_alike(exe(np.ones(3)), np.ones(3))
    local[:] = 4.0
    assert_alike(exe(np.ones(3)), np.full(3, 4.0))


def test_so_are_globals_attributes_elements_and_views():
    class Model:
        def __init__(self):
            self.w = np.ones(3)
            self.layers = [{"w": np.ones(3)}]

    model = Model()
    exe = python(lambda x: x * model.w + model.layers[0]["w"][:3] + x * TABLE[1:])
    before = exe(np.ones(3))
    assert_alike(before, np.array([3.0, 4.0, 5.0]))
    model.w[:] = 2.0
    model.layers[0]["w"][:] = 10.0
    TABLE[1] += 100.0
    try:
        assert_alike(exe(np.ones(3)), np.array([113.0, 14.0, 15.0]))
    finally:
        TABLE[1] -= 100.0


def test_arrays_that_the_function_makes_are_constants():
    exe = python(lambda x: x * np.array([1.0, 2.0]) + anp.sum(np.zeros(2)) + ad.tensor([1.0, 1.0]) * 0.0)
    assert exe(ad.tensor([1.0, 1.0])).tolist() == [1.0, 2.0]
    assert exe.captured == ()

    def changing(x):
        z = np.zeros(2)
        y = x + z
        z[0] = 5.0
        return y, x + z

    assert_alike(python(changing)(np.ones(2)), (np.ones(2), np.array([6.0, 1.0])))


def test_numbers_are_baked_in_and_listed():
    factor = 3.0
    exe = python(lambda x: x * factor * RATE)
    assert exe(2.0) == 3.0
    assert {c.name: (c.value, c.baked) for c in exe.captured} == {"factor": (3.0, True), "RATE": (0.5, True)}
    assert "as it was when traced" in repr(exe.captured[0])


SETTINGS = {"rate": 2.0, "deep": {"k": 3}}
WEIGHTS = (1.5, 2.5)


class Holder:
    def __init__(self):
        self.slope, self.inner = 7.0, types.SimpleNamespace(shift=9)

    def line(self, x):
        return x * self.slope + self.inner.shift


@pytest.mark.parametrize("backend", ["llvm", "python"])
def test_numbers_in_containers_and_objects_are_listed_too(backend):
    def listed(f):
        exe = ad.compile(f, cache=False, backend=backend)
        return exe(2.0), {c.name: c.value for c in exe.captured if c.baked}

    value, names = listed(lambda x: x * SETTINGS["rate"] + SETTINGS["deep"]["k"] * WEIGHTS[1])
    assert value == 11.5
    assert names == {
        "SETTINGS['rate']": 2.0, "SETTINGS['deep']['k']": 3, "WEIGHTS[0]": 1.5, "WEIGHTS[1]": 2.5,
    }  # fmt: skip
    assert listed(Holder().line) == (23.0, {"self.slope": 7.0, "self.inner.shift": 9})
    assert listed(ad.grad(lambda x: x * x * RATE)) == (2.0, {"RATE": 0.5})
    data = [0.5] * 1000
    assert listed(lambda x: x * data[0]) == (1.0, {})


def test_tensors_follow_updates():
    w = ad.tensor([1.0, 2.0], requires_grad=True, name="w")
    exe = python(ad.value_and_grad(lambda x: anp.sum(x * w)))
    x = np.array([3.0, 4.0])
    value, gradient = exe(x)
    assert (value.item(), gradient.tolist()) == (11.0, [1.0, 2.0])
    with ad.no_grad():
        w -= 1.0
    assert exe(x)[0].item() == 4.0
    (known,) = exe.captured
    assert repr(known) == "w: tensor float64[2] (read at each call)"


def test_untracked_tensors_follow_updates_and_make_tensors():
    w = ad.tensor([1.0, 2.0])
    exe = python(lambda x: x * w)
    assert exe(np.ones(2)).tolist() == [1.0, 2.0]
    w += 1.0
    assert exe(np.ones(2)).tolist() == [2.0, 3.0]


def test_no_path_drops():
    w = ad.tensor([1.0, 2.0], requires_grad=True)

    @python
    def f(x):
        return anp.sum(w * w * x)

    x = ad.tensor([3.0, 4.0], requires_grad=True)
    loss = f(x) * 2.0
    loss.backward()
    assert w.grad.tolist() == [12.0, 32.0]
    assert x.grad.tolist() == [2.0, 8.0]
    assert ad.grad(lambda v: f(v) * f(v))(np.ones(2)).tolist() == [10.0, 40.0]
    with ad.no_grad():
        assert not f(np.ones(2)).requires_grad


def test_a_captured_tensor_that_becomes_tracked_is_traced_again():
    w = ad.tensor([1.0, 2.0])
    v = ad.tensor(3.0, requires_grad=True)
    exe = python(lambda x: anp.sum(w * x))
    assert not exe(np.ones(2)).requires_grad
    w[0] = v
    out = exe(np.ones(2))
    out.backward()
    assert (out.item(), v.grad.item()) == (5.0, 1.0)


def test_another_shape_is_traced_again():
    class Holder:
        w = np.ones(2)

    t = ad.tensor([1.0, 2.0])
    exe = python(lambda x: anp.sum(x * t))
    assert exe(2.0).item() == 6.0
    t._value = np.array([1.0, 2.0, 3.0])
    assert exe(2.0).item() == 12.0
    assert len(exe.stats.specialisations) == 1


def test_captured_arrays_go_through_transforms():
    a = np.ones((2, 2))
    x0 = np.ones(2)
    v = np.array([1.0, 0.0])
    exe = python(lambda s: (ad.grad(lambda x: anp.sum(a @ x * x))(x0) * s, ad.jvp(lambda x: a @ x, (x0,), (v,))[1] * s))
    assert_alike(exe(1.0), (np.array([4.0, 4.0]), np.array([1.0, 1.0])))
    a[:] = 2.0
    x0[:] = 3.0
    v[:] = 5.0
    assert_alike(exe(1.0), (np.array([24.0, 24.0]), np.array([20.0, 20.0])))


def test_functions_behind_the_function_capture_too():
    inside = np.ones(2)

    def helper(x):
        return x * inside

    exe = python(functools.partial(lambda f, x: f(x), helper))
    exe(np.ones(2))
    inside[:] = 7.0
    assert_alike(exe(np.ones(2)), np.full(2, 7.0))


def test_captured_tensors_cannot_be_written():
    w = ad.tensor([1.0, 2.0])
    leaf = ad.tensor([1.0, 2.0], requires_grad=True)

    @python
    def writes(x):
        w[0] = x
        return w

    @python
    def updates(x):
        with ad.no_grad():
            leaf.__iadd__(x)
        return leaf

    for f in (writes, updates):
        with pytest.raises(InPlaceError, match="a tensor that the compiled function captured"):
            f(1.0)
    assert (w.tolist(), leaf.tolist()) == ([1.0, 2.0], [1.0, 2.0])


def test_integer_tensors_pick_places_anew():
    place = ad.tensor([1, 0])
    exe = python(lambda x: x[place] * 2.0)
    x = np.array([1.0, 2.0, 3.0])
    assert exe(x).tolist() == [4.0, 2.0]
    place += 1
    assert exe(x).tolist() == [6.0, 4.0]


def test_captured_masks_pick_anew():
    mask = np.array([True, False, True])
    exe = python(ad.value_and_grad(lambda x: anp.sum(x[mask] ** 2)))
    x = np.array([1.0, 2.0, 3.0])
    assert_alike(exe(x), (np.float64(10.0), np.array([2.0, 0.0, 6.0])))
    mask[1] = True
    assert_alike(exe(x), (np.float64(14.0), np.array([2.0, 4.0, 6.0])))

    def written(x):
        y = x * 1.0
        y[mask] = 5.0
        return y

    compiled = python(written)
    assert_alike(compiled(x), np.full(3, 5.0))
    mask[0] = False
    assert_alike(compiled(x), np.array([1.0, 5.0, 5.0]))


def test_what_an_inner_compiled_function_captures_is_not_baked_in():
    inside = np.ones(2)
    inner = ad.compile(lambda x: x * inside)
    inner(np.ones(2))
    outer = python(lambda y: y + inner(np.ones(2)))
    assert_alike(outer(0.0), np.ones(2))
    inside[:] = 3.0
    assert_alike(outer(0.0), np.full(2, 3.0))
    assert_alike(inner(np.ones(2)), np.full(2, 3.0))
