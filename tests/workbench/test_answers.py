"""What is answered: stories, errors in three parts, exports; against the numbers of the textbook."""

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from adjoint.errors import AdjointError
from adjoint.workbench import subjects
from adjoint.workbench.gallery import example, gallery
from adjoint.workbench.protocol import Limits, error_of
from adjoint.workbench.subjects import Subject
from workbench.asking import answer, bad, good

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "story.schema.json").read_text("utf-8")))


def grads(story):
    return {n["name"]: n["grad"] for n in story["nodes"] if n["kind"] == "leaf"}


def inputs(found):
    return {one["name"]: one for one in found["inputs"]}


def expression(text, **values):
    return {"source": {"expression": text}, "inputs": values}


def test_the_classic_example_has_the_numbers_of_the_textbook():
    found = good("story", source={"example": "worked_examples.squared_error"})
    assert grads(found["story"]) == {"w": -4, "x": 4, "b": 2, "y": -2}
    assert found["price"] == {"nodes": 5, "bytes": 72, "work": 5}
    assert found["ms"] > 0
    w = inputs(found)["w"]
    assert (w["value"], w["kind"], w["range"], w["editable"]) == (2.0, "number", [-10.0, 10.0], True)
    assert found["story"]["nodes"][w["node"]]["name"] == "w"
    assert found["story"]["source"]["file"] == "worked_examples.py"


@pytest.mark.parametrize("name", list(gallery()))
def test_every_example_is_told_whole(name):
    found = good("story", source={"example": name})
    assert found["story"]["outcome"] == {"status": "ok"}
    assert [one["name"] for one in found["inputs"]] == list(example(name).values)
    assert all("value" in one and "node" in one for one in found["inputs"] if one["kind"] != "integer")
    errors = [e.message[:200] for e in SCHEMA.iter_errors(found["story"])]
    assert errors == []


def test_the_menu():
    found = good("examples")
    listed = {one["id"]: one for one in found["examples"]}
    assert {one["group"] for one in listed.values()} == {"worked", "gates", "losses", "networks", "memory"}
    assert len(listed) > 50
    one = listed["worked_examples.product_of_a_sum"]
    assert one["expression"] == "d = a*b; e = d + c; L = e*f"
    told = good("story", **expression(one["expression"], **{i["name"]: i["value"] for i in one["inputs"]}))
    assert grads(told["story"]) == {"a": 15, "b": 10, "c": 5, "f": -4}
    assert "file" not in found


@pytest.mark.parametrize("name", [name for name, one in gallery().items() if one.expression])
def test_an_example_and_its_expression_are_one_computation(name):
    values = example(name).values
    one = good("story", source={"example": name})["story"]
    other = good("story", **expression(example(name).expression, **values))["story"]
    assert grads(one) == pytest.approx(grads(other))


def test_an_edited_input_changes_both_passes():
    found = good("story", **expression("w*x + b", w=3, x=-2, b=1))
    assert grads(found["story"]) == {"w": -2, "x": 3, "b": 1}
    again = good("story", **expression("w*x + b", w=3, x=5, b=1))
    assert grads(again["story"]) == {"w": 5, "x": 3, "b": 1}


def test_a_new_name_gets_a_value_and_a_value_without_its_name_is_left_out():
    found = good("story", **expression("a*b + c", a=7, gone=1))
    assert {name: one["value"] for name, one in inputs(found).items()} == {"a": 7.0, "b": 3.0, "c": 0.5}


def test_a_name_with_a_value_hides_the_constant():
    assert list(inputs(good("story", **expression("e*x", x=1)))) == ["x"]
    assert inputs(good("story", **expression("e*x", x=1, e=2)))["e"]["value"] == 2.0


def test_an_edited_array_of_an_example():
    scores = [1.0, 2.0, 3.0]
    found = good("story", source={"example": "losses.cross_entropy"}, inputs={"scores": scores, "label": 2})
    shares = np.exp(scores) / np.exp(scores).sum()
    root = next(n for n in found["story"]["nodes"] if n.get("role") == "root")
    assert root["value"] == pytest.approx(-np.log(shares[2]))
    assert inputs(found)["label"]["kind"] == "integer"
    longer = good("story", source={"example": "losses.cross_entropy"}, inputs={"scores": [1, 2, 3, 4], "label": 3})
    assert inputs(longer)["scores"]["shape"] == [4]


