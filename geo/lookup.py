"""Looking points up in a lattice: the compiled inner loops of `geo.locator`."""


import numba
import numpy as np
from numpy.typing import NDArray

from geo.edges import Floats
from geo.lattice import _F8, _F82, _I4, _I8, _POINTS, NOWHERE, Codes, Words
from geo.outlines import to_line
from geo.turns import LEAST, UNDECIDED, UNSURE, compiled, turn

OPEN = -2
"""The answer for a point that compiled arithmetic can't decide."""

_HOLDS, _NOT, _NEAR, _LOST = 1, 0, 2, 3
_AT_ONCE = 512

_LATTICE = (_F82, numba.int64[:, ::1], _I4, _F8, _I8)


@compiled("i8(f8[::1], i8, i8, i8, f8, f8, f8, f8, f8)", inline="always")
def _quick(
    blob: Floats, slot: int, count: int, odd: int, x: float, y: float, left: float, scale: float, column: float
) -> int:
    """Whether a part holds a point, by doubles; "near" when they can't tell."""
    near = 0
    for at in range(slot, slot + 4 * count, 4):
        ax, ay, bx, by = blob[at], blob[at + 1], blob[at + 2], blob[at + 3]
        one = (ax - x) * (by - y)
        other = (ay - y) * (bx - x)
        area = one - other
        near |= not (abs(area) > UNSURE * (abs(one) + abs(other)) + LEAST)
        over = ay <= y
        odd ^= (over != (by <= y)) & ((area < 0.0) == over)
        odd ^= over & ((ax - left) * scale < column)
    return 2 if near else odd


@compiled("i8(f8[::1], i8, i8, i8, f8, f8, f8, f8, f8)")
def _exactly(
    blob: Floats, slot: int, count: int, odd: int, x: float, y: float, left: float, scale: float, column: float
) -> int:
    """Whether a part holds a point, its border included, as arithmetic without rounding says."""
    for at in range(slot, slot + 4 * count, 4):
        ax, ay, bx, by = blob[at], blob[at + 1], blob[at + 2], blob[at + 3]
        side = turn(ax, ay, bx, by, x, y)
        if side == UNDECIDED:
            return _LOST
        if side == 0 and ax <= x <= bx and min(ay, by) <= y <= max(ay, by):
            return _HOLDS
        over = ay <= y
        odd ^= (over != (by <= y)) & ((side < 0) == over)
        odd ^= over & ((ax - left) * scale < column)
        # A line wholly left of the cell counts at both its ends: it never changes anything.
        odd ^= (by <= y) & ((bx - left) * scale < column)
    return odd


@compiled(numba.types.UniTuple(numba.int64, 2)(numba.int64, numba.int64, numba.float64, numba.float64, *_LATTICE))
def _enter(
    code: int,
    node: int,
    x: float,
    y: float,
    frames: Floats,
    shapes: Words,
    cells: Codes,
    blob: Floats,
    words: Words,
) -> tuple[int, int]:
    """Go down through nested lattices to a point's own cell; its code, and which lattice it is in."""
    while code < NOWHERE and words[(-2 - code) * 2] == -1:
        node = words[(-2 - code) * 2 + 1]
        column = int((x - frames[node, 0]) * frames[node, 2])
        row = int((y - frames[node, 1]) * frames[node, 3])
        code = np.int64(cells[shapes[node, 2] + row * shapes[node, 0] + column])
    return code, node


@compiled(numba.int64(numba.int64, numba.float64, numba.float64, *_LATTICE))
def _follow(
    code: int, x: float, y: float, frames: Floats, shapes: Words, cells: Codes, blob: Floats, words: Words
) -> int:
    """The grid of a point whose cell has a list."""
    code, node = _enter(code, 0, x, y, frames, shapes, cells, blob, words)
    if code >= NOWHERE:
        return code
    slot = (-2 - code) * 2
    left, scale = frames[node, 0], frames[node, 2]
    column = np.floor((x - left) * scale)
    while True:
        count, odd = words[slot] >> 1, words[slot] & 1
        answer = _quick(blob, slot + 2, count, odd, x, y, left, scale, column)
        if answer == _NEAR:
            answer = _exactly(blob, slot + 2, count, odd, x, y, left, scale, column)
            if answer == _LOST:
                return OPEN
        if answer == _HOLDS:
            return words[slot + 1] & 0xFFFFFFFF
        more = words[slot + 1] >> 32
        if more:
            return more - 2
        slot += 2 + 4 * count


