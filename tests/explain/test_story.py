"""What a story knows: names, roles, gradients equal to the engine's, failures, cuts, arrays, histories and graphs."""

from __future__ import annotations

import dataclasses

import numpy
import pytest

import adjoint as ad
import adjoint.numpy as np
from adjoint.errors import ArgumentError, OperandError


def roles(story):
    return {i.name: i.role for i in story.board.items if i.kind == "leaf"}


def said(story):
    return " ".join(str(story).split())


def test_arguments_have_the_names_of_the_signature():
    def f(params, *xs, scale, **more):
        return params["w"][0] * xs[1] * scale * more["k"] + params["b"] + xs[0]

    story = ad.explain(f)({"w": [2.0], "b": 3.0}, 4.0, 5.0, scale=6.0, k=7.0)
    assert story.gradients == {
        "params['b']": 1.0, "params['w'][0]": 210.0, "xs[0]": 1.0, "xs[1]": 84.0, "scale": 70.0, "k": 60.0,
    }  # fmt: skip


def test_dataclasses_are_containers():
    @dataclasses.dataclass
    class Point:
        x: float
        y: float

    story = ad.explain(lambda p: p.x * p.y)(Point(2.0, 3.0))
    assert list(story.gradients.values()) == [3.0, 2.0]


def test_argnums_choose_the_parameters_and_the_rest_is_data():
    story = ad.explain(lambda w, x: w * x, argnums=0)(2.0, 3.0)
    assert roles(story) == {"w": "parameter", "x": "data"}
    assert story.gradients == {"w": 3.0}
    assert "grad" not in story.to_dict()["nodes"][1]


def test_whole_numbers_stay_whole_unless_there_is_no_float():
    assert ad.explain(lambda x, n: x**n)(2.0, 3).gradients == {"x": 12.0}
    assert ad.explain(lambda x, y: x * y)(2, 3).gradients == {"x": 3.0, "y": 2.0}
    index = numpy.array([1, 0])
    story = ad.explain(lambda x, i: np.sum(x[i] * x))(numpy.array([2.0, 5.0]), index)
    assert roles(story)["i"] == "data"
    assert story.gradients["x"].tolist() == [10.0, 4.0]


def test_captured_arrays_are_data_under_their_own_name():
    weights = numpy.array([1.0, 2.0])
    story = ad.explain(lambda x: np.sum(x * weights + weights))(numpy.ones(2))
    assert roles(story) == {"x": "parameter", "weights": "data"}
    assert sum(i.name == "weights" for i in story.board.items) == 1


def test_a_captured_array_that_is_written_to_is_told_as_it_was():
    buffer = numpy.array([1.0, 2.0])

    def f(x):
        first = np.sum(x * buffer)
        buffer[:] = 10.0
        return first + np.sum(x * buffer)

    story = ad.explain(f)(numpy.ones(2))
    assert story.gradients["x"].tolist() == [11.0, 12.0]
    told = [i.value.tolist() for i in story.board.items if i.role == "data"]
    assert told == [[1.0, 2.0], [10.0, 10.0]]
    buffer[:] = -1.0
    assert [i.value.tolist() for i in story.board.items if i.role == "data"] == told


def test_intermediates_have_the_users_names_and_composed_functions_one():
    def f(x):
        m = np.mean(x)
        for _ in range(2):
            m = m * 2.0
        return m

    names = [i.name for i in ad.explain(f)(numpy.ones(3)).board.operations]
    assert names == ["v1", "m", "m_2", "m_3"]


def test_a_result_without_a_name_is_called_as_the_function():
    def loss(x):
        return x * 2.0

    assert ad.explain(loss)(1.0).board.root.name == "loss"
    assert ad.explain(lambda x: x * 2.0)(1.0).board.root.name == "J"
    assert ad.explain(lambda J: J * 2.0)(1.0).board.root.name == "result"


@pytest.mark.parametrize("seed", range(12))
def test_gradients_are_the_engines(seed):
    rng = numpy.random.default_rng(seed)
    unary = [np.sin, np.tanh, np.exp, np.abs, lambda v: np.maximum(v, 0.1), np.square, lambda v: v[::-1]]
    chosen = rng.integers(0, len(unary), 6)
    data = rng.normal(size=3)

    def f(x, y):
        a, b = x, y
        for k in chosen:
            a, b = unary[k](a) * b, b + a / (2.0 + data**2)
        return np.sum(a * b)

    args = rng.normal(size=3), rng.normal(size=3)
    story = ad.explain(f)(*args)
    value, gradients = ad.value_and_grad(f, argnums=(0, 1))(*args)
    assert story.value == value
    numpy.testing.assert_allclose(story.gradients["x"], gradients[0], rtol=1e-13)
    numpy.testing.assert_allclose(story.gradients["y"], gradients[1], rtol=1e-13)
    # Every value's gradient is the sum of what its uses bring.
    for item in story.board.items:
        shares = [story.board.edges[e].contrib for e in item.outs if story.board.edges[e].contrib is not None]
        if shares and item.grad is not None:
            numpy.testing.assert_allclose(sum(shares), item.grad, rtol=1e-12, atol=1e-14)


