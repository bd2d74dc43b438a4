"""Degrees to local metres and back: the only place where frames are converted from one into the other."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj

from data.exchange.degrees import WGS84
from geo.crs import local_crs
from geo.errors import N_, WrongCrs

Floats = npt.NDArray[np.float64]

BEIJING = (116.4, 39.9)
"""Where a place is taken to be that has no coordinates yet, degrees."""


def to_metres(frame: gpd.GeoDataFrame, crs: pyproj.CRS | None = None) -> gpd.GeoDataFrame:
    """Convert a frame in degrees (or in any declared system) to local metres.

    Parameters
    ----------
    frame : GeoDataFrame
        With a declared CRS.
    crs : CRS, optional
        The metres wanted; by default those of the middle of the frame. Give it where two frames must match.

    Raises
    ------
    WrongCrs
        When the frame declares no CRS: coordinates without one are a guess.
    """
    require_crs(frame.crs)
    if crs is None:
        bounds = to_degrees(frame).total_bounds
        crs = crs_around(bounds) if np.isfinite(bounds).all() else local_crs(*BEIJING)
    return frame.to_crs(crs)


def to_degrees(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Convert a frame to longitude and latitude, WGS 84; raises `WrongCrs` when it declares no CRS."""
    require_crs(frame.crs)
    return frame.to_crs(WGS84)


def points_in_metres(lon: npt.ArrayLike, lat: npt.ArrayLike, crs: pyproj.CRS) -> tuple[Floats, Floats]:
    """Convert longitudes and latitudes to metres of a CRS; what is not finite stays so.

    Parameters
    ----------
    lon, lat : array of float, degrees WGS 84
    crs : CRS
        As `crs_of` gives it, or ``frame.crs``.
    """
    x, y = _transformer(crs.to_wkt()).transform(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
    return np.asarray(x, dtype=float), np.asarray(y, dtype=float)


def crs_around(bounds: Sequence[float] | Floats) -> pyproj.CRS:
    """The local metres of the middle of a box in degrees."""
    west, south, east, north = (float(value) for value in bounds)
    return local_crs((west + east) / 2, (south + north) / 2)


def require_crs(crs: Any) -> None:
    """Refuse what declares no CRS."""
    if crs is None:
        raise WrongCrs(N_("The shapes declare no coordinate reference system. Declare the one they were made in."))


@lru_cache(maxsize=16)
def _transformer(wkt: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(WGS84, pyproj.CRS.from_wkt(wkt), always_xy=True)
