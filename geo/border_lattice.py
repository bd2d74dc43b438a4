"""Border lines listed by the cells of a lattice that they run through, so that a walk is compared only with those near.

Import this module where it is used, not above: it brings numba, which a process without walks need not load.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.anneal import compiled
from geo.edges import Floats, Positions

# A lattice has about this many cells for each border line, and never more than fit the processor's cache.
_CELLS_PER_LINE = 8.0
_MOST_CELLS = 1_000_000
# Odd, with bits in no order, so that lines which differ in any bit hardly ever get the same number.
_MIXER, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)


class Cells(NamedTuple):
    """Where the cells of a lattice lie: ``columns`` by ``rows`` squares from the south-western corner on."""

    west: float
    south: float
    side: float
    columns: int
    rows: int


class Lattice(NamedTuple):
    """Border lines (``start`` to ``end``) by cell: those of cell ``c`` are ``line[begin[c]:begin[c + 1]]``.

    Cells are counted row by row. They stand apart from the arrays because compiled functions hand plain numbers on
    several times quicker than arrays.
    """

    start: Floats
    end: Floats
    begin: Positions
    line: NDArray[np.int32]
    cells: Cells


def make_lattice(start: Floats, end: Floats, margin_m: float) -> Lattice:
    """List border lines by the cells they run through, or come nearer to than the margin.

    Parameters
    ----------
    start, end : float64 arrays of shape (n, 2)
        Finite. None at all is allowed.
    margin_m : float
        At least what rounding may do to a coordinate.
    """
    start, end = np.ascontiguousarray(start), np.ascontiguousarray(end)
    if not len(start):
        return Lattice(start, end, np.zeros(1, np.int64), np.empty(0, np.int32), Cells(0.0, 0.0, 1.0, 0, 0))
    low = np.minimum(start.min(axis=0), end.min(axis=0)) - 2 * margin_m
    wide, high = np.maximum(start.max(axis=0), end.max(axis=0)) + 2 * margin_m - low
    wanted = min(_CELLS_PER_LINE * len(start), _MOST_CELLS)
    # Borders along a single street give a long thin lattice, never one of no width.
    side = max(float(np.sqrt(wide * high / wanted)), float(max(wide, high) / wanted), margin_m)
    cells = Cells(float(low[0]), float(low[1]), side, int(wide / side) + 1, int(high / side) + 1)
    begin, line = list_lines(start, end, cells, margin_m)
    return Lattice(start, end, begin, line, cells)


@compiled
def row_span(cells: Cells, low: float, high: float) -> tuple[int, int]:
    """First and last row between two heights; first > last where there is none."""
    first = int(max(np.floor((low - cells.south) / cells.side), 0.0))
    last = int(min(np.floor((high - cells.south) / cells.side), cells.rows - 1.0))
    return first, last


@compiled
def column_span(cells: Cells, row: int, ax: float, ay: float, bx: float, by: float, margin: float) -> tuple[int, int]:
    """First and last column that the edge from a to b comes near to in a row; first > last where there is none."""
    low = cells.south + row * cells.side - margin
    high = low + cells.side + 2 * margin
    begin, finish = 0.0, 1.0
    if ay != by:
        begin, finish = (low - ay) / (by - ay), (high - ay) / (by - ay)
        if begin > finish:
            begin, finish = finish, begin
        begin, finish = min(max(begin, 0.0), 1.0), min(max(finish, 0.0), 1.0)
    cx, dx = ax + begin * (bx - ax), ax + finish * (bx - ax)
    first = np.floor((min(cx, dx) - margin - cells.west) / cells.side)
    last = np.floor((max(cx, dx) + margin - cells.west) / cells.side)
    return int(max(first, 0.0)), int(min(last, cells.columns - 1.0))


@compiled
def list_lines(start: Floats, end: Floats, cells: Cells, margin: float) -> tuple[Positions, NDArray[np.int32]]:
    """The lines of every cell, one cell after the other."""
    begin = np.zeros(cells.columns * cells.rows + 1, np.int64)
    line = np.empty(0, np.int32)
    for turn in range(2):
        for at in range(len(start)):
            ax, ay, bx, by = start[at, 0], start[at, 1], end[at, 0], end[at, 1]
            bottom, top = row_span(cells, min(ay, by) - margin, max(ay, by) + margin)
            for row in range(bottom, top + 1):
                left, right = column_span(cells, row, ax, ay, bx, by, margin)
                for cell in range(row * cells.columns + left, row * cells.columns + right + 1):
                    if turn == 0:
                        begin[cell + 1] += 1
                    else:
                        line[begin[cell]] = at
                        begin[cell] += 1
        if turn == 0:
            for cell in range(1, len(begin)):
                begin[cell] += begin[cell - 1]
            line = np.empty(begin[-1], np.int32)
    # Filling moved the beginning of each cell to that of the next one. A loop compiles far sooner than a slice.
    for cell in range(len(begin) - 1, 0, -1):
        begin[cell] = begin[cell - 1]
    begin[0] = 0
    return begin, line


@compiled
def borders_once(corners: Floats, part: NDArray[np.int32], box: tuple[float, float, float, float]) -> Floats:
    """The lines of rings whose box touches a box (west, south, east, north), each only once, as x, y, x, y.

    Neighbours share their border, so most lines are there twice, in either direction. Line ``n`` leads from corner
    ``n`` to the next one; where ``part`` is negative there is none.
    """
    west, south, east, north = box
    lines = np.empty((len(part), 4))
    bits = lines.view(np.uint64)
    power = 4
    while 1 << power < 2 * len(part):
        power += 1
    table, shift, last, count = np.full(1 << power, -1, np.int32), np.uint64(64 - power), (1 << power) - 1, 0
    for at in range(len(part)):
        if part[at] < 0:
            continue
        # 0.0 and -0.0 are one place of two spellings.
        ax, ay, bx, by = corners[at, 0] + 0.0, corners[at, 1] + 0.0, corners[at + 1, 0] + 0.0, corners[at + 1, 1] + 0.0
        if not (max(ax, bx) >= west and min(ax, bx) <= east and max(ay, by) >= south and min(ay, by) <= north):
            continue
        if ax > bx or (ax == bx and ay > by):
            ax, ay, bx, by = bx, by, ax, ay
        lines[count, 0], lines[count, 1], lines[count, 2], lines[count, 3] = ax, ay, bx, by
        mixed = bits[count, 0] * _MIXER + bits[count, 1]
        mixed = (mixed ^ (mixed >> _HALF)) * _MIXER + bits[count, 2]
        mixed = (mixed ^ (mixed >> _HALF)) * _MIXER + bits[count, 3]
        place = np.int64(((mixed ^ (mixed >> _HALF)) * _MIXER) >> shift)
        while table[place] >= 0:
            one = table[place]
            if lines[one, 0] == ax and lines[one, 1] == ay and lines[one, 2] == bx and lines[one, 3] == by:
                break
            place = (place + 1) & last
        if table[place] < 0:
            table[place] = count
            count += 1
    return lines[:count]
