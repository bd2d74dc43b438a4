"""Where along the streets a walker was, though the phone says so only roughly.

A walker is on the streets or crosses open ground. On the streets a place is a short cell walked in a direction, and
from one fix to the next only what can be walked to counts: that is why crossings, lanes side by side and corners don't
confuse it. What a phone adds drifts slowly, so most of an error is the error of the fix before, and a way is judged by
what is new in it. How much a phone errs, and how slowly, is learnt from each walk itself: it is matched once with
middling numbers, then with its own. A hidden Markov model, and Viterbi's way through it; work and memory grow with the
walks and the streets near them.
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
_LEAST_M, _MOST_M = 10.0, 14.0
# So many places in a row within a square of such a side are those of a phone that lies still: its line is long, but
# stays where it is.
_STILL, _STILL_M = 12, 22.0
# From one place to the next the way through the streets may be so long: a leg, and the scatter of two fixes.
_REACH_M = 32.0
# What a phone between houses scatters by until a walk has said so itself, and the most and least believed of one.
_NOISE_M, _LEAST_NOISE_M, _MOST_NOISE_M = 7.0, 3.0, 15.0
# The likeliest way runs nearer to the fixes than the true one: so much of the noise is hidden.
_HIDDEN = 1.2
# How much of the error of one place is still in the next, some ten seconds later: until known, least and most.
_KEPT, _LEAST_KEPT, _MOST_KEPT = 0.7, 0.1, 0.7
# Fewer places on the streets than this say nothing about noise.
_ENOUGH = 8
# A street is looked for as far as somebody on it may see, and farther by so many times the noise.
_SIGHT_NOISES = 2.2
# Costs, as minus the logarithm of a likelihood: to leave the streets, to come back to them, to turn round in a street,
# for each metre by which the way is longer or shorter than the leg, the most that one fix may cost, and to turn off
# at a right angle.
_LEAVE, _ENTER, _TURN, _PACE, _DOUBT, _BEND = 3.0, 3.0, 4.0, 0.04, 12.0, 0.4
# On open ground each place costs what not knowing the next step by the streets is worth.
_OPEN, _STRIDE_M = 0.75, 6.0
# Cells are side by side if neither is farther ahead than this, and their directions differ by 20 degrees at most.
_AHEAD_M, _ALONG = 2.5, 0.94
# So many places are matched at once, or those of one walk, which bounds the memory.
_AT_ONCE = 20_000


class Places(NamedTuple):
    """Where walks were, every 10 to 14 m: shape (n, 2). Those of part `p` begin at ``first[p]``; ``walk`` is each's."""

    spot: Floats
    first: Positions
    walk: Positions


class Phone(NamedTuple):
    """Of each walk: the phone's noise, the share of an error kept at the next place, how far off streets may be."""

    noise: Floats
    kept: Floats
    sight: Floats


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
    # Whole walks together: each is to learn its noise from all of itself.
    chunk = places.first[np.searchsorted(walk, walk)] // _AT_ONCE
    for number in np.unique(chunk):
        mine = np.flatnonzero(chunk == number)
        begin, end = places.first[mine[0]], places.first[mine[-1] + 1]
        first = places.first[mine[0] : mine[-1] + 2] - begin
        owner = np.unique(walk[mine], return_inverse=True)[1]
        went |= _match(Places(places.spot[begin:end], first, np.repeat(owner, np.diff(first))), network, sight_m)
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
    found = some.copy()
    cell = np.flatnonzero(some)
    if not len(cell) or apart_m <= 0:
        return found
    cells = network.cells
    first, near = _near(cells.middle[cell], np.full(len(cell), np.hypot(apart_m, _AHEAD_M)), network)
    cell = np.repeat(cell, np.diff(first))
    offset, way = cells.middle[near] - cells.middle[cell], cells.direction[cell]
    ahead = np.abs((offset * way).sum(axis=1)) <= _AHEAD_M
    aside = np.abs(offset[:, 0] * way[:, 1] - offset[:, 1] * way[:, 0]) < apart_m
    along = np.abs((cells.direction[near] * way).sum(axis=1)) >= _ALONG
    found[near[ahead & aside & along]] = True
    return found


