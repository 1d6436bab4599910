"""``adjoint step``: a story stepped through in the terminal with the arrow keys."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
from rich.console import Console, Group
from rich.text import Text

from adjoint.cli.keys import pressed
from adjoint.view.stepper import Line, Stepper
from adjoint.view.terminal import STYLES

if TYPE_CHECKING:
    from adjoint.explain.story import Story

#: What the last line says: the first of these for which there is room.
KEYS = ("→ next   ← back   b turn around   Home End   q quit", "→ next   ← back   b turn   q quit", "→ ← b   q quit")

#: How many lines a step has where all steps are printed.
PRINTED = 60

#: What the keys of terminals send, on Unix and on Windows.
NEXT = {"\x1b[C", "\x1bOC", "\xe0M", "\x00M", "l", "n", " ", "\r", "\n"}
BACK = {"\x1b[D", "\x1bOD", "\xe0K", "\x00K", "h", "p", "\x7f", "\b"}
FIRST = {"\x1b[H", "\x1bOH", "\x1b[1~", "\xe0G", "\x00G", "0", "g"}
LAST = {"\x1b[F", "\x1bOF", "\x1b[4~", "\xe0O", "\x00O", "$", "G"}
QUIT = {"q", "Q", "\x1b", "\x03", "\x04", ""}


def step_through(story: Story) -> None:
    """Shows a story step by step; where there is no terminal to read keys from, all steps one after the other."""
    stepper = Stepper(story)
    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    if not (sys.stdin.isatty() and console.is_terminal):
        for number in range(len(stepper.stops)):
            click.echo("\n".join(line.text for line in stepper.frame(number, 100, PRINTED)) + "\n")
        return
    at = 0
    with pressed() as read, console.screen(hide_cursor=True) as screen:
        while True:
            screen.update(_drawn(stepper, at, console))
            try:
                key = read()
            except (EOFError, KeyboardInterrupt):
                return
            if key in QUIT:
                return
            at = moved(stepper, at, key)


def moved(stepper: Stepper, at: int, key: str) -> int:
    """The stop to which a key leads."""
    last = len(stepper.stops) - 1
    if key in NEXT:
        return min(at + 1, last)
    if key in BACK:
        return max(at - 1, 0)
    if key in FIRST:
        return 0
    if key in LAST:
        return last
    return stepper.turn if key in ("b", "B") else at


def _drawn(stepper: Stepper, at: int, console: Console) -> Group:
    width, height = console.size.width, console.size.height
    lines = stepper.frame(at, width, max(6, height - 2))
    lines += [Line()] * max(0, height - 1 - len(lines))
    return Group(*[_text(line) for line in lines], Text(_keys(width), style="reverse", no_wrap=True))


def _keys(width: int) -> str:
    return next((keys for keys in KEYS if len(keys) <= width), KEYS[-1][-width:])


def _text(line: Line) -> Text:
    made = Text(no_wrap=True, overflow="crop")
    for cell in line.cells:
        made.append(cell.text, STYLES.get(cell.tone, ""))
    if line.here:
        made.stylize("bold")
    return made
