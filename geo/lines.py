"""Whose metre is it: lines cut at the grids' borders, each stretch credited to one grid."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.crs import require_metres, require_same
from geo.edges import Edges, Floats, Positions
from geo.errors import N_, BadGeometry
from geo.locator import GridLocator

if TYPE_CHECKING:
    from geo.band import Shares, Sides
    from geo.border_lattice import Lattice
    from geo.crossings import Runs, Walks

# A stretch nearer to a shared line than this lies on it: rounding must not choose between two grids.
ON_BORDER_M = 1e-6
# So far beside the middle of a border line one looks for the grid on that side.
_BESIDE_M = 1e-5


class Stretches(NamedTuple):
    """Edges cut into stretches, in order along each edge.

    ``edge`` is the position of the edge; ``begin`` and ``finish`` say where on it the stretch lies, from 0 at the
    edge's start to 1 at its end. The stretches of an edge fill it without a gap or overlap.
    """

    edge: Positions
    begin: Floats
    finish: Floats


def credit_lines(
    lines: gpd.GeoDataFrame | gpd.GeoSeries,
    grids: gpd.GeoDataFrame | GridLocator,
    *,
    times: "Sequence[Any] | pd.Series[Any] | None" = None,
    band_m: ArrayLike = 0.0,
) -> pd.DataFrame:
    """Say how many metres and minutes of each line every grid gets.

    Every metre and every minute is credited once: the rows of a line add up to its length and to its time. A stretch
    along a shared line goes to the preferred kind and smallest code, as a point there does (see
    `geo.locate.GridLocator`). What lies outside all grids is credited to grid None. Between two vertices the walk is
    taken as straight and even, so a grid that was crossed without a fix inside gets its share. Standing still counts
    its minutes where it stood. Between the parts of a MultiLineString nothing is credited: there the signal was gone.

    A phone cannot tell on which side of a border somebody walks along it. With a band (`band_m`) a walk is held to its
    grid until it is farther than the band from that grid's ground:

    * Of all ways to credit a part of the line to grids that it enters and is never farther from than the band, that
      one is taken which changes grids least often, and of those the one that leaves the exact grid for the fewest
      metres. So jitter across a border, and a corner cut by less than the band, change nothing, while a walk straight
      across is still divided at the border itself.
    * A stretch of more than four bands' length that could be either's goes as a whole to the preferred kind and
      smallest code of the two, as a point on their border would: where a walk leaves one grid, follows its border and
      ends in the other, and where all of it follows a border that it crosses.
    * A grid that is too narrow for the band (half its area divided by its perimeter is less) has a narrower one, so
      that who crosses it is credited with it.

    No metre goes to a grid farther away than the band, and the walk's direction does not matter.

    Parameters
    ----------
    lines : GeoDataFrame or GeoSeries of LineString or MultiLineString
        In metres. Missing and empty lines earn nothing. Only x and y count.
    grids : GeoDataFrame or GridLocator
        In the same CRS; columns `grid_code`, `geometry`, optional `kind`.
    times : sequence of arrays, one for each line, optional
        The time of every vertex, the parts of a line one after the other: seconds from any start, or datetime64.
        Default: the column ``seconds`` where `lines` has one, otherwise minutes are NaN.
    band_m : float or array_like, default 0
        How near to a border nobody can tell on which side of it a walk goes: one for all, or one for each line in their
        order. With 0 every metre goes to the grid it exactly lies in.

    Returns
    -------
    pandas.DataFrame
        Columns `line` (index value of the line), `grid_code`, `metres`, `minutes`; a row for each line and grid with
        any metre or minute, in the order of the lines, then by code with None last.

    Raises
    ------
    WrongCrs
        When a CRS is missing, the two differ, or they are not in metres.
    BadGeometry
        When something other than lines is passed, a line has not as many times as vertices, or a band is no length.

    Examples
    --------
    A walk of 30 m: 10 m in A, 10 m along the line that A and B share, 10 m in B.

    >>> from shapely import LineString, box
    >>> grids = gpd.GeoDataFrame({"grid_code": ["A", "B"]}, geometry=[box(0, 0, 10, 20), box(10, 0, 20, 20)], crs=4548)
    >>> walk = gpd.GeoSeries([LineString([(0, 5), (10, 5), (10, 15), (20, 15)])], crs=4548)
    >>> credit_lines(walk, grids, times=[[0, 10, 30, 60]])
       line grid_code  metres  minutes
    0     0         A    20.0      0.5
    1     0         B    10.0      0.5

    Somebody who comes from B, wavers along the border by a metre and turns back has not left B:

    >>> walk = gpd.GeoSeries([LineString([(15, 1), (9, 5), (11, 8), (9, 12), (15, 15)])], crs=4548)
    >>> credit_lines(walk, grids)["grid_code"].tolist(), credit_lines(walk, grids, band_m=2)["grid_code"].tolist()
    (['A', 'B'], ['B'])
    """
    locator = grids if isinstance(grids, GridLocator) else GridLocator(grids)
    require_metres(lines, "lines")
    require_same(lines, locator, "lines", "grids")
    geometry = _only_lines(lines)
    band = _bands(band_m, len(geometry))
    walks, line_of_part = _walks(geometry)
    seconds = _seconds_of_edges(lines, geometry, walks, times)
    if not len(walks.first):
        return _per_grid(np.empty(0, np.int64), np.empty(0, np.int32), np.empty((2, 0)), lines.index, locator)
    shares = _shares(walks, np.nan_to_num(seconds), locator, band[line_of_part])
    line = line_of_part[walks.part[shares.edge]]
    timed = np.zeros(len(geometry), bool)
    timed[line_of_part[walks.part[np.isfinite(seconds)]]] = True
    minutes = np.where(timed[line], shares.seconds / 60.0, np.nan)
    return _per_grid(line, shares.grid, np.stack([shares.metres, minutes]), lines.index, locator)


def lines_only(frame: gpd.GeoDataFrame | gpd.GeoSeries) -> NDArray[np.object_]:
    """The geometries of a frame, refused unless all are lines, missing or empty.

    Raises
    ------
    BadGeometry
        When one of them is a point, a polygon or a collection.
    """
    geometry = _only_lines(frame)
    _require_numbers(shapely.get_coordinates(geometry))
    return geometry


def _only_lines(frame: gpd.GeoDataFrame | gpd.GeoSeries) -> NDArray[np.object_]:
    geometry: NDArray[np.object_] = np.asarray(frame.geometry.array, dtype=object)
    wrong = ~np.isin(shapely.get_type_id(geometry), (-1, 1, 2, 5)) & ~shapely.is_empty(geometry)
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        raise BadGeometry(
            N_("Lines are wanted, but the geometry of %(row)s is a %(kind)s."),
            row=frame.index[at],
            kind=geometry[at].geom_type,
        )
    return geometry


def _require_numbers(place: Floats) -> None:
    if not np.isfinite(place).all():
        raise BadGeometry(N_("A line has a vertex whose coordinates are not numbers."))


def cut_at_borders(edges: Edges, locator: GridLocator, margin_m: float = ON_BORDER_M) -> Stretches:
    """Cut edges wherever they meet the border of a grid.

    Parameters
    ----------
    edges : Edges
        In metres.
    locator : GridLocator
        The grids.
    margin_m : float
        How near an end of a border line must lie to an edge, or of an edge to a border line, to cut it.
    """
    from geo.border_lattice import make_lattice
    from geo.crossings import find_cuts

    if not len(edges.owner):
        return cut(0, np.empty(0, np.int64), np.empty(0))
    walks = _apart(edges.start, edges.end)
    lattice = make_lattice(*_borders_near(locator, walks.place, margin_m), margin_m)
    begin, share = find_cuts(walks, lattice, margin_m)
    return cut(len(edges.owner), np.repeat(np.arange(len(edges.owner)), np.diff(begin)), share)


def cut(count: int, edge: Positions, share: Floats) -> Stretches:
    """Cut edges at given places.

    Parameters
    ----------
    count : int
        How many edges there are; an edge without a place stays one stretch.
    edge, share : arrays
        On which edge and how far along it to cut. The same place twice, or an end, does no harm.
    """
    all_edges = np.arange(count)
    edge = np.concatenate([all_edges, edge, all_edges])
    share = np.concatenate([np.zeros(count), share, np.ones(count)])
    order = np.lexsort((share, edge))
    edge, share = edge[order], share[order]
    real = (edge[1:] == edge[:-1]) & (share[1:] > share[:-1])
    return Stretches(edge[:-1][real], share[:-1][real], share[1:][real])


def middles(edges: Edges, stretches: Stretches) -> Floats:
    """The middle of each stretch, shape (n, 2)."""
    half = (stretches.begin + stretches.finish)[:, None] / 2
    middle: Floats = edges.start[stretches.edge] + half * (edges.end - edges.start)[stretches.edge]
    return middle


def _walks(geometry: NDArray[np.object_]) -> "tuple[Walks, Positions]":
    """The lines as plain vertices, and the position of the line that each part belongs to."""
    from geo.crossings import Walks

    parts, line = geometry, np.arange(len(geometry))
    # Taking parts out of a line copies it.
    if (shapely.get_type_id(geometry) != 1).any():
        parts, line = shapely.get_parts(geometry, return_index=True)
    place, part = shapely.get_coordinates(parts, return_index=True)
    _require_numbers(place)
    first = np.flatnonzero(part[1:] == part[:-1])
    return Walks(place, first, part[first]), line


def _apart(start: Floats, end: Floats) -> "Walks":
    """Edges as walks of one edge each."""
    from geo.crossings import Walks

    each = np.arange(len(start))
    return Walks(np.stack([start, end], axis=1).reshape(-1, 2), 2 * each, each)


def _bands(band_m: ArrayLike, count: int) -> Floats:
    band = np.asarray(band_m, float)
    if band.shape not in ((), (count,)) or not (np.isfinite(band) & (band >= 0)).all():
        raise BadGeometry(N_("The band along borders is a length of 0 m or more: one for all lines, or one for each."))
    wide: Floats = np.broadcast_to(band, count)
    return wide


def _borders_near(locator: GridLocator, place: Floats, margin_m: float) -> tuple[Floats, Floats]:
    """Each border line once whose box comes within the margin of the box around all places."""
    from geo.border_lattice import borders_once

    x, y = place[:, 0], place[:, 1]
    box = (x.min() - margin_m, y.min() - margin_m, x.max() + margin_m, y.max() + margin_m)
    lines = borders_once(locator.lines.corners, locator.lines.part, box)
    return lines[:, :2], lines[:, 2:]


def _shares(walks: "Walks", seconds: Floats, locator: GridLocator, band: Floats) -> "Shares":
    """What each grid gets of each part, in one row or more; ``band`` is that of each part."""
    from geo.band import Shares, hold_to_grids
    from geo.border_lattice import make_lattice
    from geo.crossings import find_cuts, find_pairs, find_runs

    widest = float(band.max())
    borders = _borders_near(locator, walks.place, ON_BORDER_M + widest)
    lattice = make_lattice(*borders, ON_BORDER_M)
    runs = find_runs(walks, seconds, *find_cuts(walks, lattice, ON_BORDER_M))
    # Cut at every border, a run lies wholly in one grid or wholly along a line: any place of it tells which.
    grid, _ = locator.decide(runs.x, runs.y, ON_BORDER_M)
    if widest == 0.0 or not len(locator.rank):
        return Shares(runs.edge, grid.astype(np.int64), runs.metres, runs.seconds)
    open_edges = _undecided(walks, runs, grid)
    open_walks = walks._replace(first=walks.first[open_edges], part=walks.part[open_edges])
    pairs = find_pairs(open_walks, lattice, widest)
    sides = _sides(lattice, pairs.line, locator, widest)
    rank = np.append(locator.rank, len(locator.rank))
    pairs = pairs._replace(edge=open_edges[pairs.edge])
    shares: Shares = hold_to_grids(walks, seconds, runs, grid, band, pairs, sides, rank)
    return shares


def _undecided(walks: "Walks", runs: "Runs", grid: NDArray[np.int32]) -> Positions:
    """The edges of parts that lie in more than one grid: with the others there is nothing to settle."""
    part = walks.part[runs.edge]
    open_part = np.zeros(int(walks.part.max()) + 1, bool)
    open_part[part[1:][(part[1:] == part[:-1]) & (grid[1:] != grid[:-1])]] = True
    return np.flatnonzero(open_part[walks.part])


def _sides(lattice: "Lattice", near: NDArray[np.int32], locator: GridLocator, band_m: float) -> "Sides":
    """What the answers are on either side of the border lines that are near; those that divide nothing are left out.

    The outline of a 专属 grid on 综合 ground, for one, divides nothing where the 综合 grid answers on both sides.
    """
    from geo.band import Sides
    from geo.crossings import find_cuts

    wanted = np.zeros(len(lattice.start), bool)
    wanted[near] = True
    line = np.flatnonzero(wanted)
    line_start, line_end = lattice.start[line], lattice.end[line]
    lines = _apart(line_start, line_end)
    begin, share = find_cuts(lines, lattice, ON_BORDER_M)
    pieces = cut(len(line), np.repeat(lines.part, np.diff(begin)), share)
    start, along = line_start[pieces.edge], (line_end - line_start)[pieces.edge]
    across = along[:, ::-1] * (-1.0, 1.0) * (_BESIDE_M / np.hypot(*along.T))[:, None]
    middle = start + (pieces.begin + pieces.finish)[:, None] / 2 * along
    beside = np.concatenate([middle + across, middle - across])
    # The same question as for the runs, so that the locator prepares itself for one kind of question only.
    left, right = np.split(locator.decide(beside[:, 0], beside[:, 1], ON_BORDER_M)[0], 2)
    parts = np.flatnonzero(left != right)
    geometry = locator.geometry
    half = np.append(shapely.area(geometry) / np.maximum(shapely.length(geometry), 1e-9) / 2, np.inf)
    width = np.minimum(np.minimum(half[left], half[right]), band_m)
    first = np.zeros(len(lattice.start) + 1, np.int64)
    np.cumsum(np.bincount(line[pieces.edge[parts]], minlength=len(lattice.start)), out=first[1:])
    begins, ends = start + pieces.begin[:, None] * along, start + pieces.finish[:, None] * along
    return Sides(first, begins[parts], ends[parts], left[parts], right[parts], width[parts])


def _seconds_of_edges(lines: Any, geometry: NDArray[np.object_], walks: "Walks", times: Any) -> Floats:
    if times is None and isinstance(lines, gpd.GeoDataFrame) and "seconds" in lines.columns:
        times = lines["seconds"]
    if times is None:
        return np.full(len(walks.first), np.nan)
    vertices = shapely.get_num_coordinates(geometry)
    each = [_in_seconds(np.asarray(one)) for one in times]
    wrong = np.flatnonzero(np.array([len(one) for one in each]) != vertices) if len(each) == len(vertices) else [0]
    if len(wrong):
        raise BadGeometry(
            N_("Every vertex of a line needs its time: line %(row)s has not as many times as vertices."),
            row=lines.index[wrong[0]] if len(lines) else "-",
        )
    seconds = np.concatenate([*each, np.empty(0)]).astype(float)
    spent: Floats = seconds[walks.first + 1] - seconds[walks.first]
    return spent


def _in_seconds(times: NDArray[Any]) -> Floats:
    if times.dtype.kind == "M" and len(times):
        passed: Floats = (times - times[0]) / np.timedelta64(1, "s")
        return passed
    return times


def _per_grid(line: Positions, grid: Any, earned: Floats, index: pd.Index, locator: GridLocator) -> pd.DataFrame:
    """One row for each line and grid; ``earned`` holds metres and minutes."""
    by_rank = np.append(np.argsort(locator.rank), -1)
    rank = np.append(locator.rank, len(locator.rank))[grid]
    key, row = np.unique(line * len(by_rank) + rank, return_inverse=True)
    metres, minutes = (np.bincount(row, each, minlength=len(key)) for each in earned)
    kept = (metres > 0) | (minutes > 0)
    its_line, its_rank = np.divmod(key[kept], len(by_rank))
    return pd.DataFrame(
        {
            "line": index.take(its_line),
            "grid_code": pd.Series(locator.codes_at(by_rank[its_rank]), dtype=object),
            "metres": metres[kept],
            "minutes": minutes[kept],
        }
    )
