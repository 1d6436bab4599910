"""Native loops around any code that a kit can write, for tests of kits and functions."""

import ctypes
from types import SimpleNamespace

import numpy as np

from adjoint.compile.llvm.jit import build
from adjoint.compile.llvm.kernels import loop

DTYPES = {"f32": np.dtype(np.float32), "f64": np.dtype(np.float64)}


def native(emit, kind, lanes, arity=1):
    """A function of arrays that computes ``emit(kit, *values)`` in loops of some lanes; truth comes as 1 and 0."""

    def code(k, *values):
        result = emit(k, *values)
        return k.select(result, k.const(1.0), k.const(0.0)) if result.type == k.bool_type else result

    dtype = DTYPES[kind]
    module = loop(SimpleNamespace(emit=code), dtype.char, (True,) * arity, lanes, "code")
    library = build(module, name="a test")
    run = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * (arity + 1))(library.address("code"))

    def call(*operands):
        given = [np.ravel(np.asarray(o, dtype)) for o in operands]
        size = given[0].size
        given = [np.concatenate([g, np.ones(max(lanes - size, 0), dtype)]) for g in given]
        out = np.empty(given[0].size, dtype)
        run(out.size, out.ctypes.data, *[g.ctypes.data for g in given])
        return out[:size]

    call.library = library
    return call


def equal(a, b):
    """Where both are equal to the last bit; all NaN are one."""
    a, b = np.asarray(a), np.asarray(b)
    assert a.dtype == b.dtype
    whole = np.int32 if a.itemsize == 4 else np.int64
    return (a.view(whole) == b.view(whole)) | (np.isnan(a) & np.isnan(b))


def same(a, b):
    """Whether both are equal to the last bit everywhere."""
    return bool(np.all(equal(a, b)))
