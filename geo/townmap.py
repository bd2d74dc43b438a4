"""A town's streets and buildings as a fine lattice that is asked millions of times: how far to a street, in a house?"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from geo.crs import require_metres

Floats = NDArray[np.float64]
Bounds = tuple[float, float, float, float]

CELL_M = 2.5
"""Half of the width of a lane: finer than streets and fixes are drawn."""

FAR_M = 150.0
"""Farther than this from any street the map says nothing: it may just end there."""

_MOST_CELLS = 9_000_000


@dataclass(frozen=True)
class TownMap:
    """The lattice: metres to the nearest street (at most `FAR_M`), and whether a building stands there.

    `in_building` is None where no buildings were given.
    """

    west: float
    south: float
    cell_m: float
    street_m: NDArray[np.float32]
    in_building: NDArray[np.bool_] | None

    def look_up(self, x: Floats, y: Floats) -> NDArray[np.intp]:
        """The position of each point's cell in the flattened lattice; the last one, which is far off, for all outside.

        Any shape; metres.
        """
        rows, columns = self.street_m.shape
        column = np.floor((x - self.west) / self.cell_m)
        row = np.floor((y - self.south) / self.cell_m)
        inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        cell: NDArray[np.intp] = np.where(inside, row * columns + column, rows * columns - 1).astype(np.intp)
        return cell


def draw_map(streets: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame | None, bounds: Bounds) -> TownMap:
    """Draw streets and buildings into a lattice.

    Parameters
    ----------
    streets : GeoDataFrame
        Lines, in metres.
    buildings : GeoDataFrame, optional
        Polygons in the same metres.
    bounds : tuple of float
        West, south, east, north of the ground that will be asked about.

    Raises
    ------
    WrongCrs
        When a frame is not in metres.
    """
    require_metres(streets, "streets")
    # A rim of a cell more than `FAR_M`, so that the last cell of the lattice is far from everything.
    near = shapely.box(*bounds)
    lines = streets.geometry.array.to_numpy()
    lines = shapely.intersection(lines[shapely.intersects(lines, near)], near)
    rim = FAR_M + 10 * CELL_M
    west, south, east, north = (*(np.array(bounds[:2]) - rim), *(np.array(bounds[2:]) + rim))
    cell_m = max(CELL_M, float(np.sqrt((east - west) * (north - south) / _MOST_CELLS)))
    shape = int((north - south) / cell_m) + 1, int((east - west) / cell_m) + 1
    street = np.zeros(shape, dtype=bool)
    spots = shapely.get_coordinates(shapely.segmentize(lines, cell_m / 2))
    street[((spots[:, 1] - south) / cell_m).astype(int), ((spots[:, 0] - west) / cell_m).astype(int)] = True
    metres = np.full(shape, FAR_M, dtype=np.float32)
    if street.any():
        metres = np.minimum(distance_transform_edt(~street) * cell_m, FAR_M).astype(np.float32)
    inside = None
    if buildings is not None and not buildings.empty:
        require_metres(buildings, "buildings")
        inside = _fill(buildings, west, south, cell_m, shape)
    return TownMap(west, south, cell_m, metres, inside)


def _fill(
    buildings: gpd.GeoDataFrame, west: float, south: float, cell_m: float, shape: tuple[int, int]
) -> NDArray[np.bool_]:
    """Which cells' middles lie in a polygon: along each row, every edge that is passed counts up or down."""
    rows, columns = shape
    rings = shapely.get_rings(shapely.orient_polygons(shapely.get_parts(buildings.geometry.array.to_numpy())))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    points = (points - (west, south)) / cell_m - 0.5
    same = ring[1:] == ring[:-1]
    start, end = points[:-1][same], points[1:][same]
    low = np.clip(np.ceil(np.minimum(start[:, 1], end[:, 1])), 0, rows).astype(int)
    high = np.clip(np.ceil(np.maximum(start[:, 1], end[:, 1])), 0, rows).astype(int)
    edge = np.repeat(np.arange(len(low)), high - low)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(high - low) - (high - low), high - low) + low[edge]
    rise = end[edge, 1] - start[edge, 1]
    column = start[edge, 0] + (row - start[edge, 1]) / rise * (end[edge, 0] - start[edge, 0])
    steps = np.zeros((rows, columns + 1), dtype=np.int32)
    np.add.at(steps, (row, np.clip(np.ceil(column), 0, columns).astype(int)), -np.sign(rise).astype(np.int32))
    filled: NDArray[np.bool_] = np.cumsum(steps, axis=1)[:, :columns] != 0
    return filled
