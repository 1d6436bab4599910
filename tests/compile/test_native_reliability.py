"""What may go wrong while native code runs: threads, exceptions, Ctrl-C, memory, sizes, indices."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint import special
from adjoint.errors import DtypeError, ShapeError, SizeError
from compile.differ import assert_close, compiled, eager

RNG = np.random.default_rng(31)
SOURCE = str(Path(__file__).resolve().parents[2] / "src")


def work(x, y):
    h = anp.tanh(x @ y)
    return anp.sum(special.logsumexp(h, axis=1)) + anp.sum(anp.sort(x, axis=0) * x)


def test_several_threads_on_one_executable():
    """Each with its own arrays and shapes: all of a program's memory belongs to the call."""
    exe = ad.compile(ad.value_and_grad(work), cache=False)
    cases = []
    for n in (40, 41, 60, 61):
        x, y = RNG.normal(size=(n, 30)), RNG.normal(size=(30, n))
        exe(x, y)
        cases.append((x, y, eager(ad.value_and_grad(work), (x, y))))
    wrong: list[str] = []

    def run(x, y, wanted):
        try:
            for _ in range(50):
                assert_close(eager(lambda: exe(x, y), ()), wanted, "in a thread", 1e-11)
        except AssertionError as error:
            wrong.append(str(error))

    threads = [threading.Thread(target=run, args=case) for case in cases for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_threads_that_all_compile_first():
    exe = ad.compile(ad.value_and_grad(work), cache=False)
    x, y = RNG.normal(size=(12, 5)), RNG.normal(size=(5, 12))
    found, barrier = [], threading.Barrier(4)

    def run():
        barrier.wait()
        found.append(exe(x, y)[0])

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(exe.stats.specialisations) == 1


def singular(x):
    return anp.sum(anp.linalg.solve(x @ x.T, x[:, 0]) * 2.0)


def test_the_exception_of_an_operation_comes_out_as_it_is():
    exe = ad.compile(singular, cache=False)
    x = RNG.normal(size=(3, 3))
    assert exe(x) == pytest.approx(float(eager(singular, (x,))[0]))
    with pytest.raises(np.linalg.LinAlgError) as caught:
        exe(np.zeros((3, 3)))
    with pytest.raises(np.linalg.LinAlgError) as wanted:
        singular(np.zeros((3, 3)))
    assert type(caught.value) is type(wanted.value)
    assert str(caught.value).splitlines()[0] == str(wanted.value).splitlines()[0]
    assert exe(x) == pytest.approx(float(eager(singular, (x,))[0]))


@pytest.mark.parametrize("k", [np.array([0, 7]), np.array([-6, 0]), np.array([2**40, 1])])
def test_an_index_out_of_range_is_refused_as_in_eager_mode(k):
    f = lambda x, k: anp.sum(x[k] * 2.0)
    exe = ad.compile(f, cache=False)
    x = RNG.normal(size=5)
    assert exe(x, np.array([0, -5])) == pytest.approx(4 * x[0])
    with pytest.raises(IndexError) as caught:
        exe(x, k)
    with pytest.raises(IndexError) as wanted:
        f(ad.tensor(x), k)
    assert type(caught.value) is type(wanted.value)
    with pytest.raises(IndexError):
        ad.compile(ad.value_and_grad(f), cache=False)(x, k)


def test_other_shapes_and_dtypes_are_programs_of_their_own_or_errors():
    exe = ad.compile(lambda x, y: x @ y, cache=False)
    a = RNG.normal(size=(3, 4))
    exe(a, a.T)
    assert exe(a.astype("f4"), a.T.astype("f4")).dtype == np.float32
    assert exe(a[:, :2], a.T[:2]).shape == (3, 3)
    with pytest.raises(ShapeError):
        exe(a, a)
    with pytest.raises((DtypeError, TypeError)):
        exe(a, np.array([["a"]]))
    np.testing.assert_allclose(exe(a, a.T), a @ a.T, rtol=1e-14)


def test_arrays_beyond_the_machine_are_refused_before_any_is_made():
    exe = ad.compile(lambda x: anp.cumsum(anp.outer(x, x), axis=0), cache=False)
    x = np.ones(1_000_000)
    with pytest.raises(SizeError, match="and this machine has"):
        exe(x)
    with pytest.raises(MemoryError):
        ad.compile(lambda x: anp.broadcast_to(x, (1 << 20, 1 << 20, 1 << 4)) * 2.0, cache=False)(1.0)


@pytest.mark.parametrize("shape", [(1 << 40, 1 << 40), (1 << 62, 4), (1 << 31, 1 << 31, 4)])
def test_sizes_that_overflow_are_refused(shape):
    with pytest.raises((SizeError, ValueError, MemoryError)):
        ad.compile(lambda x: anp.sum(anp.broadcast_to(x, shape) * 2.0), cache=False)(1.0)


def test_a_large_array_that_is_never_made_costs_no_memory():
    """A sum over what fuses needs nothing of its size."""
    n = 1 << 14
    f = lambda x, y: anp.sum(anp.sin(x[:, None] * y))
    exe = ad.compile(f, cache=False).lower(np.ones(n), np.ones(n))
    assert exe.stats.specialisations[0].arena_bytes < 1 << 20


CTRL_C = """
import os, signal, threading, time
import numpy as np
import adjoint as ad, adjoint.numpy as anp

def f(x):
    for _ in range(60):
        x = anp.sin(anp.sort(x, axis=0) * 30.0)
    return anp.sum(x)

exe = ad.compile(f, cache=False)
x = np.random.default_rng(0).normal(size=(1000, 300))
exe(x)
start = time.perf_counter()
exe(x)
whole = time.perf_counter() - start
timer = threading.Timer(whole / 10, lambda: os.kill(os.getpid(), signal.SIGINT))
timer.start()
start = time.perf_counter()
try:
    exe(x)
except KeyboardInterrupt:
    print("stopped", time.perf_counter() - start < 0.7 * whole)
    print(ad.compile(anp.sum, cache=False)(np.ones((10, 10))))
"""


@pytest.mark.skipif(os.name != "posix", reason="signals are sent with kill")
def test_ctrl_c_stops_a_long_program():
    done = subprocess.run(
        [sys.executable, "-c", CTRL_C],
        env=os.environ | {"PYTHONPATH": SOURCE},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.split() == ["stopped", "True", "100.0"], done.stdout + done.stderr


def test_other_threads_run_while_a_long_program_does():
    exe = ad.compile(lambda x: anp.sum(anp.tanh(x) * anp.sin(x) + anp.exp(-x * x)), cache=False)
    x = RNG.normal(size=3_000_000)
    exe(x)
    ticks, stop = [], threading.Event()

    def count():
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.0005)

    thread = threading.Thread(target=count)
    thread.start()
    start = time.perf_counter()
    for _ in range(5):
        exe(x)
    end = time.perf_counter()
    stop.set()
    thread.join()
    inside = [t for t in ticks if start < t < end]
    assert len(inside) > 10


def test_exceptions_in_one_thread_leave_the_others_alone():
    exe = ad.compile(singular, cache=False)
    x, zero = RNG.normal(size=(3, 3)), np.zeros((3, 3))
    wanted = exe(x)
    seen: list[object] = []

    def run(bad):
        for _ in range(30):
            try:
                seen.append(exe(zero if bad else x) == wanted)
            except np.linalg.LinAlgError:
                seen.append(bad)

    threads = [threading.Thread(target=run, args=(i % 2,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 120
    assert all(seen)


def test_results_do_not_depend_on_what_the_memory_held():
    """Every call begins with whatever is in memory: nothing is read before it was written."""
    x = RNG.normal(size=(37, 19))
    f = ad.value_and_grad(
        lambda x: anp.sum(special.softmax(x, axis=0) @ anp.cumsum(x, axis=1).T * 0.1 + anp.max(x, axis=1))
    )
    exe = ad.compile(f, cache=False)
    first = eager(lambda: exe(x), ())
    for _ in range(20):
        junk = [np.full(n, np.nan) for n in (37 * 37, 19 * 37, 703, 5000)]
        del junk
        assert_close(eager(lambda: exe(x), ()), first, "again", 0.0)
    assert_close(compiled(f, (x,)), eager(f, (x,)), "value", 1e-12)
