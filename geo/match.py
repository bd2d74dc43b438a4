"""Where along the streets a walker was, though the phone says so only roughly.

A walker is on the streets or crosses open ground. On the streets a place is a short cell walked in a direction, and
from one fix to the next only what can be walked to counts: that is why crossings, lanes side by side and corners don't
confuse it. What a phone adds drifts slowly, so most of an error is the error of the fix before, and a way is judged by
what is new in it. How much a phone errs, and how slowly, is learnt from each walk itself: it is matched once with
middling numbers, then with its own. So is how far its walker gets from one fix to the next: who strays from street to
street and back as the phone's error does would have to run. A hidden Markov model, and Viterbi's way through it; work
and memory grow with the walks and the streets near them.
"""

from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.edges import Floats, Positions
from geo.network import Network

Flags = NDArray[np.bool_]
Codes = NDArray[np.int32]

# Fixes nearer together than this say little new; longer legs are taken apart so that no cell between is passed over.
_LEAST_M, _MOST_M = 7.5, 14.0
# So many places in a row within a square of such a side are those of a phone that lies still: its line is long, but
# stays where it is.
_STILL, _STILL_M = 12, 22.0
# From one place to the next the way through the streets may be so long: a leg, and the scatter of two fixes.
_REACH_M = 24.0
# What a phone between houses scatters by until a walk has said so itself, and the most and least believed of one.
_NOISE_M, _LEAST_NOISE_M, _MOST_NOISE_M = 7.0, 3.0, 15.0
# The likeliest way runs nearer to the fixes than the true one: so much of the noise is hidden.
_HIDDEN = 1.2
# How much of the error of one place is still in the next, some ten seconds later: until known, least and most.
_KEPT, _LEAST_KEPT, _MOST_KEPT = 0.7, 0.1, 0.7
# Fewer places on the streets than this say nothing about noise.
_ENOUGH = 8
# A street is looked for as far as somebody on it may see, and farther by so many times the noise.
_SIGHT_NOISES = 2.9
# Costs, as minus the logarithm of a likelihood: to leave the streets, to come back to them, to turn round in a street,
# for each metre by which the way is longer or shorter than the leg, the most that one fix may cost, and to turn off
# at a right angle.
_LEAVE, _ENTER, _TURN, _PACE, _DOUBT, _BEND = 3.0, 3.0, 3.0, 0.05, 12.0, 0.3
# On open ground each place costs what not knowing the next step by the streets is worth.
_OPEN, _STRIDE_M = 1.0, 6.0
# Cells are side by side if neither is farther ahead than this, and their directions differ by 20 degrees at most.
_AHEAD_M, _ALONG = 2.5, 0.94
# A walker's pace varies by so much, and the cells' length adds to each leg. A leg that is longer than that by so many
# times the noise took more fixes than came. What is farther than the walker gets costs so much a metre.
_SLACK, _CELL_MORE_M, _LATE_NOISES, _HURRY = 1.1, 2.0, 2.0, 0.3
# The pace is the middle of those over so many places one after the other; fewer than three times that say nothing.
_STRETCH = 8
# So many places are matched at once, or those of one walk, which bounds the memory.
_AT_ONCE = 20_000


class Places(NamedTuple):
    """Where walks were, every 8 to 14 m: shape (n, 2).

    Those of part `p` begin at ``first[p]``; ``walk`` is each's. ``passed`` counts the fixes before each, with fractions
    where a leg was taken apart, into so many ``pieces``.
    """

    spot: Floats
    first: Positions
    walk: Positions
    passed: Floats
    pieces: Floats


class Phone(NamedTuple):
    """Of each walk: the phone's noise, the share of an error kept at the next place, how far off streets may be."""

    noise: Floats
    kept: Floats
    sight: Floats


class _Way(NamedTuple):
    """The likeliest way: the cell of each place, -1 off the streets; the metres of way to it; all cells passed."""

    cell: Positions
    went_m: Floats
    passed: Flags


