"""BLAS and LAPACK for native code: the routines that SciPy carries, declared by name and bound when loaded.

The addresses are those that SciPy offers to Cython (``scipy.linalg.cython_blas.__pyx_capi__``). With the wheels of
PyPI that is SciPy's own OpenBLAS, a library of its own beside NumPy's, with threads of its own; the distributions of
conda and of Linux may put MKL, BLIS or Accelerate there. How many threads it uses is left as the user set it, by
``OPENBLAS_NUM_THREADS`` and its like before the start, or by threadpoolctl.
"""

from __future__ import annotations

import ctypes
import importlib.machinery
import importlib.util
import os
import re
import sys
from collections.abc import Iterable
from functools import cache
from types import ModuleType

from llvmlite import ir

from adjoint.errors import ArgumentError

#: How the names of all routines begin in native code.
ROUTINES = ("adjoint_blas_", "adjoint_lapack_")

# The arguments of a routine, all by reference: c a character, i an int, r a value of the routine's type.
# Source: the reference BLAS and LAPACK, https://netlib.org/lapack/explore-html/
_BLAS = {
    "gemm": "cciiirririrri",  # transa transb m n k alpha a lda b ldb beta c ldc
    "symm": "cciirririrri",  # side uplo m n alpha a lda b ldb beta c ldc
    "syrk": "cciirrirri",  # uplo trans n k alpha a lda beta c ldc
    "trmm": "cccciirriri",  # side uplo transa diag m n alpha a lda b ldb
    "trsm": "cccciirriri",
    "gemv": "ciirririrri",  # trans m n alpha a lda x incx beta y incy
    "symv": "cirririrri",  # uplo n alpha a lda x incx beta y incy
    "trmv": "ccciriri",  # uplo trans diag n a lda x incx
    "trsv": "ccciriri",
    "ger": "iirririri",  # m n alpha x incx y incy a lda
    "axpy": "irriri",  # n a x incx y incy
    "scal": "irri",  # n a x incx
    "copy": "iriri",  # n x incx y incy
    "dot": "iriri",  # n x incx y incy; gives a value
    "nrm2": "iri",  # n x incx; gives a value
}
_LAPACK = {
    "potrf": "cirii",  # uplo n a lda info
    "potrs": "ciiririi",  # uplo n nrhs a lda b ldb info
    "potri": "cirii",
    "getrf": "iiriii",  # m n a lda ipiv info
    "getrs": "ciiriirii",  # trans n nrhs a lda ipiv b ldb info
    "gesv": "iiriirii",  # n nrhs a lda ipiv b ldb info
    "trtrs": "ccciiririi",  # uplo trans diag n nrhs a lda b ldb info
    "geqrf": "iirirrii",  # m n a lda tau work lwork info
    "orgqr": "iiirirrii",  # m n k a lda tau work lwork info
    "syevd": "ccirirriiii",  # jobz uplo n a lda w work lwork iwork liwork info
    "gesdd": "ciirirriririii",  # jobz m n a lda s u ldu vt ldvt work lwork iwork info
}
_GIVES = {"dot", "nrm2"}
_TYPES = {"s": ir.FloatType(), "d": ir.DoubleType()}
_C_TYPES = {"char": "c", "int": "i", "float": "s", "double": "d"}


def declare(module: ir.Module, name: str) -> ir.Function:
    """A routine in an llvmlite module, named as ``symbols`` binds it: "dgemm" becomes ``adjoint_blas_dgemm``.

    Every argument is a pointer, characters and numbers too, and matrices stand in Fortran's order (the C order of
    their transposes). A second call gives the same function. Raises ArgumentError for a routine that is not offered.

    >>> declare(ir.Module(), "dgemm").name
    'adjoint_blas_dgemm'
    """
    library, letters, gives = _known(name)
    symbol = f"adjoint_{library}_{name}"
    if symbol in module.globals:
        return module.globals[symbol]
    result = _TYPES[name[0]] if gives else ir.VoidType()
    function = ir.Function(module, ir.FunctionType(result, [ir.PointerType()] * len(letters)), symbol)
    function.attributes.add("nounwind")
    return function


def symbols(names: Iterable[str]) -> dict[str, int]:
    """The addresses of routines by the names that ``declare`` gives them; loads SciPy's part on first use.

    Raises ArgumentError for a routine that is not offered, or whose arguments in the SciPy that is installed are
    not those that native code would pass.
    """
    return {f"adjoint_{_known(name)[0]}_{name}": _address(name) for name in names}


def _known(name: str) -> tuple[str, str, bool]:
    """Which library a routine is in, the letters of its arguments, and whether it gives a value."""
    kind, stem = name[:1], name[1:]
    if kind in _TYPES:
        for library, table in (("blas", _BLAS), ("lapack", _LAPACK)):
            if stem in table:
                return library, table[stem].replace("r", kind), stem in _GIVES
    raise ArgumentError(
        f"native code has no BLAS or LAPACK routine {name!r}.",
        help=f"there are, with s for float32 and d for float64 in front: {', '.join([*_BLAS, *_LAPACK])}.",
    )


@cache
def _address(name: str) -> int:
    library, letters, gives = _known(name)
    capsule = _module(f"cython_{library}").__dict__["__pyx_capi__"].get(name)
    expected = f"{name[0] if gives else 'void'}({letters})"
    text = _capsule_name(capsule) if capsule is not None else b""
    if text is None or _told(text.decode("ascii", "replace")) != expected:
        raise ArgumentError(
            f"SciPy's {name} takes other arguments than native code passes: {(text or b'nothing').decode()!r}.",
            help="install SciPy 1.13 or newer, or use backend='python'.",
        )
    return int(_capsule_pointer(capsule, text))


def _told(signature: str) -> str:
    """A C signature in our letters: "void (char *, int *, ..._d *)" is void(cid)."""
    result, _, arguments = signature.partition("(")
    return f"{_letter(result)}({''.join(_letter(one) for one in arguments.rstrip(')').split(','))})"


def _letter(kind: str) -> str:
    """The letter of a C type; SciPy's own names for the real types end in _s and _d."""
    bare = kind.replace("*", "").strip()
    own = re.fullmatch(r"__pyx_t_\w+_([sd])", bare)
    return own[1] if own else _C_TYPES.get(bare, bare)


_capsule_name = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(("PyCapsule_GetName", ctypes.pythonapi))
_capsule_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


@cache
def _module(name: str) -> ModuleType:
    """``scipy.linalg.cython_blas`` or ``cython_lapack``, without the rest of scipy.linalg if nothing has loaded it.

    Both are extension modules that need nothing of the package around them, which takes four times as long to load
    (115 against 25 ms). What is loaded here is what ``import`` finds later: an extension module is made once.
    """
    whole = f"scipy.linalg.{name}"
    if "scipy.linalg" in sys.modules:
        return _ordinary(name)
    found = importlib.util.find_spec("scipy")
    folders = [os.path.join(place, "linalg") for place in (found.submodule_search_locations or ())] if found else []
    spec = importlib.machinery.PathFinder.find_spec(whole, folders)
    if spec is None or not isinstance(spec.loader, importlib.machinery.ExtensionFileLoader):
        return _ordinary(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules.pop(whole, None)  # so that a later import goes the whole way and binds the name in its package
    return module


def _ordinary(name: str) -> ModuleType:
    if name == "cython_blas":
        from scipy.linalg import cython_blas

        return cython_blas
    from scipy.linalg import cython_lapack

    return cython_lapack
