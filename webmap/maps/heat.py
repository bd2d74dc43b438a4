"""Where incidents are dense, as one picture inside a map's file; lonely ones are left out."""

import base64
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from folium.raster_layers import ImageOverlay
from scipy.spatial import cKDTree

from geo.density import blank, deal_out, lay_raster, smooth
from geo.map_plane import MapPlane
from webmap.maps import shades

REACH_M = 60.0
"""As `patrols.incident_density.REACH_M`."""


@dataclass(frozen=True)
class Heat:
    """A density.

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


def density(lon: npt.ArrayLike, lat: npt.ArrayLike, *, reach_m: float = REACH_M, floor: int = 3) -> Heat:
    """Return how many incidents there are a hectare, everywhere.

    Where fewer than ``floor`` lie within ``2 reach_m`` of each other they are left out first, so that a lonely spot
    does not point at one household. For files of an office that shows its own incidents one by one besides; whatever
    is handed on takes `webmap.maps.heat_gather`, whose floor holds however views are compared.

    Parameters
    ----------
    lon, lat : array-like of float
        WGS 84 degrees; pairs that are not numbers are ignored.
    reach_m : float
        Standard deviation of the bell over each incident.
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
    if not good.any():
        return Heat(np.zeros((0, 0), np.float32), ((0.0, 0.0), (0.0, 0.0)), 0, 0)
    plane = MapPlane(float(east[good].mean()), float(north[good].mean()))
    x, y = plane.metres(east[good], north[good])
    tree = cKDTree(np.column_stack([x, y]))
    near = np.asarray(tree.query_ball_point(tree.data, 2 * reach_m, return_length=True))
    wanted = np.asarray(near >= floor, np.uint8)
    margin = 4 * reach_m
    low_x, high_x = float(x.min()) - margin, float(x.max()) + margin
    low_y, high_y = float(y.min()) - margin, float(y.max()) + margin
    raster = lay_raster(low_x, low_y, high_x, high_y, reach_m)
    sums = blank(raster)
    deal_out(raster, sums, x, y, wanted)
    (west, right), (south, top) = plane.degrees([low_x, high_x], [low_y, high_y])
    bounds = (float(south), float(west)), (float(top), float(right))
    return Heat(smooth(raster, sums), bounds, int(wanted.sum()), int((1 - wanted).sum()))


def overlay(heat: Heat) -> ImageOverlay | None:
    """Return the picture as a layer of folium, not yet shown; None when there is nothing to draw."""
    if not heat.counted:
        return None
    picture = base64.b64encode(shades.png(heat.per_hectare, shades.shades(heat.peak))).decode()
    corners = [list(corner) for corner in heat.bounds]
    return ImageOverlay(f"data:image/png;base64,{picture}", bounds=corners, pixelated=False, show=False, pane="heat")
