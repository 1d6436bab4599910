"""Exercises: every one is solvable from the story alone, every answer is judged, every mistake is told."""

from __future__ import annotations

import json
import random
import warnings

import numpy
import pytest

import adjoint as ad
import adjoint.numpy as np
from adjoint.explain.answers import Verdict, check, check_ask, right_of
from adjoint.explain.exercises import HANDFUL, KINDS
from adjoint.explain.mistakes import doctored, false_value
from explain.practised import STORIES, ask_of, document_of, kinds, random_story, right_answer, row
from explain.worked import story_of


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


@pytest.mark.parametrize("name", STORIES)
def test_right_answers_are_right(name):
    document = STORIES[name]()
    judged = 0
    for exercise in document["exercises"]:
        answer = right_answer(exercise, document)
        if answer is not None:
            judged += 1
            verdict = check(exercise, answer, document)
            assert verdict.right, (exercise, answer, verdict)
    assert judged >= 3
    assert {e["kind"] for e in document["exercises"]} >= {"predict", "order", "parts", "flip", "interview"}
    assert [e["kind"] for e in document["exercises"]] == sorted(
        (e["kind"] for e in document["exercises"]), key=KINDS.index
    )


@pytest.mark.parametrize("name", STORIES)
def test_a_wrong_number_is_wrong(name):
    document = STORIES[name]()
    for exercise in kinds(document, "predict"):
        for ask in exercise["asks"]:
            right = right_of(ask, exercise["step"], document)
            wrong = ["7×7×7"] if ask["what"] == "shape" else [repr(2.5 * right + 1.0), repr(right * 1.004), "nothing"]
            for answer in wrong if right else wrong[:1]:
                verdict = check_ask(ask, exercise["step"], answer, document)
                assert not verdict.right
                assert verdict.says
                assert verdict.mistake


@pytest.mark.parametrize("name", STORIES)
def test_any_valid_order_counts_and_no_other(name):
    document = STORIES[name]()
    for exercise in kinds(document, "order"):
        steps, needs = exercise["steps"], exercise["needs"]
        assert not check(exercise, steps, document).right, "the cards must not lie in order already"
        for seed in range(12):
            shuffled = sorted(steps)
            random.Random(seed).shuffle(shuffled)
            valid = all(shuffled.index(early) < shuffled.index(late) for late, early in needs)
            assert check(exercise, shuffled, document).right == valid


def test_another_valid_order_is_accepted_and_the_first_card_out_of_order_is_named():
    document = document_of(story_of("used_twice"))
    (exercise,) = kinds(document, "order")
    # The gates c and d both wait for e alone: either may come first.
    assert check(exercise, [0, 1, 2, 3], document).right
    assert check(exercise, [0, 1, 3, 2], document).right
    assert check(exercise, [0, 3, 1, 2], document) == Verdict(False, "c needs the gradient of e first.", "order")
    assert (
        check(exercise, [1, 0, 2, 3], document).says
        == "The start comes first: e is differentiated by itself, which is 1."
    )
    assert check(exercise, [1, 2, 3], document).mistake == "unread"


def test_dependencies_are_those_of_the_graph():
    document = random_story(3)
    (exercise, *_) = kinds(document, "order")
    edges, backward = document["edges"], document["backward"]
    for late, early in exercise["needs"]:
        if not early:
            continue
        reached, waiting = set(), [backward[early]["node"]]
        while waiting:
            node = waiting.pop()
            reached.add(node)
            waiting += [e["src"] for e in edges if e["dst"] == node]
        assert backward[late]["node"] in reached


