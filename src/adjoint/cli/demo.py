"""``adjoint demo``: worked examples with real numbers, then a network that learns and explains itself."""

from __future__ import annotations

import os
import textwrap
import time
from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from adjoint.cli.folder import Folder
from adjoint.explain.story import Story, explain
from adjoint.expression import bind, parse
from adjoint.expression.callable import to_function
from adjoint.expression.classics import CLASSICS, Classic
from adjoint.numbers import format_gradient, format_number

if TYPE_CHECKING:
    from adjoint.cli.digits import Digits, Trained

WIDTH = 96


def demo(folder: str, quick: bool = False) -> None:
    """Shows both parts and writes their pictures; raises InputFileError for a folder that is not the demo's.

    Raises MissingData, after the first part, where scikit-learn is not installed.
    """
    begin = time.perf_counter()
    place = Folder(folder)
    heading("Part 1: backpropagation on examples that can be done by hand")
    for classic in CLASSICS:
        _show(classic, place)
    try:
        _network(place, quick)
    finally:
        heading("Files")
        click.echo(f"  {len(place.written)} files in {place.path.resolve()}:")
        click.echo("  pictures (.svg, in the wire and the textbook view, for a browser) and stories (.json).")
    click.echo(f"  The demo took {time.perf_counter() - begin:.1f} s.")


def heading(text: str) -> None:
    """A line that begins a part."""
    click.echo("\n" + click.style(text, bold=True), color=False if os.environ.get("NO_COLOR") else None)


def paragraph(text: str, indent: str = "     ") -> None:
    """Sentences in lines that fit."""
    click.echo(textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent))


def story_of(classic: Classic) -> Story:
    """The story of a worked example."""
    expression = parse(classic.text, given=classic.values)
    return explain(to_function(expression), title=classic.title)(*bind(expression, classic.values).values())


def files_of(name: str, story: Story) -> dict[str, str]:
    """The pictures in both views and the document of a story, by file name."""
    from adjoint.view.svg import render

    document = story.to_dict()
    return {
        f"{name}.svg": render(document, "wire"),
        f"{name}-textbook.svg": render(document, "textbook"),
        f"{name}.json": story.to_json() + "\n",
    }


def _show(classic: Classic, place: Folder) -> None:
    from adjoint.verify.check import check

    story = story_of(classic)
    expression = parse(classic.text, given=classic.values)
    report = check(to_function(expression))(*bind(expression, classic.values).values())
    place.write(files_of(classic.name, story))
    number = CLASSICS.index(classic) + 1
    click.echo(f"\n  {click.style(f'{number}. {classic.title}', bold=True)}   {classic.text}", color=_colour())
    _row("inputs", classic.values, gradient=False)
    named = [i.name for i in story.board.operations if i.name in expression.assigned]
    _row("forward", {name: story.values(name)[0] for name in named}, gradient=False)
    _row("backward", {name: story.values(name)[1] for name in reversed(named)}, gradient=True)
    _row("gradient", story.gradients, gradient=True)
    verdict = "agrees" if report.ok else "DOES NOT AGREE"
    worst = max(entry.absolute for entry in report.inputs)
    click.echo(f"     checked   {verdict} with central differences (largest error {format_number(worst, 2)})")
    paragraph(classic.see)


def _colour() -> bool | None:
    return False if os.environ.get("NO_COLOR") else None


def _row(head: str, values: Mapping[str, object], *, gradient: bool) -> None:
    write = format_gradient if gradient else format_number
    mark = "∂{} {}" if gradient else "{} = {}"
    click.echo(f"     {head:<9} " + "   ".join(mark.format(name, write(value)) for name, value in values.items()))


def _network(place: Folder, quick: bool) -> None:
    from adjoint.cli import digits
    from adjoint.cli.prediction import show_prediction

    heading("Part 2: a network that learns to read handwritten digits")
    data = digits.load()
    counts = ", ".join(f"{len(part.labels):,} {name}" for part, name in zip(data, ("to train on", "to choose by")))
    paragraph(
        f"64 pixels, {digits.HIDDEN} hidden units (relu), 10 scores. {counts}, {len(data.test.labels)} for the test "
        "(25 %, never seen in training or choosing).",
        "  ",
    )
    seeds, epochs = (digits.SEEDS[:1], digits.QUICK_EPOCHS) if quick else (digits.SEEDS, digits.EPOCHS)
    trained = _train(data, seeds, epochs)
    for one in trained:
        click.echo(
            f"  seed {one.seed}: kept epoch {one.epoch:>2}, validation {100 * one.validation:.1f} %, "
            f"test {click.style(f'{100 * one.test:.1f} %', bold=True)}",
            color=_colour(),
        )
    show_prediction(max(trained, key=lambda one: one.validation), data, place)


def _train(data: Digits, seeds: tuple[int, ...], epochs: int) -> list[Trained]:
    """Trains a network for each seed, behind a progress bar where there is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    from adjoint.cli.digits import train

    console = Console(stderr=True)
    columns = (
        TextColumn("  {task.description}"), BarColumn(), TextColumn("{task.fields[accuracy]}"), TimeRemainingColumn()
    )  # fmt: skip
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    shown = bar if console.is_terminal else nullcontext()  # a bar that is disabled may still end its line
    # One thread: matrices this small only make a second one wait.
    with threadpool_limits(1), shown:
        found = []
        for seed in seeds:
            task = bar.add_task(f"seed {seed}", total=epochs, accuracy="")

            def each(epoch: int, accuracy: float, task: object = task) -> None:
                bar.update(task, completed=epoch, accuracy=f"validation {100 * accuracy:.1f} %")  # type: ignore[arg-type]

            found.append(train(seed, data, epochs, each))
        return found
