"""The command ``adjoint``: its options, its errors in three parts, and its exit status (0, 1 or 2)."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import sys
from typing import Any

import click

from adjoint.cli.plain_letters import register
from adjoint.errors import AdjointError

#: What can be practised; the list of explain/exercises.py, which is too slow to load for --help.
KINDS = ("predict", "order", "parts", "name", "wrong", "flip", "interview")
#: What an exit status says; 130 is what shells give to a process that Ctrl-C ended.
CHECK_FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130

EXPLAIN_HELP = """
Explain a computation: both passes, step by step, in numbers and words.

TARGET is an expression, such as "(a*b + c)*f", or a function in a file, such as model.py:loss
(the file is run). VALUES are NAME=NUMBER, one for each free name or parameter. Where the file has
a function inputs(), the dict that it returns gives values to parameters that have none; so does its
EXAMPLES, a dict of argument tuples by function.

\b
  adjoint explain "(a*b + c)*f" a=2 b=3 c=-10 f=5 --check
  adjoint explain model.py:loss --inputs data.npz --html loss.html --svg loss.svg
"""
_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

CHECK_HELP = """
Check derivatives: those of TARGET at VALUES against numeric ones, input by input.

Exit status 1 says that some derivative is wrong.
"""

STEP_HELP = """
Step through a computation in the terminal with the arrow keys, forward and backward.

TARGET and VALUES are those of adjoint explain. Without a terminal all steps are printed.
"""

PRACTICE_HELP = """
Practise the chain rule: exercises made from TARGET at VALUES, or from the classic examples.

TARGET and VALUES are those of adjoint explain. Every answer is checked by the engine, and a miss is explained.
"""

WORKBENCH_HELP = """
Open the workbench: a page on this machine to step through, edit and compare computations.

TARGET is an expression, or a function in a file (the file is run); without one, the page opens with
an example. VALUES are NAME=NUMBER. The address holds a token: who does not have it cannot use the page.

\b
  adjoint workbench
  adjoint workbench "(a*b + c)*f" a=2 b=3 c=-10 f=5
  adjoint workbench model.py:loss --inputs data.npz
"""

DEMO_HELP = """
Show what adjoint does: worked examples with real numbers, then a network trained on handwritten
digits, and one of its predictions explained. Pictures and JSON go to a folder.
"""


class Commands(click.Group):
    """The group of commands; whatever is wrong with the input ends as one message and exit status 2."""

    def main(self, *args: Any, **settings: Any) -> Any:
        """Runs the command that was asked for, and ends the process with its status."""
        sys.exit(self._status(*args, **settings))

    def _status(self, *args: Any, **settings: Any) -> int:
        try:
            status = super().main(*args, **settings | {"standalone_mode": False})
            sys.stdout.flush()  # a full disk is noticed here, not when nobody can tell it any more
            return status if isinstance(status, int) else 0
        except click.UsageError as error:
            if type(error).__name__ == "NoArgsIsHelpError":  # newer than the oldest click that serves here
                error.show()
                return BAD_INPUT
            name = error.ctx.command_path if error.ctx is not None else "adjoint"
            say(AdjointError(error.format_message(), help=f"{name} --help lists the {_listed(error)}."))
        except AdjointError as error:
            say(error)
        except OSError as error:
            if error.filename is not None:
                raise
            _discard_output()
            words = f"the output cannot be written: {error.strerror or error}."
            say(AdjointError(words, help="send it to a place that can be written, and has room."))
        except (click.Abort, KeyboardInterrupt):
            click.echo("interrupted.", err=True)
            return INTERRUPTED
        return BAD_INPUT


def _listed(error: click.UsageError) -> str:
    return "commands" if error.ctx is not None and isinstance(error.ctx.command, click.Group) else "options"


def _discard_output() -> None:
    """Sends what is still unwritten nowhere, so that Python does not fail on it once more at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(error: AdjointError) -> None:
    """Writes an error to standard error: what happened, where, and what to do."""
    lines = printable(str(error)).split("\n")
    click.echo(click.style("error: ", fg="red", bold=True) + lines[0], err=True, color=_colour(sys.stderr))
    for line in lines[1:]:
        click.echo(line, err=True)


def printable(text: str) -> str:
    """The text without characters that a terminal would act on."""
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


def _colour(stream: Any) -> bool | None:
    """What click is told about colours: none where NO_COLOR is set, else as it finds out itself."""
    return False if os.environ.get("NO_COLOR") else None


def _version() -> str:
    try:
        return importlib.metadata.version("adjoint")
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"


@click.group(cls=Commands, context_settings=_SETTINGS, no_args_is_help=True)
@click.version_option(_version(), prog_name="adjoint", message="%(prog)s %(version)s")
def cli() -> None:
    """Computation graphs and automatic differentiation: every derivative computed, explained, verified."""


class Free(click.Command):
    """A command whose first argument may begin with a minus sign, and so may look like an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Reads the command line; ``-h`` is the negative of h, unless nothing gives h a value."""
        return super().parse_args(ctx, ["--help"] if args == ["-h"] else args)


