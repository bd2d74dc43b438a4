"""Which share of each courtyard patrols have seen: by its inner paths, or, where none are mapped, by its ground.

The rule, printed wherever its outcome is: of a compound in which at least `Rules.yard_path_m` of paths are mapped, the
share seen is that of the metres of its inner paths that were walked along (see `patrols.coverage`). Of any other it is
the share of its open ground, buildings left out, that lies within `Rules.sight_m` of where walks went in, farther than
`Rules.yard_edge_m` from its edge: who passes in the street outside has not been in. Over several compounds, each counts
by its open ground.
"""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import require_metres, require_same
from geo.lines import lines_only
from geo.locator import GridLocator
from geo.network import Cells
from patrols.coverage import cells_of
from patrols.rules import Rules

Flags = NDArray[np.bool_]
Shapes = NDArray[np.object_]

_DEFAULT = Rules()
# A walk is told to a metre, which no sight of 15 m depends on: thousands of walks then take little room.
_BEND_M = 1.0


@dataclass(frozen=True)
class Yards:
    """Compounds as patrols count them; made by `make_yards`.

    Parameters
    ----------
    table : DataFrame
        Index of the compounds; `name`, `grid_code` (None outside all grids), `ground_m2` (open ground), `path_metres`
        (of inner paths), `by` ("paths" or "ground").
    ground, inner : array of geometry
        The open ground of each, and what of the compound lies farther from its edge than people outside walk.
    cell, yard : int arrays
        Pairs: which cells of the streets are inner paths of which compound.
    cells : Cells
    sight_m : float
        How far one sees to each side.
    """

    table: pd.DataFrame
    ground: Shapes
    inner: Shapes
    cell: NDArray[np.int64]
    yard: NDArray[np.int64]
    cells: Cells
    sight_m: float


def make_yards(
    compounds: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame | None,
    pieces: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
    rules: Rules = _DEFAULT,
) -> Yards:
    """Prepare compounds for counting what was seen of them.

    A compound belongs to the grid in which a point of its inside lies; no border of a grid cuts it.

    Parameters
    ----------
    compounds : GeoDataFrame of Polygon or MultiPolygon
        In metres; `name` optional.
    buildings : GeoDataFrame, optional
        What is no open ground.
    pieces : GeoDataFrame
        Of `geo.streets.cut_streets`.
    grids : GeoDataFrame
        `grid_code`, `geometry`.

    Raises
    ------
    WrongCrs
        When a CRS is missing, they differ, or are not in metres.
    """
    require_metres(compounds, "compounds")
    require_same(compounds, pieces, "compounds", "streets")
    require_same(compounds, grids, "compounds", "grids")
    whole = np.asarray(compounds.geometry.to_numpy(), dtype=object)
    inner = np.asarray(shapely.buffer(whole, -rules.yard_edge_m), dtype=object)
    ground = whole if buildings is None or buildings.empty else _without(whole, buildings)
    cells = cells_of(pieces)
    yard, cell = shapely.STRtree(_points(cells.middle)).query(inner, predicate="contains")
    path_m = np.bincount(yard, cells.metres[cell], minlength=len(whole)).astype(float)
    spots = shapely.get_coordinates(shapely.point_on_surface(whole)) if len(whole) else np.empty((0, 2))
    locator = GridLocator(grids)
    table = pd.DataFrame(
        {
            "name": compounds["name"].to_numpy() if "name" in compounds else "",
            "grid_code": locator.codes_at(locator.locate(*spots.T)),
            "ground_m2": shapely.area(ground),
            "path_metres": path_m,
            "by": np.where(path_m >= rules.yard_path_m, "paths", "ground"),
        },
        index=compounds.index,
    )
    return Yards(table, ground, inner, cell, yard, cells, rules.sight_m)


def ground_seen(lines: gpd.GeoDataFrame | gpd.GeoSeries, yards: Yards) -> Shapes:
    """The open ground within sight of where walks went in, of each compound that counts by it; empty where nobody was.

    What several batches of walks have seen is what `shapely.union` makes of them, however many there are.

    Parameters
    ----------
    lines : GeoDataFrame or GeoSeries of LineString or MultiLineString
        In the metres of the compounds.
    """
    found: Shapes = np.full(len(yards.table), shapely.Polygon(), object)
    walks = shapely.get_parts(shapely.simplify(lines_only(lines), _BEND_M))
    by_ground = np.flatnonzero((yards.table["by"] == "ground").to_numpy())
    yard, walk = shapely.STRtree(walks).query(yards.inner[by_ground], predicate="intersects")
    inside = shapely.intersection(walks[walk], yards.inner[by_ground[yard]])
    parts, pair = shapely.get_parts(inside, return_index=True)
    is_line = shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING
    if is_line.any():
        # The pairs are in the order of the compounds, so the lines of one lie together.
        there, number = np.unique(by_ground[yard[pair[is_line]]], return_inverse=True)
        within = shapely.buffer(shapely.multilinestrings(parts[is_line], indices=number), yards.sight_m)
        found[there] = shapely.intersection(within, yards.ground[there])
    return found


def yards_seen(seen: Flags, ground: Shapes, yards: Yards) -> pd.DataFrame:
    """Which share of each compound was seen.

    Parameters
    ----------
    seen : bool array
        Of `patrols.coverage.cells_seen`.
    ground : array
        Of `ground_seen`.

    Returns
    -------
    DataFrame
        Index of the compounds; the columns of ``yards.table``, `path_metres_seen`, `share_seen` (NaN without open
        ground), `ground_m2_seen` (the share of the ground).
    """
    table = yards.table
    metres = yards.cells.metres[yards.cell] * seen[yards.cell]
    path_seen = np.bincount(yards.yard, metres, minlength=len(table)).astype(float)
    path_m, ground_m2 = table["path_metres"].to_numpy(), table["ground_m2"].to_numpy()
    by_paths = (table["by"] == "paths").to_numpy()
    of, whole = np.where(by_paths, path_seen, shapely.area(ground)), np.where(by_paths, path_m, ground_m2)
    share = np.minimum(np.divide(of, whole, out=np.full(len(of), np.nan), where=whole > 0), 1.0)
    return table.assign(path_metres_seen=path_seen, share_seen=share, ground_m2_seen=ground_m2 * np.nan_to_num(share))


def yards_by_grid(table: pd.DataFrame, codes: "pd.Series[Any] | pd.Index[Any]") -> pd.DataFrame:
    """The open ground of each grid's compounds, and how much of it was seen; both add up.

    Parameters
    ----------
    table : DataFrame
        As `yards_seen` makes it.

    Returns
    -------
    DataFrame
        Index `grid_code` in the order of `codes`; `yard_m2`, `yard_m2_seen`, 0 where a grid has no compound.
    """
    sums = table.groupby("grid_code")[["ground_m2", "ground_m2_seen"]].sum().reindex(codes).fillna(0.0)
    return sums.set_axis(["yard_m2", "yard_m2_seen"], axis=1).rename_axis("grid_code")


def _without(whole: Shapes, buildings: gpd.GeoDataFrame) -> Shapes:
    """The compounds without the buildings in them."""
    houses = np.asarray(buildings.geometry.to_numpy(), dtype=object)
    yard, house = shapely.STRtree(houses).query(whole, predicate="intersects")
    ground = whole.copy()
    for number in np.unique(yard):
        ground[number] = shapely.difference(whole[number], shapely.union_all(houses[house[yard == number]]))
    return ground


def _points(places: NDArray[np.float64]) -> Shapes:
    return np.asarray(shapely.points(places), dtype=object)
