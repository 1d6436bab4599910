"""Where things stand inside Python's and NumPy's objects, checked once against the running interpreter.

The entry of a program reads a float, a tuple or an array where it lies instead of asking for it through a
function. What it takes for granted is written down here, and `unfit` tries each of it on live objects: where
anything differs (a free-threaded or a debug build, another Python, another NumPy) programs are entered through
Python instead.
"""

from __future__ import annotations

import ctypes
import struct
import sys
from functools import cache
from typing import Any

import numpy as np

from adjoint.apply import blank
from adjoint.tensor import Tensor

# Offsets in bytes. Of any object (object.h: its count of references is the first half word); of float, complex and
# NumPy's scalars: the value comes first.
TYPE, VALUE = 8, 16
# Of tuple, list and str's variable-size head; a tuple's items come after a cached hash in newer versions.
SIZE, LIST_ITEMS, TUPLE_ITEMS = 16, 24, tuple.__basicsize__
# Of a builtin function (methodobject.h) and of its definition.
BUILTIN_DEFINITION, BUILTIN_SELF, DEFINITION_CODE = 16, 24, 8
# Of an array (ndarraytypes.h, PyArrayObject_fields) and of its dtype (_PyArray_DescrNumPy2).
DATA, NDIM, SHAPE, BASE, DTYPE, FLAGS = 16, 24, 32, 48, 56, 64
DTYPE_ORDER, DTYPE_NUMBER = 26, 28

#: Flags of arrays: those that every input must have, and those that a donated one must have besides.
CONTIGUOUS_ALIGNED, OWNED_WRITEABLE = 0x1 | 0x100, 0x4 | 0x400
#: The byte order that is not this machine's, as a dtype tells it.
FOREIGN_ORDER = ord(">" if sys.byteorder == "little" else "<")

#: Where functions stand in NumPy's table (numpy/__multiarray_api.h; fixed since NumPy 1.0).
NUMPY_NEW_FROM_DESCR = 94
_NUMPY_ARRAY_TYPE = 2

#: The dtypes that pass natively, with LLVM's types of one element.
ELEMENTS = {
    "bool": "i8",
    "int8": "i8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "uint8": "i8",
    "uint16": "i16",
    "uint32": "i32",
    "uint64": "i64",
    "float16": "half",
    "float32": "float",
    "float64": "double",
    "complex64": "float",
    "complex128": "double",
}

#: The functions of Python's C-API that an entry may call: result, then operands.
FUNCTIONS = {
    "PyBool_FromLong": ("ptr", "i64"),
    "PyComplex_FromDoubles": ("ptr", "double, double"),
    "PyDict_GetItemWithError": ("ptr", "ptr, ptr"),
    "PyDict_New": ("ptr", ""),
    "PyDict_SetItem": ("i32", "ptr, ptr, ptr"),
    "PyDict_Size": ("i64", "ptr"),
    "PyErr_Clear": ("void", ""),
    "PyErr_NoMemory": ("ptr", ""),
    "PyErr_Occurred": ("ptr", ""),
    "PyErr_SetString": ("void", "ptr, ptr"),
    "PyEval_RestoreThread": ("void", "ptr"),
    "PyEval_SaveThread": ("ptr", ""),
    "PyFloat_FromDouble": ("ptr", "double"),
    "PyList_New": ("ptr", "i64"),
    "PyLong_AsLongLongAndOverflow": ("i64", "ptr, ptr"),
    "PyLong_FromLongLong": ("ptr", "i64"),
    "PyLong_FromUnsignedLongLong": ("ptr", "i64"),
    "PyMem_RawFree": ("void", "ptr"),
    "PyMem_RawMalloc": ("ptr", "i64"),
    "PyObject_RichCompareBool": ("i32", "ptr, ptr, i32"),
    "PyObject_Vectorcall": ("ptr", "ptr, ptr, i64, ptr"),
    "PyTuple_New": ("ptr", "i64"),
    "PyType_GenericAlloc": ("ptr", "ptr, i64"),
    "Py_DecRef": ("void", "ptr"),
    "Py_IncRef": ("void", "ptr"),
}


def read(address: int) -> int:
    """The word that stands at an address: only for memory of objects that are alive."""
    return ctypes.c_size_t.from_address(address).value


def member_offset(descriptor: Any) -> int:
    """Where a slot of a class stands in its instances, from the member descriptor (descrobject.h, structmember.h)."""
    return read(read(id(descriptor) + 40) + 16)


@cache
def tensor_value() -> int:
    """Where a tensor holds its value."""
    return member_offset(Tensor.__dict__["_value"])


