"""Instances that are called as fast as the builtin that they stand for."""

import copy
import gc
import sys
import threading
import time
import weakref
from functools import partial
from types import MethodType

import numpy as np
import pytest

from adjoint.compile.llvm import entry_called
from adjoint.compile.llvm.entry_called import Called, install
from compile.entry_programs import arrays, copies, enter, floats, signature


class Compiled(Called):
    def __init__(self):
        self.seen = []

    def __call__(self, *args, **kwargs):
        """Where there is no builtin."""
        self.seen.append((args, kwargs))
        return "slowly"

    def missed(self, args, kwargs, reason):
        return self


def doubled(count=2, **options):
    made = signature(*floats(count))
    return enter(made, copies(made), **options)[0]


def test_a_call_of_an_instance_is_a_call_of_its_builtin():
    f = Compiled()
    assert f(1.0, b=2.0) == "slowly"
    install(f, doubled())
    assert f(1.0, 2.0) == f(1.0, b=2.0) == f(b=2.0, a=1.0) == f(*(1.0, 2.0)) == (1.0, 2.0)
    assert f(**dict.fromkeys("ab", 1.0)) == (1.0, 1.0)
    assert partial(f, 1.0)(2.0) == (1.0, 2.0)
    assert list(map(f, (1.0, 3.0), (2.0, 4.0))) == [(1.0, 2.0), (3.0, 4.0)]
    assert f(1, 2) == "missed"
    assert f.seen == [((1.0,), {"b": 2.0})]


def test_each_instance_has_its_own():
    one, two, none = Compiled(), Compiled(), Compiled()
    install(one, doubled(1))
    install(two, doubled(2))
    assert (one(1.0), two(1.0, 2.0), none()) == (1.0, (1.0, 2.0), "slowly")
    with pytest.raises(TypeError):  # a copy would carry the address of code that it does not own
        copy.copy(none)


def test_it_binds_as_a_method():
    f = Compiled()

    class Model(float):
        method = f

    model = Model(1.0)
    assert (Model.method is f, type(model.method)) == (True, MethodType)
    assert (model.method.__self__ is model, model.method.__func__ is f) == (True, True)
    assert model.method(2.0) == "slowly"
    assert f.seen == [((model, 2.0), {})]
    install(f, doubled())
    assert f.__get__(1.0)(2.0) == f.__get__(1.0)(b=2.0) == (1.0, 2.0)
    assert model.method(2.0) == model.method(b=2.0) == Model.method(model, 2.0) == "missed"
    assert f.__get__(None, Model) is f


def test_the_builtin_may_be_replaced_and_taken_away():
    f = Compiled()
    first = doubled(1)
    gone = weakref.ref(first)
    install(f, first)
    del first
    assert f(1.0) == 1.0
    install(f, doubled(2))
    assert gone() is None
    assert f(1.0, 2.0) == (1.0, 2.0)
    assert f(1.0) == "missed"
    install(f, None)
    assert f(1.0) == "slowly"
    install(f, doubled(3, way="python"))
    assert f(1.0) == "slowly"
    install(f, doubled(1))
    assert f(1.0) == 1.0


def test_a_class_with_another_call_of_its_own():
    class Other(Called):
        pass

    f = Other()
    with pytest.raises(TypeError):
        f(1.0)
    Other.__call__ = lambda self, *args: "its own"
    assert f(1.0) == "its own"
    install(f, doubled(1))
    assert f(1.0) == 1.0
    assert Other().__call__(1.0) == "its own"


def test_a_class_that_binds_in_its_own_way():
    class Other(Compiled):
        def __get__(self, instance, owner=None):
            return "bound"

    class Model:
        method = Other()

    assert Model().method == "bound"
    install(vars(Model)["method"], doubled(1))
    assert Model().method == "bound"


def test_a_replacement_during_a_call_lets_it_end():
    made = signature(*arrays((3,)))
    slow = "declare i32 @usleep(i32)\n" + copies(made).replace(
        "  %i0", "  %pause = call i32 @usleep(i32 150000)\n  %i0", 1
    )
    f, found, x = Compiled(), [], np.arange(3.0)
    for _ in range(3):
        install(f, enter(made, slow, release_gil=True)[0])
        gone, other = weakref.ref(f._builtin), doubled(1)
        thread = threading.Thread(target=lambda: found.append(f(x)))
        thread.start()
        time.sleep(0.02)
        install(f, other)
        assert gone() is not None
        assert f(1.0) == 1.0
        thread.join()
        assert gone() is None
    assert [part.tolist() for part in found] == [[0.0, 1.0, 2.0]] * 3


def test_a_builtin_replaced_by_what_it_hands_to_python():
    f = Compiled()

    def miss(args, kwargs, reason):
        install(f, doubled(2))
        gc.collect()
        return f(1.0, 2.0)

    install(f, doubled(1, miss=miss))
    assert f() == (1.0, 2.0)
    assert f(3.0, 4.0) == (3.0, 4.0)


def test_cycles_are_collected():
    f = Compiled()
    made = signature(*floats(1))
    install(f, enter(made, copies(made), miss=f.missed)[0])
    f.itself = f
    gone = weakref.ref(f), weakref.ref(f._builtin)
    assert f() is f
    del f
    gc.collect()
    assert [one() for one in gone] == [None, None]


def test_references_come_out_even():
    f = Compiled()
    install(f, doubled())
    watched = f, f._builtin, type(f), f._builtin.__self__
    for call in (lambda: f(1.0, 2.0), lambda: f(1.0), lambda: f.__get__(1.0)(2.0), lambda: f(b=1.0, a=2.0)):
        call()
        before = [sys.getrefcount(one) for one in watched]
        for _ in range(100):
            call()
        assert [sys.getrefcount(one) for one in watched] == before


def test_an_instance_without_its_builtin_says_so():
    f = Compiled()
    install(f, doubled())
    del f._builtin
    with pytest.raises(RuntimeError, match="taken away"):
        f(1.0, 2.0)


def test_without_the_word_calls_go_through_the_class(monkeypatch):
    monkeypatch.setattr(entry_called, "_vectored", lambda: False)

    class Plain(Called):
        def __call__(self, *args):
            return self._builtin(*args)

    f = Plain()
    install(f, doubled())
    assert f(1.0, 2.0) == (1.0, 2.0)
    assert entry_called._bind(f, None) is f
    assert entry_called._bind(f, 1.0)(2.0) == (1.0, 2.0)
