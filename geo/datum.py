"""The four ways in which China writes a longitude and a latitude, and how to get from one to another.

GCJ-02 shifts WGS 84 by a public formula, BD-09 shifts GCJ-02 once more. Neither has an EPSG code, so no library of
coordinate systems knows them. They exist in this module alone and are undone while reading.
"""

from collections.abc import Callable
from typing import TypeVar

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.errors import N_, UnknownDatum, WrongCrs

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]
Frame = TypeVar("Frame", gpd.GeoDataFrame, gpd.GeoSeries)

DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")

# The formula's own ellipsoid (Krasovsky 1940); it is part of the definition, not of the earth.
_AXIS_M = 6378245.0
_ECCENTRICITY_2 = 0.00669342162296594323
_BD_TURN = np.pi * 3000.0 / 180.0
# Outside this box GCJ-02 is defined as equal to WGS 84; published with the formula.
_BOX_WEST, _BOX_EAST, _BOX_SOUTH, _BOX_NORTH = 72.004, 137.8347, 0.8293, 55.8271
# Each round shrinks the error about a thousandfold; from 500 m that is under 1e-8 m after five. Two in reserve.
_ROUNDS = 7


def convert(lon: ArrayLike, lat: ArrayLike, *, source: str, target: str, everywhere: bool = False) -> Pair:
    """Turn positions written in one datum into another.

    WGS 84 and CGCS2000 are taken as equal (they differ by decimetres). Outside the box 72.004-137.8347 E,
    0.8293-55.8271 N, GCJ-02 equals WGS 84 by definition, and so does BD-09 here. The way back is solved, not
    approximated: there and back moves a point by less than 1e-7 m. Only within about a kilometre outside the box is the
    way back ambiguous; there the solution inside the box wins. NaN stays NaN.

    Parameters
    ----------
    lon, lat : array_like of float
        Degrees. Broadcast against each other.
    source, target : {"wgs84", "cgcs2000", "gcj02", "bd09"}
        What they are written in, and what is wanted.
    everywhere : bool, default False
        Apply the formulas outside the box too, for sources known to do so.

    Returns
    -------
    tuple of float64 arrays
        Longitudes and latitudes, degrees, in the shape of the inputs.

    Raises
    ------
    UnknownDatum
        When `source` or `target` is none of the four names.

    Examples
    --------
    Tiananmen, written by a GPS receiver and read by a Chinese map: half a kilometre apart.

    >>> lon, lat = convert(116.3974, 39.9087, source="wgs84", target="gcj02")
    >>> print(f"{lon:.6f} {lat:.6f}")
    116.403644 39.910103
    """
    for name in (source, target):
        if name not in DATUMS:
            raise UnknownDatum(
                N_("Unknown datum %(datum)s: it is one of %(known)s."), datum=repr(name), known=", ".join(DATUMS)
            )
    x, y = (np.array(part) for part in np.broadcast_arrays(np.asarray(lon, float), np.asarray(lat, float)))
    start, end = _RANK[source], _RANK[target]
    steps = _OUTWARD[start:end] if end >= start else _HOMEWARD[end:start][::-1]
    for step in steps:
        x, y = step(x, y, everywhere)
    return x, y


