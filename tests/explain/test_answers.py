"""Answers: numbers as people write them, and what is said of each mistake."""

from __future__ import annotations

import pytest

import adjoint as ad
import adjoint.numpy as np
from adjoint.explain.answers import check, check_ask, parsed, parsed_shape, right_of
from explain.practised import ask_of, document_of, kinds, row
from explain.worked import story_of


@pytest.mark.parametrize("text", ["-4", "−4", " -4.0 ", "-8/2", "−4e0", "-40e-1", "– 4", "-4.003"])
def test_numbers_as_people_write_them(text):
    document = document_of(story_of("half_squared_error"))
    exercise = kinds(document, "predict")[-1]
    assert check(exercise, [text, "4"], document).right


def test_what_is_no_number():
    assert [parsed(t) for t in ("", "1,5", "nan", "inf", "1/2/3", "--1", "1e9999", "0x10", "1_0")] == [None] * 9
    assert [parsed_shape(t) for t in ("", "8×", "a", "(2,)", "2 3")] == [None, None, None, [2], [2, 3]]


@pytest.mark.parametrize(
    ("example", "name", "gate", "what", "answer", "mistake"),
    [
        ("half_squared_error", "w", "c", "share", "4", "kept"),
        ("half_squared_error", "w", "c", "share", "-2", "slope"),
        ("half_squared_error", "w", "c", "share", "2", "upstream"),
        ("half_squared_error", "w", "c", "share", "0", "passes"),
        ("half_squared_error", "w", "c", "share", "-40", "ten"),
        ("half_squared_error", "w", "c", "share", "-4.02", "close"),
        ("half_squared_error", "w", "c", "share", "17", "other"),
        ("half_squared_error", "w", "c", "share", "w times x", "unread"),
        ("half_squared_error", "y", "d", "share", "2", "sign"),
        ("product_of_a_sum", "e", "d", "share", "-5", "sign"),
        ("product_of_a_sum", "a", "e", "share", "8", "added"),
        ("sum_times_input", "q", "f", "share", "-12", "value"),
        ("used_twice", "b", "c", "share", "5", "whole"),
        ("used_twice", "b", "c", "sum", "3", "branch"),
        ("used_twice", "b", "c", "sum", "-5", "sign"),
    ],
)
def test_mistakes_are_told(example, name, gate, what, answer, mistake):
    document = document_of(story_of(example))
    ask, step = ask_of(document, name, gate, what)
    verdict = check_ask(ask, step, answer, document)
    assert (verdict.right, verdict.mistake) == (False, mistake)
    assert "{" not in verdict.says
    assert verdict.counts == (mistake not in ("close", "unread"))


def test_mistakes_of_routers_neighbours_and_many_branches():
    def f(x, y):
        m = np.maximum(x, y)
        p = x / y
        return m * p * x

    document = document_of(ad.explain(f)(3.0, 2.0))
    step, beaten = ask_of(document, "y", "m")[1], ask_of(document, "y", "m")[0]
    assert check_ask(beaten, step, "4.5", document).mistake == "blocked"
    ask, step = ask_of(document, "x", "p")
    down, up = right_of(ask, step, document), document["backward"][step]["up"]
    other = right_of(ask_of(document, "y", "p")[0], step, document)
    assert check_ask(ask, step, repr(other), document).mistake == "neighbour"
    assert check_ask(ask, step, repr(up * 2.0), document).mistake == "divided"
    assert down == up / 2.0
    for exercise in kinds(document, "predict"):
        for ask in exercise["asks"]:
            if ask["what"] == "sum" and document["nodes"][document["edges"][ask["edge"]]["src"]]["name"] == "x":
                share = row(document, {"step": exercise["step"], "edge": ask["edge"]})["down"]
                assert check_ask(ask, exercise["step"], repr(share), document).mistake == "branches"
                return
    raise AssertionError("x has three branches, and their sum must be asked for")


def test_words_of_the_messages():
    document = document_of(story_of("half_squared_error"))
    ask, step = ask_of(document, "w", "c")
    assert check_ask(ask, step, "4", document).says == "You kept w; multiply swaps: w receives upstream times x."
    assert check_ask(ask, step, "-2", document).says == "That is the slope; now multiply by the upstream gradient."
