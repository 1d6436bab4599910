"""``adjoint workbench`` on the command line: what keeps it from starting is told in three parts."""

import contextlib
import sys

import pytest

from adjoint.workbench.serve import bound
from cli.shell import adjoint, process, refused


def test_the_help_says_what_it_does():
    printed = adjoint("workbench", "--help").stdout
    assert "step through, edit and compare" in printed
    assert "--port" in printed
    assert "workbench" in adjoint("--help").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["x +"], "a value is missing after +"),
        (["x*y", "z=1"], "z is not in the expression"),
        (["x*y", "x"], "a value has no ="),
        (["x", "--inputs", "a.npz"], "there is none"),
        (["--host", "0.0.0.0"], "every address at once"),
        (["--port", "0"], "--port"),
        (["--port", "99999"], "--port"),
        (["--bogus"], "bogus"),
    ],
)
def test_what_is_wrong_with_the_command_line(arguments, told):
    assert told in refused(adjoint("workbench", "--no-browser", *arguments))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("gone.py:f", "there is no file"),
        ("model.py", "names a file but no function"),
        ("model.py:g", "has no function g"),
        ("model.py:loss", "x of loss has no value"),
        ("broken.py:f", "raise ValueError('broken')"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_before_anything_is_served(tmp_path, name, told):
    (tmp_path / "model.py").write_text("def loss(x):\n    return x\n")
    (tmp_path / "broken.py").write_text("raise ValueError('broken')\n")
    done = process("workbench", "--no-browser", tmp_path / name)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_port_in_use():
    with contextlib.closing(bound("127.0.0.1", None)) as taken:
        done = process("workbench", "--no-browser", "--port", taken.getsockname()[1])
    assert done.returncode == 2
    assert "address already in use" in done.stderr
    assert "leave --port out" in done.stderr


def test_without_the_packages_of_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "starlette", None)
    assert "pip install 'adjoint[web]'" in refused(adjoint("workbench"))
