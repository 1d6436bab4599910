"""The kits that a record's ``emit`` writes native code with: one text for scalars and for vectors.

A kit holds an llvmlite builder and appends to its current block. It makes no branches of its own, so the
builder stays in the block where it was. Truth values are ``i1``, or vectors of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from adjoint.compile.llvm.math import FUNCTIONS

_I1 = ir.IntType(1)
_FLOATS = {"f32": ir.FloatType(), "f64": ir.DoubleType()}
_WIDTH = {"f32": 32, "f64": 64}
_ORDERED = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}


def widened(scalar: ir.Type, lanes: int) -> ir.Type:
    """The type of ``lanes`` values of a scalar type: itself for one, else a vector."""
    return scalar if lanes == 1 else ir.VectorType(scalar, lanes)


def suffix(kind: ir.Type) -> str:
    """How a type is written at the end of an intrinsic's name: f64, v8f64."""
    if isinstance(kind, ir.VectorType):
        return f"v{kind.count}{kind.element.intrinsic_name}"
    return kind.intrinsic_name


class Splat(ir.Constant):  # type: ignore[misc]
    """A vector with the same constant in every lane, in the short form that LLVM reads fastest."""

    def __init__(self, kind: ir.VectorType, lane: ir.Constant) -> None:
        self.type = kind
        self.constant = lane

    def _get_reference(self) -> str:
        return f"splat ({self.constant})"


def constant(scalar: ir.Type, lanes: int, value: Any) -> ir.Constant:
    """A number as a constant of ``lanes`` equal values."""
    lane = ir.Constant(scalar, value)
    return lane if lanes == 1 else Splat(ir.VectorType(scalar, lanes), lane)


class _Common:
    """What both kits share: truth values, choosing, and the memory of what stands in the block already."""

    def __init__(self, builder: ir.IRBuilder, lanes: int) -> None:
        self.builder = builder
        self.lanes = lanes
        self.bool_type = widened(_I1, lanes)
        #: Results by (block, name, operands); whoever emits may replace it, and loses only sharing.
        self.memo: dict[Any, Any] = {}

    def once(self, name: str, make: Callable[[], Any], *operands: Any) -> Any:
        """What ``make`` emits, once a block for the same name and operands."""
        key = (self.builder.block, name, *map(id, operands))
        known = self.memo.get(key)
        if known is None:
            # The operands are held too, so that no other object takes their identity.
            known = self.memo[key] = (make(), operands)
        return known[0]

    def know(self, fact: str, value: Any) -> Any:
        """The value itself, of which functions may from now on take something for granted (NaN aside)."""
        self.memo[fact, id(value)] = value
        return value

    def is_known(self, fact: str, value: Any) -> bool:
        """Whether ``know`` was told this."""
        return (fact, id(value)) in self.memo

    def intrinsic(self, name: str, result: ir.Type, *operands: Any) -> Any:
        """A call of an LLVM intrinsic that is overloaded on its result type alone."""
        full = f"llvm.{name}.{suffix(result)}"
        module = self.builder.module
        callee = module.globals.get(full)
        if callee is None:
            callee = ir.Function(module, ir.FunctionType(result, [o.type for o in operands]), full)
        return self.builder.call(callee, operands)

    def truth(self, value: bool) -> Any:
        """A truth value as a constant."""
        return constant(_I1, self.lanes, int(value))

    def _truths(self, name: str, *operands: Any) -> None:
        if any(o.type != self.bool_type for o in operands):
            raise AttributeError(f"{name} has a native form for truth values only.")

    def and_(self, x: Any, y: Any) -> Any:
        """Both; of truth values only, or AttributeError."""
        self._truths("and_", x, y)
        return self.builder.and_(x, y)

    def or_(self, x: Any, y: Any) -> Any:
        """Either or both; of truth values only, or AttributeError."""
        self._truths("or_", x, y)
        return self.builder.or_(x, y)

    def not_(self, x: Any) -> Any:
        """The opposite; of truth values only, or AttributeError."""
        self._truths("not_", x)
        return self.builder.xor(x, self.truth(True))

    def select(self, condition: Any, x: Any, y: Any) -> Any:
        """``x`` where the condition holds, else ``y``; both are computed."""
        self._truths("select", condition)
        return self.builder.select(condition, x, y)