@pytest.mark.parametrize("name", STORIES)
def test_false_numbers_are_false_and_can_be_repaired(name):
    document = STORIES[name]()
    for exercise in kinds(document, "wrong"):
        part, field = row(document, exercise), {"slope": "local", "share": "down", "sum": "sum"}[exercise["place"]]
        right = part[field]
        assert abs(exercise["value"] - right) > 0.005 * max(abs(right), abs(exercise["value"]))
        assert false_value(exercise, document) == exercise["value"]
        shown = doctored(exercise, document)
        assert row(shown, exercise)[field] == exercise["value"]
        assert row(document, exercise)[field] == right, "the story itself stays as it is"
        chosen = {"edge": exercise["edge"], "what": exercise["place"]}
        assert check(exercise, chosen, document).right
        assert not check(exercise, {**chosen, "edge": exercise["edge"] + 1}, document).right
        assert not check(exercise, {**chosen, "value": repr(exercise["value"])}, document).right


def test_a_false_slope_of_an_input_is_consistent_with_its_share():
    document = document_of(story_of("half_squared_error"))
    exercise = next(e for e in kinds(document, "wrong") if e["mistake"] == "kept" and e["through"])
    shown = doctored(exercise, document)
    part, entry = row(shown, exercise), shown["backward"][exercise["step"]]
    assert part["down"] == entry["up"] * part["local"]
    leaf = shown["nodes"][shown["edges"][exercise["edge"]]["src"]]
    assert leaf["grad"] == part["down"]


@pytest.mark.parametrize("name", STORIES)
def test_no_other_gate_beside_the_right_one_would_pass_back_the_same(name):
    document = STORIES[name]()
    for exercise in kinds(document, "name"):
        entry = document["backward"][exercise["step"]]
        downs = [p["down"] for p in entry["parts"]]
        right = document["nodes"][entry["node"]]["op"]
        assert 3 <= len(exercise["options"]) <= 6
        for option in exercise["options"]:
            same = numpy.allclose(option["downs"], downs, rtol=1e-3)
            assert same == (option["op"] == right)
            verdict = check(exercise, option["op"], document)
            assert (verdict.right, verdict.mistake) == ((True, "") if same else (False, "gate"))
        assert check(exercise, "banana", document).mistake == "unread"


def test_what_other_gates_would_pass_back_is_what_they_do():
    document = document_of(story_of("product_of_a_sum"))
    exercise = next(e for e in kinds(document, "name") if e["step"] == 1)
    for option in exercise["options"]:
        grads = ad.grad(getattr(np, option["op"]), argnums=(0, 1))(-4.0, 5.0)
        numpy.testing.assert_allclose(option["downs"], grads)


def test_the_parts_of_a_training_step():
    (exercise,) = kinds(document_of(story_of("half_squared_error")), "parts")
    good = [
        ["fetch", "zero", "forward", "loss", "backward", "update"],
        ["zero", "fetch", "forward", "loss", "backward", "update"],
        ["fetch", "forward", "loss", "zero", "backward", "update"],
        ["fetch", "forward", "loss", "backward", "update", "zero"],
    ]
    for order in good:
        assert check(exercise, order, {}).right
    assert check(exercise, ["fetch", "forward", "loss", "backward", "zero", "update"], {}).mistake == (
        "zero between backward and update"
    )
    assert "needs the gradients" in check(exercise, ["fetch", "zero", "forward", "loss", "update", "backward"], {}).says
    assert check(exercise, ["fetch", "fetch"], {}).mistake == "unread"
    assert not check(exercise, [p["id"] for p in exercise["parts"]], {}).right


def interview(document, start):
    return next(e for e in kinds(document, "interview") if e["question"].startswith(start))


def test_interview_answers_are_of_this_graph():
    document = document_of(story_of("half_squared_error"))
    assert interview(document, "How often")["number"] == 2
    assert interview(document, "Which gates need")["number"] == sum(
        {m["node"]: m["bytes"] for m in document["memory"]}.values()
    )
    changed = interview(document, "What happens to the gradient of w if x")
    # J = (wx + b - y)^2 / 2: its second derivative by w and x is wx + b - y + wx = 2 - 4.
    assert "is −2" in changed["answer"]
    assert changed["values"] is True
    assert check(interview(document, "How often"), "2", document).right
    assert not check(interview(document, "How often"), "3", document).right
    branches = interview(document_of(story_of("used_twice")), "b is used 2 times")
    assert branches["number"] == 5.0


