"""How wide the columns of a table are on paper, and how large its letters can be."""

from webmap import language
from webmap.documents.document import Tabled
from webmap.printing.paper import width_of

SIZES = (9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0)
"""Sizes of a table's letters, in points: the largest in which its columns fit."""
WIDEST = 0.34
"""How much of the page a column of words takes at the most; longer words are broken."""
PAD = 4.0
"""Room between two columns, in points."""
SPARE = 30.0
"""A column gets no more room than this beyond what it needs: short tables are read better when they are narrow."""


def fitted(table: Tabled, room: float) -> tuple[float, list[float]]:
    """The size of a table's letters and the widths of its columns, in points.

    Figures are never broken; words and headings may be. Where even the smallest letters are too wide, all columns
    give way alike.
    """
    rows = [*table.rows, *([table.total] if table.total else [])]
    for size in SIZES:
        needed = [_needed(table, rows, i, size) for i in range(len(table.headings))]
        capped = [wide if i in table.right else min(wide, WIDEST * room) for i, wide in enumerate(needed)]
        if sum(capped) <= room:
            spare = min((room - sum(capped)) / len(capped), SPARE)
            return size, [wide + spare for wide in capped]
    return SIZES[-1], [wide * room / sum(capped) for wide in capped]


def _needed(table: Tabled, rows: list[list[str]], column: int, size: float) -> float:
    cells = [width_of(row[column], size, bold=True) for row in rows]
    return max([_least(table.headings[column], size), *cells]) + PAD + 1


def _least(heading: str, size: float) -> float:
    """How narrow a heading can be: so that it takes two lines, and its longest word one."""
    half = width_of(heading, size, bold=True) / 2 + size
    if language.current() == "zh":
        return half
    return max(half, *(width_of(word, size, bold=True) for word in heading.split()), 0.0)
