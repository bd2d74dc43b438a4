"""How dense points lie, as a picture for a window of a map: a bell over every point, summed on a raster.

Each point is dealt out to the nine cells around it by the weights of a quadratic spline. These keep its place exactly,
and widen every point by the same quarter of a square cell wherever in its cell it lies; that is taken off the bell's
own width before the raster is smoothed. So what is computed is the sum of bells at the points themselves, and not at
the middles of cells: bins leave no spots of their own. What is left is the bells' third moment. With cells of a third
of the reach a bell is nowhere off by more than `ERROR_SHARE` of its top, where counting points in cells is off by a
tenth.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse

from geo.turns import compiled

Floats = npt.NDArray[np.float64]

CELLS_PER_REACH = 3.0
"""A cell is at most a third of the bell's standard deviation."""

ERROR_SHARE = 0.001
"""By how much of its top one point's bell may be off anywhere; measured 0.0007 at cells of a third of the reach."""

FINEST = 12.0
"""Cells are no smaller than a twelfth of the reach: a finer picture of so smooth a thing looks the same."""

WANTED_CELLS = 256
MOST_CELLS = 400
"""The longer side of a picture has so many cells where the reach allows, and never more than these."""

_FAR = 4.5
_HECTARE_M2 = 10_000.0


class Raster(NamedTuple):
    """A window in square cells, the first row in the north; metres.

    Parameters
    ----------
    west, north : float
        The window's corner.
    wide_m, high_m : float
        Sides of a cell, square but for what makes whole cells fill the window.
    columns, rows : int
    reach_m : float
        Standard deviation of the bell: at least `CELLS_PER_REACH` cells.
    """

    west: float
    north: float
    wide_m: float
    high_m: float
    columns: int
    rows: int
    reach_m: float

    @property
    def margin(self) -> int:
        """So many cells around the window are summed too: bells of points outside reach in."""
        return math.ceil(_FAR * self.reach_m / min(self.wide_m, self.high_m)) + 1

    @property
    def cell_m2(self) -> float:
        """Area of a cell."""
        return self.wide_m * self.high_m


def lay_raster(west: float, south: float, east: float, north: float, reach_m: float) -> Raster:
    """Cut a window into cells that are fine enough for a bell and few enough for a picture.

    Where the window is so wide that a bell would be narrower than three cells, it is widened to three: what is
    smaller could not be seen.

    Parameters
    ----------
    west, south, east, north : float
        The window, metres of a plane whose pixels are squares (`geo.map_plane`); whole cells fill it exactly.
    reach_m : float
        Standard deviation of the bell.

    Examples
    --------
    >>> raster = lay_raster(0, 0, 1000, 500, reach_m=60)
    >>> raster.wide_m, raster.high_m, raster.columns, raster.rows, raster.reach_m
    (5.0, 5.0, 200, 100, 60)
    >>> lay_raster(0, 0, 40_000, 20_000, reach_m=60).reach_m
    300.0
    """
    span = max(east - west, north - south)
    coarse, fine = reach_m / CELLS_PER_REACH, reach_m / FINEST
    cell = max(min(coarse, span / WANTED_CELLS), fine, span / MOST_CELLS)
    columns, rows = (max(1, math.ceil(side / cell - 1e-9)) for side in (east - west, north - south))
    wide, high = (east - west) / columns, (north - south) / rows
    return Raster(west, north, wide, high, columns, rows, max(reach_m, CELLS_PER_REACH * max(wide, high)))


def blank(raster: Raster) -> Floats:
    """Sums of nothing yet, over the window and its margin."""
    return np.zeros((raster.rows + 2 * raster.margin, raster.columns + 2 * raster.margin))


def deal_out(
    raster: Raster,
    sums: Floats,
    x: npt.NDArray[Any],
    y: npt.NDArray[Any],
    wanted: npt.NDArray[np.uint8],
    onto: tuple[float, float, float] = (1.0, 0.0, 0.0),
) -> None:
    """Add points to the sums, each dealt out to nine cells.

    Parameters
    ----------
    raster : Raster
    sums : ndarray
        From `blank`; changed.
    x, y : ndarray of float
        Metres; what is not a number or lies beyond the margin is left out.
    wanted : ndarray of uint8
        0 for points to be left out.
    onto : tuple of float
        Factor, east and north by which the points' metres become the raster's (`MapPlane.onto`).
    """
    factor, east, north = onto
    left = (east - raster.west) / raster.wide_m + raster.margin - 0.5
    top = (raster.north - north) / raster.high_m + raster.margin - 0.5
    _deal_out(x, y, wanted, factor / raster.wide_m, factor / raster.high_m, left, top, sums)


