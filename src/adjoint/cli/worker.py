"""The workbench's worker process, with the user's file where the command line named one: ``python -m`` runs it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adjoint.cli.inputs import arguments
from adjoint.cli.loading import load_function, source_of
from adjoint.errors import InputFileError
from adjoint.workbench.subjects import Subject
from adjoint.workbench.worker import main, stamp


def load(asked: dict[str, Any]) -> tuple[Subject, str, Callable[[], bool]]:
    """The function of FILE:FUNCTION with the values of the command line, how it is called, and whether it is stale."""
    target, text, inputs = str(asked["target"]), asked.get("source"), asked["inputs"]
    source = None if text is None else str(text).encode("latin-1")
    if "inputs_stamp" in asked and asked["inputs_stamp"] != stamp(inputs):
        raise InputFileError(
            f"{Path(inputs).name} has changed since the workbench started.", help="restart the workbench to see it."
        )
    function = load_function(target, source)
    name = target.rpartition(":")[2]
    positional, keywords = arguments(function, name, list(asked["values"]), inputs)
    names = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    values = dict(zip(names, positional, strict=True)) | keywords
    subject = Subject(function, name, values, len(positional), ("file", target))
    return subject, Path(target).name, lambda: source is not None and source_of(target) != source


if __name__ == "__main__":
    main(load)
