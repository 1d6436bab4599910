"""The workbench's worker process, with the user's file where the command line named one: ``python -m`` runs it."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from adjoint.cli.inputs import arguments
from adjoint.cli.loading import load_function
from adjoint.workbench.subjects import Subject
from adjoint.workbench.worker import main


def load(asked: dict[str, Any]) -> tuple[Subject, str]:
    """The function of FILE:FUNCTION with the values of the command line, and how it is called."""
    target = str(asked["target"])
    function = load_function(target)
    name = target.rpartition(":")[2]
    positional, keywords = arguments(function, name, list(asked["values"]), asked["inputs"])
    names = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    values = dict(zip(names, positional, strict=True)) | keywords
    return Subject(function, name, values, len(positional), ("file", target)), f"{Path(target).name}"


if __name__ == "__main__":
    main(load)
