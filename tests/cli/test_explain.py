"""adjoint explain and check on expressions: what is printed, what is written, and the exit status."""

import json
from xml.etree import ElementTree

import jsonschema
import pytest

from cli.shell import ROOT, adjoint, process, refused

WORKED = ("(a*b+c)*f", "a=2", "b=3", "c=-10", "f=5")
SCHEMA = json.loads((ROOT / "docs" / "story.schema.json").read_text(encoding="utf-8"))


def story(*arguments):
    outcome = adjoint("explain", *arguments, "--json", "-")
    assert outcome.exit_code == 0, outcome.output
    found = json.loads(outcome.stdout)
    jsonschema.validate(found, SCHEMA)
    return found


def leaves(found):
    return {node["name"]: node.get("grad") for node in found["nodes"] if node["kind"] == "leaf"}


def root(found):
    return next(node for node in found["nodes"] if node.get("role") == "root")


@pytest.mark.parametrize(
    ("arguments", "value", "gradients"),
    [
        (("0.5*(w*x + b - y)**2", "w=2", "x=-2", "b=8", "y=2"), 2, {"w": -4, "x": 4, "b": 2, "y": -2}),
        (WORKED, -20, {"a": 15, "b": 10, "c": 5, "f": -4}),
        (("(x + y)*z", "x=-2", "y=5", "z=-4"), -12, {"x": -4, "y": -4, "z": 3}),
        (("-x**2", "x=3"), -9, {"x": -6}),
        (("e*x", "e=2", "x=3"), 6, {"e": 3, "x": 2}),
    ],
)
def test_the_story_has_the_right_numbers(arguments, value, gradients):
    found = story(*arguments)
    assert root(found)["value"] == value
    assert leaves(found) == gradients


def test_pi_and_e_are_constants_unless_they_are_given():
    assert leaves(story("sin(pi*x)", "x=0.5")) == {"x": pytest.approx(0, abs=1e-15)}
    assert set(leaves(story("pi*x", "pi=3", "x=2"))) == {"pi", "x"}


def test_the_json_is_alone_on_standard_output_and_the_rest_goes_to_standard_error():
    done = process("explain", *WORKED, "--json", "-", "--source", "--check")
    assert done.returncode == 0
    assert json.loads(done.stdout)["adjoint_story"] == 1
    assert "multiply swaps" in done.stderr
    assert "passed" in done.stderr


def test_steps_have_the_names_and_places_of_the_text():
    found = story("d = a*b; (d + c)*f", "a=2", "b=3", "c=-10", "f=5")
    steps = [node for node in found["nodes"] if node["kind"] == "op"]
    assert steps[0]["name"] == "d"
    assert [step["site"].partition(":")[2] for step in steps] == ["1 a*b", "1 d + c", "1 (d + c)*f"]
    assert found["source"]["lines"] == {"1": "d = a*b; (d + c)*f"}


def test_the_explanation_in_plain_text():
    done = process("explain", *WORKED, "--source", "--check", "--rate", "0.01")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    for words in ("Forward", "Backward", "Multiply swaps", "+15", "import numpy", "g_a", "agrees", "step"):
        assert words in done.stdout
    assert done.stderr == ""


def test_a_flat_source_runs_on_its_own(tmp_path):
    printed = process("explain", *WORKED, "--source").stdout
    program = printed[printed.index("import numpy") :]
    name = next(line for line in program.splitlines() if line.startswith("def ")).removeprefix("def ").partition("(")[0]
    (tmp_path / "flat.py").write_text(program + f"\nprint({name}(2.0, 3.0, -10.0, 5.0))\n", encoding="utf-8")
    assert process("flat.py", module=("-I",), folder=tmp_path).stdout == "(-20.0, (15.0, 10.0, 5.0, -4.0))\n"


def test_pictures_and_json_are_written(tmp_path):
    for view in ("wire", "textbook"):
        svg, text = tmp_path / f"{view}.svg", tmp_path / "story.json"
        options = ("--svg", svg, "--view", view, "--theme", "dark", "--json", text)
        assert adjoint("explain", *WORKED, *options).exit_code == 0
        assert ElementTree.parse(svg).getroot().tag.endswith("svg")
        jsonschema.validate(json.loads(text.read_text(encoding="utf-8")), SCHEMA)
    assert (tmp_path / "wire.svg").read_text() != (tmp_path / "textbook.svg").read_text()


def test_only_what_argnums_names_is_differentiated():
    assert leaves(story(*WORKED, "--argnums", "a,3")) == {"a": 15, "b": None, "c": None, "f": -4}


def test_nan_and_infinity_are_named_not_warned_about():
    done = process("explain", "log(x)*y", "x=-1", "y=2")
    assert (done.returncode, done.stderr) == (0, "")
    assert "NaN first appears" in done.stdout
    assert root(story("x/y", "x=1", "y=0"))["value"] == "Infinity"


def test_a_constant_is_no_mistake():
    assert adjoint("explain", "2+3").exit_code == 0


def test_a_failed_check_is_status_1():
    outcome = adjoint("check", "floor(x)", "x=3")
    assert (outcome.exit_code, "FLAT" in outcome.stdout) == (1, True)
    outcome = adjoint("explain", "floor(x)*y", "x=3", "y=2", "--check")
    assert (outcome.exit_code, "FLAT" in outcome.stdout) == (1, True)