@cache
def symbols() -> dict[str, int]:
    """The address of every name that an entry declares: give them to `build` and `load`.

    The functions of Python's C-API; NumPy's table of functions; types, dtypes and constants, which never move.
    """
    table = {name: ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value or 0 for name in FUNCTIONS}
    table["adjoint_numpy_api"] = numpy_table()
    for kind in (float, int, bool, complex, tuple, list, dict, str):
        table[f"adjoint_type_{kind.__name__}"] = id(kind)
    table["adjoint_type_ndarray"] = id(np.ndarray)
    table["adjoint_type_tensor"] = id(Tensor)
    table["adjoint_none"], table["adjoint_true"], table["adjoint_false"] = id(None), id(True), id(False)
    table["adjoint_error"] = id(RuntimeError)
    for name in ELEMENTS:
        table[f"adjoint_dtype_{name}"] = id(np.dtype(name))
        table[f"adjoint_scalar_{name}"] = id(np.dtype(name).type)
    return table


def numpy_table() -> int:
    """The address of NumPy's table of C functions."""
    capsule = sys.modules["numpy._core._multiarray_umath"]._ARRAY_API
    pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
    return int(pointer(("PyCapsule_GetPointer", ctypes.pythonapi))(capsule, None))


def foreign() -> str | None:
    """Why this Python is of a kind that native entries are not made for, at a glance; None where it is not."""
    if sys.implementation.name != "cpython" or struct.calcsize("P") != 8:
        return "this is not CPython with words of 64 bits"
    if object.__basicsize__ != 16:  # longer in free-threaded and in tracing builds
        return "this Python's objects have another head"
    return None


@cache
def unfit() -> str | None:
    """Why programs cannot be entered natively in this process: a sentence, or None where they can."""
    told = foreign()
    if told is not None:
        return told
    for what, probe in _PROBES.items():
        if not probe():
            return f"{what} is laid out in another way"
    return None


def _floats() -> bool:
    number, both = 0.1 + len(_PROBES), complex(0.5, -2.25)
    return (
        read(id(number) + TYPE) == id(float)
        and _bytes(number, 8) == struct.pack("d", number)
        and _bytes(both, 16) == struct.pack("dd", both.real, both.imag)
    )


def _scalars() -> bool:
    values = [np.array(3, name)[()] for name in ELEMENTS]
    return all(_bytes(value, value.itemsize) == value.tobytes() for value in values)


def _containers() -> bool:
    first, second = object(), object()
    items, row = (first, second), [first, second, first]
    return (
        (read(id(items) + SIZE), read(id(row) + SIZE)) == (2, 3)
        and (read(id(items) + TUPLE_ITEMS), read(id(items) + TUPLE_ITEMS + 8)) == (id(first), id(second))
        and read(read(id(row) + LIST_ITEMS) + 8) == id(second)
    )


def _arrays() -> bool:
    whole = np.zeros((3, 5, 2), np.float32)
    view = whole[1:, ::2]
    frozen = np.zeros((2, 2), np.int16).T
    frozen.flags.writeable = False
    for array, flags in ((whole, 0x1 | 0x4 | 0x100 | 0x400), (view, 0x100 | 0x400), (frozen, 0x2 | 0x100)):
        number, flagged = (struct.unpack("i", _bytes(array, 4, offset))[0] for offset in (NDIM, FLAGS))
        shape = struct.unpack(f"{array.ndim}n", ctypes.string_at(read(id(array) + SHAPE), 8 * array.ndim))
        if (
            read(id(array) + DATA) != array.ctypes.data
            or number != array.ndim
            or shape != array.shape
            or read(id(array) + BASE) != (0 if array.base is None else id(array.base))
            or read(id(array) + DTYPE) != id(array.dtype)
            or flagged != flags
        ):
            return False
    return read(numpy_table() + 8 * _NUMPY_ARRAY_TYPE) == id(np.ndarray)


def _dtypes() -> bool:
    for name in ELEMENTS:
        for dtype in (np.dtype(name), np.dtype(name).newbyteorder("S")):
            if struct.unpack("i", _bytes(dtype, 4, DTYPE_NUMBER))[0] != dtype.num:
                return False
            if (_bytes(dtype, 1, DTYPE_ORDER)[0] == FOREIGN_ORDER) == dtype.isnative:
                return False
    return True


def _counts() -> bool:
    mortal: object = [None].append  # a builtin that nobody else holds
    before = ctypes.c_uint32.from_address(id(mortal)).value
    more = (mortal, mortal)
    return ctypes.c_uint32.from_address(id(mortal)).value - before == len(more)


def _builtins() -> bool:
    definition = read(id(len) + BUILTIN_DEFINITION)
    return ctypes.string_at(read(definition)) == b"len" and read(id(len) + BUILTIN_SELF) == id(sys.modules["builtins"])


def _tensors() -> bool:
    value = np.zeros(2)
    tensor = blank()
    tensor._value = value
    return 16 <= tensor_value() < Tensor.__basicsize__ and read(id(tensor) + tensor_value()) == id(value)


def _bytes(value: Any, size: int, offset: int = VALUE) -> bytes:
    return ctypes.string_at(id(value) + offset, size)


_PROBES = {
    "a float": _floats,
    "a scalar of NumPy": _scalars,
    "a tuple or list": _containers,
    "an array": _arrays,
    "a dtype": _dtypes,
    "a count of references": _counts,
    "a builtin function": _builtins,
    "a tensor": _tensors,
}
