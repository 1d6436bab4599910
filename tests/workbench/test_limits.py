"""What is too much is refused on shapes alone, before an array of it exists."""

import time
import tracemalloc

import numpy as np
import pytest

import adjoint.numpy as anp
from adjoint.errors import SizeError
from adjoint.workbench import limits
from adjoint.workbench.limits import afford
from adjoint.workbench.protocol import Limits
from adjoint.workbench.subjects import Subject, subject_of
from workbench.asking import answer, bad


def subject(function, **values):
    return Subject(function, "f", values, len(values), ("file", id(function)))


def test_the_price_of_a_product_counts_what_it_sums():
    price = afford(subject(lambda x, y: anp.sum(x @ y), x=np.ones((10, 20)), y=np.ones((20, 30))), Limits())
    assert price.nodes == 2
    assert price.bytes == 8 * (200 + 600 + 300 + 1)
    assert price.work == 10 * 20 * 30 + 300


def test_a_broadcast_is_refused_before_it_is_made():
    many = list(range(20_000))
    tracemalloc.start()
    try:
        start = time.perf_counter()
        error = bad(
            "story", source={"example": "gates_of_arrays.broadcast"}, inputs={"x": [[i] for i in many], "row": many}
        )
        seconds, peak = time.perf_counter() - start, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert error["kind"] == "SizeError"
    assert "GiB" in error["what"]
    assert "f64[20000,20000]" in error["what"]
    assert "gates_of_arrays.py" in error["where"]
    assert peak < 64 << 20  # and not the 3 GB of the result
    assert seconds < 5


@pytest.mark.parametrize("name", ["story", "views", "race", "export"])
def test_every_answer_asks_for_the_price_first(name):
    many = list(range(20_000))
    body = {"source": {"example": "gates_of_arrays.broadcast"}, "inputs": {"x": [[i] for i in many], "row": many}}
    assert bad(name, **body, format="svg")["kind"] == "SizeError"


def test_a_comparison_asks_for_the_price_of_both_and_of_its_curves():
    many = list(range(20_000))
    pair = {"left": {"example": "gates_of_arrays.total"}, "right": {"example": "gates_of_arrays.broadcast"}}
    error = bad("compare", **pair, inputs={"x": [[i] for i in many], "row": many})
    assert error["kind"] == "SizeError"
    rows = [list(range(1000)) for _ in range(50)]
    total = {"left": {"example": "gates_of_arrays.total"}, "right": {"example": "gates_of_arrays.mean"}}
    assert "fewer points" in bad("compare", **total, inputs={"x": rows}, over="x", points=401)["help"]


def test_work_is_bounded_where_bytes_are_not():
    one = subject(lambda x: anp.sum(x @ x @ x @ x), x=np.ones((600, 600)))
    assert afford(one, Limits()) is not None
    with pytest.raises(SizeError, match=r"would take 2\.2e\+08 operations"):
        afford(one, Limits(work=10**8))


def test_a_graph_of_too_many_operations_is_refused():
    def long(x, n):
        for _ in range(n):
            x = x * 1.5
        return x

    assert afford(subject(long, x=1.0, n=100), Limits(nodes=100)).nodes == 100
    with pytest.raises(SizeError, match="has more than 100 operations"):
        afford(subject(long, x=1.0, n=101), Limits(nodes=100))


def test_whole_numbers_stay_sizes():
    one = subject(lambda x, n: anp.sum(anp.broadcast_to(x, (n, n))), x=1.0, n=3)
    assert afford(one, Limits()) is not None
    with pytest.raises(SizeError, match="7451 GiB"):
        afford(subject(one.function, x=1.0, n=10**6), Limits())


def test_a_function_that_branches_has_no_price_and_still_a_story():
    branching = subject(lambda x: x * 2.0 if x > 0 else -x, x=3.0)
    assert afford(branching, Limits()) is None
    found = answer("story", file=branching, source={"file": True})
    assert "price" not in found
    assert found["story"]["nodes"][0]["grad"] == 2.0


def test_a_function_that_fails_has_no_price_and_still_a_story():
    broken = subject(lambda x: anp.log(x) @ 3.0, x=3.0)
    assert afford(broken, Limits()) is None
    assert answer("story", file=broken, source={"file": True})["story"]["outcome"]["status"] == "failed"


def test_a_function_that_would_never_end_is_refused():
    def endless(x):
        while True:
            x = x * 1.5

    start = time.perf_counter()
    with pytest.raises(SizeError, match="has more than 5,000 operations"):
        afford(subject(endless, x=1.0), Limits(nodes=5000))
    assert time.perf_counter() - start < 10


def test_a_refusal_cannot_be_caught():
    def stubborn(x):
        for _ in range(3):
            try:
                x = anp.broadcast_to(x, (10**6, 10**6)) * 1.0
            except Exception:  # noqa: BLE001
                x = x * 1.0
        return x

    with pytest.raises(SizeError, match="7451 GiB"):
        afford(subject(stubborn, x=1.0), Limits())


def test_prices_are_remembered_by_shapes_and_not_by_values(monkeypatch):
    traces = []
    run = limits.Meter.run

    def counting(*arguments):
        traces.append(1)
        return run(*arguments)

    monkeypatch.setattr(limits.Meter, "run", counting)
    for x in (1.0, 2.0, 3.0):
        afford(subject_of({"expression": "x*x*x*2.5"}, {"x": x}, None), Limits())
    assert len(traces) == 1
    for scores in ([1.0, 2.0], [3.0, 4.0], [3.0, 4.0, 5.0]):
        afford(subject_of({"example": "losses.hinge"}, {"scores": scores, "label": 1}, None), Limits())
    assert len(traces) == 3
    for i in range(limits.REMEMBERED + 10):
        afford(subject_of({"expression": f"x*{i}"}, {}, None), Limits())
    assert len(limits._PRICES) == limits.REMEMBERED
