"""The stories that these tests open: the worked examples, networks with groups, and some that are hard to show."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import adjoint as ad

FOLDER = Path(__file__).parents[2] / "examples"


@cache
def example_file(name: str) -> Any:
    """A file of the folder examples, as a module."""
    spec = importlib.util.spec_from_file_location(f"shown_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def worked(name: str) -> Any:
    """The story of one of the worked examples in the folder examples."""
    module = example_file("worked_examples")
    function = getattr(module, name)
    return ad.explain(function)(*module.EXAMPLES[function])


WORKED = tuple(function.__name__ for function in example_file("worked_examples").EXAMPLES)
