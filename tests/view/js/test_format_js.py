"""The page's formatter against the library's: the shared table, and random numbers of every size."""

from __future__ import annotations

import json
import math
import random
import struct
from pathlib import Path
from typing import Any

from adjoint import numbers
from adjoint.explain.nudge import moved
from view.js.player import needs_node, run_player

pytestmark = needs_node
TABLE = json.loads((Path(__file__).parents[2] / "golden" / "numbers.json").read_text("utf-8"))
NAMES = "apart, formatBytes, formatCount, formatExact, formatGradient, formatNumber, formatShape, formatTime, movedText"
IMPORT = f'import {{ {NAMES}, signOf }} from "./format.js";'


def _numbers() -> list[float]:
    source = random.Random(7)
    found: list[float] = [0.0, -0.0, math.inf, -math.inf, math.nan, 1e23, 9.5, 0.5, 99999.5, 0.00099995, 5e-324, 1e22]
    for power in range(-12, 20):
        found += [10.0**power, -(10.0**power) * 1.00005, 5 * 10.0**power, 1.0005 * 10.0**power, 1.5 * 10.0**power]
    for _ in range(3000):
        raw = struct.unpack(">d", source.randbytes(8))[0]
        decimal = round(source.uniform(-1, 1) * 10 ** source.randint(-5, 6), source.randint(0, 8))
        found += [raw, source.gauss(0, 10), decimal, float(source.randint(-200_000, 200_000))]
    return found


def _story(value: float) -> Any:
    return value if math.isfinite(value) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")


def test_the_shared_table() -> None:
    body = """const names = {number: formatNumber, gradient: formatGradient, count: formatCount, bytes: formatBytes,
        time: formatTime};
    return data.map((row) => names[row.function](row.value, row.digits, row.limit));"""
    rows = [{**r, "value": float(r["value"]) if isinstance(r["value"], int) else r["value"]} for r in TABLE]
    for row, text in zip(TABLE, run_player(IMPORT, body, rows), strict=True):
        assert text == row["text"], row


def test_random_numbers() -> None:
    values = _numbers()
    body = """return data.map((v) => [formatNumber(v), formatNumber(v, 6, Infinity, true), formatNumber(v, 4, 7),
        formatNumber(v, 15), formatGradient(v, 4, 7), formatExact(v), signOf(v)]);"""
    for value, texts in zip(values, run_player(IMPORT, body, list(map(_story, values))), strict=True):
        wanted = [
            numbers.format_number(value),
            numbers.format_number(value, 6, signed_zero=True),
            numbers.format_number(value, 4, 7),
            numbers.format_number(value, 15),
            numbers.format_gradient(value, 4, 7),
            numbers.format_exact(value),
            numbers.sign_of(value),
        ]
        assert texts == wanted, value


def test_complex_numbers() -> None:
    values = [
        {"re": 1.25, "im": -0.5},
        {"re": "NaN", "im": -0.0},
        {"re": -3.0, "im": "Infinity"},
        {"re": 0.0, "im": 2.0},
    ]
    texts = run_player(IMPORT, "return data.map((v) => [formatNumber(v, 4, 7), formatGradient(v), signOf(v)]);", values)
    wanted = [[numbers.format_number(v, 4, 7), numbers.format_gradient(v), numbers.sign_of(v)] for v in values]
    assert texts == wanted
    assert run_player(IMPORT, "return data.map((v) => formatExact(v));", values[:1]) == [
        numbers.format_exact(1.25 - 0.5j)
    ]


def test_two_numbers_apart() -> None:
    source = random.Random(3)
    pairs = [(8.08, 8.0), (8.000008, 8.0), (1.0, 1.0), (2.0, 2.001), (1e9, 1e9 + 1), (math.nan, math.nan), (0.0, -0.0)]
    for _ in range(300):
        value = source.gauss(0, 10)
        pairs.append((value, value * (1 + 10 ** source.uniform(-16, 0))))
    body = "return data.map(([a, b]) => [apart(a, b), movedText(a, b)]);"
    found = run_player(IMPORT, body, [tuple(map(_story, p)) for p in pairs])
    for (a, b), (texts, moves) in zip(pairs, found, strict=True):
        assert tuple(texts) == numbers.apart(a, b)
        assert moves == moved(a, b)


def test_counts_bytes_times_and_shapes() -> None:
    source = random.Random(5)
    counts = [float(source.randint(0, 10 ** source.randint(1, 14))) for _ in range(2000)] + [
        1005.0,
        999_950.0,
        1_004_999.0,
    ]
    times = [source.uniform(0, 1) * 10 ** source.randint(-10, 4) for _ in range(2000)] + [0.0, 1e-3, 9.995e-7, 1.0005]
    body = "return [data[0].map((n) => [formatCount(n), formatBytes(n)]), data[1].map((t) => formatTime(t))];"
    first, second = run_player(IMPORT, body, [counts, times])
    assert first == [[numbers.format_count(int(n)), numbers.format_bytes(int(n))] for n in counts]
    assert second == [numbers.format_time(t) for t in times]
    assert run_player(IMPORT, "return data.map((s) => formatShape(s));", [[8, 3], [], [8]]) == ["8×3", "", "[8]"]
