"""The entry of a program through Python: where there is no native one, with the same answers."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adjoint.compile.llvm.entry_text import Reason
from adjoint.compile.llvm.jit import Library
from adjoint.compile.signature import Input, Output, Signature, Tree
from adjoint.tensor import Tensor

_PYTHON: dict[str, Any] = {"float": float, "int": int, "bool": bool, "complex": complex}
_CONTAINERS = {"tuple": tuple, "list": list}
_INT64 = np.iinfo(np.int64)
_run_type = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


class _Refused(Exception):
    """This call is not what the program was compiled for."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.name)
        self.reason = reason


class PythonEntry:
    """Enters a program as the native entry does: the same checks, the same ways out, the same results."""

    def __init__(
        self,
        library: Library,
        signature: Signature,
        miss: Callable[[tuple[Any, ...], dict[str, Any], Reason], Any],
        context: object,
        captured: tuple[object, ...],
        static: tuple[object, ...],
        doc: str | None,
    ) -> None:
        self.__name__, self.__doc__ = signature.name, doc
        self._library, self._signature, self._miss = library, signature, miss
        self._context, self._captured, self._static = context, captured, static
        self._code = _run_type(library.address("run"))
        self._arena = ctypes.c_int64.from_address(library.address("arena_bytes")).value

    def __repr__(self) -> str:
        return f"<compiled function {self.__name__}, entered through Python>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program on these arguments, or hand them to Python."""
        try:
            inputs = self._inputs(args, kwargs)
            outputs = self._outputs(inputs)
            status = self._run(inputs, outputs)
            if status:
                raise _Refused(Reason.STORED if status == 1 else Reason.ASKED)
        except _Refused as refused:
            reason = refused.reason
        else:
            given = [_given(output, array) for output, array in zip(self._signature.outputs, outputs)]
            return _built(self._signature.result, given)
        return self._miss(args, kwargs, reason)

    def _inputs(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[NDArray[Any]]:
        """The array of every input: a number becomes one of no axes."""
        inputs: dict[int, NDArray[Any]] = {}
        for parameter, value in zip(self._signature.parameters, self._bound(args, kwargs)):
            self._read(parameter.tree, value, inputs)
        first = len(self._signature.inputs) - self._signature.captured
        for number, holder in enumerate(self._captured, first):
            value = holder._value if type(holder) is Tensor else holder
            inputs[number] = _data(self._signature.inputs[number], value, Reason.CAPTURED)
        found = [inputs[number] for number in range(len(self._signature.inputs))]
        self._check_donated(found)
        return found

    def _bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        parameters = self._signature.parameters
        most = sum(not parameter.keyword_only for parameter in parameters)
        names = [parameter.name for parameter in parameters[len(args) :]]
        if len(args) > most or len(args) + len(kwargs) != len(parameters) or set(kwargs) != set(names):
            raise _Refused(Reason.ARGUMENTS)
        return [*args, *(kwargs[str(name)] for name in names)]

    def _read(self, tree: Tree, value: Any, inputs: dict[int, NDArray[Any]]) -> None:
        fits = True
        if tree.kind == "leaf":
            inputs[tree.leaf] = _data(self._signature.inputs[tree.leaf], value, Reason.INPUT)
        elif tree.kind == "none":
            fits = value is None
        elif tree.kind == "static":
            recorded = self._static[tree.leaf]
            fits = value is recorded or (
                type(value) is type(recorded) and type(value) in (int, str) and value == recorded
            )
        elif tree.kind == "dict":
            fits = type(value) is dict and len(value) == len(tree.keys) and all(key in value for key in tree.keys)
            for key, child in zip(tree.keys, tree.children):
                if fits:
                    self._read(child, value[key], inputs)
        else:
            fits = type(value) is _CONTAINERS[tree.kind] and len(value) == len(tree.children)
            for child, item in zip(tree.children, value if fits else ()):
                self._read(child, item, inputs)
        if not fits:
            raise _Refused(Reason.INPUT)

    def _check_donated(self, inputs: list[NDArray[Any]]) -> None:
        arrays = [array for array, one in zip(inputs, self._signature.inputs) if one.kind == "array"]
        for output in self._signature.outputs:
            if output.donated is None:
                continue
            array = inputs[output.donated]
            shared = sum(np.may_share_memory(array, other) for other in arrays) > (1 if array.size else 0)
            if shared or not (array.flags.writeable and array.flags.owndata and array.base is None):
                raise _Refused(Reason.DONATED)

    def _outputs(self, inputs: list[NDArray[Any]]) -> list[NDArray[Any]]:
        return [
            inputs[output.donated] if output.donated is not None else np.empty(output.shape, output.dtype)
            for output in self._signature.outputs
        ]

    def _run(self, inputs: list[NDArray[Any]], outputs: list[NDArray[Any]]) -> int:
        """Run the program, then copy what is given more than once."""
        first: dict[int, NDArray[Any]] = {}
        for output, array in zip(self._signature.outputs, outputs):
            first.setdefault(output.index, array)
        written = [first.get(index) for index in range(1 + max(first, default=0))]
        arena = np.empty(self._arena + 64, np.uint8)
        start = arena.ctypes.data + -arena.ctypes.data % 64
        status = self._code(start, _pointers(inputs), _pointers(written), id(self._context))
        if not status:
            for output, array in zip(self._signature.outputs, outputs):
                if array is not first[output.index]:
                    array[...] = first[output.index]
        return status


def _pointers(arrays: list[Any]) -> Any:
    return (ctypes.c_void_p * max(1, len(arrays)))(*(None if array is None else array.ctypes.data for array in arrays))


def _data(one: Input, value: Any, reason: Reason) -> NDArray[Any]:
    """The array of an input that is exactly what it must be."""
    dtype = np.dtype(one.dtype)
    if one.kind == "array":
        fits = (
            type(value) is np.ndarray
            and (value.dtype == dtype and value.dtype.num == dtype.num and value.dtype.isnative)
            and value.shape == one.shape
            and (value.flags.c_contiguous and value.flags.aligned)
        )
    elif one.kind == "scalar":
        fits = type(value) is dtype.type
    else:
        fits = type(value) is _PYTHON[one.kind] and (one.kind != "int" or _INT64.min <= value <= _INT64.max)
    if not fits:
        raise _Refused(reason)
    return value if one.kind == "array" else np.array(value, dtype)


def _given(output: Output, array: NDArray[Any]) -> Any:
    """One result, of the kind in which it is handed over."""
    if output.kind == "array":
        return array
    return array[()] if output.kind == "scalar" else _PYTHON[output.kind](array.item())


def _built(tree: Tree, leaves: list[Any]) -> Any:
    if tree.kind == "leaf":
        return leaves[tree.leaf]
    if tree.kind == "none":
        return None
    children = [_built(child, leaves) for child in tree.children]
    return dict(zip(tree.keys, children)) if tree.kind == "dict" else _CONTAINERS[tree.kind](children)
