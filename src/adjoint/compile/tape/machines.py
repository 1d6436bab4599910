"""The machine code of tapes: one library a set of opcodes, compiled once, shared by all tapes that use them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from adjoint.compile.tape.schedule import Tape

if TYPE_CHECKING:
    from adjoint.compile.tape.program import TapeProgram

#: From this many nodes on (some 50 microseconds), other threads of Python may work while a tape runs.
LONG = 10_000

#: A program's own ``run``: the shared machine, on the program's tape.
_RUN = """
declare i32 @adjoint_tape(ptr, ptr, ptr, ptr)
@adjoint_tape_header = external global i8
define i32 @run(ptr %arena, ptr %inputs, ptr %outputs, ptr %context) {
  %status = call i32 @adjoint_tape(ptr %arena, ptr %inputs, ptr %outputs, ptr @adjoint_tape_header)
  ret i32 %status
}
"""

_known: dict[tuple[Any, ...], Any] = {}
_lock = threading.Lock()


def machine_of(tape: Tape) -> Any:
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


def callable_of(
    program: TapeProgram, miss: Callable[..., Any], captured: Sequence[Any], static: Sequence[Any] = ()
) -> Callable[..., Any] | None:
    """The native entry of a program with a signature, or None where its arguments are not for one."""
    from adjoint.compile.llvm import entry_layout, jit
    from adjoint.compile.llvm.entry import entry_text, has_entry
    from adjoint.compile.llvm.entry_callable import make_callable

    signature = program.signature
    if signature is None or entry_layout.unfit() is not None or not has_entry(signature):
        return None
    text = _RUN + entry_text(signature, "run", program.arena_bytes, program.nodes > LONG, ("adjoint_tape", "run"))
    bound = {"adjoint_tape": program.address, "adjoint_tape_header": program.context}
    library = jit.build(text, symbols={**entry_layout.symbols(), **bound}, name="tape entry", held=program)
    return make_callable(library, signature, miss=miss, captured=tuple(captured), static=static)
