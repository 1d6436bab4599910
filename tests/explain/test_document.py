"""The JSON of stories: what the published schema says, numbers in full, and nothing that could break out of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
import pytest

import adjoint as ad
import adjoint.numpy as np
from adjoint.view.svg import render
from explain.random_programs import random_program
from explain.worked import EXAMPLES, story_of

jsonschema = pytest.importorskip("jsonschema")
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "story.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
HOSTILE = ["[red]", "\x1b[31mq", "<script>alert(1)</script>", "a\"b'c", "]]>", "-->", "\u2028", "x" * 300, "\u202egnp"]

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def checked(story):
    text = story.to_json()
    assert "<" not in text
    found = json.loads(text)
    VALIDATOR.validate(found)
    return found


@pytest.mark.parametrize("name", EXAMPLES)
def test_worked_examples_keep_the_schema(name):
    found = checked(story_of(name))
    for view in ("wire", "textbook"):
        assert render(found, view).startswith("<svg")


def random_function(seed):
    program = random_program(seed, (1, 14), (lambda a, b: np.floor(a) + b, lambda a, b: ad.stop_gradient(a) * b))

    def f(x, y):
        last = program(x, y)
        return np.sum(last) if last.ndim else last

    return f


@pytest.mark.parametrize("seed", range(40))
def test_random_stories_keep_the_schema_and_draw(seed):
    rng = numpy.random.default_rng(seed)
    args = [rng.normal(size=(2, 3)), rng.normal(size=3)] if seed % 2 else [0.5, -1.5]
    found = checked(ad.explain(random_function(seed))(*args))
    assert [n["id"] for n in found["nodes"]] == list(range(len(found["nodes"])))
    for edge in found["edges"]:
        assert edge["src"] < edge["dst"]
    for part in (p for s in found["backward"] for p in s.get("parts", ())):
        assert 0 <= part["edge"] < len(found["edges"])
    render(found)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x: 3.0, (1.0,)),
        (lambda x: x, (1.0,)),
        (lambda z: np.abs(z), (1.0 + 1.0j,)),
        (lambda x: x * x, (numpy.zeros((0, 3)),)),
        (lambda x: np.sum(x * x), (numpy.array([numpy.nan, numpy.inf, -numpy.inf]),)),
        (lambda x: x / np.sin(x), (0.0,)),
        (lambda x: np.reshape(x, (5,)), (numpy.ones(4),)),
        (lambda x: np.split(x, 2)[0], (numpy.ones(4),)),
        (lambda x: np.floor(x), (2.5,)),
    ],
)
def test_special_stories_keep_the_schema(f, args):
    checked(ad.explain(f, rate=0.1)(*args))


def test_numbers_are_written_in_full():
    found = checked(ad.explain(lambda x: x * 0.1)(0.1))
    assert found["nodes"][0]["value"] == 0.1
    assert found["nodes"][-1]["value"] == 0.1 * 0.1
    found = checked(ad.explain(lambda x: np.log(x))(0.0))
    assert (found["nodes"][1]["value"], found["nodes"][0]["grad"]) == ("-Infinity", "Infinity")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(name):
    def f(**inputs):
        (value,) = inputs.values()
        return value * 2.0

    story = ad.explain(f, title=name)(**{name: 3.0})
    found = checked(story)
    render(found)
    for text in (str(story), story.source(), found["title"], found["nodes"][0]["name"], found["nodes"][2]["mathml"]):
        assert all(c.isprintable() or c == "\n" for c in text)
    assert "<script" not in found["nodes"][2]["mathml"]
    assert "<script" not in found["expr"]["mathml"]
    assert "</script" not in story.to_json()


def test_hostile_lines_of_source(tmp_path):
    path = tmp_path / "<b>\x1b[1m.py"
    path.write_text("def f(x):\n    return x * 2.0  # </script>\x1b[31m\n", "utf-8")
    space = {}
    exec(compile(path.read_text("utf-8"), str(path), "exec"), space)  # a file with a name that no import takes
    found = checked(ad.explain(space["f"])(3.0))
    assert found["source"]["lines"]["2"].endswith("# </script> [31m")
    assert "\x1b" not in json.dumps(found, ensure_ascii=False)
    assert found["nodes"][-1]["line"] == 2


def test_a_user_operation_is_in_the_document():
    class Odd(ad.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1.0

        @staticmethod
        def backward(ctx, g):
            return g

    Odd.__name__ = "<odd>"
    found = checked(ad.explain(lambda x: Odd.apply(x))(2.0))
    assert found["nodes"][-1]["op"] == "<odd>"
    assert "<odd>" not in found["nodes"][-1]["mathml"]
