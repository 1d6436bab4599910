"""Times of steps: a row for each step of the plan, what they say, and programs that have none."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.errors import ArgumentError


def loss(w, x):
    return anp.sum(anp.tanh(anp.cumsum(x, axis=0) @ w) ** 2)


ARGS = np.ones((30, 4)), np.linspace(0.0, 1.0, 1500).reshape(50, 30)


def test_every_step_of_the_plan_has_a_time():
    exe = ad.compile(ad.value_and_grad(loss), cache=False)
    profile = exe.stats.time(*ARGS)
    assert [t.step for t in profile.steps] == list(exe.plan.steps)
    assert len(profile.steps) > 2
    assert all(t.seconds >= 0.0 for t in profile.steps)
    assert 0.0 < profile.seconds < 1.0
    assert sum(t.share for t in profile.steps) == pytest.approx(1.0)
    longest = max(profile.steps, key=lambda t: t.seconds)
    step = longest.step
    assert longest.speed == pytest.approx(step.operations / longest.seconds * 1e-9)
    assert longest.bandwidth == pytest.approx((step.bytes_read + step.bytes_written) / longest.seconds * 1e-9)


def test_long_steps_take_their_part_of_the_time():
    def two(x, y):
        return anp.sum(anp.exp(anp.tanh(x))), anp.sum(anp.cumsum(y, axis=0))

    x, y = np.linspace(0.0, 1.0, 400_000), np.ones(10)
    exe = ad.compile(two, cache=False)
    profile = exe.stats.time(x, y)
    heavy = max(profile.steps, key=lambda t: t.step.operations)
    assert heavy.share > 0.8
    assert 0.2 < profile.seconds / exe.stats.measure(x, y, repeat=5) < 5.0


def test_the_table_has_a_row_a_step_and_fits_a_hundred_columns():
    profile = ad.compile(ad.value_and_grad(loss), cache=False).stats.time(*ARGS)
    lines = str(profile).splitlines()
    assert lines[0].startswith("loss: ")
    assert lines[1].split() == ["step", "time", "share", "GB/s", "Gop/s", "what"]
    assert len(lines) == 2 + len(profile.steps)
    assert max(map(len, lines)) <= 100
    assert any("test_profile.py:" in line and "numpy's cumsum(x)" in line for line in lines)
    assert repr(profile).startswith(f"<Profile of loss: {len(profile.steps)} steps, ")


def test_timing_leaves_the_program_as_it_was():
    exe = ad.compile(ad.value_and_grad(loss), cache=False)
    before = exe(*ARGS)
    exe.stats.time(*ARGS)
    after = exe(*ARGS)
    assert before[0] == after[0]
    np.testing.assert_array_equal(before[1], after[1])


def test_programs_without_steps_have_one_time():
    flat = ad.compile(loss, backend="python").stats.time(*ARGS)
    assert len(flat.steps) == 1
    assert flat.seconds > 0.0
    assert str(flat).splitlines()[-1].split()[-3:] == ["the", "whole", "program"]


def test_the_tape_has_one_time():
    def chain(x):
        for _ in range(300):
            x = anp.tanh(x * 1.01)
        return x

    exe = ad.compile(chain, cache=False)
    profile = exe.stats.time(0.5)
    assert "tape" in str(exe.plan)
    assert [t.step for t in profile.steps] == [None]
    assert profile.seconds > 0.0


def test_a_program_that_stops_early_says_so():
    exe = ad.compile(lambda x, i: anp.sum(x[i]), cache=False)
    x = np.ones(5)
    exe(x, np.array([1, 2]))
    with pytest.raises((ArgumentError, IndexError)):
        exe.stats.time(x, np.array([1, 9]))
