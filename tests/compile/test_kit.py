"""The native kits: every record's code says what its NumPy value says, in scalars and in vectors, to special values."""

import importlib
import pkgutil

import numpy as np
import pytest
from llvmlite import ir

import adjoint.primitives
from adjoint.compile.llvm.host import host
from adjoint.compile.llvm.jit import build
from adjoint.compile.llvm.kit import IntKit, Kit, constant, widened
from adjoint.primitives.record import REGISTRY
from compile.native_loops import DTYPES, equal, native, same

for _module in pkgutil.iter_modules(adjoint.primitives.__path__):
    importlib.import_module(f"adjoint.primitives.{_module.name}")

#: Those whose value is one rounding, or none, of an exact result: here equality is to the last bit.
EXACT = {
    "abs", "add", "subtract", "multiply", "divide", "negative", "square", "half_square", "sqrt", "reciprocal", "sign",
    "maximum", "minimum", "relu", "floor", "ceil", "trunc", "round", "remainder", "floor_divide", "equal", "not_equal",
    "less", "less_equal", "greater", "greater_equal", "isnan", "isfinite", "isinf", "clip", "where",
}  # fmt: skip
RECORDS = sorted(
    name
    for name, op in REGISTRY.items()
    if op.emit is not None and not isinstance(op.emit, tuple) and op.family != "linear" and name[:6] not in {"logica"}
    if name not in {"bitwise_and", "bitwise_or", "bitwise_xor", "invert", "direction"}
)
ONE = [0.0, 1.0, 2.0, 0.5, 1.5, 2.5, 3.0, 7.3, 1e-3, 1e-30, 1e-40, 5e-324, 1e30, 1e300, 4503599627370497.5, np.inf]


def grid(count, dtype):
    """All combinations of special values."""
    with np.errstate(all="ignore"):
        one = np.array([*ONE, *[-v for v in ONE], np.nan, np.finfo(dtype).max, np.finfo(dtype).tiny], dtype)
    if count == 3:
        one = one[::2]
    return [a.ravel() for a in np.meshgrid(*[one] * count)]


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("kind", ["f64", "f32"])
def test_every_record_says_what_numpy_says(kind, wide):
    dtype = DTYPES[kind]
    tried = set()
    for name in RECORDS:
        op = REGISTRY[name]
        operands = grid(op.arity, dtype)
        emit = op.emit
        if name == "where":
            operands[0] = np.isfinite(operands[0])
            emit = lambda k, c, x, y: REGISTRY["where"].emit(k, k.ne(c, k.const(0.0)), x, y)
        with np.errstate(all="ignore"):
            wanted = np.asarray(op.value(*operands), dtype)
        found = native(emit, kind, host().lanes(dtype) if wide else 1, op.arity)(*operands)
        tried.add(name)
        if name in EXACT:
            wrong = np.flatnonzero(~equal(found, wanted))
            assert not len(wrong), (
                f"{name}{[o[wrong[0]] for o in operands]} is {wanted[wrong[0]]}, not {found[wrong[0]]}"
            )
            continue
        ends = ~np.isfinite(wanted) | (np.abs(wanted) >= np.finfo(dtype).max / 2) | (wanted == 0)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted), err_msg=name)
        np.testing.assert_array_equal(np.signbit(found[wanted == 0]), np.signbit(wanted[wanted == 0]), err_msg=name)
        np.testing.assert_allclose(found, wanted, rtol=8 * np.finfo(dtype).eps, atol=4e-45 if kind == "f32" else 2e-323)
        assert ends.any()
    assert tried > EXACT


def test_rounding_to_decimals_is_numpys():
    x = np.array([0.125, 2.675, -1.005, 123.456, 1e300, -0.0, np.nan, np.inf, 2.5, -2.5])
    for decimals in (-2, -1, 0, 1, 2):
        found = native(lambda k, x, d=decimals: REGISTRY["round"].emit(k, x, decimals=d), "f64", 4)(x)
        with np.errstate(all="ignore"):
            assert same(found, np.round(x, decimals))


def _function(kind_of_result, kinds):
    module = ir.Module()
    function = ir.Function(module, ir.FunctionType(kind_of_result, kinds), "f")
    return module, function, ir.IRBuilder(function.append_basic_block())


def _text(write, lanes=4, **how):
    kind = widened(ir.DoubleType(), lanes)
    module, function, builder = _function(kind, [kind, kind])
    kit = Kit(builder, "f64", lanes, **how)
    builder.ret(write(kit, *function.args))
    build(module)
    return str(function)


def test_contraction_is_asked_for_in_plain_arithmetic_alone():
    write = lambda k, x, y: k.add(k.mul(x, y), k.sub(x, k.div(k.fma(x, y, x), y)))
    assert _text(write).count("contract") == 3
    assert _text(write, contract=False).count("contract") == 0
    assert _text(lambda k, x, y: k.exp(x)).count("contract") == 0


