"""Looking points up in a lattice: the compiled inner loops of `geo.locator`."""

import numba
import numpy as np
from numpy.typing import NDArray

from geo.edges import Floats
from geo.outlines import to_line
from geo.sweep import F8, F82, I4, I8, NESTED, NOWHERE, POINTS, Codes, Words, types
from geo.turns import LEAST, UNDECIDED, UNSURE, compiled, turn

OPEN = -2
"""The answer for a point that compiled arithmetic can't decide."""

_HOLDS, _NEAR, _LOST = 1, 2, 3
_AT_ONCE = 1024
_ONE, _TWO, _THREE, _FOUR = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
"""Unsigned, so that numba leaves out its check for places counted from the end."""

_LATTICE = (F82, numba.int64[:, ::1], I4, F8, I8)


@compiled(None)
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


@compiled(None)
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
    while code < NOWHERE and words[(-2 - code) * 2 + 1] >> 32 == NESTED:
        node = words[(-2 - code) * 2 + 1] & 0xFFFFFFFF
        column = int((x - frames[node, 0]) * frames[node, 2])
        row = int((y - frames[node, 1]) * frames[node, 3])
        code = int(cells[shapes[node, 2] + row * shapes[node, 0] + column])
    return code, node


@compiled(None)
def _follow(
    code: int, x: float, y: float, frames: Floats, shapes: Words, cells: Codes, blob: Floats, words: Words
) -> int:
    """The grid of a point whose cell has a list, exactly."""
    code, node = _enter(code, 0, x, y, frames, shapes, cells, blob, words)
    if code >= NOWHERE:
        return code
    slot = (-2 - code) * 2
    left, scale = frames[node, 0], frames[node, 2]
    column = np.floor((x - left) * scale)
    while True:
        count, odd = words[slot] >> 1, words[slot] & 1
        answer = _exactly(blob, slot + 2, count, odd, x, y, left, scale, column)
        if answer == _LOST:
            return OPEN
        if answer == _HOLDS:
            return int(words[slot + 1] & 0xFFFFFFFF)
        more = int(words[slot + 1] >> 32)
        if more:
            return more - 2
        slot += 2 + 4 * count


@compiled(numba.void(POINTS, POINTS, *_LATTICE, I4))
def locate(
    x: Floats, y: Floats, frames: Floats, shapes: Words, cells: Codes, blob: Floats, words: Words, found: Codes
) -> None:
    """The grid of each point into `found`: -1 for none, -2 where this arithmetic can't decide."""
    number, waiting = np.empty(_AT_ONCE, np.uint32), np.empty(_AT_ONCE, np.int32)
    left, low, scale, up = frames[0, 0], frames[0, 1], frames[0, 2], frames[0, 3]
    width, wide, high = np.uint32(shapes[0, 0]), float(shapes[0, 0]), float(shapes[0, 1])
    touched = 0.0
    for start in range(0, len(x), _AT_ONCE):
        size = min(_AT_ONCE, len(x) - start)
        # Short loops over a batch: without branches the processor works on many points at once.
        some_x, some_y, some = x[start : start + size], y[start : start + size], found[start : start + size]
        for at in range(size):
            u, v = (some_x[at] - left) * scale, (some_y[at] - low) * up
            inside = (u >= 0.0) & (v >= 0.0) & (u < wide) & (v < high)
            # Cell 0 lies beyond every grid, so it serves for all points outside.
            row, column = np.int32(v if inside else 0.0), np.int32(u if inside else 0.0)
            number[at] = np.uint32(row) * width + np.uint32(column)
        for at in range(size):
            some[at] = cells[number[at]]
        count = 0
        for at in range(size):
            waiting[np.uint64(count)] = at
            count += some[at] < NOWHERE
        # Memory is asked for all lists of the batch before the first is read.
        for each in range(count):
            slot = np.uint64(-2 - some[waiting[each]]) * _TWO
            touched += blob[slot] + blob[min(slot + np.uint64(8), np.uint64(len(blob) - 1))]
        for each in range(count):
            at = waiting[each]
            px, py = some_x[at], some_y[at]
            column = np.floor((px - left) * scale)
            slot = np.uint64(-2 - some[at]) * _TWO
            while True:
                head, then = words[slot], words[slot + _ONE]
                lines, odd, near = head >> 1, head & 1, 0
                slot += _TWO
                for _ in range(lines):
                    ax, ay = blob[slot], blob[slot + _ONE]
                    bx, by = blob[slot + _TWO], blob[slot + _THREE]
                    slot += _FOUR
                    one = (ax - px) * (by - py)
                    other = (ay - py) * (bx - px)
                    area = one - other
                    near |= int(not (abs(area) > UNSURE * (abs(one) + abs(other)) + LEAST))
                    over = ay <= py
                    odd ^= ((over != (by <= py)) & ((area < 0.0) == over)) ^ (over & ((ax - left) * scale < column))
                more = then >> 32
                answer = then & 0xFFFFFFFF if odd else more - 2
                if near or more or odd:
                    break
            if near or more == NESTED:
                answer = _follow(np.int64(some[at]), px, py, frames, shapes, cells, blob, words)
            some[at] = answer
    # Never true; without a use of it the compiler would drop the reading above.
    if touched == 1.0 and len(x) == 0:
        found[0] = 0


