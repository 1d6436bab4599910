"""Arguments: from Python's objects to a pointer for each input of a program.

A number is read where it lies in its object, an array in its memory; only a bool, an int, or a number of another
dtype than its own is put on the stack first. Whatever is taken out of a list, a dict or a tensor is held until
the call ends: another thread, or code that the program calls back, could take it out and free it.
"""

from __future__ import annotations

import math

import numpy as np

from adjoint.compile.llvm.entry_layout import (
    BASE,
    ELEMENTS,
    FLAGS,
    LIST_ITEMS,
    OWNED_WRITEABLE,
    SIZE,
    TUPLE_ITEMS,
    TYPE,
    VALUE,
    tensor_value,
)
from adjoint.compile.llvm.entry_text import Place, Text
from adjoint.compile.signature import Input, Signature, Tree

#: From how many leaves of one kind on they are read by a loop.
RUN = 6

_NATIVE = {"float": "float64", "int": "int64", "bool": "bool", "complex": "complex128"}


class Arguments:
    """Writes what reads the arguments of one signature.

    ``table`` is the memory with a pointer for each input, ``held`` that with the objects that are held, ``count``
    that with their number; ``objects`` are the arrays of inputs that are donated.
    """

    def __init__(self, text: Text, signature: Signature) -> None:
        self.text = text
        self.signature = signature
        self.table = text.stack(f"[{max(1, len(signature.inputs))} x ptr]")
        self.donated = {output.donated for output in signature.outputs if output.donated is not None}
        self.objects: dict[int, str] = {}
        self.most = signature.captured + sum(_taken(parameter.tree) for parameter in signature.parameters)
        self.held = self.count = ""
        if self.most:
            self.held, self.count = text.stack(f"[{self.most} x ptr]"), text.stack("i64")
            text.do(f"store i64 0, ptr {self.count}")
        self._holds = 0
        self._keys = 0

    def write(self) -> None:
        """Everything from the call's operands to the filled table."""
        where = self._bound()
        for number, parameter in enumerate(self.signature.parameters):
            self._tree(parameter.tree, self.text.load(where, 8 * number), taken=False)
        self._captured()
        self._apart()

    def release(self) -> None:
        """Let go of what is held."""
        if self.most:
            count = self.text.let(f"load i64, ptr {self.count}")
            self.text.helper("release", "void", f"ptr {self.held}", f"i64 {count}")

    def _bound(self) -> str:
        """Where the arguments stand in the order of the parameters: as they came, or sorted by name."""
        text, parameters = self.text, self.signature.parameters
        most = sum(not parameter.keyword_only for parameter in parameters)
        slots = text.stack(f"[{max(1, len(parameters))} x ptr]")
        plain = text.let("icmp eq ptr %kwnames, null")
        if most == len(parameters):
            counted = text.let(f"icmp eq i64 %nargs, {most}")
            text.do(f"br i1 {text.let(f'and i1 {plain}, {counted}')}, label %bound, label %bind")
        else:
            text.do("br label %bind")
        text.label("bind")
        names = text.held(Place.NAMES)
        operands = f"ptr {names}", "ptr %args", "i64 %nargs", "ptr %kwnames", f"ptr {slots}"
        fits = text.helper("bind", "i1", *operands, f"i64 {len(parameters)}", f"i64 {most}")
        text.do(f"br i1 {fits}, label %bound, label %no.arguments")
        text.label("bound")
        if most == len(parameters):
            return text.let(f"phi ptr [%args, %entry], [{slots}, %bind]")
        return slots

    def _tree(self, tree: Tree, value: str, *, taken: bool) -> None:
        if taken:
            self._hold(value)
        if tree.kind == "leaf":
            self._leaf(tree.leaf, value)
        elif tree.kind == "none":
            self.text.require_equal(value, self.text.symbol("adjoint_none"), "no.input")
        elif tree.kind == "static":
            recorded = self.text.load(self.text.held(Place.STATIC), TUPLE_ITEMS + 8 * tree.leaf)
            self.text.require(self.text.helper("same", "i1", f"ptr {value}", f"ptr {recorded}"), "no.input")
        elif tree.kind == "dict":
            self._dict(tree, value)
        else:
            self._row(tree, value)

    def _row(self, tree: Tree, value: str) -> None:
        """A tuple or a list: all items of a list are held before anything else may run."""
        text = self.text
        self._exact(value, tree.kind)
        text.require_equal(text.load(value, SIZE, "i64"), str(len(tree.children)), "no.input", "i64")
        listed = tree.kind == "list"
        items = text.load(value, LIST_ITEMS) if listed else text.at(value, TUPLE_ITEMS)
        length = run_of(tree.children, self.signature.inputs)
        if length:
            self._run(tree.children, items, length, taken=listed)
        values = [text.load(items, 8 * k) for k in range(length, len(tree.children))]
        if listed:
            for item in values:
                self._hold(item)
        for child, item in zip(tree.children[length:], values):
            self._tree(child, item, taken=False)

    def _run(self, children: tuple[Tree, ...], items: str, length: int, *, taken: bool) -> None:
        """As many leaves of one kind at the beginning of a row, by a loop."""
        text, first = self.text, children[0].leaf
        one = self.signature.inputs[first]
        before, loop, body, after = (text.fresh(stem) for stem in ("before", "loop", "body", "after"))
        text.do(f"br label %{before}")
        text.label(before)
        text.do(f"br label %{loop}")
        text.label(loop)
        index, more = text.fresh("%k"), text.fresh("%k")
        back = text.fresh("back")
        text.do(f"{index} = phi i64 [0, %{before}], [{more}, %{back}]")
        text.do(f"br i1 {text.let(f'icmp ult i64 {index}, {length}')}, label %{body}, label %{after}")
        text.label(body)
        value = text.load(text.let(f"getelementptr ptr, ptr {items}, i64 {index}"))
        if taken:
            place = text.let(f"add i64 {index}, {self._holds}")
            text.call("Py_IncRef", f"ptr {value}")
            text.store(f"ptr {value}", text.let(f"getelementptr ptr, ptr {self.held}, i64 {place}"))
            text.store(f"i64 {text.let(f'add i64 {place}, 1')}", self.count)
        data = self._data(one, value, "no.input")
        place = text.let(f"add i64 {index}, {first}")
        text.store(f"ptr {data}", text.let(f"getelementptr ptr, ptr {self.table}, i64 {place}"))
        text.do(f"br label %{back}")
        text.label(back)
        text.do(f"{more} = add i64 {index}, 1")
        text.do(f"br label %{loop}")
        text.label(after)
        self._holds += length * taken

    def _dict(self, tree: Tree, value: str) -> None:
        """A dict with exactly these keys, in any order."""
        text = self.text
        self._exact(value, "dict")
        size = text.call("PyDict_Size", f"ptr {value}")
        text.require_equal(size, str(len(tree.children)), "no.input", "i64")
        values = []
        for _ in tree.keys:
            item = text.call("PyDict_GetItemWithError", f"ptr {value}", f"ptr {text.key(self._keys)}")
            self._keys += 1
            text.require_made(item, "no.key")
            self._hold(item)
            values.append(item)
        for child, item in zip(tree.children, values):
            self._tree(child, item, taken=False)

    def _leaf(self, number: int, value: str, otherwise: str = "no.input") -> None:
        data = self._data(self.signature.inputs[number], value, otherwise)
        self.text.store(f"ptr {data}", self.table, 8 * number)
        if number in self.donated:
            self.objects[number] = value

    def _data(self, one: Input, value: str, otherwise: str) -> str:
        """A pointer to the data of an object that is checked to be what an input must be."""
        text = self.text
        if one.kind == "array":
            shape = f"ptr {text.constant('shape', 'i64', one.shape)}" if one.shape else "ptr null"
            dtype, number = text.symbol(f"adjoint_dtype_{one.dtype}"), np.dtype(one.dtype).num
            operands = f"ptr {value}", f"ptr {dtype}", f"i32 {number}", f"i32 {len(one.shape)}", shape
            data = text.helper("array", "ptr", *operands)
            text.require_made(data, otherwise)
            return data
        if one.kind == "scalar":
            text.require_equal(text.load(value, TYPE), text.symbol(f"adjoint_scalar_{one.dtype}"), otherwise)
            return text.at(value, VALUE)
        self._exact(value, one.kind, otherwise)
        return self._number(one, value, otherwise)

    def _number(self, one: Input, value: str, otherwise: str) -> str:
        text, element = self.text, ELEMENTS[one.dtype]
        if one.dtype == _NATIVE[one.kind] and one.kind in ("float", "complex"):
            return text.at(value, VALUE)
        place = text.stack("[2 x i64]")
        if one.kind == "bool":
            bit = text.let(f"icmp eq ptr {value}, {text.symbol('adjoint_true')}")
            cast = "uitofp" if element in ("double", "float", "half") else "zext"
            parts = [text.let(f"{cast} i1 {bit} to {element}")]
        elif one.kind == "int":
            over = text.stack("i32")
            whole = text.call("PyLong_AsLongLongAndOverflow", f"ptr {value}", f"ptr {over}")
            text.require_equal(text.load(over, 0, "i32"), "0", otherwise, "i32")
            parts = [whole if element == "i64" else text.let(f"sitofp i64 {whole} to {element}")]
        else:
            reals = [text.load(value, VALUE + 8 * k, "double") for k in range(1 + (one.kind == "complex"))]
            parts = [text.let(f"fptrunc double {real} to {element}") for real in reals]
        for k, part in enumerate(parts):
            text.store(f"{element} {part}", place, k * np.dtype(one.dtype).itemsize // len(parts))
        return place

    def _captured(self) -> None:
        """Captured tensors and arrays as they are now."""
        text, count = self.text, self.signature.captured
        captured = text.held(Place.CAPTURED) if count else ""
        for k in range(count):
            holder = text.load(captured, TUPLE_ITEMS + 8 * k)
            tensor, plain, read = (text.fresh(stem) for stem in ("tensor", "plain", "read"))
            text.do(f"br label %{plain}")
            text.label(plain)
            is_tensor = text.let(f"icmp eq ptr {text.load(holder, TYPE)}, {text.symbol('adjoint_type_tensor')}")
            text.do(f"br i1 {is_tensor}, label %{tensor}, label %{read}")
            text.label(tensor)
            inside = text.load(holder, tensor_value())
            text.do(f"br label %{read}")
            text.label(read)
            value = text.let(f"phi ptr [{holder}, %{plain}], [{inside}, %{tensor}]")
            text.require_made(value, "no.captured")
            self._hold(value)
            self._leaf(len(self.signature.inputs) - count + k, value, "no.captured")

    def _apart(self) -> None:
        """A donated array owns its memory, may be written to, and shares it with no other input."""
        text, inputs = self.text, self.signature.inputs
        sizes = tuple(
            math.prod(one.shape) * np.dtype(one.dtype).itemsize if one.kind == "array" else 0 for one in inputs
        )
        for number in sorted(self.donated):
            array = self.objects[number]
            flags = text.let(f"and i32 {text.load(array, FLAGS, 'i32')}, {OWNED_WRITEABLE}")
            text.require_equal(flags, str(OWNED_WRITEABLE), "no.donated", "i32")
            text.require_equal(text.load(array, BASE), "null", "no.donated")
            table = f"ptr {self.table}", f"ptr {text.constant('sizes', 'i64', sizes)}"
            fits = text.helper("apart", "i1", *table, f"i64 {len(inputs)}", f"i64 {number}")
            text.require(fits, "no.donated")

    def _exact(self, value: str, kind: str, otherwise: str = "no.input") -> None:
        self.text.require_equal(self.text.load(value, TYPE), self.text.symbol(f"adjoint_type_{kind}"), otherwise)

    def _hold(self, value: str) -> None:
        self.text.call("Py_IncRef", f"ptr {value}")
        self.text.store(f"ptr {value}", self.held, 8 * self._holds)
        self._holds += 1
        self.text.store(f"i64 {self._holds}", self.count)


def run_of(children: tuple[Tree, ...], leaves: tuple[Input, ...]) -> int:
    """How many leaves at the beginning of a row are read by one loop: numbers of one kind that lie where they are."""
    length = 0
    for length, child in enumerate(children):
        if child.kind != "leaf" or child.leaf != children[0].leaf + length:
            break
        one = leaves[child.leaf]
        lies = one.kind == "scalar" or (one.kind in ("float", "complex") and one.dtype == _NATIVE[one.kind])
        if not lies or (one.kind, one.dtype) != (leaves[children[0].leaf].kind, leaves[children[0].leaf].dtype):
            break
    else:
        length = len(children)
    return length if length >= RUN else 0


def keys_of(tree: Tree) -> list[str]:
    """The keys of every dict in a structure, in the order in which entries come to them."""
    return [*tree.keys, *(key for child in tree.children for key in keys_of(child))]


def _taken(tree: Tree) -> int:
    """How many objects are taken out of lists and dicts."""
    here = len(tree.children) if tree.kind in ("list", "dict") else 0
    return here + sum(map(_taken, tree.children))
