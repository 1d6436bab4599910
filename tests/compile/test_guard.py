"""``guard=True``: Python branches on traced values are followed, guarded, and traced again where they change."""

import functools
import math

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.errors import GraphError, TracedError, TrackedError
from compile.likeness import assert_alike

guarded = functools.partial(ad.compile, backend="python", guard=True)


def test_a_branch_is_followed():
    exe = guarded(lambda x: x * 2.0 if x > 0.0 else -x)
    assert [exe(v) for v in (3.0, -3.0, 4.0, -4.0, 0.0)] == [6.0, 3.0, 8.0, 4.0, 0.0]
    assert len(exe.stats.specialisations) == 2


def test_branches_inside_branches():
    def f(x, y):
        if x > 0.0:
            return x if y > x else y
        return -x if y < 0.0 else x * y

    exe = guarded(f)
    points = [(1.0, 2.0), (1.0, 0.5), (-1.0, -1.0), (-1.0, 1.0)]
    for x, y in points * 2:
        assert exe(x, y) == f(x, y)
    assert len(exe.stats.specialisations) == 4


def test_loops_that_depend_on_values():
    def halved(x):
        n = 0
        while x > 1.0:
            x = x / 2.0
            n += 1
        return x, n

    exe = guarded(halved)
    for v in (8.0, 100.0, 0.5, 9.0, 8.0):
        assert exe(v) == halved(v)


@pytest.mark.parametrize("x", [np.array([1.0, 2.0]), np.array([-1.0, -2.0])])
def test_gradients_take_the_same_branch(x):
    def f(x):
        return anp.sum(x * x) if anp.sum(x) > 0.0 else anp.sum(-3.0 * x)

    exe = guarded(ad.value_and_grad(f))
    for point in (x, -x, x):
        assert_alike(exe(point), ad.value_and_grad(f)(point))
    assert_alike(ad.grad(guarded(f))(x), ad.grad(f)(x))


def test_numbers_are_guarded_by_their_value():
    exe = guarded(lambda x, n: sum((x for _ in range(int(n))), 0.0) + float(n) * 0.0)
    assert [exe(2.0, n) for n in (3, 4, 3.0)] == [6.0, 8.0, 6.0]


def test_conditions_on_captured_values():
    limit = np.array(1.0)
    exe = guarded(lambda x: 1.0 * x if x > limit else 0.0 * x)
    assert exe(2.0) == 2.0
    limit[()] = 6.0
    assert exe(2.0) == 0.0


def test_nan_takes_one_way_only():
    exe = guarded(lambda x: x * 1.0 if x == x else x * 0.0 + 7.0)
    assert math.isnan(exe(math.nan))
    assert exe(1.0) == 1.0
    assert len(exe.stats.specialisations) == 2


def test_too_many_ways_are_an_error():
    exe = guarded(lambda x: x * float(x))
    for i in range(64):
        assert exe(float(i)) == float(i * i)
    with pytest.raises(GraphError, match="more than 64 different ways"):
        exe(64.0)


def test_what_is_still_refused():
    with pytest.raises(TracedError):
        guarded(lambda x: x.numpy())(np.ones(3))
    with pytest.raises(TrackedError):
        guarded(ad.grad(lambda x: x * float(x)))(2.0)
    with pytest.raises(ad.errors.ShapeError, match="ambiguous"):
        guarded(lambda x: 1.0 if x > 0.0 else 2.0)(np.ones(3))
