"""Whose ground is it: the grid of each point, by a rule that never leaves a point with two."""

from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.crs import require_metres, require_same
from geo.doubt import Ground
from geo.edges import Floats, Positions
from geo.errors import N_, BadGeometry

Precedence = Literal["general", "special"]
Found = NDArray[np.int32]

# Distances that differ by less than a micrometre are one distance: rounding must not choose between two grids.
_SAME_DISTANCE_M = 1e-6
_POINTS_AT_ONCE = 1_000_000
# A neighbour less likely than one in a thousand is not worth naming.
_LEAST_RIVAL = 1e-3


class DecidedBy(StrEnum):
    """The rule that gave a point its grid."""

    INSIDE = "inside"
    BORDER_TIE = "border_tie"
    WITHIN_REACH = "within_reach"
    NONE = "none"


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


def locate_points(
    points: gpd.GeoDataFrame | gpd.GeoSeries, grids: gpd.GeoDataFrame | GridLocator, *, reach_m: float = 0.0
) -> "pd.Series[Any]":
    """Say for each point the code of the grid it lies in.

    Ties are settled as `GridLocator` says. A point outside every grid goes to the nearest one within `reach_m`, of
    several equally near ones to the preferred kind and smallest code. Every point gets exactly one row.

    Parameters
    ----------
    points : GeoDataFrame or GeoSeries of Point
        In the CRS of the grids. A missing or empty point has no grid.
    grids : GeoDataFrame or GridLocator
        Columns `grid_code`, `geometry`, optional `kind`. Pass a locator to look up again and again.
    reach_m : float, default 0
        How far outside the grids a point may lie. Any reach at all needs coordinates in metres.

    Returns
    -------
    pandas.Series
        `grid_code` as objects, None for none, with the index and order of `points`.

    Raises
    ------
    WrongCrs
        When a CRS is missing, the two differ, or a reach is asked for in degrees.
    BadGeometry
        When something other than points or polygons is passed.

    Examples
    --------
    >>> from shapely import Point, box
    >>> grids = gpd.GeoDataFrame({"grid_code": ["A"]}, geometry=[box(0, 0, 10, 10)], crs=4548)
    >>> points = gpd.GeoSeries([Point(5, 5), Point(12, 5), Point(40, 5)], crs=4548)
    >>> locate_points(points, grids, reach_m=3).tolist()
    ['A', 'A', None]
    """
    locator, x, y = _at_the_door(points, grids, reach_m > 0)
    found, _ = _decide(locator, x, y, reach_m)
    return pd.Series(locator.codes_at(found), index=points.index, name="grid_code", dtype=object)


def weigh_points(
    points: gpd.GeoDataFrame | gpd.GeoSeries,
    grids: gpd.GeoDataFrame | GridLocator,
    *,
    accuracy_m: float | ArrayLike,
    reach_m: float = 0.0,
    tie_m: float = 0.0,
    sure_probability: float = 0.95,
) -> pd.DataFrame:
    """Say for each point its grid, the rule that decided, and how sure that is given the position's accuracy.

    The grid is where the point lies, never merely the likelier neighbour. Its probability is the share of a round
    normal scatter around the point that falls on the grid's ground, computed exactly. `accuracy_m` is understood as
    phones state it: the true position is within that radius in 68 of 100 cases. Other grids are weighed only if they
    are of the same kind, so a 专属 grid does not compete with the 综合 grid under it.

    Parameters
    ----------
    points : GeoDataFrame or GeoSeries of Point
        In metres.
    grids : GeoDataFrame or GridLocator
        As in `locate_points`, in metres.
    accuracy_m : float or array_like
        One for all, or one for each point in their order. Unknown (NaN) or negative: the probability is NaN and the
        answer not sure. 0 is taken as a millimetre.
    reach_m : float, default 0
        How far outside the grids a point may lie and still go to the nearest one.
    tie_m : float, default 0
        How near to a shared line a point counts as on it. Coordinates converted from degrees need a centimetre,
        or else rounding, not the rule, would choose between the two sides.
    sure_probability : float, default 0.95
        From which probability on an answer is called sure: wrong once in twenty at worst, and far less on average.

    Returns
    -------
    pandas.DataFrame
        Index and order of `points`; columns `grid_code` (None for none), `rule` (a `DecidedBy` value), `border_m`
        (distance to that grid's border, NaN for none), `probability`, `next_code` (the likeliest other grid with a
        probability of 0.001 or more, else None), `sure`. Where no grid is found, `probability` is that of the point
        really lying outside every grid.

    Raises
    ------
    WrongCrs
        When a CRS is missing, the two differ, or they are not in metres.
    BadGeometry
        When something other than points or polygons is passed.

    Examples
    --------
    >>> from shapely import Point, box
    >>> grids = gpd.GeoDataFrame({"grid_code": ["A", "B"]}, geometry=[box(0, 0, 99, 99), box(99, 0, 199, 99)], crs=4548)
    >>> points = gpd.GeoSeries([Point(50, 50), Point(99, 50)], crs=4548)
    >>> print(weigh_points(points, grids, accuracy_m=5.0).round(3).to_string())
      grid_code        rule  border_m  probability next_code   sure
    0         A      inside      49.0          1.0      None   True
    1         A  border_tie       0.0          0.5         B  False
    """
    locator, x, y = _at_the_door(points, grids, True)
    found, rule = _decide(locator, x, y, reach_m, tie_m)
    accuracy = np.broadcast_to(np.asarray(accuracy_m, float), x.shape)
    probability, rival = _weigh(locator, x, y, found, rule, accuracy)
    columns = {
        "grid_code": pd.Series(locator.codes_at(found), dtype=object),
        "rule": pd.Series(rule, dtype=object),
        "border_m": _border_distance(locator, x, y, found),
        "probability": probability,
        "next_code": pd.Series(locator.codes_at(rival), dtype=object),
        "sure": (probability >= sure_probability) & (found >= 0),
    }
    return pd.DataFrame(columns).set_axis(points.index, axis=0)


