"""Walks along shared borders: which grid a walk is held to while nobody can tell on which side it goes.

The compiled half of `geo.lines.credit_lines`; see there for the rule in words. Import this module where it is used, not
above: it brings numba, which a process without walks need not load.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.anneal import compiled
from geo.changes import Pieces, fewest_changes, settle_by_rule
from geo.crossings import Pairs, Runs, Walks
from geo.edges import Floats, Positions

ALONG_BANDS = 4.0
"""A walk that could be on either side for more metres than this many bands goes along the border. Fewer, and it crosses
it: straight across, the band is two bands wide, and at 30 degrees four."""


class Sides(NamedTuple):
    """Border lines in pieces (``start`` to ``end``): those of line ``n`` are ``first[n]:first[n + 1]``.

    Each knows the grids (-1: none) to its left and right, and how wide its band may be at most.
    """

    first: Positions
    start: Floats
    end: Floats
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    width: Floats


class Spans(NamedTuple):
    """Stretches of one part over which a grid may be credited; places count edges from the part's first one."""

    grid: Positions
    begin: Floats
    finish: Floats


class Shares(NamedTuple):
    """What was credited: on the part of ``edge`` the grid (-1: none) got so many metres and seconds."""

    edge: Positions
    grid: Positions
    metres: Floats
    seconds: Floats


@compiled
def hold_to_grids(
    walks: Walks, seconds: Floats, runs: Runs, grid: Any, band: Floats, pairs: Pairs, sides: Sides, rank: Positions
) -> Shares:
    """Credit the runs of walks; ``grid`` is where each run lies, ``band`` the metres of each part's band.

    ``rank`` is the place of each grid in the rule, with that of no grid last.
    """
    most = 2 * len(runs.edge) + 1
    shares = Shares(np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most), np.empty(most))
    local, last = np.full(len(rank), -1, np.int64), np.full(len(rank), -1, np.int64)
    count, run, pair = np.int64(0), 0, 0
    while run < len(runs.edge):
        first, part = run, walks.part[runs.edge[run]]
        while run < len(runs.edge) and walks.part[runs.edge[run]] == part:
            run += 1
        known = number_grids(grid[first:run], local)
        if len(known) == 1:
            shares.edge[count], shares.grid[count] = runs.edge[first], known[0]
            shares.metres[count] = runs.metres[first:run].sum()
            shares.seconds[count] = runs.seconds[first:run].sum()
            count += 1
        else:
            edges = runs.edge[first], runs.edge[run] if run < len(runs.edge) else len(walks.first)
            starts = runs.edge[first:run] - edges[0] + runs.share[first:run]
            exact = local[grid[first:run]]
            begin = pair + np.searchsorted(pairs.edge[pair:], edges[0])
            pair = begin + np.searchsorted(pairs.edge[begin:], edges[1])
            here = Pairs(pairs.edge[begin:pair], pairs.line[begin:pair])
            spans = find_spans(walks, edges, here, starts, exact, band[part], sides, local, last)
            metres, spent = clocks(walks, seconds, edges)
            pieces = cut_pieces(unite(spans, len(known)), starts, exact, metres, rank[known])
            chosen = fewest_changes(pieces)
            settle_by_rule(pieces, chosen, ALONG_BANDS * band[part])
            shares, count = credit(pieces, chosen, metres, spent, known, runs.edge[first], shares, count)
        local[known] = -1
    return Shares(shares.edge[:count], shares.grid[:count], shares.metres[:count], shares.seconds[:count])


@compiled
def number_grids(grid: Any, local: Positions) -> Positions:
    """Number the different grids from 0 in ``local`` and list them."""
    known = np.empty(len(grid), np.int64)
    count = 0
    for one in grid:
        if local[one] < 0:
            local[one] = count
            known[count] = one
            count += 1
    return known[:count]


