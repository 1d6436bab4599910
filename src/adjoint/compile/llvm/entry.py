"""The native entry of a compiled program: a function that Python calls as one of its own builtins.

``ptr @call(ptr self, ptr args, i64 nargs, ptr kwnames)`` (METH_FASTCALL with keywords) reads the arguments where
they lie, makes memory for the results, runs the program, and makes Python's objects from what it wrote. Whatever
is not exactly what the program was compiled for goes to Python as it came: the last thing that the entry does is
then to call one of the functions in its ``self``, one for each `Reason`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from adjoint.compile.llvm.entry_arguments import Arguments, keys_of
from adjoint.compile.llvm.entry_layout import DATA, ELEMENTS, FUNCTIONS, TUPLE_ITEMS
from adjoint.compile.llvm.entry_results import Results
from adjoint.compile.llvm.entry_support import HELPERS
from adjoint.compile.llvm.entry_text import Place, Reason, Text
from adjoint.compile.signature import Signature, Tree

if TYPE_CHECKING:
    from llvmlite import ir

#: Up to how many bytes the scratch memory of a program stands on the stack.
STACK_ARENA = 16 * 1024
#: The most leaves, and levels of containers, that are entered natively.
MOST_LEAVES, MOST_LEVELS = 4096, 64

_INTRINSICS = {
    "llvm.memset.p0.i64": "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)",
    "llvm.memcpy.p0.p0.i64": "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)",
}


class _Block:
    """Text that stands in a module of llvmlite's among its own definitions."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self._text = name, text

    def __str__(self) -> str:
        return self._text


def emit_entry(
    module: ir.Module, run: ir.Function, signature: Signature, *, arena_bytes: int, release_gil: bool
) -> bool:
    """Add ``@call`` and ``@vector`` to the module of a program; False, and neither is added, if it has no native entry.

    A signature has none where a dtype is not one of NumPy's plain ones, where its numbers would need a conversion
    that could fail, or where it has thousands of leaves: `make_callable` enters such a program through Python.
    ``arena_bytes`` is the scratch memory that ``run`` needs; ``release_gil`` lets other threads of Python work
    while it runs; it stands in the module as ``@arena_bytes`` in any case. The text is to be compiled with
    `entry_layout.symbols()`, and is valid for one version of Python and NumPy.
    """
    signature = canonical(signature)
    native = has_entry(signature)
    declared = tuple(module.globals)
    module.add_global(_Block("arena_bytes", f"@arena_bytes = constant i64 {arena_bytes}"))
    if native:
        module.add_global(_Block("call", entry_text(signature, run.name, arena_bytes, release_gil, declared)))
    return native


def entry_text(
    signature: Signature, run: str, arena_bytes: int, release_gil: bool, declared: Collection[str] = ()
) -> str:
    """The text of the entry of a signature that `has_entry`, around a function of that name in the same module.

    ``declared`` are the names that the module declares already.
    """
    text = Text()
    text.helpers.add("vector")
    text.label("entry")
    arguments = Arguments(text, signature)
    arguments.write()
    keys = sum(len(keys_of(parameter.tree)) for parameter in signature.parameters)
    results = Results(text, signature, arguments.objects, arguments.table, keys)
    results.prepare()
    _run(text, run, arguments, results, arena_bytes, release_gil)
    value = results.make()
    arguments.release()
    text.do(f"ret ptr {value}")
    _leave(text, arguments, results)
    return _assemble(text, declared)


def _run(text: Text, run: str, arguments: Arguments, results: Results, arena_bytes: int, release_gil: bool) -> None:
    """Run the program, and go on where it says that all went well."""
    arena, block, cell = _arena(text, arena_bytes)
    context = text.held(Place.CONTEXT)
    thread = text.call("PyEval_SaveThread") if release_gil else ""
    operands = ", ".join(f"ptr {operand}" for operand in (arena, arguments.table, results.table, context))
    status = text.let(f'call i32 @"{run}"({operands})')
    if release_gil:
        text.call("PyEval_RestoreThread", f"ptr {thread}")
    if block:
        _give_back(text, block, cell)
    well = text.let(f"icmp eq i32 {status}, 0")
    text.do(f"br i1 {well}, label %ran, label %stopped")
    text.label("stopped")
    results.drop()
    failed = text.let(f"icmp eq i32 {status}, 1")
    text.do(f"br i1 {failed}, label %failed, label %no.asked")
    text.label("failed")
    error = text.call("PyErr_Occurred")
    text.require_made(error, "no.stored")
    arguments.release()
    text.do("ret ptr null")
    text.label("ran")


def _arena(text: Text, size: int) -> tuple[str, str, str]:
    """Scratch memory of so many bytes at a multiple of 64: its address, its block, and where the block goes back.

    A large one is kept from call to call: whoever comes first takes it away, and who finds none makes another.
    """
    if size <= STACK_ARENA:
        return (text.stack(f"[{size} x i8]", 64) if size else "null"), "", ""
    cell = text.load(text.held(Place.CELL), DATA)
    taken = text.let(f"atomicrmw xchg ptr {cell}, ptr null seq_cst")
    known, fresh, ready = (text.fresh(stem) for stem in ("known", "fresh", "ready"))
    text.do(f"br label %{known}")
    text.label(known)
    text.do(f"br i1 {text.let(f'icmp eq ptr {taken}, null')}, label %{fresh}, label %{ready}")
    text.label(fresh)
    made = text.call("PyMem_RawMalloc", f"i64 {size + 64}")
    text.do(f"br i1 {text.let(f'icmp eq ptr {made}, null')}, label %memory, label %{ready}")
    text.label(ready)
    block = text.let(f"phi ptr [{taken}, %{known}], [{made}, %{fresh}]")
    low = text.let(f"and i64 {text.let(f'ptrtoint ptr {block} to i64')}, 63")
    return text.at(block, text.let(f"sub i64 64, {low}")), block, cell


