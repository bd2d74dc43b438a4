"""How far points are from the border of their grid: compiled, with boxes around runs of lines.

A grid's lines follow each other, so a run of them shares a small box, and a few runs a larger one. A box farther away
than the nearest line so far is passed over. Lines of one run are measured all at once by vector instructions.
"""

import math
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from geo.edges import Floats
from geo.sweep import F8, F82, I4, I8, POINTS, Codes, Lines, Words, types
from geo.turns import compiled

# Up to so many lines it is quicker to measure all than to choose among boxes.
ROOM, _RUN, _RUNS = 256, 64, 8
_INFINITY = 0x7FF0000000000000
GRIDS = types.Array(numba.int32, 1, "C", readonly=True)


class Outlines(NamedTuple):
    """Corners of all lines; boxes of runs, and of runs of runs; grid n has the lines from limits[2n] on.

    ``slack`` is what rounding may add to the square of a distance, beside a billionth of it.
    """

    x: Floats
    y: Floats
    part: Codes
    small: Floats
    large: Floats
    limits: Words
    slack: float


def outlines_of(lines: Lines, grids: int) -> Outlines:
    """The borders of so many grids, prepared for `distances`."""
    limits = np.zeros(2 * grids, np.int64)
    _limits(lines.part, lines.grid, limits)
    small = np.empty((len(lines.part) // _RUN + 1, 4))
    _boxes(lines.corners, lines.part, small)
    padded = np.full((-(-len(small) // _RUNS) * _RUNS, 4), np.nan)
    padded[: len(small)] = small
    grouped = padded.reshape(-1, _RUNS, 4)
    large = np.concatenate([np.fmin.reduce(grouped[:, :, :2], axis=1), np.fmax.reduce(grouped[:, :, 2:], axis=1)], 1)
    x, y = (np.ascontiguousarray(lines.corners[:, at]) for at in (0, 1))
    # A distance of d is off by a few of the coordinates' last digits u, its square by 16 u d + 64 u^2 at the most, and
    # 16 u d is no more than a billionth of d^2 and 64 billion u^2 together.
    slack = 1e11 * float(np.spacing(np.abs(lines.corners).max(initial=0.0))) ** 2
    return Outlines(x, y, lines.part, small, np.ascontiguousarray(large), limits, slack)


@compiled(numba.void(I4, I4, I8))
def _limits(part: Codes, grid: Codes, limits: Words) -> None:
    for line in range(len(part)):
        if part[line] >= 0:
            its = grid[part[line]]
            if limits[2 * its + 1] == 0:
                limits[2 * its] = line
            limits[2 * its + 1] = line + 1


@compiled(numba.void(F82, I4, F82))
def _boxes(corners: Floats, part: Codes, small: Floats) -> None:
    small[:, :2], small[:, 2:] = np.inf, -np.inf
    for line in range(len(part)):
        if part[line] >= 0:
            box = small[line // _RUN]
            for corner in (line, line + 1):
                box[0], box[2] = min(box[0], corners[corner, 0]), max(box[2], corners[corner, 0])
                box[1], box[3] = min(box[1], corners[corner, 1]), max(box[3], corners[corner, 1])


@compiled(None, inline="always")
def _to_box(boxes: Floats, number: int, x: float, y: float) -> float:
    """No more than the square of the distance to whatever lies in a box."""
    across = max(boxes[number, 0] - x, x - boxes[number, 2], 0.0)
    up = max(boxes[number, 1] - y, y - boxes[number, 3], 0.0)
    square: float = across * across + up * up
    return square


@compiled(None, inline="always")
def to_line(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> float:
    """The square of the distance from a point to a line."""
    along, aside, over, up = bx - ax, by - ay, x - ax, y - ay
    length = along * along + aside * aside
    share = (over * along + up * aside) / (length if length > 0.0 else 1.0)
    share = share if share > 0.0 else 0.0
    share = share if share < 1.0 else 1.0
    over -= share * along
    up -= share * aside
    square: float = over * over + up * up
    return square


@compiled(None, inline="always")
def _to_run(
    x: Floats, y: Floats, part: Codes, begin: int, end: int, px: float, py: float, square: Floats, bits: Words
) -> float:
    """The square of the distance to the nearest of some lines in a row."""
    count = end - begin
    ax, ay, bx, by = x[begin:end], y[begin:end], x[begin + 1 : end + 1], y[begin + 1 : end + 1]
    real = part[begin:end]
    for line in range(count):
        apart = to_line(ax[line], ay[line], bx[line], by[line], px, py)
        square[line] = apart if real[line] >= 0 else np.inf
    # Doubles that are not negative are in the order of their bits, and the least integer is found by vectors.
    least = np.int64(_INFINITY)
    for line in range(count):
        least = min(least, bits[line])
    bits[0] = least
    nearest: float = square[0]
    return nearest


@compiled(None, inline="always")
def to_border(
    px: float,
    py: float,
    its: int,
    x: Floats,
    y: Floats,
    part: Codes,
    small: Floats,
    large: Floats,
    limits: Words,
    slack: float,
    square: Floats,
    bits: Words,
) -> float:
    """The distance from a point to the border of a grid; NaN for none, and for no place."""
    if its < 0 or not (math.isfinite(px) and math.isfinite(py)) or limits[2 * its + 1] == 0:
        return math.nan
    first, last = limits[2 * its], limits[2 * its + 1]
    if last - first <= ROOM:
        return math.sqrt(_to_run(x, y, part, first, last, px, py, square, bits))
    low, high = first // _RUN, (last - 1) // _RUN + 1
    nearest, start = np.inf, low
    for run in range(low, high):
        bound = _to_box(small, run, px, py)
        if bound < nearest:
            nearest, start = bound, run
    begin, end = max(start * _RUN, first), min((start + 1) * _RUN, last)
    best = _to_run(x, y, part, begin, end, px, py, square, bits)
    # What rounding alone makes farther is measured too, so that the answer doesn't depend on where the search began.
    beyond = best * (1.0 + 1e-9) + slack
    for wide in range(low // _RUNS, (high - 1) // _RUNS + 1):
        if _to_box(large, wide, px, py) <= beyond:
            for run in range(max(wide * _RUNS, low), min((wide + 1) * _RUNS, high)):
                if run != start and _to_box(small, run, px, py) <= beyond:
                    begin, end = max(run * _RUN, first), min((run + 1) * _RUN, last)
                    best = min(best, _to_run(x, y, part, begin, end, px, py, square, bits))
                    beyond = best * (1.0 + 1e-9) + slack
    return math.sqrt(best)


@compiled(numba.void(POINTS, POINTS, GRIDS, F8, F8, I4, F82, F82, I8, numba.float64, F8))
def distances(
    px: Floats,
    py: Floats,
    grid: NDArray[np.int32],
    x: Floats,
    y: Floats,
    part: Codes,
    small: Floats,
    large: Floats,
    limits: Words,
    slack: float,
    apart: Floats,
) -> None:
    """Of each point the distance to the border of the grid named for it; NaN for none, and for no place."""
    square = np.empty(ROOM)
    bits = square.view(np.int64)
    for at in range(len(px)):
        apart[at] = to_border(px[at], py[at], grid[at], x, y, part, small, large, limits, slack, square, bits)
