"""Back to Python from native code: operations without a native form, and a look for Ctrl-C in a long run.

Native code calls ``i32 adjoint_callback(ptr context, i64 step, ptr pointers)`` and ``i32 adjoint_poll()``. Both are
defined here in LLVM's terms, inside the module that uses them. They take the GIL if it was released. What Python
raises stays set as the thread's error, so that whoever called the native code returns to Python with the original
exception and its traceback: 1 says so, 0 that all is well.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir

from adjoint.errors import DtypeError, RuleError, ShapeError

CALLBACK, POLL = "adjoint_callback", "adjoint_poll"

_I32, _I64, _POINTER, _NOTHING = ir.IntType(32), ir.IntType(64), ir.PointerType(), ir.VoidType()
_CALLBACK_TYPE = ir.FunctionType(_I32, [_POINTER, _I64, _POINTER])
_POLL_TYPE = ir.FunctionType(_I32, [])

Place = tuple[np.dtype, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Step:
    """One operation that runs in Python: what it reads and writes, and the function that does it.

    ``function`` takes an array for each of ``operands`` and gives one for each of ``results`` (one alone needs no
    tuple). The arrays that it takes are read-only views of native memory, which is gone after the call: for a
    function that may keep them (a user's), ``copies`` gives it arrays of its own.
    """

    function: Callable[..., Any]
    operands: tuple[Place, ...]
    results: tuple[Place, ...]
    name: str = "an operation"
    copies: bool = False


class Callbacks:
    """What native code calls as its context: the steps that run in Python. Keep it while the code may run.

    >>> from adjoint.compile.llvm.callback import Callbacks, Step
    >>> place = (np.dtype("f8"), (3,))
    >>> callbacks = Callbacks([Step(np.cumsum, (place,), (place,), "cumsum")])
    >>> x, out = np.ones(3), np.empty(3)
    >>> callbacks(0, (ctypes.c_void_p * 2)(x.ctypes.data, out.ctypes.data))
    >>> out
    array([1., 2., 3.])
    """

    __slots__ = ("_steps",)

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = [_Bound(step) for step in steps]

    @property
    def address(self) -> int:
        """The address of this object: what native code takes as its context."""
        return id(self)

    def __call__(self, step: int, pointers: Any) -> None:
        """Run a step on the memory that a table of pointers gives: operands first, then results."""
        self._steps[step].run(pointers)


class _Bound:
    """A step with everything prepared that does not depend on the pointers."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._operands = [_reader(place) for place in step.operands]
        self._results = [_reader(place) for place in step.results]
        self._table = ctypes.c_void_p * (len(self._operands) + len(self._results))

    def run(self, pointers: Any) -> None:
        step = self._step
        table = self._table.from_address(pointers) if isinstance(pointers, int) else pointers
        operands = [read(address) for read, address in zip(self._operands, table)]
        if step.copies:
            operands = [operand.copy() for operand in operands]
        else:
            for operand in operands:
                operand.flags.writeable = False
        made = step.function(*operands)
        results = tuple(made) if isinstance(made, (tuple, list)) else (made,)
        if len(results) != len(self._results):
            raise RuleError(
                f"{step.name} gave {len(results)} results where {len(self._results)} were promised.",
                help="make its spec rule and its value agree.",
            )
        for read, address, result, place in zip(self._results, table[len(operands) :], results, step.results):
            _store(read(address), result, place, step.name)


def _store(target: np.ndarray, result: Any, place: Place, name: str) -> None:
    dtype, shape = place
    found = np.asarray(result)
    if found.shape != shape:
        raise ShapeError(
            f"{name} gave a result of shape {found.shape} where its spec promised {shape}.",
            help="make its spec rule and its value agree.",
        )
    if not np.can_cast(found.dtype, dtype, "same_kind"):
        raise DtypeError(
            f"{name} gave a result of dtype {found.dtype} where its spec promised {dtype}.",
            help="make its spec rule and its value agree.",
        )
    np.copyto(target, found, casting="same_kind")


def _reader(place: Place) -> Callable[[int | None], np.ndarray]:
    """A function from an address to the array that stands there."""
    dtype, shape = place
    size = dtype.itemsize * int(np.prod(shape, dtype=np.int64))
    if size == 0:
        return lambda address: np.empty(shape, dtype)
    memory: Any = ctypes.c_char * size
    return lambda address: np.ndarray(shape, dtype, memory.from_address(address or 0))


def define(module: ir.Module) -> None:
    """Write the two functions into a module that declares them; nothing in a module that declares neither."""
    for name, kind, write in ((CALLBACK, _CALLBACK_TYPE, _write_callback), (POLL, _POLL_TYPE, _write_poll)):
        function = module.globals.get(name)
        if function is None or function.blocks:
            continue
        if function.function_type != kind:
            raise DtypeError(f"{name} is declared as {function.function_type}, not as {kind}.", help="declare it so.")
        function.linkage = "internal"
        write(module, function)


def _write_callback(module: ir.Module, function: ir.Function) -> None:
    context, step, pointers = function.args
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    state = builder.call(_python(module, "PyGILState_Ensure", _I32, []), [])
    null = ir.Constant(_POINTER, None)
    drop = _python(module, "Py_DecRef", _NOTHING, [_POINTER])  # takes null
    number = builder.call(_python(module, "PyLong_FromLongLong", _POINTER, [_I64]), [step])
    place = builder.call(_python(module, "PyLong_FromVoidPtr", _POINTER, [_POINTER]), [pointers])
    # With no memory left for the numbers the list of arguments ends early, and the call itself raises.
    call = _python(module, "PyObject_CallFunctionObjArgs", _POINTER, [_POINTER], var_arg=True)
    result = builder.call(call, [context, number, place, null])
    for held in (number, place, result):
        builder.call(drop, [held])
    _release(module, builder, state)
    builder.ret(builder.zext(builder.icmp_unsigned("==", result, null), _I32))


def _write_poll(module: ir.Module, function: ir.Function) -> None:
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    state = builder.call(_python(module, "PyGILState_Ensure", _I32, []), [])
    raised = builder.call(_python(module, "PyErr_CheckSignals", _I32, []), [])
    _release(module, builder, state)
    builder.ret(builder.zext(builder.icmp_signed("!=", raised, ir.Constant(_I32, 0)), _I32))


def _release(module: ir.Module, builder: ir.IRBuilder, state: Any) -> None:
    builder.call(_python(module, "PyGILState_Release", _NOTHING, [_I32]), [state])


def _python(
    module: ir.Module, name: str, result: ir.Type, arguments: list[ir.Type], *, var_arg: bool = False
) -> ir.Function:
    """A function of Python's C-API, declared once in a module."""
    found = module.globals.get(name)
    return found or ir.Function(module, ir.FunctionType(result, arguments, var_arg=var_arg), name)


def caller(address: int) -> Callable[[int | None, int | None, int | None, int | None], int]:
    """``run`` at an address as a Python function that keeps the GIL and raises what a callback raised."""
    return ctypes.PYFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 4)(address)