def _columns(grids: gpd.GeoDataFrame | gpd.GeoSeries) -> Any:
    return grids.columns if isinstance(grids, gpd.GeoDataFrame) else ()


def _ranks(other_kind: NDArray[np.bool_], codes: NDArray[np.object_]) -> Positions:
    missing = pd.isna(codes)
    text = np.array([str(code) for code in np.where(missing, "", codes)], dtype=object)
    order = sorted(range(len(codes)), key=lambda at: (other_kind[at], missing[at], text[at], at))
    ranks = np.empty(len(codes), np.int64)
    ranks[order] = np.arange(len(codes))
    return ranks


def _at_the_door(points: Any, grids: Any, metres: bool) -> tuple[GridLocator, Floats, Floats]:
    locator = grids if isinstance(grids, GridLocator) else GridLocator(grids)
    require_same(points, locator, "points", "grids")
    if metres:
        require_metres(points, "points")
    geometry = np.asarray(points.geometry.array, dtype=object)
    if (shapely.get_type_id(geometry) > 0).any():
        raise BadGeometry(N_("Points are wanted; at least one geometry here is something else."))
    # GEOS has no coordinates for an empty point, and says so with an exception.
    sound = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    x, y = np.full(len(geometry), np.nan), np.full(len(geometry), np.nan)
    x[sound], y[sound] = shapely.get_x(geometry[sound]), shapely.get_y(geometry[sound])
    return locator, x, y


def _decide(
    locator: GridLocator, x: Floats, y: Floats, reach_m: float, tie_m: float = 0.0
) -> tuple[Found, NDArray[np.object_]]:
    point, grid = locator.holding(x, y, tie_m)
    found = locator.first_choice(point, grid, len(x))
    rule = np.where(found >= 0, DecidedBy.INSIDE.value, DecidedBy.NONE.value).astype(object)
    holders = np.bincount(point[locator.same_kind(grid, found[point])], minlength=len(x))
    rule[holders > 1] = DecidedBy.BORDER_TIE.value
    outside = np.flatnonzero((found < 0) & np.isfinite(x) & np.isfinite(y))
    if reach_m > 0 and len(outside):
        near, its_grid = locator.nearest(x[outside], y[outside], reach_m)
        found[outside] = locator.first_choice(near, its_grid, len(outside))
        rule[outside[found[outside] >= 0]] = DecidedBy.WITHIN_REACH.value
    return found, rule


def _border_distance(locator: GridLocator, x: Floats, y: Floats, found: Found) -> Floats:
    distance = np.full(len(x), np.nan)
    has = found >= 0
    distance[has] = shapely.distance(locator.outlines[found[has]], shapely.points(x[has], y[has]))
    return distance


def _weigh(
    locator: GridLocator,
    x: Floats,
    y: Floats,
    found: Found,
    rule: NDArray[np.object_],
    accuracy_m: Floats,
) -> tuple[Floats, Found]:
    """The probability of each point's own grid (of being outside, where it has none), and the likeliest other one."""
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y) & (accuracy_m >= 0) & np.isfinite(accuracy_m))
    probability, rival = np.full(len(x), np.nan), np.full(len(x), -1, np.int32)
    # Far from every border a point's own grid has all of the probability; one that was reached for has none.
    probability[known] = np.where(rule[known] == DecidedBy.WITHIN_REACH.value, 0.0, 1.0)
    near, grid, mass = locator.ground.masses(x[known], y[known], accuracy_m[known])
    point = known[near]
    comparable = (found[point] < 0) | locator.same_kind(grid, found[point])
    point, grid, mass = point[comparable], grid[comparable], mass[comparable]
    own = found[point] == grid
    probability[point[own]] = mass[own]
    adrift = known[found[known] < 0]
    probability[adrift] = np.clip(1.0 - np.bincount(point, mass, minlength=len(x))[adrift], 0.0, 1.0)
    likely = np.flatnonzero(~own & (mass >= _LEAST_RIVAL))
    order = likely[np.lexsort((-locator.rank[grid[likely]], mass[likely].round(4), point[likely]))]
    rival[point[order]] = grid[order]
    return probability, rival