_FREE: dict[str, Any] = {"ignore_unknown_options": True, "help_option_names": ["--help"]}

_target = click.argument("target")
_values = click.argument("values", nargs=-1)
_inputs = click.option("--inputs", metavar="FILE.npz", help="Arrays for the parameters of a function, by name.")
_argnums = click.option(
    "--argnums", metavar="LIST", help="What to differentiate by: names or positions, such as w,b or 0,2."
)


@cli.command("explain", help=EXPLAIN_HELP, cls=Free, context_settings=_FREE)
@_target
@_values
@_inputs
@_argnums
@click.option("--source", is_flag=True, help="Also print forward and backward as flat Python.")
@click.option("--html", metavar="FILE", help="Write a page to step through, one file that needs nothing else.")
@click.option("--json", metavar="FILE", help="Write the story as JSON; - writes it, alone, to standard output.")
@click.option("--svg", metavar="FILE", help="Write a picture of the graph; - writes it, alone, to standard output.")
@click.option("--view", type=click.Choice(["wire", "textbook"]), help="The picture's kind (wire unless given).")
@click.option("--theme", type=click.Choice(["light", "dark"]), help="The picture's colours (light unless given).")
@click.option("--check", is_flag=True, help="Also compare with numeric derivatives; exit status 1 if one is wrong.")
@click.option("--rate", type=float, metavar="R", help="Also show the step -R * gradient of each input.")
def explain_command(
    target: str, values: tuple[str, ...], inputs: str | None, argnums: str | None, **asked: Any
) -> None:
    """Explain a computation."""
    from adjoint.cli.explain import Wanted, explain, subject_of

    if asked["svg"] is None and (asked["view"] or asked["theme"]):
        raise click.UsageError("--view and --theme say how a picture looks: add --svg FILE.")
    _finite(asked["rate"])
    wanted = Wanted(**{key: value for key, value in asked.items() if value is not None})
    if not explain(subject_of(target, values, inputs, argnums), wanted):
        click.get_current_context().exit(CHECK_FAILED)


def _finite(rate: float | None) -> None:
    if rate is not None and not abs(rate) < float("inf"):
        raise click.BadParameter("a step size is a finite number.", param_hint="--rate")


@cli.command("check", help=CHECK_HELP, cls=Free, context_settings=_FREE)
@_target
@_values
@_inputs
@_argnums
def check_command(target: str, values: tuple[str, ...], inputs: str | None, argnums: str | None) -> None:
    """Check derivatives."""
    from adjoint.cli.explain import check, subject_of

    if not check(subject_of(target, values, inputs, argnums)):
        click.get_current_context().exit(CHECK_FAILED)


@cli.command("step", help=STEP_HELP, cls=Free, context_settings=_FREE)
@_target
@_values
@_inputs
@_argnums
def step_command(target: str, values: tuple[str, ...], inputs: str | None, argnums: str | None) -> None:
    """Step through a computation."""
    from adjoint.cli.explain import story_of, subject_of
    from adjoint.cli.step import step_through

    step_through(story_of(subject_of(target, values, inputs, argnums), refuse=False))


@cli.command("practice", help=PRACTICE_HELP, cls=Free, context_settings=_FREE)
@click.argument("target", required=False)
@_values
@_inputs
@_argnums
@click.option("--kind", type=click.Choice(KINDS), help="One kind of exercise (a mixture unless given).")
@click.option("--seed", type=int, metavar="N", help="The same exercises every time.")
def practice_command(
    target: str | None,
    values: tuple[str, ...],
    inputs: str | None,
    argnums: str | None,
    kind: str | None,
    seed: int | None,
) -> None:
    """Practise the chain rule."""
    from adjoint.cli.practice import practice

    practice(target, values, inputs, argnums, kind, seed)


@cli.command("workbench", help=WORKBENCH_HELP, cls=Free, context_settings=_FREE)
@click.argument("target", required=False)
@_values
@_inputs
@click.option("--port", type=click.IntRange(1, 65535), help="Where it listens (the first free one from 8765).")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address at which it listens.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def workbench_command(
    target: str | None, values: tuple[str, ...], inputs: str | None, port: int | None, host: str, no_browser: bool
) -> None:
    """Open the workbench."""
    from adjoint.cli.workbench import workbench

    workbench(target, values, inputs, host, port, not no_browser)


@cli.command("demo", help=DEMO_HELP)
@click.option("--folder", default="adjoint-demo", metavar="DIR", show_default=True, help="Where the files go.")
@click.option("--quick", is_flag=True, help="One network, trained for a few epochs.")
def demo_command(folder: str, quick: bool) -> None:
    """Show what adjoint does."""
    from adjoint.cli.demo import demo

    demo(folder, quick)


def main() -> None:
    """Runs the command line."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot write a minus sign or an arrow gets letters that mean the same, not a traceback.
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors=register())  # type: ignore[union-attr]
    if sys.stdout is None:  # closed by whoever started this process
        say(AdjointError("the output is closed.", help="leave standard output open, or send it to a file."))
        sys.exit(BAD_INPUT)
    cli(prog_name="adjoint")