def _give_back(text: Text, block: str, cell: str) -> None:
    put = text.let(f"cmpxchg ptr {cell}, ptr null, ptr {block} seq_cst seq_cst")
    full, after = text.fresh("full"), text.fresh("after")
    text.do(f"br i1 {text.let(f'extractvalue {{ ptr, i1 }} {put}, 1')}, label %{after}, label %{full}")
    text.label(full)
    text.call("PyMem_RawFree", f"ptr {block}")
    text.do(f"br label %{after}")
    text.label(after)


def _leave(text: Text, arguments: Arguments, results: Results) -> None:
    """The ways out: to Python with a reason, or with an error that is set."""
    text.label("no.key")
    text.call("PyErr_Clear")
    text.do("br label %no.input")
    for reason in Reason:
        text.label(f"no.{reason.name.lower()}")
        text.do("br label %python")
    text.label("python")
    number = text.let("phi i64 " + ", ".join(f"[{reason.value}, %no.{reason.name.lower()}]" for reason in Reason))
    arguments.release()
    way = text.load(text.let(f"getelementptr ptr, ptr %self, i64 {number}"), TUPLE_ITEMS)
    answer = text.call("PyObject_Vectorcall", f"ptr {way}", "ptr %args", "i64 %nargs", "ptr %kwnames")
    text.do(f"ret ptr {answer}")
    text.label("memory")
    text.call("PyErr_NoMemory")
    text.do("br label %fail")
    text.label("fail")
    results.drop()
    arguments.release()
    text.do("ret ptr null")


def _assemble(text: Text, declared: Collection[str]) -> str:
    helpers = [HELPERS[name] for name in sorted(text.helpers)]
    named = text.named.union(*(used for _, used in helpers)).difference(declared)
    lines = []
    for name in sorted(named):
        if name in FUNCTIONS:
            result, operands = FUNCTIONS[name]
            lines.append(f"declare {result} @{name}({operands})")
        else:
            lines.append(_INTRINSICS.get(name, f"@{name} = external global i8"))
    lines += [*text.constants, *(body for body, _ in helpers)]
    lines.append("define ptr @call(ptr %self, ptr %args, i64 %nargs, ptr %kwnames) optnone noinline {")
    lines += [text.lines[0], *text.head, *text.lines[1:], "}", ""]
    return "\n".join(lines)


def canonical(signature: Signature) -> Signature:
    """The signature with the dtypes of this machine's byte order by name: "float64" for "f8" and "<f8"."""
    inputs = tuple(replace(one, dtype=_name(one.dtype)) for one in signature.inputs)
    outputs = tuple(replace(output, dtype=_name(output.dtype)) for output in signature.outputs)
    return replace(signature, inputs=inputs, outputs=outputs)


def _name(dtype: str) -> str:
    if dtype in ELEMENTS:
        return dtype
    known = np.dtype(dtype)
    return known.name if known.isnative else dtype


def has_entry(signature: Signature) -> bool:
    """Whether programs of this signature can be entered natively."""
    if len(signature.inputs) + len(signature.outputs) > MOST_LEAVES:
        return False
    trees = [parameter.tree for parameter in signature.parameters]
    if not all(_shallow(tree, MOST_LEVELS) for tree in (*trees, signature.result)):
        return False
    if sum(map(_leaves, trees)) + signature.captured != len(signature.inputs):
        return False  # an argument has a structure that native code does not know, as dataclasses have
    leaves: tuple[Any, ...] = (*signature.inputs, *signature.outputs)
    if any(leaf.dtype not in ELEMENTS for leaf in leaves):
        return False
    return all(_reads(one.kind, one.dtype) for one in signature.inputs) and all(
        _makes(output.kind, output.dtype) for output in signature.outputs
    )


def _shallow(tree: Tree, levels: int) -> bool:
    return levels > 0 and all(_shallow(child, levels - 1) for child in tree.children)


def _leaves(tree: Tree) -> int:
    return (tree.kind == "leaf") + sum(map(_leaves, tree.children))


def _reads(kind: str, dtype: str) -> bool:
    """Whether a number of a kind always becomes a value of a dtype, up to one rounding by the processor itself."""
    if kind in ("array", "scalar") or dtype == "float16":
        return kind in ("array", "scalar")
    if kind == "int":
        return dtype == "int64" or dtype.startswith("float")
    if kind in ("float", "complex"):
        return dtype.startswith(kind)
    return kind == "bool" and not dtype.startswith("complex")


def _makes(kind: str, dtype: str) -> bool:
    """Whether a value of a dtype is handed over as a number of a kind."""
    if kind in ("array", "scalar") or dtype == "float16":
        return kind in ("array", "scalar")
    if kind == "int":
        return dtype.startswith(("int", "uint"))
    return kind in ("float", "complex", "bool") and dtype.startswith(kind)
