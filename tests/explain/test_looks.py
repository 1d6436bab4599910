"""What the code asked of values is told beside the story, so that a page can ask it again."""

import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.explain import listener


def looks(f, *args):
    document = ad.explain(f)(*args).to_dict()
    assert document["live"]
    return document.get("looks", [])


def test_a_branch():
    def f(x, w):
        if x > 1:
            return x * w
        return x + w

    (look,) = looks(f, 2.0, 3.0)
    line = f.__code__.co_firstlineno + 1
    assert look == {
        "text": "x > 1",
        "line": line,
        "truth": True,
        "was": 1,
        "reads": [0],
        "code": [["gt", "x0", 1]],
    }


def test_an_expression_that_the_story_does_not_hold():
    def f(a, b):
        inside = a * a + b * b < 1.0
        return a * b if inside & (b > 0.0) else a - b

    (look,) = looks(f, 0.5, 0.25)
    assert look["text"] == "inside & (b > 0.0)"
    assert (look["was"], look["reads"]) == (1, [0, 1])
    assert look["code"][-1][0] == "and_"


def test_a_loop_is_asked_in_every_round():
    def root(a):
        x = a
        while abs(x * x - a) > 1e-3:
            x = (x + a / x) / 2.0
        return x

    found = looks(root, 2.0)
    assert [one["was"] for one in found] == [1] * (len(found) - 1) + [0]
    assert len(found) > 3


def test_a_number_that_is_taken_out():
    def f(x, w):
        return w * 2.0 ** round(x.item())

    (look,) = looks(f, 2.2, 3.0)
    assert (look["text"], look["truth"], look["was"], look["reads"]) == ("x.item()", False, 2.2, [0])


def test_what_a_page_cannot_ask_again_has_no_instructions():
    def f(x):
        return x * x if (anp.stack([x, x]) > 0.0).all() else x

    (look,) = looks(f, 2.0)
    assert look == {"text": "(anp.stack([x, x]) > 0.0).all()", "line": look["line"], "truth": True, "reads": [0]}


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * x if abs(-3.0) > 1 else x,  # no tensor is asked
        lambda x: f"{x:.3f}" and x * x,  # what is printed decides nothing
        lambda x: x * x if anp.array([1.0, 2.0]).sum() > 1 else x,  # no input stands behind it
    ],
)
def test_what_no_input_decides_is_not_told(f):
    assert looks(f, 2.0) == []


def test_the_same_question_at_the_same_place_is_told_once():
    def f(x):
        total = x
        for _ in range(400):
            if x > 0.0:
                total = total + x
        return total

    assert len(looks(f, 1.0)) == 1
    assert ad.explain(f)(1.0).gradients == {"x": 401.0}


def test_of_a_long_loop_the_last_round_is_told_and_that_others_are_not(monkeypatch):
    monkeypatch.setattr(listener, "MOST_LOOKS", 5)

    def f(x, w):
        s = x * 0.0
        while s < 30.0:
            s = s + x
        return s * w

    found = looks(f, 1.0, 3.0)
    assert [one.get("was") for one in found] == [1] * 5 + [0, None]
    assert (found[-1]["text"], found[-1]["reads"], "code" in found[-1]) == ("s < 30.0", [0, 1], False)


def test_a_value_that_is_read_by_name_is_a_number_taken_out():
    (look,) = looks(lambda x, w: x * w if x.value > 1.0 else w, 2.0, 3.0)
    assert (look["text"], look["truth"], look["was"]) == ("x.value", False, 2.0)


def dense(x, w):
    return anp.tanh(x * w)


def shifted(x, w):
    return x + w


def test_results_of_calls_have_the_names_that_their_caller_gave_them():
    def layers(x, w1, w2, w3):
        h1 = dense(x, w1)
        h2 = shifted(h1, w2)
        out = dense(h2, w3)
        return out * 2.0

    document = ad.explain(layers)(1.0, 2.0, 3.0, 4.0).to_dict()
    named = {n.get("op"): n["name"] for n in document["nodes"] if n["kind"] == "op"}
    assert [n["name"] for n in document["nodes"] if n.get("op") == "tanh"] == ["h1", "out"]
    assert named["add"] == "h2"


def test_a_parameter_gives_no_name_to_what_is_passed():
    def again(x, times):
        return x if not times else again(x * x, times - 1)

    document = ad.explain(lambda a: again(a, 3) * 1.5)(1.1).to_dict()
    assert [n["name"] for n in document["nodes"] if n["kind"] == "op"] == ["v1", "v2", "v3", "J"]


def test_a_result_is_called_as_the_variable_that_its_caller_gave_it():
    def inner(x, w):
        return x * w

    def f(x, w):
        heard = inner(x, w)
        return (heard - 1.0) ** 2

    story = ad.explain(f)(2.0, 3.0)
    assert story.values("heard") == (6.0, 10.0)
    assert " heard = x * w" in story.source()
