"""Laying lines into the cells of a lattice, and going through its rows: the compiled part of `geo.lattice`."""

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from geo.edges import Floats
from geo.lists import FULLS, INNERS, ODDS, STAMP, USED, Lists, make_lists, roomier
from geo.turns import compiled

NOWHERE, NESTED = -1, -1
CROWDED = 64
"""A cell crossed by more lines than this gets a lattice of its own."""

# Parts of a cell: how far beyond itself a cell looks for lines, many times what rounding can do.
_HAIR = 1e-6

# numba has no types of its own for mypy.
types: Any = numba.types
I4, I8, F8, F82 = numba.int32[::1], numba.int64[::1], numba.float64[::1], numba.float64[:, ::1]
POINTS = types.Array(numba.float64, 1, "C", readonly=True)
"""Arrays as compiled code takes them; those of points may be closed for writing."""

Words = NDArray[np.int64]
Codes = NDArray[np.int32]


class Lines(NamedTuple):
    """The lines of all parts of all grids, ring after ring.

    Line n leads from corner n to corner n + 1 and belongs to a part; where a ring ends, the part is -1. Of each part
    there is the grid and that grid's rank.
    """

    corners: Floats
    part: Codes
    grid: Codes
    rank: Codes


@compiled("UniTuple(f8, 4)(f8[:, ::1], i8)", inline="always")
def ends(corners: Floats, line: int) -> tuple[float, float, float, float]:
    """The ends of a line, the left one first, so that it reads the same from both of its grids."""
    ax, ay, bx, by = corners[line, 0], corners[line, 1], corners[line + 1, 0], corners[line + 1, 1]
    if ax < bx or (ax == bx and ay <= by):
        return ax, ay, bx, by
    return bx, by, ax, ay


@compiled("UniTuple(i8, 2)(f8, f8, f8, f8, i8, f8, f8)")
def _columns(ua: float, va: float, ub: float, vb: float, row: int, du: float, dv: float) -> tuple[int, int]:
    """First and last column, in this row, of a line given in cells."""
    first, last = min(ua, ub), max(ua, ub)
    if abs(vb - va) > 1e-9:
        slope = (ub - ua) / (vb - va)
        one = ua + (row - dv - _HAIR - va) * slope
        other = ua + (row + 1 + dv + _HAIR - va) * slope
        first, last = max(first, min(one, other) - _HAIR), min(last, max(one, other) + _HAIR)
    return int(np.floor(max(first - du, -1.0))), int(np.floor(min(last + du, 2e9)))


@compiled(numba.void(F82, I4, F8, numba.int64, numba.int64, numba.float64, I4, I4, numba.boolean))
def list_lines(
    corners: Floats,
    part: Codes,
    frame: Floats,
    width: int,
    height: int,
    reach: float,
    place: Codes,
    lines: Codes,
    store: bool,
) -> None:
    """Count the lines of each cell in `place`, or store them from there on; the last cell of a row has ~line."""
    du, dv = reach * frame[2], reach * frame[3]
    for line in range(len(part)):
        if part[line] < 0:
            continue
        ax, ay, bx, by = ends(corners, line)
        ua, va = (ax - frame[0]) * frame[2], (ay - frame[1]) * frame[3]
        ub, vb = (bx - frame[0]) * frame[2], (by - frame[1]) * frame[3]
        low = int(np.floor(max(min(va, vb) - dv, 0.0)))
        high = int(np.floor(min(max(va, vb) + dv, height - 1.0)))
        for row in range(low, high + 1):
            if low == high:
                first, last = int(np.floor(max(min(ua, ub) - du, -1.0))), int(np.floor(min(max(ua, ub) + du, 2e9)))
            else:
                first, last = _columns(ua, va, ub, vb, row, du, dv)
            # A line left of a nested lattice is listed in its first column: it may count there.
            first, last = max(first, 0), min(max(last, 0), width - 1)
            for cell in range(row * width + first, row * width + last + 1):
                if store:
                    lines[place[cell]] = ~line if cell == row * width + last else line
                place[cell] += 1


