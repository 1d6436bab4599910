"""ad.why_zero tells every kind of zero apart and names the gate; ad.kinks lists the gates that stand on a kink."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp


def reason(f, *args, name="x"):
    return ad.why_zero(f)(*args)[name]


def no_grad_inside(x):
    with ad.no_grad():
        y = x * x
    return y * 2.0


@pytest.mark.parametrize(
    ("f", "x", "told", "words"),
    [
        (lambda x: anp.sin(2.0) * 3.0, 1.0, "no path", "no path leads from it"),
        (lambda x: anp.sin(x.item()), 1.0, "no path", "item()"),
        (lambda x: anp.floor(x) * 2.0, 1.5, "cut", "cut at floor at test_why_zero.py"),
        (lambda x: x.detach() * 2.0, 1.5, "cut", "cut on purpose at detach at test_why_zero.py"),
        (lambda x: ad.stop_gradient(x) * 2.0, 1.5, "cut", "cut on purpose at stop_gradient"),
        (no_grad_inside, 1.5, "cut", "cut on purpose at no_grad at test_why_zero.py"),
        (lambda x: anp.where(x > 0.0, 1.0, 2.0), 1.5, "cut", "cut at greater"),
        (lambda x: anp.maximum(x, 5.0), 1.5, "masked", "masked at maximum at test_why_zero.py"),
        (lambda x: anp.where(np.array(False), x, 1.0), 1.5, "masked", "masked at where"),
        (lambda x: anp.clip(x, 2.0, 3.0), 1.5, "masked", "does not hold"),
        (lambda x: x * 0.0, 1.5, "local derivative 0", "multiply at test_why_zero.py"),
        (lambda x: anp.cos(x), 0.0, "local derivative 0", "cos at test_why_zero.py"),
        (lambda x: 2.0 * x - 2.0 * x, 1.5, "branches cancel", "+2 by multiply"),
        (lambda x: x * 1e-200 * 1e-200, 1.5, "underflow", "10⁻²⁰⁰ times local 10⁻²⁰⁰"),
    ],
)
def test_each_kind_of_zero(f, x, told, words):
    one = reason(f, x)
    assert one.reason == told
    assert words in one.words
    assert (one.zeros, one.total) == (1, 1)
    if told != "no path":
        assert one.places[0].file == "test_why_zero.py"
        assert not one.upstream


def test_a_gate_further_up_is_the_cause():
    def f(x):
        y = anp.sin(x)
        h = anp.exp(y)
        return anp.maximum(h - 100.0, 0.0) * 2.0

    one = reason(f, 0.7)
    assert (one.reason, one.upstream) == ("masked", True)
    assert "upstream 0, because masked at maximum" in one.words
    assert one.places[0].line == f.__code__.co_firstlineno + 3


def test_not_zero_is_said_with_its_value():
    report = ad.why_zero(lambda x, w: anp.sum(x * w))(2.0, np.array([1.0, -4.0]))
    assert [i.reason for i in report] == ["not zero", "not zero"]
    assert "its gradient is −3" in report["x"].words
    assert "up to 2" in report["w"].words


def test_parts_of_an_array_have_their_own_reasons():
    def f(x):
        return x[0] * x[1] + anp.floor(x[2]) + anp.maximum(x[3], 100.0)

    one = reason(f, np.arange(5.0) + 0.5)
    assert (one.zeros, one.total) == (3, 5)
    assert one.reason == "cut"
    assert {p.name for p in one.places} >= {"floor", "maximum"}
    for words in ("3 of 5 entries zero", "floor", "masked at maximum", "no path for 1 entries"):
        assert words in one.words


def test_a_relu_layer_that_is_dead():
    w = np.full((3, 4), -1.0)

    def f(w, x):
        h = x @ w
        return anp.sum(anp.maximum(h, 0.0))

    report = ad.why_zero(f)(w, np.ones((2, 3)))
    assert report["w"].reason == report["x"].reason == "masked"
    assert report["w"].upstream


def test_arrays_that_are_not_differentiated_are_passed_by():
    data = np.ones((2, 3))

    def f(w, b):
        return anp.sum(anp.maximum(data @ w + b, 0.0))

    report = ad.why_zero(f)(np.ones((3, 4)), np.full(4, -100.0))
    assert [(i.reason, i.upstream) for i in report] == [("masked", True), ("masked", True)]
    assert "upstream 0, because masked at maximum" in report["w"].words


def test_the_largest_takes_all():
    one = reason(lambda x: anp.max(x), np.arange(4.0))
    assert one.reason == "masked"
    assert "3 of 4 entries zero: masked at max" in one.words


def test_a_product_with_zeros_in_the_other_matrix():
    one = reason(lambda x, b: anp.sum(x @ b), np.ones(3), np.zeros((3, 2)))
    assert one.reason == "local derivative 0"
    assert "matmul" in one.words


def test_a_sum_over_a_broadcast_that_cancels():
    one = reason(lambda x, w: anp.sum(x * w), 2.0, np.array([3.0, -3.0]))
    assert one.reason == "branches cancel"
    assert "+3" in one.words
    assert "−3" in one.words


def test_several_outputs():
    def f(x):
        a, b = anp.split(x, 2)
        return anp.sum(a) + 0.0 * anp.sum(b)

    one = reason(f, np.ones(4))
    assert (one.zeros, one.total) == (2, 4)


def test_a_deep_chain_does_not_recurse():
    def f(x):
        for _ in range(5000):
            x = anp.sin(x)
        return anp.maximum(x, 10.0)

    one = reason(f, 0.5)
    assert (one.reason, one.upstream) == ("masked", True)


def test_the_report_is_printable_in_100_columns():
    name = "a\x1b[1m" + "x" * 200
    text = str(ad.why_zero(lambda p: anp.floor(p[name]))({name: 1.5}))
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 100
    with pytest.raises(KeyError):
        ad.why_zero(lambda x: x)(1.0)["y"]


# Kinks.


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (lambda x: abs(x), np.array([0.0, 1.0, 0.0]), [("abs", 2, 3)]),
        (lambda x: anp.maximum(x, 1.0), np.array([1.0, 2.0]), [("maximum", 1, 2)]),
        (lambda x: anp.clip(x, 0.0, 1.0), np.array([0.0, 0.5, 1.0]), [("clip", 2, 3)]),
        (lambda x: anp.sqrt(x), np.array([0.0, 4.0]), [("sqrt", 1, 2)]),
        (lambda x: anp.max(x, axis=1), np.array([[1.0, 1.0], [1.0, 2.0]]), [("max", 1, 2)]),
        (lambda x: anp.sort(x), np.array([1.0, 1.0, 2.0]), [("sort", 1, 1)]),
        (lambda x: anp.floor(x), 2.0, [("floor", 1, 1)]),
        (lambda x: anp.round(x), 2.5, [("round", 1, 1)]),
        (lambda x: x % 2.0, 4.0, [("remainder", 1, 1)]),
        (lambda x: anp.where(x > 0.0, x, 0.0), 0.0, [("greater", 1, 1)]),
        (lambda x: x**0.5, np.array([0.0, 1.0]), [("sqrt", 1, 2)]),
        (lambda x: x**1.5 + abs(x - 3.0), 2.0, []),
    ],
)
def test_gates_on_a_kink_are_listed(f, x, expected):
    report = ad.kinks(f)(x)
    assert [(k.place.name, k.count, k.total) for k in report] == expected
    assert bool(report) == bool(expected)
    assert report.count == sum(k[1] for k in expected)


def test_kinks_of_constants_do_not_count():
    assert not ad.kinks(lambda x: x * abs(np.zeros(3)) * anp.abs(np.zeros(3)))(1.0)


def test_the_kink_report_names_the_line():
    def f(x):
        return anp.sum(abs(x))

    text = str(ad.kinks(f)(np.zeros(2)))
    assert f"abs at test_why_zero.py:{f.__code__.co_firstlineno + 1}: 2 of 2 elements" in text
    assert str(ad.kinks(f)(np.ones(2))) == "f stands on no kink here."
