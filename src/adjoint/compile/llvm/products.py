"""Products: small contractions written out, where a call of BLAS would cost more than its work.

Two forms, by which axis lies side by side in memory. In *rows*, C and B are contiguous along the columns:
each entry of A multiplies a row of B, and a block of C stays in registers. In *pairs*, A and B are both
contiguous along the axis that is summed: each entry of C is the sum of an elementwise product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from adjoint.compile.llvm.frames import I1, I32, I64, memory_type
from adjoint.compile.llvm.host import host
from adjoint.compile.llvm.nests import Nests

#: Rows (and columns) of a block that stays in registers, for machines with 32 registers and with 16.
BLOCK = {64: (6, 4), 32: (4, 2), 16: (4, 2)}

#: Sums up to this long are written without a loop.
STRAIGHT = 4


class Matrix:
    """An operand of a product: where it begins, and how far apart its rows and columns are, in elements."""

    __slots__ = ("columns", "pointer", "rows")

    def __init__(self, pointer: Any, rows: int, columns: int) -> None:
        self.pointer = pointer
        self.rows = rows
        self.columns = columns


class Products(Nests):
    """A scribe that writes small products of matrices; all extents are known."""

    def rows_product(self, a: Matrix, b: Matrix, c: Matrix, extents: Sequence[int], more: bool, dtype: Any) -> None:
        """C = A B (C += A B with ``more``) where B and C are contiguous along the columns."""
        m, n, k = extents
        lanes = host().lanes(dtype)
        height, width = BLOCK[host().vector_bytes]
        height = -(-m // -(-m // height))
        start = 0
        for vectors in (width, 2, 1):
            block = vectors * lanes
            whole = (n - start) // block * block
            if whole:
                self._columns(a, b, c, (m, k), (start, start + whole, block), (height, vectors, lanes), more, dtype)
                start += whole
        if start < n:
            rest = n - start
            mask = ir.Constant(ir.VectorType(I1, lanes), [int(i < rest) for i in range(lanes)])
            self._columns(a, b, c, (m, k), (start, n, lanes), (height, 1, lanes), more, dtype, mask)

    def _columns(
        self,
        a: Matrix,
        b: Matrix,
        c: Matrix,
        sizes: tuple[int, int],
        span: tuple[int, int, int],
        shape: tuple[int, int, int],
        more: bool,
        dtype: Any,
        mask: Any = None,
    ) -> None:
        """The columns of a span, in blocks that stay in registers."""
        (m, k), (height, vectors, lanes) = sizes, shape

        def block(j: Any) -> None:
            full = m // height * height
            self.repeated(
                0, full, height, lambda i: self._block(a, b, c, i, j, k, height, vectors, lanes, more, dtype, mask)
            )
            if full < m:
                self._block(a, b, c, I64(full), j, k, m - full, vectors, lanes, more, dtype, mask)

        self.repeated(*span, block)

    def _block(
        self,
        a: Matrix,
        b: Matrix,
        c: Matrix,
        i: Any,
        j: Any,
        k: int,
        height: int,
        vectors: int,
        lanes: int,
        more: bool,
        dtype: Any,
        mask: Any,
    ) -> None:
        real = memory_type(dtype)
        wide = ir.VectorType(real, lanes)
        slots = [[self.slot(wide) for _ in range(vectors)] for _ in range(height)]

        def place(r: int, v: int) -> Any:
            return self._entry(c, real, i, j, r, v * lanes)

        for r in range(height):
            for v in range(vectors):
                first = self._read(place(r, v), wide, mask, dtype) if more else ir.Constant(wide, None)
                self.here().store(first, slots[r][v])

        def step(l: Any) -> None:
            row = [self._read(self._entry(b, real, l, j, 0, v * lanes), wide, mask, dtype) for v in range(vectors)]
            for r in range(height):
                builder = self.here()
                scalar = self._align(builder.load(self._entry(a, real, i, l, r, 0), typ=real), dtype)
                factor = self._everywhere(scalar, lanes)
                for v in range(vectors):
                    old = self.here().load(slots[r][v], typ=wide)
                    self.builder.store(self._fma(wide, factor, row[v], old), slots[r][v])

        if k <= STRAIGHT:
            for l in range(k):
                step(I64(l))
        else:
            self.repeated(0, k, 1, step)
        for r in range(height):
            for v in range(vectors):
                self._write(self.here().load(slots[r][v], typ=wide), place(r, v), mask, dtype)

    def pairs_product(self, a: Matrix, b: Matrix, c: Matrix, extents: Sequence[int], more: bool, dtype: Any) -> None:
        """C = A B (C += A B with ``more``) where A and B are contiguous along the axis that is summed."""
        m, n, k = extents
        lanes = host().lanes(dtype)
        high, wide = _divided(m), _divided(n)

        def row(i: Any, height: int) -> None:
            full = n // wide * wide
            self.repeated(0, full, wide, lambda j: self._pairs(a, b, c, (i, height), (j, wide), k, lanes, more, dtype))
            if full < n:
                self._pairs(a, b, c, (i, height), (I64(full), n - full), k, lanes, more, dtype)

        full = m // high * high
        self.repeated(0, full, high, lambda i: row(i, high))
        if full < m:
            row(I64(full), m - full)

    def _pairs(
        self,
        a: Matrix,
        b: Matrix,
        c: Matrix,
        rows: tuple[Any, int],
        columns: tuple[Any, int],
        k: int,
        lanes: int,
        more: bool,
        dtype: Any,
    ) -> None:
        real = memory_type(dtype)
        wide = ir.VectorType(real, lanes)
        (i, height), (j, width) = rows, columns
        slots = [[self.slot(wide) for _ in range(width)] for _ in range(height)]
        for line in slots:
            for slot in line:
                self.here().store(ir.Constant(wide, None), slot)

        def step(l: Any, mask: Any = None) -> None:
            left = [self._read(self._entry(a, real, i, l, r, 0), wide, mask, dtype) for r in range(height)]
            right = [self._read(self._entry(b, real, l, j, 0, s), wide, mask, dtype) for s in range(width)]
            builder = self.here()
            for r in range(height):
                for s in range(width):
                    builder.store(self._fma(wide, left[r], right[s], builder.load(slots[r][s], typ=wide)), slots[r][s])

        whole = k // lanes * lanes
        self.repeated(0, whole, lanes, step)
        if whole < k:
            step(I64(whole), ir.Constant(ir.VectorType(I1, lanes), [int(q < k - whole) for q in range(lanes)]))
        for r in range(height):
            for s in range(width):
                builder = self.here()
                total = self._total(builder.load(slots[r][s], typ=wide), real)
                place = self._entry(c, real, i, j, r, s)
                if more:
                    total = builder.fadd(total, self._align(builder.load(place, typ=real), dtype))
                self._align(builder.store(total, place), dtype)

    def _total(self, vector: Any, real: Any) -> Any:
        """The sum of the lanes, in a tree."""
        kind = vector.type
        name = f"llvm.vector.reduce.fadd.v{kind.count}{real.intrinsic_name}"
        callee = self.declared(name, ir.FunctionType(real, [real, kind]))
        return self.here().call(callee, [ir.Constant(real, -0.0), vector], fastmath=("reassoc",))

    # -- pieces ------------------------------------------------------------------------------------------------

    def here(self) -> Any:
        """The builder at the end of the innermost frame."""
        return self.at(len(self.frames) - 1)

    def repeated(self, start: int, end: int, step: int, body: Callable[[Any], None]) -> None:
        """A loop that opens no label; of one round, none at all."""
        if end - start <= step:
            if end > start:
                body(I64(start))
            return
        outer = self.frames[-1]
        builder = self.here()
        before = builder.block
        head = self.function.append_basic_block("product")
        builder.branch(head)
        builder.position_at_end(head)
        i = builder.phi(I64)
        i.add_incoming(I64(start), before)
        outer.block = head
        body(i)
        builder = self.here()
        following = builder.add(i, I64(step))
        i.add_incoming(following, builder.block)
        after = self.function.append_basic_block("multiplied")
        builder.cbranch(builder.icmp_signed("<", following, I64(end)), head, after)
        outer.block = after

    def _entry(self, matrix: Matrix, real: Any, i: Any, j: Any, down: int, right: int) -> Any:
        """The address of an entry: a row and a column, and constant steps from there."""
        builder = self.here()
        offset: Any = None
        for index, stride in ((i, matrix.rows), (j, matrix.columns)):
            if isinstance(index, ir.Constant):
                part: Any = I64(index.constant * stride)
                if index.constant == 0:
                    continue
            else:
                part = index if stride == 1 else builder.mul(index, I64(stride))
            offset = part if offset is None else builder.add(offset, part)
        place = matrix.pointer if offset is None else builder.gep(matrix.pointer, [offset], source_etype=real)
        fixed = down * matrix.rows + right * matrix.columns
        return builder.gep(place, [I64(fixed)], source_etype=real) if fixed else place

    def _everywhere(self, scalar: Any, lanes: int) -> Any:
        builder = self.here()
        kind = ir.VectorType(scalar.type, lanes)
        one = builder.insert_element(ir.Constant(kind, ir.Undefined), scalar, I32(0))
        zeros = ir.Constant(ir.VectorType(I32, lanes), None)
        return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), zeros)

    def _fma(self, wide: Any, x: Any, y: Any, z: Any) -> Any:
        name = f"llvm.fma.v{wide.count}{wide.element.intrinsic_name}"
        return self.here().call(self.declared(name, ir.FunctionType(wide, [wide] * 3)), [x, y, z])

    def _read(self, place: Any, wide: Any, mask: Any, dtype: Any) -> Any:
        builder = self.here()
        if mask is not None:
            return self._masked("load", wide, place, mask)
        return self._align(builder.load(place, typ=wide), dtype)

    def _write(self, value: Any, place: Any, mask: Any, dtype: Any) -> None:
        builder = self.here()
        if mask is not None:
            self._masked("store", value.type, place, mask, value)
        else:
            self._align(builder.store(value, place), dtype)


def _divided(n: int) -> int:
    """How many rows or columns a block of sums has: four or five, and no remainder where that is possible."""
    return next((size for size in (5, 4) if n % size == 0), min(4, n))
