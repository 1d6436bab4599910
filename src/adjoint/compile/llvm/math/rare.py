"""Rare lanes: a fast way for all lanes, and a slow one, lane after lane, for those that need it.

The branch between them stands in a function of its own that is inlined, so whoever writes a block of straight code
goes on in the same block. The slow way goes through memory and is one function a kind, whatever the lanes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

_I32, _POINTER = ir.IntType(32), ir.PointerType()

#: ``near(kit, *operands) -> (results, lanes that need the slow way)``.
Near = Callable[..., tuple[tuple[Any, ...], Any]]


def guarded(
    k: Any, name: str, operands: Sequence[Any], whole: Sequence[bool], near: Near, lane: Callable[..., Sequence[Any]]
) -> tuple[Any, ...]:
    """The results of ``near``, or in the lanes that it names those of ``lane(kit, *operands)``, which may branch.

    ``whole`` says of each result whether it is an integer. ``lane`` gets the kit of one lane.
    """
    function = _inlined(k, name, len(operands), whole, near, lane)
    result = k.builder.call(function, operands)
    return tuple(k.builder.extract_value(result, i) for i in range(len(whole)))


def _inlined(k: Any, name: str, arity: int, whole: Sequence[bool], near: Near, lane: Any) -> Any:
    module, full = k.builder.module, f"adjoint_{name}_{k.kind}x{k.lanes}"
    known = module.globals.get(full)
    if known is not None:
        return known
    kinds = [k.int_type if w else k.type for w in whole]
    result = ir.LiteralStructType(kinds)
    function = ir.Function(module, ir.FunctionType(result, [k.type] * arity), full)
    function.linkage = "internal"
    function.attributes.add("alwaysinline")
    builder = ir.IRBuilder(function.append_basic_block("near"))
    kit = type(k)(builder, k.kind, k.lanes, contract=False)
    places = [builder.alloca(kind) for kind in [k.type] * arity + kinds]
    fast, far = near(kit, *function.args)
    some = far
    if kit.lanes > 1:
        mask = ir.IntType(kit.lanes)
        some = builder.icmp_unsigned("!=", builder.bitcast(far, mask), mask(0))
    start, slow, done = builder.block, function.append_basic_block("far"), function.append_basic_block("done")
    builder.cbranch(some, slow, done)
    builder.position_at_end(slow)
    for operand, place in zip(function.args, places, strict=False):
        builder.store(operand, place)
    builder.call(_walker(kit, name, arity, whole, lane), [*places, _I32(kit.lanes)])
    found = [builder.load(p, typ=t) for p, t in zip(places[arity:], kinds, strict=True)]
    chosen = [builder.select(far, a, b) for a, b in zip(found, fast, strict=True)]
    builder.branch(done)
    builder.position_at_end(done)
    total = ir.Constant(result, ir.Undefined)
    joined = [builder.phi(kind) for kind in kinds]
    for i, phi in enumerate(joined):
        phi.add_incoming(fast[i], start)
        phi.add_incoming(chosen[i], slow)
    for i, phi in enumerate(joined):
        total = builder.insert_value(total, phi, i)
    builder.ret(total)
    return function


def _walker(k: Any, name: str, arity: int, whole: Sequence[bool], lane: Any) -> Any:
    """``void(operands..., results..., count)``: the slow way over arrays in memory."""
    module, full = k.builder.module, f"adjoint_{name}_slowly_{k.kind}"
    known = module.globals.get(full)
    if known is not None:
        return known
    kinds = [k.scalar] * arity + [k.whole if w else k.scalar for w in whole]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [_POINTER] * len(kinds) + [_I32]), full)
    function.linkage = "internal"
    for attribute in ("noinline", "cold"):
        function.attributes.add(attribute)
    builder = ir.IRBuilder(function.append_basic_block("start"))
    start, body, done = builder.block, function.append_basic_block("lane"), function.append_basic_block("done")
    builder.branch(body)
    builder.position_at_end(body)
    i = builder.phi(_I32)
    i.add_incoming(_I32(0), start)
    places = [builder.gep(a, [i], source_etype=t) for a, t in zip(function.args, kinds, strict=False)]
    operands = [builder.load(p, typ=k.scalar) for p in places[:arity]]
    results = lane(type(k)(builder, k.kind, 1, contract=False), *operands)
    for value, place in zip(results, places[arity:], strict=True):
        builder.store(value, place)
    following = builder.add(i, _I32(1))
    i.add_incoming(following, builder.block)
    builder.cbranch(builder.icmp_unsigned("<", following, function.args[-1]), body, done)
    builder.position_at_end(done)
    builder.ret_void()
    return function
