"""Forms: which records have native code, found by writing each once on a kit that writes nowhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir

from adjoint.compile.llvm.kit import IntKit, Kit
from adjoint.primitives.record import Primitive

_known: dict[tuple[str, str, str], bool] = {}


def knows(op: Primitive, params: dict[str, Any], dtype: np.dtype[Any]) -> bool:
    """Whether a record's ``emit`` can be written for operands of a dtype."""
    key = (op.name, dtype.char, repr(sorted(params.items())))
    found = _known.get(key)
    if found is None:
        found = _known[key] = _tried(op, params, dtype)
    return found


def _tried(op: Primitive, params: dict[str, Any], dtype: np.dtype[Any]) -> bool:
    module = ir.Module()
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), []), "probe")
    builder = ir.IRBuilder(function.append_basic_block())
    kit: Any
    if dtype.kind == "i":
        kit = IntKit(builder, dtype.itemsize * 8, True, 1)
    else:
        kit = Kit(builder, "f32" if dtype.char == "f" else "f64", 1)
    truth = ir.Constant(ir.IntType(1), 1)
    value = truth if dtype.kind == "b" else kit.const(1)
    operands = [value] * (op.arity or 1)
    if op.name == "where":
        operands[0] = truth
    try:
        op.emit(kit, *operands, **params)
    except (AttributeError, TypeError, NotImplementedError):
        return False
    return True
