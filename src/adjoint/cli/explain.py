"""``adjoint explain`` and ``adjoint check``: what to differentiate, where, and what to do with the answer."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
import numpy as np

from adjoint.cli import inputs as given
from adjoint.cli.files import write_all
from adjoint.cli.loading import load_function, names_a_file, telling
from adjoint.errors import AdjointError, ArgumentError, ShapeError
from adjoint.expression import bind, parse, parse_values
from adjoint.expression.callable import to_function
from adjoint.site import here

if TYPE_CHECKING:
    from adjoint.explain.story import Story
    from adjoint.verify.report import Report

T = TypeVar("T")


class Subject(NamedTuple):
    """A function, the arguments of one call, and how it is called in messages."""

    function: Callable[..., Any]
    args: list[Any]
    keywords: dict[str, Any]
    argnums: tuple[int, ...] | None
    title: str


class Wanted(NamedTuple):
    """What the user asked to see and to have written."""

    source: bool = False
    check: bool = False
    rate: float | None = None
    html: str | None = None
    json: str | None = None
    svg: str | None = None
    view: str = "wire"
    theme: str = "light"


def subject_of(target: str, items: Sequence[str], inputs: str | None, argnums: str | None) -> Subject:
    """What ``explain`` and ``check`` are asked about; raises in three parts for whatever is wrong with it."""
    for item in items:
        if item.startswith("--"):
            raise click.NoSuchOption(item.partition("=")[0])
    if names_a_file(target):
        function = load_function(target)
        name = target.rpartition(":")[2]
        args, keywords = given.arguments(function, name, items, inputs)
        return Subject(function, args, keywords, given.chosen(argnums, _parameters(function, len(args))), name)
    if inputs is not None:
        raise ArgumentError(
            "--inputs gives arrays to a function, and an expression has numbers only.",
            help="write NAME=NUMBER after the expression, or FILE:FUNCTION instead of it.",
        )
    values = parse_values(items)
    expression = parse(target, given=values)
    bound = bind(expression, values)
    positions = given.chosen(argnums, expression.names)
    return Subject(to_function(expression), list(bound.values()), {}, positions, " ".join(expression.text.split()))


def _parameters(function: Callable[..., Any], count: int) -> list[str]:
    import inspect

    return list(inspect.signature(function).parameters)[:count]


def explain(subject: Subject, wanted: Wanted) -> bool:
    """Tells the story of a call, writes what was asked for, and says whether every check passed."""
    story = story_of(subject, wanted.rate)
    report = _checked(subject) if wanted.check else None
    files, alone = _outputs(story, wanted)
    write_all(files)
    quiet = alone is not None
    if alone is not None:
        click.echo(alone, nl=False)
    else:
        story.show()
    if wanted.source:
        click.echo("" if quiet else "\nFlat source", err=quiet)
        click.echo(story.source().rstrip("\n"), err=quiet)
    if report is not None:
        click.echo(f"\n{report}", err=quiet)
    for path in files:
        click.echo(f"wrote {path}", err=True)
    return report is None or report.ok


def story_of(subject: Subject, rate: float | None = None, refuse: bool = True) -> Story:
    """The story of a call; raises for one that failed or has no single number at its end, unless it may be told."""
    from adjoint.explain.story import explain as run

    told = run(subject.function, argnums=subject.argnums, rate=rate, title=subject.title)
    story = _run(lambda: told(*subject.args, **subject.keywords))
    if refuse or not story.board.operations:
        _refuse_failed(story, subject)
    return story


def _outputs(story: Story, wanted: Wanted) -> tuple[dict[Path, str], str | None]:
    """The files to write, and what standard output gets instead of the report (None: the report)."""
    texts: list[tuple[str, str, str]] = []
    asked = [one for one in (wanted.html, wanted.json, wanted.svg) if one is not None]
    document = story.to_dict() if asked else {}
    if wanted.html is not None:
        from adjoint.view.page import story_page

        texts.append(("--html", wanted.html, story_page(document)))
    if wanted.json is not None:
        from adjoint.explain.document import to_json

        texts.append(("--json", wanted.json, to_json(document) + "\n"))
    if wanted.svg is not None:
        from adjoint.view.svg import render

        picture = render(document, view=wanted.view, theme=wanted.theme)  # type: ignore[arg-type]
        texts.append(("--svg", wanted.svg, picture if picture.endswith("\n") else picture + "\n"))
    files: dict[Path, str] = {}
    owner: dict[Path, str] = {}
    alone: str | None = None
    for option, name, text in texts:
        if name == "-":
            if alone is not None:
                raise ArgumentError(
                    f"{owner[Path()]} and {option} both ask for standard output.", help="name a file for one."
                )
            alone, owner[Path()] = text, option
            continue
        place = _file(option, name)
        if place in files:
            raise ArgumentError(f"{owner[place]} and {option} name the same file.", where=name, help="name two files.")
        files[place], owner[place] = text, option
    return files, alone


def _file(option: str, name: str) -> Path:
    if not name:
        raise ArgumentError(f"{option} names no file.", help=f"write {option} FILE, or {option} - for standard output.")
    suffix, other = f".{option[2:]}", Path(name).suffix.lower()
    if other != suffix and other in (".html", ".json", ".svg"):
        raise ArgumentError(
            f"{option} writes {option[2:].upper()}, and {name!r} is named as {other[1:].upper()}.",
            help=f"write --{other[1:]} {name}, or name a file that ends in {suffix}.",
        )
    return Path(name)


def check(subject: Subject) -> bool:
    """Prints how the derivatives of a call compare with numeric ones, and says whether all agree."""
    if not subject.args and not subject.keywords:
        raise ArgumentError(
            f"there is nothing to differentiate by: {subject.title} has no input.",
            help="use at least one name, such as 2*x, and give it a value.",
        )
    report = _checked(subject)
    click.echo(str(report))
    return report.ok


def _checked(subject: Subject) -> Report:
    from adjoint.verify.check import check as run

    checked = run(subject.function, argnums=subject.argnums)
    report = _run(lambda: checked(*subject.args, **subject.keywords))
    report.name = subject.title
    return report


def _run(call: Callable[[], T]) -> T:
    """What a call of the user's function gives; its errors are told in its lines, its prints are no output of ours.

    NumPy's warnings are left out: the story names the place where NaN or infinity first appears.
    """
    outside = here()  # where a message points that knows no line of the user's: into the command line's machinery
    try:
        with contextlib.redirect_stdout(sys.stderr), np.errstate(all="ignore"), telling():
            return call()
    except AdjointError as error:
        if error.where is not None and outside is not None:
            error.where = error.where.replace(outside, "").strip("\n") or None
        raise


def _refuse_failed(story: Story, subject: Subject) -> None:
    """Raises for a run that failed, and for one without a single number at its end."""
    failure = story.failure
    if failure is not None:
        raise AdjointError(failure.what, where=failure.where, help=failure.help)
    root = story.board.root
    shape = () if root is None or root.value is None else getattr(root.value, "shape", ())
    if shape != ():
        raise ShapeError(
            f"an explanation starts from one number, but {subject.title} returned an array of shape {shape}.",
            where=None if root is None or root.node is None else root.node.describe(),
            help="reduce it (sum, mean) in a function of one line, and name that function.",
        )
