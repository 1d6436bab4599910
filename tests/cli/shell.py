"""How the tests call the command line: in this process, and as a process of its own."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import click.testing

from adjoint.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]


# Before click 8.2 the runner put both streams into one unless told not to; since then it is never told.
_APART = {"mix_stderr": False} if "mix_stderr" in inspect.signature(click.testing.CliRunner).parameters else {}


def adjoint(*arguments):
    """The outcome of ``adjoint ARGUMENTS`` in this process: exit_code, stdout, stderr."""
    return click.testing.CliRunner(**_APART).invoke(cli, [str(a) for a in arguments], prog_name="adjoint")


def process(*arguments, folder=None, module=("-m", "adjoint"), **environment):
    """The outcome of ``python -m adjoint ARGUMENTS``: returncode, stdout, stderr."""
    inherited = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
    settings = {"PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *module, *map(str, arguments)],
        cwd=folder,
        env=inherited | settings | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def refused(outcome):
    """The error text of an outcome that must be bad input: status 2, one message, no traceback, no output."""
    assert outcome.exit_code == 2, outcome.output
    assert outcome.stdout == ""
    assert "Traceback" not in outcome.stderr
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit)
    return outcome.stderr
