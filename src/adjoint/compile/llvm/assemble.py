"""Assemble: the functions of a program's steps, and ``run``, which calls them in order.

A step's function takes a table of pointers, in the order of their first use, so that steps of equal
structure have the same text: it is compiled once.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from adjoint.compile.calls import call_operands, call_results
from adjoint.compile.llvm.callback import CALLBACK
from adjoint.compile.llvm.frames import I32, I64, POINTER, memory_type
from adjoint.compile.llvm.kit import constant
from adjoint.compile.llvm.pauses import leave_unless_well, look
from adjoint.compile.llvm.scatters import Scatters
from adjoint.compile.memory import Buffer, Memory, Step
from adjoint.compile.statements import Program, Statement
from adjoint.compile.terms import Term

#: Programs without loops of at most this many statements are written into the entry.
TINY = 64


class StepScribe(Scatters):
    """Writes one step: a base pointer is loaded from the table when it is first asked for."""

    def __init__(self, function: ir.Function, contract: bool, program: Program, memory: Memory, polls: bool) -> None:
        super().__init__(function, contract, program, memory)
        self.polls = polls
        self.accumulators = {}
        self.used: list[Term] = []
        self.bases = _Bases(self)

    def base(self, term: int, moved: int) -> Any:
        """The pointer of a buffer, moved by some entries, from the next slot of the table; written once, at first."""
        buffer = self.memory.root(self.memory.of[term].term)
        moved *= self.memory.of[term].term.dtype.itemsize
        for known, by, pointer in self._known:
            same = known is buffer or (known.space == buffer.space != "arena" and known.number == buffer.number)
            if same and by == moved:
                return pointer
        slot = len(self._known)
        builder = self.builder
        if self._anchor is None:
            builder.position_at_start(self._first)
        else:
            builder.position_after(self._anchor)
        place = builder.gep(self.function.args[0], [I64(slot)], source_etype=POINTER)
        pointer = self._anchor = builder.load(place, typ=POINTER)
        self._known.append((buffer, moved, pointer))
        return pointer

    _anchor: Any = None

    @property
    def _known(self) -> list[tuple[Buffer, int, Any]]:
        return self.__dict__.setdefault("_bases_known", [])

    def write(self, step: Step) -> list[tuple[Buffer, int]]:
        """Writes the step; the buffers that its table must hold, in order, and by how many bytes they are moved."""
        self.items(step.items, {s.number for s in step.statements()})
        if self.polls:
            self.at(0).ret(I32(0))
        else:
            self.at(0).ret_void()
        return [(buffer, moved) for buffer, moved, _ in self._known]


class _Bases(dict):
    def __init__(self, scribe: StepScribe) -> None:
        super().__init__()
        self._scribe = scribe

    def __missing__(self, key: tuple[int, int]) -> Any:
        found = self[key] = self._scribe.base(*key)
        return found


def assemble(program: Program, memory: Memory, steps: list[Step], *, contract: bool, polls: bool) -> ir.Module:
    """The module of a program: ``i32 run(arena, inputs, outputs, context)``.

    With ``polls`` Python looks for Ctrl-C after each step and in long loops; then steps return a status as well.
    """
    module = ir.Module(name="adjoint")
    run = ir.Function(module, ir.FunctionType(I32, [POINTER] * 4), "run")
    run.attributes.add("nounwind")
    wide(run)
    builder = ir.IRBuilder(run.append_basic_block("entry"))
    pointers = _Pointers(builder, run, memory)
    known: dict[str, ir.Function] = {}
    checks = program.outputs[program.count :]
    # Where a call costs as much as the work, all of it stands in the entry itself.
    tiny = len(program.statements) <= TINY and not any(s.loops or s.kind == "call" for s in program.statements)
    if tiny:
        run.attributes.add("alwaysinline")
    for step in steps:
        work = [s for s in step.statements() if s.kind not in {"reshape", "item"}]
        if not work:
            continue
        if work[0].kind == "call":
            _call(builder, run, pointers, memory, program, work[0])
            continue
        kernel = ir.Function(module, ir.FunctionType(I32 if polls else ir.VoidType(), [POINTER]), f"step{step.number}")
        kernel.linkage = "internal"
        wide(kernel)
        if tiny:
            kernel.attributes.add("alwaysinline")
        buffers = StepScribe(kernel, contract, program, memory, polls).write(step)
        text = "".join(str(block) for block in kernel.blocks)
        twin = known.setdefault(text, kernel)
        if twin is not kernel:
            del module.globals[kernel.name]
        table = pointers.table(buffers)
        status = builder.call(twin, [table])
        if polls:
            leave_unless_well(builder, run, status)
            look(builder, run)
        for check in (s.term for s in work if s.term in checks):
            # At once: later steps may write into donated memory, which the repeated call must find as it was.
            flag = builder.load(pointers.of(memory.of[check.id]), typ=ir.DoubleType())
            bad = builder.fcmp_ordered(">", flag, ir.Constant(ir.DoubleType(), 0.0))
            leave_unless_well(builder, run, builder.select(bad, I32(2), I32(0)))
    builder.ret(I32(0))
    return module


def wide(function: ir.Function) -> None:
    """Lets a function use the widest registers of the machine."""
    from adjoint.compile.llvm.host import host

    if host().vector_bytes == 64:
        set.add(function.attributes, '"prefer-vector-width"="512"')  # llvmlite's own add knows no strings


class _Pointers:
    """The addresses of buffers in ``run``, each written once."""

    def __init__(self, builder: ir.IRBuilder, run: ir.Function, memory: Memory) -> None:
        self.builder = builder
        self.run = run
        self.memory = memory
        self._known: dict[tuple[str, int], Any] = {}
        self._first = builder.block

    def of(self, buffer: Buffer) -> Any:
        """The address of a buffer."""
        key = (buffer.space, buffer.offset if buffer.space == "arena" else buffer.number)
        found = self._known.get(key)
        if found is not None:
            return found
        builder = self.builder
        if buffer.space == "arena":
            found = builder.gep(self.run.args[0], [I64(buffer.offset)], source_etype=ir.IntType(8))
        elif buffer.space == "array":
            found = _global(self.run.module, buffer.term)
        else:
            table = self.run.args[1 if buffer.space == "input" else 2]
            place = builder.gep(table, [I64(buffer.number)], source_etype=POINTER)
            found = builder.load(place, typ=POINTER)
        if builder.block is self._first:
            self._known[key] = found
        return found

    def table(self, buffers: list[tuple[Buffer, int]]) -> Any:
        """A table of addresses on the stack, each moved by some bytes."""
        builder = self.builder
        with builder.goto_block(self._first):
            builder.position_at_start(self._first)
            table = builder.alloca(ir.ArrayType(POINTER, max(len(buffers), 1)))
            table.type = POINTER
        for slot, (buffer, moved) in enumerate(buffers):
            address = self.of(buffer)
            if moved:
                address = builder.gep(address, [I64(moved)], source_etype=ir.IntType(8))
            builder.store(address, builder.gep(table, [I64(slot)], source_etype=POINTER))
        return table


def _global(module: ir.Module, term: Term) -> Any:
    name = f"array{term.id}"
    found = module.globals.get(name)
    if found is None:
        kind = memory_type(term.dtype)
        flat = term.data.ravel()
        values = [int(v) for v in flat] if term.dtype.kind in "bi" else [float(v) for v in flat]
        found = ir.GlobalVariable(module, ir.ArrayType(kind, len(values)), name)
        found.initializer = ir.Constant(found.value_type, [constant(kind, 1, v) for v in values])
        found.linkage = "internal"
        found.global_constant = True
        found.align = 64
        found.type = POINTER
    return found


def _call(
    builder: ir.IRBuilder, run: ir.Function, pointers: _Pointers, memory: Memory, program: Program, s: Statement
) -> None:
    """A call back to Python: the pointers of the operands and results, and which step asks."""
    operands = [memory.root(a) for a in call_operands(s.term)]
    results = [memory.of[t.id] for t in call_results(program, s.term)]
    table = pointers.table([(buffer, 0) for buffer in (*operands, *results)])
    callee = run.module.globals.get(CALLBACK)
    if callee is None:
        callee = ir.Function(run.module, ir.FunctionType(I32, [POINTER, I64, POINTER]), CALLBACK)
    status = builder.call(callee, [run.args[3], I64(call_number(program, s)), table])
    leave_unless_well(builder, run, status)


def call_number(program: Program, s: Statement) -> int:
    """Which of a program's calls a statement is."""
    return [c.number for c in program.statements if c.kind == "call"].index(s.number)
