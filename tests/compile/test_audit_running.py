"""Processes, threads and interruptions around whole compiled functions."""

import os
import signal
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

SOURCE = str(Path(__file__).resolve().parents[2] / "src")

FORK = """
import os, threading
import numpy as np
import adjoint as ad, adjoint.numpy as anp

def f(x, y):
    return anp.sum(anp.tanh(x @ y) * anp.sort(x, axis=0)[:, :1])

exe = ad.compile(ad.value_and_grad(f), cache=False)
x, y = np.linspace(0.0, 1.0, 6400).reshape(80, 80), np.linspace(-1.0, 1.0, 6400).reshape(80, 80)
wanted = exe(x, y)[0]
stop = threading.Event()

def work(n):
    while not stop.is_set():
        exe(x, y)
        ad.compile(lambda x: anp.sum(anp.sin(x) * n), cache=False)(x[:n])

threads = [threading.Thread(target=work, args=(n,)) for n in (3, 4, 5)]
for t in threads:
    t.start()
for k in range(4):
    child = os.fork()
    if not child:
        code = 1
        try:
            same = exe(x, y)[0] == wanted
            value = ad.compile(ad.grad(lambda z: anp.sum(z * z) * k), cache=False)(np.ones(3))
            code = 0 if same and (value == 2.0 * k).all() else 2
        finally:
            os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
stop.set()
for t in threads:
    t.join()
"""


def python(text, timeout=100):
    """What a fresh process prints."""
    environment = os.environ | {"PYTHONPATH": SOURCE}
    done = subprocess.run(
        [sys.executable, "-c", text], env=environment, capture_output=True, text=True, timeout=timeout
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_children_of_a_process_with_threads_call_and_compile():
    """Also those that were forked while another thread was compiling or inside a program."""
    assert python(FORK) == ["0"] * 4


def layers(x, w):
    for _ in range(40):
        x = special.softmax(anp.tanh(x @ w) + x, axis=1)
    return anp.sum(x * x)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers")
@pytest.mark.parametrize("delay", [0.01, 0.05, 0.15, 0.3])
def test_control_c_during_compilation_leaves_nothing_broken(delay):
    x, w = np.full((30, 50), 0.1), np.linspace(-1.0, 1.0, 2500).reshape(50, 50)
    exe = ad.compile(ad.value_and_grad(layers), cache=False)
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        assert any(interrupted(exe.lower, x[:, :n], w[:n, :n], delay=delay) for n in range(50, 40, -1))
    finally:
        signal.signal(signal.SIGALRM, before)
    np.testing.assert_allclose(exe(x[:, :4], w[:4, :4])[0], layers(ad.tensor(x[:, :4]), w[:4, :4]).value, rtol=1e-10)


def interrupted(f, *args, delay):
    """Whether Ctrl-C after some time ended a call. What is raised inside a finalizer is lost: such is Python."""
    try:
        signal.setitimer(signal.ITIMER_REAL, delay)
        f(*args)
    except KeyboardInterrupt:
        return True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
    return False


def ticks_during(call, seconds=0.3):
    """How often another thread of Python gets to run between two calls, at most."""
    most, stop, count = 0, threading.Event(), [0]

    def tick():
        while not stop.is_set():
            count[0] += 1
            time.sleep(0)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            before = count[0]
            call()
            most = max(most, count[0] - before)
    finally:
        stop.set()
        thread.join()
    return most


def test_the_interpreter_is_left_to_others_by_programs_of_some_length_only():
    f = lambda x: anp.sum(anp.sin(x) * anp.exp(x))
    short, long = np.linspace(0.0, 1.0, 16), np.linspace(0.0, 1.0, 3_000_000)
    texts = []
    for x in (short, long):
        exe = ad.compile(f, cache=False)
        exe(x)
        texts.append(exe._current().program.source)
        if x is long:
            assert ticks_during(lambda: exe(x)) > 10
    assert "PyEval_SaveThread" not in texts[0]
    assert "PyEval_SaveThread" in texts[1]