@compiled
def find_spans(
    walks: Walks,
    edges: tuple[int, int],
    pairs: Pairs,
    starts: Floats,
    exact: Positions,
    band: float,
    sides: Sides,
    local: Positions,
    last: Positions,
) -> Spans:
    """Where each of the part's grids may be credited: on its own ground and, beside border lines, within the band.

    A span that overlaps the one found before for its grid is joined to it; in ``last`` there is room to remember that.
    """
    count, end, most = len(starts), float(edges[1] - edges[0]), len(starts)
    # Arrays that may be exchanged inside a loop make every turn of it slower, so all the room is made before.
    for line in pairs.line:
        most += 2 * (sides.first[line + 1] - sides.first[line])
    grid, begin, finish = np.empty(most, np.int64), np.empty(most), np.empty(most)
    grid[:count], begin[:count] = exact, starts
    finish[: count - 1], finish[count - 1] = starts[1:], end
    last[exact] = -1
    for pair in range(len(pairs.edge)):
        at, line, here = walks.first[pairs.edge[pair]], pairs.line[pair], pairs.edge[pair] - edges[0]
        for piece in range(sides.first[line], sides.first[line + 1]):
            left, right = local[sides.left[piece]], local[sides.right[piece]]
            # Most lines say nothing new: their grids are far from the part, or may have all of the edge anyway.
            if may_have(left, here, last, begin, finish) and may_have(right, here, last, begin, finish):
                continue
            low, high = stretch_within(
                walks.place[at, 0],
                walks.place[at, 1],
                walks.place[at + 1, 0],
                walks.place[at + 1, 1],
                sides.start[piece, 0],
                sides.start[piece, 1],
                sides.end[piece, 0],
                sides.end[piece, 1],
                min(band, sides.width[piece]),
            )
            if low > high:
                continue
            low, high = here + low, here + high
            for one in (left, right):
                if one < 0:
                    continue
                before = last[one]
                if before >= 0 and low <= finish[before] and high >= begin[before]:
                    begin[before], finish[before] = min(begin[before], low), max(finish[before], high)
                    continue
                grid[count], begin[count], finish[count] = one, low, high
                last[one] = count
                count += 1
    return Spans(grid[:count], begin[:count], finish[:count])


@compiled
def may_have(grid: int, edge: int, last: Positions, begin: Floats, finish: Floats) -> bool:
    """Whether a grid is none of the part's, or its last span covers the whole of an edge already."""
    if grid < 0:
        return True
    span = last[grid]
    return bool(span >= 0 and begin[span] <= edge and finish[span] >= edge + 1)


@compiled
def stretch_within(
    ax: float, ay: float, bx: float, by: float, px: float, py: float, qx: float, qy: float, reach: float
) -> tuple[float, float]:
    """From where to where along a-b the line p-q is within reach, as shares; (2, -1) where nowhere.

    A line's surroundings are convex, so this is one stretch: what lies in the discs around its ends and in the
    rectangle between them.
    """
    ux, uy, vx, vy = bx - ax, by - ay, qx - px, qy - py
    low, high = 2.0, -1.0
    length2, other2 = ux * ux + uy * uy, vx * vx + vy * vy
    for cx, cy in ((ax - px, ay - py), (ax - qx, ay - qy)):
        half, free = cx * ux + cy * uy, cx * cx + cy * cy - reach * reach
        if length2 == 0.0:
            if free <= 0.0:
                return 0.0, 1.0
            continue
        root2 = half * half - length2 * free
        if root2 >= 0.0:
            root = np.sqrt(root2)
            begin, finish = max((-half - root) / length2, 0.0), min((-half + root) / length2, 1.0)
            if begin <= finish:
                low, high = min(low, begin), max(high, finish)
    side = reach * np.sqrt(other2)
    begin, finish = shares_between(vx * (ay - py) - vy * (ax - px), vx * uy - vy * ux, -side, side)
    other_begin, other_finish = shares_between(vx * (ax - px) + vy * (ay - py), vx * ux + vy * uy, 0.0, other2)
    begin, finish = max(begin, other_begin), min(finish, other_finish)
    if begin <= finish:
        low, high = min(low, begin), max(high, finish)
    return low, high


@compiled
def shares_between(start: float, slope: float, least: float, most: float) -> tuple[float, float]:
    """Which shares t from 0 to 1 have least <= start + slope t <= most; (2, -1) for none."""
    if slope == 0.0:
        return (0.0, 1.0) if least <= start <= most else (2.0, -1.0)
    one, other = (least - start) / slope, (most - start) / slope
    return max(min(one, other), 0.0), min(max(one, other), 1.0)


