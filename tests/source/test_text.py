"""The printed text: golden copies, a bare interpreter, another namespace, files and pickles."""

import ast
import os
import pickle
import subprocess
import sys
import traceback
from pathlib import Path

import numpy as np
import pytest

from adjoint.source.api import source
from source.bits import assert_same, check
from source.examples import EXAMPLES

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "source"


@pytest.mark.parametrize("name", EXAMPLES)
def test_golden(name):
    f, args = EXAMPLES[name]
    path = GOLDEN / f"{name}.txt"
    text = str(source(f)(*args))
    if os.environ.get("ADJOINT_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_have_the_engines_bits(name):
    f, args = EXAMPLES[name]
    check(f, *args)


RUNNER = """
import sys
space = {}
exec(compile(sys.stdin.read(), "program", "exec"), space)
import numpy
value, gradients = space[sys.argv[1]](*[numpy.array(eval(a, {"array": numpy.array}))[()] for a in sys.argv[2:]])
print([numpy.asarray(v).tobytes().hex() for v in (value, *gradients)])
print(sorted(m for m in sys.modules if m.partition(".")[0] == "adjoint"))
"""


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_bare_interpreter_runs_it(name, tmp_path):
    """python -I sees neither the path, nor the folder, nor what the user installed; NumPy's own folder is given."""
    f, args = EXAMPLES[name]
    text = source(f)(*args)
    folder = str(Path(np.__file__).resolve().parent.parent)
    code = f"import sys; sys.path.append({folder!r}); sys.modules['adjoint'] = None\n" + RUNNER
    given = [repr(a) for a in [*args, *text.constants.values()]]
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, text.name, *given],
        input=str(text),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    bits, modules = done.stdout.splitlines()
    value, gradients = text.run(*args)
    assert bits == repr([np.asarray(v).tobytes().hex() for v in (value, *gradients)])
    assert modules == "['adjoint']"  # the None above: importing it would have failed


class Recorder:
    """A NumPy-like library of its own: it has NumPy's functions and counts what is asked of it."""

    def __init__(self):
        self.asked = []

    def __getattr__(self, name):
        self.asked.append(name)
        return getattr(np, name)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_namespace_is_an_argument(name, monkeypatch):
    f, args = EXAMPLES[name]
    text = source(f)(*args)
    other = Recorder()
    expected = text.run(*args)
    monkeypatch.setitem(text.function.__globals__, "numpy", None)
    value, gradients = text.function(*map(np.asarray, args), **text.constants, np=other)
    assert_same(value, expected[0])
    for one, wanted in zip(gradients, expected[1], strict=True):
        assert_same(one, wanted)
    parts = [p for p in ast.walk(ast.parse(text).body[-1]) if isinstance(p, ast.Attribute)]
    assert set(other.asked) >= {p.attr for p in parts if isinstance(p.value, ast.Name) and p.value.id == "np"}


def test_a_text_is_a_text(tmp_path):
    f, args = EXAMPLES["loss"]
    text = source(f)(*args)
    path = tmp_path / "loss.py"
    path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text
    assert pickle.loads(pickle.dumps(text)) == str(text)
    assert text.name == "loss"
    assert list(text.parameters) == ["w", "x", "b", "y"]


def test_a_traceback_shows_the_printed_line():
    text = source(lambda x: np.log(x).sum())(np.ones(3))
    with pytest.raises(Exception) as caught:
        text.function("no array")
    shown = "".join(traceback.format_exception(caught.value))
    assert "t1 = np.log(x)" in shown
    assert "<adjoint source" in shown


def test_each_comment_is_true_of_its_input():
    """A gate may do one thing to its first input and another to its second."""

    def f(a, b, c):
        return a / b - np.remainder(c, b)

    lines = str(source(f)(3.0, 2.0, 5.0)).splitlines()
    back = lines[1 + next(i for i, line in enumerate(lines) if "turn around" in line) :]
    found = dict.fromkeys(line.split("  # ")[1] for line in back if "  # " in line)
    for said in (
        "subtract distributes",
        "subtract turns the sign",
        "remainder passes",
        "remainder scales by -floor(c / b)",
        "divide scales by 1 / b",
    ):
        assert any(said == text.split(";")[0] for text in found), (said, found)
    assert not any("swaps" in text for text in found)
