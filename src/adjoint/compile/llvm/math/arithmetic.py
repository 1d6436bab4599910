"""What the functions are built from: the layout of floats, polynomials, and sums and products without error.

Coefficients in this folder come from Remez exchanges in 200-bit arithmetic with mpmath, for the interval and
weight that the function's docstring names, rounded to the precision that computes with them. Constants in
several parts are a number and what its rounding left over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Pair = tuple[Any, Any]


@dataclass(frozen=True)
class Format:
    """One floating-point format: how its bits lie, and constants in as many parts as are needed."""

    mantissa: int
    bias: int
    #: 1.5 * 2**mantissa: adding it rounds to a whole number, which then stands in the lowest bits.
    magic: float
    tiny: float
    root_half_bits: int
    one_bits: int
    ln2: tuple[float, float]
    log2e: tuple[float, float]
    half_pi: tuple[float, float, float, float]
    two_over_pi: float


FORMATS = {
    "f64": Format(
        mantissa=52,
        bias=1023,
        magic=1.5 * 2.0**52,
        tiny=2.0**-1022,
        root_half_bits=0x3FE6A09E667F3BCD,
        one_bits=0x3FF0000000000000,
        ln2=(0.6931471805599453, 2.3190468138462996e-17),
        log2e=(1.4426950408889634, 2.0355273740931033e-17),
        half_pi=(1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33, 5.562271104316826e-50),
        two_over_pi=0.6366197723675814,
    ),
    "f32": Format(
        mantissa=23,
        bias=127,
        magic=1.5 * 2.0**23,
        tiny=2.0**-126,
        root_half_bits=0x3F3504F3,
        one_bits=0x3F800000,
        ln2=(0.6931471824645996, -1.9046542121259336e-09),
        log2e=(1.4426950216293335, 1.925963033500011e-08),
        half_pi=(1.5707963705062866, -4.371138828673793e-08, -1.7151245100058819e-15, 1.056299898220315e-23),
        two_over_pi=0.6366197466850281,
    ),
}


def polynomial(k: Any, x: Any, coefficients: Sequence[float], square: Any = None) -> Any:
    """The sum of ``coefficients[i] * x**i``; from seven terms on as two interleaved chains in ``x * x``."""
    if len(coefficients) < 7:
        return _chain(k, x, coefficients)
    square = k.mul(x, x) if square is None else square
    return k.fma(x, _chain(k, square, coefficients[1::2]), _chain(k, square, coefficients[::2]))


def _chain(k: Any, x: Any, coefficients: Sequence[float]) -> Any:
    total = k.const(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        total = k.fma(total, x, k.const(c))
    return total


def two_sum(k: Any, x: Any, y: Any) -> Pair:
    """``x + y`` rounded, and what the rounding left over (D. E. Knuth, The Art of Computer Programming 2, 4.2.2)."""
    total = k.add(x, y)
    part = k.sub(total, x)
    return total, k.add(k.sub(x, k.sub(total, part)), k.sub(y, part))


def quick_two_sum(k: Any, x: Any, y: Any) -> Pair:
    """``two_sum`` where ``x`` is not the smaller of the two (T. J. Dekker, Numer. Math. 18, 1971, 224-242)."""
    total = k.add(x, y)
    return total, k.sub(y, k.sub(total, x))


def two_product(k: Any, x: Any, y: Any) -> Pair:
    """``x * y`` rounded, and what the rounding left over."""
    product = k.mul(x, y)
    return product, k.fma(x, y, k.neg(product))


def shifted(k: Any, i: Any, count: int) -> Any:
    """The integers shifted to the left by ``count`` bits."""
    return k.builder.shl(i, k.whole_const(count))


def format_of(k: Any) -> Format:
    """The format that a kit computes in."""
    return FORMATS[k.kind]
