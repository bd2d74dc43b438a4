"""The density of what is told above the floor, with what is known of a grid only spread evenly over that grid.

Drawn by squares alone, a map would show the few places with many incidents of one kind in one week, and nothing where
the same number is told for a grid: a spot that the floor has made.
"""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from geo.density import Raster, blank, smooth
from geo.locate import GridLocator
from patrols.incident_density import Heat, Window, told_heat
from patrols.told_counts import GRID, LEVELS, Groups


def heat_over_grids(told: Groups, window: Window, grids: gpd.GeoDataFrame) -> Heat:
    """Return the density of told groups: those of a square there, those of a grid over all of its ground.

    Groups of the whole community, and of grids that are not among `grids` any more, stay `elsewhere`. Made of nothing
    but what is told, so it tells no more than that.

    Parameters
    ----------
    told : Groups
        From `patrols.told_counts.told`.
    window : Window
        In degrees.
    grids : GeoDataFrame
        ``grid_code, geometry``; in degrees.

    Returns
    -------
    Heat
        Incidents a hectare; `counted` are all that are drawn.
    """
    squares = told_heat([told], window)
    raster = squares.raster
    of_grids = told.only(np.array([level.ground == GRID for level in LEVELS])[told.level])
    per_cell, spread = _over_cells(window, raster, grids, of_grids.by_grid())
    over = smooth(raster, per_cell, dealt_out=False)
    return Heat(raster, squares.per_hectare + over, squares.counted + spread, squares.elsewhere - spread)


def together(each: Sequence[Heat]) -> Heat:
    """Return the densities of several communities in one window as one; each stays what is told of it alone."""
    dense = np.stack([one.per_hectare for one in each]).sum(axis=0, dtype=np.float32)
    counted, elsewhere = sum(one.counted for one in each), sum(one.elsewhere for one in each)
    return Heat(each[0].raster, dense, counted, elsewhere)


def _over_cells(
    window: Window, raster: Raster, grids: gpd.GeoDataFrame, counts: dict[str, int]
) -> tuple[npt.NDArray[np.float64], int]:
    """The counts of grids dealt out to the cells whose middles lie in them, and how many incidents that were."""
    sums = blank(raster)
    place = _grid_of_cells(window, raster, grids, sums.shape)
    inside = place >= 0
    cells = np.bincount(place[inside], minlength=len(grids))
    told = np.array([counts.get(code, 0) for code in grids["grid_code"]], float)
    told[cells == 0] = 0.0
    share = np.divide(told, cells, out=np.zeros_like(told), where=cells > 0)
    sums[inside] = share[place[inside]]
    return sums, int(told.sum())


def _grid_of_cells(
    window: Window, raster: Raster, grids: gpd.GeoDataFrame, shape: Sequence[int]
) -> npt.NDArray[np.int32]:
    """The position of the grid in which each cell's middle lies, -1 for none; the first row in the north."""
    x = raster.west + raster.wide_m * (np.arange(shape[1]) + 0.5 - raster.margin)
    y = raster.north - raster.high_m * (np.arange(shape[0]) + 0.5 - raster.margin)
    across, up = np.meshgrid(x, y)
    lon, lat = window.plane.degrees(across.ravel(), up.ravel())
    return GridLocator(grids).locate(lon, lat).reshape(shape)
