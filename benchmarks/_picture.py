"""The picture of the table: one line a case, our time in that of the fastest engine, on a logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from textwrap import wrap
from typing import Any

LEFT, RIGHT, WIDTH, ROW, TOP = 400, 30, 1080, 22, 96
LEAST, MOST = 0.003, 4.0
OURS, MISSED, LIMIT, INK, FAINT = "#1f6fb2", "#b3420c", "#3d3d3d", "#1b1b1b", "#c9c9c9"


def place(ratio: float) -> float:
    """Where a ratio stands on the axis."""
    inside = min(max(ratio, LEAST), MOST)
    return LEFT + (WIDTH - LEFT - RIGHT) * math.log(inside / LEAST) / math.log(MOST / LEAST)


def text(x: float, y: float, words: str, anchor: str = "start", size: int = 13, fill: str = INK, **more: str) -> str:
    extra = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in more.items())
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{fill}"{extra}>'
        f"{escape(words)}</text>"
    )


def ours(x: float, y: float, missed: bool) -> str:
    """A dot where every target is met, a diamond of another colour where one is missed or another engine is faster."""
    if missed:
        return f'<path d="M{x:.1f} {y - 7:.1f} l7 7 l-7 7 l-7 -7 z" fill="{MISSED}"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" fill="{OURS}"/>'


def limit(x: float, y: float) -> str:
    return f'<path d="M{x:.1f} {y - 8:.1f} v16" stroke="{LIMIT}" stroke-width="3"/>'


def picture(rows: Sequence[tuple[str, Mapping[str, Any]]], machine: str) -> str:
    """SVG of (label, row) pairs; rows without another engine are left out."""
    shown = [(label, row) for label, row in rows if row["best"]]
    height = TOP + ROW * len(shown) + 84
    bottom = TOP + ROW * len(shown)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="system-ui, sans-serif" role="img" '
        'aria-label="Time of compiled adjoint in that of the fastest other engine, by workload">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        text(20, 28, "Value and gradient: our time in that of the fastest other engine", size=18, font_weight="600"),
        *legend(),
    ]
    for ratio in (0.01, 0.03, 0.1, 0.3, 1.0, 3.0):
        x, own = place(ratio), ratio == 1.0
        stroke = f'stroke="{INK}" stroke-width="1.5"' if own else f'stroke="{FAINT}" stroke-width="1"'
        parts.append(f'<path d="M{x:.1f} {TOP - 12} V{bottom}" {stroke}/>')
        parts.append(text(x, bottom + 18, f"{ratio:g}", "middle", 12))
    parts.append(
        text(LEFT, bottom + 38, "left of 1: adjoint is faster; a mark at the left end lies beyond it", size=12)
    )
    for i, line in enumerate(wrap(machine, 170)):
        parts.append(text(20, bottom + 58 + 14 * i, line, size=10, fill="#555555"))
    for i, (label, row) in enumerate(shown):
        y = TOP + ROW * i + ROW / 2
        share = row["others"][row["best"]]["ratio"]
        if i % 2 == 0:
            parts.append(
                f'<rect x="12" y="{y - ROW / 2}" width="{WIDTH - 24}" height="{ROW}" fill="#000" opacity="0.04"/>'
            )
        parts.append(text(LEFT - 14, y + 4.5, label, "end"))
        here = place(share)
        parts.append(f'<path d="M{here:.1f} {y} H{place(1.0):.1f}" stroke="{OURS}" stroke-width="2" opacity="0.35"/>')
        if row["limit"]:
            parts.append(limit(place(share / row["others"][row["limit"]]["ratio"]), y))
        parts.append(ours(here, y, share > 1 or not all(row["verdicts"].values())))
    return "\n".join([*parts, "</svg>", ""])


def legend() -> list[str]:
    """What the marks mean."""
    y = 58
    return [
        ours(28, y, False),
        text(40, y + 4.5, "adjoint, every target met"),
        ours(238, y, True),
        text(252, y + 4.5, "adjoint, a target missed, or slower"),
        limit(506, y),
        text(516, y + 4.5, "written by hand: C, flat Python, NumPy, or the matrix products alone"),
    ]