@compiled
def unite(spans: Spans, grids: int) -> Spans:
    """Join spans of one grid that overlap or touch; sorted by their beginnings."""
    count = 0
    grid, begin, finish = np.empty(len(spans.grid), np.int64), np.empty(len(spans.grid)), np.empty(len(spans.grid))
    last = np.full(grids, -1, np.int64)
    for at in np.argsort(spans.begin):
        one = spans.grid[at]
        if last[one] >= 0 and spans.begin[at] <= finish[last[one]]:
            finish[last[one]] = max(finish[last[one]], spans.finish[at])
            continue
        grid[count], begin[count], finish[count] = one, spans.begin[at], spans.finish[at]
        last[one] = count
        count += 1
    return Spans(grid[:count], begin[:count], finish[:count])


@compiled
def clocks(walks: Walks, seconds: Floats, edges: tuple[int, int]) -> tuple[Floats, Floats]:
    """Metres and seconds walked up to each vertex of a part."""
    count = edges[1] - edges[0]
    metres, spent = np.zeros(count + 1), np.zeros(count + 1)
    for at in range(count):
        start = walks.first[edges[0] + at]
        ax, ay, bx, by = (
            walks.place[start, 0],
            walks.place[start, 1],
            walks.place[start + 1, 0],
            walks.place[start + 1, 1],
        )
        metres[at + 1] = metres[at] + np.sqrt((bx - ax) * (bx - ax) + (by - ay) * (by - ay))
        spent[at + 1] = spent[at] + seconds[edges[0] + at]
    return metres, spent


@compiled
def reading(clock: Floats, place: float) -> float:
    """What a clock of `clocks` says at a place between vertices."""
    at = min(int(place), len(clock) - 2)
    return float(clock[at] + (place - at) * (clock[at + 1] - clock[at]))


@compiled
def cut_pieces(spans: Spans, starts: Floats, exact: Positions, metres: Floats, order: Positions) -> Pieces:
    """Cut a part wherever it enters another grid and wherever one begins or ceases to be near enough."""
    end = float(len(metres) - 1)
    place = np.unique(np.concatenate((starts, spans.begin, spans.finish, np.array([end]))))
    count = len(place) - 1
    lies, length, first = np.empty(count, np.int64), np.empty(count), np.zeros(count + 1, np.int64)
    grid, until = np.empty(4 * count, np.int64), np.empty(len(order))
    active, actives, run, span, total = np.empty(len(order), np.int64), 0, 0, 0, 0
    for piece in range(count):
        while run + 1 < len(starts) and starts[run + 1] <= place[piece]:
            run += 1
        kept = 0
        for at in range(actives):
            if until[active[at]] > place[piece]:
                active[kept] = active[at]
                kept += 1
        actives = kept
        while span < len(spans.grid) and spans.begin[span] <= place[piece]:
            if spans.finish[span] > place[piece]:
                active[actives] = spans.grid[span]
                until[spans.grid[span]] = spans.finish[span]
                actives += 1
            span += 1
        if total + actives > len(grid):
            grid = np.concatenate((grid, np.empty(len(grid) + actives, np.int64)))
        grid[total : total + actives] = active[:actives]
        total += actives
        lies[piece], first[piece + 1] = exact[run], total
        length[piece] = reading(metres, place[piece + 1]) - reading(metres, place[piece])
    return Pieces(place, length, lies, first, grid[:total], order)


@compiled
def credit(
    pieces: Pieces,
    chosen: Positions,
    metres: Floats,
    spent: Floats,
    known: Positions,
    edge: int,
    shares: Shares,
    count: int,
) -> tuple[Shares, int]:
    """Append a row for each stretch of pieces that one grid gets."""
    begin = 0
    while begin < len(chosen):
        end = begin
        while end < len(chosen) and chosen[end] == chosen[begin]:
            end += 1
        shares = with_room(shares, count)
        shares.edge[count], shares.grid[count] = edge, known[chosen[begin]]
        shares.metres[count] = reading(metres, pieces.place[end]) - reading(metres, pieces.place[begin])
        shares.seconds[count] = reading(spent, pieces.place[end]) - reading(spent, pieces.place[begin])
        count += 1
        begin = end
    return shares, count


@compiled
def with_room(shares: Shares, count: int) -> Shares:
    """The same table, with room for one more row."""
    if count < len(shares.edge):
        return shares
    return Shares(
        np.concatenate((shares.edge, shares.edge)),
        np.concatenate((shares.grid, shares.grid)),
        np.concatenate((shares.metres, shares.metres)),
        np.concatenate((shares.seconds, shares.seconds)),
    )
