"""Workers that are too slow, too greedy or gone are replaced; of one tab's requests only the newest counts."""

import asyncio
import gc
import json
import os
import signal
import sys
import time

import numpy as np
import pytest

from adjoint.workbench.pool import Pool
from adjoint.workbench.process import Worker, WorkerError, command
from adjoint.workbench.protocol import Limits
from adjoint.workbench.worker import stamp

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


@pytest.fixture
def first(tmp_path):
    file = tmp_path / "model.py"
    file.write_text(MODEL, encoding="utf-8")
    return {"file": {"target": f"{file}:f", "values": ["x=3", "what=0"], "inputs": None}}


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


def test_a_file_of_the_user_is_told_and_its_prints_harm_nothing(first, capfd):
    async def scenario(pool):
        assert gradient(await ask(pool, 5, 1)) == 6.0
        assert gradient(await ask(pool, 0, 2, x=4.0)) == 8.0
        menu = json.loads(await pool.answer("examples", "a", 3, {}))
        assert menu["file"]["name"] == "model.py:f"
        assert [one["name"] for one in menu["file"]["inputs"]] == ["x", "what"]

    running(first, scenario)
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "loading" in printed.err
    assert "straight to the pipe" in printed.err


@posix
def test_what_takes_too_long_is_stopped_and_the_next_is_answered(first):
    async def scenario(pool):
        before = pool.pids
        start = time.monotonic()
        answer = await ask(pool, 1, 1)
        assert time.monotonic() - start < 30  # it would have slept for a minute
        assert "longer than 1 seconds" in answer["error"]["what"]
        assert gradient(await ask(pool, 0, 2)) == 6.0
        assert pool.pids != before
        with pytest.raises(ProcessLookupError):
            os.kill(before[0], 0)

    running(first, scenario, seconds=1.0)


@posix
def test_a_loop_without_end_is_stopped(first):
    async def scenario(pool):
        assert "longer than" in (await ask(pool, 6, 1))["error"]["what"]
        assert gradient(await ask(pool, 0, 2)) == 6.0

    running(first, scenario, seconds=1.0)


@posix
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not limit address space")
def test_what_takes_too_much_memory_is_told_and_the_next_is_answered(first):
    async def scenario(pool):
        answer = await ask(pool, 3, 1)
        told = json.dumps(answer)
        assert "memory" in told.lower()
        assert "Unable to allocate" in told or "more memory than the workbench" in told
        assert gradient(await ask(pool, 0, 2)) == 6.0

    running(first, scenario, seconds=20.0)


@posix
@pytest.mark.parametrize(("what", "told"), [(2, "with status 7"), (4, "by signal 11"), (8, "with status 3")])
def test_a_worker_that_ends_is_replaced(first, what, told):
    async def scenario(pool):
        answer = await ask(pool, what, 1)
        assert told in answer["error"]["what"]
        assert answer["error"]["help"]
        assert gradient(await ask(pool, 0, 2)) == 6.0

    running(first, scenario)


@posix
def test_a_worker_that_is_killed_while_it_waits_is_replaced(first):
    async def scenario(pool):
        (pid,) = pool.pids
        os.kill(pid, signal.SIGKILL)
        while pool.pids:
            await asyncio.sleep(0.05)
        assert gradient(await ask(pool, 0, 1)) == 6.0

    running(first, scenario)


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


def test_of_one_tab_only_the_newest_request_counts(first):
    async def scenario(pool):
        asked = [asyncio.create_task(ask(pool, 7 if i == 0 else 0, i, x=float(i))) for i in range(10)]
        found = [await task for task in asked]
        assert [one["status"] for one in found] == ["superseded"] * 9 + ["ok"]
        assert gradient(found[-1]) == 18.0
        assert (await ask(pool, 0, 4))["status"] == "superseded"
        assert (await ask(pool, 0, 9))["status"] == "superseded"
        assert gradient(await ask(pool, 0, 10)) == 6.0

    running(first, scenario)


def test_a_superseded_request_is_answered_at_once_and_its_worker_does_not_block_for_long(first):
    async def scenario(pool):
        slow = asyncio.create_task(ask(pool, 1, 1))
        await asyncio.sleep(0.3)
        start = time.monotonic()
        fast = asyncio.create_task(ask(pool, 0, 2))
        assert (await slow)["status"] == "superseded"
        assert time.monotonic() - start < 5
        assert gradient(await fast) == 6.0
        assert time.monotonic() - start < 30  # it would have slept for a minute

    running(first, scenario, seconds=60.0)


def test_two_tabs_do_not_supersede_each_other_and_work_side_by_side(first):
    async def scenario(pool):
        while len(pool.pids) < 2:
            await asyncio.sleep(0.05)
        start = time.monotonic()
        one, other = await asyncio.gather(ask(pool, 9, 1, tab="a"), ask(pool, 9, 1, tab="b", x=5.0))
        assert (gradient(one), gradient(other)) == (6.0, 10.0)
        assert time.monotonic() - start < 5.9  # each sleeps for three seconds

    running(first, scenario, size=2, seconds=20.0)


