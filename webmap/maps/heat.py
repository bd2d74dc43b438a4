"""Where incidents are dense: counted on a lattice, smoothed, and drawn as one picture in which no single one shows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from folium.raster_layers import ImageOverlay
from scipy import ndimage

EARTH_M = 6_378_137.0
"""Radius of the sphere of web maps."""

RAMP = np.array(
    [
        [255, 226, 160, 0],
        [255, 205, 120, 90],
        [250, 160, 90, 150],
        [233, 100, 90, 185],
        [178, 50, 105, 205],
        [92, 24, 96, 220],
    ],
    float,
)
"""From nothing to densest: red, green, blue, opacity. Lightness falls steadily, so it reads in grey too."""

SHADES = 48


@dataclass(frozen=True)
class Heat:
    """A smoothed density.

    Parameters
    ----------
    per_hectare : ndarray of float32, shape (rows, columns)
        Incidents a hectare; the first row lies in the north.
    bounds : tuple
        ``((south, west), (north, east))`` in degrees.
    counted, hidden : int
        Incidents drawn, and left out because fewer than the floor lay near each other.
    """

    per_hectare: npt.NDArray[np.float32]
    bounds: tuple[tuple[float, float], tuple[float, float]]
    counted: int
    hidden: int

    @property
    def peak(self) -> float:
        """The highest density, in incidents a hectare."""
        return float(self.per_hectare.max(initial=0.0))


def density(
    lon: npt.ArrayLike,
    lat: npt.ArrayLike,
    *,
    reach_m: float = 45.0,
    cell_m: float = 12.0,
    floor: int = 3,
    most_cells: int = 420,
) -> Heat:
    """Return how many incidents there are a hectare, everywhere.

    Incidents are counted in square cells, then spread by a bell of ``reach_m``. Where fewer than ``floor`` lie within
    ``2 reach_m`` of each other they are left out first, so that a lonely spot does not point at one household.

    Parameters
    ----------
    lon, lat : array-like of float
        WGS 84 degrees; pairs that are not numbers are ignored.
    reach_m : float
        Standard deviation of the bell. 45 m is about half the depth of a compound.
    cell_m : float
        Side of a cell on the ground; enlarged when the picture would have more than ``most_cells`` on a side.
    floor : int
        The least that is shown.

    Returns
    -------
    Heat
        An empty one (no rows) when nothing is left.

    Examples
    --------
    >>> heat = density([116.32] * 9 + [116.33], [40.0] * 10)
    >>> heat.counted, heat.hidden
    (9, 1)
    """
    east, north = np.asarray(lon, float), np.asarray(lat, float)
    good = np.isfinite(east) & np.isfinite(north)
    east, north = east[good], north[good]
    if not len(east):
        return Heat(np.zeros((0, 0), np.float32), ((0.0, 0.0), (0.0, 0.0)), 0, 0)
    stretch = 1 / np.cos(np.radians(north.mean()))
    x, y = EARTH_M * np.radians(east), EARTH_M * np.arctanh(np.sin(np.radians(north)))
    margin = 4 * reach_m * stretch
    west, top = x.min() - margin, y.max() + margin
    wide, high = x.max() + margin - west, top - (y.min() - margin)
    side = max(cell_m * stretch, wide / most_cells, high / most_cells)
    columns, rows = int(wide / side) + 1, int(high / side) + 1
    cell = ((top - y) / side).astype(np.int64) * columns + ((x - west) / side).astype(np.int64)
    counts = np.bincount(cell, minlength=rows * columns).reshape(rows, columns).astype(np.float32)
    shown = np.where(_near(counts, 2 * reach_m * stretch / side) >= floor, counts, 0)
    hectares = (side / stretch) ** 2 / 10_000
    smooth = ndimage.gaussian_filter(shown, reach_m * stretch / side, mode="constant") / hectares
    bounds = _degrees(west, top - rows * side), _degrees(west + columns * side, top)
    return Heat(smooth, bounds, int(shown.sum()), int(counts.sum() - shown.sum()))


def _near(counts: npt.NDArray[np.float32], reach_cells: float) -> npt.NDArray[np.int64]:
    """How many lie in the square of cells around each cell."""
    width = 2 * max(1, round(reach_cells)) + 1
    sums: npt.NDArray[np.float64] = ndimage.uniform_filter(counts.astype(float), width, mode="constant") * width**2
    return np.rint(sums).astype(np.int64)


def _degrees(x: float, y: float) -> tuple[float, float]:
    return float(np.degrees(np.arctan(np.sinh(y / EARTH_M)))), float(np.degrees(x / EARTH_M))


def picture(heat: Heat) -> npt.NDArray[np.uint8]:
    """Return the density as a picture of red, green, blue and opacity, in few shades so that it stays small."""
    share = np.sqrt(heat.per_hectare / heat.peak) if heat.peak else heat.per_hectare
    steps = np.round(share * SHADES) / SHADES
    along = np.linspace(0, 1, len(RAMP))
    return np.stack([np.interp(steps, along, channel) for channel in RAMP.T], axis=-1).astype(np.uint8)


def overlay(heat: Heat) -> ImageOverlay | None:
    """Return the picture as a layer of folium, not yet shown; None when there is nothing to draw."""
    if not heat.per_hectare.size or not heat.peak:
        return None
    return ImageOverlay(
        picture(heat), bounds=[list(corner) for corner in heat.bounds], pixelated=False, show=False, pane="heat"
    )
