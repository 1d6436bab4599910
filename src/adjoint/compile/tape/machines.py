"""The machine code of tapes: one library a set of opcodes and one a signature, made once and kept on the disk."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adjoint.compile.cache import disk, make_key
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

_machines: dict[str, Any] = {}
_images: dict[str, bytes] = {}
_lock = threading.Lock()


def machine_of(tape: Tape, cache: bool = True) -> Any:
    """The library with ``run`` for a tape: of this process, from the disk, or compiled now."""
    from adjoint.compile.llvm.host import host

    bits = tape.stream.itemsize * 8
    options = {"dtype": tape.dtype.name, "bits": bits, "masked": tape.masked, "opcodes": [o.text for o in tape.opcodes]}
    key = make_key("tape", options, host().key)

    def module() -> Any:
        from adjoint.compile.llvm.tape import machine

        return machine(tape.opcodes, tape.dtype.name, bits, tape.masked)

    with _lock:
        found = _machines.get(key)
        if found is None:
            found = _machines[key] = _kept(key, module, {}, cache, "tape")
    return found


def callable_of(
    program: TapeProgram, miss: Callable[..., Any], captured: Sequence[Any], static: Sequence[Any] = ()
) -> Callable[..., Any] | None:
    """The native entry of a program with a signature, or None where its arguments are not for one.

    Programs of one signature and about one size share its code, each bound to its own tape.
    """
    from adjoint.compile.llvm import entry_layout
    from adjoint.compile.llvm.entry import entry_text, has_entry
    from adjoint.compile.llvm.entry_callable import make_callable
    from adjoint.compile.llvm.host import host

    signature = program.signature
    if signature is None or entry_layout.unfit() is not None or not has_entry(signature):
        return None
    scratch = _rounded(program.arena_bytes)
    text = _RUN + entry_text(signature, "run", scratch, program.nodes > LONG, ("adjoint_tape", "run"))
    key = make_key(hashlib.sha256(text.encode()).hexdigest(), {"entry": "tape"}, host().key)
    bound = {"adjoint_tape": program.address, "adjoint_tape_header": program.context}
    library = _kept(key, lambda: text, {**entry_layout.symbols(), **bound}, program.cache, "tape entry", program)
    return make_callable(library, signature, miss=miss, captured=tuple(captured), static=static)


def _kept(
    key: str, module: Callable[[], Any], symbols: Mapping[str, int], cache: bool, name: str, held: object = None
) -> Any:
    """A library from an image of this process or of the disk, else built now, and its image kept."""
    from adjoint.compile.llvm import jit

    found = (None, _images.get(key)) if key in _images else disk().get(key) if cache else None
    if found is not None and found[1] is not None:
        _images[key] = found[1]
        return jit.load(found[1], symbols, name=name, held=held)
    made = jit.build(module(), symbols=symbols, name=name, held=held)
    _images[key] = made.object_bytes
    if cache:
        disk().put(key, {}, made.object_bytes)
    return made


def _rounded(size: int) -> int:
    """A size rounded up by an eighth at most, so that programs of about one size have the same entry.

    >>> _rounded(1000), _rounded(70_000)
    (1024, 73728)
    """
    step = 1 << max(0, size.bit_length() - 4)
    return size + -size % step
