"""Where walks meet the borders of grids: the compiled search behind `geo.lines` and `geo.streets`.

Border lines are listed by the cells of a lattice (`geo.border_lattice`), so an edge of a walk looks only at those near
it. Import this module where it is used, not above: it brings numba, which a process without walks need not load.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.anneal import compiled
from geo.border_lattice import Lattice, column_span
from geo.edges import Floats, Positions


class Walks(NamedTuple):
    """Walks as vertices: edge ``e`` goes from vertex ``first[e]`` to the next one, and belongs to ``part[e]``."""

    place: Floats
    first: Positions
    part: Positions


class Pairs(NamedTuple):
    """Edges of walks and border lines near them, in the order of the edges."""

    edge: Positions
    line: NDArray[np.int32]


class Runs(NamedTuple):
    """Walks taken apart at borders: run ``r`` begins on ``edge[r]``, ``share[r]`` of the way along, and ends where the
    next one begins or its part ends. ``x``, ``y`` is the middle of its longest straight stretch, and tells its grid.
    """

    edge: Positions
    share: Floats
    x: Floats
    y: Floats
    metres: Floats
    seconds: Floats


@compiled
def edges_near(walks: Walks, lattice: Lattice, margin: float) -> Positions:
    """The edges whose box, widened by the margin, touches a cell with lines: the few that are worth a closer look."""
    near, count = np.empty(len(walks.first), np.int64), 0
    place, begin, columns = walks.place, lattice.begin, lattice.cells.columns
    west, south, each = lattice.cells.west, lattice.cells.south, 1.0 / lattice.cells.side
    most_column, most_row = lattice.cells.columns - 1.0, lattice.cells.rows - 1.0
    for edge in range(len(walks.first)):
        at = walks.first[edge]
        ax, ay, bx, by = place[at, 0], place[at, 1], place[at + 1, 0], place[at + 1, 1]
        left = int(max((min(ax, bx) - margin - west) * each, 0.0))
        bottom = int(max((min(ay, by) - margin - south) * each, 0.0))
        right = int(min(max((max(ax, bx) + margin - west) * each, -1.0), most_column))
        top = int(min(max((max(ay, by) + margin - south) * each, -1.0), most_row))
        for row in range(bottom, top + 1):
            if right >= left and begin[row * columns + right + 1] > begin[row * columns + left]:
                near[count] = edge
                count += 1
                break
    return near[:count]


@compiled
def find_pairs(walks: Walks, lattice: Lattice, margin: float) -> Pairs:
    """The pairs of an edge and a border line whose boxes come within the margin of each other."""
    near = edges_near(walks, lattice, margin)
    stamp = np.full(len(lattice.start), -1, np.int64)
    edges, lines = np.empty(len(near) + 16, np.int64), np.empty(len(near) + 16, np.int32)
    count, done = np.int64(0), np.int64(0)
    while done < len(near):
        done, count = fill_pairs(walks, lattice, margin, near, done, stamp, edges, lines, count)
        if done < len(near):
            edges, lines = np.append(edges, edges), np.append(lines, lines)
    return Pairs(edges[:count], lines[:count])


@compiled
def fill_pairs(
    walks: Walks,
    lattice: Lattice,
    margin: float,
    near: Positions,
    done: int,
    stamp: Positions,
    edges: Positions,
    lines: NDArray[np.int32],
    count: int,
) -> tuple[int, int]:
    """Write pairs as long as there is room; which of the near edges comes next, and how many pairs there are."""
    start, end, begin, listed, cells = lattice
    place = walks.place
    each, most_column, most_row = 1.0 / cells.side, cells.columns - 1.0, cells.rows - 1.0
    for which in range(done, len(near)):
        edge = near[which]
        at, before = walks.first[edge], count
        ax, ay, bx, by = place[at, 0], place[at, 1], place[at + 1, 0], place[at + 1, 1]
        west, east, south, north = (
            min(ax, bx) - margin,
            max(ax, bx) + margin,
            min(ay, by) - margin,
            max(ay, by) + margin,
        )
        left, bottom = int(max((west - cells.west) * each, 0.0)), int(max((south - cells.south) * each, 0.0))
        right = int(min(max((east - cells.west) * each, -1.0), most_column))
        top = int(min(max((north - cells.south) * each, -1.0), most_row))
        # Of a short edge, the box is hardly more than the cells that it runs through.
        long = top > bottom and right > left + 2
        for row in range(bottom, top + 1):
            if long:
                left, right = column_span(cells, row, ax, ay, bx, by, margin)
            if left > right:
                continue
            # The lines of neighbouring cells of a row follow each other.
            for at in range(begin[row * cells.columns + left], begin[row * cells.columns + right + 1]):
                line = listed[at]
                if stamp[line] == edge:
                    continue
                px, py, qx, qy = start[line, 0], start[line, 1], end[line, 0], end[line, 1]
                if min(px, qx) <= east and max(px, qx) >= west and min(py, qy) <= north and max(py, qy) >= south:
                    if count == len(edges):
                        stamp[:] = -1
                        return which, before
                    stamp[line], edges[count], lines[count] = edge, edge, line
                    count += 1
    return len(near), count


@compiled
def apart(x: float, y: float, ax: float, ay: float, bx: float, by: float) -> float:
    """How far a place is from the edge from a to b."""
    along_x, along_y, off_x, off_y = bx - ax, by - ay, x - ax, y - ay
    length2 = along_x * along_x + along_y * along_y
    foot = 0.0
    if length2 > 0.0:
        foot = min(max((off_x * along_x + off_y * along_y) / length2, 0.0), 1.0)
    return float(np.hypot(off_x - foot * along_x, off_y - foot * along_y))


@compiled
def passes_by(
    ax: float, ay: float, bx: float, by: float, px: float, py: float, qx: float, qy: float, margin: float
) -> bool:
    """Whether p-q lies wholly to one side of the edge a-b, farther off than the margin, as most lines do."""
    ux, uy = bx - ax, by - ay
    one, other = ux * (py - ay) - uy * (px - ax), ux * (qy - ay) - uy * (qx - ax)
    # Twice the margin: rounding must not pass by what `meet` would find.
    clear = 2.0 * margin * (abs(ux) + abs(uy))
    return (one > clear and other > clear) or (one < -clear and other < -clear)


@compiled
def meet(
    ax: float, ay: float, bx: float, by: float, px: float, py: float, qx: float, qy: float, margin: float, share: Floats
) -> int:
    """Fill ``share`` with how far along a-b it crosses p-q or has an end of it beside; return how many places.

    Where an end of a-b itself lies beside p-q, that end is a place too.
    """
    count = 0
    ux, uy, vx, vy, wx, wy = bx - ax, by - ay, qx - px, qy - py, px - ax, py - ay
    length = np.hypot(ux, uy)
    if apart(ax, ay, px, py, qx, qy) <= margin:
        share[count] = 0.0
        count += 1
    if apart(bx, by, px, py, qx, qy) <= margin:
        share[count] = 1.0
        count += 1
    if length == 0.0:
        return count
    slack = margin / length
    for turn in range(2):
        ox, oy = wx + turn * vx, wy + turn * vy
        foot = (ox * ux + oy * uy) / (length * length)
        if -slack <= foot <= 1.0 + slack and abs(ux * oy - uy * ox) <= margin * length:
            share[count] = min(max(foot, 0.0), 1.0)
            count += 1
    turned = ux * vy - uy * vx
    if turned != 0.0:
        mine, other = (wx * vy - wy * vx) / turned, (wx * uy - wy * ux) / turned
        other_slack = margin / np.hypot(vx, vy)
        if -slack <= mine <= 1.0 + slack and -other_slack <= other <= 1.0 + other_slack:
            share[count] = min(max(mine, 0.0), 1.0)
            count += 1
    return count


@compiled
def find_cuts(walks: Walks, lattice: Lattice, margin: float) -> tuple[Positions, Floats]:
    """Where borders cut each edge: the shares of edge ``e`` are ``share[begin[e]:begin[e + 1]]``, ascending.

    Places within the margin of each other are one, and those within the margin of a vertex are exactly 0 or 1.
    """
    begin = np.zeros(len(walks.first) + 1, np.int64)
    pairs = find_pairs(walks, lattice, margin)
    most, same = 0, 0
    for pair in range(len(pairs.edge)):
        same = same + 1 if pair and pairs.edge[pair] == pairs.edge[pair - 1] else 1
        most = max(most, same)
    # Each line meets an edge in five places at most.
    share, here, places = np.empty(5 * len(pairs.edge)), np.empty(5), np.empty(5 * most)
    pair, total = 0, np.int64(0)
    while pair < len(pairs.edge):
        edge, count = pairs.edge[pair], 0
        at = walks.first[edge]
        ax, ay, bx, by = walks.place[at, 0], walks.place[at, 1], walks.place[at + 1, 0], walks.place[at + 1, 1]
        while pair < len(pairs.edge) and pairs.edge[pair] == edge:
            line = pairs.line[pair]
            pair += 1
            px, py, qx, qy = lattice.start[line, 0], lattice.start[line, 1], lattice.end[line, 0], lattice.end[line, 1]
            if passes_by(ax, ay, bx, by, px, py, qx, qy, margin):
                continue
            meetings = meet(ax, ay, bx, by, px, py, qx, qy, margin, here)
            for each in range(meetings):
                places[count + each] = here[each]
            count += meetings
        if count:
            length = np.hypot(bx - ax, by - ay)
            slack = margin / length if length > margin else 0.0
            before = total
            total = keep_places(places[:count], slack, share, total)
            begin[edge + 1] = total - before
    for edge in range(1, len(begin)):
        begin[edge] += begin[edge - 1]
    return begin, share[:total].copy()


@compiled
def keep_places(places: Floats, slack: float, share: Floats, total: int) -> int:
    """Append an edge's places in their order, those that differ by no more than the slack once."""
    # A handful: sorting them here spares compiling a sort for any number.
    for each in range(1, len(places)):
        place, to = places[each], each
        while to > 0 and places[to - 1] > place:
            places[to] = places[to - 1]
            to -= 1
        places[to] = place
    last = -1.0
    for at in range(len(places)):
        place = places[at]
        if place <= slack and last < 0.0:
            place = 0.0
        elif place >= 1.0 - slack and place > 0.0:
            place = 1.0
        if last < 0.0 or place - last > slack or (place == 1.0 and last < 1.0):
            share[total] = place
            total += 1
            last = place
    return total