def _places(parts: NDArray[np.object_], walk: Positions) -> Places:
    from geo.matching import still, thin

    spot, part = shapely.get_coordinates(parts, return_index=True)
    first = np.searchsorted(part, np.arange(len(parts) + 1))
    new_first = np.empty(len(parts) + 1, np.int64)
    asked: Any = (spot, first, _LEAST_M, _MOST_M)
    places = np.empty((thin(*asked, spot, new_first, False), 2))
    thin(*asked, places, new_first, True)
    kept = np.ones(len(places), bool)
    still(places, new_first, _STILL, _STILL_M, kept)
    new_first = np.concatenate([[0], np.cumsum(kept)])[new_first]
    return Places(places[kept], new_first, np.repeat(walk, np.diff(new_first)))


def _match(places: Places, network: Network, sight_m: float) -> Flags:
    ones = np.ones(places.walk.max(initial=-1) + 1)
    phone = Phone(_NOISE_M * ones, _KEPT * ones, (sight_m + 2 * _NOISE_M) * ones)
    cell, _ = _most_likely(places, phone, network)
    return _most_likely(places, _learnt(places, cell, network, sight_m), network)[1]


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


def _most_likely(places: Places, phone: Phone, network: Network) -> tuple[Positions, Flags]:
    """The cell of each place, -1 off the streets, and all cells passed."""
    from geo import matching

    middle, cells = network.cells.middle, len(network.cells.owner)
    near_first, near = _near(places.spot, phone.sight[places.walk], network)
    number_of, ways = _ways(near, network)
    where = np.full(2 * cells, -1, np.int32)
    states = np.empty(2 * len(near)), np.empty(2 * len(near), np.int32), np.empty(2 * len(near), np.int32)
    off = np.empty(len(places.spot), np.int32)
    at_cell, passed = np.full(len(places.spot), -1, np.int64), np.zeros(cells, bool)
    for begin, end in zip(places.first[:-1], places.first[1:], strict=True):
        if end - begin < 2:
            continue
        noise, kept = phone.noise[places.walk[begin]], phone.kept[places.walk[begin]]
        open_step = _OPEN + np.log1p(_STRIDE_M**2 / (noise**2 * (1 - kept**2)))
        costs = (_LEAVE, _ENTER, _TURN, open_step, _PACE, _DOUBT, _BEND)
        town = (near_first, near, middle, number_of, ways)
        last = matching.walk_through(begin, end, places.spot, (noise, kept), costs, town, where, states, off)
        matching.trace(last, begin, end, town, states, off, at_cell, passed)
    return at_cell, passed


def _near(spot: Floats, sight: Floats, network: Network) -> tuple[Positions, Codes]:
    """The cells within sight of each place."""
    from geo.matching import near_cells

    first = np.empty(len(spot) + 1, np.int64)
    asked: Any = (spot, sight, *network.boxes, network.cells.middle, first)
    near = np.empty(near_cells(*asked, np.empty(0, np.int32), False), np.int32)
    near_cells(*asked, near, True)
    return first, near


def _ways(near: Codes, network: Network) -> tuple[Codes, Any]:
    """The ways to each step of some cells, and the number under which those to a step are found."""
    from geo import matching

    is_near = np.zeros(len(network.cells.owner), bool)
    is_near[near] = True
    steps = np.flatnonzero(np.repeat(is_near, 2)).astype(np.int32)
    number_of = np.full(2 * len(is_near), -1, np.int32)
    number_of[steps] = np.arange(len(steps))
    first, met = np.empty(len(steps) + 1, np.int64), np.full(2 * len(is_near), -1, np.int32)
    asked: Any = (steps, _REACH_M, network.before, network.leads, network.cells.metres, network.cells.direction, first)

    def room(count: int) -> tuple[Codes, Floats, Floats, Codes]:
        return np.empty(count, np.int32), np.empty(count), np.empty(count), np.empty(count, np.int32)

    count = matching.ways(*asked, *room(matching.MOST_WAYS), met, False)
    met[:] = -1
    ways = room(count)
    matching.ways(*asked, *ways, met, True)
    return number_of, (first, *ways)
