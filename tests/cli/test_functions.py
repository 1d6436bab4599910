"""adjoint explain FILE:FUNCTION: a user's file, arrays from an npz file, and everything that may be wrong with them."""

import inspect
import json
import pickle

import jsonschema
import numpy as np
import pytest

import adjoint as ad
from adjoint.cli.loading import load_function, source_of
from cli.shell import ROOT, adjoint, process, refused

MODEL = """\
import numpy as np
from dataclasses import dataclass
from helper import two

@dataclass
class Settings:
    rate: float = 0.1

def loss(w, x, b, y):
    h = np.tanh(w @ x + b)
    return ((h - y) ** two()).mean()

def sized(x, n: int, *, scale=2.0):
    for _ in range(n):
        x = x * scale
    return x

def talkative(x):
    print("a word from the user")
    return x * x

def nothing(x):
    x * 2

def words(x):
    return "x"

def vector(w):
    return w * 2

def wrong(x):
    y = x * 2
    return missing + y

def quits(x):
    raise SystemExit(3)

def endless(x):
    return endless(x)

def twice(x):
    import adjoint as ad
    w = ad.tensor(2.0, requires_grad=True)
    J = w * w
    J.backward()
    J.backward()
    return J

def leaf(x):
    import adjoint as ad
    w = ad.tensor(2.0, requires_grad=True)
    w += 1.0
    return w * x

def most(w):
    return np.maximum(w, 0).sum()

def everything(**values):
    return values["a"] * values["b"]

scale = 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    (tmp_path / "helper.py").write_text("def two():\n    return 2\n", encoding="utf-8")
    (tmp_path / "typo.py").write_text("x = 1\ndef f(:\n    pass\n", encoding="utf-8")
    (tmp_path / "boom.py").write_text('raise ValueError("too early")\n', encoding="utf-8")
    (tmp_path / "lost.py").write_text("import no_such_module\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("f = 1\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def arrays():
    random = np.random.default_rng(0)
    return {"w": random.normal(size=(3, 4)), "x": random.normal(size=4), "b": np.zeros(3), "y": np.ones(3)}


def test_a_function_with_arrays(folder, arrays):
    np.savez(folder / "data.npz", **arrays)
    outcome = adjoint("explain", "model.py:loss", "--inputs", "data.npz", "--json", "-", "--check")
    assert outcome.exit_code == 0, outcome.output
    found = json.loads(outcome.stdout)
    jsonschema.validate(found, json.loads((ROOT / "docs" / "story.schema.json").read_text(encoding="utf-8")))
    root = next(node for node in found["nodes"] if node.get("role") == "root")
    h = np.tanh(arrays["w"] @ arrays["x"] + arrays["b"])
    assert root["value"] == pytest.approx(((h - arrays["y"]) ** 2).mean(), rel=1e-15)
    assert {n["name"] for n in found["nodes"] if n.get("role") == "parameter"} == {"w", "x", "b", "y"}
    assert found["source"]["file"] == "model.py"
    assert outcome.stderr.count("agrees") == 4


def test_argnums_by_name(folder, arrays):
    np.savez(folder / "data.npz", **arrays)
    found = json.loads(
        adjoint("explain", "model.py:loss", "--inputs", "data.npz", "--argnums", "w,b", "--json", "-").stdout
    )
    assert {n["name"] for n in found["nodes"] if n.get("role") == "parameter"} == {"w", "b"}


def test_numbers_on_the_command_line(folder):
    found = json.loads(adjoint("explain", "model.py:sized", "x=1", "n=3", "--json", "-").stdout)
    assert {n["name"]: n["grad"] for n in found["nodes"] if n["kind"] == "leaf"}["x"] == 8
    found = json.loads(adjoint("explain", "model.py:everything", "a=2", "b=3", "--json", "-").stdout)
    assert {n["name"]: n["grad"] for n in found["nodes"] if n["kind"] == "leaf"} == {"a": 3, "b": 2}


def test_what_the_function_prints_is_no_output(folder):
    outcome = process("explain", "model.py:talkative", "x=3", "--json", "-", folder=folder)
    assert json.loads(outcome.stdout)["adjoint_story"] == 1
    assert "a word from the user" in outcome.stderr


def test_empty_arrays(folder):
    np.savez(folder / "data.npz", w=np.zeros(0))
    assert adjoint("explain", "model.py:most", "--inputs", "data.npz").exit_code == 0


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("model.py:nothing", ["nothing returned None", "model.py:", "help: return"]),
        ("model.py:words", ["'x'", "defined at model.py"]),
        ("model.py:wrong", ["NameError", "model.py:33   return missing + y", "^^^^^^^"]),
        ("model.py:quits", ["SystemExit: 3", "model.py:36   raise SystemExit(3)"]),
        ("model.py:endless", ["RecursionError", "model.py:39"]),
        ("model.py:twice", ["FreedError", "retain_graph"]),
        ("model.py:leaf", ["InPlaceError", "no_grad"]),
        ("model.py:los", ["no function los", "did you mean loss?"]),
        ("model.py:scale", ["not a function, but an int"]),
        ("model.py:Settings", ["not a function, but a type"]),
        ("model.py:", ["names a file but no function"]),
        ("model.py", ["names a file but no function", "model.py:loss"]),
        ("modle.py:loss", ["no file modle.py", "did you mean model.py?"]),
        ("no/where.py:loss", ["no file no/where.py"]),
        ("notes.txt:f", ["not a Python file"]),
        (".:f", ["not a Python file"]),
        ("typo.py:f", ["SyntaxError", "typo.py:2   def f(:", "^"]),
        ("boom.py:f", ["ValueError: too early", "boom.py:1"]),
        ("lost.py:f", ["ModuleNotFoundError", "lost.py:1"]),
    ],
)
def test_mistakes_in_the_file(folder, target, words):
    told = refused(adjoint("explain", target, "x=3"))
    for word in words:
        assert word in told
    assert "site-packages" not in told
    assert "core.py" not in told
    assert len(told.splitlines()) <= 6


def spoil(content, name):
    """A file that is no good npz, made from a good one."""
    return {
        "cut": content[: len(content) // 2],
        "flipped": content[:200] + bytes([content[200] ^ 255]) + content[201:],
        "text": b"hello",
        "empty": b"",
        "pickle": pickle.dumps({"w": 1}),
    }[name]


@pytest.mark.parametrize("name", ["cut", "flipped", "text", "empty", "pickle"])
def test_damaged_files(folder, arrays, name):
    np.savez(folder / "good.npz", **arrays)
    (folder / "data.npz").write_bytes(spoil((folder / "good.npz").read_bytes(), name))
    told = refused(adjoint("explain", "model.py:loss", "--inputs", "data.npz", "--json", "out.json"))
    assert "data.npz cannot be read as an npz file" in told
    assert not (folder / "out.json").exists()


class Trap:
    """An object whose unpickling would be seen."""

    def __reduce__(self):
        return (open, ("sprung", "w"))


def test_objects_are_never_unpickled(folder, arrays):
    np.savez(folder / "data.npz", **{**arrays, "w": np.array([Trap()], dtype=object)})
    assert "never loaded" in refused(adjoint("explain", "model.py:loss", "--inputs", "data.npz"))
    assert not (folder / "sprung").exists()


@pytest.mark.parametrize(
    ("changes", "items", "words"),
    [
        ({"x": None, "b": None}, [], ["x and b of loss have no value", "loss(w, x, b, y)"]),
        ({"weights": np.ones(2)}, [], ["weights is no parameter of loss"]),
        ({"X": np.ones(4), "x": None}, [], ["did you mean x instead of X?"]),
        ({"w": np.array(["a"])}, [], ["not an array of numbers"]),
        ({"x": np.ones(5)}, [], ["ShapeError", "4 and 5", "model.py:10"]),
        ({k: np.ones(s, int) for k, s in {"w": (3, 4), "x": 4, "b": 3, "y": 3}.items()}, [], ["int64", "astype"]),
        ({}, ["w=3"], ["w is given in data.npz and on the command line"]),
        ({}, ["w"], ["has no ="]),
    ],
)
def test_values_that_do_not_fit(folder, arrays, changes, items, words):
    given = {k: v for k, v in {**arrays, **changes}.items() if v is not None}
    np.savez(folder / "data.npz", **given)
    told = refused(adjoint("explain", "model.py:loss", "--inputs", "data.npz", *items))
    for word in words:
        assert word in told


def test_other_mistakes_in_values(folder, arrays):
    np.save(folder / "one.npy", arrays["w"])
    np.savez(folder / "w.npz", w=np.ones(3))
    assert "without a name" in refused(adjoint("explain", "model.py:loss", "--inputs", "one.npy"))
    assert "no file data.npz" in refused(adjoint("explain", "model.py:loss", "--inputs", "data.npz"))
    assert "is a folder" in refused(adjoint("explain", "model.py:loss", "--inputs", "."))
    assert "whole number" in refused(adjoint("explain", "model.py:sized", "x=1", "n=2.5"))
    told = refused(adjoint("explain", "model.py:vector", "--inputs", "w.npz"))
    assert "shape (3,)" in told
    assert "model.py:29" in told


def test_a_process_of_its_own_says_the_same(folder):
    done = process("explain", "model.py:wrong", "x=3", folder=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert "model.py:33" in done.stderr


def test_a_wrong_rule_is_status_1(folder):
    (folder / "own.py").write_text(
        "import adjoint as ad\n"
        "class Double(ad.Function):\n"
        "    @staticmethod\n    def forward(ctx, x):\n        return 2 * x\n"
        "    @staticmethod\n    def backward(ctx, g):\n        return 3 * g\n"
        "def f(x):\n    return Double.apply(x)\n",
        encoding="utf-8",
    )
    outcome = adjoint("check", "own.py:f", "x=3")
    assert (outcome.exit_code, "WRONG" in outcome.stdout) == (1, True)


def test_an_example_gives_the_arguments_of_its_functions(tmp_path, monkeypatch):
    text = "def f(a, b):\n    return a * b\n\ndef g(a):\n    return a * a\n\nEXAMPLES = {f: (2.0, 3.0)}\n"
    (tmp_path / "own.py").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    found = json.loads(adjoint("explain", "own.py:f", "--json", "-").stdout)
    assert {n["name"]: n.get("grad") for n in found["nodes"] if n["kind"] == "leaf"} == {"a": 3, "b": 2}
    assert "has no value" in refused(adjoint("explain", "own.py:g"))


def test_a_file_gives_inputs_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "def inputs():\n    return {'a': 2.0, 'b': 3.0, 'c': 9.0}\n\ndef f(a, b=1.0):\n    return a * b\n"
    (tmp_path / "own.py").write_text(text, "utf-8")
    found = json.loads(adjoint("explain", "own.py:f", "--json", "-").stdout)
    assert {n["name"]: n["value"] for n in found["nodes"] if n["kind"] == "leaf"} == {"a": 2, "b": 3}
    found = json.loads(adjoint("explain", "own.py:f", "b=5", "--json", "-").stdout)
    assert {n["name"]: n["value"] for n in found["nodes"] if n["kind"] == "leaf"} == {"a": 2, "b": 5}
    (tmp_path / "own.py").write_text(text.replace("{'a': 2.0, 'b': 3.0, 'c': 9.0}", "[1.0]"), "utf-8")
    assert "not values by the names" in refused(adjoint("explain", "own.py:f"))
    (tmp_path / "own.py").write_text(text.replace("return {", "return 1 / 0 or {"), "utf-8")
    assert "ZeroDivisionError" in refused(adjoint("explain", "own.py:f"))
    (tmp_path / "own.py").write_text(text.replace("def inputs()", "def inputs(x)"), "utf-8")
    assert "has no value" in refused(adjoint("explain", "own.py:f"))


def test_a_text_is_run_as_the_file_that_it_was_read_from(tmp_path):
    file = tmp_path / "model.py"
    text = 'import dataclasses\n\n\n@dataclasses.dataclass\nclass Held:\n    x: "float"\n\n\n'
    text += "def f(x):\n    return Held(x).x * x\n"
    file.write_text(text, encoding="utf-8")
    source = source_of(f"{file}:f")
    assert source == text.encode()
    for saved in ("def f(x:", "# another\ndef f(x):\n    return 7\n"):
        file.write_text(saved, encoding="utf-8")
        function = load_function(f"{file}:f", source)
        assert function(3.0) == 9.0
        assert inspect.getsource(function) == text[text.index("def f") :]
        assert function.__code__.co_filename == function.__globals__["__file__"] == str(file)
        site = ad.explain(function)(3.0).board.root.node.site
        assert site.text == "    return Held(x).x * x"
    assert load_function(f"{file}:f")(3.0) == 7
    assert source_of(f"{tmp_path}/gone.py:f") is None
