"""Frames: the open loops of a function that is being written, and the values that stand in each.

A value belongs to the frame of the innermost label that its index names: whatever does not change in a
loop is written before it, without any pass of LLVM having to find that out.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from adjoint.compile.llvm.kit import IntKit, Kit, constant

I1, I8, I32, I64 = (ir.IntType(n) for n in (1, 8, 32, 64))
POINTER = ir.PointerType()


class Val:
    """A value in a register: what it is, how many lanes it has, and the frame in which it stands."""

    __slots__ = ("const", "depth", "lanes", "llvm")

    def __init__(self, llvm: Any, lanes: int, depth: int, const: Any = None) -> None:
        self.llvm = llvm
        self.lanes = lanes
        self.depth = depth
        self.const = const


class Dynamic:
    """An index that is computed, as the label of an index triple."""

    __slots__ = ("value",)

    def __init__(self, value: Val) -> None:
        self.value = value


class Frame:
    """One open loop (or the whole function, without a label): where to write, and what is known there.

    ``position`` is the label's value (a Python number where the loop has one round), ``local`` the same counted
    from the beginning of the piece; ``low`` and ``high`` bound it; ``mask`` says which lanes count.
    """

    __slots__ = ("block", "high", "label", "lanes", "local", "low", "mask", "memo", "position", "unroll", "width")

    def __init__(
        self,
        block: Any,
        label: int | None = None,
        position: Any = 0,
        *,
        local: Any = None,
        lanes: int = 1,
        unroll: int = 1,
        mask: Any = None,
        low: int = 0,
        high: int = 0,
        width: int = 0,
    ) -> None:
        self.block = block
        self.label = label
        self.position = position
        self.local = position if local is None else local
        self.lanes = lanes
        self.unroll = unroll
        self.mask = mask
        self.low = low
        self.high = high
        #: The positions of a piece, in the frame of a tile's loop.
        self.width = width
        self.memo: dict[Any, Any] = {}


class Scribe:
    """Writes one function: the stack of frames, the kits, and conversions between widths and dtypes."""

    def __init__(self, function: ir.Function, contract: bool) -> None:
        self.function = function
        self.module = function.module
        self.builder = ir.IRBuilder(function.append_basic_block("entry"))
        self.fuses = contract
        self.frames = [Frame(self.builder.block)]
        self._kits: dict[tuple[str, int], Any] = {}
        self._first = self.builder.block

    def at(self, depth: int) -> ir.IRBuilder:
        """The builder, at the end of a frame's straight code."""
        block = self.frames[depth].block
        end = block.terminator
        if end is None:
            self.builder.position_at_end(block)
        else:
            self.builder.position_before(end)
        return self.builder

    def slot(self, kind: ir.Type) -> Any:
        """A place for one value, which becomes a register."""
        block = self._first
        if block.instructions:
            self.builder.position_before(block.instructions[0])
        else:
            self.builder.position_at_end(block)
        return self.builder.alloca(kind)

    def kit(self, dtype: Any, lanes: int) -> Any:
        """The kit for a dtype in registers of some lanes."""
        key = (dtype.char, lanes)
        found = self._kits.get(key)
        if found is None:
            if dtype.kind == "i":
                found = IntKit(self.builder, dtype.itemsize * 8, True, lanes)
            else:
                name = "f32" if dtype.char == "f" else "f64"
                found = Kit(self.builder, name, lanes, contract=False)
            self._kits[key] = found
        return found

    def const(self, value: Any, dtype: Any) -> Val:
        """A known scalar."""
        return Val(self.constant(value, dtype, 1), 1, 0, value)

    def constant(self, value: Any, dtype: Any, lanes: int) -> Any:
        """A known scalar in every lane."""
        if dtype.kind == "b":
            return constant(I1, lanes, int(value))
        return self.kit(dtype, lanes).const(value)

    def widened(self, val: Val, lanes: int, dtype: Any) -> Any:
        """The value in every lane; written where the scalar stands, so that no loop repeats it."""
        if val.lanes == lanes:
            return val.llvm
        if val.const is not None:
            return self.constant(val.const, dtype, lanes)
        return self.splat(val.llvm, lanes, val.depth)

    def splat(self, scalar: Any, lanes: int, depth: int) -> Any:
        """A scalar in every lane."""
        memo = self.frames[depth].memo
        key = ("splat", id(scalar), lanes)
        if key not in memo:
            builder = self.at(depth)
            kind = ir.VectorType(scalar.type, lanes)
            one = builder.insert_element(ir.Constant(kind, ir.Undefined), scalar, I32(0))
            memo[key] = (
                builder.shuffle_vector(
                    one, ir.Constant(kind, ir.Undefined), ir.Constant(ir.VectorType(I32, lanes), None)
                ),
                scalar,
            )
        return memo[key][0]

    def convert(self, value: Any, given: Any, wanted: Any, lanes: int) -> Any:
        """A value of one dtype in another, as NumPy casts: at the builder's place."""
        builder = self.builder
        if given == wanted:
            return value
        if wanted.kind == "b":
            kit = self.kit(given, lanes)
            return kit.ne(value, kit.const(0))
        target = self.kit(wanted, lanes).const(0).type
        if given.kind == "b":
            return builder.uitofp(value, target) if wanted.kind == "f" else builder.zext(value, target)
        if given.kind == "f" and wanted.kind == "f":
            return builder.fpext(value, target) if wanted.itemsize > given.itemsize else builder.fptrunc(value, target)
        if given.kind == "f":
            return builder.fptosi(value, target)
        if wanted.kind == "f":
            return builder.sitofp(value, target)
        return builder.sext(value, target) if wanted.itemsize > given.itemsize else builder.trunc(value, target)


def memory_type(dtype: Any) -> ir.Type:
    """How an element lies in memory: truth values as bytes."""
    if dtype.kind == "b":
        return I8
    if dtype.kind == "i":
        return ir.IntType(dtype.itemsize * 8)
    return ir.FloatType() if dtype.itemsize == 4 else ir.DoubleType()