def match_walks(walks: NDArray[np.object_], network: Network, *, sight_m: float) -> Flags:
    """Say which cells of the streets some walks went along.

    Parameters
    ----------
    walks : array of LineString or MultiLineString
        In the streets' metres; vertices are fixes, or corners of a line drawn by hand. Between the parts of a walk
        nobody knows the way. Missing and empty ones went nowhere.
    network : Network
    sight_m : float
        How far beside a street somebody walks who still sees it; the phone's noise comes on top.

    Returns
    -------
    bool array
        For every cell of the network whether any walk went along it.

    Examples
    --------
    A walk on the right pavement of the first street passes the second, which branches off.

    >>> from shapely import LineString
    >>> from geo.network import make_network
    >>> net = make_network(np.array([LineString([(0, 0), (80, 0)]), LineString([(40, 0), (40, 60)])]))
    >>> went = match_walks(np.array([LineString([(0, -5), (80, -5)])]), net, sight_m=15.0)
    >>> net.cells.owner[went].tolist() == [0] * 20
    True
    """
    went = np.zeros(len(network.cells.owner), bool)
    parts, walk = shapely.get_parts(walks, return_index=True)
    if not len(parts) or not len(went):
        return went
    places = _places(parts, walk)
    # Whole walks together: each is to learn its noise and pace from all of itself.
    chunk = places.first[np.searchsorted(walk, walk)] // _AT_ONCE
    for number in np.unique(chunk):
        mine = np.flatnonzero(chunk == number)
        begin, end = places.first[mine[0]], places.first[mine[-1] + 1]
        first = places.first[mine[0] : mine[-1] + 2] - begin
        owner = np.unique(walk[mine], return_inverse=True)[1]
        some = Places(
            places.spot[begin:end],
            first,
            np.repeat(owner, np.diff(first)),
            places.passed[begin:end],
            places.pieces[begin:end],
        )
        went |= _match(some, network, sight_m)
    return went


def beside(some: Flags, network: Network, *, apart_m: float) -> Flags:
    """Say which cells lie side by side with some cells, nearer than a distance; those cells themselves among them.

    Side by side are cells of the same direction, give or take 20 degrees, neither ahead of the other.

    Examples
    --------
    >>> from shapely import LineString
    >>> from geo.network import make_network
    >>> net = make_network(np.array([LineString([(0, y), (8, y)]) for y in (0, 11, 13)]))
    >>> beside(net.cells.owner == 0, net, apart_m=12.0).tolist()
    [True, True, True, True, False, False]
    """
    from geo.matching import mark_beside

    found = some.copy()
    cell = np.flatnonzero(some)
    if not len(cell) or apart_m <= 0:
        return found
    middle, direction = network.cells.middle, network.cells.direction
    first, near = _near(middle[cell], np.full(len(cell), np.hypot(apart_m, _AHEAD_M)), network)
    mark_beside(cell, first, near, middle, direction, float(apart_m), _AHEAD_M, _ALONG, found)
    return found


def _places(parts: NDArray[np.object_], walk: Positions) -> Places:
    from geo.matching import still, thin

    spot, part = shapely.get_coordinates(parts, return_index=True)
    first = np.searchsorted(part, np.arange(len(parts) + 1))
    new_first = np.empty(len(parts) + 1, np.int64)
    asked: Any = (spot, first, _LEAST_M, _MOST_M)
    count = thin(*asked, spot, np.empty(0), np.empty(0), new_first, False)
    places, passed, pieces = np.empty((count, 2)), np.empty(count), np.empty(count)
    thin(*asked, places, passed, pieces, new_first, True)
    kept = np.ones(count, bool)
    still(places, new_first, _STILL, _STILL_M, kept)
    new_first = np.concatenate([[0], np.cumsum(kept)])[new_first]
    return Places(places[kept], new_first, np.repeat(walk, np.diff(new_first)), passed[kept], pieces[kept])


