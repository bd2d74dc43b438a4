"""Which lines of a grid's border can be the nearest one, cell by cell: compiled, for the distances of millions.

Over every grid lies a lattice of its own, some cells for each of its lines. A cell lists the lines that are nearest to
at least one place in it, as far as a quick test can tell: a line is left out if some place on the border is nearer to
all four corners of the cell. That place is then nearer everywhere in the cell, because the square of the distance to a
place, less that to a line, is a convex function, and such a function is greatest at a corner. What is left out is
farther away by more than rounding can do, so the distances are, to the last bit, those of measuring all lines.

Lists are short, three or four lines, wherever the cell lies. They are found by halving the ground again and again: each
half looks only at what its whole had left.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from geo.edges import Floats
from geo.outlines import GRIDS, ROOM, Outlines, to_border, to_line
from geo.sweep import F8, F82, I4, I8, POINTS, Codes, Lines, Words
from geo.turns import compiled

CELLS_PER_LINE, MOST_CELLS = 8, 8_000_000
AT_LEAST = 4
"""Lists are filled up to so many lines, all of which are measured for every point: that needs no branch."""

_AT_ONCE = 512
_COUNT_BITS = 6
_MOST_LISTED = (1 << _COUNT_BITS) - 1
_PLACES = 1 << (32 - _COUNT_BITS)
_DEEPEST = 80
_HAIR = 1e-6
"""How far a cell's corners are moved outwards, as a share of its side: many times what rounding does to a point."""
_WEST, _SOUTH, _SCALE, _COLUMNS, _ROWS, _FIRST = range(6)
_U4 = numba.uint32[::1]
_ONE, _BITS = np.uint64(1), np.uint64(_COUNT_BITS)
"""Unsigned, so that numba leaves out its check for places counted from the end: a third of the time."""


class NearLines(NamedTuple):
    """The lattices of all grids, as flat arrays for compiled code.

    A row of `frames` is a grid's west and south, cells for a unit of length, columns, rows and the number of its first
    cell. A cell is a place in `listed` and, in its lowest six bits, how many of the lines from there on count; 0 for
    too many.
    """

    frames: Floats
    cells: NDArray[np.uint32]
    listed: Codes
    corners: Floats


def near_lines(lines: Lines, outlines: Outlines, threads: int = 1) -> NearLines:
    """Lay the lattices over the borders of all grids.

    Parameters
    ----------
    lines : Lines
        All of finite coordinates, at least one.
    outlines : Outlines
        Of the same lines.
    threads : int, default 1
        How many may work at it together; what comes of it is the same.
    """
    grids = len(outlines.limits) // 2
    frames = np.zeros((grids, 6))
    per_line = min(float(CELLS_PER_LINE), MOST_CELLS / len(lines.part))
    finest = 4096.0 * float(np.spacing(np.abs(lines.corners).max()))
    count = _lay_frames(lines.corners, lines.part, outlines.limits, per_line, finest, frames)
    cells = np.zeros(count, np.uint32)
    listed = _filled(lines, outlines, frames, cells, threads)
    return NearLines(frames, cells, listed, lines.corners)


def _filled(lines: Lines, outlines: Outlines, frames: Floats, cells: NDArray[np.uint32], threads: int) -> Codes:
    """Write every cell's word, and give back the lists; each thread does the grids of about as many lines."""
    fill = partial(_fill, lines.corners, lines.part, outlines.limits, outlines.slack, frames, cells)
    if threads == 1:
        return np.asarray(fill(0, len(frames)))
    done = np.cumsum(outlines.limits[1::2] - outlines.limits[::2])
    ends = np.searchsorted(done, done[-1] * np.arange(1, threads) / threads, side="right")
    shares = list(pairwise([0, *ends.tolist(), len(frames)]))
    with ThreadPoolExecutor(threads) as pool:
        lists = list(pool.map(lambda share: fill(*share), shares))
    if sum(map(len, lists)) > _PLACES:
        # There is not room for all of them: the first grids have it, whoever counts.
        cells[:] = 0
        return np.asarray(fill(0, len(frames)))
    begins = np.append(0, np.cumsum(frames[:, _COLUMNS] * frames[:, _ROWS])).astype(np.int64)
    place = 0
    for (first, behind), listed in zip(shares, lists, strict=True):
        words = cells[begins[first] : begins[behind]]
        words[words > 0] += np.uint32(place << _COUNT_BITS)
        place += len(listed)
    return np.concatenate(lists)


