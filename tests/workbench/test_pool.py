"""Workers that are too slow, too greedy or gone are replaced; of one tab's requests only the newest counts."""

import asyncio
import json
import os
import signal
import sys
import time

import pytest

from adjoint.workbench.process import Worker, WorkerError, command
from adjoint.workbench.protocol import Limits
from workbench.pools import ask, gradient, posix, running


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


def test_who_goes_away_does_not_take_the_worker_along(first):
    async def scenario(pool):
        gone = asyncio.create_task(ask(pool, 7, 1))
        await asyncio.sleep(0.2)
        gone.cancel()
        assert gradient(await ask(pool, 0, 1, tab="b")) == 6.0

    running(first, scenario, seconds=20.0)


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
