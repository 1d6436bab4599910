"""Contractions: one product of matrices by BLAS, at the place in the loops where its batch labels are open."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from adjoint.compile.indices import straight
from adjoint.compile.labels import dot_places, dot_sizes
from adjoint.compile.llvm.blas import declare
from adjoint.compile.llvm.frames import I8, I32, I64, POINTER, memory_type
from adjoint.compile.llvm.products import Matrix, Products
from adjoint.compile.loops import Loop
from adjoint.compile.memory import Buffer
from adjoint.compile.statements import Statement, matrix_letters
from adjoint.compile.terms import Term

#: Products of at most so many multiplications a column are written out.
SMALL = 4096


class Dots(Products):
    """A scribe that writes contractions."""

    def contract(self, s: Statement) -> None:
        """C = A B, or C += A B where loops around it fold."""
        sizes = dot_sizes(s.term)
        m, n, k = matrix_letters(s.term, sizes)
        a = self._operand(s, s.term.args[0], s.term.data[0], m, k)
        b = self._operand(s, s.term.args[1], s.term.data[1], k, n)
        c = self._result(s, m, n)
        path = self.memory.paths[s.number]
        folds = any(isinstance(p, Loop) and p.label in s.reduced for p in path)
        beta = 1.0 if folds or s.onto is not None else 0.0
        extents = [self._extent(s, letter, sizes) for letter in (m, n, k)]
        self._multiply(s, a, b, c, extents, beta)

    def _extent(self, s: Statement, letter: str, sizes: dict[str, int]) -> Any:
        """How many positions of a letter one product covers: all, or those of the current piece."""
        piece = self._piece(self._label(s, letter))
        return sizes[letter] if piece is None else piece.width

    def _label(self, s: Statement, letter: str) -> int:
        place = dot_places(s.term)[letter]
        found = s.kept[place] if place >= 0 else s.folded[-1 - place]
        assert found is not None
        return found[0]

    def _index(self, s: Statement, letters: str, inside: set[int]) -> tuple[Any, ...]:
        """The index of an operand with the letters of the product at their beginning."""
        places = dot_places(s.term)
        index = []
        for letter in letters:
            place = places[letter]
            found = s.kept[place] if place >= 0 else s.folded[-1 - place]
            index.append(self.beginning(found) if found is not None and found[0] in inside else straight(found))
        return tuple(index)

    def beginning(self, found: tuple[int, int]) -> tuple[Any, int, int]:
        """The first index of an axis that a product covers."""
        return (-1, 0, 0) if self._piece(found[0]) is None else straight(found)

    def _inside(self, s: Statement) -> set[int]:
        return {self._label(s, letter) for letter in matrix_letters(s.term, dot_sizes(s.term))}

    def _operand(self, s: Statement, term: Term, letters: str, row: str, column: str) -> Matrix:
        base = self.program.stored(term)
        buffer = self.memory.of[base.id]
        inside = self._inside(s)
        index = self.program.down(term, self._index(s, letters, inside))
        symbolic = self.program.down(
            term,
            tuple((letter, 1, 0) if letter in (row, column) else (-1, 0, 0) for letter in letters),  # type: ignore[misc]
        )
        pointer = self.pointer(buffer, index)[0]
        return Matrix(pointer, self._step_of(buffer, symbolic, row), self._step_of(buffer, symbolic, column))

    def _result(self, s: Statement, row: str, column: str) -> Matrix:
        buffer = self.memory.of[s.term.id]
        letters = s.term.data[2]
        index = self._index(s, letters, self._inside(s))
        pointer = self.pointer(buffer, index)[0]
        return Matrix(pointer, buffer.strides[letters.index(row)], buffer.strides[letters.index(column)])

    def _step_of(self, buffer: Buffer, index: tuple[Any, ...], letter: str) -> int:
        return sum(
            stride * factor for stride, (of, factor, _) in zip(buffer.strides, index, strict=True) if of == letter
        )

    def _multiply(self, s: Statement, a: Matrix, b: Matrix, c: Matrix, extents: list[Any], beta: float) -> None:
        m, n, k = extents
        if c.columns != 1 and c.rows == 1:
            # The transposed product: C' = B' A'.
            a, b = Matrix(b.pointer, b.columns, b.rows), Matrix(a.pointer, a.columns, a.rows)
            c = Matrix(c.pointer, c.columns, c.rows)
            m, n = n, m
        steps = (a.rows, a.columns, b.rows, b.columns, c.rows)
        if c.columns != 1 or 1 not in (a.rows, a.columns) or 1 not in (b.rows, b.columns) or min(steps) < 1:
            self._plain(s, a, b, c, (m, n, k), beta)
            return
        small = s.onto is None and m * k <= SMALL if c.columns == 1 and b.columns == 1 else False
        if small:
            self.rows_product(a, b, c, (m, n, k), beta != 0.0, s.term.dtype)
            return
        if s.onto is None and m * n <= SMALL and a.columns == 1 and b.rows == 1:
            self.pairs_product(a, b, c, (m, n, k), beta != 0.0, s.term.dtype)
            return
        # BLAS counts columns first, so it computes C' = B' A' of what lies here in C order.
        first, lead_b = ("N", b.rows) if b.columns == 1 else ("T", b.columns)
        second, lead_a = ("N", a.rows) if a.columns == 1 else ("T", a.columns)
        kind = "s" if s.term.dtype.char == "f" else "d"
        routine = declare(self.module, f"{kind}gemm")
        real = memory_type(s.term.dtype)
        operands = [
            self._held(I8, ord(first)),
            self._held(I8, ord(second)),
            self._held(I32, n),
            self._held(I32, m),
            self._held(I32, k),
            self._held(real, s.scale),
            b.pointer,
            self._held(I32, max(lead_b, 1)),
            a.pointer,
            self._held(I32, max(lead_a, 1)),
            self._held(real, beta),
            c.pointer,
            self._held(I32, max(c.rows, 1)),
        ]
        self.at(len(self.frames) - 1).call(routine, operands)

    def _held(self, kind: Any, value: Any) -> Any:
        """A number in memory: BLAS takes every argument by its address."""
        if not isinstance(value, int | float):
            place = self.slot(kind)
            place.type = POINTER
            builder = self.at(len(self.frames) - 1)
            builder.store(builder.trunc(value, kind), place)
            return place
        memo = self.frames[0].memo
        key = ("held", str(kind), value)
        if key not in memo:
            name = f"held.{kind}.{value!r}".replace(" ", "")
            found = self.module.globals.get(name)
            if found is None:
                found = ir.GlobalVariable(self.module, kind, name)
                found.initializer = ir.Constant(kind, value)
                found.linkage = "internal"
                found.global_constant = True
                found.type = POINTER
            memo[key] = found
        return memo[key]

    def _plain(self, s: Statement, a: Matrix, b: Matrix, c: Matrix, extents: tuple[Any, ...], beta: float) -> None:
        """The product as three loops, for layouts that BLAS does not take."""
        real = memory_type(s.term.dtype)

        def at(matrix: Matrix, i: Any, j: Any) -> Any:
            builder = self.at(len(self.frames) - 1)
            offset = builder.add(builder.mul(i, I64(matrix.rows)), builder.mul(j, I64(matrix.columns)))
            return builder.gep(matrix.pointer, [offset], source_etype=real)

        def entry(i: Any, j: Any) -> None:
            if beta == 0.0:
                self.at(len(self.frames) - 1).store(ir.Constant(real, 0.0), at(c, i, j))

            def term(l: Any) -> None:
                x, y, z = at(a, i, l), at(b, l, j), at(c, i, j)
                builder = self.at(len(self.frames) - 1)
                product = builder.fmul(builder.load(x, typ=real), builder.load(y, typ=real))
                if s.scale != 1.0:
                    product = builder.fmul(product, ir.Constant(real, s.scale))
                builder.store(builder.fadd(builder.load(z, typ=real), product), z)

            self.repeated(0, extents[2], 1, term)

        self.repeated(0, extents[0], 1, lambda i: self.repeated(0, extents[1], 1, lambda j: entry(i, j)))