def test_indexing_gates_show_each_share():
    story = ad.explain(lambda x: x[0] * x[1])(numpy.array([2.0, 3.0]))
    shares = [story.board.edges[e].contrib.tolist() for e in story.board.items[0].outs]
    assert sorted(shares) == [[0.0, 2.0], [3.0, 0.0]]


def test_several_outputs():
    def f(x):
        a, b = np.split(x, 2)
        return np.sum(a * b)

    story = ad.explain(f)(numpy.arange(4.0))
    assert story.gradients["x"].tolist() == [2.0, 3.0, 0.0, 1.0]
    assert [i.op.name for i in story.board.operations][:3] == ["split", "item", "item"]
    assert [story.board.items[s.node].op.name for s in story.backward].count("item") == 2


def test_a_gradient_inside_the_function_is_explained_too():
    story = ad.explain(lambda x: ad.grad(lambda y: y**3)(x))(2.0)
    assert story.value == 12.0
    assert story.gradients == {"x": 12.0}


def test_complex_numbers():
    story = ad.explain(lambda z: np.abs(z) ** 2)(1.0 + 2.0j)
    assert story.gradients == {"z": 2.0 + 4.0j}
    assert "1 + 2i" in str(story)
    assert story.to_dict()["nodes"][0]["grad"] == {"re": 2.0, "im": 4.0}


def test_float32_stays():
    story = ad.explain(lambda x: x * 2.0)(numpy.float32(1.5))
    assert story.board.root.spec == "f32[]"


def test_an_array_result_is_explained_by_the_sum_of_its_entries():
    story = ad.explain(lambda x: x * x)(numpy.array([1.0, 2.0]))
    assert story.gradients["x"].tolist() == [2.0, 4.0]
    assert "1 for each of the 2 entries" in said(story)


@pytest.mark.parametrize(
    ("f", "reason"),
    [
        (lambda x, y: np.floor(x) * 2.0 + y, "floor blocks it"),
        (lambda x, y: ad.stop_gradient(x) * y, "stop_gradient blocks it"),
        (lambda x, y: np.maximum(x, 10.0) * y, "maximum routes the gradient elsewhere"),
        (lambda x, y: y * 2.0, "no path to J"),
    ],
)
def test_why_a_gradient_is_zero(f, reason):
    story = ad.explain(f)(2.5, 3.0)
    assert story.gradients["x"] == 0.0
    assert reason in story.to_dict()["nodes"][0]["zero"]
    assert reason in said(story)
    assert "zero" not in story.to_dict()["nodes"][1]


def test_a_step_that_is_stood_on_is_told():
    text = said(ad.explain(lambda x: np.floor(x) * x)(2.0))
    assert "Floor (line" in text
    assert "stands on a step: a jump at every whole number." in text
    assert "stands on a step" not in said(ad.explain(lambda x: np.floor(x) * x)(2.5))


def test_no_grad_leaves_a_cut():
    def f(x):
        with ad.no_grad():
            k = x * 2.0
        return x * k

    story = ad.explain(f)(3.0)
    assert story.gradients == {"x": 6.0}
    assert any(i.op.name == "cut" for i in story.board.operations)
    assert "a cut hides a path" in said(story)


def test_nothing_to_show():
    story = ad.explain(lambda x: 3.0)(1.0)
    assert "Nothing to show: the function did no operation on a tracked input." in str(story)
    assert (story.value, story.backward) == (3.0, [])
    assert ad.explain(lambda x: x)(4.0).gradients == {"x": 1.0}


def test_a_failed_run_keeps_its_steps():
    def f(x):
        y = x * 2.0
        return np.reshape(y, (1,)) @ np.ones(3)

    story = ad.explain(f)(2.0)
    found = story.to_dict()
    assert story.value is None
    assert found["outcome"]["status"] == "failed"
    assert found["outcome"]["what"].startswith("ShapeError: matmul needs equal inner sizes")
    assert "^" in found["outcome"]["where"]
    assert "help" in found["outcome"]
    failed = found["nodes"][found["outcome"]["node"]]
    assert (failed["op"], "value" in failed) == ("matmul", False)
    assert [n["op"] for n in found["nodes"] if n["kind"] == "op"] == ["multiply", "reshape", "matmul"]
    assert found["backward"] == []
    assert "failed here" in str(story)


def test_an_error_of_the_users_own_is_told_with_its_line():
    def f(x):
        y = x * 2.0
        raise ValueError(f"no \x1b[31m way with {y.item()}")

    story = ad.explain(f)(2.0)
    assert "The run failed: ValueError: no [31m way with 4.0" in str(story)
    assert "raise ValueError" in story.failure.where
    assert "node" not in story.to_dict()["outcome"]


def test_a_call_that_does_not_fit_raises():
    with pytest.raises(ArgumentError, match="missing a required argument"):
        ad.explain(lambda x, y: x)(1.0)
    with pytest.raises(ArgumentError, match="argnums asks for argument 3"):
        ad.explain(lambda x: x, argnums=3)(1.0)
    with pytest.raises(OperandError, match="returned None"):
        ad.explain(lambda x: None)(1.0)