@compiled
def find_runs(walks: Walks, seconds: Floats, begin: Positions, share: Floats) -> Runs:
    """Take walks apart at their cuts; ``seconds`` is the time spent on each edge."""
    # A run begins with a part or at a cut.
    most = len(share) + 1
    for edge in range(1, len(walks.first)):
        most += walks.part[edge] != walks.part[edge - 1]
    edges, shares = np.empty(most, np.int64), np.empty(most)
    x, y, metres, spent = np.empty(most), np.empty(most), np.zeros(most), np.zeros(most)
    place, count, longest, broken = walks.place, 0, -1.0, True
    for edge in range(len(walks.first)):
        start = walks.first[edge]
        ax, ay, bx, by = place[start, 0], place[start, 1], place[start + 1, 0], place[start + 1, 1]
        length = np.sqrt((bx - ax) * (bx - ax) + (by - ay) * (by - ay))
        broken |= edge > 0 and walks.part[edge] != walks.part[edge - 1]
        at, stop = begin[edge], begin[edge + 1]
        if at < stop and share[at] == 0.0:
            broken = True
            at += 1
        done = 0.0
        while done < 1.0:
            until = share[at] if at < stop else 1.0
            if broken:
                edges[count], shares[count] = edge, done
                count, longest, broken = count + 1, -1.0, False
            metres[count - 1] += (until - done) * length
            spent[count - 1] += (until - done) * seconds[edge]
            if (until - done) * length > longest:
                longest = (until - done) * length
                half = (done + until) / 2
                x[count - 1], y[count - 1] = ax + half * (bx - ax), ay + half * (by - ay)
            broken = at < stop
            done = until
            at += 1
    return Runs(edges[:count], shares[:count], x[:count], y[:count], metres[:count], spent[:count])