def spread_squares(raster: Raster, sums: Floats, counts: Floats, west: float, south: float, side_m: float) -> None:
    """Add counts that are known by square only, each spread evenly over its square.

    Parameters
    ----------
    counts : ndarray of float, shape (rows, columns)
        The first row lies in the south.
    west, south, side_m : float
        The lattice's corner and the side of a square, metres of the raster.
    """
    edges_x = raster.west + raster.wide_m * (np.arange(sums.shape[1] + 1) - raster.margin)
    edges_y = raster.north - raster.high_m * (np.arange(sums.shape[0] + 1) - raster.margin)
    # A square lies in few columns and rows of the raster, or few squares in one of these.
    across = sparse.csr_array(_shares(edges_x[:-1], edges_x[1:], west, side_m, counts.shape[1]))
    up = sparse.csr_array(_shares(edges_y[1:], edges_y[:-1], south, side_m, counts.shape[0]))
    sums += np.asarray(across @ np.asarray(up @ counts).T).T


def _shares(low: Floats, high: Floats, first: float, side_m: float, count: int) -> Floats:
    """Which share of each stretch of a lattice lies in each stretch of the raster."""
    begin = first + side_m * np.arange(count)
    overlap = np.minimum(high[:, None], begin + side_m) - np.maximum(low[:, None], begin)
    return np.asarray(np.maximum(overlap, 0.0) / side_m)


def smooth(raster: Raster, sums: Floats, *, dealt_out: bool = True) -> npt.NDArray[np.float32]:
    """Lay the bell over the sums.

    Parameters
    ----------
    dealt_out : bool
        Whether the sums come from `deal_out`, which has widened every point already; else from `spread_squares`.

    Returns
    -------
    ndarray of float32, shape (rows, columns)
        Points a hectare; the first row lies in the north.
    """
    widths = [raster.reach_m / raster.high_m, raster.reach_m / raster.wide_m]
    if dealt_out:
        widths = [math.sqrt(width**2 - 0.25) for width in widths]
    wide = ndimage.gaussian_filter(sums.astype(np.float32), widths, mode="constant", truncate=_FAR)
    margin = raster.margin
    inner = wide[margin : margin + raster.rows, margin : margin + raster.columns]
    return np.asarray(np.maximum(inner, 0.0) * np.float32(_HECTARE_M2 / raster.cell_m2))


def exact_density(x: Floats, y: Floats, at_x: Floats, at_y: Floats, reach_m: float) -> Floats:
    """The sum of bells at single places, each with its full width, point by point: what `smooth` comes near.

    Returns
    -------
    ndarray of float
        Points a hectare at each place.

    Examples
    --------
    >>> alone = exact_density(np.array([0.0]), np.array([0.0]), np.array([0.0, 100.0]), np.array([0.0, 0.0]), 100.0)
    >>> [round(float(value), 4) for value in alone]
    [0.1592, 0.0965]
    """
    top = _HECTARE_M2 / (2 * math.pi * reach_m**2)
    found = np.empty(len(at_x))
    step = max(1, 4_000_000 // max(1, len(x)))
    for begin in range(0, len(at_x), step):
        part = slice(begin, begin + step)
        apart = (at_x[part, None] - x) ** 2 + (at_y[part, None] - y) ** 2
        found[part] = top * np.exp(apart / (-2 * reach_m**2)).sum(axis=1)
    return found


@compiled(None)
def _deal_out(x: Any, y: Any, wanted: Any, across: float, down: float, left: float, top: float, sums: Any) -> None:
    rows, columns = sums.shape
    for point in range(len(x)):
        if wanted[point] == 0:
            continue
        u, v = x[point] * across + left, top - y[point] * down
        # What is not a number is in no range.
        if not (u >= 1.0 and v >= 1.0 and u < columns - 2.0 and v < rows - 2.0):
            continue
        column, row = int(u + 0.5), int(v + 0.5)
        s, t = u - column, v - row
        west, middle, east = 0.5 * (0.5 - s) ** 2, 0.75 - s * s, 0.5 * (0.5 + s) ** 2
        north, level, south = 0.5 * (0.5 - t) ** 2, 0.75 - t * t, 0.5 * (0.5 + t) ** 2
        sums[row - 1, column - 1] += north * west
        sums[row - 1, column] += north * middle
        sums[row - 1, column + 1] += north * east
        sums[row, column - 1] += level * west
        sums[row, column] += level * middle
        sums[row, column + 1] += level * east
        sums[row + 1, column - 1] += south * west
        sums[row + 1, column] += south * middle
        sums[row + 1, column + 1] += south * east