@compiled(None)
def _within(blob: Floats, slot: int, count: int, x: float, y: float, within: float) -> bool:
    for at in range(slot, slot + 4 * count, 4):
        if to_line(blob[at], blob[at + 1], blob[at + 2], blob[at + 3], x, y) <= within * within:
            return True
    return False


@compiled(None, inline="always")
def _code(x: float, y: float, frames: Floats, shapes: Words, cells: Codes) -> int:
    u, v = (x - frames[0, 0]) * frames[0, 2], (y - frames[0, 1]) * frames[0, 3]
    inside = u >= 0.0 and v >= 0.0 and u < shapes[0, 0] and v < shapes[0, 1]
    return int(cells[np.uint64(int(v) * shapes[0, 0] + int(u))]) if inside else NOWHERE


@compiled(None)
def _holders(
    code: int,
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
    code, node = _enter(code, 0, x, y, frames, shapes, cells, blob, words)
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


_KIND = types.Array(numba.boolean, 1, "C", readonly=True)


@compiled(numba.void(POINTS, POINTS, numba.float64, *_LATTICE, I8, _KIND, I4, numba.boolean[::1]))
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
    number, waiting = np.empty(_AT_ONCE, np.uint32), np.empty(_AT_ONCE, np.int32)
    left, low, scale, up = frames[0, 0], frames[0, 1], frames[0, 2], frames[0, 3]
    width, wide, high = np.uint32(shapes[0, 0]), float(shapes[0, 0]), float(shapes[0, 1])
    for start in range(0, len(x), _AT_ONCE):
        size = min(_AT_ONCE, len(x) - start)
        # Short loops over a batch, as in `locate`.
        some_x, some_y = x[start : start + size], y[start : start + size]
        some, its_tie = found[start : start + size], tied[start : start + size]
        for at in range(size):
            u, v = (some_x[at] - left) * scale, (some_y[at] - low) * up
            inside = (u >= 0.0) & (v >= 0.0) & (u < wide) & (v < high)
            row, column = np.int32(v if inside else 0.0), np.int32(u if inside else 0.0)
            number[at] = np.uint32(row) * width + np.uint32(column)
        count = 0
        for at in range(size):
            code = cells[number[at]]
            some[at], its_tie[at] = code, False
            waiting[np.uint64(count)] = at
            count += code < NOWHERE
        for each in range(count):
            at = waiting[each]
            code = np.int64(some[at])
            holders = _holders(code, some_x[at], some_y[at], within, frames, shapes, cells, blob, words, holder)
            best, tie = NOWHERE if holders >= 0 else OPEN, False
            for one in range(holders):
                if best < 0 or rank[holder[one]] < rank[best]:
                    best = holder[one]
            for one in range(holders):
                tie |= holder[one] != best and kind[holder[one]] == kind[best]
            some[at], its_tie[at] = best, tie


@compiled(numba.int64(POINTS, POINTS, numba.float64, *_LATTICE, numba.int64, I8, I8))
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
        code = _code(x[at], y[at], frames, shapes, cells)
        holder[0], holders = code, int(code > NOWHERE)
        if code < NOWHERE:
            holders = _holders(code, x[at], y[at], within, frames, shapes, cells, blob, words, holder)
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