@compiled(numba.void(_POINTS, _POINTS, *_LATTICE, _I4))
def locate(
    x: Floats, y: Floats, frames: Floats, shapes: Words, cells: Codes, blob: Floats, words: Words, found: Codes
) -> None:
    """The grid of each point into `found`: -1 for none, -2 where this arithmetic can't decide."""
    left, low, across, up = frames[0, 0], frames[0, 1], frames[0, 2], frames[0, 3]
    width, height = np.int32(shapes[0, 0]), np.int32(shapes[0, 1])
    wide, high = float(width), float(height)
    number = np.empty(_AT_ONCE, np.int32)
    waiting = np.empty(_AT_ONCE, np.int32)
    touched = 0
    for start in range(0, len(x), _AT_ONCE):
        size = min(_AT_ONCE, len(x) - start)
        for at in range(size):
            u = (x[start + at] - left) * across
            v = (y[start + at] - low) * up
            inside = (u >= 0.0) & (v >= 0.0) & (u < wide) & (v < high)
            # Cell 0 is beyond every grid, so it serves for all points outside.
            number[at] = np.int32(v if inside else 0.0) * width + np.int32(u if inside else 0.0)
        for at in range(size):
            found[start + at] = cells[number[at]]
        count = 0
        for at in range(size):
            waiting[count] = at
            count += found[start + at] < NOWHERE
        # Ask memory for all lists of this batch before reading the first.
        for at in range(count):
            touched ^= words[(-2 - found[start + waiting[at]]) * 2]
        for at in range(count):
            here = start + waiting[at]
            found[here] = _follow(found[here], x[here], y[here], frames, shapes, cells, blob, words)
    if touched == 1 << 62:
        number[0] = 0


@compiled("b1(f8[::1], i8, i8, f8, f8, f8)")
def _within(blob: Floats, slot: int, count: int, x: float, y: float, within: float) -> bool:
    for at in range(slot, slot + 4 * count, 4):
        if to_line(blob[at], blob[at + 1], blob[at + 2], blob[at + 3], x, y) <= within * within:
            return True
    return False


@compiled(numba.int64(numba.float64, numba.float64, numba.float64, *_LATTICE, _I8))
def _holders(
    x: float,
    y: float,
    within: float,
    frames: Floats,
    shapes: Words,
    cells: Codes,
    blob: Floats,
    words: Words,
    holder: Words,
) -> int:
    """Put every grid that holds a point, or is near enough, into `holder`; how many, or OPEN."""
    u, v = (x - frames[0, 0]) * frames[0, 2], (y - frames[0, 1]) * frames[0, 3]
    if not (u >= 0.0 and v >= 0.0 and u < shapes[0, 0] and v < shapes[0, 1]):
        return 0
    code, node = _enter(cells[int(v) * shapes[0, 0] + int(u)], 0, x, y, frames, shapes, cells, blob, words)
    if code >= NOWHERE:
        holder[0] = code
        return 0 if code == NOWHERE else 1
    slot, holders = (-2 - code) * 2, 0
    left, scale = frames[node, 0], frames[node, 2]
    column = np.floor((x - left) * scale)
    while True:
        count, odd = words[slot] >> 1, words[slot] & 1
        answer = _HOLDS if within > 0.0 and _within(blob, slot + 2, count, x, y, within) else _NEAR
        if answer == _NEAR:
            answer = _exactly(blob, slot + 2, count, odd, x, y, left, scale, column)
        if answer == _LOST:
            return OPEN
        if answer == _HOLDS:
            grid = words[slot + 1] & 0xFFFFFFFF
            known = False
            for at in range(holders):
                known |= holder[at] == grid
            if not known:
                holder[holders] = grid
                holders += 1
        if words[slot + 1] >> 32:
            return holders
        slot += 2 + 4 * count


_KIND = numba.types.Array(numba.boolean, 1, "C", readonly=True)


@compiled(numba.void(_POINTS, _POINTS, numba.float64, *_LATTICE, _I8, _KIND, _I4, numba.boolean[::1]))
def decide(
    x: Floats,
    y: Floats,
    within: float,
    frames: Floats,
    shapes: Words,
    cells: Codes,
    blob: Floats,
    words: Words,
    rank: Words,
    kind: NDArray[np.bool_],
    found: Codes,
    tied: NDArray[np.bool_],
) -> None:
    """The preferred grid that holds each point, or is near enough, and whether another one of its kind does too."""
    holder = np.empty(len(rank) + 1, np.int64)
    for at in range(len(x)):
        holders = _holders(x[at], y[at], within, frames, shapes, cells, blob, words, holder)
        best, tie = NOWHERE if holders >= 0 else OPEN, False
        for each in range(holders):
            if best < 0 or rank[holder[each]] < rank[best]:
                best = holder[each]
        for each in range(holders):
            tie |= holder[each] != best and kind[holder[each]] == kind[best]
        found[at], tied[at] = best, tie


@compiled(numba.int64(_POINTS, _POINTS, numba.float64, *_LATTICE, numba.int64, _I8, _I8))
def holding(
    x: Floats,
    y: Floats,
    within: float,
    frames: Floats,
    shapes: Words,
    cells: Codes,
    blob: Floats,
    words: Words,
    grids: int,
    point: Words,
    grid: Words,
) -> int:
    """Pairs of a point and a grid that holds it; how many there are, more than fit are only counted.

    A point that can't be decided is paired with grid OPEN.
    """
    holder = np.empty(grids + 1, np.int64)
    pairs = 0
    for at in range(len(x)):
        holders = _holders(x[at], y[at], within, frames, shapes, cells, blob, words, holder)
        if holders < 0:
            holder[0], holders = OPEN, 1
        for each in range(1, holders):
            here, to = holder[each], each
            while to > 0 and holder[to - 1] > here:
                holder[to] = holder[to - 1]
                to -= 1
            holder[to] = here
        for each in range(holders):
            if pairs < len(point):
                point[pairs], grid[pairs] = at, holder[each]
            pairs += 1
    return pairs
