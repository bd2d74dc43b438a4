"""Border lines near a point, found through a lattice of them: the compiled inner loops of `geo.doubt`.

Plain loops over flat arrays: numba compiles those once and keeps the result beside the source. Importing this module
loads numba, so that `geo.doubt` does it only when doubt is really weighed.
"""

from typing import Any, NamedTuple, Protocol, cast

import numba
import numpy as np
from numpy.typing import NDArray

from geo.edges import Floats, Positions
from geo.wedges import wedge

# Cells for each border line: most cells then hold none or one, and a walk over a few cells finds all that is near.
_CELLS_PER_LINE = 16.0
_FEWEST_CELLS, _MOST_CELLS = 1_000.0, 4_000_000.0
# Cells are counted as crossed with this margin, in cells, so that rounding never loses a line.
_MARGIN = 1e-6
# Farther from every line than so many cells is not counted.
_FAR = 255
_TURNS = (1.0, 2.3, 3.9)
# Many times what rounding does to a distance in coordinates of ten million metres.
_SAME_DISTANCE_M = 1e-6


class Compiled(Protocol):
    """A function after numba: compiled at its first call and kept beside the source for the next start."""

    def __call__(self, *args: Any) -> Any: ...


def compiled(function: Any) -> Compiled:
    """Compile a function when it is first called."""
    return cast(Compiled, numba.njit(cache=True, nogil=True)(function))


class Lattice(NamedTuple):
    """Border lines, and square cells that know which lines cross them.

    ``shape`` has a row for each line: x and y of its start, x and y of a step of one metre along it, its length. Cell
    `c` is crossed by the lines ``line[first[c]:first[c + 1]]``, and lies ``clear[c]`` cells away from the nearest
    crossed one, straight or across corners; 255 is that or more.
    """

    west: float
    south: float
    size: float
    columns: int
    rows: int
    first: NDArray[np.int32]
    line: NDArray[np.int32]
    clear: NDArray[np.uint8]
    shape: Floats


class Near(NamedTuple):
    """Pairs of a point and a border line near it, those of one point together.

    ``height`` is the distance in metres to the whole straight line, positive on its left; ``apart`` is that to the line
    between its ends; ``wedge`` is how much of the doubt lies beyond the line, as seen from the point between its ends:
    positive on the left of the line, negative on the right.
    """

    point: Positions
    line: NDArray[np.int32]
    height: Floats
    apart: Floats
    wedge: Floats


class Sides(NamedTuple):
    """Which parts lie along each line: those of line `e` are at ``first[e]:first[e + 1]``.

    ``turn`` is 1 where the part lies on the line's left, else -1.
    """

    first: Positions
    part: NDArray[np.int32]
    turn: NDArray[np.int8]


class Shares(NamedTuple):
    """How much of each point's doubt lies over each polygon, by point, then by polygon."""

    point: Positions
    polygon: Positions
    mass: Floats


class Open(NamedTuple):
    """Pairs of a point and a part of which lines alone can't tell whether it is inside, and what was guessed."""

    point: Positions
    part: Positions
    inside: NDArray[np.bool_]


def make_lattice(start: Floats, end: Floats) -> Lattice:
    """Lay a lattice over border lines; its cells grow in number with the lines, not with the area."""
    if not len(start):
        empty = np.zeros(2, np.int32), np.empty(0, np.int32), np.full(1, _FAR, np.uint8)
        return Lattice(0.0, 0.0, 1.0, 1, 1, *empty, np.empty((0, 5)))
    low, high = np.minimum(start, end).min(axis=0), np.maximum(start, end).max(axis=0)
    width, height = np.maximum(high - low, np.finfo(float).tiny)
    wanted = np.clip(_CELLS_PER_LINE * len(start), _FEWEST_CELLS, _MOST_CELLS)
    # The second term holds for ground that is long and narrow.
    size = max(np.sqrt(width * height / wanted), max(width, height) / wanted)
    columns, rows = int(width / size) + 3, int(height / size) + 3
    west, south = low - size * (1.0 + 1.0 / 3.0)
    count = np.zeros(columns * rows, np.int32)
    _crossed(start, end, west, south, size, columns, count, np.empty(0, np.int32), False)
    first = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
    line = np.empty(first[-1], np.int32)
    _crossed(start, end, west, south, size, columns, first[:-1].copy(), line, True)
    clear = np.where(np.diff(first) > 0, 0, _FAR).astype(np.uint8).reshape(rows, columns)
    _spread(clear)
    along = end - start
    length = np.hypot(along[:, 0], along[:, 1])
    shape = np.column_stack([start, along / length[:, None], length])
    return Lattice(float(west), float(south), float(size), columns, rows, first, line, clear.ravel(), shape)


