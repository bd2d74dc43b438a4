"""How far points are from the border of their grid: compiled, with boxes around runs of lines.

A grid's lines follow each other, so a few of them in a row share a small box, and a few boxes a larger one. A box
farther away than the nearest line so far is passed over. Building takes one pass over the vertices.
"""

import math

import numba
import numpy as np
from numpy.typing import NDArray

from geo.edges import Floats
from geo.lattice import _F8, _F82, _I4, _I8, _POINTS, Codes, Lines, Words
from geo.turns import compiled

_RUN = 8
_GRIDS = numba.types.Array(numba.int32, 1, "C", readonly=True)


def boxes_of(lines: Lines, grids: int) -> tuple[Floats, Floats, Words]:
    """The boxes of runs of lines, those of runs of runs, and where each grid's lines begin and end."""
    begin = np.zeros(2 * grids, np.int64)
    _ranges(lines.part, lines.grid, begin)
    small = np.empty((len(lines.part) // _RUN + 1, 4))
    _boxes(lines.corners, lines.part, small)
    padded = np.full((-(-len(small) // _RUN) * _RUN, 4), np.nan)
    padded[: len(small)] = small
    grouped = padded.reshape(-1, _RUN, 4)
    large = np.concatenate([np.fmin.reduce(grouped[:, :, :2], axis=1), np.fmax.reduce(grouped[:, :, 2:], axis=1)], 1)
    return small, np.ascontiguousarray(large), begin


@compiled(numba.void(_I4, _I4, _I8))
def _ranges(part: Codes, grid: Codes, begin: Words) -> None:
    for line in range(len(part)):
        if part[line] >= 0:
            its = grid[part[line]]
            if begin[2 * its + 1] == 0:
                begin[2 * its] = line
            begin[2 * its + 1] = line + 1


@compiled(numba.void(_F82, _I4, _F82))
def _boxes(corners: Floats, part: Codes, small: Floats) -> None:
    small[:, :2], small[:, 2:] = np.inf, -np.inf
    for line in range(len(part)):
        if part[line] >= 0:
            box = small[line // _RUN]
            for corner in (line, line + 1):
                box[0], box[2] = min(box[0], corners[corner, 0]), max(box[2], corners[corner, 0])
                box[1], box[3] = min(box[1], corners[corner, 1]), max(box[3], corners[corner, 1])


@compiled("f8(f8[:, ::1], i8, f8, f8)", inline="always")
def _to_box(boxes: Floats, number: int, x: float, y: float) -> float:
    """No more than the square of the distance to whatever lies in a box."""
    across = max(boxes[number, 0] - x, x - boxes[number, 2], 0.0)
    up = max(boxes[number, 1] - y, y - boxes[number, 3], 0.0)
    return across * across + up * up


@compiled("f8(f8, f8, f8, f8, f8, f8)", inline="always")
def to_line(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> float:
    """The square of the distance from a point to a line."""
    along, aside, over, up = bx - ax, by - ay, x - ax, y - ay
    length = along * along + aside * aside
    share = min(max((over * along + up * aside) / length, 0.0), 1.0) if length > 0.0 else 0.0
    over -= share * along
    up -= share * aside
    return over * over + up * up


@compiled(numba.float64(_F82, _I4, numba.int64, numba.int64, numba.float64, numba.float64, numba.float64))
def _to_run(corners: Floats, part: Codes, begin: int, end: int, x: float, y: float, best: float) -> float:
    for line in range(begin, end):
        if part[line] >= 0:
            ax, ay, bx, by = corners[line, 0], corners[line, 1], corners[line + 1, 0], corners[line + 1, 1]
            best = min(best, to_line(ax, ay, bx, by, x, y))
    return best


@compiled(numba.float64(_F82, _I4, _F82, _F82, numba.int64, numba.int64, numba.float64, numba.float64))
def _nearest(
    corners: Floats, part: Codes, small: Floats, large: Floats, begin: int, end: int, x: float, y: float
) -> float:
    """The square of the distance to the nearest of some lines in a row."""
    best, nearest, first = np.inf, np.inf, begin // _RUN
    for run in range(begin // _RUN // _RUN, (end - 1) // _RUN // _RUN + 1):
        if _to_box(large, run, x, y) < nearest:
            nearest, first = _to_box(large, run, x, y), run
    low, high = max(first * _RUN, begin // _RUN), min((first + 1) * _RUN, (end - 1) // _RUN + 1)
    nearest, first = np.inf, low
    for run in range(low, high):
        if _to_box(small, run, x, y) < nearest:
            nearest, first = _to_box(small, run, x, y), run
    best = _to_run(corners, part, max(first * _RUN, begin), min((first + 1) * _RUN, end), x, y, best)
    for wide in range(begin // _RUN // _RUN, (end - 1) // _RUN // _RUN + 1):
        if _to_box(large, wide, x, y) < best:
            for run in range(max(wide * _RUN, begin // _RUN), min((wide + 1) * _RUN, (end - 1) // _RUN + 1)):
                if run != first and _to_box(small, run, x, y) < best:
                    best = _to_run(corners, part, max(run * _RUN, begin), min((run + 1) * _RUN, end), x, y, best)
    return best


@compiled(numba.void(_POINTS, _POINTS, _GRIDS, _F82, _I4, _F82, _F82, _I8, _F8))
def distances(
    x: Floats,
    y: Floats,
    grid: NDArray[np.int32],
    corners: Floats,
    part: Codes,
    small: Floats,
    large: Floats,
    begin: Words,
    apart: Floats,
) -> None:
    """Of each point the distance to the border of the grid named for it; NaN for none."""
    for at in range(len(x)):
        its = grid[at]
        apart[at] = np.nan
        if its >= 0 and math.isfinite(x[at]) and math.isfinite(y[at]):
            apart[at] = math.sqrt(
                _nearest(corners, part, small, large, begin[2 * its], begin[2 * its + 1], x[at], y[at])
            )
