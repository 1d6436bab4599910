"""Results: memory for each output of a program, and Python's objects made from what it wrote there.

Arrays are made before the program runs, so that it writes into them; numbers are written to the stack. What holds
the results is made afterwards from the outside in: each part is put in its place at once, so that to fail halfway
is to let go of the outermost.
"""

from __future__ import annotations

import math

import numpy as np

from adjoint.compile.llvm.entry_arguments import RUN
from adjoint.compile.llvm.entry_layout import ELEMENTS, LIST_ITEMS, NUMPY_NEW_FROM_DESCR, TUPLE_ITEMS, VALUE
from adjoint.compile.llvm.entry_text import Text
from adjoint.compile.signature import Output, Signature, Tree

_STEP = 16  # bytes on the stack for a number: the largest is complex128


class Results:
    """Writes what makes the results of one signature; ``table`` is the memory with a pointer for each output."""

    def __init__(self, text: Text, signature: Signature, donated: dict[int, str], inputs: str, keys: int) -> None:
        self.text = text
        self.outputs = signature.outputs
        self.result = signature.result
        self.table = text.stack(f"[{1 + max((output.index for output in self.outputs), default=0)} x ptr]")
        self._donated = donated
        self._inputs = inputs
        self._keys = keys
        self._fresh = [k for k, output in enumerate(self.outputs) if output.kind == "array" and output.donated is None]
        self._arrays = text.stack(f"[{len(self._fresh)} x ptr]") if self._fresh else ""
        self._numbers = text.stack(f"[{len(self.outputs)} x [{_STEP} x i8]]", _STEP)
        self._first: dict[int, int] = {}  # of the outputs of one index: the one that the program writes
        for number, output in enumerate(self.outputs):
            self._first.setdefault(output.index, number)
        self._given: dict[int, str] = {}  # arrays that have left for their place
        self.root = text.stack("ptr")

    def prepare(self) -> None:
        """Make the arrays, and fill the table."""
        text = self.text
        if self._fresh:
            text.named.add("llvm.memset.p0.i64")
            code = f"call void @llvm.memset.p0.i64(ptr {self._arrays}, i8 0, i64 {8 * len(self._fresh)}, i1 false)"
            text.do(code)
        text.store("ptr null", self.root)
        for number, output in enumerate(self.outputs):
            if output.donated is not None:
                data = text.load(self._inputs, 8 * output.donated)
            elif output.kind == "array":
                data = self._array(number, output)
            else:
                data = text.at(self._numbers, _STEP * number)
            if self._first[output.index] == number:
                text.store(f"ptr {data}", self.table, 8 * output.index)

    def drop(self) -> None:
        """Let go of the arrays that have not left, and of whatever was made around them."""
        self.text.call("Py_DecRef", f"ptr {self.text.load(self.root)}")
        self._drop_arrays()

    def make(self) -> str:
        """The result, a new reference."""
        value = self._new(self.result)
        if self.result.children:
            self.text.store(f"ptr {value}", self.root)
            self._fill(self.result, value)
        if len(self._given) < len(self._fresh):
            self._drop_arrays()
        return value

    def _drop_arrays(self) -> None:
        if self._fresh:
            self.text.helper("release", "void", f"ptr {self._arrays}", f"i64 {len(self._fresh)}")

    def _array(self, number: int, output: Output) -> str:
        """A fresh array; a pointer to its data, the first of it after its head."""
        text = self.text
        dtype = text.symbol(f"adjoint_dtype_{output.dtype}")
        table, kind = text.symbol("adjoint_numpy_api"), text.symbol("adjoint_type_ndarray")
        new = text.load(table, 8 * NUMPY_NEW_FROM_DESCR)
        shape = text.constant("shape", "i64", output.shape) if output.shape else "null"
        text.call("Py_IncRef", f"ptr {dtype}")
        array = text.let(
            f"call ptr {new}(ptr {kind}, ptr {dtype}, i32 {len(output.shape)}, ptr {shape}, "
            "ptr null, ptr null, i32 0, ptr null)"
        )
        text.require_made(array, "fail")
        text.store(f"ptr {array}", self._arrays, 8 * self._fresh.index(number))
        return text.load(array, VALUE)

    def _new(self, tree: Tree) -> str:
        """A new reference to one part of the result: a container is still empty."""
        text = self.text
        if tree.kind == "leaf":
            return self._leaf(tree.leaf)
        if tree.kind == "none":
            none = text.symbol("adjoint_none")
            text.call("Py_IncRef", f"ptr {none}")
            return none
        if tree.kind == "dict":
            made = text.call("PyDict_New")
        else:
            made = text.call("PyTuple_New" if tree.kind == "tuple" else "PyList_New", f"i64 {len(tree.children)}")
        text.require_made(made, "fail")
        return made

    def _fill(self, tree: Tree, made: str) -> None:
        """Fill a container that stands in its place."""
        text = self.text
        if tree.kind == "dict":
            self._fill_dict(tree, made)
        elif tree.children and tree.kind in ("tuple", "list"):
            items = text.at(made, TUPLE_ITEMS) if tree.kind == "tuple" else text.load(made, LIST_ITEMS)
            run = self._run_of(tree.children)
            if run:
                self._run(tree.children[0].leaf, items, run)
            for k, child in enumerate(tree.children[run:], run):
                value = self._new(child)
                text.store(f"ptr {value}", items, 8 * k)
                self._fill(child, value)

    def _fill_dict(self, tree: Tree, made: str) -> None:
        text, first, values = self.text, self._keys, []
        self._keys += len(tree.keys)
        for key, child in enumerate(tree.children, first):
            value = self._new(child)
            values.append(value)
            status = text.call("PyDict_SetItem", f"ptr {made}", f"ptr {text.key(key)}", f"ptr {value}")
            text.call("Py_DecRef", f"ptr {value}")  # the dict holds it from here on, or nobody does
            text.require_equal(status, "0", "fail", "i32")
        for child, value in zip(tree.children, values):
            self._fill(child, value)

    def _leaf(self, number: int) -> str:
        """One result, a new reference."""
        text, output = self.text, self.outputs[number]
        if output.donated is not None:
            value = self._donated[output.donated]
            text.call("Py_IncRef", f"ptr {value}")
            return value
        if output.kind == "array":
            return self._leave(number)
        first = self._first[output.index]
        written = self.outputs[first].kind != "array"
        place = text.at(self._numbers, _STEP * first) if written else text.load(self.table, 8 * output.index)
        made = self._number(output, place)
        text.require_made(made, "fail")
        return made

    def _leave(self, number: int) -> str:
        """An array goes to its place; where it is asked for again it is the same one."""
        text, output = self.text, self.outputs[number]
        if number in self._given:
            text.call("Py_IncRef", f"ptr {self._given[number]}")
            return self._given[number]
        where = text.at(self._arrays, 8 * self._fresh.index(number))
        value = self._given[number] = text.load(where)
        text.store("ptr null", where)
        if self._first[output.index] != number:  # another output of the same index was written
            data, written = text.load(value, VALUE), text.load(self.table, 8 * output.index)
            size = math.prod(output.shape) * np.dtype(output.dtype).itemsize
            text.named.add("llvm.memcpy.p0.p0.i64")
            text.do(f"call void @llvm.memcpy.p0.p0.i64(ptr {data}, ptr {written}, i64 {size}, i1 false)")
        return value

    def _number(self, output: Output, place: str) -> str:
        """A number of Python's or NumPy's from where the program wrote it; null where there is no memory."""
        text, element = self.text, ELEMENTS[output.dtype]
        if output.kind == "scalar":
            made = text.call("PyType_GenericAlloc", f"ptr {text.symbol(f'adjoint_scalar_{output.dtype}')}", "i64 0")
            text.require_made(made, "fail")
            half = 8 if output.dtype == "complex128" else 4
            for k in range(1 + output.dtype.startswith("complex")):
                text.store(f"{element} {text.load(place, k * half, element)}", made, VALUE + k * half)
            return made
        if output.kind in ("float", "complex"):
            step = np.dtype(output.dtype).itemsize // (1 + (output.kind == "complex"))
            parts = [text.load(place, k * step, element) for k in range(1 + (output.kind == "complex"))]
            if element != "double":
                parts = [text.let(f"fpext {element} {part} to double") for part in parts]
            new = "PyFloat_FromDouble" if output.kind == "float" else "PyComplex_FromDoubles"
            return text.call(new, *(f"double {part}" for part in parts))
        value = text.load(place, 0, element)
        signed = output.dtype.startswith("int")
        if element != "i64":
            value = text.let(f"{'sext' if signed else 'zext'} {element} {value} to i64")
        if output.kind == "bool":
            return text.call("PyBool_FromLong", f"i64 {value}")
        return text.call("PyLong_FromLongLong" if signed else "PyLong_FromUnsignedLongLong", f"i64 {value}")

    def _run_of(self, children: tuple[Tree, ...]) -> int:
        """How many numbers at the beginning of a row are made by one loop."""
        length = 0
        for child in children:
            leaf = child.leaf
            if (
                child.kind != "leaf"
                or leaf != children[0].leaf + length
                or self._first[self.outputs[leaf].index] != leaf
            ):
                break
            output, first = self.outputs[leaf], self.outputs[children[0].leaf]
            if output.kind == "array" or (output.kind, output.dtype) != (first.kind, first.dtype):
                break
            length += 1
        return length if length >= RUN else 0

    def _run(self, first: int, items: str, length: int) -> None:
        text = self.text
        before, loop, body, back, after = (text.fresh(stem) for stem in ("before", "loop", "body", "back", "after"))
        index, more = text.fresh("%k"), text.fresh("%k")
        text.do(f"br label %{before}")
        text.label(before)
        text.do(f"br label %{loop}")
        text.label(loop)
        text.do(f"{index} = phi i64 [0, %{before}], [{more}, %{back}]")
        text.do(f"br i1 {text.let(f'icmp ult i64 {index}, {length}')}, label %{body}, label %{after}")
        text.label(body)
        start = text.at(self._numbers, _STEP * first)
        value = self._number(self.outputs[first], text.let(f"getelementptr [{_STEP} x i8], ptr {start}, i64 {index}"))
        text.require_made(value, "fail")
        text.store(f"ptr {value}", text.let(f"getelementptr ptr, ptr {items}, i64 {index}"))
        text.do(f"br label %{back}")
        text.label(back)
        text.do(f"{more} = add i64 {index}, 1")
        text.do(f"br label %{loop}")
        text.label(after)