def test_what_was_computed_in_a_block_is_not_computed_again():
    once = _text(lambda k, x, y: k.exp(x))
    twice = _text(lambda k, x, y: k.mul(k.exp(x), k.exp(x)))
    assert twice.count("\n") == once.count("\n") + 1
    apart = _text(lambda k, x, y: k.add(k.exp(k.neg(k.abs(x))), k.exp(k.neg(k.abs(y)))))
    shared = _text(lambda k, x, y: k.add(k.tanh(x), k.exp(k.neg(k.abs(x)))))
    alone = _text(lambda k, x, y: k.tanh(x))
    assert shared.count("\n") - alone.count("\n") < 0.75 * apart.count("\n") / 2


def test_a_new_memory_and_another_block_share_nothing():
    kind = ir.DoubleType()
    module, function, builder = _function(kind, [kind])
    kit = Kit(builder, "f64", 1)
    x = function.args[0]
    first = kit.exp(x)
    assert kit.exp(x) is first
    assert kit.exact.exp(x) is first
    kit.memo = {}
    second = kit.exp(x)
    assert second is not first
    block = function.append_basic_block()
    builder.branch(block)
    builder.position_at_end(block)
    assert kit.exp(x) is not second
    builder.ret(kit.exp(x))
    build(module)


def test_the_builder_stays_in_its_block():
    kind = widened(ir.DoubleType(), 4)
    module, function, builder = _function(kind, [kind, kind])
    kit = Kit(builder, "f64", 4)
    block = builder.block
    total = function.args[0]
    for name in ("sin", "fmod", "pow"):
        total = getattr(kit, name)(total, *function.args[1:][: 0 if name == "sin" else 1])
    builder.ret(total)
    assert builder.block is block
    assert len(function.blocks) == 1
    build(module)


def test_missing_methods_and_wrong_operands_are_attribute_errors():
    kind = widened(ir.DoubleType(), 4)
    _, function, builder = _function(kind, [kind])
    x = function.args[0]
    kit = Kit(builder, "f64", 4)
    with pytest.raises(AttributeError, match="gamma"):
        kit.gamma(x)
    for write in (lambda: kit.and_(x, x), lambda: kit.or_(x, x), lambda: kit.not_(x), lambda: kit.select(x, x, x)):
        with pytest.raises(AttributeError, match="truth"):
            write()
    whole = IntKit(builder, 32, True, 4)
    for write in (lambda: whole.const(0.5), lambda: whole.div(x, x), lambda: whole.exp(x), lambda: whole.fmod(x, x)):
        with pytest.raises(AttributeError):
            write()


INTEGERS = [(bits, signed) for bits in (8, 16, 32, 64) for signed in (True, False)]


@pytest.mark.parametrize(("bits", "signed"), INTEGERS)
def test_whole_numbers_wrap_around_as_numpys_do(bits, signed):
    import ctypes

    dtype = np.dtype(f"{'i' if signed else 'u'}{bits // 8}")
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    one = np.array([low, low + 1, 0, 1, 2, high - 1, high, 100], dtype)
    names = ["add", "subtract", "multiply", "maximum", "minimum", "less", "greater_equal", "equal", "not_equal"]
    names += ["negative", "abs", "square", "sign", "relu", "floor", "ceil", "trunc", "round"]
    kind, memory = ir.IntType(bits), ir.PointerType()
    for name in names:
        op = REGISTRY[name]
        x, y = (a.ravel() for a in np.meshgrid(one, one))
        lanes = len(x)
        module, function, builder = _function(ir.VoidType(), [memory] * 3)
        kit = IntKit(builder, bits, signed, lanes)
        operands = [builder.load(a, typ=kit.type, align=1) for a in function.args[: op.arity]]
        result = op.emit(kit, *operands)
        if result.type == kit.bool_type:
            result = builder.zext(result, widened(kind, lanes))
        builder.store(result, function.args[2], align=1)
        builder.ret_void()
        library = build(module)
        out = np.empty(lanes, dtype)
        run = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3)(library.address("f"))
        run(x.ctypes.data, y.ctypes.data, out.ctypes.data)
        with np.errstate(all="ignore"):
            wanted = op.value(*(x, y)[: op.arity]).astype(dtype)
        assert np.array_equal(out, wanted), name


def test_constants_are_short_and_wrap():
    kit = IntKit(_function(ir.VoidType(), [])[2], 8, True, 4)
    assert str(kit.const(-1)) == "<4 x i8> splat (i8 -1)"
    assert str(kit.const(255)) == str(kit.const(-1))
    assert str(constant(ir.DoubleType(), 1, 0.5)) == "double 0x3fe0000000000000"
