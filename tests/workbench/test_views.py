"""Views, races, comparisons and exports: what they show agrees with what can be worked out by hand."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import adjoint as ad
from adjoint.explain.layout import place
from adjoint.graph.graph import Graph
from adjoint.workbench import pictures
from adjoint.workbench.changes import changes, structures
from adjoint.workbench.gallery import gallery
from adjoint.workbench.race import Course, visits
from adjoint.workbench.subjects import Subject, subject_of
from workbench.asking import answer, bad, good

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "story.schema.json").read_text("utf-8")))


def expression(text, **values):
    return {"source": {"expression": text}, "inputs": values}


def operations(document):
    return [node["op"] for node in document["nodes"] if node["kind"] == "op"]


def roots(document):
    return [node["value"] for node in document["nodes"] if node.get("role") == "root"]


def test_graphs_of_the_same_form_are_laid_out_once_an_answer(monkeypatch):
    forms = []

    def noted(kinds, edges):
        forms.append((kinds, edges))
        return place(kinds, edges)

    monkeypatch.setattr(pictures, "place", noted)
    found = good("views", **expression("exp(x)*sin(x)", x=0.5), of="gradient")
    drawn = [found["traced"], found["optimised"], *(r["graph"] for r in found["rewrites"] if "graph" in r)]
    assert 0 < len(set(forms)) == len(forms) < len(drawn)
    for document in drawn:
        kinds = tuple(node["kind"] for node in document["nodes"])
        cells = place(kinds, [(e["src"], e["dst"], e["slot"]) for e in document["edges"]])
        assert [tuple(node["at"]) for node in document["nodes"]] == cells


@pytest.mark.parametrize("form", ["value", "gradient"])
@pytest.mark.parametrize("name", list(gallery())[::3])
def test_three_views_of_an_example_compute_the_same(name, form):
    found = good("views", source={"example": name}, of=form)
    for document in (found["traced"], found["optimised"], *(r["graph"] for r in found["rewrites"] if "graph" in r)):
        assert [e.message[:200] for e in SCHEMA.iter_errors(document)] == []
    before, after = found["results"]["traced"], found["results"]["optimised"]
    assert len(before) == len(after)
    for one, other in zip(before, after):
        if isinstance(one, dict):
            one, other = one["rms"], other["rms"]
        assert one == pytest.approx(other, rel=1e-12, abs=1e-14)
    eager = roots(found["eager"])[0]
    assert before[0] == pytest.approx(eager, rel=1e-12)


def test_rewrites_are_stepped_one_by_one():
    found = good("views", **expression("log(1 + exp(x))", x=0.5), of="value")
    assert operations(found["traced"]) == ["exp", "add", "log"]
    assert operations(found["optimised"]) == ["softplus"]
    (step,) = found["rewrites"]
    assert (step["name"], step["stabilises"]) == ("softplus", True)
    assert (step["before"], step["after"]) == ("log(1.0 + exp(x))", "softplus(x)")
    assert (step["nodes_before"], step["nodes_after"]) == (4, 2)
    assert step["condition"]
    made = [step["graph"]["nodes"][i]["op"] for i in step["made"]]
    gone = [found["traced"]["nodes"][i]["op"] for i in step["gone"]]
    assert (made, sorted(gone)) == (["softplus"], ["add", "exp", "log"])


def test_the_gradient_is_a_graph_like_any_other():
    found = good("views", **expression("w*x", w=3, x=-2))
    assert found["of"] == "gradient"
    assert found["results"]["optimised"] == [-6.0, -2.0, 3.0]
    assert set(roots(found["traced"])) == {-6.0, -2.0, 3.0}


def test_one_picture_can_be_asked_for():
    whole = good("views", source={"example": "losses.logistic"})
    alone = good("views", source={"example": "losses.logistic"}, step=3)
    assert alone["graph"] == whole["rewrites"][2]["graph"]
    assert good("views", source={"example": "losses.logistic"}, step=0)["graph"] == whole["traced"]
    assert "there are 6 rewrites" in bad("views", source={"example": "losses.logistic"}, step=7)["what"]


def test_pictures_stop_where_they_would_be_too_many(monkeypatch):
    monkeypatch.setattr("adjoint.workbench.views.DRAWN", 40)
    found = good("views", source={"example": "losses.logistic"})
    drawn = ["graph" in step for step in found["rewrites"]]
    assert drawn == sorted(drawn, reverse=True)
    assert found["pictures_left_out"] == len(drawn) - sum(drawn) > 0


@pytest.mark.parametrize("body", [{"of": "code"}, {"of": 3}, {"step": -1}, {"step": True}, {"step": "1"}])
def test_a_view_that_there_is_not(body):
    assert bad("views", **expression("x"), **body)["help"]


def test_a_function_with_branches_has_no_static_graph():
    branching = Subject(lambda x: x * 2.0 if x > 0 else -x, "branching", {"x": 3.0}, 1, ("file", "branching"))
    found = answer("views", file=branching, source={"file": True})
    assert found["error"]["kind"] == "TracedError"
    assert "where" in found["error"]["help"]


def test_gates_that_only_read_another_value_are_not_changed():
    x = ad.tensor(2.0, requires_grad=True, name="x")

    def graph(inner):
        return Graph.from_outputs((inner * 3.0).sum() + 1.0, inputs=[x])

    before, after = graph(-(x.__neg__())), graph(x * 1.0)
    known = {}
    found = changes(before, structures(before, known), after, structures(after, known))
    assert [len(found["made"]), len(found["gone"])] == [1, 2]


# The race.


def test_visits_are_those_of_the_textbook():
    found = good("race", source={"example": "worked_examples.product_of_a_sum"}, sizes=[1, 4])
    one, four = found["lanes"]
    assert (one["gates"], one["visits"]) == (3, {"reverse": 6, "forward": 6, "differences": 6})
    assert (four["gates"], four["visits"]) == (3, {"reverse": 6, "forward": 24, "differences": 15})
    assert found["inputs"] == 4


def test_a_function_of_more_inputs_is_made_of_copies():
    found = good("race", source={"example": "worked_examples.product_of_a_sum"}, sizes=[64])
    (lane,) = found["lanes"]
    assert (lane["copies"], lane["gates"]) == (16, 16 * 3 + 15)
    assert lane["visits"]["reverse"] == 2 * 63
    assert lane["visits"]["differences"] == 65 * 63
    assert set(lane["seconds"]) == {"reverse", "forward", "differences"}
    assert lane["seconds"]["reverse"] < lane["seconds"]["differences"]
    assert lane["apart"]["forward"] < 1e-12
    assert lane["apart"]["differences"] < 1e-5


@pytest.mark.parametrize("name", ["worked_examples.neuron", "losses.hinge", "gates.where", "networks.mlp"])
def test_visits_are_what_the_engine_really_does(name):
    subject = subject_of({"example": name}, {}, None)
    names = [n for n, v in subject.values.items() if not isinstance(v, int)]
    entries = sum(np.size(subject.values[n]) for n in names)
    course = Course(subject, names, entries, 3)
    runs = []
    function = course._subject.function

    def counting(*args, **keywords):
        runs.append(1)
        return function(*args, **keywords)

    object.__setattr__(course._subject, "function", counting)
    counted = visits(course, 3)
    copies = course.copies
    runs.clear()
    course.differences()
    assert len(runs) == 4 * copies
    runs.clear()
    course.forward()
    assert len(runs) == 3 * copies
    runs.clear()
    course.reverse()
    assert len(runs) == copies
    story = ad.explain(course)(*course.start)
    assert counted["gates"] == len(story.board.operations)
    assert counted["reverse"] == counted["gates"] + len(story.backward)
    assert counted["forward"] == 3 * counted["reverse"]


def test_the_three_ways_agree_with_the_gradient():
    subject = subject_of({"expression": "a*b + sin(c)"}, {"a": 2, "b": 3, "c": 1}, None)
    course = Course(subject, ["a", "b", "c"], 3, 3)
    wanted = [3.0, 2.0, np.cos(1.0)]
    np.testing.assert_allclose(course.reverse(), wanted)
    np.testing.assert_allclose(course.forward(), wanted)
    np.testing.assert_allclose(course.differences(), wanted, atol=1e-6)


def test_a_long_race_is_counted_and_not_run(monkeypatch):
    monkeypatch.setattr("adjoint.workbench.race.BUDGET", -1.0)
    found = good("race", source={"example": "lstm.lstm_step"})
    assert [lane["n"] for lane in found["lanes"]] == [1, 2, 4, 8, 16, 32, 64]
    assert all(lane["seconds"] == {} and lane["visits"]["forward"] > 0 for lane in found["lanes"])


@pytest.mark.parametrize("sizes", [[], [0], [65], [1.5], "all", [True], [1] * 100])
def test_sizes_of_a_race(sizes):
    assert bad("race", **expression("x*y"), sizes=sizes)["help"]


def test_a_race_needs_an_input():
    assert "no input" in bad("race", **expression("1 + 2"))["what"]


# Comparisons.


def test_cross_entropy_beside_the_hinge():
    pair = {"left": {"example": "losses.cross_entropy"}, "right": {"example": "losses.hinge"}}
    found = good("compare", **pair, inputs={"scores": [3.2, 5.1, -1.7], "label": 0}, over="scores", entry=[1], points=5)
    shares = np.exp([3.2, 5.1, -1.7]) / np.exp([3.2, 5.1, -1.7]).sum()
    assert found["left"]["value"] == pytest.approx(-np.log(shares[0]))
    assert found["right"]["value"] == pytest.approx(2.9)
    np.testing.assert_allclose(found["left"]["gradients"]["scores"], shares - [1, 0, 0])
    assert found["right"]["gradients"]["scores"] == [-1.0, 1.0, 0.0]
    curve = found["curve"]
    assert curve["x"] == [-10.0, -5.0, 0.0, 5.0, 10.0]
    assert curve["right"]["value"] == pytest.approx([0.0, 0.0, 0.0, 2.8, 7.8])
    assert curve["right"]["slope"] == [0.0, 0.0, 0.0, 1.0, 1.0]
    others = np.exp(3.2) + np.exp(-1.7)
    x = np.array(curve["x"])
    assert curve["left"]["value"] == pytest.approx((np.log(np.exp(x) + others) - 3.2).tolist())
    assert curve["left"]["slope"] == pytest.approx((np.exp(x) / (np.exp(x) + others)).tolist())
    assert curve["left"]["at_once"] is curve["right"]["at_once"] is True


def test_both_losses_get_the_same_inputs():
    found = good(
        "compare", left={"expression": "half_square(p - y)"}, right={"expression": "abs(y - p)"}, inputs={"p": 5}
    )
    assert (found["left"]["value"], found["right"]["value"]) == (2.0, 2.0)  # y is 3 in both: where the left one starts
    assert {one["name"]: one["value"] for one in found["inputs"]} == {"p": 5.0, "y": 3.0}
    assert "curve" not in found


def test_a_loss_that_does_not_look_at_the_input_is_flat():
    found = good(
        "compare", left={"expression": "x**2"}, right={"expression": "y + 1"}, over="x", range=[0, 2], points=3
    )
    assert found["curve"]["left"]["value"] == [0.0, 1.0, 4.0]
    assert found["curve"]["right"] == {"value": [3.0, 3.0, 3.0], "slope": [0.0, 0.0, 0.0], "at_once": True}


def test_poles_and_numbers_that_are_none_are_words():
    found = good(
        "compare", left={"expression": "1/x"}, right={"expression": "log(x)"}, over="x", range=[-1, 1], points=3
    )
    assert found["curve"]["left"]["value"] == [-1.0, "Infinity", 1.0]
    assert found["curve"]["right"]["value"] == ["NaN", "-Infinity", 0.0]


@pytest.mark.parametrize("x", [1e308, "Infinity", "NaN"])
def test_a_curve_starts_from_every_number(x):
    found = good("compare", left={"expression": "x"}, right={"expression": "-x"}, over="x", inputs={"x": x}, points=3)
    assert np.all(np.diff(found["curve"]["x"]) > 0)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"over": "z"}, "z is none"),
        ({"over": 3}, "is none"),
        ({"over": "x", "range": [1, 1]}, "the smaller one first"),
        ({"over": "x", "range": [0, "NaN"]}, "the smaller one first"),
        ({"over": "x", "range": [0, 10**400]}, "the smaller one first"),
        ({"over": "x", "range": [-1e308, 1e308]}, "the smaller one first"),
        ({"over": "x", "points": 1}, "points"),
        ({"over": "x", "points": 10**9}, "points"),
        ({"over": "x", "entry": [0]}, "an entry of it has a place on every axis"),
        ({"inputs": 3}, "inputs must be an object"),
        ({"right": {"example": "losses.hing"}}, "no example"),
        ({"right": {"example": "losses.hinge"}, "inputs": {"w": 1}}, "neither loss has an input w"),
    ],
)
def test_a_comparison_that_cannot_be_made(body, told):
    pair = {"left": {"expression": "x**2"}, "right": {"expression": "abs(x)"}}
    assert told in bad("compare", **pair | body)["what"]


# Exports.


@pytest.mark.parametrize("form", ["html", "svg", "json", "dot", "source", "text"])
def test_what_is_exported_holds_the_story(form):
    found = good("export", **expression("w*x", w=3, x=-2), format=form, theme="dark", view="textbook")
    begins = {"html": "<!doctype html>", "svg": "<svg", "json": "{", "dot": 'digraph "w*x" {', "source": "", "text": ""}
    assert found["text"].startswith(begins[form])
    assert "6" in found["text"]
    assert found["name"].partition(".")[0] == "w-x"


def test_exported_source_runs_alone(tmp_path):
    found = good("export", source={"example": "worked_examples.neuron"}, format="source")
    file = tmp_path / found["name"]
    assert file.name == "neuron.py"
    file.write_text(found["text"], encoding="utf-8")
    subprocess.run([sys.executable, file], check=True, timeout=60)
    assert "adjoint" not in [line.split()[1] for line in found["text"].splitlines() if line.startswith("import ")]


def test_exported_json_is_the_story():
    found = good("export", **expression("w*x", w=3, x=-2), format="json")
    document = json.loads(found["text"])
    assert list(SCHEMA.iter_errors(document)) == []
    assert document == good("story", **expression("w*x", w=3, x=-2))["story"]


@pytest.mark.parametrize("body", [{}, {"format": "exe"}, {"format": ["svg"]}, {"format": "svg", "theme": "pink"}])
def test_an_export_that_there_is_not(body):
    assert bad("export", **expression("x"), **body)["help"]
