"""Long histories of writes, routers and shared values: no recursion, and time that grows with their length."""

import sys
import time

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.nn.functional import relu


def writes(x, count):
    y = ad.tensor(np.zeros(10))
    for i in range(count):
        y[i % 10] = x[0] * i
    return anp.sum(y)


def writes_and_roots(x, count):
    y = x * 1.0
    for i in range(count):
        y[i % 10] = x[0] * 1.5
        y = anp.sqrt(y / 1.1)
    return anp.sum(y)


def rectified_roots(x, count):
    y = x
    for _ in range(count):
        y = anp.sqrt(relu(y))
    return anp.sum(y)


def one_value_in_many_places(x, count):
    shared, total = x * 1.0, 0.0
    for _ in range(count):
        total = total + anp.sum(relu(shared))
    return total


PROGRAMS = [writes, writes_and_roots, rectified_roots, one_value_in_many_places]


@pytest.mark.parametrize("program", PROGRAMS)
def test_masks_wait_for_one_another_without_recursion(program):
    count = 2 * sys.getrecursionlimit()
    found = ad.grad(lambda x: program(x, count))(np.ones(10))
    assert np.all(np.isfinite(found))
    if program is one_value_in_many_places:
        np.testing.assert_allclose(found, count)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_mask_is_worked_out_once(program):
    def cost(count):
        start = time.process_time()
        ad.grad(lambda x: program(x, count))(np.ones(10))
        return time.process_time() - start

    cost(20)
    assert min(cost(800) for _ in range(3)) < 30 * min(cost(100) for _ in range(3)) + 0.02


def test_recorded_masks_too():
    def loss(x):
        y = x * 1.0
        for i in range(150):
            y[i % 3] = anp.sqrt(y[(i + 1) % 3])
            y = relu(y) * 1.01
        return anp.sum(y)

    point, along = np.array([0.5, 1.5, 2.5]), np.array([1.0, -1.0, 0.5])
    (found,) = ad.hvp(loss, (point,), (along,))
    slopes = [ad.grad(loss)(point + s * along) for s in (1e-5, -1e-5)]
    np.testing.assert_allclose(found, (slopes[0] - slopes[1]) / 2e-5, rtol=1e-5, atol=1e-7)
