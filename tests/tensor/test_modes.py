"""Modes belong to a thread and to a task: what one of them switches off, the others record."""

import asyncio
import threading

import pytest

import adjoint as ad
from adjoint.modes import MODE, recording, switched


def product():
    w = ad.tensor(2.0, requires_grad=True)
    return w * 3.0


def test_no_grad_and_its_end():
    with ad.no_grad():
        assert not product().requires_grad
        with ad.no_grad():
            assert not product().requires_grad
        assert not product().requires_grad
    assert product().requires_grad
    with pytest.raises(ZeroDivisionError), ad.no_grad():
        1 / 0
    assert product().requires_grad
    assert MODE.get() is None


def test_leaves_are_made_under_no_grad():
    with ad.no_grad():
        w = ad.tensor(1.0, requires_grad=True)
    assert w.requires_grad
    assert (w * 2.0).requires_grad


def test_no_grad_as_a_decorator():
    @ad.no_grad()
    def quiet():
        """Nothing is recorded here."""
        return product()

    assert not quiet().requires_grad
    assert quiet.__doc__ == "Nothing is recorded here."
    assert product().requires_grad


def test_threads_do_not_see_each_others_modes():
    inside, leave = threading.Event(), threading.Event()
    found = {}

    def quiet():
        with ad.no_grad(), ad.scope("quiet"):
            inside.set()
            leave.wait(10)
            found["quiet"] = product().requires_grad

    def loud():
        inside.wait(10)
        y = product()
        found["loud"] = (y.requires_grad, y.node.scope)
        leave.set()

    threads = [threading.Thread(target=f) for f in (quiet, loud)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(20)
    assert found == {"quiet": False, "loud": (True, None)}


def test_a_thread_starts_with_recording_on():
    found = []
    with ad.no_grad():
        thread = threading.Thread(target=lambda: found.append(product().requires_grad))
        thread.start()
        thread.join(20)
        assert not recording()
    assert found == [True]


def test_threads_record_and_differentiate_at_once():
    shared = ad.tensor([1.0, 2.0], requires_grad=True)
    found = [None] * 4

    def work(k):
        w = ad.tensor(float(k), requires_grad=True)
        for _ in range(20):
            y = (shared * w).sum()
            for _ in range(20):
                y = y * 1.0 + w
            w.grad = None
            (w.grad,) = ad.gradients(y, [w])
        found[k] = w.grad.item()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    assert found == [23.0] * 4


def test_tasks_do_not_see_each_others_modes():
    async def main():
        quiet_inside, loud_done = asyncio.Event(), asyncio.Event()

        async def quiet():
            with ad.no_grad():
                quiet_inside.set()
                await loud_done.wait()
                return product().requires_grad

        async def loud():
            await quiet_inside.wait()
            with ad.scope("loud"):
                await asyncio.sleep(0)
                y = product()
            loud_done.set()
            return y.requires_grad, y.node.scope

        return await asyncio.gather(quiet(), loud())

    assert asyncio.run(main()) == [False, (True, "loud")]


def test_a_task_inherits_the_mode_it_was_started_in():
    async def main():
        async def child():
            return product().requires_grad

        with ad.no_grad():
            task = asyncio.create_task(child())
        return await task, product().requires_grad

    assert asyncio.run(main()) == (False, True)


def test_scopes_nest_and_reach_leaves_and_operations():
    with ad.scope("encoder"):
        w = ad.tensor(1.0, requires_grad=True)
        with ad.scope("layer1"):
            y = w * 2.0
        z = y * 2.0
    assert (w.node.scope, y.node.scope, z.node.scope) == ("encoder", "encoder/layer1", "encoder")
    assert (z * 2.0).node.scope is None


def test_writes_respect_the_mode_of_their_thread():
    w = ad.tensor([1.0, 2.0], requires_grad=True)
    caught = []

    def write():
        try:
            w[0] = 5.0
        except ad.errors.InPlaceError as error:
            caught.append(error)

    with ad.no_grad():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join(20)
        w[1] = 5.0
    assert len(caught) == 1
    assert w.tolist() == [1.0, 5.0]


def test_while_everything_is_recorded_cut_values_and_data_are_not_tracked():
    with switched(everything=True, dead=set()):
        w = ad.tensor(2.0, requires_grad=True)
        data = ad.tensor(3.0) * 2.0
        cut = (w * 2.0).detach()
        after = cut + 1.0
        step = w // 1.0
        with ad.no_grad():
            quiet = w * 5.0
        kept = w * data
        for t in (data, cut, after, step, quiet):
            assert t.node is not None
            assert not t.requires_grad
            float(t)
        assert kept.requires_grad
        with pytest.raises(ad.errors.TrackedError):
            float(kept)
        assert cut.node.params == {"by": "detach"}
        assert quiet.node.params == {"by": "no_grad"}
        v = kept * ad.tensor([1.0, 2.0])
        v[0] = w
        v += data
        assert [v.requires_grad, v.node.op.name] == [True, "add"]
    assert v.tolist() == [8.0, 30.0]
