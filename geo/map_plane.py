"""Metres on the plane of web maps: what a picture that is laid on such a map must be computed in."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

EARTH_M = 6_378_137.0
"""Radius of the sphere of web maps."""

FARTHEST_LAT = 85.0
"""Web maps end a little farther north and south."""


class MapPlane(NamedTuple):
    """Ground metres around a place, east and north, of which every pixel of a web map is a square.

    Web maps (Web Mercator) keep angles and stretch all lengths at one latitude alike, so there one factor makes true
    metres of them; 10 km farther north or south they are wrong by one in 700 at 40 degrees. Metres of a 3-degree zone
    would be better lengths, but a picture in them would lie up to a degree askew on the map.

    Parameters
    ----------
    lon, lat : float
        The place, WGS 84 degrees: x = 0, y = 0, and lengths are exact there.

    Examples
    --------
    >>> plane = MapPlane(116.3, 40.0)
    >>> [round(float(value)) for value in plane.metres(116.31, 40.01)]
    [853, 1113]
    """

    lon: float
    lat: float

    @property
    def scale(self) -> float:
        """Ground metres in a metre of the web map."""
        return math.cos(math.radians(self.lat))

    def metres(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Degrees WGS 84 to metres of this plane; what is not finite stays so."""
        east, north = on_web_map(lon, lat)
        east0, north0 = on_web_map(self.lon, self.lat)
        return (east - east0) * self.scale, (north - north0) * self.scale

    def degrees(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Metres of this plane to longitude and latitude."""
        east0, north0 = on_web_map(self.lon, self.lat)
        east, north = np.asarray(x, float) / self.scale + east0, np.asarray(y, float) / self.scale + north0
        return np.degrees(east / EARTH_M), np.degrees(np.arctan(np.sinh(north / EARTH_M)))

    def onto(self, other: "MapPlane") -> tuple[float, float, float]:
        """How metres of this plane become metres of another: ``x * factor + east``, ``y * factor + north``."""
        east, north = other.metres(self.lon, self.lat)
        return other.scale / self.scale, float(east), float(north)


def on_web_map(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Degrees WGS 84 to the metres of web maps (EPSG:3857), which are longer than the ground's."""
    angle = np.radians(np.clip(np.asarray(lat, float), -FARTHEST_LAT, FARTHEST_LAT))
    return EARTH_M * np.radians(np.asarray(lon, float)), EARTH_M * np.arctanh(np.sin(angle))
