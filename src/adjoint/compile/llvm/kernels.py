"""Kernels: one elementwise operation as a native loop over contiguous arrays, compiled once and kept on disk."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir

from adjoint.compile.cache import disk, make_key
from adjoint.compile.llvm.host import host
from adjoint.compile.llvm.jit import Library, build, load
from adjoint.compile.llvm.kit import Kit, widened
from adjoint.primitives.record import Primitive

_I64, _POINTER = ir.IntType(64), ir.PointerType()
_KINDS = {"f": "f32", "d": "f64"}
_kernels: dict[tuple[str, str, tuple[bool, ...]], Kernel] = {}
_making = threading.Lock()


class Kernel:
    """The native loop of a record for one dtype: called with arrays, it gives a fresh one.

    ``spread`` says of each operand whether it is an array; others are single values. The arrays must be
    contiguous, of one shape and at least ``least`` elements, which nobody checks here. While it runs, other
    threads may.
    """

    __slots__ = ("_code", "_library", "dtype", "least", "spread")

    def __init__(self, library: Library, name: str, dtype: np.dtype, spread: tuple[bool, ...], least: int) -> None:
        self.dtype = dtype
        self.spread = spread
        self.least = least
        self._library = library
        kind = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * (len(spread) + 1))
        self._code: Callable[..., None] = kind(library.address(name))

    def __call__(self, like: np.ndarray, *operands: np.ndarray) -> np.ndarray:
        """The result for operands, in the shape of ``like``."""
        out = np.empty(like.shape, self.dtype)
        self._code(like.size, out.ctypes.data, *[o.ctypes.data for o in operands])
        return out


def kernel(op: Primitive, dtype: np.dtype, spread: tuple[bool, ...]) -> Kernel:
    """The kernel of a record with an ``emit`` and a float32 or float64 result, compiled or loaded at its first use.

    Raises AttributeError where the record needs what the kit does not have, KeyError for other dtypes.

    >>> from adjoint.primitives.record import REGISTRY
    >>> x = np.linspace(0.0, 1.0, 1000)
    >>> sine = kernel(REGISTRY["sin"], x.dtype, (True,))
    >>> bool(np.all(np.abs(sine(x, x) - np.sin(x)) < 1e-15))
    True
    """
    key = (op.name, dtype.char, spread)
    found = _kernels.get(key)
    if found is None:
        with _making:  # the lanes of a whole program are compiled once, not once a thread
            found = _kernels.get(key)
            if found is None:
                found = _kernels[key] = _made(op, dtype, spread)
    return found


def _made(op: Primitive, dtype: np.dtype, spread: tuple[bool, ...]) -> Kernel:
    lanes = host().lanes(dtype)
    name = f"kernel_{op.name}"
    options = {"lanes": lanes, "spread": list(spread), "dtype": dtype.char}
    key = make_key(name, options, host().key)
    cache = disk()
    kept = cache.get(key)
    if kept is not None:
        return Kernel(load(kept[1], name=name), name, dtype, spread, lanes)
    library = build(loop(op, dtype.char, spread, lanes, name), name=name)
    cache.put(key, {"kernel": op.name}, library.object_bytes)
    return Kernel(library, name, dtype, spread, lanes)


def loop(op: Primitive, char: str, spread: tuple[bool, ...], lanes: int, name: str) -> ir.Module:
    """A module with ``void name(i64 count, ptr out, ptr operands...)`` for count >= lanes.

    The last vector overlaps the one before it, so there is no second loop for what is left over.
    """
    module = ir.Module(name)
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [_I64] + [_POINTER] * (len(spread) + 1)), name)
    set.add(function.attributes, '"prefer-vector-width"="512"')  # llvmlite's own add knows no strings
    count, out, *operands = function.args
    builder = ir.IRBuilder(function.append_basic_block("start"))
    kit = Kit(builder, _KINDS[char], lanes)
    zero = ir.Constant(ir.IntType(32), 0)
    fixed = {}
    for i, (operand, is_array) in enumerate(zip(operands, spread, strict=True)):
        if not is_array:
            fixed[i] = builder.load(operand, typ=kit.scalar)
            if lanes > 1:
                vector = ir.Constant(kit.type, ir.Undefined)
                first = builder.insert_element(vector, fixed[i], zero)
                every = ir.Constant(ir.VectorType(ir.IntType(32), lanes), None)
                fixed[i] = builder.shuffle_vector(first, vector, every)
    last = builder.sub(count, _I64(lanes))
    start, body, done = builder.block, function.append_basic_block("body"), function.append_basic_block("done")
    builder.branch(body)
    builder.position_at_end(body)
    place = builder.phi(_I64)
    place.add_incoming(_I64(0), start)

    def at(array: Any) -> Any:
        return builder.gep(array, [place], source_etype=kit.scalar)

    align = 1  # of whatever array NumPy calls contiguous
    values = [
        fixed[i] if i in fixed else builder.load(at(o), typ=widened(kit.scalar, lanes), align=align)
        for i, o in enumerate(operands)
    ]
    builder.store(op.emit(kit, *values), at(out), align=align)
    following = builder.add(place, _I64(lanes))
    held = builder.select(builder.icmp_signed("<", following, last), following, last)
    place.add_incoming(held, builder.block)
    builder.cbranch(builder.icmp_signed("<", place, last), body, done)
    builder.position_at_end(done)
    builder.ret_void()
    return module
