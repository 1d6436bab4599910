"""ad.saved: what is held, by whom and why; shared buffers once; freed after backward."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.errors import OperandError


@pytest.fixture
def x():
    return ad.tensor(np.ones(1000), requires_grad=True, name="x")


def test_each_value_with_its_reason(x):
    y = anp.exp(x) * x
    report = ad.saved(anp.sum(anp.sin(y)))
    told = {(r.place.name, r.what): r.why for r in report}
    assert told == {
        ("leaf", "value"): "the leaf's own value",
        ("exp", "out"): "exp needs its own result for the gradient of x",
        ("sin", "x"): "sin needs its input",
        ("multiply", "x"): "multiply needs its other input for the gradient of y",
        ("multiply", "y"): "multiply needs its other input for the gradient of x",
    }
    assert report.total == 3 * 8000
    assert [r.shared for r in report] == [False] * 3 + [True] * 2
    assert next(r.name for r in report if r.place.name == "sin") == "y"


def test_sums_keep_nothing(x):
    report = ad.saved(anp.sum(x + x))
    assert [r.place.name for r in report] == ["leaf"]
    assert report.total == 8000


def test_sorted_by_bytes(x):
    small = ad.tensor(np.ones(10), requires_grad=True)
    report = ad.saved(anp.sum(anp.sin(small)) + anp.sum(anp.cos(x * 2.0)))
    sizes = [r.nbytes for r in report]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 8000


def test_backward_frees(x):
    loss = anp.sum(anp.sin(anp.exp(x)))
    before = ad.saved(loss)
    assert (before.freed, before.total) == (0, 16000)
    loss.backward()
    after = ad.saved(loss)
    assert (after.freed, after.total) == (2, 8000)
    assert "freed by an earlier backward pass: the values of 2" in str(after)


def test_a_view_counts_the_buffer_that_it_keeps_alive(x):
    part = x[:10]
    report = ad.saved(anp.sin(part))
    assert report.total == 8000


def test_what_a_function_keeps():
    class Cube(ad.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x, x * x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            return g * 3.0 * ctx.saved_tensors[1]

    report = ad.saved(Cube.apply(ad.tensor(np.ones(100), requires_grad=True)))
    kept = [(r.what, r.nbytes, r.shared) for r in report if r.place.name == "Cube"]
    assert kept == [("other", 800, False), ("input", 0, True)]
    assert report.total == 1600


def test_untracked_and_strangers():
    assert ad.saved(ad.tensor(1.0)).total == 0
    with pytest.raises(OperandError, match="tensor"):
        ad.saved(1.0)


def test_the_text_fits_and_is_cut_after_thirty_rows(x):
    y = x
    for _ in range(100):
        y = anp.sin(y)
    text = str(ad.saved(y))
    assert "held in memory: 781 KiB in 100 buffers, below 101 nodes." in text
    assert "... and 71 more values with" in text
    assert max(map(len, text.splitlines())) <= 100
