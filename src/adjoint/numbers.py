"""The one number formatter: every view writes a number the same way.

Values arrive as Python or NumPy numbers or as the story's JSON has them (``"NaN"``,
``"Infinity"``, ``{"re": .., "im": ..}``). Digits are rounded half away from zero on the exact
decimal expansion of the double, which is what JavaScript's ``toPrecision`` does, so that a
page and the library never disagree in the last figure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Literal

MINUS = "\u2212"
TIMES = "\u00d7"
INFINITY = "\u221e"
WIRE_LIMIT = 7
SMALLEST_PLAIN = Decimal("0.001")
LARGEST_PLAIN = Decimal(100_000)
_SUPERSCRIPT = str.maketrans("0123456789-", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b")
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

Sign = Literal["pos", "neg", "zero", "bad"]


def as_number(value: Any) -> int | float | complex:
    """Return a number for anything the story's JSON may hold in a scalar place.

    >>> as_number("-Infinity"), as_number({"re": 1, "im": -2})
    (-inf, (1-2j))
    """
    if isinstance(value, str):
        return _WORDS[value]
    if isinstance(value, Mapping):
        return complex(float(as_number(value["re"]).real), float(as_number(value["im"]).real))
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, float, complex)):
        return value
    return float(value)


def sign_of(value: Any) -> Sign:
    """Name the colour class of a scalar; complex numbers have no sign and count as ``zero``.

    >>> [sign_of(v) for v in (2, -0.5, -0.0, "NaN", 3 + 4j)]
    ['pos', 'neg', 'zero', 'bad', 'zero']
    """
    number = as_number(value)
    if not (math.isfinite(number.real) and math.isfinite(number.imag)):
        return "bad"
    if isinstance(number, complex) or number == 0:
        return "zero"
    return "pos" if number > 0 else "neg"


def format_number(value: Any, digits: int = 4, limit: int | None = None, *, signed_zero: bool = False) -> str:
    """Write a number with ``digits`` significant digits, in at most ``limit`` characters when given.

    Integers below 100 000 stay whole, digits before the decimal point are never rounded away, and
    a complex number has the limit for each of its parts. ``signed_zero`` is for the inspector only.

    >>> [format_number(v) for v in (2.0, -0.015234, 98766, 1.2346e-7, math.nan)]
    ['2', '−0.01523', '98766', '1.235×10⁻⁷', 'NaN']
    >>> [format_number(v, limit=7) for v in (-0.015234, -1.2346e-7, 1.2 + 3.4j)]
    ['−0.0152', '−1.2e−7', '1.2 + 3.4i']
    """
    number = as_number(value)
    if isinstance(number, complex):
        real = format_number(number.real, digits, limit)
        imaginary = format_number(abs(number.imag), digits, limit)
        negative = math.copysign(1.0, number.imag) < 0 and imaginary not in ("0", "NaN")
        return f"{real} {MINUS if negative else '+'} {imaginary}i"
    if isinstance(number, float) and not math.isfinite(number):
        return "NaN" if math.isnan(number) else (INFINITY if number > 0 else MINUS + INFINITY)
    if number == 0:
        return MINUS + "0" if signed_zero and math.copysign(1.0, number) < 0 else "0"
    sign = MINUS if number < 0 else ""
    size = Decimal(number).copy_abs()
    room = None if limit is None else limit - len(sign)
    return sign + _shortened(size, digits, room)


def format_gradient(value: Any, digits: int = 4, limit: int | None = None) -> str:
    """Write a gradient: as :func:`format_number`, but a positive number carries its plus.

    >>> [format_gradient(v) for v in (2, -4, 0, math.inf)]
    ['+2', '−4', '0', '+∞']
    """
    number = as_number(value)
    if isinstance(number, complex) or not number > 0:
        return format_number(number, digits, limit)
    return "+" + format_number(number, digits, None if limit is None else limit - 1)


def apart(one: Any, other: Any) -> tuple[str, str]:
    """Write two numbers with as many digits as it takes to see how they differ.

    >>> apart(8.08, 8.0), apart(8.000008, 8.0)
    (('8.08', '8'), ('8.000008', '8'))
    """
    texts = format_number(one), format_number(other)
    for digits in range(6, 18):
        if texts[0] != texts[1]:
            break
        texts = format_number(one, digits), format_number(other, digits)
        if texts[0] != texts[1]:  # one figure more, so that the difference is not rounded itself
            texts = format_number(one, digits + 1), format_number(other, digits + 1)
    return texts


def format_exact(value: Any) -> str:
    """Write every digit, as Python would read it back; this is what copying gives.

    >>> format_exact(0.1), format_exact("-Infinity")
    ('0.1', '-inf')
    """
    return repr(as_number(value))


def format_shape(shape: Sequence[int]) -> str:
    """A shape as views write it: ``8×3``, and ``[8]`` for a vector, because 8 alone is a number; a scalar's is empty.

    >>> format_shape((8, 3)), format_shape([8]), format_shape(())
    ('8×3', '[8]', '')
    """
    return f"[{shape[0]}]" if len(shape) == 1 else TIMES.join(map(str, shape))


def format_array(value: Mapping[str, Any], digits: int = 4, limit: int | None = None) -> str:
    """An array, summarised as in a story's JSON, by its shape; one of a single number by that.

    >>> format_array({"shape": [8, 3]}), format_array({"shape": [1], "min": 0.25})
    ('8×3', '[0.25]')
    """
    shape, one = value["shape"], value.get("min")
    if any(n != 1 for n in shape) or not isinstance(one, int | float):
        return format_shape(shape)
    text = format_number(one, digits, limit)
    return f"[{text}]" if shape else text


def format_count(count: float) -> str:
    """Write a count: whole below 1000, then three digits with k, M or G.

    >>> [format_count(n) for n in (950, 12_345, 999_999, 2_000_000_000)]
    ['950', '12.3k', '1M', '2G']
    """
    return _stepped(count, 1000, ("", "k", "M", "G"))


def format_bytes(count: float) -> str:
    """Write a number of bytes in B, KiB, MiB or GiB with three digits.

    >>> [format_bytes(n) for n in (8, 1536, 1 << 30)]
    ['8 B', '1.5 KiB', '1 GiB']
    """
    return _stepped(count, 1024, (" B", " KiB", " MiB", " GiB"))


def format_time(seconds: float) -> str:
    """Write a duration in ns, µs, ms or s with three digits.

    >>> [format_time(t) for t in (3.2e-9, 0.00125, 0.42, 75)]
    ['3.2 ns', '1.25 ms', '420 ms', '75 s']
    """
    if not math.isfinite(seconds):
        return format_number(seconds) + " s"
    exact = Decimal(seconds)
    for unit, power in ((" ns", 9), (" \u00b5s", 6), (" ms", 3)):
        scaled = _rounded(exact.scaleb(power), 3)
        if abs(scaled) < 1000:
            return _plain(scaled).replace("-", MINUS) + unit
    return _plain(_rounded(exact, 3)).replace("-", MINUS) + " s"


def _stepped(count: float, base: int, units: tuple[str, ...]) -> str:
    """Divide by ``base`` until three digits are enough; the last unit takes whatever is left."""
    size = rounded = Decimal(count)
    for unit in units:
        rounded = _rounded(size, 3)
        if abs(rounded) < base or unit == units[-1]:
            break
        size /= base
    return _plain(rounded).replace("-", MINUS) + unit


def _shortened(size: Decimal, digits: int, room: int | None) -> str:
    """Write a positive number, losing digits and then the ten until it fits in ``room``."""
    plain = _plain_form(size, digits)
    full = plain if plain is not None else _power_form(size, digits)
    if room is None or len(full) <= room:
        return full
    for fewer in range(digits - 1, 1, -1) if plain is not None else ():
        shorter = _plain_form(size, fewer)
        if shorter is not None and len(shorter) <= room:
            return shorter
    for fewer in range(digits, 1, -1):
        letters = _letter_form(size, fewer)
        if len(letters) <= room:
            return letters
    return _letter_form(size, 1)


def _plain_form(size: Decimal, digits: int) -> str | None:
    """Digits without a power of ten, or None where the number is too small or too large for it."""
    if size == size.to_integral_value() and size < LARGEST_PLAIN:
        return _plain(size)
    rounded = _rounded(size, digits)
    if rounded < SMALLEST_PLAIN or rounded >= LARGEST_PLAIN:
        return None
    return _plain(rounded)


def _power_form(size: Decimal, digits: int) -> str:
    mantissa, exponent = _scientific(size, digits)
    return f"{mantissa}{TIMES}10{str(exponent).translate(_SUPERSCRIPT)}"


def _letter_form(size: Decimal, digits: int) -> str:
    mantissa, exponent = _scientific(size, digits)
    return f"{mantissa}e{exponent}".replace("-", MINUS)


def _scientific(size: Decimal, digits: int) -> tuple[str, int]:
    # a context of the wanted precision rounds all digits, also those before the point
    rounded = Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal(size)
    exponent = rounded.adjusted()
    return _plain(rounded.scaleb(-exponent)), exponent


def _rounded(size: Decimal, digits: int) -> Decimal:
    """Round to significant digits, but keep every digit before the decimal point."""
    places = max(digits - 1 - size.adjusted(), 0)
    if places == 0 and size == size.to_integral_value():
        return size
    return size.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=Context(prec=400))


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
