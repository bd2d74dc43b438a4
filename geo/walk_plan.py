"""A closed walk over the streets most worth walking."""

from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
import shapely.ops
from scipy.sparse.csgraph import dijkstra

from geo.crs import require_metres
from geo.edges import Floats, Positions
from geo.errors import N_, BadGeometry
from geo.walk_graph import WalkGraph, make_graph, ways
from geo.walk_search import Course, Order, Streets, search
from geo.walk_tour import tour

TRIES, STEPS, STEPS_PER_STREET = 4, 1_500_000, 10_000
"""How often the search begins anew, how many moves it tries each time at most, and for each street: a second in all."""

HOT, COLD, METRE = 2.0, 0.03, 0.3
"""First and last temperature, in the worth of an average street, and what an average street's metre costs of that."""

NEAREST = 14
"""How many streets near to where one stands are thought of as the next."""

BESIDE_M = 8.0
"""The direction in which one leaves a place is that to so far along the street."""


class Walk(NamedTuple):
    """A closed walk: its line, its metres, what it is worth, and the stretches of street one after the other.

    ``legs``: `piece` (position of the piece of street), `begin` and `finish` (shares of it, backwards where it is
    walked backwards), `again` (walked along before), `metres`, `geometry` in walking direction.
    """

    line: Any
    metres: float
    worth: float
    legs: gpd.GeoDataFrame


def plan_walk(
    pieces: gpd.GeoDataFrame,
    worth: npt.ArrayLike,
    start: tuple[float, float],
    *,
    longest_m: float,
    seed: int = 0,
    tries: int = TRIES,
) -> Walk:
    """Find a closed walk of at most so many metres over the streets that are most worth walking.

    A street is worth something once, however often one walks along it. The best walk cannot be found in any reasonable
    time; this one is found by trying millions of small changes, and is the same for the same seed. Where there is
    nothing worth walking within reach the walk is empty.

    Parameters
    ----------
    pieces : GeoDataFrame of LineString
        In metres, ending wherever one may turn, as `geo.streets.cut_streets` makes them.
    worth : array of float
        What walking along each piece is worth; 0 or more.
    start : (float, float)
        Where one stands, in the pieces' metres; the walk begins and ends at the nearest place on a street.
    longest_m : float
        The walk is never longer.
    seed : int
        Another seed, another walk about as good.
    tries : int
        How many searches the best is taken of.

    Raises
    ------
    WrongCrs
        When the pieces are not in metres.
    BadGeometry
        When something other than lines is passed.
    CannotPlan
        When there are no streets, or none near the start.

    Examples
    --------
    A block of 100 m by 50 m, and a dead end that would make the walk too long.

    >>> block = [[(0, 0), (100, 0)], [(100, 0), (100, 50)], [(100, 50), (0, 50)], [(0, 50), (0, 0)]]
    >>> streets = gpd.GeoDataFrame(geometry=shapely.linestrings([*block, [(100, 50), (160, 50)]]), crs=4548)
    >>> walk = plan_walk(streets, [1, 1, 1, 1, 1], (0, 0), longest_m=350)
    >>> walk.metres, walk.worth, len(walk.legs)
    (300.0, 4.0, 4)
    """
    require_metres(pieces, "streets")
    lines = pieces.geometry.to_numpy()
    if not (shapely.get_type_id(lines) == shapely.GeometryType.LINESTRING).all():
        raise BadGeometry(N_("A walk is planned over pieces of street that are single lines."))
    value = np.maximum(np.asarray(worth, dtype=np.float64), 0.0)
    graph = make_graph(lines, start, longest_m)
    of_edge = value[graph.piece] * (graph.finish - graph.begin)
    codes = _find(graph, of_edge, longest_m, seed, tries) if of_edge.any() else np.empty(0, np.int64)
    return _told(lines, graph, of_edge, codes, pieces.crs)


def _find(graph: WalkGraph, worth: Floats, longest_m: float, seed: int, tries: int) -> Positions:
    """The best of some searches, as the codes of the edges one walks along."""
    apart = dijkstra(ways(graph), directed=False)
    wanted = np.flatnonzero(worth > 0)
    one, two, metres = graph.one[wanted], graph.two[wanted], graph.metres[wanted]
    mean = worth[wanted].mean()
    streets = Streets(one, two, metres, worth[wanted] / mean, apart, _nearest(apart, one, two), graph.start)
    # A walk of exactly the longest length is short enough, however its metres are rounded.
    steps = min(STEPS, STEPS_PER_STREET * len(wanted))
    course = Course(longest_m + 1e-6, METRE / metres.mean(), steps, HOT, COLD)
    best, most = np.empty(0, np.int64), 0.0
    for number in range(tries):
        order = _nothing_yet(len(wanted), seed * tries + number)
        found = np.zeros(len(wanted) + 1, dtype=np.int64)
        size, _ = search(order, streets, course, found)
        codes = _edges(graph, 2 * wanted[found[:size] >> 1] + (found[:size] & 1))
        total = float(worth[np.unique(codes >> 1)].sum())
        if total > most:
            best, most = codes, total
    return best


