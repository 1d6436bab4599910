"""Flat source on the arrays of another library: the same formulas, with helpers that run there too."""

from __future__ import annotations

import inspect
import re
from functools import lru_cache
from typing import Any

import numpy as np

from adjoint.compile import portable
from adjoint.compile.python_backend import PythonProgram
from adjoint.compile.signature import Signature
from adjoint.errors import OperandError
from adjoint.graph.graph import Graph
from adjoint.site import here
from adjoint.source.running import function_of
from adjoint.source.templates import helper_text

#: A conversion as NumPy's arrays have it; other libraries have the function only.
_METHOD = re.compile(r"np\.asarray\(([^()]*)\)\.astype\('(\w+)'\)")


class ForeignProgram(PythonProgram):
    """A graph as flat source, run on the arrays of a NumPy-like module."""

    def __init__(self, graph: Graph, signature: Signature, namespace: Any) -> None:
        super().__init__(graph, signature)
        if not hasattr(namespace, "sum"):
            raise OperandError(
                f"a namespace is a module like NumPy, got {type(namespace).__name__}.",
                where=here(),
                help="pass jax.numpy, or adjoint.interop.torch for PyTorch.",
            )
        self._namespace = namespace
        text = _METHOD.sub(_function, str(self.source)).replace(", kind='stable')", ", stable=True)")
        for name in _used(text):
            text = text.replace(helper_text(name), portable_text(name))
        self.text = text
        self._run = function_of(text, self.source.name, portable_text)

    @property
    def plan(self) -> Any:
        """The text that runs."""
        return self.text

    def on_arrays(self, values: list[Any]) -> list[Any]:
        """The outputs as arrays of the library."""
        xp = self._namespace
        given = [xp.asarray(v) if isinstance(v, float | int | complex | np.ndarray | np.generic) else v for v in values]
        constants = {k: xp.asarray(v) for k, v in self.source.constants.items()}
        return self._several(self._run(*given, **constants, np=xp))


def _function(method: re.Match[str]) -> str:
    kind = "bool_" if method[2] == "bool" else method[2]
    return f"np.astype({method[1]}, np.{kind})"


def _used(text: str) -> list[str]:
    return [name for name in vars(portable) if f"\ndef {name}(" in text]


@lru_cache(maxsize=64)
def portable_text(name: str) -> str:
    """The text of a helper for any library: its own where there is one, else NumPy's."""
    function = getattr(portable, name, None)
    return helper_text(name) if function is None else inspect.getsource(function).rstrip()