@compiled(numba.int64(F82, I4, I8, numba.float64, numba.float64, F82))
def _lay_frames(corners: Floats, part: Codes, limits: Words, per_line: float, finest: float, frames: Floats) -> int:
    """A lattice for every grid that has lines; how many cells they have together."""
    cells = 0
    for grid in range(len(frames)):
        count = 0
        low_x = low_y = np.inf
        high_x = high_y = -np.inf
        for line in range(limits[2 * grid], limits[2 * grid + 1]):
            if part[line] >= 0:
                count += 1
                for corner in (line, line + 1):
                    low_x, high_x = min(low_x, corners[corner, 0]), max(high_x, corners[corner, 0])
                    low_y, high_y = min(low_y, corners[corner, 1]), max(high_y, corners[corner, 1])
        if count == 0:
            continue
        wide, high = high_x - low_x, high_y - low_y
        wanted = max(per_line * count, 1.0)
        side = max(math.sqrt(wide) * math.sqrt(high) / math.sqrt(wanted), max(wide, high) / wanted, finest)
        frame = frames[grid]
        # Half a cell around, for points that lie a little outside.
        frame[_WEST], frame[_SOUTH], frame[_SCALE] = low_x - 0.5 * side, low_y - 0.5 * side, 1.0 / side
        frame[_COLUMNS], frame[_ROWS] = math.floor(wide / side) + 2.0, math.floor(high / side) + 2.0
        frame[_FIRST] = cells
        cells += int(frame[_COLUMNS] * frame[_ROWS])
    return cells


@compiled(None)
def _sift(corners: Floats, candidates: Codes, begin: int, count: int, box: Floats, slack: float, square: Floats) -> int:
    """Write those of the candidates that can be nearest to a place in a box behind them; how many they are."""
    x = (box[0], box[2], box[0], box[2], 0.5 * (box[0] + box[2]))
    y = (box[1], box[1], box[3], box[3], 0.5 * (box[1] + box[3]))
    # The places that others are compared with: those of the border nearest to the corners and to the middle.
    apart = np.empty((5, 4))
    for spot in range(5):
        best, its = np.inf, candidates[begin]
        for each in range(count):
            line = candidates[begin + each]
            ax, ay, bx, by = corners[line, 0], corners[line, 1], corners[line + 1, 0], corners[line + 1, 1]
            away = to_line(ax, ay, bx, by, x[spot], y[spot])
            if spot < 4:
                square[each, spot] = away
            if away < best:
                best, its = away, line
        ax, ay = corners[its, 0], corners[its, 1]
        along, aside = corners[its + 1, 0] - ax, corners[its + 1, 1] - ay
        length = along * along + aside * aside
        share = ((x[spot] - ax) * along + (y[spot] - ay) * aside) / (length if length > 0.0 else 1.0)
        share = min(max(share, 0.0), 1.0)
        for corner in range(4):
            over, up = x[corner] - ax - share * along, y[corner] - ay - share * aside
            apart[spot, corner] = (over * over + up * up) * (1.0 + 1e-9) + slack
    kept = 0
    for each in range(count):
        farther = False
        for spot in range(5):
            # A number that is none compares as false, and the line stays.
            farther |= (
                (square[each, 0] > apart[spot, 0])
                & (square[each, 1] > apart[spot, 1])
                & (square[each, 2] > apart[spot, 2])
                & (square[each, 3] > apart[spot, 3])
            )
        candidates[begin + count + kept] = candidates[begin + each]
        kept += not farther
    return kept


@compiled(None)
def _larger(array: Any, size: int) -> Any:
    """The same array with at least so much room."""
    if size <= len(array):
        return array
    grown = np.zeros(max(size, 2 * len(array)), array.dtype)
    grown[: len(array)] = array
    return grown


@compiled(numba.int32[::1](F82, I4, I8, numba.float64, F82, _U4, numba.int64, numba.int64))
def _fill(
    corners: Floats,
    part: Codes,
    limits: Words,
    slack: float,
    frames: Floats,
    cells: NDArray[np.uint32],
    begin_grid: int,
    end_grid: int,
) -> Codes:
    """Write the words of the cells of some grids, and give back their lists."""
    listed = np.zeros(max(2 * AT_LEAST, len(cells)), np.int32)
    # Place 0 is that of cells without a list, which are looked at too.
    room = AT_LEAST
    todo = np.empty((_DEEPEST, 6), np.int64)
    candidates = np.empty(0, np.int32)
    square, box = np.empty((0, 4)), np.empty(4)
    for grid in range(begin_grid, end_grid):
        first, last = limits[2 * grid], limits[2 * grid + 1]
        frame = frames[grid]
        columns = int(frame[_COLUMNS])
        if columns == 0:
            continue
        count = 0
        candidates = _larger(candidates, 4 * (last - first))
        if len(square) < last - first:
            square = np.empty((last - first, 4))
        for line in range(first, last):
            candidates[count] = line
            count += part[line] >= 0
        todo[0] = 0, 0, columns, int(frame[_ROWS]), 0, count
        waiting = 1
        while waiting:
            waiting -= 1
            left, low, right, high, begin, count = todo[waiting]
            box[0] = frame[_WEST] + (left - _HAIR) / frame[_SCALE]
            box[1] = frame[_SOUTH] + (low - _HAIR) / frame[_SCALE]
            box[2] = frame[_WEST] + (right + _HAIR) / frame[_SCALE]
            box[3] = frame[_SOUTH] + (high + _HAIR) / frame[_SCALE]
            candidates = _larger(candidates, begin + 2 * count)
            kept = _sift(corners, candidates, begin, count, box, slack, square)
            begin += count
            # As many lines as are measured anyway: all cells of the box share the list.
            if kept <= AT_LEAST or (right - left == 1 and high - low == 1):
                listed = _larger(listed, room + max(kept, AT_LEAST))
                if kept <= _MOST_LISTED and room < _PLACES:
                    word = np.uint32((room << _COUNT_BITS) | kept)
                    for row in range(low, high):
                        for column in range(left, right):
                            cells[int(frame[_FIRST]) + row * columns + column] = word
                    for each in range(max(kept, AT_LEAST)):
                        listed[room + each] = candidates[begin + min(each, kept - 1)]
                    room += max(kept, AT_LEAST)
                continue
            if right - left >= high - low:
                middle = (left + right) // 2
                todo[waiting] = left, low, middle, high, begin, kept
                todo[waiting + 1] = middle, low, right, high, begin, kept
            else:
                middle = (low + high) // 2
                todo[waiting] = left, low, right, middle, begin, kept
                todo[waiting + 1] = left, middle, right, high, begin, kept
            waiting += 2
    return listed[:room].copy()


