"""Grids prepared for looking up, millions of times, whose ground a point lies on."""

from functools import cached_property
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.doubt import Ground
from geo.edges import Floats, Positions
from geo.errors import N_, BadGeometry

Precedence = Literal["general", "special"]
Found = NDArray[np.int32]

# Distances that differ by less than a micrometre are one distance: rounding must not choose between two grids.
_SAME_DISTANCE_M = 1e-6
_POINTS_AT_ONCE = 1_000_000


class GridLocator:
    """Grids prepared for looking up, millions of times, whose ground a point lies on.

    A grid's border belongs to it, so a point on a shared line lies in two grids. It gets one: first by kind (see
    `precedence`), then the smallest code, compared as text; equal or missing codes go by position. Where grids overlap
    by mistake the same rule holds, and where they leave a gap the point has no grid. A ring that crosses itself counts
    as inside whatever an odd number of its windings surrounds. Whether a point is inside is decided with extended
    precision, so that points on a slanting border fall on the side where they really are.

    Parameters
    ----------
    grids : GeoDataFrame or GeoSeries of Polygon or MultiPolygon
        Planar, in metres or degrees. Columns `grid_code` (text) and `kind` (``general`` or ``special``) are used where
        present. Missing and empty geometries hold no point.
    precedence : {"general", "special"}, default "general"
        Which kind answers where 专属 grids lie over 综合 ones. The 综合 grids answer for the ground unless the special
        ones are asked for.

    Raises
    ------
    BadGeometry
        When a geometry is neither a polygon nor a multipolygon.

    Examples
    --------
    >>> from shapely import box
    >>> grids = gpd.GeoDataFrame({"grid_code": ["B", "A"]}, geometry=[box(0, 0, 10, 10), box(10, 0, 20, 10)])
    >>> GridLocator(grids).locate([5, 10, 15, 25], [5, 5, 5, 5])
    array([ 0,  1,  1, -1], dtype=int32)
    """

    def __init__(self, grids: gpd.GeoDataFrame | gpd.GeoSeries, *, precedence: Precedence = "general") -> None:
        self.geometry = np.asarray(grids.geometry.array, dtype=object)
        self.crs = grids.crs
        known = ~(shapely.is_missing(self.geometry) | shapely.is_empty(self.geometry))
        if not np.isin(shapely.get_type_id(self.geometry[known]), (3, 6)).all():
            raise BadGeometry(N_("Grids are polygons or multipolygons; at least one here is something else."))
        column = {name: grids[name].to_numpy(object) for name in ("grid_code", "kind") if name in _columns(grids)}
        self.codes = column.get("grid_code", np.full(len(grids), None, object))
        self._kind = column.get("kind", np.full(len(grids), "general", object)) != precedence
        self.rank = _ranks(self._kind, self.codes)
        self._parts, self._owner = shapely.get_parts(self.geometry, return_index=True)
        shapely.prepare(self._parts)
        self._tree = shapely.STRtree(self._parts)

    def locate(self, x: ArrayLike, y: ArrayLike) -> Found:
        """Say for each point which grid it lies in.

        Parameters
        ----------
        x, y : array_like of float
            In the grids' own coordinates. Broadcast against each other. NaN and infinity lie nowhere.

        Returns
        -------
        int32 array
            Position in `grids` (not its index), in the shape of the inputs; -1 for none.
        """
        wide_x, wide_y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        flat_x, flat_y = wide_x.ravel(), wide_y.ravel()
        found = np.empty(flat_x.size, np.int32)
        for at in range(0, flat_x.size, _POINTS_AT_ONCE):
            here = slice(at, at + _POINTS_AT_ONCE)
            point, part = self._hits(flat_x[here], flat_y[here])
            found[here] = self.first_choice(point, self._owner[part], flat_x[here].size)
        return found.reshape(wide_x.shape)

    def holding(self, x: Floats, y: Floats, within_m: float = 0.0) -> tuple[Positions, Positions]:
        """Every grid that holds each point, border included.

        Parameters
        ----------
        x, y : float64 arrays of one dimension
            In the grids' own coordinates.
        within_m : float, default 0
            Also grids at most this far away, in the coordinates' unit.

        Returns
        -------
        point, grid : int64 arrays
            Positions of the pairs, each pair once, sorted by point, then by grid.
        """
        point, part = self._hits(x, y, within_m)
        return self._pairs(point, self._owner[part])

    def nearest(self, x: Floats, y: Floats, reach_m: float) -> tuple[Positions, Positions]:
        """Every grid that is nearest to each point, and not farther than the reach.

        Distances that differ by less than a micrometre are equal, so a point may have several nearest grids.

        Parameters
        ----------
        x, y : float64 arrays of one dimension
            Finite, in metres.
        reach_m : float
            Grids farther away are not looked at.

        Returns
        -------
        point, grid : int64 arrays
            Positions of the pairs, each pair once, sorted by point, then by grid.
        """
        spot = np.asarray(shapely.points(x, y), dtype=object)
        (point, _), distance = self._tree.query_nearest(
            spot, max_distance=np.nextafter(reach_m, np.inf), all_matches=False, return_distance=True
        )
        point, distance = point[distance <= reach_m], distance[distance <= reach_m]
        near, part = self._tree.query(spot[point], predicate="dwithin", distance=distance + _SAME_DISTANCE_M)
        return self._pairs(point[near], self._owner[part])

    def first_choice(self, point: Positions, grid: Positions, size: int) -> Found:
        """Of several grids for a point the one that the rule prefers; -1 where there is none.

        Parameters
        ----------
        point, grid : int64 arrays
            Pairs of positions.
        size : int
            How many points there are.
        """
        best = np.full(size, len(self.rank), np.int64)
        np.minimum.at(best, point, self.rank[grid])
        by_rank = np.append(np.argsort(self.rank), -1)
        return by_rank[best].astype(np.int32)

    def same_kind(self, one: Positions, other: Found) -> NDArray[np.bool_]:
        """Whether two grids, by position, are of one kind."""
        same: NDArray[np.bool_] = self._kind[one] == self._kind[other]
        return same

    def codes_at(self, grid: NDArray[np.integer[Any]]) -> NDArray[np.object_]:
        """The codes of grids by position; None for -1."""
        codes: NDArray[np.object_] = np.empty(len(self.codes) + 1, object)
        codes[:-1], codes[-1] = self.codes, None
        chosen: NDArray[np.object_] = codes[grid]
        return chosen

    @cached_property
    def outlines(self) -> NDArray[np.object_]:
        """Each grid's border as lines."""
        lines: NDArray[np.object_] = shapely.boundary(self.geometry)
        return lines

    @cached_property
    def ground(self) -> Ground:
        """The grids prepared for weighing doubt."""
        return Ground(self.geometry)

    def _hits(self, x: Floats, y: Floats, within_m: float = 0.0) -> tuple[Positions, Positions]:
        """Pairs of a point and a part of a grid that holds it, in any order."""
        sound = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        spot_x, spot_y = x[sound], y[sound]
        if within_m:
            around = shapely.box(spot_x - within_m, spot_y - within_m, spot_x + within_m, spot_y + within_m)
            point, part = self._tree.query(around)
            holds = shapely.dwithin(self._parts[part], shapely.points(spot_x[point], spot_y[point]), within_m)
        else:
            point, part = self._tree.query(shapely.points(spot_x, spot_y))
            holds = shapely.intersects_xy(self._parts[part], spot_x[point], spot_y[point])
        return sound[point[holds]], part[holds]

    def _pairs(self, point: Positions, grid: Positions) -> tuple[Positions, Positions]:
        size = max(len(self.geometry), 1)
        # Sorting by hand: np.unique is several times slower here.
        key = np.sort(point * size + grid)
        once = np.diff(key, prepend=-1) > 0
        point, grid = np.divmod(key[once], size)
        return point, grid


def _columns(grids: gpd.GeoDataFrame | gpd.GeoSeries) -> Any:
    return grids.columns if isinstance(grids, gpd.GeoDataFrame) else ()


def _ranks(other_kind: NDArray[np.bool_], codes: NDArray[np.object_]) -> Positions:
    missing = pd.isna(codes)
    text = np.array([str(code) for code in np.where(missing, "", codes)], dtype=object)
    order = sorted(range(len(codes)), key=lambda at: (other_kind[at], missing[at], text[at], at))
    ranks = np.empty(len(codes), np.int64)
    ranks[order] = np.arange(len(codes))
    return ranks
