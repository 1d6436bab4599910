"""BLAS and LAPACK by name: what is declared is what SciPy has, and it computes."""

import ctypes
import subprocess
import sys

import numpy as np
import pytest
from llvmlite import ir

from adjoint.compile.llvm import blas, jit
from adjoint.errors import ArgumentError

NAMES = [kind + stem for kind in "sd" for stem in (*blas._BLAS, *blas._LAPACK)]
POINTER, I64 = ir.PointerType(), ir.IntType(64)


@pytest.mark.parametrize("name", NAMES)
def test_every_routine_takes_in_scipy_what_native_code_passes(name):
    module = ir.Module()
    function = blas.declare(module, name)
    ((symbol, address),) = blas.symbols([name]).items()
    assert symbol == function.name
    assert address > 0
    assert blas.declare(module, name) is function


@pytest.mark.parametrize("name", ["dgemmm", "", "d", "zgemm", "gemm", 'd"gemm'])
def test_a_routine_that_is_not_offered_is_refused(name):
    for ask in (lambda: blas.declare(ir.Module(), name), lambda: blas.symbols([name])):
        with pytest.raises(ArgumentError, match="no BLAS or LAPACK routine") as caught:
            ask()
        assert "gemm" in caught.value.help


def test_other_arguments_in_scipy_are_refused(monkeypatch):
    monkeypatch.setitem(blas._BLAS, "gemv", "cii")
    with pytest.raises(ArgumentError, match="takes other arguments"):
        blas._address.__wrapped__("dgemv")


@pytest.mark.parametrize(
    ("signature", "letters"),
    [
        ("void (char *, int *, __pyx_t_5scipy_6linalg_11cython_blas_d *)", "void(cid)"),
        ("__pyx_t_5scipy_6linalg_11cython_blas_s (int *, float *)", "s(is)"),
        ("void (npy_int64 *)", "void(npy_int64)"),
    ],
)
def test_signatures_are_read(signature, letters):
    assert blas._told(signature) == letters


def native(name, gives=None):
    """A function of a table of pointers that calls the routine, and the address to call it at."""
    module = ir.Module()
    routine = blas.declare(module, name)
    result = gives or ir.VoidType()
    run = ir.Function(module, ir.FunctionType(result, [POINTER]), "run")
    builder = ir.IRBuilder(run.append_basic_block())
    places = (builder.gep(run.args[0], [ir.Constant(I64, k)], source_etype=POINTER) for k in range(len(routine.args)))
    value = builder.call(routine, [builder.load(place, typ=POINTER) for place in places])
    if gives:
        builder.ret(value)
    else:
        builder.ret_void()
    return jit.load(jit.build(module).object_bytes)  # bound by their names


def call(library, *values, kind=None):
    held = [value if isinstance(value, np.ndarray) else np.array(value) for value in values]
    table = (ctypes.c_void_p * len(held))(*(one.ctypes.data for one in held))
    return ctypes.CFUNCTYPE(kind, ctypes.c_void_p)(library.address("run"))(table)


def int_(n):
    return np.array(n, np.int32)


def test_gemm_multiplies():
    a, b = np.random.default_rng(0).normal(size=(2, 5, 5))
    c = np.ones((5, 5))
    n = int_(5)
    call(native("dgemm"), b"N", b"N", n, n, n, 2.0, b, n, a, n, 1.0, c, n)  # C order: the product of the transposes
    np.testing.assert_allclose(c, 2 * a @ b + 1, rtol=1e-13)


def test_dot_gives_a_value():
    x = np.arange(4, dtype=np.float32)
    assert call(native("sdot", ir.FloatType()), int_(4), x, int_(1), x, int_(1), kind=ctypes.c_float) == 14


def test_a_factorisation_tells_where_it_stopped():
    a, info = np.diag([1.0, -1.0]), int_(0)
    call(native("dpotrf"), b"L", int_(2), a, int_(2), info)
    assert info == 2


def test_only_the_part_that_is_needed_is_loaded():
    code = (
        "from adjoint.compile.llvm import blas; blas.symbols(['dgemm']); early = 'scipy.linalg' in sys.modules;"
        "import scipy.linalg, scipy.linalg.cython_blas as whole;"
        "print(early, whole is blas._module('cython_blas'), scipy.linalg.cython_blas is whole,"
        "scipy.linalg.inv([[4.0]]).item())"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}"], capture_output=True, text=True
    )
    assert done.stdout.split() == ["False", "True", "True", "0.25"], done.stderr


def test_what_is_loaded_already_is_used():
    import scipy.linalg.cython_lapack as whole

    assert blas._module("cython_lapack").__pyx_capi__.keys() == whole.__pyx_capi__.keys()
    assert blas._module.__wrapped__("cython_lapack") is whole


def test_a_scipy_laid_out_otherwise_is_imported_whole(monkeypatch):
    import scipy.linalg.cython_blas as whole

    monkeypatch.delitem(sys.modules, "scipy.linalg")
    monkeypatch.setattr("importlib.machinery.PathFinder.find_spec", lambda name, path=None: None)
    monkeypatch.setattr(blas, "_ordinary", lambda name: (name, whole))
    assert blas._module.__wrapped__("cython_blas") == ("cython_blas", whole)
