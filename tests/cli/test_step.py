"""``adjoint step``: with keys in a real terminal, and printed where there is none."""

import os
import re
import select
import subprocess
import sys
import time

import pytest

from cli.shell import adjoint, refused

ARGUMENTS = ("step", "(a+b)*b", "a=2", "b=3")
RIGHT, LEFT, HOME, END = "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F"


def test_without_a_terminal_all_steps_are_printed():
    done = adjoint(*ARGUMENTS)
    assert done.exit_code == 0
    headings = re.findall(r"^(?:Inputs|Forward \d of \d|Turn around|Backward \d of \d|Done)", done.stdout, re.MULTILINE)
    assert headings == [
        "Inputs", "Forward 1 of 2", "Forward 2 of 2", "Turn around", "Backward 1 of 2", "Backward 2 of 2", "Done",
    ]  # fmt: skip
    assert "branches add: +5 and +3 make +8" in done.stdout


def test_what_cannot_be_stepped_through_is_refused():
    refused(adjoint("step", "a*", "a=2"))
    refused(adjoint("step", "a*b", "a=2"))


def test_the_arrow_keys_lead_through_the_story():
    pty = pytest.importorskip("pty", reason="there are no pseudo-terminals on this system")
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "90", "LINES": "30"}
    program = subprocess.Popen(
        [sys.executable, "-m", "adjoint", *ARGUMENTS],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=environment,
        close_fds=True,
    )
    os.close(follower)
    seen = ""

    def until(text, limit=30.0):
        nonlocal seen
        end = time.monotonic() + limit
        while text not in seen:
            ready, _, _ = select.select([leader], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{text!r} did not appear in {seen[-2000:]!r}"
            seen += os.read(leader, 65536).decode("utf-8", "replace")
        seen = seen[seen.index(text) + len(text) :]

    try:
        until("Inputs")
        for key, heading in (
            (RIGHT, "Forward 1 of 2"),
            (RIGHT, "Forward 2 of 2"),
            (LEFT, "Forward 1 of 2"),
            ("b", "Turn around"),
            (RIGHT, "Backward 1 of 2"),
            (END, "Done"),
            (HOME, "Inputs"),
        ):
            os.write(leader, key.encode())
            until(heading)
        os.write(leader, b"q")
        assert program.wait(30) == 0
    finally:
        program.kill()
        os.close(leader)


@pytest.mark.parametrize("width", [200, 60, 40, 20, 8])
def test_how_to_leave_is_always_told(width):
    from adjoint.cli.step import _keys

    assert len(_keys(width)) <= width
    assert _keys(width).endswith("q quit")
