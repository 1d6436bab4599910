"""How work ends: workers that die, browsers that go, files that change while they are served."""

import asyncio
import gc
import json
import os
import signal

import numpy as np
import pytest

from adjoint.workbench.process import WorkerError
from adjoint.workbench.worker import stamp
from workbench.pools import ask, gradient, posix, running


@posix
def test_a_request_that_a_worker_had_not_begun_is_asked_once_more(first):
    async def scenario(pool):
        (pid,) = pool.pids
        os.kill(pid, signal.SIGKILL)  # nobody has noticed when the request comes
        assert gradient(await ask(pool, 0, 1)) == 6.0
        assert pool.pids != [pid]

    running(first, scenario)


@posix
def test_who_ended_a_worker_is_not_asserted(first):
    async def scenario(pool):
        error = (await ask(pool, 14, 1))["error"]
        assert error["what"] == (
            "the worker process was ended by the system while it computed, most likely for its memory."
        )
        assert "256 MiB" in error["help"]
        assert gradient(await ask(pool, 0, 2)) == 6.0

    running(first, scenario)


@posix
def test_the_end_of_a_worker_leaves_no_traceback_in_the_terminal(first):
    heard = []

    async def scenario(pool):
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: heard.append(context))
        for seq in range(3):
            assert "longer than" in (await ask(pool, 6, seq))["error"]["what"]
        gone = asyncio.create_task(ask(pool, 6, 9))
        await asyncio.sleep(0.2)
        gone.cancel()
        assert gradient(await ask(pool, 0, 1, tab="b")) == 6.0
        gc.collect()  # an exception that nobody took is told when its task is thrown away
        await asyncio.sleep(0)

    running(first, scenario, seconds=1.0)
    assert heard == []


def test_requests_of_who_has_gone_away_are_dropped_before_they_start(first):
    async def scenario(pool):
        (worker,) = pool._workers
        busy = asyncio.create_task(ask(pool, 7, 1))
        await asyncio.sleep(0.1)
        gone = [asyncio.create_task(ask(pool, 1, 1, tab=f"t{i}")) for i in range(30)]
        await asyncio.sleep(0.1)
        assert pool._waiting == 30
        for one in gone:
            one.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
        await asyncio.sleep(0.1)
        assert pool._waiting == 0
        assert gradient(await ask(pool, 0, 1, tab="b")) == 6.0
        assert gradient(await busy) == 6.0
        assert (worker.alive, worker._asked) == (True, 2)

    running(first, scenario, seconds=60.0)


@posix
def test_what_is_computed_for_nobody_any_more_is_ended(first):
    async def scenario(pool):
        before = pool.pids
        gone = asyncio.create_task(ask(pool, 6, 1))  # it would never end
        await asyncio.sleep(0.2)
        gone.cancel()
        assert gradient(await ask(pool, 0, 1, tab="b")) == 6.0
        assert pool.pids != before

    running(first, scenario, seconds=3600.0)


def test_a_file_that_never_ends_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("adjoint.workbench.process.STARTING", 2.0)
    file = tmp_path / "model.py"
    file.write_text("while True: pass", encoding="utf-8")

    async def scenario(pool):
        raise AssertionError

    with pytest.raises(WorkerError, match="not ready after 2 seconds") as told:
        running({"file": {"target": f"{file}:f", "values": [], "inputs": None}}, scenario)
    assert "should define its function and return" in told.value.help


@posix
def test_every_worker_runs_the_text_that_was_read_first(first, tmp_path):
    file = tmp_path / "model.py"
    text = "def f(x, what):\n    y = x * x\n    if what == 1:\n        raise ValueError('no')\n    return y\n"
    file.write_text(text, encoding="utf-8")
    first["file"]["source"] = text

    async def scenario(pool):
        found = await ask(pool, 0, 1)
        assert gradient(found) == 6.0
        assert "remark" not in found
        for seq, saved in ((2, "# longer by a line\n\ndef f(x, what):\n    return x * 100\n"), (4, "def f(x:")):
            file.write_text(saved, encoding="utf-8")
            (pid,) = pool.pids
            os.kill(pid, signal.SIGKILL)
            found = await ask(pool, 0, seq)
            assert pool.pids != [pid]
            assert gradient(found) == 6.0
            assert found["remark"] == "model.py has changed since the workbench started; restart it to see the change."
            # Errors show the lines that run, and not those that stand in the file by now.
            outcome = (await ask(pool, 1, seq + 1))["story"]["outcome"]
            assert "at model.py:4   raise ValueError('no')" in outcome["where"]
        body = {"source": {"file": True}, "inputs": {"x": 3}}
        text_of = json.loads(await pool.answer("export", "a", 1, {**body, "format": "text"}))["text"]
        assert "multiply  y = x × x  3 × 3 = 9  line 2" in text_of
        assert "x * 100" not in text_of
        file.write_text(text, encoding="utf-8")
        assert "remark" not in await ask(pool, 0, 999)

    running(first, scenario)


@posix
def test_data_that_has_changed_is_told_and_not_mixed_in(first, tmp_path):
    data = tmp_path / "data.npz"
    np.savez(data, x=3.0)
    first["file"] |= {"values": ["what=0"], "inputs": str(data), "inputs_stamp": stamp(str(data))}

    async def scenario(pool):
        body = {"source": {"file": True}}
        found = json.loads(await pool.answer("story", "a", 1, body))
        assert gradient(found) == 6.0
        np.savez(data, x=np.ones(7))
        (pid,) = pool.pids
        os.kill(pid, signal.SIGKILL)
        error = json.loads(await pool.answer("story", "a", 2, body))["error"]
        assert error["what"] == "data.npz has changed since the workbench started."
        assert "restart" in error["help"]

    running(first, scenario)