def convert_frame(frame: Frame, *, source: str, target: str, everywhere: bool = False) -> Frame:
    """Turn every vertex of a frame from one datum into another; see `convert`.

    Parameters
    ----------
    frame : GeoDataFrame or GeoSeries
        In degrees. It carries EPSG:4326 or 4490 (or no CRS), since GCJ-02 and BD-09 have no code of their own.
    source, target, everywhere
        As in `convert`.

    Returns
    -------
    GeoDataFrame or GeoSeries
        A copy with the same index, columns and CRS. Heights are kept.

    Raises
    ------
    WrongCrs
        When the frame is in metres.
    UnknownDatum
        When a name is none of the four.
    """
    if frame.crs is not None and not frame.crs.is_geographic:
        raise WrongCrs(
            N_("A datum can only be changed in degrees, but the frame is in %(crs)s: convert it to EPSG:4326 first."),
            crs=frame.crs.name,
        )

    def moved(coordinates: Floats) -> Floats:
        return np.column_stack(
            convert(coordinates[:, 0], coordinates[:, 1], source=source, target=target, everywhere=everywhere)
        )

    series = frame if isinstance(frame, gpd.GeoSeries) else frame.geometry
    geometry = gpd.GeoSeries(_transform(series, moved), index=frame.index, crs=frame.crs, name=series.name)
    return geometry if isinstance(frame, gpd.GeoSeries) else frame.set_geometry(geometry)


def _transform(series: gpd.GeoSeries, moved: Callable[[Floats], Floats]) -> NDArray[np.object_]:
    def moved_with_height(coordinates: Floats) -> Floats:
        return np.column_stack([moved(coordinates), coordinates[:, 2:]])

    geometry: NDArray[np.object_] = series.to_numpy().copy()
    high = shapely.has_z(geometry)
    geometry[~high] = shapely.transform(geometry[~high], moved)
    geometry[high] = shapely.transform(geometry[high], moved_with_height, include_z=True)
    return geometry


def _in_box(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (lon >= _BOX_WEST) & (lon <= _BOX_EAST) & (lat >= _BOX_SOUTH) & (lat <= _BOX_NORTH)
    return inside


def _gcj_shift(lon: Floats, lat: Floats) -> Pair:
    """The shift in degrees that the public formula gives at a WGS 84 position."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    ripple = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    sine = np.sin(np.radians(lat))
    bend = 1.0 - _ECCENTRICITY_2 * sine * sine
    metres_per_degree_lat = _AXIS_M * (1.0 - _ECCENTRICITY_2) / (bend * np.sqrt(bend)) * np.pi / 180.0
    metres_per_degree_lon = _AXIS_M / np.sqrt(bend) * np.cos(np.radians(lat)) * np.pi / 180.0
    return east / metres_per_degree_lon, north / metres_per_degree_lat


def _wgs_to_gcj(lon: Floats, lat: Floats, everywhere: bool) -> Pair:
    east, north = _gcj_shift(lon, lat)
    moves = everywhere | _in_box(lon, lat)
    return np.where(moves, lon + east, lon), np.where(moves, lat + north, lat)


def _gcj_to_wgs(lon: Floats, lat: Floats, everywhere: bool) -> Pair:
    x, y = lon, lat
    for _ in range(_ROUNDS):
        east, north = _gcj_shift(x, y)
        x, y = lon - east, lat - north
    moves = everywhere | _in_box(x, y)
    return np.where(moves, x, lon), np.where(moves, y, lat)


def _bd_swirl(lon: Floats, lat: Floats) -> Pair:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_TURN)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _gcj_to_bd(lon: Floats, lat: Floats, everywhere: bool) -> Pair:
    x, y = _bd_swirl(lon, lat)
    moves = everywhere | _in_box(lon, lat)
    return np.where(moves, x, lon), np.where(moves, y, lat)


def _bd_to_gcj(lon: Floats, lat: Floats, everywhere: bool) -> Pair:
    x, y = lon - 0.0065, lat - 0.006
    for _ in range(_ROUNDS):
        swirled_x, swirled_y = _bd_swirl(x, y)
        x, y = x - (swirled_x - lon), y - (swirled_y - lat)
    moves = everywhere | _in_box(x, y)
    return np.where(moves, x, lon), np.where(moves, y, lat)


_RANK = {"wgs84": 0, "cgcs2000": 0, "gcj02": 1, "bd09": 2}
_OUTWARD = (_wgs_to_gcj, _gcj_to_bd)
_HOMEWARD = (_gcj_to_wgs, _bd_to_gcj)