@compiled("i8(i4)", inline="always")
def _number(listed: int) -> int:
    return listed if listed >= 0 else ~listed


@compiled(None)
def _finish(words: Words, head: int, used: int, otherwise: int) -> None:
    """Say in the last header of a list what holds if none of its parts does."""
    while head < used:
        after = head + 2 + 4 * (words[head] >> 1)
        if after == used:
            words[head + 1] += np.int64(otherwise + 2) << 32
        head = after


@compiled(numba.boolean(F82, I4, numba.int64, numba.int64))
def _paired(corners: Floats, lines: Codes, begin: int, finish: int) -> bool:
    """Whether each line of a cell is there an even number of times, so that the parities of its parts add up evenly."""
    count = finish - begin
    if count % 2 or count > CROWDED:
        return False
    done = 0
    for one in range(count):
        if done >> one & 1:
            continue
        ax, ay, bx, by = ends(corners, _number(lines[begin + one]))
        twin = one + 1
        while twin < count:
            if not done >> twin & 1:
                cx, cy, dx, dy = ends(corners, _number(lines[begin + twin]))
                if ax == cx and ay == cy and bx == dx and by == dy:
                    break
            twin += 1
        if twin == count:
            return False
        done |= 1 << twin
    return True


class Sweep(NamedTuple):
    """Where the sweep along a row has got to: parity of each part, those that are odd, and room for a cell's parts."""

    parity: NDArray[np.uint8]
    place: Codes
    odd: Codes
    seen: Words
    part: Codes
    base: NDArray[np.uint8]
    begin: Codes
    end: Codes


@compiled(None)
def _toggle(one: int, sweep: Sweep, odds: int) -> int:
    """Change the parity of a part; how many parts are odd then."""
    sweep.parity[one] ^= 1
    if sweep.parity[one]:
        sweep.odd[odds], sweep.place[one] = one, odds
        return odds + 1
    last = sweep.odd[odds - 1]
    sweep.odd[sweep.place[one]], sweep.place[last] = last, sweep.place[one]
    return odds - 1


@compiled(None)
def _start_row(y: float, lines: Lines, base: NDArray[np.uint8], above: Floats, sweep: Sweep, odds: int) -> int:
    """The parities at the left end of a row, at one height: all even, unless this is a nested lattice."""
    for each in range(odds):
        sweep.parity[sweep.odd[each]] = 0
    odds = 0
    if len(above) == 0:
        return odds
    for one in range(len(base)):
        if base[one]:
            odds = _toggle(one, sweep, odds)
    for line in range(0, len(lines.part), 2):
        if (above[line] <= y) != (above[line + 1] <= y):
            odds = _toggle(int(lines.part[line]), sweep, odds)
    return odds


@compiled(None)
def _cover(rank: Codes, sweep: Sweep, odds: int, stamp: int) -> int:
    """The most preferred part that covers the whole cell, or -1."""
    best = -1
    for each in range(odds):
        one = sweep.odd[each]
        if sweep.seen[one] != stamp and (best < 0 or rank[one] < rank[best]):
            best = one
    return best


@compiled(None)
def _gather(
    column: int, y: float, lines: Lines, frame: Floats, listed: Codes, begin: int, end: int, sweep: Sweep, stamp: int
) -> int:
    """The parts whose lines cross a cell, with the parity that their lists start from; how many."""
    groups, at = 0, begin
    while at < end:
        one = lines.part[_number(listed[at])]
        odd = sweep.parity[one]
        sweep.begin[groups] = at
        while at < end and lines.part[_number(listed[at])] == one:
            ax, ay, bx, by = ends(lines.corners, _number(listed[at]))
            odd ^= ay <= y and (ax - frame[0]) * frame[2] < column
            odd ^= by <= y and (bx - frame[0]) * frame[2] < column
            at += 1
        sweep.end[groups], sweep.part[groups], sweep.base[groups] = at, one, odd
        sweep.seen[one] = stamp
        groups += 1
    return groups


