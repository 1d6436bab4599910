"""ad.check: right derivatives pass, kinks, steps, edges and lost paths are told apart, the report is readable."""

import re

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.errors import ArgumentError, CheckError, DtypeError, OperandError


def loss(w, x, b, y):
    return 0.5 * (w * x + b - y) ** 2


def test_the_example_of_the_front_page():
    report = ad.check(loss)(2.0, -2.0, 8.0, 2.0)
    assert report
    assert [(i.name, i.analytic, i.verdict) for i in report.inputs] == [
        ("w", -4.0, "ok"), ("x", 4.0, "ok"), ("b", 2.0, "ok"), ("y", -2.0, "ok"),
    ]  # fmt: skip
    assert report.modes == ["reverse", "forward"]
    for one in report.inputs:
        assert one.absolute <= one.bound < 1e-10
    report.raise_if_failed()


def test_the_bound_holds_the_error_of_the_differences():
    # d sin(40 x) / dx is known; what the differences give differs from it by less than their bound.
    x = np.linspace(-2, 2, 21)
    report = ad.check(lambda x: anp.sin(40.0 * x))(x)
    one = report["x"]
    assert abs(one.numeric - one.analytic) <= one.bound
    assert 0 < one.absolute < 1e-4


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1.0, 1e6, 1e12])
def test_any_scale(scale):
    report = ad.check(lambda x: anp.log(x) * x / scale)(np.array([0.5, 2.0, 30.0]) * scale)
    assert report, report


def test_arguments_of_very_different_size_in_one_array():
    assert ad.check(lambda x: anp.sum(anp.log(x)))(np.array([1e-9, 1e-3, 1.0, 1e5]))


def test_float32_is_differenced_in_float64():
    report = ad.check(lambda x, y: anp.exp(x) * y)(np.float32(0.3), np.ones(3, np.float32))
    assert report
    assert report["x"].bound < 1e-10
    assert report["x"].spec == ad.Spec((), np.float32)


def test_a_function_that_stays_in_float32_has_a_wider_bound():
    report = ad.check(lambda x: anp.sin(x.astype(np.float32)) * 2.0)(np.float32(0.3))
    assert report
    assert 1e-6 < report["x"].bound < 0.05


def test_float16_passes_within_its_precision():
    assert ad.check(lambda x: x * x * np.float16(3.0))(np.array([0.5, 1.5], np.float16))


def test_complex_both_parts_are_checked():
    z = np.array([1.0 + 2.0j, -0.5 + 0.1j])
    report = ad.check(lambda z: anp.abs(z) ** 2)(z)
    assert report
    assert report["z"].checked == "all 2"
    assert ad.check(lambda z, w: z * w + anp.conj(z))(z, 2.0 - 1.0j)
    assert ad.check(lambda x: anp.exp(1j * x))(0.7)


def test_containers_are_named_by_their_paths():
    report = ad.check(lambda p: p["w"] @ p["b"][0] * p["s"])({"w": np.ones((2, 3)), "b": [np.ones(3)], "s": 2.0})
    assert report
    assert [i.name for i in report.inputs] == ["p['b'][0]", "p['s']", "p['w']"]


def test_whole_numbers_among_floats_are_left_alone():
    report = ad.check(lambda x, n: x**n)(2.0, 3)
    assert [i.name for i in report.inputs] == ["x"]
    assert "not varied: n (int)" in str(report)
    assert ad.check(lambda a, b: a * b)(2, 3)["a"].analytic == 3.0


def test_argnums_choose_and_integers_raise():
    report = ad.check(lambda x, y: x * anp.round(y), 0)(2.0, 1.7)
    assert report
    assert [i.name for i in report.inputs] == ["x"]
    with pytest.raises(DtypeError, match="astype"):
        ad.check(lambda x: x * 2)(np.array([1, 2]))
    with pytest.raises(ArgumentError, match="argnums"):
        ad.check(lambda x: x, 1)(2.0)
    with pytest.raises(ArgumentError, match="nothing to differentiate"):
        ad.check(lambda x: x)("a")


def test_results_that_are_no_floats_raise():
    with pytest.raises(OperandError, match="None"):
        ad.check(lambda x: None)(1.0)
    with pytest.raises(DtypeError, match="no derivative"):
        ad.check(lambda x: anp.argmax(x))(np.ones(3))


