"""Ctrl-C in long programs, also inside one loop; what an interrupted program leaves behind."""

import importlib
import os
import signal
import threading
import time

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.compile.llvm import pauses
from compile.differ import compiled, same_bits, value_gradient_and_results
from compile.programs import drawn

native = importlib.import_module("adjoint.compile.native")

pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
    pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise"),
]


def kernel(x, y):
    return anp.sum(anp.exp(-((x[:, None] - y) ** 2)))


def long_chain(x):
    for _ in range(120):
        x = np.sin(x) + 1e-3 * x
    return anp.sum(x)


def called_until_interrupted(exe, *args):
    for _ in range(100):
        exe(*args)


@pytest.mark.parametrize(("f", "shapes"), [(kernel, [(60_000,), (60_000,)]), (long_chain, [(6_000_000,)])])
def test_control_c_ends_one_long_loop(f, shapes):
    args = [np.linspace(0.0, 1.0, shape[0]) for shape in shapes]
    exe = ad.compile(f).lower(*args)
    assert max(step.operations for step in exe.plan.steps) > 0.9 * exe.plan.operations
    sent = []

    def interrupt():
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.05, interrupt)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            called_until_interrupted(exe, *args)
    finally:
        timer.join()
    assert time.perf_counter() - sent[0] < 0.5  # the whole takes seconds; a pause comes every few milliseconds


def test_a_program_that_was_interrupted_runs_again():
    x, y = np.linspace(0.0, 1.0, 20_000), np.linspace(0.0, 1.0, 10_000)
    exe = ad.compile(kernel).lower(x, y)
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        with pytest.raises(KeyboardInterrupt):
            called_until_interrupted(exe, x, y)
    finally:
        signal.signal(signal.SIGALRM, before)
    np.testing.assert_allclose(exe(x[:10], y[:10]), kernel(ad.tensor(x[:10]), y[:10]).value, rtol=1e-12)
    np.testing.assert_allclose(exe(x, y), exe(x[::-1].copy(), y[::-1].copy()), rtol=1e-9)


@pytest.mark.parametrize("seed", range(24))
def test_pauses_change_no_bit(seed, monkeypatch):
    program = drawn(5000 + seed)
    f, args = value_gradient_and_results(program), program.arguments(seed)
    wanted = compiled(f, args)
    monkeypatch.setattr(native, "POLL", 0.0)
    monkeypatch.setattr(pauses, "PAUSE", (0.0, 2e-9, 1e-8)[seed % 3])  # after each round, or after a few
    same_bits(compiled(f, args), wanted, repr(program))


def test_short_programs_never_pause():
    exe = ad.compile(kernel, cache=False).lower(np.ones(10), np.ones(10))
    assert "adjoint_poll" not in exe._current().program.source


def test_a_stretch_is_as_long_as_a_pause_may_be_away():
    exe = ad.compile(kernel, cache=False).lower(np.ones(20_000), np.ones(20_000))
    text = exe._current().program.source
    step, run = (text.partition(f'i32 @"{name}"(ptr %".1"')[2].partition("\n}")[0] for name in ("step0", "run"))
    assert "stretch" in step
    assert "adjoint_poll" in step
    assert "adjoint_poll" in run
