"""Streets as a walker meets them: ends that meet are one place, and one stands at one of those."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from geo.edges import Floats, Positions
from geo.errors import N_, CannotPlan

MEET_M = 1.0
"""Ends of streets this near to each other are one place: one steps across what the survey left open."""

NEAR_M = 50.0
"""Of the streets that are at most so much farther off than the nearest, one starts on that with the most to walk."""

FAR_M = 1000.0
"""A start farther from every street is a mistake."""

MOST_ENDS = 4000
"""So many ends of streets are looked at, the nearest: the ways between all of them must fit into memory (128 MB)."""


class WalkGraph(NamedTuple):
    """Pieces of street between places where one may turn.

    Of each edge the place at either end (``one``, ``two``), metres, which piece of street it is of, and the shares of
    that piece it goes from and to; ``spots`` are the places' coordinates, ``start`` is where one stands.
    """

    one: Positions
    two: Positions
    metres: Floats
    piece: Positions
    begin: Floats
    finish: Floats
    spots: Floats
    start: int


def make_graph(lines: Any, start: tuple[float, float], longest_m: float) -> WalkGraph:
    """The streets that a closed walk of so many metres from a start may reach.

    Parameters
    ----------
    lines : array of LineString
        Pieces of street that end wherever one may turn, in metres.
    start : (float, float)
        Where one stands. The walk begins at the nearest place on a street; of streets about as near, on that from which
        most can be reached.
    longest_m : float

    Raises
    ------
    CannotPlan
        When there are no streets, or the start is more than a kilometre from all of them.
    """
    if not len(lines):
        raise CannotPlan(N_("There are no streets to walk along. Import the streets first."))
    ends = shapely.get_coordinates(np.stack([shapely.get_point(lines, 0), shapely.get_point(lines, -1)], axis=1))
    place, count = _places(ends)
    metres = shapely.length(lines)
    at, share = _start(lines, start, place[0::2], place[1::2], metres, count)
    spots = np.empty((count + 1, 2))
    spots[place] = ends
    spots[count] = shapely.get_coordinates(shapely.line_interpolate_point(lines[at], share, normalized=True))[0]
    piece = np.arange(len(lines))
    everything = WalkGraph(
        place[0::2], place[1::2], metres, piece, np.zeros(len(lines)), np.ones(len(lines)), spots, count
    )
    return _within(_split(everything, at, share), longest_m)


def ways(graph: WalkGraph) -> csr_array:
    """The shortest edge between every two places that have one, as a matrix of metres."""
    low, high = np.minimum(graph.one, graph.two), np.maximum(graph.one, graph.two)
    best = pd.DataFrame({"low": low, "high": high, "metres": graph.metres}).groupby(["low", "high"])["metres"].min()
    one, two = (best.index.get_level_values(level).to_numpy() for level in ("low", "high"))
    there = best.to_numpy()
    both = np.concatenate([one, two]), np.concatenate([two, one])
    return csr_array(coo_array((np.concatenate([there, there]), both), shape=(len(graph.spots),) * 2))


def _places(ends: Floats) -> tuple[Positions, int]:
    """The place of each end, and how many there are."""
    pairs = cKDTree(ends).query_pairs(MEET_M, output_type="ndarray")
    near = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(ends),) * 2)
    count, place = connected_components(near, directed=False)
    return place.astype(np.int64), int(count)


def _start(
    lines: Any, start: tuple[float, float], one: Positions, two: Positions, metres: Floats, count: int
) -> tuple[int, float]:
    """The street one starts on, and how far along it, as a share."""
    spot = shapely.Point(start)
    apart = shapely.distance(lines, spot)
    if apart.min() > FAR_M:
        raise CannotPlan(
            N_("The start is %(metres)s m from the nearest street; choose one in the community."),
            metres=round(float(apart.min())),
        )
    joined = coo_array((np.ones(len(one)), (one, two)), shape=(count, count))
    town = connected_components(joined, directed=False)[1][one]
    reachable = np.bincount(town, metres)[town]
    near = apart <= apart.min() + NEAR_M
    best = np.flatnonzero(near & (reachable == reachable[near].max()))
    at = int(best[apart[best].argmin()])
    return at, float(shapely.line_locate_point(lines[at], spot, normalized=True))


def _split(graph: WalkGraph, at: int, share: float) -> WalkGraph:
    """Cut one edge in two at the start, unless that is at its end."""
    metres, last = graph.metres[at], len(graph.spots) - 1
    if min(share, 1.0 - share) * metres <= MEET_M:
        start = graph.one[at] if share < 0.5 else graph.two[at]
        return graph._replace(spots=graph.spots[:-1], start=int(start))
    two, finish, length = graph.two.copy(), graph.finish.copy(), graph.metres.copy()
    two[at], finish[at], length[at] = last, share, share * metres
    return WalkGraph(
        np.append(graph.one, last),
        np.append(two, graph.two[at]),
        np.append(length, (1.0 - share) * metres),
        np.append(graph.piece, at),
        np.append(graph.begin, share),
        np.append(finish, 1.0),
        graph.spots,
        last,
    )


def _within(graph: WalkGraph, longest_m: float) -> WalkGraph:
    """What lies within reach: there and back again."""
    away = dijkstra(ways(graph), directed=False, indices=np.array([graph.start]), limit=longest_m / 2)[0]
    order = np.argsort(away, kind="stable")[:MOST_ENDS]
    kept = np.zeros(len(away), dtype=bool)
    kept[order] = np.isfinite(away[order])
    number = np.cumsum(kept) - 1
    edge = kept[graph.one] & kept[graph.two]
    return WalkGraph(
        number[graph.one[edge]],
        number[graph.two[edge]],
        graph.metres[edge],
        graph.piece[edge],
        graph.begin[edge],
        graph.finish[edge],
        graph.spots[kept],
        int(number[graph.start]),
    )
