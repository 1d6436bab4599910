"""Every example runs as its first lines say, and prints what it promises."""

import json
import re

import pytest

from cli.shell import process
from examples.running import EXAMPLES, run


def test_every_example_is_tested_here():
    tested = {"worked_examples", "digits_mlp", "own_operation", "rosenbrock_scipy", "attention", "compiled"}
    gallery = {"gates", "gates_of_arrays", "losses", "networks", "lstm", "neural_turing_machine"}  # test_gallery.py
    assert {path.stem for path in EXAMPLES.glob("*.py")} == tested | gallery


def test_worked_examples():
    printed = run(EXAMPLES / "worked_examples.py")
    for name, numbers in {
        "squared_error": "2   gradient: w -4  x +4  b +2  y -2",
        "product_of_a_sum": "-20   gradient: a +15  b +10  c +5  f -4",
        "sum_times": "-12   gradient: x -4  y -4  z +3",
        "neuron": "0.7311   gradient: w0 -0.1966  x0 +0.3932  w1 -0.3932  x1 -0.5898  w2 +0.1966",
        "max_gate": "-20   gradient: x -8  y +6  z +2  w +0",
        "copy_gate": "3   gradient: a +1  b +4",
    }.items():
        assert re.search(f"^{name} +{re.escape(numbers)}$", printed, re.MULTILINE)
    assert "Multiply swaps" in run(EXAMPLES / "worked_examples.py", "neuron")


def test_own_operation():
    printed = run(EXAMPLES / "own_operation.py")
    assert "passed: reverse, forward" in printed
    assert printed.count("agrees") == 2


def test_rosenbrock_scipy():
    rows = run(EXAMPLES / "rosenbrock_scipy.py").splitlines()
    values = [float(re.search(r"f = *(\S+)", row)[1]) for row in rows]
    calls = [int(re.search(r"(\d+) calls", row)[1]) for row in rows]
    assert max(values) < 1e-8
    assert values[2] < 1e-20
    assert calls[0] > 5 * calls[1] > 5 * calls[2]


def test_attention():
    printed = run(EXAMPLES / "attention.py")
    assert "all agree" in printed
    assert sum(map(int, re.findall(r"(\d+)%", printed))) in range(98, 103)


def test_compiled():
    printed = run(EXAMPLES / "compiled.py")
    compiled, eager = map(float, re.search(r"slope (\S+); in eager mode the slope is (\S+)", printed).groups())
    assert abs(compiled - eager) < 2e-3
    assert "softplus(w * x[i])" in printed
    assert "2 steps" in printed


def test_digits_mlp_and_its_explanation(tmp_path):
    pytest.importorskip("sklearn")
    printed = run(EXAMPLES / "digits_mlp.py", "--epochs", "5", "--save", "kept.npz", folder=tmp_path)
    assert float(re.search(r"test accuracy: (\S+) %", printed)[1]) > 90
    told = run(
        "-m", "adjoint", "explain", f"{EXAMPLES / 'digits_mlp.py'}:loss",
        "--inputs", "kept.npz", "--argnums", "w1,b1,w2,b2", "--check", folder=tmp_path,
    )  # fmt: skip
    assert "hidden = max" in told
    assert told.count("agrees") == 4


def test_a_digit_as_a_page(tmp_path):
    pytest.importorskip("sklearn")
    digits = f"{EXAMPLES / 'digits_mlp.py'}:loss"
    assert process("explain", digits, "--html", "a.html", "--json", "a.json", folder=tmp_path).returncode == 0
    story = json.loads((tmp_path / "a.json").read_text("utf-8"))
    layers = ["hidden layer", "output layer", "cross-entropy"]
    assert [g["name"] for g in story["groups"] if "parent" not in g] == layers
    assert not any(g["open"] for g in story["groups"])
    (images,) = (n for n in story["nodes"] if n.get("name") == "images")
    for picture in (images["value"], images["grad"]):
        assert picture["shape"] == [1, 8, 8]
        assert (picture["thumb"]["rows"], picture["thumb"]["cols"]) == (8, 8)
    assert (tmp_path / "a.html").stat().st_size < 400_000
