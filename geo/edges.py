"""Shapes as plain arrays: the straight edges of rings and lines, and where they meet."""

from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]


class Edges(NamedTuple):
    """Straight edges in the order of their rings or lines.

    ``start`` and ``end`` are arrays of shape (n, 2). ``owner`` is the position of the geometry that each edge came
    from, ``part`` counts the rings or simple lines throughout, and ``first`` is the position of the edge's start vertex
    among all vertices of all geometries, as `shapely.get_coordinates` lists them.
    """

    start: Floats
    end: Floats
    owner: Positions
    part: Positions
    first: Positions


def ring_edges(polygons: Any) -> Edges:
    """Every edge of every ring, each ring with the polygon's ground on its left.

    Parameters
    ----------
    polygons : array of Polygon or MultiPolygon
        In any planar coordinates. Missing and empty ones have no edges.
    """
    parts, owner = shapely.get_parts(polygons, return_index=True)
    # get_rings passes over a MultiPolygon in silence, so the parts are taken apart before.
    rings, part = shapely.get_rings(shapely.orient_polygons(parts, exterior_cw=False), return_index=True)
    return _edges(rings, owner[part])


def line_edges(lines: Any) -> Edges:
    """Every straight piece of every line, in walking order; pieces without length are kept.

    Parameters
    ----------
    lines : array of LineString, LinearRing or MultiLineString
        In any planar coordinates. The parts of a MultiLineString are not joined up.
    """
    parts, owner = shapely.get_parts(lines, return_index=True)
    return _edges(parts, owner)


def _edges(paths: NDArray[np.object_], owner: Positions) -> Edges:
    coordinates, path = shapely.get_coordinates(paths, return_index=True)
    first = np.flatnonzero(path[1:] == path[:-1]) if len(path) else np.empty(0, np.int64)
    part = path[first]
    return Edges(coordinates[first], coordinates[first + 1], owner[part], part, first)


def boxes(start: Floats, end: Floats, margin: float = 0.0) -> NDArray[np.object_]:
    """The upright box around each edge, widened by a margin on all sides."""
    low, high = np.minimum(start, end) - margin, np.maximum(start, end) + margin
    found: NDArray[np.object_] = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
    return found


def segments(start: Floats, end: Floats) -> NDArray[np.object_]:
    """Each edge as a LineString of two vertices."""
    found = shapely.linestrings(np.stack([start, end], axis=1))
    return np.asarray(found, dtype=object)


def distances(spot: Floats, start: Floats, end: Floats) -> Floats:
    """How far each place, shape (n, 2), is from the edge it is paired with."""
    along, offset = end - start, spot - start
    length2 = np.maximum((along**2).sum(axis=1), np.finfo(float).tiny)
    foot = np.clip((offset * along).sum(axis=1) / length2, 0.0, 1.0)
    apart: Floats = np.hypot(*(offset - foot[:, None] * along).T)
    return apart


def meetings(start: Floats, end: Floats, other_start: Floats, other_end: Floats, margin: float) -> tuple[Any, Any]:
    """Where, along each edge, the edge it is paired with crosses it, touches it, or begins or ends beside it.

    Written so as rather to name a place too many than one too few: who splits an edge at these places loses nothing by
    splitting it once too often.

    Parameters
    ----------
    start, end, other_start, other_end : float64 arrays of shape (n, 2)
        The pairs of edges.
    margin : float
        How near, in the coordinates' unit, an end of the other edge must lie to count as beside.

    Returns
    -------
    pair : int64 array
        Position of the pair, ascending within each kind of meeting.
    share : float64 array
        How far along the edge the place lies: 0 at its start, 1 at its end.
    """
    along, other = end - start, other_end - other_start
    offset = other_start - start
    length2 = (along**2).sum(axis=1)
    turn = _cross(along, other)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = _cross(offset, other) / turn
        other_share = _cross(offset, along) / turn
        slack = margin / np.sqrt(length2), margin / np.sqrt((other**2).sum(axis=1))
        crosses = (share >= -slack[0]) & (share <= 1 + slack[0])
        crosses &= (other_share >= -slack[1]) & (other_share <= 1 + slack[1])
        pairs, shares = [np.flatnonzero(crosses)], [share[crosses]]
        for point in (offset, offset + other):
            foot = (point * along).sum(axis=1) / length2
            beside = np.abs(_cross(along, point)) <= margin * np.sqrt(length2)
            beside &= (foot >= -slack[0]) & (foot <= 1 + slack[0])
            pairs.append(np.flatnonzero(beside))
            shares.append(foot[beside])
    return np.concatenate(pairs), np.clip(np.concatenate(shares), 0.0, 1.0)


def _cross(one: Floats, other: Floats) -> Floats:
    product: Floats = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    return product