@compiled(None)
def _sort(rank: Codes, sweep: Sweep, groups: int) -> None:
    """Put a cell's parts in the order of preference; they are two, seldom more."""
    for each in range(1, groups):
        one, odd, begin, end = sweep.part[each], sweep.base[each], sweep.begin[each], sweep.end[each]
        to = each
        while to > 0 and rank[sweep.part[to - 1]] > rank[one]:
            sweep.part[to], sweep.base[to] = sweep.part[to - 1], sweep.base[to - 1]
            sweep.begin[to], sweep.end[to] = sweep.begin[to - 1], sweep.end[to - 1]
            to -= 1
        sweep.part[to], sweep.base[to], sweep.begin[to], sweep.end[to] = one, odd, begin, end


@compiled(None)
def _needed(lines: Lines, sweep: Sweep, groups: int, cover: int, paired: bool) -> tuple[int, int]:
    """How many of a cell's sorted parts have to be asked, and the grid that it is when all of them say no."""
    if cover >= 0:
        while groups > 0 and lines.rank[sweep.part[groups - 1]] >= lines.rank[cover]:
            groups -= 1
        return groups, int(lines.grid[cover])
    odd = 0
    for each in range(groups):
        odd ^= sweep.base[each]
    # One of the parts holds the point, since an odd number of them does: no need to ask the last.
    if odd and paired:
        return groups - 1, int(lines.grid[sweep.part[groups - 1]])
    return groups, NOWHERE


@compiled(None)
def _write(
    column: int, lines: Lines, frame: Floats, listed: Codes, sweep: Sweep, groups: int, every: bool,
    blob: Floats, words: Words, used: int,
) -> int:  # fmt: skip
    """Write the lists of a cell's parts; where they end."""
    for each in range(groups):
        head = used
        used += 2
        for at in range(sweep.begin[each], sweep.end[each]):
            ax, ay, bx, by = ends(lines.corners, _number(listed[at]))
            # A line wholly left of the cell changes nothing in it, though it may be near.
            if every or not (bx - frame[0]) * frame[2] < column:
                blob[used], blob[used + 1], blob[used + 2], blob[used + 3] = ax, ay, bx, by
                used += 4
        words[head] = (used - head - 2) // 2 + sweep.base[each]
        words[head + 1] = lines.grid[sweep.part[each]]
    return used


@compiled(None)
def _write_covers(grid: Codes, sweep: Sweep, odds: int, stamp: int, words: Words, used: int) -> int:
    """Write every part that covers the whole cell; where they end."""
    for each in range(odds):
        if sweep.seen[sweep.odd[each]] != stamp:
            words[used], words[used + 1] = 1, grid[sweep.odd[each]]
            used += 2
    return used


@compiled(None)
def _crowd(sweep: Sweep, groups: int, odds: int, stamp: int, cover: int, every: bool, inner: Words, inners: int) -> int:
    """Write down the parts of a crowded cell with their parities, for its own lattice; where they end."""
    for each in range(groups):
        inner[inners] = 2 * sweep.part[each] + sweep.base[each]
        inners += 1
    for each in range(odds):
        one = sweep.odd[each]
        if one == cover or (every and sweep.seen[one] != stamp):
            inner[inners] = 2 * one + 1
            inners += 1
    return inners


