"""Laying a line drawn by hand on the streets that it was meant to follow."""

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from geo.faces import GRAIN_DIGITS, GRAIN_M, Geometries, Numbers, Positions, lines_of

OFF_STREET = 3.0
"""A metre off the streets counts as so many along them: a line 10 m beside a street joins it from 30 m length on."""


def follow_streets(line: shapely.LineString, streets: gpd.GeoDataFrame, *, within_m: float) -> shapely.LineString:
    """Lay a drawn line on streets, where they run beside it; elsewhere it stays as drawn.

    Among all ways from the line's beginning to its end, along the line itself, along streets within reach of it, and
    straight across between the two, it takes the shortest, metres off the streets counting `OFF_STREET` times. The ends
    stay where they were drawn. A line that crosses itself or closes is left as it is, since a shortest way has no loop.

    Parameters
    ----------
    line : LineString
        In metres.
    streets : GeoDataFrame
        Lines in the same metres; any index, may be empty.
    within_m : float
        How far from the line a street may be.

    Examples
    --------
    >>> street = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (100, 0)])], crs=4548)
    >>> drawn = shapely.LineString([(0, 3), (50, 2), (100, 3)])
    >>> follow_streets(drawn, street, within_m=5.0).wkt
    'LINESTRING (0 3, 0 0, 100 0, 100 3)'
    """
    if within_m <= 0 or not len(streets) or not line.is_simple or line.is_closed:
        return line
    shapes = np.asarray(shapely.force_2d(streets.geometry.to_numpy()), dtype=object)
    near = shapes[shapely.dwithin(shapes, line, within_m)]
    lanes = lines_of(shapely.intersection(near, shapely.buffer(line, within_m))) if len(near) else near
    if not len(lanes):
        return line
    edges = lines_of(shapely.union_all([line, *lanes, *_across(line, lanes, within_m)], grid_size=GRAIN_M))
    begin, end = shapely.get_coordinates(line)[[0, -1]]
    xy = _shortest(edges, _on(edges, lanes), begin, end)
    if len(xy) < 2:
        return line
    straight = shapely.simplify(shapely.LineString(xy), GRAIN_M)
    return straight if straight.is_simple else line


def _across(line: shapely.LineString, lanes: Geometries, within_m: float) -> Geometries:
    """Straight ways between the line and the streets beside it: from points along it, and from the streets' ends."""
    points = shapely.get_parts(shapely.multipoints(shapely.get_coordinates(shapely.segmentize(line, within_m / 2))))
    point, lane = shapely.STRtree(lanes).query(points, predicate="dwithin", distance=within_m)
    ends = np.concatenate([shapely.get_point(lanes, 0), shapely.get_point(lanes, -1)])
    return np.concatenate([shapely.shortest_line(points[point], lanes[lane]), shapely.shortest_line(ends, line)])


def _on(edges: Geometries, lanes: Geometries) -> Positions:
    """Positions of the edges that run along a street."""
    middle = shapely.line_interpolate_point(edges, 0.5, normalized=True)
    return np.unique(shapely.STRtree(lanes).query(middle, predicate="dwithin", distance=2 * GRAIN_M)[0])


def _shortest(edges: Geometries, cheap: Positions, begin: Numbers, end: Numbers) -> Numbers:
    """Corners of the shortest way from one place to another along edges; none when there is no way."""
    edges = edges[shapely.length(edges) > 0]
    first, last = (shapely.get_coordinates(shapely.get_point(edges, at)) for at in (0, -1))
    places, number = np.unique(np.round(np.concatenate([first, last]), GRAIN_DIGITS), axis=0, return_inverse=True)
    one, two = np.split(number.ravel(), 2)
    metres = shapely.length(edges) * OFF_STREET
    metres[cheap] /= OFF_STREET
    order = np.lexsort((metres, np.maximum(one, two), np.minimum(one, two)))
    low, high = np.minimum(one, two)[order], np.maximum(one, two)[order]
    lead = np.append(True, (np.diff(low) != 0) | (np.diff(high) != 0))
    chosen = order[lead]
    graph = coo_array((metres[chosen], (low[lead], high[lead])), shape=(len(places), len(places))).tocsr()
    edge = {(a, b): at for a, b, at in zip(low[lead].tolist(), high[lead].tolist(), chosen.tolist(), strict=True)}
    start, goal = (int(np.argmin(np.hypot(*(places - place).T))) for place in (begin, end))
    before = dijkstra(graph, directed=False, indices=np.array(start), return_predecessors=True)[1]
    way: list[Numbers] = []
    while goal != start and before[goal] >= 0:
        last_place = int(before[goal])
        corners = shapely.get_coordinates(edges[edge[min(goal, last_place), max(goal, last_place)]])
        backwards = bool((np.round(corners[0], GRAIN_DIGITS) == places[goal]).all())
        way.append(corners if backwards else corners[::-1])
        goal = last_place
    return np.concatenate(way)[::-1] if way and goal == start else np.empty((0, 2))
