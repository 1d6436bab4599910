"""Programs written by hand, and what enters them: natively, from an image, and through Python."""

import math
from types import SimpleNamespace

import numpy as np
from llvmlite import ir

from adjoint.compile.llvm import entry_callable, jit
from adjoint.compile.llvm.entry import emit_entry
from adjoint.compile.llvm.entry_layout import symbols
from adjoint.compile.llvm.entry_python import PythonEntry
from adjoint.compile.signature import Input, Output, Parameter, Signature, Tree

WAYS = ("native", "python")
NONE = Tree("none")


class Text:
    def __init__(self, name, text):
        self.name, self.text = name, text

    def __str__(self):
        return self.text


def leaf(number):
    return Tree("leaf", number)


def row(kind, *children):
    return Tree(kind, children=children)


def table(**children):
    return Tree("dict", keys=tuple(children), children=tuple(children.values()))


def parameters(*trees, names="abcdefgh"):
    return tuple(Parameter(name, tree) for name, tree in zip(names, trees))


def signature(inputs, outputs, trees=None, result=None, captured=0, **options):
    """Each input a parameter of its own, and one result or a tuple of them, unless told otherwise."""
    given = [leaf(k) for k in range(len(inputs) - captured)] if trees is None else trees
    if result is None:
        result = leaf(0) if len(outputs) == 1 else row("tuple", *(leaf(k) for k in range(len(outputs))))
    return Signature("f", parameters(*given, **options), tuple(inputs), tuple(outputs), result, captured)


def size(part):
    return math.prod(part.shape) * np.dtype(part.dtype).itemsize


def program(body, declared=""):
    head = "define i32 @run(ptr %arena, ptr %inputs, ptr %outputs, ptr %context) {"
    return f"{declared}\n{head}\n{body}\n}}\ndeclare void @llvm.memmove.p0.p0.i64(ptr, ptr, i64, i1)"


def copies(made, sources=None, status=0):
    """A program whose outputs are copies of inputs: of the same number, unless told otherwise."""
    lines = []
    for k, output in enumerate(made.outputs):
        source = k if sources is None else sources[k]
        lines += [
            f"  %i{k} = getelementptr ptr, ptr %inputs, i64 {source}\n  %from{k} = load ptr, ptr %i{k}",
            f"  %o{k} = getelementptr ptr, ptr %outputs, i64 {output.index}\n  %to{k} = load ptr, ptr %o{k}",
            f"  call void @llvm.memmove.p0.p0.i64(ptr %to{k}, ptr %from{k}, i64 {size(output)}, i1 false)",
        ]
    return program("\n".join([*lines, f"  ret i32 {status}"]))


def enter(made, text, way="native", *, arena_bytes=0, release_gil=False, more=None, **options):
    """The callable, with ``misses``: what was handed to Python is noted there and answered with "missed"."""
    misses = []

    def miss(args, kwargs, reason):
        misses.append((args, kwargs, reason))
        return "missed"

    module = ir.Module()
    module.add_global(Text("run", text))
    native = emit_entry(module, SimpleNamespace(name="run"), made, arena_bytes=arena_bytes, release_gil=release_gil)
    bound = symbols() | (more or {})
    library = jit.build(module, symbols=bound)
    if way == "loaded":
        library = jit.load(library.object_bytes, bound)
    options = {"miss": miss, **options}
    if way == "python":
        parts = (options.get("context"), *(tuple(options.get(k, ())) for k in ("captured", "static")), None)
        call = PythonEntry(library, made, options["miss"], *parts)
    else:
        call = entry_callable.make_callable(library, made, **options)
        assert type(call) is (type(len) if native and entry_callable.unfit() is None else PythonEntry)
    return call, misses


def arrays(*shapes, dtype="float64", donated=None):
    """Inputs and outputs that are arrays of these shapes."""
    inputs = tuple(Input("array", dtype, shape) for shape in shapes)
    outputs = tuple(
        Output("array", dtype, shape, k, k if donated and k in donated else None) for k, shape in enumerate(shapes)
    )
    return inputs, outputs


def floats(count):
    inputs = (Input("float", "float64"),) * count
    return inputs, tuple(Output("float", "float64", (), k) for k in range(count))
