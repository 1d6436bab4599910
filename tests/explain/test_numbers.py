"""The number formatter against the table that the page's twin is tested on as well."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjoint import numbers

TABLE = json.loads((Path(__file__).parent.parent / "golden" / "numbers.json").read_text("utf-8"))
finite = st.floats(allow_nan=False, allow_infinity=False)


def write(row: dict[str, Any]) -> str:
    function = getattr(numbers, "format_" + row["function"])
    options = {key: row[key] for key in ("digits", "limit") if key in row}
    text: str = function(row["value"], **options)
    return text


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row['function']} {row['text']}")
def test_the_shared_table(row: dict[str, Any]) -> None:
    assert write(row) == row["text"]


def read(text: str) -> Decimal:
    superscripts = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
    mantissa, _, power = text.replace("−", "-").partition("×10")
    return Decimal(f"{mantissa}e{power.translate(superscripts)}" if power else mantissa)


@given(finite)
def test_four_digits_are_within_half_a_unit_of_the_fourth(value: float) -> None:
    text = numbers.format_number(value)
    assert abs(read(text) - Decimal(value)) <= abs(Decimal(value)) * Decimal("0.00050001")
    assert "-" not in text


@given(finite)
def test_a_wire_never_carries_more_than_seven_characters(value: float) -> None:
    limit = numbers.WIRE_LIMIT
    assert len(numbers.format_number(value, limit=limit)) <= limit
    gradient = numbers.format_gradient(value, limit=limit)
    assert len(gradient) <= limit
    assert gradient[0] in "+−" or gradient == "0"


def test_numpy_scalars_and_big_integers() -> None:
    assert numbers.format_number(np.float32(0.5)) == "0.5"
    assert numbers.format_number(np.array(2)) == "2"
    assert numbers.format_number(np.complex128(1 - 2j)) == "1 − 2i"
    assert numbers.format_number(10**30) == "1×10³⁰"
    assert numbers.format_number(True) == "1"
    assert numbers.format_count(10**400).endswith("G")


def test_minus_zero_shows_only_when_asked() -> None:
    assert numbers.format_number(-0.0) == "0"
    assert numbers.format_number(-0.0, signed_zero=True) == "−0"
    assert numbers.format_gradient(-0.0) == "0"


def test_the_sign_of_anything() -> None:
    assert numbers.sign_of("-Infinity") == "bad"
    assert numbers.sign_of({"re": "NaN", "im": 0}) == "bad"
    assert numbers.sign_of({"re": 1, "im": 0}) == "zero"