def test_values_that_are_no_numbers_have_words():
    found = good("story", **expression("x*y", x="NaN", y="-Infinity"))
    assert [one["value"] for one in found["inputs"]] == ["NaN", "-Infinity"]
    assert grads(found["story"]) == {"x": "-Infinity", "y": "NaN"}
    assert good("story", **expression("exp(x)", x=1e300))["story"]["nodes"][1]["value"] == "Infinity"


def test_a_failed_run_is_a_story_that_says_where_it_stopped():
    found = good("story", source={"example": "gates_of_arrays.matmul"}, inputs={"x": [[1, 2]]})
    outcome = found["story"]["outcome"]
    assert outcome["status"] == "failed"
    assert "matmul needs equal inner sizes" in outcome["what"]
    assert "gates_of_arrays.py" in outcome["where"]
    assert "adjoint/workbench" not in json.dumps(found)


def test_a_result_of_many_numbers_is_no_story():
    many = Subject(lambda x: x * 2.0, "twice", {"x": np.ones(3)}, 1, ("file", "many"))
    found = answer("story", file=many, source={"file": True})
    assert found["error"]["kind"] == "ShapeError"
    assert "sum" in found["error"]["help"]


def test_a_mistake_in_an_expression_is_told_with_its_place():
    error = bad("story", **expression("2*(x + y"))
    assert (error["kind"], error["what"], error["span"]) == ("ExpressionError", "this ( is never closed.", [2, 3])
    assert error["where"].endswith("^")
    assert error["help"] == "write the missing )."


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "a request is about one thing"),
        ({"source": {}}, "about one thing"),
        ({"source": {"expression": "x", "example": "gates.add"}}, "about one thing"),
        ({"source": []}, "source must be an object"),
        ({"source": {"expression": 3}}, "an expression is text"),
        ({"source": {"script": "x"}}, "a source is an expression, an example or the file"),
        ({"source": {"file": True}}, "no file was named"),
        ({"source": {"example": "gates.adds"}}, "there is no example gates.adds"),
        ({"source": {"example": 3}}, "there is no example 3"),
        ({"source": {"example": "gates.add"}, "inputs": {"z": 1}}, "add has no input z"),
        ({"source": {"example": "gates.add"}, "inputs": [1]}, "inputs must be an object"),
        (expression("x", x="1"), "x needs a number, got text"),
        (expression("x", x=True), "x needs a number, got true or false"),
        (expression("x", x=None), "x needs a number, got nothing"),
        (expression("x", x=[1, 2]), "x needs a number, got a list"),
        (expression("x", x=10**400), "x is too large for a float64"),
        ({"source": {"example": "losses.hinge"}, "inputs": {"label": 1.5}}, "label is a whole number"),
        ({"source": {"example": "losses.hinge"}, "inputs": {"scores": 1}}, "scores is an array of shape (3,)"),
        ({"source": {"example": "losses.hinge"}, "inputs": {"scores": [1, [2]]}}, "needs a number, got a list"),
        ({"source": {"example": "losses.hinge"}, "inputs": {"scores": [[1], [2, 3]]}}, "do not make an array"),
        ({"source": {"example": "losses.hinge"}, "inputs": {"scores": ["a"]}}, "needs a number, got text"),
        ({"source": {"expression": "x"}, "rate": "fast"}, "a step size is a number"),
        ({"source": {"expression": "x"}, "exercises": 1}, "exercises are wanted or not"),
    ],
)
def test_whatever_is_wrong_with_a_request_is_told_in_three_parts(body, told):
    error = bad("story", **body)
    assert told in error["what"]
    assert error["help"].endswith((".", "?"))


def deep(n):
    found = [1.0]
    for _ in range(n):
        found = [found]
    return found


def test_deep_lists_are_refused():
    error = bad("story", source={"example": "losses.hinge"}, inputs={"scores": deep(50)})
    assert "do not make an array" in error["what"]


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", "worked_examples.py", "gates.add\x00", "x" * 10_000]
)
def test_no_path_of_a_request_is_ever_opened(path, monkeypatch):
    gallery()  # loads our own files once

    def opened(*arguments, **settings):
        raise AssertionError(arguments)

    for place in ("builtins.open", "os.open", "io.open_code"):
        monkeypatch.setattr(place, opened)
    for source in ({"example": path}, {"file": path}, {"expression": path}):
        error = bad("story", source=source)
        assert error["kind"] in ("ArgumentError", "ExpressionError")
        assert len(error["what"]) < 300