@compiled
def _crossed(
    start: Floats,
    end: Floats,
    west: float,
    south: float,
    size: float,
    columns: int,
    count: NDArray[np.int32],
    line: NDArray[np.int32],
    fill: bool,
) -> None:
    """Count the lines that cross each cell, or write them down where the counts say."""
    for e in range(len(start)):
        ax, ay = (start[e, 0] - west) / size, (start[e, 1] - south) / size
        bx, by = (end[e, 0] - west) / size, (end[e, 1] - south) / size
        if ay > by:
            ax, ay, bx, by = bx, by, ax, ay
        slope = (bx - ax) / (by - ay) if by > ay else 0.0
        for row in range(int(ay - _MARGIN), int(by + _MARGIN) + 1):
            low, high = min(ax, bx), max(ax, bx)
            # On a nearly level line rounding would move the places far along it: it is taken whole.
            if by - ay > _MARGIN:
                enter = ax + (min(max(row - _MARGIN, ay), by) - ay) * slope
                leave = ax + (min(max(row + 1 + _MARGIN, ay), by) - ay) * slope
                low, high = max(low, min(enter, leave)), min(high, max(enter, leave))
            for column in range(int(low - _MARGIN), int(high + _MARGIN) + 1):
                cell = row * columns + column
                if fill:
                    line[count[cell]] = e
                count[cell] += 1


@compiled
def _spread(clear: NDArray[np.uint8]) -> None:
    """How many cells each cell is away from a crossed one, in two sweeps."""
    rows, columns = clear.shape
    for sweep in range(2):
        ahead = 1 - 2 * sweep
        for i in range(rows):
            row = i if sweep == 0 else rows - 1 - i
            for j in range(columns):
                column = j if sweep == 0 else columns - 1 - j
                best = int(clear[row, column])
                before = row - ahead
                if 0 <= before < rows:
                    for beside in range(max(column - 1, 0), min(column + 2, columns)):
                        best = min(best, int(clear[before, beside]) + 1)
                if 0 <= column - ahead < columns:
                    best = min(best, int(clear[row, column - ahead]) + 1)
                clear[row, column] = best


@compiled
def write_near(
    begin: int, x: Floats, y: Floats, sigma: Floats, reaches: float, nudge: Floats, lattice: Lattice, to: Near
) -> tuple[int, int]:
    """Write the lines within reach of many points, from point `begin` on, as long as there is room.

    A point that lies on a line, to rounding, is moved a hair beside it, in `x` and `y`: the formulas want a side. All
    in one loop, since to hand the arrays on for each point takes longer than to look for its lines.

    Returns
    -------
    next_point, pairs : int
        The first point that was not done, and how many pairs were written.
    """
    west, south, size, columns, rows, first, listed, clear, shape = lattice
    point, line, heights, aparts, wedges = to
    seen, stamp, at, each = np.full(len(shape), -1, np.int64), 0, 0, 1.0 / size
    for i in range(begin, len(x)):
        reach, per_sigma, before = reaches * sigma[i], 1.0 / sigma[i], at
        for turn in range(len(_TURNS) + 1):
            column, row = (x[i] - west) * each, (y[i] - south) * each
            if turn == 0 and 0.0 <= column < columns and 0.0 <= row < rows:
                # A point's own cell may already prove that no line is within reach.
                across, up = column - int(column), row - int(row)
                inset = min(across, 1.0 - across, up, 1.0 - up)
                if (clear[int(row) * columns + int(column)] - 1 + inset - _MARGIN) * size > reach:
                    break
            around = reach * each + _MARGIN
            left, right = int(max(column - around, 0.0)), int(min(max(column + around, -1.0), columns - 1.0))
            low, high = int(max(row - around, 0.0)), int(min(max(row + around, -1.0), rows - 1.0))
            at, stamp, least = before, stamp + 1, np.inf
            for across_row in range(low, high + 1 if left <= right else low):
                for k in range(first[across_row * columns + left], first[across_row * columns + right + 1]):
                    e = listed[k]
                    ahead_x, ahead_y, step_x, step_y = x[i] - shape[e, 0], y[i] - shape[e, 1], shape[e, 2], shape[e, 3]
                    height = step_x * ahead_y - step_y * ahead_x
                    if abs(height) > reach or seen[e] == stamp:
                        continue
                    seen[e] = stamp
                    foot, length = step_x * ahead_x + step_y * ahead_y, shape[e, 4]
                    past = max(-foot, foot - length, 0.0)
                    square = height * height + past * past
                    if square > reach * reach:
                        continue
                    if at == len(point):
                        return i, before
                    point[at], line[at], heights[at] = i, e, height
                    aparts[at] = np.sqrt(square) if past > 0.0 else abs(height)
                    wedges[at] = wedge(height * per_sigma, -foot * per_sigma, (length - foot) * per_sigma)
                    least = min(least, aparts[at])
                    at += 1
            if turn == len(_TURNS) or least >= nudge[i] / 10:
                break
            x[i], y[i] = x[i] + nudge[i] * np.cos(_TURNS[turn]), y[i] + nudge[i] * np.sin(_TURNS[turn])
    return len(x), at


