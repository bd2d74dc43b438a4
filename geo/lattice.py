"""A lattice over grids: most of its cells lie in one grid, the others know the few lines that cross them.

What makes the answers exact is that a cell is defined by the very rounding that assigns points to it: the points whose
column and row, computed in doubles, are these. Corners are assigned to cells by the same sum, so "left of the cell" is
a fact and not a matter of tolerance. A line may be listed in a cell too many, never in one too few.

A part of a grid holds a point when an odd number of its lines lie to the left of it, at its height. Inside one cell
that number changes only at the lines listed there. Each cell keeps it for one height, and a line that comes in from
the left of the cell counts once more above its left end, which carries the number from that height to the point's.
The sum is taken with lines as they are, never clipped, so nothing is rounded.
"""

from collections import deque
from typing import Any, NamedTuple

import numba
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.edges import Floats
from geo.turns import compiled

NOWHERE, NESTED = -1, -1
CELLS_PER_EDGE, MOST_CELLS, FEWEST_CELLS = 8, 4_000_000, 64
CROWDED, DEEPEST = 64, 12
"""A cell crossed by more lines than this gets a lattice of its own, and so on to this depth."""

# Parts of a cell: how far beyond itself a cell looks for lines, many times what rounding can do.
_HAIR = 1e-6
_FINEST_ULPS = 4096.0
_SPARE_CELLS = 1 << 17

_I4, _I8, _F8, _U1 = numba.int32[::1], numba.int64[::1], numba.float64[::1], numba.uint8[::1]
_F82 = numba.float64[:, ::1]
_POINTS = numba.types.Array(numba.float64, 1, "C", readonly=True)

Words = NDArray[np.int64]
Codes = NDArray[np.int32]


class Lattice(NamedTuple):
    """Lattices within lattices, as flat arrays for compiled code.

    A cell's code is a grid's position, -1 for no grid, or below that -2 minus the place of its list: half the index
    into `blob`. A list is one header for each part of a grid that could be the answer, in the order of preference:
    number of lines and the parity left of them (bit 0), then the grid's position (lower half) and what holds if this
    part doesn't (upper half: 0 the next header, else a grid's position plus 2); after that the lines, four numbers
    each, the left end first. With -1 in the upper half, the lower one names the lattice to go on in.
    """

    frames: Floats
    shapes: NDArray[np.int64]
    cells: Codes
    blob: Floats
    words: Words


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


