"""A story in the terminal: the report's sections as tables, signs in colours where the terminal has them."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from adjoint.explain.plain import column_widths, plain
from adjoint.explain.report import Cell, Section, clean_line, report

if TYPE_CHECKING:
    from adjoint.explain.story import Story

#: Signs have the colours of the player: blue for positive, orange for negative; never markup.
STYLES = {
    "pos": "bold dodger_blue1",
    "neg": "bold dark_orange3",
    "zero": "bright_black",
    "bad": "bold red",
    "quiet": "bright_black",
}


def show(story: Story, stream: IO[str] | None = None, width: int | None = None) -> None:
    """Writes a story to a stream (the standard output): in colours on a terminal, else as plain text.

    >>> import adjoint as ad
    >>> show(ad.explain(lambda x: x * x)(3.0))
    J
      J = x × x
    ...
    """
    stream = sys.stdout if stream is None else stream
    console = Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
    sections = report(story)
    if not console.is_terminal:
        stream.write(plain(sections) + "\n")
        return
    console.print(Group(*[part for section in sections for part in _section(section, console.width)]))


def _text(cell: Cell) -> Text:
    # A Text is never read as markup, and no control character reaches the terminal.
    return Text(clean_line(cell.text), style=STYLES.get(cell.tone, ""), overflow="fold")


def _section(section: Section, width: int) -> list[RenderableType]:
    title = Text(clean_line(section.title), style="bold")
    parts: list[RenderableType] = [Rule(title, align="left", style="bright_black")]
    parts += [Padding(_text(cell), (0, 2)) for cell in section.lines]
    waiting: list[list[Cell]] = []
    heads = [[Cell(text) for text in section.header]] if section.header else []
    # One set of widths for the whole section, so that the tables of all steps line up.
    columns = column_widths([*heads, *(r for r in section.rows if len(r) > 1)], width - 4)
    for row in section.rows:
        if len(row) == 1:
            parts += _table(section, waiting, columns)
            waiting = []
            parts.append(Padding(_text(row[0]), (0, 2)))
        else:
            waiting.append(row)
    parts += _table(section, waiting, columns)
    parts += [Padding(_text(cell), (0, 2)) for cell in section.after]
    parts.append(Text())
    return parts


def _table(section: Section, rows: list[list[Cell]], columns: list[int]) -> list[RenderableType]:
    if not rows:
        return []
    table = Table(box=None, show_header=bool(section.header), pad_edge=False, padding=(0, 2, 0, 0))
    shown = [i for i, wide in enumerate(columns) if wide]
    for i in shown:
        table.add_column(
            Text(section.header[i]) if i < len(section.header) else Text(),
            justify="right" if i in section.right else "left",
            width=columns[i],
        )
    for row in rows:
        table.add_row(*[_text(row[i]) if i < len(row) else Text() for i in shown])
    return [Padding(table, (0, 2))]