@compiled
def add_up(near: Near, sides: Sides, owner: Positions, to: Shares, open_to: Open) -> tuple[int, int]:
    """Add up what each line cuts off for the polygons beside it.

    Whether the point is inside a part is what the part's nearest line says. Where lines of the two opinions are equally
    near, to rounding, as beyond a sharp corner or beside a spike without width, a guess is made and written down.

    Returns
    -------
    shares, guesses : int
        How many pairs of point and polygon, and how many guesses were written.
    """
    slots = np.full(len(owner), -1, np.int64)
    parts = np.empty(max(len(to.point), 1), np.int64)
    lost, in_m, out_m = np.empty(len(parts)), np.empty(len(parts)), np.empty(len(parts))
    written, guesses, begin = 0, 0, 0
    while begin < len(near.point):
        stop, used = begin, 0
        while stop < len(near.point) and near.point[stop] == near.point[begin]:
            e = near.line[stop]
            for k in range(sides.first[e], sides.first[e + 1]):
                part, turn = sides.part[k], sides.turn[k]
                slot = slots[part]
                if slot < 0:
                    slot = used
                    slots[part], parts[slot] = slot, part
                    lost[slot], in_m[slot], out_m[slot] = 0.0, np.inf, np.inf
                    used += 1
                lost[slot] += turn * near.wedge[stop]
                if near.height[stop] * turn > 0.0:
                    in_m[slot] = min(in_m[slot], near.apart[stop])
                else:
                    out_m[slot] = min(out_m[slot], near.apart[stop])
            stop += 1
        before = written
        for slot in range(used):
            part, inside = parts[slot], in_m[slot] < out_m[slot]
            slots[part] = -1
            if abs(in_m[slot] - out_m[slot]) < _SAME_DISTANCE_M:
                open_to.point[guesses], open_to.part[guesses] = near.point[begin], part
                open_to.inside[guesses] = inside
                guesses += 1
            share = (1.0 if inside else 0.0) - lost[slot]
            written = _put(near.point[begin], owner[part], share, before, written, to)
        begin = stop
    return written, guesses


@compiled
def _put(i: int, its: int, share: float, before: int, written: int, to: Shares) -> int:
    """Add a share to a polygon's mass, the polygons of one point kept in order."""
    at = written
    while at > before and to.polygon[at - 1] >= its:
        if to.polygon[at - 1] == its:
            to.mass[at - 1] += share
            return written
        at -= 1
    for k in range(written, at, -1):
        to.point[k], to.polygon[k], to.mass[k] = to.point[k - 1], to.polygon[k - 1], to.mass[k - 1]
    to.point[at], to.polygon[at], to.mass[at] = i, its, share
    return written + 1
