"""The native loops of the tape machine: one forward, one reverse, for a set of opcodes.

A tape is data: runs of equal opcodes, and a stream of operand places. The loops go over the runs; within a
run nothing depends on anything, so its nodes are computed a whole register at a time, their operands
gathered. The results of a run are neighbours: they are stored, and their cotangents loaded, without
gathering. Where a register reaches past the end of a run it computes what the next run will overwrite, or,
on the way back, what nobody adds up; so there are no masks. Runs of one or two nodes go number by number,
because there a store that feeds the next load is what takes the time.

What a tape is in memory stands in ``HEADER``: machine code and data meet nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from llvmlite import ir

from adjoint.compile.llvm.host import host
from adjoint.compile.llvm.kit import Kit, constant, widened
from adjoint.compile.tape.layout import COUNT_SHIFT, HEADER, SHORT
from adjoint.compile.tape.opcode import Opcode, derivative, emit, emit_pulls

_I1, _I8, _I32, _I64 = (ir.IntType(n) for n in (1, 8, 32, 64))
_PTR = ir.PointerType()
_ZERO, _ONE = ir.Constant(_I64, 0), ir.Constant(_I64, 1)


def machine(
    opcodes: Sequence[Opcode], dtype: str, index_bits: int, masked: bool, lanes: int | None = None
) -> ir.Module:
    """The module with ``run(arena, inputs, outputs, context)`` for tapes of these opcodes.

    ``context`` points to a tape's header. ``masked`` keeps structural zeros apart from computed ones, which
    graphs with routers need. Raises UnsupportedError for an opcode without a native form.
    """
    module = ir.Module("tape")
    function = ir.Function(module, ir.FunctionType(_I32, [_PTR] * 4), "run")
    function.attributes.add("nounwind")
    made = _Machine(function, dtype, index_bits, masked, lanes or host().lanes(np.dtype(dtype)))
    made.write(opcodes)
    return module


class _Machine:
    """The function under construction: its builder, the fields of the tape's header, and the counters."""

    def __init__(self, function: ir.Function, dtype: str, index_bits: int, masked: bool, lanes: int) -> None:
        self.builder = b = ir.IRBuilder(function.append_basic_block("entry"))
        self.arena, self.inputs, self.outputs, self.context = function.args
        self.kind = "f64" if dtype == "float64" else "f32"
        self.kits = {n: Kit(b, self.kind, n, contract=False) for n in (1, lanes)}
        self.lanes, self.masked = lanes, masked
        self.number = self.kits[1].scalar
        self.size = np.dtype(dtype).itemsize
        self.index = ir.IntType(index_bits)
        self.fields = {name: self._field(i, kind) for i, (name, kind) in enumerate(HEADER.items())}
        self.values = self.arena
        self.cotangents = self.at(self.number, self.arena, self.fields["slots"])
        self.alive = self.at(self.number, self.cotangents, self.fields["slots"])
        # The lanes of a cotangent, before they are added one by one to where they belong.
        self.shares = [b.alloca(self._vector(self.number)) for _ in range(3)]
        self.lives = [b.alloca(self._vector(_I8)) for _ in range(3)]
        #: The first node of the run in hand, and where its operands start in the stream.
        self.node, self.stream = b.alloca(_I64), b.alloca(_I64)

    def write(self, opcodes: Sequence[Opcode]) -> None:
        """The whole function."""
        b = self.builder
        self.copy_in()
        b.store(self.fields["first"], self.node)
        b.store(_ZERO, self.stream)
        self.runs(opcodes, forward=True)
        self.copy_out("results", "result_count", self.values)
        with b.if_then(b.icmp_signed("!=", self.fields["gradients"], _ZERO)):
            self.seed()
            self.runs(opcodes, forward=False)
            self.copy_out("wanted", "wanted_count", self.cotangents)
        b.ret(ir.Constant(_I32, 0))

    # Data in, data out.

    def copy_in(self) -> None:
        """The inputs and the constants to the start of the values."""
        b = self.builder
        with self.counting(self.fields["input_count"]) as i:
            source = b.load(self.at(_PTR, self.inputs, i), typ=_PTR)
            first, count = self.row("given", i, 2)
            with self.counting(count) as j:
                self.move(source, j, self.values, b.add(first, j))
        with self.counting(self.fields["constant_count"]) as j:
            self.move(self.fields["constants"], j, self.values, b.add(self.fields["constant_first"], j))

    def copy_out(self, table: str, count: str, source: Any) -> None:
        """Values, or cotangents, to the outputs."""
        b = self.builder
        with self.counting(self.fields[count]) as i:
            output, first, length = self.row(table, i, 3)
            target = b.load(self.at(_PTR, self.outputs, output), typ=_PTR)
            with self.counting(length) as j:
                place = self.place(self.fields["places"], b.add(first, j))
                self.move(source, place, target, j)

    def seed(self) -> None:
        """Zero cotangents, and 1 for the output that is differentiated."""
        b = self.builder
        zero = self.kits[self.lanes].const(0.0)
        dead = constant(_I8, self.lanes, 0)
        with self.counting(self.fields["slots"], self.lanes) as i:
            self.put(zero, self.number, self.cotangents, i)
            if self.masked:
                self.put(dead, _I8, self.alive, i)
        root = self.fields["root"]
        b.store(self.kits[1].const(1.0), self.at(self.number, self.cotangents, root))
        if self.masked:
            b.store(ir.Constant(_I8, 1), self.at(_I8, self.alive, root))

    # The loops.

    def runs(self, opcodes: Sequence[Opcode], forward: bool) -> None:
        """One pass over all runs: a switch on the opcode, one case for registers and one for single numbers."""
        b = self.builder
        count = self.fields["run_count"]
        with self.counting(count) as i:
            r = i if forward else b.sub(b.sub(count, _ONE), i)
            word = b.load(self.at(_I32, self.fields["runs"], r), typ=_I32)
            length = b.zext(b.lshr(word, ir.Constant(_I32, COUNT_SHIFT)), _I64)
            case = b.and_(word, ir.Constant(_I32, (1 << COUNT_SHIFT) - 1))
            nowhere, after = b.append_basic_block("nowhere"), b.append_basic_block("after")
            switch = b.switch(case, nowhere)
            b.position_at_end(nowhere)
            b.unreachable()
            for number, opcode in enumerate(opcodes):
                for short in (0, SHORT):
                    block = b.append_basic_block(f"{opcode.record}{'.short' if short else ''}")
                    switch.add_case(ir.Constant(_I32, 2 * number + short), block)
                    b.position_at_end(block)
                    self.case(opcode, length, 1 if short else self.lanes, forward)
                    b.branch(after)
            b.position_at_end(after)

    def case(self, opcode: Opcode, length: Any, lanes: int, forward: bool) -> None:
        """One run of an opcode, forward or back, and the counters moved past it."""
        b = self.builder
        node, stream = b.load(self.node, typ=_I64), b.load(self.stream, typ=_I64)
        taken = b.mul(length, ir.Constant(_I64, opcode.arity))
        if not forward:
            node, stream = b.sub(node, length), b.sub(stream, taken)
        starts = [b.add(stream, b.mul(length, ir.Constant(_I64, i))) for i in range(opcode.arity)]
        if forward:
            self.compute(opcode, node, starts, length, lanes)
        elif opcode.pulled and derivative(opcode).passes:
            self.pull(opcode, node, starts, length, lanes)
        b.store(b.add(node, length) if forward else node, self.node)
        b.store(b.add(stream, taken) if forward else stream, self.stream)

    def compute(self, opcode: Opcode, node: Any, starts: list[Any], length: Any, lanes: int) -> None:
        """The values of a run."""
        b, k = self.builder, self.kits[lanes]
        with self.counting(length, lanes) as j:
            operands = [self.gather(b.add(start, j), lanes) for start in starts]
            self.put(emit(k, opcode, operands), self.number, self.values, b.add(node, j))

    def pull(self, opcode: Opcode, node: Any, starts: list[Any], length: Any, lanes: int) -> None:
        """The cotangents of a run's operands, added to what those have received."""
        b, k, local = self.builder, self.kits[lanes], derivative(opcode)
        with self.counting(length, lanes) as j:
            here = b.add(node, j)
            g = self.get(self.number, self.cotangents, here, lanes)
            pulls, weights = emit_pulls(
                k,
                local,
                lambda i: self.gather(b.add(starts[i], j), lanes),
                lambda: self.get(self.number, self.values, here, lanes),
                g,
            )
            lives: list[Any] = [None] * len(pulls)
            if self.masked:
                living = b.icmp_unsigned("!=", self.get(_I8, self.alive, here, lanes), constant(_I8, lanes, 0))
                if local.selects:
                    pulls = [None if d is None else b.select(living, d, k.const(0.0)) for d in pulls]
                for i, weight in enumerate(weights):
                    ends = constant(_I1, lanes, 1)
                    lives[i] = ends if local.masks == "ends" else living if weight is None else b.and_(living, weight)
            self.scatter(pulls, lives, starts, j, b.sub(length, j), lanes)

    def scatter(self, pulls: list[Any], lives: list[Any], starts: list[Any], j: Any, left: Any, lanes: int) -> None:
        """Shares added one by one, because two of a register may belong to the same place."""
        b = self.builder
        sent = [i for i, d in enumerate(pulls) if d is not None]
        if lanes == 1:
            for i in sent:
                self.deposit(self.place(self.fields["stream"], b.add(starts[i], j)), pulls[i], lives[i])
            return
        for i in sent:
            b.store(pulls[i], self.shares[i])
            if lives[i] is not None:
                b.store(b.zext(lives[i], self._vector(_I8)), self.lives[i])
        whole = ir.Constant(_I64, lanes)
        count = b.select(b.icmp_signed("<", left, whole), left, whole)
        with self.counting(count) as lane:
            for i in sent:
                share = b.load(self.at(self.number, self.shares[i], lane), typ=self.number)
                living = None
                if lives[i] is not None:
                    living = b.load(self.at(_I8, self.lives[i], lane), typ=_I8)
                self.deposit(self.place(self.fields["stream"], b.add(b.add(starts[i], j), lane)), share, living)

    def deposit(self, place: Any, share: Any, living: Any) -> None:
        """One share added to the cotangent at a place."""
        b = self.builder
        target = self.at(self.number, self.cotangents, place)
        b.store(b.fadd(b.load(target, typ=self.number), share), target)
        if living is not None:
            if living.type == _I1:
                living = b.zext(living, _I8)
            flag = self.at(_I8, self.alive, place)
            b.store(b.or_(b.load(flag, typ=_I8), living), flag)

    # Memory.

    def gather(self, where: Any, lanes: int) -> Any:
        """The values at the places that the stream lists from ``where`` on."""
        b = self.builder
        if lanes == 1:
            place = self.place(self.fields["stream"], where)
            return b.load(self.at(self.number, self.values, place), typ=self.number)
        places = self.get(self.index, self.fields["stream"], where, lanes)
        kind, vector = self._vector(_PTR), self._vector(self.number)
        pointers = b.gep(self.values, [places], source_etype=self.number)
        pointers.type = kind  # llvmlite takes the address of a vector of places for a single one
        name = f"llvm.masked.gather.v{lanes}{self.kind}.v{lanes}p0"
        callee = b.module.globals.get(name)
        if callee is None:
            signature = ir.FunctionType(vector, [kind, widened(_I1, lanes), vector])
            callee = ir.Function(b.module, signature, name)
        return b.call(callee, [pointers, constant(_I1, lanes, 1), ir.Constant(vector, ir.Undefined)])

    def place(self, table: Any, where: Any) -> Any:
        """One entry of a table of places."""
        found = self.builder.load(self.at(self.index, table, where), typ=self.index)
        return found if self.index == _I64 else self.builder.zext(found, _I64)

    def get(self, kind: ir.Type, array: Any, where: Any, lanes: int) -> Any:
        """``lanes`` neighbours of an array."""
        size = kind.width // 8 if isinstance(kind, ir.IntType) else self.size
        return self.builder.load(self.at(kind, array, where), align=size, typ=widened(kind, lanes))

    def put(self, value: Any, kind: ir.Type, array: Any, where: Any) -> None:
        """Neighbours of an array, or one entry of it, written."""
        size = kind.width // 8 if isinstance(kind, ir.IntType) else self.size
        self.builder.store(value, self.at(kind, array, where), align=size)

    def move(self, source: Any, i: Any, target: Any, j: Any) -> None:
        """One number from an array to another."""
        b = self.builder
        b.store(b.load(self.at(self.number, source, i), typ=self.number), self.at(self.number, target, j))

    def row(self, table: str, i: Any, width: int) -> list[Any]:
        """A row of a table of whole numbers."""
        b = self.builder
        start = b.mul(i, ir.Constant(_I64, width))
        places = [b.add(start, ir.Constant(_I64, n)) for n in range(width)]
        return [b.load(self.at(_I64, self.fields[table], place), typ=_I64) for place in places]

    def at(self, kind: ir.Type, array: Any, where: Any) -> Any:
        """The address of an entry."""
        return self.builder.gep(array, [where], inbounds=True, source_etype=kind)

    @contextmanager
    def counting(self, stop: Any, step: int = 1) -> Iterator[Any]:
        """A loop from 0 up to ``stop`` in steps; yields the counter."""
        b = self.builder
        head, body, done = (b.append_basic_block(name) for name in ("head", "body", "done"))
        before = b.block
        b.branch(head)
        b.position_at_end(head)
        i = b.phi(_I64)
        i.add_incoming(_ZERO, before)
        b.cbranch(b.icmp_signed("<", i, stop), body, done)
        b.position_at_end(body)
        yield i
        i.add_incoming(b.add(i, ir.Constant(_I64, step)), b.block)
        b.branch(head)
        b.position_at_end(done)

    def _field(self, i: int, kind: str) -> Any:
        typ = _PTR if kind == "pointer" else _I64
        return self.builder.load(self.at(_I64, self.context, ir.Constant(_I64, i)), typ=typ)

    def _vector(self, kind: ir.Type) -> ir.Type:
        return ir.VectorType(kind, self.lanes)