def test_many_outputs_in_a_container():
    report = ad.check(lambda x: {"a": anp.sin(x), "n": anp.argmax(x), "b": (x[0], x @ x)})(np.array([0.3, 1.0, -2.0]))
    assert report


def test_large_inputs_go_along_random_directions():
    random = np.random.default_rng(0)
    w = random.standard_normal((200, 20)) * 0.05
    x = random.standard_normal((16, 200))
    report = ad.check(lambda w, x: anp.mean(anp.maximum(x @ w, 0.0) ** 2))(w, x)
    assert report, report
    assert report["w"].checked == "8 directions"
    assert report.calls < 8 * 2 * 70


def test_large_outputs_are_weighed_at_random():
    report = ad.check(lambda x: anp.sin(x) * x[::-1])(np.linspace(-3, 3, 500))
    assert report
    assert report.modes == ["reverse", "forward"]


def test_few_entries_and_many_outputs():
    assert ad.check(lambda x: x * np.linspace(0, 1, 1000))(2.0)


def test_an_unused_input_passes_with_a_note():
    report = ad.check(lambda x, y: x * 2)(1.0, 3.0)
    assert report
    assert report["y"].verdict == "unused"
    assert "no path" in report["y"].words


def test_empty_inputs_and_outputs():
    assert ad.check(lambda x: anp.sum(x))(np.ones(0))
    assert ad.check(lambda x: x[:0])(np.ones(3))


# Kinks, jumps and edges.


@pytest.mark.parametrize(
    ("f", "x", "left", "right", "gives"),
    [
        (abs, 0.0, -1, 1, 0.0),
        (lambda x: anp.maximum(x, 0.0), 0.0, 0, 1, 0.5),
        (lambda x: anp.clip(x, 1.0, 2.0), 1.0, 0, 1, 1.0),
        (lambda x: 3.0 * abs(x - 2.0) + x, 2.0, -2, 4, 1.0),
    ],
)
def test_a_kink_is_told_and_passes(f, x, left, right, gives):
    report = ad.check(f)(x)
    one = report[0]
    assert report
    assert one.verdict == "kink"
    assert (round(one.left, 9), round(one.right, 9), one.analytic) == (left, right, gives)
    assert "the convention gives" in one.words


def test_the_words_of_a_kink():
    words = ad.check(lambda x: abs(x))(0.0)["x"].words
    assert words.startswith("kink: the left slope is −1, the right slope 1; the convention gives 0")


def test_a_kink_nearby_is_no_kink():
    for x in (1e-3, 1e-6, -1e-5):
        assert ad.check(abs)(x)[0].verdict == "ok"


def test_a_convention_that_hides_a_smooth_function_is_a_kink():
    # relu(x) - relu(-x) is x, but at 0 both conventions give 0.
    report = ad.check(lambda x: anp.maximum(x, 0.0) - abs(anp.minimum(x, 0.0)) * 2.0)(0.0)
    assert report
    assert report[0].verdict == "kink"


def test_a_gradient_outside_both_slopes_is_wrong_at_a_kink_too():
    report = ad.check(Outside.apply)(0.0)
    assert not report
    assert report[0].verdict == "wrong"


