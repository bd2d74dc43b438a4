"""Metres that China writes positions in: 3-degree Gauss-Krueger zones of CGCS2000, and Baidu's own Mercator metres."""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import comb

import numpy as np
import pyproj
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]

CENTRAL_MERIDIANS = range(75, 136, 3)
"""Of the 21 zones that cover China, degrees east; the zone's number is a third of it (117 E is zone 39)."""

_FIRST_PLAIN_EPSG = 4534
_FIRST_PREFIXED_EPSG = 4513

# Baidu's projection: for each band of latitude x = a0 + a1 |lon|, and y a polynomial of sixth degree in |lat| / scale.
# Published with Baidu's own JavaScript library; the band from 75 degrees on, which that library never reaches, is left
# out.
_BAND_EDGES = np.array([15.0, 30.0, 45.0, 60.0])
_BAND_X = np.array(
    [
        [-0.0003218135878613132, 111320.7020701615],
        [-0.0003441963504368392, 111320.7020576856],
        [0.00220636496208, 111320.7020209128],
        [0.00337398766765, 111320.7020202162],
        [0.0008277824516172526, 111320.7020463578],
    ]
)
_BAND_SCALE = (7.45, 22.5, 37.5, 52.5, 67.5)
_BAND_Y = (
    (0.00369383431289, 278.2353980772752, 51751.86112841131, 4481351.045890365, 647795574.6671607),
    (823725.6402795718, 2485758.690035394, 3796837.749470245, -23393751.19931662, -4082003173.641316),
    (0.46104986909093, 6070.750963243378, 992013.7397791013, 79682215.47186455, 10774905663.51142),
    (2351.343141331292, 54821.18345352118, -1221952.21711287, -115964993.2797253, -15171875531.51559),
    (1.58060784298199, 9540.606633304236, 1340652.697009075, 97236711.15602145, 12053065338.62167),
    (8.77738589078284, -2710.55326746645, -620943.6990984312, -43661946.33752821, -5124939663.577472),
    (0.37238884252424, 1405.483844121726, 144416.9293806241, 8477230.501135234, 913311935.9512032),
)
"""A row for each power, a column for each band."""

_BAND_MIDDLE = np.array([7.5, 22.5, 37.5, 52.5, 67.5])


def _around_the_middle(factors: Sequence[float], scale: float, middle: float) -> list[float]:
    """The same polynomial in degrees from the middle of its band.

    As published its terms cancel each other and cost the last two digits; so they do not.
    """
    exact = [Fraction(factor) / Fraction(scale) ** power for power, factor in enumerate(factors)]
    return [
        float(sum(comb(power, at) * exact[power] * Fraction(middle) ** (power - at) for power in range(at, 7)))
        for at in range(7)
    ]


_FACTORS = np.array(
    [
        _around_the_middle(*band)
        for band in zip(zip(*_BAND_Y, strict=True), _BAND_SCALE, _BAND_MIDDLE.tolist(), strict=True)
    ]
)
_LAST_DEGREE = 74.0
_EARTH_M = 6378137.0
# From a start that is off by a fifth of a degree each round doubles the digits; four are enough, one in reserve.
_ROUNDS = 5


def zone_epsg(meridian: int, *, prefixed: bool) -> int:
    """The EPSG code of a 3-degree CGCS2000 zone, with or without the zone's number before the easting.

    Parameters
    ----------
    meridian : int
        One of `CENTRAL_MERIDIANS`.
    prefixed : bool
        Whether eastings are written with the zone's number in front: 39,500,000 m instead of 500,000 m.

    Examples
    --------
    >>> zone_epsg(117, prefixed=False), zone_epsg(117, prefixed=True)
    (4548, 4527)
    """
    return (_FIRST_PREFIXED_EPSG if prefixed else _FIRST_PLAIN_EPSG) + CENTRAL_MERIDIANS.index(meridian)


def to_zone(lon: Floats, lat: Floats, epsg: int) -> Pair:
    """Degrees of CGCS2000 to easting and northing of a zone; NaN where there is none.

    There and back moves a point by less than 1e-8 m up to 20 degrees beside the central meridian.
    """
    return _finite(*_way(epsg, "out").transform(lon, lat))


def from_zone(x: Floats, y: Floats, epsg: int) -> Pair:
    """Easting and northing of a zone to degrees of CGCS2000; NaN where there are none."""
    return _finite(*_way(epsg, "home").transform(x, y))


def to_baidu_metres(lon: Floats, lat: Floats) -> Pair:
    """Degrees of BD-09 to Baidu's Mercator metres; NaN beyond 74 degrees north or south, where Baidu's map ends."""
    lat = np.where((np.abs(lat) <= _LAST_DEGREE) & ~np.isnan(lon), lat, np.nan)
    band = _band_of(np.abs(lat), _BAND_EDGES)
    x = _BAND_X[band, 0] + _BAND_X[band, 1] * np.abs(lon)
    return np.where(np.isnan(lat), np.nan, _signed(x, lon)), _signed(_northing(np.abs(lat), band)[0], lat)


def from_baidu_metres(x: Floats, y: Floats) -> Pair:
    """Baidu's Mercator metres to degrees of BD-09, solved to the last digit.

    Baidu's own way back is another set of polynomials, off from this one by 1 cm in the middle of China and by 27 cm in
    its far north. Where two bands of latitude meet (15, 30, 45 degrees) its metres jump by 1, 4 and 41 cm; the few
    centimetres that are nobody's are taken as part of the northern band.
    """
    up = np.abs(y)
    band = _band_of(up, _BAND_ENDS)
    lat = np.degrees(2.0 * np.arctan(np.exp(up / _EARTH_M)) - np.pi / 2.0)
    for _ in range(_ROUNDS):
        northing, per_degree = _northing(lat, band)
        lat = lat - (northing - up) / per_degree
    lat = np.where((lat <= _LAST_DEGREE + 1e-9) & ~np.isnan(x), lat, np.nan)
    lon = (np.abs(x) - _BAND_X[band, 0]) / _BAND_X[band, 1]
    return np.where(np.isnan(lat), np.nan, _signed(lon, x)), _signed(lat, y)


def _signed(size: Floats, like: Floats) -> Floats:
    return np.where(like < 0, -size, size)


def _band_of(up: Floats, ends: Floats) -> NDArray[np.intp]:
    return np.searchsorted(ends, np.nan_to_num(up), side="left")


def _northing(lat: Floats, band: NDArray[np.intp]) -> Pair:
    """The northing of a latitude by its band's polynomial, and how many metres a degree more adds."""
    away, factors = lat - _BAND_MIDDLE[band], _FACTORS[band]
    northing, slope = factors[..., 6], np.zeros_like(away)
    for power in range(5, -1, -1):
        slope = slope * away + northing
        northing = northing * away + factors[..., power]
    return northing, slope


_BAND_ENDS = _northing(_BAND_EDGES, np.arange(4))[0]
"""The northings up to which the bands of latitude reach, each by its own polynomial."""


def _finite(x: Floats, y: Floats) -> Pair:
    bad = ~(np.isfinite(x) & np.isfinite(y))
    return np.where(bad, np.nan, x), np.where(bad, np.nan, y)


@lru_cache(maxsize=64)
def _way(epsg: int, direction: str) -> pyproj.Transformer:
    pair = (4490, epsg) if direction == "out" else (epsg, 4490)
    return pyproj.Transformer.from_crs(*pair, always_xy=True)
