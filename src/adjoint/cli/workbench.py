"""``adjoint workbench``: what the page opens with, and how its workers are started."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from adjoint.cli.loading import names_a_file, source_of
from adjoint.errors import ArgumentError
from adjoint.explain.statistics import written
from adjoint.expression import bind, parse, parse_values
from adjoint.workbench.process import command
from adjoint.workbench.serve import Wanted, needed, serve
from adjoint.workbench.worker import stamp

WORKER = "adjoint.cli.worker"


def workbench(
    target: str | None, values: Sequence[str], inputs: str | None, host: str, port: int | None, browser: bool
) -> None:
    """Serves the workbench until Ctrl-C ends it."""
    needed()
    for word in (target or "", *values):
        if word.startswith("--") and word[2:3].isalpha():  # a mistyped option; twice minus is written with a space
            raise click.NoSuchOption(word.partition("=")[0])
    first: dict[str, Any] = {}
    start: dict[str, Any] = {}
    if target is not None and names_a_file(target):
        # The file runs in the workers, and nowhere else. It is read here, once: all workers run the same text.
        name, colon, function = target.rpartition(":")
        place = f"{os.path.abspath(name)}{colon}{function}" if name else target
        file = None if inputs is None else os.path.abspath(inputs)
        source = source_of(place)
        first["file"] = {
            "target": place,
            "source": None if source is None else source.decode("latin-1"),  # any bytes, in JSON
            "values": list(values),
            "inputs": file,
            "inputs_stamp": stamp(file),
        }
        start["file"] = Path(target).name
    elif inputs is not None:
        raise ArgumentError(
            "--inputs gives arrays to a function, and there is none.", help="write FILE:FUNCTION before it."
        )
    elif target is not None:
        given = parse_values(values)
        expression = parse(target, given=given)
        bind(
            expression, {**dict.fromkeys(expression.names, 1.0), **given}
        )  # refuses values of names that are not there
        start["expression"] = target
        start["values"] = {name: written(value) for name, value in given.items()}
    serve(Wanted(command(WORKER), first, start, host, port, browser, say=click.echo))