HOSTILE = [
    "<script>alert(1)</script>", "__import__('os').system('x')", "().__class__", "open('/etc/passwd')", "a" * 5000,
    "(" * 1000 + "x" + ")" * 1000, "x" + "+x" * 999, "**".join("9" * 200), "9**9**9**9", "1e999999", "-" * 1500 + "x",
    "x\x00y", "\u202ex", "exp(" * 150 + "x" + ")" * 150, "lambda: 0", "x; x; x;" * 200, "import os", "{x}", "x[0]",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_expressions_end_in_a_story_or_in_three_parts(text):
    found = answer("story", source={"expression": text}, exercises=False)
    assert found["status"] in ("ok", "error")
    if found["status"] == "error":
        error = found["error"]
        assert {"kind", "what", "help"} <= error.keys()
        assert len(json.dumps(error)) < 1000
    else:
        assert found["story"]["outcome"]["status"] == "ok"


def test_a_very_long_name_is_told_short_and_drawn():
    name = "x" * 1000
    found = good("story", **expression(f"{name}*2"))
    assert found["inputs"][0]["name"] == name


def test_control_characters_reach_nobody():
    told = error_of(AdjointError("a\x1b[31m b.", where="c\x07\nd", help="e\u202e."))
    assert told == {"kind": "AdjointError", "what": "a [31m b.", "where": "c \nd", "help": "e ."}


def test_an_answer_that_is_too_long_says_so():
    error = answer("story", limits=Limits(answer=1000), source={"expression": "a*b"})["error"]
    assert "too much for a page" in error["what"]
    assert "save" in error["help"]


def test_what_nobody_foresaw_is_an_answer_too(monkeypatch, capsys):
    def broken(*arguments):
        raise KeyError("lost")

    broken.__code__ = broken.__code__.replace(co_filename=subjects.__file__)  # as if it stood there
    monkeypatch.setattr("adjoint.workbench.stories.afford", broken)
    error = bad("story", source={"expression": "x"})
    assert "KeyError" in error["what"]
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(("error", "told"), [(MemoryError(), "more memory"), (RecursionError(), "nested too deeply")])
def test_memory_and_depth_that_run_out_are_told(monkeypatch, error, told):
    def broken(*arguments):
        raise error

    monkeypatch.setattr("adjoint.workbench.stories.afford", broken)
    assert told in bad("story", source={"expression": "x"})["what"]


def test_exercises_can_be_left_out_while_a_slider_moves():
    assert good("story", **expression("a*b"))["story"]["exercises"]
    assert good("story", **expression("a*b"), exercises=False)["story"]["exercises"] == []


class Unwritable(Exception):
    def __str__(self):
        raise TypeError


@pytest.mark.parametrize("error", [Unwritable(), ValueError("A" * 10_000_000)])
def test_an_error_whose_message_is_no_message_has_a_story_too(error):
    def f(x):
        raise error

    found = good("story", file=Subject(f, "f", {"x": 3.0}, 1, ("file", id(error))), source={"file": True})
    assert found["story"]["outcome"]["what"].startswith(type(error).__name__)
    assert len(json.dumps(found)) < 20_000


def boom(w=2.0):
    raise RuntimeError("boom")


def missing(w=2.0):
    import no_such_module_anywhere  # noqa: F401

    return w


ASKED = {"story": {}, "views": {}, "race": {}, "export": {"format": "json"}}


@pytest.mark.parametrize("name", [*ASKED, "compare"])
@pytest.mark.parametrize(
    ("function", "what"), [(boom, "RuntimeError: boom"), (missing, "ModuleNotFoundError: No module")]
)
def test_what_the_users_function_raises_is_told_in_the_same_words_everywhere(name, function, what, capsys):
    file = Subject(function, "loss", {"w": 2.0}, 1, ("file", function))
    mine = {"file": True}
    sources = {"left": mine, "right": {"expression": "w"}} if name == "compare" else {"source": mine}
    found = answer(name, file=file, **sources, **ASKED.get(name, {}))
    if name == "export":
        found = {"error": json.loads(found["text"])["outcome"]}
    if name == "story":
        found = {"error": found["story"]["outcome"]}
    error = found["error"]
    assert error["what"].startswith(what)
    assert error["where"].startswith("at test_answers.py:")
    assert "report" not in error.get("help", "")
    assert "Traceback" not in capsys.readouterr().err
