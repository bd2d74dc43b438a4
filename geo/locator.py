"""Grids prepared for looking up, millions of times, whose ground a point lies on."""

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.doubt import Ground
from geo.edges import Floats, Positions
from geo.errors import N_, BadGeometry
from geo.exact import holds
from geo.grounds import Grounds, is_there

if TYPE_CHECKING:
    import geopandas as gpd

    from geo.lattice import Lattice
    from geo.nearlines import NearLines
    from geo.outlines import Outlines
    from geo.sweep import Lines

Precedence = Literal["general", "special"]
Found = NDArray[np.int32]

# Distances that differ by less than a micrometre are one distance: rounding must not choose between two grids.
_SAME_DISTANCE_M = 1e-6

# Answering this many points from the tree takes less time than loading the compiled code.
_FEW = 200
# With so many points for each line of the grids, listing the near lines of every place on the ground pays.
_POINTS_A_LINE = 16
# Beyond these, products of coordinates leave the range of a double.
_SMALL, _LARGE = 1e-100, 1e100
# Many times what rounding moves a point, and GEOS's own arithmetic is sure beyond it.
_DOUBTFUL = 1e-14


class GridLocator:
    """Grids prepared for looking up, millions of times, whose ground a point lies on.

    A grid's border belongs to it, so a point on a shared line lies in two grids. It gets one: first by kind (see
    `precedence`), then the smallest code, compared as text; equal or missing codes go by position. Where grids overlap
    by mistake the same rule holds, and where they leave a gap the point has no grid. A ring that crosses itself counts
    as inside whatever an odd number of its windings surrounds. The answer is that of arithmetic without rounding, so
    points on and beside a slanting border fall on the side where they really are.

    The first few points are answered from a tree of the grids; from then on a lattice is laid over them (see
    `geo.lattice`), whose size grows with the number of vertices. It takes hundredths of a second for a city.

    Parameters
    ----------
    grids : Grounds, or GeoDataFrame or GeoSeries of Polygon or MultiPolygon
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
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> grids = gpd.GeoDataFrame({"grid_code": ["B", "A"]}, geometry=[box(0, 0, 10, 10), box(10, 0, 20, 10)])
    >>> GridLocator(grids).locate([5, 10, 15, 25], [5, 5, 5, 5])
    array([ 0,  1,  1, -1], dtype=int32)
    """

    def __init__(
        self, grids: "Grounds | gpd.GeoDataFrame | gpd.GeoSeries", *, precedence: Precedence = "general"
    ) -> None:
        self.geometry, self.codes, kinds, self.crs = Grounds.of(grids)
        known = ~(shapely.is_missing(self.geometry) | shapely.is_empty(self.geometry))
        if not np.isin(shapely.get_type_id(self.geometry[known]), (3, 6)).all():
            raise BadGeometry(N_("Grids are polygons or multipolygons; at least one here is something else."))
        self._kind = kinds != precedence
        self.rank = _ranks(self._kind, self.codes)
        self._lattices: dict[float | None, Lattice | None] = {}
        self._asked = 0
        self._threads = 1

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
        flat_x, flat_y = np.ascontiguousarray(wide_x.ravel()), np.ascontiguousarray(wide_y.ravel())
        lattice = self._lattice(None, len(flat_x))
        if lattice is None:
            return self._by_tree(flat_x, flat_y)[0].reshape(wide_x.shape)
        from geo import lookup

        found = np.empty(flat_x.size, np.int32)
        lookup.locate(flat_x, flat_y, *lattice, found)
        # A look at the smallest answer is quicker than one at each.
        if found.size and found.min() == lookup.OPEN:
            lost = np.flatnonzero(found == lookup.OPEN)
            found[lost] = self._by_tree(flat_x[lost], flat_y[lost])[0]
        return found.reshape(wide_x.shape)

    def decide(self, x: Floats, y: Floats, within_m: float = 0.0) -> tuple[Found, NDArray[np.bool_]]:
        """Say for each point which grid it lies in, and whether it lies in another one of the same kind too.

        Parameters
        ----------
        x, y : float64 arrays of one dimension
            In the grids' own coordinates.
        within_m : float, default 0
            How near to a grid a point counts as in it, in the coordinates' unit.

        Returns
        -------
        grid : int32 array
            As from `locate`; with a distance, the preferred one of all grids that near.
        tied : bool array
            Whether another grid of the same kind holds the point or is that near: the choice was the rule's.
        """
        x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)
        lattice = self._lattice(within_m, len(x))
        if lattice is None:
            return self._by_tree(x, y, within_m)
        from geo import lookup

        found, tied = np.empty(len(x), np.int32), np.empty(len(x), bool)
        lookup.decide(x, y, within_m, *lattice, self.rank, self._kind, found, tied)
        lost = np.flatnonzero(found == lookup.OPEN)
        found[lost], tied[lost] = self._by_tree(x[lost], y[lost], within_m)
        return found, tied

    def border_m(self, x: Floats, y: Floats, grid: Found) -> Floats:
        """The distance from each point to the border of a grid, outer or inner, wherever the point lies.

        Parameters
        ----------
        x, y : float64 arrays of one dimension
            In the grids' own coordinates.
        grid : int32 array
            Position of the grid whose border is meant; -1 for none.

        Returns
        -------
        float64 array
            In the coordinates' unit, so only metres give metres. NaN where there is no grid or no place.
        """
        x, y, grid = np.ascontiguousarray(x), np.ascontiguousarray(y), np.asarray(grid, np.int32)
        if self._few(len(x)):
            return self._border_by_tree(x, y, grid)
        from geo import nearlines, outlines

        apart = np.empty(len(x))
        if self._pays_to_list_lines():
            nearlines.distances(x, y, grid, *self._near_lines, *self._outlines, apart)
        else:
            outlines.distances(x, y, grid, *self._outlines, apart)
        return apart

    def expect(self, points: int, threads: int = 1) -> None:
        """Be told how many points will be asked about, so that what pays for so many is prepared for the first.

        So many threads may prepare it.
        """
        self._asked += points
        self._threads = threads

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
        x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)
        lattice = self._lattice(within_m, len(x))
        if lattice is None:
            return self._pairs(*self._hits(x, y, within_m))
        from geo import lookup

        room = len(x) + len(x) // 4
        while True:
            point, grid = np.empty(room, np.int64), np.empty(room, np.int64)
            count = lookup.holding(x, y, within_m, *lattice, len(self.rank), point, grid)
            if count <= room:
                break
            room = count
        point, grid = point[:count], grid[:count]
        lost = grid == lookup.OPEN
        if not lost.any():
            return point, grid
        which = point[lost]
        more, its_grid = self._hits(x[which], y[which], within_m)
        return self._pairs(np.concatenate([point[~lost], which[more]]), np.concatenate([grid[~lost], its_grid]))

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
        return self._pairs(point[near], self._parts[1][part])

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

    def _few(self, count: int) -> bool:
        """Whether so few points have been asked about that the tree answers them sooner."""
        self._asked += count
        return self._asked <= _FEW

    def _pays_to_list_lines(self) -> bool:
        """Whether so many points have been asked about that lists of near lines are soon made up for."""
        return self._asked >= _POINTS_A_LINE * len(self.lines.part) > 0

    def _lattice(self, within_m: float | None, count: int) -> "Lattice | None":
        """The lattice for lookups up to a distance (None: only for the best grid), or None where the tree answers."""
        if within_m not in self._lattices:
            if self._few(count):
                return None
            self._lattices[within_m] = self._build(within_m)
        return self._lattices[within_m]

    def _build(self, within_m: float | None) -> "Lattice | None":
        from geo import lattice

        corners = self.lines.corners
        if not len(corners):
            return None
        # Column by column: over an axis of two NumPy is ten times slower.
        x, y = corners[:, 0], corners[:, 1]
        box = (float(x.min()), float(y.min()), float(x.max()), float(y.max()))
        if not _SMALL < max(map(abs, box)) < _LARGE:
            return None
        return lattice.build(self.lines, box, every=within_m is not None, reach=within_m or 0.0)

    @cached_property
    def lines(self) -> "Lines":
        """The straight lines that the grids' borders consist of, ring after ring."""
        from geo.lattice import lines_of

        lines = lines_of(self.geometry, self.rank)
        _require_numbers(lines.corners)
        return lines

    @cached_property
    def _outlines(self) -> "Outlines":
        from geo.outlines import outlines_of

        return outlines_of(self.lines, len(self.geometry))

    @cached_property
    def _near_lines(self) -> "NearLines":
        from geo.nearlines import near_lines

        return near_lines(self.lines, self._outlines, self._threads)

    @cached_property
    def _parts(self) -> tuple[NDArray[np.object_], Positions]:
        _require_numbers(shapely.get_coordinates(self.geometry))
        parts, owner = shapely.get_parts(self.geometry, return_index=True)
        shapely.prepare(parts)
        return parts, owner

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._parts[0])

    def _by_tree(self, x: Floats, y: Floats, within_m: float = 0.0) -> tuple[Found, NDArray[np.bool_]]:
        point, grid = self._pairs(*self._hits(x, y, within_m))
        found = self.first_choice(point, grid, len(x))
        holders = np.bincount(point[self.same_kind(grid, found[point])], minlength=len(x))
        return found, holders > 1

    def _border_by_tree(self, x: Floats, y: Floats, grid: Found) -> Floats:
        apart = np.full(len(x), np.nan)
        has = (grid >= 0) & np.isfinite(x) & np.isfinite(y)
        apart[has] = shapely.distance(self.outlines[grid[has]], shapely.points(x[has], y[has]))
        return apart

    def _hits(self, x: Floats, y: Floats, within_m: float = 0.0) -> tuple[Positions, Positions]:
        """Pairs of a point and a grid that holds it, by GEOS, in any order; a pair may be there twice."""
        parts, owner = self._parts
        sound = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        spot_x, spot_y = x[sound], y[sound]
        around = shapely.box(spot_x - within_m, spot_y - within_m, spot_x + within_m, spot_y + within_m)
        point, part = self._tree.query(around if within_m else shapely.points(spot_x, spot_y))
        here_x, here_y = spot_x[point], spot_y[point]
        if within_m:
            hits = shapely.dwithin(parts[part], shapely.points(here_x, here_y), within_m)
        else:
            hits = _holds(parts[part], here_x, here_y)
        return sound[point[hits]], owner[part[hits]]

    def _pairs(self, point: Positions, grid: Positions) -> tuple[Positions, Positions]:
        size = max(len(self.geometry), 1)
        # Sorting by hand: np.unique is several times slower here.
        key = np.sort(point * size + grid)
        once = np.diff(key, prepend=-1) > 0
        point, grid = np.divmod(key[once], size)
        return point, grid


