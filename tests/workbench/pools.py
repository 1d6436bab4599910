"""What the tests of the pool share: a function that misbehaves as it is told, and a pool of real workers."""

import asyncio
import json
import os

import pytest

from adjoint.workbench.pool import Pool
from adjoint.workbench.process import Worker, command
from adjoint.workbench.protocol import Limits

posix = pytest.mark.skipif(os.name != "posix", reason="limits and signals are the system's")

#: A function that does what the value of its second input says.
MODEL = """
import contextlib, os, sys, time
import numpy as np

print("loading")

def f(x, what):
    if what == 1:
        time.sleep(60)
    if what == 2:
        os._exit(7)
    if what == 3:
        held = [np.ones(1 << 24) for _ in range(64)]
    if what == 4:
        os.kill(os.getpid(), 11)
    if what == 5:
        print("printed")
        print("to stderr", file=sys.stderr)
        sys.stdin.read()
        os.write(1, b"straight to the pipe")
    if what == 6:
        while True:
            pass
    if what == 7:
        time.sleep(1.0)
    if what == 9:
        time.sleep(3.0)
    if what == 8:
        sys.exit(3)
    if what in (10, 11) and os.fork() == 0 and what == 11:
        time.sleep(60)
    if what == 12:
        for number in range(3, 20):
            with contextlib.suppress(OSError):
                os.write(number, b'{"status": "ok", "forged": 1}' + bytes([10]) + b"half a line")
    if what == 13:
        if os.fork() == 0:
            time.sleep(60)
        os._exit(7)
    if what == 14:
        os.kill(os.getpid(), 9)
    return x * x
"""


def running(first, scenario, size=1, **limits):
    """Runs a scenario with a pool of real workers."""
    chosen = Limits(**{"seconds": 20.0, "memory": 256 << 20, **limits})

    async def run():
        pool = Pool(lambda: Worker(command("adjoint.cli.worker"), first, chosen), chosen, size)
        await pool.start()
        try:
            await scenario(pool)
        finally:
            await pool.stop()
        assert pool.pids == []

    asyncio.run(run())


async def ask(pool, what, seq, tab="a", x=3.0, name="story"):
    body = {"source": {"file": True}, "inputs": {"what": what, "x": x}, "exercises": False}
    return json.loads(await pool.answer(name, tab, seq, body))


def gradient(answer):
    assert answer["status"] == "ok", answer
    return answer["story"]["nodes"][0]["grad"]
