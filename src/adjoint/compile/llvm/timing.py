"""Timing: the processor's clock, read after each step of a program.

It is a variant of the program for whoever asks where its time goes: the program that users call has no clocks.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from adjoint.compile.llvm.callback import CALLBACK
from adjoint.compile.llvm.frames import I64, POINTER
from adjoint.compile.llvm.host import host

#: The table of marks: two at the beginning, as far apart as two readings are, then one after each step.
MARKS = "step_marks"


def timed(module: ir.Module) -> int:
    """Puts a reading of the clock after each step of ``run``; the number of marks in the table.

    The table is a global array of 64-bit counts with the name `MARKS`, so that only one thread can be timed.
    """
    run = module.globals["run"]
    kind = ir.FunctionType(I64, [])
    clock = ir.Function(module, kind, f"llvm.{'readcyclecounter' if _x86() else 'readsteadycounter'}")
    steps = [i for block in run.blocks for i in block.instructions if _is_step(i)]
    count = len(steps) + 2
    table = ir.GlobalVariable(module, ir.ArrayType(I64, count), MARKS)
    table.initializer = ir.Constant(table.value_type, [0] * count)
    table.type = POINTER
    builder = ir.IRBuilder(run.blocks[0])

    def mark(slot: int) -> None:
        now = builder.call(clock, [])
        builder.store(now, builder.gep(table, [I64(slot)], source_etype=I64))

    builder.position_at_start(run.blocks[0])
    mark(0)
    mark(1)
    for slot, step in enumerate(steps):
        builder.position_after(step)
        mark(slot + 2)
    return count


def _x86() -> bool:
    return host().triple.startswith(("x86", "i386", "i686", "amd64"))


def _is_step(instruction: Any) -> bool:
    name = getattr(getattr(instruction, "callee", None), "name", "")
    return name.startswith("step") or name == CALLBACK
