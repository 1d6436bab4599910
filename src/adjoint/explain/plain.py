"""A report as plain text of at most 100 columns: no colours, no control characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from adjoint.explain.report import Cell, Section

WIDTH = 100
_GAP = "  "


def plain(sections: Sequence[Section], width: int = WIDTH) -> str:
    """The sections one below the other, each table in columns of its own."""
    blocks = []
    for section in sections:
        lines = [section.title]
        lines += [line for cell in section.lines for line in folded(cell.text, width, "  ")]
        lines += table(section, width)
        lines += ["  " + cell.text for cell in section.after]
        blocks.append("\n".join(line.rstrip() for line in lines))
    return "\n\n".join(blocks)


def cells_wide(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def cut(text: str, width: int) -> str:
    """A text that fits, with an ellipsis where it was cut."""
    if cells_wide(text) <= width:
        return text
    kept = ""
    for char in text:
        if cells_wide(kept + char) > width - 1:
            break
        kept += char
    return kept + "…"


def folded(text: str, width: int, indent: str, hanging: str = "") -> list[str]:
    """A sentence on as many lines as it needs, broken at spaces; its own leading spaces stay."""
    margin = " " * (len(text) - len(text.lstrip(" ")))
    lines: list[str] = []
    current = ""
    for word in text.split():
        longer = f"{current} {word}" if current else margin + word
        if current and cells_wide(indent + longer) > width:
            lines.append(indent + current)
            current = margin + hanging + word
        else:
            current = longer
    lines.append(indent + current)
    return [cut(line, width) for line in lines]


def table(section: Section, width: int) -> list[str]:
    """The rows in columns; rows of one cell run across, and the widest columns give way first."""
    rows = [row for row in section.rows if len(row) > 1]
    heads = [[Cell(text) for text in section.header]] if section.header and rows else []
    widths = column_widths([*heads, *rows], width - 2)
    lines = [_line(row, widths, section.right) for row in heads]
    for row in section.rows:
        lines += folded(row[0].text, width, "  ", "   ") if len(row) == 1 else [_line(row, widths, section.right)]
    return lines


def column_widths(rows: Sequence[Sequence[Cell]], width: int) -> list[int]:
    """How wide each column is so that all of them fit."""
    count = max(map(len, rows), default=0)
    widths = [max((cells_wide(row[i].text) for row in rows if i < len(row)), default=0) for i in range(count)]
    while sum(widths) + len(_GAP) * (sum(w > 0 for w in widths) - 1) > width and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1
    return widths


def _line(row: Sequence[Cell], widths: Sequence[int], right: frozenset[int]) -> str:
    parts = []
    for i, wide in enumerate(widths):
        if not wide:
            continue
        text = cut(row[i].text, wide) if i < len(row) else ""
        fill = " " * (wide - cells_wide(text))
        parts.append(fill + text if i in right else text + fill)
    return "  " + _GAP.join(parts).rstrip()
