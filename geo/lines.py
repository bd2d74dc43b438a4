"""Whose metre is it: lines cut at the grids' borders, each stretch credited to one grid."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import require_metres, require_same
from geo.edges import Edges, Floats, Positions, boxes, line_edges, meetings, ring_edges, segments
from geo.errors import N_, BadGeometry
from geo.locator import GridLocator

# A stretch nearer to a shared line than this lies on it: rounding must not choose between two grids.
ON_BORDER_M = 1e-6


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
) -> pd.DataFrame:
    """Say how many metres and minutes of each line every grid gets.

    Every metre and every minute is credited once: the rows of a line add up to its length and to its time. A stretch
    along a shared line goes to the preferred kind and smallest code, as a point there does (see
    `geo.locate.GridLocator`). What lies outside all grids is credited to grid None. Between two vertices the walk is
    taken as straight and even, so a grid that was crossed without a fix inside gets its share. Standing still counts
    its minutes where it stood. Between the parts of a MultiLineString nothing is credited: there the signal was gone.

    Parameters
    ----------
    lines : GeoDataFrame or GeoSeries of LineString or MultiLineString
        In metres. Missing and empty lines earn nothing. Only x and y count.
    grids : GeoDataFrame or GridLocator
        In the same CRS; columns `grid_code`, `geometry`, optional `kind`.
    times : sequence of arrays, one for each line, optional
        The time of every vertex, the parts of a line one after the other: seconds from any start, or datetime64.
        Default: the column ``seconds`` where `lines` has one, otherwise minutes are NaN.

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
        When something other than lines is passed, or a line has not as many times as vertices.

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
    """
    locator = grids if isinstance(grids, GridLocator) else GridLocator(grids)
    require_metres(lines, "lines")
    require_same(lines, locator, "lines", "grids")
    edges = line_edges(lines_only(lines))
    seconds = _seconds_of_edges(lines, edges, times)
    length = np.hypot(*(edges.end - edges.start).T)
    stretches, near = cut_at_borders(edges, locator)
    grid = _whose(edges, stretches, near, locator)
    share = stretches.finish - stretches.begin
    earned = pd.DataFrame(
        {
            "line": edges.owner[stretches.edge],
            "grid": grid,
            "metres": share * length[stretches.edge],
            "minutes": share * seconds[stretches.edge] / 60.0,
        }
    )
    return _per_grid(earned, lines.index, locator)


def lines_only(frame: gpd.GeoDataFrame | gpd.GeoSeries) -> NDArray[np.object_]:
    """The geometries of a frame, refused unless all are lines, missing or empty.

    Raises
    ------
    BadGeometry
        When one of them is a point, a polygon or a collection.
    """
    geometry: NDArray[np.object_] = np.asarray(frame.geometry.array, dtype=object)
    wrong = ~np.isin(shapely.get_type_id(geometry), (-1, 1, 2, 5)) & ~shapely.is_empty(geometry)
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        raise BadGeometry(
            N_("Lines are wanted, but the geometry of %(row)s is a %(kind)s."),
            row=frame.index[at],
            kind=geometry[at].geom_type,
        )
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise BadGeometry(N_("A line has a vertex whose coordinates are not numbers."))
    return geometry


def cut_at_borders(
    edges: Edges, locator: GridLocator, margin_m: float = ON_BORDER_M
) -> tuple[Stretches, NDArray[np.bool_]]:
    """Cut edges wherever they meet the border of a grid.

    Parameters
    ----------
    edges : Edges
        In metres.
    locator : GridLocator
        The grids.
    margin_m : float
        How near an end of a border line must lie to an edge to cut it.

    Returns
    -------
    stretches : Stretches
    near : bool array
        Of each stretch, whether a border may lie within the margin; where False, none does.
    """
    borders = unique_edges(ring_edges(locator.geometry))
    tree = shapely.STRtree(segments(*borders))
    edge, border = tree.query(boxes(edges.start, edges.end, margin_m))
    pair, share = meetings(edges.start[edge], edges.end[edge], borders[0][border], borders[1][border], margin_m)
    stretches = cut(len(edges.owner), edge[pair], share)
    near: NDArray[np.bool_] = np.zeros(len(edges.owner), bool)
    near[edge] = True
    return stretches, near[stretches.edge]


def unique_edges(edges: Edges) -> tuple[Floats, Floats]:
    """Start and end of each edge, a line that two rings share only once."""
    swap = (edges.start[:, 0] > edges.end[:, 0]) | (
        (edges.start[:, 0] == edges.end[:, 0]) & (edges.start[:, 1] > edges.end[:, 1])
    )
    low = np.where(swap[:, None], edges.end, edges.start)
    high = np.where(swap[:, None], edges.start, edges.end)
    once = np.unique(np.hstack([low, high]), axis=0)
    return once[:, :2], once[:, 2:]


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


def _whose(edges: Edges, stretches: Stretches, near: NDArray[np.bool_], locator: GridLocator) -> NDArray[np.int32]:
    # Cut at every border, a stretch lies wholly in one grid or wholly along a line: its middle tells which.
    x, y = middles(edges, stretches).T
    found = np.empty(len(near), np.int32)
    found[~near] = locator.locate(x[~near], y[~near])
    found[near] = locator.first_choice(*locator.holding(x[near], y[near], ON_BORDER_M), int(near.sum()))
    return found


def _seconds_of_edges(lines: Any, edges: Edges, times: Any) -> Floats:
    if times is None and isinstance(lines, gpd.GeoDataFrame) and "seconds" in lines.columns:
        times = lines["seconds"]
    if times is None:
        return np.full(len(edges.owner), np.nan)
    vertices = shapely.get_num_coordinates(np.asarray(lines.geometry.array, dtype=object))
    each = [_in_seconds(np.asarray(one)) for one in times]
    wrong = np.flatnonzero(np.array([len(one) for one in each]) != vertices) if len(each) == len(vertices) else [0]
    if len(wrong):
        raise BadGeometry(
            N_("Every vertex of a line needs its time: line %(row)s has not as many times as vertices."),
            row=lines.index[wrong[0]] if len(lines) else "-",
        )
    seconds = np.concatenate([*each, np.empty(0)])
    spent: Floats = seconds[edges.first + 1] - seconds[edges.first]
    return spent


def _in_seconds(times: NDArray[Any]) -> Floats:
    if np.issubdtype(times.dtype, np.datetime64) and len(times):
        passed: Floats = (times - times[0]) / np.timedelta64(1, "s")
        return passed
    return times.astype(float)


def _per_grid(earned: pd.DataFrame, index: pd.Index, locator: GridLocator) -> pd.DataFrame:
    rank = np.append(locator.rank, len(locator.rank))[earned["grid"]]
    sums = (
        earned.assign(rank=rank)
        .groupby(["line", "rank", "grid"], as_index=False)[["metres", "minutes"]]
        .sum(min_count=1)
    )
    sums = sums[(sums["metres"] > 0) | (sums["minutes"] > 0)]
    return pd.DataFrame(
        {
            "line": index.take(sums["line"].to_numpy()),
            "grid_code": pd.Series(locator.codes_at(sums["grid"].to_numpy()), dtype=object),
            "metres": sums["metres"].to_numpy(),
            "minutes": sums["minutes"].to_numpy(),
        }
    )
