"""How wide the columns of a table are on paper, and how large its letters can be."""

from webmap import language
from webmap.documents.document import Tabled
from webmap.printing.paper import width_of

SIZES = (9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0)
"""Sizes of a table's letters, in points: the largest in which its columns fit."""
BROKEN_FROM = 7.0
"""At this size of letters and below, words are broken rather than made smaller still."""
WIDEST = 0.34
"""How much of the page a column of words takes at the most; longer words are broken."""
PAD = 4.0
"""Room between two columns, in points."""
APART = 8.0
"""More room before a column of words that follows one of figures, whose ends would touch its beginnings."""
SHORT = 4
"""Chinese headings of no more letters are not broken."""
SPARE = 30.0
"""A column gets no more room than this beyond what it needs: short tables are read better when they are narrow."""


def fitted(table: Tabled, room: float) -> tuple[float, list[float]]:
    """The size of a table's letters and the widths of its columns, in points.

    Figures are never broken; words are before letters become too small to read. Where even the smallest letters are too
    wide, all columns give way alike.
    """
    rows = [*table.rows, *([table.total] if table.total else [])]
    for size in SIZES:
        whole = [_needed(table, rows, i, size) for i in range(len(table.headings))]
        full = [wide if i in table.right else min(wide, WIDEST * room) for i, wide in enumerate(whole)]
        if sum(full) <= room:
            spare = min((room - sum(full)) / len(full), SPARE)
            return size, [wide + spare for wide in full]
        least = [wide if i in table.right else _broken(table, rows, i, size, wide) for i, wide in enumerate(full)]
        if size <= BROKEN_FROM and sum(least) <= room:
            given = (room - sum(least)) / (sum(full) - sum(least))
            return size, [low + given * (wide - low) for low, wide in zip(least, full, strict=True)]
    return SIZES[-1], [wide * room / sum(full) for wide in full]


def _broken(table: Tabled, rows: list[list[str]], column: int, size: float, full: float) -> float:
    """How narrow a column of words can be: half of what it would take, and its longest Latin word."""
    words = [word for row in rows for word in row[column].split() if word.isascii()]
    longest = max((width_of(word, size, bold=True) for word in words), default=0.0)
    return min(full, max(full / 2, longest + PAD + APART, _least(table.headings[column], size) + PAD))


def after_figures(table: Tabled) -> list[int]:
    """Positions of columns of words that follow one of figures."""
    return [i for i in range(1, len(table.headings)) if i - 1 in table.right and i not in table.right]


def _needed(table: Tabled, rows: list[list[str]], column: int, size: float) -> float:
    cells = [width_of(row[column], size, bold=True) for row in rows]
    apart = APART if column in after_figures(table) else 0.0
    return max([_least(table.headings[column], size), *cells]) + PAD + apart + 1


def _least(heading: str, size: float) -> float:
    """How narrow a heading can be: so that it takes two lines, and its longest word one."""
    if language.current() == "zh":
        name, bracket, unit = heading.partition("（")
        letters = len(name) if len(name) <= SHORT else -(-len(name) // 2)
        return max(letters * size, width_of(bracket + unit, size, bold=True))
    half = width_of(heading, size, bold=True) / 2 + size
    return max(half, *(width_of(word, size, bold=True) for word in heading.split()), 0.0)