def test_a_passed_check_is_status_0():
    outcome = adjoint("check", *WORKED)
    assert (outcome.exit_code, outcome.stdout.count("agrees")) == (0, 4)


@pytest.mark.parametrize(
    ("arguments", "words", "caret"),
    [
        (("(a*b+c",), "never closed", "(a*b+c\n  ^\n"),
        (("a*", "a=1"), "missing after *", "a*\n   ^\n"),
        (("2x", "x=1"), "operator is missing", "2x\n  ^^\n"),
        (("foo(x)", "x=1"), "no function foo", "^^^"),
        (("__import__(x)", "x=1"), "no function __import__", "^"),
        (("x.real", "x=1"), "attributes cannot be reached", "^"),
        (("a*b", "a=1"), "b has no value", "a*b\n    ^\n"),
        (("a*b", "a=1", "b=2", "c=3"), "c is not in the expression", ""),
        (("a*b", "a=1", "b=two"), "the value of b is not a number", "b=two\n    ^^^\n"),
        (("a*b", "a=1", "b=2", "b=3"), "b is given a value twice", "^"),
        (("a*b", "a=1", "b"), "has no =", "^"),
        (("",), "empty", ""),
        (("x" * 3000,), "2000", ""),
        (("(" * 300 + "x" + ")" * 300, "x=1"), "nested", ""),
        (("x > 1", "x=1"), "true or false", "^"),
        (("a*b", "a=1", "b=2", "--argnums", "a,z"), "no parameter z", ""),
        (("a*b", "a=1", "b=2", "--argnums", "0,a"), "a twice", ""),
        (("a*b", "a=1", "b=2", "--inputs", "x.npz"), "--inputs", ""),
    ],
)
def test_mistakes_in_an_expression(arguments, words, caret):
    told = refused(adjoint("explain", *arguments))
    assert words in told
    assert caret in told
    assert told.startswith("error: ")
    assert len(told) < 1_000


@pytest.mark.parametrize(
    "options",
    [("--jsn", "x"), ("--view", "wire"), ("--view", "round", "--svg", "a.svg"), ("--rate", "nan"), ("--rate", "x")],
)
def test_mistakes_in_options(options, tmp_path):
    told = refused(adjoint("explain", *WORKED, *options))
    assert told.startswith("error: ")
    assert "\n  help: adjoint explain --help lists" in told


def test_what_a_terminal_would_act_on_is_not_repeated():
    told = refused(adjoint("explain", "a\x1b[31m*b", "a=1"))
    assert "\x1b" not in told


@pytest.mark.parametrize("bad", ["missing/a.svg", "folder", "."])
def test_nothing_is_written_when_one_file_cannot_be(bad, tmp_path):
    (tmp_path / "folder").mkdir()
    good = tmp_path / "a.json"
    told = refused(adjoint("explain", *WORKED, "--json", good, "--svg", tmp_path / bad))
    assert "error: " in told
    assert [entry.name for entry in tmp_path.rglob("*")] == ["folder"]


def test_a_file_stays_as_it_was_when_the_run_fails(tmp_path):
    old = tmp_path / "a.json"
    old.write_text("old", encoding="utf-8")
    refused(adjoint("explain", "a*b", "a=1", "--json", old))
    refused(adjoint("explain", *WORKED, "--json", old, "--svg", tmp_path / "no" / "a.svg"))
    refused(adjoint("explain", *WORKED, "--json", old, "--svg", old))
    assert old.read_text(encoding="utf-8") == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_help_version_and_no_arguments():
    assert "explain" in adjoint("--help").stdout
    assert "--json" in adjoint("explain", "--help").stdout
    assert adjoint("--version").stdout.startswith("adjoint ")
    assert "TARGET" in refused(adjoint("explain"))
    assert adjoint("nonsense").exit_code == 2


def test_a_terminal_that_knows_only_ascii(tmp_path):
    done = process("explain", *WORKED, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Forward" in done.stdout


def test_a_page_is_written(tmp_path):
    done = adjoint("explain", *WORKED, "--html", tmp_path / "a.html")
    assert done.exit_code == 0
    text = (tmp_path / "a.html").read_text("utf-8")
    assert text.startswith("<!doctype html>")
    assert '"adjoint_story":1' in text
    refused(adjoint("explain", *WORKED, "--html", tmp_path / "no" / "a.html"))
    refused(adjoint("explain", *WORKED, "--html", "-", "--json", "-"))
    assert "named as SVG" in refused(adjoint("explain", *WORKED, "--html", tmp_path / "a.svg"))


def test_plain_numbers_divide_as_arrays_do():
    found = story("1/0*x", "x=2")
    assert root(found)["value"] == "Infinity"
    assert leaves(found) == {"x": "Infinity"}
    assert "∞" in adjoint("explain", "1/0").stdout


@pytest.mark.parametrize("command", ["explain", "check", "step", "practice", "workbench"])
def test_a_lone_h_asks_for_help(command):
    outcome = adjoint(command, "-h")
    assert outcome.exit_code == 0
    assert outcome.stdout == adjoint(command, "--help").stdout


def test_the_negative_of_h_is_an_expression():
    assert leaves(story("-h", "h=3")) == {"h": -1}