def _match(places: Places, network: Network, sight_m: float) -> Flags:
    ones = np.ones(places.walk.max(initial=-1) + 1)
    phone = Phone(_NOISE_M * ones, _KEPT * ones, (sight_m + 2 * _NOISE_M) * ones)
    town = _Surroundings(network)
    way = _most_likely(places, phone, np.full(len(places.spot), np.inf), town)
    learnt = _learnt(places, way.cell, network, sight_m)
    return _most_likely(places, learnt, _within_reach(places, way.went_m, learnt.noise), town).passed


def _learnt(places: Places, cell: Positions, network: Network, sight_m: float) -> Phone:
    """What a first match tells of each phone: how far beside the streets it was, and how that changed."""
    on, walk = cell >= 0, places.walk
    walks = walk.max(initial=-1) + 1
    cell = np.maximum(cell, 0)
    way, offset = network.cells.direction[cell], places.spot - network.cells.middle[cell]
    aside = way[:, 0] * offset[:, 1] - way[:, 1] * offset[:, 0]
    beside2, count = _mean(aside[on] ** 2, walk[on], walks)
    noise = np.where(count >= _ENOUGH, _HIDDEN * np.sqrt(beside2), _NOISE_M)
    # Of two places along one straight street the difference is the phone's alone, whichever side the walker keeps to.
    turn = (way[1:] * way[:-1]).sum(axis=1)
    both = on[1:] & on[:-1] & (walk[1:] == walk[:-1]) & (np.abs(turn) > 0.95)
    change = (aside[1:] - np.sign(turn) * aside[:-1])[both]
    change2, count = _mean(change**2, walk[1:][both], walks)
    kept = np.clip(1 - change2 / np.maximum(2 * beside2, 1e-9), _LEAST_KEPT, _MOST_KEPT)
    kept = np.where(count >= _ENOUGH, kept, _KEPT)
    wobble = np.minimum(np.sqrt(change2 / (2 * (1 - kept))), _MOST_NOISE_M)
    return Phone(np.clip(noise, _LEAST_NOISE_M, _MOST_NOISE_M), kept, sight_m + _SIGHT_NOISES * wobble)


def _mean(value: Floats, walk: Positions, walks: int) -> tuple[Floats, Positions]:
    count = np.bincount(walk, minlength=walks)
    return np.bincount(walk, value, minlength=walks) / np.maximum(count, 1), count


def _within_reach(places: Places, went_m: Floats, noise: Floats) -> Floats:
    """How far each walker gets to each place from the one before, as the phone's fixes tick; endless where unknown.

    The pace is learnt in metres a fix, as lines have no times. Where fixes were lost, a longer leg is told by its
    length; in a line drawn by hand all legs are.
    """
    with np.errstate(invalid="ignore"):
        fixes = np.diff(places.passed, prepend=np.nan)
        leg_m = np.hypot(*np.diff(places.spot, axis=0, prepend=np.nan).T) * places.pieces
    begins = places.first[:-1]
    fixes[begins[begins < len(fixes)]] = np.nan
    pace = _paces(places.walk, went_m, fixes, len(noise))[places.walk]
    late = leg_m > _SLACK * pace * fixes * places.pieces + _LATE_NOISES * noise[places.walk]
    far: Floats = _SLACK * np.where(late, leg_m / places.pieces, pace * fixes) + _CELL_MORE_M
    return np.where(np.isfinite(far), far, np.inf)