def test_values_at_full_precision_are_ones_own():
    x = numpy.array([0.1, 0.2])
    story = ad.explain(lambda x: np.sum(x * x))(x)
    value, gradient = story.values("x")
    value[:] = 9.0
    assert story.values("x")[0].tolist() == [0.1, 0.2]
    assert gradient.tolist() == [0.2, 0.4]
    with pytest.raises(ArgumentError, match="no value named 'q'"):
        story.values("q")


def test_users_operations():
    class Cube(ad.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 3.0 * x**2

    story = ad.explain(lambda x: Cube.apply(x) * 2.0)(2.0)
    assert story.gradients == {"x": 24.0}
    assert "Cube saved it for its backward" in str(story)
    assert story.source().startswith("# No flat source: ")


class TestHistories:
    def loss(self):
        w = ad.tensor(2.0, requires_grad=True, name="w")
        J = 0.5 * (w * -2.0 + 8.0 - 2.0) ** 2
        return w, J

    def test_before_and_after_backward(self):
        _, J = self.loss()
        before = str(J.explain())
        J.backward()
        assert str(J.explain()) == before
        assert "∂J/∂w" in before

    def test_a_story_changes_no_gradient(self):
        w, J = self.loss()
        J.backward()
        J.explain()
        assert w.grad.item() == -4.0

    def test_what_was_not_kept_is_named(self):
        x = ad.tensor(numpy.ones(20), requires_grad=True, name="x")
        large = numpy.arange(20.0)
        shifted = x + large
        total = np.sum(np.square(shifted))
        story = total.explain()
        assert story.gradients["x"].tolist() == (2.0 * (1.0 + large)).tolist()
        assert "The history did not keep what it takes to compute data1" in said(story)
        total.backward()
        story = total.explain()
        assert "shifted, square, total could not be computed again" in said(story)
        assert story.gradients == {}

    def test_an_untracked_tensor(self):
        assert "Nothing to show" in str(ad.tensor(2.0).explain())


def test_a_defined_graph():
    g = ad.Graph.define(
        {
            "c": ("multiply", "w", "x"),
            "a": ("add", "c", "b"),
            "d": ("subtract", "a", "y"),
            "J": ("half_square", "d"),
        },
        output="J",
    )
    story = g.explain(w=2.0, x=-2.0, b=8.0, y=2.0)
    assert (story.value, story.gradients) == (2.0, {"w": -4.0, "x": 4.0, "b": 2.0, "y": -2.0})
    assert story.formula.text == "J = ½(w × x + b − y)²"
    with pytest.raises(ArgumentError, match="missing: y"):
        g.explain(w=2.0, x=-2.0, b=8.0)
    wide = g.explain(w=numpy.ones(3), x=2.0, b=8.0, y=2.0)
    assert wide.gradients["w"].shape == (3,)


def test_a_long_chain_does_not_recurse():
    def f(x):
        for _ in range(5_000):
            x = x * 1.0001
        return x

    story = ad.explain(f)(1.0)
    assert story.gradients["x"] == pytest.approx(1.0001**5000)
    assert len(str(story).splitlines()) < 400
    assert "4,940 steps more" in str(story)
    assert "Only the leaves were nudged" in said(story)
    assert len(story.to_dict()["nodes"]) == 10_001


def test_a_backward_pass_that_fails_is_told():
    class Wrong(ad.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1.0

        @staticmethod
        def backward(ctx, g):
            return g, g

    story = ad.explain(lambda x: Wrong.apply(x * 2.0))(2.0)
    assert "The backward pass failed. RuleError: Wrong.backward returned 2 gradients" in said(story)
    assert story.value == 4.0
    assert story.to_dict()["outcome"]["status"] == "failed"


def test_flat_source_and_its_lines():
    def f(w, x):
        c = w * x
        return c * c

    story = ad.explain(f)(2.0, 3.0)
    space: dict = {}
    exec(story.source(), space)  # the text is what is tested
    assert space["f"](2.0, 3.0) == (36.0, (36.0, 24.0))
    found = story.to_dict()
    code = found["code"]
    forward = [code[n - 1].split("#")[0].strip() for s in found["forward"] for n in s["lines"]]
    assert forward == ["c = w * x", "f = c * c"]
    assert "turn around" in code[found["backward"][0]["lines"][0] - 1]
    assert all(s["lines"] for s in found["backward"])


def test_a_bad_entry_of_an_array_is_named():
    def entropy(p):
        return -np.sum(p * np.log(p))

    with numpy.errstate(all="ignore"):
        told = str(ad.explain(entropy)(numpy.array([0.5, 0.5, 0.0])))
    assert "∞ first appears at log" in told
    assert "in 1 of 3 entries, the first at [2]: input 0." in told


def test_what_the_story_is_assigned_to_is_no_name_of_its_result():
    s = ad.explain(np.sin)(2.0)
    assert s.board.root.name == "sin"
    told = ad.explain(ad.special.sigmoid)(2.0)
    assert told.board.root.name == "sigmoid"
    y = ad.explain(lambda x: np.sin(x))(2.0)
    assert y.board.root.name == "J"
