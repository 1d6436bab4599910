"""The machine code of tapes: one library a set of opcodes, compiled once, shared by all tapes that use them."""

from __future__ import annotations

import threading
from typing import Any

from adjoint.compile.tape.schedule import Tape

_known: dict[tuple[Any, ...], Any] = {}
_lock = threading.Lock()


def entry_of(tape: Tape) -> Any:
    """The library with ``run`` for a tape, from this process or compiled now."""
    from adjoint.compile.llvm import jit
    from adjoint.compile.llvm.host import host
    from adjoint.compile.llvm.tape import machine

    key = ("tape", tuple(o.text for o in tape.opcodes), tape.dtype.name, tape.stream.itemsize * 8, tape.masked)
    full = (*key, host().key)
    with _lock:
        found = _known.get(full)
        if found is None:
            module = machine(tape.opcodes, tape.dtype.name, tape.stream.itemsize * 8, tape.masked)
            found = _known[full] = jit.build(module, name="tape")
    return found
