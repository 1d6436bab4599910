"""Access: from an index to an address, and from an address to a value or back.

Along the vector label an array is read at once where it is contiguous, once for all lanes where it does
not change, and lane by lane (a gather) otherwise.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from adjoint.compile.llvm.frames import I1, I8, I64, Dynamic, Scribe, Val, memory_type
from adjoint.compile.memory import Buffer


class Access(Scribe):
    """A scribe that reads and writes buffers; ``bases`` gives the pointer of each, moved by a number of entries."""

    def __init__(self, function: ir.Function, contract: bool) -> None:
        super().__init__(function, contract)
        self.bases: dict[tuple[int, int], Any] = {}

    def depth(self, index: tuple[Any, ...]) -> int:
        """The innermost frame that an index depends on."""
        found = 0
        for label, factor, _ in index:
            if factor and label != -1:
                if type(label) is Dynamic:
                    found = max(found, label.value.depth)
                else:
                    found = max(found, self.frame_of(label))
        return found

    def frame_of(self, label: int) -> int:
        """The innermost frame that is open on a label."""
        for depth in range(len(self.frames) - 1, 0, -1):
            if self.frames[depth].label == label:
                return depth
        raise AssertionError(f"label {label} is not open")

    def lanes_of(self, index: tuple[Any, ...]) -> int:
        """How many lanes a value at an index has."""
        for label, factor, _ in index:
            if factor and label != -1:
                lanes = label.value.lanes if type(label) is Dynamic else self.frames[self.frame_of(label)].lanes
                if lanes > 1:
                    return int(lanes)
        return 1

    def pointer(self, buffer: Buffer, index: tuple[Any, ...]) -> tuple[Any, int, int, Val | None]:
        """The address at an index (of the first lane), its depth, the step in elements from lane to lane, offsets.

        The last is a vector of further element offsets where a computed index differs from lane to lane.
        """
        fixed, step, still = 0, 0, 0
        parts: dict[int, list[tuple[int, Any]]] = {}
        lanes: list[tuple[int, Val]] = []
        for axis, (stride, (label, factor, add)) in enumerate(zip(buffer.strides, index, strict=True)):
            if not stride:
                continue
            coefficient = stride * factor
            if label == -1 or not factor:
                still += stride * add
                continue
            fixed += stride * add
            if type(label) is Dynamic:
                if label.value.lanes > 1:
                    lanes.append((coefficient, label.value))
                else:
                    parts.setdefault(label.value.depth, []).append((coefficient, label.value.llvm))
                continue
            depth = self.frame_of(label)
            frame = self.frames[depth]
            if frame.lanes > 1:
                step += coefficient
            place = frame.local if axis in buffer.tiled else frame.position
            if isinstance(place, int):
                fixed += coefficient * place
                parts.setdefault(depth, [])
            else:
                parts.setdefault(depth, []).append((coefficient, place))
        kind = memory_type(buffer.term.dtype)
        if not parts:
            fixed, still = fixed + still, 0
        # A row of constant number is handed over as a pointer: the code for another row is the same.
        pointer, deepest = self.bases[buffer.term.id, still], 0
        for depth in sorted(parts):
            deepest = depth
            if parts[depth]:
                pointer = self._moved(pointer, kind, parts[depth], depth)
        if fixed:
            pointer = self._moved(pointer, kind, [(fixed, None)], deepest)
        extra = self._offsets(lanes) if lanes else None
        return pointer, max(deepest, extra.depth if extra else 0), step, extra

    def _moved(self, pointer: Any, kind: ir.Type, parts: list[tuple[int, Any]], depth: int) -> Any:
        memo = self.frames[depth].memo
        key = ("at", id(pointer), tuple((c, id(p)) for c, p in parts))
        found = memo.get(key)
        if found is None:
            builder = self.at(depth)
            total = None
            for coefficient, place in parts:
                one = I64(coefficient)
                if place is not None:
                    one = place if coefficient == 1 else builder.mul(place, one)
                total = one if total is None else builder.add(total, one)
            found = memo[key] = (builder.gep(pointer, [total], source_etype=kind), pointer, parts)
        return found[0]

    def _offsets(self, lanes: list[tuple[int, Val]]) -> Val:
        depth = max(v.depth for _, v in lanes)
        builder = self.at(depth)
        total = None
        for coefficient, value in lanes:
            width = value.lanes
            factor = ir.Constant(ir.VectorType(I64, width), [coefficient] * width)
            one = builder.mul(value.llvm, factor)
            total = one if total is None else builder.add(total, one)
        return Val(total, lanes[0][1].lanes, depth)

    def load(self, buffer: Buffer, index: tuple[Any, ...]) -> Val:
        """The value of a buffer at an index."""
        pointer, depth, step, extra = self.pointer(buffer, index)
        lanes = self.lanes_of(index)
        dtype = buffer.term.dtype
        kind = memory_type(dtype)
        # A piece of memory that is used anew in every round of a loop is read inside it.
        depth = max(depth, self.depth(index))
        if lanes == 1 or (step == 0 and extra is None):
            raw = self._align(self.at(depth).load(pointer, typ=kind), dtype)
            lanes = 1
        else:
            wide = ir.VectorType(kind, lanes)
            mask = self._mask(lanes)
            builder = self.at(depth)
            if step == 1 and extra is None:
                if mask is None:
                    raw = self._align(builder.load(pointer, typ=wide), dtype)
                else:
                    raw = self._masked("load", wide, pointer, mask)
            else:
                raw = self._gather(pointer, kind, lanes, step, extra, mask)
        if dtype.kind == "b":
            zero = ir.Constant(raw.type, 0 if lanes == 1 else None)
            raw = self.builder.icmp_unsigned("!=", raw, zero)
        return Val(raw, lanes, depth)

    def store(self, value: Any, lanes: int, buffer: Buffer, index: tuple[Any, ...]) -> None:
        """Writes a value at an index, in the innermost frame."""
        pointer, _, step, extra = self.pointer(buffer, index)
        dtype = buffer.term.dtype
        kind = memory_type(dtype)
        builder = self.at(len(self.frames) - 1)
        if dtype.kind == "b":
            value = builder.zext(value, I8 if lanes == 1 else ir.VectorType(I8, lanes))
        if lanes == 1:
            self._align(builder.store(value, pointer), dtype)
            return
        mask = self._mask(lanes)
        if step == 1 and extra is None:
            if mask is None:
                self._align(builder.store(value, pointer), dtype)
            else:
                self._masked("store", value.type, pointer, mask, value)
        else:
            places = self._places(pointer, kind, lanes, step, extra)
            name = f"llvm.masked.scatter.{_suffix(value.type)}.v{lanes}p0"
            kinds = [value.type, places.type, ir.VectorType(I1, lanes)]
            callee = self.declared(name, ir.FunctionType(ir.VoidType(), kinds))
            builder.call(callee, [value, places, mask or _all(lanes)])

    def _mask(self, lanes: int) -> Any:
        return next((f.mask for f in reversed(self.frames) if f.lanes == lanes and f.lanes > 1), None)

    def _align(self, instruction: Any, dtype: Any) -> Any:
        # Arrays are aligned to their elements; a vector need not be.
        instruction.align = dtype.itemsize
        return instruction

    def _masked(self, what: str, wide: Any, pointer: Any, mask: Any, value: Any = None) -> Any:
        flat = ir.VectorType(I1, wide.count)
        name = f"llvm.masked.{what}.{_suffix(wide)}.p0"
        if value is None:
            kind = ir.FunctionType(wide, [pointer.type, flat, wide])
            zero = ir.Constant(wide, None)
            return self.builder.call(self.declared(name, kind), [pointer, mask, zero])
        kind = ir.FunctionType(ir.VoidType(), [wide, pointer.type, flat])
        return self.builder.call(self.declared(name, kind), [value, pointer, mask])

    def _places(self, pointer: Any, kind: Any, lanes: int, step: int, extra: Val | None) -> Any:
        offsets: Any = ir.Constant(ir.VectorType(I64, lanes), [step * i for i in range(lanes)])
        if extra is not None:
            offsets = self.builder.add(extra.llvm, offsets)
        places = self.builder.gep(pointer, [offsets], source_etype=kind)
        places.type = ir.VectorType(pointer.type, lanes)  # llvmlite takes every gep for a single pointer
        return places

    def _gather(self, pointer: Any, kind: Any, lanes: int, step: int, extra: Val | None, mask: Any) -> Any:
        places = self._places(pointer, kind, lanes, step, extra)
        wide = ir.VectorType(kind, lanes)
        name = f"llvm.masked.gather.{_suffix(wide)}.v{lanes}p0"
        callee = self.declared(name, ir.FunctionType(wide, [places.type, ir.VectorType(I1, lanes), wide]))
        operands = [places, mask or _all(lanes), ir.Constant(wide, None)]
        return self.builder.call(callee, operands)

    def declared(self, name: str, kind: ir.FunctionType) -> ir.Function:
        """A function of this name, declared once a module."""
        found = self.module.globals.get(name)
        return ir.Function(self.module, kind, name) if found is None else found


def _all(lanes: int) -> Any:
    return ir.Constant(ir.VectorType(I1, lanes), [1] * lanes)


def _suffix(wide: Any) -> str:
    element = wide.element
    return f"v{wide.count}{element.intrinsic_name}"