@compiled(None)
def _sweep_cells(
    row: int, cell: int, stop: int, lines: Lines, start: Codes, listed: Codes, frame: Floats, first: int,
    every: bool, crowded: int, cells: Codes, sweep: Sweep, to: Lists,
) -> int:  # fmt: skip
    """Give cells of a row their codes, as long as there is room for lists; which cell comes next.

    Room is made outside: arrays that may be exchanged inside a loop make every turn of it slower.
    """
    y = frame[1] + (row + 0.5) / frame[3]
    blob, words, full, inner, tally = to
    used, fulls, inners, odds, stamp = tally[USED], tally[FULLS], tally[INNERS], tally[ODDS], tally[STAMP]
    code, stale = NOWHERE, True
    while cell < stop:
        begin, end, column = start[cell], start[cell + 1], cell - first
        if begin == end and not stale:
            # Most cells are empty like the one before.
            cells[cell] = code
            cell += 1
            continue
        if used + 6 * (end - begin) + 2 * odds + 2 > len(blob) or inners + end - begin + odds > len(inner):
            break
        if fulls == len(full):
            break
        stamp += 1
        if begin == end:
            stale = False
            cover = _cover(lines.rank, sweep, odds, stamp)
            code = lines.grid[cover] if cover >= 0 else NOWHERE
            if every and odds > 1:
                code = -2 - used // 2
                used = _write_covers(lines.grid, sweep, odds, stamp, words, used)
                words[used - 1] += np.int64(NOWHERE + 2) << 32
            continue
        groups = _gather(column, y, lines, frame, listed, begin, end, sweep, stamp)
        stale = True
        cover = _cover(lines.rank, sweep, odds, stamp)
        if end - begin > crowded:
            words[used], words[used + 1] = 0, NESTED << 32
            cells[cell] = -2 - used // 2
            before, inners = inners, _crowd(sweep, groups, odds, stamp, cover, every, inner, inners)
            full[fulls, 0], full[fulls, 1], full[fulls, 2] = cell, used, inners - before
            fulls, used = fulls + 1, used + 2
        else:
            wanted, otherwise = groups, NOWHERE
            if not every:
                _sort(lines.rank, sweep, groups)
                paired = cover < 0 and _paired(lines.corners, listed, begin, end)
                wanted, otherwise = _needed(lines, sweep, groups, cover, paired)
            cells[cell] = -2 - used // 2 if wanted else otherwise
            head = used
            used = _write(column, lines, frame, listed, sweep, wanted, every, blob, words, used)
            if every:
                used = _write_covers(lines.grid, sweep, odds, stamp, words, used)
            _finish(words, head, used, otherwise)
        for at in range(begin, end):
            # The last cell of a line in this row: right of it the line counts.
            line = ~listed[at]
            if line >= 0 and (lines.corners[line, 1] <= y) != (lines.corners[line + 1, 1] <= y):
                odds = _toggle(int(lines.part[line]), sweep, odds)
        cell += 1
    tally[USED], tally[FULLS], tally[INNERS], tally[ODDS], tally[STAMP] = used, fulls, inners, odds, stamp
    return cell


@compiled(None)
def sweep_rows(
    lines: Lines, start: Codes, listed: Codes, frame: Floats, width: int, height: int,
    base: NDArray[np.uint8], above: Floats, every: bool, crowded: int, cells: Codes, sweep: Sweep,
) -> Any:  # fmt: skip
    """Give every cell its code, row by row from the left.

    `base` and `above` carry the parities into a nested lattice: that of each part, and for each line the height from
    which on it counts once more (infinity for never). Returned are the lists and, of each crowded cell: its number,
    where its header is, how many parts it has; and these parts with their parities.
    """
    to = make_lists(6 * len(listed) + 64, 16, 64)
    for row in range(height):
        y = frame[1] + (row + 0.5) / frame[3]
        to.tally[ODDS] = _start_row(y, lines, base, above, sweep, to.tally[ODDS])
        cell = row * width
        while True:
            cell = _sweep_cells(
                row, cell, (row + 1) * width, lines, start, listed, frame, row * width, every, crowded, cells, sweep, to
            )
            if cell == (row + 1) * width:
                break
            to = roomier(to, start[cell + 1] - start[cell] + to.tally[ODDS] + 2)
    return to.blob, to.tally[USED], to.full[: to.tally[FULLS]], to.inner[: to.tally[INNERS]]