def test_requests_of_other_kinds_do_not_supersede_each_other(first):
    async def scenario(pool):
        one, other = await asyncio.gather(ask(pool, 0, 1), ask(pool, 0, 2, name="race"))
        assert one["status"] == other["status"] == "ok"

    running(first, scenario)


def test_a_flood_is_refused_in_words(first, monkeypatch):
    monkeypatch.setattr("adjoint.workbench.pool.WAITING", 3)

    async def scenario(pool):
        found = await asyncio.gather(*(ask(pool, 7 if i == 0 else 0, 1, tab=f"t{i}") for i in range(8)))
        statuses = [one["status"] for one in found]
        assert statuses.count("ok") == 8 - statuses.count("error")
        assert 0 < statuses.count("error") < 8
        assert "too much to do" in next(o for o in found if o["status"] == "error")["error"]["what"]

    running(first, scenario, seconds=20.0)


def test_tabs_are_forgotten(first, monkeypatch):
    monkeypatch.setattr("adjoint.workbench.pool.LANES", 4)

    async def scenario(pool):
        for i in range(10):
            await ask(pool, 0, 1, tab=f"t{i}")
        assert len(pool._lanes) == 4

    running(first, scenario)


@posix
@pytest.mark.parametrize("what", [10, 12])
def test_an_answer_belongs_to_its_request_whatever_a_function_writes_or_forks(first, what):
    async def scenario(pool):
        for seq in range(0, 9, 3):
            assert gradient(await ask(pool, what, seq)) == 6.0
            assert gradient(await ask(pool, 0, seq + 1, x=float(seq))) == 2.0 * seq
            assert "examples" in json.loads(await pool.answer("examples", "a", seq + 2, {}))

    running(first, scenario)


@posix
def test_what_a_function_forked_ends_with_its_worker(first):
    async def scenario(pool):
        (group,) = pool.pids
        assert gradient(await ask(pool, 11, 1)) == 6.0
        assert "longer than" in (await ask(pool, 6, 2))["error"]["what"]
        await _gone(group)
        (group,) = pool.pids
        assert "with status 7" in (await ask(pool, 13, 3))["error"]["what"]  # at once, and not when the time is up
        await _gone(group)

    running(first, scenario, seconds=4.0)


async def _gone(group):
    """Who kills processes need not be who buries them."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        await asyncio.sleep(0.1)
    raise AssertionError


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
        assert "model.py:2" in text_of
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


def test_who_goes_away_does_not_take_the_worker_along(first):
    async def scenario(pool):
        gone = asyncio.create_task(ask(pool, 7, 1))
        await asyncio.sleep(0.2)
        gone.cancel()
        assert gradient(await ask(pool, 0, 1, tab="b")) == 6.0

    running(first, scenario, seconds=20.0)


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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def f(x): return x\nraise ValueError('broken')", "ValueError: broken"),
        ("def g(x): return x", "has no function f"),
        ("def f(x:", "SyntaxError"),
        ("import sys; sys.exit(2)", "SystemExit"),
        ("import os; os._exit(2)", "the worker ended before it was ready"),
    ],
)
def test_a_file_that_cannot_be_loaded_keeps_the_workbench_from_starting(tmp_path, text, told):
    file = tmp_path / "model.py"
    file.write_text(text, encoding="utf-8")
    asked = {"file": {"target": f"{file}:f", "values": [], "inputs": None}}

    async def scenario(pool):
        raise AssertionError

    with pytest.raises(WorkerError, match=told):
        running(asked, scenario)


def test_a_worker_that_cannot_be_started_is_told():
    async def scenario():
        worker = Worker(["/nowhere/python"], {}, Limits())
        with pytest.raises(WorkerError, match="cannot be started"):
            await worker.start()
        assert not worker.alive

    asyncio.run(scenario())


@posix
def test_a_worker_without_its_server_ends_by_itself(first):
    async def scenario():
        limits = Limits(seconds=1.0)
        worker = Worker(command("adjoint.cli.worker"), first, limits)
        await worker.start()
        pid = worker.pid
        worker._process.stdin.close()
        assert await asyncio.wait_for(worker._process.wait(), 5) == 0
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    asyncio.run(scenario())


@posix
def test_a_busy_worker_without_its_server_is_ended_by_its_alarm(first, monkeypatch):
    async def scenario():
        limits = Limits(seconds=-4.0)  # the alarm is five seconds behind: it comes after one
        worker = Worker(command("adjoint.cli.worker"), first, limits)
        await worker.start()
        process = worker._process
        asked = asyncio.ensure_future(worker.ask("story", {"source": {"file": True}, "inputs": {"what": 6}}))
        assert await asyncio.wait_for(process.wait(), 20) == -signal.SIGALRM
        with pytest.raises(Exception, match="ended"):
            await asked

    asyncio.run(scenario())
