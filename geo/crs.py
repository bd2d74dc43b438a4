"""Which metres to compute in, and the check at the door of every function that computes in metres."""

import math
from typing import Any

from pyproj import CRS

from geo.errors import N_, BadGeometry, WrongCrs

# 3-degree Gauss-Krueger zones of CGCS2000 named by their central meridian: EPSG:4534 is 75 E, EPSG:4554 is 135 E.
_FIRST_ZONE_EPSG = 4534
_FIRST_MERIDIAN = 75
_CHINA_WEST, _CHINA_EAST = 73.5, 135.5
_CHINA_SOUTH, _CHINA_NORTH = 3.0, 54.0


def local_crs(lon: float, lat: float) -> CRS:
    """Say in which metres a place is to be computed.

    Inside the box 73.5-135.5 E, 3-54 N, that is the 3-degree CGCS2000 zone whose central meridian is nearest (without a
    zone prefix, so eastings have six digits); elsewhere the UTM zone on WGS 84. A longitude half-way between two
    meridians goes to the eastern zone, as a UTM zone's western edge belongs to it. Within a zone lengths are right to
    about 1.5 in 10,000.

    Parameters
    ----------
    lon, lat : float
        Degrees, WGS 84 or CGCS2000. Longitudes beyond 180 are wrapped.

    Returns
    -------
    pyproj.CRS
        In metres. GeoPandas keeps x as easting and y as northing, whatever axis order the register states.

    Raises
    ------
    BadGeometry
        When the position is not finite, or nearer to a pole than UTM goes (84 N, 80 S).

    Examples
    --------
    >>> local_crs(116.3, 40.0).to_epsg(), local_crs(11.57, 49.94).to_epsg(), local_crs(-46.6, -23.5).to_epsg()
    (4548, 32632, 32723)
    """
    if not (math.isfinite(lon) and math.isfinite(lat) and -80 <= lat <= 84):
        raise BadGeometry(
            N_("No metres fit longitude %(lon)s, latitude %(lat)s: give degrees between 80 S and 84 N."),
            lon=lon,
            lat=lat,
        )
    lon = (lon + 180) % 360 - 180
    if _CHINA_WEST <= lon <= _CHINA_EAST and _CHINA_SOUTH <= lat <= _CHINA_NORTH:
        return CRS.from_epsg(_FIRST_ZONE_EPSG + math.floor((lon - _FIRST_MERIDIAN + 1.5) / 3))
    return CRS.from_epsg((32600 if lat >= 0 else 32700) + math.floor((lon + 180) / 6) + 1)


def require_metres(frame: Any, name: str) -> None:
    """Refuse a frame whose coordinates are not metres.

    Parameters
    ----------
    frame : GeoDataFrame or GeoSeries
        What is to be computed on.
    name : str
        What the caller calls it ("grids", "streets"); the message repeats it.

    Raises
    ------
    WrongCrs
        When the frame has no CRS, is in degrees, or is in another unit.
    """
    if frame.crs is None:
        raise WrongCrs(
            N_("The %(name)s have no coordinate reference system: say which one they are in, then convert to metres."),
            name=name,
        )
    crs = CRS.from_user_input(frame.crs)
    if not crs.is_projected or any(axis.unit_conversion_factor != 1 for axis in crs.axis_info[:2]):
        raise WrongCrs(
            N_("The %(name)s are in %(crs)s, which is not in metres: convert them to local metres first."),
            name=name,
            crs=crs.name,
        )


def require_same(frame: Any, other: Any, name: str, other_name: str) -> None:
    """Refuse two frames that do not lie on the same map.

    Parameters
    ----------
    frame, other : GeoDataFrame or GeoSeries
        What is to be laid over each other, in degrees or metres.
    name, other_name : str
        What the caller calls them.

    Raises
    ------
    WrongCrs
        When one of them has no CRS, or they differ.
    """
    for each, its_name in ((frame, name), (other, other_name)):
        if each.crs is None:
            raise WrongCrs(
                N_("The %(name)s have no coordinate reference system: say which one they are in."), name=its_name
            )
    if frame.crs != other.crs:
        raise WrongCrs(
            N_("The %(name)s are in %(crs)s, but the %(other)s in %(other_crs)s: convert one of them."),
            name=name,
            crs=frame.crs.name,
            other=other_name,
            other_crs=other.crs.name,
        )