def test_the_second_derivative_in_an_answer_is_that_of_the_engine():
    def f(a, b, c):
        return np.sin(a * b) + c

    document = document_of(ad.explain(f)(0.5, 1.5, 2.0))
    hessian = ad.hessian(f, argnums=(0, 1, 2))(0.5, 1.5, 2.0)
    mixed = numpy.asarray(hessian[0][1])
    from adjoint.numbers import format_gradient

    assert (
        f"by a and b is {format_gradient(float(mixed))}"
        in interview(document, "What happens to the gradient of a if b")["answer"]
    )
    assert interview(document, "What happens to the gradient of a if c")["answer"].startswith("Nothing, to first order")


def test_where_a_gradient_vanishes():
    document = document_of(ad.explain(lambda x, y: np.maximum(x, y) * x)(3.0, 2.0))
    assert "routes" in interview(document, "Where does the gradient vanish")["answer"]
    saturated = document_of(ad.explain(lambda x: np.tanh(x) * 2.0)(40.0))
    assert "0 at these values" in interview(saturated, "Where does the gradient vanish")["answer"]


def test_reverse_and_forward_are_counted():
    document = document_of(story_of("half_squared_error"))
    answer = interview(document, "4 inputs, 1 output, 5 gates")["answer"]
    assert "10 visits" in answer
    assert "25" in answer


def test_shapes_are_asked_for_where_gradients_are_arrays():
    def f(X, w, b):
        return np.sum(np.tanh(X @ w + b))

    document = document_of(ad.explain(f)(numpy.ones((4, 3)), numpy.ones((3, 2)), numpy.zeros(2)))
    ask, step = ask_of(document, "b", "v2", "shape")
    assert check_ask(ask, step, "2", document).right
    assert check_ask(ask, step, "(2,)", document).right
    verdict = check_ask(ask, step, "4×2", document)
    assert (verdict.mistake, verdict.right) == ("shape", False)


def test_large_graphs_have_a_handful():
    def f(x):
        for _ in range(300):
            x = x * 0.99 + np.sin(x)
        return x

    document = document_of(ad.explain(f)(0.3))
    assert len(document["nodes"]) > 500
    for kind in ("predict", "order", "name", "wrong"):
        assert 1 <= len(kinds(document, kind)) <= HANDFUL
    assert len(json.dumps(document["exercises"])) < 20_000


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x: 3.0, (1.0,)),
        (lambda x: x, (1.0,)),
        (lambda x: np.floor(x), (2.5,)),
        (lambda z: np.abs(z), (1.0 + 1.0j,)),
        (lambda x: x * x, (numpy.zeros((0, 3)),)),
        (lambda x: np.sum(x * x), (numpy.array([numpy.nan, numpy.inf]),)),
        (lambda x: np.log(x) * x, (0.0,)),
        (lambda x: np.reshape(x, (5,)), (numpy.ones(4),)),
        (lambda x: np.sum(np.split(x, 2)[0]), (numpy.ones(4),)),
    ],
)
def test_odd_stories_ask_only_what_has_an_answer(f, args):
    document = document_of(ad.explain(f)(*args))
    for exercise in document["exercises"]:
        answer = right_answer(exercise, document)
        assert answer is None or check(exercise, answer, document).right


def test_exercises_are_the_same_every_time():
    first, second = (document_of(story_of("neuron"))["exercises"] for _ in range(2))
    assert first == second


def test_an_answer_of_the_wrong_kind_is_refused():
    document = document_of(story_of("bowl"))
    with pytest.raises(ValueError, match="answers are asked for"):
        check(kinds(document, "predict")[0], [], document)
    with pytest.raises(ValueError, match="right or wrong"):
        check(kinds(document, "flip")[0], "x", document)
