"""Keys as they are pressed: the terminal keeps still for as long as somebody reads, and is put back afterwards."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterator

import click

#: One key of what a terminal sends: an escape sequence, or a single letter.
_KEY = re.compile(r"\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z])|[\s\S]")


@contextlib.contextmanager
def pressed() -> Iterator[Callable[[], str]]:
    """A function that waits for the next key; "" says that no more will come.

    On Unix the terminal neither echoes nor waits for a whole line meanwhile, so that no key is lost between
    two reads.
    """
    try:
        import termios
        import tty
    except ImportError:  # Windows, where keys come one by one anyway
        yield click.getchar
        return
    place = sys.stdin.fileno()
    before = termios.tcgetattr(place)
    waiting: list[str] = []

    def read() -> str:
        if not waiting:
            waiting.extend(_KEY.findall(os.read(place, 1024).decode("utf-8", "replace")))
        return waiting.pop(0) if waiting else ""

    try:
        # Not flushing: what was typed ahead counts.
        tty.setcbreak(place, termios.TCSADRAIN)
        yield read
    finally:
        termios.tcsetattr(place, termios.TCSADRAIN, before)
