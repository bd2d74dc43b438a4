"""Whether shapes fit together: no ground twice, and every corner of a common border in both."""

import numpy as np
import shapely

from geo.faces import Geometries, Positions


def misfits(shapes: Geometries) -> Positions:
    """Positions of shapes that overlap another, or share a border without sharing its corners.

    As `shapely.coverage_is_valid`, which takes a polygon for torn when its hole touches its rim in a corner that it has
    in common with a neighbour outside; so what that names is looked at again, exactly.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon
        Each valid; empty ones fit.

    Examples
    --------
    >>> misfits(np.array([shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 1)])).tolist()
    [0, 1]
    >>> rim, hole = [(0, 0), (10, 4), (20, 5), (20, 20), (-1, 20), (-1, 2)], [(0, 0), (8, 8), (8, 5)]
    >>> beside = shapely.Polygon([(0, 0), (-1, 2), (-5, 10), (-4, -1)])
    >>> both = np.array([shapely.Polygon(rim, [hole]), beside])
    >>> bool(shapely.coverage_is_valid(both)), misfits(both).tolist()
    (False, [])
    """
    if not len(shapes) or shapely.coverage_is_valid(shapes):
        return np.array([], dtype=np.int64)
    doubtful = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(shapes)))
    one, two = shapely.STRtree(shapes).query(shapes[doubtful], predicate="intersects")
    one, two = doubtful[one[doubtful[one] != two]], two[doubtful[one] != two]
    rims = shapely.boundary(shapes)
    torn = np.array(
        [
            str(shapely.relate(shapes[a], shapes[b]))[0] != "F" or _unshared(rims[a], rims[b])
            for a, b in zip(one.tolist(), two.tolist(), strict=True)
        ],
        dtype=bool,
    )
    return np.unique(np.concatenate([one[torn], two[torn]])).astype(np.int64)


def _unshared(rim: shapely.Geometry, other: shapely.Geometry) -> bool:
    """Whether one of two borders has a corner on the other where that has none."""
    for corners, line in ((rim, other), (other, rim)):
        xy = np.unique(shapely.get_coordinates(corners), axis=0)
        on = xy[np.asarray(shapely.intersects_xy(line, xy[:, 0], xy[:, 1]))]
        theirs = {tuple(place) for place in shapely.get_coordinates(line).tolist()}
        if any(tuple(place) not in theirs for place in on.tolist()):
            return True
    return False