def _nothing_yet(count: int, seed: int) -> Order:
    state = np.random.SeedSequence(seed).generate_state(1, np.uint64) | np.uint64(1)
    return Order(np.zeros(count + 1, np.int64), np.full(count, -1, np.int64), np.zeros(1, np.int64), state)


def _nearest(apart: Floats, one: Positions, two: Positions) -> Positions:
    """For each place the streets nearest to it."""
    away = np.minimum(apart[:, one], apart[:, two])
    count = min(NEAREST, len(one))
    return np.argsort(away, axis=1, kind="stable")[:, :count].astype(np.int64)


def _edges(graph: WalkGraph, codes: Positions) -> Positions:
    """All edges that are walked along: those asked for, and the shortest ways between them, home at last."""
    begins = np.where(codes & 1, graph.two[codes >> 1], graph.one[codes >> 1])
    ends = np.where(codes & 1, graph.one[codes >> 1], graph.two[codes >> 1])
    goals, sources = np.append(begins, graph.start), np.concatenate([[graph.start], ends])
    places, row = np.unique(sources, return_inverse=True)
    before = dijkstra(ways(graph), directed=False, indices=places, return_predecessors=True)[1]
    shortest = _shortest(graph)
    walked: list[int] = []
    for number, goal in enumerate(goals.tolist()):
        here, way = goal, []
        while here != sources[number]:
            there = int(before[row[number], here])
            way.append(shortest[there, here])
            here = there
        walked += way[::-1]
        walked += [int(codes[number])] if number < len(codes) else []
    return np.asarray(walked, dtype=np.int64)


def _shortest(graph: WalkGraph) -> dict[tuple[int, int], int]:
    """The shortest edge from place to place, as a code."""
    found: dict[tuple[int, int], int] = {}
    for edge in np.argsort(-graph.metres, kind="stable").tolist():
        one, two = int(graph.one[edge]), int(graph.two[edge])
        found[one, two], found[two, one] = 2 * edge, 2 * edge + 1
    return found


def _told(lines: Any, graph: WalkGraph, worth: Floats, codes: Positions, crs: Any) -> Walk:
    """The walk along these edges; what was walked along three times or more is walked once or twice instead."""
    edge, times = np.unique(codes >> 1, return_counts=True)
    edges = np.repeat(edge, np.where(times % 2, 1, 2))
    shapes = _stretches(lines, graph, edges)
    order = tour(graph.one[edges], graph.two[edges], _leaving(shapes), graph.start) if len(edges) else codes
    kept, back = edges[order >> 1], (order & 1).astype(bool)
    walked = np.where(back, shapely.reverse(shapes[order >> 1]), shapes[order >> 1])
    again = np.ones(len(kept), dtype=bool)
    again[np.unique(kept, return_index=True)[1]] = False
    begin, finish = graph.begin[kept], graph.finish[kept]
    legs = gpd.GeoDataFrame(
        {
            "piece": graph.piece[kept],
            "begin": np.where(back, finish, begin),
            "finish": np.where(back, begin, finish),
            "again": again,
            "metres": graph.metres[kept],
        },
        geometry=walked,
        crs=crs,
    )
    return Walk(_line(walked), float(legs["metres"].sum()), float(worth[np.unique(kept)].sum()), legs)


def _stretches(lines: Any, graph: WalkGraph, edges: Positions) -> Any:
    """The line of each edge: a piece of street, or the part of it up to or from the start."""
    shapes = lines[graph.piece[edges]].copy()
    for number in np.flatnonzero((graph.begin[edges] > 0) | (graph.finish[edges] < 1)):
        edge = edges[number]
        shapes[number] = shapely.ops.substring(shapes[number], graph.begin[edge], graph.finish[edge], normalized=True)
    return shapes


def _leaving(shapes: Any) -> Floats:
    """In which direction one leaves either end of each line, in radians."""
    angles = []
    for end, along in ((0, BESIDE_M), (-1, -BESIDE_M)):
        there = shapely.get_coordinates(shapely.line_interpolate_point(shapes, along))
        away = there - shapely.get_coordinates(shapely.get_point(shapes, end))
        angles.append(np.arctan2(away[:, 1], away[:, 0]))
    return np.stack(angles, axis=1)


def _line(walked: Any) -> Any:
    coordinates = shapely.get_coordinates(walked)
    if not len(coordinates):
        return shapely.LineString()
    new = np.append(True, (np.diff(coordinates, axis=0) != 0).any(axis=1))
    return shapely.LineString(coordinates[new])
