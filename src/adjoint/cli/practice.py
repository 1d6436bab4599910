"""``adjoint practice``: exercises in the terminal, made from a computation or from the classic examples."""

from __future__ import annotations

import random
import shutil
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click

from adjoint.cli.asking import put
from adjoint.cli.explain import story_of, subject_of
from adjoint.errors import ArgumentError
from adjoint.explain.answers import Verdict
from adjoint.expression.classics import CLASSICS

#: So many exercises make a round.
ROUND = 10
#: How a round without a kind is mixed.
MIX = ("predict", "order", "predict", "name", "wrong", "interview", "predict", "parts", "wrong", "interview")
HELP = "q leaves, ? shows the answer."


class Left(Exception):
    """The learner wants to stop."""


class Terminal:
    """Asks on standard output, reads standard input, and keeps the score."""

    def __init__(self) -> None:
        self.asked = self.right = self.streak = self.longest = 0
        #: Cards and questions that only the learner can judge.
        self.seen = 0

    def say(self, text: str = "") -> None:
        """Shows a line, folded to the terminal's width."""
        width = max(40, min(100, shutil.get_terminal_size((100, 24)).columns))
        indent = text[: len(text) - len(text.lstrip(" "))]
        for line in textwrap.wrap(text, width, subsequent_indent=indent, break_on_hyphens=False) or [""]:
            click.echo(line)

    def ask(self, prompt: str) -> str:
        """The next line; raises Left at its end, at q and at Ctrl-C."""
        try:
            text = input(prompt).strip()
        except UnicodeDecodeError:
            return "\ufffd"
        except (EOFError, KeyboardInterrupt):
            click.echo()
            raise Left from None
        if text.lower() in ("q", "quit", "exit"):
            raise Left
        return text

    def judge(self, prompt: str, check: Callable[[str], Verdict], solution: Callable[[], str]) -> bool:
        """Asks until the answer is right or missed twice; ``?`` gives up. Whether it was right at the first try."""
        misses = 0
        while True:
            text = self.ask(prompt)
            if text == "?":
                self.say(f"  {solution()}")
                return False
            verdict = check(text)
            if verdict.right:
                self.say(f"  ✓ {verdict.says}")
                return misses == 0
            misses += verdict.counts
            self.say(f"  {'✗' if verdict.counts else '·'} {verdict.says}")
            if misses == 2:
                self.say(f"  {solution()}")
                return False

    def count(self, right: bool | None) -> None:
        """One exercise more in the score; None: only the learner knows."""
        if right is None:
            self.seen += 1
            return
        self.asked += 1
        self.right += right
        self.streak = self.streak + 1 if right else 0
        self.longest = max(self.longest, self.streak)

    def score(self) -> str:
        """The score in words."""
        if not self.asked:
            return "Done: until next time." if self.seen else "Nothing was answered: until next time."
        streak = f", longest streak {self.longest}" if self.longest > 1 else ""
        return f"Score: {self.right} of {self.asked} right at the first try{streak}."


def practice(
    target: str | None,
    values: Sequence[str],
    inputs: str | None,
    argnums: str | None,
    kind: str | None,
    seed: int | None,
) -> None:
    """Asks a round of exercises and says the score; leaving early is no error."""
    choose = random.Random(seed)
    if target is None:
        if values or inputs or argnums:
            raise ArgumentError(
                "values were given, but nothing that they belong to.", help="write an expression first."
            )
        source = _from_classics(choose, kind)
    else:
        document = story_of(subject_of(target, values, inputs, argnums)).to_dict()
        source = _from_document(document, choose, kind)
    first = next(source)  # what cannot be practised says so before anything is printed
    terminal = Terminal()
    terminal.say(HELP)
    try:
        for number, (document, exercise) in enumerate(_after(first, source), 1):
            terminal.say()
            # The whole formula would say which gate it is.
            terminal.say(f"{number}.  {document['expr']['text'] if exercise['kind'] != 'name' else ''}".rstrip())
            terminal.count(put(exercise, document, terminal))
    except Left:
        pass
    terminal.say()
    terminal.say(terminal.score())


Exercise = tuple[dict[str, Any], dict[str, Any]]


def _after(first: Exercise, rest: Iterator[Exercise]) -> Iterator[Exercise]:
    yield first
    yield from rest


def _from_document(document: dict[str, Any], choose: random.Random, kind: str | None) -> Iterator[Exercise]:
    """A round from one computation: all of one kind, or a mixture."""
    waiting: dict[str, list[dict[str, Any]]] = {}
    for exercise in document["exercises"]:
        waiting.setdefault(exercise["kind"], []).append(exercise)
    if not waiting:
        raise ArgumentError(
            "there is nothing to practise: no gradient flows here.",
            help="differentiate by at least one input that the result depends on, through at least one operation.",
        )
    if kind is not None and kind not in waiting:
        raise ArgumentError(
            f"this computation gives no exercise of the kind {kind!r}.", help=f"it has {', '.join(waiting)}."
        )
    for one in waiting.values():
        choose.shuffle(one)
    for wanted in [kind] * ROUND if kind is not None else MIX:
        if waiting.get(wanted):
            yield document, waiting[wanted].pop()


def _from_classics(choose: random.Random, kind: str | None) -> Iterator[Exercise]:
    """A round in which every exercise is from one of the classic examples."""
    known: dict[str, dict[str, Any]] = {}
    asked: set[int] = set()  # by identity: exercises of two examples may look the same
    for wanted in [kind] * ROUND if kind is not None else MIX:
        for classic in choose.sample(CLASSICS, len(CLASSICS)):
            if classic.name not in known:
                given = [f"{name}={value!r}" for name, value in classic.values.items()]
                known[classic.name] = story_of(subject_of(classic.text, given, None, None)).to_dict()
            found = [e for e in known[classic.name]["exercises"] if e["kind"] == wanted and id(e) not in asked]
            if found:
                one = choose.choice(found)
                asked.add(id(one))
                yield known[classic.name], one
                break