class Kit(_Common):
    """Arithmetic and functions on ``float`` or ``double``, with NumPy's special values.

    ``kind`` is "f32" or "f64"; with ``lanes`` above 1 operands and results are vectors. ``contract``
    lets a product and a sum become one fma. Functions (exp, log, ...) ignore it: they give the same bits
    in every lane count and mode. A method that does not exist raises AttributeError.
    """

    def __init__(self, builder: ir.IRBuilder, kind: str, lanes: int, *, contract: bool = True) -> None:
        super().__init__(builder, lanes)
        self.kind = kind
        self.scalar = _FLOATS[kind]
        self.width = _WIDTH[kind]
        self.type = widened(self.scalar, lanes)
        self.whole = ir.IntType(self.width)
        self.int_type = widened(self.whole, lanes)
        self._flags = ("contract",) if contract else ()
        self._exact = Kit(builder, kind, lanes, contract=False) if contract else self

    @property
    def exact(self) -> Kit:
        """The same kit with every rounding as written: what error-free sums and products need."""
        self._exact.memo = self.memo
        return self._exact

    def const(self, value: Any) -> Any:
        """A number in every lane."""
        return constant(self.scalar, self.lanes, float(value))

    def add(self, x: Any, y: Any) -> Any:
        """``x + y``."""
        return self.builder.fadd(x, y, flags=self._flags)

    def sub(self, x: Any, y: Any) -> Any:
        """``x - y``."""
        return self.builder.fsub(x, y, flags=self._flags)

    def mul(self, x: Any, y: Any) -> Any:
        """``x * y``."""
        return self.builder.fmul(x, y, flags=self._flags)

    def div(self, x: Any, y: Any) -> Any:
        """``x / y``."""
        return self.builder.fdiv(x, y)

    def neg(self, x: Any) -> Any:
        """``-x``, also of zeros and NaN."""
        result = self.once("neg", lambda: self.builder.fneg(x), x)
        if self.is_known("not below zero", x):
            self.know("not above zero", result)
        return result

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        """``x * y + z`` with one rounding."""
        return self.intrinsic("fma", self.type, x, y, z)

    def _compare(self, name: str, x: Any, y: Any) -> Any:
        if name == "ne":
            return self.builder.fcmp_unordered("!=", x, y)
        return self.builder.fcmp_ordered(_ORDERED[name], x, y)

    def lt(self, x: Any, y: Any) -> Any:
        """``x < y``; False for NaN."""
        return self._compare("lt", x, y)

    def le(self, x: Any, y: Any) -> Any:
        """``x <= y``; False for NaN."""
        return self._compare("le", x, y)

    def gt(self, x: Any, y: Any) -> Any:
        """``x > y``; False for NaN."""
        return self._compare("gt", x, y)

    def ge(self, x: Any, y: Any) -> Any:
        """``x >= y``; False for NaN."""
        return self._compare("ge", x, y)

    def eq(self, x: Any, y: Any) -> Any:
        """``x == y``; False for NaN."""
        return self._compare("eq", x, y)

    def ne(self, x: Any, y: Any) -> Any:
        """``x != y``; True for NaN."""
        return self._compare("ne", x, y)

    def isnan(self, x: Any) -> Any:
        """Whether ``x`` is NaN."""
        return self.once("isnan", lambda: self.builder.fcmp_unordered("uno", x, x), x)

    def abs(self, x: Any) -> Any:
        """``x`` without its sign."""
        return self.know("not below zero", self.once("abs", lambda: self.intrinsic("fabs", self.type, x), x))

    def copysign(self, x: Any, y: Any) -> Any:
        """``x`` with the sign of ``y``, also that of a zero or NaN."""
        return self.intrinsic("copysign", self.type, x, y)

    def sqrt(self, x: Any) -> Any:
        """The square root, correctly rounded; NaN below zero."""
        return self.once("sqrt", lambda: self.intrinsic("sqrt", self.type, x), x)

    def floor(self, x: Any) -> Any:
        """The largest whole number up to ``x``."""
        return self.intrinsic("floor", self.type, x)

    def rint(self, x: Any) -> Any:
        """The nearest whole number, the even one of two."""
        return self.intrinsic("rint", self.type, x)

    def trunc(self, x: Any) -> Any:
        """``x`` without its fraction."""
        return self.intrinsic("trunc", self.type, x)

    def minnum(self, x: Any, y: Any) -> Any:
        """The smaller; of a number and NaN the number."""
        return self.intrinsic("minnum", self.type, x, y)

    def maxnum(self, x: Any, y: Any) -> Any:
        """The larger; of a number and NaN the number."""
        return self.intrinsic("maxnum", self.type, x, y)

    # The bits of a number, for the functions.

    def whole_const(self, value: int) -> Any:
        """An integer of the width of ``kind`` in every lane."""
        return constant(self.whole, self.lanes, value)

    def bits(self, x: Any) -> Any:
        """The bits of numbers as integers."""
        return self.builder.bitcast(x, self.int_type)

    def from_bits(self, i: Any) -> Any:
        """The numbers that have these bits."""
        return self.builder.bitcast(i, self.type)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = FUNCTIONS.get(name)
        if function is None:
            raise AttributeError(f"there is no native form of {name!r}.")
        return lambda *operands: self.once(name, lambda: function(self.exact, *operands), *operands)