def _holds(parts: NDArray[np.object_], x: Floats, y: Floats) -> NDArray[np.bool_]:
    """Whether each part holds the point it is paired with, by GEOS where that is sure, else by whole numbers."""
    size = np.maximum(np.abs(x), np.abs(y))
    size = np.maximum(size, np.abs(shapely.bounds(parts)).max(axis=1, initial=0.0))
    with np.errstate(over="ignore", invalid="ignore"):
        held: NDArray[np.bool_] = shapely.intersects_xy(parts, x, y)
        apart = shapely.distance(shapely.boundary(parts), shapely.points(x, y))
        doubtful = ~(apart > _DOUBTFUL * size) | (size < _SMALL) | (size > _LARGE)
    for at in np.flatnonzero(doubtful):
        held[at] = holds(parts[at], x[at], y[at])
    return held


def _require_numbers(corners: Floats) -> None:
    if not np.isfinite(corners).all():
        raise BadGeometry(N_("A grid has a vertex whose coordinates are not numbers."))


def _ranks(other_kind: NDArray[np.bool_], codes: NDArray[np.object_]) -> Positions:
    missing = np.array([not is_there(code) for code in codes], bool)
    text = np.array([str(code) for code in np.where(missing, "", codes)], dtype=object)
    order = sorted(range(len(codes)), key=lambda at: (other_kind[at], missing[at], text[at], at))
    ranks = np.empty(len(codes), np.int64)
    ranks[order] = np.arange(len(codes))
    return ranks
