"""Compiled methods keep the latest instances only."""

import gc
import weakref

import adjoint as ad
from adjoint.compile import function_like


class Scaled:
    def __init__(self, factor):
        self.factor = factor

    @ad.compile(backend="python")
    def times(self, x):
        return self.factor * x


def test_instances_beyond_the_limit_are_let_go(monkeypatch):
    monkeypatch.setattr(function_like, "LIMIT", 3)
    alive = []
    for i in range(8):
        one = Scaled(float(i))
        assert one.times(2.0) == 2.0 * i
        alive.append(weakref.ref(one))
        del one
    gc.collect()
    assert sum(ref() is not None for ref in alive) <= 3