@compiled(None)
def _look_up(
    x: Floats,
    y: Floats,
    grid: NDArray[np.int32],
    frames: Floats,
    cells: NDArray[np.uint32],
    words: NDArray[np.uint32],
    more: Codes,
) -> int:
    """Each point's word, 0 for none; in `more` those that need more than the usual look, and how many these are."""
    count = 0
    for at in range(len(x)):
        own = np.uint64(max(grid[at], 0))
        u, v = (x[at] - frames[own, 0]) * frames[own, 2], (y[at] - frames[own, 1]) * frames[own, 2]
        inside = (grid[at] >= 0) & (u >= 0.0) & (v >= 0.0) & (u < frames[own, 3]) & (v < frames[own, 4])
        row, column = np.int64(v if inside else 0.0), np.int64(u if inside else 0.0)
        cell = np.uint64(np.int64(frames[own, 5]) + row * np.int64(frames[own, 3]) + column)
        word = cells[cell] if inside else np.uint32(0)
        words[at] = word
        more[np.uint64(count)] = at
        count += ((word & _MOST_LISTED) > AT_LEAST) | ((word == 0) & (grid[at] >= 0))
    return count


@compiled(numba.void(POINTS, POINTS, GRIDS, F82, _U4, I4, F82, F8, F8, I4, F82, F82, I8, numba.float64, F8))
def distances(
    px: Floats,
    py: Floats,
    grid: NDArray[np.int32],
    frames: Floats,
    cells: NDArray[np.uint32],
    listed: Codes,
    corners: Floats,
    x: Floats,
    y: Floats,
    part: Codes,
    small: Floats,
    large: Floats,
    limits: Words,
    slack: float,
    apart: Floats,
) -> None:
    """What `geo.outlines.distances` says, with the lists of `NearLines`."""
    square = np.empty(ROOM)
    bits = square.view(np.int64)
    words, more = np.empty(_AT_ONCE, np.uint32), np.empty(_AT_ONCE, np.int32)
    best = np.empty(_AT_ONCE)
    ax, ay, bx, by = np.empty(_AT_ONCE), np.empty(_AT_ONCE), np.empty(_AT_ONCE), np.empty(_AT_ONCE)
    for start in range(0, len(px), _AT_ONCE):
        size = min(_AT_ONCE, len(px) - start)
        # Short loops over a batch: without branches the processor works on many points at once.
        some_x, some_y = px[start : start + size], py[start : start + size]
        its, some = grid[start : start + size], apart[start : start + size]
        count = _look_up(some_x, some_y, its, frames, cells, words, more)
        best[:] = np.inf
        for each in range(AT_LEAST):
            for at in range(size):
                line = np.uint64(listed[(np.uint64(words[at]) >> _BITS) + np.uint64(each)])
                ax[at], ay[at] = corners[line, 0], corners[line, 1]
                bx[at], by[at] = corners[line + _ONE, 0], corners[line + _ONE, 1]
            for at in range(size):
                away = to_line(ax[at], ay[at], bx[at], by[at], some_x[at], some_y[at])
                best[at] = away if away < best[at] else best[at]
        for each in range(count):
            at = more[each]
            place, listing = np.int64(words[at] >> _COUNT_BITS), np.int64(words[at] & _MOST_LISTED)
            nearest = best[at]
            for another in range(AT_LEAST, listing):
                line = listed[place + another]
                here, there = corners[line], corners[line + 1]
                away = to_line(here[0], here[1], there[0], there[1], some_x[at], some_y[at])
                nearest = away if away < nearest else nearest
            best[at] = nearest
        for at in range(size):
            some[at] = math.sqrt(best[at]) if words[at] else np.nan
        for each in range(count):
            at = more[each]
            if words[at] == 0:
                some[at] = to_border(
                    some_x[at], some_y[at], its[at], x, y, part, small, large, limits, slack, square, bits
                )