class Outside(ad.Function):
    """abs with a slope at 0 that no convention allows."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return abs(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (anp.sign(x) if x.item() else 5.0)


@pytest.mark.parametrize("f", [anp.round, anp.floor, anp.sign, lambda x: anp.round(x) * 3.0])
@pytest.mark.parametrize("x", [0.3, -1.2, 1000.3])
def test_a_step_function_does_not_pass_silently(f, x):
    report = ad.check(f)(x)
    assert not report
    assert report[0].verdict == "flat"
    assert "flat almost everywhere" in report[0].words
    with pytest.raises(CheckError, match="did not pass"):
        report.raise_if_failed()


def test_a_flat_function_says_how_near_it_jumps():
    report = ad.check(lambda x: anp.floor(x))(0.95)
    assert "floor at test_check.py" in report["x"].words
    assert "the function jumps within ±0.1 of it" in report["x"].words


def test_a_comparison_is_flat():
    assert ad.check(lambda x: anp.where(x > 0, 1.0, 2.0))(0.5)[0].verdict == "flat"


def test_a_step_beside_a_smooth_way_is_noted():
    report = ad.check(lambda x: x - anp.floor(x))(0.3)
    assert report
    assert "floor" in report["x"].words


def test_a_jump_is_told():
    one = ad.check(lambda x: x * anp.floor(x))(1.0)["x"]
    assert one.verdict == "jump"
    assert "jumps" in one.words


def test_edges_of_the_domain():
    root = ad.check(lambda x: anp.sqrt(x))(0.0)["x"]
    assert root.verdict == "edge"
    assert "the right slope grows without bound; analytic ∞" in root.words
    assert ad.check(lambda x: x**1.5)(0.0)["x"].verdict == "edge"


def test_nan_is_told():
    with np.errstate(all="ignore"):
        report = ad.check(lambda x: anp.log(x))(-1.0)
        part = ad.check(lambda x: anp.sqrt(x))(np.array([1.0, -1.0]))
    assert not report
    assert "its output is NaN" in str(report)
    with pytest.raises(CheckError, match="cannot be checked"):
        report.raise_if_failed()
    assert "1 of 2 output numbers are not finite" in str(part)


def test_a_nan_gradient_of_a_finite_function_does_not_pass():
    with np.errstate(all="ignore"):
        report = ad.check(lambda x: anp.sqrt(anp.sum(x * x)))(np.zeros(3))
        beside = ad.check(lambda x: 1.0 / x)(np.array([2.0, 0.0]))
    assert not report
    assert report["x"].verdict == "nan"
    assert "sqrt at test_check.py" in report["x"].words
    assert beside["x"].verdict == "nan"
    assert not beside.culprits


def test_a_norm_at_zero_is_a_kink():
    assert ad.check(lambda x: anp.linalg.norm(x))(np.zeros(3))["x"].verdict == "kink"


# Functions that are not what they seem.


def test_a_function_that_is_not_deterministic():
    random = np.random.default_rng(0)
    report = ad.check(lambda x: x * random.standard_normal())(2.0)
    assert not report
    assert "not deterministic" in report.problem


def test_a_value_that_left_the_graph():
    report = ad.check(lambda x, y: x * y.item())(2.0, 3.0)
    assert report["x"].verdict == "ok"
    assert report["y"].verdict == "left"
    assert "item()" in report["y"].words
    partly = ad.check(lambda x: x * x.item())(2.0)
    assert partly["x"].verdict == "wrong"
    assert "left the graph" in partly["x"].words


def test_a_way_cut_on_purpose_is_no_wrong_rule():
    one = ad.check(lambda x: x * ad.stop_gradient(x))(2.0)["x"]
    assert one.verdict == "cut"
    assert "stop_gradient at test_check.py" in one.words


def test_a_function_that_writes_to_its_argument_is_found_out():
    data = np.array([1.0, 2.0])

    def f(x, buffer):
        buffer[0] = 5.0
        return x * buffer[0]

    report = ad.check(f, 0)(2.0, data)
    assert "changes its argument buffer in place" in str(report)
    assert data[0] == 1.0
    assert report["x"].analytic == 5.0


# The report.


def test_the_report_fits_100_columns_and_cleans_names():
    name = "a\x1b[31m" + "very" * 40
    report = ad.check(lambda p: anp.sum(anp.round(p[name])))({name: np.ones(3) * 0.3})
    text = str(report)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 100
    assert re.search(r"FAILED for 1 of 1 input: reverse, forward; differences in float64, \d+ calls", text)


def test_an_unknown_input_is_a_key_error():
    with pytest.raises(KeyError):
        ad.check(lambda x: x * 1.0)(1.0)["y"]


def test_check_works_inside_no_grad():
    with ad.no_grad():
        assert ad.check(lambda x: x * x)(3.0)["x"].analytic == 6.0


def test_the_same_seed_gives_the_same_report():
    x = np.linspace(-1, 1, 200)
    first, second = (str(ad.check(lambda x: anp.sum(anp.sin(x)), seed=3)(x)) for _ in range(2))
    assert first == second
