"""What leaves a process: full and closed outputs, narrow encodings, interruptions, prints of the user's own."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from cli.shell import ROOT, adjoint, process, refused


def spawned(*arguments, encoding="utf-8", **settings):
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": encoding}
    command = [sys.executable, "-m", "adjoint", *arguments]
    return subprocess.Popen(command, env=environment, encoding=encoding, **settings)


def test_what_a_file_prints_while_it_loads_is_no_output_of_ours(tmp_path):
    file = tmp_path / "model.py"
    file.write_text("print('loading')\ndef loss(x):\n    return x * x\n")
    done = process("explain", f"{file}:loss", "x=2", "--json", "-")
    assert done.returncode == 0
    assert json.loads(done.stdout)["adjoint_story"] == 1
    assert done.stderr == "loading\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
@pytest.mark.parametrize(
    "arguments", [("explain", "2*x", "x=1"), ("explain", "2*x", "x=1", "--json", "-"), ("check", "2*x", "x=1")]
)
def test_a_full_output_is_one_message(arguments):
    with open("/dev/full", "w") as full:
        child = spawned(*arguments, stdout=full, stderr=subprocess.PIPE)
        error = child.communicate(timeout=60)[1]
    assert child.returncode == 2
    assert error.startswith("error: the output cannot be written: No space left on device.\n")
    assert "Traceback" not in error
    assert "Exception ignored" not in error


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
def test_a_closed_output_is_one_message():
    command = f"exec {sys.executable} -m adjoint explain '2*x' x=1 >&-"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("error: the output is closed")
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_seen_enough_is_no_error():
    text = "+".join(["a"] * 900)
    child = spawned("explain", text, "a=1", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdout.close()
    error = child.stderr.read()
    child.stderr.close()
    child.wait(60)
    assert error == ""


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_signs_and_operators_survive_an_encoding_that_lacks_them(encoding):
    child = spawned("explain", "a*sqrt(b) - c**2/b", "a=-2", "b=4", "c=3", encoding=encoding, stdout=subprocess.PIPE)
    told = child.communicate(timeout=60)[0]
    assert child.returncode == 0
    assert "(-2)" in told
    assert "sqrt b" in told
    assert "dJ/da" in told
    assert "?" not in told


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_interruption_is_no_failed_check(tmp_path):
    file = tmp_path / "slow.py"
    file.write_text("import sys, time\ndef f(x):\n    print('here', flush=True)\n    time.sleep(60)\n    return x\n")
    child = spawned("check", f"{file}:f", "x=1", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert child.stderr.readline() == "here\n"
    time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    error = child.communicate(timeout=60)[1]
    assert child.returncode == 130  # 1 would say that a derivative is wrong
    assert error.strip() == "interrupted."


def test_a_wrong_option_is_told_like_every_other_mistake():
    error = refused(adjoint("explain", "2*x", "x=1", "--view", "3d"))
    assert error.startswith("error: ")
    assert "\n  help: adjoint explain --help lists the options.\n" in error
    assert refused(adjoint("nope")).startswith("error: No such command 'nope'.\n  help: adjoint --help")
    assert refused(adjoint("explain")).startswith("error: Missing argument 'TARGET'.\n")


def test_a_picture_may_go_to_standard_output():
    done = adjoint("explain", "2*x", "x=1", "--svg", "-")
    assert done.exit_code == 0
    assert done.stdout.startswith("<svg")
    assert "both" in refused(adjoint("explain", "2*x", "x=1", "--svg", "-", "--json", "-"))