def _paces(walk: Positions, went_m: Floats, fixes: Floats, walks: int) -> Floats:
    """The middle pace of each walk, in metres a fix, over stretches of places; endless where there are too few."""
    known = np.flatnonzero(np.isfinite(went_m) & np.isfinite(fixes))
    pace = np.full(walks, np.inf)
    if len(known) <= _STRETCH:
        return pace
    walk = walk[known]
    way_m, time = (np.concatenate([[0.0], np.cumsum(some[known])]) for some in (went_m, fixes))
    same = walk[_STRETCH - 1 :] == walk[: len(walk) - _STRETCH + 1]
    owner = walk[_STRETCH - 1 :][same]
    paces = (way_m[_STRETCH:] - way_m[:-_STRETCH])[same] / np.maximum(time[_STRETCH:] - time[:-_STRETCH], 1e-9)[same]
    order = np.lexsort((paces, owner))
    count = np.bincount(owner, minlength=walks)
    enough = count >= 2 * _STRETCH
    pace[enough] = paces[order][(np.cumsum(count) - count + count // 2)[enough]]
    return pace


class _Surroundings:
    """What is looked up of the streets near some walks, found out once for all times they are matched."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._number_of = np.full(len(network.cells.owner), -1, np.int32)
        self._cells = np.empty(0, np.int32)
        self._ways: list[Any] = [np.zeros(1, np.int64), *(np.empty(0, kind) for kind in ("i4", "f4", "f4", "i4"))]

    def near(self, spot: Floats, sight: Floats) -> tuple[Positions, Codes, Floats, Any]:
        """The cells within sight of each place, by their number here; their middles; the ways from each near step."""
        from geo.matching import number_cells

        first, near = _near(spot, sight, self.network)
        known = len(self._cells)
        cells = np.concatenate([self._cells, np.empty(len(near) + 1, np.int32)])
        self._cells = cells[: number_cells(near, self._number_of, cells, known)].copy()
        self._go_on(known)
        way_first, step, far, bend, parent = self._ways
        number = self._number_of[step >> 1]
        to = np.where(number >= 0, 2 * number + (step & 1), -1).astype(np.int32)
        return first, near, self.network.cells.middle[self._cells], (way_first, to, far, bend, parent, step)

    def _go_on(self, known: int) -> None:
        """Find the ways from the cells that were not known before."""
        from geo import matching

        town = self.network
        more = matching.ways(
            self._cells, known, len(self._cells), _REACH_M, town.before, town.leads, town.cells.metres,
            town.cells.direction,
        )  # fmt: skip
        first = np.concatenate([self._ways[0], self._ways[0][-1] + more[0][1:]])
        rest = [np.concatenate([some, new]) for some, new in zip(self._ways[1:], more[1:], strict=True)]
        self._ways = [first, *rest]


def _most_likely(places: Places, phone: Phone, limit: Floats, town: _Surroundings) -> _Way:
    """The likeliest way, of which each leg is at most as long as its walker gets."""
    from geo import matching

    near_first, near, middle, ways = town.near(places.spot, phone.sight[places.walk])
    where = np.full(2 * len(middle), -1, np.int32)
    states = np.empty(2 * len(near)), np.empty(2 * len(near), np.int32), np.empty(2 * len(near), np.int32)
    count = len(places.spot)
    off = np.empty(count, np.int32)
    cell, went_m = np.full(count, -1, np.int64), np.full(count, np.nan)
    passed = np.zeros(len(town.network.cells.owner), bool)
    around = near_first, near, middle, ways
    for begin, end in zip(places.first[:-1], places.first[1:], strict=True):
        if end - begin < 2:
            continue
        noise, kept = phone.noise[places.walk[begin]], phone.kept[places.walk[begin]]
        open_step = _OPEN + np.log1p(_STRIDE_M**2 / (noise**2 * (1 - kept**2)))
        costs = (_LEAVE, _ENTER, _TURN, open_step, _PACE, _DOUBT, _BEND, _HURRY)
        last = matching.walk_through(begin, end, places.spot, limit, (noise, kept), costs, around, where, states, off)
        matching.trace(last, begin, end, around, states, off, cell, went_m, passed)
    return _Way(cell, went_m, passed)


def _near(spot: Floats, sight: Floats, network: Network) -> tuple[Positions, Codes]:
    """The cells within sight of each place."""
    from geo.matching import near_cells

    first = np.empty(len(spot) + 1, np.int64)
    asked: Any = (spot, sight, *network.boxes, network.cells.middle, first)
    near = np.empty(near_cells(*asked, np.empty(0, np.int32), False), np.int32)
    near_cells(*asked, near, True)
    return first, near
