"""From machine code to a function of Python: a builtin, with what its entry needs as its ``self``."""

from __future__ import annotations

import ctypes
import struct
import sys
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adjoint.compile.llvm.entry import canonical, has_entry
from adjoint.compile.llvm.entry_arguments import keys_of
from adjoint.compile.llvm.entry_layout import unfit
from adjoint.compile.llvm.entry_python import PythonEntry
from adjoint.compile.llvm.entry_text import Reason
from adjoint.compile.llvm.jit import Library
from adjoint.compile.signature import Signature

#: What takes a call that the program was not compiled for: its arguments by position, those by name, and why.
Miss = Callable[[tuple[Any, ...], dict[str, Any], Reason], Any]

_FASTCALL_WITH_KEYWORDS = 0x0080 | 0x0002
_new_builtin = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.py_object)(
    ("PyCFunction_NewEx", ctypes.pythonapi)
)
_free = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(("PyMem_RawFree", ctypes.pythonapi))


def make_callable(
    library: Library,
    signature: Signature,
    *,
    miss: Miss,
    context: object = None,
    captured: Sequence[object] = (),
    static: Sequence[object] = (),
    doc: str | None = None,
) -> Callable[..., Any]:
    """The function of Python that enters a compiled program.

    ``library`` has the program's ``run`` and, from `emit_entry`, its ``call``. ``miss(args, kwargs, reason)`` takes
    every call that is not exactly what the program was compiled for, and its answer is the call's. ``context`` is
    the object whose address ``run`` receives; ``captured`` are the captured tensors and arrays, and ``static`` the
    recorded objects that "static" parts of the arguments must be. ``doc`` is the function's docstring.

    The result is a builtin, which does not bind to instances; where a program has no native entry, or this Python
    is laid out in an unknown way, it is a `PythonEntry`, which does the same more slowly. A donated input may have
    been written to when ``run`` fails: a program that can answer 2 must do so before it writes.
    """
    signature = canonical(signature)
    if unfit() is not None or not has_entry(signature):
        return PythonEntry(library, signature, miss, context, tuple(captured), tuple(static), doc)
    name, text = signature.name.encode(), None if doc is None else doc.encode()
    code = library.address("call")
    definition = struct.pack(
        "@PPiP", _inside(name), code, _FASTCALL_WITH_KEYWORDS, 0 if text is None else _inside(text)
    )
    cell = np.zeros(1, np.intp)
    keys = [key for parameter in signature.parameters for key in keys_of(parameter.tree)] + keys_of(signature.result)
    # A tuple and bytes are never emptied by the collector of cycles: they outlive the builtin that reads them.
    state = (
        *(_way(miss, reason) for reason in Reason),
        tuple(parameter.name and sys.intern(parameter.name) for parameter in signature.parameters),
        tuple(keys),
        context,
        cell,
        tuple(captured),
        tuple(static),
        (library, definition, name, text),
    )
    builtin = _new_builtin(_inside(definition), state, "adjoint.compile")
    weakref.finalize(builtin, _release, cell).atexit = False
    return builtin


def _way(miss: Miss, reason: Reason) -> Callable[..., Any]:
    def to_python(*args: Any, **kwargs: Any) -> Any:
        return miss(args, kwargs, reason)

    return to_python


def _inside(data: bytes) -> int:
    """The address of the content of some bytes."""
    return id(data) + bytes.__basicsize__ - 1


def _release(cell: np.ndarray[Any, Any]) -> None:
    """Free the arena that lies ready."""
    block, cell[0] = int(cell[0]), 0
    if block:
        _free(block)
