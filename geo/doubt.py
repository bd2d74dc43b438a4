"""How much of a position's doubt lies over which piece of ground."""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.special import owens_t

from geo.edges import Edges, Floats, Positions, distances, ring_edges, segments

# Phones state the radius that holds the true position in 68 of 100 cases (Android's definition of accuracy). For the
# same normal scatter in x and y that radius is sqrt(-2 ln(1 - 0.68)) = 1.51 standard deviations.
SIGMAS_IN_ACCURACY = float(np.sqrt(-2.0 * np.log(1.0 - 0.68)))
# A straight border farther away than this many standard deviations cuts off less than a millionth.
_REACH_SIGMAS = 5.0
# A position is never better than a millimetre; it keeps the formulas finite for accuracy 0.
_FINEST_SIGMA_M = 1e-3
# Points nearer to a border line than this share of sigma are computed this far beside it: the mass changes by less.
_NUDGE_SIGMAS = 1e-6
_POINTS_AT_ONCE = 20_000


Masses = tuple[Positions, Positions, Floats]


class Ground:
    """Polygons prepared for asking how much of a normal scatter around a point lies over each of them.

    The mass of a round normal distribution over a polygon is exact, not sampled: the polygon's winding around the
    point, less two values of Owen's T function for each edge nearby. Grids that tile the ground get masses that add up
    to 1.

    Parameters
    ----------
    polygons : array of Polygon or MultiPolygon
        In metres. Invalid ones are mended first (`shapely.make_valid`).
    """

    def __init__(self, polygons: Any) -> None:
        mended = np.where(shapely.is_valid(polygons), polygons, shapely.make_valid(polygons))
        self._parts, self._owner = shapely.get_parts(mended, return_index=True)
        areal = shapely.get_dimensions(self._parts) == 2
        self._parts, self._owner = self._parts[areal], self._owner[areal]
        shapely.prepare(self._parts)
        self._edges: Edges = ring_edges(self._parts)
        self._tree = shapely.STRtree(segments(self._edges.start, self._edges.end))

    def masses(self, x: Floats, y: Floats, accuracy_m: Floats) -> Masses:
        """The probability that each point really lies over each polygon with a border near it.

        Parameters
        ----------
        x, y : float64 array
            Finite, in metres.
        accuracy_m : float64 array
            Radius that holds the true position in 68 of 100 cases; not negative, not NaN.

        Returns
        -------
        point, polygon : int64 arrays
            Positions, sorted by point, then by polygon. Only polygons with a border within five standard deviations are
            listed; a point far from every border appears nowhere, and lies over its own polygon with probability 1.
        mass : float64 array
            Between 0 and 1.
        """
        sigma = np.maximum(accuracy_m / SIGMAS_IN_ACCURACY, _FINEST_SIGMA_M)
        found = [
            self._masses_at_once(np.arange(at, min(at + _POINTS_AT_ONCE, len(x))), x, y, sigma)
            for at in range(0, len(x), _POINTS_AT_ONCE)
        ]
        if not found:
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
        point, polygon, mass = (np.concatenate(each) for each in zip(*found, strict=True))
        return point, polygon, mass

    def _masses_at_once(self, rows: Positions, x: Floats, y: Floats, sigma: Floats) -> Masses:
        spot, scale = np.column_stack([x[rows], y[rows]]), sigma[rows]
        near, edge = self._tree.query(shapely.points(spot), predicate="dwithin", distance=_REACH_SIGMAS * scale)
        spot = self._beside_the_lines(spot, scale, near, edge)
        part = self._edges.owner[edge]
        key, pair = np.unique(near * max(len(self._parts), 1) + part, return_inverse=True)
        point, its_part = np.divmod(key, max(len(self._parts), 1))
        lost = np.bincount(pair, _cut_off(self._edges, edge, spot[near], scale[near]), minlength=len(key))
        inside = shapely.intersects_xy(self._parts[its_part], spot[point, 0], spot[point, 1]).astype(float)
        return _by_polygon(rows[point], self._owner[its_part], inside - lost)

    def _beside_the_lines(self, spot: Floats, scale: Floats, near: Positions, edge: Positions) -> Floats:
        """Move points that lie on a line, to rounding, a hair off it: the formula wants a side."""
        for turn in (1.0, 2.3, 3.9):
            distance = distances(spot[near], self._edges.start[edge], self._edges.end[edge])
            touching = np.unique(near[distance < _nudge(scale[near]) / 10])
            if not len(touching):
                break
            spot = spot.copy()
            spot[touching] += np.outer(_nudge(scale[touching]), [np.cos(turn), np.sin(turn)])
        return spot


def _nudge(sigma: Floats) -> Floats:
    # Coordinates of ten million metres are spaced 2e-9 m apart, so less than 1e-7 m would drown in rounding.
    return np.maximum(_NUDGE_SIGMAS * sigma, 1e-7)


def _cut_off(edges: Edges, edge: Positions, spot: Floats, sigma: Floats) -> Floats:
    """The mass of the wedge behind each edge, as seen from the point; negative for edges seen from outside."""
    start, end = (edges.start[edge] - spot) / sigma[:, None], (edges.end[edge] - spot) / sigma[:, None]
    along = end - start
    length = np.hypot(along[:, 0], along[:, 1])
    with np.errstate(divide="ignore", invalid="ignore"):
        height = (start[:, 0] * end[:, 1] - start[:, 1] * end[:, 0]) / length
        from_foot = (start * along).sum(axis=1) / length
        to_foot = (end * along).sum(axis=1) / length
        mass = owens_t(height, to_foot / height) - owens_t(height, from_foot / height)
    return np.where((length > 0) & (height != 0), mass, 0.0)


def _by_polygon(point: Positions, polygon: Positions, mass: Floats) -> Masses:
    order = np.lexsort((polygon, point))
    point, polygon, mass = point[order], polygon[order], mass[order]
    first: NDArray[np.bool_] = np.ones(len(point), bool)
    first[1:] = (point[1:] != point[:-1]) | (polygon[1:] != polygon[:-1])
    total = np.bincount(np.cumsum(first) - 1, mass) if len(point) else mass
    return point[first], polygon[first], np.clip(total, 0.0, 1.0)