@compiled(numba.void(_F82, _I4, _F8, numba.int64, numba.int64, numba.float64, _I4, _I4, numba.boolean))
def _list_lines(
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


@compiled(numba.types.Tuple((_F8, _I8))(_F8, _I8, numba.int64, numba.int64))
def _room(blob: Floats, words: Words, used: int, more: int) -> tuple[Floats, Words]:
    if used + more <= len(blob):
        return blob, words
    wider = np.empty(2 * len(blob) + more)
    wider[:used] = blob[:used]
    return wider, wider.view(np.int64)


@compiled(numba.boolean(_F82, _I4, numba.int64, numba.int64))
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


_SWEPT = numba.types.Tuple((_F8, numba.int64, _I8, _I8, _I8, _I8))


@compiled(
    _SWEPT(_F82, _I4, _I4, _I4, _I4, _I4, _F8, numba.int64, numba.int64, _U1, _F8, numba.boolean, numba.int64, _I4)
)
def _sweep(
    corners: Floats,
    part: Codes,
    grid: Codes,
    rank: Codes,
    start: Codes,
    lines: Codes,
    frame: Floats,
    width: int,
    height: int,
    base: NDArray[np.uint8],
    above: Floats,
    every: bool,
    crowded: int,
    cells: Codes,
) -> Any:
    """Give every cell its code, row by row from the left.

    `base` and `above` carry the parities into a nested lattice: that of each part, and for each line the height from
    which on it counts once more (infinity for never). Returned are the lists and, of each crowded cell: its number,
    where its header is, how many parts it has; and these parts with their parities.
    """
    blob = np.empty(6 * len(lines) + 64)
    words = blob.view(np.int64)
    used = 0
    parts = len(grid)
    state, at = np.zeros(parts, np.uint8), np.zeros(parts, np.int32)
    active, actives = np.empty(parts, np.int32), 0
    stamp, stamps = np.zeros(parts, np.int64), 0
    largest = 0
    for cell in range(width * height):
        largest = max(largest, start[cell + 1] - start[cell])
    group, group_base = np.empty(largest + 1, np.int32), np.empty(largest + 1, np.uint8)
    group_from, group_to = np.empty(largest + 1, np.int32), np.empty(largest + 1, np.int32)
    full_cell, full_slot, full_parts = np.empty(16, np.int64), np.empty(16, np.int64), np.empty(16, np.int64)
    fulls = 0
    inner, inners = np.empty(64, np.int64), 0
    nested = len(above) > 0
    for row in range(height):
        y = frame[1] + (row + 0.5) / frame[3]
        for each in range(actives):
            state[active[each]] = 0
        actives = 0
        if nested:
            state[:] = base
            for line in range(0, len(part), 2):
                if (above[line] <= y) != (above[line + 1] <= y):
                    state[part[line]] ^= 1
            for one in range(parts):
                if state[one]:
                    active[actives], at[one] = one, actives
                    actives += 1
        code, stale = NOWHERE, True
        for column in range(width):
            cell = row * width + column
            begin, finish = start[cell], start[cell + 1]
            if begin == finish:
                if stale:
                    stale = False
                    code = NOWHERE
                    best = -1
                    for each in range(actives):
                        if best < 0 or rank[active[each]] < rank[best]:
                            best = active[each]
                    if best >= 0:
                        code = grid[best]
                    if every and actives > 1:
                        blob, words = _room(blob, words, used, 2 * actives)
                        code = -2 - used // 2
                        order = active[:actives][np.argsort(rank[active[:actives]])]
                        for each in range(actives):
                            words[used] = 1
                            words[used + 1] = grid[order[each]] + ((1 if each == actives - 1 else 0) << 32)
                            used += 2
                cells[cell] = code
                continue
            stale = True
            stamps += 1
            groups, odd = 0, 0
            at_line = begin
            while at_line < finish:
                line = _number(lines[at_line])
                one = part[line]
                inside = state[one]
                group_from[groups] = at_line
                while at_line < finish:
                    line = _number(lines[at_line])
                    if part[line] != one:
                        break
                    ax, ay, bx, by = ends(corners, line)
                    inside ^= ay <= y and (ax - frame[0]) * frame[2] < column
                    inside ^= by <= y and (bx - frame[0]) * frame[2] < column
                    at_line += 1
                group_to[groups] = at_line
                group[groups], group_base[groups] = one, inside
                stamp[one] = stamps
                odd ^= inside
                groups += 1
            cover = -1
            for each in range(actives):
                one = active[each]
                if stamp[one] != stamps and (cover < 0 or rank[one] < rank[cover]):
                    cover = one
            if finish - begin > crowded:
                blob, words = _room(blob, words, used, 2)
                words[used], words[used + 1] = 0, NESTED << 32
                cells[cell] = -2 - used // 2
                if fulls == len(full_cell):
                    full_cell, full_slot = np.append(full_cell, full_cell), np.append(full_slot, full_slot)
                    full_parts = np.append(full_parts, full_parts)
                full_cell[fulls], full_slot[fulls] = cell, used
                used += 2
                before = inners
                while inners + groups + actives > len(inner):
                    inner = np.append(inner, inner)
                for each in range(groups):
                    inner[inners] = 2 * group[each] + group_base[each]
                    inners += 1
                for each in range(actives):
                    one = active[each]
                    if one == cover or (every and stamp[one] != stamps):
                        inner[inners] = 2 * one + 1
                        inners += 1
                full_parts[fulls] = inners - before
                fulls += 1
            else:
                # Insertion sort by rank: a cell has two parts, seldom more.
                for each in range(1, groups):
                    one, inside, low, high = group[each], group_base[each], group_from[each], group_to[each]
                    to = each
                    while to > 0 and rank[group[to - 1]] > rank[one]:
                        group[to], group_base[to] = group[to - 1], group_base[to - 1]
                        group_from[to], group_to[to] = group_from[to - 1], group_to[to - 1]
                        to -= 1
                    group[to], group_base[to], group_from[to], group_to[to] = one, inside, low, high
                last_answer = NOWHERE
                wanted = groups
                if not every and cover >= 0:
                    last_answer = grid[cover]
                    while wanted > 0 and rank[group[wanted - 1]] >= rank[cover]:
                        wanted -= 1
                elif not every and odd and _paired(corners, lines, begin, finish):
                    # One of the parts holds the point, since an odd number of them does: no need to ask the last.
                    wanted -= 1
                    last_answer = grid[group[wanted]]
                if wanted == 0 and not every:
                    cells[cell] = last_answer
                else:
                    cells[cell] = -2 - used // 2
                    blob, words = _room(blob, words, used, 4 * (finish - begin) + 2 * (groups + actives))
                    shown = actives if every else 0
                    for each in range(wanted):
                        head = used
                        used += 2
                        count = 0
                        for at_line in range(group_from[each], group_to[each]):
                            line = _number(lines[at_line])
                            ax, ay, bx, by = ends(corners, line)
                            if not every and (bx - frame[0]) * frame[2] < column:
                                continue
                            blob[used], blob[used + 1], blob[used + 2], blob[used + 3] = ax, ay, bx, by
                            used += 4
                            count += 1
                        words[head] = 2 * count + group_base[each]
                        words[head + 1] = grid[group[each]]
                    for each in range(shown):
                        one = active[each]
                        if stamp[one] != stamps:
                            head = used
                            words[head], words[head + 1] = 1, grid[one]
                            used += 2
                    words[head + 1] += np.int64(last_answer + 2) << 32
            for at_line in range(begin, finish):
                if lines[at_line] < 0:
                    line = ~lines[at_line]
                    if (corners[line, 1] <= y) != (corners[line + 1, 1] <= y):
                        one = part[line]
                        state[one] ^= 1
                        if state[one]:
                            active[actives], at[one] = one, actives
                            actives += 1
                        else:
                            actives -= 1
                            active[at[one]] = active[actives]
                            at[active[actives]] = at[one]
    return blob, used, full_cell[:fulls], full_slot[:fulls], full_parts[:fulls], inner[:inners]


def build(lines: Lines, box: tuple[float, float, float, float], *, every: bool = False, reach: float = 0.0) -> Lattice:
    """Lay a lattice over the lines of all parts.

    Parameters
    ----------
    lines : Lines
        All of finite coordinates, at least one.
    box : tuple of float
        Least x, least y, greatest x, greatest y of all lines.
    every : bool, default False
        Whether lists name all parts that may hold a point, not only those that could win.
    reach : float, default 0
        How far beyond itself each cell looks for lines.
    """
    side = _side(box, len(lines.part))
    frame = np.array([box[0] - 1.37 * side - reach, box[1] - 1.41 * side - reach, 1.0 / side, 1.0 / side])
    width, height = (int((box[at + 2] + reach - frame[at]) / side) + 1 for at in (0, 1))
    frames, shapes, cells, blobs = [], [], [], []
    cell_count = slot_count = 0
    waiting = deque([(lines, frame, width, height, np.zeros(len(lines.grid), np.uint8), np.empty(0), 0, 0)])
    planned = width * height
    # Many lines through one point crowd cells at every depth, and no lattice parts them: there is an end to it.
    most = planned + CELLS_PER_EDGE * len(lines.part) + _SPARE_CELLS
    finest = _FINEST_ULPS * float(np.spacing(np.abs(box).max()))
    links: list[tuple[int, int]] = []
    while waiting:
        here, frame, width, height, base, above, depth, slot = waiting.popleft()
        if depth:
            links.append((slot, len(frames)))
        start, listed = _listed(here, frame, width, height, reach)
        codes = np.empty(width * height, np.int32)
        can_divide = depth < DEEPEST and 1.0 / frame[2] > 64 * finest and planned < most
        blob, used, full, slots, counts, inner = _sweep(
            here.corners, here.part, here.grid, here.rank, start, listed, frame, width, height, base, above,
            every, CROWDED if can_divide else 2**62, codes,
        )  # fmt: skip
        codes[codes < NOWHERE] -= slot_count // 2
        frames.append(frame)
        shapes.append((width, height, cell_count))
        cells.append(codes)
        blobs.append(blob[:used])
        for cell, its_slot, its_inner in zip(full, slots, np.split(inner, np.cumsum(counts))[:-1], strict=True):
            ids = listed[start[cell] : start[cell + 1]]
            side = min(max(int(np.sqrt(4 * len(ids))), 8), 256) if planned < most else 1
            planned += side * side
            nested = _nested(here, np.where(ids < 0, ~ids, ids), its_inner, frame, cell % width, cell // width, side)
            waiting.append((*nested, depth + 1, slot_count + int(its_slot)))
        cell_count += width * height
        slot_count += used
    blob = blobs[0] if len(blobs) == 1 else np.concatenate(blobs)
    words = blob.view(np.int64)
    for slot, number in links:
        words[slot + 1] += number
    return Lattice(
        np.array(frames),
        np.array(shapes, np.int64),
        cells[0] if len(cells) == 1 else np.concatenate(cells),
        blob,
        words,
    )


def _side(box: tuple[float, float, float, float], lines: int) -> float:
    """The side of a cell: as many cells as the lines deserve, none finer than doubles can tell apart."""
    wanted = min(max(CELLS_PER_EDGE * lines, FEWEST_CELLS), MOST_CELLS)
    wide, high = box[2] - box[0], box[3] - box[1]
    finest = _FINEST_ULPS * float(np.spacing(np.abs(box).max()))
    return max(np.sqrt(wide) * np.sqrt(high) / np.sqrt(wanted), max(wide, high) / wanted, finest)


def _listed(lines: Lines, frame: Floats, width: int, height: int, reach: float) -> tuple[Codes, Codes]:
    """The lines of each cell: those of cell c from start[c] to start[c + 1]."""
    start = np.zeros(width * height + 2, np.int32)
    nothing = np.empty(0, np.int32)
    _list_lines(lines.corners, lines.part, frame, width, height, reach, start[2:], nothing, False)
    np.cumsum(start, out=start)
    listed = np.empty(start[-1], np.int32)
    _list_lines(lines.corners, lines.part, frame, width, height, reach, start[1:], listed, True)
    return start[:-1], listed


def _nested(lines: Lines, ids: Codes, inner: Words, frame: Floats, column: int, row: int, count: int) -> Any:
    """What a crowded cell hands on to its own lattice."""
    parts, base = (inner // 2).astype(np.int32), (inner % 2).astype(np.uint8)
    order = np.argsort(parts)
    parts, base = parts[order], base[order]
    # Two corners for each line: the odd "lines" between them are no lines.
    corners = lines.corners[np.stack([ids, ids + 1], axis=1)].reshape(-1, 2)
    part = np.full(2 * len(ids), -1, np.int32)
    part[::2] = np.searchsorted(parts, lines.part[ids])
    local = Lines(corners, part, lines.grid[parts], lines.rank[parts])
    above = np.where((corners[:, 0] - frame[0]) * frame[2] < column, corners[:, 1], np.inf)
    side = 1.0 / frame[2]
    inner_side = side * 1.002 / count
    corner = frame[0] + (column - 0.001) * side, frame[1] + (row - 0.001) * side
    return local, np.array([*corner, 1 / inner_side, 1 / inner_side]), count, count, base, above


def lines_of(geometry: NDArray[np.object_], rank: NDArray[np.int64]) -> Lines:
    """The lines of polygons and multipolygons; missing and empty ones have none.

    Parameters
    ----------
    geometry : array of Polygon or MultiPolygon
        The grids.
    rank : int64 array
        Of each grid, how many are preferred to it.
    """
    # Taking rings out of a polygon copies it, so only those that need it are taken apart.
    plain = (shapely.get_type_id(geometry) == 3) & (shapely.get_num_interior_rings(geometry) == 0)
    plain &= shapely.get_num_coordinates(geometry) > 0
    parts, owner = shapely.get_parts(geometry[~plain], return_index=True)
    rings, its_part = shapely.get_rings(parts, return_index=True)
    owner = np.concatenate([np.flatnonzero(plain), np.flatnonzero(~plain)[owner]])
    length = np.concatenate([shapely.get_num_coordinates(geometry[plain]), shapely.get_num_coordinates(rings)])
    ring_part = np.concatenate([np.arange(plain.sum()), plain.sum() + its_part])
    corners = shapely.get_coordinates(geometry[plain])
    if len(rings):
        corners = np.concatenate([corners, shapely.get_coordinates(rings)])
    part = np.repeat(ring_part.astype(np.int32), length)
    last = np.cumsum(length) - 1
    still = np.zeros(len(corners), bool)
    # Column by column: over an axis of two NumPy is ten times slower.
    still[:-1] = (corners[1:, 0] == corners[:-1, 0]) & (corners[1:, 1] == corners[:-1, 1])
    # A line without length says nothing that its neighbours don't, unless its ring has no other.
    first = last - length + 1
    if still.any():
        still[first[np.add.reduceat(still.astype(np.int64), first) >= length - 1]] = False
    part[still] = -1
    part[last] = -1
    return Lines(corners, part, owner.astype(np.int32), rank[owner].astype(np.int32))