class IntKit(_Common):
    """Arithmetic on whole numbers of ``bits`` bits, which wraps around as NumPy's does.

    Division is left out (NumPy's goes to float64, and its ``//`` warns at 0): it raises AttributeError, as
    every method does that has no native form here, and a constant that is no whole number.
    """

    def __init__(self, builder: ir.IRBuilder, bits: int, signed: bool, lanes: int) -> None:
        super().__init__(builder, lanes)
        self.scalar = ir.IntType(bits)
        self.signed = signed
        self.type = widened(self.scalar, lanes)

    def const(self, value: Any) -> Any:
        """A whole number in every lane, modulo two to the power of the bits; AttributeError for any other."""
        if value != value // 1:
            raise AttributeError(f"{value!r} is no whole number.")
        width = self.scalar.width
        wrapped = int(value) % (1 << width)
        if self.signed and wrapped >> (width - 1):
            wrapped -= 1 << width
        return constant(self.scalar, self.lanes, wrapped)

    def add(self, x: Any, y: Any) -> Any:
        """``x + y``."""
        return self.builder.add(x, y)

    def sub(self, x: Any, y: Any) -> Any:
        """``x - y``."""
        return self.builder.sub(x, y)

    def mul(self, x: Any, y: Any) -> Any:
        """``x * y``."""
        return self.builder.mul(x, y)

    def neg(self, x: Any) -> Any:
        """``-x``; of the smallest number itself."""
        return self.builder.sub(self.const(0), x)

    def abs(self, x: Any) -> Any:
        """``x`` without its sign; of the smallest number itself."""
        return self.select(self.lt(x, self.const(0)), self.neg(x), x) if self.signed else x

    def floor(self, x: Any) -> Any:
        """``x``, as every rounding of a whole number."""
        return x

    rint = trunc = floor

    def isnan(self, x: Any) -> Any:
        """Never."""
        return self.truth(False)

    def _compare(self, name: str, x: Any, y: Any) -> Any:
        compare = self.builder.icmp_signed if self.signed else self.builder.icmp_unsigned
        return compare(_ORDERED[name], x, y)

    def lt(self, x: Any, y: Any) -> Any:
        """``x < y``."""
        return self._compare("lt", x, y)

    def le(self, x: Any, y: Any) -> Any:
        """``x <= y``."""
        return self._compare("le", x, y)

    def gt(self, x: Any, y: Any) -> Any:
        """``x > y``."""
        return self._compare("gt", x, y)

    def ge(self, x: Any, y: Any) -> Any:
        """``x >= y``."""
        return self._compare("ge", x, y)

    def eq(self, x: Any, y: Any) -> Any:
        """``x == y``."""
        return self._compare("eq", x, y)

    def ne(self, x: Any, y: Any) -> Any:
        """``x != y``."""
        return self._compare("ne", x, y)
